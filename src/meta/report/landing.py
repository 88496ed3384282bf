"""The first page: the question, the answer, and whether to trust it."""

from __future__ import annotations

import re
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil, floor, isfinite
from typing import Any

import pandas as pd

from meta import html
from meta.claims.assessment import Assessment
from meta.claims.claim_rows import trusted_rows
from meta.claims.findings_table import Rated, rated_outcomes, rated_rows, rating
from meta.claims.trial_sets import CI_METHOD, advantage_of
from meta.claims.verdicts import MIN_TRIALS, NOT_TESTABLE, SUPPORTED
from meta.effect_sizes.derive import effects
from meta.evidence.tables import Evidence
from meta.html import Markup
from meta.report.links import article_name, source_link
from meta.report.reader_words import (
    LEVELS,
    WORDS,
    counted_verdicts,
    effect_sentence,
    verdict_label,
)
from meta.synthesis.estimate import Estimate
from meta.synthesis.judgement.information_size import information_size
from meta.synthesis.models.pool import pool
from meta.wording import counted, in_words, listed, lower_first, span, upper_first

# the answer in a few words, by the best certainty that an outcome reaches
_SHORT = (
    "Nobody knows for sure.",
    "The evidence is weak.",
    "There is fair evidence.",
    "There is strong evidence.",
)


# what is asked of a trial before it can decide, as a reader is told
_STRICT = "double-blind, against placebo and not marked as doubtful"


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """The answer for one outcome.

    Attributes
    ----------
    heading, says : str
        What it is about, and the answer in one sentence.
    lines : tuple of str
        What it rests on.
    dots : tuple of bool
        One a trial; true for trials of the form that is asked about.
    dots_text : str
        The same in words.
    level : str
        Certainty.
    side : {-1, 0, 1}
        On which side of no effect the interval lies: better, neither, worse.
    steps : tuple of bool
        The four steps of certainty, those that are reached true.
    page : str
        Where the trials are.
    """

    heading: str
    says: str
    lines: tuple[str, ...]
    dots: tuple[bool, ...]
    dots_text: str
    level: str
    side: int
    page: str

    @property
    def steps(self) -> tuple[bool, ...]:
        """The four steps of certainty, those that are reached true."""
        reached = LEVELS.index(self.level)
        return tuple(step <= reached for step in range(len(LEVELS)))


def landing(evidence: Evidence, found: Sequence[Assessment], articles: Mapping[str, str]) -> Markup:
    """Write the first page.

    Parameters
    ----------
    evidence : Evidence
        The curated tables.
    found : sequence of Assessment
        Every claim; none if the folder holds no claims.
    articles : mapping of str to str
        Address of each article's page, by ``article_file``.

    Returns
    -------
    markupsafe.Markup
        What stands under the heading.
    """
    promises = promised(evidence, found)
    cards = [_card(each, row, evidence) for each, row in _carded(evidence)]
    return html.render(
        "landing.html",
        kick=_kick(evidence, found),
        answer=_answer(cards, evidence.question.treatment),
        tally=_tally(evidence, found),
        cards=cards,
        form="" if evidence.question.form is None else evidence.question.form.label,
        safety=_safety(evidence),
        promised=promises,
        axis=_axis(promises),
        articles=_articles(evidence, found, articles),
        others=_others(found),
        words=WORDS,
        trust=_trust(evidence),
    )


def _kick(evidence: Evidence, found: Sequence[Assessment]) -> str:
    trials = evidence.optional("trials", "randomised")
    parts = []
    if found:
        parts += [_articles_counted(found), _number(len(found), "statement")]
    parts.append(_number((trials["randomised"] == "yes").sum(), "randomised trial"))
    last = _last_search(evidence)
    return " · ".join([*parts, f"last search {last}"] if last else parts)


def _number(count: int, what: str) -> str:
    return f"{count} {what if count == 1 else f'{what}s'}"


def _articles_counted(found: Sequence[Assessment]) -> str:
    return upper_first(counted(len({one.article_file for one in found}), "article"))


