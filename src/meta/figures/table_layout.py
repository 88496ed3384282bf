"""Where does everything on a table go, so that no two texts meet and nothing leaves the page?

All lengths are points (1/72 inch), x to the right, y downwards from the top left corner.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from meta.figures.axis import fitting_ticks
from meta.figures.frame import Note
from meta.figures.table import SPANNING, Column, Reference, Table
from meta.figures.theme import LINE, MARGIN, SIZE, SMALL, SMALL_LINE, WIDEST, text_width, wrap

GAP = 11.0
GUTTER = 16.0
LIGHT = 15.0
# a sample of its line stands before the name of a reference, so that grey print keeps them apart
LINE_SAMPLE = 19.0
PANEL = 230.0
_LEAST_PANEL = 115.0
TICK_LENGTH = 3.5
SHARE = {"left": 0.0, "center": 0.5, "right": 1.0}
_BESIDE_MINIMUM = 230.0
_LABEL_GAP = 8.0


@dataclass(frozen=True, slots=True)
class Placed:
    """A line of text with its baseline and horizontal anchor."""

    x: float
    y: float
    text: str
    align: str = "left"
    size: float = SIZE
    role: str = ""


@dataclass(frozen=True, slots=True)
class ReferenceLabel:
    """The name of a vertical line above the axis, and whether a leader may reach it.

    ``centre`` is that of the name together with the sample of its line, ``place`` that of the line.
    """

    centre: float
    baseline: float
    leader: bool
    place: float


@dataclass(frozen=True, slots=True)
class Layout:
    """Measured positions of a table.

    Attributes
    ----------
    width, height : float
        Size of the whole.
    anchors : dict of str to float
        Horizontal anchor of each column, at the side of its alignment.
    spans : list of (text, left, right, baseline)
        Group headings; one that stands above others' headings gets a rule.
    panel_left, panel_right, top, bottom : float
        The axis rectangle; rows lie between top and bottom.
    heading_baseline : float
        Baseline of column headings (last line).
    row_centres : list of float
        One for each row.
    lights : list of float
        Centres of the risk-of-bias columns.
    texts : list of Placed
        Favours, axis label, and the paragraphs beside the axis labels.
    notes : list of Note
        Paragraphs that go below.
    tick_places, tick_texts
        Ticks that fit.
    reference_labels : dict of int to ReferenceLabel
        By position in ``table.references``.
    """

    width: float
    height: float
    anchors: dict[str, float]
    spans: list[tuple[str, float, float, float]]
    panel_left: float
    panel_right: float
    top: float
    bottom: float
    heading_baseline: float
    row_centres: list[float]
    lights: list[float]
    texts: list[Placed]
    notes: list[Note]
    tick_places: list[float]
    tick_texts: list[str]
    reference_labels: dict[int, ReferenceLabel]


def cell_width(text: str, *, bold: bool = False) -> float:
    """Measure a cell: its widest line."""
    return max(text_width(line, SIZE, bold=bold) for line in text.split("\n"))


def column_widths(table: Table) -> dict[str, float]:
    """Measure each column: its heading and its widest cell."""
    widths: dict[str, float] = {}
    for column in table.columns:
        found = [cell_width(column.heading, bold=True)]
        for row in table.rows:
            if column is table.columns[0] and row.kind in SPANNING:
                continue
            if table.dense and row.kind == "study":
                continue
            text = row.cells.get(column.key, "")
            found.append(cell_width(text, bold=row.bold))
        widths[column.key] = max(found)
    for name in dict.fromkeys(c.group for c in table.columns if c.group):
        members = [c.key for c in table.columns if c.group == name]
        inside = sum(widths[key] for key in members) + GAP * (len(members) - 1)
        lacking = text_width(name, SIZE, bold=True) - inside
        if lacking > 0:
            widths[members[0]] += lacking
    return widths


def _place_columns(
    columns: list[Column], widths: dict[str, float], start: float, anchors: dict[str, float]
) -> float:
    """Set the anchors from ``start`` on and return where the last column ends."""
    x = start
    for position, column in enumerate(columns):
        if position:
            x += GAP
            # groups stand apart, so that their rules do not meet
            x += 4 if column.group != columns[position - 1].group else 0
        share = SHARE[column.align]
        anchors[column.key] = x + share * widths[column.key]
        x += widths[column.key]
    return x


def measure(table: Table, extra_width: float = 0.0) -> Layout:
    """Lay a table out from the measured widths of its texts.

    Parameters
    ----------
    table : Table
        What is to be drawn.
    extra_width : float
        Points to add to the axis, where the caller has more room than needed.
    """
    widths = column_widths(table)
    left = [c for c in table.columns if c.side == "left"]
    right = [c for c in table.columns if c.side == "right"]
    anchors: dict[str, float] = {}
    left_end = _place_columns(left, widths, MARGIN, anchors)
    spanning = max(
        (
            cell_width(row.cells.get(left[0].key, ""), bold=row.bold)
            for row in table.rows
            if row.kind in SPANNING
        ),
        default=0.0,
    )
    if MARGIN + spanning > left_end:
        widths[left[0].key] += MARGIN + spanning - left_end
        left_end = _place_columns(left, widths, MARGIN, anchors)
    panel_left = left_end + GUTTER
    right_width = 0.0
    if right:
        right_width = GUTTER + _place_columns(right, widths, 0.0, {})
    if table.domains:
        right_width += GUTTER + LIGHT * len(table.domains)
    room = WIDEST - panel_left - right_width - MARGIN
    panel = max(_LEAST_PANEL, min(PANEL, room)) + extra_width
    panel_right = panel_left + panel
    right_end = panel_right
    if right:
        right_end = _place_columns(right, widths, panel_right + GUTTER, anchors)
    lights = [right_end + GUTTER + LIGHT * (i + 0.5) for i in range(len(table.domains))]
    if lights:
        right_end = lights[-1] + LIGHT / 2
    width = right_end + MARGIN

    texts: list[Placed] = []

    def x_of(value: float) -> float:
        low, high = table.limits
        return panel_left + (value - low) / (high - low) * (panel_right - panel_left)

    storeys = _two_storeys(table)
    lines = max(len(c.heading.split("\n")) for c in table.columns)
    levels, placed = _stack_references(table, x_of, panel_left, panel_right)
    on_top = _favours(table, x_of, panel_left, panel_right) if table.favours_on_top else []
    top_lines = len({item.y for item in on_top})
    header = max(lines * LINE + (LINE + 6 if storeys else 0), (levels + top_lines) * LINE + 2) + 5
    top = header
    heading_baseline = top - 7
    labels = {
        index: ReferenceLabel(
            centre,
            top - 5 - level * LINE,
            leader,
            x_of(table.references[index].middle(table.limits)),
        )
        for index, (centre, level, leader) in placed.items()
    }
    first = top - 5 - (levels + top_lines - 1) * LINE
    texts += [replace(text, y=first + text.y * LINE) for text in on_top]
    spans = _spans(table, widths, anchors, heading_baseline, lines)

    centres = []
    y = top + 3
    for row in table.rows:
        height = table.height_of(row)
        if not (table.dense and row.kind == "study"):
            height += LINE * max((text.count("\n") for text in row.cells.values()), default=0)
        centres.append(y + height / 2)
        y += height
    bottom = y + 3

    below = bottom + TICK_LENGTH + LINE
    if table.favours and not table.favours_on_top:
        found = _favours(table, x_of, panel_left, panel_right)
        texts += [replace(text, y=below + LINE * (1 + text.y)) for text in found]
        below += LINE * len({t.y for t in found})
    for i, line in enumerate(wrap(table.axis_label, panel)):
        below += LINE + (i == 0)
        middle = (panel_left + panel_right) / 2
        texts.append(Placed(middle, below, line, "center", role="axis"))
    beside_width = left_end - MARGIN
    notes = [Note(paragraph) for paragraph in table.beside]
    beside_end = bottom
    if beside_width >= _BESIDE_MINIMUM:
        for note in notes:
            for line in wrap(note.text, beside_width, SMALL):
                beside_end += SMALL_LINE
                texts.append(Placed(MARGIN, beside_end, line, size=SMALL, role="beside"))
            beside_end += 2
        notes = []
    places, tick_texts = fitting_ticks(table.scale, table.limits, panel_right - panel_left)
    return Layout(
        width, max(below, beside_end), anchors, spans, panel_left, panel_right, top, bottom,
        heading_baseline, centres, lights, texts, [*notes, *table.notes], places, tick_texts,
        labels,
    )  # fmt: skip


def _two_storeys(table: Table) -> bool:
    """Whether a grouped column has a heading of its own under the group's."""
    return any(c.group and c.heading for c in table.columns)


