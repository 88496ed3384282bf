"""What do trials say of a claim that a treatment works, works fast, or is tolerated?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pandas as pd

from meta.claims.finding import Claim, Finding
from meta.claims.pooled import Judge, Pool, dependence, left_out_of, pool_for, probability_of_claim
from meta.claims.reasons import (
    FEW,
    chosen_clause,
    nobody,
    own_scale,
    pooled_clause,
    published_pools,
    quality_clause,
    reading_clause,
    salt_clause,
    too_few_clause,
    verdict_clause,
    votes_clause,
)
from meta.claims.selection import GLYCINATE, labels_of, rows_by_id, select_rows, vote
from meta.claims.sensitivity import (
    advantage_of,
    table_of,
)
from meta.claims.tests import ClaimTest
from meta.claims.verdicts import (
    MIN_TRIALS,
    OVERSTATED,
    SUPPORTED,
    UNRESOLVED,
    Interval,
    judge_superiority,
    judge_tolerability,
)
from meta.claims.wording import (
    figure,
    listing,
    lower_first,
    plain_list,
    sentence,
    words,
)
from meta.evidence.tables import Evidence
from meta.synthesis.models.pooled import Pooled


def superiority(_claim: Claim, test: ClaimTest, evidence: Evidence) -> Finding:
    """Judge "better than the control" by :func:`meta.claims.verdicts.judge_superiority`."""
    rows = _rows(test, evidence)
    if rows.empty:
        return nobody(test, evidence)

    def judge(advantage: Interval, others: list[Interval]) -> str:
        return judge_superiority(
            advantage, others, margin=test.margin, called_large=test.strength == "large"
        )

    return _judged(pool_for(test, rows, evidence), judge, advantage_of, evidence)


def tolerability(_claim: Claim, test: ClaimTest, evidence: Evidence) -> Finding:
    """Judge "well tolerated" from the excess of unwanted effects."""
    rows = _rows(test, evidence)
    if rows.empty:
        return nobody(test, evidence)
    margin = test.margin or 0.0

    def judge(excess: Interval, _: list[Interval]) -> str:
        return judge_tolerability(excess, margin)

    return _judged(pool_for(test, rows, evidence), judge, lambda fit: -advantage_of(fit), evidence)


def onset(claim: Claim, test: ClaimTest, evidence: Evidence) -> Finding:
    """Judge "works within so many days" from the readings made by then."""
    weeks = _weeks(claim)
    rows = _rows(test, evidence)
    early = rows[rows["time_weeks"] <= weeks] if not rows.empty else rows
    first = _earliest(test, evidence)
    if early.empty:
        found = nobody(test, evidence)
        return replace(found, reason=sentence(found.reason, first))

    def judge(advantage: Interval, others: list[Interval]) -> str:
        return judge_superiority(
            advantage, others, margin=test.margin, called_large=test.strength == "large"
        )

    found = _judged(pool_for(test, early, evidence), judge, advantage_of, evidence)
    by_then = f"readings by week {figure(weeks)}: "
    named = _uncontrolled(test, evidence)
    return replace(
        found, reason=sentence(by_then + lower_first(found.reason), _given(early), first, named)
    )


def evidence_strength(claim: Claim, test: ClaimTest, evidence: Evidence) -> Finding:
    """Judge a claim about the evidence itself: compelling, some, or not enough."""
    found = superiority(claim, test, evidence)
    votes = vote(_rows(test, evidence))
    if test.strength == "some":
        enough = len(votes.treated) >= MIN_TRIALS and len(votes.treated) > len(votes.control)
        return replace(found, verdict=SUPPORTED if enough else UNRESOLVED)

    settled = found.verdict == SUPPORTED
    if test.strength == "compelling":
        verdict = SUPPORTED if settled else OVERSTATED
    else:
        verdict = UNRESOLVED if settled else SUPPORTED
    word = found.verdict.replace("_", " ")
    head = f"what the evidence says of the effect itself is: {word}"
    return replace(found, verdict=verdict, reason=sentence(head, lower_first(found.reason)))


def _rows(test: ClaimTest, evidence: Evidence) -> pd.DataFrame:
    rows = select_rows(test, evidence)
    return pd.DataFrame() if rows is None else rows


def _judged(
    found: Pool, judge: Judge, oriented: Callable[[Pooled], Interval], evidence: Evidence
) -> Finding:
    test, fit = found.test, found.fit
    left_out = left_out_of(found)
    table = None
    if found.checks:
        table = table_of(list(found.checks), test.margin)
    if fit is None or fit.k < MIN_TRIALS:
        return Finding(
            verdict=UNRESOLVED,
            reason=sentence(
                reading_clause(test) + too_few_clause(found),
                votes_clause(found),
                *own_scale(found),
                *published_pools(test, evidence),
            ),
            used=found.rows if fit is None else fit.effects.table,
            left_out=left_out,
            sensitivity=table,
            k=found.k,
        )
    counting = [check for check in found.checks[1:] if check.counts]
    others = [oriented(check.fit) for check in counting if check.fit is not None]
    advantage = oriented(fit)
    verdict = judge(advantage, others)
    alone = {check.analysis: judge(own, []) for check, own in zip(counting, others, strict=True)}
    primary_alone = judge(advantage, [])
    differing = [name for name, word in alone.items() if word != primary_alone]
    return Finding(
        verdict=verdict,
        reason=sentence(
            reading_clause(test) + pooled_clause(fit),
            verdict_clause(verdict, advantage, test, counting, differing),
            chosen_clause(test, evidence),
            salt_clause(fit),
            quality_clause(fit),
            votes_clause(found),
            *published_pools(test, evidence),
        ),
        used=fit.effects.table,
        left_out=left_out,
        sensitivity=table,
        holds="no" if differing else "yes" if counting else "",
        depends_on=tuple(dependence(found, fit, judge, oriented, primary_alone, differing)),
        scale=fit.scale.label,
        estimate=float(fit.scale.to_reader(fit.estimate)),
        ci_low=float(fit.scale.to_reader(fit.ci_low)),
        ci_high=float(fit.scale.to_reader(fit.ci_high)),
        k=fit.k,
        n_total=fit.n_total,
        probability=probability_of_claim(test, advantage, fit),
        probability_of=(
            f"the mean excess stays below {figure(100 * (test.margin or 0))} in 100"
            if test.kind == "tolerability"
            else "the mean effect is on the side of the claim"
        ),
        fit=fit,
    )


def _weeks(claim: Claim) -> float:
    per = {"days": 1 / 7, "weeks": 1.0, "months": 52 / 12}[str(claim["claimed_unit"])]
    return float(claim["claimed_value"]) * per


def _given(rows: pd.DataFrame) -> str:
    """Say what was given and when it was read, where few trials did."""
    if rows["study_id"].nunique() > FEW:
        return ""
    parts = [
        f"{row['label']} {words(row['mg_form'])} at week {figure(row['time_weeks'])}"
        for row in rows.drop_duplicates("study_id").to_dict("records")
    ]
    return f"given: {listing(parts)}"


def _earliest(test: ClaimTest, evidence: Evidence) -> str:
    """Say when randomised trials first read the outcome."""
    anywhere = replace(test, stratum=(), control=(), mg_form=(), expect="", max_weeks=None)
    rows = _rows(anywhere, evidence)
    rows = rows[rows["time_weeks"].notna() & (rows["mg_form"] != "sulfate_iv")]
    if rows.empty:
        return ""
    first = rows["time_weeks"].min()
    named = labels_of(rows[rows["time_weeks"] == first])
    text = (
        f"the earliest reading of {words(test.outcome[0])} in the randomised trials by mouth is at"
        f" week {figure(first)} ({plain_list(named)})"
    )
    own = rows[rows["mg_form"] == GLYCINATE]
    if len(own):
        text += f", for glycinate at week {figure(own['time_weeks'].min())}"
    return text


def _uncontrolled(test: ClaimTest, evidence: Evidence) -> str:
    if not test.wider_result_ids:
        return ""
    rows = rows_by_id(test.wider_result_ids, evidence)
    return f"{listing(labels_of(rows))} had no comparison and is not counted"
