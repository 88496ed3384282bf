"""How much do the true effects differ?"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import chdtrc

from meta.synthesis.columns import Sets
from meta.synthesis.engine import design_matrix, q_profile, tau2_estimate

Floats = NDArray[np.float64]


def _one(yi: ArrayLike, vi: ArrayLike, X: ArrayLike | None = None) -> Sets:
    """Arrange one set of studies."""
    y, v = np.asarray(yi, dtype=float)[:, None], np.asarray(vi, dtype=float)[:, None]
    return Sets.of(y, v, None if X is None else design_matrix(len(y), X))


def q_statistic(yi: ArrayLike, vi: ArrayLike, X: ArrayLike | None = None) -> tuple[float, int]:
    """Cochran's Q and its degrees of freedom."""
    sets = _one(yi, vi, X)
    return float(sets.at(np.zeros(1)).q[0]), sets.dof


def common_q(yi: Floats, vi: Floats, estimate: float) -> dict[str, Any]:
    """Return the fields of an estimate that say how single effects differ from a common one.

    Effects that are NaN say nothing alone and are passed over.
    """
    own = np.isfinite(yi)
    q = float(((yi - estimate) ** 2 / vi)[own].sum())
    dof = max(int(own.sum()) - 1, 0)
    return {
        "q": q,
        "q_dof": dof,
        "q_p_value": float(chdtrc(dof, q)) if dof else np.nan,
        "i2": 100 * max(0.0, (q - dof) / q) if q > 0 else 0.0,
    }


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


def _traces(w: Floats) -> tuple[float, float]:
    """Traces of P and PP, from what the other weights sum to: one may outweigh all others."""
    total, squared, top = float(w.sum()), w**2, int(w.argmax())
    others, squares = total - w, squared.sum() - squared
    rest = np.concatenate([w[:top], w[top + 1 :]])
    others[top], squares[top] = rest.sum(), (rest**2).sum()
    share = w / total
    square = ((share * others) ** 2).sum() + (share**2 * squares).sum()
    return float((share * others).sum()), float(square)


def tau2_error(yi: Floats, vi: Floats, tau2: float, method: str) -> float:
    r"""Return the standard error of tau2 (one mean, no moderators).

    Notes
    -----
    From the variance of Q for the estimators by moments, from the information for the others
    (EB and PM: that of the equation that they solve), as metafor's ``rma`` gives it. With
    :math:`S_r = \sum w_i^r` and :math:`P = W - W 1 1' W / S_1`, tr(P) is :math:`S_1 - S_2/S_1` and
    tr(PP) is :math:`S_2 - 2 S_3/S_1 + (S_2/S_1)^2`, here summed without differences.
    """
    k = len(vi)
    if method in {"DL2", "HE2"}:
        w = 1 / (vi + tau2_estimate(yi, vi, method[:2]))
    elif method in {"DL", "HS", "HSk"}:
        w = 1 / vi
    elif method == "HE":
        w = np.ones(k)
    else:
        w = 1 / (vi + (float(np.var(yi)) if method == "SJ" else tau2))
    if method == "ML":
        return float(np.sqrt(2 / np.sum(w**2)))
    one = float(np.sum(w))
    if method in {"EB", "PM", "PMM"}:
        return float(np.sqrt(2 * k**2 / (k - 1)) / one)
    trace, square = _traces(w)
    if method == "REML":
        return float(np.sqrt(2 / square))
    two = float(np.sum(w**2))
    # with V the sampling variances: tr(PVPV) and tr(PVP)
    own, both, twice = (float(np.sum(w**p * vi**q)) for p, q in ((2, 2), (2, 1), (3, 2)))
    pvpv = own - 2 * twice / one + (both / one) ** 2
    cubed = float(np.sum(w**3 * vi))
    pvp = both - 2 * cubed / one + both * two / one**2
    spread = np.sqrt(2 * pvpv + 4 * tau2 * pvp + 2 * tau2**2 * square)
    factor = {
        "SJ": np.var(yi) / (k - 1), "HE": 1 / (k - 1), "HS": 1 / one, "HSk": k / (k - 1) / one,
    }  # fmt: skip
    return float(spread * factor.get(method, 1 / trace))
