"""How is a table of rows and intervals drawn into its frame?"""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.markers import CARETLEFT, CARETRIGHT
from matplotlib.patches import Polygon, Rectangle

from meta.figures import theme
from meta.figures.frame import dot, frame
from meta.figures.lights import light
from meta.figures.table import MUTED_ROWS, Reference, Row, Table, table_data
from meta.figures.table_layout import LINE_SAMPLE, TICK_LENGTH, Layout, measure
from meta.figures.theme import LINE, MARGIN, SIZE, SMALL, put, text_width

LARGEST = 9.5
SMALLEST = 2.6
# arrowheads of cut intervals stand out from the mark that they end
_ARROW = {
    "study": 5.0, "arm": 5.0, "claim": 7.0, "prediction": 8.0, "subtotal": 11.0, "total": 13.0,
}  # fmt: skip
_COLOURS = {
    "study": theme.STUDY, "arm": theme.MUTED, "claim": theme.CLAIMED,
    "prediction": theme.PREDICTION, "subtotal": theme.MUTED, "total": theme.SUMMARY,
}  # fmt: skip
_MARKERS = {"study": "s", "arm": "o", "claim": "D"}
_REFERENCE_STYLE: dict[str, tuple[str, theme.LineStyle, float]] = {
    "null": (theme.INK, "-", 0.9),
    "pooled": (theme.RULE, (0, (3, 2)), 0.9),
    "mid": (theme.IMPORTANT, (0, (1, 1.6)), 1.5),
    "claimed": (theme.CLAIMED, (0, (5, 2)), 1.5),
}
# marks that notes explain
HOLLOW = dot(theme.STUDY, "s", 7, hollow=True, edge=1.2)
TREATED = dot(theme.STUDY, "o", 7)
CONTROL = dot(theme.MUTED, "o", 7, hollow=True, edge=1.2)
HIGHLIGHT = dot(theme.CLAIMED, "D", 7)


@theme.in_house_style
def draw_table(table: Table, ax: Axes | None, words: str) -> Figure:
    """Draw a table in a frame.

    Parameters
    ----------
    table : Table
        What is drawn.
    ax : matplotlib.axes.Axes or None
        Where to; a new figure of exactly the needed size for None. Given axes keep their place:
        the axis takes up spare width, and text shrinks where there is too little.
    words : str
        The description of the figure, behind its title.

    Raises
    ------
    DataError
        If given axes are so small that text would shrink beyond reading.
    """
    layout = measure(table)
    drawn = frame(
        table.name, ax, width=layout.width, height=layout.height, title=table.title,
        key=table.key, notes=layout.notes, left=0, right=0, axes=False, table=True,
    )  # fmt: skip
    if drawn.size[0] > layout.width:
        layout = measure(table, drawn.size[0] - layout.width)
    host = drawn.panel
    lowest, highest = host.get_ylim()
    panel = host.inset_axes(
        (
            layout.panel_left / layout.width,
            (lowest - layout.bottom) / (lowest - highest),
            (layout.panel_right - layout.panel_left) / layout.width,
            (layout.bottom - layout.top) / (lowest - highest),
        )
    )
    _draw_panel(table, layout, panel)
    _draw_texts(table, layout, host)
    placed = list(zip(table.rows, layout.row_centres, strict=True))
    if table.dense:
        _draw_dense(panel, [(row, y) for row, y in placed if row.kind == "study"])
    for row, y in placed:
        if table.dense and row.kind == "study":
            continue
        _draw_cells(table, layout, host, row, y)
        _draw_mark(table, panel, row, y)
        for x, judgement in zip(layout.lights, row.lights, strict=False):
            light(host, x, y, judgement)
    return drawn.finish_table(words, table_data(table))


