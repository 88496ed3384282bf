"""The cluster-robust variance by what it promises, through the public call."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

import meta

VI = np.array([0.01, 0.04, 1.0, 0.02, 0.5, 0.03, 2.0, 0.002])
PLACE = ["a", "a", "a", "b", "b", "c", "d", "d"]


def expected(vcov: str) -> float:
    """Expectation of the robust variance if the effects vary as their variances say.

    The variance is a quadratic form of the effects, so that its expectation is the sum of what it
    is at each unit vector, times the variance of that effect.
    """
    total = 0.0
    for place, variance in enumerate(VI):
        yi = np.zeros(len(VI))
        yi[place] = 1.0
        fit = meta.pool(yi, VI, model="common")
        total += variance * meta.robust(fit, cluster=PLACE, vcov=vcov).se ** 2
    return total


def test_cr2_is_unbiased_if_the_working_model_is_right() -> None:
    assert expected("CR2") == pytest.approx(1 / np.sum(1 / VI), rel=1e-9)


def test_cr0_is_too_small_and_cr1_its_multiple() -> None:
    # residuals of cluster j have lost the share h of its weight
    weight = np.array([sum(1 / VI[[p == name for p in PLACE]]) for name in "abcd"])
    share = weight / weight.sum()
    plain = np.sum(share * (1 - share)) / weight.sum()
    assert expected("CR0") == pytest.approx(plain, rel=1e-9)
    assert expected("CR1") == pytest.approx(plain * 4 / 3, rel=1e-9)


def test_as_many_clusters_as_effects_of_one_variance_is_the_t_test() -> None:
    yi = np.array([0.1, 0.5, -0.2, 0.4, 0.3])
    fit = meta.pool(yi, np.full(5, 0.04), model="common")
    found = meta.robust(fit, cluster=list("abcde"))
    usual = stats.ttest_1samp(yi, 0.0)
    assert found.estimate == pytest.approx(yi.mean())
    assert found.se == pytest.approx(stats.sem(yi))
    assert found.dof == pytest.approx(4)
    assert found.p_value == pytest.approx(usual.pvalue)
    low, high = usual.confidence_interval(0.95)
    assert (found.ci_low, found.ci_high) == pytest.approx((low, high))
    for vcov in ("CR0", "CR1"):
        other = meta.robust(fit, cluster=list("abcde"), vcov=vcov)
        assert other.dof == 4
        assert other.se == pytest.approx(found.se * (np.sqrt(4 / 5) if vcov == "CR0" else 1))
