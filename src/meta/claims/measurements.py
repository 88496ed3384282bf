"""How far is a claimed share or ratio from what was measured?"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import isfinite, nan, sqrt
from typing import Any

import pandas as pd
from scipy import stats

from meta.claims.finding import Claim, Finding, only, ratio_of
from meta.claims.published import benchmark_rows, claimed_figures, records
from meta.claims.reasons import nobody
from meta.claims.selection import rows_by_id, select_rows
from meta.claims.tests import ClaimTest
from meta.claims.verdicts import (
    FAR,
    NO_TRIALS,
    SUPPORTED,
    UNRESOLVED,
    Interval,
    judge_measured,
)
from meta.claims.wording import (
    figure,
    listing,
    sentence,
    span,
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
        what = f"{self.what} " if self.what else ""
        return f"{what}{figure(self.value)}{unit}{limits} ({self.label})"


def measured(claim: Claim, test: ClaimTest, evidence: Evidence) -> Finding:
    """Judge a share or ratio against what was measured; methods are judged apart.

    A mean with its SD gives its t interval, a share of people its binomial one. A mean without an
    SD borrows the largest one that any human study of the outcome prints, and the answer says so.
    Ratios are set beside the range over studies.
    """
    unit = " %" if test.measure == "share" else ""
    if test.expect and (rows := select_rows(test, evidence)) is not None and rows.empty:
        found = nobody(test, evidence)
        return replace(found, reason=sentence(found.reason, _instead(test, evidence, unit)))
    measurements = _measurements(test, evidence)
    claimed = claimed_figures(claim, test)
    if claimed is None or not measurements:
        return Finding(verdict=NO_TRIALS, reason=sentence("no figure to compare"))
    by_method: dict[str, list[Measurement]] = {}
    for one in measurements:
        by_method.setdefault("" if test.measure == "ratio" else one.method, []).append(one)
    ranges = {name: _range(part) for name, part in by_method.items()}
    verdicts = {name: judge_measured(claimed, limits) for name, limits in ranges.items()}
    agree = len(set(verdicts.values())) == 1
    verdict = next(iter(verdicts.values())) if agree else UNRESOLVED
    low, high = min(r[0] for r in ranges.values()), max(r[1] for r in ranges.values())
    centre = only([one.value for one in measurements])
    holds, cross = _cross_check(claimed, verdict, test, evidence, unit)
    ends = [end for end in claimed if isfinite(end)]
    own = Interval(sum(ends) / len(ends), min(ends), max(ends))
    read = test.at_least is not None or test.at_most is not None
    ratio = (nan, nan, nan) if read else ratio_of(own, Interval(centre, low, high))
    assumed = list(dict.fromkeys(one.assumption for one in measurements if one.assumption))
    rows = rows_by_id(test.result_ids, evidence) if test.result_ids else pd.DataFrame()
    return Finding(
        verdict=verdict,
        reason=sentence(
            f"{test.reading or 'measured'}: {_shown(measurements, unit)}",
            _place(claimed, (low, high), verdict, verdicts, unit),
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
        k=len({one.label for one in measurements}),
        used=rows,
        holds=holds,
        depends_on=tuple(_rests_on(measurements, assumed)),
    )


def _instead(test: ClaimTest, evidence: Evidence, unit: str) -> str:
    """Show what was measured in place of what nobody measured."""
    if not test.wider_result_ids:
        return ""
    values = rows_by_id(test.wider_result_ids, evidence)["mean_t"].astype(float)
    return (
        f"read as a share of the magnesium itself, {len(values)} human measurements lie between"
        f" {figure(values.min())} and {figure(values.max())}{unit}"
    )


def _place(
    claimed: tuple[float, float],
    limits: tuple[float, float],
    verdict: str,
    verdicts: dict[str, str],
    unit: str,
) -> str:
    text = _claimed_text(claimed, unit)
    if len(set(verdicts.values())) > 1:
        parts = [f"{word} by {method}" for method, word in verdicts.items()]
        return f"{text} is {listing(parts)}"
    above, below = claimed[0] - limits[1], limits[0] - claimed[1]
    gap = max(above, below)
    if gap > 0:
        spread = limits[1] - limits[0]
        if spread == 0:
            return f"{text} lies elsewhere, but the figure is printed without a spread"
        points = " points" if unit.strip() == "%" else ""
        where = "above" if above > 0 else "below"
        far = "more than twice its width of" if gap > FAR * spread else "whose width is"
        return (
            f"{text} lies {figure(gap)}{points} {where} the measured range ({far}"
            f" {figure(spread)}{points})"
        )
    if all(map(isfinite, claimed)):
        return f"{text} meets it"
    whole = "all" if verdict == SUPPORTED else "a part only"
    return f"{whole} of it lies where the claim says, {span(*claimed)}{unit}"


def _shown(found: list[Measurement], unit: str) -> str:
    return listing([one.text(unit) for one in found])


def _people(rows: pd.DataFrame) -> str:
    """Say who was measured where it is one study of a few."""
    if rows.empty or len(set(rows["study_id"])) > 1 or pd.isna(rows["n_t"].iloc[0]):
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
        f"all {len(values)} human measurements of any form lie between {figure(limits[0])} and"
        f" {figure(limits[1])}{unit}, "
        + (
            "and the verdict is the same against them"
            if word == verdict
            else f"against which the claim is {word.replace('_', ' ')}"
        )
    )
    return ("yes" if word == verdict else "no"), text


def _measurements(test: ClaimTest, evidence: Evidence) -> list[Measurement]:
    if test.benchmark_ids:
        return [_from_benchmark(row) for row in benchmark_rows(test, evidence)]
    rows = rows_by_id(test.result_ids, evidence)
    if test.measure == "ratio":
        return [_ratio(row) for row in records(rows)]
    return [_share(row, evidence) for row in records(rows)]


def _number(value: object) -> float:
    return float(str(value)) if pd.notna(value) else nan  # type: ignore[call-overload]


def _from_benchmark(row: dict[str, Any]) -> Measurement:
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


def _ratio(row: dict[str, Any]) -> Measurement:
    value = _number(row["mean_t"]) / _number(row["mean_c"])
    return Measurement(
        label=str(row["label"]), what="", method="", value=value, low=value, high=value
    )


def _share(row: dict[str, Any], evidence: Evidence) -> Measurement:
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


def _claimed_text(claimed: tuple[float, float], unit: str) -> str:
    return f"the claimed {span(*claimed)}{unit}"
