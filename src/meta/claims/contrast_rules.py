"""What do trials say of a comparison: with a drug class, between forms, between kinds of people?"""

from __future__ import annotations

from functools import partial
from math import inf
from typing import Any

import numpy as np
import pandas as pd

from meta.claims.claim_rows import counted_rows, fitting_rows, labels_of, named_rows, rows_by_id
from meta.claims.how_sure import graded, measured_by
from meta.claims.kind import Kind
from meta.claims.reasons import (
    Z,
    benchmark_rows,
    chosen_clause,
    each_effect,
    figures_text,
    nobody,
    nobody_counts,
    trials_text,
    trusted_text,
)
from meta.claims.ruling import Case, Ruling, figures
from meta.claims.sensitivity import check_table
from meta.claims.trial_sets import TrialSet, advantage_of, rests_on, towards_benefit, trial_sets
from meta.claims.verdicts import (
    MIN_TRIALS,
    NEITHER,
    PRESERVED,
    UNRESOLVED,
    Oriented,
    judge_equivalence,
    judge_superiority,
    lean_of_equivalence,
)
from meta.effect_sizes.container import Effects
from meta.effect_sizes.measures import Measure, measure_of
from meta.errors import DataError
from meta.evidence.column_names import measure_named
from meta.synthesis.engine import tau2_estimate, weighted_fit
from meta.synthesis.models.pooled import Pooled
from meta.wording import (
    brief,
    counted,
    in_words,
    listed,
    lower_first,
    sentence,
    sentences,
    with_interval,
    words,
)

# so papers call a standardised mean difference
_STANDARDISED = ("effect size", "standardised effect size")
NO_COMPARISON = "No trial in these tables compared the two."


def equivalence(case: Case) -> Ruling:
    """Judge "as good as a drug class" through placebo.

    The difference is the treatment's advantage over placebo minus the drugs' own; its variance is
    the sum of both, taken with the degrees of freedom of the treatment's trials. Nothing else is
    known of how alike the two sets of trials are, so the interval is too narrow rather than too
    wide. Ratios are compared, and their margin halved, on the logarithmic scale.
    """
    measure = measure_of(case.test.measure)
    drug, drug_se, text = _drug(case, measure)
    fitting = fitting_rows(case.test, case.evidence)
    rows = counted_rows(fitting, case.evidence)
    if rows.empty:
        return nobody_counts(case, fitting, f"the drugs: {text}")
    found = trial_sets(case, rows)
    margin = PRESERVED * drug

    def oriented(fit: Pooled) -> Oriented:
        own = advantage_of(fit)
        return Oriented.around(own.estimate - drug, float(np.hypot(own.se, drug_se)), own.dof)

    verdict = found.verdict(partial(judge_equivalence, margin=margin), oriented)
    difference = found.primary.oriented(oriented, MIN_TRIALS)
    leans = NEITHER
    if verdict == UNRESOLVED and difference is not None:
        leans = lean_of_equivalence(difference, margin)
    fit = found.primary.fit
    shared: dict[str, Any] = {
        "verdict": verdict,
        "leans": leans,
        "answer": f"{NO_COMPARISON[:-1]}, and comparing each with placebo does not settle it."
        if verdict == UNRESOLVED
        else NO_COMPARISON,
        "used": rows if fit is None else fit.effects.table,
        "left_out": found.excluded,
        "k": found.primary.k,
        "depends_on": ("the indirect comparison through placebo", *rests_on(found, case)),
        "checks": partial(check_table, case, rows),
    } | graded(case, fit)
    details = [
        f"against placebo, {text}",
        ""
        if fit is None
        else f"against placebo, {case.treatment}: {trials_text(found.primary)},"
        f" {lower_first(fit.scale.label)} {figures_text(found.primary)}",
        *trusted_text(found, case),
        chosen_clause(case),
    ]
    if fit is None or difference is None:
        return Ruling(details=sentences(*details), **shared)
    read = measure.to_reader
    real = (read(difference.estimate), read(difference.low), read(difference.high))
    shown = with_interval(*real)
    within = (
        f"ratio of the two is {shown}; to be as good, all of it must lie between"
        f" {brief(read(-margin), 3)} and {brief(read(margin), 3)}"
        if measure.log
        else f"difference of the two is {shown}; to be as good, all of it must lie within"
        f" {brief(margin, 3)}"
    )
    against = "over" if measure.log else "minus"
    return Ruling(
        details=sentences(
            *details,
            f"the {within}, half of what the drugs do",
            "no difference found is not as good as" if verdict == UNRESOLVED else "",
        ),
        scale=f"{fit.scale.label}, advantage of {case.treatment} {against} that of the drugs",
        **figures((read(-margin), read(margin)), real),
        n_total=fit.n_total,
        fit=fit,
        **shared,
    )


