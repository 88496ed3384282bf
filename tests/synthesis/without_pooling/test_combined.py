import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

import meta
from meta.synthesis.without_pooling.reported_p_values import read_direction, read_p

P = [0.02, 0.3, 0.001, 0.6]
SIDES = ["treated", "control", "treated", "treated"]


def one_sided(p, sides):
    p = np.array(p)
    return np.where(np.array(sides) == "treated", p / 2, 1 - p / 2)


def test_stouffer_closed_form():
    z = stats.norm.isf(one_sided(P, SIDES))
    answer = meta.combine_p_values(P, SIDES)
    assert answer.z == pytest.approx(z.sum() / 2, abs=1e-8)
    assert answer.p_value == pytest.approx(2 * stats.norm.sf(z.sum() / 2), abs=1e-8)
    assert answer.p_treated + answer.p_control == pytest.approx(1, abs=1e-12)


def test_stouffer_weights():
    z, w = stats.norm.isf(one_sided(P, SIDES)), np.sqrt([40, 20, 60, 100])
    answer = meta.combine_p_values(P, SIDES, weights=w)
    assert answer.z == pytest.approx(w @ z / np.sqrt(w @ w), abs=1e-8)
    # SciPy weighs the same way
    reference = stats.combine_pvalues(one_sided(P, SIDES), method="stouffer", weights=w)
    assert answer.p_treated == pytest.approx(reference.pvalue, abs=1e-8)


def test_results_are_paired_by_position_whatever_their_index():
    plain = meta.combine_p_values([0.01, 0.5], ["treated", "control"], labels=["A", "B"])
    shuffled = meta.combine_p_values(
        pd.Series([0.01, 0.5], index=[7, 0]),
        pd.Series(["treated", "control"], index=[7, 0]),
        labels=["A", "B"],
    )
    pd.testing.assert_frame_equal(plain.table, shuffled.table)


def test_fisher_closed_form():
    p = one_sided(P, SIDES)
    answer = meta.combine_p_values(P, SIDES, method="fisher")
    assert answer.p_treated == pytest.approx(stats.chi2.sf(-2 * np.log(p).sum(), 8), abs=1e-8)
    assert answer.p_control == pytest.approx(stats.chi2.sf(-2 * np.log1p(-p).sum(), 8), abs=1e-8)
    assert answer.p_value == pytest.approx(2 * answer.p_treated, abs=1e-12)


def test_one_extreme_trial_suffices_for_fisher():
    p, sides = [1e-8, 0.9, 0.8, 0.95], ["treated", "control", "treated", "control"]
    assert meta.combine_p_values(p, sides, method="fisher").p_value < 1e-4
    assert meta.combine_p_values(p, sides).p_value > 1e-3
    assert "single trial" in meta.combine_p_values(p, sides, method="fisher").sentence()


@pytest.mark.parametrize("method", ["stouffer", "fisher"])
def test_one_result_combines_to_itself(method):
    answer = meta.combine_p_values([0.04], ["control"], method=method)
    assert answer.p_value == pytest.approx(0.04, abs=1e-10)
    assert answer.z == pytest.approx(-stats.norm.isf(0.02), abs=1e-8)
    assert any("one trial" in note for note in answer.notes)


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.tuples(st.floats(1e-6, 1), st.sampled_from(["treated", "control"])),
        min_size=1,
        max_size=8,
    ),
    st.sampled_from(["stouffer", "fisher"]),
)
def test_order_does_not_matter_and_sides_mirror(results, method):
    p, sides = zip(*results, strict=True)
    answer = meta.combine_p_values(p, sides, method=method)
    turned = meta.combine_p_values(p[::-1], sides[::-1], method=method)
    assert abs(turned.z) == pytest.approx(abs(answer.z), abs=1e-9)
    # where both sides are equally likely, rounding decides on the sign
    if abs(answer.p_treated - answer.p_control) > 1e-9:
        assert turned.z == pytest.approx(answer.z, abs=1e-9)
    other = {"treated": "control", "control": "treated"}
    mirrored = meta.combine_p_values(p, [other[side] for side in sides], method=method)
    assert mirrored.p_value == pytest.approx(answer.p_value, abs=1e-9)
    assert mirrored.p_treated == pytest.approx(answer.p_control, abs=1e-9)


def test_a_repeated_result_of_one_trial_adds_nothing():
    once = meta.combine_p_values([0.02, 0.3], ["treated", "control"])
    twice = meta.combine_p_values(
        [0.02, 0.02, 0.3], ["treated", "treated", "control"], cluster=["a", "a", "b"]
    )
    assert twice.z == pytest.approx(once.z, abs=1e-12)
    assert (twice.k, twice.k_results) == (2, 3)
    assert any("averaged" in note for note in twice.notes)
    without = meta.combine_p_values([0.02, 0.02, 0.3], ["treated", "treated", "control"])
    assert without.z > twice.z


def test_the_cluster_rule_is_a_group_mean_with_correlation_one():
    from pymare.estimators import StoufferCombinationTest

    z = stats.norm.isf(one_sided(P, SIDES))[:, None]
    groups = np.array([0, 0, 1, 2])
    reference = StoufferCombinationTest(group_level=True).fit(z, g=groups, corr=np.ones((4, 4)))
    answer = meta.combine_p_values(P, SIDES, cluster=["a", "a", "b", "c"])
    assert answer.z == pytest.approx(reference.params_["z"][0], abs=1e-8)


