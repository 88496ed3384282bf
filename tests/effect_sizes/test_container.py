"""Effects from bare arrays: what a stranger may hand over, and what is refused in words."""

from __future__ import annotations

import copy
import pickle
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import meta
from meta.errors import DataError

YI, VI = [-0.5, -0.1, -0.4, -0.3], [0.04, 0.09, 0.06, 0.05]


@pytest.mark.parametrize(
    ("yi", "said"),
    [
        ([-0.5, None, -0.4, -0.3], r"yi\[1\] \(study 2\) is nan"),
        (pd.Series([-0.5, pd.NA, -0.4, -0.3]), r"yi\[1\] \(study 2\) is nan"),
        (np.ma.array(YI, mask=[0, 1, 0, 0]), r"yi\[1\] \(study 2\) is nan"),
        (["-0.5", "-0.1", "-0.4", "-0.3"], r"yi\[0\] is '-0.5'; needed: a number"),
        ([True, False, True, True], "is True; needed: a number"),
        ([1j, 1, 1, 1], "is 1j; needed: a number"),
        (pd.to_datetime(["2020-01-01"] * 4), "yi holds dates or times"),
        ([[1], [1, 2], 1, 2], "ragged"),
        ([[1], [2], [3], [4]], "2 dimensions"),
        ([], "the lengths differ"),
        ("abc", "without data="),
    ],
)
def test_what_is_no_column_of_numbers_is_refused(yi, said):
    with pytest.raises(DataError, match=said):
        meta.pool(yi, VI)


def test_numbers_of_any_kind_are_taken():
    want = meta.pool([1.0, 2.0, 3.0, 4.0], VI).estimate
    odd = pd.Index([7, "x", 7, 2.5])
    for yi in ((1, 2, 3, 4), pd.Series([1, 2, 3, 4], dtype="Int64"), np.array([1, 2, 3, 4], "i1")):
        assert meta.pool(yi, VI).estimate == want
    assert meta.pool(pd.Series([1, 2, 3, 4], odd), pd.Series(VI, odd)).estimate == want


def test_series_whose_rows_do_not_belong_together_are_refused():
    with pytest.raises(DataError, match="vi and yi have different indices"):
        meta.pool(pd.Series(YI), pd.Series(VI, index=[3, 2, 1, 0]))


@pytest.mark.parametrize(
    ("keep", "said"),
    [
        ([4], "no effect stands at position 4"),
        ([-5], "position -5"),
        (["a"], "mask of 4"),
        ([1.0], "mask of 4"),
        (0, "mask of 4"),
        (None, "mask of 4"),
        (slice(0, 2), "mask of 4"),
        ([[0, 1]], "mask of 4"),
        ([True, None, True, True], "none of them missing"),
        ([True, False], "the mask has 2 values for 4"),
    ],
)
def test_subset_says_what_it_takes(keep, said):
    with pytest.raises(DataError, match=said):
        meta.Effects.from_arrays(YI, VI).subset(keep)


def test_subset_keeps_order_and_may_be_empty():
    effects = meta.Effects.from_arrays(YI, VI)
    assert effects.subset([2, 0]).yi.tolist() == [-0.4, -0.5]
    assert effects.subset([]).k == 0
    assert meta.influence(meta.pool(effects.subset([True, False, True, True])))[
        "label"
    ].tolist() == [
        "study 1",
        "study 3",
        "study 4",
    ]


def test_people_that_are_no_numbers_are_named():
    effects = meta.Effects.from_arrays(YI, VI, n_t=["a", 10, 10, 10], n_c=[9, 9, 9, 9])
    with pytest.raises(DataError, match=r"n_t\[0\] is 'a'; needed: a number"):
        meta.pool(effects)