def _spans(
    table: Table,
    widths: dict[str, float],
    anchors: dict[str, float],
    baseline: float,
    lines: int,
) -> list[tuple[str, float, float, float]]:
    spans = []
    for name in dict.fromkeys(c.group for c in table.columns if c.group):
        edges = []
        members = [c for c in table.columns if c.group == name]
        for column in members:
            share = SHARE[column.align]
            start = anchors[column.key] - share * widths[column.key]
            edges += [start, start + widths[column.key]]
        above = any(c.heading for c in members)
        spans.append((name, min(edges), max(edges), baseline - (lines * LINE + 3) * above))
    return spans


def _stack_references(
    table: Table, x_of: Callable[[float], float], left: float, right: float
) -> tuple[int, dict[int, tuple[float, int, bool]]]:
    """Put the names of vertical lines on as many levels as they need, the lowest first."""
    placed: dict[int, tuple[float, int, bool]] = {}
    taken: list[list[tuple[float, float]]] = []
    named = [(i, r) for i, r in enumerate(table.references) if r.label]

    def place(reference: Reference) -> float:
        return x_of(reference.middle(table.limits))

    for index, reference in sorted(named, key=lambda pair: place(pair[1])):
        half = (LINE_SAMPLE + text_width(reference.label, SMALL)) / 2
        at = place(reference)
        # the name keeps to the panel; a name wider than the panel is centred on it
        centre = (
            (left + right) / 2
            if 2 * half > right - left
            else min(max(at, left + half), right - half)
        )
        start, end = centre - half, centre + half
        level = 0
        while level < len(taken) and any(
            start < e + _LABEL_GAP and s < end + _LABEL_GAP for s, e in taken[level]
        ):
            level += 1
        if level == len(taken):
            taken.append([])
        taken[level].append((start, end))
        placed[index] = (centre, level, True)
    for index, reference in named:
        centre, level, _ = placed[index]
        at = place(reference)
        crossed = any(s - 2 < at < e + 2 for storey in taken[:level] for s, e in storey)
        placed[index] = (centre, level, not crossed)
    return len(taken), placed


