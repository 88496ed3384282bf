"""The one way to HTML: text is escaped unless it was made here.

Pages are written by templates (in the folder ``templates`` beside this file), snippets by
``Markup("<b>{}</b>").format(text)``, which escapes what is put in.
"""

from __future__ import annotations

import os
import re
from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from markupsafe import Markup, escape

from meta.wording import number

if TYPE_CHECKING:
    import pandas as pd
    from jinja2 import Environment

__all__ = [
    "Markup", "answer", "escape", "fenced", "fitting", "folded", "in_a_site", "link", "render",
    "shown", "table",
]  # fmt: skip

# a column whose longest text has more characters than this gets a wider cell
_LONG = 60
# and a table with more columns does not fit on a phone
_WIDE = 4


# what a site's own sheets do, a notebook of a person's needs with the answer: words stand to the
# left, numbers under each other to the right, and a wide table scrolls
_OWN = "div.meta-shown.meta-shown table"  # JupyterLab's own rules are as narrow as this
_STYLES = (
    f".meta-shown{{overflow-x:auto}}{_OWN} caption{{text-align:left;font-weight:600}}"
    f"{_OWN} :is(td,th){{text-align:left;vertical-align:top}}"
)
_NUMBERS = "{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}"


def in_a_site() -> bool:
    """Tell whether a site shows what this notebook makes, as one that is executed for it."""
    return os.environ.get("META_FOR_A_SITE") == "1"


def shown(content: Markup) -> Markup:
    """Return what a notebook cell shows: with styles of its own, unless a site has them."""
    if in_a_site():
        return content
    classes = {name for found in re.findall(r'class="dataframe([^"]*)"', content)
               for name in found.split() if name != "n"}  # fmt: skip
    columns = [f"{_OWN}.{name} :is(td,th):nth-child({name[1:]})" for name in sorted(classes)]
    styles = _STYLES + ",".join([f"{_OWN} .number", *columns]) + _NUMBERS
    return Markup('<div class="meta-shown"><style>{}</style>{}</div>').format(
        Markup(styles), content
    )


def fitting(svg: str, described: str) -> Markup:
    """Show a drawing that becomes smaller where it is wider than its place.

    Parameters
    ----------
    svg : str
        The drawing.
    described : str
        What it shows, for who does not see it.
    """
    return Markup(
        '<img alt="{}" style="max-width: 100%; height: auto" src="data:image/svg+xml;base64,{}">'
    ).format(described, b64encode(svg.encode()).decode())


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def render(template: str, /, **values: Any) -> Markup:
    """Fill a template.

    Parameters
    ----------
    template : str
        Name of a file in ``templates``.
    **values
        What the template speaks of; one that is missing is an error, not an empty place.

    Returns
    -------
    markupsafe.Markup
        HTML; every value is escaped unless it is Markup itself.
    """
    return Markup(_environment().get_template(template).render(**values).rstrip("\n"))


def fenced(html: str) -> str:
    """Put HTML into a Markdown page as it is; no text in it can end the block."""
    return f"```{{raw}} html\n{str(html).replace('`', '&#96;')}\n```"


def link(url: object, text: object) -> Markup:
    """Return a link, or the text alone where the address is no web address.

    Parameters
    ----------
    url : object
        Address from a data table; anything but http(s) is not turned into a link.
    text : object
        What is shown.
    """
    if urlsplit(str(url)).scheme not in {"http", "https"}:
        return escape(str(text))
    return Markup('<a href="{}">{}</a>').format(str(url), str(text))


def folded(summary: object, body: Markup) -> Markup:
    """Fold some HTML behind a word that opens it."""
    return Markup("<details><summary>{}</summary>{}</details>").format(str(summary), body)


