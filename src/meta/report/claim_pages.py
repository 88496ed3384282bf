"""The pages about claims: articles, each claim alone, what can be passed on, and the first page."""

from __future__ import annotations

import io
import zipfile
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from meta import html
from meta.claims.assessment import Assessment
from meta.evidence.spreadsheet import safe_csv
from meta.evidence.tables import Evidence
from meta.figures.claims_overview import plot_claims
from meta.figures.drawing import save_figure
from meta.html import Markup, fenced
from meta.report.article_pages import about_article, article_page, quotes
from meta.report.claim_view import claim_section
from meta.report.landing import landing, promised
from meta.report.links import article_name
from meta.report.memory import code_digest, digest, environment, write_whole
from meta.report.notebook_index import NotebookIndex
from meta.report.policy import with_policy
from meta.report.reader_words import GROUPS, WORDS, counted_verdicts, verdict_label
from meta.report.share import card_png, card_svg, claim_review

# files that the site takes over as they are
EXTRA = "extra"
# what the rows of the first picture hold
_PROMISED = (
    "claim_id", "text", "claimed_low", "claimed_high", "low", "estimate", "high", "verdict",
    "answer",
)  # fmt: skip


def write_claim_pages(
    evidence: Evidence,
    found: Sequence[Assessment],
    source: Path,
    notebooks: NotebookIndex,
    drawn: Path,
) -> Markup:
    """Write a page for every article and every claim, and the downloads.

    Parameters
    ----------
    evidence : Evidence
        The curated tables.
    found : sequence of Assessment
        Every claim; without any only the data are written.
    source : pathlib.Path
        Where the pages of the site are collected. What Sphinx need not read goes to its folder
        ``extra``.
    notebooks : NotebookIndex
        What the notebooks on the site answer.
    drawn : pathlib.Path
        Where cards that were drawn before are kept: most say the same after a change of the data.

    Returns
    -------
    markupsafe.Markup
        What stands under the heading of the first page.
    """
    articles = _by_article(found)
    pages = {file: f"articles/{article_name(file)}.html" for file in articles}
    topics = {
        one.topic: f"../notebooks/{name}.html"
        for one in found
        if (name := notebooks.of_topic(one.topic))
    }
    for file, claims in articles.items():
        page = article_page(claims, evidence, topics)
        (source / "articles").mkdir(exist_ok=True)
        (source / "articles" / f"{article_name(file)}.md").write_text(page, encoding="utf-8")
    if found:
        (source / "claims.md").write_text(_claims_page(found), encoding="utf-8")
    extra = source / EXTRA
    (extra / "downloads").mkdir(parents=True, exist_ok=True)
    (extra / "downloads" / "data.zip").write_bytes(_data_zip(evidence.folder))
    if found:
        _write_promised(evidence, found, extra / "downloads")
        _write_claims(evidence, found, extra / "claim", topics, drawn)
    return landing(evidence, found, pages)


def _by_article(found: Sequence[Assessment]) -> dict[str, list[Assessment]]:
    articles: dict[str, list[Assessment]] = {}
    for one in found:
        articles.setdefault(one.article_file, []).append(one)
    return dict(sorted(articles.items()))


