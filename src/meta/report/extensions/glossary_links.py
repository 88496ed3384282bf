"""Links the first use of a word on a page to where the glossary explains it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

_GLOSSARY = "glossary"
# where words stand that are no running text, or lead elsewhere already
_NOT_IN = (nodes.reference, nodes.literal, nodes.math, nodes.entry, nodes.title, nodes.raw)


def names_of(term: str) -> list[str]:
    """Return what a term is called in running text: its words and its abbreviation.

    Examples
    --------
    >>> names_of("standardised mean difference (SMD)")
    ['standardised mean difference', 'SMD']
    >>> names_of("interval (95 % confidence interval)")
    ['interval']
    """
    name, _, inside = term.partition(" (")
    return [name, *re.findall(r"\b[A-Z]{2,}\b", inside)]


def first_uses(text: str, places: Mapping[str, str], used: set[str]) -> list[tuple[str, str]]:
    """Cut a text where a term is used that was not used before.

    Parameters
    ----------
    text : str
        Running text.
    places : mapping of str to str
        Place of the explanation, by name in small letters.
    used : set of str
        Places that are linked already; those of this text are added.

    Returns
    -------
    list of tuple of str
        Pieces in their order, each with its place; "" for plain text.

    Examples
    --------
    >>> first_uses("A placebo, then placebos.", {"placebo": "#p"}, set())
    [('A ', ''), ('placebo', '#p'), (', then placebos.', '')]
    """
    longest = sorted(places, key=len, reverse=True)
    pattern = re.compile(rf"\b({'|'.join(map(re.escape, longest))})s?\b", re.IGNORECASE)
    pieces, end = [], 0
    for found in pattern.finditer(text):
        place = places[found[1].lower()]
        if place not in used:
            used.add(place)
            pieces += [(text[end : found.start()], ""), (found[0], place)]
            end = found.end()
    return [piece for piece in [*pieces, (text[end:], "")] if piece[0]]


def _link(app: Sphinx, tree: nodes.document, page: str) -> None:
    if not (page.startswith("notebooks/") or page == "methods"):
        return
    places = {
        name.lower(): f"{app.builder.get_relative_uri(page, where)}#{anchor}"
        for (kind, term), (where, anchor) in _objects(app).items()
        if kind == "term" and where == _GLOSSARY
        for name in names_of(term)
    }
    used: set[str] = set()
    for text in list(tree.findall(nodes.Text)) if places else []:
        if _in_running_text(text):
            pieces = first_uses(str(text), places, used)
            text.parent.replace(
                text,
                [
                    nodes.reference("", "", nodes.Text(words), refuri=place, internal=True)
                    if place
                    else nodes.Text(words)
                    for words, place in pieces
                ],
            )


def _objects(app: Sphinx) -> Mapping[tuple[str, str], tuple[str, str]]:
    objects: Mapping[tuple[str, str], tuple[str, str]] = app.env.domains["std"].data["objects"]
    return objects


def _in_running_text(text: Any) -> bool:
    above, inside = text.parent, False
    while above is not None:
        if isinstance(above, _NOT_IN):
            return False
        inside = inside or isinstance(above, nodes.paragraph)
        above = above.parent
    return inside


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("doctree-resolved", _link)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
