"""What must stand in the tables if a source says what an article says?

A condition is written ``trials.tarleton2017.year=2017``: table, key, column, one of ``= != < >``,
value.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import pandas as pd

from meta.errors import DataError
from meta.evidence.tables import Evidence

_KEYS = {"trials": "study_id", "results": "result_id", "benchmarks": "benchmark_id"}
_PATTERN = re.compile(
    r"(?P<table>[a-z_]+)\.(?P<key>[a-z0-9_-]+)\.(?P<column>[a-z0-9_]+)"
    r"(?P<sign>!=|=|<|>)(?P<value>.+)"
)


@dataclass(frozen=True, slots=True)
class Condition:
    """One thing that must stand in a table."""

    table: str
    key: str
    column: str
    sign: str
    value: str

    def __str__(self) -> str:
        return f"{self.table}.{self.key}.{self.column}{self.sign}{self.value}"


def read_conditions(text: str) -> tuple[Condition, ...]:
    """Read conditions separated by semicolons.

    Raises
    ------
    DataError
        If one cannot be read; all that cannot are named.

    Examples
    --------
    >>> read_conditions("trials.eby2006.year=2006")[0].column
    'year'
    """
    conditions, wrong = [], []
    for part in filter(None, (piece.strip() for piece in text.split(";"))):
        match = _PATTERN.fullmatch(part)
        if match is None or match["table"] not in _KEYS:
            wrong.append(part)
        else:
            conditions.append(Condition(*match.group("table", "key", "column", "sign", "value")))
    if wrong:
        raise DataError(f"cannot read {', '.join(map(repr, wrong))}; tables are {', '.join(_KEYS)}")
    return tuple(conditions)


def holds(condition: Condition, evidence: Evidence) -> bool:
    """Say whether a condition holds.

    Raises
    ------
    DataError
        If the row or column does not exist, so that a wrong condition never looks like an answer.
    """
    table = evidence.table(condition.table)
    rows = table[table[_KEYS[condition.table]] == condition.key]
    if rows.empty or condition.column not in table:
        what = f"column {condition.column}" if len(rows) else f"row {condition.key}"
        raise DataError(f"{condition}: {condition.table} has no {what}")
    cell = rows.iloc[0][condition.column]
    if pd.isna(cell):
        return condition.sign == "!="
    if condition.sign in ("<", ">"):
        difference = float(cell) - float(condition.value)
        return difference < 0 if condition.sign == "<" else difference > 0
    return _same(cell, condition.value) == (condition.sign == "=")


def _same(cell: object, value: str) -> bool:
    """Compare as numbers where both are numbers, else as text without regard to case."""
    try:
        return float(str(cell)) == float(value)
    except ValueError:
        return str(cell).strip().casefold() == value.strip().casefold()
