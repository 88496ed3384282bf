"""Where on its axis does an effect stand, which stretch is shown, and where are its ticks?

Axis coordinates are logarithms for ratio measures and the reader's scale for all others. Charts
that draw curves run on the scale of computation instead, with ticks on the reader's.
"""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Real

import numpy as np
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike

from meta.effect_sizes.measures import Measure
from meta.errors import DataError
from meta.figures.theme import SMALL, text_width
from meta.wording import exact_decimals, number, power_of_ten

# an interval more than this many times as long as the typical one is cut with an arrow
_LONGEST = 3.0
# and always shown up to this share of the stretch that the estimates take
_SHOWN = 0.25
# summary and prediction intervals may widen the axis by this share on each side
_WIDEN = 0.35
# the finest comes first; a set is taken if it gives few enough ticks
# the ends of the ratios that an axis names
_SMALLEST_RATIO = 1e-300
_DECADE_STEPS = ((1.0, 1.5, 2.0, 3.0, 5.0, 7.0), (1.0, 2.0, 5.0), (1.0, 3.0), (1.0,))


def to_axis(scale: Measure, values: object) -> np.ndarray:
    """Take stored effects to axis coordinates: logarithms stay, others go to the reader's scale."""
    array = np.atleast_1d(np.asarray(values, dtype=float))
    return array if scale.log else np.atleast_1d(np.asarray(scale.to_reader(array), dtype=float))


def to_reader(scale: Measure, values: object) -> np.ndarray:
    """Take axis coordinates to the reader's scale."""
    array = np.atleast_1d(np.asarray(values, dtype=float))
    with np.errstate(over="ignore"):  # the end of a very long interval is infinite
        return np.exp(array) if scale.log else array


def reader_to_axis(scale: Measure, value: float) -> float:
    """Take a value on the reader's scale to axis coordinates."""
    return float(np.log(value)) if scale.log else float(value)


def null_place(scale: Measure) -> float:
    """Return where no effect stands, in axis coordinates; NaN if the scale has no such value."""
    return reader_to_axis(scale, scale.null) if np.isfinite(scale.null) else np.nan


def axis_name(scale: Measure, *, computed: bool = False) -> str:
    """Name an effect axis, and the scale on which it runs where that is not the reader's own."""
    if computed and scale.transform.name and not scale.log:
        return f"{scale.label} ({scale.transform.name} scale)"
    return scale.label + (" (log scale)" if scale.log else "")


