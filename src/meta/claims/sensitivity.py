"""Does a pooled answer stay what it is under other defensible choices of trials?

These checks are shown beside a verdict and described; they do not vote. What votes stands in
`meta.claims.trial_sets`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from meta.arguments import checked
from meta.claims.ruling import Case
from meta.claims.trial_sets import CI_METHOD, EXTERNAL_SD, Judge, advantage_of
from meta.claims.verdicts import MIN_TRIALS, judge_superiority
from meta.effect_sizes.assumptions import LEVELS
from meta.effect_sizes.derive import effects
from meta.evidence.question import Question, chosen_by
from meta.evidence.reporting import doubted_studies
from meta.synthesis.models.pool import pool
from meta.synthesis.models.pooled import Pooled

PRIMARY = "all trials that give an effect"
NULLS = "with silent trials counted as no effect"
ARMS = "only trials that print means, counts or an interval"
BLIND = "double-blind against placebo only"
UNFLAGGED = "without trials under an integrity flag"
PRIMARY_SOURCE = "without figures from a secondary data set"
TRUSTED = "double-blind against placebo, without integrity flags"
WITHOUT = "without {}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One analysis of the set."""

    analysis: str
    fit: Pooled | None
    same: bool = False

    @property
    def counts(self) -> bool:
        """Whether it checks anything: enough trials, and not the same ones."""
        return self.fit is not None and self.fit.k >= MIN_TRIALS and not self.same


@checked
def sensitivity(
    results: pd.DataFrame,
    measure: str = "SMD",
    *,
    mid: float | None = None,
    question: Question | None = None,
    ci_method: str = "HK",
    **derivation: Any,
) -> pd.DataFrame:
    """Pool results again under other choices of trials.

    Parameters
    ----------
    results : pandas.DataFrame
        Results as ``evidence.select(...)`` gives them.
    measure : str
        Effect measure, as in :func:`meta.effects`.
    mid : float, optional
        Smallest important difference, for the verdict of each analysis.
    question : Question, optional
        ``evidence.question``: which rows are blinded and trusted, and which form is asked about. By
        default a double-blind comparison with placebo, and no form.
    ci_method : str
        Interval, as in :func:`meta.pool`; verdicts of claims are decided on "HK-adhoc".
    **derivation
        Assumptions and choices of :func:`meta.effects`, the same for every analysis, for example
        ``sd={"phq9": 5.0}``.

    Returns
    -------
    pandas.DataFrame
        One row an analysis, the primary one first: ``analysis k n_total estimate ci_low ci_high
        counts verdict trials fit``, on the scale of computation. ``counts`` is False where fewer
        than three trials are left or the effects are those of the primary analysis: shown, but no
        check of anything. ``verdict`` is the one of superiority for that analysis alone, "" where
        nobody says whether lower is better; ``fit`` is the answer itself, None where no trial is
        left.

    Notes
    -----
    The analyses are: all trials that give an effect; only arms and intervals (nothing rebuilt from
    a p-value); trials that report no difference and no figure counted as no effect (standardised
    mean differences only); blinded against placebo only; without studies of which any row carries
    an integrity flag; both together, which is the trusted set; without figures that only a
    secondary data set prints; only the form of the question, if it has one; without the trial that
    holds more than half of the weight, if one does. Every analysis derives its effects anew: a
    trial that loses the result it was pooled with enters with the next best one.

    Examples
    --------
    >>> import meta
    >>> from meta.claims.sensitivity import sensitivity
    >>> rows = meta.load_evidence("data").primary("depression")
    >>> sensitivity(rows)["analysis"].tolist()[:1]
    ['all trials that give an effect']
    """
    chosen = Question() if question is None else question
    found = list(checks(results, measure, chosen, ci_method, **derivation))
    fits = pd.Series([check.fit for check in found], dtype=object)
    return table_of(found, partial(judge_superiority, mid=mid)).assign(fit=fits)


