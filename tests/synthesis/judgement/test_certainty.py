import dataclasses

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import meta
from meta.effect_sizes.container import Effects
from meta.evidence.question import Form, Question
from meta.synthesis.judgement.certainty import LEVELS, certainty
from meta.synthesis.judgement.certainty_rules import (
    RULES,
    STEPS,
    form_share,
    heterogeneity,
    interval,
    unprinted_trials,
    weight_at_risk,
)

GLYCINATE = Form(column="mg_form", value="glycinate", label="glycinate")


@pytest.fixture(scope="module")
def evidence(root):
    return meta.load_evidence(root / "data")


def rows_of(evidence, outcome, **filters):
    return evidence.select(
        outcome,
        stratum=["magnesium_alone", "add_on"],
        control=["placebo", "no_treatment"],
        randomised="yes",
        **filters,
    )


@pytest.fixture(scope="module")
def depression(evidence):
    return meta.pool(meta.effects(rows_of(evidence, "depression"), "SMD"))


def effects_of(count, **columns):
    """Trials of equal weight, unless told otherwise, in which nothing is wrong."""
    facts = {
        "cluster": [f"study {i + 1}" for i in range(count)],
        "blinding": ["double"] * count,
        "mg_form": ["glycinate"] * count,
        "randomised": ["yes"] * count,
        "n_t": [100] * count,
        "n_c": [100] * count,
    } | columns
    vi = facts.pop("vi", [0.04] * count)
    yi = facts.pop("yi", [-0.5] * count)
    return Effects.from_arrays(yi, vi, measure=facts.pop("measure", "SMD"), **facts)


def fit_of(count=4, **columns):
    return meta.pool(effects_of(count, **columns), model="common")


def altered(fit, **values):
    return dataclasses.replace(fit, **values)


def excluded(fit, reporting):
    names = [f"left {i}" for i in range(len(reporting))]
    table = pd.DataFrame({"cluster": names, "reporting": reporting})
    return altered(fit, effects=dataclasses.replace(fit.effects, excluded=table))


JUDGED = {f"study {i + 1}": "low" for i in range(8)}


@pytest.mark.parametrize(
    ("risky", "word"),
    [(0, "no concern"), (1, "no concern"), (2, "serious"), (3, "serious"), (4, "very serious")],
)
def test_weight_at_risk_counts_weight_from_a_quarter_and_a_half(risky, word):
    # 8 equal weights of 12.5 %: two are exactly a quarter, four exactly a half
    fit = fit_of(8, blinding=["open"] * risky + ["double"] * (8 - risky))
    found = weight_at_risk(fit, JUDGED, {})
    assert found.judgement == word
    assert f"{12.5 * risky:.0f} %" in found.reason


def test_each_ground_puts_a_trial_at_risk_and_is_named():
    fit = fit_of(4, blinding=["open", "double", "double", "double"])
    judged = JUDGED | {"study 2": "high"}
    found = weight_at_risk(fit, judged, {"study 3": "integrity flag"})
    assert found.judgement == "very serious"
    for words in ("study 1: open", "study 2: judged high", "study 3: integrity flag"):
        assert words in found.reason
    assert "study 4" not in found.reason


@pytest.mark.parametrize(("unknown", "word"), [(3, "no concern"), (4, "serious"), (8, "serious")])
def test_unjudged_trials_are_no_low_risk(unknown, word):
    judged = dict.fromkeys(list(JUDGED)[unknown:], "low")
    assert weight_at_risk(fit_of(8), judged, {}).judgement == word


@pytest.mark.parametrize(
    ("i2", "pi", "word"),
    [
        (49.9, (-0.9, -0.1), "no concern"),
        (50.0, (-0.9, -0.1), "serious"),
        # a new trial may find nothing although the mean is clear
        (10.0, (-0.9, 0.1), "serious"),
        (75.0, (-0.9, 0.19), "serious"),
        (75.0, (-0.9, 0.2), "very serious"),
        (74.9, (-0.9, 0.2), "serious"),
    ],
)
def test_heterogeneity_bounds(i2, pi, word):
    fit = altered(fit_of(4), i2=i2, pi_low=pi[0], pi_high=pi[1], ci_low=-0.7, ci_high=-0.3)
    assert heterogeneity(fit, 0.2).judgement == word


def test_two_trials_and_one_cannot_be_very_inconsistent():
    wide = {"i2": 99.0, "pi_low": -5.0, "pi_high": 5.0}
    assert heterogeneity(altered(fit_of(2), **wide), 0.2).judgement == "serious"
    assert heterogeneity(fit_of(1), 0.2).judgement == "no concern"
    # without a smallest important effect there is no second level
    assert heterogeneity(altered(fit_of(4), **wide), None).judgement == "serious"


@pytest.mark.parametrize(("used", "word"), [(1, "serious"), (2, "no concern"), (4, "no concern")])
def test_form_share_asks_for_half_of_the_weight(used, word):
    fit = fit_of(4, mg_form=["glycinate"] * used + ["oxide"] * (4 - used))
    assert form_share(fit, GLYCINATE).judgement == word


