"""What is shown of a claim, wherever it stands: on its article's page, alone, on a share card."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import Any

import numpy as np
import pandas as pd

from meta import html
from meta.claims.assessment import Assessment
from meta.evidence.tables import Evidence
from meta.html import Markup
from meta.report.links import source_link
from meta.report.reader_words import how_sure, verdict_label
from meta.wording import brief, probability_text, span


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A length in a small picture: what it is, how long in percent of the width, and in words."""

    label: str
    kind: str
    start: float
    width: float
    text: str


def claim_section(
    one: Assessment,
    evidence: Evidence,
    quoted: str,
    *,
    root: str,
    notebook: str = "",
    alone: bool = False,
) -> Markup:
    """Write a claim with its verdict, answer, picture, certainty and what it rests on.

    Parameters
    ----------
    one : Assessment
        The claim beside the evidence.
    evidence : Evidence
        The tables, for the words of the question.
    quoted : str
        A few words of the article.
    root : str
        Address of the site's folder as seen from this page: ``"../"``.
    notebook : str
        Address of the notebook that answers the question; "" if there is none.
    alone : bool
        The claim has the page for itself.
    """
    return html.render(
        "claim.html",
        one=one,
        label=verdict_label(one),
        quoted=quoted,
        bars=_bars(one, evidence),
        root=root,
        notebook=notebook,
        alone=alone,
        figures=_figures(one),
        arms=_arms(one, evidence),
        checks=_checks(one),
        studies=_studies(one, root),
        source=_source(one),
        sure=how_sure(one),
    )


def _bars(one: Assessment, evidence: Evidence) -> list[Bar]:
    """Draw a fall in percent: both arms, the difference and what was claimed, on one width."""
    if one.arms is None or not len(one.arms) or not isfinite(one.estimate):
        return _interval(one)
    question = evidence.question
    weights = None if one.fit is None else one.fit.weights
    treated, control = (float(np.average(one.arms[f"fall_{arm}"], weights=weights)) for arm in "tc")
    longest = max(treated, control, one.ci_high, one.claimed_high, 1.0)

    def bar(label: str, kind: str, value: float, text: str, start: float = 0.0) -> Bar:
        left, right = sorted((max(start, 0.0), max(value, 0.0)))
        return Bar(
            label=label,
            kind=kind,
            start=round(100 * left / longest, 1),
            width=round(100 * (right - left) / longest, 1),
            text=text,
        )

    return [
        bar(f"on {question.treatment.lower()}", "treated", treated, f"{treated:.0f} % better"),
        bar("without it", "control", control, f"{control:.0f} % better"),
        bar("difference", "range", one.ci_high, f"{one.estimate:.0f} points "
            f"({span(one.ci_low, one.ci_high, 0)})", max(one.ci_low, 0.0)),
        bar("claimed", "claimed", one.claimed_high, f"{brief(one.claimed_high)} %"),
    ]  # fmt: skip


def _interval(one: Assessment) -> list[Bar]:
    """Set the claimed figure beside the measured range, where both are above 0 on one scale."""
    if not (isfinite(one.ci_low) and isfinite(one.claimed_low)):
        return []
    if min(one.ci_low, one.claimed_low) < 0:
        return []
    longest = max(one.ci_high, one.claimed_high)
    unit = " %" if one.claimed.endswith("percent") else ""

    def bar(label: str, kind: str, low: float, high: float) -> Bar:
        text = brief(low) if low == high else span(low, high)
        start = 0.0 if low == high else low
        return Bar(
            label=label,
            kind=kind,
            start=round(100 * start / longest, 1),
            width=round(100 * (high - start) / longest, 1),
            text=f"{text}{unit}",
        )

    return [
        bar("measured", "range", one.ci_low, one.ci_high),
        bar("claimed", "claimed", one.claimed_low, one.claimed_high),
    ]


def _figures(one: Assessment) -> list[str]:
    parts = []
    if isfinite(one.ratio):
        limits = span(one.ratio_low, one.ratio_high)
        times = brief(one.ratio)
        parts.append(f"The claimed figure is {times} times the measured one ({limits}).")
    if isfinite(one.probability):
        shown = probability_text(one.probability)
        parts.append(
            f"If these trials are taken at face value, the probability is {shown} that "
            f"{one.probability_of}."
        )
    if one.depends_on:
        parts.append(f"It rests on {'; '.join(one.depends_on)}.")
    return parts


def _arms(one: Assessment, evidence: Evidence) -> Markup | None:
    if one.arms is None or not len(one.arms):
        return None
    question = evidence.question
    rows = pd.DataFrame(
        {
            "trial": row["label"],
            "treated": f"{brief(row['fall_t'], 0)} %",
            "control": f"{brief(row['fall_c'], 0)} %",
            "net": f"{brief(row['net'], 0)} points ({span(row['net_low'], row['net_high'], 0)})",
        }
        for row in one.arms.to_dict("records")
    )
    heads = {"trial": "Trial", "treated": question.treatment, "control": question.control}
    return html.table(
        rows, "How far both arms fell", columns=heads | {"net": "Difference"}, plain=True
    )


def _checks(one: Assessment) -> Markup | None:
    table = one.sensitivity
    if table is None or not len(table) or not (table["k"] > 0).any():
        return None
    rows = pd.DataFrame(
        {
            "analysis": row["analysis"],
            "k": row["k"],
            "result": f"{brief(row['estimate'], 2)} ({span(row['ci_low'], row['ci_high'], 2)})",
        }
        for row in table.to_dict("records")
        if row["k"]
    )
    heads = {"analysis": "Trials", "k": "Number", "result": "Result (95 % interval)"}
    return html.table(rows, "The same with other choices of trials", columns=heads, plain=True)


def _studies(one: Assessment, root: str) -> list[Markup]:
    """Link each study to the rows that were used."""
    if "study_id" not in one.used or not len(one.used):
        return []
    named = []
    for study, rows in one.used.groupby("study_id", sort=False):
        address, label = f"{root}trials/{study}.html", rows["label"].iloc[0]
        places = list(rows["result_id"].dropna().unique()) if "result_id" in rows else []
        first = f"{address}#{places[0]}" if places else address
        more = [
            Markup('<a href="{}#{}">row {}</a>').format(address, place, number)
            for number, place in enumerate(places[1:], start=2)
        ]
        link = Markup('<a href="{}">{}</a>').format(first, label)
        named.append(link + Markup(" ({})").format(Markup(", ").join(more)) if more else link)
    return named


def _source(one: Assessment) -> dict[str, Any]:
    said = {
        "found": "The source was found and says so.",
        "in_part": "The source was found and says it only in part.",
        "misquoted": "The source says something else.",
        "not_found": "The source was not found.",
        "not_cited": "",
    }[one.source]
    link: Markup | str = ""
    if one.source_link.startswith(("https://", "http://")):
        address = one.source_link.split(" ")[0]
        role = "The cited source" if one.source_link_is_citation else "What we found"
        link = source_link(address, role)
    return {"said": said, "text": one.source_text if said else "", "link": link}
