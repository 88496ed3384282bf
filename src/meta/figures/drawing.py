"""How does a figure say what it shows, and reach a notebook or a file?"""

from __future__ import annotations

import base64
import hashlib
import io
import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar
from weakref import WeakKeyDictionary
from xml.sax.saxutils import escape

import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backend_bases import RendererBase
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from meta import html
from meta.arguments import checked
from meta.errors import DataError, need
from meta.evidence.spreadsheet import safe_csv
from meta.evidence.writing import write_whole, written_whole
from meta.figures.theme import house

_ON_PAGE = 144  # dots an inch of the picture that a page offers
_FORMATS = {".svg", ".png", ".pdf", ".csv"}
_R = TypeVar("_R")

_alt_texts: WeakKeyDictionary[Artist, str] = WeakKeyDictionary()
_data: WeakKeyDictionary[Artist, pd.DataFrame] = WeakKeyDictionary()


class Drawing(Figure):
    """A Matplotlib figure that can say what it shows, save itself and appear in a notebook.

    Everything that works on a :class:`matplotlib.figure.Figure` works on it. It belongs to no
    window and needs no ``pyplot``.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        FigureCanvasAgg(self)

    def draw(self, renderer: RendererBase) -> None:
        """Draw under the project's settings, whoever saves the figure."""
        with house():
            super().draw(renderer)

    def alt_text(self) -> str:
        """Describe the figure in words, from the data that it was drawn from."""
        return alt_text(self)

    def to_frame(self) -> pd.DataFrame:
        """Return what is drawn as a table; see :func:`meta.figure_data`."""
        return figure_data(self)

    def save(self, path: str | Path) -> Path:
        """Write the figure to a file; see :func:`meta.save_figure`."""
        return save_figure(self, path)

    def _repr_mimebundle_(self, **_: Any) -> tuple[dict[str, str], dict[str, dict[str, str]]]:
        described, drawn = self.alt_text(), svg_text(self)
        shown = {"image/svg+xml": drawn, "text/plain": described}
        if html.in_a_site():  # a page offers it for download; no notebook shows it
            shown["image/png"] = base64.b64encode(_small_png(self)).decode()
        else:
            # JupyterLab shows a drawing at its own size and cuts off what a cell has no room for
            shown["text/html"] = html.fitting(drawn, described)
        if any(artist in _data for artist in [self, *self.axes]):
            shown["text/csv"] = safe_csv(figure_data(self), "%.10g")
        return shown, {"image/svg+xml": {"alt": described}}


def _small_png(figure: Figure) -> bytes:
    """Draw a figure with few colours: a third of the bytes, and lines and letters need no more."""
    from PIL import Image

    drawn, small = io.BytesIO(), io.BytesIO()
    figure.savefig(drawn, format="png", dpi=_ON_PAGE, pil_kwargs={"compress_level": 0})
    Image.open(drawn).convert("RGB").quantize(64).save(small, "PNG")
    return small.getvalue()


def new_figure(width: float, height: float) -> Drawing:
    """Make an empty figure of a size in points (1/72 inch)."""
    return Drawing(figsize=(width / 72, height / 72))


def figure_of(ax: Axes) -> Figure:
    """Return the figure of the caller's axes."""
    need("a figure", ax, Axes, "Matplotlib axes", "ax=figure.add_subplot(), or leave ax out")
    figure = ax.get_figure(root=True)
    if figure is None:
        raise DataError("ax belongs to no figure; take it from a figure, or leave it out")
    return figure


def describe(artist: Axes | Figure, text: str, data: pd.DataFrame | None = None) -> None:
    """Attach the description in words, and the data, to what was drawn."""
    _alt_texts[artist] = " ".join(text.split())
    if data is not None:
        _data[artist] = data.reset_index(drop=True)


def _attached(drawn: Axes | Figure, kept: Mapping[Artist, _R]) -> list[_R]:
    """Return what was attached to a figure and its axes, in their order."""
    artists: list[Artist] = [drawn, *drawn.axes] if isinstance(drawn, Figure) else [drawn]
    return [kept[artist] for artist in artists if artist in kept]


@checked
def alt_text(drawn: Axes | Figure) -> str:
    """Describe in words what a figure or axes of this project shows.

    Parameters
    ----------
    drawn : matplotlib.figure.Figure or matplotlib.axes.Axes
        What a drawing function returned, or the axes that it was given.

    Returns
    -------
    str
        Sentences made from the data; of a figure with several panels, one after the other.

    Raises
    ------
    DataError
        If nothing of this project was drawn there.
    """
    described = _description(drawn)
    if not described:
        raise DataError(
            "there is no description: this figure was not drawn by meta.figures; attach one with "
            "meta.figures.drawing.describe(figure, text)"
        )
    return described


