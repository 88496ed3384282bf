"""The whole report in one file, to keep or to send: nothing is fetched, nothing is missing."""

from __future__ import annotations

import base64
import posixpath
import re
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from bs4 import BeautifulSoup, Tag

_SCRIPTS = ("tables.js", "pool.js", "what_if.js")
# the site's machinery has no place here
_LEFT_OUT = {"genindex", "search", "py-modindex"}
_IMAGE_TYPES = {".svg": "image/svg+xml", ".png": "image/png", ".jpg": "image/jpeg"}

# The site's theme is a large stylesheet with scripts of its own; one column needs little of it.
_STYLE = """
:root { color-scheme: light dark;
  --color-table-border: #d0d4da; --color-background-border: #d0d4da; --color-brand-primary: #0a4bff;
  --color-foreground-primary: #16181c; --color-foreground-secondary: #5a5f69;
  --color-background-primary: #fff; }
@media (prefers-color-scheme: dark) { :root {
  --color-table-border: #4a4f59; --color-background-border: #4a4f59;
  --color-brand-primary: #7ba4ff; --color-foreground-primary: #e6e8ec;
  --color-foreground-secondary: #a8adb7; --color-background-primary: #131416; } }
body { font: 1rem/1.55 system-ui, sans-serif; color: var(--color-foreground-primary);
  background: var(--color-background-primary); max-width: 76rem; margin: 0 auto; padding: 1rem; }
a { color: var(--color-brand-primary); }
pre { overflow-x: auto; font-size: 0.85rem; padding: 0.5rem;
  border: 1px solid var(--color-background-border); }
section.page { border-top: 3px solid var(--color-background-border); margin-top: 3rem; }
nav ul { columns: 18rem; }
h1, h2, h3, p, li, dt, dd, blockquote { overflow-wrap: anywhere; }
.table-wrapper { overflow-x: auto; }
"""


def write_single_file(site: Path, target: Path, pages: list[str]) -> None:
    """Put the pages of a built site into one file.

    Parameters
    ----------
    site : pathlib.Path
        Folder of the built site.
    target : pathlib.Path
        The file to write.
    pages : list of str
        Names of the pages, without ``.html``, in reading order.

    Raises
    ------
    FileNotFoundError
        If a page, or an image on one, does not exist.
    """
    from bs4 import BeautifulSoup

    wanted = [name for name in pages if name not in _LEFT_OUT]
    sections, entries = [], []
    for name in wanted:
        article = BeautifulSoup(_main_part(site, name), "html.parser")
        heading = article.select_one("h1")
        _rename(article, name)
        _relink(article, name, set(wanted))
        _embed_images(article, site, name)
        title = heading.get_text().rstrip("¶#").strip() if heading else name
        if "/" not in name or name.startswith("notebooks/"):
            entries.append(f'<li><a href="#{_anchor(name)}">{escape(title)}</a></li>')
        inner = article.decode_contents()
        sections.append(
            f'<section class="page" id="{_anchor(name)}" aria-label="{escape(title)}">{inner}'
            "</section>"
        )
    static = site / "_static"
    style = _STYLE + (static / "report.css").read_text(encoding="utf-8")
    scripts = "\n".join(
        f"<script>\n{(static / name).read_text(encoding='utf-8')}\n</script>" for name in _SCRIPTS
    )
    target.write_text(
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        "<title>The real effect beside each claim</title>\n"
        f"<style>\n{style}\n</style>\n{scripts}\n</head>\n<body>\n<main>\n"
        f'<nav aria-label="Contents"><ul>{"".join(entries)}</ul></nav>\n'
        + "\n".join(sections)
        + "\n</main>\n</body>\n</html>\n",
        encoding="utf-8",
    )


def _main_part(site: Path, page: str) -> str:
    """Cut the text out of a page; most of a page is its menu."""
    text = (site / f"{page}.html").read_text(encoding="utf-8")
    found = re.search(r'<(\w+)[^>]* role="main"[^>]*>(.*)</\1>', text, re.DOTALL)
    if not found:
        raise FileNotFoundError(f"{page}.html has no main part")
    return found[2]


def _anchor(page: str, fragment: str = "") -> str:
    name = page.replace("/", "-")
    return f"{name}--{fragment}" if fragment else name


def _rename(article: Tag | BeautifulSoup, page: str) -> None:
    """Make every id the page's own, and drop the permalink marks beside headings."""
    for mark in article.select("a.headerlink"):
        mark.decompose()
    for element in article.select("[id]"):
        element["id"] = _anchor(page, str(element["id"]))
    for element in article.select("[for]"):
        element["for"] = _anchor(page, str(element["for"]))


def _relink(article: Tag | BeautifulSoup, page: str, known: set[str]) -> None:
    """Point links between pages to the place in this file; a link to what is left out goes."""
    for element in article.select("a[href]"):
        href = str(element["href"])
        if urlsplit(href).scheme:
            continue
        path, _, fragment = href.partition("#")
        name = page
        if path:
            name = posixpath.normpath(posixpath.join(posixpath.dirname(page), path))
            name = name.removesuffix(".html")
        if name in known:
            element["href"] = f"#{_anchor(name, fragment)}"
        else:
            element.unwrap()


def _embed_images(article: Tag | BeautifulSoup, site: Path, page: str) -> None:
    for image in article.select("img"):
        path = (site / f"{page}.html").parent / str(image["src"])
        encoded = base64.b64encode(path.read_bytes()).decode("ascii")
        image["src"] = f"data:{_IMAGE_TYPES[path.suffix]};base64,{encoded}"
