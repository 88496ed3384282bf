"""What is the answer for each outcome, and how certain is it?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from meta.effect_sizes.derive import effects
from meta.errors import need
from meta.evidence.reporting import doubted
from meta.evidence.tables import Evidence
from meta.synthesis.judgement.certainty import Certainty, certainty
from meta.synthesis.models.pool import pool


@dataclass(frozen=True, slots=True)
class Rated:
    """An outcome that is rated, and from which results."""

    outcome: str
    name: str
    measure: str
    filters: dict[str, Any] = field(default_factory=dict)
    # whole series of trials stand in doubt: the answer is that of the others
    without_flagged: bool = False


# the outcomes of data/certainty.csv; a mean difference needs one unit
RATED = (
    Rated("depression", "Depressive symptoms", "SMD"),
    Rated("anxiety", "Anxiety", "SMD"),
    Rated("insomnia_severity", "Insomnia severity, ISI points", "MD", {"effect_unit": "points"}),
    Rated("crp", "C-reactive protein, mg/L", "MD", {"effect_unit": "mg/L"}, without_flagged=True),
    Rated("cortisol", "Cortisol in urine, nmol a day", "MD", {"effect_unit": ["nmol/24h", None]}),
    Rated("gi_adverse_event", "Unwanted effects on stomach and gut", "RR"),
)


def certainties(evidence: Evidence) -> dict[str, Certainty]:
    """Pool and rate every outcome of the summary of findings.

    Parameters
    ----------
    evidence : Evidence
        The curated tables.

    Returns
    -------
    dict of str to Certainty
        By the name of the outcome, with the effect that is rated in ``.fit``.

    Raises
    ------
    DataError
        If these are no tables, or one of the outcomes has no result in them.

    Notes
    -----
    Results are those of :meth:`Evidence.primary`. The smallest difference that matters is the
    margin of the claims about the outcome (``claim_tests``), or the important difference of its
    scale (``instruments``) for a mean difference in points; where neither is known, the default of
    :func:`meta.certainty`.

    Examples
    --------
    >>> import meta
    >>> rated = meta.certainties(meta.load_evidence("data"))
    >>> rated["Depressive symptoms"].level
    'very low'
    """
    need("certainties", evidence, Evidence, "evidence tables", "meta.load_evidence(folder)")
    return {each.name: rating(each, evidence) for each in RATED}


def rating(each: Rated, evidence: Evidence) -> Certainty:
    """Pool and rate one outcome; see :func:`certainties`."""
    rows = rated_rows(each, evidence)
    fit = pool(effects(rows, each.measure))
    return certainty(evidence, each.outcome, fit, important=_important(each, rows, evidence))


def summary_of_findings(rated: Mapping[str, Certainty]) -> pd.DataFrame:
    """Set the rated outcomes in one table.

    Parameters
    ----------
    rated : mapping of str to Certainty
        From :func:`certainties`, or answers of :func:`meta.certainty` by name; at least one.

    Returns
    -------
    pandas.DataFrame
        One row an outcome: ``outcome k n_total measure effect level`` and one column for each of
        the five questions.

    Raises
    ------
    DataError
        If there is none, or one is no rating.

    Examples
    --------
    >>> import meta
    >>> rated = meta.certainties(meta.load_evidence("data"))
    >>> meta.summary_of_findings(rated)["outcome"].tolist()[:2]
    ['Depressive symptoms', 'Anxiety']
    """
    way = "meta.certainties(evidence), or answers of meta.certainty by name"
    need("summary_of_findings", rated, Mapping, "ratings by name", way)
    for found in rated.values() or [None]:
        need("summary_of_findings", found, Certainty, "ratings", way)
    rows = [found.to_row().assign(outcome=name) for name, found in rated.items()]
    return pd.concat(rows, ignore_index=True)


def rated_rows(each: Rated, evidence: Evidence) -> pd.DataFrame:
    """Choose the results that an outcome is rated on."""
    rows = evidence.primary(each.outcome, **each.filters)
    if not each.without_flagged:
        return rows
    flagged = rows.loc[doubted(rows["flag"]), "study_id"]
    return rows[~rows["study_id"].isin(flagged)].reset_index(drop=True)


def _important(each: Rated, rows: pd.DataFrame, evidence: Evidence) -> float | None:
    if each.measure == "SMD":
        tests = evidence.table("claim_tests")
        of_it = tests[(tests["outcome"] == each.outcome) & (tests["measure"] == "SMD")]
        margins = of_it["margin"].dropna()
        return float(margins.iloc[0]) if len(margins) else None
    scales = evidence.instruments.set_index("instrument_id")["mid"]
    known = scales.reindex(rows["instrument_id"].dropna().unique()).dropna()
    return float(known.iloc[0]) if each.measure == "MD" and len(known) == 1 else None
