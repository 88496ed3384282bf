"""Mends pages where a tool's HTML would stop a screen reader."""

from __future__ import annotations

import re
from html import escape
from pathlib import Path
from typing import Any, cast
from xml.etree import ElementTree

from sphinx.application import Sphinx
from sphinx.builders.html import StandaloneHTMLBuilder
from sphinx.util import logging

# The toggle shows "Show the code" while its label said something else: the label goes.
_TOGGLE_LABEL = re.compile(r' aria-label="Toggle hidden content"')
# Captions of the menu are headings without a level; code that scrolls is out of a keyboard's reach.
_CAPTION = re.compile(r'<p class="caption" role="heading">')
_CODE = re.compile(r"<pre>")
# So do wide tables that no region of ours holds.
_TABLE = re.compile(
    r'<div (?=class="table-wrapper|class="output text_html">\s*(?:<table|<div>\s*<(?:style|table)))'
)
# Roles of a bibliography that browsers have dropped, on a list that holds more than its entries.
_CITATION = re.compile(r' role="(?:doc-biblioentry|list)"(?=[^>]*>)')
# A figure that a notebook shows gets its file name as alternative text, one in a text gets none.
_IMAGE = re.compile(r'<img alt="(?P<name>[^"]*)" src="(?P<path>[^"]*\.svg)"')
_DESCRIPTION = "{http://www.w3.org/2000/svg}desc"


def _mend(app: Sphinx, page: str, template: str, context: dict[str, Any], tree: Any) -> None:
    menu = context["furo_navigation_tree"]
    level = '<p class="caption" role="heading" aria-level="2">'
    context["furo_navigation_tree"] = _CAPTION.sub(level, menu)
    body = _CODE.sub('<pre tabindex="0">', _TOGGLE_LABEL.sub("", context.get("body", "")))
    body = _TABLE.sub('<div tabindex="0" ', body)
    if 'class="citation-list"' in body:
        body = _CITATION.sub("", body)
    builder = cast("StandaloneHTMLBuilder", app.builder)
    # images are copied after the last page is written
    files = {name: Path(app.srcdir, path) for path, name in builder.images.items()}
    context["body"] = _IMAGE.sub(lambda image: _described(page, image, files), body)


def _described(page: str, image: re.Match[str], files: dict[str, Path]) -> str:
    """Name an image that has no words of its own by the description in its file."""
    path = image["path"]
    if image["name"] not in ("", path):
        return image[0]
    description = ElementTree.parse(files[Path(path).name]).getroot().find(_DESCRIPTION)
    if description is None or not description.text:
        missing = f"the figure {path} has no description; save it through meta"
        logging.getLogger(__name__).warning(missing, location=page)
        return image[0]
    alternative = escape(description.text, quote=True)
    return f'<img class="figure" alt="{alternative}" src="{path}"'


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("html-page-context", _mend, priority=800)  # after the menu is there
    return {"parallel_read_safe": True, "parallel_write_safe": True}
