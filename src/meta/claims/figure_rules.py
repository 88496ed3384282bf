"""How far is a claimed share, ratio, dose or reference value from what was measured or published?"""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite, nan, sqrt

import pandas as pd
from scipy import stats

from meta.claims.finding import Claim, Finding, ratio_of
from meta.claims.selection import rows_by_id, select_rows
from meta.claims.tests import ClaimTest
from meta.claims.trial_rules import nobody
from meta.claims.verdicts import (
    MIN_TRIALS,
    NO_TRIALS,
    SUPPORTED,
    UNRESOLVED,
    Interval,
    claimed_range,
    judge_association,
    judge_measured,
    judge_prevalence,
    judge_reference,
    judge_threshold,
    judge_typical,
)
from meta.claims.wording import (
    counted,
    figure,
    listing,
    plain_list,
    sentence,
    span,
    with_interval,
    words,
)
from meta.evidence.tables import Evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """One measured figure with its range."""

    label: str
    what: str
    method: str
    value: float
    low: float
    high: float
    assumption: str = ""

    def text(self, unit: str) -> str:
        """Write it with its study."""
        limits = f", {span(self.low, self.high)}" if self.high > self.low else ""
        return f"{self.what} {figure(self.value)}{unit}{limits} ({self.label})"


def _claimed(claim: Claim, test: ClaimTest) -> tuple[float, float] | None:
    names = ("claimed_value", "claimed_low", "claimed_high")
    figures = [None if pd.isna(claim[name]) else float(claim[name]) for name in names]
    return claimed_range(*figures, at_least=test.at_least, at_most=test.at_most)


def _claimed_text(claimed: tuple[float, float], unit: str) -> str:
    return f"the claimed {span(*claimed)}{unit}"


def measured(claim: Claim, test: ClaimTest, evidence: Evidence) -> Finding:
    """Judge a share or ratio against what was measured; methods are judged apart.

    A mean with its SD gives its t interval, a share of people its binomial one. A mean without an
    SD borrows the largest one that any human study of the outcome prints, and the answer says so.
    Ratios are set beside the range over studies.
    """
    if test.expect and (rows := select_rows(test, evidence)) is not None and rows.empty:
        return nobody(test, evidence)
    unit = " %" if test.measure == "share" else ""
    found = _measurements(test, evidence)
    claimed = _claimed(claim, test)
    if claimed is None or not found:
        return Finding(verdict=NO_TRIALS, reason=sentence("no figure to compare"))
    by_method: dict[str, list[Measurement]] = {}
    for one in found:
        by_method.setdefault("" if test.measure == "ratio" else one.method, []).append(one)
    ranges = {name: _range(part) for name, part in by_method.items()}
    verdicts = {name: judge_measured(claimed, limits) for name, limits in ranges.items()}
    agree = len(set(verdicts.values())) == 1
    verdict = next(iter(verdicts.values())) if agree else UNRESOLVED
    low, high = min(r[0] for r in ranges.values()), max(r[1] for r in ranges.values())
    centre = sum(one.value for one in found) / len(found)
    holds, cross = _cross_check(claimed, verdict, test, evidence, unit)
    ends = [end for end in claimed if isfinite(end)]
    own = Interval(sum(ends) / len(ends), min(ends), max(ends))
    ratio = ratio_of(own, Interval(centre, low, high)) if test.at_least is None else (nan,) * 3
    assumed = list(dict.fromkeys(one.assumption for one in found if one.assumption))
    rows = rows_by_id(test.result_ids, evidence) if test.result_ids else pd.DataFrame()
    return Finding(
        verdict=verdict,
        reason=sentence(
            f"{test.reading}: {_shown(found, unit)}" if test.reading else _shown(found, unit),
            _place(claimed, (low, high), verdict, agree, unit),
            _people(rows),
            f"assumed: {listing(assumed)}" if assumed else "",
            cross,
        ),
        scale=test.reading or words(test.measure),
        claimed_low=own.low,
        claimed_high=own.high,
        estimate=centre,
        ci_low=low,
        ci_high=high,
        ratio=ratio[0],
        ratio_low=ratio[1],
        ratio_high=ratio[2],
        k=len({one.label for one in found}),
        used=rows,
        holds=holds,
        depends_on=tuple(_rests_on(found, assumed)),
    )


def _shown(found: list[Measurement], unit: str) -> str:
    return listing([one.text(unit) for one in found])


