"""How do estimates stand side by side, when they are not pooled into one answer?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from meta.arguments import checked
from meta.errors import DataError, need
from meta.figures import theme
from meta.figures.axis import axis_name, to_reader
from meta.figures.forest_notes import by_clause
from meta.figures.frame import Note
from meta.figures.interval_rows import Blocks, Data, read_blocks
from meta.figures.references import Place, Wanted, place_text, reference_lines
from meta.figures.table import (
    Column,
    Reference,
    Row,
    Table,
    digits_for,
    effect_columns,
    interval_cells,
    table_limits,
)
from meta.figures.table_drawing import HIGHLIGHT, HOLLOW, draw_table
from meta.wording import as_stated, exact_decimals, upper_first

_WHAT = "plot_intervals"
# longer texts are broken into lines, so that the axis is not pushed off a narrow screen
_LABEL_WIDTH, _TEXT_WIDTH, _HEADING_WIDTH = 250.0, 190.0, 400.0


@checked
def plot_intervals(
    data: Data,
    ax: Axes | None = None,
    *,
    axis_label: str = "",
    title: str = "",
    columns: Mapping[str, str] | None = None,
    measure: str | None = None,
    value_label: str = "",
    references: Mapping[str, Place] | None = None,
    claimed: Place | Mapping[str, Place] | None = None,
    favours: tuple[str, str] | None = None,
    xlim: tuple[float, float] | None = None,
    digits: int | None = None,
    notes: Sequence[str] = (),
) -> Figure:
    """Draw estimates with their intervals side by side, without pooling them.

    For figures that stand beside each other and have no common answer: published pools, the change
    of single groups, several pools by who is let in, measured shares beside a claimed one.

    Parameters
    ----------
    data : pandas.DataFrame or mapping
        Rows in the order in which they are drawn. A mapping gives blocks by heading; each block is
        a data frame, or a mapping of label to the answer of a pooling method. A bare data frame,
        or a bare mapping of label to answers, is one block without a heading.

        A data frame has the columns ``label`` and ``estimate`` and, where known, ``ci_low`` and
        ``ci_high`` (both or neither; without them a point is drawn). **All are on the reader's
        scale: a risk ratio of 0.8 is 0.8, not its logarithm.** Optional columns:

        ``pooled`` (bool)
            The estimate is a pooled one and is drawn as a diamond; it needs an interval.
        ``assumed`` (bool, or text that says what is assumed)
            The mark is hollow; the text stands under the plot.
        ``highlight`` (bool, or text that says what the mark means)
            The mark is a diamond in the colour of claims, its label bold; the text stands under
            the plot.

        Estimate and interval of an answer are taken from it and put on the reader's scale. One of
        a single trial is drawn as a single trial.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure of the right size by default.
    axis_label : str
        Name of the axis with its unit; the measure's by default.
    title : str
        Heading.
    columns : mapping of str to str, optional
        Further columns of the data frames and their headings, left of the axis; ``label`` gives the
        labels a heading. Answers offer ``k`` (trials) and ``n`` (people). By default these two
        where there are answers, else none.
    measure : str, optional
        Name of the measure, for example "MD", "RR", "PR": ratio measures get a logarithmic axis,
        and the line of no effect stands where the measure has one (single shares have none). That
        of the answers by default, else "GEN", an effect of any kind.
    value_label : str
        Heading over the printed numbers, for example "mg/L (95 % interval)". By default the measure
        and, where answers say it, the level of the intervals.
    references : mapping of str to float or (float, float), optional
        Lines, or bands from one value to another, by what is written over them.
    claimed : float, (float, float) or mapping, optional
        The claimed figure, drawn as a line, or the claimed range, drawn as a band; several by what
        is written over them.
    favours : tuple of str, optional
        What lies left and right of no effect.
    xlim : tuple of float, optional
        Axis limits on the reader's scale. By default every estimate is shown and only intervals
        that would squash the others are cut.
    digits : int, optional
        Decimals of the printed numbers. By default as many as the values have, at most two and
        fewer where they are large.
    notes : sequence of str
        Paragraphs under the plot.

    Returns
    -------
    matplotlib.figure.Figure
        See :func:`meta.plot_forest`.

    Raises
    ------
    DataError
        If there is nothing to draw, a column is missing, an estimate is no finite number (above 0
        for ratios), an interval has one limit only or does not hold its estimate, or a line lies
        outside ``xlim``; each fault with its block, row and column.
    NotComparable
        If answers have another measure than ``measure`` or than each other.

    Notes
    -----
    All marks have one size: nothing here is weighted. An interval or estimate that runs out of the
    axis ends in an arrowhead and keeps its figures in the text. The method of the answers and their
    notes always stand under the plot.

    Examples
    --------
    >>> import pandas as pd
    >>> import meta
    >>> waiting = pd.DataFrame({"label": ["A 2001", "B 2004"], "estimate": [-12.0, -16.0]})
    >>> arms = pd.DataFrame(
    ...     {"label": ["C 2017"], "estimate": [-20.0], "ci_low": [-31.0], "ci_high": [-9.0]}
    ... )
    >>> figure = meta.plot_intervals(
    ...     {"Waiting lists": waiting, "Control arms": arms}, axis_label="Change, %", claimed=-28
    ... )
    >>> figure.alt_text()
    '3 estimates side by side: Change, %. Waiting lists: A 2001 −12; B 2004 −16. Control arms: C \
2017 −20 (−31 to −9). A line marks claimed −28. Vertical line: no effect.'
    """
    _check(columns, references, favours)
    found = read_blocks(_WHAT, data, measure, columns)
    marks = reference_lines(_WHAT, found.scale, _wanted(references, claimed))
    shown = _digits(found) if digits is None else digits
    heading = value_label or _value_label(found)
    rows = _rows(found, shown)
    named = {"label": "", **found.columns}
    table = Table(
        name=_WHAT,
        rows=tuple(rows),
        columns=(
            *(
                Column(
                    key=key,
                    heading=theme.plain(text),
                    align="right" if found.numeric.get(key, False) else "left",
                )
                for key, text in named.items()
            ),
            *effect_columns(theme.plain(heading)),
        ),
        scale=found.scale,
        axis_label=theme.plain(axis_label) or axis_name(found.scale),
        limits=table_limits(_WHAT, found.scale, rows, marks, xlim),
        references=tuple(marks),
        favours=(theme.plain(favours[0]), theme.plain(favours[1])) if favours else None,
        notes=tuple(_notes(found, notes)),
        title=theme.plain(title),
    )
    return draw_table(table, ax, _in_words(found, table))


def _check(columns: object, references: object, favours: object) -> None:
    """Refuse settings of another kind; read_blocks looks at the data."""
    column = 'columns={"k": "Trials"}'
    need(_WHAT, columns or {}, Mapping, "columns with their headings", column)
    reference = 'references={"lowest": 10, "usual": (20, 30)}'
    need(_WHAT, references or {}, Mapping, "references by what is written over them", reference)
    if favours is not None and (
        not isinstance(favours, tuple | list)
        or len(favours) != 2
        or not all(isinstance(side, str) for side in favours)
    ):
        raise DataError(
            f"{_WHAT}: favours is {favours!r}; give the words left and right of no effect, "
            '("favours drug", "favours placebo")'
        )


def _value_label(found: Blocks) -> str:
    levels = {row.level for block in found.blocks for row in block.rows if np.isfinite(row.low)}
    name = found.scale.short
    if not levels:
        return name
    # a data frame does not say the level of its intervals
    level = levels.pop() if len(levels) == 1 else np.nan
    return f"{name} ({100 * level:g} % interval)" if np.isfinite(level) else f"{name} (interval)"


def _digits(found: Blocks) -> int:
    rows = [row for block in found.blocks for row in block.rows]
    values = to_reader(found.scale, [v for row in rows for v in (row.estimate, row.low, row.high)])
    return exact_decimals(values, most=digits_for(values.reshape(-1, 3).tolist()))


def _rows(found: Blocks, digits: int) -> list[Row]:
    rows: list[Row] = []
    for block in found.blocks:
        if block.heading:
            if rows:
                rows.append(Row(kind="gap"))
            heading = _lines(block.heading, _HEADING_WIDTH)
            rows.append(Row(kind="heading", cells={"label": heading}))
        for one in block.rows:
            cells = {key: _lines(text, _TEXT_WIDTH) for key, text in one.cells.items()}
            cells["label"] = _lines(one.label, _LABEL_WIDTH)
            cells |= interval_cells(found.scale, one.estimate, one.low, one.high, digits)
            rows.append(
                Row(
                    kind="total" if one.pooled else "claim" if one.highlight else "study",
                    cells=cells, estimate=one.estimate, low=one.low, high=one.high, size=0.6,
                    hollow=one.assumed, diamond=one.diamond,
                    colour=theme.CLAIMED if one.highlight else "",
                )
            )  # fmt: skip
    return rows


def _lines(text: str, width: float) -> str:
    return "\n".join(theme.wrap(text, width))


def _wanted(
    references: Mapping[str, Place] | None, claimed: Place | Mapping[str, Place] | None
) -> list[Wanted]:
    if claimed is not None and not isinstance(claimed, Mapping):
        claimed = {f"claimed {place_text(claimed)}": claimed}
    lines: list[Wanted] = [("references", "mid", *line) for line in (references or {}).items()]
    return [*lines, *(("claimed", "claimed", *line) for line in (claimed or {}).items())]


def _notes(found: Blocks, notes: Sequence[str]) -> list[Note]:
    need(_WHAT, notes, (str, Iterable), "notes as texts", 'notes=["..."]')
    notes = [notes] if isinstance(notes, str) else notes
    rows = [row for block in found.blocks for row in block.rows]
    labels = [row.label for row in rows]
    said = []
    # what a highlighted mark means is said once; whom it marks is seen
    meanings = list(dict.fromkeys(row.why_highlight for row in rows if row.why_highlight))
    if meanings:
        said.append(Note(f"{upper_first('; '.join(meanings))}.", HIGHLIGHT))
    if any(row.assumed for row in rows):
        why = by_clause(labels, [[row.why_assumed] * bool(row.why_assumed) for row in rows])
        text = f"Rests on an assumption: {why}." if why else "Rests on an assumption."
        said.append(Note(text, HOLLOW))
    said += [Note(theme.plain(note)) for note in notes]
    methods = by_clause(labels, [[row.method] * bool(row.method) for row in rows])
    names = {row.method for row in rows if row.method}
    if names:
        said.append(Note(f"Pooled by: {methods if len(names) > 1 else names.pop()}."))
    # what holds of several answers is said once, with their names
    by_note: dict[str, list[str]] = {}
    for row in rows:
        if row.notes:
            by_note.setdefault("; ".join(note.rstrip(".") for note in row.notes), []).append(
                row.label
            )
    said += [Note(f"{'; '.join(names)}: {note}.") for note, names in by_note.items()]
    return said


def _in_words(found: Blocks, table: Table) -> str:
    count = sum(len(block.rows) for block in found.blocks)
    first = "1 estimate" if count == 1 else f"{count} estimates side by side"
    parts = [f"{first}: {table.axis_label}."]
    drawn = iter([row for row in table.rows if row.kind not in {"gap", "heading"}])
    for block in found.blocks:
        items = []
        for one in block.rows:
            cells = next(drawn).cells
            text = f"{one.label} {cells['est']} {cells.get('ci', '')}".strip()
            items.append(text + (", pooled" if one.pooled else ""))
        head = f"{block.heading}: " if block.heading else ""
        parts.append(f"{head}{'; '.join(items)}.")
    for mark in table.references:
        if mark.kind != "null":
            parts.append(_mark_in_words(found, mark))
    if any(mark.kind == "null" for mark in table.references):
        parts.append("Vertical line: no effect.")
    parts += [note.text for note in table.notes]
    return " ".join(parts)


def _mark_in_words(found: Blocks, mark: Reference) -> str:
    edges = [mark.value, mark.until] if mark.is_band else [mark.value]
    value = " to ".join(as_stated(float(v)) for v in to_reader(found.scale, edges))
    text = mark.label if value in mark.label else f"{mark.label} ({value})"
    return f"A {'band' if mark.is_band else 'line'} marks {text}."
