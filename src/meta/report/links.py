"""Names that the site turns into links, and text that stays text in Markdown."""

from __future__ import annotations

from html import escape as escape_html
from pathlib import Path

from meta.html import Markup

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
    >>> print(meta.as_text("no_treatment <b>"))
    no\_treatment &lt;b&gt;
    """
    return escape_html(" ".join(str(text).split()), quote=False).translate(_MARKDOWN)


def study_name(study: object, label: object) -> Markup:
    """Write the name of a study; the site makes it a link to the study's page."""
    return Markup('<span class="study" data-study="{}">{}</span>').format(str(study), str(label))


def claim_name(claim: object, text: object) -> Markup:
    """Write a claim; the site makes it a link to its place on the page of its article."""
    return Markup('<span class="claim" data-claim="{}">{}</span>').format(str(claim), str(text))


def article_name(file: str) -> str:
    """Return the name of an article's page, without folder and ending."""
    return Path(file).stem[:3]
