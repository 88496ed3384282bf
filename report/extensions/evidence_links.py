"""Links names in tables to where they are told in full: studies to pages, claims to articles."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

_NAME = re.compile(
    r'<span class="(?P<kind>study|claim)" data-(?P=kind)="(?P<key>[^"]*)">(?P<label>.*?)</span>'
)


def _address(site: Path, kind: str, key: str) -> str | None:
    """Return where a name is told in full; None for trials of data sets without such pages."""
    if kind == "study":
        return f"trials/{key}.html" if (site / "trials" / f"{key}.html").exists() else None
    article = f"articles/{key.partition('-')[0]}.html"
    if f'id="{key}"' not in (site / article).read_text(encoding="utf-8"):
        raise ExtensionError(f"Error: {article} has no claim {key}", modname="evidence_links")
    return f"{article}#{key}"


def _linked(found: re.Match[str], *, site: Path, up: str) -> str:
    address = _address(site, found["kind"], found["key"])
    if address is None:
        return found["label"]
    return f'<a class="{found["kind"]}" href="{up}{address}">{found["label"]}</a>'


def _link(app: Sphinx, exception: Exception | None) -> None:
    """Turn the marked names of every page into links."""
    if exception or app.builder.format != "html":
        return
    site = Path(app.outdir)
    for page in sorted(site.rglob("*.html")):
        text = page.read_text(encoding="utf-8")
        up = "../" * (len(page.relative_to(site).parts) - 1)
        linked = _NAME.sub(partial(_linked, site=site, up=up), text)
        if linked != text:
            page.write_text(linked, encoding="utf-8")


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("build-finished", _link)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
