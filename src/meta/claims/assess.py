"""What does the evidence say of this claim?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any

import pandas as pd

from meta.claims import (
    contrast_rules,
    measurements,
    percent_rules,
    published,
    sources,
    trial_rules,
)
from meta.claims.assessment import Assessment
from meta.claims.finding import Claim, Finding
from meta.claims.selection import directness
from meta.claims.tests import KINDS, ClaimTest, find_test
from meta.claims.verdicts import NOT_TESTABLE
from meta.claims.wording import figure, lower_first, sentence, span
from meta.errors import DataError
from meta.evidence.faults import closest
from meta.evidence.reporting import LEVELS
from meta.evidence.tables import Evidence

Rule = Callable[[Claim, ClaimTest, Evidence], Finding]


def not_testable(_claim: Claim, test: ClaimTest, _evidence: Evidence) -> Finding:
    """Say why these tables cannot test a claim; that speaks neither for nor against it."""
    head = {
        "mechanism": "a mechanism, which trials of outcomes do not test",
        "rhetoric": "wording that no measurement could meet or miss",
        "advice": "advice to readers, which figures do not test",
        "outside": "not judged here, which says nothing against it",
    }[test.kind]
    return Finding(verdict=NOT_TESTABLE, reason=sentence(f"{head}: {lower_first(test.rationale)}"))


RULES: dict[str, Rule] = {
    "superiority": trial_rules.superiority,
    "onset": trial_rules.onset,
    "tolerability": trial_rules.tolerability,
    "evidence_strength": trial_rules.evidence_strength,
    "equivalence": contrast_rules.equivalence,
    "effect_modification": contrast_rules.effect_modification,
    "head_to_head": contrast_rules.head_to_head,
    "percent_fall": percent_rules.percent_fall,
    "measured": measurements.measured,
    "prevalence": published.prevalence,
    "threshold": published.threshold,
    "dose": published.dose,
    "reference_intake": published.reference_intake,
    "association": published.association,
    "evidence_base": published.evidence_base,
    "cited_source": sources.cited_source,
    "reference": sources.cited_source,
    "mechanism": not_testable,
    "rhetoric": not_testable,
    "advice": not_testable,
    "outside": not_testable,
}


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
        Two words, never one: ``verdict`` (what the evidence says) and ``source`` (what became of
        the study it leans on), with the reason and the figures.

    Raises
    ------
    DataError
        If there is no such claim, or it has no test, more than one, or one of an unknown kind.

    Notes
    -----
    The kind of the claim's test decides on the rule; the rules are in `meta.claims.verdicts`. No
    verdict is written down anywhere: it follows from the tables each time.

    A verdict on trials needs at least three of them; figures of one or two are shown and the
    question is left open. Trials are randomised, magnesium alone or on a background that both arms
    share, against placebo or no treatment, unless the test says otherwise. A claim about glycinate
    that only other salts speak to is judged on them and marked indirect.

    Examples
    --------
    >>> import meta
    >>> from meta.claims.assess import assess
    >>> found = assess("a2-c27", meta.load_evidence("data"))
    >>> found.verdict, found.source
    ('supported', 'found')
    """
    row = _claim_row(claim, evidence)
    test = find_test(str(row["claim_id"]), evidence)
    if test.kind not in RULES:
        near = closest(test.kind, KINDS)
        raise DataError(f"{test.claim_id}: the kind {test.kind!r} is unknown. {near}".rstrip())
    found = RULES[test.kind](row, test, evidence)
    source = sources.trace(test.claim_id, test, evidence)
    used = found.used
    values = {item.name: getattr(found, item.name) for item in fields(found)}
    return Assessment(
        claim_id=test.claim_id,
        article_file=str(row["article_file"]),
        article_label=str(row["article_label"]),
        topic=str(row["topic"]),
        claim=str(row["claim_paraphrase"]),
        claimed=_claimed(row),
        kind=test.kind,
        source=source.status,
        source_text=source.text,
        source_link=source.link,
        source_link_is_citation=source.link_is_citation,
        direct=_direct(used, row),
        reporting=_levels(used),
        flags=_flags(used),
        rationale=test.rationale,
        **values,
    )


def _claim_row(claim: str | Mapping[str, Any] | pd.Series[Any], evidence: Evidence) -> Claim:
    if not isinstance(claim, str):
        return {str(name): value for name, value in claim.items()}
    table = evidence.claims
    rows = table[table["claim_id"] == claim]
    if rows.empty:
        near = closest(claim, table["claim_id"])
        raise DataError(f"there is no claim {claim!r}. {near}See evidence.claims".rstrip())
    return {str(name): value for name, value in rows.iloc[0].items()}


def _claimed(row: Claim) -> str:
    """Write the figure of a claim as it was made: "28 percent", "200 to 400 mg/day"."""
    low, high = row["claimed_low"], row["claimed_high"]
    value = row["claimed_value"]
    unit: str = "" if pd.isna(row["claimed_unit"]) else f" {row['claimed_unit']}"
    if pd.notna(value):
        return f"{figure(value)}{unit}"
    if pd.notna(low) and pd.notna(high):
        return f"{span(low, high)}{unit}"
    return ""


def _direct(used: pd.DataFrame, row: Claim) -> str:
    if "mg_form" not in used:
        return ""
    intervention: str = "" if pd.isna(row["intervention"]) else str(row["intervention"])
    return directness(used[used["mg_form"].notna()], intervention)


def _levels(used: pd.DataFrame) -> dict[str, int]:
    if "reporting" not in used:
        return {}
    counts = used["reporting"].value_counts()
    return {name: int(counts[name]) for name in LEVELS if name in counts}


def _flags(used: pd.DataFrame) -> tuple[str, ...]:
    if "flag" not in used:
        return ()
    flagged = used[used["flag"].fillna("") != ""]
    return tuple(f"{row['label']}: {row['flag']}" for row in flagged.to_dict("records"))
