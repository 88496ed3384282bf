"""Text stays text in every piece of HTML."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import jinja2
import pandas as pd
import pytest

import meta
from meta import html
from meta.html import Markup

ATTACK = "<script>alert('x')</script> ` ``` & \""


def test_what_is_put_into_a_template_is_escaped_and_markup_is_not():
    frame = pd.DataFrame({"label": [ATTACK, Markup("<b>bold</b>")], "n": [1, 2]})
    text = html.table(frame, ATTACK, anchor=ATTACK)
    assert "<script>" not in text
    assert "<b>bold</b>" in text
    assert '"table-scroll" id="&lt;script' in text


def test_a_link_leads_to_the_web_only():
    assert html.link("https://a.org/?b=1&c=2", "<a>") == (
        '<a href="https://a.org/?b=1&amp;c=2">&lt;a&gt;</a>'
    )
    assert html.link("javascript:alert(1)", "a") == "a"
    assert html.link("data:text/html,x", "<") == "&lt;"


def test_no_text_ends_a_fenced_block():
    assert "```" not in html.fenced(Markup("<p>{}</p>").format(ATTACK))[3:-3]


def test_a_value_that_a_template_needs_is_never_silently_empty():
    with pytest.raises(jinja2.UndefinedError, match="caption"):
        html.render("table.html", heads=[], kinds=[], rows=[], plain=False, anchor="")


@pytest.mark.parametrize(
    ("value", "shown"), [(-0.001, "0.00"), (-1.5, "−1.50"), (None, ""), (pd.NA, ""), (True, "yes")]
)
def test_cells(value, shown):
    frame = pd.DataFrame({"a": ["x"], "b": pd.Series([value], dtype=object)})
    assert f"<td>{shown}</td>" in html.table(frame, "c")


# a tag of HTML, and no <NA>
TAG = re.compile(
    r"</?(a|abbr|b|blockquote|body|br|caption|code|dd|details|div|dl|dt|em|h[1-6]|head|html|i|img|li|"
    r"link|main|meta|nav|ol|p|pre|script|section|small|span|strong|style|sub|summary|sup|table|tbody|"
    r"td|th|thead|title|tr|ul)\b[^<]*>|<!doctype",
    re.IGNORECASE,
)


def written_by_hand(source: str) -> list[int]:
    """Lines with a tag in a string that is no documentation, no pattern and not all of a Markup."""
    tree = ast.parse(source)
    allowed: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            allowed.add(id(node.value))
        if isinstance(node, ast.Call) and ast.unparse(node.func) in {"Markup", "re.compile"}:
            allowed |= {id(each) for each in node.args if isinstance(each, ast.Constant)}
    return [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and id(node) not in allowed
        and TAG.search(node.value)
    ]


def test_tags_are_written_by_templates_and_markup_alone():
    """What is put between tags is escaped only there.

    SVG, which is no HTML, has its own module; extensions of Sphinx change pages that Sphinx wrote.
    """
    folder = Path(meta.__file__).parent
    found = {
        str(path.relative_to(folder)): lines
        for path in sorted(folder.rglob("*.py"))
        if path != folder / "figures" / "drawing.py"
        and path.parent.name != "extensions"
        and (lines := written_by_hand(path.read_text(encoding="utf-8")))
    }
    assert found == {}


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("x = f'<b>{name}</b>'", [1, 1]),
        ("x = Markup(f'<td>{name}</td>')", [1, 1]),
        ("x = Markup('<td>{}</td>').format(name)", []),
        ("def f():\n    'Write <b>it</b>.'", []),
        ("x = re.compile('(?P<table>a)<NA>')", []),
        ("x = '<!doctype html>' + y", [1]),
    ],
)
def test_a_tag_by_hand_is_found(source, lines):
    assert written_by_hand(source) == lines


def test_an_answer_shows_rows_tables_and_notes_as_text():
    frame = pd.DataFrame({"study": [ATTACK], "yi": [None]})
    text = html.answer("pooled", ATTACK, [(ATTACK, [ATTACK, "b"])], tables=[frame], notes=[ATTACK])
    assert "<script>" not in text
    assert text.count("&lt;script&gt;") == 5
    assert "<br>b</td>" in text
