"""How does every figure of this project look, and how wide is its text?

Three choices stand behind everything that is drawn here.

*A solid light card.* A figure keeps its own white ground. An SVG can follow the reader's dark mode
only if it is inlined, an ``<img>`` can follow the operating system but not a page's own switch, and
PNG and PDF can follow nothing; a white card is right in all of them, and in print.

*Text as outlines.* SVG text is written as paths. Every position is computed from the measured
width of the text, which holds only for the font that was measured; outlines also make the file
the same on every machine. What outlines lose, the file says in words: each SVG carries its title
and a description made from the data.

*Colours by meaning.* Okabe and Ito's colours, which stay apart for colour-blind readers, and
never colour alone: shape, fill, line style or a symbol says the same, so that grey print keeps the
meaning.

Nothing reads or writes Matplotlib's global settings: figures are built and saved under the
project's own ones, which are withdrawn afterwards.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import lru_cache, wraps
from typing import Any, Literal, ParamSpec, TypeVar

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backend_bases import RendererBase
from matplotlib.font_manager import FontProperties
from matplotlib.text import Text
from matplotlib.textpath import TextToPath

INK = "#1b1f24"
MUTED = "#57606a"
RULE = "#8c959f"
FAINT = "#d8dee4"
GROUND = "#ffffff"
STUDY = "#0072b2"
SUMMARY = "#1b1f24"
PREDICTION = "#6f4a8e"
CLAIMED = "#b3470f"
IMPORTANT = "#00755a"

FONT = "DejaVu Sans"
SIZE = 9.0
# notes, keys and ticks: as large as the rest, for a wide figure is shrunk to its column
SMALL = SIZE
LINE = 12.0
SMALL_LINE = 12.0
# points; in a column of 800 pixels letters of a figure this wide are 9 pixels high
WIDEST = 800.0
MARGIN = 10.0
LineStyle = Literal["-", "--", ":", "-."] | tuple[float, tuple[float, ...]]
_HOUSE: dict[str, Any] = {
    "font.family": [FONT],
    "font.size": SIZE,
    "text.color": INK,
    # hinting moves letters to whole pixels, which makes a line up to 7 % longer than measured
    "text.hinting": "none",
    "text.usetex": False,
    "text.parse_math": False,
    "axes.edgecolor": RULE,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.8,
    "axes.facecolor": GROUND,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.unicode_minus": True,
    "axes.titlesize": SIZE + 1,
    "axes.labelsize": SIZE,
    "axes.formatter.useoffset": False,
    "axes.formatter.use_mathtext": False,
    "xtick.color": RULE,
    "ytick.color": RULE,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.labelsize": SIZE - 0.5,
    "ytick.labelsize": SIZE - 0.5,
    "legend.fontsize": SIZE - 0.5,
    "legend.frameon": False,
    "figure.facecolor": GROUND,
    "figure.dpi": 100.0,
    "savefig.facecolor": GROUND,
    "savefig.dpi": 200.0,
    "path.simplify": False,
    "hatch.linewidth": 0.6,
    "svg.fonttype": "path",
    "svg.hashsalt": "meta",
    "pdf.fonttype": 42,
}

_SEEN = re.compile(
    r"the (ad hoc \(conservative\)|Knapp-Hartung) interval is the same|"
    r"the prediction interval is approximate"
)
_ARGUMENT = re.compile(r"\b[a-z]\w*=(?!\s)|\bmeta\.\w|\b\w+\(\)")
_CODE_IN_BRACKETS = re.compile(rf"\s*\([^()]*(?:{_ARGUMENT.pattern}|[a-z]_[a-z])[^()]*\)")
# what curators tell each other: advice, and the identifiers of rows
_WORKING = re.compile(
    r"^(show|use|see|check|compare|do not) \w|\b[a-z]+\d{4}-[a-z_]+-\d", re.IGNORECASE
)
_CLAUSE_END = re.compile(r"; |: (?=use )")

_P = ParamSpec("_P")
_R = TypeVar("_R")


@contextmanager
def house() -> Iterator[None]:
    """Draw under the project's settings and restore the caller's afterwards."""
    with mpl.rc_context():
        # the defaults first: a style sheet of the caller's must not leak into the figure; the
        # backend is left alone, because naming it would load an interactive one
        defaults = {k: v for k, v in mpl.rcParamsDefault.items() if not k.startswith("backend")}
        mpl.rcParams.update(defaults)
        mpl.rcParams.update(_HOUSE)  # type: ignore[arg-type]
        yield


def in_house_style(function: Callable[_P, _R]) -> Callable[_P, _R]:
    """Make a function draw under the project's settings."""

    @wraps(function)
    def styled(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        with house():
            return function(*args, **kwargs)

    return styled


def plain(text: Any) -> str:
    """Return text on one line, without control characters."""
    return " ".join("".join(c if c.isprintable() else " " for c in str(text)).split())


def lead(title: str) -> str:
    """Return a title as the first sentence of a description."""
    said = plain(title)
    return f"{said}{'' if said.endswith(('?', '!', '.')) else '.'} " if said else ""


def note_lines(notes: Iterable[str]) -> list[str]:
    """Return what must stand beside an answer, as lines under its figure.

    What is drawn needs no words: that the prediction interval is approximate, and that another
    interval is the same. Hints for whoever writes code are left out.
    """
    said = [for_readers(note) for note in notes if not _SEEN.match(note)]
    return [f"Note: {note}" for note in said if note]


def for_readers(text: str) -> str:
    """Leave out brackets and clauses that name arguments or rows, or tell a curator what to do."""
    without = _CODE_IN_BRACKETS.sub("", plain(text))
    parts = _CLAUSE_END.split(without)
    kept = [part for part in parts if not (_ARGUMENT.search(part) or _WORKING.search(part))]
    said = "; ".join(part.rstrip(".;:,") for part in kept)
    return f"{said}." if said and without.endswith(".") else said


class Line(Text):
    """One line of level text, which is measured already and never clipped.

    A figure has a hundred of them. Matplotlib lays each out again for every renderer, and keeps a
    clipping path for it, which takes longer than the drawing.
    """

    def set_clip_path(self, path: Any, transform: Any = None) -> None:
        """Leave the text unclipped."""

    def draw(self, renderer: RendererBase) -> None:
        """Draw at the baseline, from the width that was measured."""
        aligned = self.get_verticalalignment() == "baseline" and not self.get_rotation()
        if not (aligned and self.get_visible() and self.get_text()) or self.get_bbox_patch():
            super().draw(renderer)
            return
        bold = self.get_fontweight() == "bold"
        width = text_width(self.get_text(), float(self.get_fontsize()), bold=bold)
        share = {"left": 0.0, "center": 0.5, "right": 1.0}[self.get_horizontalalignment()]
        x, y = self.get_transform().transform(self.get_position())
        x -= share * float(renderer.points_to_pixels(width))  # type: ignore[arg-type]
        if renderer.flipy():
            y = renderer.get_canvas_width_height()[1] - y
        gc = renderer.new_gc()
        gc.set_foreground(self.get_color())
        font = self.get_fontproperties()
        renderer.draw_text(gc, x, y, self.get_text(), font, 0, ismath=False)
        gc.restore()
        self.stale = False


def put(ax: Axes, x: float, y: float, text: str, **style: Any) -> Line:
    """Write text as it stands: no mathematics is read into dollar signs."""
    settings: dict[str, Any] = {
        "fontfamily": FONT,
        "fontsize": SIZE,
        "color": INK,
        "va": "baseline",
        "transform": ax.transData,
    }
    line = Line(x, y, text, parse_math=False, **(settings | style))
    ax.add_artist(line)
    return line


@lru_cache(maxsize=8192)
def text_width(text: str, size: float = SIZE, *, bold: bool = False) -> float:
    """Measure the width of one line in points.

    The outlines themselves are measured, which no resolution or hinting changes.
    """
    if not text:
        return 0.0
    font = FontProperties(family=[FONT], size=size, weight="bold" if bold else "normal")
    width, _, _ = TextToPath().get_text_width_height_descent(text, font, ismath=False)
    return float(width)


def wrap(text: str, width: float, size: float = SIZE, *, bold: bool = False) -> list[str]:
    """Break text into lines no wider than ``width`` points; a longer word is broken itself."""
    # a caller's figure may be drawn with hinting, which makes lines a little longer
    width = 0.97 * width

    def fits(line: str) -> bool:
        return text_width(line, size, bold=bold) <= width

    lines: list[str] = []
    line = ""
    # "p = 0.02", "63 %", "A randomisation", "+ low" and a count at the end stay together
    glued = re.sub(r" ([=<>]) ", "\u00a0\\1\u00a0", plain(text)).replace(" %", "\u00a0%")
    glued = re.sub(r"(?<!\S)([A-Z+!×?†]) ", "\\1\u00a0", glued)
    glued = re.sub(r": ([\d,]+)$", ":\u00a0\\1", glued)
    for word in glued.split(" "):
        trial = f"{line} {word}".strip()
        if fits(trial):
            line = trial
            continue
        if line:
            lines.append(line)
        while not fits(word) and len(word) > 1:
            most = next((n for n in range(len(word) - 1, 1, -1) if fits(word[:n])), 1)
            # after a hyphen or a stroke rather than within a name
            most = 1 + max((i for i, c in enumerate(word[:most]) if c in "-–/"), default=most - 1)
            lines.append(word[:most])
            word = word[most:]
        line = word
    return [*lines, line] if line else lines
