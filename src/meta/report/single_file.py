"""The whole report in one file, to keep or to send: nothing is fetched, nothing is missing."""

from __future__ import annotations

import base64
import json
import posixpath
import re
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from meta import html
from meta.html import Markup
from meta.report.memory import digest, read_note, write_whole
from meta.report.policy import with_policy
from meta.report.project import Project
from meta.report.recording import digest_of
from meta.report.search_index import read_script

if TYPE_CHECKING:
    from bs4 import BeautifulSoup, Tag

_CODE = digest_of(Path(__file__))  # as it runs: it may be edited meanwhile
# pages of these folders are named in the list of contents; there are too many of the others
_LISTED = ("articles/", "notebooks/")
# the site's machinery has no place here
_LEFT_OUT = {"genindex", "search", "py-modindex"}
_IMAGE = re.compile(r'(<img\b[^>]* src=")(?!data:)([^"]*)')
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
/* what is far away is laid out when the reader comes near */
section.page { content-visibility: auto; contain-intrinsic-size: auto 60rem; }
@media print { section.page { content-visibility: visible; } }
"""


def single_file(project: Project) -> str:
    """Put the pages of the prepared site into one text.

    Parameters
    ----------
    project : Project
        The project. What is made of each page is kept for the next time, where it is the same.

    Returns
    -------
    str
        The HTML.

    Raises
    ------
    FileNotFoundError
        If a page, or an image on one, does not exist.
    """
    site, kept = project.prepared, project.work / "single_file.json"
    wanted = [name for name in project.reading_order() if name not in _LEFT_OUT]
    before: dict[str, list[str]] = read_note(kept) or {}
    common = digest(_CODE, *wanted)
    parts: dict[str, list[str]] = {}
    sections, entries = [], []
    for name in wanted:
        text = _main_part(site, name)
        key = digest(common, text)
        same = name in before and before[name][0] == key
        parts[name] = before[name] if same else [key, *_part(text, name, set(wanted))]
        _, title, inner = parts[name]
        if "/" not in name or name.startswith(_LISTED):
            entries.append((_anchor(name), title))
        sections.append((_anchor(name), title, Markup(_with_images(inner, site, name))))
    write_whole(kept, json.dumps(parts))

    def static(name: str) -> str:
        return (site / "_static" / name).read_text(encoding="utf-8")

    page = html.render(
        "single_file.html",
        title=project.about.title,
        style=Markup("\n".join([_STYLE, *map(static, project.styles)])),
        scripts=[Markup(static(name)) for name in (*project.scripts, "find.js")],
        index=_index(site, set(wanted)),
        entries=entries,
        sections=sections,
    )
    return with_policy(f"{page}\n")


def _index(site: Path, wanted: set[str]) -> Markup:
    """Return what the search looks through, as data; places that are left out are not found."""
    known = read_script((site / "find_index.js").read_text(encoding="utf-8"))
    entries = []
    for href, *said in known["entries"]:
        path, _, fragment = str(href).partition("#")
        name = path.removesuffix(".html")
        if name in wanted:
            entries.append([f"#{_anchor(name, fragment)}", *said])
    text = json.dumps({"asked": known["asked"], "entries": entries}, ensure_ascii=False)
    # no text can end the script element it stands in
    return Markup(text.replace("<", "\\u003c"))


def _part(text: str, page: str, known: set[str]) -> tuple[str, str]:
    """Return the title of a page, and what stands on it, with ids and links made for one file."""
    from bs4 import BeautifulSoup

    article = BeautifulSoup(text, "html.parser")
    heading = article.select_one("h1")
    for code in article.select("pre"):  # the colours of code are in the site's stylesheet
        code.string = code.get_text()
    for image in article.select("img"):
        image["loading"] = "lazy"  # each is a document to read, and most are far away
    for link in article.select("a[download], .beside"):  # files beside the site
        link.decompose()
    _rename(article, page)
    _relink(article, page, known)
    title = heading.get_text().rstrip("¶#").strip() if heading else page
    return title, article.decode_contents()


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


def _with_images(text: str, site: Path, page: str) -> str:
    """Put the images of a page into it."""

    def embedded(image: re.Match[str]) -> str:
        path = (site / f"{page}.html").parent / image[2]
        encoded = base64.b64encode(path.read_bytes()).decode("ascii")
        return f"{image[1]}data:{_IMAGE_TYPES[path.suffix]};base64,{encoded}"

    return _IMAGE.sub(embedded, text)
