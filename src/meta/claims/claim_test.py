"""How is each claim tested? A row of ``claim_tests.csv`` as an object."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import pandas as pd

FILE = "claim_tests.csv"
TABLE = "claim_tests"


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
    people: tuple[str, ...] = ()
    background: tuple[str, ...] = ()
    form: tuple[str, ...] = ()
    studies: tuple[str, ...] = ()
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


def read_test(row: Mapping[str, Any]) -> ClaimTest:
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
