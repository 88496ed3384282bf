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
        planted._rows = None
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


World = Callable[..., Evidence]


@pytest.fixture
def world(evidence: Evidence, changed: Callable[..., Evidence]) -> World:
    """Make the evidence of one claim from trials of depression of which a test says what differs.

    Each has 50 people in an arm, 10 points on the control and a standard deviation of 1.
    """

    def table(name: str, rows: list[dict[str, object]]) -> pd.DataFrame:
        like = evidence.table(name)
        return pd.DataFrame(rows).reindex(columns=like.columns).astype(like.dtypes)

    def make(
        trials: list[dict[str, object]],
        test: dict[str, object],
        claim: dict[str, object] | None = None,
        **tables: Change,
    ) -> Evidence:
        of_trials = set(evidence.table("trials")) - {"study_id", "note"}
        rows, results = [], []
        for number, given in enumerate(trials, 1):
            name = f"s{number}"
            usual = {
                "study_id": name, "label": f"Study {number}", "randomised": "yes",
                "blinding": "double", "route": "oral", "design": "parallel", "mg_form": "oxide",
                "population_group": "depression", "duration_weeks": "8",
            }  # fmt: skip
            rows.append(usual | {key: given[key] for key in given if key in of_trials})
            usual = {
                "result_id": f"{name}-depression-1", "study_id": name, "outcome": "depression",
                "instrument": "BDI-II", "time_weeks": 8.0, "result_type": "post", "n_t": 50,
                "n_c": 50, "sd_t": 1.0, "sd_c": 1.0, "mean_c": 10.0, "lower_is_better": "yes",
                "stratum": "magnesium_alone", "control": "placebo",
                "source_url": f"https://example.org/{number}",
            }  # fmt: skip
            results.append(usual | {key: given[key] for key in given if key not in of_trials})
        said = evidence.claims.iloc[0].to_dict() | {"intervention": "magnesium"} | (claim or {})
        tested = {
            "claim_id": "a0-c01", "kind": "superiority", "outcome": "depression",
            "measure": "SMD", "population": "depression", "source_named": "no",
        }  # fmt: skip
        made = {"trials": rows, "results": results, "claim_tests": [tested | test]}
        made["claims"] = [said]
        replaced = {name: lambda _, name=name: table(name, made[name]) for name in made}
        return changed(**replaced, **tables)

    return make