def _favours(
    table: Table, x_of: Callable[[float], float], left: float, right: float
) -> list[Placed]:
    """Place "favours ..." left and right of no effect; ``y`` of the result counts lines.

    Both meet at no effect and stay inside the axis, on two lines each where one is too long. Where
    no effect lies too near an end for that, a sentence says the same.
    """
    if table.favours is None:
        return []
    null = next((r.value for r in table.references if r.kind == "null"), None)
    middle = (left + right) / 2 if null is None else x_of(null)
    rooms = middle - 5 - left, right - middle - 5
    first, second = f"← {table.favours[0]}", f"{table.favours[1]} →"
    for lines in ([[first], [second]], [_halves(first), _halves(second)]):
        if all(
            text_width(text) <= room
            for texts, room in zip(lines, rooms, strict=True)
            for text in texts
        ):
            return [
                Placed(middle + sign * 5, y, text, align, role="favours")
                for sign, align, texts in ((-1, "right", lines[0]), (1, "left", lines[1]))
                for y, text in enumerate(texts)
            ]
    if null is None or not left <= middle <= right:
        sides = ("on the left", "on the right")
    else:
        sides = (f"below {table.scale.null:g}", f"above {table.scale.null:g}")
    parts = [f"{side}: {text}" for side, text in zip(sides, table.favours, strict=True)]
    said = ["; ".join(parts)]
    if text_width(said[0]) > right - left:
        said = [line for part in parts for line in wrap(part, right - left)]
    return [
        Placed((left + right) / 2, y, line, "center", role="favours") for y, line in enumerate(said)
    ]


def _halves(text: str) -> list[str]:
    """Break a text into two lines of about the same length."""
    words = text.split(" ")
    cuts = [(" ".join(words[:i]), " ".join(words[i:])) for i in range(1, len(words))]
    return list(min(cuts, key=lambda cut: max(map(text_width, cut)), default=(text,)))
