"""How often do moderators that belong to other studies explain as much?

Rearrangements of the data that are as likely as the data if there is no effect are fitted many at
once; :func:`meta.permutation_test` counts signs by the same statistics.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from math import factorial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from meta.synthesis.engine import NO_SPREAD, fit_columns

Floats = NDArray[np.float64]

# A rearrangement that repeats the data must count although rounding moves its statistic a little;
# the square root of the machine's precision is far above rounding and far below any difference.
_SLACK = float(np.sqrt(np.finfo(float).eps))
# rearrangements fitted in one call, which bounds the memory
_BATCH = 5000


def at_least(statistics: Floats, observed: float) -> NDArray[np.bool_]:
    """Say which statistics are as far from 0 as the observed one."""
    # an infinite statistic (Knapp-Hartung with equal effects) is as large as an infinite one
    return statistics >= observed * (1 - _SLACK) if np.isfinite(observed) else np.isinf(statistics)


def statistics_of(
    Y: Floats, V: Floats, X: Floats | None, tau2_method: str | None, ci_method: str
) -> tuple[Floats, Floats, Floats]:
    """Statistics, coefficients (p, n) and their covariances (p, p, n) of n columns of effects.

    ``tau2_method`` None is the common effect (or unrestricted weighted least squares).
    """
    beta, cov, scale = fit_columns(Y, V, X, tau2_method, ci_method)
    if ci_method == "HK":
        cov = np.where(scale < NO_SPREAD, 0.0, cov)
    se = np.sqrt(np.einsum("iin->in", cov))
    with np.errstate(divide="ignore", invalid="ignore"):
        # no effect and no error (all effects are 0) is no sign of an effect
        return np.nan_to_num(beta / se, nan=0.0, posinf=np.inf, neginf=-np.inf), beta, cov


def regression_permutation(
    yi: Floats,
    vi: Floats,
    X: Floats,
    tested: list[int],
    tau2_method: str | None,
    ci_method: str,
    n_max: int,
    seed: int,
) -> tuple[Floats, float, int, bool]:
    """Permute which study has which moderators.

    Parameters
    ----------
    yi, vi : numpy.ndarray of shape (k,)
        Effects and sampling variances, which stay together.
    X : numpy.ndarray of shape (k, p)
        Design matrix.
    tested : list of int
        Columns of the omnibus test.
    tau2_method : str or None
        Estimator of tau2; None for the common-effect model.
    ci_method : {"wald", "HK", "HK-adhoc"}
        Whose standard errors the statistics have.
    n_max : int
        Most rearrangements to count.
    seed : int
        Start of the random numbers.

    Returns
    -------
    p_values : numpy.ndarray of shape (p,)
        Two-sided p-value of each coefficient.
    omnibus : float
        p-value of all tested coefficients together.
    count : int
        Rearrangements counted.
    exact : bool
        Whether these are all that differ.
    """
    rows, kind = np.unique(X, axis=0, return_inverse=True)
    counts = np.bincount(np.ravel(kind))
    total = factorial(len(yi))
    for repeats in counts.tolist():
        total //= factorial(repeats)
    exact = total <= n_max
    count = total if exact else n_max
    # studies are put in the order of their rows of moderators; then the matrix stays the same
    sorted_X = np.repeat(rows, counts, axis=0)
    start = np.argsort(np.ravel(kind), kind="stable")
    if exact:
        orders: Iterator[Any] = _arrangements(tuple(range(len(yi))), tuple(counts.tolist()))
    else:
        random = np.random.default_rng(seed)
        drawn = (random.permutation(len(yi)) for _ in range(count - 1))
        orders = itertools.chain([start], drawn)
    size, omnibus_size = _sizes(
        yi[start, None], vi[start, None], sorted_X, tested, tau2_method, ci_method
    )
    extreme, omnibus_extreme = np.zeros(X.shape[1]), 0
    while batch := list(itertools.islice(orders, _BATCH)):
        order = np.array(batch).T
        sizes, omnibus = _sizes(yi[order], vi[order], sorted_X, tested, tau2_method, ci_method)
        for column in range(X.shape[1]):
            extreme[column] += at_least(sizes[column], size[column, 0]).sum()
        omnibus_extreme += int(at_least(omnibus, omnibus_size[0]).sum())
    return extreme / count, omnibus_extreme / count, count, exact


def _sizes(
    Y: Floats, V: Floats, X: Floats, tested: list[int], tau2_method: str | None, ci_method: str
) -> tuple[Floats, Floats]:
    """Absolute statistics (p, n) and omnibus statistics (n,)."""
    statistics, beta, cov = statistics_of(Y, V, X, tau2_method, ci_method)
    some = beta[tested].T[:, :, None]
    block = np.moveaxis(cov[np.ix_(tested, tested)], -1, 0)
    # effects that lie exactly on the line leave no covariance to divide by
    perfect = block[:, 0, 0] == 0
    solvable = np.where(perfect[:, None, None], np.eye(len(tested)), block)
    omnibus = (some * np.linalg.solve(solvable, some)).sum(axis=(1, 2))
    return np.abs(statistics), np.where(perfect & (omnibus > 0), np.inf, omnibus)


def _arrangements(items: tuple[int, ...], counts: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    """Every way to share out items among groups of given sizes, whatever the order in a group."""
    if len(counts) == 1:
        yield items
        return
    for chosen in itertools.combinations(items, counts[0]):
        taken = set(chosen)
        rest = tuple(item for item in items if item not in taken)
        for others in _arrangements(rest, counts[1:]):
            yield chosen + others
