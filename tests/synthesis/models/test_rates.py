"""Rates by models of counts and by Mantel and Haenszel, against metafor 5.1."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from reference_answers import reference

import meta
from meta.errors import DataError, TooFewStudies

ANSWERS = reference("../metafor5/rates_today")
ARMS = tuple(ANSWERS[name] for name in ("events_t", "time_t", "events_c", "time_c"))
# metafor calls glmer with seven points and stops its search early
METAFOR = 3e-4


def test_one_rate_equals_metafor():
    fit = meta.pool_rates(ANSWERS["events_t"], ANSWERS["time_t"])
    want = ANSWERS["GLMM_IRLN"]
    assert fit.estimate == pytest.approx(want["beta"], rel=METAFOR)
    assert fit.se == pytest.approx(want["se"], rel=METAFOR)
    assert fit.tau2 == pytest.approx(want["tau2"], rel=METAFOR)
    assert np.isnan(fit.p_value)
    assert fit.weights.sum() == pytest.approx(100)
    assert "Poisson-normal" in fit.sentence()


# metafor's rule stops at a change of tau2 of 1e-5, which is all of it for raw rates: no IR
@pytest.mark.parametrize("measure", ["IRLN", "IRS"])
def test_one_rate_by_inverse_variance_equals_metafor(measure):
    fit = meta.pool_rates(
        ANSWERS["events_t"], ANSWERS["time_t"], measure, method="IV", ci_method="wald"
    )
    want = ANSWERS[measure]["REML"]
    assert fit.estimate == pytest.approx(want["beta"], rel=1e-3)
    assert fit.tau2 == pytest.approx(want["tau2"], abs=2e-5)


def test_a_rate_ratio_equals_metafor():
    fit = meta.glmm_rates(*ARMS)
    want = ANSWERS["GLMM_CM_EL"]
    assert fit.estimate == pytest.approx(want["beta"], rel=METAFOR)
    assert fit.se == pytest.approx(want["se"], rel=METAFOR)
    assert fit.tau2 == pytest.approx(want["tau2"], rel=METAFOR)
    assert fit.p_value == pytest.approx(want["p"], rel=1e-2)
    assert fit.refit(ci_level=0.9).ci_low > fit.ci_low
    with pytest.raises(DataError, match="no setting"):
        fit.refit(measure="IRD")


@pytest.mark.parametrize("measure", ["IRR", "IRD"])
def test_mantel_haenszel_equals_metafor(measure):
    fit = meta.mantel_haenszel_rates(*ARMS, measure=measure)
    want = ANSWERS[f"MH_{measure}"]
    assert fit.estimate == pytest.approx(want["estimate"], rel=1e-10)
    assert fit.se == pytest.approx(want["se"], rel=1e-10)
    if "ci" in want:
        assert [fit.ci_low, fit.ci_high] == pytest.approx(want["ci"], rel=1e-10)
    assert len(meta.leave_one_out(fit).to_frame()) == 9


def test_a_proportion_by_its_counts_equals_metafor():
    answers = reference("../metafor5/proportions_glmm")["pritz1997"]
    fit = meta.pool_proportions(answers["events"], answers["n"], method="GLMM")
    want = answers["GLMM"]
    assert fit.estimate == pytest.approx(want["beta"], rel=METAFOR)
    assert fit.se == pytest.approx(want["se"], rel=METAFOR)
    assert fit.tau2 == pytest.approx(want["tau2"], rel=METAFOR)
    assert fit.n_total == sum(answers["n"])
    with pytest.raises(DataError, match="belongs to method='IV'"):
        meta.pool_proportions(answers["events"], answers["n"], "PAS", method="GLMM")


def test_double_arcsines_come_back_with_their_caution():
    answers = reference("../metafor5/proportions_glmm")["pritz1997"]
    fit = meta.pool_proportions(answers["events"], answers["n"], "PFT", ci_method="wald")
    assert fit.estimate == pytest.approx(answers["PFT"]["beta"], rel=1e-6)
    back = fit.scale.to_reader(fit.estimate)
    assert back == pytest.approx(answers["PFT_back_harmonic"], rel=1e-5)
    assert any("harmonic mean" in note for note in fit.notes)


def test_named_columns_and_studies_without_events():
    data = pd.DataFrame(
        {
            "label": list("ABC"),
            "x": [3, 0, 5],
            "tx": [10, 10, 20],
            "y": [4, 0, 9],
            "ty": [10, 9, 20],
        }
    )
    fit = meta.glmm_rates("x", "tx", "y", "ty", data=data)
    assert fit.k == 2
    assert any("B: no event" in note for note in fit.notes)
    assert fit.effects.labels == ["A", "B", "C"]
    rate = meta.pool_rates("x", "tx", data=data)
    assert rate.k == 3


def test_what_cannot_be_is_refused():
    with pytest.raises(TooFewStudies, match="needs 2 studies"):
        meta.glmm_rates([0, 3], [1, 1], [0, 2], [1, 1])
    with pytest.raises(TooFewStudies, match="one side"):
        meta.glmm_rates([0, 0], [1, 1], [3, 2], [1, 1])
    with pytest.raises(TooFewStudies, match="no group has an event"):
        meta.pool_rates([0, 0], [1, 1])
    with pytest.raises(DataError, match="no treated arm"):
        meta.mantel_haenszel_rates([0, 0], [1, 1], [3, 2], [1, 1])
    with pytest.raises(DataError, match="time"):
        meta.pool_rates([1, 2], [1, 0])
    with pytest.raises(DataError, match="belongs to method='IV'"):
        meta.pool_rates([1, 2], [1, 3], tau2_method="DL")
