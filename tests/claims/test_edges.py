"""What the rules of claims do at their edges: open ranges, equal values, nothing counted."""

from __future__ import annotations

from math import inf
from types import SimpleNamespace

import pandas as pd
import pytest

from meta.claims.conditions import holds, read_conditions
from meta.claims.how_sure import HowSure, by_studies, directness, measured_by
from meta.claims.ruling import Ruling
from meta.claims.source_rules import SUPPORTED, _result
from meta.claims.terminal import _lines
from meta.claims.verdicts import UNRESOLVED, claimed_range
from meta.evidence.tables import Evidence


@pytest.mark.parametrize(
    ("at_least", "at_most", "covered"),
    [(5.0, None, (5.0, inf)), (None, 5.0, (-inf, 5.0)), (2.0, 5.0, (2.0, 5.0))],
)
def test_a_claim_without_an_end_is_open(at_least, at_most, covered) -> None:
    assert claimed_range(9.0, None, None, at_least, at_most) == covered


def test_nothing_measured_is_no_certainty_and_two_are_counted() -> None:
    assert measured_by(pd.DataFrame()) == HowSure(certainty="", certainty_why=())
    assert by_studies(pd.DataFrame(), "surveys") == HowSure(certainty="", certainty_why=())
    two = pd.DataFrame({"study_id": ["a", "b", "b"], "label": ["A", "B", "B"]})
    assert measured_by(two)["certainty"] == "two studies, not pooled"
    assert measured_by(two.iloc[1:])["certainty_why"] == ("B",)


def test_rows_without_groups_of_people_are_neither_direct_nor_indirect() -> None:
    case = SimpleNamespace()  # nothing of it may be asked
    groups = pd.DataFrame({"population_group": ["depression"]})
    assert directness(case, groups.iloc[:0]) == ("", "")
    assert directness(case, pd.DataFrame({"study_id": ["a"]})) == ("", "")


@pytest.mark.parametrize(
    ("sign", "value", "answer"),
    [
        ("<", 0, False), (">", 0, False), ("=", 0, True), ("!=", 0, False),
        ("<", 1, True), (">", 1, False), ("<", -1, False), (">", -1, True),
    ],
)  # fmt: skip
def test_a_condition_at_its_own_value(
    evidence: Evidence, sign: str, value: int, answer: bool
) -> None:
    (row,) = evidence.trials.query("study_id == 'tarleton2017'").to_dict("records")
    text = f"trials.tarleton2017.year{sign}{int(row['year']) + value}"
    (condition,) = read_conditions(text)
    assert holds(condition, evidence) is answer


ROW = {
    "effect_unit": "points", "instrument": "PHQ-9", "estimate": -6.0, "ci_low": -7.9,
    "ci_high": -4.2, "control": "no_treatment", "blinding": "open",
}  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "verdict", "said"),
    [
        ({}, SUPPORTED, "the comparison was open label against no treatment"),
        ({"control": "placebo"}, SUPPORTED, "the comparison was open label against placebo"),
        ({"blinding": "single"}, SUPPORTED, "was single blind against no treatment"),
        ({"blinding": "double", "control": "placebo"}, SUPPORTED, ""),
        ({}, UNRESOLVED, ""),
    ],
)
def test_a_source_that_holds_says_how_it_compared(
    changes: dict[str, str], verdict: str, said: str
) -> None:
    text = _result(ROW | changes, verdict)
    assert text.startswith("PHQ-9 −6.0 (−7.9 to −4.2) points")
    assert said in text if said else "comparison" not in text


def test_a_ruling_that_pooled_nothing_counts_no_study() -> None:
    ruling = Ruling(verdict=UNRESOLVED, answer="Nobody knows.")
    assert (ruling.k, ruling.n_total, len(ruling.used)) == (0, None, 0)


def test_columns_share_the_whole_room_and_keep_hyphens() -> None:
    long = "a double-blind cross-over of middle-aged people " * 4
    rows = [["id", "what", "why"], ["a1", long.strip(), long.strip()]]
    lines = _lines(rows, 100, {1: 1, 2: 1})
    # two for the id, two gaps of two, 47 for each of the others
    assert [line.index("why") for line in lines[:1]] == [2 + 2 + 47 + 2]
    assert max(map(len, lines)) <= 100
    assert not [line for line in lines if line[:51].rstrip().endswith("-")]
    assert not [line for line in lines if line.endswith("-")]
    (line, *_) = _lines([["id", "x"], ["a1", "fifteen-letters of-more-words"]], 24, {1: 1})[1:]
    assert line == "a1  fifteen-letters"
