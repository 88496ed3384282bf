"""How far is a claimed reference value, dose, prevalence or link from published figures?"""

from __future__ import annotations

from math import nan

import pandas as pd

from meta.claims.claim_rows import counted_rows, fitting_rows, named_rows, rows_by_id
from meta.claims.claim_test import ClaimTest
from meta.claims.how_sure import REFERENCE, SURVEYS, by_studies, measured_by
from meta.claims.kind import Kind
from meta.claims.reasons import benchmark_rows, nobody_counts, review_rows
from meta.claims.ruling import Case, Ruling, figures, only, ratio_of
from meta.claims.verdicts import (
    CONTRADICTED,
    MIN_TRIALS,
    NEITHER,
    OVERSTATED,
    SUPPORTED,
    UNRESOLVED,
    Oriented,
    judge_association,
    judge_prevalence,
    judge_reference,
    judge_threshold,
    judge_typical,
    lean_of_association,
)
from meta.evidence.tables import Evidence
from meta.wording import (
    brief,
    counted,
    in_words,
    listed,
    lower_first,
    sentences,
    span,
    with_interval,
)


def prevalence(case: Case) -> Ruling:
    """Judge a share of people below a cut-off that the claim does not name."""
    test, evidence = case.test, case.evidence
    rows = rows_by_id(test.result_ids, evidence)
    wider = rows_by_id(test.wider_result_ids, evidence)
    shares, others = ([float(value) for value in part["estimate"]] for part in (rows, wider))
    claimed = case.claimed
    value = None if claimed is None else claimed[1]
    every = [*shares, *others]
    verdict = judge_prevalence(value, shares, every)
    if value is None:
        answer = "The claim names no share that could be compared."
    elif verdict == UNRESOLVED:
        answer = f"It depends where “too low” begins: {span(min(shares), max(shares))} %"
        if others:
            answer += f" in such people, {span(min(others), max(others))} % in others"
        answer += "."
    elif verdict == SUPPORTED:
        answer = "Published shares agree with it."
    else:
        answer = f"Published shares say otherwise: {span(min(shares), max(shares))} %."
    said = Oriented(nan, nan, nan) if value is None else Oriented(value, value, value)
    measured = Oriented(only(shares), min(shares), max(shares))
    return Ruling(
        verdict=verdict,
        answer=answer,
        details=sentences(
            f"{test.reading}: {listed(_cut_offs(case, rows))}",
            f"in other people: {listed(_cut_offs(case, wider))}" if len(wider) else "",
            "" if value is None else f"claimed: {brief(value)} %",
        ),
        scale=test.reading,
        **figures((said.low, said.high), measured.ends, ratio_of(said, measured)),
        k=rows["study_id"].nunique(),
        used=rows,
        depends_on=("the cut-off",) if verdict == UNRESOLVED and value is not None else (),
        **by_studies(rows, SURVEYS),
    )


def _cut_offs(case: Case, rows: pd.DataFrame) -> list[str]:
    ordered = rows.sort_values("estimate", kind="stable")
    return [
        f"{brief(row['estimate'])} % ({row['label']}, {row['instrument']})"
        for row in case.lookup.records(ordered)
    ]


def threshold(case: Case) -> Ruling:
    """Judge a dose above which harm is said to begin against published upper levels."""
    levels = _levels(case)
    claimed = case.claimed
    value = None if claimed is None else claimed[0]
    values = sorted(set(levels.values()))
    unit = case.dose_unit
    verdict = judge_threshold(value, values)
    named = listed(f"{brief(level)} {unit} ({name})" for name, level in levels.items())
    rows = rows_by_id(case.test.result_ids, case.evidence)
    answer = {
        SUPPORTED: "Published upper levels say the same."
        if value is None
        else f"A published upper level is the same: {brief(value)} {unit.replace('/', ' a ')}.",
        UNRESOLVED: "Published upper levels differ, and the claim lies between them.",
        OVERSTATED: "Published upper levels are higher than that.",
        CONTRADICTED: "Published upper levels are lower than that.",
    }[verdict]
    return Ruling(
        verdict=verdict,
        answer=answer,
        details=sentences(
            f"published upper levels: {named}",
            f"people who had it: {listed(_events(rows, case))}" if len(rows) else "",
            case.test.reading,
        ),
        scale=unit,
        **figures(
            (nan, nan) if value is None else (value, value), (only(values), values[0], values[-1])
        ),
        k=rows["study_id"].nunique(),
        used=rows,
        certainty=REFERENCE,
    )


