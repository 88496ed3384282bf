"""What is given in place of effects is named, with the way out."""

from __future__ import annotations

import pytest

import meta
from meta.errors import DataError

FIT = meta.pool([0.1, 0.2, 0.4], [0.1, 0.2, 0.1])
CALLS = {
    "subgroups": lambda given: meta.subgroups(given, by="label"),
    "meta_regression": lambda given: meta.meta_regression(given, "~ year"),
    "multilevel": lambda given: meta.multilevel(given, cluster="study_id"),
    "aggregate_correlated": meta.aggregate_correlated,
    "shared_control_covariance": lambda given: meta.shared_control_covariance(given, cluster="x"),
}


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("given", [FIT, [0.1, 0.2], None], ids=["fit", "list", "nothing"])
def test_effects_are_needed(name, given):
    with pytest.raises(DataError, match=rf"^{name} takes effects, and was given \w+.*fit\.effects"):
        CALLS[name](given)


@pytest.mark.parametrize("given", [[0.1, 0.2], None, "depression"])
def test_robust_needs_effects_or_a_fit(given):
    with pytest.raises(DataError, match="robust takes effects, or the answer"):
        meta.robust(given, cluster="study_id")
