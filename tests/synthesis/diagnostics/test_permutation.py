"""Permutation tests against metafor, PyMARE, counting by hand, and their edges."""

from __future__ import annotations

import itertools
import json

import numpy as np
import pytest
from reference_answers import reference

import meta
from meta.errors import DataError, TooFewStudies


def hine(**settings):
    ref = reference("hine1989_RD")
    return meta.pool(ref["yi"], ref["vi"], measure="RD", **settings)


@pytest.mark.parametrize("ci_method", ["wald", "HK", "HK-adhoc"])
def test_hine_1989_equals_metafor(ci_method):
    # permutest() of the REML fit, exact: 4 of 64 sign patterns
    got = meta.permutation_test(hine(ci_method=ci_method))
    assert got.p_value == 0.0625
    assert got.exact
    assert got.n_permutations == 64


@pytest.mark.parametrize("model", ["random", "common", "uwls"])
@pytest.mark.parametrize("ci_method", ["wald", "HK", "HK-adhoc"])
def test_counts_the_same_patterns_as_one_fit_at_a_time(model, ci_method):
    random = np.random.default_rng(2)
    yi, vi = random.normal(0.3, 0.4, 6), random.uniform(0.02, 0.2, 6)
    settings = {"model": model, "ci_method": ci_method, "tau2_method": "PM"}
    fit = meta.pool(yi, vi, **settings)
    statistics = []
    for signs in itertools.product([1, -1], repeat=6):
        flipped = meta.pool(yi * signs, vi, **settings)
        statistics.append(abs(flipped.estimate / flipped.se))
    share = np.mean(np.array(statistics) >= statistics[0] * (1 - 1e-8))
    got = meta.permutation_test(fit)
    assert got.p_value == pytest.approx(share)
    assert got.statistic == pytest.approx(fit.estimate / fit.se)


def test_equals_the_engines_own_test():
    from pymare import Dataset
    from pymare.estimators import DerSimonianLaird

    random = np.random.default_rng(4)
    for _ in range(3):
        yi, vi = random.normal(0.2, 0.4, 8), random.uniform(0.02, 0.2, 8)
        engine = DerSimonianLaird(small_sample_correction="wald").fit_dataset(Dataset(yi, vi))
        want = float(np.ravel(engine.summary().permutation_test(1000).perm_p["fe_p"])[0])
        fit = meta.pool(yi, vi, tau2_method="DL", ci_method="wald")
        assert meta.permutation_test(fit).p_value == pytest.approx(want)


def test_a_sample_is_repeatable_near_the_exact_answer_and_never_zero():
    random = np.random.default_rng(6)
    fit = meta.pool(random.normal(0.15, 0.4, 12), np.full(12, 0.05), tau2_method="DL")
    exact = meta.permutation_test(fit)
    sample = meta.permutation_test(fit, n_max=3000, seed=1)
    assert exact.exact
    assert not sample.exact
    assert sample == meta.permutation_test(fit, n_max=3000, seed=1)
    # four standard errors of a share of 3000
    assert sample.p_value == pytest.approx(exact.p_value, abs=4 * 0.5 / 3000**0.5)
    strong = meta.pool(np.linspace(1, 2, 30), np.full(30, 0.01), tau2_method="DL")
    assert meta.permutation_test(strong, n_max=500).p_value == 1 / 500
    assert any("drawn" in note for note in meta.permutation_test(strong, n_max=500).notes)


def test_same_signs_give_the_smallest_p():
    fit = meta.pool([0.5, 0.45, 0.55, 0.5, 0.6], [0.04, 0.05, 0.06, 0.05, 0.04])
    assert meta.permutation_test(fit).p_value == 2 / 32
    assert any("cannot reach" in note for note in meta.permutation_test(fit).notes)


def test_turning_all_signs_changes_nothing():
    one = meta.permutation_test(meta.pool([0.5, -0.1, 0.3], [0.04, 0.05, 0.06]))
    other = meta.permutation_test(meta.pool([-0.5, 0.1, -0.3], [0.04, 0.05, 0.06]))
    assert other.p_value == one.p_value
    assert other.statistic == pytest.approx(-one.statistic)


def test_equal_effects_and_no_effects():
    equal = meta.permutation_test(meta.pool([0.3, 0.3, 0.3], [0.04, 0.05, 0.06]))
    assert equal.p_value == 2 / 8
    none = meta.permutation_test(meta.pool([0.0, 0.0, 0.0], [0.04, 0.05, 0.06]))
    assert none.p_value == 1
    two = meta.permutation_test(meta.pool([0.3, 0.4], [0.04, 0.05]))
    assert two.p_value == 0.5


def test_faults():
    with pytest.raises(TooFewStudies):
        meta.permutation_test(meta.pool([0.3], [0.04]))
    with pytest.raises(DataError, match="no effect"):
        meta.permutation_test(meta.pool_proportions([3, 4], [10, 10]))
    with pytest.raises(DataError, match="n_max"):
        meta.permutation_test(hine(), n_max=1)


def test_shows_itself_in_words_html_and_json():
    got = meta.permutation_test(hine())
    assert "all 64 sign patterns" in got.sentence()
    assert "exact" in str(got)
    assert "<caption>" in got._repr_html_()
    assert json.loads(json.dumps(got.to_dict()))["p_value"] == 0.0625
