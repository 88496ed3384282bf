"""Takes files into the site as they are: the folder ``extra`` of the collected pages."""

from __future__ import annotations

from pathlib import Path

from sphinx.application import Sphinx


def _add(app: Sphinx) -> None:
    extra = Path(app.srcdir) / "extra"
    if extra.is_dir():
        app.config.html_extra_path = [str(extra)]
        app.config.exclude_patterns.append("extra/**")


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("builder-inited", _add)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
