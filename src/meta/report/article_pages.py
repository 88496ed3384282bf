"""How does an article read with the evidence beside each of its claims?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from meta import html
from meta.claims.assessment import Assessment
from meta.claims.verdicts import SUPPORTED
from meta.evidence.tables import Evidence
from meta.html import Markup, fenced
from meta.report.claim_view import claim_section
from meta.report.landing import article_sentence
from meta.report.links import as_text
from meta.report.reader_words import GROUPS, counted_verdicts
from meta.wording import in_words, upper_first


def article_page(
    claims: Sequence[Assessment], evidence: Evidence, notebooks: Mapping[str, str]
) -> str:
    """Write the page of one article in Markdown: headline claim first, the rest folded by group.

    Parameters
    ----------
    claims : sequence of Assessment
        The claims of one article, in its order.
    evidence : Evidence
        The curated tables.
    notebooks : mapping of str to str
        Address of the notebook that answers claims of a topic, by topic.
    """
    about = about_article(claims[0], evidence)
    quoted = quotes(evidence)

    def section(one: Assessment) -> Markup:
        return claim_section(
            one,
            evidence,
            quoted.get(one.claim_id, ""),
            root="../",
            notebook=notebooks.get(one.topic, ""),
        )

    headline = next((one for one in claims if one.claim_id == about["headline"]), claims[0])
    rest = [one for one in claims if one is not headline]
    body = html.render(
        "article.html",
        kick=about["kick"],
        lead=_lead(claims),
        headline=section(headline),
        groups=[
            (
                _summary(group, of_group),
                _inside(of_group),
                [*map(section, of_group)],
            )
            for group in GROUPS
            if (of_group := [one for one in rest if (one.group or "background") == group])
        ],
    )
    return f"# {as_text(about['name'])}: what holds?\n\n{fenced(body)}\n"


def about_article(one: Assessment, evidence: Evidence) -> dict[str, Any]:
    """Return what is known of a claim's article, with ``name``, ``headline`` and ``kick``."""
    known: dict[str, Any] = {}
    table = evidence.optional("articles", "article_file").set_index("article_file")
    if one.article_file in table.index:
        filled = table.loc[one.article_file].dropna()
        known = {str(name): cell for name, cell in filled.items()}
    title = f"“{known['title']}”" if "title" in known else ""
    date = f"{pd.Timestamp(known['date']):%-d %B %Y}" if "date" in known else "no date"
    parts = [known.get("publisher", one.article_label), title, known.get("author", ""), date]
    if "url" not in known:
        parts.append("no address in the copy read")
    return known | {
        "name": known.get("publisher", one.article_label),
        "headline": known.get("headline", ""),
        "kick": "Article checked: " + ", ".join(part for part in parts if part),
    }


def quotes(evidence: Evidence) -> dict[str, str]:
    """Return a few words of the article for each claim, where they are on file."""
    claims = evidence.claims
    if "quoted" not in claims:
        return {}
    known = claims.dropna(subset=["quoted"])
    return dict(zip(known["claim_id"], known["quoted"], strict=True))


def _lead(claims: Sequence[Assessment]) -> Markup:
    works = [one for one in claims if one.group == "works"]
    backed = sum(one.verdict == SUPPORTED for one in works)
    count = {0: "None"}.get(backed, in_words(backed).capitalize())
    verb = "is" if backed < 2 else "are"
    claims_counted = "one claim" if len(works) == 1 else f"{len(works)} claims"
    said = f"{count} of its {claims_counted} that it works {verb} backed by what we found."
    return Markup("<b>{}</b> {}").format(said, article_sentence(claims)) if works else Markup("")


def _summary(group: str, claims: Sequence[Assessment]) -> str:
    backed = sum(one.verdict == SUPPORTED for one in claims)
    return f"{GROUPS[group]} ({len(claims)}): {backed} backed"


def _inside(claims: Sequence[Assessment]) -> str:
    return f"{upper_first(counted_verdicts(claims))}."
