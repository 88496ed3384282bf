"""The likelihood of clustered effects with two variance components, and its maximum."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import optimize

from meta.errors import NotConverged

Matrix = NDArray[np.float64]

# shares of the spread of the effects with which the search starts, for each variance
_STARTS = (0.02, 0.5)
_SCORING_STEPS = 200


@dataclass(frozen=True, slots=True)
class Point:
    """The model at given variances.

    Attributes
    ----------
    value : float
        (Restricted) log-likelihood.
    gradient, information : numpy.ndarray of shape (2,) and (2, 2)
        Its derivatives by the two variances, and their expected information.
    mean, variance : float
        Weighted mean and its variance.
    """

    value: float
    gradient: Matrix
    information: Matrix
    mean: float
    variance: float


class BlockLikelihood:
    """Effects with a mean, a variance between clusters and one between the units within them.

    Parameters
    ----------
    y : numpy.ndarray of shape (k,)
        Effects.
    covariance : numpy.ndarray of shape (k, k)
        Sampling covariances, 0 between clusters.
    codes, units : numpy.ndarray of shape (k,)
        Cluster, and unit within it, of each effect.
    restricted : bool
        Restricted likelihood.
    single : bool
        Every cluster is one unit: the second variance is held at 0.

    Notes
    -----
    Clusters are padded to the size of the largest, so that all are inverted in one call: a padded
    row has variance 1, no effect and no part in the mean, and adds nothing to any sum.
    """

    def __init__(
        self,
        y: Matrix,
        covariance: Matrix,
        codes: NDArray[np.intp],
        units: NDArray[np.intp],
        *,
        restricted: bool,
        single: bool,
    ) -> None:
        self.k, self.restricted, self.single = len(y), restricted, single
        # mean variance 1: tolerances become relative
        self.unit = float(np.sqrt(np.mean(np.diag(covariance))))
        sizes = np.bincount(codes)
        shape = (len(sizes), int(sizes.max()))
        self.y, self.x = np.zeros(shape), np.zeros(shape)
        self.v = np.tile(np.eye(shape[1]), (len(sizes), 1, 1))
        same = np.zeros(self.v.shape)
        for code, size in enumerate(sizes):
            members = np.flatnonzero(codes == code)
            self.y[code, :size] = y[members] / self.unit
            self.x[code, :size] = 1.0
            self.v[code, :size, :size] = covariance[np.ix_(members, members)] / self.unit**2
            same[code, :size, :size] = units[members][:, None] == units[members][None, :]
        self.parts = (np.einsum("ci,cj->cij", self.x, self.x), same)

    def _weights(self, sigma2: Matrix) -> tuple[Matrix, float, Matrix, float]:
        """Inverse covariances, total weight, inverse times ones, and the weighted mean."""
        m = self.v + sigma2[0] * self.parts[0] + sigma2[1] * self.parts[1]
        inverse = np.linalg.inv(m)
        wx = np.einsum("cij,cj->ci", inverse, self.x)
        total = float((wx * self.x).sum())
        return inverse, total, wx, float((wx * self.y).sum()) / total

    def scaled(self, sigma2: Matrix) -> Point:
        """The model at variances in units of the mean sampling variance."""
        inverse, total, wx, mean = self._weights(sigma2)
        residual = np.einsum("cij,cj->ci", inverse, self.y - mean * self.x)
        log_det = -float(np.linalg.slogdet(inverse)[1].sum())
        quadratic = float((residual * (self.y - mean * self.x)).sum())
        dof = self.k - 1 if self.restricted else self.k
        value = -0.5 * (dof * np.log(2 * np.pi) + log_det + quadratic)
        gradient, information = np.empty(2), np.empty((2, 2))
        wz = [np.einsum("cij,cjk->cik", inverse, part) for part in self.parts]
        zx = [np.einsum("cij,cj->ci", part, wx) for part in self.parts]
        for a, part in enumerate(self.parts):
            trace = float(np.trace(wz[a], axis1=1, axis2=2).sum())
            if self.restricted:
                trace -= float((wx * zx[a]).sum()) / total
            fit = float(np.einsum("ci,cij,cj->", residual, part, residual))
            gradient[a] = 0.5 * (fit - trace)
        for a, b in itertools.product(range(2), repeat=2):
            both = float(np.einsum("cij,cji->", wz[a], wz[b]))
            if self.restricted:
                middle = float(np.einsum("ci,cij,cj->", zx[a], inverse, zx[b]))
                alone = float((wx * zx[a]).sum()) * float((wx * zx[b]).sum())
                both += -2 * middle / total + alone / total**2
            information[a, b] = 0.5 * both
        if self.restricted:
            # with the determinant of X'X, as it is usually reported
            value += 0.5 * (np.log(self.k) - np.log(total))
        return Point(value, gradient, information, mean, 1 / total)

    def at(self, sigma2: Matrix) -> Point:
        """The model at variances in the effects' own units; derivatives stay scaled."""
        point = self.scaled(sigma2 / self.unit**2)
        freedom = self.k - 1 if self.restricted else self.k
        return Point(
            point.value - freedom * float(np.log(self.unit)),
            point.gradient,
            point.information,
            point.mean * self.unit,
            point.variance * self.unit**2,
        )

    def q(self) -> float:
        """Cochran's Q with the sampling covariances alone."""
        inverse, _, _, mean = self._weights(np.zeros(2))
        centred = self.y - mean * self.x
        return float(np.einsum("ci,cij,cj->", centred, inverse, centred))

    def typical_variance(self) -> float:
        """The sampling variance of a typical effect: (k - 1) over the trace of P."""
        inverse, total, wx, _ = self._weights(np.zeros(2))
        # a padded row has weight 1 on the diagonal and no part in the mean
        diagonal = (np.diagonal(inverse, axis1=1, axis2=2) * self.x).sum()
        return float((self.k - 1) / (diagonal - (wx**2).sum() / total)) * self.unit**2


