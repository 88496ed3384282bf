"""What do trials say of a claim that a treatment works, works fast, or is tolerated?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import pandas as pd
from scipy import stats

from meta.claims.finding import Claim, Finding
from meta.claims.selection import GLYCINATE, Votes, labels_of, rows_by_id, select_rows, vote
from meta.claims.sensitivity import (
    ARMS,
    UNFLAGGED,
    Check,
    advantage_of,
    checks,
    table_of,
    without_each,
)
from meta.claims.tests import ClaimTest
from meta.claims.verdicts import (
    MIN_TRIALS,
    NO_TRIALS,
    OVERSTATED,
    SUPPORTED,
    UNRESOLVED,
    Interval,
    judge_superiority,
    judge_tolerability,
)
from meta.claims.wording import (
    counted,
    figure,
    listing,
    plain_list,
    sentence,
    with_interval,
    words,
)
from meta.evidence.tables import Evidence
from meta.synthesis.result import Pooled

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


def pool_for(test: ClaimTest, rows: pd.DataFrame) -> Pool:
    """Pool and count the results of a test."""
    found = () if test.measure == "vote" else tuple(checks(rows, test.measure))
    return Pool(test=test, rows=rows, checks=found, votes=vote(rows))


def superiority(claim: Claim, test: ClaimTest, evidence: Evidence) -> Finding:
    """Judge "better than the control" by :func:`meta.claims.verdicts.judge_superiority`."""
    rows = _rows(test, evidence)
    if rows.empty:
        return nobody(test, evidence)

    def judge(advantage: Interval, others: list[Interval]) -> str:
        return judge_superiority(
            advantage, others, margin=test.margin, called_large=test.strength == "large"
        )

    return _judged(pool_for(test, rows), judge, advantage_of, evidence)


def tolerability(claim: Claim, test: ClaimTest, evidence: Evidence) -> Finding:
    """Judge "well tolerated" from the excess of unwanted effects."""
    rows = _rows(test, evidence)
    if rows.empty:
        return nobody(test, evidence)
    margin = test.margin or 0.0

    def judge(excess: Interval, _: list[Interval]) -> str:
        return judge_tolerability(excess, margin)

    return _judged(pool_for(test, rows), judge, lambda fit: -advantage_of(fit), evidence)


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

    found = _judged(pool_for(test, early), judge, advantage_of, evidence)
    by_then = f"of the controlled readings by week {figure(weeks)}: "
    named = _uncontrolled(test, evidence)
    return replace(found, reason=sentence(by_then + _lower(found.reason), first, named))


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
        head = f"by the rule for superiority this evidence is {found.verdict.replace('_', ' ')}"
    else:
        verdict = UNRESOLVED if settled else SUPPORTED
        head = f"by the rule for superiority the question is {found.verdict.replace('_', ' ')}"
    return replace(found, verdict=verdict, reason=sentence(head, _lower(found.reason)))


def _rows(test: ClaimTest, evidence: Evidence) -> pd.DataFrame:
    rows = select_rows(test, evidence)
    return pd.DataFrame() if rows is None else rows


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]


def nobody(test: ClaimTest, evidence: Evidence) -> Finding:
    """Say that no trial measured it."""
    what = test.reading or listing([words(name) for name in test.outcome], "or")
    where = []
    if test.population:
        where.append(f"in people with {listing(test.population, 'or')} in their description")
    if test.background:
        where.append("on an antidepressant in both arms")
    if test.mg_form:
        where.append(f"on {listing(test.mg_form, 'or')}")
    if test.stratum == ("magnesium_comparison",):
        where.append("that gave one form of magnesium against another")
    named = f"no randomised trial in these tables measured {what} {' '.join(where)}".rstrip()
    searched = f"none of the {len(evidence.results)} results fits"
    return Finding(verdict=NO_TRIALS, reason=sentence(named, searched))


def _judged(
    found: Pool, judge: Judge, oriented: Callable[[Pooled], Interval], evidence: Evidence
) -> Finding:
    test, fit = found.test, found.fit
    left_out = _left_out(found)
    table = None
    if found.checks:
        table = table_of(list(found.checks), test.margin)
    if fit is None or fit.k < MIN_TRIALS:
        return Finding(
            verdict=UNRESOLVED,
            reason=sentence(_too_few(found), count_text(found.votes), *_published(test, evidence)),
            used=found.rows if fit is None else fit.effects.table,
            left_out=left_out,
            sensitivity=table,
            **_numbers(fit, oriented),
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
            _pooled_clause(fit),
            _verdict_clause(verdict, advantage, test, counting, differing),
            _salt_clause(fit),
            count_text(found.votes, beyond=fit.k),
            *_published(test, evidence),
        ),
        used=fit.effects.table,
        left_out=left_out,
        sensitivity=table,
        holds="no" if differing else "yes" if counting else "",
        depends_on=tuple(_dependence(found, fit, judge, oriented, primary_alone, differing)),
        **_numbers(fit, oriented),
    )


def _numbers(fit: Pooled | None, oriented: Callable[[Pooled], Interval]) -> dict[str, object]:
    if fit is None:
        return {}
    advantage = oriented(fit)
    freedom = float("inf") if fit.dof is None else fit.dof
    return {
        "scale": fit.scale.label,
        "estimate": float(fit.scale.transform(fit.estimate)),
        "ci_low": float(fit.scale.transform(fit.ci_low)),
        "ci_high": float(fit.scale.transform(fit.ci_high)),
        "k": fit.k,
        "n_total": fit.n_total,
        "probability": float(stats.t.cdf(advantage.estimate / fit.se, freedom)),
        "probability_of": "the mean effect is on the side of the claim",
        "fit": fit,
    }


def _left_out(found: Pool) -> pd.DataFrame:
    columns = ["result_id", "study_id", "label", "reason"]
    if not found.checks:
        return pd.DataFrame(columns=columns)
    return found.checks[0].excluded[columns].reset_index(drop=True)


def _people(fit: Pooled) -> str:
    return "" if fit.n_total is None else f" ({fit.n_total:,} people)"


def _pooled_clause(fit: Pooled) -> str:
    side = ""
    if not fit.scale.log and fit.effects.lower_is_better is not None:
        side = f"; {'negative' if fit.effects.lower_is_better else 'positive'} favours magnesium"
    label = fit.scale.label[:1].lower() + fit.scale.label[1:]
    return (
        f"in {counted(fit.k, 'trial')}{_people(fit)} the {label} is {fit.effect_text()}"
        f" (95 % interval in brackets{side})"
    )


def _verdict_clause(
    verdict: str,
    advantage: Interval,
    test: ClaimTest,
    counting: list[Check],
    differing: list[str],
) -> str:
    made = counted(len(counting), "check")
    if verdict == SUPPORTED:
        if test.kind == "tolerability":
            return f"the interval stays below an excess of {figure(100 * (test.margin or 0))} in 100"
        return f"it excludes no effect, and does so in {'each of ' if counting else ''}{made}"
    if verdict == OVERSTATED:
        if not differing:
            return f"that is less than {figure(test.margin or 0)}, the difference that matters"
        return f"it excludes no effect here, but not {_failing(counting, differing)}"
    if verdict == UNRESOLVED:
        if test.kind == "tolerability":
            return f"it includes no excess and one of {figure(100 * (test.margin or 0))} in 100"
        return "it includes no effect" + (
            f" and one beyond {figure(test.margin)}, the difference that matters"
            if test.margin is not None and advantage.high >= test.margin
            else ""
        )
    if test.margin is not None and test.kind != "tolerability" and advantage.high >= 0:
        return f"all of it lies within {figure(test.margin)} of no effect, the difference that matters"
    return "all of it lies on the other side"


def _failing(counting: list[Check], differing: list[str]) -> str:
    parts = [
        f"{check.analysis} ({check.fit.effect_text()}, k = {check.fit.k})"
        for check in counting
        if check.analysis in differing and check.fit is not None
    ]
    return f"with {listing(parts, 'or')}"


def _salt_clause(fit: Pooled) -> str:
    if "mg_form" not in fit.effects.table:
        return ""
    own = int((fit.effects.table["mg_form"] == GLYCINATE).sum())
    return f"{'none' if own == 0 else own} of them used glycinate" if own < fit.k else ""


def _too_few(found: Pool) -> str:
    fit = found.fit
    trials = counted(found.votes.k, "trial")
    if fit is None:
        if found.test.measure == "vote":
            return f"{trials} compared it, with outcomes too different to pool"
        return f"{trials} compared it, and none prints enough for an effect"
    label = fit.scale.label[:1].lower() + fit.scale.label[1:]
    verb = "prints" if fit.k == 1 else "print"
    return (
        f"{counted(fit.k, 'trial')} of {found.votes.k} {verb} enough for an effect"
        f" ({plain_list(fit.effects.labels)}; {label} {fit.effect_text()}), and a verdict needs"
        f" {MIN_TRIALS}"
    )


def count_text(votes: Votes, beyond: int = 0) -> str:
    """Count the sides of all trials, where more exist than were pooled."""
    if votes.k <= beyond:
        return ""
    parts = [f"{len(votes.treated)} lean to magnesium"]
    if votes.control:
        parts.append(f"{len(votes.control)} to the control")
    if votes.neither:
        parts.append(f"{len(votes.neither)} report no difference")
    if votes.not_stated:
        parts.append(f"{len(votes.not_stated)} do not say which way")
    return f"of all {votes.k} that compared it, {listing(parts)}"


def _published(test: ClaimTest, evidence: Evidence) -> list[str]:
    """Quote what reviews printed for the outcome."""
    if not test.review_ids:
        return []
    reviews = evidence.reviews
    chosen = reviews[
        reviews["review_id"].isin(test.review_ids)
        & reviews["outcome"].isin(test.outcome)
        & reviews["ci_low"].notna()
        & reviews["ci_high"].notna()
    ]
    parts = [
        f"{row['label']} {words(row['outcome'])} {row['measure']} "
        f"{with_interval(row['estimate'], row['ci_low'], row['ci_high'])}"
        for row in chosen.to_dict("records")
    ]
    return [f"published pools: {listing(parts)}"] if parts else []


def _dependence(
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
        flagged = found.rows["flag"].fillna("").str.startswith("integrity")
        parts.append(f"trials under an integrity flag ({listing(labels_of(found.rows[flagged]))})")
    if ARMS in differing:
        table = fit.effects.table
        rebuilt = table[table["reporting"] == "p_value"]
        parts.append(f"effects rebuilt from a p-value ({listing(labels_of(rebuilt))})")
    return parts


def _weeks(claim: Claim) -> float:
    per = {"days": 1 / 7, "weeks": 1.0, "months": 52 / 12}[str(claim["claimed_unit"])]
    return float(claim["claimed_value"]) * per


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
