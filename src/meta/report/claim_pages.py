"""The landing page and a page for each article: every claim with its verdict."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from pathlib import Path

import pandas as pd

from meta import html
from meta.claims.assess import assess
from meta.claims.assessment import Assessment
from meta.claims.findings_table import rated_outcomes, rating
from meta.claims.pages import article_page
from meta.claims.scoreboard import counts, headline
from meta.claims.verdicts import SOURCES, VERDICTS
from meta.claims.wording import listing
from meta.evidence.question import Question
from meta.evidence.tables import Evidence
from meta.figures.claim import plot_claim
from meta.figures.theme import svg_text
from meta.html import Markup, escape, fenced

# which notebook answers claims of which topic
_NOTEBOOKS = {
    "depression efficacy": "02_depression",
    "antidepressant add-on": "02_depression",
    "onset": "01_tarleton_2017",
    "anxiety efficacy": "03_anxiety_and_stress",
    "stress": "03_anxiety_and_stress",
    "vitamin B6": "03_anxiety_and_stress",
    "sleep": "04_sleep",
    "inflammation": "05_inflammation",
    "stress physiology": "06_cortisol_and_hrv",
    "bioavailability": "07_absorption",
    "pharmacokinetics": "07_absorption",
    "tolerability": "08_tolerability",
    "safety": "08_tolerability",
    "dose": "08_tolerability",
    "deficiency": "09_deficiency",
    "intake": "09_deficiency",
    "cognition": "10_cognition",
    "positioning": "11_yardsticks",
}

_MEANING = {
    "supported": "the trials or sources say what the claim says",
    "overstated": "there is something, and the claim says more: a larger size, stronger evidence, "
    "or more than its source says",
    "contradicted": "measurements, or the cited source, say otherwise",
    "unresolved": "evidence exists and cannot decide",
    "no_trials": "no trial that we found tested it in the people, or with the form, named",
    "source_not_found": "it is only what a study is said to show, and that study was not found",
    "not_testable": "mechanism, advice or rhetoric that no trial here can test",
}

# outcomes that the landing page rates; the notebook on certainty rates more
_ON_MOOD = ("depression", "anxiety")


def write_claim_pages(evidence: Evidence, source: Path) -> None:
    """Write the scoreboard of the landing page, and the page of every article.

    Parameters
    ----------
    evidence : Evidence
        The curated tables.
    source : pathlib.Path
        Where the pages of the site are collected; its ``index.md`` holds the words around the
        scoreboard, with the line ``{{ scoreboard }}`` where it goes, and ``{{ certainty }}`` for
        the line on how certain the answers are.
    """
    found = [assess(str(claim), evidence) for claim in evidence.claims["claim_id"]]
    (source / "articles").mkdir()
    for file, claims in _by_article(found).items():
        page = article_page(
            claims,
            notebooks={topic: f"../notebooks/{name}.html" for topic, name in _NOTEBOOKS.items()},
            plots=_plots(claims, evidence.question),
        )
        (source / "articles" / f"{Path(file).stem[:3]}.md").write_text(page, encoding="utf-8")
    (source / "claims.md").write_text(_claims_page(found), encoding="utf-8")
    index = source / "index.md"
    text = index.read_text(encoding="utf-8")
    for name, words in (("scoreboard", _scoreboard(found)), ("certainty", _certainty(evidence))):
        text = text.replace(f"{{{{ {name} }}}}", words)
    index.write_text(text, encoding="utf-8")


def _by_article(found: Sequence[Assessment]) -> dict[str, list[Assessment]]:
    articles: dict[str, list[Assessment]] = {}
    for one in found:
        articles.setdefault(one.article_file, []).append(one)
    return dict(sorted(articles.items()))


def _plots(claims: Sequence[Assessment], question: Question) -> dict[str, str]:
    """Draw the claimed figure over the pooled effect where both are on one scale."""
    plots = {}
    for one in claims:
        if one.fit is None or one.arms is None or not isfinite(one.claimed_low):
            continue
        drawn = plot_claim(
            one.fit,
            claimed=(one.claimed_low + one.claimed_high) / 2,
            claimed_low=one.claimed_low,
            claimed_high=one.claimed_high,
            arms=_arms(one.arms),
            treatment=question.treatment.lower(),
            control=question.control.lower(),
            title="The claimed fall beside what both arms did",
            axis_label=one.scale.capitalize(),
        )
        # an empty line would end the block of HTML that the picture stands in
        lines = [line for line in svg_text(drawn, one.claim_id).splitlines() if line.strip()]
        start = next(i for i, line in enumerate(lines) if line.startswith("<svg"))
        plots[one.claim_id] = "\n".join(lines[start:])
    return plots


def _arms(arms: pd.DataFrame | None) -> pd.DataFrame | None:
    if arms is None:
        return None
    rows = [
        {"label": row["label"], "arm": name, "estimate": row[f"fall_{key}"]}
        for row in arms.to_dict("records")
        for key, name in (("t", "treated"), ("c", "control"))
    ]
    return pd.DataFrame(rows)


def _scoreboard(found: Sequence[Assessment]) -> str:
    rows = [
        _board_row(f"articles/{Path(file).stem[:3]}.html", claims[0].article_label, claims)
        for file, claims in _by_article(found).items()
    ]
    rows.append(_board_row("claims.html", "All articles", found))
    board = html.table(
        pd.DataFrame(rows),
        "Claims by article and verdict",
        columns={"article": "Article", "claims": "Claims"}
        | {verdict: _heading(verdict) for verdict in VERDICTS},
        plain=True,
    )
    meanings = "".join(
        f'<dt><span class="swatch {verdict}"></span>{escape(_heading(verdict))}</dt>'
        f"<dd>{escape(meaning)}</dd>"
        for verdict, meaning in _MEANING.items()
    )
    sources = {status: sum(one.source == status for one in found) for status in SOURCES}
    named = len(found) - sources["not_cited"]
    traced = (
        f"<p>{named} of the {len(found)} claims lean on a study or text that the article names. "
        f"For {sources['found']} of them it was found and says so; for {sources['in_part']} it was "
        f"found and is quoted only in part; for {sources['misquoted']} it says something else; for "
        f"{sources['not_found']} it was not found with the searches made, which is no proof that "
        "it does not exist.</p>"
    )
    return fenced(
        f"<p><strong>{escape(headline(_counted(found)))}</strong></p>\n"
        f'<div class="board">{board}</div>\n{_groups(found)}\n'
        f'<dl class="verdicts">{meanings}</dl>\n{traced}'
    )


def _counted(found: Sequence[Assessment]) -> pd.DataFrame:
    """Set what counts of claims need in a table."""
    columns = ("group", "same_as", "verdict")
    board = pd.DataFrame([{name: getattr(one, name) for name in columns} for one in found])
    return board.assign(verdict=pd.Categorical(board["verdict"], categories=VERDICTS))


def _groups(found: Sequence[Assessment]) -> str:
    """Count verdicts by group, so that no number of supported claims stands without its groups."""
    table = counts(_counted(found), "group").reset_index()
    table["group"] = table["group"].map(_heading)
    return html.table(
        table,
        "Claims by group and verdict",
        columns={"group": "Group", "total": "Claims"} | {name: _heading(name) for name in VERDICTS},
        plain=True,
    )


def _board_row(page: str, label: str, claims: Sequence[Assessment]) -> dict[str, object]:
    """Count the claims of an article by verdict; the bar repeats the counts for the eye alone."""
    counted = {verdict: sum(one.verdict == verdict for one in claims) for verdict in VERDICTS}
    parts = "".join(
        f'<span class="{verdict}" style="flex-grow: {count}"></span>'
        for verdict, count in counted.items()
        if count
    )
    named = (
        f'<a href="{page}">{escape(label)}</a><span class="bar" aria-hidden="true">{parts}</span>'
    )
    return {"article": Markup(named), "claims": len(claims)} | counted


def _heading(verdict: str) -> str:
    return verdict.replace("_", " ").capitalize()


def _certainty(evidence: Evidence) -> str:
    """Say in one line how certain the answers on mood are."""
    said = []
    for each in rated_outcomes(evidence):
        if each.outcome in _ON_MOOD:
            said.append((each.outcome, rating(each, evidence).level))
    if len({level for _, level in said}) == 1:
        shown = f"on {listing(outcome for outcome, _ in said)} is {said[0][1]}"
    else:
        shown = listing(f"on {outcome} is {level}" for outcome, level in said)
    return (
        "How certain is this? By stated rules in the manner of GRADE, whose levels run from high "
        f"to very low, the certainty of the pooled effect {shown}. [What lowered it]"
        "(notebooks/15_risk_of_bias_and_certainty.ipynb)."
    )


def _claims_page(found: Sequence[Assessment]) -> str:
    table = pd.DataFrame(
        {
            "claim": Markup(
                f'<a href="articles/{Path(one.article_file).stem[:3]}.html#{escape(one.claim_id)}">'
                f"{escape(one.claim)}</a>"
            ),
            "claimed": one.claimed,
            "verdict": one.verdict_words,
            "source": one.source.replace("_", " "),
            "reason": one.reason,
            "topic": one.topic,
            "article": one.article_label,
        }
        for one in found
    )
    board = html.table(
        table,
        "Every claim, with its verdict and what became of its source",
        columns={
            "claim": "Claim, in other words",
            "claimed": "Figure",
            "verdict": "Verdict",
            "source": "Source",
            "reason": "Why",
            "topic": "Topic",
            "article": "Article",
        },
    )
    intro = (
        f"{len(found)} statements of {len(_by_article(found))} articles. The verdict says what the "
        "evidence says; the source says what became of the study that the claim leans on. No "
        "verdict is typed by hand: each follows from a written rule and the tables."
    )
    return f"# All claims\n\n{intro}\n\n{fenced(board)}\n"
