"""Does a pooled answer stay what it is under other defensible choices of trials?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd

from meta.claims.selection import GLYCINATE
from meta.claims.verdicts import MIN_TRIALS, Interval, judge_superiority
from meta.effect_sizes.assumptions import LEVELS
from meta.effect_sizes.container import Effects
from meta.effect_sizes.derive import effects
from meta.evidence.reporting import doubted
from meta.synthesis.models.pool import pool
from meta.synthesis.models.pooled import Pooled

PRIMARY = "every derived effect"
NULLS = "trials without a figure as no effect"
ARMS = "arms and intervals only"
BLIND = "double-blind against placebo only"
UNFLAGGED = "without trials under an integrity flag"
PRIMARY_SOURCE = "without figures from a secondary data set"
OWN_SALT = "glycinate only"
STRICTEST = "double-blind against placebo, without integrity flags"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One analysis of the set."""

    analysis: str
    fit: Pooled | None
    effects: Effects
    same: bool = False

    @property
    def excluded(self) -> pd.DataFrame:
        """Results that are no effect in it, with the reason."""
        return self.effects.excluded

    @property
    def counts(self) -> bool:
        """Whether it says anything about the verdict: enough trials, and not the same ones."""
        return self.fit is not None and self.fit.k >= MIN_TRIALS and not self.same


def sensitivity(
    rows: pd.DataFrame, measure: str = "SMD", *, margin: float | None = None, **derivation: Any
) -> pd.DataFrame:
    """Pool results again under other choices of trials.

    Parameters
    ----------
    rows : pandas.DataFrame
        Results as ``evidence.select(...)`` gives them.
    measure : str
        Effect measure, as in :func:`meta.effects`.
    margin : float, optional
        Difference that matters, for the verdict of each analysis.
    **derivation
        Assumptions and choices of :func:`meta.effects`, the same for every analysis, for example
        ``sd={"phq9": 5.0}``.

    Returns
    -------
    pandas.DataFrame
        One row an analysis, the primary one first: ``analysis k n_total estimate ci_low ci_high
        counts verdict trials fit``, on the scale of computation. ``counts`` is False where fewer
        than three trials are left or the effects are those of the primary analysis: shown, but no
        check of anything. ``verdict`` is the one of superiority for that analysis alone; ``fit`` is
        the answer itself, None where no trial is left.

    Notes
    -----
    The analyses are: every derived effect; only arms and intervals (nothing rebuilt from a
    p-value); trials that report no difference and no figure counted as no effect (standardised
    mean differences only); double-blind against placebo only; without studies of which any row
    carries an integrity flag; without figures that only a secondary data set prints; glycinate
    only; and, beyond what the verdict of a claim is tried on, double-blind and without flags at
    once. Every analysis derives its effects anew: a trial that loses the result it was pooled with
    enters with the next best one.

    Examples
    --------
    >>> import meta
    >>> from meta.claims.sensitivity import sensitivity
    >>> rows = meta.load_evidence("data").select(
    ...     "depression", stratum=["magnesium_alone", "add_on"], control="placebo",
    ...     randomised="yes")
    >>> sensitivity(rows)["analysis"].tolist()[:2]
    ['every derived effect', 'arms and intervals only']
    """
    found = list(checks(rows, measure, **derivation))
    blind = dict(subsets(rows))[BLIND]
    strictest = dict(subsets(blind))[UNFLAGGED]
    last = effects(strictest, measure, **derivation)
    fit = pool(last) if last.k else None
    found.append(Check(analysis=STRICTEST, fit=fit, effects=last, same=True))
    fits = pd.Series([check.fit for check in found], dtype=object)
    return table_of(found, margin).assign(fit=fits)


def checks(rows: pd.DataFrame, measure: str, **derivation: Any) -> Iterator[Check]:
    """Run the analyses one by one; see :func:`sensitivity`."""
    # the same results need no second derivation, and the same effects no second fit
    derived: dict[tuple[str, ...], Check] = {}
    fits: dict[tuple[str, ...], Pooled | None] = {(): None}

    def fitted(part: pd.DataFrame, include: tuple[str, ...] = LEVELS) -> Check:
        rows_key = (*include, *part["result_id"])
        if rows_key not in derived:
            found = effects(part, measure, include=include, **derivation)
            key = tuple(found.table["result_id"])
            if key not in fits:
                fits[key] = pool(found)
            derived[rows_key] = Check(analysis="", fit=fits[key], effects=found)
        return derived[rows_key]

    primary = fitted(rows)

    def named(analysis: str, check: Check) -> Check:
        same = check.fit is primary.fit
        return Check(analysis=analysis, fit=check.fit, effects=check.effects, same=same)

    yield Check(analysis=PRIMARY, fit=primary.fit, effects=primary.effects)
    yield named(ARMS, fitted(rows, ("arms", "interval")))
    if measure == "SMD":
        nulls = with_nulls(primary)
        yield named(NULLS, Check(analysis=NULLS, fit=nulls, effects=primary.effects))
    for analysis, part in subsets(rows):
        yield named(analysis, fitted(part))


def subsets(rows: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """Give the choices that leave out trials."""
    yield BLIND, rows[(rows["blinding"] == "double") & (rows["control"] == "placebo")]
    flagged = rows.loc[doubted(rows["flag"]), "study_id"]
    yield UNFLAGGED, rows[~rows["study_id"].isin(flagged)]
    yield PRIMARY_SOURCE, rows[rows["source_kind"] != "secondary_review"]
    yield OWN_SALT, rows[rows["mg_form"] == GLYCINATE]


def with_nulls(primary: Check) -> Pooled | None:
    """Pool once more with the trials that report no difference and no figure at no effect."""
    from meta.synthesis.without_pooling.silent_trials import null_bounds

    if primary.fit is None:
        return None
    silent = primary.effects.silent
    return primary.fit if silent.empty else null_bounds(primary.fit, silent).with_nulls


def advantage_of(fit: Pooled) -> Interval:
    """Turn a pooled effect so that above 0 favours magnesium."""
    lower_is_better = fit.effects.lower_is_better is not False
    plain = Interval(fit.estimate, fit.ci_low, fit.ci_high)
    return -plain if lower_is_better else plain


def table_of(found: list[Check], margin: float | None) -> pd.DataFrame:
    """Set the analyses in a table; see :func:`sensitivity`."""
    rows = []
    for check in found:
        fit = check.fit
        verdict = "" if fit is None else judge_superiority(advantage_of(fit), margin=margin)
        rows.append(
            {
                "analysis": check.analysis,
                "k": 0 if fit is None else fit.k,
                "n_total": None if fit is None else fit.n_total,
                "estimate": float("nan") if fit is None else fit.estimate,
                "ci_low": float("nan") if fit is None else fit.ci_low,
                "ci_high": float("nan") if fit is None else fit.ci_high,
                "counts": check.counts,
                "verdict": verdict,
                "trials": "; ".join([] if fit is None else fit.effects.labels),
            }
        )
    return pd.DataFrame(rows).astype({"n_total": "Int64"})


def without_each(pooled: Effects) -> Iterator[tuple[str, Pooled]]:
    """Leave out one trial after another, as long as enough are left to pool."""
    if pooled.k <= MIN_TRIALS:
        return
    for i, label in enumerate(pooled.labels):
        keep = [j for j in range(pooled.k) if j != i]
        yield label, pool(pooled.subset(keep))
