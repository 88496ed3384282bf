"""Tables for the report: captioned, scoped, numbers aligned, everything escaped."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape as escape_html
from typing import Any
from urllib.parse import urlsplit

import pandas as pd

# a column whose longest text has more characters than this gets a wider cell
_LONG = 60


def escape(text: str) -> str:
    """Escape text for HTML that stands in a fenced block: markup, and the fence itself."""
    return escape_html(text, quote=True).replace("`", "&#96;")


class Html(str):
    """Markup that was built here and may stand in a table cell unescaped."""

    __slots__ = ()


_MARKDOWN = str.maketrans({c: f"\\{c}" for c in "\\`*_{}[]()#+-.!|$~^:"})


def as_text(text: object) -> str:
    r"""Escape text from a data table for use in Markdown: it stays text, whatever it holds.

    Parameters
    ----------
    text : object
        What a table holds.

    Returns
    -------
    str
        The same text, with the characters that mean something in Markdown or HTML escaped.

    Examples
    --------
    >>> import meta
    >>> print(meta.as_text("magnesium_alone <b>"))
    magnesium\_alone &lt;b&gt;
    """
    return escape_html(" ".join(str(text).split()), quote=False).translate(_MARKDOWN)


def html_block(html: str) -> str:
    """Put HTML into a Markdown page as it is."""
    return f"```{{raw}} html\n{html}\n```"


def link(url: object, text: object) -> Html:
    """Return a link, or the text alone where the address is no web address.

    Parameters
    ----------
    url : object
        Address from a data table; anything but http(s) is not turned into a link.
    text : object
        What is shown.
    """
    shown = escape(str(text))
    if urlsplit(str(url)).scheme not in {"http", "https"}:
        return Html(shown)
    return Html(f'<a href="{escape(str(url))}">{shown}</a>')


def study_name(study: object, label: object) -> Html:
    """Write the name of a study; the site makes it a link to the study's page."""
    return Html(
        f'<span class="study" data-study="{escape(str(study))}">{escape(str(label))}</span>'
    )


def claim_name(claim: object, text: object) -> Html:
    """Write a claim; the site makes it a link to its place on the page of its article."""
    return Html(f'<span class="claim" data-claim="{escape(str(claim))}">{escape(str(text))}</span>')


def html_table(
    frame: pd.DataFrame,
    caption: str,
    *,
    columns: Mapping[str, str] | None = None,
    digits: Mapping[str, int] | None = None,
    plain: bool = False,
    anchor: str = "",
) -> str:
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
    str
        HTML. Missing values are empty cells; every text is escaped unless it is :class:`Html`.
    """
    shown = dict(columns or {name: str(name) for name in frame.columns})
    kinds = {name: _kind(frame[name]) for name in shown}
    places = {name: _places(frame[name], (digits or {}).get(name, 2)) for name in shown}
    head = "".join(
        f'<th scope="col"{kinds[name]}>{escape(text)}</th>' for name, text in shown.items()
    )
    body = []
    # by columns: a row of numbers would turn whole numbers into floats
    for row in zip(*(frame[name] for name in shown), strict=True):
        cells = []
        for position, (name, value) in enumerate(zip(shown, row, strict=True)):
            text = _cell(value, places[name])
            if position == 0:
                cells.append(f'<th scope="row"{kinds[name]}>{text}</th>')
            else:
                cells.append(f"<td{kinds[name]}>{text}</td>")
        body.append(f"<tr>{''.join(cells)}</tr>")
    # a region that scrolls must be reachable by keyboard, and then needs a name
    opened = '<table class="plain">' if plain else "<table>"
    named = f' id="{escape(anchor)}"' if anchor else ""
    return (
        f'<div class="table-scroll"{named} role="region" tabindex="0" '
        f'aria-label="{escape(caption)}">\n'
        f"{opened}\n<caption>{escape(caption)}</caption>\n<thead><tr>{head}</tr></thead>\n"
        "<tbody>\n" + "\n".join(body) + "\n</tbody>\n</table>\n</div>"
    )


def _kind(column: pd.Series[Any]) -> str:
    """Tell numbers, which stand to the right, from long texts, which need room."""
    if pd.api.types.is_numeric_dtype(column):
        return ' class="number"'
    texts = (value for value in column.dropna() if not isinstance(value, Html))
    longest = max((len(str(value)) for value in texts), default=0)
    return ' class="long"' if longest > _LONG else ""


def _places(column: pd.Series[Any], digits: int) -> int:
    """Return the decimals of a column; none where all its numbers are whole."""
    if not pd.api.types.is_float_dtype(column):
        return digits
    return 0 if (column.dropna() % 1 == 0).all() else digits


def _cell(value: object, digits: int) -> str:
    if isinstance(value, Html):
        return str(value)
    if value is None or value is pd.NA or value is pd.NaT or value != value:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        text = f"{value:.{digits}f}"
        # what rounds to nothing has no sign
        return text.replace("-", "−") if float(text) else text.replace("-", "")
    return escape(str(value))
