"""Evidence as curated, and copies of it with changed cells."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from meta.claims.scoreboard import scoreboard
from meta.evidence.tables import Evidence, load_evidence

DATA = Path(__file__).resolve().parents[2] / "data"

Change = Callable[[pd.DataFrame], pd.DataFrame]


@pytest.fixture(scope="session")
def evidence() -> Evidence:
    return load_evidence(DATA)


@pytest.fixture(scope="session")
def board(evidence: Evidence) -> pd.DataFrame:
    return scoreboard(evidence)


@pytest.fixture
def changed(evidence: Evidence) -> Callable[..., Evidence]:
    """Give the evidence with some tables changed in memory; reading the files takes a second."""

    def make(**changes: Change) -> Evidence:
        planted = copy.copy(evidence)
        planted._tables = dict(evidence._tables)
        for table, change in changes.items():
            planted._tables[table] = change(evidence.table(table))
        return planted

    return make


@pytest.fixture
def with_cells() -> Callable[..., Change]:
    """Make a change that writes cells into the row with a certain key."""

    def make(key: str, value: str, **cells: object) -> Change:
        def change(table: pd.DataFrame) -> pd.DataFrame:
            assert (table[key] == value).sum() == 1
            for column, cell in cells.items():
                table.loc[table[key] == value, column] = cell
            return table

        return change

    return make
