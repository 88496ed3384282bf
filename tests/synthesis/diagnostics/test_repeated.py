"""Repeating an analysis of other sets of its studies: all at once is one at a time."""

from __future__ import annotations

import time

import numpy as np
import pytest
from reference_answers import reference

import meta
from meta.synthesis.diagnostics.repeated import SHOWN, without_each


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"tau2_method": "DL", "ci_method": "HK-adhoc", "ci_level": 0.9},
        {"model": "common"},
        {"model": "uwls"},
        {"ci_method": "wald", "prediction_method": "t(k-2)"},
    ],
)
@pytest.mark.parametrize("k", [2, 3, 13])
def test_leaving_out_at_once_is_leaving_out_one_by_one(settings, k):
    ref = reference("bcg_RR")
    effects = meta.Effects.from_arrays(ref["yi"][:k], ref["vi"][:k], measure="RR")
    fit = meta.pool(effects, **settings)
    table = without_each(fit)
    for i in range(k):
        other = fit.refit(effects.subset(np.arange(k) != i))
        for name in SHOWN:
            np.testing.assert_equal(table[name][i], getattr(other, name), err_msg=name)


def test_900_effects_take_less_than_a_second():
    random = np.random.default_rng(1)
    vi = random.uniform(0.01, 0.3, 900)
    fit = meta.pool(random.normal(0.3, np.sqrt(vi + 0.1)), vi)
    start = time.process_time()
    table = meta.leave_one_out(fit).table
    # 0.3 s; fits one by one took minutes
    assert time.process_time() - start < 3
    assert table["k"].tolist() == [899] * 900
