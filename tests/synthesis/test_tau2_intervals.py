"""Intervals of tau2 against metafor and published values."""

from __future__ import annotations

import numpy as np
import pytest
from reference_answers import reference

import meta
from meta.errors import DataError, TooFewStudies

BCG = reference("bcg_RR")


def test_bcg_equals_metafor():
    fit = meta.pool(BCG["yi"], BCG["vi"], measure="RR")
    table = meta.tau2_intervals(fit)
    today = reference("../metafor5/bcg_regression")
    found = table.loc["profile likelihood", ["tau2_low", "tau2_high"]].tolist()
    # metafor's root search stops at four digits
    assert found == pytest.approx(today["tau2_ci_profile_REML"], rel=5e-4)
    se = reference("../models/bcg_regression")["mean_REML"]["tau2_se"]
    wald = table.loc["Wald", "tau2_high"]
    assert wald == pytest.approx(fit.tau2 + 1.959963984540054 * se, rel=1e-6)
    assert table.loc["Q-profile", "tau2_low"] == fit.tau2_low
    assert table.loc["Q-profile", "tau_high"] == pytest.approx(np.sqrt(fit.tau2_high))


@pytest.mark.parametrize(
    ("method", "low", "high"), [("ML", 0.0266, 1.1308), ("REML", 0.0427, 1.4747)]
)
def test_collins_equals_viechtbauer_2007(method, low, high):
    # Viechtbauer 2007, Statistics in Medicine 26, page 44, table II: pre-eclampsia
    answers = reference("further/collins1985b_OR")
    fit = meta.pool(answers["yi"], answers["vi"], measure="OR", tau2_method=method)
    row = meta.tau2_intervals(fit).loc["profile likelihood"]
    assert (row["tau2_low"], row["tau2_high"]) == pytest.approx((low, high), abs=6e-5)


def test_bcg_odds_ratios_equal_van_houwelingen_2002():
    # page 597: the log-likelihood of tau2 by ML gives about 0.12 to 0.89 (0.1151, 0.8937)
    answers = reference("bcg_OR")
    fit = meta.pool(answers["yi"], answers["vi"], measure="OR", tau2_method="ML")
    row = meta.tau2_intervals(fit).loc["profile likelihood"]
    assert (row["tau2_low"], row["tau2_high"]) == pytest.approx((0.1151, 0.8937), abs=6e-5)


def test_both_variances_of_konstantopoulos_equal_metafor():
    # metafor's example prints 0.0222 to 0.2072 between districts and 0.0163 to 0.0628 within
    answers = reference("../metafor5/konstantopoulos2011_moderators")
    effects = meta.Effects.from_arrays(
        answers["yi"], answers["vi"], district=answers["district"], school=answers["school"]
    )
    fit = meta.multilevel(effects, random="~ 1 | district/school")
    table = meta.tau2_intervals(fit)
    want = reference("../models/mixed_models")["konstantopoulos2011"]["sigma2_ci"]
    found = table[["tau2_low", "tau2_high"]].to_numpy()
    assert found.round(4).tolist() == [[0.0222, 0.2072], [0.0163, 0.0628]]
    np.testing.assert_allclose(found, want, rtol=1e-3)
    assert table.index.tolist() == ["district", "district/school"]


def test_the_limits_lie_where_the_likelihood_has_fallen():
    from meta.synthesis.tau2_intervals import log_likelihood_of

    effects = meta.Effects.from_arrays(BCG["yi"], BCG["vi"], x=np.arange(13.0))
    fit = meta.meta_regression(effects, "~ x", ci_level=0.9)
    row = meta.tau2_intervals(fit).loc["profile likelihood"]
    value = log_likelihood_of(fit)
    for name in ("tau2_low", "tau2_high"):
        assert value(fit.tau2) - value(row[name]) == pytest.approx(2.705543 / 2, rel=1e-6)
    assert value(fit.tau2) == pytest.approx(fit.log_likelihood, rel=1e-12)


def test_a_likelihood_that_is_highest_at_zero():
    fit = meta.pool([0.1, 0.11, 0.09, 0.1], [0.1] * 4)
    row = meta.tau2_intervals(fit).loc["profile likelihood"]
    assert row["tau2_low"] == 0
    assert row["tau2_high"] > 0


def test_what_has_no_tau2_is_refused():
    with pytest.raises(DataError, match="one of the common model"):
        meta.tau2_intervals(meta.pool([0.1, 0.2], [0.1, 0.1], model="common"))
    with pytest.raises(DataError, match="fit is 3; needed"):
        meta.tau2_intervals(3)
    with pytest.raises(TooFewStudies):
        meta.tau2_intervals(meta.pool([0.1], [0.1]))
    assert (
        "profile likelihood"
        not in meta.tau2_intervals(
            meta.pool([0.1, 0.2, 0.9], [0.1, 0.1, 0.2], tau2_method="DL")
        ).index
    )
