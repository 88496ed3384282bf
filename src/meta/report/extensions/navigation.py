"""The theme's menu, made once for each folder: it otherwise makes and parses it for every page."""

from __future__ import annotations

import re
from typing import Any, cast

from furo.navigation import get_navigation_tree
from sphinx.application import Sphinx
from sphinx.builders.html import StandaloneHTMLBuilder

# The menu of a page differs from that of its neighbours in what is marked as current alone: the
# link to the page itself, and each list and entry around it with the switch that opens it.
_TAG = re.compile(r'<(?P<closing>/?)(?P<name>ul|li|a|input)\b[^>]*?(?: href="(?P<to>[^"]*)")?/?>')


class Menu:
    """The menu of the pages in one folder, cut at every tag that may be marked."""

    def __init__(self, html: str) -> None:
        self._pieces: list[str] = []
        # address -> for each link to it, the pieces around it from outside in, and the link
        self._ways: dict[str, list[list[Any]]] = {}
        around: list[Any] = []
        end = 0
        for tag in _TAG.finditer(html):
            if tag["closing"]:
                if tag["name"] != "a":
                    around.pop()
                continue
            here = len(self._pieces) + 1
            self._pieces += [html[end : tag.start()], tag[0]]
            end = tag.end()
            if tag["name"] in ("ul", "li"):
                around.append([here])
            elif tag["name"] == "input":
                around[-1].append(here)
            else:
                # lists are shared, so that a switch after the link counts for what comes below it
                self._ways.setdefault(tag["to"], []).append([*around, [here]])
        self._pieces.append(html[end:])

    def marked(self, page: str) -> str:
        """Return the menu as the page of this address shows it."""
        pieces = self._pieces.copy()
        last = -1
        for way in self._ways.get(page, []):
            for i in (piece for part in way for piece in part):
                pieces[i] = _current(self._pieces[i])
            last = way[-2][0]
        if last >= 0:
            pieces[last] = pieces[last].replace('">', ' current-page">')
        return "".join(pieces)


def _current(tag: str) -> str:
    if tag.startswith("<ul"):
        return '<ul class="current">'
    if tag.startswith("<li"):
        return re.sub(r"(toctree-l\d+)", r"\1 current", tag)
    if tag.startswith("<input"):
        return tag.replace(" class=", ' checked="" class=')
    return '<a class="current reference internal" href="#">'


class Menus:
    """Puts its menu on every page."""

    def __init__(self) -> None:
        self._of_folder: dict[str, Menu] = {}

    def withhold(self, *page: Any) -> None:
        """Give the theme nothing to make a menu of."""
        context = page[3]
        context["whole_toctree"] = context["toctree"]
        context["toctree"] = lambda **_: ""

    def supply(self, app: Sphinx, page: str, *rest: Any) -> None:
        """Show the menu in which this page is the current one."""
        context = rest[1]
        context["toctree"] = context.pop("whole_toctree")
        builder = cast("StandaloneHTMLBuilder", app.builder)
        # all at the first page: the processes that write the others then have them already
        for folder in () if self._of_folder else {_folder(name) for name in app.env.found_docs}:
            unmarked = builder._get_local_toctree(
                f"{folder}-", collapse=False, titles_only=True, maxdepth=-1, includehidden=True
            )
            self._of_folder[folder] = Menu(get_navigation_tree(unmarked))
        address = builder.get_relative_uri(f"{_folder(page)}-", page)
        context["furo_navigation_tree"] = self._of_folder[_folder(page)].marked(address)


def _folder(page: str) -> str:
    return page[: page.rfind("/") + 1]


def setup(app: Sphinx) -> dict[str, bool]:
    menus = Menus()
    app.connect("html-page-context", menus.withhold, priority=400)  # the theme has 500
    app.connect("html-page-context", menus.supply, priority=600)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
