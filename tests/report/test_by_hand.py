"""Pages that a report inherits, that its project takes over, and what it says of itself."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from meta.evidence.question import Form, Question
from meta.html import Markup
from meta.report.about import About
from meta.report.by_hand import write_by_hand
from meta.report.project import Project

CITATION = "title: Kites\nauthors:\n  - name: A club\n  - {given-names: B., family-names: C}\n"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    for folder in ("data", "report/pages", "source"):
        (tmp_path / folder).mkdir(parents=True)
    package = {"title": "Kites", "created": "2026-01-02T00:00:00Z"}
    (tmp_path / "data" / "datapackage.json").write_text(json.dumps(package), encoding="utf-8")
    return tmp_path


def written(home: Path, question: Question, **pages: str) -> dict[str, str]:
    for name, text in pages.items():
        (home / "report" / "pages" / f"{name}.md").write_text(text, encoding="utf-8")
    known = {"tables": (), "references": False, "landing": Markup("<b>x</b>"), "reference": str}
    project = Project(home)
    write_by_hand(project, home / "source", question=question, about=project.about, **known)
    return {path.stem: path.read_text(encoding="utf-8") for path in (home / "source").glob("*.md")}


def test_a_project_takes_over_adds_and_leaves_out(home: Path):
    pages = written(
        home,
        Question(title="Do *kites* {fly}?"),
        methods='{% extends "inherited/methods.md" %}{% block collected %}Caught.{% endblock %}',
        glossary="{% if tables %}Words{% endif %}",
        wind="# Wind {#anchor}\n",
    )
    assert pages.keys() == {"index", "methods", "bibliography", "how_to_cite", "guides", "wind"}
    assert "Caught." in pages["methods"]
    assert "What was collected" not in pages["methods"]
    assert "How the arithmetic was checked" in pages["methods"]
    assert pages["wind"] == "# Wind {#anchor}\n"
    # no page leads to one that this project has not; that of the data is generated
    said = "".join(pages.values())
    assert set(re.findall(r"\]\(([\w/]+)\.(?:md|ipynb)", said)) <= pages.keys() | {"data"}
    # text of the data is text, and every page can be reached
    assert pages["index"].startswith("# Do \\*kites\\* \\{fly\\}?\n\n<b>x</b>\n")
    assert "\nmethods\nhow_to_cite\nbibliography\nguides\nwind\n```" in pages["index"]


def test_pages_name_the_form_only_where_one_is_asked(home: Path):
    form = Form(column="kind", value="delta", label="delta kites")
    assert "delta kites only" in written(home, Question(form=form))["methods"]
    assert "None" not in written(home, Question())["methods"]


def test_a_report_says_who_made_it_and_under_which_licence(home: Path):
    nothing = Project(home).about
    assert (nothing.title, nothing.copyright) == ("Kites", "2026")
    licence = "MIT License\n\nCopyright (c) 2025 the flyers\n"
    (home / "LICENSE").write_text(licence, encoding="utf-8")
    assert About.of(home).copyright == "2026, the flyers. Code: MIT License"
    (home / "CITATION.cff").write_text(CITATION, encoding="utf-8")
    assert About.of(home).authors == "A club, B. C"
    package = {"licenses": [{"name": "CC0"}], "contributors": [{"title": "The team"}]}
    (home / "data" / "datapackage.json").write_text(json.dumps(package), encoding="utf-8")
    assert About.of(home).copyright == "The team. Data: CC0. Code: MIT License"
