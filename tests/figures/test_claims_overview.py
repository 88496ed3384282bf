"""Does the overview set measured against claimed, and say what it leaves out?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from figures.readable import assert_readable, boxes, panel_of
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.markers import CARETRIGHT

import meta
from meta.errors import DataError
from meta.figures import drawing
from meta.figures.claims_overview import plot_claims


def claim(name: str, **changes: Any) -> meta.Assessment:
    values: dict[str, Any] = {
        "claim_id": name, "article_file": "x.md", "article_label": "One article", "topic": "mood",
        "claim": f"Claim {name}", "claimed": "28 percent", "kind": "percent_fall",
        "verdict": "overstated", "source": "found", "answer": "", "claimed_low": 28.0,
        "claimed_high": 28.0, "estimate": 7.0, "ci_low": -2.8, "ci_high": 14.0, "k": 4,
    }  # fmt: skip
    return meta.Assessment(**(values | changes))


def several() -> list[meta.Assessment]:
    absorbed = {
        "kind": "measured", "claimed": "90 to 95 percent", "claimed_low": 90.0,
        "claimed_high": 95.0, "verdict": "contradicted", "estimate": 23.125, "ci_low": 19.0,
        "ci_high": 36.0, "k": 1,
    }  # fmt: skip
    nothing = {"estimate": float("nan"), "ci_low": float("nan"), "ci_high": float("nan"), "k": 0}
    return [
        claim("fall"),
        claim("absorbed", article_label="Another article", **absorbed),
        claim("people", kind="prevalence", verdict="unresolved", estimate=float("nan"), ci_low=2.8),
        claim("unmeasured", verdict="no_trials", **nothing),
        claim("unusable", verdict="unresolved", **nothing),
        claim("dose", claimed="400 mg/day", kind="dose", verdict="supported"),
        claim("wording", claimed="", kind="rhetoric", verdict="not_testable"),
        claim("sales", claimed="210 percent", kind="cited_source", verdict="unresolved"),
        claim("high", claimed="", kind="measured", claimed_low=50.0, claimed_high=50.0),
    ]


def test_marks_stand_on_what_was_measured_and_what_was_claimed() -> None:
    panel = panel_of(plot_claims(several()))

    def at(gid: str) -> list[list[float]]:
        return [list(map(float, m.get_xdata())) for m in panel.lines if m.get_gid() == gid]

    # falls before shares, measured ones first
    assert at("estimate") == [[7.0], [23.125]]
    assert at("interval") == [[-2.8, 14.0], [19.0, 36.0], [2.8, 14.0]]
    assert at("claimed") == [[28, 28], [28, 28], [28, 28], [90, 95], [28, 28]]
    low, high = panel.get_xlim()
    assert low < -2.8
    assert 100 < high < 110


def test_what_a_reader_asks_first_stands_first() -> None:
    drawn = plot_claims(
        [claim("background", group="background"), claim("number", group="number"),
         claim("nothing", group="works", estimate=float("nan"), ci_low=float("nan"),
               ci_high=float("nan"), verdict="no_trials", k=0),
         claim("works", group="works")]
    )  # fmt: skip
    labels = list(meta.figure_data(drawn).query("what == 'study'")["label"])
    assert labels == ["Claim works", "Claim nothing", "Claim number", "Claim background"]


def test_data_name_claimed_and_measured() -> None:
    data = meta.figure_data(plot_claims(several()))
    (row,) = data[data["label"] == "Claim absorbed"].to_dict("records")
    assert [row[n] for n in ("claimed_low", "claimed_high", "estimate", "ci_low", "ci_high")] == [
        90, 95, 23.125, 19, 36,
    ]  # fmt: skip


def test_verdicts_have_a_word_a_colour_and_a_shape() -> None:
    figure = plot_claims(several())
    marks = [line for line in panel_of(figure).lines if line.get_gid() == "estimate"]
    assert [mark.get_marker() for mark in marks] == ["^", "s"]
    assert len({to_hex(mark.get_markerfacecolor()) for mark in marks}) == 2
    shown = [text for text, _ in boxes(figure)]
    assert shown.count("overstated") == shown.count("▲") == 1
    assert shown.count("unresolved") == shown.count("◇") == 2
    assert {"contradicted", "■", "no trials", "○"} <= set(shown)


def test_claims_that_nothing_was_measured_for_keep_a_row() -> None:
    shown = [text for text, _ in boxes(plot_claims(several()))]
    assert {"Claim unmeasured", "nothing found", "Claim unusable", "no usable figure"} <= {
        text.replace("\u00a0", " ") for text in shown
    }


def test_what_is_left_out_is_counted_with_its_verdicts() -> None:
    text = plot_claims(several()).alt_text()  # type: ignore[attr-defined]
    assert "percentages of 5 of 9 claims" in text
    assert (
        "Not drawn are 4 of 9 claims: 2 name no figure (1 overstated and 1 not testable); 2 name "
        "a figure of another kind, such as a dose, a time, a count or a ratio (1 supported and 1 "
        "unresolved)." in text
    )
    assert "Not drawn" not in plot_claims(several()[:1]).alt_text()  # type: ignore[attr-defined]


def test_alt_text_says_every_claim() -> None:
    text = plot_claims(several(), title="Claimed and measured").alt_text()  # type: ignore[attr-defined]
    assert text.startswith("Claimed and measured. Claimed and measured percentages of 5 of 9")
    assert (
        "Claim fall, claimed 28 %, measured 7.0 (−2.8 to 14.0) % (four studies), overstated" in text
    )
    assert "Claim people, claimed 28 %, measured 2.8 to 14.0 % (four studies), unresolved" in text
    assert "Claim unmeasured, claimed 28 %, nothing found, no trials" in text


def test_far_more_than_claimed_is_cut_and_keeps_its_figures() -> None:
    figure = plot_claims([claim("more", estimate=280.0, ci_low=100.0, ci_high=2000.0)])
    panel = panel_of(figure)
    assert panel.get_xlim()[1] < 350
    assert [line.get_marker() for line in panel.lines if line.get_gid() == "cut"] == [CARETRIGHT]
    assert "280.0 (100.0 to 2,000.0)" in [text for text, _ in boxes(figure)]


def test_all_claims_of_the_tables_can_be_drawn() -> None:
    evidence = meta.load_evidence(Path(__file__).parents[2] / "data")
    ids = ["a0-c11", "a0-c18", "a0-c20", "a0-c21", "a1-c10", "a2-c08", "a2-c23", "a2-c27"]
    figure = plot_claims([meta.assess(name, evidence) for name in ids], title="A title " * 20)
    assert_readable(figure)
    # fits the column of the page without being shrunk
    assert figure.get_figwidth() * 96 <= 800


def test_it_draws_into_given_axes_and_the_same_bytes(tmp_path: Path) -> None:
    figure = Figure(figsize=(12, 10))
    axes = figure.subplots()
    assert plot_claims(several(), axes) is figure
    assert drawing.alt_text(axes)
    one = drawing.save_figure(plot_claims(several()), tmp_path / "a" / "x.svg").read_bytes()
    two = drawing.save_figure(plot_claims(several()), tmp_path / "b" / "x.svg").read_bytes()
    assert one == two


def test_what_cannot_be_drawn_is_refused() -> None:
    with pytest.raises(
        DataError, match=r"assessments is \['a0\-c11'\]; needed: several values, each an "
    ):
        plot_claims(["a0-c11"])  # type: ignore[list-item]
    with pytest.raises(DataError, match="assessments is 3; needed"):
        plot_claims(3)  # type: ignore[arg-type]
    with pytest.raises(DataError, match="none of 1 claims names a percent"):
        plot_claims([claim("dose", claimed="400 mg/day", kind="dose")])
    with pytest.raises(DataError, match="none of 0 claims"):
        plot_claims([])