def _draw_panel(table: Table, layout: Layout, panel: Axes) -> None:
    panel.set_xlim(*table.limits)
    panel.set_ylim(layout.bottom, layout.top)
    panel.patch.set_visible(False)
    for side in ("left", "right", "top"):
        panel.spines[side].set_visible(False)
    panel.spines["bottom"].set(color=theme.INK, linewidth=0.8)
    panel.set_yticks([])
    panel.set_xticks(layout.tick_places, layout.tick_texts, parse_math=False)
    panel.tick_params(
        axis="x", length=TICK_LENGTH, pad=2, color=theme.INK, labelsize=SMALL,
        labelcolor=theme.INK, labelfontfamily=theme.FONT,
    )  # fmt: skip
    totals = [
        y for row, y in zip(table.rows, layout.row_centres, strict=True) if row.kind == "total"
    ]
    for index, line in enumerate(table.references):
        left, right = line.within(table.limits)
        end = totals[0] if line.kind == "pooled" and totals else layout.bottom
        name = f"{'band' if line.is_band else 'reference'}-{line.kind}-{index}"
        _draw_reference(panel, line, (left, right), (layout.top, end)).set_gid(name)


def _draw_reference(
    ax: Axes, line: Reference, x: tuple[float, float], y: tuple[float, float]
) -> Line2D | Rectangle:
    colour, style, width = _REFERENCE_STYLE[line.kind]
    if line.is_band:
        # the edges keep a narrow band seen, and a pale one apart from the ground in grey print
        band = Rectangle(
            (x[0], y[0]), x[1] - x[0], y[1] - y[0], facecolor=to_rgba(colour, 0.18),
            edgecolor=to_rgba(colour, 0.7), linewidth=0.8, zorder=0.5,
        )  # fmt: skip
        ax.add_patch(band)
        return band
    return ax.plot(x, y, color=colour, linestyle=style, linewidth=width, zorder=1)[0]


def _draw_texts(table: Table, layout: Layout, ax: Axes) -> None:
    for column in table.columns:
        lines = column.heading.split("\n")
        for i, line in enumerate(lines):
            y = layout.heading_baseline - LINE * (len(lines) - 1 - i)
            put(ax, layout.anchors[column.key], y, line, ha=column.align, fontweight="bold")
    for name, left, right, y in layout.spans:
        # a heading without others under it ends where its figures end
        above = y != layout.heading_baseline
        x = (left + right) / 2 if above else right
        put(ax, x, y, name, ha="center" if above else "right", fontweight="bold")
        if above:
            ax.plot([left, right], [y + 3.5] * 2, color=theme.RULE, linewidth=0.7)
    edges = [MARGIN, layout.width - MARGIN]
    ax.plot(edges, [layout.top] * 2, color=theme.INK, linewidth=0.9)
    for i, x in enumerate(layout.lights):
        letter = chr(ord("A") + i)
        put(ax, x, layout.heading_baseline, letter, ha="center", fontweight="bold")
    for index, label in layout.reference_labels.items():
        reference = table.references[index]
        colour, style, _ = _REFERENCE_STYLE[reference.kind]
        start = label.centre - (LINE_SAMPLE + text_width(reference.label, SMALL)) / 2
        high = (-7.0, 1.0) if reference.is_band else (-3.0, -3.0)
        _draw_reference(
            ax, reference, (start, start + LINE_SAMPLE - 4),
            (label.baseline + high[0], label.baseline + high[1]),
        )  # fmt: skip
        put(ax, start + LINE_SAMPLE, label.baseline, reference.label, color=colour, fontsize=SMALL)
        if label.leader and label.baseline < layout.top - 6:
            ax.plot(
                [label.place] * 2, [label.baseline + 3, layout.top], color=colour, linewidth=0.7,
                linestyle=style,
            )  # fmt: skip
    for item in layout.texts:
        colour = theme.INK if item.role == "axis" else theme.MUTED
        put(ax, item.x, item.y, item.text, ha=item.align, fontsize=item.size, color=colour)


def _draw_cells(table: Table, layout: Layout, ax: Axes, row: Row, y: float) -> None:
    usual = theme.MUTED if row.kind in MUTED_ROWS else theme.INK
    for column in table.columns:
        text = row.cells.get(column.key, "")
        lines = text.split("\n") if text else []
        for i, line in enumerate(lines):
            lower = LINE * (i - (len(lines) - 1) / 2)
            put(
                ax, layout.anchors[column.key], y + lower + 0.36 * SIZE, line, ha=column.align,
                fontweight="bold" if row.bold else "normal",
                color=row.inks.get(column.key, usual),
            )  # fmt: skip