def _drug(case: Case, measure: Measure) -> tuple[float, float, str]:
    """Return the drugs' advantage over placebo, its standard error (0 if unprinted), and words.

    Raises
    ------
    DataError
        If there are several yardsticks, or the one is of another measure than the trials.
    """
    row, *others = benchmark_rows(case)
    claim = case.test.claim_id
    if others:
        raise DataError(
            f"{claim}: {counted(len(others) + 1, 'yardstick')} for one comparison; name the one "
            "that the claim is about"
        )
    said = str(row["measure"])
    if measure.name not in (said, measure_named(said)) and not (
        measure.name == "SMD" and said in _STANDARDISED
    ):
        raise DataError(
            f"{claim}: the yardstick {row['benchmark_id']} is in {said!r} and the trials are "
            f"pooled as {measure.name}, which cannot be subtracted from each other; name a "
            "yardstick of that measure, or pool the trials in the measure of the yardstick"
        )
    printed = [float(row[name]) for name in ("estimate", "ci_low", "ci_high")]
    estimate, low, high = np.log(printed) if measure.log else printed
    what = f"{lower_first(str(row['what']))}, {row['measure']}"
    sizes = printed if measure.log else [abs(value) for value in printed]
    if np.isnan(low):
        return abs(estimate), 0.0, f"{what} {brief(sizes[0], 2)} ({row['citation']})"
    shown = with_interval(sizes[0], min(sizes[1:]), max(sizes[1:]))
    return abs(estimate), (high - low) / (2 * Z), f"{what} {shown} ({row['citation']})"


def head_to_head(case: Case) -> Ruling:
    """Judge "better than another form" from studies that gave both.

    One study of two forms decides nothing; what it found is quoted, figures and words.
    """
    fitting = named_rows(case.test, case.evidence)
    if fitting is None:
        return nobody(case)
    kept = counted_rows(fitting, case.evidence)
    if kept.empty:
        return nobody_counts(case, fitting)
    studies = labels_of(kept)
    sides = {str(side) for side in kept["favours"].dropna()}
    both = {"treated", "control"} <= sides
    found = "points both ways" if both else _WORDS_OF_SIDE[sides.pop() if len(sides) == 1 else ""]
    one = len(studies) == 1
    answer = f"{counted(len(studies), 'study', 'studies')} compared the two"
    first = kept.iloc[0]
    people = f"{int(first['n_t'])} people, " if one and pd.notna(first["n_t"]) else ""
    who = f"{studies[0]}: {people}{first['population']}" if one else listed(studies, 6)
    return Ruling(
        verdict=UNRESOLVED,
        answer=sentence(f"{answer} and {found}: too little to decide"),
        details=sentences(who, *[_compared(row) for row in case.lookup.records(kept)]),
        used=kept,
        k=kept["study_id"].nunique(),
        **measured_by(kept),
    )


_WORDS_OF_SIDE = {
    "treated": "favours the one named",
    "control": "favours the other",
    "neither": "found no difference",
    "not_stated": "does not say which is better",
    "": "does not say which is better",
}


def _compared(row: dict[str, Any]) -> str:
    """Write one result of a study of two forms: its figures if it has any, else its words."""
    name = f"{words(str(row['outcome']))}"
    unit = f" {row['effect_unit']}" if pd.notna(row["effect_unit"]) else ""
    if pd.notna(row["mean_t"]):
        return f"{name}: {row['arm_t']} {brief(float(str(row['mean_t'])))}{unit}"
    return f"{name}: “{row['reported_as']}”"


