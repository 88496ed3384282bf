"""What became of the source that a claim leans on?"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from meta.claims.conditions import holds, read_conditions
from meta.claims.finding import Claim, Finding
from meta.claims.selection import every_row, rows_by_id
from meta.claims.tests import ClaimTest
from meta.claims.verdicts import (
    FOUND,
    MISQUOTED,
    NOT_CITED,
    NOT_FOUND,
    SUPPORTED,
    judge_source,
)
from meta.claims.wording import counted, figure, listing, sentence, with_interval, words
from meta.evidence.tables import Evidence

# how claim_sources.csv says it
_FOUND = {"yes": FOUND, "different": MISQUOTED, "no": NOT_FOUND}


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What became of a source.

    Attributes
    ----------
    status : {"found", "misquoted", "not_found", "not_cited"}
        In the words of the design.
    cited_as : str
        How the article names it; "" if it names none.
    text : str
        What the search turned up, in a sentence that claims no more than that.
    searches : int or None
        How many searches were made.
    link : str
        Address of what was found: of the cited source only if `link_is_citation`.
    link_is_citation : bool
        False where the link leads to something else: never to be printed as the citation.
    """

    status: str
    cited_as: str = ""
    text: str = ""
    searches: int | None = None
    link: str = ""
    link_is_citation: bool = False


def trace(claim_id: str, test: ClaimTest, evidence: Evidence) -> Source:
    """Say what became of the source of a claim.

    Parameters
    ----------
    claim_id : str
        The claim.
    test : ClaimTest
        Its test: whether a source is named, and for a list entry what identifies it.
    evidence : Evidence
        The tables.

    Notes
    -----
    ``claim_sources.found`` decides: yes, different, no. A claim that names nothing that could be
    traced has no source that could be misquoted, even if the literature says something else. An
    entry of a reference list whose journal and year stand in the tables is found, whatever became
    of what the article takes from it.
    """
    table = evidence.claim_sources
    rows = table[table["claim_id"] == claim_id]
    if rows.empty:
        return Source(status=NOT_CITED, text="No source is named.")
    row = rows.iloc[0]
    status = _FOUND[str(row["found"])] if test.source_named else NOT_CITED
    if test.kind == "reference" and test.source_says and all(_says(test, evidence)):
        status = FOUND
    searches = _searches(row["searches_tried"])
    return Source(
        status=status,
        cited_as=str(row["cited_as"]),
        text=_text(status, str(row["what_was_found"]), searches),
        searches=searches,
        link=_link(row),
        link_is_citation=status == FOUND,
    )


def _says(test: ClaimTest, evidence: Evidence) -> list[bool]:
    return [holds(condition, evidence) for condition in read_conditions(test.source_says)]


def _searches(text: object) -> int | None:
    match = re.match(r"\d+", str(text))
    return None if match is None else int(match[0])


def _made(searches: int | None) -> str:
    return counted(searches or 0, "search", "searches")


def _text(status: str, found: str, searches: int | None) -> str:
    found = found.rstrip(".")
    if status == FOUND:
        return f"Found: {found}."
    if status == MISQUOTED:
        return f"What was found says something else: {found}."
    if status == NOT_FOUND:
        return (
            f"Not found with the searches made ({_made(searches)}), which is no proof that it does"
            f" not exist. What turned up: {found}."
        )
    return f"No source is named that could be traced. What turned up ({_made(searches)}): {found}."


def _link(row: Mapping[Any, Any] | pd.Series[Any]) -> str:
    if pd.notna(row["doi"]):
        return f"https://doi.org/{row['doi']}"
    return "" if pd.isna(row["source_url"]) else str(row["source_url"])


def cited_source(claim: Claim, test: ClaimTest, evidence: Evidence) -> Finding:
    """Judge "a study exists and says X"; the same for an entry of a reference list."""
    source = trace(str(claim["claim_id"]), test, evidence)
    conditions = read_conditions(test.source_says)
    says = [holds(condition, evidence) for condition in conditions]
    verdict = judge_source(source.status, says)
    missing = [
        f"{words(condition.column)} {condition.sign} {condition.value}"
        for condition, right in zip(conditions, says, strict=True)
        if not right
    ]
    rows = rows_by_id(test.result_ids, evidence) if test.result_ids else pd.DataFrame()
    return Finding(
        verdict=verdict,
        reason=sentence(
            _short(source),
            f"not in the tables: {listing(missing)}" if missing and source.status == FOUND else "",
            *[_result(row, verdict) for row in rows.to_dict("records")],
            _own_trials(test, evidence),
        ),
        used=rows,
        k=0 if rows.empty else rows["study_id"].nunique(),
    )


def _short(source: Source) -> str:
    """Say what became of the source; what stands in its place is said beside the source."""
    if source.status in (FOUND, MISQUOTED):
        return source.text
    if source.status == NOT_FOUND:
        return f"the source was not found with the searches made ({_made(source.searches)})"
    return source.text


def _result(row: Mapping[Any, Any], verdict: str) -> str:
    """Quote the figures of a result, and how the comparison was made."""
    unit = row["effect_unit"]
    if pd.notna(row["ci_low"]):
        shown = with_interval(row["estimate"], row["ci_low"], row["ci_high"], 1)
        text = f"{row['instrument']} {shown} {unit}"
    else:
        text = (
            f"{row['instrument']} {figure(row['mean_t'])} on {row['arm_t']} and"
            f" {figure(row['mean_c'])} on {row['arm_c']}"
        )
    if verdict == SUPPORTED and (row["blinding"] == "open" or row["control"] != "placebo"):
        blinding = "open label" if row["blinding"] == "open" else f"{row['blinding']} blind"
        text += f"; the comparison was {blinding} against {words(str(row['control']))}"
    return text


def _own_trials(test: ClaimTest, evidence: Evidence) -> str:
    """Count the randomised trials of the salt with the outcome that these tables hold."""
    if not (test.outcome and test.mg_form):
        return ""
    rows = every_row(evidence)
    rows = rows[
        rows["outcome"].isin(test.outcome)
        & rows["mg_form"].isin(test.mg_form)
        & (rows["randomised"] == "yes")
        & (rows["stratum"] != "uncontrolled")
    ].drop_duplicates("study_id")
    people = rows["n_randomised"].sum(min_count=1)
    shown = "" if rows.empty or pd.isna(people) else f" ({int(people):,} people)"
    return (
        f"these tables hold {counted(len(rows), 'randomised trial')} of"
        f" {listing(test.mg_form, 'or')} that measured"
        f" {listing([words(name) for name in test.outcome], 'or')}{shown}"
    )
