"""What a page tells machines about itself: description, cards of other sites, what it may run."""

from __future__ import annotations

import re
from html import escape, unescape
from typing import Any

from sphinx.application import Sphinx

from meta.report.policy import with_policy

_LENGTH = 200  # of a description
_LEAD = re.compile(r'<p class="lead">(.*?)</p>', re.DOTALL)
_PARAGRAPH = re.compile(r"<p(?: [^>]*)?>(.*?)</p>", re.DOTALL)
_TAG = re.compile(r"<[^>]+>")
_VIEWPORT = re.compile(r'\s*<meta (?=[^>]*name="viewport")[^>]*>')
# two parts of the theme's page are landmarks of one kind, and need names
_LANDMARKS = {
    '<aside class="sidebar-drawer': '<aside aria-label="All pages" class="sidebar-drawer',
    '<aside class="toc-drawer': '<aside aria-label="On this page" class="toc-drawer',
}


def _describe(app: Sphinx, page: str, template: str, context: dict[str, Any], tree: Any) -> None:
    title = _text(context.get("title", "")) or app.config.project
    about = _description(context.get("body", ""))
    tags = [("og:type", "article"), ("og:title", title), ("og:site_name", app.config.project)]
    if about:
        tags.append(("og:description", about))
    if app.config.html_baseurl:
        tags.append(("og:url", f"{app.config.html_baseurl.rstrip('/')}/{page}.html"))
    # the theme has a viewport already
    kept = _VIEWPORT.sub("", context.get("metatags") or "")
    lines = [f'<meta name="description" content="{escape(about)}">'] if about else []
    lines += [f'<meta property="{name}" content="{escape(text)}">' for name, text in tags]
    context["metatags"] = "\n".join([kept, *lines])


def _description(body: str) -> str:
    """Return what a page says first, cut at a word."""
    lead = _LEAD.search(body)
    texts = [_text(found) for found in ([lead[1]] if lead else _PARAGRAPH.findall(body))]
    text = next((text for text in texts if len(text) > 40), "")
    return text if len(text) <= _LENGTH else f"{text[:_LENGTH].rpartition(' ')[0]} …"


def _text(html: str) -> str:
    return " ".join(unescape(_TAG.sub("", html)).split())


def _finish(app: Sphinx) -> None:
    """Complete every page when it is whole: its policy counts the scripts that stand in it."""
    templates = app.builder.templates
    render = templates.render

    def complete(template: str, context: dict[str, Any]) -> str:
        page: str = render(template, context)
        if not page.lstrip().lower().startswith("<!doctype html"):
            return page
        for part, named in _LANDMARKS.items():
            page = page.replace(part, named)
        return with_policy(page)

    templates.render = complete


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("html-page-context", _describe, priority=900)
    app.connect("builder-inited", _finish)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
