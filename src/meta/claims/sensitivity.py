"""Does a pooled answer stay what it is under other defensible choices of trials?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from meta.claims.selection import GLYCINATE, derive_effects
from meta.claims.verdicts import MIN_TRIALS, Interval, judge_superiority
from meta.effect_sizes.container import Effects
from meta.synthesis.pool import pool
from meta.synthesis.result import Pooled

PRIMARY = "every derived effect"
NULLS = "trials without a figure as no effect"
ARMS = "arms and intervals only"
BLIND = "double-blind against placebo only"
UNFLAGGED = "without trials under an integrity flag"
PRIMARY_SOURCE = "without figures from a secondary data set"
OWN_SALT = "glycinate only"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One analysis of the set."""

    analysis: str
    fit: Pooled | None
    excluded: pd.DataFrame
    same: bool = False

    @property
    def counts(self) -> bool:
        """Whether it says anything about the verdict: enough trials, and not the same ones."""
        return self.fit is not None and self.fit.k >= MIN_TRIALS and not self.same


def sensitivity(
    rows: pd.DataFrame, measure: str = "SMD", *, margin: float | None = None
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

    Returns
    -------
    pandas.DataFrame
        One row an analysis, the primary one first: ``analysis k n_total estimate ci_low ci_high
        counts verdict trials``, on the scale of computation. ``counts`` is False where fewer than
        three trials are left or the effects are those of the primary analysis: shown, but no check
        of anything. ``verdict`` is the one of superiority for that analysis alone.

    Notes
    -----
    The analyses are: every derived effect; only arms and intervals (nothing rebuilt from a
    p-value); trials that report no difference and no figure counted as no effect (standardised
    mean differences only); double-blind against placebo only; without studies of which any row
    carries an integrity flag; without figures that only a secondary data set prints; glycinate
    only.

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
    return table_of(list(checks(rows, measure)), margin)


def checks(rows: pd.DataFrame, measure: str) -> Iterator[Check]:
    """Run the analyses one by one; see :func:`sensitivity`."""
    # the same results need no second derivation, and the same effects no second fit
    derived: dict[tuple[str, ...], Check] = {}
    fits: dict[tuple[str, ...], Pooled | None] = {(): None}

    def fitted(part: pd.DataFrame, include: tuple[str, ...] = ()) -> Check:
        rows_key = (*include, *part["result_id"])
        if rows_key not in derived:
            found = derive_effects(part, measure, include)
            key = tuple(found.table["result_id"])
            if key not in fits:
                fits[key] = pool(found)
            derived[rows_key] = Check(analysis="", fit=fits[key], excluded=found.excluded)
        return derived[rows_key]

    primary = fitted(rows)

    def named(analysis: str, check: Check) -> Check:
        same = check.fit is primary.fit
        return Check(analysis=analysis, fit=check.fit, excluded=check.excluded, same=same)

    yield Check(analysis=PRIMARY, fit=primary.fit, excluded=primary.excluded)
    yield named(ARMS, fitted(rows, ("arms", "interval")))
    if measure == "SMD":
        nulls = with_nulls(primary, rows)
        yield named(NULLS, Check(analysis=NULLS, fit=nulls, excluded=primary.excluded))
    for analysis, part in subsets(rows):
        yield named(analysis, fitted(part))


def subsets(rows: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """Give the choices that leave out trials."""
    yield BLIND, rows[(rows["blinding"] == "double") & (rows["control"] == "placebo")]
    flagged = rows.loc[rows["flag"].fillna("").str.startswith("integrity"), "study_id"]
    yield UNFLAGGED, rows[~rows["study_id"].isin(flagged)]
    yield PRIMARY_SOURCE, rows[rows["source_kind"] != "secondary_review"]
    yield OWN_SALT, rows[rows["mg_form"] == GLYCINATE]


def with_nulls(primary: Check, rows: pd.DataFrame) -> Pooled | None:
    """Pool once more with the trials that report no difference and no figure at no effect."""
    from meta.synthesis.silent_trials import null_bounds

    if primary.fit is None:
        return None
    have = set(primary.fit.effects.table["cluster"])
    left = primary.excluded
    silent = left[(left["reporting"] == "silent") & ~left["cluster"].isin(have)]
    silent = silent.assign(known=silent["n_t"].notna() & silent["n_c"].notna())
    silent = silent.sort_values("known", ascending=False, kind="stable").drop_duplicates("cluster")
    if silent.empty:
        return primary.fit
    crossover = rows.loc[rows["design"] == "crossover", "study_id"]
    silent = silent.assign(paired=silent["study_id"].isin(crossover))
    columns = ["study_id", "label", "n_t", "n_c", "paired"]
    return null_bounds(primary.fit, silent[columns].reset_index(drop=True)).with_nulls


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


def without_each(effects: Effects) -> Iterator[tuple[str, Pooled]]:
    """Leave out one trial after another, as long as enough are left to pool."""
    if effects.k <= MIN_TRIALS:
        return
    for i, label in enumerate(effects.labels):
        keep = [j for j in range(effects.k) if j != i]
        yield label, pool(effects.subset(keep))
