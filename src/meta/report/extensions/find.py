"""Lets a reader search the site without a server: an index of its sections, as a script."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx

from meta.report.search_index import NOTED, Entry, script

_LENGTH = 600  # of the text of a section that is looked through
# told by the tables: the index has them as claims and studies
_TOLD = ("articles/", "trials/", "reference/")


def _sections(app: Sphinx) -> Iterator[Entry]:
    for page in sorted(app.env.found_docs):
        if page.startswith(_TOLD) or page == app.config.root_doc:
            continue
        kind = "Question" if page.startswith("notebooks/") else "Page"
        tree = app.env.get_doctree(page)
        head = app.env.titles[page].astext()
        for section in tree.findall(nodes.section):
            title = section.next_node(nodes.title)
            if title is None:
                continue
            first = section.parent is tree
            name = head if first else f"{head}: {title.astext()}"
            place = "" if first else f"#{section['ids'][0]}"
            yield Entry(f"{page}.html{place}", kind, name, _text(section), "", 0.5 * first)


def _text(section: nodes.section) -> str:
    """Return the text of a section's own paragraphs, without those of sections in it."""
    said: list[str] = []
    for part in section.children:
        if isinstance(part, nodes.section | nodes.title):
            continue
        said += [one.astext() for one in part.findall(nodes.paragraph)]
    return " ".join(" ".join(said).split())[:_LENGTH]


def _write(app: Sphinx, exception: Exception | None) -> None:
    if exception:
        return
    noted = Path(app.srcdir) / NOTED
    known = noted.read_text(encoding="utf-8") if noted.is_file() else '{"entries": [], "asked": []}'
    index = script(known, _sections(app))
    (Path(app.outdir) / "find_index.js").write_text(index, encoding="utf-8")


def _own_page(app: Sphinx) -> None:
    """Leave the theme's index of words out."""
    app.builder.search = False  # type: ignore[attr-defined]


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("builder-inited", _own_page)
    app.connect("build-finished", _write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
