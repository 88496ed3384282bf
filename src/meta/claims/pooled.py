"""What do the trials of a claim give together, and what does that rest on?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import pandas as pd
from scipy import stats

from meta.claims.selection import Votes, labels_of, vote
from meta.claims.sensitivity import (
    ARMS,
    UNFLAGGED,
    Check,
    checks,
    without_each,
)
from meta.claims.tests import ClaimTest
from meta.claims.verdicts import MIN_TRIALS, Interval
from meta.claims.wording import listing
from meta.effect_sizes.assumptions import OUTSIDE_SD
from meta.evidence.reporting import doubted
from meta.evidence.tables import Evidence
from meta.synthesis.models.pool import pool
from meta.synthesis.models.pooled import Pooled

Judge = Callable[[Interval, list[Interval]], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """The trials behind a claim: pooled, checked and counted."""

    test: ClaimTest
    rows: pd.DataFrame
    checks: tuple[Check, ...]
    votes: Votes

    @property
    def fit(self) -> Pooled | None:
        """The primary analysis; None if no trial gives an effect or nothing may be pooled."""
        return self.checks[0].fit if self.checks else None

    @property
    def k(self) -> int:
        """Trials in the primary analysis."""
        return 0 if self.fit is None else self.fit.k


# a printed difference without an SD is standardised by a printed SD of the same scale; the effect
# carries that assumption by name
_EXTERNAL_SD = "instrument"

_CHECKS: WeakKeyDictionary[Evidence, dict[tuple[str, ...], tuple[Check, ...]]] = WeakKeyDictionary()


def pool_for(test: ClaimTest, rows: pd.DataFrame, evidence: Evidence) -> Pool:
    """Pool and count the results of a test; what several claims share is done once."""
    found: tuple[Check, ...] = ()
    if test.measure != "vote":
        done = _CHECKS.setdefault(evidence, {})
        key = (test.measure, *rows["result_id"])
        if key not in done:
            done[key] = tuple(checks(rows, test.measure, sd=_EXTERNAL_SD))
        found = done[key]
    return Pool(test=test, rows=rows, checks=found, votes=vote(rows))


def left_out_of(found: Pool) -> pd.DataFrame:
    """List the results that could not become an effect, with the reason."""
    columns = ["result_id", "study_id", "label", "reason"]
    if not found.checks:
        return pd.DataFrame(columns=columns)
    return found.checks[0].excluded[columns].reset_index(drop=True)


def probability_of_claim(test: ClaimTest, advantage: Interval, fit: Pooled) -> float:
    """Probability of what the claim says of the mean, with a flat prior."""
    freedom = float("inf") if fit.dof is None else fit.dof
    room = advantage.estimate
    if test.kind == "tolerability":
        room = (test.margin or 0.0) - advantage.estimate
    return float(stats.t.cdf(room / fit.se, freedom))


def dependence(
    found: Pool,
    fit: Pooled,
    judge: Judge,
    oriented: Callable[[Pooled], Interval],
    verdict: str,
    differing: list[str],
) -> list[str]:
    """Name the trials and assumptions without which the primary analysis says something else."""
    changed = [
        label for label, other in without_each(fit.effects) if judge(oriented(other), []) != verdict
    ]
    parts = []
    if changed:
        parts.append(f"{listing(changed, 'or')}: without it the primary analysis says otherwise")
    if UNFLAGGED in differing:
        flagged = doubted(found.rows["flag"])
        parts.append(f"trials under an integrity flag ({listing(labels_of(found.rows[flagged]))})")
    flagged_used = doubted(fit.effects.table["flag"])
    unflagged = next(check for check in found.checks if check.analysis == UNFLAGGED)
    if flagged_used.any() and not unflagged.counts:
        names = listing(labels_of(fit.effects.table[flagged_used]))
        parts.append(f"{names}: too few trials are left without it to check")
    if ARMS in differing:
        table = fit.effects.table
        rebuilt = table[table["reporting"] == "p_value"]
        parts.append(f"effects rebuilt from a p-value ({listing(labels_of(rebuilt))})")
    return [*parts, *_outside_sds(found, judge, oriented)]


def _outside_sds(
    found: Pool, judge: Judge, oriented: Callable[[Pooled], Interval]
) -> Iterator[str]:
    """Name the checks that say what they say only through a standard deviation from outside."""
    for check in found.checks:
        if check.fit is None or not check.counts:
            continue
        table = check.fit.effects.table
        resting = table["assumptions"].fillna("").str.contains(OUTSIDE_SD, regex=False)
        if not resting.any():
            continue
        kept = check.fit.effects.subset((~resting).to_numpy())
        verdict = judge(oriented(check.fit), [])
        if kept.k < MIN_TRIALS or judge(oriented(pool(kept)), []) != verdict:
            yield (
                f"a standard deviation from another source ({listing(labels_of(table[resting]))}),"
                f" in the check {check.analysis!r}"
            )