def check_table(case: Case, rows: pd.DataFrame) -> pd.DataFrame | None:
    """Pool the rows of a claim under other choices, on the reader's scale."""
    if case.test.measure == "vote":
        return None
    measure = case.test.measure
    # many claims rest on the same results
    found = case.lookup.once(
        ("checks", measure, *rows["result_id"]),
        lambda: list(checks(rows, measure, case.question, CI_METHOD, sd=EXTERNAL_SD)),
    )
    table = table_of(found, partial(judge_superiority, mid=case.mid))
    fit = found[0].fit
    if fit is not None:
        for name in ("estimate", "ci_low", "ci_high"):
            table[name] = fit.scale.to_reader(table[name].to_numpy(dtype=float))
    return table


def checks(
    rows: pd.DataFrame, measure: str, question: Question, ci_method: str, **derivation: Any
) -> Iterator[Check]:
    """Run the analyses one by one; see :func:`sensitivity`."""
    # the same results need no second derivation, and the same effects no second fit
    fits: dict[tuple[str, ...], Pooled | None] = {(): None}

    def fitted(part: pd.DataFrame, include: tuple[str, ...] = LEVELS) -> Pooled | None:
        found = effects(part, measure, include=include, **derivation)
        key = tuple(found.table["result_id"]) if found.k else ()
        if key not in fits:
            fits[key] = pool(found, ci_method=ci_method)
        return fits[key]

    primary = fitted(rows)

    def named(analysis: str, fit: Pooled | None) -> Check:
        return Check(analysis=analysis, fit=fit, same=fit is primary)

    yield Check(analysis=PRIMARY, fit=primary)
    yield named(ARMS, fitted(rows, ("arms", "interval")))
    if measure == "SMD":
        yield named(NULLS, with_nulls(primary))
    for analysis, part in subsets(rows, question):
        yield named(analysis, fitted(part))
    if primary is not None and primary.k > MIN_TRIALS and max(primary.weights) > 50:
        top = int(np.argmax(primary.weights))
        rest = primary.effects.subset([i for i in range(primary.k) if i != top])
        name = WITHOUT.format(primary.effects.labels[top])
        yield Check(analysis=name, fit=pool(rest, ci_method=ci_method))


def subsets(rows: pd.DataFrame, question: Question) -> Iterator[tuple[str, pd.DataFrame]]:
    """Give the choices that leave out trials."""
    blind = chosen_by(question.trusted, rows)
    free = ~rows["study_id"].isin(doubted_studies(rows))
    yield BLIND, rows[blind]
    yield UNFLAGGED, rows[free]
    yield TRUSTED, rows[blind & free]
    if "source_kind" in rows:
        yield PRIMARY_SOURCE, rows[rows["source_kind"] != "secondary_review"]
    if question.form is not None:
        yield f"{question.form.label} only", rows[question.form.own(rows)]


def with_nulls(primary: Pooled | None) -> Pooled | None:
    """Pool once more with the trials that report no difference and no figure at no effect."""
    from meta.synthesis.without_pooling.silent_trials import null_bounds

    if primary is None:
        return None
    silent = primary.effects.silent
    return primary if silent.empty else null_bounds(primary, silent).with_nulls


def table_of(found: list[Check], judge: Judge) -> pd.DataFrame:
    """Set the analyses in a table, each judged by itself; see :func:`sensitivity`."""
    rows = []
    for check in found:
        fit = check.fit
        shown = (float("nan"),) * 3 if fit is None else (fit.estimate, fit.ci_low, fit.ci_high)
        known = fit is not None and fit.effects.lower_is_better is not None
        rows.append(
            {
                "analysis": check.analysis,
                "k": 0 if fit is None else fit.k,
                "n_total": None if fit is None else fit.n_total,
                "estimate": shown[0],
                "ci_low": shown[1],
                "ci_high": shown[2],
                "counts": check.counts,
                "verdict": judge(advantage_of(fit)) if fit is not None and known else "",
                "trials": "; ".join([] if fit is None else fit.effects.labels),
            }
        )
    return pd.DataFrame(rows).astype({"n_total": "Int64"})
