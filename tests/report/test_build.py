"""A build that fails says where; text from the data stays text."""

from __future__ import annotations

import shutil
from pathlib import Path

import nbformat
import pytest
from bs4 import BeautifulSoup

import meta
from meta.report import build as report
from meta.report.execute import execute_notebooks
from meta.report.tables import html_block, html_table, link, as_text
from meta.report.trial_pages import write_trial_pages

ATTACK = '<script>alert(1)</script> "><img src=x onerror=alert(2)> ``` $x^2$ {raw} html'


@pytest.fixture
def small(tmp_path: Path, root: Path) -> Path:
    """A project of one page: the site's settings, no notebooks, no data pages."""
    home = tmp_path / "project"
    (home / "build" / "source").mkdir(parents=True)
    (home / "build" / "source" / "index.md").write_text("# A page\n", encoding="utf-8")
    for name in ("report", "data"):
        (home / name).symlink_to(root / name, target_is_directory=True)
    return home


def run(home: Path) -> Path:
    site = home / "build" / "site"
    report._sphinx(home, home / "build" / "source", site)
    return site


def test_failing_notebooks_are_named_with_their_cells(small: Path):
    (small / "notebooks").mkdir()
    for name, code in (("01_sum", "1 / 0"), ("02_fine", "1 + 1"), ("03_name", "nobody")):
        notebook = nbformat.v4.new_notebook(
            cells=[
                nbformat.v4.new_markdown_cell("# A question"),
                nbformat.v4.new_code_cell("one = 1"),
                nbformat.v4.new_code_cell(code),
            ],
            metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}},
        )
        nbformat.write(notebook, small / "notebooks" / f"{name}.ipynb")
    target = small / "build" / "source" / "notebooks"
    with pytest.raises(RuntimeError) as caught:
        execute_notebooks(small, target)
    message = str(caught.value)
    assert "notebooks/01_sum.ipynb failed in cell 3" in message
    assert "ZeroDivisionError" in message
    assert "notebooks/03_name.ipynb failed in cell 3" in message
    assert "02_fine" not in message


def test_executed_notebooks_are_kept_until_code_or_data_change(small: Path):
    (small / "notebooks").mkdir()
    (small / "src").mkdir()
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell("from time import time_ns; time_ns()")],
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}},
    )
    nbformat.write(notebook, small / "notebooks" / "01_time.ipynb")
    target = small / "build" / "source" / "notebooks"

    def result() -> str:
        execute_notebooks(small, target)
        cells = nbformat.read(target / "01_time.ipynb", as_version=4).cells
        return cells[0].outputs[0]["data"]["text/plain"]

    first = result()
    assert result() == first
    (small / "src" / "module.py").write_text("ANSWER = 42", encoding="utf-8")
    assert result() != first


def test_a_broken_link_fails_the_build(small: Path):
    page = small / "build" / "source" / "index.md"
    page.write_text("# A page\n\nSee [the other](missing_page.md).\n", encoding="utf-8")
    with pytest.raises(RuntimeError, match="missing_page"):
        run(small)


def test_text_from_the_data_stays_text(small: Path, root: Path):
    """Labels and instruments with markup in them, on study pages, through the whole build."""
    planted = small / "planted"
    shutil.copytree(root / "data", planted)
    for name, old in (("trials.csv", "Afsharfar 2021"), ("results.csv", "BDI-II")):
        text = (planted / name).read_text(encoding="utf-8")
        assert old in text
        quoted = ATTACK.replace('"', '""')
        first, _, rest = text.partition(old)
        # the cell is quoted whole, so that the planted commas and quotes stay inside it
        line = first.rsplit("\n", 1)[-1]
        assert line.count('"') % 2 == 0
        (planted / name).write_text(f'{first}"{quoted}"{rest}', encoding="utf-8")
    source = small / "build" / "source"
    write_trial_pages(meta.load_evidence(planted), source)
    for page in (source / "trials").iterdir():
        if "alert" not in page.read_text(encoding="utf-8") and page.stem != "tarleton2017":
            page.unlink()
    (source / "index.md").write_text("# A page\n\n```{toctree}\ntrials\n```\n", encoding="utf-8")
    listing = (source / "trials.md").read_text(encoding="utf-8")
    assert "alert(1)" in listing
    site = run(small)
    seen = 0
    for path in site.rglob("*.html"):
        soup = BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
        assert not soup.select("[onerror]"), path
        assert not [s for s in soup.find_all("script") if "alert(" in s.get_text()], path
        seen += "<script>alert(1)</script>" in soup.get_text()
    assert seen >= 2


def test_tables_escape_and_align():
    import pandas as pd

    frame = pd.DataFrame({"name": [ATTACK, None], "value": [-0.126, 3.0]})
    soup = BeautifulSoup(html_table(frame, ATTACK), "html.parser")
    assert soup.find("script") is None
    assert ATTACK.replace("`", "`") in soup.get_text()
    cells = [cell.get_text() for cell in soup.select("td.number")]
    assert cells == ["−0.13", "3"]
    assert soup.select_one("th[scope=row]").get_text() == ATTACK
    assert "```" not in html_block(html_table(frame, ATTACK))[3:-3]


def test_links_are_web_addresses_only():
    assert str(link("javascript:alert(1)", "x")) == "x"
    assert str(link("https://doi.org/10.1/a?b=1&c=2", "<x>")) == (
        '<a href="https://doi.org/10.1/a?b=1&amp;c=2">&lt;x&gt;</a>'
    )


def test_as_text_is_inert():
    assert as_text("a <b> *c* `d`\n# e") == "a &lt;b&gt; \\*c\\* \\`d\\` \\# e"


def test_building_elsewhere_says_where_to_go(tmp_path: Path):
    with pytest.raises(meta.DataError, match="not the project folder"):
        report.build(tmp_path)
