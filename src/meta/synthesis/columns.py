r"""Many meta-analyses of k studies at once: the arithmetic behind every fit.

Effects and variances stand in arrays of shape (k, d), a column for each meta-analysis; one fit is
d = 1. NumPy is all that is needed, and no matrix is larger than (p, p) for p coefficients.

Three things keep the digits. Columns are brought to a smallest variance near 1 by a power of two,
which is exact, so that no unit of the effects overflows. Effects are counted from the most precise
study of their column (with moderators: from p studies that fix the coefficients well), so that one
study with nearly all of the weight takes no digits from the others. And every sum over studies is
made in an order that k alone decides, so that an answer has the same bits in any company.

With :math:`W = diag(1 / (v_i + \tau^2))` and :math:`P = W - W X (X'WX)^{-1} X'W` everything follows
from :math:`Q = y'Py` and :math:`N = y'PPy = -dQ / d\tau^2`, the traces of :math:`P` and :math:`PP`,
and :math:`y'PPPy`.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from meta.errors import NotConverged

Floats = NDArray[np.float64]
Index = NDArray[np.intp]

# numbers in a work array: a chunk has as many columns as fit, so that its arrays stay in the cache
WORK = 30_000
# from twice this many studies on, a sum is made of this many interleaved parts
_PARTS = 64
# Newton converges quadratically: after a step below this share the next one is below rounding
SETTLED = 1e-9
MAX_STEPS = 200


@lru_cache
def chunk_width(k: int, p: int = 1) -> int:
    """Return how many columns are worked on at once; it depends on one column alone."""
    return max(1, WORK // (k * len(_pairs(p))))


def total(values: Floats) -> Floats:
    """Sum stacks (rows, n, m) over their n studies, in an order that n alone decides."""
    rows, n, m = values.shape
    if n < 2 * _PARTS:
        if m == 1 and n:
            # NumPy sums a column that stands alone in another order than the same among others
            return np.asarray(np.add.accumulate(values, axis=1)[:, -1])
        return np.asarray(values.sum(axis=1))
    whole = n // _PARTS * _PARTS
    parts = values[:, :whole].reshape(rows, -1, _PARTS * m).sum(axis=1).reshape(rows, _PARTS, m)
    parts[:, : n - whole] += values[:, whole:]
    while parts.shape[1] > 1:
        half = parts.shape[1] // 2
        parts = parts[:, :half] + parts[:, half:]
    return np.asarray(parts[:, 0])


class _Kept(threading.local):
    """Work arrays of this thread, by place."""

    def __init__(self) -> None:
        self.arrays: dict[int, Floats] = {}


_kept = _Kept()


def _scratch(place: int, rows: int, n: int, m: int) -> Floats:
    """Return a work array of this thread that is used again: fresh memory costs more than sums."""
    size = rows * n * m
    if place not in _kept.arrays or _kept.arrays[place].size < size:
        _kept.arrays[place] = np.empty(size)
    return _kept.arrays[place][:size].reshape(rows, n, m)


# small matrices, a stack of shape (p, q, m); p is 1 for the mean, so that loops over it are short


def _over(rows: Floats) -> Floats:
    """Sum over the first, short axis, from its first entry to its last."""
    answer = rows[0].copy()
    for row in rows[1:]:
        answer += row
    return np.asarray(answer)


def _product(a: Floats, b: Floats) -> Floats:
    answer = a[:, 0, None] * b[None, 0]
    for j in range(1, a.shape[1]):
        answer = answer + a[:, j, None] * b[None, j]
    return np.asarray(answer)


def _trace(a: Floats, b: Floats) -> Floats:
    """Trace of the product."""
    return _over(np.stack([_over(a[i] * b[:, i]) for i in range(len(a))]))


def _inverse(a: Floats) -> Floats:
    """Inverse of positive definite matrices whose diagonals may differ by orders of magnitude."""
    if len(a) == 1:
        return np.asarray(1.0 / a)
    size = 1.0 / np.sqrt(np.stack([a[i, i] for i in range(len(a))]))
    scaled = np.moveaxis(a * size[:, None] * size[None], -1, 0)
    inverse = np.ascontiguousarray(np.moveaxis(np.linalg.inv(scaled), 0, -1))
    return np.asarray(inverse * size[:, None] * size)


def _symmetric(triangle: Floats, p: int) -> Floats:
    if p == 1:
        return triangle[None]
    full = np.empty((p, p, triangle.shape[1]))
    for place, (a, b) in enumerate(_pairs(p)):
        full[a, b] = full[b, a] = triangle[place]
    return full


def _pairs(p: int) -> list[tuple[int, int]]:
    return [(a, b) for a in range(p) for b in range(a, p)]


class Fit(NamedTuple):
    """What the data say at a given tau2, an entry for each of m columns.

    Attributes
    ----------
    beta : numpy.ndarray of shape (p, m)
        Coefficients in the basis of the pivots; see :meth:`Sets.coefficients`.
    inverse : numpy.ndarray of shape (p, p, m)
        :math:`(X'WX)^{-1}` in the same basis.
    q, n : numpy.ndarray of shape (m,)
        Cochran's Q at this tau2, and minus its derivative.
    trace : numpy.ndarray of shape (m,)
        Trace of P.
    weight, weight2 : numpy.ndarray of shape (m,)
        Traces of W and of WW.
    cube, trace2 : numpy.ndarray of shape (m,)
        :math:`y'PPPy` and the trace of PP, where they were asked for.
    """

    beta: Floats
    inverse: Floats
    q: Floats
    n: Floats
    trace: Floats
    weight: Floats
    weight2: Floats
    cube: Floats
    trace2: Floats


@dataclass(frozen=True, slots=True)
class Sets:
    """Meta-analyses of k studies, a column each, as the arithmetic wants them.

    Attributes
    ----------
    z, v : numpy.ndarray of shape (k - p, d)
        Effects of the studies that are no pivots, less what the pivots say of them; variances.
    pivot_y, pivot_v : numpy.ndarray of shape (p, d)
        Effects and variances of the pivots, the studies that everything is counted from.
    x : tuple of numpy.ndarray of shape (k - p, d)
        The design of the others in the basis of the pivots, column by column; then the products of
        each two columns. Empty for an intercept alone, where all are 1.
    basis : numpy.ndarray of shape (p, p, d)
        From values at the pivots to coefficients of the given design.
    unit : numpy.ndarray of shape (d,)
        The unit of all this, a power of two.
    """

    z: Floats
    v: Floats
    pivot_y: Floats
    pivot_v: Floats
    x: tuple[Floats, ...]
    basis: Floats
    unit: Floats

    @property
    def p(self) -> int:
        """Number of coefficients."""
        return len(self.pivot_v)

    @property
    def k(self) -> int:
        """Number of studies."""
        return len(self.z) + self.p

    @property
    def dof(self) -> int:
        """Studies less coefficients."""
        return len(self.z)

    @property
    def d(self) -> int:
        """Number of columns."""
        return len(self.unit)

    @property
    def width(self) -> int:
        """Columns of one chunk."""
        return chunk_width(self.k, self.p)

    @classmethod
    def of(cls, y: Floats, v: Floats, X: Floats | None = None) -> Self:
        """Arrange ``y`` and ``v`` of shape (k, d), with a design of shape (k, p)."""
        exponent = np.frexp(v.min(axis=0))[1] // 2
        y = np.multiply(y, np.ldexp(1.0, -exponent), order="C")
        v = np.multiply(v, np.ldexp(1.0, -2 * exponent), order="C")
        unit = np.ldexp(1.0, exponent)
        return cls._mean(y, v, unit) if X is None else cls._regression(y, v, X, unit)

    @classmethod
    def _mean(cls, y: Floats, v: Floats, unit: Floats) -> Self:
        best, column = v.argmin(axis=0), np.arange(v.shape[1])
        pivot_y, pivot_v = y[best, column], v[best, column]
        z, others = y[1:] - pivot_y, v[1:].copy()
        # the first study takes the place of the most precise one
        moved = np.flatnonzero(best)
        z[best[moved] - 1, moved] = y[0, moved] - pivot_y[moved]
        others[best[moved] - 1, moved] = v[0, moved]
        return cls(z, others, pivot_y[None], pivot_v[None], (), np.ones((1, 1, len(unit))), unit)

    @classmethod
    def _regression(cls, y: Floats, v: Floats, X: Floats, unit: Floats) -> Self:
        (k, p), d = X.shape, y.shape[1]
        column = np.arange(d)
        # an orthogonal basis first: calendar years beside an intercept lose no digits
        design, triangle = np.linalg.qr(X)
        # then, in turn, the study that says most about what is still open
        left = design.T[:, :, None] / np.sqrt(v)
        chosen = np.empty((p, d), dtype=np.intp)
        for turn in range(p):
            chosen[turn] = _over(left * left).argmax(axis=0)
            row = left[:, chosen[turn], column]
            row = row / np.sqrt(_over(row * row))
            left = left - _over(left * row[:, None]) * row[:, None]
            left[:, chosen[turn], column] = 0.0
        other = np.ones((k, d), dtype=bool)
        other[chosen, column] = False
        rest = np.ascontiguousarray(np.nonzero(other.T)[1].reshape(d, k - p).T)
        to_pivots = np.linalg.inv(np.moveaxis(design[chosen], 0, 1))
        to_pivots = np.ascontiguousarray(np.moveaxis(to_pivots, 0, -1))
        rows = [np.ascontiguousarray(design[:, j][rest]) for j in range(p)]
        x = [_over(np.stack([rows[j] * to_pivots[j, a] for j in range(p)])) for a in range(p)]
        pivot_y = np.take_along_axis(y, chosen, axis=0)
        z = np.take_along_axis(y, rest, axis=0)
        for a in range(p):
            z = z - x[a] * pivot_y[a]
        basis = _product(np.linalg.inv(triangle)[:, :, None], to_pivots)
        variances = (np.take_along_axis(v, places, axis=0) for places in (rest, chosen))
        others, pivot_v = map(np.ascontiguousarray, variances)
        products = [x[a] * x[b] for a, b in _pairs(p)]
        return cls(z, others, pivot_y, pivot_v, (*x, *products), basis, unit)

    def take(self, columns: Index) -> Self:
        """Return some columns; a single column stays as it is and serves for all."""
        if self.d == 1:
            return self
        return type(self)(
            z=np.take(self.z, columns, axis=1),
            v=np.take(self.v, columns, axis=1),
            pivot_y=np.take(self.pivot_y, columns, axis=1),
            pivot_v=np.take(self.pivot_v, columns, axis=1),
            x=tuple(np.take(a, columns, axis=1) for a in self.x),
            basis=np.take(self.basis, columns, axis=2),
            unit=self.unit[columns],
        )

    def smallest(self) -> Floats:
        """Return the smallest variance of each column."""
        return np.asarray(np.minimum(_lowest(self.pivot_v), _lowest(self.v)))

    def largest(self) -> Floats:
        """Return the largest variance of each column."""
        return np.asarray(np.maximum(-_lowest(-self.pivot_v), -_lowest(-self.v)))

    def coefficients(self, fit: Fit) -> tuple[Floats, Floats]:
        """Return coefficients (p, m) and inverse information (p, p, m) of the given design.

        They are in the units of the effects.
        """
        values = self.pivot_y + fit.beta
        if not self.x:
            return values * self.unit, fit.inverse * self.unit**2
        beta = _product(self.basis, values[:, None])[:, 0]
        covariance = _product(_product(self.basis, fit.inverse), self.basis.swapaxes(0, 1))
        return beta * self.unit, covariance * self.unit**2

    def at(self, tau2: Floats, *, slopes: bool = False) -> Fit:
        """Fit columns at a tau2 each, shape (m,); a single column may be fitted at many.

        ``slopes`` asks for ``cube`` and ``trace2``, too.
        """
        return self._line_at(tau2, slopes) if self.x else self._mean_at(tau2, slopes)

    def _mean_at(self, tau2: Floats, slopes: bool) -> Fit:
        """Fit the mean, the short case of :meth:`_line_at` with x = 1 everywhere."""
        n, m = self.dof, len(tau2)
        terms = _scratch(0, 3 + slopes, n, m)
        w = np.add(self.v, tau2, out=terms[0])
        np.divide(1.0, w, out=w)
        np.multiply(w, self.z, out=terms[1])
        np.multiply(w, w, out=terms[2])
        if slopes:
            np.multiply(terms[2], w, out=terms[3])
        others, right, square, *cubed = total(terms)
        own = 1.0 / (self.pivot_v[0] + tau2)
        weight = others + own
        beta = right / weight
        pivot_u = -own * beta
        second = _scratch(1, 2 + 2 * slopes, n, m)
        residual, u = _scratch(2, 2, n, m)
        np.subtract(self.z, beta, out=residual)
        np.multiply(w, residual, out=u)
        np.multiply(u, residual, out=second[0])
        np.multiply(u, u, out=second[1])
        if slopes:
            # y'PPPy is the Q of u = Py, counted from the pivot like the effects themselves
            u -= pivot_u
            np.multiply(w, u, out=second[2])
            np.multiply(second[2], u, out=second[3])
        q, falls, *bends = total(second)
        share = own / weight
        cube = trace2 = np.empty(0)
        if slopes:
            cube = bends[1] - bends[0] ** 2 / weight
            trace2 = square - 2 * cubed[0] / weight + (square / weight) ** 2
            trace2 += share**2 * (others**2 + 2 * square)
        return Fit(
            beta=beta[None],
            inverse=1.0 / weight[None, None],
            q=q - pivot_u * beta,
            n=falls + pivot_u**2,
            trace=others - square / weight + share * others,
            weight=weight,
            weight2=square + own**2,
            cube=cube,
            trace2=trace2,
        )

    def _line_at(self, tau2: Floats, slopes: bool) -> Fit:
        p, n, m = self.p, self.dof, len(tau2)
        x, products = self.x[:p], self.x[p:]
        powers, rows = 2 + slopes, 1 + len(products)
        # w, w^2 (and w^3), alone and with each product of design columns; then w x z
        terms = _scratch(0, powers * rows + p, n, m)
        w = np.add(self.v, tau2, out=terms[0])
        np.divide(1.0, w, out=w)
        for power in range(powers):
            base = terms[power * rows]
            if power:
                np.multiply(terms[(power - 1) * rows], w, out=base)
            for place, product in enumerate(products):
                np.multiply(base, product, out=terms[power * rows + 1 + place])
        for a in range(p):
            np.multiply(w, self.z, out=terms[powers * rows + a])
            terms[powers * rows + a] *= x[a]
        sums = total(terms)
        of_w, of_w2, *of_w3 = (
            _symmetric(sums[i * rows + 1 : (i + 1) * rows], p) for i in range(powers)
        )
        own = 1.0 / (self.pivot_v + tau2)
        information = of_w.copy()
        for a in range(p):
            information[a, a] += own[a]
        inverse = _inverse(information)
        beta = _product(inverse, sums[powers * rows :, None])[:, 0]
        pivot_u = -own * beta

        second = _scratch(1, 2 + (1 + p) * slopes, n, m)
        residual = self.z - self._line(beta)
        u = w * residual
        np.multiply(u, residual, out=second[0])
        np.multiply(u, u, out=second[1])
        if slopes:
            u -= self._line(pivot_u)
            for a in range(p):
                np.multiply(w, u, out=second[3 + a])
            np.multiply(second[3], u, out=second[2])
            for a in range(p):
                second[3 + a] *= x[a]
        found = total(second)

        shared = _product(inverse, of_w)  # how far the others decide at the pivots
        trace = sums[0] - _trace(inverse, of_w2)
        for a in range(p):
            trace = trace + own[a] * shared[a, a]
        cube = trace2 = np.empty(0)
        if slopes:
            right = found[3:, None]
            cube = found[2] - _over(right[:, 0] * _product(inverse, right)[:, 0])
            spread = _product(inverse, of_w2)
            both = _product(spread, inverse)
            pivots = own[:, None] * shared
            trace2 = sums[rows] - 2 * _trace(inverse, of_w3[0]) + _trace(spread, spread)
            trace2 = trace2 + _trace(pivots, pivots)
            for a in range(p):
                trace2 = trace2 + 2 * own[a] ** 2 * both[a, a]
        return Fit(
            beta=beta,
            inverse=inverse,
            q=found[0] + _over(own * beta * beta),
            n=found[1] + _over(pivot_u * pivot_u),
            trace=trace,
            weight=sums[0] + _over(own),
            weight2=sums[rows] + _over(own * own),
            cube=cube,
            trace2=trace2,
        )

    def _line(self, beta: Floats) -> Floats:
        """Return what coefficients say of the studies that are no pivots."""
        if not self.x:
            return beta
        answer = np.asarray(self.x[0] * beta[0])
        for a in range(1, self.p):
            answer += self.x[a] * beta[a]
        return answer

    def unweighted(self) -> tuple[Floats, Floats]:
        """Residual sum of squares of the unweighted fit, and what sampling adds to it."""
        p, n, d = self.p, self.dof, self.d
        x, products = self.x[:p], self.x[p:]
        terms = _scratch(0, p + max(1, len(products)), n, d)
        for a in range(p):
            np.multiply(self.z, x[a] if x else 1.0, out=terms[a])
        terms[p:] = 1.0
        for place, product in enumerate(products):
            terms[p + place] = product
        sums = total(terms)
        of_x = _symmetric(sums[p:], p)
        information = of_x.copy()
        for a in range(p):
            information[a, a] += 1.0
        inverse = _inverse(information)
        beta = _product(inverse, sums[:p, None])[:, 0]
        leverage = inverse[0]
        if x:
            parts = [
                product * (inverse[a, b] * (1 + (a != b)))
                for product, (a, b) in zip(products, _pairs(p), strict=True)
            ]
            leverage = _over(np.stack(parts))
        second = _scratch(1, 2, n, d)
        residual = self.z - self._line(beta)
        np.multiply(residual, residual, out=second[0])
        np.multiply(self.v, 1.0 - leverage, out=second[1])
        found = total(second)
        shared = _product(inverse, of_x)
        expected = found[1]
        for a in range(p):
            expected = expected + self.pivot_v[a] * shared[a, a]
        return found[0] + _over(beta * beta), expected


def variance(sets: Sets) -> Floats:
    """Return the plain variance of the effects, with divisor k."""
    first = sets.pivot_y[0]
    rows = sets.z if not sets.x else sets.z + sets._line(sets.pivot_y) - first
    rows = np.concatenate([sets.pivot_y - first, rows])
    centred = rows - total(rows[None]) / sets.k
    return np.asarray(total(centred[None] ** 2)[0] / sets.k)


def _lowest(rows: Floats) -> Floats:
    return np.asarray(rows.min(axis=0, initial=np.inf))


def q_root(sets: Sets, target: Floats) -> Floats:
    r"""Return the tau2 at which Q falls to a target, shape (m,); 0 where Q(0) is not above it.

    1 / Q is concave and rises with tau2, so Newton's steps from the left never pass the root and
    need no bracket. A single column may have many targets.
    """
    tau2 = np.zeros(len(target))
    open_ = np.arange(len(target))
    lowest = np.broadcast_to(sets.smallest(), len(target))
    for _ in range(MAX_STEPS):
        if not len(open_):
            return tau2
        going = []
        for first in range(0, len(open_), sets.width):
            some = open_[first : first + sets.width]
            here = sets.take(some)
            fit = here.at(tau2[some])
            wanted = target[some]
            step = np.zeros_like(wanted)
            with np.errstate(divide="ignore", invalid="ignore"):
                np.divide(fit.q * (fit.q - wanted), wanted * fit.n, out=step, where=fit.q > 0)
            after = np.maximum(tau2[some] + step, 0.0)
            settled = step <= SETTLED * (after + lowest[some])
            tau2[some] = after
            going.append(some[~settled])
        open_ = np.concatenate(going)
    raise NotConverged(
        f"no tau2 up to {tau2.max():.3g} brings Q down to its target; check the variances for "
        "values that are far too small"
    )
