"""The way back from the double arcsine, and the small-sample factor."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import gamma

from meta.effect_sizes.double_arcsine import pft_to_proportion
from meta.effect_sizes.sizes import effect_size
from meta.effect_sizes.standardised import small_sample_factor
from meta.errors import DataError


@pytest.mark.parametrize("n", [1, 2, 7, 40, 60])
def test_every_count_comes_back(n):
    events = np.arange(n + 1)
    yi = effect_size("PFT", events=events, n=n)["yi"]
    # the inversion loses half the digits beside 0 and 1, where the root is steep
    np.testing.assert_allclose(pft_to_proportion(yi, n), events / n, atol=1e-7)


def test_values_beyond_the_range_are_0_or_1():
    assert pft_to_proportion(-0.1, 20) == 0.0
    assert pft_to_proportion(2.0, 20) == 1.0


def test_the_harmonic_mean_can_mislead():
    # the published caveat in small: pooled between two studies with a rare event, the value comes
    # back below both proportions when the harmonic mean is ruled by the small study
    yi = effect_size("PFT", events=[1, 20], n=[10, 10_000])["yi"]
    pooled = yi[1] * 0.999 + yi[0] * 0.001
    assert pft_to_proportion(pooled, 2 / (1 / 10 + 1 / 10_000)) < 20 / 10_000


def test_a_missing_n():
    with pytest.raises(DataError, match=r"n\[1\] is missing"):
        pft_to_proportion([0.3, 0.4], [10, np.nan])


def test_small_sample_factor_is_the_gamma_form():
    dof = np.array([2.0, 3.5, 18, 100])
    direct = gamma(dof / 2) / (np.sqrt(dof / 2) * gamma((dof - 1) / 2))
    np.testing.assert_allclose(small_sample_factor(dof), direct, rtol=1e-12)
    # far beyond where gamma itself overflows
    assert small_sample_factor(1e6) == pytest.approx(1 - 3 / (4e6 - 1), rel=1e-9)
    with pytest.raises(DataError, match="needed: degrees of freedom > 1"):
        small_sample_factor(1)
