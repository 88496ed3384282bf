"""How sure is the answer, and is it about the people and the form of the claim?"""

from __future__ import annotations

from typing import TypedDict

import pandas as pd

from meta.claims.ruling import Case
from meta.synthesis.judgement.certainty import certainty
from meta.synthesis.models.pooled import Pooled
from meta.wording import in_words, words

ONE_STUDY = "one study"
SURVEYS = "surveys"
REFERENCE = "reference texts"
THE_SOURCE = "the cited text itself"

DIRECT = "direct"
PARTLY = "partly direct"
INDIRECT = "indirect"
_ORDER = (DIRECT, PARTLY, INDIRECT)


class HowSure(TypedDict):
    """A level of certainty, or what kind of evidence it is, and why: two fields of a ruling."""

    certainty: str
    certainty_why: tuple[str, ...]


def graded(case: Case, fit: Pooled | None, mid: float | None = None) -> HowSure:
    """Rate a pooled answer in the manner of GRADE; one trial is one study.

    Parameters
    ----------
    case : Case
        The claim.
    fit : Pooled or None
        The pooled effect of every trial.
    mid : float, optional
        Smallest important difference.
    """
    if fit is None:
        return HowSure(certainty="very low", certainty_why=("no trial gives a figure to pool",))
    if fit.k == 1:
        return HowSure(certainty=ONE_STUDY, certainty_why=(fit.effects.labels[0],))
    rated = certainty(case.evidence, case.test.outcome[0], fit, mid=mid)
    lowered = [item for item in rated.judgements if item.levels]
    why = tuple(f"{words(item.domain)}: {item.judgement}" for item in lowered)
    return HowSure(certainty=rated.level, certainty_why=why)


def by_studies(rows: pd.DataFrame, several: str) -> HowSure:
    """Name one study as such, and several by what they are."""
    studies = rows["study_id"].nunique() if "study_id" in rows else 0
    if studies == 1:
        return HowSure(certainty=ONE_STUDY, certainty_why=(str(rows["label"].iloc[0]),))
    return HowSure(certainty=several if studies else "", certainty_why=())


def measured_by(rows: pd.DataFrame) -> HowSure:
    """Count the studies behind figures that are not pooled."""
    studies = rows["study_id"].nunique() if "study_id" in rows else 0
    return by_studies(rows, f"{in_words(studies)} studies, not pooled")


def directness(case: Case, rows: pd.DataFrame) -> tuple[str, str]:
    """Say whether results are about the people, and about the form, of the claim.

    Returns
    -------
    tuple of str
        For people and for form: "direct", "partly direct", "indirect", or "" without results and,
        for the form, where the question knows of none. A claim that names no people speaks of
        those of ``people`` in its test, or of ``people`` in the question; one that names no form
        speaks of any.
    """
    if rows.empty or "population_group" not in rows:
        return "", ""
    meant = case.test.people or case.test.population or case.question.people
    people = _share(rows["population_group"].isin(meant)) if meant else DIRECT
    form = case.question.form
    if form is None:
        return people, ""
    return people, _share(form.own(rows)) if case.names_form else DIRECT


def worst(*levels: str) -> str:
    """Return the least direct of some levels; "" if there is none."""
    known = [level for level in levels if level]
    return max(known, key=_ORDER.index) if known else ""


def _share(own: pd.Series[bool]) -> str:
    return DIRECT if own.all() else PARTLY if own.any() else INDIRECT