def robust_limits(
    estimates: ArrayLike,
    lows: ArrayLike,
    highs: ArrayLike,
    *,
    must_show: Sequence[float] = (),
    wide: Sequence[tuple[float, float]] = (),
) -> tuple[float, float]:
    """Choose limits that one absurd interval cannot squash.

    Parameters
    ----------
    estimates, lows, highs : array_like of shape (k,)
        Effects and interval limits in axis coordinates. Every estimate is shown.
    must_show : sequence of float
        Further values inside the limits (no effect, the pooled effect, a claim).
    wide : sequence of (low, high)
        Summary and prediction intervals: shown in full where they widen the axis by no more than
        about a third on each side, else cut.

    Returns
    -------
    tuple of float
        Lower and upper limit.

    Notes
    -----
    An arm of an interval counts up to three times the (lower) median arm, or a quarter of the
    stretch that the estimates take. The lower median, because with two studies the upper one may
    be the absurd one.
    """
    points, low, high = (
        np.atleast_1d(np.asarray(a, dtype=float)) for a in (estimates, lows, highs)
    )
    seen = np.isfinite(points)
    points, low, high = points[seen], low[seen], high[seen]
    arms = np.concatenate([points - low, high - points])
    arms = np.sort(arms[np.isfinite(arms)])
    typical = float(arms[(len(arms) - 1) // 2]) if len(arms) else np.inf
    values = [float(v) for v in (*points, *must_show) if np.isfinite(v)]
    reach = max(_LONGEST * typical, _SHOWN * float(np.ptp(points)) if len(points) else 0.0)
    left = np.where(np.isfinite(low), np.maximum(low, points - reach), points)
    right = np.where(np.isfinite(high), np.minimum(high, points + reach), points)
    values += [float(v) for v in (*left, *right)]
    if not values:
        return -1.0, 1.0
    bottom, top = min(values), max(values)
    room = _WIDEN * (top - bottom) or np.inf
    for one_low, one_high in wide:
        if np.isfinite(one_low):
            bottom = min(bottom, max(one_low, min(values) - room))
        if np.isfinite(one_high):
            top = max(top, min(one_high, max(values) + room))
    if top - bottom <= 1e-9 * max(1.0, abs(top)):
        bottom, top = bottom - max(0.5, abs(bottom) / 2), top + max(0.5, abs(top) / 2)
    pad = 0.03 * (top - bottom)
    return bottom - pad, top + pad


def limits_of_reader(
    name: str, scale: Measure, limits: tuple[float, float], argument: str = "xlim"
) -> tuple[float, float]:
    """Take limits that the caller wants, on the reader's scale, to axis coordinates.

    Raises
    ------
    DataError
        If they are not two finite numbers in rising order, above 0 for ratios.
    """
    several = isinstance(limits, Sequence | np.ndarray)
    if not several or len(limits) != 2 or not all(isinstance(edge, Real) for edge in limits):
        raise DataError(f"{name}: {argument}={limits!r}: give two numbers, (low, high)")
    low, high = limits
    if not (np.isfinite(limits).all() and low < high and (low > 0 or not scale.log)):
        need = "above 0 " if scale.log else ""
        raise DataError(
            f"{name}: {argument}={limits}: give two finite numbers {need}in rising order"
        )
    return reader_to_axis(scale, low), reader_to_axis(scale, high)


def ticks(
    scale: Measure, limits: tuple[float, float], most: int = 7
) -> tuple[list[float], list[str]]:
    """Choose ticks and their texts.

    Parameters
    ----------
    scale : Measure
        Ratio measures get ratios (0.5, 1, 2), evenly spaced on the logarithm where the axis is
        long.
    limits : tuple of float
        Axis coordinates.
    most : int
        No more ticks than this.

    Returns
    -------
    positions : list of float
        Axis coordinates.
    texts : list of str
        On the reader's scale.
    """
    if not scale.log:
        places = [float(v) for v in _nice(*limits, most)]
        digits = exact_decimals(places, most=8)
        return places, [number(place, digits) for place in places]
    low, high = (float(v) for v in to_reader(scale, limits))
    ratios = _ratio_ticks(low, high, most)
    return [float(np.log(r)) for r in ratios], [_ratio_text(r) for r in ratios]


def computed_ticks(
    scale: Measure, limits: tuple[float, float], most: int = 7
) -> tuple[list[float], list[str]]:
    """Choose ticks of an axis that runs on the scale of computation, named on the reader's.

    A correlation drawn as Fisher's z, or a proportion drawn as its logit, has ticks that are
    evenly spaced there and round numbers for the reader, finer towards the ends of its range.
    """
    if scale.log or not scale.transform.name:
        return ticks(scale, limits, most)
    found: dict[float, str] = {}
    wanted = np.linspace(*limits, most)
    null = float(scale.from_reader(scale.null))
    if limits[0] <= null <= limits[1]:
        wanted[np.argmin(np.abs(wanted - null))] = null
    for at in wanted:
        value = float(scale.to_reader(at))
        room = max(min(abs(value), 1 - abs(value)) if scale.single_group else 1 - abs(value), 1e-6)
        digits = max(1, int(np.ceil(-np.log10(room) - 1e-9)))
        value = round(value, digits) + 0.0
        place = float(scale.from_reader(value))
        if np.isfinite(place) and limits[0] <= place <= limits[1]:
            found[place] = number(value, exact_decimals([value]))
    places = sorted(found)
    return places, [found[place] for place in places]


def fitting_ticks(
    scale: Measure,
    limits: tuple[float, float],
    length: float,
    *,
    computed: bool = False,
    upright: bool = False,
) -> tuple[list[float], list[str]]:
    """Choose the most ticks whose texts keep apart on an axis of a length in points.

    ``computed`` axes run on the scale of computation; on ``upright`` ones texts stack.
    """
    choose = computed_ticks if computed else ticks
    places: list[float] = []
    texts: list[str] = []
    for most in (7, 6, 5, 4, 3, 2):
        places, texts = choose(scale, limits, most)
        at = [(p - limits[0]) / (limits[1] - limits[0]) * length for p in places]
        half = [SMALL / 2 if upright else text_width(t, SMALL) / 2 for t in texts]
        if all(at[i + 1] - half[i + 1] - at[i] - half[i] >= 5 for i in range(len(places) - 1)):
            return places, texts
    return places[:1], texts[:1]


def _nice(low: float, high: float, most: int) -> list[float]:
    found = MaxNLocator(nbins=most - 1, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high)
    # -0.0 and 1e-17 are 0
    step = float(found[1] - found[0])
    return [0.0 if abs(v) < step / 1e6 else float(v) for v in found if low <= v <= high]


def _ratio_ticks(low: float, high: float, most: int) -> list[float]:
    # ratios beyond these are written at the end of the axis that floats have
    low, high = max(low, _SMALLEST_RATIO), min(high, 1 / _SMALLEST_RATIO)
    first, last = int(np.floor(np.log10(low))), int(np.ceil(np.log10(high)))
    for steps in _DECADE_STEPS:
        found = [
            step * 10.0**decade
            for decade in range(first, last + 1)
            for step in steps
            if low <= step * 10.0**decade <= high
        ]
        if len(found) < 3 and steps == _DECADE_STEPS[0]:
            return _nice(low, high, most - 1)
        if len(found) <= most:
            return found
    every = -(-len(found) // most)
    # 1 (no effect) stays among those that are kept
    return [v for v in found if round(np.log10(v)) % every == 0]


def _ratio_text(ratio: float) -> str:
    if 1e-3 <= ratio < 1e5:
        return number(ratio, exact_decimals([ratio]))
    return power_of_ten(round(np.log10(ratio)))
