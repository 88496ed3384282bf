"""Intervals and standard errors, against published examples and there-and-back identities."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from meta.effect_sizes.intervals import (
    ci_of_mean_to_sd,
    ci_to_se,
    se_difference_to_sd,
    se_to_ci,
    se_to_sd,
)
from meta.effect_sizes.p_values import p_to_statistic
from meta.errors import DataError

estimates = st.floats(-20, 20)
errors = st.floats(0.01, 5)
levels = st.floats(0.5, 0.999)
degrees = st.one_of(st.none(), st.floats(1, 500))


def test_risk_ratio_by_a_separate_computation():
    # RR 0.72 (0.55 to 0.94), computed separately to six digits
    found = ci_to_se(0.55, 0.94, estimate=0.72, log=True)
    assert found.estimate == pytest.approx(-0.328504, abs=6e-7)
    assert found.se == pytest.approx(0.136727, abs=6e-7)


@given(estimate=estimates, se=errors, level=levels, dof=degrees, log=st.booleans())
def test_there_and_back(estimate, se, level, dof, log):
    if log:
        estimate, se = estimate / 10, se / 10  # keeps the ratio's limits within the floats
    low, high = se_to_ci(estimate, se, ci_level=level, dof=dof, log=log)
    back = ci_to_se(low, high, ci_level=level, dof=dof, log=log)
    assert back.se == pytest.approx(se, rel=1e-7)
    assert back.estimate == pytest.approx(estimate, rel=1e-7, abs=1e-7)
    assert back.asymmetry == 0


def test_t_gives_the_smaller_standard_error():
    # quantiles of a t table: 2.042 at 30 degrees of freedom, 1.960 normal
    with_t, with_z = ci_to_se(0, 1, dof=30).se, ci_to_se(0, 1).se
    assert with_z / with_t == pytest.approx(2.0423 / 1.95996, rel=1e-4)


def test_asymmetry_finds_a_ratio_read_on_the_wrong_scale():
    assert ci_to_se(0.5, 8.0, estimate=2.0, log=True).asymmetry == pytest.approx(0, abs=1e-12)
    assert ci_to_se(0.5, 8.0, estimate=2.0).asymmetry == pytest.approx(-0.6, rel=1e-12)


def test_columns_keep_their_index():
    frame = pd.DataFrame({"low": [1.0, 2.0], "high": [3.0, 5.0]}, index=["a", "b"])
    found = ci_to_se(frame["low"], frame["high"])
    assert found.se.index.tolist() == ["a", "b"]
    np.testing.assert_allclose(found.estimate, [2.0, 3.5])


def test_handbook_standard_deviations():
    # Cochrane Handbook 6.5.2.2: interval 30.0 to 34.2 of a mean of 25 people, t 2.064
    assert ci_of_mean_to_sd(30.0, 34.2, 25) == pytest.approx(5 * 4.2 / 4.128, rel=1e-3)
    assert ci_of_mean_to_sd(30.0, 34.2, 25, distribution="z") == pytest.approx(
        5 * 4.2 / 3.92, rel=1e-3
    )
    # 6.5.2.3: p 0.008, 25 and 22 people, difference 3.8: t 2.78, standard error 1.37
    t = p_to_statistic(0.008, sign=1, dof=45)
    assert t == pytest.approx(2.78, abs=0.005)
    assert 3.8 / t == pytest.approx(1.37, abs=0.005)
    assert se_difference_to_sd(1.37, 25, 22) == pytest.approx(4.69, abs=0.005)
    assert se_to_sd(1.5, 25) == 7.5


def test_all_faults_at_once():
    with pytest.raises(DataError) as caught:
        ci_to_se([1.0, 3.0, 1.0], [2.0, 2.0, np.nan], ci_level=95, dof=0)
    assert caught.value.faults == (
        "high[2] is missing; needed: a number",
        "ci_level is 95; needed: a confidence level strictly between 0 and 1 (0.95, not 95)",
        "dof is 0; needed: degrees of freedom > 0",
        "low[1] is 3, high[1] is 2; needed: low below high",
    )
    with pytest.raises(DataError, match=r"low is -0\.1; needed: a number > 0"):
        ci_to_se(-0.1, 2.0, log=True)
    with pytest.raises(DataError, match="needed: a standard error > 0"):
        se_to_ci(1.0, 0.0)
    with pytest.raises(DataError, match="distribution is 'n'"):
        ci_of_mean_to_sd(1, 2, 9, distribution="n")
