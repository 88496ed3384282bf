"""Where do title, key, drawing and notes of a figure go, whatever their length?

Every figure stands in this one frame: a title and a key of marks above, the drawing, and notes
below, all measured before anything is drawn. In axes that the caller gives, text shrinks until
everything has room.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.collections import Collection, PathCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import FancyArrowPatch, Patch, Polygon, Rectangle
from matplotlib.text import Text
from numpy.typing import ArrayLike, NDArray

from meta.effect_sizes.measures import Measure
from meta.errors import DataError
from meta.figures import drawing, theme
from meta.figures.axis import fitting_ticks
from meta.figures.theme import LINE, MARGIN, SIZE, SMALL, SMALL_LINE, put, text_width, wrap

Points = NDArray[np.float64]

_SAMPLE = 20.0
_NOTE_SAMPLE = 8.0
_NOTE_INDENT = 14.0
_BELOW_AXIS = 38.0
_LEAST_PANEL = (120.0, 80.0)
_LEAST_SCALE = 0.55


@dataclass(frozen=True, slots=True)
class Note:
    """A paragraph under a figure, with a sample of the mark that it explains."""

    text: str
    sample: Artist | None = None


@dataclass(frozen=True, slots=True)
class Frame:
    """A frame that was drawn.

    Attributes
    ----------
    figure : matplotlib.figure.Figure
    host : matplotlib.axes.Axes
        Holds title, key and notes; its coordinates are points.
    panel : matplotlib.axes.Axes
        The axes to draw in; for a table the host itself, with the origin at the table's corner.
    size : tuple of float
        Width and height of the panel in points.
    scale : float
        Factor for sizes of text and marks; below 1 in small given axes.
    title : str
        Heading, with which the description begins.
    """

    figure: Figure
    host: Axes
    panel: Axes
    size: tuple[float, float]
    scale: float
    title: str

    def points(self, x: ArrayLike, y: ArrayLike, **style: Any) -> None:
        """Draw a point for each study."""
        usual: dict[str, Any] = {"linestyle": "none", "marker": "o", "markersize": 5.5,
                                 "color": theme.STUDY, "zorder": 4, "gid": "studies"}  # fmt: skip
        self.panel.plot(x, y, **(usual | style))

    def finish(self, words: str, *parts: tuple[str, Mapping[str, Any] | pd.DataFrame]) -> Figure:
        """Finish with what is drawn in parts: of each what it is, and its columns."""
        frames = [pd.DataFrame(columns).assign(what=what) for what, columns in parts]
        found = pd.concat([one for one in frames if len(one)], ignore_index=True)
        return self.finish_table(
            words, found[["what", *(name for name in found if name != "what")]]
        )

    def finish_table(self, words: str, data: pd.DataFrame) -> Figure:
        """Shrink what was drawn with the frame, attach its description and data, and return it."""
        _settle(self.host)
        if self.scale < 1:
            _shrink(self.host, self.scale)
        drawing.describe(self.host, theme.lead(self.title) + words, data)
        return self.figure


def dot(colour: str = theme.STUDY, marker: str = "o", size: float = 5.5, *, hollow: bool = False,
        edge: float = 1.1) -> Line2D:  # fmt: skip
    """Make a sample of a mark."""
    return Line2D(
        [], [], linestyle="none", marker=marker, markersize=size, color=colour,
        markerfacecolor=theme.GROUND if hollow else colour, markeredgecolor=colour,
        markeredgewidth=edge if hollow else 0.0,
    )  # fmt: skip


def stroke(colour: str, width: float = 1.6, style: theme.LineStyle = "-") -> Line2D:
    """Make a sample of a line."""
    return Line2D([], [], color=colour, linewidth=width, linestyle=style)


def frame(
    name: str,
    ax: Axes | None,
    *,
    width: float = 420.0,
    height: float = 300.0,
    title: str = "",
    key: Sequence[tuple[Artist, str]] = (),
    notes: Sequence[str | Note] = (),
    x_label: str = "",
    y_label: str = "",
    left: float = 56.0,
    right: float = 16.0,
    axes: bool = True,
    table: bool = False,
) -> Frame:
    """Draw the frame of a figure.

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
    notes : sequence of str or Note
        Paragraphs below.
    left, right : float
        Room beside the panel, in points.
    axes : bool
        Whether the panel has axis lines, ticks and labels.
    table : bool
        Whether the panel holds a table, which needs its whole size and keeps its height; any other
        drawing takes the room that there is.

    Returns
    -------
    Frame

    Raises
    ------
    DataError
        If given axes are too small.
    """
    below = _BELOW_AXIS if axes else 4.0
    beside = left + right
    scale = 1.0
    said = [note if isinstance(note, Note) else Note(note) for note in notes]

    def around(full: float) -> tuple[float, float]:
        return _head(title, key, full) + 8.0 * (bool(key) or not table), _foot(said, full)

    full = beside + width
    head, foot = around(full)
    total = head + height + below + foot
    if ax is None:
        figure: Figure = drawing.new_figure(full, total)
        ax = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    else:
        figure = drawing.figure_of(ax)
        box = ax.get_window_extent()
        given = box.width * 72 / figure.dpi, box.height * 72 / figure.dpi
        least = (width, height) if table else _LEAST_PANEL
        for scale in np.arange(100, 100 * _LEAST_SCALE - 1, -1) / 100:
            full, total = given[0] / scale, given[1] / scale
            head, foot = around(full)
            room = full - beside, total - head - below - foot
            if room[0] >= least[0] and room[1] >= least[1]:
                break
        else:
            head, foot = around(beside + least[0])
            raise DataError(
                f"{name}: the axes are {given[0]:.0f} x {given[1]:.0f} points, and title, key, "
                f"drawing and notes need {_LEAST_SCALE * (beside + least[0]):.0f} x "
                f"{_LEAST_SCALE * (head + least[1] + below + foot):.0f} to be read; give larger "
                "axes, or leave ax out and the figure takes the size it needs"
            )
        width, height = room[0], height if table else room[1]
    ax.set_axis_off()
    ax.set_xlim(0, full)
    # the origin of a table is its own upper left corner, for it is drawn in the host itself
    origin = head if table else 0.0
    ax.set_ylim(total - origin, -origin)
    _write(ax, title, key, said, full, -origin, head - origin + height + below)
    if table:
        return Frame(figure, ax, ax, (width, height), float(scale), title)
    place = (left / full, 1 - (head + height) / total, width / full, height / total)
    drawn = Frame(figure, ax, ax.inset_axes(place), (width, height), float(scale), title)
    panel = drawn.panel
    if not axes:
        panel.set_axis_off()
    for spine in panel.spines.values():
        spine.set_linewidth(0.8)
    panel.tick_params(labelsize=SMALL, length=3.5, labelfontfamily=theme.FONT)
    panel.set_xlabel(x_label, fontsize=SIZE, parse_math=False)
    panel.set_ylabel(y_label, fontsize=SIZE, parse_math=False)
    return drawn


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


def _note_lines(note: Note, width: float) -> list[str]:
    indent = _NOTE_INDENT if note.sample else 0.0
    return wrap(note.text, width - 2 * MARGIN - indent, SMALL)


def _head(title: str, key: Sequence[tuple[Artist, str]], width: float) -> float:
    lines = _title_lines(title, width)
    rows = _key_rows(key, width)
    return MARGIN + len(lines) * (LINE + 3) + (4 if lines else 0) + len(rows) * (LINE + 2)


def _foot(notes: Sequence[Note], width: float) -> float:
    lines = sum(len(_note_lines(note, width)) for note in notes)
    return lines * SMALL_LINE + 2 * len(notes) + MARGIN


def _write(
    host: Axes,
    title: str,
    key: Sequence[tuple[Artist, str]],
    notes: Sequence[Note],
    width: float,
    top: float,
    below: float,
) -> None:
    y = top + MARGIN
    lines = _title_lines(title, width)
    for line in lines:
        y += LINE + 3
        put(host, MARGIN, y - 3, line, fontsize=SIZE + 2, fontweight="bold")
    y += 4 if lines else 0
    for row in _key_rows(key, width):
        y += LINE + 2
        x = MARGIN
        for artist, text in row:
            _sample(host, artist, x, y - 3, _SAMPLE)
            put(host, x + _SAMPLE + 5, y, text, fontsize=SMALL)
            x += _SAMPLE + 5 + text_width(text, SMALL) + 14
    y = below
    for note in notes:
        y += 2
        for i, line in enumerate(_note_lines(note, width)):
            y += SMALL_LINE
            if note.sample and i == 0:
                _sample(host, note.sample, MARGIN, y - 6, _NOTE_SAMPLE)
            x = MARGIN + (_NOTE_INDENT if note.sample else 0.0)
            put(host, x, y - 3, line, fontsize=SMALL, color=theme.MUTED)


def _sample(host: Axes, artist: Artist, x: float, y: float, wide: float) -> None:
    if isinstance(artist, Patch):
        host.add_patch(
            Rectangle(
                (x, y - 4.5), wide, 9, facecolor=artist.get_facecolor(),
                edgecolor=artist.get_edgecolor(), linewidth=artist.get_linewidth(),
                hatch=artist.get_hatch(),
            )
        )  # fmt: skip
    elif isinstance(artist, Line2D):
        copy = Line2D([x, x + wide], [y, y])
        copy.update_from(artist)
        if artist.get_linestyle() in {"None", "none", ""}:
            copy.set_data([x + wide / 2], [y])
        host.add_line(copy)


def _settle(axes: Axes) -> None:
    """Round what is drawn to nine digits, in the axes and all axes inside them.

    Sums differ between processors in the sixteenth digit, and a file would differ with them.
    """
    for artist in axes.get_children():
        if isinstance(artist, Line2D):
            artist.set_data(*(_nine_digits(ends) for ends in artist.get_data(orig=False)))
        elif isinstance(artist, Collection):
            artist.set_offsets(_nine_digits(artist.get_offsets()))
            for path in artist.get_paths():
                path.vertices = _nine_digits(path.vertices)
            if isinstance(artist, PathCollection):
                artist.set_sizes(_nine_digits(artist.get_sizes()))
        elif isinstance(artist, Polygon):
            artist.set_xy(_nine_digits(artist.get_xy()))
        elif isinstance(artist, Rectangle):
            artist.set_bounds(*_nine_digits(artist.get_bbox().bounds))
        elif hasattr(artist, "spines"):
            _settle(artist)  # type: ignore[arg-type]
    for limits, change in ((axes.get_xlim, axes.set_xlim), (axes.get_ylim, axes.set_ylim)):
        change(*_nine_digits(limits()))


def _nine_digits(values: Any) -> Points:
    array = np.asarray(values, dtype=float)
    size = np.abs(np.where(np.isfinite(array) & (array != 0), array, 1.0))
    scale = 10.0 ** (8 - np.floor(np.log10(size)))
    return np.asarray(np.round(array * scale) / scale)


def _shrink(axes: Axes, scale: float) -> None:
    """Make text, lines and marks smaller, in the axes and all axes inside them."""
    for artist in axes.get_children():
        if isinstance(artist, Text):
            artist.set_fontsize(scale * float(artist.get_fontsize()))
        elif isinstance(artist, Axis):
            artist.label.set_fontsize(scale * float(artist.label.get_fontsize()))
            params = artist.get_tick_params()
            size, length, pad = (
                scale * float(params.get(name, usual))
                for name, usual in (("labelsize", SMALL), ("length", 3.5), ("pad", 3.5))
            )
            artist.set_tick_params(labelsize=size, length=length, pad=pad)
        elif isinstance(artist, FancyArrowPatch):
            artist.set_mutation_scale(artist.get_mutation_scale() * scale)
        elif isinstance(artist, PathCollection):
            artist.set_sizes(np.asarray(artist.get_sizes()) * scale**2)
            artist.set_linewidth([scale * float(w) for w in np.atleast_1d(artist.get_linewidth())])
        elif isinstance(artist, Line2D):
            artist.set_linewidth(artist.get_linewidth() * scale)
            artist.set_markersize(artist.get_markersize() * scale)
            artist.set_markeredgewidth(artist.get_markeredgewidth() * scale)
        elif hasattr(artist, "spines"):
            _shrink(artist, scale)  # type: ignore[arg-type]
        elif isinstance(artist, Patch | Collection):
            artist.set_linewidth(np.multiply(scale, artist.get_linewidth()))  # type: ignore[arg-type]


def effect_axis(
    drawn: Frame,
    scale: Measure,
    limits: tuple[float, float],
    axis: str = "x",
    *,
    computed: bool = True,
) -> None:
    """Set limits and reader's ticks of an effect axis.

    ``computed`` says that it runs on the scale of computation, not in axis coordinates.
    """
    across = axis == "x"
    places, texts = fitting_ticks(
        scale, limits, drawn.size[0 if across else 1], computed=computed, upright=not across
    )
    panel = drawn.panel
    if across:
        panel.set_xlim(*limits)
        panel.set_xticks(places, texts, parse_math=False)
    else:
        panel.set_ylim(*limits)
        panel.set_yticks(places, texts, parse_math=False)