def _last_search(evidence: Evidence) -> str:
    table = evidence.optional("search")
    if table.empty or table["last_day"].isna().all():
        return ""
    return f"{pd.Timestamp(table['last_day'].max()):%-d %B %Y}"


def _answer(cards: Sequence[Card], treatment: str) -> dict[str, str]:
    """Answer the question in two or three sentences, one for outcomes that read alike."""
    alike: dict[tuple[str, int], list[str]] = {}
    for card in cards:
        alike.setdefault((card.level, card.side), []).append(card.heading.lower())
    best = max((LEVELS.index(card.level) for card in cards), default=0)
    sentences = [
        effect_sentence(listed(names, last="and" if side else "or"), level, side)
        for (level, side), names in alike.items()
    ]
    if sentences:
        sentences[0] = re.sub(r"^It\b", treatment, sentences[0])
        sentences[0] = re.sub(r"^Whether it\b", f"Whether {lower_first(treatment)}", sentences[0])
    return {"short": _SHORT[best] if cards else "", "says": " ".join(sentences)}


def _tally(evidence: Evidence, found: Sequence[Assessment]) -> dict[str, Any]:
    """Count the claims that it works by verdict."""
    works = [one for one in found if one.group == "works"]
    if not works:
        return {}
    backed = sum(one.verdict == SUPPORTED for one in works)
    form = evidence.question.form
    articles = _articles_counted(found)
    trials = evidence.optional("trials", "randomised")
    randomised = trials[trials["randomised"] == "yes"]
    own = "" if form is None else (
        f"Only {in_words(int(form.own(randomised).sum()))} of the {len(randomised)} randomised "
        f"trials used {form.label}."
    )  # fmt: skip
    return {
        "says": f"{articles} {'makes' if articles == 'One article' else 'make'} "
        f"{_number(len(works), 'claim')} that it works.",
        "backed": f"{upper_first(in_words(backed)) if backed else 'None'} of them "
        f"{'is' if backed == 1 or len(works) == 1 else 'are'} backed by what we found.",
        "own": own,
        "bar": _bar(works),
        "parts": [
            (verdict, count, WORDS[verdict].counted_one if count == 1 else WORDS[verdict].counted)
            for verdict, count in _bar(works)
        ],
    }


def _carded(evidence: Evidence) -> list[tuple[Rated, Mapping[Hashable, Any]]]:
    table = evidence.optional("outcomes", "outcome", "card", "page")
    rows = {row["outcome"]: row for row in table.dropna(subset=["card"]).to_dict("records")}
    return [(each, rows[each.outcome]) for each in rated_outcomes(evidence) if each.outcome in rows]


def _card(each: Rated, row: Mapping[Hashable, Any], evidence: Evidence) -> Card:
    form, rows = evidence.question.form, rated_rows(each, evidence)
    rated = rating(each, evidence)
    fit = rated.fit
    every = evidence.primary(each.outcome).drop_duplicates("study_id")
    own = form.own(every) if form else pd.Series(False, index=every.index)
    people = f" ({fit.n_total:,} people)" if fit.n_total is not None else ""
    lines = [
        f"{upper_first(counted(len(every), 'trial'))}, {in_words(fit.k)} with figures{people}."
    ]
    if form is not None:
        used = (
            f"{upper_first(in_words(int(own.sum())))} of them"
            if own.any()
            else "None of them is known to have"
        )
        lines[0] += f" {used} used {form.label}."
    lines.append(_strict(rows, each, evidence))
    asked = f", {own.sum()} of {form.label}" if form else ""
    return Card(
        heading=str(row["card"]),
        says=effect_sentence(str(row["card"]).lower(), rated.level, _side(fit)),
        lines=tuple(line for line in lines if line),
        dots=tuple(sorted(map(bool, own), reverse=True)),
        dots_text=f"{counted(len(every), 'trial')}{asked}",
        level=rated.level,
        side=_side(fit),
        page="" if pd.isna(row["page"]) else f"notebooks/{row['page']}.html",
    )


def _side(fit: Estimate) -> int:
    """Tell on which side of no effect the interval lies: 1 better, -1 worse, 0 neither."""
    advantage = advantage_of(fit)
    return int(advantage.low > 0) - int(advantage.high < 0)


