"""At which tau2 is the likelihood of the effects highest?

The engine's search starts from one point and stops when the likelihood is flat to rounding. That
leaves two gaps, which are closed here for many meta-analyses at once: the likelihood can have two
peaks, of which the search finds one, and near a peak it tells less than its derivative.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]

# Values of tau2 at which the likelihood is looked at: between a tenth of the smallest variance and
# the largest spread, so closely that no peak lies between two of them unseen.
_LOOKS = 25
# halvings that find a peak between two of these values; the rest is Fisher scoring
_HALVINGS = 30
# a peak must be this much higher to replace the one that the search found
_HIGHER = 1e-9
_SCORING_STEPS = 8
# tau2 below this share of the mean sampling variance is compared with 0 itself
_BOUNDARY = 1e-6


@dataclass(frozen=True, slots=True)
class Tau2Likelihood:
    """The (restricted) likelihood of tau2 in n meta-analyses of k studies.

    Attributes
    ----------
    y, v : numpy.ndarray of shape (k, n)
        Effects and sampling variances.
    X : numpy.ndarray of shape (k, p)
        Design matrix.
    restricted : bool
        Whether the degrees of freedom of the coefficients are accounted for (REML) or not (ML).
    """

    y: Matrix
    v: Matrix
    X: Matrix
    restricted: bool

    def _fit(self, tau2: Matrix) -> tuple[Matrix, Matrix, Matrix, Matrix]:
        """Weights, weighted design, X'WX and weighted residuals of every column."""
        w = 1.0 / (self.v + tau2)
        xw = np.einsum("kp,kn->nkp", self.X, w)
        information = np.einsum("nkp,kq->npq", xw, self.X)
        right = np.einsum("nkp,kn->np", xw, self.y)
        beta = np.linalg.solve(information, right[:, :, None])[:, :, 0]
        return w, xw, information, w * (self.y - self.X @ beta.T)

    def value(self, tau2: Matrix) -> Matrix:
        """Log-likelihood of each column at its tau2, without the constant."""
        w, _, information, residual = self._fit(tau2)
        value = 0.5 * (np.log(w).sum(axis=0) - (residual**2 / w).sum(axis=0))
        if self.restricted:
            value = value - 0.5 * np.linalg.slogdet(information)[1]
        return np.asarray(value)

    def score(self, tau2: Matrix) -> tuple[Matrix, Matrix]:
        """Twice the derivative of the log-likelihood, and twice the expected information."""
        w, xw, information, residual = self._fit(tau2)
        if self.restricted:
            # P = W - W X (X'WX)^-1 X'W
            P = -np.einsum("nkp,npq,nlq->nkl", xw, np.linalg.inv(information), xw)
            index = np.arange(self.X.shape[0])
            P[:, index, index] += w.T
            trace, trace_square = np.trace(P, axis1=1, axis2=2), (P**2).sum(axis=(1, 2))
        else:
            trace, trace_square = w.sum(axis=0), (w**2).sum(axis=0)
        return (residual**2).sum(axis=0) - trace, trace_square


def highest(tau2: Matrix, likelihood: Tau2Likelihood) -> Matrix:
    """Go from the peaks that a search found to the highest ones, as exactly as numbers allow.

    Parameters
    ----------
    tau2 : numpy.ndarray of shape (n,)
        Where the search ended, one value a column.
    likelihood : Tau2Likelihood
        What it searched.
    """
    # the search may stop a hair inside the boundary although the likelihood falls from 0 on
    at_zero, _ = likelihood.score(np.zeros_like(tau2))
    tau2 = np.where((tau2 < _BOUNDARY) & (at_zero <= 0), 0.0, tau2)
    return _polished(_higher_peak(tau2, likelihood), likelihood)


def _higher_peak(tau2: Matrix, likelihood: Tau2Likelihood) -> Matrix:
    """Replace tau2 in columns whose likelihood is higher elsewhere."""
    y, v = likelihood.y, likelihood.v
    low = v.min(axis=0) / 10
    high = np.maximum(4 * y.var(axis=0), v.max(axis=0))
    steps = np.linspace(0, 1, _LOOKS)[:, None]
    looks = np.vstack([np.zeros_like(low), low * (high / low) ** steps])
    values = np.array([likelihood.value(at) for at in looks])
    found = likelihood.value(tau2)
    best = values.argmax(axis=0)
    other = np.flatnonzero(values.max(axis=0) > found + _HIGHER)
    if not len(other):
        return tau2
    some = Tau2Likelihood(y[:, other], v[:, other], likelihood.X, likelihood.restricted)
    left = looks[np.maximum(best[other] - 1, 0), other]
    right = looks[np.minimum(best[other] + 1, _LOOKS), other]
    for _ in range(_HALVINGS):
        middle = (left + right) / 2
        rising = some.score(middle)[0] > 0
        left, right = np.where(rising, middle, left), np.where(rising, right, middle)
    peak = np.where(best[other] == 0, 0.0, (left + right) / 2)
    # the best of the looks stands where halving has led to a lower peak beside it
    looked = looks[best[other], other]
    peak = np.where(some.value(peak) >= values.max(axis=0)[other], peak, looked)
    answer = tau2.copy()
    answer[other] = peak
    return answer


def _polished(tau2: Matrix, likelihood: Tau2Likelihood) -> Matrix:
    """Sharpen peaks by Fisher scoring, in columns where it helps.

    Near a peak likelihoods differ by less than rounding; the score still tells the side. A step is
    kept only where it brings the score nearer 0.
    """
    value, information = likelihood.score(tau2)
    for _ in range(_SCORING_STEPS):
        step = np.where(tau2 > 0, np.maximum(tau2 + value / information, 0.0), tau2)
        new_value, new_information = likelihood.score(step)
        better = (tau2 > 0) & (np.abs(new_value) < np.abs(value))
        if not better.any():
            break
        tau2 = np.where(better, step, tau2)
        value = np.where(better, new_value, value)
        information = np.where(better, new_information, information)
    return tau2
