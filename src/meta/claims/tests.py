"""How is each claim tested, and is every test in order?

A test is a row of ``data/claim_tests.csv``. Adding a claim and its test is adding rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any

import pandas as pd

from meta.claims.conditions import read_conditions
from meta.errors import DataError
from meta.evidence.faults import Fault, closest, listed
from meta.evidence.tables import Evidence

FILE = "claim_tests.csv"
TABLE = "claim_tests"

# strata and controls of the primary analysis
STRATA = ("magnesium_alone", "add_on")
CONTROLS = ("placebo", "no_treatment")

# kind of claim -> columns of which one at least must be filled
KINDS: dict[str, tuple[str, ...]] = {
    "superiority": ("outcome",),
    "onset": ("outcome",),
    "equivalence": ("outcome",),
    "tolerability": ("outcome",),
    "evidence_strength": ("outcome",),
    "effect_modification": ("subgroup", "expect"),
    "head_to_head": ("outcome",),
    "percent_fall": ("outcome",),
    "measured": ("result_ids", "benchmark_ids", "expect"),
    "prevalence": ("result_ids",),
    "threshold": ("benchmark_ids", "review_ids"),
    "dose": ("outcome",),
    "reference_intake": ("benchmark_ids",),
    "association": ("result_ids",),
    "evidence_base": ("reading",),
    "cited_source": (),
    "reference": (),
    "mechanism": (),
    "rhetoric": (),
    "advice": (),
    "outside": (),
}
POOLED_KINDS = (
    "superiority",
    "onset",
    "equivalence",
    "tolerability",
    "evidence_strength",
    "effect_modification",
)
_POOLED_MEASURES = ("SMD", "MD", "RD", "OR", "vote")


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimTest:
    """One row of ``claim_tests.csv``: lists as tuples, missing figures as None, missing text as "".

    The data dictionary describes each field.
    """

    claim_id: str
    kind: str
    outcome: tuple[str, ...] = ()
    stratum: tuple[str, ...] = ()
    control: tuple[str, ...] = ()
    population: tuple[str, ...] = ()
    background: tuple[str, ...] = ()
    mg_form: tuple[str, ...] = ()
    studies: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    max_weeks: float | None = None
    dose_low: float | None = None
    dose_high: float | None = None
    subgroup: str = ""
    measure: str = ""
    strength: str = ""
    margin: float | None = None
    margin_source: str = ""
    at_least: float | None = None
    at_most: float | None = None
    result_ids: tuple[str, ...] = ()
    wider_result_ids: tuple[str, ...] = ()
    benchmark_ids: tuple[str, ...] = ()
    review_ids: tuple[str, ...] = ()
    source_named: bool = False
    source_says: str = ""
    expect: str = ""
    reading: str = ""
    rationale: str = ""

    @property
    def strata(self) -> tuple[str, ...]:
        """Strata taken."""
        return self.stratum or STRATA

    @property
    def controls(self) -> tuple[str, ...]:
        """Controls taken."""
        return self.control or CONTROLS


def read_test(row: pd.Series[Any]) -> ClaimTest:
    """Turn a row of the table into a test."""
    values: dict[str, Any] = {}
    for item in fields(ClaimTest):
        cell = row.get(item.name)
        missing = cell is None or bool(pd.isna(cell))
        if item.name == "source_named":
            values[item.name] = cell == "yes"
        elif item.type == "tuple[str, ...]":
            values[item.name] = (
                () if missing else tuple(part.strip() for part in str(cell).split(";"))
            )
        elif item.type == "float | None":
            values[item.name] = None if missing else float(str(cell))
        else:
            values[item.name] = "" if missing else str(cell)
    return ClaimTest(**values)


def find_test(claim_id: str, evidence: Evidence) -> ClaimTest:
    """Return the test of a claim.

    Raises
    ------
    DataError
        If the claim has no test, or more than one.
    """
    table = evidence.table(TABLE)
    found = table[table["claim_id"] == claim_id]
    if len(found) != 1:
        count = "no test" if found.empty else f"{len(found)} tests"
        raise DataError(
            f"{evidence.folder}/{FILE} ({claim_id}): {count}; needed: one row. "
            "`meta check` lists every fault of the tests."
        )
    return read_test(found.iloc[0])


def check_claim_tests(evidence: Evidence) -> list[str]:
    """Find what is wrong with the tests of the claims.

    Parameters
    ----------
    evidence : Evidence
        Tables with ``claims``, ``claim_sources`` and ``claim_tests``.

    Returns
    -------
    list of str
        One line a fault, as in ``data/claim_tests.csv line 12, column outcome (a0-c11): ...``:
        a claim without a test or with two; a test of an unknown claim or kind, or with an unknown
        outcome, stratum, salt, study, row, benchmark or review; one that selects nothing though
        something was expected, or something though nothing was; a margin without its source; a
        named source of which nobody wrote what became of it. Empty if all is well.

    Examples
    --------
    >>> import meta
    >>> check_claim_tests(meta.load_evidence("data"))
    []
    """
    return [str(fault) for fault in _faults(evidence)]


def _faults(evidence: Evidence) -> Iterator[Fault]:
    table = evidence.table(TABLE).reset_index(drop=True)
    known_claims = list(evidence.claims["claim_id"])
    file = f"{evidence.folder}/{FILE}"
    tested = list(table["claim_id"])
    for claim_id in known_claims:
        if tested.count(claim_id) == 0:
            yield Fault(
                file=file,
                key=claim_id,
                found="the claim has no test",
                remedy="Add a row; kind = outside says that these tables cannot test it.",
            )
    known = _Known(evidence)
    for position, (_, row) in enumerate(table.iterrows()):
        place = _Place(file=file, line=position + 2, key=str(row["claim_id"]))
        if tested.index(row["claim_id"]) < position:
            yield place.fault("claim_id", "a second test of this claim", "Keep one of them.")
        elif row["claim_id"] not in known_claims:
            yield place.fault("claim_id", "no claim has this id", "Add it to claims.csv.")
        else:
            yield from _row_faults(read_test(row), place, known, evidence)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    file: str
    line: int
    key: str

    def fault(self, column: str, found: str, remedy: str) -> Fault:
        return Fault(
            file=self.file,
            line=self.line,
            column=column,
            key=self.key,
            found=found,
            remedy=remedy,
        )


class _Known:
    """The words that a test may use."""

    def __init__(self, evidence: Evidence) -> None:
        results, trials = evidence.results, evidence.trials
        self.values: dict[str, set[str]] = {
            "stratum": set(results["stratum"].dropna()),
            "control": set(results["control"].dropna()),
            "mg_form": set(trials["mg_form"].dropna()),
            "studies": set(trials["study_id"]),
            "left_out": set(trials["study_id"]),
            "result_ids": set(results["result_id"]),
            "wider_result_ids": set(results["result_id"]),
            "benchmark_ids": set(evidence.benchmarks["benchmark_id"]),
            "review_ids": set(evidence.reviews["review_id"]),
        }
        self.outcomes = set(results["outcome"])
        self.traced = set(evidence.claim_sources["claim_id"])


def _row_faults(
    test: ClaimTest, place: _Place, known: _Known, evidence: Evidence
) -> Iterator[Fault]:
    from meta.claims.selection import select_rows

    if test.kind not in KINDS:
        near = closest(test.kind, KINDS)
        yield place.fault("kind", f"{test.kind!r}. {near}Needed: one of {listed(KINDS)}", "Use one")
        return
    broken = False
    for fault in _word_faults(test, place, known):
        broken = True
        yield fault
    needed = KINDS[test.kind]
    if needed and not any(getattr(test, name) for name in needed):
        yield place.fault(
            needed[0],
            f"empty; a test of kind {test.kind} needs {listed(needed)}",
            "Fill it, or choose another kind.",
        )
        broken = True
    if test.kind in POOLED_KINDS and not test.expect and test.measure not in _POOLED_MEASURES:
        yield place.fault(
            "measure",
            f"{test.measure!r}; a test of kind {test.kind} needs one of {listed(_POOLED_MEASURES)}",
            "vote counts directions where nothing may be pooled.",
        )
        broken = True
    if test.margin is not None and not test.margin_source:
        yield place.fault("margin_source", "empty beside a margin", "Say where the margin is from.")
    if test.kind in ("cited_source", "reference") and place.key not in known.traced:
        yield place.fault(
            "kind", "claim_sources.csv has no row for this claim", "Add what the search turned up."
        )
    elif test.source_named and place.key not in known.traced:
        yield place.fault(
            "source_named",
            "yes, but claim_sources.csv has no row for this claim",
            "Add what the search turned up, or say no.",
        )
    if broken:
        return
    selects = select_rows(test, evidence)
    if needed and not test.expect and selects is not None and selects.empty:
        yield place.fault(
            "outcome",
            "the test selects no result",
            "Widen it, or write none in the column expect if nobody measured it.",
        )
    if test.expect and selects is not None and not selects.empty:
        ids = listed(selects["result_id"], limit=3)
        yield place.fault(
            "expect",
            f"none, but the test selects {ids}",
            "Empty the cell: somebody measured it.",
        )


def _word_faults(test: ClaimTest, place: _Place, known: _Known) -> Iterator[Fault]:
    for column, allowed in known.values.items():
        for value in getattr(test, column):
            if value not in allowed:
                near = closest(value, allowed)
                yield place.fault(column, f"{value!r} is unknown", f"{near}Name one that exists.")
    for outcome in test.outcome:
        near = closest(outcome, known.outcomes)
        if outcome not in known.outcomes and (near or not test.expect):
            yield place.fault(
                "outcome",
                f"no result has the outcome {outcome!r}",
                f"{near}Name an outcome of results.csv, or write none in the column expect.",
            )
    try:
        read_conditions(test.source_says)
    except DataError as error:
        yield place.fault("source_says", str(error), "Write table.key.column=value.")
