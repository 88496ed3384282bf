r"""At which tau2 is the likelihood of the effects highest?

The derivative of the (restricted) likelihood is half of N - M, with :math:`N = y'PPy` and M the
trace of P (of W under maximum likelihood). The likelihood can have several peaks, and the highest
is wanted, so no search from one point will do. Let a be the smallest variance, and see
:math:`g = \log(N / M)` as a function of :math:`\log(\tau^2 + a)`. The eigenvalues of
:math:`(\tau^2 + a) P` lie between 0 and 1, which bounds the slope of g to between -2 and 1, and
the change of that slope to between -0.75 and 1.25. So a look at g and its slope at both ends of a
stretch tells of most stretches that g has no root there, or that it runs one way and has one. Other
stretches are cut in two and looked at again. Each root where g falls is a peak, and so is 0 where g
starts below 0. The likelihoods of the peaks are compared.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from meta.errors import NotConverged
from meta.synthesis.columns import MAX_STEPS, SETTLED, Fit, Floats, Index, Sets, total

# factor in tau2 + a between looks, and how often a doubtful stretch is cut in two
_FACTOR = 4.0
_CUTS = 8
# g falls by at most 2 and rises by at most 1 a unit; its slope rises and falls by at most these
_FALLS, _RISES = 2.0, 1.0
_BENDS_UP, _BENDS_DOWN = 1.25, 0.75
# the bound has a margin, so that the last look lies beyond the last root in spite of rounding
_MARGIN = 1e-6


def highest_peak(sets: Sets, restricted: bool) -> Floats:
    """Return the tau2 of the highest likelihood, 0 included, shape (d,)."""
    a = sets.smallest()
    bound = (1 + _MARGIN) * _no_peak_beyond(sets, a, restricted)
    searched = np.flatnonzero(bound > a)
    tau2 = np.zeros(sets.d)
    if not len(searched):
        return tau2
    looks = 1 + np.ceil(np.log(bound[searched] / a[searched]) / np.log(_FACTOR)).astype(np.intp)
    column = np.repeat(searched, looks)
    place = np.arange(len(column)) - np.repeat(np.cumsum(looks) - looks, looks)
    x = a[column] * _FACTOR**place
    g, slope = _look(sets, column, x, a, restricted)
    start = np.flatnonzero(place == 0)
    at_zero = searched[g[start] <= 0]
    within = np.flatnonzero(place > 0)
    left, right, column = within - 1, within, column[within]
    x, g, slope = (np.stack([values[left], values[right]]) for values in (x, g, slope))
    found_column, peak = _peaks(sets, column, x, g, slope, a, restricted)
    column = np.concatenate([at_zero, found_column])
    peak = np.concatenate([np.zeros(len(at_zero)), peak])
    several = np.bincount(column, minlength=sets.d)[column] > 1
    tau2[column[~several]] = peak[~several]
    if several.any():
        column, peak = column[several], peak[several]
        height = _height(sets.take(column), peak, restricted)
        order = np.lexsort((-peak, height, column))
        tau2[column[order]] = peak[order]  # the last of each column stays: the highest
    return tau2


def _no_peak_beyond(sets: Sets, a: Floats, restricted: bool) -> Floats:
    """Return an upper bound of tau2 + a on any peak.

    With S the unweighted residual sum of squares and m studies (less coefficients, if restricted),
    N is at most S / (tau2 + a)^2 and M at least m / (tau2 + largest variance).
    """
    squares, _ = sets.unweighted()
    m = sets.dof if restricted else sets.k
    half = squares / (2 * m)
    return np.asarray(half + np.sqrt(half**2 + 2 * half * (sets.largest() - a)))


def _score(fit: Fit, restricted: bool) -> tuple[Floats, Floats, Floats]:
    """N, M and minus the derivative of M."""
    if restricted:
        return fit.n, fit.trace, fit.trace2
    return fit.n, fit.weight, fit.weight2


def _height(sets: Sets, tau2: Floats, restricted: bool) -> Floats:
    """Log-likelihood, without what does not depend on tau2."""
    fit = sets.at(tau2)
    logs = np.log(np.concatenate([sets.v + tau2, sets.pivot_v + tau2]))
    value = -fit.q - total(logs[None])[0]
    if restricted:
        value += np.linalg.slogdet(np.moveaxis(fit.inverse, -1, 0))[1]
    return np.asarray(value / 2)


def _look(
    sets: Sets, column: Index, x: Floats, a: Floats, restricted: bool
) -> tuple[Floats, Floats]:
    """Return g and its slope where tau2 + a is x, in chunks of columns."""
    g, slope = np.empty(len(x)), np.empty(len(x))
    for first in range(0, len(x), sets.width):
        part = slice(first, first + sets.width)
        at = x[part]
        fit = sets.take(column[part]).at(at - a[column[part]], slopes=True)
        n, m, falls = _score(fit, restricted)
        g[part] = np.log(n / m)
        slope[part] = at * (falls / m - 2 * fit.cube / n)
    return g, slope


def _peaks(
    sets: Sets,
    column: Index,
    x: Floats,
    g: Floats,
    slope: Floats,
    a: Floats,
    restricted: bool,
) -> tuple[Index, Floats]:
    """Find the roots where g falls in stretches, given both ends (2, n) of each."""
    columns, ends, values = [], [], []
    for cuts in range(_CUTS + 1):
        clear = _clear(x, g, slope) | (cuts == _CUTS)
        peak = clear & (g[0] > 0) & (g[1] <= 0)
        columns.append(column[peak])
        ends.append(x[:, peak])
        values.append(g[:, peak])
        doubt = np.flatnonzero(~clear)
        if not len(doubt):
            break
        column, x, g, slope = column[doubt], x[:, doubt], g[:, doubt], slope[:, doubt]
        middle = np.sqrt(x[0] * x[1])
        looked = _look(sets, column, middle, a, restricted)
        column = np.tile(column, 2)
        x, g, slope = (
            np.hstack([[old[0], new], [new, old[1]]])
            for old, new in ((x, middle), (g, looked[0]), (slope, looked[1]))
        )
    column = np.concatenate(columns)
    return column, _roots(sets, column, np.hstack(ends), np.hstack(values), a, restricted)


def _clear(x: Floats, g: Floats, slope: Floats) -> NDArray[np.bool_]:
    """Whether a stretch has no peak but the one that a fall of g through 0 shows."""
    h = np.log(x[1] / x[0])
    rise, fall = 1 / _BENDS_UP, 1 / _BENDS_DOWN
    steepest_up = (h + slope[0] * rise + slope[1] * fall) / (rise + fall)
    steepest_down = (slope[0] * fall + slope[1] * rise - h) / (rise + fall)
    # length that g needs from one end to 0 and on to the other end: it falls faster than it rises
    first = np.where(g[0] > 0, g[0] / _FALLS, -g[0] / _RISES)
    last = np.where(g[1] > 0, g[1] / _RISES, -g[1] / _FALLS)
    return np.asarray((steepest_up < 0) | (steepest_down > 0) | (first + last > h))


def _roots(sets: Sets, column: Index, x: Floats, g: Floats, a: Floats, restricted: bool) -> Floats:
    """Newton on M / N - 1, which is linear in tau2 where variances are equal, within brackets."""
    f = np.expm1(-g)
    a = a[column]
    low, high = x - a
    tau2 = np.asarray(low + (high - low) * (f[0] / (f[0] - f[1])))
    for first in range(0, len(column), sets.width):
        open_ = np.arange(first, min(first + sets.width, len(column)))
        for _ in range(MAX_STEPS):
            at = tau2[open_]
            fit = sets.take(column[open_]).at(at, slopes=True)
            n, m, falls = _score(fit, restricted)
            rising = n > m
            low[open_[rising]] = at[rising]
            high[open_[~rising]] = at[~rising]
            with np.errstate(divide="ignore", invalid="ignore"):
                after = at + (n - m) / (2 * fit.cube * m / n - falls)
            settled = np.abs(after - at) <= SETTLED * (at + a[open_])
            inside = (after >= low[open_]) & (after <= high[open_])
            middle = (low[open_] + high[open_]) / 2
            tau2[open_] = np.where(settled, np.maximum(after, 0.0), np.where(inside, after, middle))
            open_ = open_[~settled]
            if not len(open_):
                break
        else:
            raise NotConverged("the search for the highest likelihood has not ended")
    return tau2
