"""How much do the true effects differ?"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from meta.synthesis.columns import Sets
from meta.synthesis.engine import design_matrix, q_profile


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
