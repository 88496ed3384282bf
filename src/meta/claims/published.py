"""How far is a claimed reference value, dose, prevalence or link from published figures?"""

from __future__ import annotations

from math import nan
from typing import Any

import pandas as pd

from meta.claims.finding import Claim, Finding, only, ratio_of
from meta.claims.reasons import nobody
from meta.claims.selection import rows_by_id, select_rows
from meta.claims.tests import ClaimTest
from meta.claims.verdicts import (
    MIN_TRIALS,
    SUPPORTED,
    UNRESOLVED,
    Interval,
    claimed_range,
    judge_association,
    judge_prevalence,
    judge_reference,
    judge_threshold,
    judge_typical,
)
from meta.claims.wording import (
    counted,
    figure,
    listing,
    lower_first,
    plain_list,
    sentence,
    span,
    with_interval,
    words,
)
from meta.evidence.tables import Evidence


def claimed_figures(claim: Claim, test: ClaimTest) -> tuple[float, float] | None:
    """Return what a claim covers, in figures; None if it names none."""
    figures: dict[str, float | None] = {
        name: None if pd.isna(claim[f"claimed_{name}"]) else float(claim[f"claimed_{name}"])
        for name in ("value", "low", "high")
    }
    return claimed_range(**figures, at_least=test.at_least, at_most=test.at_most)