def test_a_missing_form_is_not_the_one_asked_for():
    assert form_share(fit_of(1, mg_form=[None]), GLYCINATE).judgement == "serious"
    assert "used glycinate" in form_share(fit_of(1), GLYCINATE).reason


@pytest.mark.parametrize(
    ("low", "high", "word"),
    [
        (-0.9, -0.2, "no concern"),
        (-0.9, -0.19, "serious"),
        (-0.9, 0.0, "serious"),
        (-0.9, 0.19, "serious"),
        (-0.9, 0.2, "very serious"),
        (-0.2, 0.2, "very serious"),
        # precise, and small
        (-0.19, 0.19, "no concern"),
        (-0.19, -0.05, "no concern"),
        (0.2, 0.9, "no concern"),
        (0.1, 0.9, "serious"),
    ],
)
def test_interval_against_the_smallest_important_effect(low, high, word):
    fit = altered(fit_of(4), ci_low=low, ci_high=high)
    assert fit.n_total == 800
    assert interval(fit, 0.2).judgement == word
    # the same in the mirror: the rule does not know which side is good
    mirrored = altered(fit_of(4), ci_low=-high, ci_high=-low)
    assert interval(mirrored, 0.2).judgement == word


@pytest.mark.parametrize(
    ("people", "word"),
    [
        (99, "very serious"),
        (100, "serious"),
        (399, "serious"),
        (400, "no concern"),
        (None, "serious"),
    ],
)
def test_interval_needs_people(people, word):
    fit = altered(fit_of(4), n_total=people, ci_low=-0.9, ci_high=-0.3)
    assert interval(fit, 0.2).judgement == word


def test_interval_without_an_important_effect_is_held_against_none():
    assert interval(altered(fit_of(4), ci_low=-0.9, ci_high=-0.01), None).judgement == "no concern"
    assert interval(altered(fit_of(4), ci_low=-0.9, ci_high=0.0), None).judgement == "serious"


def test_thresholds_of_people_have_the_stated_power():
    # two equal arms, 80 % power at 5 % two-sided: n = 4 (1.960 + 0.842)^2 / d^2, normal theory
    reach = (1.959964 + 0.841621) ** 2 * 4
    assert np.sqrt(reach / 400) == pytest.approx(0.28, abs=0.005)
    assert np.sqrt(reach / 100) == pytest.approx(0.56, abs=0.005)


def test_ratios_are_read_on_their_own_scale():
    fit = altered(fit_of(4, measure="RR"), ci_low=np.log(0.5), ci_high=np.log(1.1))
    found = interval(fit, np.log(1.25))
    assert found.judgement == "serious"
    wide = interval(altered(fit, ci_high=np.log(1.25)), np.log(1.25))
    assert wide.judgement == "very serious"
    assert "0.80 to 1.25" in wide.reason


@pytest.mark.parametrize(
    ("left", "word"),
    [
        ([], "no concern"),
        (["silent"] * 1, "no concern"),
        (["silent"] * 2, "serious"),  # 2 of 8: exactly a quarter
        (["direction"] * 5, "no concern"),
        (["direction"] * 6, "serious"),  # 6 of 12: exactly a half
    ],
)
def test_unprinted_trials(left, word):
    found = unprinted_trials(excluded(fit_of(6), left))
    assert found.judgement == word
    assert f"{len(left)} of {6 + len(left)} trials" in found.reason


def test_other_results_of_a_pooled_trial_are_not_missing():
    fit = fit_of(4)
    table = pd.DataFrame({"cluster": ["study 1", "study 2"], "reporting": ["silent", "silent"]})
    fit = altered(fit, effects=dataclasses.replace(fit.effects, excluded=table))
    assert unprinted_trials(fit).reason.startswith("0 of 4")


def spoiled(evidence, **changes):
    """The same tables with other rows of the curators."""
    copy = object.__new__(meta.Evidence)
    copy.__dict__.update(evidence.__dict__)
    tables = dict(evidence._tables)
    for name, table in changes.items():
        tables.pop(name)
        if table is not None:
            tables[name] = table
    copy._tables, copy.names, copy._rows = tables, tuple(tables), None
    return copy


def test_curators_override_and_rules_are_kept_beside(evidence, depression):
    table = evidence.table("certainty")
    own = (table["outcome"] == "depression") & (table["domain"] == "indirectness")
    table.loc[own, ["judgement", "basis", "computed_rule"]] = ["very serious", "Own words.", None]
    found = certainty(spoiled(evidence, certainty=table), "depression", depression)
    by_domain = {item.domain: item for item in found.judgements}
    item = by_domain["indirectness"]
    assert (item.judgement, item.levels, item.basis) == ("very serious", 2, "curators")
    assert item.reason.startswith("Own words. (The rule alone: serious.")
    assert by_domain["imprecision"].basis == "rule"
    assert len(found.notes) == 1