def _draw_mark(table: Table, panel: Axes, row: Row, y: float) -> None:
    low_limit, high_limit = table.limits
    if row.kind not in _ARROW:
        return
    if np.isfinite(row.claimed).all():
        panel.plot(
            row.claimed, [y, y], color=theme.CLAIMED, linewidth=2.2, marker="D", markersize=5.5,
            markeredgewidth=0, zorder=6, gid="claimed", clip_on=False,
        )  # fmt: skip
    # an estimate without an interval may itself lie outside
    cut_low = row.estimate < low_limit or (np.isfinite(row.high) and row.low < low_limit)
    cut_high = row.estimate > high_limit or (np.isfinite(row.low) and row.high > high_limit)
    uncertain = theme.MUTED if row.kind != "prediction" else theme.PREDICTION
    colour = row.colour or (_COLOURS[row.kind] if row.diamond else uncertain)
    arrow = _ARROW[row.kind if row.diamond else "study"]
    for cut, at, marker in (
        (cut_low, low_limit, CARETLEFT),
        (cut_high, high_limit, CARETRIGHT),
    ):
        if cut:
            panel.plot(
                [at], [y], marker=marker, color=colour, markersize=arrow,
                markeredgewidth=0, clip_on=False, zorder=5, gid="cut",
            )  # fmt: skip
    if row.kind in _MARKERS or (row.kind in {"total", "subtotal"} and not row.diamond):
        _draw_study(table, panel, row, y, colour)
    elif row.kind == "prediction":
        low, high = max(row.low, low_limit), min(row.high, high_limit)
        if np.isfinite(low) and np.isfinite(high):
            half = 2.2 if row.diamond else 0.7
            panel.add_patch(
                Rectangle(
                    (low, y - half), high - low, 2 * half, facecolor=colour, edgecolor="none",
                    zorder=3, gid="prediction",
                )
            )  # fmt: skip
    elif np.isfinite(row.low) and np.isfinite(row.high):
        half = 5.2 if row.kind == "total" else 4.2
        corners = [
            (row.low, y), (row.estimate, y - half), (row.high, y), (row.estimate, y + half),
        ]  # fmt: skip
        panel.add_patch(
            Polygon(
                corners, closed=True, facecolor=theme.GROUND if row.hollow else colour,
                edgecolor=colour, linewidth=1.0 if row.hollow else 0.6, zorder=3, gid=row.kind,
            )
        )  # fmt: skip


def _draw_dense(panel: Axes, studies: list[tuple[Row, float]]) -> None:
    """Draw intervals and estimates of very many studies, each kind at once."""
    lines = [[(row.low, y), (row.high, y)] for row, y in studies if np.isfinite(row.low)]
    panel.add_collection(
        LineCollection(lines, colors=theme.STUDY, alpha=0.45, linewidths=0.6, gid="intervals"),
        autolim=False,
    )
    panel.scatter(
        [row.estimate for row, _ in studies], [y for _, y in studies], zorder=4,
        s=[1.0 + 9.0 * (row.size if np.isfinite(row.size) else 1.0) for row, _ in studies],
        color=theme.STUDY, linewidths=0, marker="s", gid="estimates",
    )  # fmt: skip


def _draw_study(table: Table, panel: Axes, row: Row, y: float, colour: str) -> None:
    low_limit, high_limit = table.limits
    low = max(row.low, low_limit) if np.isfinite(row.low) else row.estimate
    high = min(row.high, high_limit) if np.isfinite(row.high) else row.estimate
    if low <= high:
        panel.plot(
            [low, high], [y, y], color=colour, linewidth=1.2, solid_capstyle="butt", zorder=3,
            gid="interval",
        )  # fmt: skip
    if low_limit <= row.estimate <= high_limit:
        side = max(SMALLEST, LARGEST * np.sqrt(row.size if np.isfinite(row.size) else 1.0))
        shape = row.marker or _MARKERS.get(row.kind, "d")
        side = max(side, 4.5) if row.hollow else side
        mark = dot(colour, shape, side, hollow=row.hollow, edge=1.2)
        mark.set(xdata=[row.estimate], ydata=[y], zorder=4, gid="estimate")
        panel.add_line(mark)
        mark.set_clip_on(False)
