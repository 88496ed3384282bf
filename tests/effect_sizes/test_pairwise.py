"""Several arms of a trial become one comparison, and no trial counts twice."""

from __future__ import annotations

import pandas as pd
import pytest

import meta


@pytest.fixture
def arms() -> pd.DataFrame:
    return meta.long_arms(
        pd.DataFrame(
            {
                "trial_number": [1, 2],
                "author": ["A", "B"],
                "year": [2000, 2001],
                "treatment_1": ["X", "X"],
                "n_1": [10, 20],
                "response_1": pd.array([5, None], dtype="Int64"),
                "treatment_2": ["Y", "Placebo"],
                "n_2": [12, 22],
                "response_2": [6, 4],
                "treatment_3": ["Placebo", None],
                "n_3": pd.array([11, None], dtype="Int64"),
                "response_3": pd.array([2, None], dtype="Int64"),
            }
        )
    )


def test_an_arm_is_a_row_and_a_missing_arm_is_none(arms):
    assert arms["label"].tolist() == ["A 2000"] * 3 + ["B 2001"] * 2
    assert arms["treatment"].tolist() == ["X", "Y", "Placebo", "X", "Placebo"]


def test_arms_of_one_kind_are_added_up(arms):
    pairs = meta.pairwise(arms, ["X", "Y"], "Placebo", events="response")
    first = pairs.iloc[0]
    assert (first["events_t"], first["n_t"], first["events_c"], first["n_c"]) == (11, 22, 2, 11)


def test_a_count_that_was_not_printed_stays_missing_and_is_named(arms):
    pairs = meta.pairwise(arms, "X", "Placebo", events="response")
    assert pairs["events_t"].isna().tolist() == [False, True]
    found = meta.effects(pairs, "RR", lower_is_better=False)
    assert found.labels == ["A 2000"]
    assert found.excluded["label"].tolist() == ["B 2001"]


def test_arms_of_ones_own_need_no_label_and_no_year(arms):
    own = arms[["study_id", "treatment", "n", "response"]]
    pairs = meta.pairwise(own, ["X", "Y"], "Placebo", events="response")
    assert pairs.columns.tolist() == ["study_id", "label", "events_t", "n_t", "events_c", "n_c"]
    assert meta.effects(pairs, "RR", lower_is_better=False).labels == ["1"]


def test_arms_of_one_trial_meet_whatever_their_label_is_spelled_like():
    arms = pd.DataFrame({
        "study_id": ["t1", "t1", "t2", "t2"], "label": ["Sorensen 2003", "Sørensen 2003", "B", "B"],
        "year": [2003, 2003, 2004, 2004], "treatment": ["drug", "placebo", "placebo", "drug"],
        "n": [50, 52, 40, 41], "events": [20, 15, 7, 9],
    })  # fmt: skip
    pairs = meta.pairwise(arms, "drug", "placebo", events="events")
    figures = ["events_t", "n_t", "events_c", "n_c"]
    assert pairs[figures].to_numpy().tolist() == [[20, 50, 15, 52], [9, 41, 7, 40]]
    assert pairs["label"].tolist() == ["Sorensen 2003", "B"]
    assert pairs["note"].tolist() == ["label is spelled Sorensen 2003 / Sørensen 2003", ""]
    assert meta.effects(pairs, "RR").k == 2


def test_faults_are_told_at_once(arms):
    with pytest.raises(meta.DataError, match="2 faults") as caught:
        meta.pairwise(arms, ["Z", "Placebo"], "Placebo", events="response")
    assert "'Z'" in str(caught.value)
    with pytest.raises(meta.DataError, match="treatment_1"):
        meta.long_arms(pd.DataFrame({"trial_number": [1]}))


def test_no_trial_is_lost_for_want_of_a_name(arms):
    nameless = arms.assign(label=[None, *arms["label"][1:]])
    with pytest.raises(meta.DataError, match="row 1, column label: it is empty"):
        meta.pairwise(nameless, "X", "Placebo", events="response")