def answer(
    kind: str,
    caption: str = "",
    rows: Iterable[tuple[str, str | Sequence[str]]] = (),
    *,
    tables: Iterable[pd.DataFrame | Markup] = (),
    notes: Iterable[str] = (),
) -> Markup:
    """Show an answer at the end of a notebook cell: its rows, its tables, its notes.

    Parameters
    ----------
    kind : str
        What it is, for style sheets.
    caption : str
        Title of the rows.
    rows : iterable of tuple
        Name of a row, and its text or lines of text.
    tables : iterable of pandas.DataFrame or markupsafe.Markup
        What stands below them.
    notes : iterable of str
        What must stand beside the answer.

    Returns
    -------
    markupsafe.Markup
        HTML; every text is escaped.
    """
    return render(
        "answer.html",
        kind=kind,
        caption=caption,
        rows=[(name, [said] if isinstance(said, str) else said) for name, said in rows],
        tables=[each if isinstance(each, Markup) else _plain_table(each) for each in tables],
        notes=list(notes),
    )


def _plain_table(frame: pd.DataFrame) -> Markup:
    """Write a frame with a class for each column of numbers, "n3" for the third."""
    places = [f"n{at}" for at, name in enumerate(frame, 1) if _kind(frame[name]) == "number"]
    return Markup(frame.to_html(index=False, na_rep="", classes=places or None))


def table(
    frame: pd.DataFrame,
    caption: str,
    *,
    columns: Mapping[str, str] | None = None,
    digits: Mapping[str, int] | None = None,
    plain: bool = False,
    anchor: str = "",
) -> Markup:
    """Write a data frame as an accessible HTML table.

    Parameters
    ----------
    frame : pandas.DataFrame
        One row each; the index is not shown.
    caption : str
        What the table says, in one line.
    columns : mapping of str to str, optional
        Columns to show, in order, with their headings; all by default.
    digits : mapping of str to int, optional
        Decimals of numeric columns; two by default. Rounding happens here and nowhere earlier.
    plain : bool
        A table of facts about one thing, which nobody sorts.
    anchor : str
        Name under which other places of the page link to the table.

    Returns
    -------
    markupsafe.Markup
        HTML. Missing values are empty cells; every text is escaped unless it is Markup.
    """
    shown = dict(columns or {name: str(name) for name in frame.columns})
    kinds = [_kind(frame[name]) for name in shown]
    places = [_places(frame[name], (digits or {}).get(name, 2)) for name in shown]
    # by columns: a row of numbers would turn whole numbers into floats
    rows = [
        [_cell(value, decimals) for value, decimals in zip(row, places, strict=True)]
        for row in zip(*(frame[name] for name in shown), strict=True)
    ]
    heads = list(zip(shown.values(), kinds, strict=True))
    return render(
        "table.html",
        caption=caption,
        heads=heads,
        kinds=kinds,
        rows=rows,
        plain=plain,
        # a column of long texts takes the room of three
        stacked=len(shown) + 2 * kinds.count("long") > _WIDE and not plain,
        anchor=anchor,
    )


def _kind(column: pd.Series[Any]) -> str:
    """Tell numbers, which stand to the right, from long texts, which need room."""
    from pandas.api.types import is_numeric_dtype

    if is_numeric_dtype(column):
        return "number"
    texts = (value for value in column.dropna() if not isinstance(value, Markup))
    return "long" if max((len(str(value)) for value in texts), default=0) > _LONG else ""


def _places(column: pd.Series[Any], digits: int) -> int:
    """Return the decimals of a column; none where all its numbers are whole."""
    from pandas.api.types import is_float_dtype

    if not is_float_dtype(column):
        return digits
    return 0 if (column.dropna() % 1 == 0).all() else digits


def _cell(value: Any, digits: int) -> str:
    from pandas import NA, NaT

    if isinstance(value, Markup):
        return value
    if value is None or value is NA or value is NaT or value != value:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        # whole numbers are years as often as counts
        return number(value, digits) if digits else number(value, 0).replace(",", "")
    return str(value)
