"""Published analyses that metafor's own tests redo, with the page of each number.

Examples of dependent effects stand in tests/synthesis/models/test_multilevel.py, of regressions in
test_regression.py, of tau2 in tests/synthesis/test_tau2_intervals.py.
"""

from __future__ import annotations

import numpy as np
import pytest
from reference_answers import reference
from scipy import stats

import meta
from meta.synthesis.models.mixed_model import MixedLikelihood


def catheters():
    """Catheter infections, 18 trials: Niël-Weise 2007 as in Stijnen 2010, table I."""
    answers = reference("../metafor5/glmm_or")
    return {name: answers[name] for name in ("events_t", "n_t", "events_c", "n_c")}


def rates():
    """Catheter infections per 1,000 days, 9 trials: Stijnen 2010, table VI."""
    arms = reference("nielweise2008_IRR")["arms"]
    time = {name: np.array(arms[name]) / 1000 for name in ("time_t", "time_c")}
    return arms | time


@pytest.mark.parametrize(
    ("arm", "estimate", "se", "tau2", "shown"),
    [
        ("c", -3.50, 0.26, 0.81, "0.029 (0.018 to 0.048)"),
        ("t", -4.81, 0.36, 0.83, "0.008 (0.004 to 0.016)"),
    ],
)
def test_stijnen_2010_table_2_one_proportion(arm, estimate, se, tau2, shown):
    # page 3050, binomial-normal model
    counts = catheters()
    fit = meta.pool_proportions(counts[f"events_{arm}"], counts[f"n_{arm}"], method="GLMM")
    assert (fit.estimate, fit.se, fit.tau2) == pytest.approx((estimate, se, tau2), abs=0.006)
    assert fit.effect_text(3) == shown


@pytest.mark.parametrize(
    ("model", "estimate", "se", "tau", "shown"),
    [
        ("CM.EL", -1.353, 0.351, 0.83, "0.26 (0.13 to 0.51)"),
        ("CM.AL", -1.303, 0.339, 0.78, "0.27 (0.14 to 0.53)"),
    ],
)
def test_stijnen_2010_table_3_odds_ratios(model, estimate, se, tau, shown):
    # page 3052; the paper prints 0.25 and 0.77 where the third digit decides
    fit = meta.glmm(**catheters(), model=model)
    assert (fit.estimate, fit.se) == pytest.approx((estimate, se), abs=6e-4)
    assert fit.tau == pytest.approx(tau, abs=0.006)
    assert fit.effect_text() == shown


@pytest.mark.parametrize(
    ("arm", "exact", "normal"),
    [
        ("c", (1.401, 0.231, 0.317), (1.468, 0.243, 0.370)),
        ("t", (0.849, 0.330, 0.654), (0.981, 0.326, 0.639)),
    ],
)
def test_stijnen_2010_table_7_one_rate(arm, exact, normal):
    # page 3054: Poisson-normal and normal-normal models
    arms = rates()
    fit = meta.pool_rates(arms[f"events_{arm}"], arms[f"time_{arm}"])
    assert (fit.estimate, fit.se, fit.tau2) == pytest.approx(exact, abs=6e-4)
    fit = meta.pool_rates(arms[f"events_{arm}"], arms[f"time_{arm}"], method="IV", ci_method="wald")
    assert (fit.estimate, fit.se, fit.tau2) == pytest.approx(normal, abs=6e-4)


def test_stijnen_2010_table_8_rate_ratio():
    # page 3055
    fit = meta.glmm_rates(**rates())
    assert (fit.estimate, fit.se) == pytest.approx((-0.476, 0.238), abs=6e-4)
    assert fit.tau == pytest.approx(0.35, abs=0.006)
    assert fit.effect_text() == "0.62 (0.39 to 0.99)"


def test_van_houwelingen_1993_conditional_logistic():
    # page 2277: 25 trials of the bleeding of ulcers (Collins and Langman 1985)
    control = (
        16,
        12,
        1,
        6,
        10,
        11,
        8,
        12,
        3,
        3,
        8,
        30,
        0,
        4,
        5,
        21,
        51,
        1,
        12,
        15,
        15,
        7,
        5,
        13,
        3,
    )
    n_c = (50, 53, 12, 15, 36, 48, 20, 47, 19, 43, 19, 132, 14, 9, 24, 80, 260, 11, 29, 54, 107, 39,
           26, 31, 14)  # fmt: skip
    treated = (8, 11, 5, 2, 12, 9, 7, 5, 0, 9, 10, 44, 0, 1, 4, 14, 50, 3, 6, 16, 16, 6, 11, 3, 2)
    n_t = (50, 56, 18, 14, 33, 40, 20, 46, 18, 45, 21, 153, 14, 10, 24, 78, 259, 10, 31, 51, 106,
           33, 36, 34, 15)  # fmt: skip
    # the paper compares control with treatment
    fit = meta.glmm(control, n_c, treated, n_t, model="CM.EL")
    assert (fit.estimate, fit.se, fit.tau2) == pytest.approx((0.175, 0.136, 0.119), abs=6e-4)
    # metafor differentiates the likelihood numerically: a thousandth
    assert (fit.ci_low, fit.ci_high) == pytest.approx((-0.092, 0.441), abs=1.1e-3)
    assert fit.log_likelihood == pytest.approx(-52.989, abs=2e-3)


