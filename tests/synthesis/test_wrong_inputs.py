"""What is given in place of effects is named, with the way out."""

from __future__ import annotations

import pandas as pd
import pytest

import meta
from meta.errors import DataError

SETTINGS = {
    meta.pool: {},
    meta.bayes: {},
    meta.multilevel: {"cluster": "study_id"},
    meta.robust: {"cluster": "study_id"},
    meta.subgroups: {"by": "label"},
    meta.meta_regression: {"formula": "~ year"},
    meta.aggregate_correlated: {},
    meta.shared_control_covariance: {"cluster": "study_id"},
}


@pytest.mark.parametrize("method", SETTINGS)
@pytest.mark.parametrize(
    ("given", "words"),
    [
        ([0.1, 0.2], "vi is missing|needed: effects"),
        (None, "effects is None; needed"),
        ("depression", "there is 'depression' without data=|needed: effects"),
    ],
)
def test_methods_need_effects_or_an_answer(method, given, words):
    with pytest.raises(DataError, match=words):
        method(given, **SETTINGS[method])


def test_bare_effects_and_named_columns_are_the_same_everywhere():
    table = pd.DataFrame(
        {
            "g": [0.3, 0.1, 0.5, 0.6, -0.1, 0.2], "v": [0.02, 0.03, 0.02, 0.04, 0.03, 0.02],
            "trial": list("AABBCD"), "kind": list("xyxyxy"), "year": [1, 2, 3, 4, 5, 6],
        }
    )  # fmt: skip
    effects = meta.Effects.from_arrays(
        table["g"], table["v"], trial=table["trial"], kind=table["kind"], year=table["year"]
    )
    y, v = table["g"].to_numpy(), table["v"].to_numpy()
    calls = [
        (meta.pool, {}, {}),
        (meta.bayes, {}, {}),
        (meta.multilevel, {"cluster": "trial"}, {"cluster": list("AABBCD")}),
        (meta.robust, {"cluster": "trial"}, {"cluster": list("AABBCD")}),
        (meta.subgroups, {"by": "kind"}, {"by": list("xyxyxy")}),
        (meta.meta_regression, {"formula": "~ year"}, None),
    ]
    for method, named, bare in calls:
        want = method(effects, **named)
        got = [method("g", vi="v", data=table, **named)]
        got += [] if bare is None else [method(y, v, **bare)]
        for one in got:
            assert _numbers(one) == pytest.approx(_numbers(want), nan_ok=True), method
        assert _numbers(method(meta.pool(effects), **named)) == pytest.approx(
            _numbers(want), nan_ok=True
        )


def _numbers(answer):
    if isinstance(answer, meta.Estimate):
        return [answer.estimate, answer.se, answer.p_value]
    if hasattr(answer, "q_between"):
        return [answer.q_between, *answer.table["estimate"]]
    return answer.coefficients["estimate"].tolist()
