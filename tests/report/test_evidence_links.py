"""Names of studies and claims in tables lead to where they are told in full."""

from __future__ import annotations

from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from meta.html import fenced
from meta.report import build as report
from meta.report.single_file import write_single_file

NAMED = '<table><tr><td><span class="{0}" data-{0}="{1}">A &amp; B 2020</span></td></tr></table>'
STUDIES = "# Studies\n\n```{toctree}\n:hidden:\n:glob:\n\ntrials/*\n```\n"


def site_of(root: Path, home: Path, named: str, kind: str = "study") -> Path:
    """Build a site of a landing page and a notebook page, which name something, and one study."""
    source = home / "build" / "source"
    for folder in ("trials", "notebooks"):
        (source / folder).mkdir(parents=True)
    for name in ("report", "data"):
        (home / name).symlink_to(root / name, target_is_directory=True)
    table = fenced(NAMED.format("study", "ab2020"))
    (source / "index.md").write_text(
        f"# A page\n\n{table}\n\n```{{toctree}}\ntrials\nnotebooks/one\n```\n", encoding="utf-8"
    )
    (source / "trials.md").write_text(STUDIES, encoding="utf-8")
    (source / "trials" / "ab2020.md").write_text("# A & B 2020\n\nWhat it did.\n", encoding="utf-8")
    (source / "notebooks" / "one.md").write_text(
        f"# One\n\n{fenced(NAMED.format(kind, named))}\n", encoding="utf-8"
    )
    site = home / "build" / "site"
    report._sphinx(home, source, site)
    return site


def test_names_lead_to_the_studies_also_in_the_single_file(root: Path, tmp_path: Path):
    site = site_of(root, tmp_path, "ab2020")
    for page, address in (
        ("index", "trials/ab2020.html"),
        ("notebooks/one", "../trials/ab2020.html"),
    ):
        soup = BeautifulSoup((site / f"{page}.html").read_text(encoding="utf-8"), "html.parser")
        (link,) = soup.select("td a.study")
        assert (link["href"], link.get_text()) == (address, "A & B 2020")
    single = tmp_path / "report.html"
    write_single_file(site, single, ["index", "notebooks/one", "trials", "trials/ab2020"])
    soup = BeautifulSoup(single.read_text(encoding="utf-8"), "html.parser")
    links = soup.select("td a.study")
    assert len(links) == 2
    for link in links:
        section = soup.select_one(f"section{link['href']}")
        assert section is not None
        assert "What it did." in section.get_text()


def test_a_trial_of_a_data_set_without_pages_stays_text(root: Path, tmp_path: Path):
    site = site_of(root, tmp_path, "morton1984")
    soup = BeautifulSoup(
        (site / "notebooks" / "one.html").read_text(encoding="utf-8"), "html.parser"
    )
    assert soup.select_one("td").decode_contents() == "A &amp; B 2020"


def test_an_unknown_claim_fails_the_build(root: Path, tmp_path: Path):
    with pytest.raises(RuntimeError, match=r"notebooks/one\.html names the claim a9-c99"):
        site_of(root, tmp_path, "a9-c99", kind="claim")