def test_rothman_2008_rates():
    # table 15-2, deaths of smokers and others by age; person-years in 10,000
    arms = (
        (32, 104, 206, 186, 102), np.array([52407, 43248, 28612, 12663, 5317]) / 1e4,
        (2, 12, 28, 28, 31), np.array([18790, 10673, 5710, 2585, 1462]) / 1e4,
    )  # fmt: skip
    difference = meta.mantel_haenszel_rates(*arms, measure="IRD", ci_level=0.9)
    assert difference.estimate == pytest.approx(11.4392, abs=6e-5)
    assert (difference.ci_low, difference.ci_high) == pytest.approx((6.3498, 16.5286), abs=6e-5)
    assert difference.q == pytest.approx(26.8758, abs=6e-5)
    ratio = meta.mantel_haenszel_rates(*arms, ci_level=0.9)
    assert ratio.effect_text(4) == "1.4247 (1.1944 to 1.6994)"
    assert ratio.q == pytest.approx(10.4117, abs=6e-5)


def test_rothman_2008_conditional_odds_ratio():
    # table 15-1: two strata that agree, so that tau2 is 0 and the answer the conditional MLE
    fit = meta.glmm([8, 22], [106, 98], [5, 16], [120, 85], model="CM.EL")
    assert fit.tau2 == 0
    assert fit.estimate == pytest.approx(0.3381, abs=6e-5)
    # metafor differentiates numerically (-0.2699 to 0.9461); here the variance is exact
    tables = ((226, 106, 13), (183, 98, 38))
    spread = [stats.nchypergeom_fisher.var(*table, np.exp(fit.estimate)) for table in tables]
    assert fit.se == pytest.approx(1 / np.sqrt(sum(spread)), rel=1e-6)
    assert (fit.ci_low, fit.ci_high) == pytest.approx((-0.2699, 0.9461), abs=1e-3)
    assert fit.q == pytest.approx(0.3502, abs=6e-5)


def test_gleser_2009_multiple_endpoints():
    # page 371: mathematics and reading in seven schools, correlated within a school
    before = (2.3, 2.5, 2.4, 1.3, 2.5, 2.4, 3.3, 1.7, 1.1, 2.0, 2.8, 2.1, 1.7, 0.6)
    after = (10.3, 6.6, 9.7, 3.1, 8.7, 3.7, 7.5, 8.5, 2.2, 2.1, 3.8, 1.4, 1.8, 3.9)
    sd = (8.2, 7.3, 8.3, 8.9, 8.5, 8.3, 7.7, 9.8, 9.1, 10.4, 9.6, 7.9, 9.2, 10.2)
    r = np.repeat([0.55, 0.43, 0.57, 0.66, 0.51, 0.59, 0.49], 2)
    n_t = np.repeat([22, 21, 26, 18, 38, 42, 39], 2)
    n_c = np.repeat([24, 21, 23, 18, 36, 42, 38], 2)
    yi = np.round((np.array(after) - before) / sd, 3)
    vi = np.round(1 / n_t + 1 / n_c + yi**2 / (2 * (n_t + n_c)), 4)
    both = np.repeat(yi[::2] * yi[1::2], 2)
    shared = np.round((1 / n_t + 1 / n_c) * r + both / (2 * (n_t + n_c)) * r**2, 4)
    V = np.diag(vi)
    for i in range(0, 14, 2):
        V[i, i + 1] = V[i + 1, i] = shared[i]
    X = np.tile(np.eye(2), (7, 1))
    fit = MixedLikelihood(yi, X, V, (), restricted=False).maximise()
    assert fit.beta == pytest.approx([0.3617, 0.2051], abs=6e-5)
    assert fit.cov.ravel() == pytest.approx([0.01008, 0.00537, 0.00537, 0.00989], abs=6e-6)
    left = yi - X @ fit.beta
    assert left @ np.linalg.solve(V, left) == pytest.approx(19.6264, abs=6e-5)