def test_effects_in_place_of_their_pooled_answer():
    effects = meta.Effects.from_arrays(YI, VI, year=[1, 2, 3, 4])
    for function in (
        meta.influence,
        meta.leave_one_out,
        meta.cumulative,
        meta.baujat,
        meta.blup,
        meta.egger,
        meta.begg,
        meta.trim_and_fill,
        meta.permutation_test,
    ):
        with pytest.raises(DataError, match=r"meta\.pool\(effects\)"):
            function(effects)


@pytest.mark.parametrize(
    "call",
    [
        lambda: meta.pool(YI, VI, ci_level="0.95"),
        lambda: meta.pool(YI, VI, measure=["RR"]),
        lambda: meta.effect_size(["RR"]),
        lambda: meta.effect_size("PR", events=[1, 2], n=10, add="x"),
        lambda: meta.effect_size("PR", events=[[1], [1, 2]], n=10),
        lambda: meta.effect_size("RR", events_t=1, n_t=9, events_c=2, n_c=9, drop00="yes"),
        lambda: meta.peto([1, 2], [9, 9], [2, 3], [9, 9], labels=3),
        lambda: meta.selection_model(meta.pool(YI, VI), steps="a"),
        lambda: meta.permutation_test(meta.pool(YI, VI), n_max=2.5),
        lambda: meta.direction_vote(None),
    ],
)
def test_settings_of_the_wrong_kind_are_named(call):
    with pytest.raises(DataError):
        call()


def test_an_interval_beyond_numbers_is_infinite_and_silent(recwarn):
    fit = meta.pool([800.0, 400.0, -900.0], [0.1, 0.02, 0.1], measure="RR")
    assert "∞" in str(fit)
    assert not [w for w in recwarn if issubclass(w.category, RuntimeWarning)]


def test_names_on_demand_change_nothing(tmp_path):
    trials = pd.DataFrame(
        {"label": ["a", "b ", "c"], "events_t": [3, 4, 6], "n_t": [60, 40, 50],
         "events_c": [5, 8, 9], "n_c": [58, 41, 52], "year": [1990, 2001, 2010]}
    )  # fmt: skip

    def found():
        return meta.Effects.from_table(trials, "RR")

    written = found()
    assert written.table["label"].tolist() == ["a", "b", "c"]
    # whatever is asked first, the answer is that of the written table
    np.testing.assert_array_equal(found().yi, written.yi)
    np.testing.assert_array_equal(found().vi, written.vi)
    assert (found().k, len(found()), found().labels) == (3, 3, ["a", "b", "c"])
    assert found().subset([2]).table["year"].tolist() == [2010]
    assert replace(found(), lower_is_better=True).lower_is_better
    assert "a" in found().derivations
    for copied in (pickle.loads(pickle.dumps(found())), copy.copy(found()), copy.deepcopy(found())):
        pd.testing.assert_frame_equal(copied.table, written.table)
    assert "label" in str(found())
    assert str(found()) == str(written)
    with pytest.raises(AttributeError, match="tabel"):
        found().tabel  # noqa: B018


def test_what_is_done_to_a_table_afterwards_does_not_reach_its_effects():
    trials = pd.DataFrame({"study": ["a", "b"], "yi": [0.1, 0.2], "vi": [0.04, 0.09], "x": [1, 2]})
    found = meta.Effects.from_table(trials)
    trials.loc[0, "study"] = "z"
    trials["x"] = 0
    assert found.labels == ["a", "b"]
    assert found.table["x"].tolist() == [1, 2]


def test_what_an_answer_is_written_as_holds_no_address_in_memory(root):
    # a notebook keeps it, so its page would change with every run
    found = meta.effects(meta.load_evidence(root / "data").primary("depression"))
    assert " at 0x" not in repr(meta.pool(found))


def test_the_way_back_from_double_arcsines_needs_a_value_of_each_study():
    counts = pd.DataFrame({"label": ["A", "B"], "events": [3, 1], "n": [40, 22]})
    found = meta.effects(counts, "PFT")
    with pytest.raises(meta.DataError, match="to_reader has 3 values for 2 studies"):
        found.to_reader([0.1, 0.2, 0.3])
