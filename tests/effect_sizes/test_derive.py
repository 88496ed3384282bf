"""Does each reported form become the effect it holds, and is every row accounted for?"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.special import gamma

import meta
from meta.errors import DataError, NotComparable

DATA = Path(__file__).parents[2] / "data"
ARMS = {"n_t": 20, "mean_t": 8.0, "sd_t": 4.0, "n_c": 22, "mean_c": 10.0, "sd_c": 5.0}


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    return meta.load_evidence(DATA).select()


def pick(rows: pd.DataFrame, *names: str) -> pd.DataFrame:
    chosen = rows[rows["result_id"].isin(names)]
    assert len(chosen) == len(names)
    return chosen


def table(*rows: dict) -> pd.DataFrame:
    base = {"lower_is_better": "yes"}
    named = [{"study_id": f"s{i}", "result_id": f"s{i}-1"} for i in range(len(rows))]
    return pd.DataFrame([base | name | row for name, row in zip(named, rows, strict=True)])


def only(frame: pd.DataFrame, measure: str = "SMD", **options) -> pd.Series:
    found = meta.effects(frame, measure, **options)
    assert len(found) == 1, found.excluded["reason"].tolist()
    return found.table.iloc[0]


def reason(frame: pd.DataFrame, measure: str = "SMD", **options) -> str:
    found = meta.effects(frame, measure, **options)
    assert len(found) == 0
    return found.excluded["reason"][0]


def j(dof: float) -> float:
    return float(gamma(dof / 2) / (np.sqrt(dof / 2) * gamma((dof - 1) / 2)))


# --- the evidence -------------------------------------------------------------------------------


def test_tarleton_interval_gives_the_standard_error_of_the_notes(rows):
    effect = only(pick(rows, "tarleton2017-depression-1"), "MD")
    assert effect["yi"] == -6.0
    # normal quantile: (-4.2 + 7.9) / (2 x 1.959964); the curators' notes say "about 0.94"
    assert effect["sei"] == pytest.approx(0.943895, abs=5e-7)
    assert effect["paired"]
    assert effect["reporting"] == "interval"
    assert effect["assumptions"] == "interval taken as one of 95 %"
    # 112 people, once each
    assert meta.effects(pick(rows, "tarleton2017-depression-1"), "MD").n_total == 112


def test_tarleton_needs_a_named_outside_sd_for_an_smd(rows):
    row = pick(rows, "tarleton2017-depression-1")
    assert "which a standardised mean difference needs" in reason(row)
    assert "(sd='instrument', or your own)" in reason(row)
    effect = only(row, sd="instrument")
    sd = row["sd_reference"].iloc[0]
    assert effect["yi"] == pytest.approx(-6.0 / sd)
    assert effect["sei"] == pytest.approx(0.943895 / sd, abs=1e-6)
    assert f"standard deviation from another source {sd:g}" in effect["assumptions"]
    assert only(row, sd=6.0)["yi"] == pytest.approx(-1.0)
    assert only(row, sd={"phq9": 3.0})["yi"] == pytest.approx(-2.0)
    assert "none was given for PHQ-9 (sd=)" in reason(row, sd={"bdi": 9.0})


def test_one_of_tarletons_two_rows_by_the_rule_fixed_beforehand(rows):
    both = pick(rows, "tarleton2017-depression-1", "tarleton2017-depression-2")
    found = meta.effects(both, "MD")
    assert found.table["result_id"].tolist() == ["tarleton2017-depression-2"]
    assert (
        "means or counts of both arms rather than a difference with its interval"
        in found.rejected["reason"][0]
    )
    published = meta.effects(both, "MD", choose=("source",))
    assert published.table["result_id"].tolist() == ["tarleton2017-depression-1"]


def test_first_period_of_a_crossover_is_two_groups(rows):
    effect = only(pick(rows, "tarleton2017-depression-2"))
    assert not effect["paired"]
    sd = np.sqrt((54 * 3.9**2 + 56 * 5.6**2) / 110)
    assert effect["yi"] == pytest.approx(j(110) * (5.1 - 9.2) / sd, rel=1e-12)


def test_rajizadehs_changes_give_the_d_of_the_notes(rows):
    row = pick(rows, "rajizadeh2017-depression-1")
    assert "this set takes scores at the end (scores='post')" in reason(row)
    found = meta.effects(row, scores="change")
    steps = {step.name: step.value for step in found.derivation("rajizadeh2017").steps}
    # curators' notes: pooled SD 8.41, d -0.62
    assert steps["sd"] == pytest.approx(8.41, abs=0.005)
    assert steps["d"] == pytest.approx(-0.62, abs=0.005)
    assert found.yi[0] == pytest.approx(j(51) * steps["d"], rel=1e-12)


def test_afsharfar_closed_form(rows):
    effect = only(pick(rows, "afsharfar2021-depression-2"))
    sd = np.sqrt((18 * 5.28**2 + 20 * 4.89**2) / 38)
    g = j(38) * (16.42 - 20.67) / sd
    assert effect["yi"] == pytest.approx(g, rel=1e-12)
    assert effect["vi"] == pytest.approx(1 / 19 + 1 / 21 + g**2 / 80, rel=1e-12)
    assert effect["assumptions"] == ""


def test_sultana_by_p_value_and_equal_arms(rows):
    effect = only(pick(rows, "sultana2023-depression-1"))
    t = -stats.t.isf(0.01, 88)
    assert effect["yi"] == pytest.approx(j(88) * t * np.sqrt(2 / 45), rel=1e-12)
    assert (effect["n_t"], effect["n_c"]) == (45, 45)
    assert "equal arms (45 and 45 of 90 randomised)" in effect["assumptions"]
    assert "unadjusted t test" in effect["assumptions"]
    assert "takes only means or counts of both arms or a difference with its interval" in reason(
        pick(rows, "sultana2023-depression-1"), include=("arms", "interval")
    )


@pytest.mark.parametrize(
    ("result_id", "words"),
    [
        ("fard2017-depression-1", "three or more groups"),
        ("abiri2021-crp-1", "in words"),
        ("khalid2024-insomnia_severity-1", "three or more groups"),
        ("jadidi2022-sleep_quality-1", "three or more groups"),
        ("talari2019-crp-1", "as a bound"),
        ("abbasi2012-depression-1", "not which group did better"),
        ("bambling2017-depression-1", "within one arm"),
        ("bhudia2006-depression-2", "do not pool"),
        ("barragan2008-serum_mg-1", "do not use as SD"),
        ("mahboobi2022-depression-1", "not the number of people"),
        ("noah2022-stress-1", "do not pool"),
        ("moslehi2012-crp-1", "in words"),
        (
            "sun2019-depression-1",
            "as an odds ratio, from which a standardised mean difference does not follow",
        ),
        ("tarleton2015-depression-1", "the share of one group"),
    ],
)
def test_what_cannot_become_an_smd_says_why(rows, result_id, words):
    assert words in reason(pick(rows, result_id))


@pytest.mark.parametrize("measure", ["SMD", "OR", "RD", "PETO"])
@pytest.mark.parametrize("scores", ["post", "change", "both"])
def test_every_row_of_the_evidence_is_accounted_for(rows, measure, scores):
    found = meta.effects(rows, measure, scores=scores, sd="instrument", lower_is_better=True)
    assert len(found) + len(found.excluded) + len(found.rejected) == len(rows)
    parts = [part["result_id"] for part in (found.table, found.excluded, found.rejected)]
    assert sorted(pd.concat(parts)) == sorted(rows["result_id"])
    assert (found.excluded["reason"] != "").all()
    assert found.table["study_id"].is_unique
    assert set(found.derivations) == set(found.table["study_id"])


def test_rows_with_no_direction_are_named_together(rows):
    frame = pick(rows, "schutten2021-thf-1", "schutten2021-the-1")
    with pytest.raises(DataError) as caught:
        meta.effects(frame, "MD")
    assert len(caught.value.faults) == 2
    assert "schutten2021-thf-1, column lower_is_better" in str(caught.value)
    assert len(meta.effects(frame, "MD", lower_is_better=True)) == 1


# --- the forms ----------------------------------------------------------------------------------


def test_cochrane_handbook_crossover_example():
    # Cochrane Handbook 5.1.0 (2011), section 16.4.6: means 7.0 and 6.5, SDs 2.38 and 2.21, 10
    # people, correlation 0.68: SE of the difference 0.583; SMD 0.218 with SE 0.256 (without J)
    frame = table(
        {"n_t": 10, "mean_t": 7.0, "sd_t": 2.38, "n_c": 10, "mean_c": 6.5, "sd_c": 2.21}
    ).assign(design="crossover")
    md = only(frame, "MD", correlation=0.68)
    assert md["yi"] == pytest.approx(0.5)
    assert md["sei"] == pytest.approx(0.583, abs=5e-4)
    smd = only(frame, correlation=0.68)
    factor = j(2 * 9 / (1 + 0.68**2))
    assert smd["yi"] / factor == pytest.approx(0.218, abs=5e-4)
    # the Handbook's SE has no J in the effect inside it: the difference is in the fourth digit
    assert smd["sei"] == pytest.approx(0.256, abs=1e-3)
    assert smd["assumptions"] == "within-person correlation 0.68"
    assert meta.effects(frame).n_total == 10


def test_column_paired_overrides_the_design():
    crossover = table(ARMS | {"n_c": 20}).assign(design="crossover")
    assert only(crossover)["paired"]
    assert not only(crossover.assign(paired="no"))["paired"]
    assert only(crossover.assign(design="parallel", paired="yes"))["paired"]


def test_paired_p_value_meets_the_paired_means():
    # the p-value that a paired t test of these means gives must lead back to the same effect
    r, n = 0.5, 16
    means = {"n_t": n, "mean_t": 8.0, "sd_t": 4.0, "n_c": n, "mean_c": 10.0, "sd_c": 4.0}
    t = -2.0 / (4.0 * np.sqrt(2 * (1 - r) / n))
    p = {"n_t": n, "n_c": n, "estimate": -2.0, "p_value": 2 * stats.t.sf(abs(t), n - 1)}
    from_means = only(table(means).assign(design="crossover"), correlation=r)
    from_p = only(table(p).assign(design="crossover"), correlation=r)
    assert from_p["yi"] == pytest.approx(from_means["yi"], rel=1e-9)
    assert from_p["vi"] == pytest.approx(from_means["vi"], rel=1e-9)


def test_p_value_meets_the_means_of_two_arms():
    sd = np.sqrt((19 * 16 + 21 * 25) / 40)
    t = -2.0 / (sd * np.sqrt(1 / 20 + 1 / 22))
    p = {"n_t": 20, "n_c": 22, "p_value": 2 * stats.t.sf(abs(t), 40), "favours": "treated"}
    from_means, from_p = only(table(ARMS)), only(table(p))
    assert from_p["yi"] == pytest.approx(from_means["yi"], rel=1e-9)
    assert from_p["vi"] == pytest.approx(from_means["vi"], rel=1e-9)


def test_p_value_with_the_difference_gives_its_standard_error():
    row = {"estimate": -2.0, "p_value": "0.04", "n_t": 20, "n_c": 22}
    effect = only(table(row), "MD")
    assert effect["sei"] == pytest.approx(2.0 / stats.t.isf(0.02, 40), rel=1e-9)
    no_n = only(table({"estimate": -2.0, "p_value": "0.04"}), "MD")
    assert no_n["sei"] == pytest.approx(2.0 / stats.norm.isf(0.02), rel=1e-9)
    means = {"mean_t": 8.0, "mean_c": 10.0, "p_value": 0.04, "n_t": 20, "n_c": 22}
    assert only(table(means), "MD")["sei"] == pytest.approx(effect["sei"])
    assert "size of the difference" in reason(
        table({"p_value": "0.04", "n_t": 20, "n_c": 22, "favours": "treated"}), "MD"
    )


def test_total_of_more_than_two_arms_is_not_split():
    row = {"p_value": "0.04", "favours": "treated", "n_randomised": 91}
    effect = only(table(row | {"n_arms": 2}))
    assert (effect["n_t"], effect["n_c"]) == (46, 45)
    assert "covers 4 arms" in reason(table(row | {"n_arms": 4}))


def test_verdict_gives_the_sign_where_the_scale_has_no_direction():
    row = {"p_value": "0.04", "n_t": 20, "n_c": 20, "lower_is_better": None}
    for_treated = meta.effects(table(row | {"favours": "treated"}))
    assert for_treated.yi[0] < 0
    assert for_treated.lower_is_better is True
    assert only(table(row | {"favours": "control"}))["yi"] > 0


def test_change_scores_from_end_scores_by_the_named_correlation():
    base = {"base_mean_t": 15.0, "base_sd_t": 6.0, "base_mean_c": 14.0, "base_sd_c": 5.5}
    effect = only(table(ARMS | base), scores="change", correlation=0.7)
    sd_t = np.sqrt(16 + 36 - 2 * 0.7 * 4 * 6)
    sd_c = np.sqrt(25 + 5.5**2 - 2 * 0.7 * 5 * 5.5)
    sd = np.sqrt((19 * sd_t**2 + 21 * sd_c**2) / 40)
    assert effect["yi"] == pytest.approx(j(40) * (-7.0 + 4.0) / sd, rel=1e-12)
    assert effect["assumptions"] == "correlation between baseline and end 0.7"
    assert effect["mean_t"] == pytest.approx(-7.0)
    assert "baseline" in reason(table(ARMS), scores="change")


def test_both_kinds_of_scores_stand_together_only_by_name():
    change = ARMS | {"mean_t": -4.0, "mean_c": -2.0, "result_type": "change"}
    frame = table(ARMS | {"result_type": "post"}, change)
    assert meta.effects(frame).table["form"].tolist() == ["post"]
    both = meta.effects(frame, scores="both")
    assert both.table["assumptions"].tolist() == ["", "standardised by the SD of change scores"]
    # in the scale's own units both estimate one difference
    assert meta.effects(frame.assign(instrument_id="bdi"), "MD").table["assumptions"].eq("").all()


def test_outside_sd_of_change_scores_is_not_taken_for_end_scores():
    row = {"estimate": -2.0, "ci_low": -4.0, "ci_high": 0.0, "sd_reference": 4.0}
    frame = table(row | {"sd_reference_kind": "change", "instrument_id": "moca"})
    assert "is of change scores" in reason(frame, sd="instrument")
    assert only(frame, sd="instrument", scores="change")["yi"] == -0.5
    assert "none is on file for moca (column sd_low)" in reason(frame, sd="instrument_low")


def test_printed_smd_passes_through():
    interval = {"estimate": -0.4, "ci_low": -0.8, "ci_high": 0.0, "effect_unit": "SMD"}
    effect = only(table(interval))
    assert effect["yi"] == -0.4
    assert effect["sei"] == pytest.approx(0.4 / stats.norm.isf(0.025), rel=1e-9)
    numbers = {"estimate": 0.91, "n_t": 23, "n_c": 21, "p_value": "0.003", "effect_unit": "SMD"}
    rebuilt = only(table(numbers))
    assert rebuilt["vi"] == pytest.approx(1 / 23 + 1 / 21 + 0.91**2 / 88)
    assert rebuilt["assumptions"] == "uncertainty computed from the numbers of people in the arms"


@pytest.mark.parametrize("measure", ["RR", "OR", "RD", "PETO"])
def test_events_are_the_effect_size_of_their_table(measure):
    cells = {"events_t": 4, "n_t": 30, "events_c": 9, "n_c": 31}
    effect = only(table(cells), measure)
    expected = meta.effect_size(measure, **cells).iloc[0]
    assert effect["yi"] == pytest.approx(expected["yi"], rel=1e-12)
    assert effect["vi"] == pytest.approx(expected["vi"], rel=1e-12)


def test_empty_cells_are_named_and_double_zeros_left_out_of_ratios():
    zero = table({"events_t": 0, "n_t": 30, "events_c": 9, "n_c": 31})
    assert only(zero, "RR")["assumptions"] == "0.5 added to each count"
    nobody = table({"events_t": 0, "n_t": 30, "events_c": 0, "n_c": 31})
    assert "nobody in either arm" in reason(nobody, "RR")
    assert only(nobody, "RD")["yi"] == pytest.approx(0, abs=0.01)
    paired = table({"events_t": 1, "n_t": 30, "events_c": 2, "n_c": 30}).assign(design="crossover")
    assert "same people" in reason(paired, "RR")


def test_printed_ratio_becomes_a_logarithm():
    ratio = {"estimate": 0.72, "ci_low": 0.55, "ci_high": 0.94, "effect_unit": "RR"}
    effect = only(table(ratio), "RR")
    assert effect["yi"] == pytest.approx(np.log(0.72))
    assert effect["sei"] == pytest.approx(np.log(0.94 / 0.55) / (2 * stats.norm.isf(0.025)))
    assert "printed as a risk ratio, not as an odds ratio" in reason(table(ratio), "OR")
    by_p = only(table({"estimate": 0.72, "p_value": "0.016", "effect_unit": "RR"}), "RR")
    assert by_p["sei"] == pytest.approx(abs(np.log(0.72)) / stats.norm.isf(0.008))
    below = {"estimate": 0.5, "ci_low": -0.2, "ci_high": 0.9, "effect_unit": "RR"}
    assert "no ratio can be" in reason(table(below), "RR")


def test_ninety_percent_interval_is_read_at_its_level():
    row = {"estimate": -2.0, "ci_low": -3.0, "ci_high": -1.0, "ci_level": 90}
    expected = 1.0 / stats.norm.isf(0.05)
    assert only(table(row), "MD")["sei"] == pytest.approx(expected)
    assert only(table(row | {"ci_level": 0.9}), "MD")["sei"] == pytest.approx(expected)


def test_estimate_off_the_middle_of_its_interval_is_told():
    row = {"estimate": -1.2, "ci_low": -3.0, "ci_high": -1.0}
    found = meta.effects(table(row), "MD")
    assert "80% of half the width off the middle" in str(found.derivation("s0"))
    assert "outside its interval" in reason(table(row | {"estimate": 2.0}), "MD")


def test_medians_with_quartiles_of_their_own():
    arm = {"n": 40, "mean": 10.0, "q1": 7.0, "q3": 13.0}
    row = {f"{name}_{side}": value for side in "tc" for name, value in arm.items()}
    frame = table(row | {"mean_c": 12.0, "q1_c": 9.0, "q3_c": 15.0}).assign(
        result_type="median_iqr"
    )
    effect = only(frame, "MD")
    assert effect["yi"] == pytest.approx(-2.0)
    assert "medians and quartiles" in effect["assumptions"]
    skewed = frame.assign(q1_t=9.9, q3_t=40.0)
    assert "no mean and standard deviation can be estimated" in reason(skewed, "MD")
    assert "without quartiles" in reason(frame.drop(columns=["q1_t", "q3_t"]), "MD")


def test_ratio_of_means():
    effect = only(table(ARMS), "ROM")
    expected = meta.effect_size("ROM", **ARMS).iloc[0]
    assert effect["yi"] == pytest.approx(expected["yi"], rel=1e-12)
    assert "not above 0" in reason(table(ARMS | {"mean_t": -1.0}), "ROM")


def test_result_from_before_the_end_of_treatment_says_so():
    early = table(ARMS | {"time_weeks": 3, "duration_weeks": "4-6"})
    assert "week 3 of 6, before the end" in str(meta.effects(early).derivation("s0"))
    late = table(ARMS | {"time_weeks": 6, "duration_weeks": "4-6"})
    assert "before the end" not in str(meta.effects(late).derivation("s0"))


def test_retracted_is_never_used():
    assert reason(table(ARMS | {"flag": "retracted: 2023"})).startswith("retracted")


def test_flag_of_care_is_carried():
    effect = only(table(ARMS | {"flag": "integrity: under review"}))
    assert effect["flag"] == "integrity: under review"


def test_bare_means_count_as_end_scores():
    frame = pd.DataFrame({"label": ["A 2020"], **{name: [value] for name, value in ARMS.items()}})
    effect = only(frame, lower_is_better=True)
    assert effect["form"] == "post"
    assert effect["label"] == "A 2020"


# --- one scale ----------------------------------------------------------------------------------


def test_higher_is_better_is_turned_beside_lower_is_better():
    found = meta.effects(table(ARMS, ARMS | {"lower_is_better": "no"}))
    assert found.yi[1] == -found.yi[0]
    assert found.lower_is_better is True
    assert found.table["sign_reversed"].tolist() == [False, True]
    assert "sign reversed" in str(found.derivation("s1"))
    alone = meta.effects(table(ARMS | {"lower_is_better": "no"}))
    assert alone.lower_is_better is False
    assert alone.yi[0] < 0


def test_odds_ratios_turn_but_risk_ratios_refuse():
    cells = {"events_t": 4, "n_t": 30, "events_c": 9, "n_c": 31}
    frame = table(cells, cells | {"lower_is_better": "no"})
    odds = meta.effects(frame, "OR")
    assert odds.yi[1] == pytest.approx(-odds.yi[0])
    with pytest.raises(NotComparable, match=r"RR cannot be reversed.*s1-1"):
        meta.effects(frame, "RR")


def test_mean_differences_need_one_instrument_and_unit():
    frame = table(ARMS, ARMS).assign(instrument_id=["bdi", "phq9"], effect_unit="points")
    with pytest.raises(NotComparable, match="bdi in points: s0-1; phq9 in points: s1-1"):
        meta.effects(frame, "MD")
    assert len(meta.effects(frame, "SMD")) == 2


# --- wrong input --------------------------------------------------------------------------------


def test_all_faults_of_a_table_are_told_at_once():
    frame = table(
        ARMS | {"sd_t": -4.0},
        {"events_t": 31, "n_t": 30, "events_c": 9, "n_c": 31},
        {"estimate": -2.0, "ci_low": 0.0, "ci_high": -4.0},
        ARMS | {"n_c": 1, "result_type": "means"},
        {"p_value": "1.4", "lower_is_better": "maybe", "n_t": 0.5},
        {"estimate": "two", "se": 0.0, "ci_level": 20},
    )
    frame.loc[5, "result_id"] = "s4-1"
    with pytest.raises(DataError) as caught:
        meta.effects(
            frame, "XYZ", scores="end", include=("means",), correlation=1.5, sd="reference"
        )
    text = str(caught.value)
    for part in [
        "measure is 'XYZ'",
        "scores is 'end'",
        "include is ('means',)",
        "correlation is 1.5",
        "sd is 'reference'",
        "s0-1, column sd_t: -4.0",
        "s1-1, column events_t: 31 events in n_t = 30",
        "s2-1, column ci_low: 0 with ci_high = -4",
        "s3-1, column n_c: 1 with an SD",
        "s3-1, column result_type: 'means'",
        "s4-1, column p_value: '1.4'",
        "s4-1, column lower_is_better: 'maybe'",
        "s4-1, column n_t: 0.5",
        "column estimate: 'two'",
        "column se: 0.0",
        "column ci_level: 20",
        "s4-1: 2 rows with this result_id",
    ]:
        assert part in text, part


@pytest.mark.parametrize(
    ("frame", "words"),
    [
        ([1, 2], r"results is \[1, 2\]; needed: a data frame"),
        (
            pd.DataFrame({"mean_t": [1.0]}),
            "missing: sd_t, n_t, mean_c, sd_c and n_c; the columns are mean_t",
        ),
        (pd.DataFrame([["a", "b"]], columns=["study_id", "study_id"]), "several columns"),
        (pd.DataFrame({"study_id": [None], "label": [None]}), "column study_id: missing"),
    ],
)
def test_what_is_no_table_of_results_is_refused(frame, words):
    with pytest.raises(DataError, match=words):
        meta.effects(frame)


@pytest.mark.parametrize("sd", [0, -1.0, {"bdi": 0.0}])
def test_outside_sd_must_be_a_standard_deviation(sd):
    with pytest.raises(DataError, match="needed: None, 'instrument'"):
        meta.effects(table(ARMS), sd=sd)
    for no_number in (True, float("nan")):
        with pytest.raises(DataError, match=r"sd is .*needed: text or a finite number"):
            meta.effects(table(ARMS), sd=no_number)


def test_no_rows_and_no_effects_are_empty_sets():
    empty = meta.effects(table(ARMS).iloc[:0])
    assert len(empty) == 0
    assert {"yi", "vi", "sei", "study_id"} <= set(empty.table)
    nothing = meta.effects(table({"result_type": "difference"}))
    assert len(nothing) == 0
    assert nothing.excluded["reason"].tolist() == ["no figures of both arms are reported"]


# --- properties ---------------------------------------------------------------------------------

_NUMBER = st.floats(-50, 50).map(lambda x: round(x, 2))
_SD = st.floats(0.5, 20).map(lambda x: round(x, 2))
_PEOPLE = st.integers(4, 80)
_ARMS = st.fixed_dictionaries(
    {"n_t": _PEOPLE, "mean_t": _NUMBER, "sd_t": _SD, "n_c": _PEOPLE, "mean_c": _NUMBER, "sd_c": _SD}
)
_P = st.fixed_dictionaries(
    {
        "p_value": st.sampled_from([0.001, 0.02, 0.3, "<0.05", "ns"]),
        "favours": st.sampled_from(["treated", "control", "neither", None]),
        "n_t": _PEOPLE,
        "n_c": _PEOPLE,
    }
)
_INTERVAL = st.builds(
    lambda estimate, half: {
        "estimate": estimate,
        "ci_low": estimate - half,
        "ci_high": estimate + half,
    },
    _NUMBER,
    _SD,
)
_REPORTS = st.lists(
    st.tuples(
        st.one_of(_ARMS, _P, _INTERVAL),
        st.fixed_dictionaries(
            {
                "study_id": st.sampled_from("abcdef"),
                "result_type": st.sampled_from(["post", "change", "difference"]),
                "lower_is_better": st.sampled_from(["yes", "no"]),
                "design": st.sampled_from(["parallel", "crossover"]),
                "time_weeks": st.sampled_from([4, 8, None]),
            }
        ),
    ).map(lambda parts: parts[0] | parts[1]),
    min_size=1,
    max_size=8,
)


def reports(rows: list[dict]) -> pd.DataFrame:
    frame = pd.DataFrame(rows)
    return frame.assign(result_id=[f"r{i}" for i in range(len(frame))])


@settings(max_examples=60, deadline=None)
@given(_REPORTS, st.sampled_from(["post", "change", "both"]), st.randoms())
def test_order_of_rows_changes_nothing_and_every_row_is_accounted_for(rows, scores, random):
    frame = reports(rows)
    found = meta.effects(frame, scores=scores, sd=7.0)
    assert len(found) + len(found.excluded) + len(found.rejected) == len(frame)
    assert np.isfinite(found.yi).all()
    assert (found.vi > 0).all()
    order = list(range(len(frame)))
    random.shuffle(order)
    again = meta.effects(frame.iloc[order], scores=scores, sd=7.0)
    key = ["study_id", "result_id", "yi", "vi", "assumptions"]
    sort = {"by": "result_id", "ignore_index": True}
    pd.testing.assert_frame_equal(
        found.table[key].sort_values(**sort), again.table[key].sort_values(**sort)
    )
    for part in ("excluded", "rejected"):
        pd.testing.assert_frame_equal(
            getattr(found, part).sort_values(**sort), getattr(again, part).sort_values(**sort)
        )


@settings(max_examples=60, deadline=None)
@given(_REPORTS)
def test_swapping_the_arms_turns_the_sign(rows):
    frame = reports(rows)
    swapped = frame.rename(
        columns={
            f"{name}_{a}": f"{name}_{b}"
            for name in ("n", "mean", "sd")
            for a, b in (("t", "c"), ("c", "t"))
        }
    )
    if "favours" in frame:
        other = {"treated": "control", "control": "treated"}
        swapped["favours"] = frame["favours"].replace(other)
    if "estimate" in frame:
        swapped["estimate"] = -frame["estimate"]
        swapped["ci_low"], swapped["ci_high"] = -frame["ci_high"], -frame["ci_low"]
    found = meta.effects(frame, scores="both", sd=7.0)
    turned = meta.effects(swapped, scores="both", sd=7.0)
    assert found.table["result_id"].tolist() == turned.table["result_id"].tolist()
    np.testing.assert_allclose(turned.yi, -found.yi, rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(turned.vi, found.vi, rtol=1e-12)


@settings(max_examples=60, deadline=None)
@given(_REPORTS)
def test_end_and_change_scores_are_never_mixed_in_silence(rows):
    frame = reports(rows)
    post = meta.effects(frame, scores="post").table["form"]
    assert not post.str.contains("change").any()
    change = meta.effects(frame, scores="change").table["form"]
    assert not change.isin(["post", "crossover_post"]).any()
    both = meta.effects(frame, scores="both").table
    named = both["assumptions"].str.contains("SD of change scores")
    assert (named == both["form"].str.contains("change")).all()


def test_the_smallest_and_largest_sd_of_a_scale_can_be_taken(root):
    rows = meta.load_evidence(root / "data").select(result_id="tarleton2017-depression-1")
    low, high = (meta.effects(rows, "SMD", sd=f"instrument_{end}").yi[0] for end in ("low", "high"))
    # the same difference of 6 points: the smaller the SD, the larger the SMD
    assert low / high == pytest.approx(rows["sd_high"].iloc[0] / rows["sd_low"].iloc[0])
