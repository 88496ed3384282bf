"""What became of the source that a claim leans on?"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from meta.claims.claim_rows import rows_by_id
from meta.claims.conditions import holds, read_conditions
from meta.claims.how_sure import THE_SOURCE
from meta.claims.kind import Kind
from meta.claims.ruling import Case, Ruling
from meta.claims.verdicts import (
    CONTRADICTED,
    FOUND,
    IN_PART,
    MISQUOTED,
    NOT_CITED,
    NOT_FOUND,
    OVERSTATED,
    SOURCE_NOT_FOUND,
    SUPPORTED,
    judge_source,
)
from meta.evidence.addresses import source_address
from meta.evidence.question import chosen_by
from meta.wording import brief, counted, listed, sentences, with_interval, words

# how claim_sources.csv says it
_FOUND = {"yes": FOUND, "part": IN_PART, "different": MISQUOTED, "no": NOT_FOUND}


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What became of a source.

    Attributes
    ----------
    status : {"found", "in_part", "misquoted", "not_found", "not_cited"}
        Whether it was found, and whether it says what the article says.
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
    text: str = ""
    searches: int | None = None
    link: str = ""
    link_is_citation: bool = False


def trace(case: Case) -> Source:
    """Say what became of the source of a claim.

    Notes
    -----
    ``claim_sources.found`` decides: yes, part, different, no. A claim that names nothing that could
    be traced has no source that could be misquoted, even if the literature says something else. An
    entry of a reference list whose journal and year stand in the tables is found, whatever became
    of what the article takes from it.
    """
    row = case.lookup.sources.get(case.test.claim_id)
    if row is None:
        return Source(status=NOT_CITED, text="The article names no source.")
    status = _FOUND[str(row["found"])] if case.test.source_named else NOT_CITED
    if case.test.kind == "reference" and case.test.source_says and all(_says(case)):
        status = FOUND
    searches = _searches(row["searches_tried"])
    return Source(
        status=status,
        text=_text(status, str(row["what_was_found"]), searches),
        searches=searches,
        link=source_address(row),
        link_is_citation=status in (FOUND, IN_PART),
    )


def _says(case: Case) -> list[bool]:
    return [holds(condition, case.evidence) for condition in read_conditions(case.test.source_says)]


def _searches(text: object) -> int | None:
    match = re.match(r"\d+", str(text))
    return None if match is None else int(match[0])


def _made(searches: int | None) -> str:
    return counted(searches or 0, "search", "searches")


def _text(status: str, found: str, searches: int | None) -> str:
    found = found.rstrip(".")
    if status == FOUND:
        return f"Found: {found}."
    if status == IN_PART:
        return f"Found, and it says only a part of it: {found}."
    if status == MISQUOTED:
        return f"What was found says something else: {found}."
    if status == NOT_FOUND:
        return f"Not found in {_made(searches)}. What we saw: {found}."
    return f"The article names no source to look up. What we saw in {_made(searches)}: {found}."


def cited_source(case: Case) -> Ruling:
    """Judge "a study exists and says X"; the same for an entry of a reference list."""
    source = trace(case)
    says = _says(case)
    verdict = judge_source(source.status, says)
    conditions = read_conditions(case.test.source_says)
    missing = [
        f"{words(condition.column)} {condition.sign} {condition.value}"
        for condition, right in zip(conditions, says, strict=True)
        if not right
    ]
    rows = rows_by_id(case.test.result_ids, case.evidence)
    of_a_list = case.test.kind == "reference"
    return Ruling(
        verdict=verdict,
        answer=_answer(verdict, source, of_a_list=of_a_list),
        details=sentences(
            source.text if source.status in (FOUND, IN_PART, MISQUOTED) else "",
            f"not in it: {listed(missing)}" if missing and source.status == FOUND else "",
            *[_result(row, verdict) for row in case.lookup.records(rows)],
            _own_trials(case),
        ),
        used=rows,
        k=rows["study_id"].nunique(),
        certainty="" if verdict == SOURCE_NOT_FOUND else THE_SOURCE,
    )


def _answer(verdict: str, source: Source, *, of_a_list: bool) -> str:
    """Say in one plain sentence what became of the source."""
    what = "The text listed" if of_a_list else "The source"
    if verdict == SOURCE_NOT_FOUND:
        if source.status == NOT_CITED:
            return "The article names no source that one could look up."
        return f"We did not find {what.lower()} in {_made(source.searches)}."
    if source.status == IN_PART:
        return f"{what} exists, but the article does not quote it right."
    return {
        SUPPORTED: "The listed text is what the list says."
        if of_a_list
        else "The source exists and says so.",
        OVERSTATED: f"{what} exists, but says less than the article takes from it.",
        CONTRADICTED: "The link or entry leads to something else."
        if of_a_list
        else "The source exists and says something else.",
    }[verdict]


def _result(row: Mapping[str, Any], verdict: str) -> str:
    """Quote the figures of a result, and how the comparison was made."""
    unit = row["effect_unit"]
    if pd.notna(row["ci_low"]):
        shown = with_interval(row["estimate"], row["ci_low"], row["ci_high"], 1)
        text = f"{row['instrument']} {shown} {unit}"
    else:
        text = (
            f"{row['instrument']} {brief(row['mean_t'])} on {row['arm_t']} and"
            f" {brief(row['mean_c'])} on {row['arm_c']}"
        )
    control = row.get("control", "")
    if verdict == SUPPORTED and (row["blinding"] == "open" or control != "placebo"):
        blinding = "open label" if row["blinding"] == "open" else f"{row['blinding']} blind"
        text += f"; the comparison was {blinding} against {words(str(control))}"
    return text


def _own_trials(case: Case) -> str:
    """Count the randomised trials of the form with the outcome that these tables hold."""
    test, form = case.test, case.question.form
    if not (test.outcome and test.form and form is not None):
        return ""
    rows = case.lookup.rows
    rows = rows[
        rows["outcome"].isin(test.outcome)
        & rows[form.column].isin(test.form)
        & chosen_by({"randomised": ("yes",)}, rows)
        & (rows["reporting"] != "single_arm")
    ].drop_duplicates("study_id")
    people = rows["n_randomised"].sum(min_count=1)
    shown = "" if rows.empty or pd.isna(people) else f" ({int(people):,} people)"
    return (
        f"these tables hold {counted(len(rows), 'randomised trial')} of"
        f" {listed(test.form, last='or')} that measured {listed(case.outcomes, last='or')}{shown}"
    )


KINDS = {
    "cited_source": Kind(words="what a study is said to show", rule=cited_source, traced=True),
    "reference": Kind(words="an entry of a list of sources", rule=cited_source, traced=True),
}
