"""What a phone shows of a figure: every row of its data, in words that need no picture."""

from __future__ import annotations

import pandas as pd
import pytest

import meta
from meta.evidence.spreadsheet import safe_csv
from meta.report.figure_rows import read_rows


def rows_of(figure) -> list[tuple[str, str, str]]:
    shown = read_rows(safe_csv(figure.to_frame(), "%.10g"))
    return [(row.group, row.label, row.text) for row in shown.rows]


def test_intervals_stand_on_one_axis_and_the_silent_are_named():
    fit = meta.pool([-0.5, -0.1, -0.4], [0.04, 0.09, 0.06], labels=["A", "B", "C"])
    silent = pd.DataFrame({"label": ["D"], "n_t": [10.0], "n_c": [10.0]})
    shown = read_rows(safe_csv(meta.plot_forest(fit, silent=silent).to_frame(), "%.10g"))
    assert {row.label for row in shown.rows} >= {"A", "B", "C", "D"}
    first, second = shown.rows[:2]
    assert first.text == "−0.50 (−0.89 to −0.11)"  # -0.5 ± 1.96 * 0.2
    # the dot stands in the middle of its interval; one that leaves the axis is cut
    assert second.dot == pytest.approx(second.left + second.width / 2, abs=0.1)
    assert first.left == 0 < first.dot < second.dot < shown.null
    (last,) = [row for row in shown.rows if row.label == "D"]
    assert (last.left, last.text) == (None, "")
    assert "printed no figure" in last.group
    assert len(shown.ends) == 2


def test_shares_have_no_place_of_no_effect_and_are_all_in_sight():
    counts = pd.DataFrame({"label": ["A", "B"], "events": [3, 1], "n": [40, 22]})
    fit = meta.pool(meta.effects(counts, "PLO"))
    shown = read_rows(safe_csv(meta.plot_forest(fit).to_frame(), "%.10g"))
    assert shown.null is None
    wide = next(row for row in shown.rows if row.label == "B")
    assert 0 < wide.left + wide.width <= 100
    assert wide.dot < wide.left + wide.width / 2  # the interval of a rare event is skewed, not cut


def test_one_interval_is_enough():
    shown = read_rows("what,label,estimate,ci_low,ci_high\nstudy,A,-6,-7.9,-4.2\n")
    assert [(row.label, row.text) for row in shown.rows] == [("A", "−6.0 (−7.9 to −4.2)")]


def test_directions_are_grouped_by_whom_they_favour():
    vote = meta.direction_vote(["treated", "control", "treated", "neither"], labels=list("ABCD"))
    assert rows_of(meta.plot_harvest(vote)) == [
        ("Favour the treatment", "A", ""),
        ("Favour the treatment", "C", ""),
        ("Favour the control", "B", ""),
        ("Printed no direction", "D", ""),
    ]


JUDGED = pd.DataFrame(
    [("A", "D1", "low"), ("A", "D2", "high"), ("B", "D1", "some"), ("B", "D2", "low")],
    columns=["study_id", "domain", "judgement"],
)


def test_judgements_name_what_is_at_risk_first():
    found = rows_of(meta.plot_traffic_light(JUDGED))
    assert found[0][1:] == ("A", "high risk: D2; low risk: D1")
    assert found[1][1:] == ("B", "some concerns: D1; low risk: D2")
    counted = rows_of(meta.plot_risk_of_bias_summary(JUDGED))
    assert counted[0][1:] == ("D1", "1 low risk, 1 some concerns")


def test_a_funnel_gives_effects_with_their_errors():
    effects = meta.Effects.from_arrays([0.1, 0.4, 0.2], [0.04, 0.01, 0.09], labels=list("ABC"))
    found = rows_of(meta.plot_funnel(meta.pool(effects)))
    assert ("", "A", "0.10, SE 0.20") in found
    assert len(found) == 3  # lines across the picture are no rows


def test_a_cloud_of_points_stays_a_picture():
    many = "what,label,estimate,sei\n" + "".join(f"study,s{i},0.1,0.2\n" for i in range(61))
    assert read_rows(many).rows == ()
    assert read_rows("what,estimate,density\nmean effect,0.1,0.2\n").rows == ()
