"""Mends the written pages where a tool's HTML would stop a screen reader."""

from __future__ import annotations

import re
from pathlib import Path

from sphinx.application import Sphinx

# The toggle shows "Show the code" while its label said something else: the label goes.
_TOGGLE_LABEL = re.compile(r' aria-label="Toggle hidden content"')


def _mend(app: Sphinx, exception: Exception | None) -> None:
    if exception or app.builder.format != "html":
        return
    for page in Path(app.outdir).rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        mended = _TOGGLE_LABEL.sub("", text)
        if mended != text:
            page.write_text(mended, encoding="utf-8")


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("build-finished", _mend)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
