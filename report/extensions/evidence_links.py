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


_CLAIM = re.compile(r'<section class="claim" id="([^"]*)"')


def _places(site: Path) -> dict[tuple[str, str], str]:
    """Say where each study and each claim is told in full."""
    studies = {("study", page.stem): f"trials/{page.name}" for page in site.glob("trials/*.html")}
    claims = {
        ("claim", key): f"articles/{page.name}#{key}"
        for page in site.glob("articles/*.html")
        for key in _CLAIM.findall(page.read_text(encoding="utf-8"))
    }
    return studies | claims


def _link(app: Sphinx, exception: Exception | None) -> None:
    """Turn the marked names of every page into links."""
    if exception or app.builder.format != "html":
        return
    site = Path(app.outdir)
    places = _places(site)
    for page in sorted(site.rglob("*.html")):
        text = page.read_text(encoding="utf-8")
        name = page.relative_to(site)
        up = "../" * (len(name.parts) - 1)
        linked = _NAME.sub(partial(_linked, places=places, page=name.as_posix(), up=up), text)
        if linked != text:
            page.write_text(linked, encoding="utf-8")


def _linked(found: re.Match[str], *, places: dict[tuple[str, str], str], page: str, up: str) -> str:
    place = places.get((found["kind"], found["key"]))
    if place:
        return f'<a class="{found["kind"]}" href="{up}{place}">{found["label"]}</a>'
    if found["kind"] == "claim":
        raise ExtensionError(
            f"Error: {page} names the claim {found['key']}, which no article's page has",
            modname="evidence_links",
        )
    return found["label"]  # a trial of a data set without such pages, such as the classic ones


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("build-finished", _link)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