def effect_modification(case: Case) -> Ruling:
    """Judge "works better in these trials than in those" by a difference between two groups.

    Random-effects meta-regression on one indicator, REML, Knapp-Hartung with a variance factor of
    at least 1. It compares trials, not people: whatever else differs between them stands in the
    difference, too.
    """
    test = case.test
    fitting = fitting_rows(test, case.evidence)
    rows = counted_rows(fitting, case.evidence)
    if rows.empty:
        return nobody_counts(case, fitting)
    found = trial_sets(case, rows)
    fit = found.primary.fit
    shared: dict[str, Any] = {
        "left_out": found.excluded,
        "checks": partial(check_table, case, rows),
    }
    if fit is None:
        return Ruling(
            verdict=UNRESOLVED,
            answer="It was tested, but no trial gives a figure that we can use.",
            used=rows,
            **graded(case, None),
            **shared,
        )
    column, _, values = test.subgroup.partition("=")
    inside = fit.effects.table[column].isin(values.split("|")).to_numpy()
    groups = (fit.effects.subset(inside), fit.effects.subset(~inside))
    named = test.reading or f"trials of {listed(map(words, values.split('|')), last='or')}"
    small = min(group.k for group in groups)
    details = [
        f"{lower_first(fit.scale.label)}: {named} {_group(groups[0], fit)}; the others"
        f" {_group(groups[1], fit)}",
    ]
    about = "it compares trials that differ in much else, not people"
    within = [
        f"within one trial ({row['label']}): “{row['reported_as']}”"
        for row in case.lookup.records(rows_by_id(test.wider_result_ids, case.evidence))
    ]
    if small == 0 or fit.k < MIN_TRIALS + 1:
        return Ruling(
            verdict=UNRESOLVED,
            answer=_few_in_group(groups[0].k, fit.k),
            details=sentences(*details, chosen_clause(case), *within),
            used=fit.effects.table,
            k=fit.k,
            **graded(case, fit, case.mid),
            **shared,
        )
    difference = _difference(fit, inside)
    verdict = judge_superiority(difference, mid=case.mid) if small >= MIN_TRIALS else UNRESOLVED
    between = "a comparison between trials"
    why = (between, *graded(case, fit, case.mid)["certainty_why"])
    answer = {
        UNRESOLVED: "The two groups of trials cannot be told apart.",
    }.get(verdict, "The two groups of trials differ.")
    return Ruling(
        verdict=verdict,
        answer=_few_in_group(groups[0].k, fit.k) if small < MIN_TRIALS else answer,
        details=sentences(*details, _ahead(difference), chosen_clause(case), about, *within),
        scale=f"{fit.scale.label}, advantage of the group",
        **figures(real=difference.ends),
        k=fit.k,
        n_total=fit.n_total,
        used=fit.effects.table,
        depends_on=(between, *rests_on(found, case)),
        fit=fit,
        certainty="very low",
        certainty_why=why,
        **shared,
    )


def _few_in_group(inside: int, k: int) -> str:
    few = in_words(inside) if inside else "none"
    verb = "are" if inside > 1 else "is"
    return sentence(
        f"{few} of {in_words(k)} trials {verb} of the kind it names, too few to compare"
    )


def _ahead(difference: Oriented) -> str:
    """Say which side the first group is on, with a figure that is not below 0."""
    lead, word = (-difference, "behind") if difference.estimate < 0 else (difference, "ahead")
    return f"the first group is {word} by {with_interval(*lead.ends)}"


def _group(group: Effects, fit: Pooled) -> str:
    if group.k == 0:
        return "(none)"
    one = fit.refit(group)
    if group.k < MIN_TRIALS:
        return listed(each_effect(one))
    return f"{figures_text(TrialSet(fit=one))} in {counted(group.k, 'trial')}"


def _difference(fit: Pooled, inside: np.ndarray) -> Oriented:
    design = np.column_stack([np.ones(fit.k), inside.astype(float)])
    yi, vi = fit.effects.yi, fit.effects.vi
    tau2 = tau2_estimate(yi, vi, fit.tau2_method, design)
    found = weighted_fit(yi, vi, tau2, design, ci_method="HK-adhoc")
    dof = inf if found.dof is None else float(found.dof)
    slope = Oriented.around(float(found.beta[1]), float(np.sqrt(found.cov[1, 1])), dof)
    return towards_benefit(slope, fit.effects)


KINDS = {
    "equivalence": Kind(
        words="that it is as good as a drug",
        rule=equivalence,
        needs=("benchmark_ids",),
        selects=fitting_rows,
        pools=True,
        trusted=True,
    ),
    "effect_modification": Kind(
        words="for whom, or in which form, it works better",
        rule=effect_modification,
        needs=("subgroup", "expect"),
        selects=fitting_rows,
        pools=True,
    ),
    "head_to_head": Kind(
        words="that one form is better than another",
        rule=head_to_head,
        needs=("outcome",),
        selects=named_rows,
    ),
}
