"""The likelihood of effects with fixed coefficients and several random terms, and its maximum.

One model for every kind of dependence: sampling covariances, random intercepts that are nested or
crossed, and random effects of several outcomes in each study.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy import optimize
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from meta.errors import NotConverged
from meta.synthesis.fit_statistics import FitStatistics, criteria

Matrix = NDArray[np.float64]
Codes = NDArray[np.intp]
Bounds = list[tuple[float | None, float | None]]

# name of a structure -> whether the levels share one variance, and how they are correlated
_STRUCTURES = {
    "ID": (True, "not"),
    "DIAG": (False, "not"),
    "CS": (True, "alike"),
    "HCS": (False, "alike"),
    "AR": (True, "by distance"),
    "HAR": (False, "by distance"),
    "CAR": (True, "by distance"),
    "UN": (False, "freely"),
}
STRUCTURES = tuple(_STRUCTURES)

# shares of the spread of the effects with which the search starts
_STARTS = (0.02, 0.5)
_NEWTON_STEPS = 30
# largest derivative of the log-likelihood, per effect, that counts as the top
_FLAT = 1e-6


@dataclass(frozen=True, slots=True)
class RandomTerm:
    """Random effects of the levels of a factor, in each group anew.

    Attributes
    ----------
    name : str
        What varies, such as ``"study"`` or ``"outcome | study"``.
    groups : numpy.ndarray of shape (k,)
        Group of each effect, counted from 0; groups are independent.
    levels : numpy.ndarray of shape (k,)
        Level of each effect, counted from 0; all 0 for a random intercept.
    names : tuple of str
        Names of the levels.
    structure : {"ID", "DIAG", "CS", "HCS", "AR", "HAR", "CAR", "UN"}
        Covariance between the levels. ID, CS, AR and CAR: one variance; all others a variance each.
        ID and DIAG: no correlation; CS and HCS: one correlation of all pairs; AR and HAR: a
        correlation that is multiplied with each step from level to level; CAR: the same with the
        time between them; UN: free. With one level they are the same.
    times : tuple of float
        Place of each level on the axis of time, for CAR; the levels are one step apart by default.
    """

    name: str
    groups: Codes
    levels: Codes
    names: tuple[str, ...] = ("",)
    structure: str = "DIAG"
    times: tuple[float, ...] = ()

    @property
    def size(self) -> int:
        """Number of levels."""
        return len(self.names)

    @property
    def _kind(self) -> tuple[bool, str]:
        return _STRUCTURES[self.structure]

    def bounds(self) -> Bounds:
        """Return the bounds of its parameters: variances, SDs, correlations, or a factor."""
        equal, correlated = self._kind
        if correlated == "freely":
            return [(None, None)] * (self.size * (self.size + 1) // 2)
        variances: Bounds = [(0.0, None)] * (1 if equal else self.size)
        if correlated == "not":
            return variances
        lowest = -1.0
        if correlated == "alike":
            lowest = -1 / (self.size - 1) if self.size > 1 else 0.0
        elif self.structure == "CAR":  # a negative number has no power between whole ones
            lowest = 0.0
        return [*variances, (lowest, 1.0)]

    def start(self, variance: float) -> Matrix:
        """Return parameters of about this variance."""
        equal, correlated = self._kind
        if correlated == "freely":
            factor = np.sqrt(variance) * np.eye(self.size)
            return np.asarray(factor[np.tril_indices(self.size)])
        if correlated == "not":
            return np.full(1 if equal else self.size, variance)
        return np.array([*([variance] if equal else [np.sqrt(variance)] * self.size), 0.3])

    def covariance(self, theta: Matrix) -> Matrix:
        """Return the covariance between the levels, shape (size, size)."""
        equal, correlated = self._kind
        if correlated == "freely":
            factor = self._factor(theta)
            return np.asarray(factor @ factor.T)
        if self.structure == "DIAG":
            return np.diag(theta)
        correlation = self._correlation(theta)[0]
        if equal:
            return np.asarray(theta[0] * correlation)
        return np.asarray(np.outer(theta[:-1], theta[:-1]) * correlation)

    def gradient(self, theta: Matrix, slope: Matrix) -> Matrix:
        """Take the derivative by each entry of the covariance to the parameters."""
        equal, correlated = self._kind
        if correlated == "freely":
            return np.asarray((2 * slope @ self._factor(theta))[np.tril_indices(self.size)])
        if self.structure == "DIAG":
            return np.diag(slope).copy()
        correlation, change = self._correlation(theta)
        if correlated == "not":
            return np.array([np.trace(slope)])
        if equal:
            return np.array([np.sum(slope * correlation), theta[0] * np.sum(slope * change)])
        sd = theta[:-1]
        return np.array([*(2 * (slope * correlation) @ sd), sd @ (slope * change) @ sd])

    def _correlation(self, theta: Matrix) -> tuple[Matrix, Matrix]:
        """Return the correlation between the levels, and its derivative by the parameter."""
        one, correlated = np.eye(self.size), self._kind[1]
        if correlated == "not":
            return one, 0 * one
        if correlated == "alike":
            return one + theta[-1] * (1 - one), 1 - one
        at = np.array(self.times or range(self.size), dtype=float)
        if self.size > 1:  # the smallest gap is the unit, so that no power is below 1
            at /= np.diff(np.sort(at)).min()
        apart = np.abs(at[:, None] - at[None, :])
        return theta[-1] ** apart, apart * theta[-1] ** np.maximum(apart - 1, 0.0)

    def _factor(self, theta: Matrix) -> Matrix:
        factor = np.zeros((self.size, self.size))
        factor[np.tril_indices(self.size)] = theta
        return factor

    def marginal(self, covariance: Matrix) -> Matrix:
        """Return its part of the covariance of the effects, shape (k, k)."""
        same = self.groups[:, None] == self.groups[None, :]
        return np.where(same, covariance[np.ix_(self.levels, self.levels)], 0.0)


@dataclass(frozen=True, slots=True)
class MixedFit:
    """The model at the highest maximum of its likelihood.

    Attributes
    ----------
    beta, cov : numpy.ndarray of shape (p,) and (p, p)
        Coefficients and their covariance.
    covariances : tuple of numpy.ndarray
        Covariance between the levels of each random term.
    marginal : numpy.ndarray of shape (k, k)
        Covariance of the effects.
    log_likelihood : float
        Restricted for REML.
    n_parameters : int
        Variances and correlations that were estimated.
    """

    beta: Matrix
    cov: Matrix
    covariances: tuple[Matrix, ...]
    marginal: Matrix
    log_likelihood: float
    n_parameters: int

    def quality(self, n: int) -> FitStatistics:
        """Return log-likelihood, AIC and BIC; ``n`` effects count (k - p for REML)."""
        return criteria(self.log_likelihood, len(self.beta) + self.n_parameters, n)


@dataclass(slots=True)
class _Batch:
    """Blocks of one size, shape (blocks, size) in each array of rows."""

    rows: Codes
    y: Matrix
    x: Matrix
    v: Matrix
    same: list[NDArray[np.bool_]] = field(default_factory=list)
    pairs: list[Codes] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Point:
    value: float
    gradient: Matrix
    beta: Matrix
    cov: Matrix


class MixedLikelihood:
    r"""Effects with a linear mean, sampling covariances and random terms.

    Parameters
    ----------
    y : numpy.ndarray of shape (k,)
        Effects.
    X : numpy.ndarray of shape (k, p)
        Design matrix of full rank.
    covariance : numpy.ndarray of shape (k, k)
        Sampling covariances.
    terms : sequence of RandomTerm
        Random terms.
    restricted : bool
        Restricted likelihood.

    Notes
    -----
    Effects that nothing connects are independent, so that the covariance is inverted block by
    block. With P the projection of the model, the derivative by the covariance of the effects is
    :math:`(P y y' P - P) / 2` (for full likelihood the second P is the inverse covariance).
    """

    def __init__(
        self,
        y: Matrix,
        X: Matrix,
        covariance: Matrix,
        terms: tuple[RandomTerm, ...],
        *,
        restricted: bool,
    ) -> None:
        self.terms, self.restricted, self.covariance = terms, restricted, covariance
        self.k, self.p = X.shape
        # mean variance 1 and orthogonal columns: tolerances become relative
        self.unit = float(np.sqrt(np.mean(np.diag(covariance))))
        basis, self.triangle = np.linalg.qr(X)
        scaled = y / self.unit
        residual = scaled - basis @ (basis.T @ scaled)
        self.spread = float(residual @ residual) / max(self.k - self.p, 1)
        self.batches = []
        for rows in self._blocks(covariance, terms):
            batch = _Batch(
                rows,
                scaled[rows],
                basis[rows],
                covariance[rows[:, :, None], rows[:, None, :]] / self.unit**2,
            )
            for term in terms:
                group, level = term.groups[rows], term.levels[rows]
                batch.same.append(group[:, :, None] == group[:, None, :])
                batch.pairs.append(level[:, :, None] * term.size + level[:, None, :])
            self.batches.append(batch)

    @staticmethod
    def _blocks(covariance: Matrix, terms: tuple[RandomTerm, ...]) -> list[Codes]:
        """Rows that hang together, stacked by the size of their block."""
        left, right = np.nonzero(covariance)
        for term in terms:
            first = np.unique(term.groups, return_index=True)[1]
            left = np.concatenate([left, np.arange(len(term.groups))])
            right = np.concatenate([right, first[np.unique(term.groups, return_inverse=True)[1]]])
        k = len(covariance)
        graph = coo_array((np.ones(len(left)), (left, right)), shape=(k, k))
        _, block = connected_components(graph, directed=False)
        rows = [np.flatnonzero(block == number) for number in range(block.max() + 1)]
        sizes = sorted({len(one) for one in rows})
        return [np.array([one for one in rows if len(one) == size]) for size in sizes]

    def _split(self, theta: Matrix) -> list[Matrix]:
        ends = np.cumsum([len(term.bounds()) for term in self.terms], dtype=int)
        return np.split(theta, ends)[:-1]

    def at(self, theta: Matrix) -> _Point:
        """The model at parameters in units of the mean sampling variance."""
        parts = self._split(theta)
        levels = [term.covariance(part) for term, part in zip(self.terms, parts, strict=True)]
        inverses, weighted, log_det = [], [], 0.0
        information, right = np.zeros((self.p, self.p)), np.zeros(self.p)
        for batch in self.batches:
            m = batch.v.copy()
            for same, pairs, level in zip(batch.same, batch.pairs, levels, strict=True):
                m += np.where(same, level.ravel()[pairs], 0.0)
            inverse = np.linalg.inv(m)
            inverses.append(inverse)
            log_det += float(np.linalg.slogdet(m)[1].sum())
            wx = inverse @ batch.x
            weighted.append(wx)
            information += np.einsum("bip,biq->pq", batch.x, wx)
            right += np.einsum("bip,bi->p", wx, batch.y)
        cov = np.asarray(np.linalg.inv(information), dtype=float)
        beta = cov @ right
        quadratic, slopes = 0.0, [np.zeros(level.size) for level in levels]
        for batch, inverse, wx in zip(self.batches, inverses, weighted, strict=True):
            residual = batch.y - batch.x @ beta
            score = np.einsum("bij,bj->bi", inverse, residual)
            quadratic += float((score * residual).sum())
            slope = score[:, :, None] * score[:, None, :] - inverse
            if self.restricted:
                slope += wx @ cov @ wx.transpose(0, 2, 1)
            for total, same, pairs in zip(slopes, batch.same, batch.pairs, strict=True):
                total += np.bincount(pairs[same], 0.5 * slope[same], minlength=len(total))
        freedom = self.k - self.p if self.restricted else self.k
        value = -0.5 * (freedom * np.log(2 * np.pi) + log_det + quadratic)
        if self.restricted:
            # the columns are orthogonal, so the determinant of X'X is in it already
            value -= 0.5 * float(np.linalg.slogdet(information)[1])
        gradient = [
            term.gradient(part, slope.reshape(term.size, term.size))
            for term, part, slope in zip(self.terms, parts, slopes, strict=True)
        ]
        return _Point(float(value), np.concatenate([*gradient, []]), beta, cov)

    def maximise(self) -> MixedFit:
        """Find the highest maximum.

        Raises
        ------
        NotConverged
            If the search does not settle.
        """
        theta = self._search()
        at = self.at(theta)
        levels = tuple(
            term.covariance(part) * self.unit**2
            for term, part in zip(self.terms, self._split(theta), strict=True)
        )
        marginal = self.covariance + sum(
            (term.marginal(level) for term, level in zip(self.terms, levels, strict=True)),
            np.zeros_like(self.covariance),
        )
        back = np.linalg.inv(self.triangle)
        freedom = self.k - self.p if self.restricted else self.k
        return MixedFit(
            beta=self.unit * back @ at.beta,
            cov=self.unit**2 * back @ at.cov @ back.T,
            covariances=levels,
            marginal=marginal,
            log_likelihood=at.value - freedom * float(np.log(self.unit)),
            n_parameters=len(theta),
        )

    def _search(self) -> Matrix:
        bounds = [bound for term in self.terms for bound in term.bounds()]
        if not bounds:
            return np.empty(0)

        def downhill(theta: Matrix) -> tuple[float, Matrix]:
            point = self.at(theta)
            return -point.value, -point.gradient

        best, lowest = np.empty(0), np.inf
        for start in self._starts():
            found = optimize.minimize(
                downhill,
                start,
                jac=True,
                method="L-BFGS-B",
                bounds=bounds,
                options={"ftol": 1e-14, "gtol": 1e-9, "maxiter": 1000},
            )
            if found.fun < lowest:
                lowest, best = float(found.fun), found.x
        return self._sharpen(best, downhill, bounds)

    def _starts(self) -> list[Matrix]:
        """All terms small, all large, and each of them large alone."""
        small, large = (share * (self.spread + 0.1) for share in _STARTS)
        shares = [[small] * len(self.terms), [large] * len(self.terms)]
        if len(self.terms) > 1:
            shares += [
                [large if one is other else small for other in self.terms] for one in self.terms
            ]
        return [
            np.concatenate([term.start(share) for term, share in zip(self.terms, row, strict=True)])
            for row in shares
        ]

    def _sharpen(
        self, theta: Matrix, downhill: Callable[[Matrix], tuple[float, Matrix]], bounds: Bounds
    ) -> Matrix:
        """Take Newton steps from where the search stopped, after about six digits."""
        low = np.array([-np.inf if one is None else one for one, _ in bounds])
        high = np.array([np.inf if one is None else one for _, one in bounds])

        def pull(at: Matrix, slope: Matrix) -> NDArray[np.bool_]:
            return ~((at <= low) & (slope > 0)) & ~((at >= high) & (slope < 0))

        slope = downhill(theta)[1]
        free = pull(theta, slope)
        for _ in range(_NEWTON_STEPS):
            size = float(np.abs(slope[free]).max(initial=0.0))
            if size < 1e-11 * self.k:
                break
            step = np.zeros_like(theta)
            step[free] = np.linalg.lstsq(
                self._curvature(theta, free, downhill), -slope[free], rcond=1e-9
            )[0]
            moved = np.clip(theta + step, low, high)
            new = downhill(moved)[1]
            now_free = pull(moved, new)
            if np.abs(new[now_free]).max(initial=0.0) >= size:
                break
            theta, slope, free = moved, new, now_free
        if np.abs(slope[free]).max(initial=0.0) > _FLAT * self.k:
            raise NotConverged(
                "the likelihood search for the variances did not settle: the data hardly tell them "
                "apart. Leave a random term out, or choose a structure with fewer parameters (CS)"
            )
        return theta

    @staticmethod
    def _curvature(
        theta: Matrix,
        free: NDArray[np.bool_],
        downhill: Callable[[Matrix], tuple[float, Matrix]],
    ) -> Matrix:
        """Second derivatives by differences of the first."""
        columns = []
        for number in np.flatnonzero(free):
            width = 1e-5 * max(1e-2, abs(theta[number]))
            ends = [theta.copy(), theta.copy()]
            # one-sided at a bound: the covariance must stay one
            ends[0][number] += width
            ends[1][number] -= width if theta[number] > width else 0.0
            slopes = [downhill(end)[1] for end in ends]
            columns.append((slopes[0] - slopes[1])[free] / (ends[0] - ends[1])[number])
        matrix = np.array(columns)
        return np.asarray((matrix + matrix.T) / 2)
