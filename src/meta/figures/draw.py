"""How is a measured sheet drawn into Matplotlib axes?"""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Polygon, Rectangle

from meta.errors import DataError
from meta.figures import theme
from meta.figures.layout import LINE, LINE_SAMPLE, SMALL, TICK_LENGTH, Layout, measure
from meta.figures.sheet import BOLD, MUTED_ROWS, Row, Sheet
from meta.figures.theme import SIZE, put, text_width

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
# marks that paragraphs explain: shape, whether hollow, colour
_SAMPLES = {
    "hollow": ("s", True, theme.STUDY),
    "treated": ("o", False, theme.STUDY),
    "control": ("o", True, theme.MUTED),
    "highlight": ("D", False, theme.CLAIMED),
}
# below this share of its size text is no longer read
_LEAST_SCALE = 0.55

# RoB 2's colours and symbols, darkened so that the white symbol can be read
LIGHTS = {
    "low": ("#1b7f3b", "+", "low risk"),
    "some": ("#a86a00", "!", "some concerns"),
    "high": ("#b3261e", "×", "high risk"),
    "unclear": ("#5f6b76", "?", "unclear or no information"),
}
_REFERENCE_STYLE = {
    "null": (theme.INK, "-", 0.9),
    "pooled": (theme.RULE, (0, (3, 2)), 0.9),
    "mid": (theme.IMPORTANT, (0, (1, 1.6)), 1.5),
    "claimed": (theme.CLAIMED, (0, (5, 2)), 1.5),
}


@theme.in_house_style
def draw_sheet(sheet: Sheet, ax: Axes | None = None) -> tuple[Figure, Axes, Axes]:
    """Draw a sheet.

    Parameters
    ----------
    sheet : Sheet
        What is drawn.
    ax : matplotlib.axes.Axes, optional
        Where to; a new figure of exactly the needed size by default. Given axes keep their place:
        the axis takes up spare width, and text shrinks where there is too little.

    Returns
    -------
    figure : matplotlib.figure.Figure
    host : matplotlib.axes.Axes
        Holds the texts; its coordinates are points from the top left corner.
    panel : matplotlib.axes.Axes
        Holds the marks: x in axis coordinates, y the same points as in the host.

    Raises
    ------
    DataError
        If given axes are so small that text would shrink beyond reading.
    """
    layout = measure(sheet)
    scale = 1.0
    if ax is None:
        figure: Figure = theme.new_figure(layout.width, layout.height)
        ax = figure.add_axes((0.0, 0.0, 1.0, 1.0))
        size = (layout.width, layout.height)
    else:
        figure, _ = theme.host_axes(ax, 0, 0)
        layout, scale, size = _fit(sheet, layout, ax, figure)
    ax.set_axis_off()
    ax.set_xlim(0, size[0])
    ax.set_ylim(size[1], 0)
    panel = ax.inset_axes(
        (
            layout.panel_left / size[0],
            1 - layout.bottom / size[1],
            (layout.panel_right - layout.panel_left) / size[0],
            (layout.bottom - layout.top) / size[1],
        )
    )
    _draw_panel(sheet, layout, panel, scale)
    _draw_texts(sheet, layout, ax, scale)
    for row, y in zip(sheet.rows, layout.row_centres, strict=True):
        _draw_cells(sheet, layout, ax, row, y, scale)
        _draw_mark(sheet, panel, row, y, scale)
        _draw_lights(layout, ax, row, y, scale)
    return figure, ax, panel


def _fit(
    sheet: Sheet, layout: Layout, ax: Axes, figure: Figure
) -> tuple[Layout, float, tuple[float, float]]:
    box = ax.get_window_extent()
    width, height = box.width * 72 / figure.dpi, box.height * 72 / figure.dpi
    scale = min(1.0, width / layout.width, height / layout.height)
    if scale < _LEAST_SCALE:
        raise DataError(
            f"{sheet.name}: the axes are {width:.0f} x {height:.0f} points, and the figure needs "
            f"{layout.width:.0f} x {layout.height:.0f}; give larger axes, or leave ax out and the "
            "figure takes the size it needs"
        )
    size = (width / scale, height / scale)
    return measure(sheet, max(0.0, size[0] - layout.width)), scale, size


