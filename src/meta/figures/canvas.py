"""Where do title, key, axes and notes of a chart go, whatever their length?

Charts that are no tables (funnel, bubble, drapery, ...) share this frame: a title and a key of
marks above, one pair of axes, and notes below, all measured before anything is drawn.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle

from meta.effect_sizes.measures import Measure
from meta.errors import DataError
from meta.figures import theme
from meta.figures.axis import computed_ticks
from meta.figures.layout import LINE, MARGIN, SMALL, SMALL_LINE
from meta.figures.theme import SIZE, put, text_width, wrap

_SAMPLE = 20.0
_BELOW_AXIS = 38.0
_LEAST_PANEL = (120.0, 80.0)
_LEAST_SCALE = 0.55


@dataclass(frozen=True, slots=True)
class Canvas:
    """A frame that was drawn.

    Attributes
    ----------
    figure : matplotlib.figure.Figure
    host : matplotlib.axes.Axes
        Holds title, key and notes; its coordinates are points.
    panel : matplotlib.axes.Axes
        The axes to draw in.
    scale : float
        Factor for sizes of text and marks; below 1 in small given axes.
    size : tuple of float
        Width and height of the panel in points.
    """

    figure: Figure
    host: Axes
    panel: Axes
    scale: float
    size: tuple[float, float]


def frame(
    name: str,
    ax: Axes | None,
    *,
    width: float = 420.0,
    height: float = 300.0,
    title: str = "",
    key: Sequence[tuple[Artist, str]] = (),
    notes: Sequence[str] = (),
    x_label: str = "",
    y_label: str = "",
    left: float = 56.0,
    right: float = 16.0,
    axes: bool = True,
) -> Canvas:
    """Draw the frame of a chart.

    Parameters
    ----------
    name : str
        What is drawn, for error messages.
    ax : matplotlib.axes.Axes or None
        The caller's axes, whose place is kept; None makes a figure of the needed size.
    width, height : float
        Size of the panel in points.
    title, x_label, y_label : str
        Texts.
    key : sequence of (artist, text)
        Samples of marks (lines, patches) with their meaning.
    notes : sequence of str
        Paragraphs below.
    left, right : float
        Room beside the panel, in points.
    axes : bool
        Whether the panel has axis lines, ticks and labels.

    Returns
    -------
    Canvas

    Raises
    ------
    DataError
        If given axes are too small.
    """
    full = left + width + right
    scale = 1.0
    below = _BELOW_AXIS if axes else 4.0
    if ax is None:
        head, foot = _head(title, key, full), _foot(notes, full)
        total = head + height + below + foot
        figure: Figure = theme.new_figure(full, total)
        ax = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    else:
        figure, _ = theme.host_axes(ax, 0, 0)
        box = ax.get_window_extent()
        full, total = box.width * 72 / figure.dpi, box.height * 72 / figure.dpi
        # text shrinks until the least panel has room; notes wrap to what there is
        for scale in np.linspace(1.0, _LEAST_SCALE, 10):
            wide, high = full / scale, total / scale
            head, foot = _head(title, key, wide), _foot(notes, wide)
            width, height = wide - left - right, high - head - below - foot
            if width >= _LEAST_PANEL[0] and height >= _LEAST_PANEL[1]:
                break
        else:
            raise DataError(
                f"{name}: the axes are {full:.0f} x {total:.0f} points, too small to be read with "
                "title, key and notes; give larger axes, or leave ax out"
            )
        full, total = wide, high
    ax.set_axis_off()
    ax.set_xlim(0, full)
    ax.set_ylim(total, 0)
    panel = ax.inset_axes(
        (
            left / full,
            1 - (head + height) / total,
            width / full,
            height / total,
        )
    )
    canvas = Canvas(figure, ax, panel, float(scale), (width, height))
    _write(canvas, title, key, notes, full, head + height + below)
    if not axes:
        panel.set_axis_off()
    for spine in panel.spines.values():
        spine.set_linewidth(0.8 * scale)
    panel.tick_params(labelsize=SMALL * scale, length=3.5 * scale, labelfontfamily=theme.FONT)
    panel.set_xlabel(x_label, fontsize=SIZE * scale, parse_math=False)
    panel.set_ylabel(y_label, fontsize=SIZE * scale, parse_math=False)
    return canvas


def _key_rows(key: Sequence[tuple[Artist, str]], width: float) -> list[list[tuple[Artist, str]]]:
    rows: list[list[tuple[Artist, str]]] = []
    used = np.inf
    for artist, text in key:
        need = _SAMPLE + 5 + text_width(text, SMALL) + 14
        if used + need > width - 2 * MARGIN:
            rows.append([])
            used = 0.0
        rows[-1].append((artist, text))
        used += need
    return rows


def _title_lines(title: str, width: float) -> list[str]:
    return wrap(title, width - 2 * MARGIN, SIZE + 2, bold=True) if title else []


def _head(title: str, key: Sequence[tuple[Artist, str]], width: float) -> float:
    lines = _title_lines(title, width)
    rows = _key_rows(key, width)
    return MARGIN + len(lines) * (LINE + 3) + (4 if lines else 0) + len(rows) * (LINE + 2) + 8


def _foot(notes: Sequence[str], width: float) -> float:
    lines = sum(len(wrap(note, width - 2 * MARGIN, SMALL)) for note in notes)
    return lines * SMALL_LINE + 2 * len(notes) + MARGIN


def _write(
    canvas: Canvas,
    title: str,
    key: Sequence[tuple[Artist, str]],
    notes: Sequence[str],
    width: float,
    below: float,
) -> None:
    host, scale = canvas.host, canvas.scale
    y = MARGIN
    lines = _title_lines(title, width)
    for line in lines:
        y += LINE + 3
        put(host, MARGIN, y - 3, line, fontsize=(SIZE + 2) * scale, fontweight="bold")
    y += 4 if lines else 0
    for row in _key_rows(key, width):
        y += LINE + 2
        x = MARGIN
        for artist, text in row:
            _sample(host, artist, x, y - 3, scale)
            put(host, x + _SAMPLE + 5, y, text, fontsize=SMALL * scale)
            x += _SAMPLE + 5 + text_width(text, SMALL) + 14
    y = below
    for note in notes:
        y += 2
        for line in wrap(note, width - 2 * MARGIN, SMALL):
            y += SMALL_LINE
            put(host, MARGIN, y - 3, line, fontsize=SMALL * scale, color=theme.MUTED)


def _sample(host: Axes, artist: Artist, x: float, y: float, scale: float) -> None:
    if isinstance(artist, Patch):
        host.add_patch(
            Rectangle(
                (x, y - 4.5), _SAMPLE, 9, facecolor=artist.get_facecolor(),
                edgecolor=artist.get_edgecolor(), linewidth=artist.get_linewidth() * scale,
                hatch=artist.get_hatch(),
            )
        )  # fmt: skip
    elif isinstance(artist, Line2D):
        copy = Line2D([x, x + _SAMPLE], [y, y])
        copy.update_from(artist)
        if artist.get_linestyle() in {"None", "none", ""}:
            copy.set_data([x + _SAMPLE / 2], [y])
        copy.set_linewidth(artist.get_linewidth() * scale)
        copy.set_markersize(artist.get_markersize() * scale)
        host.add_line(copy)


def effect_axis(
    canvas: Canvas, scale: Measure, limits: tuple[float, float], axis: str = "x"
) -> None:
    """Set limits and reader's ticks of an effect axis that runs on the scale of computation."""
    length = canvas.size[0] if axis == "x" else canvas.size[1]
    for most in (7, 6, 5, 4, 3):
        places, texts = computed_ticks(scale, limits, most)
        at = [(p - limits[0]) / (limits[1] - limits[0]) * length for p in places]
        need = [text_width(t, SMALL) if axis == "x" else SMALL for t in texts]
        if all(at[i + 1] - at[i] > (need[i] + need[i + 1]) / 2 + 5 for i in range(len(places) - 1)):
            break
    if axis == "x":
        canvas.panel.set_xlim(*limits)
        canvas.panel.set_xticks(places, texts, parse_math=False)
    else:
        canvas.panel.set_ylim(*limits)
        canvas.panel.set_yticks(places, texts, parse_math=False)


