"""What do trials say of a comparison: with a drug class, between salts, between kinds of people?"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats

from meta.claims.finding import Claim, Finding
from meta.claims.pooled import left_out_of, pool_for
from meta.claims.reasons import Z, chosen_clause, each_effect, nobody
from meta.claims.selection import select_rows
from meta.claims.sensitivity import PRIMARY, Check, advantage_of, table_of
from meta.claims.tests import ClaimTest
from meta.claims.verdicts import (
    MIN_TRIALS,
    PRESERVED,
    UNRESOLVED,
    Interval,
    judge_equivalence,
    judge_superiority,
)
from meta.claims.wording import (
    counted,
    figure,
    listing,
    lower_first,
    sentence,
    with_interval,
    words,
)
from meta.effect_sizes.container import Effects
from meta.evidence.tables import Evidence
from meta.synthesis.models.pooled import Pooled


def equivalence(_claim: Claim, test: ClaimTest, evidence: Evidence) -> Finding:
    """Judge "as good as a drug class" through placebo.

    The difference is magnesium's advantage over placebo minus the drugs' own; its variance is the
    sum of both, read with the degrees of freedom of the magnesium trials. Nothing else is known of
    how alike the two sets of trials are, so the interval is too narrow rather than too wide.
    """
    rows = select_rows(test, evidence)
    if rows is None or rows.empty:
        found = nobody(test, evidence)
        return Finding(
            verdict=found.verdict, reason=sentence(found.reason, *_yardstick(test, evidence))
        )
    pooled = pool_for(test, rows, evidence)
    fit = pooled.fit
    drug, drug_se, text = _drug(test, evidence)
    if fit is None:
        reason = sentence("no trial prints enough for an effect", *_yardstick(test, evidence))
        return Finding(verdict=UNRESOLVED, reason=reason, used=rows)
    own = advantage_of(fit)
    freedom = np.inf if fit.dof is None else fit.dof
    half = float(stats.t.ppf(0.975, freedom)) * float(np.hypot(fit.se, drug_se))
    centre = own.estimate - drug
    difference = Interval(centre, centre - half, centre + half)
    margin = PRESERVED * drug
    verdict = judge_equivalence(difference, margin) if fit.k >= MIN_TRIALS else UNRESOLVED
    label = lower_first(fit.scale.label)
    return Finding(
        verdict=verdict,
        reason=sentence(
            f"no trial in these tables sets magnesium against the drugs of the claim, so both are"
            f" set against placebo: magnesium {fit.effect_text()} in {counted(fit.k, 'trial')}"
            f" ({label}), {text}",
            f"the difference in advantage is {_text(difference)}, and equivalence needs all of it"
            f" within {figure(margin, 3)}, half of the drugs' own advantage",
            chosen_clause(test, evidence),
            "no difference found is not equivalence" if verdict == UNRESOLVED else "",
        ),
        scale=f"{fit.scale.label}, advantage of magnesium minus that of the drugs",
        claimed_low=-margin,
        claimed_high=margin,
        estimate=difference.estimate,
        ci_low=difference.low,
        ci_high=difference.high,
        k=fit.k,
        n_total=fit.n_total,
        used=fit.effects.table,
        left_out=left_out_of(pooled),
        sensitivity=table_of(list(pooled.checks), test.margin),
        depends_on=("the indirect comparison through placebo",),
        fit=fit,
    )


def _text(interval: Interval) -> str:
    return with_interval(interval.estimate, interval.low, interval.high)


def _drug(test: ClaimTest, evidence: Evidence) -> tuple[float, float, str]:
    """Return the drugs' advantage over placebo, its standard error (0 if unprinted), and words."""
    row = _benchmarks(test, evidence).iloc[0]
    estimate = abs(float(row["estimate"]))
    if pd.isna(row["ci_low"]):
        return estimate, 0.0, f"the drugs {figure(estimate, 2)} ({row['citation']})"
    se = (float(row["ci_high"]) - float(row["ci_low"])) / (2 * Z)
    shown = with_interval(estimate, float(row["ci_low"]), float(row["ci_high"]))
    return estimate, se, f"the drugs {shown} in their favour ({row['citation']})"


def _benchmarks(test: ClaimTest, evidence: Evidence) -> pd.DataFrame:
    table = evidence.benchmarks.set_index("benchmark_id", drop=False)
    return table.loc[list(test.benchmark_ids)]


def _yardstick(test: ClaimTest, evidence: Evidence) -> list[str]:
    return [
        f"the yardstick would be {row['what']}: {row['measure']} {row['estimate']}"
        for row in _benchmarks(test, evidence).to_dict("records")
    ]


