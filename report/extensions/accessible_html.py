"""Mends the written pages where a tool's HTML would stop a screen reader."""

from __future__ import annotations

import re
from html import escape
from pathlib import Path
from xml.etree import ElementTree

from sphinx.application import Sphinx

# The toggle shows "Show the code" while its label said something else: the label goes.
_TOGGLE_LABEL = re.compile(r' aria-label="Toggle hidden content"')
# Captions of the menu are headings without a level; code that scrolls is out of a keyboard's reach.
_CAPTION = re.compile(r'<p class="caption" role="heading">')
_CODE = re.compile(r"<pre>")
# A figure that a notebook shows gets its file name as alternative text, one in a text gets none.
_IMAGE = re.compile(r'<img alt="(?P<name>[^"]*)" src="(?P<path>[^"]*\.svg)"')
_DESCRIPTION = "{http://www.w3.org/2000/svg}desc"


def _mend(app: Sphinx, exception: Exception | None) -> None:
    if exception or app.builder.format != "html":
        return
    for page in Path(app.outdir).rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        mended = _TOGGLE_LABEL.sub("", text)
        mended = _CAPTION.sub('<p class="caption" role="heading" aria-level="2">', mended)
        mended = _CODE.sub('<pre tabindex="0">', mended)
        mended = _IMAGE.sub(lambda image, page=page: _described(page, image), mended)
        if mended != text:
            page.write_text(mended, encoding="utf-8")


def _described(page: Path, image: re.Match[str]) -> str:
    """Name an image that has no words of its own by the description in its file."""
    path = image["path"]
    if image["name"] not in ("", path):
        return image[0]
    description = ElementTree.parse(page.parent / path).getroot().find(_DESCRIPTION)
    if description is None or not description.text:
        raise ValueError(f"{page.name}: the figure {path} has no description; save it through meta")
    alternative = escape(description.text, quote=True)
    return f'<img class="figure" alt="{alternative}" src="{path}"'


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("build-finished", _mend)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
