"""Which effects could lie behind a p-value and a number of people?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from meta.arguments import checked
from meta.effect_sizes.inputs import as_floats
from meta.errors import DataError, TooFewStudies
from meta.synthesis.presentation import Answer
from meta.synthesis.without_pooling.reported_p_values import (
    names_of,
    read_direction,
    read_p,
    same_length,
)
from meta.wording import listed, range_text, value_text

_CURVE_POINTS = 200
_COLUMNS = ["label", "n", "reported", "p_value", "bound", "direction", "z", "smd", "band"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Albatross(Answer):
    """Points and contours of an albatross plot.

    Attributes
    ----------
    points : pandas.DataFrame
        One row a result that can be placed: ``label n reported p_value bound direction z smd
        band``. ``z`` and ``smd`` (the standardised mean difference that fits p and n) are above 0
        where the treatment is favoured; ``band`` names the contours that |smd| lies between;
        ``bound`` marks a printed threshold, for which |smd| is at least the value given.
    not_placed : pandas.DataFrame
        Results that cannot be placed: ``label reason``.
    contours : pandas.DataFrame
        Curves of equal effect: ``smd z p_value n``, in order along each curve; ``z`` has the sign
        of ``smd``, ``p_value`` is two-sided.
    ratio : float
        People in one arm over people in the other, for which the contours hold.
    notes : tuple of str
        Sentences that must stand beside these numbers wherever they are shown.
    """

    _caption: ClassVar[str] = "P-values against numbers of people"

    points: pd.DataFrame
    not_placed: pd.DataFrame
    contours: pd.DataFrame
    ratio: float
    notes: tuple[str, ...]

    def sentence(self) -> str:
        """Say in plain words where the points lie."""
        favour = self.points[self.points["direction"] == "treated"]
        exact = self.points.loc[~self.points["bound"], "smd"]
        text = (
            f"{len(favour)} of {len(self.points)} results lie on the side of the treatment. Each "
            "contour joins results that one and the same effect would give in trials of different "
            "size; points along one contour speak for one effect, points scattered across them for "
            "different ones."
        )
        if len(exact):
            text += (
                f" Read off the contours, exact p-values correspond to standardised mean "
                f"differences of {range_text([exact.min(), exact.max()])} "
                "(above 0 favours the treatment), median "
                f"{value_text(exact.median())}."
            )
        return text

    def _rows(self) -> list[tuple[str, str]]:
        return [
            ("Results placed", str(len(self.points))),
            ("Results that cannot be placed", str(len(self.not_placed))),
            ("Reading", self.sentence()),
        ]

    def _frames(self) -> list[pd.DataFrame]:
        return [self.points]


@checked
def albatross(
    p_values: Sequence[float | str],
    n: ArrayLike,
    directions: Sequence[Any],
    *,
    labels: Sequence[str] | None = None,
    ratio: float = 1.0,
    contours: Sequence[float] = (0.2, 0.5, 0.8),
) -> Albatross:
    r"""Compute an albatross plot: p-values against numbers of people, with contours of effect.

    Parameters
    ----------
    p_values : sequence of float or str
        Two-sided p-values of the treatment against its control, above 0 and up to 1, or bounds.
    n : array_like
        People in both arms together; missing where unknown.
    directions : sequence
        ``"treated"`` (or 1), ``"control"`` (or -1), or a missing value.
    labels : sequence of str, optional
        Names of the results.
    ratio : float
        People in one arm over people in the other, above 0; 1 for equal arms.
    contours : sequence of float
        Standardised mean differences, above 0, whose contours are drawn on both sides.

    Returns
    -------
    Albatross
        Drawn by the figures; a result without a number of people, with no direction, or with a
        lower bound of p only (">0.05") cannot be placed and is listed.

    Raises
    ------
    DataError
        If a p-value, a number of people or a setting is impossible. All faults are named.
    TooFewStudies
        If no result can be placed.

    Notes
    -----
    With arms in the ratio r, the variance of a standardised mean difference d is
    :math:`\frac{(1 + r)^2}{r N} + \frac{d^2}{2 N}`, so that :math:`z = d / \sqrt{\mathrm{var}}`
    gives the contour :math:`N = \frac{z^2}{d^2}\left(\frac{(1 + r)^2}{r} + \frac{d^2}{2}\right)`;
    for equal arms :math:`N = z^2 (8 + d^2) / (2 d^2)`, the form in use for albatross plots. Solved
    for d it gives the effect of a point. The normal distribution stands in for t, as in the
    original: with fewer than about 20 people an effect is somewhat overstated.

    The contours assume one comparison of two independent arms. They do not hold for crossover
    trials, adjusted analyses or tests of more than two arms.

    References
    ----------
    harrison2017

    Examples
    --------
    >>> from meta.synthesis.without_pooling.albatross import albatross
    >>> answer = albatross([0.02, 0.55], [90, 64], ["treated", "control"])
    >>> answer.points["smd"].round(2).tolist()
    [0.5, -0.15]
    """
    faults: list[str] = []
    sizes = as_floats("n", n, faults)
    if sizes is None:
        raise DataError.from_faults("albatross", faults)
    people_of = np.atleast_1d(sizes).tolist()
    same_length(p_values=p_values, n=people_of, directions=directions)
    names = names_of(labels, len(p_values))
    if not 0 < _number(ratio) < np.inf:
        faults.append(
            f"ratio is {ratio!r}; give people in one arm over people in the other, above 0"
        )
    levels = sorted(_number(value) for value in np.ravel(np.asarray(contours)).tolist())
    if not levels or not all(0 < level < np.inf for level in levels):
        faults.append(f"contours are {contours!r}; give standardised differences above 0")
    placed: list[dict[str, Any]] = []
    not_placed: list[dict[str, Any]] = []
    for name, p, people, direction in zip(names, p_values, people_of, directions, strict=True):
        try:
            point = _point(name, p, people, direction)
        except DataError as fault:
            faults.append(f"{name}: {fault}")
            continue
        (not_placed if "reason" in point else placed).append(point)
    if faults:
        raise DataError.from_faults("albatross", faults)
    if not placed:
        reasons = "; ".join(f"{row['label']}: {row['reason']}" for row in not_placed)
        raise TooFewStudies(f"no result can be placed ({reasons or 'none was given'})")
    points = pd.DataFrame(placed)
    smd = implied_smd(points["z"].to_numpy(), points["n"].to_numpy(dtype=float), ratio)
    points = points.assign(smd=smd, band=[_band(abs(value), levels) for value in smd])
    return Albatross(
        points=points[_COLUMNS],
        not_placed=pd.DataFrame(not_placed, columns=["label", "reason"]),
        contours=_contours(levels, ratio, points),
        ratio=ratio,
        notes=tuple(_notes(points, not_placed)),
    )


def implied_smd(
    z: NDArray[np.float64], n: NDArray[np.float64], ratio: float = 1.0
) -> NDArray[np.float64]:
    """Return the standardised mean difference that gives z in a trial of n people.

    Infinite where z is too large for any effect in so small a trial (z squared above 2 n).
    """
    room = n - z**2 / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        size = np.abs(z) * np.sqrt((1 + ratio) ** 2 / ratio / room)
    return np.asarray(np.sign(z) * np.where(room > 0, size, np.inf))


def contour_n(z: NDArray[np.float64], smd: float, ratio: float = 1.0) -> NDArray[np.float64]:
    """Return the number of people at which an effect gives z."""
    return np.asarray(z**2 / smd**2 * ((1 + ratio) ** 2 / ratio + smd**2 / 2))


def _number(value: Any) -> float:
    """Read a number; NaN, which no comparison lets through, where it is none."""
    try:
        return float(value)
    except (TypeError, ValueError):
        return np.nan


def _point(name: str, p: float | str, people: Any, direction: Any) -> dict[str, Any]:
    """Place one result, or give the reason why it cannot be."""
    printed, bound = read_p(p)
    side = read_direction(direction)
    unknown = people is None or pd.isna(people)
    if not unknown and not 4 <= _number(people) < np.inf:
        raise DataError(f"n is {people!r}; two arms have at least 4 people")
    reason = ""
    if unknown:
        reason = "number of people unknown"
    elif bound == ">":
        reason = f"p is only known to be above {printed:g}"
    elif side in {"none", "silent"}:
        reason = "no direction printed"
    if reason:
        return {"label": name, "reason": reason}
    size = float(stats.norm.isf(printed / 2))
    return {
        "label": name,
        "n": float(people),
        "reported": str(p),
        "p_value": printed,
        "bound": bool(bound),
        "direction": side,
        "z": size if side == "treated" else -size,
    }


def _band(size: float, levels: list[float]) -> str:
    place = int(np.searchsorted(levels, size))
    if place == 0:
        return f"below {levels[0]:g}"
    if place == len(levels):
        return f"above {levels[-1]:g}"
    return f"{levels[place - 1]:g} to {levels[place]:g}"


def _contours(levels: list[float], ratio: float, points: pd.DataFrame) -> pd.DataFrame:
    """Curves from the smallest to the largest trial, with room on both sides."""
    few, many = points["n"].min() / 2, points["n"].max() * 2
    curves = []
    for level in (*(-value for value in reversed(levels)), *levels):
        # z at both ends of the range of n; in between the curve is a parabola in z
        unit = float(contour_n(np.array([1.0]), level, ratio)[0])
        z = np.linspace(float(np.sqrt(few / unit)), float(np.sqrt(many / unit)), _CURVE_POINTS)
        curves.append(
            pd.DataFrame(
                {
                    "smd": level,
                    "z": np.sign(level) * z,
                    "p_value": 2 * stats.norm.sf(z),
                    "n": contour_n(z, level, ratio),
                }
            )
        )
    return pd.concat(curves, ignore_index=True)


def _notes(points: pd.DataFrame, not_placed: list[dict[str, Any]]) -> list[str]:
    notes = [
        "the contours hold for one test between two independent arms; they show which effects are "
        "compatible with the printed p-values, and are no estimate."
    ]
    bounds = points[points["bound"]]
    if len(bounds):
        named = [f"{row.label} ({row.reported})" for row in bounds.itertuples()]
        notes.append(f"a printed threshold is placed at the threshold: {listed(named, 5)}.")
    if not_placed:
        named = [f"{row['label']} ({row['reason']})" for row in not_placed]
        count = "1 result" if len(not_placed) == 1 else f"{len(not_placed)} results"
        notes.append(f"{count} cannot be placed: {listed(named, 5)}.")
    if not np.isfinite(points["smd"]).all():
        notes.append(
            "a p-value that is too small for any effect in so small a trial is placed at infinity: "
            "check its p and its number of people."
        )
    return notes