def head_to_head(_claim: Claim, test: ClaimTest, evidence: Evidence) -> Finding:
    """Judge "better than another salt" from studies that gave both."""
    rows = select_rows(test, evidence)
    if rows is None or rows.empty:
        return nobody(test, evidence)
    if not test.result_ids:
        pooled = pool_for(test, rows, evidence)
        reason = (
            f"{counted(pooled.votes.k, 'trial')} compared the salts and prints no usable figure"
        )
        return Finding(verdict=UNRESOLVED, reason=sentence(reason), used=rows)
    measured = rows[rows["mean_t"].notna()]
    shown = [
        f"{row['arm_t']} {figure(row['mean_t'])} {row['effect_unit']}"
        for row in measured.to_dict("records")
    ]
    # a result without a figure of each arm is quoted, so that its side stands beside the figures
    shown += [f"“{quote}”" for quote in rows.loc[rows["mean_t"].isna(), "reported_as"]]
    first = rows.iloc[0]
    people = f"{int(first['n_t'])} " if pd.notna(first["n_t"]) else ""
    reason = sentence(
        f"one study gave both salts to the same people ({first['label']}: {people}"
        f"{first['population']}): {listing(shown)}",
        "it prints no spread, so that neither better nor equal can be shown"
        if rows["sd_t"].isna().all()
        else "",
    )
    return Finding(verdict=UNRESOLVED, reason=reason, used=rows, k=rows["study_id"].nunique())


def effect_modification(_claim: Claim, test: ClaimTest, evidence: Evidence) -> Finding:
    """Judge "works better in these trials than in those" by a difference between two groups.

    Random-effects meta-regression on one indicator, REML, Knapp-Hartung. It compares trials, not
    people: whatever else differs between them stands in the difference, too.
    """
    rows = select_rows(test, evidence)
    if rows is None or rows.empty:
        return nobody(test, evidence)
    pooled = pool_for(test, rows, evidence)
    fit = pooled.fit
    if fit is None:
        reason = sentence("no trial prints enough for an effect")
        return Finding(verdict=UNRESOLVED, reason=reason, used=rows)
    column, _, values = test.subgroup.partition("=")
    inside = fit.effects.table[column].isin(values.split("|")).to_numpy()
    groups = {"inside": fit.effects.subset(inside), "outside": fit.effects.subset(~inside)}
    own = listing([words(value) for value in values.split("|")], "or")
    named = test.reading or f"trials of {own}"
    shown = [
        f"{named} {_group_text(groups['inside'], fit)}",
        f"the others {_group_text(groups['outside'], fit)}",
    ]
    table = table_of([Check(analysis=PRIMARY, fit=fit, effects=fit.effects)], None)
    left_out = left_out_of(pooled)
    smaller = min(group.k for group in groups.values())
    if smaller == 0 or fit.k < MIN_TRIALS + 1:
        reason = sentence(f"the two groups cannot be set apart: {listing(shown)}")
        return Finding(verdict=UNRESOLVED, reason=reason, used=fit.effects.table, left_out=left_out)
    difference = _difference(fit, inside)
    verdict = judge_superiority(difference, margin=test.margin)
    if smaller < MIN_TRIALS:
        verdict = UNRESOLVED
    need = f"a verdict needs {MIN_TRIALS} in each" if smaller < MIN_TRIALS else ""
    return Finding(
        verdict=verdict,
        reason=sentence(
            f"{lower_first(fit.scale.label)}: {listing(shown)}",
            _ahead(difference),
            chosen_clause(test, evidence),
            need,
            "it compares trials that differ in much else, not people",
        ),
        scale=f"{fit.scale.label}, advantage of the group",
        estimate=difference.estimate,
        ci_low=difference.low,
        ci_high=difference.high,
        k=fit.k,
        n_total=fit.n_total,
        used=fit.effects.table,
        left_out=left_out,
        sensitivity=table,
        depends_on=("a comparison between trials",),
        fit=fit,
    )


def _ahead(difference: Interval) -> str:
    """Say which side the first group is on, with a figure that is not below 0."""
    if difference.estimate < 0:
        return f"the first group is behind by {_text(-difference)}"
    return f"the first group is ahead by {_text(difference)}"


def _group_text(group: Effects, fit: Pooled) -> str:
    if group.k == 0:
        return "no trial"
    one = fit.refit(group)
    if group.k < MIN_TRIALS:
        return listing(each_effect(one))
    return f"{one.effect_text()} in {counted(group.k, 'trial')}"


def _difference(fit: Pooled, inside: np.ndarray) -> Interval:
    from meta.synthesis.engine import tau2_estimate, weighted_fit

    design = np.column_stack([np.ones(fit.k), inside.astype(float)])
    yi, vi = fit.effects.yi, fit.effects.vi
    tau2 = tau2_estimate(yi, vi, fit.tau2_method, design)
    found = weighted_fit(yi, vi, tau2, design, ci_method="HK")
    freedom = np.inf if found.dof is None else found.dof
    half = float(stats.t.ppf(0.975, freedom)) * float(np.sqrt(found.cov[1, 1]))
    slope = float(found.beta[1])
    plain = Interval(slope, slope - half, slope + half)
    return -plain if fit.effects.lower_is_better is not False else plain