@checked
def figure_data(drawn: Axes | Figure) -> pd.DataFrame:
    """Return what a figure or axes of this project shows, as a table.

    Parameters
    ----------
    drawn : matplotlib.figure.Figure or matplotlib.axes.Axes
        What a drawing function returned, or the axes that it was given.

    Returns
    -------
    pandas.DataFrame
        One row for each mark that is drawn, with its numbers as they are, not rounded, on the
        reader's scale (a risk ratio, not its logarithm). ``what`` says what a row is: "study",
        "total", "reference", ... . Figures with rows of intervals have ``group label estimate
        ci_low ci_high`` and the texts of their further columns; the other columns are those of the
        figure's kind. Of a figure with several panels all rows, with a column ``panel`` (1, 2,
        ...). ``meta.save_figure(figure, "name.csv")`` writes it to a file.

    Raises
    ------
    DataError
        If nothing of this project was drawn there.

    Examples
    --------
    >>> import meta
    >>> fit = meta.pool([-0.50, -0.10], [0.04, 0.09], labels=["A", "B"], measure="SMD")
    >>> meta.figure_data(meta.plot_forest(fit))[["what", "label", "estimate"]]
             what                    label  estimate
    0       study                        A   -0.5000
    1       study                        B   -0.1000
    2       total           Random effects   -0.3625
    3  prediction  95 % prediction interval       NaN
    4   reference                no effect    0.0000
    """
    found = _attached(drawn, _data)
    if not found:
        raise DataError(
            "there is no data: this figure was not drawn by meta.figures; take the table that it "
            "was drawn from"
        )
    if len(found) == 1:
        return found[0].copy()
    parts = [data.assign(panel=i) for i, data in enumerate(found, start=1)]
    return pd.concat(parts, ignore_index=True)


def svg_text(figure: Figure, name: str = "") -> str:
    """Return the figure as SVG with its description.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        The figure.
    name : str
        What identifies this figure in a page. Several SVGs may stand in one page, so the
        identifiers inside each get a prefix that is made from the name (from the drawing itself
        if there is none).
    """
    buffer = io.StringIO()
    with house():
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    text = buffer.getvalue()
    text = _compact(text[text.index("<svg") :])
    key = "m" + hashlib.sha256((name or text).encode()).hexdigest()[:6]
    # marks of one kind share a name, and an identifier stands once
    seen: Counter[str] = Counter()

    def numbered(match: re.Match[str]) -> str:
        seen[match[1]] += 1
        count = seen[match[1]]
        return f'<g id="{match[1]}"' if count == 1 else f'<g id="{match[1]}.{count}"'

    text = re.sub(r'<g id="([^"]*)"', numbered, text)
    text = re.sub(r'(\bid="|url\(#|href="#)', rf"\g<1>{key}-", text)
    described = _description(figure)
    title, _, _ = described.partition(". ")
    head, rest = text.split(">", 1)
    label = (
        f'>\n <title id="{key}-title">{escape(title)}</title>\n'
        f' <desc id="{key}-desc">{escape(described)}</desc>'
        if described
        else ">"
    )
    role = f' role="img" aria-labelledby="{key}-title {key}-desc"' if described else ' role="img"'
    return f"{head}{role}{label}{rest}"


def _compact(svg: str) -> str:
    """Take out what nobody sees: a letter costs half of what it did.

    Comments repeat the texts, which stand in the description. Letters are placed in thousandths of
    the font's size; one decimal of that is far below what a printer resolves. A thousandth of a
    point is, too, and what processors add differently lies beyond it; names that Matplotlib makes
    from unrounded coordinates are numbered instead.
    """
    svg = re.sub(r"<!--.*?-->", "", svg, flags=re.DOTALL)
    svg = re.sub(r"^\s+", "", svg, flags=re.MULTILINE)
    svg = svg.replace("DejaVuSans-Bold-", "b").replace("DejaVuSans-", "r")
    svg = svg.replace("xlink:href=", "href=")
    svg = re.sub(r"-?\d+\.\d{4,}", _thousandths, svg)
    for count, made in enumerate(dict.fromkeys(re.findall(r' id="([a-z][0-9a-f]{10})"', svg))):
        svg = svg.replace(made, f"{made[0]}{count}")

    def moved(match: re.Match[str]) -> str:
        return f' x="{float(match[1]):.1f}"'.replace('.0"', '"')

    return re.sub(r' transform="translate\(([-\d.]+) 0\)"(?=/>)', moved, svg)


def _thousandths(number: re.Match[str]) -> str:
    text = f"{float(number[0]):.3f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def _description(drawn: Axes | Figure) -> str:
    return " ".join(_attached(drawn, _alt_texts))


@checked
def save_figure(figure: Figure, path: str | Path) -> Path:
    """Write a figure to a file, the same bytes every time.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        What a drawing function returned.
    path : str or Path
        Where to; the ending decides: ``.svg`` (text as outlines, with title and description),
        ``.png`` (200 dots an inch), ``.pdf``, or ``.csv`` for the table of what is drawn
        (:func:`meta.figure_data`, numbers with ten digits).

    Returns
    -------
    Path
        The file.

    Raises
    ------
    DataError
        If the ending is none of these.
    """
    target = Path(path)
    suffix = target.suffix.lower()
    if suffix not in _FORMATS:
        raise DataError(
            f"{target.name}: the ending {target.suffix!r} is unknown; use .svg, .png, .pdf or .csv"
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    if suffix == ".csv":
        # ten digits are the same on every processor
        text = safe_csv(figure_data(figure), "%.10g")
        return write_whole(target, text)
    if suffix == ".svg":
        head = '<?xml version="1.0" encoding="utf-8"?>\n'
        return write_whole(target, head + svg_text(figure, target.stem))
    described = _description(figure) or None
    # a harder compression takes longer and makes these flat pictures no smaller
    more: dict[str, Any] = {"pil_kwargs": {"compress_level": 3}} if suffix == ".png" else {}
    metadata: dict[str, Any] = (
        {"Software": None} | ({"Description": described} if described else {})
        if suffix == ".png"
        else {"CreationDate": None, "Creator": None, "Producer": None, "Subject": described}
    )
    with house(), written_whole(target) as place:
        figure.savefig(place, format=suffix[1:], metadata=metadata, **more)
    return target