def label_points(
    canvas: Canvas,
    x: Sequence[float],
    y: Sequence[float],
    labels: Sequence[str],
    first: Sequence[int] | None = None,
    radii: Sequence[float] | None = None,
) -> list[str]:
    """Write names beside points where they have room, the important ones first.

    Parameters
    ----------
    canvas : Canvas
        A frame whose limits are set.
    x, y : sequence of float
        Points in axis coordinates.
    labels : sequence of str
        Their names.
    first : sequence of int, optional
        Positions in the order of importance.
    radii : sequence of float, optional
        Radii of the marks in points, which names keep off; those of usual marks by default.

    Returns
    -------
    list of str
        Names that found no room, for a note.
    """
    panel, (width, height), size = canvas.panel, canvas.size, SMALL - 0.5
    to_unit = panel.transLimits
    spots = to_unit.transform(panel.transScale.transform(np.column_stack([x, y])))
    points = spots * [width, height]
    marks = [4.0] * len(points) if radii is None else [max(4.0, float(r)) for r in radii]
    boxes: list[tuple[float, float, float, float]] = [
        (px - r, py - r, px + r, py + r) for (px, py), r in zip(points, marks, strict=True)
    ]
    # a mark inside a larger one has its name outside of both
    clear = [
        max(r for p, r in zip(points, marks, strict=True) if np.hypot(*(p - point)) < r)
        for point in points
    ]
    # a name that crosses a line stays legible; an outline would double the size of the file
    ground = {"facecolor": theme.GROUND, "edgecolor": "none", "alpha": 0.7, "pad": 0.4}
    left_out = []
    for i in range(len(points)) if first is None else first:
        px, py = points[i]
        text = theme.plain(labels[i])
        wide, high = text_width(text, size), size * 0.95
        for dx, dy in _OFFSETS:
            off = clear[i] + 2
            x0 = px + (dx * off if dx > 0 else dx * off - wide if dx < 0 else -wide / 2)
            y0 = py + dy * (off + 2) - high / 2
            box = (x0, y0, x0 + wide, y0 + high)
            own = boxes[:i] + boxes[i + 1 :]
            inside = box[0] >= 1 and box[1] >= 1 and box[2] <= width - 1 and box[3] <= height - 1
            if inside and not any(
                box[0] < b[2] + 1 and b[0] < box[2] + 1 and box[1] < b[3] and b[1] < box[3]
                for b in own
            ):
                boxes.append(box)
                panel.text(
                    box[0] / width, (box[1] + high * 0.2) / height, text, parse_math=False,
                    transform=panel.transAxes, fontsize=size * canvas.scale, fontfamily=theme.FONT,
                    color=theme.INK, zorder=3.5, bbox=ground,
                )  # fmt: skip
                break
        else:
            left_out.append(text)
    return left_out


_OFFSETS = (
    (1, 0), (-1, 0), (0, 1.1), (0, -1.1), (1, 0.8), (1, -0.8), (-1, 0.8), (-1, -0.8),
    (1, 1.3), (1, -1.3), (-1, 1.3), (-1, -1.3),
)  # fmt: skip
