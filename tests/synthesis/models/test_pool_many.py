"""Many sets in one call: each row is what pool() says of its set, to the last bit."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest
from reference_answers import reference, univariate_references

import meta

SETTINGS = [
    {},
    {"tau2_method": "DL", "ci_method": "HK-adhoc", "ci_level": 0.9},
    {"tau2_method": "PM", "ci_method": "wald", "prediction_method": "z"},
    {"model": "common"},
    {"model": "uwls"},
]


def long_frame():
    """Every data set of the references as one long table."""
    frames = []
    for name in univariate_references():
        ref = reference(name)
        frames.append(pd.DataFrame({"name": name, "yi": ref["yi"], "vi": ref["vi"]}))
    return pd.concat(frames).sample(frac=1, random_state=1)


@pytest.mark.parametrize("settings", SETTINGS)
def test_each_row_is_the_pooled_answer_of_its_set(settings):
    data = long_frame()
    table = meta.pool_many(data=data, by="name", **settings)
    assert table["name"].tolist() == list(dict.fromkeys(data["name"]))
    for row in table.itertuples():
        some = data[data["name"] == row.name]
        fit = meta.pool(some["yi"].to_numpy(), some["vi"].to_numpy(), **settings)
        for name in table.columns.drop("name"):
            np.testing.assert_equal(getattr(row, name), getattr(fit, name), err_msg=name)


def test_arrays_and_a_long_table_say_the_same():
    random = np.random.default_rng(3)
    v = random.uniform(0.02, 0.3, (6, 500))
    y = random.normal(0.3, np.sqrt(v))
    data = pd.DataFrame({"yi": y.T.ravel(), "se": np.sqrt(v.T.ravel())})
    data["set"] = np.repeat(np.arange(500), 6)
    wide = meta.pool_many(y, np.sqrt(v) ** 2)
    tall = meta.pool_many(data=data, sei="se", by="set")
    pd.testing.assert_frame_equal(tall.drop(columns="set"), wide, check_exact=True)
    one_column = meta.pool_many(y, v[:, 0])
    assert one_column["estimate"][7] == meta.pool(y[:, 7], v[:, 0]).estimate


def test_a_set_of_one_study_is_that_study():
    data = pd.DataFrame({"a": ["x", "x", "y"], "yi": [0.1, 0.3, -0.5], "vi": [0.1, 0.1, 0.04]})
    row = meta.pool_many(data=data, by=["a"]).iloc[1]
    assert (row["a"], row["k"], row["estimate"], row["se"]) == ("y", 1, -0.5, 0.2)
    assert np.isnan([row["tau2"], row["i2"], row["pi_low"], row["q"]]).all()
    assert row["p_value"] == pytest.approx(meta.pool([-0.5], [0.04]).p_value, rel=1e-12)


def test_the_measure_decides_what_no_effect_is():
    y, v = np.full((3, 1), 0.5), np.full((3, 1), 0.04)
    y[0] = 0.6
    free = meta.pool_many(y, v)["p_value"][0]
    proportion = meta.pool_many(y, v, measure="PLO")["p_value"][0]
    assert free < 0.05
    fit = meta.pool(y[:, 0], v[:, 0], measure="PLO")
    np.testing.assert_equal(proportion, fit.p_value)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: meta.pool_many([0.1, 0.2], [0.1, 0.1]), r"one set, meta.pool"),
        (lambda: meta.pool_many("a", "b"), "needs its table"),
        (lambda: meta.pool_many([[0.1], [0.2]]), "vi or the standard errors"),
        (lambda: meta.pool_many([[0.1], [0.2]], [[0.1], [0.0]]), r"set 0: vi\[1\]"),
        (lambda: meta.pool_many([[0.1], [0.2]], [[0.1], [1e-17]]), "16 digits"),
        (lambda: meta.pool_many([["a"], [0.2]], [[0.1], [0.1]]), "no number"),
        (lambda: meta.pool_many([[0.1], [0.2]], [[0.1], [0.1]], model="x"), "model='x'"),
        (lambda: meta.pool_many(data=pd.DataFrame({"yi": [0.1], "vi": [0.1]})), "by is missing"),
        (
            lambda: meta.pool_many(data=pd.DataFrame({"yi": [0.1], "vi": [0.1]}), by="outcome"),
            "no such column",
        ),
        (
            lambda: meta.pool_many(
                data=pd.DataFrame({"yi": [0.1], "vi": [0.1], "by": [None]}), by="by"
            ),
            "row 0: by is missing",
        ),
    ],
)
def test_wrong_input_says_what_is_needed(call, words):
    with pytest.raises(meta.DataError, match=words):
        call()


def test_many_faults_are_counted():
    with pytest.raises(meta.DataError) as caught:
        meta.pool_many(np.full((2, 500), np.nan), np.ones((2, 500)))
    assert len(caught.value.faults) == 21
    assert "and 980 more" in str(caught.value)


def test_an_executor_changes_no_bit(monkeypatch):
    frame = long_frame()
    alone = meta.pool_many(data=frame, by="name")
    random = np.random.default_rng(3)
    y, v = random.normal(0, 1, (7, 5_000)), random.uniform(0.1, 1, (7, 5_000))
    together = meta.pool_many(y, v)
    monkeypatch.setattr("meta.synthesis.models.pool_many._TASK", 700)
    with ThreadPoolExecutor(2) as threads, ProcessPoolExecutor(2) as processes:
        for executor in (None, threads, processes):
            assert meta.pool_many(data=frame, by="name", executor=executor).equals(alone)
            assert meta.pool_many(y, v, executor=executor).equals(together)