@pytest.mark.parametrize(
    ("column", "names", "said"),
    [
        (
            "study_id",
            ["t1", "T1", "t2", "t2"],
            "'study_id' writes one name in 2 ways, 't1' and 'T1'",
        ),
        ("study_id", ["t1", "t1", "t2", "t2 "], "'t2' and 't2 '"),
        ("treatment", ["drug", "placebo", "Drug", "placebo"], "'drug' and 'Drug'"),
        ("treatment", ["drug", "placebo", "drug", None], "row 4, column treatment: it is empty"),
    ],
)
def test_no_trial_is_lost_for_the_writing_of_a_name(column, names, said):
    arms = pd.DataFrame({
        "study_id": ["t1", "t1", "t2", "t2"], "treatment": ["drug", "placebo"] * 2,
        "n": [50, 52, 40, 41], "events": [20, 15, 7, 9],
    })  # fmt: skip
    with pytest.raises(meta.DataError) as refused:
        meta.pairwise(arms.assign(**{column: names}), "drug", "placebo", events="events")
    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("changes", "arguments", "said"),
    [
        ({}, {"events": "respons"}, "no column 'respons'. Did you mean 'response'"),
        ({}, {"events": "n"}, "name the column of people who had the event"),
        ({}, {"treated": []}, "treated names no treatment. Known are X, Y and Placebo"),
        ({"response": "many"}, {}, "'response' holds no numbers"),
    ],
)
def test_wrong_calls_name_the_way_out(arms, changes, arguments, said):
    call = {"treated": "X", "control": "Placebo", "events": "response", **arguments}
    with pytest.raises(meta.DataError, match=said):
        meta.pairwise(arms.assign(**changes), **call)


def test_every_arm_needs_the_columns_of_the_first():
    trials = pd.DataFrame(
        {"trial_number": [1], "author": ["A"], "year": [2000], "treatment_1": ["X"], "n_1": [9]}
    )
    with pytest.raises(meta.DataError, match="no column n_2"):
        meta.long_arms(trials.assign(treatment_2="Y"))
    with pytest.raises(meta.DataError, match="row 1, column author"):
        meta.long_arms(trials.assign(author=None))
    # a column that only looks like one of an arm is none
    assert len(meta.long_arms(trials.assign(treatment_kind="drug"))) == 1


SCORES = pd.DataFrame(
    {
        "study_id": ["A", "A", "A", "B", "B", "C", "C", "C"],
        "treatment": ["X", "Y", "Placebo", "X", "Placebo", "X", "Y", "Placebo"],
        "n": [20, 30, 25, 40, 41, 10, 11, 12],
        "score": [10.0, 12.0, 9.0, 5.0, 4.0, 1.0, 2.0, 3.0],
        "spread": [3.0, 4.0, 3.5, 2.0, 2.1, 1.0, None, 1.0],
    }
)


def test_means_of_arms_of_one_kind_are_those_of_all_their_people():
    pairs = meta.pairwise(SCORES, ["X", "Y"], "Placebo", mean="score", sd="spread")
    names = ["study_id", "label", "mean_t", "sd_t", "n_t", "mean_c", "sd_c", "n_c"]
    assert pairs.columns.tolist() == names
    arm = meta.convert.combine_arms([20, 30], [10, 12], [3, 4])
    first = pairs.iloc[0]
    assert first[["mean_t", "sd_t", "n_t"]].tolist() == [arm.mean, arm.sd, arm.n]
    assert first[["mean_c", "sd_c", "n_c"]].tolist() == [9, 3.5, 25]
    assert pairs.iloc[1][["mean_t", "sd_t", "n_t"]].tolist() == [5, 2, 40]
    found = meta.effects(pairs, "MD", lower_is_better=False)
    assert found.labels == ["A", "B"]
    assert found.excluded["label"].tolist() == ["C"]


def test_what_is_compared_is_counts_or_means():
    for given in ({}, {"events": "n", "mean": "score", "sd": "spread"}, {"mean": "score"}):
        with pytest.raises(meta.DataError, match="and was given"):
            meta.pairwise(SCORES, "X", "Placebo", **given)
    flat = SCORES.assign(spread=0.0)
    with pytest.raises(meta.DataError, match=r"study A: .*standard deviation"):
        meta.pairwise(flat, ["X", "Y"], "Placebo", mean="score", sd="spread")
