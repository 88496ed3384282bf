"""Is every test of a claim in order?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from meta.claims.assess import assess
from meta.claims.claim_test import FILE, TABLE, ClaimTest, read_test
from meta.claims.conditions import read_conditions
from meta.claims.kind import Kind
from meta.claims.kinds import KINDS
from meta.claims.verdicts import NO_TRIALS
from meta.errors import DataError
from meta.evidence.faults import Fault, closest
from meta.evidence.tables import Evidence
from meta.wording import listed

_POOLED_MEASURES = ("SMD", "MD", "RD", "OR", "RR", "vote")


def check_claim_tests(evidence: Evidence) -> list[str]:
    """Find what is wrong with the tests of the claims.

    Parameters
    ----------
    evidence : Evidence
        Tables with ``claims``, ``claim_sources`` and ``claim_tests``; without claims there is
        nothing to check.

    Returns
    -------
    list of str
        One line a fault, as in ``data/claim_tests.csv line 12, column outcome (a0-c11): ...``:
        a claim without a test or with two; a test of an unknown claim or kind, or with an unknown
        outcome, stratum, form, study, row, benchmark or review; one that selects nothing though
        something was expected, or something though nothing was; a verdict "no trials" though a
        result fits the test, barred or not; one to which no verdict follows, with the reason
        (trials and yardstick of two measures, a scale without its better side); a margin without
        its source; a named source of which nobody wrote what became of it. Empty if all is well.

    Examples
    --------
    >>> import meta
    >>> check_claim_tests(meta.load_evidence("data"))
    []
    """
    return [str(fault) for fault in _faults(evidence)]


def _faults(evidence: Evidence) -> Iterator[Fault]:
    table = evidence.optional(TABLE, "claim_id").reset_index(drop=True)
    known_claims = list(evidence.optional("claims", "claim_id")["claim_id"])
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
            yield from _row_faults(
                read_test({str(k): v for k, v in row.items()}), place, known, evidence
            )


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
        form = evidence.question.form
        results = _words("results", "result_id", evidence)
        groups = _words("trials", "population_group", evidence)
        self.values: dict[str, set[str]] = {
            "stratum": _words("results", "stratum", evidence),
            "control": _words("results", "control", evidence),
            "population": groups,
            "people": groups,
            "form": set() if form is None else _words("trials", form.column, evidence),
            "studies": _words("trials", "study_id", evidence),
            "result_ids": results,
            "wider_result_ids": results,
            "benchmark_ids": _words("benchmarks", "benchmark_id", evidence),
            "review_ids": _words("reviews", "review_id", evidence),
        }
        self.outcomes = _words("results", "outcome", evidence)
        self.traced = _words("claim_sources", "claim_id", evidence)


def _words(table: str, column: str, evidence: Evidence) -> set[str]:
    """Return the words of a column; none where the folder has no such table or column."""
    return set(evidence.optional(table, column)[column].dropna())


def _row_faults(
    test: ClaimTest, place: _Place, known: _Known, evidence: Evidence
) -> Iterator[Fault]:
    kind = KINDS.get(test.kind)
    if kind is None:
        near = closest(test.kind, KINDS)
        yield place.fault("kind", f"{test.kind!r}. {near}Needed: one of {listed(KINDS)}", "Use one")
        return
    faults = [*_word_faults(test, place, known), *_need_faults(test, kind, place, known)]
    yield from faults
    if not faults:
        yield from _selection_faults(test, kind, place, evidence)


def _need_faults(test: ClaimTest, kind: Kind, place: _Place, known: _Known) -> Iterator[Fault]:
    if kind.needs and not any(getattr(test, name) for name in kind.needs):
        yield place.fault(
            kind.needs[0],
            f"empty; a test of kind {test.kind} needs {listed(kind.needs)}",
            "Fill it, or choose another kind.",
        )
    if kind.pools and not test.expect and test.measure not in _POOLED_MEASURES:
        yield place.fault(
            "measure",
            f"{test.measure!r}; a test of kind {test.kind} needs one of {listed(_POOLED_MEASURES)}",
            "vote counts directions where nothing may be pooled.",
        )
    if test.margin is not None and not test.margin_source:
        yield place.fault("margin_source", "empty beside a margin", "Say where the margin is from.")
    if kind.traced and place.key not in known.traced:
        yield place.fault(
            "kind", "claim_sources.csv has no row for this claim", "Add what the search turned up."
        )
    elif test.source_named and place.key not in known.traced:
        yield place.fault(
            "source_named",
            "yes, but claim_sources.csv has no row for this claim",
            "Add what the search turned up, or say no.",
        )


def _selection_faults(
    test: ClaimTest, kind: Kind, place: _Place, evidence: Evidence
) -> Iterator[Fault]:
    selected = kind.selects(test, evidence)
    if selected is None:
        return
    if kind.needs and not test.expect and selected.empty:
        yield place.fault(
            "outcome",
            "the test selects no result",
            "Widen it, or write none in the column expect if no trial that you found measured it.",
        )
    elif test.expect and len(selected):
        ids = listed(selected["result_id"], most=3)
        yield place.fault(
            "expect", f"none, but the test selects {ids}", "Empty the cell: somebody measured it."
        )
    elif len(selected):
        try:
            verdict = assess(test.claim_id, evidence).verdict
        except DataError as error:
            why = "; ".join(error.faults).removeprefix(f"{test.claim_id}: ")
            yield place.fault("kind", f"no verdict follows: {why}", "Mend the test or the rows.")
            return
        if verdict == NO_TRIALS:
            ids = listed(selected["result_id"], most=3)
            remedy = "Let the test say what is missing."
            yield place.fault("kind", f"the verdict is no trials, but {ids} fit", remedy)


def _word_faults(test: ClaimTest, place: _Place, known: _Known) -> Iterator[Fault]:
    for column, allowed in known.values.items():
        for value in getattr(test, column):
            if value not in allowed:
                near = closest(value, allowed)
                yield place.fault(column, f"{value!r} is unknown", f"{near}Name one that exists.")
    for outcome in test.outcome:
        if outcome in known.outcomes:
            continue
        near = closest(outcome, known.outcomes)
        if near or not test.expect:
            yield place.fault(
                "outcome",
                f"no result has the outcome {outcome!r}",
                f"{near}Name an outcome of results.csv, or write none in the column expect.",
            )
    try:
        read_conditions(test.source_says)
    except DataError as error:
        yield place.fault("source_says", str(error), "Write table.key.column=value.")
