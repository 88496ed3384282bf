"""A report is built whole or not at all, and again only where something changed."""

from __future__ import annotations

import hashlib
import json
import os
import re
import runpy
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from bs4 import BeautifulSoup
from projects import (
    children,
    project_in,
    running,
    until,
    write_notebook,
    write_own_pages,
    write_page,
)

import meta
from meta.cli import main
from meta.evidence.new_project import new_project
from meta.html import fenced, link
from meta.html import table as html_table
from meta.report import pages, publish, sphinx_site
from meta.report.build import build
from meta.report.links import as_text
from meta.report.memory import files_in
from meta.report.project import Project
from meta.report.publish import alone

ATTACK = '<script>alert(1)</script> "><img src=x onerror=alert(2)> ``` $x^2$ {raw} html'
NAMED = '<table><tr><td><span class="{0}" data-{0}="{1}">A &amp; B 2020</span></td></tr></table>'
PAGES = {
    "index": "# Start\n\nSee [the other](other.md#a-part).\n\n{study}\n\n"
    "```{{toctree}}\nother\ntrials\n```\n\n"
    "```{{toctree}}\n:glob:\nnotebooks/*\n```\n",
    "other": "# Other\n\n## A part\n\n{nowhere}\n\n```{{index}} single: a word\n```\n",
    "trials": "# Studies\n\n```{{toctree}}\n:hidden:\n:glob:\n\ntrials/*\n```\n",
    "trials/ab2020": "# A & B 2020\n\nWhat it did.\n",
}


