"""A bibliography is read before anything runs, and refused with its fault."""

from pathlib import Path

import pytest

from meta.errors import DataError
from meta.evidence.new_project import new_project
from meta.report.bibliography import check_bibliography
from meta.report.build import Pages
from meta.report.links import without_copies
from meta.report.project import Project

GOOD = "@article{a2020,\n  title = {Magnesium},\n  url = {https://es.scribd.com/document/1},\n}\n"


def test_a_copy_is_named_and_not_linked(tmp_path: Path) -> None:
    (tmp_path / "references.bib").write_text(GOOD, encoding="utf-8")
    check_bibliography(tmp_path / "references.bib")
    read = without_copies(GOOD)
    assert "url" not in read
    assert "Read in a copy on es.scribd.com" in read


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("@article{b2021, title = {an {open brace}, year=2021}\n", "line 6: premature end of file"),
        ("@article{a2020, title = {Again}}\n", "repeated bibliography entry: a2020"),
        ("@article{b2021, title = {Falls by 28 {% a remark}}}\n", "b2021, title: 'Falls by 28"),
        (
            "@misc{b2021, title = {A}, url = {javascript:a}}\n",
            "b2021, url: 'javascript:a' is no web",
        ),
        (
            "@misc{b2021, title = {A \\url{javascript:a}}}\n",
            "b2021, title: 'javascript:a' is no web address (it does not begin with http:// or",
        ),
    ],
)
def test_what_cannot_be_read_is_named(tmp_path: Path, entry: str, said: str) -> None:
    (tmp_path / "references.bib").write_text(GOOD + entry, encoding="utf-8")
    with pytest.raises(DataError, match=r"references\.bib: 1 fault") as refused:
        check_bibliography(tmp_path / "references.bib")
    assert said in str(refused.value)


def test_a_build_refuses_it_before_a_notebook_runs(tmp_path: Path) -> None:
    new_project(tmp_path / "own")
    (tmp_path / "own" / "data" / "references.bib").write_text("@article{b, t = {", encoding="utf-8")
    with pytest.raises(DataError, match=r"references\.bib: 1 fault"):
        Pages(Project.at(tmp_path / "own")).check()
