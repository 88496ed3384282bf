"""The specification curve: every answer is drawn, in order, above the choices that led to it."""

from __future__ import annotations

import numpy as np
import pytest

import meta
from meta.figures.drawing import svg_text

CHOICES = {
    "rows": {"all": {}, "double-blind": {"blinding": "double"}, "nobody": {"blinding": "x"}},
    "ci_method": ["HK", "wald"],
}


@pytest.fixture(scope="module")
def found(root):
    return meta.multiverse(meta.load_evidence(root / "data").primary("depression"), CHOICES)


def panels(figure):
    return {axes for host in figure.axes for panel in host.child_axes for axes in panel.child_axes}


def test_every_answer_is_a_point_in_rising_order(found):
    figure = meta.plot_multiverse(found)
    (points,) = [
        drawn
        for axes in panels(figure)
        for drawn in axes.collections
        if drawn.get_gid() == "estimate"
    ]
    heights = np.asarray(points.get_offsets())[:, 1]
    # nine digits are drawn
    assert heights == pytest.approx(sorted(found.table["estimate"].dropna()), rel=1e-8)


def test_a_stroke_stands_where_the_value_is_held(found):
    figure = meta.plot_multiverse(found)
    strokes = {
        drawn.get_gid(): len(drawn.get_segments())
        for axes in panels(figure)
        for drawn in axes.collections
        if str(drawn.get_gid()).startswith("choice-")
    }
    assert strokes["choice-rows-all"] == 2
    assert strokes["choice-ci_method-wald"] == 2
    assert strokes["choice-rows-nobody"] == 0


def test_it_says_in_words_what_it_shows(found):
    text = meta.alt_text(meta.plot_multiverse(found, title="Depression"))
    assert text.startswith("Depression. Estimates of 4 combinations")
    assert "rows all −0.62" in text
    assert "2 of 6 combinations give no answer" in text


def test_it_is_drawn_the_same_way_twice(found):
    assert svg_text(meta.plot_multiverse(found)) == svg_text(meta.plot_multiverse(found))


def test_what_it_cannot_draw(found, root):
    with pytest.raises(meta.DataError, match=r"meta\.multiverse"):
        meta.plot_multiverse(found.table)
    rows = meta.load_evidence(root / "data").primary("depression")
    empty = meta.multiverse(rows, {"rows": {"nobody": {"blinding": "x"}}})
    with pytest.raises(meta.DataError, match="no combination"):
        meta.plot_multiverse(empty)
