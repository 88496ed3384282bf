"""How far is a claimed share or ratio from what was measured?"""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite, nan, sqrt
from typing import Any

import pandas as pd
from scipy.special import stdtrit

from meta.claims.claim_rows import fitting_rows, no_rows, rows_by_id
from meta.claims.claim_test import ClaimTest
from meta.claims.how_sure import HowSure, measured_by
from meta.claims.kind import Kind
from meta.claims.reasons import benchmark_rows, nobody
from meta.claims.ruling import Case, Ruling, figures, only, ratio_of
from meta.claims.verdicts import (
    CONTRADICTED,
    OVERSTATED,
    SUPPORTED,
    Oriented,
    judge_measured,
)
from meta.evidence.tables import Evidence
from meta.wording import brief, counted, listed, sentences, span, words

_PUBLISHED = HowSure(certainty="published figures", certainty_why=())
# a description of people that is longer stands behind the first sentence
MOST_OF_PEOPLE = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """One measured figure: a point, or with the limits that its printed spread allows."""

    label: str
    what: str
    method: str
    value: float
    low: float
    high: float

    def text(self, unit: str) -> str:
        """Write it with its method and its study."""
        limits = f", {span(self.low, self.high)}" if self.high > self.low else ""
        what = f"{self.what}: " if self.what else ""
        method = f" by {self.method}" if self.method else ""
        return f"{what}{brief(self.value)}{unit}{limits}{method} ({self.label})"


def measured(case: Case) -> Ruling:
    """Judge a share or ratio by :func:`meta.claims.verdicts.judge_measured`.

    A mean with its SD has its t interval, a share of people its binomial one. A mean without an SD
    is a point: no spread is borrowed for it.
    """
    test = case.test
    unit = " %" if test.measure == "share" else ""
    wider = _values(test.wider_result_ids, case, unit)
    if test.expect and fitting_rows(test, case.evidence).empty:
        instead = "" if not wider else f"what was measured: {_range_text(wider, unit)}"
        return nobody(case, instead, study="study")
    own = _own(case, unit)
    claimed = case.claimed
    if claimed is None or not (own or wider):
        return nobody(case, study="study")
    every = [one.value for one in (*own, *wider)]
    verdict = judge_measured(
        claimed, [(one.low, one.high) for one in own], every, ratio=test.measure == "ratio"
    )
    rows = _rows(case)
    taken = own or wider
    real = Oriented(
        only([one.value for one in own]),
        min(one.low for one in taken),
        max(one.high for one in taken),
    )
    ends = [end for end in claimed if isfinite(end)]
    said = Oriented(sum(ends) / len(ends), min(ends), max(ends))
    ratio = ratio_of(said, real) if len(ends) == 2 else (nan, nan, nan)
    return Ruling(
        verdict=verdict,
        answer=_answer(verdict, own, rows, unit),
        details=sentences(
            test.reading,
            f"measured: {listed(one.text(unit) for one in own)}" if own else "",
            f"claimed: {span(*claimed)}{unit}",
            f"every human measurement of any form: {_range_text([*own, *wider], unit)}"
            if wider
            else "",
            _same_study(own, wider, unit),
            _people(case, rows),
        ),
        scale=test.reading or words(test.measure),
        **figures((said.low, said.high), real.ends, ratio),
        k=len({one.label for one in taken}),
        used=rows,
        depends_on=(f"one study ({own[0].label})",) if len({o.label for o in own}) == 1 else (),
        **(measured_by(rows) if len(rows) else _PUBLISHED),
    )


