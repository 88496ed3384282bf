"""Which results speak to a claim, and whom do they favour?"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import pandas as pd

from meta.claims.claim_test import ClaimTest
from meta.claims.lookup import lookup
from meta.errors import DataError
from meta.evidence.question import chosen_by
from meta.evidence.reporting import LEVELS
from meta.evidence.tables import Evidence

# how the results of a test are chosen; None if the kind of claim needs no results
Selection = Callable[[ClaimTest, Evidence], "pd.DataFrame | None"]


def no_rows(_test: ClaimTest, _evidence: Evidence) -> pd.DataFrame | None:
    """Choose nothing: the kind of claim needs no results."""
    return None


def fitting_rows(test: ClaimTest, evidence: Evidence, *, without: str = "") -> pd.DataFrame:
    """Choose the results that a test describes, whether or not their data bar them.

    Parameters
    ----------
    test : ClaimTest
        What is asked for. Where it names no strata, controls or studies, those of the question are
        taken.
    evidence : Evidence
        The tables.
    without : str
        A filter of the question that does not matter here.

    Returns
    -------
    pandas.DataFrame
        Rows as :meth:`Evidence.select` gives them.
    """
    rows, question = lookup(evidence).rows, evidence.question
    own = {name: getattr(test, name) for name in ("stratum", "control") if getattr(test, name)}
    filters = {name: kept for name, kept in question.primary.items() if name != without} | own
    if test.studies:
        filters = {name: filters[name] for name in ("stratum", "control") if name in filters}
        filters["study_id"] = test.studies
    if test.outcome:
        filters["outcome"] = test.outcome
    if test.population:
        filters["population_group"] = test.population
    if test.form and question.form is not None:
        filters[question.form.column] = test.form

    def chosen() -> pd.DataFrame:
        keep = chosen_by(filters, rows) & _mentions(rows, "cointervention", test.background)
        if test.max_weeks is not None:
            keep &= rows["time_weeks"] <= test.max_weeks
        if test.dose_low is not None:
            keep &= rows[question.dose] >= test.dose_low
        if test.dose_high is not None:
            keep &= rows[question.dose] <= test.dose_high
        return rows[keep].reset_index(drop=True)

    ends = (test.background, test.max_weeks, test.dose_low, test.dose_high)
    return lookup(evidence).once(("rows", *filters.items(), ends), chosen).copy(deep=False)


def named_rows(test: ClaimTest, evidence: Evidence) -> pd.DataFrame | None:
    """Choose the results that a test names; those that it describes where it names none."""
    if test.result_ids:
        return rows_by_id(test.result_ids, evidence)
    return None if test.benchmark_ids or test.review_ids else fitting_rows(test, evidence)


def counted_rows(rows: pd.DataFrame, evidence: Evidence) -> pd.DataFrame:
    """Leave out the studies that their data bar from every count."""
    barred = rows["study_id"].isin(lookup(evidence).barred)
    return rows[~barred].reset_index(drop=True) if barred.any() else rows


def trusted_rows(
    rows: pd.DataFrame, evidence: Evidence, control: tuple[str, ...] = ()
) -> pd.DataFrame:
    """Keep the trials that are best protected from bias and whose figures nobody doubts.

    What protects from bias is the ``trusted`` filters of the question; where a test asks for
    another comparator, that one stands in for the comparator of the question.
    """
    filters = dict(evidence.question.trusted)
    if control and not set(control) & set(filters.get("control", ())):
        filters["control"] = control
    keep = chosen_by(filters, rows) & ~rows["study_id"].isin(lookup(evidence).flagged)
    kept: pd.DataFrame = rows[keep]
    return kept


def rows_by_id(ids: Iterable[str], evidence: Evidence) -> pd.DataFrame:
    """Return rows by their key, in the order asked for.

    Raises
    ------
    DataError
        If a key does not exist.
    """
    wanted, rows = list(ids), lookup(evidence).rows
    places = lookup(evidence).places
    unknown = [name for name in wanted if name not in places]
    if unknown:
        raise DataError(f"results.csv has no row {', '.join(unknown)}")
    found: pd.DataFrame = rows.iloc[[places[name] for name in wanted]].reset_index(drop=True)
    return found


def _mentions(rows: pd.DataFrame, column: str, wanted: tuple[str, ...]) -> pd.Series[bool]:
    """Say which rows hold one of the words in a text; all do where no word is asked for."""
    if not wanted:
        return pd.Series(True, index=rows.index)
    lower = rows[column].fillna("").str.lower()
    found = pd.Series(False, index=rows.index)
    for word in wanted:
        found |= lower.str.contains(word.lower(), regex=False)
    return found


@dataclass(frozen=True, slots=True)
class Votes:
    """How many trials lean to which side, significant or not.

    Attributes
    ----------
    treated, control : tuple of str
        Labels of trials whose printed result leans to the treatment, to the control.
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
    columns = ("side", "study_id", "same_trial_as", "reporting", "label")
    for side, study, same, reporting, label in zip(*(rows[name] for name in columns), strict=True):
        trial, rank = same if pd.notna(same) else study, LEVELS.index(reporting)
        if trial not in sides or rank < sides[trial][0]:
            sides[trial] = rank, side, str(label)
    found: dict[str, list[str]] = {
        side: [] for side in ("treated", "control", "neither", "not_stated")
    }
    for _, side, label in sides.values():
        found[side].append(label)
    return Votes(**{side: tuple(labels) for side, labels in found.items()})


def labels_of(rows: pd.DataFrame) -> list[str]:
    """Name the studies of some rows, each once."""
    return list(dict.fromkeys(map(str, rows["label"])))