def _levels(case: Case) -> dict[str, float]:
    levels = {str(row["citation"]): float(row["estimate"]) for row in benchmark_rows(case)}
    for row in case.lookup.reviews:
        if row["review_id"] in case.test.review_ids:
            levels[str(row["label"])] = float(row["estimate"])
    return levels


def _events(rows: pd.DataFrame, case: Case) -> list[str]:
    texts: list[str] = []
    for row in case.lookup.records(rows):
        dose = row.get(case.question.dose)
        given = f" at {brief(float(str(dose)))} {case.dose_unit}" if pd.notna(dose) else ""
        against = ""
        if pd.notna(row["events_c"]) and pd.notna(row["n_c"]):
            control = row.get("control", "the control")
            against = f" against {int(row['events_c'])} of {int(row['n_c'])} on {control}"
        texts.append(
            f"{int(row['events_t'])} of {int(row['n_t'])} people with {row['instrument']}{given}"
            f"{against} ({row['label']})"
        )
    return texts


def dosed_rows(test: ClaimTest, evidence: Evidence) -> pd.DataFrame:
    """Choose results of trials whatever their allocation: a dose is a fact without it."""
    return fitting_rows(test, evidence, without="randomised")


def dose(case: Case) -> Ruling:
    """Judge "typical doses" by the doses that trials print."""
    fitting = dosed_rows(case.test, case.evidence)
    rows = counted_rows(fitting, case.evidence)
    claimed = case.claimed
    if rows.empty:
        return nobody_counts(case, fitting)
    if claimed is None:
        return Ruling(verdict=UNRESOLVED, answer="The claim names no dose.")
    column, unit = case.question.dose, case.dose_unit
    trials = rows[rows[column].notna()].drop_duplicates("study_id")
    values = [float(value) for value in trials[column]]
    verdict = judge_typical(values, *claimed)
    inside = sum(claimed[0] <= value <= claimed[1] for value in values)
    shown = [f"{row['label']} {brief(row[column])}" for row in case.lookup.records(trials)]
    many, used = counted(len(values), "trial"), in_words(inside) if inside else "none"
    answer = (
        f"Only {many} of that kind with a clear dose, too few to say."
        if verdict == UNRESOLVED
        else f"Of {many} with a clear dose, {used} used one in this range."
    )
    limits = [
        f"its upper end lies above {row['estimate']} {row['measure']}: {lower_first(row['what'])}"
        for row in benchmark_rows(case)
        if claimed[1] > float(row["estimate"])
    ]
    return Ruling(
        verdict=verdict,
        answer=answer,
        details=sentences(f"{listed(shown, 6)} {unit}" if shown else "", *limits),
        scale=unit,
        **figures(claimed, (only(values), min(values, default=nan), max(values, default=nan))),
        k=len(values),
        used=trials,
        **measured_by(trials),
    )


def reference_intake(case: Case) -> Ruling:
    """Judge a quoted reference intake against the published one."""
    rows = benchmark_rows(case)
    published = min(row["ci_low"] for row in rows), max(row["ci_high"] for row in rows)
    claimed = case.claimed
    if claimed is None:
        return Ruling(verdict=UNRESOLVED, answer="The claim names no figure.")
    unit = case.dose_unit
    parts = [f"{row['what']} {span(row['ci_low'], row['ci_high'])} {unit}" for row in rows]
    verdict = judge_reference(claimed, published)
    answer = {
        SUPPORTED: "That is the published figure.",
        OVERSTATED: "The published figure overlaps with it, but is not the same.",
    }.get(verdict, "The published figure is another.")
    return Ruling(
        verdict=verdict,
        answer=answer,
        details=sentences(
            f"published: {listed(parts)} ({rows[0]['citation']})",
            f"claimed: {span(*claimed)} {unit}",
        ),
        scale=unit,
        **figures(claimed, (nan, *published)),
        certainty=REFERENCE,
    )