def _answer(
    verdict: str,
    own: list[Measurement],
    rows: pd.DataFrame,
    unit: str,
) -> str:
    """Say in one plain sentence what was measured."""
    if not own:
        if verdict == CONTRADICTED:
            return "We found no such measurement, and those that we found come nowhere near it."
        return "We found no measurement of this form, and those of other forms do not rule it out."
    values = sorted(one.value for one in own)
    shown = listed([f"{brief(value)}{unit}" for value in dict.fromkeys(values)])
    if len(own) == 1 and len(rows) and pd.notna(rows["n_t"].iloc[0]) and verdict != SUPPORTED:
        people = str(rows["population"].iloc[0])
        who = people if len(people.split()) < MOST_OF_PEOPLE else "people"
        return f"We found one measurement, in {int(rows['n_t'].iloc[0]):,} {who}: {shown}."
    if verdict == SUPPORTED:
        return f"What was measured agrees with it: {shown}." if len(own) < 4 else "It agrees."
    if verdict in (OVERSTATED, CONTRADICTED):
        return f"What was measured says otherwise: {span(values[0], values[-1])}{unit}."
    return f"Measurements differ too much to decide: {shown}."


def _range_text(found: list[Measurement], unit: str) -> str:
    values = [one.value for one in found]
    return f"{counted(len(values), 'value')}, {span(min(values), max(values))}{unit}"


def _same_study(own: list[Measurement], wider: list[Measurement], unit: str) -> str:
    """Set the other values of the same study beside its own."""
    labels = {one.label for one in own}
    beside = [one.text(unit) for one in wider if one.label in labels]
    return f"the same study: {listed(beside)}" if beside else ""


def _people(case: Case, rows: pd.DataFrame) -> str:
    """Say who was measured, wherever the figure stands."""
    people: list[str] = []
    for row in case.lookup.records(rows.drop_duplicates("study_id")):
        count: str = "" if pd.isna(row["n_t"]) else f"{int(row['n_t']):,} "
        people.append(f"{count}{row['population']} ({row['label']})")
    return f"people measured: {listed(people)}" if people else ""


def _rows(case: Case) -> pd.DataFrame:
    return rows_by_id(case.test.result_ids or case.test.wider_result_ids, case.evidence)


def _own(case: Case, unit: str) -> list[Measurement]:
    if case.test.benchmark_ids:
        return [_from_benchmark(row) for row in benchmark_rows(case)]
    return _values(case.test.result_ids, case, unit)


def _values(ids: tuple[str, ...], case: Case, unit: str) -> list[Measurement]:
    rows = case.lookup.records(rows_by_id(ids, case.evidence))
    return [_share(row) if unit else _ratio(row) for row in rows]


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
        method="",
        value=value,
        low=low,
        high=high,
    )


def _ratio(row: dict[str, Any]) -> Measurement:
    value = _number(row["mean_t"]) / _number(row["mean_c"])
    return Measurement(
        label=str(row["label"]), what="", method="", value=value, low=value, high=value
    )


def _share(row: dict[str, Any]) -> Measurement:
    value, n, sd = (_number(row[name]) for name in ("mean_t", "n_t", "sd_t"))
    common = {"label": str(row["label"]), "method": str(row["instrument"])}
    if not isfinite(value):
        value = _number(row["estimate"])
        share = value / 100
        half = 100 * 1.96 * sqrt(share * (1 - share) / n) if isfinite(n) else 0.0
        return Measurement(what="", value=value, low=value - half, high=value + half, **common)
    known = isfinite(n) and isfinite(sd)
    half = float(stdtrit(n - 1, 0.975)) * sd / sqrt(n) if known else 0.0
    what = "" if pd.isna(row["arm_t"]) else str(row["arm_t"])
    return Measurement(what=what, value=value, low=value - half, high=value + half, **common)


def _selects(test: ClaimTest, evidence: Evidence) -> pd.DataFrame | None:
    """Choose what a test names; described are only results missing when it was written."""
    if test.result_ids or test.benchmark_ids:
        return rows_by_id(test.result_ids, evidence) if test.result_ids else None
    return fitting_rows(test, evidence) if test.expect else no_rows(test, evidence)


KINDS = {
    "measured": Kind(
        words="a share or ratio that can be measured",
        rule=measured,
        needs=("result_ids", "benchmark_ids", "wider_result_ids", "expect"),
        selects=_selects,
        share=True,
    ),
}
