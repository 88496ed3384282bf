"""Text stays text in every piece of HTML."""

from __future__ import annotations

import jinja2
import pandas as pd
import pytest

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