def test_bounds_are_used_nearest_to_no_effect_and_marked():
    answer = meta.combine_p_values(["<0.05", 0.2], ["treated", "treated"])
    assert answer.z == meta.combine_p_values([0.05, 0.2], ["treated", "treated"]).z
    assert answer.table["bound"].tolist() == [True, False]
    assert any("threshold" in note and "result 1 (<0.05)" in note for note in answer.notes)
    null = meta.combine_p_values([">0.05", 0.2], ["neither", "treated"])
    assert null.table["z"].iloc[0] == pytest.approx(0, abs=1e-12)
    assert null.z == pytest.approx(stats.norm.isf(0.1) / np.sqrt(2))


def test_every_fault_of_the_p_values_is_named():
    with pytest.raises(meta.DataError) as caught:
        meta.combine_p_values(
            [0, "significant", 0.02, 1.2, 0.3],
            ["treated", "treated", None, "treated", "up"],
            weights=[1, 1, 1, 1, -1],
        )
    text = str(caught.value)
    assert len(caught.value.faults) == 6
    assert "without a direction" in text
    assert "0.000 is '<0.001'" in text
    assert "weight is -1.0" in text


def test_settings_that_do_not_fit():
    with pytest.raises(meta.DataError, match="lengths differ"):
        meta.combine_p_values([0.1], ["treated", "control"])
    with pytest.raises(meta.DataError, match="method"):
        meta.combine_p_values([0.1], ["treated"], method="tippett")
    with pytest.raises(meta.DataError, match="Fisher's method has none"):
        meta.combine_p_values([0.1], ["treated"], weights=[2], method="fisher")
    with pytest.raises(meta.DataError, match="share one weight"):
        meta.combine_p_values([0.1, 0.2], [1, 1], weights=[1, 2], cluster=["a", "a"])
    with pytest.raises(meta.DataError, match="labels"):
        meta.combine_p_values([0.1], [1], labels=["a", "b"])
    with pytest.raises(meta.TooFewStudies):
        meta.combine_p_values([], [])


def test_the_text_says_what_the_test_does_not_say():
    answer = meta.combine_p_values(P, SIDES)
    assert "does not say how large" in answer.sentence()
    assert "lean towards the treatment" in str(answer)
    assert "<table" in answer._repr_html_()
    assert answer.to_dict()["k"] == 4


def test_vote_counts_and_exact_interval():
    vote = meta.direction_vote(["treated"] * 6 + ["control"] * 2 + ["none"])
    assert (vote.treated, vote.control, vote.ties, vote.silent, vote.k) == (6, 2, 1, 0, 9)
    # Clopper-Pearson limits are quantiles of beta distributions
    assert vote.ci_low == pytest.approx(stats.beta.ppf(0.025, 6, 3), abs=1e-8)
    assert vote.ci_high == pytest.approx(stats.beta.ppf(0.975, 7, 2), abs=1e-8)
    # 2 * (1 + 8 + 28) / 256
    assert vote.p_value == pytest.approx(74 / 256, abs=1e-12)


def test_silent_trials_are_counted_apart_and_bounded():
    vote = meta.direction_vote(["treated"] * 6 + ["neither"] * 5 + [None, "not_stated"])
    assert vote.silent == 7
    assert vote.share == 1
    shares = vote.bounds["share"].tolist()
    assert shares == pytest.approx([1, 6 / 13, 1])
    assert "6 of 6" in vote.sentence()
    assert "46 % to 100 %" in vote.sentence()
    assert any("7 of 13" in note for note in vote.notes)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 8), st.integers(0, 8), st.integers(1, 8))
def test_bounds_enclose_the_printed_share(treated, control, silent):
    words = ["treated"] * treated + ["control"] * control + ["neither"] * silent
    vote = meta.direction_vote(words)
    _, low, high = vote.bounds["share"]
    if treated + control:
        assert low <= vote.share <= high
        mirrored = meta.direction_vote(["control"] * treated + ["treated"] * control)
        assert mirrored.p_value == pytest.approx(vote.p_value)
        assert mirrored.share == pytest.approx(1 - vote.share)


def test_vote_of_a_frame():
    rows = pd.DataFrame(
        {"study_id": ["a", "b"], "label": ["A", "B"], "favours": ["treated", "control"]}
    )
    assert meta.direction_vote(rows).table["label"].tolist() == ["A", "B"]
    twice = pd.concat([rows, rows])
    with pytest.raises(meta.DataError, match="a trial counts once") as caught:
        meta.direction_vote(twice)
    assert len(caught.value.faults) == 2
    with pytest.raises(meta.DataError, match="no column favours"):
        meta.direction_vote(rows.drop(columns="favours"))


def test_vote_without_a_direction():
    vote = meta.direction_vote(["neither", None])
    assert np.isnan(vote.share)
    assert vote.to_dict()["share"] is None
    assert "None of 2 trials" in str(vote)
    with pytest.raises(meta.TooFewStudies):
        meta.direction_vote([])


def test_vote_faults():
    with pytest.raises(meta.DataError) as caught:
        meta.direction_vote(["better", "worse"])
    assert len(caught.value.faults) == 2
    with pytest.raises(meta.DataError, match="ci_level"):
        meta.direction_vote(["treated"], ci_level=95)


def test_few_trials_are_told_how_little_they_can_show():
    vote = meta.direction_vote(["treated"] * 3)
    assert vote.p_value == pytest.approx(0.25)
    assert any("p would be 0.25" in note for note in vote.notes)


@pytest.mark.parametrize(
    ("printed", "read"),
    [("0.02", (0.02, "")), ("<0.001", (0.001, "<")), ("≤ 0.05", (0.05, "<")), (">.6", (0.6, ">"))],
)
def test_read_p(printed, read):
    assert read_p(printed) == read


def test_read_direction():
    assert [read_direction(value) for value in (1, -1.0, 0, np.nan, "Treated")] == [
        "treated",
        "control",
        "none",
        "silent",
        "treated",
    ]
