"""The estimate of tau2 by likelihood: the highest of its peaks, wherever the search began."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

import meta
from meta.errors import DataError
from meta.synthesis.engine import tau2_columns, tau2_estimate
from meta.synthesis.heterogeneity import typical_variance


@pytest.mark.parametrize("method", ["ML", "REML"])
def test_nothing_on_a_fine_grid_is_higher(method):
    random = np.random.default_rng(20)
    k, n = 5, 300
    # variances over seven powers of ten make likelihoods with several peaks
    v = 10 ** random.uniform(-5, 2, (k, n))
    y = random.normal(0, np.sqrt(v + 10 ** random.uniform(-4, 1, n)))
    X = np.column_stack([np.ones(k), np.arange(k)])
    for design in (X[:, :1], X):
        best = height(y, v, design, tau2_columns(y, v, method, design), method == "REML")
        grid = [0.0, *np.geomspace(1e-7, 1e4, 500)]
        highest = np.max([height(y, v, design, at, method == "REML") for at in grid], axis=0)
        # rounding of a sum of logarithms
        assert (best >= highest - 1e-8).all()


def height(y, v, X, tau2, restricted):
    """Log-likelihood by its textbook formula."""
    w = 1 / (v + tau2)
    information = np.einsum("kp,kn,kq->npq", X, w, X)
    beta = np.linalg.solve(information, np.einsum("kp,kn->np", X, w * y)[:, :, None])[:, :, 0]
    value = np.log(w).sum(axis=0) - (w * (y - X @ beta.T) ** 2).sum(axis=0)
    return value - np.linalg.slogdet(information)[1] if restricted else value


def test_variances_of_other_orders_of_magnitude():
    # 1e12-fold: the plain difference of sums would keep four digits of it; by hand
    # tr(P) = sum(w) - sum(w^2) / sum(w) with w = (1e12, 1, 1) is 4 - O(1e-12)
    assert typical_variance([1e-12, 1, 1]) == pytest.approx(2 / 4, rel=1e-9)
    with pytest.raises(DataError, match="16 digits cannot hold both weights"):
        meta.pool([0.5, 0.1], [1e-17, 1.0])
    with pytest.raises(DataError, match="give the effects in another unit"):
        meta.pool([0.5, 0.1], [1e-300, 1e-300])


def test_calendar_years_lose_no_digits():
    # tau2 by Hedges and Olkin is the same for a year and for a year counted from 2000
    random = np.random.default_rng(4)
    yi, vi, year = random.normal(0.3, 0.2, 23), random.uniform(0.02, 0.1, 23), np.arange(1990, 2013)
    ones = np.ones(23)
    far, near = (
        tau2_estimate(yi, vi, "HE", np.column_stack([ones, x])) for x in (year, year - 2000)
    )
    assert far == pytest.approx(near, rel=1e-11)


def test_one_precise_study_beside_a_moderator_loses_no_digits():
    # by rational arithmetic from the same numbers
    yi = [0.5, 0.1, -0.2, 0.8, 0.3, 1.2]
    vi = [1e-8, 0.1, 0.2, 0.05, 0.3, 0.1]
    sei = np.sqrt(vi)
    y, w, x = ([Fraction(float(value)) for value in values] for values in (yi, 1 / sei**2, sei))

    def total(*factors):
        return sum(np.prod(list(row)) for row in zip(*factors, strict=True))

    s0, s1, s2 = total(w), total(w, x), total(w, x, x)
    determinant = s0 * s2 - s1**2
    slope = (s0 * total(w, x, y) - s1 * total(w, y)) / determinant
    level = (total(w, y) - slope * s1) / s0
    q = total(w, [(b - level - slope * a) ** 2 for a, b in zip(x, y, strict=True)])
    ww = [a * a for a in w]
    lost = (s2 * total(ww) - 2 * s1 * total(ww, x) + s0 * total(ww, x, x)) / determinant
    exact = float((q - 4) / (s0 - lost))
    got = tau2_estimate(yi, 1 / np.array(1 / sei**2), "DL", np.column_stack([np.ones(6), sei]))
    # counted from two studies that fix the line, weights of 1e8 take no digits from weights of 3
    assert got == pytest.approx(exact, rel=1e-12)
