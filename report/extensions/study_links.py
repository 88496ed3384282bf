"""Links the name of a study, wherever a table shows it, to the study's page."""

from __future__ import annotations

import re
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

_NAME = re.compile(r'<span class="study" data-study="(?P<study>[^"]*)">(?P<label>.*?)</span>')


def _link(app: Sphinx, exception: Exception | None) -> None:
    """Turn the marked names into links; a study without a page fails the build."""
    if exception or app.builder.format != "html":
        return
    site = Path(app.outdir)
    studies = {path.stem for path in (site / "trials").glob("*.html")}
    lost = []
    for page in sorted(site.rglob("*.html")):
        text = page.read_text(encoding="utf-8")
        folder = "../" * (len(page.relative_to(site).parts) - 1) + "trials/"
        linked = _NAME.sub(
            lambda found, folder=folder: (
                f'<a class="study" href="{folder}{found["study"]}.html">{found["label"]}</a>'
            ),
            text,
        )
        named = {found["study"] for found in _NAME.finditer(text)}
        lost += [f"{page.relative_to(site)}: {study}" for study in sorted(named - studies)]
        if linked != text:
            page.write_text(linked, encoding="utf-8")
    if lost:
        raise ExtensionError(
            "Error: tables name studies that have no page (trials/<study>.html); give them a row "
            "in data/trials.csv, or mend the name: " + "; ".join(lost),
            modname="study_links",
        )


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("build-finished", _link)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
