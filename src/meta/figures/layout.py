"""Where does everything on a sheet go, so that no two texts meet and nothing leaves the page?

All lengths are points (1/72 inch), x to the right, y downwards from the top left corner.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from meta.figures.axis import ticks
from meta.figures.sheet import BOLD, SPANNING, Column, Foot, Reference, Sheet
from meta.figures.theme import SIZE, text_width, wrap

MARGIN = 10.0
GAP = 11.0
GUTTER = 16.0
LINE = 12.0
SMALL = SIZE - 1
SMALL_LINE = 11.5
LIGHT = 15.0
SYMBOL = 14.0
# a sample of its line stands before the name of a reference, so that grey print keeps them apart
LINE_SAMPLE = 19.0
PANEL = 230.0
TICK_LENGTH = 3.5
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

    ``centre`` is that of the name together with the sample of its line.
    """

    centre: float
    baseline: float
    leader: bool


@dataclass(frozen=True, slots=True)
class Layout:
    """Measured positions of a sheet.

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
        Title, favours, axis label, paragraphs.
    symbols : list of Placed
        Samples of marks beside paragraphs.
    tick_places, tick_texts
        Ticks that fit.
    reference_labels : dict of int to ReferenceLabel
        By position in ``sheet.references``.
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
    symbols: list[Placed]
    tick_places: list[float]
    tick_texts: list[str]
    reference_labels: dict[int, ReferenceLabel]


def cell_width(text: str, *, bold: bool = False) -> float:
    """Measure a cell: its widest line."""
    return max(text_width(line, SIZE, bold=bold) for line in text.split("\n"))


def column_widths(sheet: Sheet) -> dict[str, float]:
    """Measure each column: its heading and its widest cell."""
    widths: dict[str, float] = {}
    for column in sheet.columns:
        found = [cell_width(column.heading, bold=True)]
        for row in sheet.rows:
            if column is sheet.columns[0] and row.kind in SPANNING:
                continue
            text = row.cells.get(column.key, "")
            found.append(cell_width(text, bold=row.kind in BOLD))
        widths[column.key] = max(found)
    for name in dict.fromkeys(c.group for c in sheet.columns if c.group):
        members = [c.key for c in sheet.columns if c.group == name]
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
        share = {"left": 0.0, "center": 0.5, "right": 1.0}[column.align]
        anchors[column.key] = x + share * widths[column.key]
        x += widths[column.key]
    return x


def measure(sheet: Sheet, extra_width: float = 0.0) -> Layout:
    """Lay a sheet out from the measured widths of its texts.

    Parameters
    ----------
    sheet : Sheet
        What is to be drawn.
    extra_width : float
        Points to add to the axis, where the caller has more room than needed.
    """
    widths = column_widths(sheet)
    left = [c for c in sheet.columns if c.side == "left"]
    right = [c for c in sheet.columns if c.side == "right"]
    anchors: dict[str, float] = {}
    left_end = _place_columns(left, widths, MARGIN, anchors)
    spanning = max(
        (
            cell_width(row.cells.get(left[0].key, ""), bold=row.kind in BOLD)
            for row in sheet.rows
            if row.kind in SPANNING
        ),
        default=0.0,
    )
    if MARGIN + spanning > left_end:
        widths[left[0].key] += MARGIN + spanning - left_end
        left_end = _place_columns(left, widths, MARGIN, anchors)
    panel_left = left_end + GUTTER
    panel_right = panel_left + extra_width + max(PANEL, text_width(sheet.axis_label) + 4)
    right_end = panel_right
    if right:
        right_end = _place_columns(right, widths, panel_right + GUTTER, anchors)
    lights = [right_end + GUTTER + LIGHT * (i + 0.5) for i in range(len(sheet.domains))]
    if lights:
        right_end = lights[-1] + LIGHT / 2
    width = right_end + MARGIN

    texts: list[Placed] = []
    y = MARGIN
    title = wrap(sheet.title, width - 2 * MARGIN, SIZE + 2, bold=True) if sheet.title else []
    for line in title:
        y += LINE + 3
        texts.append(Placed(MARGIN, y - 3, line, size=SIZE + 2, role="title"))
    if sheet.title:
        y += 4

    def x_of(value: float) -> float:
        low, high = sheet.limits
        return panel_left + (value - low) / (high - low) * (panel_right - panel_left)

    storeys = _two_storeys(sheet)
    lines = max(len(c.heading.split("\n")) for c in sheet.columns)
    levels, placed = _stack_references(sheet, x_of, panel_left, panel_right)
    on_top = _favours(sheet, x_of, panel_left, panel_right) if sheet.favours_on_top else []
    top_lines = len({item.y for item in on_top})
    header = max(lines * LINE + (LINE + 6 if storeys else 0), (levels + top_lines) * LINE + 2) + 5
    top = y + header
    heading_baseline = top - 7
    labels = {
        index: ReferenceLabel(centre, top - 5 - level * LINE, leader)
        for index, (centre, level, leader) in placed.items()
    }
    texts += [
        Placed(
            t.x, top - 5 - (levels + top_lines - 1 - t.y) * LINE, t.text, t.align, t.size, t.role
        )
        for t in on_top
    ]
    spans = _spans(sheet, widths, anchors, heading_baseline, lines)

    centres = []
    y = top + 3
    for row in sheet.rows:
        height = sheet.row_height * (0.5 if row.kind == "gap" else 1.0)
        height += LINE * max((text.count("\n") for text in row.cells.values()), default=0)
        centres.append(y + height / 2)
        y += height
    bottom = y + 3

    below = bottom + TICK_LENGTH + LINE
    if sheet.favours and not sheet.favours_on_top:
        found = _favours(sheet, x_of, panel_left, panel_right, MARGIN, width - MARGIN)
        texts += [
            Placed(t.x, below + LINE * (1 + t.y), t.text, t.align, t.size, t.role) for t in found
        ]
        below += LINE * len({t.y for t in found})
    if sheet.axis_label:
        below += LINE + 1
        middle = (panel_left + panel_right) / 2
        texts.append(Placed(middle, below, sheet.axis_label, "center", role="axis"))
    reach_left = min((_left_edge(t) for t in texts if t.role == "favours"), default=panel_left)
    beside_width = min(left_end, reach_left - GAP) - MARGIN
    foot = list(sheet.foot)
    beside_end = bottom
    if beside_width >= _BESIDE_MINIMUM:
        for paragraph in sheet.beside:
            for line in wrap(paragraph, beside_width, SMALL):
                beside_end += SMALL_LINE
                texts.append(Placed(MARGIN, beside_end, line, size=SMALL, role="foot"))
            beside_end += 2
    else:
        foot = [Foot(text=paragraph) for paragraph in sheet.beside] + foot
    y = max(below, beside_end) + 4
    symbols = []
    for item in foot:
        indent = SYMBOL if item.symbol else 0.0
        y += 2
        for i, line in enumerate(wrap(item.text, width - 2 * MARGIN - indent, SMALL)):
            y += SMALL_LINE
            texts.append(Placed(MARGIN + indent, y, line, size=SMALL, role="foot"))
            if item.symbol and i == 0:
                symbols.append(Placed(MARGIN + 4, y - 3, "", role=item.symbol))
    places, tick_texts = fitting_ticks(sheet, panel_right - panel_left)
    return Layout(
        width, y + MARGIN - 2, anchors, spans, panel_left, panel_right, top, bottom,
        heading_baseline, centres, lights, texts, symbols, places, tick_texts,
        labels,
    )  # fmt: skip


def _two_storeys(sheet: Sheet) -> bool:
    """Whether a grouped column has a heading of its own under the group's."""
    return any(c.group and c.heading for c in sheet.columns)


