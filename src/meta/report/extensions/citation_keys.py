"""Docstrings name sources by their keys in methods.bib; the site makes citations of them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from pybtex.database import parse_file
from sphinx.application import Sphinx


def _cite(app: Sphinx, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    """Replace the keys that stand alone in a References section, in place."""
    known = app.env.citation_keys  # type: ignore[attr-defined]
    inside = False
    for i, line in enumerate(lines):
        if line.startswith(".. rubric::"):
            inside = "References" in line
        elif inside and line.strip():
            lines[i] = re.sub(
                r"\b[a-z][a-z0-9_]*\b",
                lambda m: f":cite:t:`{m[0]}`" if m[0] in known else m[0],
                line,
            )


def _read_keys(app: Sphinx) -> None:
    keys: set[str] = set()
    for file in app.config.bibtex_bibfiles:
        keys |= set(parse_file(str(Path(file))).entries)
    app.env.citation_keys = keys  # type: ignore[attr-defined]


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("builder-inited", _read_keys)
    # after numpydoc, which turns the section into a rubric
    app.connect("autodoc-process-docstring", _cite, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
