"""Ties, extremes and the limits of exact methods: a finite answer, or what is wrong in words."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.special import logit

import meta

# one value, in two roundings
TIED = [0.3, 0.1 + 0.2, 0.3, 0.3]
VARIANCES = [0.1, 0.2, 0.05, 0.3]


@pytest.fixture(autouse=True)
def _no_warnings():
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        yield


@pytest.mark.parametrize("unit", [1.0, 1e-20, 1e20])
def test_effects_that_differ_by_rounding_are_equal(unit):
    near = meta.pool(np.array(TIED) * unit, np.array(VARIANCES) * unit**2)
    same = meta.pool(np.full(4, 0.3) * unit, np.array(VARIANCES) * unit**2)
    assert near.estimate == pytest.approx(same.estimate, rel=1e-14)
    assert near.se == same.se == 0
    assert np.isnan(near.p_value)
    assert any("all effects are equal" in note for note in near.notes)
    assert meta.pool(near.effects, ci_method="HK-adhoc").se > 0


def test_large_effects_that_differ_by_rounding_are_equal():
    # 1e6 apart from 0, the rounding alone is 1e-10 and the standard error 0.001
    near = meta.pool(np.array(TIED) * 1e6, [1e-6] * 4)
    assert near.se == 0


def test_effects_apart_by_more_than_rounding_are_not_equal():
    assert meta.pool([0.3, 0.3 + 1e-9, 0.3], [0.1] * 3).se > 0


def test_a_regression_on_near_ties_says_so():
    table = pd.DataFrame({"y": TIED, "v": VARIANCES, "x": [1, 2, 3, 4]})
    fit = meta.meta_regression("y", "~ x", vi="v", data=table)
    assert fit.coefficients["se"].tolist() == [0, 0]
    assert any("lie on the line" in note for note in fit.notes)
    with pytest.raises(meta.DataError, match=r"constant|dependent"):
        meta.meta_regression("x", "~ y", vi="v", data=table)


@pytest.mark.parametrize("size", [1e-200, 1e200])
def test_a_moderator_beyond_computation_is_named(size):
    table = pd.DataFrame({"y": [0.1, 0.2, 0.4, 0.1], "x": np.array([1, 2, 3, 5]) * size})
    with pytest.raises(meta.DataError, match=r"x is of the size .* another unit"):
        meta.meta_regression("y", "~ x", vi=[0.1] * 4, data=table)


@pytest.mark.parametrize("yi", [[0.2] * 4, TIED])
def test_egger_on_equal_effects_says_why_it_has_no_p(yi):
    test = meta.egger(meta.pool(yi, VARIANCES))
    assert np.isnan(test.p_value)
    assert any("no statistic and no p-value" in note for note in test.notes)


def test_sizes_that_differ_by_rounding_are_one_size():
    fit = meta.pool([0.1, 0.2, 0.3, 0.5], TIED)
    for test in (meta.egger, meta.begg):
        with pytest.raises(meta.DataError, match="same"):
            test(fit)


def test_begg_counts_ties_of_rounding_as_ties():
    vi = [0.3, 0.1 + 0.2, 0.2, 0.1]
    assert not meta.begg(meta.pool([0.1, 0.2, 0.4, 0.5], vi)).exact


def test_begg_is_exact_for_few_and_normal_for_many():
    draw = np.random.default_rng(1)
    few = meta.pool(draw.normal(size=200), draw.uniform(0.1, 1, 200))
    many = meta.pool(draw.normal(size=5000), draw.uniform(0.1, 1, 5000))
    assert meta.begg(few).exact
    assert not meta.begg(few, method="normal").exact
    # at 200 studies the two agree to the third decimal of p
    assert meta.begg(few).p_value == pytest.approx(
        meta.begg(few, method="normal").p_value, abs=2e-3
    )
    test = meta.begg(many)
    assert not test.exact
    assert any("k = 5000: the p-value is from the normal" in note for note in test.notes)
    with pytest.raises(meta.DataError, match="of up to 1000 studies"):
        meta.begg(many, method="exact")
    with pytest.raises(meta.DataError, match="method='counted'"):
        meta.begg(few, method="counted")


def test_a_baseline_near_zero_has_no_percentage():
    row = meta.percent_change(
        base_mean_t=[1e-9, 10.0], mean_t=[5.0, 5.0], base_sd_t=1.0, sd_t=1.0, n_t=10
    )
    assert np.isnan(row["percent_t"][0])
    assert "too near 0" in row["note"][0]
    assert row["percent_t"][1] == -50


def test_only_the_shares_of_weights_count():
    want = meta.combine_p_values([0.02, 0.5], ["treated", "control"], [1, 3])
    for size in (1e-45, 1e45):
        got = meta.combine_p_values([0.02, 0.5], ["treated", "control"], [size, 3 * size])
        assert got.p_value == pytest.approx(want.p_value, rel=1e-12)
    for weight in (1e-200, 1e-320, 0.0):
        with pytest.raises(meta.DataError, match="weight is"):
            meta.combine_p_values([0.02, 0.5], ["treated", "control"], [weight, 1])


@pytest.mark.parametrize("method", [meta.peto, meta.mantel_haenszel])
def test_counts_from_huge_arms(method):
    # rare events in n people have a log odds ratio of log((3 + 4) / (5 + 6)) whatever n is
    fit = method([3, 4], [1e30, 1e30], [5, 6], [1e30, 1e30])
    assert np.isfinite([fit.estimate, fit.se, fit.ci_low, fit.ci_high]).all()
    if method is meta.mantel_haenszel:
        assert fit.estimate == pytest.approx(np.log(7 / 11), rel=1e-12)
    with pytest.raises(meta.DataError, match=r"n_t\[0\] is 1e\+300"):
        method([3, 4], [1e300, 1e30], [5, 6], [1e30, 1e30])


def test_a_likelihood_that_loses_its_digits_is_refused():
    counts = [3, 4, 9], [1e9] * 3, [5, 6, 11], [1e9] * 3
    with pytest.raises(meta.DataError, match=r"model=.CM\.AL."):
        meta.glmm(*counts, model="CM.EL")
    smaller = [3, 4, 9], [1e6] * 3, [5, 6, 11], [1e6] * 3
    exact, near = meta.glmm(*smaller, model="CM.EL"), meta.glmm(*counts, model="CM.AL")
    assert exact.estimate == pytest.approx(near.estimate, abs=1e-4)


@pytest.mark.parametrize("model", ["UM.FS", "UM.RS", "CM.EL"])
def test_likelihoods_of_more_people_than_they_can_count_are_refused(model):
    counts = [1e17, 2e17], [1e18] * 2, [1.25e17, 1.7e17], [1e18] * 2
    with pytest.raises(meta.DataError, match="loses its digits"):
        meta.glmm(*counts, model=model)


@pytest.mark.parametrize("times", [1.0, 1.08, 1.2, 1.33])
def test_a_likelihood_of_many_people_is_that_of_the_log_odds(times):
    # sampling errors vanish, so each table counts the same: the mean of the two log odds ratios
    treated, control = times * np.array([1e7, 2e7]), times * np.array([1.25e7, 1e8 / 6])
    mean = np.mean(logit(treated / 1e8) - logit(control / 1e8))
    fit = meta.glmm(treated, [1e8] * 2, control, [1e8] * 2, model="UM.FS")
    assert fit.estimate == pytest.approx(mean, abs=1e-6)


@pytest.mark.parametrize("ci_level", [1 - 2**-53, 1e-17])
def test_a_level_without_a_quantile_is_refused(ci_level):
    for call in (
        lambda: meta.pool([0.1, 0.2, 0.4], [0.1] * 3, ci_level=ci_level),
        lambda: meta.convert.se_to_ci(1.0, 1.0, ci_level=ci_level),
        lambda: meta.convert.ci_to_se(1.0, 2.0, ci_level=ci_level),
    ):
        with pytest.raises(meta.DataError, match="between 0 and 1"):
            call()


def test_effects_beyond_computation_are_named():
    assert np.isfinite(meta.pool([1e49, 2e49, 3.5e49], [0.1] * 3).se)
    with pytest.raises(meta.DataError, match=r"yi\[2\] \(study 3\) is 1e\+100"):
        meta.pool([0.1, 0.2, 1e100], [0.1] * 3)


@pytest.mark.parametrize(
    "settings",
    [
        {"tau_prior": "halfnormal(1e100)"}, {"tau_prior": "halfcauchy(1e200)"},
        {"tau_prior": "uniform(0, 1e300)"}, {"tau_prior": "halfnormal(1e-100)"},
        {"mu_prior": "normal(0, 1e200)"},
    ],
)  # fmt: skip
def test_a_prior_in_another_unit_is_refused(settings):
    with pytest.raises(meta.DataError, match=r"write it in the unit|cannot be read"):
        meta.bayes([0.1, 0.3, 0.2], [0.1] * 3, **settings)


def test_effects_that_no_prior_reaches_are_refused():
    with pytest.raises(meta.DataError, match="are they in the unit of vi"):
        meta.bayes([1e20, 3e20, 2e20], [0.1] * 3)


@pytest.mark.parametrize("scale", [1e-4, 1.0, 1e4])
def test_a_wide_prior_within_reach_is_integrated(scale):
    yi, vi = np.array([0.1, 0.5, -0.2, 0.3]), np.full(4, 0.1)
    fit = meta.bayes(yi, vi, tau_prior=f"halfnormal({scale})")
    # with equal variances the posterior mean of mu is the mean of the effects, whatever tau is
    assert fit.estimate == pytest.approx(yi.mean(), abs=1e-9)
    u = np.linspace(np.log(1e-9), np.log(1e8), 400_001)
    tau = np.exp(u)
    spread = 0.1 + tau**2
    log_joint = (
        -1.5 * np.log(spread) - yi.var() * 4 / (2 * spread)
        + stats.halfnorm.logpdf(tau, scale=scale) + u
    )  # fmt: skip
    share = np.exp(log_joint - log_joint.max())
    # trapezium rule on 400,000 points of log(tau)
    variance = (share * spread / 4).sum() / share.sum()
    assert fit.se**2 == pytest.approx(variance, rel=1e-5)


def test_a_ratio_that_no_float_holds_is_refused():
    for estimate, se in ((1e3, 1.0), (1.0, 1e40), (-800.0, 1.0)):
        with pytest.raises(meta.DataError, match="is the estimate a ratio already"):
            meta.convert.se_to_ci(estimate, se, log=True)
    low, high = meta.convert.se_to_ci(600.0, 1.0, log=True)
    assert 0 < low < high < np.inf


def test_figures_of_extreme_logarithms_are_drawn():
    fit = meta.pool([700, -700, 650, 5], [0.1, 0.1, 0.1, 0.2], measure="OR")
    for draw in (meta.plot_leave_one_out, meta.plot_forest, meta.plot_funnel, meta.plot_drapery):
        assert draw(fit).alt_text()


def test_i2_is_a_percentage():
    draw = np.random.default_rng(3)
    for _ in range(200):
        k = int(draw.integers(2, 8))
        vi = 10.0 ** draw.uniform(-6, 2, k)
        fit = meta.pool(draw.normal(0, 10.0 ** draw.uniform(-3, 8), k), vi)
        assert 0 <= fit.i2_low <= fit.i2_high <= 100
        assert 0 <= fit.i2 <= 100


@pytest.mark.parametrize("k", [1023, 1024, 3000])
def test_subsets_and_signs_of_many_studies(k):
    fit = meta.pool(np.random.default_rng(1).normal(size=k), [0.1] * k)
    test = meta.permutation_test(fit, n_max=60)
    assert any(f"2^{k}" in note for note in test.notes)
    assert 0 < test.p_value <= 1
    assert any(f"2^{k}" in note for note in meta.gosh(fit, n_max=20).notes)
