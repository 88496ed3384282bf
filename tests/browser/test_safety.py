"""Markup and scripts in the data tables are shown as text, everywhere, and nothing of them runs."""

from __future__ import annotations

import csv
import json
import re
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import nbformat
import pandas as pd
import pytest
from bs4 import BeautifulSoup
from playwright.sync_api import Frame, Page

from meta.claims.assessment import Assessment
from meta.evidence.tables import Evidence
from meta.report import pages as pages_of_report
from meta.report import trial_pages
from meta.report.build import build
from meta.report.notebook_index import NotebookIndex
from meta.report.trial_pages import _page as page_of_trial
from meta.report.trial_pages import write_trial_pages

OpenedTogether = Callable[[list[Path]], Iterator[list[Frame]]]

MARK = "zqx"
SCRIPT = "<script>window.owned = document.title = 'owned'</script>"
IMAGE = '"><img src=x onerror="window.owned = document.title = \'owned\'">'
MARKDOWN = "[go](javascript:owned) {{ scoreboard }} $x^2$ {raw} html `code` \\ & <b>"
# the last lines would end a block of HTML in a Markdown page
ATTACK = f" {MARK} {SCRIPT} {IMAGE} {MARKDOWN}\n\n```\n\n{SCRIPT}"

# table -> columns of free text; studies that the executed notebooks show
PLANTED = {
    "trials": "label title journal country population dose_note comparator funding note",
    "results": "instrument arm_t arm_c locator reported_as flag note",
    "risk_of_bias": "basis",
    "reviews": "label comparison locator note",
    "review_trials": "instrument locator note",
    "instruments": "name note",
    "benchmarks": "what citation locator note",
    "certainty": "basis",
    "claims": "claim_paraphrase article_label population cited_source note",
    "claim_sources": "cited_as what_was_found comment",
    "claim_tests": "rationale",
}
STUDIES = {"afsharfar2021", "mehdi2017", "lutsey2018"}
EXECUTED = {"02_depression", "08_tolerability"}


def plant(table: Path, columns: list[str]) -> None:
    """Append the attack to what stands in some columns."""
    with table.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        if row.get("study_id") in STUDIES or table.stem not in ("trials", "results"):
            row.update({name: row[name] + ATTACK for name in columns if row[name]})
    with table.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def attacked_project(root: Path, home: Path) -> Path:
    """Copy the project with attacks in its tables; of most notebooks only the titles."""
    for name in ("data", "report", "figures"):
        shutil.copytree(root / name, home / name)
    for name, columns in PLANTED.items():
        plant(home / "data" / f"{name}.csv", columns.split())
    (home / "notebooks").mkdir()
    titles = home / "report" / "pages" / "notebooks"
    titles.mkdir()
    for path in (root / "notebooks").glob("*.ipynb"):
        if path.stem in EXECUTED:
            shutil.copy(path, home / "notebooks")
        else:
            notebook = nbformat.read(path, as_version=4)
            notebook.cells = notebook.cells[:1]
            nbformat.write(notebook, titles / path.name)
    return home


def attacked_page(trial: pd.Series, *facts: Any) -> str:
    return page_of_trial(trial, *facts) if trial["study_id"] in STUDIES else ""


def write_attacked_trial_pages(
    evidence: Evidence, found: Sequence[Assessment], source: Path, notebooks: NotebookIndex
) -> None:
    write_trial_pages(evidence, found, source, notebooks)
    for page in (source / "trials").iterdir():
        if not page.stat().st_size:
            page.unlink()


def shown(element: BeautifulSoup) -> str:
    return " ".join(element.get_text().split())


def with_attack(pages: Iterable[Path]) -> dict[Path, BeautifulSoup]:
    """Read the pages that hold the attack, not only in the menu that all have in common."""
    texts = {path: path.read_text(encoding="utf-8") for path in pages}
    own = {
        path: re.split('<main|role="main"', text, maxsplit=1)[-1] for path, text in texts.items()
    }
    return {
        path: BeautifulSoup(text, "html.parser")
        for path, text in texts.items()
        if MARK in own[path]
    }


@pytest.mark.browser
@pytest.mark.xdist_group("attack")
def test_text_of_the_tables_stays_text(
    root: Path,
    tmp_path: Path,
    page: Page,
    opened_together: OpenedTogether,
    monkeypatch: pytest.MonkeyPatch,
):
    # what holds no attack is left out: the reference of the module, most of the studies' pages
    monkeypatch.setattr(pages_of_report, "_STAGES", {})
    monkeypatch.setattr(pages_of_report, "write_trial_pages", write_attacked_trial_pages)
    monkeypatch.setattr(trial_pages, "_page", attacked_page)
    home = attacked_project(root, tmp_path / "project")
    site = build(home).parent
    pages = with_attack([*site.rglob("*.html"), home / "build" / "report.html"])
    names = {path.relative_to(home / "build").as_posix() for path in pages}

    # the whole attack can be read, in each kind of page
    whole = f"{MARK} {SCRIPT} {IMAGE} {' '.join(MARKDOWN.split())} ``` {SCRIPT}"
    for name in (
        "report.html",
        "site/index.html",
        "site/claims.html",
        "site/trials.html",
        "site/articles/000.html",
        "site/notebooks/02_depression.html",
        "site/notebooks/08_tolerability.html",
        *(f"site/trials/{study}.html" for study in STUDIES),
    ):
        assert name in names
        assert whole in shown(pages[home / "build" / name]), name

    # nothing of it is an element or an attribute
    for path, soup in pages.items():
        for element in soup.find_all(True):
            events = [name for name in element.attrs if name.startswith("on")]
            assert not events, (path, element)
        assert not soup.select('img[src="x"]'), path
        assert not soup.select('a[href^="javascript"]'), path
        for script in soup.find_all("script"):
            if MARK in script.get_text() or "owned" in script.get_text():
                assert script["type"] in {"application/json", "application/ld+json"}, path
                assert MARK in json.dumps(json.loads(script.get_text()))

    # nothing of it runs, nor among the answers of the search
    def is_safe(place: Page | Frame) -> bool:
        ran = place.evaluate("window.owned !== undefined || document.title === 'owned'")
        return not ran and place.locator('img[src="x"]').count() == 0

    for frames in opened_together(list(pages)):
        for frame in frames:
            assert is_safe(frame), frame.url
    for whole_site in (site / "search.html", home / "build" / "report.html"):
        page.goto(f"{whole_site.as_uri()}?q={MARK}")
        page.wait_for_selector(f".find-results a:has-text('{MARK}')")
        assert is_safe(page)

    # figures hold it as text too
    drawn = [path for path in (home / "figures").glob("*.svg") if MARK in path.read_text("utf-8")]
    assert {path.name[:2] for path in drawn} >= {"02", "08"}
    for path in drawn:
        figure = ElementTree.parse(path).getroot()
        assert f"{MARK} {SCRIPT}" in " ".join("".join(figure.itertext()).split()), path
        kinds = {str(element.tag).rpartition("}")[2] for element in figure.iter()}
        assert not kinds & {"script", "img", "image", "foreignObject"}, path
