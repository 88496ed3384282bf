"""The gate: everything wrong with the input is said at once, and nothing is coerced."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from meta.effect_sizes.inputs import (
    ANY_NUMBER,
    POSITIVE,
    STANDARD_DEVIATION,
    Relation,
    read_columns,
)
from meta.errors import DataError

RULES = {"a": ANY_NUMBER, "sd": STANDARD_DEVIATION, "b": POSITIVE}


def faults_of(arguments, relations=()):
    with pytest.raises(DataError) as caught:
        read_columns("test", arguments, RULES, relations=relations)
    return caught.value.faults


def test_single_numbers_are_repeated_and_remembered_as_such():
    columns = read_columns("test", {"a": [1, 2, 3], "sd": 2}, RULES)
    assert columns["sd"].tolist() == [2.0, 2.0, 2.0]
    assert not columns.scalar
    assert read_columns("test", {"a": 1, "sd": 2}, RULES).scalar


def test_result_takes_the_form_of_the_input():
    scalar = read_columns("test", {"a": 1.0}, RULES)
    assert isinstance(scalar.like_input(np.array([2.0])), float)
    labelled = read_columns("test", {"a": pd.Series([1.0, 2.0], index=["x", "y"])}, RULES)
    answer = labelled.like_input(np.array([3.0, 4.0]))
    assert answer.index.tolist() == ["x", "y"]
    assert answer["y"] == 4.0


def test_all_faults_are_reported_together():
    faults = faults_of({"a": [1.0, np.nan, np.inf], "sd": [0.0, 1.0, -2.0]})
    assert faults == (
        "a[1] is missing; needed: a number",
        "a[2] is inf; needed: a number",
        "sd[0] is 0; needed: a standard deviation > 0",
        "sd[2] is -2; needed: a standard deviation > 0",
    )


def test_a_fault_names_position_and_index_label():
    sd = pd.Series([1.0, -8.9], index=["tarleton2017", "rajizadeh2017"])
    assert faults_of({"sd": sd}) == (
        "sd[1] ('rajizadeh2017') is -8.9; needed: a standard deviation > 0",
    )


def test_a_bad_single_number_is_reported_once():
    assert faults_of({"a": [1, 2, 3], "sd": -1}) == ("sd is -1; needed: a standard deviation > 0",)


@pytest.mark.parametrize("value", ["3", True, "ns", [1]])
def test_what_is_no_number_is_refused(value):
    column = pd.Series([1.0, value], dtype=object)
    (fault,) = faults_of({"a": column})
    assert fault == f"a[1] is {value!r}; needed: a number"


def test_missing_values_of_every_kind_are_missing():
    for missing in (None, np.nan, pd.NA, pd.NaT):
        assert faults_of({"a": pd.Series([1.0, missing], dtype=object)}) == (
            "a[1] is missing; needed: a number",
        )
    assert faults_of({"a": pd.Series([1, None], dtype="Int64")}) == (
        "a[1] is missing; needed: a number",
    )


def test_nullable_integers_without_gaps_are_numbers():
    columns = read_columns("test", {"a": pd.Series([1, 2], dtype="Int64")}, RULES)
    assert columns["a"].tolist() == [1.0, 2.0]


def test_lengths_that_do_not_fit():
    (fault,) = faults_of({"a": [1, 2, 3], "sd": [1, 2]})
    assert fault == "lengths do not fit (a 3, sd 2); needed: columns of one length, or one number"


def test_two_dimensions_are_refused():
    (fault,) = faults_of({"a": [[1.0, 2.0]]})
    assert "2 dimensions" in fault


def test_series_with_different_indices_are_not_paired_by_position():
    (fault,) = faults_of(
        {
            "a": pd.Series([1.0, 2.0], index=["x", "y"]),
            "sd": pd.Series([1.0, 2.0], index=["y", "x"]),
        }
    )
    assert fault.startswith("sd and a have different indices")


def test_relations_skip_rows_that_are_already_at_fault():
    below = Relation(("a", "sd"), lambda a, sd: a < sd, "a below sd")
    faults = faults_of({"a": [1.0, np.nan, 5.0], "sd": [2.0, 2.0, 2.0]}, (below,))
    assert faults == (
        "a[1] is missing; needed: a number",
        "a[2] is 5, sd[2] is 2; needed: a below sd",
    )


def test_no_rows_give_no_rows():
    assert len(read_columns("test", {"a": [], "sd": 1.0}, RULES)) == 0
