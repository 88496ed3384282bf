"""The map of evidence counts studies, each once a place."""

from __future__ import annotations

import pandas as pd
import pytest
from figures.readable import assert_readable, boxes
from matplotlib.figure import Figure

import meta
from meta.figures import drawing
from meta.figures.evidence_map import plot_evidence_map

RESULTS = pd.DataFrame(
    [
        ("a", "mood", "one", "arms"),
        ("a", "mood", "one", "silent"),  # the same study once more
        ("b", "mood", "one", "silent"),
        ("c", "mood", "other_form", "direction"),
        ("a", "sleep", "one", "interval"),
        ("d", "sleep", None, "arms"),  # nobody says which form
    ],
    columns=["study_id", "outcome", "form", "reporting"],
)


def test_a_study_counts_once_a_place_and_the_words_say_it_all():
    figure = plot_evidence_map(RESULTS, columns="form", certainty={"mood": "low"}, title="Map")
    assert drawing.alt_text(figure) == (
        "Map. A map of studies, by outcome and form. mood: one 2, other form 1; sleep: one 1."
    )
    texts = [text for text, _ in boxes(figure)]
    assert {"how sure", "low", "mood", "sleep", "one"} <= set(texts)
    assert_readable(figure)


def test_darkness_is_the_share_of_studies_that_report_a_size():
    figure = plot_evidence_map(RESULTS, columns="form")
    (dots,) = [c for axes in figure.axes for c in axes.child_axes[0].collections]
    darkness = [1 - sum(colour[:3]) / 3 for colour in dots.get_facecolors()]
    # half of the studies of mood with form one, none with the other, the one of sleep
    assert darkness[1] < darkness[0] < darkness[2]
    areas = dots.get_sizes()
    assert areas[0] == pytest.approx(2 * areas[1])


def test_it_draws_into_given_axes_the_same_way_twice():
    figure = Figure(figsize=(14, 9))
    assert plot_evidence_map(RESULTS, figure.subplots(), columns="form") is figure
    first, second = (drawing.svg_text(plot_evidence_map(RESULTS, columns="form")) for _ in "12")
    assert first == second


def test_what_cannot_be_drawn_is_refused():
    with pytest.raises(meta.DataError, match="column treatment missing; found study_id"):
        plot_evidence_map(RESULTS)
    with pytest.raises(meta.DataError, match="no result has both"):
        plot_evidence_map(RESULTS.assign(form=None), columns="form")
