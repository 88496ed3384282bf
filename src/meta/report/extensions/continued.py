"""A build that continues the last one leaves what a build from nothing would leave."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

_OF_TEXT = {"myst_slugs", "wordcount"}


def _said_of_pages(env: Any) -> Iterator[Any]:
    """List what one page can show of another: titles, places to link to, the order of pages."""
    yield sorted((page, title.astext()) for page, title in env.titles.items())
    yield sorted(env.toctree_includes.items())
    for page, kept in sorted(env.metadata.items()):
        # not of others: how many words it has, and on which line a heading stands
        slugs = sorted((slug, *place[1:]) for slug, place in kept.get("myst_slugs", {}).items())
        yield page, slugs, sorted(str(one) for one in kept.items() if one[0] not in _OF_TEXT)
    for domain in env.domains.sorted():
        yield sorted(map(str, domain.get_objects()))
    std = env.domains.standard_domain
    yield [sorted(std.labels.items()), sorted(std.anonlabels.items())]
    yield sorted(str(one[:3]) for one in env.get_domain("cite").citations)
    yield sorted(env.evidence_places.items())


def _write_all_if_needed(app: Sphinx, env: Any) -> list[str]:
    """Have every page written again when one of them may show something else of another."""
    parts = [repr(part) for part in _said_of_pages(env)]
    said = hashlib.sha256("\n".join(parts).encode()).hexdigest()
    before, env.said_of_pages = getattr(env, "said_of_pages", None), said
    return [] if said == before else sorted(env.found_docs)


def _prune(app: Sphinx, exception: Exception | None) -> None:
    """Remove pages and images that nothing of the site leads to any more."""
    if exception:
        return
    site = Path(app.outdir)
    wanted = {site / f"{page}.html" for page in app.env.found_docs}
    wanted |= {site / f"{page}.html" for page in ("genindex", "search", "py-modindex")}
    wanted |= {site / "_images" / name for _, name in app.env.images.values()}
    # what the site takes over as it is, and what it took over before
    extra = Path(app.srcdir) / "extra"
    wanted |= {site / path.relative_to(extra) for path in extra.rglob("*")}
    taken = [path for folder in extra.glob("*") for path in (site / folder.name).rglob("*")]
    for path in [*site.rglob("*.html"), *(site / "_images").glob("*"), *taken]:
        if path.is_file() and path not in wanted:
            path.unlink()


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("env-updated", _write_all_if_needed)
    app.connect("build-finished", _prune)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