def _place(
    claimed: tuple[float, float], limits: tuple[float, float], verdict: str, agree: bool, unit: str
) -> str:
    text = _claimed_text(claimed, unit)
    if not agree:
        return f"{text} fits by one method of measuring and not by another"
    gap = max(claimed[0] - limits[1], limits[0] - claimed[1])
    if gap > 0:
        spread = limits[1] - limits[0]
        if spread == 0:
            return f"{text} lies elsewhere, but the figure is printed without a spread"
        return f"{text} lies {figure(gap)} beyond the measured range, which is {figure(spread)} wide"
    return f"{text} {'meets it' if verdict == SUPPORTED else 'is met by a part of it only'}"


def _people(rows: pd.DataFrame) -> str:
    """Say who was measured where it is one study of a few."""
    if rows.empty or rows["study_id"].nunique() > 1 or pd.isna(rows["n_t"].iloc[0]):
        return ""
    return f"measured in {int(rows['n_t'].iloc[0]):,} people ({rows['population'].iloc[0]})"


def _rests_on(found: list[Measurement], assumed: list[str]) -> list[str]:
    labels = list(dict.fromkeys(one.label for one in found))
    return [*([f"one study ({labels[0]})"] if len(labels) == 1 else []), *assumed]


def _range(found: list[Measurement]) -> tuple[float, float]:
    return min(one.low for one in found), max(one.high for one in found)


def _cross_check(
    claimed: tuple[float, float], verdict: str, test: ClaimTest, evidence: Evidence, unit: str
) -> tuple[str, str]:
    """Judge again with every wider measurement, by its value alone."""
    if not test.wider_result_ids:
        return "", ""
    rows = rows_by_id((*test.result_ids, *test.wider_result_ids), evidence)
    values = [float(value) for value in rows["mean_t"]]
    limits = min(values), max(values)
    word = judge_measured(claimed, limits)
    text = (
        f"all {len(values)} human measurements of any form lie between {span(*limits)}{unit}, "
        + (
            "and the verdict is the same against them"
            if word == verdict
            else f"against which the claim is {word.replace('_', ' ')}"
        )
    )
    return ("yes" if word == verdict else "no"), text


def _measurements(test: ClaimTest, evidence: Evidence) -> list[Measurement]:
    if test.benchmark_ids:
        table = evidence.benchmarks.set_index("benchmark_id", drop=False)
        return [_from_benchmark(row) for row in _records(table.loc[list(test.benchmark_ids)])]
    rows = rows_by_id(test.result_ids, evidence)
    if test.measure == "ratio":
        return [_ratio(row) for row in _records(rows)]
    return [_share(row, evidence) for row in _records(rows)]


def _records(frame: pd.DataFrame) -> list[dict[str, object]]:
    return [{str(k): v for k, v in row.items()} for row in frame.to_dict("records")]


def _number(value: object) -> float:
    return float(str(value)) if pd.notna(value) else nan  # type: ignore[call-overload]


def _from_benchmark(row: dict[str, object]) -> Measurement:
    low, high = _number(row["ci_low"]), _number(row["ci_high"])
    value = _number(row["estimate"])
    if not isfinite(value):
        value = (low + high) / 2
    if not isfinite(low):
        low = high = value
    return Measurement(
        label=str(row["citation"]),
        what=str(row["what"]),
        method="published",
        value=value,
        low=low,
        high=high,
    )


def _ratio(row: dict[str, object]) -> Measurement:
    value = _number(row["mean_t"]) / _number(row["mean_c"])
    return Measurement(
        label=str(row["label"]), what="", method="", value=value, low=value, high=value
    )


def _share(row: dict[str, object], evidence: Evidence) -> Measurement:
    value, n, sd = (_number(row[name]) for name in ("mean_t", "n_t", "sd_t"))
    common = {"label": str(row["label"]), "method": str(row["instrument"])}
    if not isfinite(value):
        value = _number(row["estimate"])
        share = value / 100
        half = 100 * 1.96 * sqrt(share * (1 - share) / n)
        return Measurement(what="", value=value, low=value - half, high=value + half, **common)
    what = str(row["arm_t"])
    assumption = ""
    if not isfinite(sd) and isfinite(n):
        sd = _largest_sd(str(row["outcome"]), evidence)
        assumption = (
            f"a standard deviation of {figure(sd)} where none is printed, the largest of any human"
            " study of this outcome"
        )
    if not isfinite(n) or not isfinite(sd):
        return Measurement(what=what, value=value, low=value, high=value, **common)
    half = float(stats.t.ppf(0.975, n - 1)) * sd / sqrt(n)
    return Measurement(
        what=what, value=value, low=value - half, high=value + half, assumption=assumption, **common
    )


