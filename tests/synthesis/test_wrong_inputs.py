"""What is given in place of effects is named, with the way out."""

from __future__ import annotations

import pytest

import meta
from meta.errors import DataError

FIT = meta.pool([0.1, 0.2, 0.4], [0.1, 0.2, 0.1])
CALLS = {
    "aggregate_correlated": meta.aggregate_correlated,
    "meta_regression": lambda given: meta.meta_regression(given, "~ year"),
    "shared_control_covariance": lambda given: meta.shared_control_covariance(given, cluster="x"),
}


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("given", [FIT, [0.1, 0.2], None], ids=["fit", "list", "nothing"])
def test_effects_are_needed(name, given):
    with pytest.raises(DataError, match=rf"^{name} takes effects, and was given \w+.*fit\.effects"):
        CALLS[name](given)


@pytest.mark.parametrize(
    "method", [meta.pool, meta.bayes, meta.multilevel, meta.robust, meta.subgroups]
)
@pytest.mark.parametrize(
    ("given", "words"),
    [
        ([0.1, 0.2], "vi is missing"),
        (None, "there is nothing: give Effects"),
        ("depression", "there is 'depression' without data="),
    ],
)
def test_methods_need_effects_or_an_answer(method, given, words):
    settings = {"cluster": "study_id"} if method in {meta.multilevel, meta.robust} else {}
    settings |= {"by": "label"} if method is meta.subgroups else {}
    with pytest.raises(DataError, match=words):
        method(given, **settings)
