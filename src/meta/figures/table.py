"""What stands on a forest-like figure, before anything is measured or drawn?

A table is rows of text with one interval each, beside one axis. Forest plots, leave-one-out,
cumulative and claim figures are all tables; :mod:`meta.figures.table_layout` measures one and
:mod:`meta.figures.table_drawing` draws it. Values are axis coordinates.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pandas as pd
from matplotlib.artist import Artist

from meta.effect_sizes.measures import Measure
from meta.errors import DataError
from meta.figures.axis import limits_of_reader, robust_limits, to_reader
from meta.figures.frame import Note
from meta.figures.theme import plain
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
ReferenceKind = Literal["null", "pooled", "mid", "claimed"]
BOLD: frozenset[str] = frozenset({"group", "subtotal", "total", "claim"})
MUTED_ROWS: frozenset[str] = frozenset({"heading", "silent"})
SUMMARIES: frozenset[str] = frozenset({"subtotal", "total", "prediction"})
MARKED: frozenset[str] = frozenset({"study", "claim", "arm"})
# these rows say something in the first column that may run over the others, which are empty there
SPANNING: frozenset[str] = frozenset({"group", "heading"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the table.

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
    diamond : bool
        Whether a pooled effect is drawn as a diamond; one that two studies cannot tell is a line.
    claimed : tuple of float
        What was claimed in this row, from and to, drawn over what was found.
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
    diamond: bool = True
    claimed: tuple[float, float] = (np.nan, np.nan)
    inks: Mapping[str, str] = field(default_factory=dict)

    @property
    def bold(self) -> bool:
        """Whether its cells are written in bold."""
        return self.kind in BOLD and self.diamond


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
    kind: ReferenceKind
    label: str = ""
    until: float = np.nan

    @property
    def is_band(self) -> bool:
        """Whether this is a band."""
        return bool(np.isfinite(self.until))

    def middle(self, limits: tuple[float, float]) -> float:
        """Return the middle of what is seen of it."""
        return sum(self.within(limits)) / 2

    def within(self, limits: tuple[float, float]) -> tuple[float, float]:
        """Return the two edges of what is seen of it: of a line, the line twice."""
        if not self.is_band:
            return self.value, self.value
        return max(self.value, limits[0]), min(self.until, limits[1])


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
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
    key : tuple of (artist, str)
        Samples of marks with their meaning, above.
    beside : tuple of str
        Paragraphs left of the axis labels, where room is.
    notes : tuple of Note
        Paragraphs under everything.
    title : str
        Heading; "" for none.
    limits : tuple of float
        The axis, in its coordinates.
    row_height : float
        Points.
    study_height : float
        Points of a study where there are too many to write their names and numbers; else NaN.
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
    key: tuple[tuple[Artist, str], ...] = ()
    beside: tuple[str, ...] = ()
    notes: tuple[Note, ...] = ()
    title: str = ""
    row_height: float = 16.0
    study_height: float = np.nan

    @property
    def dense(self) -> bool:
        """Whether there are too many studies to write a row of text for each."""
        return bool(np.isfinite(self.study_height))

    def height_of(self, row: Row) -> float:
        """Return the height of a row of one line, in points."""
        if self.dense and row.kind == "study":
            return self.study_height
        return self.row_height * (0.5 if row.kind == "gap" else 1.0)


def effect_columns(heading: str, side: Literal["left", "right"] = "right") -> tuple[Column, Column]:
    """Return the columns of estimate and interval under their common heading."""
    return (
        Column(key="est", group=heading, side=side),
        Column(key="ci", group=heading, side=side),
    )


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


def table_limits(
    name: str,
    scale: Measure,
    rows: Sequence[Row],
    references: Sequence[Reference],
    xlim: tuple[float, float] | None,
) -> tuple[float, float]:
    """Take the limits that the caller wants, or show every estimate and every vertical line.

    Raises
    ------
    DataError
        If ``xlim`` are no limits, or leave out a vertical line.
    """
    if xlim is None:
        marks = [row for row in rows if np.isfinite(row.estimate) and row.kind in MARKED]
        summaries = [row for row in rows if row.kind in SUMMARIES]
        edges = [edge for line in references for edge in (line.value, line.until)]
        return robust_limits(
            [row.estimate for row in marks],
            [row.low for row in marks],
            [row.high for row in marks],
            must_show=[*edges, *(row.estimate for row in summaries)],
            wide=[(row.low, row.high) for row in summaries],
        )
    low, high = limits_of_reader(name, scale, xlim)
    faults = [
        f"xlim={xlim} leave out {line.label or 'the line of no effect'}; widen them"
        for line in references
        if line.kind != "pooled"
        and (line.value > high or (line.until if line.is_band else line.value) < low)
    ]
    if faults:
        raise DataError.from_faults(name, faults)
    return low, high


def rows_in_words(rows: Sequence[Row], most: int = 20) -> str:
    """List rows with their effects, and say how many more there are."""
    shown = [
        " ".join(
            text for text in (row.cells["label"], row.cells.get("est"), row.cells.get("ci")) if text
        )
        for row in rows[:most]
    ]
    rest = [f"and {len(rows) - most} more"] if len(rows) > most else []
    return plain("; ".join(shown + rest))


def table_data(table: Table) -> pd.DataFrame:
    """Return rows and vertical lines as a data frame on the reader's scale."""
    first = table.columns[0].key
    further = [c.key for c in table.columns[1:] if c.key not in {"est", "ci"}]
    empty: dict[str, object] = dict.fromkeys([*further, *table.domains], "")
    found, group = [], ""
    for row in table.rows:
        label = plain(row.cells.get(first, ""))
        if row.kind in SPANNING:
            group = label
        if row.kind not in SPANNING | {"gap"}:
            values = to_reader(table.scale, [row.estimate, row.low, row.high])
            cells = empty | {key: plain(row.cells.get(key, "")) for key in further}
            cells |= dict(zip(table.domains, row.lights, strict=False))
            if np.isfinite(row.claimed).all():
                ends = to_reader(table.scale, row.claimed)
                cells |= dict(zip(("claimed_low", "claimed_high"), ends, strict=True))
            found.append((row.kind, group, label, *values, cells))
    # the pooled effect has a row already
    for line in (line for line in table.references if line.kind != "pooled"):
        name = line.label or ("no effect" if line.kind == "null" else line.kind)
        low, high = (line.value, line.until) if line.is_band else (np.nan, np.nan)
        middle = np.nan if line.is_band else line.value
        found.append(("reference", "", name, *to_reader(table.scale, [middle, low, high]), empty))
    names = ["what", "group", "label", "estimate", "ci_low", "ci_high"]
    data = pd.DataFrame([row[:-1] for row in found], columns=names)
    texts = pd.DataFrame([row[-1] for row in found])
    if not data["group"].any():
        data = data.drop(columns="group")
    return pd.concat([data, texts], axis=1)