def association(case: Case) -> Ruling:
    """Judge a link between too little and a state from the intervals of surveys.

    Ratios of little against enough (``result_ids``) lie above 1 if the link is as claimed, ratios
    of much against little (``wider_result_ids``) below 1; a published difference of levels (people
    with the state minus people without) below 0.
    """
    test = case.test
    sides, shown = [], []
    for ids, sign in ((test.result_ids, 1), (test.wider_result_ids, -1)):
        for row in case.lookup.records(rows_by_id(ids, case.evidence)):
            sides.append(sign * _side(row["ci_low"], row["ci_high"], 1.0))
            shown.append(
                f"{row['label']}, {row['instrument']}, {row['effect_unit']} "
                + with_interval(row["estimate"], row["ci_low"], row["ci_high"])
            )
    for row in review_rows(case):
        sides.append(-_side(row["ci_low"], row["ci_high"], 0.0))
        shown.append(
            f"{row['label']}, {row['comparison']}, {row['measure']} "
            + with_interval(row["estimate"], row["ci_low"], row["ci_high"], 3)
        )
    beside = [f"{row['what']}: {row['estimate']}" for row in benchmark_rows(case)]
    used = rows_by_id((*test.result_ids, *test.wider_result_ids), case.evidence)
    verdict = judge_association(sides)
    link = {SUPPORTED: "Surveys agree on the link", CONTRADICTED: "Surveys find the reverse"}
    says = link.get(
        verdict,
        f"{in_words(sides.count(1)).capitalize()} of {in_words(len(sides))} surveys find the link",
    )
    return Ruling(
        verdict=verdict,
        leans=lean_of_association(sides) if verdict == UNRESOLVED else NEITHER,
        answer=f"{says}; a link does not show that taking it helps.",
        details=sentences(
            listed(shown), f"beside them, without an interval: {listed(beside)}" if beside else ""
        ),
        k=used["study_id"].nunique(),
        used=used,
        certainty=SURVEYS,
    )


def _side(low: float, high: float, null: float) -> int:
    """Say on which side of the null an interval lies: 1 above, -1 below, 0 if it includes it."""
    return 1 if low > null else -1 if high < null else 0


def evidence_base(case: Case) -> Ruling:
    """Judge "hardly any data beyond so long" by the length of the trials."""
    claimed = float(case.claim["claimed_value"])
    weeks = claimed * 52 / 12
    trials = case.evidence.trials
    trials = trials[(trials["randomised"] == "yes") & trials["duration_weeks"].notna()]
    length = trials["duration_weeks"].astype(str).str.rsplit("-", n=1).str[-1].astype(float)
    longer = int((length > weeks).sum())
    longest = trials["label"].iloc[int(length.argmax())]
    few = longer < MIN_TRIALS
    form, own = case.question.form, ""
    if form is not None and form.own(trials).any():
        own = f", the longest with {form.label} {brief(length[form.own(trials)].max())}"
    return Ruling(
        verdict=SUPPORTED if few else UNRESOLVED,
        answer=(
            f"{'None' if not longer else in_words(longer).capitalize()} of {len(trials)} randomised"
            f" trials lasted longer than {brief(claimed)} months."
        ),
        details=sentences(
            f"{brief(claimed)} months are {brief(weeks, 0)} weeks; the longest trial lasted"
            f" {brief(length.max())} weeks ({longest}){own}"
        ),
        scale="weeks",
        **figures((weeks, weeks), (length.max(), length.min(), length.max())),
        k=len(trials),
        used=trials,
        certainty="a count of trials",
    )


KINDS = {
    "prevalence": Kind(
        words="how many people are affected",
        rule=prevalence,
        needs=("result_ids",),
        selects=named_rows,
        share=True,
    ),
    "threshold": Kind(
        words="from which dose harm begins", rule=threshold, needs=("benchmark_ids", "review_ids")
    ),
    "dose": Kind(
        words="which doses are usual", rule=dose, needs=("form", "outcome"), selects=dosed_rows
    ),
    "reference_intake": Kind(
        words="a recommended intake", rule=reference_intake, needs=("benchmark_ids",)
    ),
    "association": Kind(
        words="that two things go together",
        rule=association,
        needs=("result_ids",),
        selects=named_rows,
    ),
    "evidence_base": Kind(
        words="how much evidence there is", rule=evidence_base, needs=("reading",)
    ),
}