def _left_edge(item: Placed) -> float:
    share = {"left": 0.0, "center": 0.5, "right": 1.0}[item.align]
    return item.x - share * text_width(item.text, item.size)


def _spans(
    sheet: Sheet,
    widths: dict[str, float],
    anchors: dict[str, float],
    baseline: float,
    lines: int,
) -> list[tuple[str, float, float, float]]:
    spans = []
    for name in dict.fromkeys(c.group for c in sheet.columns if c.group):
        edges = []
        members = [c for c in sheet.columns if c.group == name]
        for column in members:
            share = {"left": 0.0, "center": 0.5, "right": 1.0}[column.align]
            start = anchors[column.key] - share * widths[column.key]
            edges += [start, start + widths[column.key]]
        above = any(c.heading for c in members)
        spans.append((name, min(edges), max(edges), baseline - (lines * LINE + 3) * above))
    return spans


def _stack_references(
    sheet: Sheet, x_of: Callable[[float], float], left: float, right: float
) -> tuple[int, dict[int, tuple[float, int, bool]]]:
    """Put the names of vertical lines on as many levels as they need, the lowest first."""
    placed: dict[int, tuple[float, int, bool]] = {}
    taken: list[list[tuple[float, float]]] = []
    named = [(i, r) for i, r in enumerate(sheet.references) if r.label]

    def place(reference: Reference) -> float:
        return x_of(sum(reference.within(sheet.limits)) / 2)

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
    sheet: Sheet,
    x_of: Callable[[float], float],
    left: float,
    right: float,
    least: float | None = None,
    most: float | None = None,
) -> list[Placed]:
    """Place "favours ..." left and right of no effect; ``y`` of the result counts lines."""
    if sheet.favours is None:
        return []
    least = left if least is None else max(least, left - 60)
    most = right if most is None else min(most, right + 60)
    null = next((r.value for r in sheet.references if r.kind == "null"), None)
    middle = (left + right) / 2 if null is None else x_of(null)
    first, second = f"← {sheet.favours[0]}", f"{sheet.favours[1]} →"
    one, two = text_width(first), text_width(second)
    if one + two + 10 <= most - least:
        # where one side of no effect is short, both move together and stay in their order
        middle = min(max(middle, least + one + 5), most - two - 5)
        return [
            Placed(middle - 5, 0, first, "right", role="favours"),
            Placed(middle + 5, 0, second, "left", role="favours"),
        ]
    return [
        Placed(max(middle - 5, least + one), 0, first, "right", role="favours"),
        Placed(min(middle + 5, most - two), 1, second, "left", role="favours"),
    ]


def fitting_ticks(sheet: Sheet, width: float) -> tuple[list[float], list[str]]:
    """Choose the most ticks whose texts keep apart on an axis of a width in points."""
    low, high = sheet.limits
    for most in (7, 6, 5, 4, 3, 2):
        places, texts = ticks(sheet.scale, sheet.limits, most)
        at = [(p - low) / (high - low) * width for p in places]
        half = [text_width(t, SMALL) / 2 for t in texts]
        gaps = [at[i + 1] - half[i + 1] - at[i] - half[i] for i in range(len(places) - 1)]
        if all(gap >= 5 for gap in gaps):
            return places, texts
    return places[:1], texts[:1]
