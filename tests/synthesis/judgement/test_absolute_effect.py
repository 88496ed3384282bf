"""Absolute effects by their closed forms, their properties, and their edges."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference_answers import reference

import meta
from meta.errors import DataError, NotComparable

EXACT = 1e-12
COLUMNS = "control_risk treated_risk risk_difference ci_low ci_high nnt nnt_low nnt_high note"


def fit_of(measure, estimate, low, high):
    """An answer with these numbers on the reader's scale."""
    fit = meta.pool([0.1, 0.2, 0.3], [0.1, 0.2, 0.3], measure=measure)
    numbers = np.array([estimate, low, high], dtype=float)
    estimate, low, high = (numbers if measure == "RD" else np.log(numbers)).tolist()
    return replace(fit, estimate=estimate, ci_low=low, ci_high=high)


def test_risk_ratio():
    row = meta.absolute_effect(fit_of("RR", 1.5, 1.2, 1.8), 0.3).iloc[0]
    assert row["treated_risk"] == pytest.approx(0.45, rel=EXACT)
    shown = row[["risk_difference", "ci_low", "ci_high"]].tolist()
    assert shown == pytest.approx([0.15, 0.06, 0.24], rel=EXACT)
    assert row[["nnt", "nnt_low", "nnt_high"]].tolist() == pytest.approx(
        [1 / 0.15, 1 / 0.24, 1 / 0.06], rel=EXACT
    )
    assert row["note"] == ""


def test_odds_ratio_goes_through_the_odds():
    fit = fit_of("OR", 0.5, 0.25, 0.8)
    row = meta.absolute_effect(fit, 0.4).iloc[0]

    def treated(ratio):
        odds = ratio * 0.4 / 0.6
        return odds / (1 + odds)

    assert row["treated_risk"] == pytest.approx(treated(0.5), rel=EXACT)
    assert row["ci_low"] == pytest.approx(treated(0.25) - 0.4, rel=EXACT)
    assert row["ci_high"] == pytest.approx(treated(0.8) - 0.4, rel=EXACT)
    assert row["nnt"] == pytest.approx(1 / (treated(0.5) - 0.4), rel=EXACT)
    # one event fewer: the limits of nnt stay in order
    assert row["nnt_low"] < row["nnt"] < row["nnt_high"] < 0
    peto = meta.absolute_effect(replace(fit, measure="PETO"), 0.4)
    assert peto.equals(meta.absolute_effect(fit, 0.4))


def test_risk_difference_is_the_same_at_every_risk():
    table = meta.absolute_effect(
        fit_of("RD", -0.10, -0.16, -0.04), {"low": 0.2, "middle": 0.5, "high": 1.0}
    )
    assert " ".join(table.columns) == COLUMNS
    assert table.index.tolist() == ["low", "middle", "high"]
    for name in ("risk_difference", "ci_low", "ci_high", "nnt", "nnt_low", "nnt_high"):
        assert table[name].nunique() == 1
    assert table["treated_risk"].tolist() == pytest.approx([0.1, 0.4, 0.9], rel=EXACT)
    assert table["nnt"].iloc[0] == pytest.approx(-10, rel=EXACT)


@pytest.mark.parametrize("measure", ["RR", "OR", "PETO", "RD"])
@pytest.mark.parametrize("risk", [0.001, 0.3, 1 / 3, 0.7, 0.999])
def test_no_effect_is_no_difference(measure, risk):
    null = 0.0 if measure == "RD" else 1.0
    spread = (-1e-4, 1e-4) if measure == "RD" else (0.9999, 1.0001)
    row = meta.absolute_effect(fit_of(measure, null, *spread), risk).iloc[0]
    assert row["risk_difference"] == 0
    assert row["treated_risk"] == row["control_risk"] == risk
    assert row["nnt"] == np.inf
    assert np.isnan(row[["nnt_low", "nnt_high"]].astype(float)).all()


def test_an_interval_that_includes_no_difference_has_two_ranges_of_nnt():
    # Altman's example: a difference of 10 %, interval -5 % to 25 %
    row = meta.absolute_effect(fit_of("RD", 0.10, -0.05, 0.25), 0.5).iloc[0]
    assert row["nnt"] == pytest.approx(10, rel=EXACT)
    assert np.isnan(row["nnt_low"])
    assert np.isnan(row["nnt_high"])
    assert row["note"] == (
        "the interval of the difference includes 0, so that of nnt is not one range: from one event"
        " fewer for every 20 people treated, through no difference, to one event more for every 4.0"
        " people treated"
    )
    touching = meta.absolute_effect(fit_of("RD", 0.10, 0.0, 0.25), 0.5).iloc[0]
    assert np.isnan(touching["nnt_high"])
    assert "from no difference to one event more" in touching["note"]