def _draw_panel(sheet: Sheet, layout: Layout, panel: Axes, scale: float) -> None:
    panel.set_xlim(*sheet.limits)
    panel.set_ylim(layout.bottom, layout.top)
    panel.patch.set_visible(False)
    for side in ("left", "right", "top"):
        panel.spines[side].set_visible(False)
    panel.spines["bottom"].set(color=theme.INK, linewidth=0.8 * scale)
    panel.set_yticks([])
    panel.set_xticks(layout.tick_places, layout.tick_texts, parse_math=False)
    panel.tick_params(
        axis="x",
        length=TICK_LENGTH * scale,
        pad=2 * scale,
        color=theme.INK,
        labelsize=SMALL * scale,
        labelcolor=theme.INK,
        labelfontfamily=theme.FONT,
    )
    totals = [
        y for row, y in zip(sheet.rows, layout.row_centres, strict=True) if row.kind == "total"
    ]
    for index, reference in enumerate(sheet.references):
        colour, style, width = _REFERENCE_STYLE[reference.kind]
        if reference.is_band:
            left, right = reference.within(sheet.limits)
            panel.add_patch(
                _band(left, layout.top, right - left, layout.bottom - layout.top, colour, scale)
            ).set_gid(f"band-{reference.kind}-{index}")
            continue
        end = totals[0] if reference.kind == "pooled" and totals else layout.bottom
        panel.plot(
            [reference.value] * 2, [layout.top, end], color=colour, linestyle=style,
            linewidth=width * scale, zorder=1, gid=f"reference-{reference.kind}-{index}",
        )  # fmt: skip


def _draw_texts(sheet: Sheet, layout: Layout, ax: Axes, scale: float) -> None:
    for column in sheet.columns:
        lines = column.heading.split("\n")
        for i, line in enumerate(lines):
            y = layout.heading_baseline - 12 * (len(lines) - 1 - i)
            put(
                ax, layout.anchors[column.key], y, line, ha=column.align, fontweight="bold",
                fontsize=SIZE * scale,
            )  # fmt: skip
    for name, left, right, y in layout.spans:
        # a heading without others under it ends where its figures end
        above = y != layout.heading_baseline
        put(
            ax, (left + right) / 2 if above else right, y, name, ha="center" if above else "right",
            fontweight="bold", fontsize=SIZE * scale,
        )  # fmt: skip
        if above:
            ax.plot([left, right], [y + 3.5] * 2, color=theme.RULE, linewidth=0.7 * scale)
    right_end = layout.width - 10
    ax.plot([10, right_end], [layout.top] * 2, color=theme.INK, linewidth=0.9 * scale)
    for i, x in enumerate(layout.lights):
        letter = chr(ord("A") + i)
        put(
            ax, x, layout.heading_baseline, letter, ha="center", fontweight="bold",
            fontsize=SIZE * scale,
        )  # fmt: skip
    for index, label in layout.reference_labels.items():
        reference = sheet.references[index]
        colour = _REFERENCE_STYLE[reference.kind][0]
        start = label.centre - (LINE_SAMPLE + text_width(reference.label, SMALL)) / 2
        _, style, width = _REFERENCE_STYLE[reference.kind]
        if reference.is_band:
            ax.add_patch(_band(start, label.baseline - 7, LINE_SAMPLE - 4, 8, colour, scale))
        else:
            ax.plot(
                [start, start + LINE_SAMPLE - 4], [label.baseline - 3] * 2, color=colour,
                linestyle=style, linewidth=width * scale,
            )  # fmt: skip
        put(
            ax, start + LINE_SAMPLE, label.baseline, reference.label, color=colour,
            fontsize=SMALL * scale,
        )  # fmt: skip
        if label.leader and label.baseline < layout.top - 6:
            middle = sum(reference.within(sheet.limits)) / 2
            at = layout.panel_left + (middle - sheet.limits[0]) / (
                sheet.limits[1] - sheet.limits[0]
            ) * (layout.panel_right - layout.panel_left)
            ax.plot(
                [at, at], [label.baseline + 3, layout.top], color=colour, linewidth=0.7 * scale,
                linestyle=_REFERENCE_STYLE[reference.kind][1],
            )  # fmt: skip
    for item in layout.texts:
        muted = item.role in {"foot", "favours"}
        put(
            ax, item.x, item.y, item.text, ha=item.align, fontsize=item.size * scale,
            color=theme.MUTED if muted else theme.INK,
            fontweight="bold" if item.role == "title" else "normal",
        )  # fmt: skip
    for item in layout.symbols:
        marker, hollow, colour = _SAMPLES[item.role]
        ax.add_line(
            _square(
                [item.x], [item.y], 7 * scale, hollow=hollow, scale=scale, colour=colour,
                marker=marker,
            )
        )  # fmt: skip


def _draw_cells(sheet: Sheet, layout: Layout, ax: Axes, row: Row, y: float, scale: float) -> None:
    for column in sheet.columns:
        text = row.cells.get(column.key, "")
        lines = text.split("\n") if text else []
        for i, line in enumerate(lines):
            lower = LINE * (i - (len(lines) - 1) / 2)
            put(
                ax, layout.anchors[column.key], y + lower + 0.36 * SIZE, line, ha=column.align,
                fontsize=SIZE * scale,
                fontweight="bold" if row.kind in BOLD else "normal",
                color=row.inks.get(
                    column.key, theme.MUTED if row.kind in MUTED_ROWS else theme.INK
                ),
            )  # fmt: skip


