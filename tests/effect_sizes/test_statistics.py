"""t, F and p to g, and effects of one kind read as another."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from meta.effect_sizes.sizes import effect_size
from meta.effect_sizes.statistics import (
    d_to_log_odds_ratio,
    d_to_r,
    f_to_smd,
    log_odds_ratio_to_d,
    p_to_smd,
    r_to_d,
    t_to_smd,
)
from meta.errors import DataError

effects = st.floats(-3, 3)
variances = st.floats(0.001, 2)


def test_p_as_in_metafors_documentation():
    # escalc(measure="SMD", pi=-0.018, n1i=20, n2i=20): -0.7664
    assert p_to_smd(0.018, 20, 20, sign=-1).yi == pytest.approx(-0.7664, abs=5e-5)


@pytest.mark.parametrize("vtype", ["LS", "LS2", "UB"])
def test_t_f_and_p_give_what_the_arms_give(vtype):
    arms = {"mean_t": 9.0, "sd_t": 5.0, "n_t": 26, "mean_c": 12.0, "sd_c": 4.0, "n_c": 27}
    direct = effect_size("SMD", vtype=vtype, **arms).iloc[0]
    test = stats.ttest_ind_from_stats(9.0, 5.0, 26, 12.0, 4.0, 27)
    for found in (
        t_to_smd(test.statistic, 26, 27, vtype=vtype),
        f_to_smd(test.statistic**2, 26, 27, sign=-1, vtype=vtype),
        p_to_smd(test.pvalue, 26, 27, sign=-1, vtype=vtype),
    ):
        # the quantile of t is iterative inside SciPy
        assert found.yi == pytest.approx(direct["yi"], rel=1e-8)
        assert found.vi == pytest.approx(direct["vi"], rel=1e-8)


def test_columns():
    t = pd.Series([1.0, -2.0], index=["a", "b"])
    found = t_to_smd(t, 20, [20, 30])
    assert found.yi.index.tolist() == ["a", "b"]
    assert found.yi["b"] == t_to_smd(-2.0, 20, 30).yi


@given(yi=effects, vi=variances)
def test_odds_ratio_there_and_back(yi, vi):
    assert log_odds_ratio_to_d(*d_to_log_odds_ratio(yi, vi)) == pytest.approx((yi, vi), rel=1e-12)


@given(yi=effects, vi=variances)
def test_correlation_there_and_back(yi, vi):
    assert r_to_d(*d_to_r(yi, vi)) == pytest.approx((yi, vi), rel=1e-9)


@pytest.mark.parametrize(
    ("function", "start"), [(d_to_r, 0.5), (r_to_d, 0.5), (d_to_r, -1.2), (r_to_d, -0.3)]
)
def test_variances_follow_the_slope(function, start):
    # delta method: the variance is multiplied by the square of the derivative, here a difference
    step = 1e-5
    slope = (function(start + step, 1).yi - function(start - step, 1).yi) / (2 * step)
    assert function(start, 0.02).vi == pytest.approx(slope**2 * 0.02, rel=1e-6)


def test_odds_ratio_factor_is_the_logistic_standard_deviation():
    odds = d_to_log_odds_ratio(1, 1)
    assert odds == pytest.approx((stats.logistic.std(), stats.logistic.var()), rel=1e-12)


def test_correlation_of_unequal_arms():
    # the point-biserial correlation of two-valued data, from the same t
    rng = np.random.default_rng(3)
    treated, control = rng.normal(0.8, 1, 60), rng.normal(0, 1, 20)
    group = np.repeat([1.0, 0.0], [60, 20])
    t = stats.ttest_ind(treated, control).statistic
    d = t * np.sqrt(1 / 60 + 1 / 20)
    direct = np.corrcoef(group, np.concatenate([treated, control]))[0, 1]
    # d carries N - 2, the correlation N: the formula is a large-sample one
    assert d_to_r(d, 0.1, n_t=60, n_c=20).yi == pytest.approx(direct, rel=0.03)


def test_faults():
    with pytest.raises(DataError) as caught:
        f_to_smd([-1.0, 4.0], [20, 1], 20, sign=[1, 2], vtype="AV")
    assert len(caught.value.faults) == 4
    with pytest.raises(DataError, match="one of n_t and n_c is missing"):
        d_to_r(0.5, 0.1, n_t=3)
    with pytest.raises(DataError, match="vi is 0; needed: a number > 0"):
        d_to_log_odds_ratio(0.5, 0)
    with pytest.raises(DataError, match="yi is 1; needed: a correlation strictly"):
        r_to_d(1, 0.1)
