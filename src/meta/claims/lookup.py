"""What of the tables do claims look up again and again? Each is derived once for a folder."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import cached_property
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

import pandas as pd

from meta.claims.claim_test import FILE, TABLE, ClaimTest, read_test
from meta.effect_sizes.direction import directions
from meta.errors import DataError
from meta.evidence.reporting import barred_studies, doubted_studies
from meta.evidence.tables import Evidence

Record = dict[str, Any]
_T = TypeVar("_T")

# columns that rules read by name; those that filters of a question or a test may name are not
# here, because a filter on a column that a folder lacks leaves nobody out
_READ = (
    "flag", "barred", "favours", "lower_is_better", "same_trial_as", "blinding",
    "population", "population_group", "cointervention", "n_randomised", "time_weeks",
    "source_kind", "source_url", "reported_as",
    "arm_t", "arm_c", "scale_max", "instrument", "instrument_id",
    "n_t", "n_c", "mean_t", "mean_c", "base_mean_t", "estimate", "ci_low", "ci_high",
)  # fmt: skip


class Lookup:
    """The tables of a folder as claims need them.

    Parameters
    ----------
    evidence : Evidence
        The tables.
    """

    def __init__(self, evidence: Evidence) -> None:
        self._done: dict[Hashable, Any] = {}
        self._folder = evidence.folder
        rows = evidence.select()
        # a column that the folder lacks counts as not reported
        absent = {name: None for name in _READ if name not in rows}
        self._results = rows.assign(**absent)
        self._tables = {
            name: evidence.optional(name)
            for name in ("benchmarks", "reviews", "outcomes", "claims", "claim_sources", TABLE)
        }

    def once(self, key: Hashable, make: Callable[[], _T]) -> _T:
        """Return what was made under a key: many claims rest on the same results."""
        if key not in self._done:
            self._done[key] = make()
        found: _T = self._done[key]
        return found

    @cached_property
    def rows(self) -> pd.DataFrame:
        """Every result with the facts of its trial, and ``side``: whom it favours."""
        rows = self._results.assign(side=directions(self._results))
        # texts in one block: rules choose rows again and again, and each block is cut by itself
        texts = [name for name in rows if rows[name].dtype == "str"]
        cells = rows[texts].to_numpy(dtype=object)
        words = pd.DataFrame(cells, index=rows.index, columns=texts, dtype=object)
        return pd.concat([words, rows.drop(columns=texts)], axis=1)[list(rows)].copy()

    @cached_property
    def places(self) -> dict[str, int]:
        """Where each result stands among the rows."""
        return {name: place for place, name in enumerate(self.rows["result_id"])}

    @cached_property
    def _records(self) -> dict[str, Record]:
        return {row["result_id"]: row for row in _records(self.rows)}

    @cached_property
    def barred(self) -> frozenset[str]:
        """Studies whose data bar them from every count."""
        return barred_studies(self.rows)

    @cached_property
    def flagged(self) -> frozenset[str]:
        """Studies of which any row carries an integrity flag."""
        return doubted_studies(self.rows)

    def records(self, rows: pd.DataFrame) -> list[Record]:
        """Return results as mappings, in their order."""
        return [self._records[name] for name in rows["result_id"]]

    @cached_property
    def benchmarks(self) -> dict[str, Record]:
        """Yardsticks by their key."""
        return {row["benchmark_id"]: row for row in _records(self._tables["benchmarks"])}

    @cached_property
    def reviews(self) -> list[Record]:
        """Published results."""
        return _records(self._tables["reviews"])

    @cached_property
    def outcomes(self) -> dict[str, Record]:
        """What is known of outcomes, by name; empty cells are left out."""
        return {
            row["outcome"]: {name: cell for name, cell in row.items() if pd.notna(cell)}
            for row in _records(self._tables["outcomes"])
        }

    @cached_property
    def claims(self) -> dict[str, Record]:
        """Statements of the articles by their key."""
        return {row["claim_id"]: row for row in _records(self._tables["claims"])}

    @cached_property
    def sources(self) -> dict[str, Record]:
        """What became of sources, by claim."""
        return {row["claim_id"]: row for row in _records(self._tables["claim_sources"])}

    @cached_property
    def _tests(self) -> dict[str, list[ClaimTest]]:
        found: dict[str, list[ClaimTest]] = {}
        for row in _records(self._tables[TABLE]):
            found.setdefault(str(row["claim_id"]), []).append(read_test(row))
        return found

    def test(self, claim_id: str) -> ClaimTest:
        """Return the test of a claim.

        Raises
        ------
        DataError
            If the claim has no test, or more than one.
        """
        found = self._tests.get(claim_id, [])
        if len(found) != 1:
            count = f"{len(found)} tests" if found else "no test"
            raise DataError(
                f"{self._folder}/{FILE} ({claim_id}): {count}; needed: one row. "
                "`meta check` lists every fault of the tests."
            )
        return found[0]


_LOOKUPS: WeakKeyDictionary[Evidence, Lookup] = WeakKeyDictionary()


def lookup(evidence: Evidence) -> Lookup:
    """Return the looked-up tables of a folder, made once."""
    if evidence not in _LOOKUPS:
        _LOOKUPS[evidence] = Lookup(evidence)
    return _LOOKUPS[evidence]


def _records(frame: pd.DataFrame) -> list[Record]:
    named = {str(name): frame[name].tolist() for name in frame}
    return [dict(zip(named, cells, strict=True)) for cells in zip(*named.values(), strict=True)]
