"""How much do the true effects differ?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from meta.synthesis.columns import Sets
from meta.synthesis.engine import design_matrix, q_profile


@dataclass(frozen=True, slots=True)
class Heterogeneity:
    """Cochran's Q, and tau2 as a share of the total variance.

    Attributes
    ----------
    q, q_dof, q_p_value : float, int, float
        Cochran's Q at tau2 = 0 (residual, with moderators), its degrees of freedom, and the
        chi-squared p-value.
    tau2_low, tau2_high : float
        Q-profile interval of tau2; NaN where no tau2 was estimated.
    i2, i2_low, i2_high : float
        Share of the variance that is between studies, in percent.
    h2, h2_low, h2_high : float
        Total over sampling variance.
    typical_vi : float
        The sampling variance of a typical study, which turns tau2 into I2.
    """

    q: float
    q_dof: int
    q_p_value: float
    tau2_low: float
    tau2_high: float
    i2: float
    i2_low: float
    i2_high: float
    h2: float
    h2_low: float
    h2_high: float
    typical_vi: float


def _one(yi: ArrayLike, vi: ArrayLike, X: ArrayLike | None = None) -> Sets:
    """Arrange one set of studies."""
    y, v = np.asarray(yi, dtype=float)[:, None], np.asarray(vi, dtype=float)[:, None]
    return Sets.of(y, v, None if X is None else design_matrix(len(y), X))


def q_statistic(yi: ArrayLike, vi: ArrayLike, X: ArrayLike | None = None) -> tuple[float, int]:
    """Cochran's Q and its degrees of freedom."""
    sets = _one(yi, vi, X)
    return float(sets.at(np.zeros(1)).q[0]), sets.dof


def typical_variance(vi: ArrayLike, X: ArrayLike | None = None) -> float:
    """The sampling variance of a typical study: (k - p) over the trace of P.

    P = W - W X (X'WX)^-1 X'W with W = diag(1 / vi); with an intercept alone this is the quantity
    of Higgins and Thompson (2002, eq. 9).
    """
    sets = _one(np.zeros(np.size(vi)), vi, X)
    return float(sets.dof / sets.at(np.zeros(1)).trace[0] * sets.unit[0] ** 2)


def q_profile_interval(
    yi: ArrayLike, vi: ArrayLike, level: float = 0.95, X: ArrayLike | None = None
) -> tuple[float, float]:
    """Interval of tau2 by inverting Cochran's Q (Viechtbauer 2007).

    Returns
    -------
    tuple of float
        Lower and upper limit. Both are 0 where even tau2 = 0 leaves less spread than chance
        would, which says that the variances look too large, not that tau2 is known.
    """
    sets = _one(yi, vi, X)
    low, high = q_profile(sets, level)[:, 0] * sets.unit[0] ** 2
    return float(low), float(high)


def heterogeneity(
    yi: ArrayLike, vi: ArrayLike, tau2: float | None, level: float = 0.95
) -> Heterogeneity:
    """Describe the spread of effects around their mean.

    Parameters
    ----------
    yi, vi : array_like of shape (k,)
        Effects and sampling variances, k at least 2.
    tau2 : float or None
        The estimate that I2 is computed from. None under the common-effect model, where I2 comes
        from Q, (Q - df) / Q floored at 0, and has no interval.
    level : float
        Confidence level of the intervals.
    """
    sets = _one(yi, vi)
    at_zero, freedom, unit = sets.at(np.zeros(1)), sets.dof, float(sets.unit[0] ** 2)
    q = float(at_zero.q[0])
    p_value = float(special.gammaincc(freedom / 2, q / 2))
    typical = float(freedom / at_zero.trace[0] * unit)
    if tau2 is None:
        i2 = 100 * max(0.0, (q - freedom) / q) if q > 0 else 0.0
        limits = (np.nan, np.nan)
        i2s, h2s = (i2, np.nan, np.nan), (q / freedom, np.nan, np.nan)
    else:
        limits = tuple(q_profile(sets, level)[:, 0] * unit)
        at = np.array([tau2, *limits])
        i2s = tuple(100 * at / (at + typical))
        h2s = tuple(at / typical + 1)
    return Heterogeneity(
        q=q,
        q_dof=freedom,
        q_p_value=p_value,
        tau2_low=float(limits[0]),
        tau2_high=float(limits[1]),
        i2=float(i2s[0]),
        i2_low=float(i2s[1]),
        i2_high=float(i2s[2]),
        h2=float(h2s[0]),
        h2_low=float(h2s[1]),
        h2_high=float(h2s[2]),
        typical_vi=typical,
    )
