"""Which results speak to a claim, and whom do they favour?"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import pandas as pd

from meta.claims.tests import ClaimTest
from meta.effect_sizes.direction import directions
from meta.errors import DataError
from meta.evidence.reporting import LEVELS
from meta.evidence.tables import Evidence

GLYCINATE = "glycinate"

DIRECT = "direct"
PARTLY = "partly direct"
INDIRECT = "indirect"

# kinds that read the rows named in result_ids and select nothing themselves
_BY_ID = ("measured", "prevalence", "threshold", "association", "head_to_head")
# kinds that need no results at all
_WITHOUT = (
    "reference_intake",
    "evidence_base",
    "cited_source",
    "reference",
    "mechanism",
    "rhetoric",
    "advice",
    "outside",
)


_JOINED: WeakKeyDictionary[Evidence, pd.DataFrame] = WeakKeyDictionary()


def every_row(evidence: Evidence) -> pd.DataFrame:
    """Return every result with the facts of its trial; joined once for each set of tables."""
    if evidence not in _JOINED:
        _JOINED[evidence] = evidence.select()
    return _JOINED[evidence]


def select_rows(test: ClaimTest, evidence: Evidence) -> pd.DataFrame | None:
    """Select the results that a test asks for.

    Parameters
    ----------
    test : ClaimTest
        What is asked for.
    evidence : Evidence
        The tables.

    Returns
    -------
    pandas.DataFrame or None
        Rows as :meth:`Evidence.select` gives them; those of ``result_ids`` in their order where a
        test names rows. None if the kind of claim needs no results.

    Notes
    -----
    Rows that a test does not name are taken from randomised trials only, unless it names the
    studies or asks for the doses that controlled trials used.
    """
    if test.kind in _WITHOUT or (test.kind == "measured" and test.benchmark_ids):
        return None
    if test.kind in _BY_ID and test.result_ids:
        return rows_by_id(test.result_ids, evidence)
    rows = every_row(evidence)
    keep = rows["outcome"].isin(test.outcome)
    keep &= rows["stratum"].isin(test.strata) & rows["control"].isin(test.controls)
    if test.studies:
        keep &= rows["study_id"].isin(test.studies)
    elif test.kind != "dose":
        keep &= rows["randomised"] == "yes"
    keep &= ~rows["study_id"].isin(test.left_out)
    keep &= _mentions(rows["population"], test.population)
    keep &= _mentions(rows["cointervention"], test.background)
    if test.mg_form:
        keep &= rows["mg_form"].isin(test.mg_form)
    if test.max_weeks is not None:
        keep &= rows["time_weeks"] <= test.max_weeks
    if test.dose_low is not None:
        keep &= rows["elemental_mg_day"] >= test.dose_low
    if test.dose_high is not None:
        keep &= rows["elemental_mg_day"] <= test.dose_high
    return rows[keep].reset_index(drop=True)


def rows_by_id(ids: Iterable[str], evidence: Evidence) -> pd.DataFrame:
    """Return rows by their key, in the order asked for.

    Raises
    ------
    DataError
        If a key does not exist.
    """
    wanted = list(ids)
    rows = every_row(evidence).set_index("result_id", drop=False)
    unknown = [name for name in wanted if name not in rows.index]
    if unknown:
        raise DataError(f"results.csv has no row {', '.join(unknown)}")
    return rows.loc[wanted].reset_index(drop=True)


def _mentions(texts: pd.Series[str], wanted: tuple[str, ...]) -> pd.Series[bool]:
    """Say which texts hold one of the words; all do where no word is asked for."""
    if not wanted:
        return pd.Series(True, index=texts.index)
    lower = texts.fillna("").str.lower()
    found = pd.Series(False, index=texts.index)
    for word in wanted:
        found |= lower.str.contains(word.lower(), regex=False)
    return found


@dataclass(frozen=True, slots=True)
class Votes:
    """How many trials lean to which side, significant or not.

    Attributes
    ----------
    treated, control : tuple of str
        Labels of trials whose printed result leans to magnesium, to the control.
    neither : tuple of str
        Labels of trials that report no difference and no direction.
    not_stated : tuple of str
        Labels of trials whose direction between the arms was not read.
    """

    treated: tuple[str, ...]
    control: tuple[str, ...]
    neither: tuple[str, ...]
    not_stated: tuple[str, ...]

    @property
    def k(self) -> int:
        """All trials."""
        return sum(map(len, (self.treated, self.control, self.neither, self.not_stated)))


def vote(rows: pd.DataFrame) -> Votes:
    """Count whom the trials favour, each trial once by its best reported result."""
    sides: dict[str, tuple[int, str, str]] = {}
    for side, row in zip(directions(rows), rows.to_dict("records"), strict=True):
        trial = row["same_trial_as"] if pd.notna(row["same_trial_as"]) else row["study_id"]
        rank = LEVELS.index(row["reporting"])
        if trial not in sides or rank < sides[trial][0]:
            sides[trial] = rank, side, str(row["label"])
    found: dict[str, list[str]] = {
        side: [] for side in ("treated", "control", "neither", "not_stated")
    }
    for _, side, label in sides.values():
        found[side].append(label)
    return Votes(**{side: tuple(labels) for side, labels in found.items()})


def directness(rows: pd.DataFrame, intervention: str) -> str:
    """Say whether the results are about the salt of the claim.

    Returns
    -------
    str
        "direct": a claim about any magnesium, or all results are of glycinate; "partly direct":
        some are; "indirect": none is; "" without results.
    """
    if rows.empty:
        return ""
    if GLYCINATE not in intervention:
        return DIRECT
    own = rows["mg_form"] == GLYCINATE
    return DIRECT if own.all() else PARTLY if own.any() else INDIRECT


def labels_of(rows: pd.DataFrame) -> list[str]:
    """Name the studies of some rows, each once."""
    return list(dict.fromkeys(map(str, rows["label"])))
