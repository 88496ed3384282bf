"""What does the evidence say of this claim?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

import pandas as pd

from meta.arguments import checked
from meta.claims.assessment import Assessment
from meta.claims.how_sure import directness
from meta.claims.kind import Kind
from meta.claims.kinds import KINDS
from meta.claims.lookup import lookup
from meta.claims.ruling import Case, Claim, Ruling
from meta.claims.source_rules import trace
from meta.errors import DataError
from meta.evidence.faults import closest
from meta.evidence.reporting import LEVELS
from meta.evidence.tables import Evidence
from meta.wording import brief, listed, span


@checked
def assess(claim: str | Mapping[str, Any] | pd.Series[Any], evidence: Evidence) -> Assessment:
    """Set a claim beside the evidence.

    Parameters
    ----------
    claim : str or mapping
        Key of the claim (``"a0-c11"``), or its row of ``evidence.claims``. A row may be of a claim
        of one's own, as long as ``claim_tests`` has a test for its key.
    evidence : Evidence
        Tables with ``claims``, ``claim_sources`` and ``claim_tests``.

    Returns
    -------
    Assessment
        Three things, never one: ``verdict`` (what the evidence says), ``source`` (what became of
        the study it leans on) and how sure that is (``certainty``, ``direct``, ``kind``), with the
        answer in one sentence and the figures.

    Raises
    ------
    DataError
        If there is no such claim, or it has no test, more than one, or one of an unknown kind.

    Notes
    -----
    The kind of the claim's test decides on the rule; the rules are in `meta.claims.verdicts`. No
    verdict is written down anywhere: it follows from the tables each time.

    In kinds that pool, every trial of the question and the trusted ones must say the same, three of
    each at least, and still say it without a trial that holds more than half of the weight. What is
    less is ``unresolved``, with the side to which it ``leans``. A claim about one form of the
    treatment that only other forms speak to is judged on them and marked indirect.

    Examples
    --------
    >>> import meta
    >>> from meta.claims.assess import assess
    >>> found = assess("a2-c27", meta.load_evidence("data"))
    >>> found.verdict, found.source, found.answer
    ('supported', 'found', 'That is the published figure.')
    """
    row = _claim_row(claim, evidence)
    test = lookup(evidence).test(str(row["claim_id"]))
    if test.kind not in KINDS:
        near = closest(test.kind, KINDS)
        raise DataError(f"{test.claim_id}: the kind {test.kind!r} is unknown. {near}".rstrip())
    case, kind = Case(claim=row, test=test, evidence=evidence), KINDS[test.kind]
    ruling, source = _ruling(case, kind), trace(case)
    people, form = ("", "") if kind.traced else directness(case, ruling.used)
    return Assessment(
        **{item.name: getattr(ruling, item.name) for item in fields(Ruling)},
        claim_id=test.claim_id,
        article_file=_text(row, "article_file"),
        article_label=_text(row, "article_label"),
        topic=_text(row, "topic"),
        claim=str(row["claim_paraphrase"]),
        claimed=_claimed(row),
        kind=test.kind,
        kind_words=kind.words,
        group=_text(row, "group"),
        same_as=_text(row, "same_as"),
        source=source.status,
        source_text=source.text,
        source_link=source.link,
        source_link_is_citation=source.link_is_citation,
        direct_people=people,
        direct_form=form,
        reporting=_levels(ruling.used),
        flags=_flags(ruling.used),
        rationale=test.rationale,
    )


def _ruling(case: Case, kind: Kind) -> Ruling:
    """Rule on a case; where trials are pooled, claims that are tested alike are ruled on once."""
    if not kind.pools:
        return kind.rule(case)
    alike = replace(case.test, claim_id="", rationale="", source_named=False, source_says="")
    said = (str(case.claim.get("claimed_value")), str(case.claim.get("claimed_unit")))
    key = ("ruling", alike, *said, case.names_form)
    return case.lookup.once(key, lambda: kind.rule(case))


def _claim_row(claim: str | Mapping[str, Any] | pd.Series[Any], evidence: Evidence) -> Claim:
    if not isinstance(claim, str):
        row = {str(name): value for name, value in claim.items()}
        missing = [name for name in ("claim_id", "claim_paraphrase") if name not in row]
        if missing:
            raise DataError(
                f"assess: claim has no {listed(missing)}; give a row of evidence.claims"
            )
        return row
    claims = lookup(evidence).claims
    if claim not in claims:
        near = closest(claim, claims)
        raise DataError(f"there is no claim {claim!r}. {near}See evidence.claims".rstrip())
    return claims[claim]


def _text(row: Claim, name: str) -> str:
    return "" if pd.isna(row.get(name)) else str(row[name])


def _claimed(row: Claim) -> str:
    """Write the figure of a claim as it was made: "28 percent", "more than 1,200 participants"."""
    low, high, value = (row.get(f"claimed_{name}") for name in ("low", "high", "value"))
    unit = f" {_text(row, 'claimed_unit')}".rstrip()
    if pd.notna(value):
        return f"{brief(value)}{unit}"
    if pd.notna(low) and pd.notna(high):
        return f"{span(low, high)}{unit}"
    if pd.notna(low):
        return f"more than {brief(low)}{unit}"
    return f"up to {brief(high)}{unit}" if pd.notna(high) else ""


def _levels(used: pd.DataFrame) -> dict[str, int]:
    if "reporting" not in used:
        return {}
    counts = used["reporting"].value_counts()
    return {name: int(counts[name]) for name in LEVELS if name in counts}


def _flags(used: pd.DataFrame) -> tuple[str, ...]:
    if "flag" not in used:
        return ()
    flags = zip(used["label"], used["flag"], strict=True)
    return tuple(f"{label}: {flag}" for label, flag in flags if pd.notna(flag) and flag)
