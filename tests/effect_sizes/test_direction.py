"""Whom a printed result favours."""

from __future__ import annotations

import pandas as pd
import pytest

import meta
from meta.errors import DataError

YES, NO = {"lower_is_better": "yes"}, {"lower_is_better": "no"}


def side(**cells):
    (found,) = meta.directions(pd.DataFrame([{"study_id": "a", **cells}]))
    return found


@pytest.mark.parametrize("word", ["treated", "control", "neither", "not_stated"])
def test_the_verdict_in_words_comes_first(word):
    assert side(favours=word, estimate=-3.0, **YES) == word


@pytest.mark.parametrize(
    ("cells", "lower", "higher"),
    [
        ({"estimate": -3.0, "effect_unit": "points"}, "treated", "control"),
        ({"estimate": 3.0, "effect_unit": "points"}, "control", "treated"),
        ({"estimate": 0.0, "effect_unit": "points"}, "neither", "neither"),
        # a ratio of two groups has its null at 1; a difference of "ratios" has it at 0
        ({"estimate": 0.8, "effect_unit": "RR"}, "treated", "control"),
        ({"estimate": 1.2, "effect_unit": "OR"}, "control", "treated"),
        ({"estimate": 1.0, "effect_unit": "HR"}, "neither", "neither"),
        ({"estimate": 0.8, "effect_unit": "ratio"}, "control", "treated"),
        ({"mean_t": 10.0, "mean_c": 12.0}, "treated", "control"),
        ({"mean_t": -4.0, "mean_c": -6.0, "result_type": "change"}, "control", "treated"),
        ({"mean_t": 12.0, "mean_c": 12.0}, "neither", "neither"),
        # as shares, not as counts
        ({"events_t": 6, "n_t": 60, "events_c": 5, "n_c": 20}, "treated", "control"),
        ({"events_t": 0, "n_t": 60, "events_c": 0, "n_c": 20}, "neither", "neither"),
        ({"events_t": 2, "events_c": 7}, "treated", "control"),
    ],
)
def test_figures_of_each_kind_on_scales_of_either_direction(cells, lower, higher):
    assert (side(**cells, **YES), side(**cells, **NO)) == (lower, higher)
    assert side(**cells) == "not_stated"


@pytest.mark.parametrize(
    "cells",
    [
        {},
        {"p_value": "0.01"},
        {"mean_t": 3.0},
        {"events_t": 3, "n_t": 20},
        {"estimate": 47.0, "result_type": "proportion"},
        {"estimate": -6.0, "result_type": "single_arm_change"},
        {"mean_t": 3.0, "mean_c": 5.0, "stratum": "uncontrolled"},
    ],
)
def test_without_two_arms_there_is_no_direction(cells):
    assert side(**cells, **YES) == "not_stated"


def test_the_answer_is_aligned_and_faults_are_named():
    rows = pd.DataFrame(
        {"study_id": ["a", "b"], "favours": ["treated", None], "estimate": [None, 1.0]},
        index=[7, 3],
    ).assign(lower_is_better="yes")
    found = meta.directions(rows)
    assert found.index.tolist() == [7, 3]
    assert found.tolist() == ["treated", "control"]
    assert meta.directions(rows.iloc[:0]).empty
    with pytest.raises(DataError, match="column favours: 'both'; needed: one of treated"):
        meta.directions(rows.assign(favours="both"))


def test_the_count_of_directions_takes_the_answer(root):
    evidence = meta.load_evidence(root / "data")
    rows = evidence.select("crp", stratum="magnesium_alone").drop_duplicates("study_id")
    given = meta.direction_vote(meta.directions(rows), labels=rows["label"])
    joined = meta.direction_vote(rows.assign(favours=meta.directions(rows)))
    assert given.table.equals(joined.table)
    assert given.k == len(rows)
    assert given.treated
    assert given.silent