def maximise(model: BlockLikelihood) -> Matrix:
    """Find the variances at the highest maximum of the likelihood.

    Returns
    -------
    numpy.ndarray of shape (2,)
        Variance between clusters and within them, in squared units of the effects; either may be 0.

    Raises
    ------
    NotConverged
        If the search does not settle.
    """
    spread = float(np.var(model.y[model.x > 0])) + 0.1
    second = [(0.0, 0.0)] if model.single else [(0.0, None)]
    bounds = [(0.0, None), *second]

    def downhill(sigma2: Matrix) -> tuple[float, Matrix]:
        point = model.scaled(sigma2)
        return -point.value, -point.gradient

    best, highest = np.zeros(2), -np.inf
    for share in itertools.product(_STARTS, repeat=2):
        start = spread * np.array(share) * ([1.0, 0.0] if model.single else [1.0, 1.0])
        search = optimize.minimize(
            downhill, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"ftol": 1e-13}
        )
        if -search.fun > highest:
            highest, best = -float(search.fun), search.x
    return _finish(model, best) * model.unit**2


def _finish(model: BlockLikelihood, sigma2: Matrix) -> Matrix:
    """Sharpen the search, which stops at about six digits, by Fisher scoring."""
    point = model.scaled(sigma2)
    for _ in range(_SCORING_STEPS):
        free = (sigma2 > 0) | (point.gradient > 0)
        if model.single:
            free[1] = False
        if not free.any() or np.max(np.abs(point.gradient[free])) < 1e-10 * model.k:
            return sigma2
        move = np.zeros(2)
        move[free] = np.linalg.solve(point.information[np.ix_(free, free)], point.gradient[free])
        for halving in range(40):
            trial = np.maximum(sigma2 + move / 2**halving, 0.0)
            new = model.scaled(trial)
            # near the maximum the likelihood is flat to rounding
            if new.value >= point.value - 1e-13 * abs(point.value):
                break
        if np.array_equal(trial, sigma2):
            return sigma2
        sigma2, point = trial, new
    if np.max(np.abs(point.gradient[sigma2 > 0]), initial=0.0) < 1e-6 * model.k:
        return sigma2
    raise NotConverged(
        "the likelihood search for the two variances did not settle: the clusters hardly tell them "
        "apart. Average the effects of each cluster (aggregate_correlated) and pool those"
    )
