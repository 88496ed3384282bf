"""What is the answer for each outcome, and how certain is it?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd

from meta.arguments import checked
from meta.effect_sizes.derive import effects
from meta.errors import need
from meta.evidence.reporting import doubted_studies
from meta.evidence.tables import Evidence
from meta.synthesis.judgement.certainty import Certainty, certainty
from meta.synthesis.models.pool import pool


@dataclass(frozen=True, slots=True, kw_only=True)
class Rated:
    """An outcome that is rated, and from which results; a row of the table ``outcomes``.

    Attributes
    ----------
    outcome, title : str
        Name in the results, and in the summary.
    measure : str
        Effect measure.
    filters : mapping of str to list
        Which of the primary rows are taken, as in :meth:`Evidence.primary`.
    without_flagged : bool
        Whether the answer is that of the trials without an integrity flag, because whole series of
        trials stand in doubt.
    mid : float or None
        Smallest important difference on the scale of `measure`, if one is on file.
    """

    outcome: str
    title: str
    measure: str
    filters: dict[str, list[str | None]] = field(default_factory=dict)
    without_flagged: bool = False
    mid: float | None = None


_ASKED = ("outcome", "words", "title", "measure", "filters", "rated", "without_flagged", "mid")


def rated_outcomes(evidence: Evidence) -> list[Rated]:
    """Return the outcomes that the folder rates, in the order of its table ``outcomes``, if any."""
    table = evidence.optional("outcomes", *_ASKED)
    return [
        Rated(
            outcome=row["outcome"],
            title=row["words"] if pd.isna(row["title"]) else row["title"],
            measure=row["measure"],
            filters=_filters(row["filters"]),
            without_flagged=row["without_flagged"] == "yes",
            mid=None if pd.isna(row["mid"]) else float(row["mid"]),
        )
        for row in table[table["rated"] == "yes"].to_dict("records")
    ]


def _filters(text: object) -> dict[str, list[str | None]]:
    """Read ``column=value|value;column=value``; nothing behind a bar is an empty cell."""
    if not isinstance(text, str):
        return {}
    pairs = (part.partition("=") for part in text.split(";"))
    return {column: [value or None for value in values.split("|")] for column, _, values in pairs}


@checked
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
    Which outcomes are rated, and their smallest important differences, stands in the table
    ``outcomes``; for a mean difference in points without one it is the important difference of the
    scale (``instruments``); where neither is known, the default of :func:`meta.certainty`.

    Examples
    --------
    >>> import meta
    >>> rated = meta.certainties(meta.load_evidence("data"))
    >>> rated["Depressive symptoms"].level
    'very low'
    """
    need("certainties", evidence, Evidence, "evidence tables", "meta.load_evidence(folder)")
    return {each.title: rating(each, evidence) for each in rated_outcomes(evidence)}


def rating(each: Rated, evidence: Evidence) -> Certainty:
    """Pool and rate one outcome; see :func:`certainties`."""
    rows = rated_rows(each, evidence)
    fit = pool(effects(rows, each.measure))
    return certainty(evidence, each.outcome, fit, mid=_important(each, rows, evidence))


@checked
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
    return rows[~rows["study_id"].isin(doubted_studies(rows))].reset_index(drop=True)


def _important(each: Rated, rows: pd.DataFrame, evidence: Evidence) -> float | None:
    if each.mid is not None or each.measure != "MD" or "instrument_id" not in rows:
        return each.mid
    scales = evidence.optional("instruments", "instrument_id", "mid").set_index("instrument_id")
    known = scales["mid"].reindex(rows["instrument_id"].dropna().unique()).dropna()
    return float(known.iloc[0]) if len(known) == 1 else None
