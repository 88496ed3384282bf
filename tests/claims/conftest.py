"""Evidence as curated, and copies of it with changed cells."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pandas as pd
import pytest
from worlds import Change, World, changed_copy, world_of

from meta.claims.scoreboard import scoreboard
from meta.evidence.tables import Evidence, load_evidence

DATA = Path(__file__).resolve().parents[2] / "data"


@pytest.fixture(scope="session")
def evidence() -> Evidence:
    return load_evidence(DATA)


@pytest.fixture(scope="session")
def board(evidence: Evidence) -> pd.DataFrame:
    return scoreboard(evidence)


@pytest.fixture
def changed(evidence: Evidence) -> Callable[..., Evidence]:
    """Give the evidence with some tables changed in memory."""
    return partial(changed_copy, evidence)


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


@pytest.fixture
def world(evidence: Evidence) -> World:
    return world_of(evidence)