def _strict(rows: pd.DataFrame, each: Rated, evidence: Evidence) -> str:
    """Say what the trials that are best protected from bias say together."""
    strict = trusted_rows(rows, evidence)
    found = effects(strict, each.measure) if len(strict) else None
    if found is None or found.k == 0:
        return f"No trial with figures is {_STRICT}."
    if found.k < MIN_TRIALS:
        are = "is" if found.k == 1 else "are"
        return f"Only {in_words(found.k)} of them {are} {_STRICT}."
    side = _side(pool(found, ci_method=CI_METHOD))
    says = {0: "leave open a benefit, no effect or harm", 1: "agree", -1: "point the other way"}
    return f"The {in_words(found.k)} that are {_STRICT} {says[side]}."


def _safety(evidence: Evidence) -> dict[str, Any]:
    """Return what official bodies say of dose and safety; it advises nobody."""
    table = evidence.optional("safety")
    if table.empty:
        return {}
    upper = table[table["section"] == "upper_level"]
    return {
        "says": [_statement(row) for row in upper.to_dict("records")],
        "lines": [_statement(row) for row in table.drop(upper.index).to_dict("records")],
    }


def _statement(row: Mapping[Hashable, Any]) -> dict[str, str]:
    """Return a statement, and a link to who says so."""
    who = str(row["citation"]).partition(", ")[0]
    return {"text": row["statement"], "source": source_link(row["source_url"], who)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """A claimed percentage beside what was measured.

    Attributes
    ----------
    claim_id, text, page, verdict, label, answer, claimed, measured : str
        The claim, its page, its verdict, the answer, the claimed and the measured figure in words.
    claimed_low, claimed_high, low, estimate, high : float
        In percent; NaN where nothing was measured.
    """

    claim_id: str
    text: str
    page: str
    verdict: str
    label: str
    answer: str
    claimed: str
    measured: str
    claimed_low: float
    claimed_high: float
    low: float
    estimate: float
    high: float

    @property
    def shown(self) -> bool:
        """Whether there is something to draw beside the claim."""
        return isfinite(self.low) or isfinite(self.estimate)


def promised(evidence: Evidence, found: Sequence[Assessment]) -> list[Promise]:
    """Return the claimed percentages, in the order of the outcomes that a reader asks about."""
    claims = evidence.claims.set_index("claim_id") if found else pd.DataFrame()
    outcomes: Sequence[str] = list(evidence.optional("outcomes").get("outcome", []))
    order = {name: place for place, name in enumerate(outcomes)}
    kept = [
        one
        for one in found
        if one.group in {"works", "number"}
        and not one.same_as
        and one.verdict != NOT_TESTABLE
        and isfinite(one.claimed_low)
        and claims.loc[one.claim_id, "claimed_unit"] == "percent"
    ]
    kept.sort(key=lambda one: order.get(str(claims.loc[one.claim_id, "outcome_key"]), len(order)))
    return [
        Promise(
            claim_id=one.claim_id,
            text=one.claim,
            page=f"articles/{article_name(one.article_file)}.html#{one.claim_id}",
            verdict=one.verdict,
            label=verdict_label(one),
            answer=one.answer,
            claimed=span(one.claimed_low, one.claimed_high),
            measured=_measured(one),
            claimed_low=one.claimed_low,
            claimed_high=one.claimed_high,
            low=one.ci_low,
            estimate=one.estimate,
            high=one.ci_high,
        )
        for one in kept
    ]


def _measured(one: Assessment) -> str:
    if isfinite(one.estimate) and isfinite(one.ci_low):
        return f"{one.estimate:.0f} ({span(one.ci_low, one.ci_high)}), {one.scale}"
    if isfinite(one.ci_low):
        return f"{span(one.ci_low, one.ci_high)}, {one.scale}"
    return ""


def _axis(rows: Sequence[Promise]) -> dict[str, Any]:
    """Return the ticks of the percent axis, and how places on it are found."""
    lowest = min([0.0, *(row.low for row in rows if isfinite(row.low))])
    low = max(-50, 25 * floor(lowest / 25))
    ticks = list(range(low, 101, 25))

    def place(value: float) -> float:
        return round(100 * (min(max(value, low), 100) - low) / (100 - low), 2)

    return {"ticks": ticks, "place": place}


def _articles(
    evidence: Evidence, found: Sequence[Assessment], pages: Mapping[str, str]
) -> list[dict[str, Any]]:
    table = evidence.optional("articles")
    known = table.set_index("article_file").to_dict("index") if len(table) else {}
    rows = []
    for file, page in pages.items():
        claims = [one for one in found if one.article_file == file]
        works = [one for one in claims if one.group == "works"]
        about = known.get(file, {})
        rows.append(
            {
                "page": page,
                "label": claims[0].article_label,
                "title": _text(about.get("title")),
                "works": len(works),
                "backed": sum(one.verdict == SUPPORTED for one in works),
                "bar": _bar(works),
                "says": article_sentence(claims),
            }
        )
    return rows


def _text(cell: Any) -> str:
    return "" if cell is None or pd.isna(cell) else str(cell)


def _bar(claims: Sequence[Assessment]) -> list[tuple[str, int]]:
    counts = [(verdict, sum(one.verdict == verdict for one in claims)) for verdict in WORDS]
    return [(verdict, count) for verdict, count in counts if count]


def article_sentence(claims: Sequence[Assessment]) -> str:
    """Say in one sentence what became of the studies that an article names."""
    named = [one for one in claims if one.source != "not_cited"]
    if not named:
        return "It names no study for any of its claims."
    found = sum(one.source == "found" for one in named)
    missing = sum(one.source == "not_found" for one in named)
    lean = "One of its claims leans" if len(named) == 1 else (
        f"{upper_first(in_words(len(named)))} of its claims lean"
    )  # fmt: skip
    if missing == len(named):
        return f"{lean} on a study, and we found no such study."
    fates = (
        (found, "we found the study, and it says so"),
        (len(named) - found - missing, "the study says something else, or only a part"),
        (missing, "we did not find the study"),
    )
    parts = [f"for {in_words(count)} {fate}" for count, fate in fates if count]
    return f"{lean} on a study: {'; '.join(parts)}."


def _others(found: Sequence[Assessment]) -> str:
    rest = [one for one in found if one.group != "works"]
    works = [one for one in found if one.group == "works" and not one.same_as]
    if not rest:
        return ""
    backed = sum(one.verdict == SUPPORTED for one in works)
    return (
        f"Some claims repeat each other: counted once each, {len(works)} say that it works, and "
        f"{in_words(backed)} of them {'is' if backed == 1 else 'are'} backed. "
        f"The other {len(rest)} statements are numbers, doses, sources and background: "
        f"{counted_verdicts(rest)}."
    )


def _trust(evidence: Evidence) -> dict[str, Any]:
    question, search = evidence.question, evidence.optional("search")
    by_section: dict[str, list[str]] = {}
    for row in search.to_dict("records"):
        by_section.setdefault(str(row["section"]), []).append(str(row["statement"]))
    return {
        "made": by_section.get("reading", [])[:1] + by_section.get("rereading", [])[-1:],
        "money": by_section.get("conflicts", [])[:1],
        "weak": by_section.get("not_searched", [])[:2] + by_section.get("selection", [])[:1],
        "change": _change(evidence),
        "contact": question.contact,
    }


def _change(evidence: Evidence) -> list[str]:
    """Say how large a trial would have to be that settles an outcome."""
    said = []
    for each, row in _carded(evidence):
        if each.mid is None or each.measure != "SMD":
            continue
        people = information_size(each.mid, measure="SMD").n_required
        said.append(
            f"On {str(row['card']).lower()}: one sound trial, double-blind against placebo, with "
            f"about {_rounded(people)} people. It would find a difference of {each.mid:g} standard "
            "deviations, the least that matters to people, nine times in ten."
        )
    form = evidence.question.form
    if form is not None:
        said.append(f"Trials of {form.label} itself count most.")
    return said


def _rounded(people: float) -> str:
    step = 10 if people < 1000 else 100
    return f"{step * ceil(people / step):,}"