@pytest.fixture(scope="module")
def no_other_pages() -> Iterator[None]:
    """Generate no pages, and prepare for no reference: the small project has neither."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pages, "write_pages", write_own_pages)
        patch.setattr(sphinx_site, "LIBRARIES", ("sphinx.cmd.build", "myst_nb", "furo"))
        yield


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, no_other_pages: None) -> Path:
    """A small report that has been built."""
    marked = {
        "study": fenced(NAMED.format("study", "ab2020")),
        "nowhere": fenced(NAMED.format("study", "morton1984")),
    }
    texts = {name: text.format(**marked) for name, text in PAGES.items()}
    home = project_in(tmp_path_factory.mktemp("small") / "project", texts)
    write_notebook(home, "a", "time.time_ns()")
    write_notebook(home, "b", "time.time_ns()")
    build(home)
    return home


def state(home: Path) -> dict[str, bytes]:
    """Take what readers have."""
    project = Project(home)
    files = [project.single, *files_in(project.site)]
    return {path.relative_to(project.build).as_posix(): path.read_bytes() for path in files}


def times(home: Path) -> dict[str, int]:
    """Tell when each page was read, and when it was written."""
    project = Project(home)
    return {
        path.relative_to(folder).as_posix(): path.stat().st_mtime_ns
        for folder, kind in ((project.doctrees, "*.doctree"), (project.prepared, "*.html"))
        for path in folder.rglob(kind)
    }


def soup(path: Path) -> BeautifulSoup:
    return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")


def test_names_lead_to_the_studies_also_in_the_single_file(home: Path):
    site = home / "build" / "site"
    (named,) = soup(site / "index.html").select("td a.study")
    assert (named["href"], named.get_text()) == ("trials/ab2020.html", "A & B 2020")
    whole = soup(home / "build" / "report.html")
    (named,) = whole.select("td a.study")
    assert "What it did." in whole.select_one(f"section{named['href']}").get_text()
    # a trial of a data set without pages stays text
    assert soup(site / "other.html").select_one("td").decode_contents() == "A &amp; B 2020"


def test_nothing_is_done_where_nothing_has_changed(home: Path, capfd: pytest.CaptureFixture[str]):
    site = home / "build" / "site"
    before = state(home), site.stat().st_ino
    build(home)
    assert (state(home), site.stat().st_ino) == before
    assert ".ipynb" not in capfd.readouterr().out


def test_a_build_that_continues_leaves_what_one_from_nothing_leaves(
    home: Path, capfd: pytest.CaptureFixture[str]
):
    """One notebook changes its figures, a page goes, another has a new title."""
    write_notebook(home, "a", "'new'")
    write_page(home, "other", PAGES["other"].format(nowhere="").replace("# Other", "# New"))
    write_page(home, "trials/c", "# C\n")
    build(home)
    assert [name for name in ("a", "b") if f"{name}.ipynb" in capfd.readouterr().out] == ["a"]
    (home / "report" / "pages" / "trials" / "c.md").unlink()
    build(home)
    before = times(home)
    new = "# New\n\nOther words, and so another line for the heading.\n"
    write_page(home, "other", PAGES["other"].format(nowhere="").replace("# Other\n", new, 1))
    build(home)
    again = {name for name, time in times(home).items() if time != before[name]}
    # the page, one with its list of contents, and those that tell of all
    assert again == {"other.doctree", "other.html", "index.html", "genindex.html", "search.html"}
    continued = state(home)
    assert b"'new'" in continued["report.html"]
    notebooks = home / "build" / "work" / "notebooks"  # they hold a time
    shutil.copytree(notebooks, home / "kept")
    shutil.rmtree(home / "build" / "work")
    shutil.move(home / "kept", notebooks)
    build(home)
    fresh = state(home)
    assert fresh.keys() == continued.keys()
    assert [name for name in fresh if fresh[name] != continued[name]] == []


def test_a_failing_build_tells_all_and_leaves_the_last_site(
    home: Path, capsys: pytest.CaptureFixture[str]
):
    before = state(home)
    claim = fenced(NAMED.format("claim", "a9-c99"))
    write_page(home, "trials", PAGES["trials"].format() + f"\n[x](missing_page.md)\n\n{claim}\n")
    assert main(["report", str(home)]) == 2
    told = capsys.readouterr().err
    assert re.search(r"trials\.md:\d+: WARNING:.*missing_page", told)
    assert re.search(r"trials\.md: WARNING: the claim a9-c99 is named", told)
    assert "Traceback" not in told
    assert state(home) == before
    write_page(home, "trials", PAGES["trials"].format())

    write_notebook(home, "b", "1 / 0")
    assert main(["report", str(home)]) == 2
    told = capsys.readouterr().err
    assert told.startswith("meta report: notebooks/b.ipynb failed in cell 3: ZeroDivisionError")
    assert state(home) == before


def test_a_fault_of_the_data_is_told_before_a_notebook_runs(home: Path, tmp_path: Path, capfd):
    new_project(tmp_path / "own")
    write_notebook(tmp_path / "own", "a", "open('ran', 'w').close()")
    trials = tmp_path / "own" / "data" / "trials.csv"
    trials.write_text(trials.read_text(encoding="utf-8").replace("2025,parallel", "late,parallel"))
    assert main(["report", str(tmp_path / "own")]) == 2
    assert "trials.csv line 2, column year" in capfd.readouterr().err
    assert not (tmp_path / "own" / "notebooks" / "ran").exists()


def started(home: Path, notebook: str) -> subprocess.Popen[str]:
    """Begin to build in another process, with a notebook."""
    write_notebook(home, "b", notebook)
    program = (
        "from meta.report import pages, sphinx_site\n"
        "from meta.report.build import build\n"
        "from projects import write_own_pages\n"
        "pages.write_pages = write_own_pages\n"
        "sphinx_site.LIBRARIES = ()\n"
        f"build({str(home)!r})"
    )
    return subprocess.Popen(
        [sys.executable, "-c", program],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])},
    )


@pytest.mark.skipif(sys.platform != "linux", reason="it asks Linux for the processes")
def test_a_killed_build_leaves_the_last_site_and_no_process(home: Path):
    before = state(home)
    process = started(home, "open('begun', 'w').close(), time.sleep(600)")
    begun = home / "notebooks" / "begun"
    until(begun.exists)
    others = children(process.pid)
    assert len(others) >= 2  # a kernel, and Sphinx, which waits for its turn
    process.kill()
    process.communicate()
    until(lambda: not any(running(pid) for pid in others))
    assert state(home) == before


def test_a_second_build_waits_and_says_for_whom(home: Path):
    with alone(Project(home)):
        process = started(home, "1 + 1")
        assert process.stdout
        said = process.stdout.readline()
        assert f"waiting for process {os.getpid()} on" in said
        assert process.poll() is None
    process.communicate(timeout=120)
    assert process.returncode == 0
    assert not (home / "build" / "builder.json").exists()


def test_a_report_says_what_it_was_built_from(home: Path, root: Path):
    told = json.loads((home / "build" / "provenance.json").read_text(encoding="utf-8"))
    trials = hashlib.sha256((root / "data" / "trials.csv").read_bytes()).hexdigest()
    assert told["sha256"]["data/trials.csv"] == trials
    assert told["sha256"].keys() >= {"notebooks/a.ipynb", "data/datapackage.json"}
    assert told["commit"] is None  # the small project is in no repository
    assert told["packages"]["numpy"] == np.__version__


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere folders change places in two steps")
def test_a_site_changes_places_in_one_step(tmp_path: Path):
    for name in ("site", "next"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "index.html").write_text(name, encoding="utf-8")
    seen: set[str] = set()
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            seen.add((tmp_path / "site" / "index.html").read_text(encoding="utf-8"))

    with ThreadPoolExecutor() as pool:
        reading = pool.submit(read)
        for _ in range(2000):
            publish._exchange(tmp_path / "next", tmp_path / "site")
        done.set()
        reading.result()  # it never found nothing
    assert seen == {"site", "next"}


def test_tables_escape_and_align():
    import pandas as pd

    frame = pd.DataFrame({"name": [ATTACK, None], "value": [-0.126, 3.0]})
    soup = BeautifulSoup(html_table(frame, ATTACK), "html.parser")
    assert soup.find("script") is None
    assert ATTACK.replace("`", "`") in soup.get_text()
    cells = [cell.get_text() for cell in soup.select("td.number")]
    assert cells == ["−0.13", "3.00"]
    assert soup.select_one("th[scope=row]").get_text() == ATTACK
    assert "```" not in fenced(html_table(frame, ATTACK))[3:-3]


def test_links_are_web_addresses_only():
    assert str(link("javascript:alert(1)", "x")) == "x"
    assert str(link("https://doi.org/10.1/a?b=1&c=2", "<x>")) == (
        '<a href="https://doi.org/10.1/a?b=1&amp;c=2">&lt;x&gt;</a>'
    )


def test_as_text_is_inert():
    assert as_text("a <b> *c* `d`\n# e") == "a &lt;b&gt; \\*c\\* \\`d\\` \\# e"


def test_the_reference_names_everything_public():
    listed = {line.strip() for line in pages._reference().splitlines()}
    assert set(meta.__all__) - {"__version__", "convert"} <= listed
    assert set(meta.convert.__all__) <= listed


def test_building_elsewhere_says_where_to_go(tmp_path: Path):
    with pytest.raises(meta.DataError, match="no project folder"):
        build(tmp_path)


@pytest.mark.parametrize(
    "name", ["02_<i onclick=x()>", "{{7}}", "[x](y)", "a`b", "a#b", "a\nb", "a%20b"]
)
def test_a_notebook_whose_name_cannot_be_a_page_is_refused(tmp_path, name):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "datapackage.json").write_text("{}")
    (tmp_path / "notebooks").mkdir()
    for stem in ("01_answer", "Zinc und Schlaf (2)-Copy1", "Über, alles", name):
        (tmp_path / "notebooks" / f"{stem}.ipynb").touch()
    with pytest.raises(meta.DataError, match="cannot be the name of a page") as refused:
        Project.at(tmp_path)
    assert "answer" not in str(refused.value)
    assert "\n" not in str(refused.value).strip()


def test_the_title_of_a_report_is_text_on_its_pages(tmp_path, monkeypatch):
    # the theme writes html_title into every page as it stands
    (tmp_path / "data").mkdir()
    package = {"title": "x", "question": {"title": f"A & B {ATTACK}"}}
    (tmp_path / "data" / "datapackage.json").write_text(json.dumps(package))
    monkeypatch.setenv("META_PROJECT", str(tmp_path))
    conf = runpy.run_path(str(Project(tmp_path).settings / "conf.py"))
    assert "<" not in conf["html_title"]
    assert BeautifulSoup(conf["html_title"], "html.parser").get_text() == f"A & B {ATTACK}"