def _band(x: float, y: float, wide: float, high: float, colour: str, scale: float) -> Rectangle:
    # the edges keep a narrow band seen, and a pale one apart from the ground in grey print
    return Rectangle(
        (x, y), wide, high, facecolor=to_rgba(colour, 0.18), edgecolor=to_rgba(colour, 0.7),
        linewidth=0.8 * scale, zorder=0.5,
    )  # fmt: skip


def _square(
    x: list[float],
    y: list[float],
    side: float,
    *,
    hollow: bool,
    scale: float,
    colour: str = theme.STUDY,
    marker: str = "s",
) -> Line2D:
    return Line2D(
        x, y, linestyle="none", marker=marker, markersize=side,
        markerfacecolor=theme.GROUND if hollow else colour,
        markeredgecolor=colour, markeredgewidth=(1.2 if hollow else 0.0) * scale, zorder=4,
    )  # fmt: skip


def _draw_mark(sheet: Sheet, panel: Axes, row: Row, y: float, scale: float) -> None:
    low_limit, high_limit = sheet.limits
    if row.kind in _ARROW:
        # an estimate without an interval may itself lie outside
        cut_low = row.estimate < low_limit or (np.isfinite(row.high) and row.low < low_limit)
        cut_high = row.estimate > high_limit or (np.isfinite(row.low) and row.high > high_limit)
        colour = row.colour or _COLOURS[row.kind]
        for cut, at, marker in ((cut_low, low_limit, "<"), (cut_high, high_limit, ">")):
            if cut:
                panel.plot(
                    [at], [y], marker=marker, color=colour, markersize=_ARROW[row.kind] * scale,
                    markeredgewidth=0, clip_on=False, zorder=5, gid="cut",
                )  # fmt: skip
        if row.kind in _MARKERS:
            _draw_study(sheet, panel, row, y, scale, colour)
        elif row.kind == "prediction":
            low, high = max(row.low, low_limit), min(row.high, high_limit)
            if np.isfinite(low) and np.isfinite(high):
                panel.add_patch(
                    Rectangle(
                        (low, y - 2.2), high - low, 4.4, facecolor=colour, edgecolor="none",
                        zorder=3, gid="prediction",
                    )
                )  # fmt: skip
        elif np.isfinite(row.low) and np.isfinite(row.high):
            half = 5.2 if row.kind == "total" else 4.2
            panel.add_patch(
                Polygon(
                    [
                        (row.low, y), (row.estimate, y - half),
                        (row.high, y), (row.estimate, y + half),
                    ],
                    closed=True, facecolor=theme.GROUND if row.hollow else colour,
                    edgecolor=colour, linewidth=(1.0 if row.hollow else 0.6) * scale, zorder=3,
                    gid=row.kind,
                )
            )  # fmt: skip


def _draw_study(sheet: Sheet, panel: Axes, row: Row, y: float, scale: float, colour: str) -> None:
    low_limit, high_limit = sheet.limits
    low = max(row.low, low_limit) if np.isfinite(row.low) else row.estimate
    high = min(row.high, high_limit) if np.isfinite(row.high) else row.estimate
    if low <= high:
        panel.plot(
            [low, high], [y, y], color=colour, linewidth=1.2 * scale, solid_capstyle="butt",
            zorder=3, gid="interval",
        )  # fmt: skip
    if low_limit <= row.estimate <= high_limit:
        side = max(SMALLEST, LARGEST * np.sqrt(row.size if np.isfinite(row.size) else 1.0)) * scale
        if row.hollow:
            side = max(side, 4.5 * scale)
        square = _square(
            [row.estimate], [y], side, hollow=row.hollow, scale=scale, colour=colour,
            marker=row.marker or _MARKERS[row.kind],
        )  # fmt: skip
        square.set_gid("estimate")
        panel.add_line(square)
        square.set_clip_on(False)


def _draw_lights(layout: Layout, ax: Axes, row: Row, y: float, scale: float) -> None:
    for x, judgement in zip(layout.lights, row.lights, strict=False):
        if judgement:
            light(ax, x, y, judgement, scale)


def light(ax: Axes, x: float, y: float, judgement: str, scale: float, size: float = 11.2) -> None:
    """Draw a risk-of-bias light of a diameter in points: colour and symbol say the same."""
    colour, symbol, _ = LIGHTS[judgement]
    ax.plot(
        [x], [y], marker="o", markersize=size * scale, color=colour, markeredgewidth=0,
        clip_on=False, gid=f"light-{judgement}",
    )  # fmt: skip
    put(
        ax, x, y, symbol, ha="center", va="center_baseline", color=theme.GROUND,
        fontweight="bold", fontsize=0.78 * size * scale,
    )  # fmt: skip
