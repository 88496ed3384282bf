"""The pages written by hand: those that every report inherits, and the project's own.

A page is Markdown with the marks of Jinja. One in ``report/pages`` of a project stands in the place
of the inherited one of its name, or takes it over by ``{% extends "inherited/NAME.md" %}`` and
fills its blocks. A page on which nothing stands is left out.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from jinja2 import ChoiceLoader, Environment, FileSystemLoader, PrefixLoader, StrictUndefined

from meta.html import Markup
from meta.report.links import as_text
from meta.report.memory import files_in
from meta.report.project import Project

# the parts of the menu, and the pages in each; what is named nowhere stands at the end
_MENU = {
    "Claims": ("claims", "articles/"),
    "Questions": ("notebooks/",),
    "Evidence and method": (
        *("trials", "results", "data", "methods", "glossary", "how_to_cite", "bibliography"),
        *("guides", "coming_from", "changes", "api"),
    ),
}
_FIRST = "index"


def write_by_hand(project: Project, folder: Path, **known: Any) -> None:
    """Fill in the pages and write them beside those that are there already.

    Parameters
    ----------
    project : Project
        The project, whose own pages have precedence. Files that are no Markdown are copied.
    folder : pathlib.Path
        Where the generated pages have been written.
    **known
        What pages may speak of, beside ``pages``, the names of all. Text is escaped, Markup is
        not.
    """
    inherited, own = project.settings / "pages", project.own / "pages"
    written = {path.relative_to(own).as_posix(): path for path in files_in(own)}
    for name, path in written.items():
        if path.suffix != ".md":
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, folder / name)
    marked = {path.name for path in files_in(inherited)} | {
        name for name in written if name.endswith(".md")
    }
    pages = _names(folder) | {f"notebooks/{path.stem}" for path in project.notebooks}
    pages |= {name.removesuffix(".md") for name in marked}
    environment = _environment(inherited, own)
    # the first page last: it has the menu
    for name in sorted(marked, key=lambda name: (name == f"{_FIRST}.md", name)):
        page = name.removesuffix(".md")
        text = environment.get_template(name).render(pages=pages, menu=menu(pages), **known)
        if text.strip():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(f"{text.strip()}\n", encoding="utf-8")
        else:
            pages.discard(page)


def menu(pages: Iterable[str]) -> dict[str, list[str]]:
    """Order the pages of a site under the headings of its menu.

    Parameters
    ----------
    pages : iterable of str
        Names of the pages, without ending.

    Returns
    -------
    dict of str to list of str
        Pages by heading; a heading without pages is left out. The page of a study is reached from
        the list of studies.

    Examples
    --------
    >>> menu(["index", "notebooks/02_b", "notebooks/01_a", "trials", "trials/x2020"])
    {'Questions': ['notebooks/01_a', 'notebooks/02_b'], 'Evidence and method': ['trials']}
    """
    left = [page for page in sorted(pages) if page != _FIRST and not page.startswith("trials/")]
    found: dict[str, list[str]] = {}
    for heading, places in _MENU.items():
        found[heading] = [
            page
            for place in places
            for page in left
            if page == place or (place.endswith("/") and page.startswith(place))
        ]
        left = [page for page in left if page not in found[heading]]
    found[heading] += left
    return {heading: names for heading, names in found.items() if names}


def _names(folder: Path) -> set[str]:
    return {
        path.relative_to(folder).with_suffix("").as_posix()
        for path in files_in(folder)
        if path.suffix in {".md", ".ipynb"}
    }


def _environment(inherited: Path, own: Path) -> Environment:
    return Environment(
        loader=ChoiceLoader(
            [
                FileSystemLoader([own, inherited]),
                PrefixLoader({"inherited": FileSystemLoader(inherited)}),
            ]
        ),
        finalize=lambda value: value if isinstance(value, Markup) else as_text(value),
        undefined=StrictUndefined,
        # {# begins an anchor in Markdown
        comment_start_string="{%#",
        comment_end_string="#%}",
        trim_blocks=True,
        lstrip_blocks=True,
    )
