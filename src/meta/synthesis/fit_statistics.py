"""How well does a model fit?"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


class FitStatistics(NamedTuple):
    """Log-likelihood of a fit, and what follows from it.

    Attributes
    ----------
    log_likelihood : float
        Natural logarithm; restricted for REML, full for every other method.
    aic, bic : float
        Akaike's and the Bayesian information criterion; smaller is better. They compare fits of the
        same effects, and restricted ones only with the same moderators.
    """

    log_likelihood: float
    aic: float
    bic: float


def fit_statistics(
    yi: ArrayLike, vi: ArrayLike, tau2: float | None, X: Floats, method: str
) -> FitStatistics:
    r"""Return the log-likelihood of independent effects at given variances, with AIC and BIC.

    Parameters
    ----------
    yi, vi : array_like of shape (k,)
        Effects and sampling variances.
    tau2 : float or None
        Variance of the true effects; None for the common-effect model, which has no such parameter.
    X : numpy.ndarray of shape (k, p)
        Design matrix.
    method : str
        Estimator of tau2; the likelihood is restricted for ``"REML"``.

    Notes
    -----
    With :math:`w_i = 1 / (v_i + \tau^2)` and residuals e,
    :math:`\ell = -\frac{1}{2}[n \log 2\pi - \sum \log w_i + \sum w_i e_i^2]`, n = k; the restricted
    one has n = k - p and adds
    :math:`\frac{1}{2}[\log\det(X'X) - \log\det(X'WX)]`. BIC counts n effects. Checked against
    metafor's ``logLik``, ``AIC`` and ``BIC``.
    """
    y, v = np.asarray(yi, dtype=float), np.asarray(vi, dtype=float)
    w = 1 / (v + (tau2 or 0.0))
    information = X.T @ (w[:, None] * X)
    residual = y - X @ np.linalg.solve(information, X.T @ (w * y))
    k, p = X.shape
    restricted = method == "REML" and tau2 is not None
    n = k - p if restricted else k
    value = -0.5 * (n * np.log(2 * np.pi) - np.log(w).sum() + np.sum(w * residual**2))
    if restricted:
        value += 0.5 * (np.linalg.slogdet(X.T @ X)[1] - np.linalg.slogdet(information)[1])
    return criteria(float(value), p + (tau2 is not None), n)


def criteria(log_likelihood: float, parameters: int, n: int) -> FitStatistics:
    """Return AIC and BIC of a log-likelihood, from its parameters and the effects that count."""
    deviance = -2 * log_likelihood
    return FitStatistics(
        log_likelihood, deviance + 2 * parameters, deviance + float(np.log(n)) * parameters
    )
