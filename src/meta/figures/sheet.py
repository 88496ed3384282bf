"""What stands on a forest-like figure, before anything is measured or drawn?

A sheet is rows of text with one interval each, beside one axis. Forest plots, leave-one-out,
cumulative and claim figures are all sheets; :mod:`meta.figures.layout` measures one and
:mod:`meta.figures.draw` draws it. Values are axis coordinates: logarithms for ratio measures, the
reader's scale for all others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from meta.effect_sizes.measures import Measure
from meta.wording import decimals, interval_texts

RowKind = Literal[
    "study",
    "group",
    "subtotal",
    "total",
    "prediction",
    "claim",
    "arm",
    "heading",
    "silent",
    "gap",
]
BOLD: frozenset[str] = frozenset({"group", "subtotal", "total", "claim"})
MUTED_ROWS: frozenset[str] = frozenset({"heading", "silent"})
# these rows say something in the first column that may run over the others, which are empty there
SPANNING: frozenset[str] = frozenset({"group", "heading"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the sheet.

    Attributes
    ----------
    kind : str
        What the row is; it decides on weight, colour and the mark on the axis.
    cells : mapping of str to str
        Text by column key; a line feed begins a further line.
    estimate, low, high : float
        Mark and interval in axis coordinates; NaN for none.
    size : float
        Area of the square relative to the largest, 0 to 1.
    hollow : bool
        Draw the mark open: the effect rests on an assumption.
    lights : tuple of str
        Risk-of-bias judgement for each domain; "" for not judged.
    colour, marker : str
        Colour and shape of the mark where they are not the usual ones.
    inks : mapping of str to str
        Colours of cells that are not written in the usual one, by column key.
    """

    kind: RowKind
    cells: Mapping[str, str] = field(default_factory=dict)
    estimate: float = np.nan
    low: float = np.nan
    high: float = np.nan
    size: float = 1.0
    hollow: bool = False
    lights: tuple[str, ...] = ()
    colour: str = ""
    marker: str = ""
    inks: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column of text, left or right of the axis; columns of one group share a heading."""

    key: str
    heading: str = ""
    group: str = ""
    align: Literal["left", "right", "center"] = "right"
    side: Literal["left", "right"] = "left"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """A vertical line across the axis, or a band from ``value`` to ``until``."""

    value: float
    kind: Literal["null", "pooled", "mid", "claimed"]
    label: str = ""
    until: float = np.nan

    @property
    def is_band(self) -> bool:
        """Whether this is a band."""
        return bool(np.isfinite(self.until))

    def within(self, limits: tuple[float, float]) -> tuple[float, float]:
        """Return the two edges of what is seen of it: of a line, the line twice."""
        if not self.is_band:
            return self.value, self.value
        return max(self.value, limits[0]), min(self.until, limits[1])


@dataclass(frozen=True, slots=True, kw_only=True)
class Foot:
    """A paragraph under the sheet, with a sample of the mark that it explains."""

    text: str
    symbol: Literal["", "hollow", "treated", "control", "highlight"] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """Everything that is drawn, in words and numbers.

    Attributes
    ----------
    name : str
        What is drawn, for error messages.
    rows, columns : tuple
        The table.
    scale : Measure
        Scale of the axis.
    axis_label : str
        Name of the axis.
    references : tuple of Reference
        Vertical lines.
    favours : tuple of str or None
        What lies left and right of no effect.
    favours_on_top : bool
        Whether that stands above the rows or under the axis.
    domains : tuple of str
        Risk-of-bias domains, shown as letters.
    beside : tuple of str
        Paragraphs left of the axis labels, where room is.
    foot : tuple of Foot
        Paragraphs under everything.
    title : str
        Heading; "" for none.
    limits : tuple of float
        The axis, in its coordinates.
    row_height : float
        Points.
    """

    name: str
    rows: tuple[Row, ...]
    columns: tuple[Column, ...]
    scale: Measure
    axis_label: str
    limits: tuple[float, float]
    references: tuple[Reference, ...] = ()
    favours: tuple[str, str] | None = None
    favours_on_top: bool = False
    domains: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()
    foot: tuple[Foot, ...] = ()
    title: str = ""
    row_height: float = 16.0


def to_axis(scale: Measure, values: object) -> np.ndarray:
    """Take stored effects to axis coordinates: logarithms stay, others go to the reader's scale."""
    array = np.atleast_1d(np.asarray(values, dtype=float))
    return array if scale.log else np.atleast_1d(np.asarray(scale.to_reader(array), dtype=float))


def reader_to_axis(scale: Measure, value: float) -> float:
    """Take a value on the reader's scale to axis coordinates."""
    return float(np.log(value)) if scale.log else float(value)


def null_place(scale: Measure) -> float:
    """Return where no effect stands, in axis coordinates; NaN if the scale has no such value."""
    return reader_to_axis(scale, scale.null) if np.isfinite(scale.null) else np.nan


def null_line(scale: Measure) -> list[Reference]:
    """Return the line of no effect, if the scale has one."""
    place = null_place(scale)
    return [Reference(value=place, kind="null")] if np.isfinite(place) else []


def axis_name(scale: Measure, *, computed: bool = False) -> str:
    """Name an effect axis, and the scale on which it runs where that is not the reader's own."""
    if computed and scale.transform.name and not scale.log:
        return f"{scale.label} ({scale.transform.name} scale)"
    return scale.label + (" (log scale)" if scale.log else "")


def effect_columns(heading: str, side: Literal["left", "right"] = "right") -> tuple[Column, Column]:
    """Return the columns of estimate and interval under their common heading."""
    return (
        Column(key="est", group=heading, side=side),
        Column(key="ci", group=heading, side=side),
    )


def to_reader(scale: Measure, values: object) -> np.ndarray:
    """Take axis coordinates to the reader's scale."""
    array = np.atleast_1d(np.asarray(values, dtype=float))
    return np.exp(array) if scale.log else array


def interval_cells(
    scale: Measure, estimate: float, low: float, high: float, digits: int
) -> dict[str, str]:
    """Write an effect and its interval (axis coordinates) for the columns ``est`` and ``ci``."""
    texts = interval_texts(to_reader(scale, [estimate, low, high]), digits, log=scale.log)
    cells = {"est": texts[0]} if np.isfinite(estimate) else {}
    if np.isfinite(low) and np.isfinite(high):
        cells["ci"] = f"({texts[1]} to {texts[2]})"
    return cells


def digits_for(intervals: Sequence[Sequence[float]], least: int | None = None) -> int:
    """Choose the decimals of a column of effects with their limits, on the reader's scale.

    Two, fewer where effects are in the tens of units or more, and as many as tell a typical effect
    from its limits; a row that needs more gets more.
    """
    finite = [abs(row[0]) for row in intervals if np.isfinite(row[0])]
    if not finite:
        return 2
    typical = float(np.median(finite))
    usual = 2 if typical < 20 else 1 if typical < 200 else 0
    least = usual if least is None else least
    needed = sorted(decimals(row, least) for row in intervals if np.isfinite(row[0]))
    return needed[(len(needed) - 1) // 2]
