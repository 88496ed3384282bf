"""What is left of "falls by X percent" once the control arm stands beside it?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from meta.claims.claim_rows import (
    counted_rows,
    fitting_rows,
    labels_of,
    rows_by_id,
    trusted_rows,
    vote,
)
from meta.claims.how_sure import graded
from meta.claims.kind import Kind
from meta.claims.reasons import (
    benchmark_rows,
    chosen_clause,
    figures_text,
    form_clause,
    heavy_clause,
    nobody_counts,
    one_data_set,
    said_by_trials,
    trials_text,
    trusted_text,
    votes_text,
)
from meta.claims.ruling import Case, Ruling, figures, ratio_of
from meta.claims.sensitivity import PRIMARY, Check, subsets, table_of
from meta.claims.trial_sets import TrialSets, advantage_of, pooled_set, rests_on
from meta.claims.verdicts import (
    AGAINST,
    FOR,
    HALF,
    MIN_TRIALS,
    NEITHER,
    UNRESOLVED,
    Oriented,
    judge_percent_fall,
    lean_of_percent_fall,
)
from meta.effect_sizes.container import Effects
from meta.effect_sizes.derive import effects
from meta.effect_sizes.forms import RATIO_UNITS
from meta.effect_sizes.percent import percent_change
from meta.wording import brief, in_words, listed, lower_first, sentences, span, words

# up to so many results are quoted one by one
FEW = 4
_FACTS = (
    "n_t", "n_c", "blinding", "control", "randomised", "flag", "source_kind",
    "source_url", "population_group",
)  # fmt: skip


def percent_falls(rows: pd.DataFrame, facts: tuple[str, ...] = ()) -> Effects:
    """Take the percent falls of both arms from results that print them.

    Parameters
    ----------
    rows : pandas.DataFrame
        Results as ``evidence.select(...)`` gives them.
    facts : tuple of str
        Columns of the rows to keep beside the effects.

    Returns
    -------
    Effects
        The net fall of each trial in percentage points, above 0 where the treated arm fell
        further, beside ``fall_t fall_c net net_low net_high assumptions``. One trial counts once,
        by the same choice of report as the standardised differences; rows that the curators bar
        from pooling stay out.
    """
    usable = rows[rows["lower_is_better"].notna()]
    chosen = effects(usable, measure="SMD", include=("arms",)).table if len(usable) else usable
    kept = usable[usable["result_id"].isin(chosen["result_id"])] if len(chosen) else usable[:0]
    change = percent_change(kept) if len(kept) else pd.DataFrame()
    if len(change):
        change = change[change["net_low"].notna()]
    if change.empty:
        return Effects(measure="GEN", table=pd.DataFrame(), excluded=_left_out(rows, ()))
    kept = kept.set_index("result_id").loc[change["result_id"]].reset_index()
    sign = np.where(kept["lower_is_better"] == "yes", -1.0, 1.0)
    ends = np.array([change["net_low"] * sign, change["net_high"] * sign])
    given: dict[str, Any] = {
        name: kept[name].to_numpy() for name in (*_FACTS, *facts) if name in kept
    }
    found = Effects.from_arrays(
        change["net"].to_numpy() * sign,
        change["net_se"].to_numpy() ** 2,
        labels=[str(label) for label in kept["label"]],
        lower_is_better=False,
        study_id=kept["study_id"].to_numpy(),
        cluster=kept["same_trial_as"].fillna(kept["study_id"]).to_numpy(),
        result_id=kept["result_id"].to_numpy(),
        fall_t=change["percent_t"].to_numpy() * sign,
        fall_c=change["percent_c"].to_numpy() * sign,
        net=change["net"].to_numpy() * sign,
        net_low=ends.min(axis=0),
        net_high=ends.max(axis=0),
        assumptions=change["assumptions"].to_numpy(),
        **given,
    )
    return replace(found, excluded=_left_out(rows, tuple(kept["study_id"])))


def percent_sets(case: Case, rows: pd.DataFrame) -> TrialSets:
    """Pool the net falls of every trial and of the trusted ones."""
    facts = () if case.question.form is None else (case.question.form.column,)
    found = percent_falls(rows, facts)
    trusted = percent_falls(trusted_rows(rows, case.evidence, case.test.control), facts)
    return TrialSets(
        rows=rows,
        primary=pooled_set(found, case.evidence),
        trusted=pooled_set(trusted, case.evidence),
        excluded=found.excluded,
        votes=vote(rows),
    )


def percent_fall(case: Case) -> Ruling:
    """Judge "falls by X percent" by :func:`meta.claims.verdicts.judge_percent_fall`."""
    claimed = float(case.claim["claimed_value"])
    fitting = fitting_rows(case.test, case.evidence)
    rows = counted_rows(fitting, case.evidence)
    if rows.empty:
        found = nobody_counts(case, fitting, *_nearest(case, claimed), *_benchmarks(case))
        return replace(found, **figures((claimed, claimed)))
    sets = percent_sets(case, rows)
    verdict = sets.verdict(partial(judge_percent_fall, claimed), advantage_of)
    leans = NEITHER
    net = sets.primary.oriented(advantage_of, 2)
    if verdict == UNRESOLVED and net is not None:
        leans = lean_of_percent_fall(claimed, net, sets.trusted.oriented(advantage_of, 1))
    fit = sets.primary.fit
    if fit is None or fit.k < MIN_TRIALS:
        return _too_few(case, sets, claimed, leans)
    table = fit.effects.table
    treated, control = (
        float(np.average(table[f"fall_{arm}"], weights=fit.weights)) for arm in "tc"
    )
    if case.names_form and leans not in _form_sides(table, case, claimed):
        leans = NEITHER
    return Ruling(
        verdict=verdict,
        leans=leans,
        answer=(
            f"In {in_words(fit.k)} trials scores {_verb(rows)} {brief(treated, 0)} % on"
            f" {case.treatment} and {brief(control, 0)} % without, {_settled(verdict, sets)}."
        ),
        details=sentences(
            f"{trials_text(sets.primary)} for both arms ({listed(fit.effects.labels, 6)}): the"
            f" gap, in percentage points, is {figures_text(sets.primary, 0)}; the claim says"
            f" {brief(claimed)} %",
            *heavy_clause(sets.primary, 0),
            *trusted_text(sets, case, 0),
            chosen_clause(case),
            form_clause(table, case),
            one_data_set(sets),
            *_benchmarks(case),
        ),
        **graded(case, fit),
        scale="net fall in percentage points",
        **figures(
            (claimed, claimed),
            (fit.estimate, fit.ci_low, fit.ci_high),
            ratio_of(Oriented(claimed, claimed, claimed), advantage_of(fit)),
        ),
        probability=advantage_of(fit).minus(claimed).probability_above,
        probability_of=f"the mean net fall reaches {brief(claimed)} %",
        k=fit.k,
        n_total=fit.n_total,
        used=rows[rows["result_id"].isin(table["result_id"])],
        left_out=sets.excluded,
        arms=table,
        depends_on=rests_on(sets, case),
        fit=fit,
        checks=partial(_check_table, case, rows),
    )


def _settled(verdict: str, sets: TrialSets) -> str:
    """Say what the two figures come to; none stands without the doubt about it."""
    fit = sets.primary.fit
    if verdict != UNRESOLVED and fit is not None:
        return f"a gap of {brief(fit.estimate, 0)} points"
    few = sets.trusted.k < MIN_TRIALS
    return "but too few can be trusted" if few else "which does not settle it"


def _verb(rows: pd.DataFrame) -> str:
    return "rose" if (rows["lower_is_better"] == "no").all() else "fell"


def _form_sides(table: pd.DataFrame, case: Case, claimed: float) -> set[str]:
    """Say on which sides the falls of the form of the question lie."""
    form = case.question.form
    if form is None:
        return set()
    falls = table.loc[form.own(table), "net"]
    return {FOR if fall >= HALF * claimed else AGAINST for fall in falls}


def _left_out(rows: pd.DataFrame, inside: tuple[str, ...]) -> pd.DataFrame:
    left = rows[~rows["study_id"].isin(inside)]
    reason = np.where(
        left["lower_is_better"].isna(),
        "nobody says whether lower is better",
        "does not give means at the start and the end in both arms with their spread",
    )
    columns = ["result_id", "study_id", "label", "reporting", "favours"]
    cluster = left["same_trial_as"].fillna(left["study_id"])
    return left[columns].assign(cluster=cluster, reason=reason).reset_index(drop=True)


def _too_few(case: Case, sets: TrialSets, claimed: float, leans: str) -> Ruling:
    """Say what the trials give where fewer than three give the falls of both arms."""
    rows, k, votes = sets.rows, sets.primary.k, sets.votes
    if votes.k == 1:
        answer = "Only one trial looked at this. One trial is too little to decide."
    elif k == 0:
        answer = "Trials looked at this, but none gives the change in percent of both groups."
    else:
        answer = f"Only {in_words(k)} of {in_words(votes.k)} trials gives both changes in percent."
    wider = ""
    if case.test.population:
        others = fitting_rows(replace(case.test, population=()), case.evidence)
        others = counted_rows(others, case.evidence)
        wider = f"in people of any kind, {votes_text(vote(others), case)}"
    fit = sets.primary.fit
    return Ruling(
        verdict=UNRESOLVED,
        leans=leans,
        answer=answer,
        details=sentences(
            f"{listed(case.outcomes, last='or')} in {listed(labels_of(rows), 6)}",
            said_by_trials(rows, case) if len(rows) <= FEW else votes_text(votes, case),
            *_own_units(case, rows),
            wider,
        ),
        **graded(case, fit),
        scale="net fall in percentage points",
        **figures((claimed, claimed)),
        used=rows,
        left_out=sets.excluded,
        arms=None if fit is None else fit.effects.table,
        k=k,
    )


def _own_units(case: Case, rows: pd.DataFrame) -> Iterator[str]:
    """Quote differences in units of their own, from which no percentage follows."""
    for row in case.lookup.records(rows):
        name, unit = row["label"], row["effect_unit"]
        if pd.notna(row["ci_low"]) and unit not in RATIO_UNITS and unit != "SMD":
            limits = f"{brief(row['ci_low'])} to {brief(row['ci_high'])}"
            yield (
                f"{name} found a difference of {brief(row['estimate'])} ({limits}) {unit}; what"
                " share of the starting level that is was not printed"
            )
        elif (
            row["result_type"] == "change"
            and pd.notna(row["mean_t"])
            and pd.notna(row["mean_c"])
            and pd.isna(row["base_mean_t"])
        ):
            top = row["scale_max"]
            scale = f" on a scale of {brief(top)}" if pd.notna(top) else ""
            yield (
                f"{name} found changes of {brief(row['mean_t'])} and {brief(row['mean_c'])}"
                f" {unit}{scale}; the starting score was not printed, so that no percentage follows"
            )


def _nearest(case: Case, claimed: float) -> Iterator[str]:
    """Show the percent falls of the nearest results, which are not what the claim is about."""
    rows = rows_by_id(case.test.wider_result_ids, case.evidence)
    changes = percent_change(rows).to_dict("records") if len(rows) else []
    for row, change in zip(case.lookup.records(rows), changes, strict=True):
        fall_t, fall_c = -change["percent_t"], -change["percent_c"]
        if pd.isna(fall_t) or pd.isna(fall_c):
            continue
        stratum, control = (words(str(row.get(name, ""))) for name in ("stratum", "control"))
        yield (
            f"nearest is {row['label']} ({stratum}; {row['instrument']}, week"
            f" {brief(row['time_weeks'])}): {brief(fall_t, 0)} % down on {case.treatment} and"
            f" {brief(fall_c, 0)} % on {control}, a gap of"
            f" {brief(fall_t - fall_c, 0)} points beside the {brief(claimed)} % of the claim"
        )


def _benchmarks(case: Case) -> Iterator[str]:
    by_what: dict[str, list[str]] = {}
    for row in benchmark_rows(case):
        value = str(row["estimate"])
        if pd.isna(row["estimate"]):
            value = span(row["ci_low"], row["ci_high"])
        by_what.setdefault(str(row["what"]), []).append(f"{value} %")
    parts = [f"{listed(values)} ({lower_first(what)})" for what, values in by_what.items()]
    if parts:
        yield f"for comparison: {listed(parts)}"


def _check_table(case: Case, rows: pd.DataFrame) -> pd.DataFrame:
    """Pool the net falls under other choices of trials."""
    facts = () if case.question.form is None else (case.question.form.column,)
    claimed = float(case.claim["claimed_value"])
    # every figure here comes from printed arms, and a percentage has no value at "no effect": the
    # checks that vary these two have nothing to vary
    found: list[Check] = []
    for analysis, part in [(PRIMARY, rows), *subsets(rows, case.question)]:
        fit = pooled_set(percent_falls(part, facts), case.evidence).fit
        # the same trials are pooled once
        found.append(Check(analysis=analysis, fit=fit, same=bool(found) and fit is found[0].fit))
    return table_of(found, partial(judge_percent_fall, claimed))


KINDS = {
    "percent_fall": Kind(
        words="that a score falls by so many percent",
        rule=percent_fall,
        needs=("outcome",),
        selects=fitting_rows,
        trusted=True,
        share=True,
    ),
}