def benchmark_rows(test: ClaimTest, evidence: Evidence) -> list[dict[str, Any]]:
    """Return the yardsticks of a test, in its order."""
    table = evidence.benchmarks.set_index("benchmark_id", drop=False)
    return records(table.loc[list(test.benchmark_ids)])


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a table as mappings."""
    return [{str(k): v for k, v in row.items()} for row in frame.to_dict("records")]


def prevalence(claim: Claim, test: ClaimTest, evidence: Evidence) -> Finding:
    """Judge a share of people below a cut-off that the claim does not name."""
    rows = rows_by_id(test.result_ids, evidence)
    shares = [float(value) for value in rows["estimate"]]
    claimed = claimed_figures(claim, test)
    value = None if claimed is None else claimed[1]
    verdict = judge_prevalence(value, shares)
    shown = _cut_offs(rows)
    if value is None:
        place = "the claim names no share that could be met or missed"
    elif min(shares) <= value <= max(shares):
        place = f"{figure(value)} % lies between them, so that the cut-off decides"
    else:
        place = f"{figure(value)} % lies beyond all of them"
    beside = ""
    if test.wider_result_ids:
        wider = rows_by_id(test.wider_result_ids, evidence)
        beside = f"in unselected people: {listing(_cut_offs(wider))}"
    own = Interval(nan, nan, nan) if value is None else Interval(value, value, value)
    measured = Interval(only(shares), min(shares), max(shares))
    ratio = ratio_of(own, measured)
    return Finding(
        verdict=verdict,
        reason=sentence(f"{test.reading}: {listing(shown)}", place, beside),
        scale=test.reading,
        claimed_low=own.low,
        claimed_high=own.high,
        estimate=measured.estimate,
        ci_low=measured.low,
        ci_high=measured.high,
        ratio=ratio[0],
        ratio_low=ratio[1],
        ratio_high=ratio[2],
        k=rows["study_id"].nunique(),
        used=rows,
        depends_on=("the cut-off",) if verdict == UNRESOLVED and value is not None else (),
    )


def _cut_offs(rows: pd.DataFrame) -> list[str]:
    ordered = rows.sort_values("estimate", kind="stable")
    return [
        f"{figure(row['estimate'])} % ({row['label']}, {row['instrument']})"
        for row in ordered.to_dict("records")
    ]


def threshold(claim: Claim, test: ClaimTest, evidence: Evidence) -> Finding:
    """Judge a dose above which harm is said to begin against published upper levels."""
    levels = _levels(test, evidence)
    claimed = claimed_figures(claim, test)
    value = None if claimed is None else claimed[0]
    values = sorted(set(levels.values()))
    verdict = judge_threshold(value, values)
    named = listing([f"{figure(level)} mg/day ({name})" for name, level in levels.items()])
    if value is None:
        place = "that doses above a level can do so is what these levels say"
    elif value in values:
        place = f"{figure(value)} mg/day is one of them"
    elif value < values[0]:
        place = f"{figure(value)} mg/day is below all of them"
    elif value > values[-1]:
        place = f"{figure(value)} mg/day is above all of them"
    else:
        place = f"{figure(value)} mg/day lies between them"
    rows = rows_by_id(test.result_ids, evidence) if test.result_ids else pd.DataFrame()
    return Finding(
        verdict=verdict,
        reason=sentence(
            f"published upper levels for magnesium from supplements: {named}",
            place,
            f"counted: {listing(_events(rows))}" if len(rows) else "",
            test.reading,
        ),
        scale="mg/day of elemental magnesium from supplements",
        claimed_low=nan if value is None else value,
        claimed_high=nan if value is None else value,
        estimate=only(values),
        ci_low=values[0],
        ci_high=values[-1],
        k=0 if rows.empty else rows["study_id"].nunique(),
        used=rows,
    )


def _levels(test: ClaimTest, evidence: Evidence) -> dict[str, float]:
    levels: dict[str, float] = {}
    if test.benchmark_ids:
        table = evidence.benchmarks.set_index("benchmark_id")
        for name in test.benchmark_ids:
            levels[str(table.loc[name, "citation"])] = float(str(table.loc[name, "estimate"]))
    reviews = evidence.reviews
    for row in reviews[reviews["review_id"].isin(test.review_ids)].to_dict("records"):
        levels[str(row["label"])] = float(row["estimate"])
    return levels


def _events(rows: pd.DataFrame) -> list[str]:
    texts = []
    for row in rows.to_dict("records"):
        dose = row["elemental_mg_day"]
        given = f" at {figure(dose)} mg/day" if pd.notna(dose) else f" on {words(row['mg_form'])}"
        against = ""
        if pd.notna(row["events_c"]) and pd.notna(row["n_c"]):
            against = f" against {int(row['events_c'])} of {int(row['n_c'])} on {row['control']}"
        texts.append(
            f"{int(row['events_t'])} of {int(row['n_t'])} people with {row['instrument']}{given}"
            f"{against} ({row['label']})"
        )
    return texts


def dose(claim: Claim, test: ClaimTest, evidence: Evidence) -> Finding:
    """Judge "typical doses" by the doses that trials print."""
    rows = select_rows(test, evidence)
    if rows is None or rows.empty:
        return nobody(test, evidence)
    trials = rows[rows["elemental_mg_day"].notna()].drop_duplicates("study_id")
    values = [float(value) for value in trials["elemental_mg_day"]]
    claimed = claimed_figures(claim, test)
    if claimed is None:
        return Finding(verdict=UNRESOLVED, reason=sentence("the claim names no dose"))
    verdict = judge_typical(values, *claimed)
    inside = sum(claimed[0] <= value <= claimed[1] for value in values)
    shown = [
        f"{row['label']} {figure(row['elemental_mg_day'])}" for row in trials.to_dict("records")
    ]
    limits = [
        f"its upper end lies above {row['estimate']} {row['measure']}: {lower_first(row['what'])}"
        for row in benchmark_rows(test, evidence)
        if claimed[1] > float(row["estimate"])
    ]
    return Finding(
        verdict=verdict,
        reason=sentence(
            f"{inside} of {counted(len(values), 'controlled trial')} of"
            f" {listing(test.mg_form, 'or') or 'magnesium'} that print an elemental dose used one"
            f" of {span(*claimed)} mg/day ({plain_list(shown)} mg/day)",
            *limits,
        ),
        scale="mg/day of elemental magnesium",
        claimed_low=claimed[0],
        claimed_high=claimed[1],
        estimate=only(values),
        ci_low=min(values, default=nan),
        ci_high=max(values, default=nan),
        k=len(values),
        used=trials,
    )


def reference_intake(claim: Claim, test: ClaimTest, evidence: Evidence) -> Finding:
    """Judge a quoted reference intake against the published one."""
    table = evidence.benchmarks.set_index("benchmark_id", drop=False)
    rows = table.loc[list(test.benchmark_ids)]
    published = float(rows["ci_low"].min()), float(rows["ci_high"].max())
    claimed = claimed_figures(claim, test)
    if claimed is None:
        return Finding(verdict=UNRESOLVED, reason=sentence("the claim names no figure"))
    parts = [
        f"{row['what']} {span(row['ci_low'], row['ci_high'])} mg/day"
        for row in rows.to_dict("records")
    ]
    source = rows["citation"].iloc[0]
    return Finding(
        verdict=judge_reference(claimed, published),
        reason=sentence(
            f"published: {listing(parts)} ({source}); claimed: {span(*claimed)} mg/day"
        ),
        scale="mg/day",
        claimed_low=claimed[0],
        claimed_high=claimed[1],
        ci_low=published[0],
        ci_high=published[1],
    )


def association(_claim: Claim, test: ClaimTest, evidence: Evidence) -> Finding:
    """Judge a link between little magnesium and a state from the intervals of surveys.

    Ratios of little against enough (``result_ids``) lie above 1 if the link is as claimed, ratios
    of much against little (``wider_result_ids``) below 1; a published difference of levels (people
    with the state minus people without) below 0.
    """
    sides, shown = [], []
    for ids, sign in ((test.result_ids, 1), (test.wider_result_ids, -1)):
        for row in rows_by_id(ids, evidence).to_dict("records"):
            sides.append(sign * _side(row["ci_low"], row["ci_high"], 1.0))
            shown.append(
                f"{row['label']}, {row['instrument']}, {row['effect_unit']} "
                + with_interval(row["estimate"], row["ci_low"], row["ci_high"])
            )
    reviews = evidence.reviews
    chosen = reviews[
        reviews["review_id"].isin(test.review_ids)
        & reviews["outcome"].isin(test.outcome)
        & reviews["ci_low"].notna()
    ]
    for row in chosen.to_dict("records"):
        sides.append(-_side(row["ci_low"], row["ci_high"], 0.0))
        shown.append(
            f"{row['label']}, {row['comparison']}, {row['measure']} "
            + with_interval(row["estimate"], row["ci_low"], row["ci_high"], 3)
        )
    against = [f"{row['what']}: {row['estimate']}" for row in benchmark_rows(test, evidence)]
    used = rows_by_id((*test.result_ids, *test.wider_result_ids), evidence)
    return Finding(
        verdict=judge_association(sides),
        reason=sentence(
            f"{sides.count(1)} of {len(sides)} published intervals lie on the side of the claim:"
            f" {listing(shown)}",
            f"beside them, without an interval: {listing(against)}" if against else "",
            "a link in surveys is no effect of taking magnesium",
        ),
        k=used["study_id"].nunique(),
        used=used,
    )


def _side(low: float, high: float, null: float) -> int:
    """Say on which side of the null an interval lies: 1 above, -1 below, 0 if it includes it."""
    return 1 if low > null else -1 if high < null else 0


def evidence_base(claim: Claim, _test: ClaimTest, evidence: Evidence) -> Finding:
    """Judge "hardly any data beyond so long" by the length of the trials."""
    weeks = float(claim["claimed_value"]) * 52 / 12
    trials = evidence.trials
    trials = trials[(trials["randomised"] == "yes") & trials["duration_weeks"].notna()]
    length = trials["duration_weeks"].astype(str).str.rsplit("-", n=1).str[-1].astype(float)
    longer = int((length > weeks).sum())
    own = length[trials["mg_form"] == "glycinate"]
    longest = trials["label"].iloc[int(length.argmax())]
    few = longer < MIN_TRIALS
    return Finding(
        verdict=SUPPORTED if few else UNRESOLVED,
        reason=sentence(
            f"{longer if longer else 'none'} of {len(trials)} randomised trials that print their"
            f" length lasted longer than {figure(claim['claimed_value'])} months"
            f" ({figure(weeks)} weeks)",
            f"the longest lasted {figure(length.max())} weeks ({longest}), the longest with"
            f" glycinate {figure(own.max())}",
        ),
        scale="weeks",
        claimed_low=weeks,
        claimed_high=weeks,
        estimate=float(length.max()),
        ci_low=float(length.min()),
        ci_high=float(length.max()),
        k=len(trials),
        used=trials,
    )