def test_a_limit_is_cut_at_a_risk_of_0_or_1():
    row = meta.absolute_effect(fit_of("RR", 1.5, 1.2, 1.9), 0.6).iloc[0]
    assert row["ci_high"] == pytest.approx(0.4, rel=EXACT)
    assert "cut where everybody" in row["note"]
    row = meta.absolute_effect(fit_of("RD", -0.1, -0.3, -0.05), 0.2).iloc[0]
    assert row["ci_low"] == -0.2
    assert "cut where nobody" in row["note"]
    # the limits of a ratio with one degree of freedom can be beyond floating point
    row = meta.absolute_effect(fit_of("RR", 1.1, 1.0, 1.2), 0.0)
    assert row["risk_difference"].tolist() == [0.0]
    wild = replace(fit_of("RR", 1.1, 1.0, 1.2), ci_low=-900.0, ci_high=900.0)
    for risk in (0.0, 0.5, 1e-300):
        row = meta.absolute_effect(wild, risk).iloc[0]
        assert row["ci_low"] >= -risk
        assert row["ci_high"] <= 1 - risk
    wild = replace(wild, measure="OR")
    assert meta.absolute_effect(wild, 0.5)["ci_high"].tolist() == [0.5]


def test_an_effect_that_cannot_hold_is_refused_with_a_line_for_each_risk():
    with pytest.raises(DataError, match="2 faults") as error:
        meta.absolute_effect(fit_of("RR", 1.5, 1.2, 1.8), {"a": 0.3, "b": 0.8, "c": 30})
    assert len(error.value.faults) == 2
    assert "'b' is 0.8" in str(error.value)
    assert "risk ratio 1.50 would make a risk of 1.20" in str(error.value)
    assert "0.38 for 38 %" in str(error.value)
    with pytest.raises(DataError, match="cannot hold"):
        meta.absolute_effect(fit_of("RD", -0.3, -0.4, -0.2), 0.1)
    # an odds ratio holds everywhere
    assert meta.absolute_effect(fit_of("OR", 50, 20, 90), 0.99)["treated_risk"].iloc[0] < 1


@pytest.mark.parametrize("risk", [-0.1, 1.1])
def test_a_risk_is_a_share(risk):
    fit = fit_of("RR", 1.5, 1.2, 1.8)
    with pytest.raises(DataError, match="share from 0 to 1"):
        meta.absolute_effect(fit, risk)
    with pytest.raises(DataError, match="'people' is"):
        meta.absolute_effect(fit, {"people": risk})


@pytest.mark.parametrize("risk", [np.nan, np.inf, True, "0.3", None, [0.3]])
def test_a_risk_is_a_number(risk):
    fit = fit_of("RR", 1.5, 1.2, 1.8)
    for one in (risk, {"people": risk}):
        with pytest.raises(DataError, match=r"control_risk is .*needed: a finite number"):
            meta.absolute_effect(fit, one)


def test_other_measures_and_other_things_are_refused():
    with pytest.raises(NotComparable, match="'SMD'"):
        meta.absolute_effect(meta.pool([0.1, 0.2], [0.1, 0.2], measure="SMD"), 0.3)
    fit = fit_of("RR", 1.5, 1.2, 1.8)
    with pytest.raises(DataError, match="needed: the answer of a pooling method"):
        meta.absolute_effect(fit.effects, 0.3)
    with pytest.raises(DataError, match="at least one"):
        meta.absolute_effect(fit, {})


def test_answers_from_counts_serve_as_well():
    arms = reference("bcg_OR")["arms"]
    counts = [arms[name] for name in ("events_t", "n_t", "events_c", "n_c")]
    pooled = meta.mantel_haenszel(*counts)
    row = meta.absolute_effect(pooled, 0.01).iloc[0]
    assert row["risk_difference"] == pytest.approx(0.01 * np.expm1(pooled.estimate), rel=EXACT)
    for fit in (meta.peto(*counts), meta.glmm(*counts)):
        assert meta.absolute_effect(fit, 0.01)["risk_difference"].iloc[0] < 0


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(["RR", "OR"]),
    st.floats(-1.5, 1.5),
    st.floats(0.01, 1.0),
    st.floats(0.0, 0.2),
)
def test_the_interval_holds_the_difference_and_turns_with_the_event(measure, effect, half, risk):
    fit = replace(
        fit_of(measure, 1, 1, 1), estimate=effect, ci_low=effect - half, ci_high=effect + half
    )
    row = meta.absolute_effect(fit, risk).iloc[0]
    assert row["ci_low"] <= row["risk_difference"] <= row["ci_high"]
    assert 0 <= row["treated_risk"] <= 1
    if measure == "OR":
        # counting those without the event turns odds ratio, risk and difference round
        other = replace(fit, estimate=-effect, ci_low=-effect - half, ci_high=half - effect)
        turned = meta.absolute_effect(other, 1 - risk).iloc[0]
        assert turned["risk_difference"] == pytest.approx(-row["risk_difference"], abs=1e-12)
        assert turned["ci_low"] == pytest.approx(-row["ci_high"], abs=1e-12)
