"""Names that the site turns into links, and text that stays text in Markdown."""

from __future__ import annotations

import re
from html import escape as escape_html
from pathlib import Path
from urllib.parse import urlsplit

from meta import html
from meta.arguments import checked
from meta.html import Markup

# forums, file sharing and mirrors, where anybody puts copies of texts by others
_COPIES = frozenset(
    {
        *("aidevmd.com", "biocloudy.com", "bohrium.dp.tech", "businessmakeronline.club"),
        *("docslib.org", "drugs-forum.com", "greenmedinfo.com", "issuu.com", "jiankangnihao.com"),
        *("mafiadoc.com", "mdedge.com", "meddatax.com", "migaku.app", "movatter.jp"),
        *("paperexplained.cn", "pdfpills.com", "peeref.com", "proxy.weglot.com"),
        *("raypeatforum.com", "readkong.com", "researchain.net", "scribd.com"),
        *("smartpatients.com", "wilddata.cn"),
    }
)
_MARKDOWN = str.maketrans({c: f"\\{c}" for c in "\\`*_{}[]()#+-.!|$~^:"})


@checked
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


def source_link(url: object, text: object) -> Markup:
    """Link to where something was read; a copy on a forum or a sharing site is only named.

    Examples
    --------
    >>> print(source_link("https://doi.org/10.1/x", "the paper"))
    <a href="https://doi.org/10.1/x">the paper</a>
    >>> print(source_link("https://es.scribd.com/document/1", "the paper"))
    the paper (read in a copy on es.scribd.com, which is not linked)
    """
    host = copied_on(url)
    if host:
        return Markup("{} (read in a copy on {}, which is not linked)").format(str(text), host)
    return html.link(url, text)


def copied_on(url: object) -> str:
    """Return the host of an address if it is one where anybody puts copies; else nothing."""
    host = (urlsplit(str(url)).hostname or "").rstrip(".")
    parts = host.split(".")
    return host if any(".".join(parts[i:]) in _COPIES for i in range(len(parts))) else ""


def without_copies(references: str) -> str:
    r"""Name the copies on sharing sites among BibTeX references instead of linking to them.

    Examples
    --------
    >>> print(without_copies("@misc{a,\n  url = {https://scribd.com/document/1},\n}"))
    @misc{a,
      note = {Read in a copy on scribd.com, which is not linked},
    }
    """
    entries = re.split(r"\n(?=@)", references)
    return "\n".join(_without_copy(entry) for entry in entries)


def _without_copy(entry: str) -> str:
    found = re.search(r"\burl\s*=\s*\{([^}]*)\}", entry)
    host = copied_on(found[1]) if found else ""
    if found is None or not host:
        return entry
    said = f"Read in a copy on {host}, which is not linked"
    if note := re.search(r"\bnote\s*=\s*\{", entry):  # a field may stand once
        entry = re.sub(r"\n?\s*\burl\s*=\s*\{[^}]*\},?", "", entry)
        return entry.replace(note[0], f"{note[0]}{said}. ", 1)
    return entry.replace(found[0], f"note = {{{said}}}", 1)


def study_name(study: object, label: object) -> Markup:
    """Write the name of a study; the site makes it a link to the study's page."""
    return Markup('<span class="study" data-study="{}">{}</span>').format(str(study), str(label))


def claim_name(claim: object, text: object) -> Markup:
    """Write a claim; the site makes it a link to its place on the page of its article."""
    return Markup('<span class="claim" data-claim="{}">{}</span>').format(str(claim), str(text))


def article_name(file: str) -> str:
    """Return the name of an article's page, without folder and ending."""
    return Path(file).stem[:3]
