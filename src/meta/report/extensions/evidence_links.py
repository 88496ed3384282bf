"""Links names in tables to where they are told in full: studies to pages, claims to articles."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.util import logging

_NAME = re.compile(
    r'<span class="(?P<kind>study|claim)" data-(?P=kind)="(?P<key>[^"]*)">(?P<label>.*?)</span>'
)
_CLAIM = re.compile(r'<section class="claim" id="([^"]*)"')
Places = dict[tuple[str, str], str]


def _find_places(app: Sphinx, env: Any) -> None:
    """Say where each study and each claim is told in full."""
    places: Places = {}
    for page in sorted(env.found_docs):
        folder, _, name = page.rpartition("/")
        if folder == "trials":
            places["study", name] = f"{page}.html"
        elif folder == "articles":
            for key in _CLAIM.findall(Path(env.doc2path(page)).read_text(encoding="utf-8")):
                places["claim", key] = f"{page}.html#{key}"
    env.evidence_places = places


def _link(app: Sphinx, page: str, template: str, context: dict[str, Any], tree: Any) -> None:
    """Turn the marked names of a page into links."""
    places: Places = app.env.evidence_places  # type: ignore[attr-defined]
    link = partial(_linked, places=places, page=page, up="../" * page.count("/"))
    context["body"] = _NAME.sub(link, context.get("body", ""))


def _linked(found: re.Match[str], *, places: Places, page: str, up: str) -> str:
    place = places.get((found["kind"], found["key"]))
    if place:
        return f'<a class="{found["kind"]}" href="{up}{place}">{found["label"]}</a>'
    if found["kind"] == "claim":
        missing = f"the claim {found['key']} is named, which no article's page has"
        logging.getLogger(__name__).warning(missing, location=page)
    return found["label"]  # a trial of a data set without such pages, such as the classic ones


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("env-updated", _find_places, priority=400)
    app.connect("html-page-context", _link, priority=700)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
