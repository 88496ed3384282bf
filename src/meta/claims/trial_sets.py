"""What do the trials of a claim give together: every one, the trusted ones, and without one?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import inf

import numpy as np
import pandas as pd

from meta.claims.claim_rows import Votes, labels_of, trusted_rows, vote
from meta.claims.lookup import lookup
from meta.claims.ruling import Case
from meta.claims.verdicts import (
    AGAINST,
    DOMINANT,
    FOR,
    MIN_TRIALS,
    UNRESOLVED,
    Oriented,
    settled,
)
from meta.effect_sizes.assumptions import OUTSIDE_SD
from meta.effect_sizes.container import Effects
from meta.effect_sizes.derive import effects
from meta.errors import DataError
from meta.evidence.tables import Evidence
from meta.synthesis.estimate import Estimate
from meta.synthesis.models.pool import pool
from meta.synthesis.models.pooled import Pooled
from meta.wording import brief, listed

# verdicts are decided on the interval that is never narrower than the trials allow
CI_METHOD = "HK-adhoc"
# a printed difference without an SD is standardised by a printed SD of the same scale; the effect
# carries that assumption by name
EXTERNAL_SD = "instrument"

Orient = Callable[[Pooled], Oriented]
Judge = Callable[[Oriented], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialSet:
    """Trials that are pooled together, and the same without the heaviest.

    Attributes
    ----------
    fit : Pooled or None
        The pooled effect; None if no trial gives one.
    without : Pooled or None
        The same without the trial that holds more than half of the weight; None if none does.
    """

    fit: Pooled | None
    without: Pooled | None = None

    @property
    def k(self) -> int:
        """Trials that give an effect."""
        return 0 if self.fit is None else self.fit.k

    @property
    def heaviest(self) -> str:
        """The trial with more than half of the weight; "" if none has."""
        if self.fit is None or self.without is None:
            return ""
        return self.fit.effects.labels[int(np.argmax(self.fit.weights))]

    @property
    def heaviest_weight(self) -> float:
        """Its weight in percent."""
        return float("nan") if self.fit is None else float(np.max(self.fit.weights))

    def word(self, judge: Judge, orient: Orient) -> str:
        """Judge the set; a single trial must not decide what the others do not say."""
        if self.fit is None or self.k < MIN_TRIALS:
            return UNRESOLVED
        fits = [self.fit, *([] if self.without is None else [self.without])]
        return settled(judge(orient(fit)) for fit in fits)

    def oriented(self, orient: Orient, least: int) -> Oriented | None:
        """Return the estimate, or None with fewer trials than `least`."""
        return None if self.fit is None or self.k < least else orient(self.fit)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialSets:
    """The trials of a claim.

    Attributes
    ----------
    rows : pandas.DataFrame
        Results that speak to it, those of barred studies left out.
    primary, trusted : TrialSet
        Every trial, and those that are trusted.
    excluded : pandas.DataFrame
        Results that gave no effect, with the reason.
    votes : Votes
        Whom the trials favour.
    """

    rows: pd.DataFrame
    primary: TrialSet
    trusted: TrialSet
    excluded: pd.DataFrame
    votes: Votes

    def verdict(self, judge: Judge, orient: Orient) -> str:
        """Return the word that both sets give; unresolved if they differ."""
        return settled(each.word(judge, orient) for each in (self.primary, self.trusted))


def advantage_of(fit: Estimate) -> Oriented:
    """Orient a pooled effect so that above 0 favours the treatment; see `towards_benefit`."""
    dof = inf if fit.dof is None else float(fit.dof)
    return towards_benefit(
        Oriented(fit.estimate, fit.ci_low, fit.ci_high, fit.se, dof), fit.effects
    )


def towards_benefit(plain: Oriented, effects: Effects) -> Oriented:
    """Orient treated minus control so that above 0 favours the treatment.

    Raises
    ------
    DataError
        If nobody said whether lower is better: no side is the better one by itself.
    """
    if effects.lower_is_better is None:
        raise DataError(
            f"{listed(effects.labels, 6)}: nobody says whether lower is better, so that no side "
            "can be called the better one; write yes or no into the column lower_is_better of "
            "results.csv"
        )
    return -plain if effects.lower_is_better else plain


def trial_sets(case: Case, rows: pd.DataFrame) -> TrialSets:
    """Pool and count the results of a test; what several claims share is done once."""
    test, evidence = case.test, case.evidence
    nothing = pd.DataFrame(columns=["result_id", "study_id", "label", "reason"])
    if test.measure == "vote":
        none = TrialSet(fit=None)
        return TrialSets(rows=rows, primary=none, trusted=none, excluded=nothing, votes=vote(rows))
    found = derived(rows, test.measure, evidence)
    trusted = derived(trusted_rows(rows, evidence, test.control), test.measure, evidence)
    return TrialSets(
        rows=rows,
        primary=pooled_set(found, evidence),
        trusted=pooled_set(trusted, evidence),
        excluded=found.excluded[list(nothing)].reset_index(drop=True),
        votes=vote(rows),
    )


def derived(rows: pd.DataFrame, measure: str, evidence: Evidence) -> Effects:
    """Derive one effect a trial; the same rows are derived once."""
    key = ("effects", measure, *rows["result_id"])
    return lookup(evidence).once(key, lambda: effects(rows, measure, sd=EXTERNAL_SD))


def pooled_set(found: Effects, evidence: Evidence) -> TrialSet:
    """Pool effects, and pool them again without one that holds more than half of the weight."""
    if found.k == 0:
        return TrialSet(fit=None)
    fit = _pooled(found, evidence)
    top = int(np.argmax(fit.weights))
    if fit.k < MIN_TRIALS or fit.weights[top] <= DOMINANT:
        return TrialSet(fit=fit)
    rest = found.subset([place for place in range(found.k) if place != top])
    return TrialSet(fit=fit, without=_pooled(rest, evidence))


def _pooled(found: Effects, evidence: Evidence) -> Pooled:
    if "result_id" not in found.table:
        return pool(found, ci_method=CI_METHOD)
    key = ("pooled", found.measure, *found.table["result_id"])
    return lookup(evidence).once(key, lambda: pool(found, ci_method=CI_METHOD))


def own_form_sides(found: TrialSets, case: Case, orient: Orient) -> set[str]:
    """Say on which sides trials of the form of the question lie, by effect or printed direction."""
    form = case.question.form
    if form is None:
        return set()
    sides = set()
    fit = found.primary.fit
    if fit is not None and form.column in fit.effects.table:
        sign = 1 if orient(fit).estimate * fit.estimate >= 0 else -1
        for effect in sign * fit.effects.yi[form.own(fit.effects.table).to_numpy()]:
            sides.add(FOR if effect > 0 else AGAINST)
    words = {"treated": FOR, "control": AGAINST}
    if len(found.rows):
        printed = found.rows.loc[form.own(found.rows), "side"]
        sides |= {words[side] for side in printed if side in words}
    return sides


def rests_on(found: TrialSets, case: Case) -> tuple[str, ...]:
    """Name the trials, data sets and assumptions that the primary figure rests on."""
    return tuple(_rests_on(found.primary, case))


def _rests_on(primary: TrialSet, case: Case) -> Iterator[str]:
    if primary.fit is None:
        return
    table = primary.fit.effects.table
    if primary.heaviest:
        yield f"{primary.heaviest}, with {brief(primary.heaviest_weight, 0)} % of the weight"
    flagged = table["study_id"].isin(case.lookup.flagged)
    if flagged.any():
        yield f"trials under an integrity flag ({listed(labels_of(table[flagged]))})"
    if "source_kind" in table and "source_url" in table:
        second = table[table["source_kind"] == "secondary_review"]
        for _, part in second.groupby("source_url"):
            if len(part) > 1:
                yield f"one secondary data set ({listed(labels_of(part))})"
    if "assumptions" in table:
        borrowed = table["assumptions"].fillna("").str.contains(OUTSIDE_SD, regex=False)
        if borrowed.any():
            names = listed(labels_of(table[borrowed]))
            yield f"a standard deviation from another source ({names})"