def _data_zip(folder: Path) -> bytes:
    """Pack the tables with their dictionary; the same bytes every time."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as packed:
        for path in sorted(folder.iterdir()):
            if path.is_file() and path.suffix in {".csv", ".json", ".md", ".bib"}:
                entry = zipfile.ZipInfo(f"data/{path.name}", (1980, 1, 1, 0, 0, 0))
                entry.compress_type = zipfile.ZIP_DEFLATED
                packed.writestr(entry, path.read_bytes())
    return buffer.getvalue()


def _write_promised(evidence: Evidence, found: Sequence[Assessment], folder: Path) -> None:
    """Write the picture of the first page and its rows."""
    rows = promised(evidence, found)
    if not rows:
        return
    table = pd.DataFrame([{name: getattr(row, name) for name in _PROMISED} for row in rows])
    text = safe_csv(table.rename(columns={"text": "claim", "low": "ci_low", "high": "ci_high"}))
    (folder / "claimed_and_measured.csv").write_text(text, encoding="utf-8")
    shown = {row.claim_id for row in rows}
    figure = plot_claims([one for one in found if one.claim_id in shown])
    save_figure(figure, folder / "claimed_and_measured.svg")
    save_figure(figure, folder / "claimed_and_measured.png")


def _write_claims(
    evidence: Evidence,
    found: Sequence[Assessment],
    folder: Path,
    topics: Mapping[str, str],
    drawn: Path,
) -> None:
    folder.mkdir(exist_ok=True)
    drawn.mkdir(exist_ok=True)
    drawing, used = digest(code_digest(), environment()), set()
    quoted, site = quotes(evidence), evidence.question.site_url.rstrip("/")
    asked = evidence.question.title
    for one in found:
        about = about_article(one, evidence)
        address = f"{site}/claim/{one.claim_id}.html" if site else ""
        body = claim_section(
            one,
            evidence,
            quoted.get(one.claim_id, ""),
            root="../",
            notebook=topics.get(one.topic, ""),
            alone=True,
        )
        page = html.render(
            "claim_page.html",
            one=one,
            body=body,
            kick=about["kick"],
            label=verdict_label(one),
            article=f"../articles/{article_name(one.article_file)}.html#{one.claim_id}",
            asked=asked,
            address=address,
            image=f"{site}/claim/{one.claim_id}.png" if site else "",
            review=Markup(claim_review(one, evidence, about, address)),
        )
        svg = card_svg(one, asked)
        # both cards say and show the same, so that one tells whether the other must be drawn
        card = drawn / f"{digest(svg, drawing)}.png"
        if not card.is_file():
            write_whole(card, card_png(one, asked))
        used.add(card)
        files: dict[str, bytes] = {
            "html": with_policy(page).encode(),
            "png": card.read_bytes(),
            "svg": svg.encode(),
        }
        if len(one.used):
            files["csv"] = safe_csv(one.used).encode()
        for ending, content in files.items():
            (folder / f"{one.claim_id}.{ending}").write_bytes(content)
    for card in set(drawn.iterdir()) - used:
        card.unlink()


def _claims_page(found: Sequence[Assessment]) -> str:
    rows: list[dict[str, Any]] = [
        {
            "claim": Markup('<a href="articles/{}.html#{}">{}</a>').format(
                article_name(one.article_file), one.claim_id, one.claim
            ),
            "verdict": Markup('<span class="verdict {}">{}</span>').format(
                one.verdict, verdict_label(one)
            ),
            "answer": one.answer,
            "source": one.source.replace("_", " "),
            "topic": one.topic,
            "article": one.article_label,
        }
        for one in found
    ]
    columns = {
        "claim": "Claim, in other words",
        "verdict": "Verdict",
        "answer": "Answer",
        "source": "Source",
        "topic": "Topic",
        "article": "Article",
    }
    board = html.table(
        pd.DataFrame(rows), "Every claim, with its verdict and what became of its source",
        columns=columns,
    )  # fmt: skip
    intro = (
        f"{len(found)} statements. No verdict is typed by hand: each follows from a written rule "
        "and the tables."
    )
    page = html.render("claims.html", groups=_groups(found), board=board)
    return f"# All claims\n\n{intro}\n\n{fenced(page)}\n"


def _groups(found: Sequence[Assessment]) -> list[tuple[str, int, list[tuple[str, int]], str]]:
    """Count verdicts by the part that claims play, so that no number of those that hold is bare."""
    groups = []
    for group, words in GROUPS.items():
        if own := [one for one in found if one.group == group]:
            counts = Counter(one.verdict for one in own)
            bar = [(verdict, counts[verdict]) for verdict in WORDS if counts[verdict]]
            groups.append((words, len(own), bar, counted_verdicts(own)))
    return groups