def _largest_sd(outcome: str, evidence: Evidence) -> float:
    rows = evidence.results
    human = rows[(rows["outcome"] == outcome) & (rows["stratum"] != "animal")]
    return float(human["sd_t"].max())


def prevalence(claim: Claim, test: ClaimTest, evidence: Evidence) -> Finding:
    """Judge a share of people below a cut-off that the claim does not name."""
    rows = rows_by_id(test.result_ids, evidence)
    shares = [float(value) for value in rows["estimate"]]
    claimed = _claimed(claim, test)
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
    mean = Interval(sum(shares) / len(shares), min(shares), max(shares))
    ratio = ratio_of(own, mean)
    return Finding(
        verdict=verdict,
        reason=sentence(f"{test.reading}: {listing(shown)}", place, beside),
        scale=test.reading,
        claimed_low=own.low,
        claimed_high=own.high,
        estimate=mean.estimate if verdict != UNRESOLVED else nan,
        ci_low=mean.low,
        ci_high=mean.high,
        ratio=ratio[0] if verdict != UNRESOLVED else nan,
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
    claimed = _claimed(claim, test)
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
        ),
        scale="mg/day of elemental magnesium from supplements",
        claimed_low=nan if value is None else value,
        claimed_high=nan if value is None else value,
        estimate=values[0] if len(values) == 1 else nan,
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
    claimed = _claimed(claim, test)
    if claimed is None:
        return Finding(verdict=UNRESOLVED, reason=sentence("the claim names no dose"))
    verdict = judge_typical(values, *claimed)
    inside = sum(claimed[0] <= value <= claimed[1] for value in values)
    shown = [f"{row['label']} {figure(row['elemental_mg_day'])}" for row in trials.to_dict("records")]
    table = evidence.benchmarks.set_index("benchmark_id")
    limits = [
        f"its upper end lies above {table.loc[name, 'estimate']} mg/day, the US upper level for"
        " supplements"
        for name in test.benchmark_ids
        if claimed[1] > float(str(table.loc[name, "estimate"]))
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
        estimate=sum(values) / len(values) if values else nan,
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
    claimed = _claimed(claim, test)
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
        estimate=(published[0] + published[1]) / 2,
        ci_low=published[0],
        ci_high=published[1],
    )


def association(claim: Claim, test: ClaimTest, evidence: Evidence) -> Finding:
    """Judge a link between little magnesium and a state from the intervals of surveys.

    Ratios of a comparison of little against enough lie above 1 if the link is as claimed; the rows
    of a comparison of much against little (an estimate of high intake) below 1.
    """
    rows = rows_by_id(test.result_ids, evidence)
    sides, shown = [], []
    for row in rows.to_dict("records"):
        # comparisons of little intake name the exposure; the other surveys compare much with little
        sign = 1 if "below" in row["instrument"] or "<" in row["instrument"] else -1
        side = 1 if row["ci_low"] > 1 else -1 if row["ci_high"] < 1 else 0
        sides.append(sign * side)
        shown.append(
            f"{row['label']}, {row['instrument']}, {row['effect_unit']} "
            + with_interval(row["estimate"], row["ci_low"], row["ci_high"])
        )
    reviews = evidence.reviews
    for row in reviews[
        reviews["review_id"].isin(test.review_ids) & reviews["outcome"].isin(test.outcome)
    ].to_dict("records"):
        if pd.notna(row["ci_low"]):
            sides.append(-1 if row["ci_low"] > 0 else 1 if row["ci_high"] < 0 else 0)
            shown.append(
                f"{row['label']}, {row['comparison']}, {row['measure']} "
                + with_interval(row["estimate"], row["ci_low"], row["ci_high"], 3)
            )
    verdict = judge_association(sides)
    agree = sides.count(1)
    return Finding(
        verdict=verdict,
        reason=sentence(
            f"{agree} of {len(sides)} published intervals lie on the side of the claim:"
            f" {listing(shown)}",
            "a link in surveys is no effect of taking magnesium",
        ),
        k=len(sides),
        used=rows,
    )


def evidence_base(claim: Claim, test: ClaimTest, evidence: Evidence) -> Finding:
    """Judge "hardly any data beyond so long" by the length of the trials."""
    weeks = float(claim["claimed_value"]) * 52 / 12
    trials = evidence.trials
    trials = trials[(trials["randomised"] == "yes") & trials["duration_weeks"].notna()]
    length = trials["duration_weeks"].astype(str).str.rsplit("-", n=1).str[-1].astype(float)
    longer = int((length > weeks).sum())
    own = length[trials["mg_form"] == "glycinate"]
    longest = trials.loc[length.idxmax(), "label"]
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


