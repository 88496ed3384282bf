"""Estimators of tau2 that the engine lacks, in the engine's own form.

Each is a :class:`pymare.estimators.BaseEstimator`, vectorised over columns: ``y`` and ``v`` of
shape (k, d) hold d meta-analyses of k studies. They estimate tau2; coefficients and their
covariance then come from the engine's weighted least squares, without a correction, since
:mod:`meta.synthesis.engine` asks for the correction by name.

This module imports the engine at the top; it is itself imported only when a fit is made.
"""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from pymare.estimators.estimators import BaseEstimator
from pymare.stats import ensure_2d, q_gen, weighted_least_squares

from meta.errors import NotConverged

Matrix = NDArray[np.float64]

# Q falls with tau2 and the bracket doubles, so 200 bisections reach the last bit of a double from
# any starting width.
_MAX_STEPS = 200


class Tau2Estimator(BaseEstimator):  # type: ignore[misc]
    """An estimator that is defined by its formula for tau2."""

    def estimate(self, y: Matrix, v: Matrix, X: Matrix) -> Matrix:
        """Return tau2 of each column, shape (d,)."""
        raise NotImplementedError

    def fit(self, y: Matrix, v: Matrix, X: Matrix) -> Self:
        """Fit every column.

        Parameters
        ----------
        y, v : numpy.ndarray of shape (k, d)
            Effects and sampling variances.
        X : numpy.ndarray of shape (k, p)
            Design matrix, with its intercept.
        """
        self.dataset_ = None
        y, v = ensure_2d(y), ensure_2d(v)
        tau2 = self.estimate(y, v, X)
        beta, cov = weighted_least_squares(y, v, X, tau2, return_cov=True)
        # "inv_cov" is the engine's name for what is a covariance
        self.params_: dict[str, Any] = {"fe_params": beta, "tau2": tau2, "inv_cov": cov}
        return self


class HunterSchmidt(Tau2Estimator):
    r"""Hunter and Schmidt: :math:`\hat\tau^2 = \max(0, (Q - k) / \sum 1/v_i)`."""

    def estimate(self, y: Matrix, v: Matrix, X: Matrix) -> Matrix:
        """Return tau2 of each column, shape (d,)."""
        q = np.ravel(q_gen(y, v, X, np.zeros(y.shape[1])))
        return np.asarray(np.maximum(0.0, (q - y.shape[0]) / (1.0 / v).sum(axis=0)))


class SidikJonkman(Tau2Estimator):
    r"""Sidik and Jonkman, from the raw variance of the effects as the crude estimate.

    With :math:`\tau_0^2 = \sum (y_i - \bar y)^2 / k` and weights :math:`1 / (v_i + \tau_0^2)`,
    :math:`\hat\tau^2 = \tau_0^2 \, Q(\tau_0^2) / (k - p)`. It is 0 only when all effects are equal.
    """

    def estimate(self, y: Matrix, v: Matrix, X: Matrix) -> Matrix:
        """Return tau2 of each column, shape (d,)."""
        crude = y.var(axis=0)
        q = np.ravel(q_gen(y, v, X, crude))
        return np.asarray(crude * q / (y.shape[0] - X.shape[1]))


class PauleMandel(Tau2Estimator):
    r"""Paule and Mandel: the root of :math:`Q(\tau^2) = k - p`, or 0 where Q(0) is below it.

    The empirical Bayes estimator of Morris solves the same equation. The root is bracketed and
    halved, for all columns at once, until the bracket holds two neighbouring numbers: Q falls
    with tau2, so this cannot fail.
    """

    def estimate(self, y: Matrix, v: Matrix, X: Matrix) -> Matrix:
        """Return tau2 of each column, shape (d,)."""
        target = y.shape[0] - X.shape[1]

        def excess(tau2: Matrix) -> Matrix:
            return np.asarray(np.ravel(q_gen(y, v, X, tau2)) - target, dtype=float)

        low = np.zeros(y.shape[1])
        positive = excess(low) > 0
        high = np.maximum(y.var(axis=0), v.mean(axis=0))
        for _ in range(_MAX_STEPS):
            short = positive & (excess(high) > 0)
            if not short.any():
                break
            high = np.where(short, 2 * high, high)
        else:
            raise NotConverged(
                f"Paule-Mandel: no tau2 up to {high.max():.3g} brings Q down to {target}; "
                "check the variances for values that are far too small"
            )
        for _ in range(_MAX_STEPS):
            middle = (low + high) / 2
            if np.all((middle == low) | (middle == high)):
                break
            above = excess(middle) > 0
            low, high = np.where(above, middle, low), np.where(above, high, middle)
        return np.asarray(np.where(positive, (low + high) / 2, 0.0))
