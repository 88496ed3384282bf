"""Evidence made for one claim, from trials of which a test says what differs."""

from __future__ import annotations

import copy
from collections.abc import Callable

import pandas as pd

from meta.evidence.tables import Evidence

Change = Callable[[pd.DataFrame], pd.DataFrame]
World = Callable[..., Evidence]


def changed_copy(evidence: Evidence, **changes: Change) -> Evidence:
    """Change some tables in memory; reading the files takes a second."""
    planted = copy.copy(evidence)
    planted._tables, planted._rows = dict(evidence._tables), None
    for table, change in changes.items():
        planted._tables[table] = change(evidence.table(table))
    return planted


def world_of(evidence: Evidence) -> World:
    """Make the evidence of one claim from trials of depression of which a test says what differs.

    Each has 50 people in an arm, 10 points on the control and a standard deviation of 1.
    """

    def table(name: str, rows: list[dict[str, object]]) -> pd.DataFrame:
        kinds = evidence.table(name).dtypes.items()
        columns = {
            column: pd.array([row.get(column) for row in rows], dtype=kind)
            for column, kind in kinds
        }
        return pd.DataFrame(columns, index=range(len(rows)))

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
        return changed_copy(evidence, **replaced, **tables)

    return make
