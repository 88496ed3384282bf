"""Whatever a public function is given, it answers, or says which argument is wrong and why."""

from __future__ import annotations

import datetime
import decimal
import re
import warnings
from functools import cache
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from right_calls import calls, names

import meta
from meta.arguments import shown

OURS = (meta.DataError, meta.NotComparable, meta.NotConverged, meta.BuildError)

WRONG = {
    "nothing": None, "a word": "a", "no text": "", "a long text": "x" * 20_000, "a NUL": "a\0b",
    "bytes": b"a", "an empty list": [], "an empty mapping": {}, "an object": object(),
    "NaN": float("nan"), "infinite": float("inf"), "below 0": -1, "zero": 0, "a half": 2.5,
    "true": True, "complex": 1 + 2j, "a decimal": decimal.Decimal("0.5"),
    "400 digits": 10**400, "400 digits in a list": [10**400, 1], "1e308": 1e308,
    "missing": pd.NA, "missing time": pd.NaT, "a date": datetime.date(2020, 1, 1),
    "a ragged nest": [[1.0, 2.0], [3.0]], "a nest": [[1.0, 2.0], [3.0, 4.0]], "a pair": [0.2, 0.1],
    "objects": [object()], "nothings": [None, None], "texts": np.array(["a", "b"]),
    "masked": np.ma.array([0.1, 0.2], mask=[False, True]), "a set": {1, 2}, "a mapping": {"a": 1},
    "an empty frame": pd.DataFrame(), "another frame": pd.DataFrame({"a": [1, 2]}),
    "a column twice": pd.DataFrame([[1, 2], [3, 4]], columns=["yi", "yi"]),
    "a label twice": pd.Series([1.0, 2.0], index=["u", "u"]), "a class": int,
}  # fmt: skip
# a text is the address of a file
PATHS = {"path", "folder", "table", "mapping", "judgements", "risk_of_bias"}
# a function of the caller's own is called as it is
OWN_FUNCTIONS = {"progress"}
# drawing takes long, and a text is drawn as it is
DRAWN_TEXTS = {
    "title",
    "treatment",
    "control",
    "axis_label",
    "value_label",
    "label",
    "strong_label",
}


@cache
def calls_by_name():
    return {call.name: call for call in calls()}


def test_every_public_function_is_checked():
    unchecked = [
        call.name for call in calls_by_name().values() if not hasattr(call.function, "__wrapped__")
    ]
    assert unchecked == []


@pytest.mark.xdist_group("wrong arguments")
@pytest.mark.parametrize("name", names())
def test_a_wrong_argument_is_answered_or_named(name, tmp_path, monkeypatch):
    call = calls_by_name()[name]
    monkeypatch.chdir(tmp_path)
    faults = []
    for argument in call.parameters():
        if argument in OWN_FUNCTIONS or (call.drawn and argument in DRAWN_TEXTS):
            continue
        for what, value in WRONG.items():
            said = outcome(call, argument, value)
            if said is not None and not any(one in said for one in named(call, argument, value)):
                faults.append(f"{argument}={what}: {said}")
    plt.close("all")
    assert faults == []


def named(call, argument, value):
    """Words that lead to the argument: its name, the function's, its value or a part of it."""
    yield from (argument, argument.removesuffix("s"), call.name.rpartition(".")[2])
    yield shown(value)[:30]
    if isinstance(value, str) and argument in PATHS:
        yield f"{Path(value)}"
    if isinstance(value, dict | list | np.ndarray | pd.Series):
        yield from (str(one) for one in value)
    if isinstance(value, pd.DataFrame):
        yield "column"
    yield "vi"  # bare effects have no variances


def outcome(call, argument, value):
    """What a refusal for the argument said; None for an answer, or where studies are too few."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        try:
            call(**{argument: value})
        except meta.TooFewStudies:
            return None
        except OURS as error:
            return str(error)
        except Exception as error:
            return f"{type(error).__name__}!"
    return None


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"ci_level": "95"}, "ci_level is '95'; needed: a share between 0 and 1 (0.95, not 95)"),
        ({"tau2": "a"}, "tau2 is 'a'; needed: a finite number or None"),
        ({"labels": 3}, "labels is 3; needed: several values, each text or text or None"),
        ({"model": None}, "model is None; needed: text"),
        ({"data": [1, 2]}, "data is [1, 2]; needed: a data frame"),
    ],
)
def test_the_argument_the_value_and_the_need_are_named(wrong, said):
    with pytest.raises(meta.DataError, match=re.escape(said)):
        meta.pool([0.1, 0.2], [0.1, 0.1], **wrong)


def test_all_wrong_arguments_are_told_at_once():
    with pytest.raises(meta.DataError) as caught:
        meta.pool([0.1, 0.2], [0.1, 0.1], model=3, ci_level=None)
    assert len(caught.value.faults) == 2
