"""Does one report speak for a trial, by the rule that was fixed, whatever the order of the rows?"""

from __future__ import annotations

import itertools

import pandas as pd
import pytest

import meta
from meta.errors import DataError

ARMS = {"n_t": 20, "mean_t": 8.0, "sd_t": 4.0, "n_c": 20, "mean_c": 10.0, "sd_c": 4.0}


def table(*rows: dict) -> pd.DataFrame:
    base = {"study_id": "a", "lower_is_better": "yes", "result_type": "post"}
    return pd.DataFrame([base | {"result_id": f"a-{i}"} | row for i, row in enumerate(rows, 1)])


def chosen(frame: pd.DataFrame, **options) -> tuple[str, str]:
    found = meta.effects(frame, **options)
    assert len(found) == 1
    assert len(found.rejected) == len(frame) - 1
    return found.table["result_id"][0], found.rejected["reason"][0]


@pytest.mark.parametrize(
    ("preferred", "other", "words"),
    [
        (
            ARMS,
            {"p_value": "0.2", "favours": "treated", "n_t": 50, "n_c": 50},
            "means or counts of both arms rather than a p-value",
        ),
        (
            ARMS | {"time_weeks": 8, "duration_weeks": "8"},
            ARMS | {"time_weeks": 4, "duration_weeks": "8"},
            "(week 8 of 8 rather than week 4 of 8)",
        ),
        (
            ARMS | {"time_weeks": 8, "duration_weeks": "6-8"},
            ARMS | {"time_weeks": 26, "duration_weeks": "6-8"},
            "closer to the end of treatment",
        ),
        (ARMS | {"time_weeks": 8}, ARMS | {"time_weeks": 4}, "week 8 rather than week 4"),
        (
            ARMS | {"source_kind": "primary_abstract"},
            ARMS | {"source_kind": "secondary_review"},
            "abstract rather than secondary source",
        ),
        (ARMS | {"n_t": 40}, ARMS, "60 people rather than 40 people"),
        (ARMS, ARMS, "its name comes first (result_id)"),
    ],
)
def test_each_rule_decides_where_the_earlier_ones_do_not(preferred, other, words):
    first, reason = chosen(table(preferred, other))
    assert first == "a-1"
    assert words in reason
    if preferred is not other:
        swapped, reason = chosen(table(other, preferred))
        assert swapped == "a-2"
        assert words in reason


def test_printed_changes_come_before_changes_with_a_supposed_correlation():
    base = {"base_mean_t": 15.0, "base_sd_t": 5.0, "base_mean_c": 15.0, "base_sd_c": 5.0}
    changes = ARMS | {"mean_t": -7.0, "mean_c": -5.0, "result_type": "change"}
    first, reason = chosen(table(ARMS | base, changes), scores="change")
    assert first == "a-2"
    assert "it needs fewer assumptions (0 rather than 1)" in reason


def test_order_of_the_rules_is_the_callers():
    old_paper = ARMS | {"source_kind": "primary_abstract", "n_t": 10}
    data_set = ARMS | {"source_kind": "secondary_review", "n_t": 40}
    assert chosen(table(old_paper, data_set))[0] == "a-1"
    assert chosen(table(old_paper, data_set), choose=("size", "source"))[0] == "a-2"


def test_order_of_the_levels_is_the_callers():
    interval = {"estimate": -2.0, "ci_low": -4.0, "ci_high": 0.0, "result_type": "difference"}
    frame = table(ARMS, interval)
    assert chosen(frame, measure="MD")[0] == "a-1"
    assert chosen(frame, measure="MD", include=("interval", "arms"))[0] == "a-2"


def test_reports_of_one_trial_are_found_through_the_chain():
    frame = table(ARMS, ARMS, ARMS, ARMS).assign(
        study_id=["a", "b", "c", "d"], same_trial_as=[None, "a", "b", None]
    )
    found = meta.effects(frame)
    assert found.table["study_id"].tolist() == ["a", "d"]
    assert found.table["cluster"].tolist() == ["a", "d"]
    assert found.rejected["chosen_result_id"].tolist() == ["a-1", "a-1"]


def test_reports_that_point_at_each_other_are_one_trial():
    frame = table(ARMS, ARMS).assign(study_id=["a", "b"], same_trial_as=["b", "a"])
    assert len(meta.effects(frame)) == 1


def test_choice_does_not_depend_on_the_order_of_the_rows():
    reports = [
        ARMS,
        ARMS | {"time_weeks": 8, "duration_weeks": "8"},
        ARMS | {"source_kind": "primary_abstract", "time_weeks": 8, "duration_weeks": "8"},
        {"p_value": "0.2", "favours": "treated", "n_t": 50, "n_c": 50},
    ]
    frame = table(*reports)
    answers = {(chosen(frame.iloc[list(order)])[0]) for order in itertools.permutations(range(4))}
    assert answers == {"a-3"}


def test_a_row_that_cannot_serve_does_not_stand_in_the_way():
    flagged = ARMS | {"n_t": 500, "flag": "two versions disagree; do not pool"}
    found = meta.effects(table(flagged, ARMS))
    assert found.table["result_id"].tolist() == ["a-2"]
    assert found.excluded["result_id"].tolist() == ["a-1"]


def test_unknown_rule_is_refused():
    with pytest.raises(DataError, match=r"choose has .*'newest'.*needed: some of reporting, time"):
        meta.effects(table(ARMS), choose=("newest",))


@pytest.mark.parametrize(
    ("preferred", "other", "words"),
    [
        (ARMS, ARMS | {"result_type": "change"}, "(scores at the end rather than changes)"),
        (
            ARMS | {"result_type": "change"},
            {"estimate": -2.0, "ci_low": -3.0, "ci_high": -1.0, "result_type": "difference"},
            "(changes rather than another form)",
        ),
    ],
)
def test_scores_at_the_end_before_changes_before_other_forms(preferred, other, words):
    for frame, name in ((table(preferred, other), "a-1"), (table(other, preferred), "a-2")):
        first, reason = chosen(frame, measure="MD", choose=("scores",))
        assert first == name
        assert words in reason