def test_a_recorded_judgement_that_is_no_longer_computed_is_told(evidence, depression):
    table = evidence.table("certainty")
    row = (table["outcome"] == "depression") & (table["domain"] == "inconsistency")
    table.loc[row, "judgement"] = "no concern"
    found = certainty(spoiled(evidence, certainty=table), "depression", depression)
    assert {item.domain: item.judgement for item in found.judgements}["inconsistency"] == (
        "very serious"
    )
    assert "'no concern' for inconsistency" in found.notes[1]


def test_a_rule_that_answers_another_question_is_refused(evidence, depression):
    table = evidence.table("certainty")
    row = (table["outcome"] == "depression") & (table["domain"] == "inconsistency")
    table.loc[row, "computed_rule"] = "interval"
    with pytest.raises(meta.DataError, match="depression, inconsistency: the rule 'interval'"):
        certainty(spoiled(evidence, certainty=table), "depression", depression)


def test_a_question_without_a_form_takes_nothing_away_for_form(evidence):
    other = spoiled(evidence, certainty=None, risk_of_bias=None)
    other._package = dataclasses.replace(evidence._package, question=Question())
    fit = fit_of(4, mg_form=["oxide"] * 4)
    item = {each.domain: each for each in certainty(other, "x", fit).judgements}["indirectness"]
    assert item.levels == 0
    assert "curators" in item.reason


def test_without_tables_of_judgements_the_rules_stand_alone(evidence, depression):
    bare = spoiled(evidence, certainty=None, risk_of_bias=None)
    found = certainty(bare, "depression", depression)
    assert {item.basis for item in found.judgements} == {"rule"}
    assert "judged high" not in found.judgements[0].reason
    assert "open" in found.judgements[0].reason


def test_start_and_floor(evidence):
    bare = spoiled(evidence, certainty=None, risk_of_bias=None)
    sound = fit_of(8)
    # nobody judged these trials: one level
    assert certainty(bare, "x", sound).level == "moderate"
    observed = fit_of(8, randomised=["yes"] * 7 + ["no"])
    found = certainty(bare, "x", observed)
    assert (found.start, found.level) == ("low", "very low")
    assert "lowered from low for risk of bias (serious)" in found.sentence()


def test_critiques_count_as_doubt_and_not_as_judgement(evidence, depression):
    reason = certainty(evidence, "depression", depression).judgements[0].reason
    assert "Rajizadeh 2017: post publication critique" in reason
    assert "Nazarinasab 2022: integrity flag" in reason


def test_one_domain_at_high_risk_is_enough(evidence, depression):
    table = evidence.risk_of_bias
    keep = (table["study_id"] == "tarleton2017") & (table["domain"] == "D4")
    bare = spoiled(evidence, risk_of_bias=table[keep])
    reason = certainty(bare, "depression", depression).judgements[0].reason
    assert "Tarleton 2017: open, judged high" in reason


def test_every_row_of_the_curators_names_the_rule_of_its_question(evidence):
    table = evidence.table("certainty")
    assert set(table["judgement"]) <= set(STEPS)
    for outcome, rows in table.groupby("outcome"):
        assert sorted(rows["domain"]) == sorted(RULES), outcome
        ruled = rows.dropna(subset=["computed_rule"])
        assert [RULES[name] for name in ruled["domain"]] == list(ruled["computed_rule"]), outcome
    assert set(table["outcome"]) <= set(evidence.results["outcome"])


def test_shows_itself(evidence, depression):
    found = certainty(evidence, "depression", depression, mid=0.32)
    frame = found.to_frame()
    assert list(frame["domain"]) == list(RULES)
    assert set(frame["level"]) == {found.level} == {"very low"}
    assert frame["levels"].tolist() == [STEPS[word] for word in frame["judgement"]]
    row = found.to_row().iloc[0]
    assert (row["k"], row["effect"]) == (depression.k, depression.effect_text())
    assert "not by a guideline panel" in str(found)
    assert found.to_dict()["judgements"][0]["domain"] == "risk_of_bias"
    hostile = dataclasses.replace(found, notes=("<script>",))
    assert "<script>" not in hostile._repr_html_()


def test_errors_say_what_is_needed(evidence, depression):
    with pytest.raises(meta.DataError, match=r"mid is -1.*above 0"):
        certainty(evidence, "depression", depression, mid=-1)
    bare = meta.pool([0.1, 0.2], [0.1, 0.1], measure="SMD")
    with pytest.raises(meta.DataError, match="lack blinding, randomised, cluster, mg_form"):
        certainty(evidence, "depression", bare)
    share = altered(depression, measure="PLO")
    with pytest.raises(meta.NotComparable, match="one group"):
        certainty(evidence, "depression", share)


@given(st.floats(-2, 2), st.floats(0.01, 1.5), st.floats(0.05, 1))
def test_a_wider_interval_is_never_judged_better_where_the_narrow_one_is_important(
    centre, half, important
):
    fit = fit_of(4)
    narrow = altered(fit, ci_low=centre - half, ci_high=centre + half)
    wide = altered(fit, ci_low=centre - 2 * half, ci_high=centre + 2 * half)
    assert (
        STEPS[interval(wide, important).judgement] >= STEPS[interval(narrow, important).judgement]
    )


def test_levels_are_ordered():
    assert LEVELS == ("very low", "low", "moderate", "high")
