"""Simulated coverage and power against what is known in closed form."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import meta

N = 4000


def row(table: pd.DataFrame, interval: str) -> pd.Series:
    return table[table["interval"] == interval].iloc[0]


@pytest.mark.parametrize("tau2", [0.0, 0.1])
def test_knapp_hartung_is_exact_with_equal_variances(tau2):
    table = meta.operating_characteristics([0.04] * 5, tau2=tau2, repetitions=N)
    found = row(table, "HK")
    # four Monte Carlo standard errors: wrong once in 16,000 seeds, and the seed is fixed
    assert found["coverage"] == pytest.approx(0.95, abs=4 * np.sqrt(0.95 * 0.05 / N))
    assert found["rejects"] == pytest.approx(1 - found["coverage"]), "the truth is no effect"


def test_power_is_that_of_a_t_test_with_equal_variances():
    k, v, tau2, truth = 6, 0.05, 0.03, 0.25
    table = meta.operating_characteristics([v] * k, truth=truth, tau2=tau2, repetitions=N)
    shift = truth * np.sqrt(k / (v + tau2))
    limit = stats.t.ppf(0.975, k - 1)
    power = stats.nct.sf(limit, k - 1, shift) + stats.nct.cdf(-limit, k - 1, shift)
    assert row(table, "HK")["rejects"] == pytest.approx(power, abs=4 * np.sqrt(0.25 / N))


def test_the_normal_interval_promises_too_much_and_the_ad_hoc_one_never_less():
    table = meta.operating_characteristics([0.02, 0.05, 0.1], tau2=0.1, repetitions=N)
    assert row(table, "wald")["coverage"] < 0.9
    assert row(table, "HK-adhoc")["coverage"] >= row(table, "HK")["coverage"]
    assert row(table, "HK-adhoc")["width"] >= row(table, "HK")["width"]


def test_a_fit_lends_its_variances_its_estimate_and_its_tau2():
    fit = meta.pool([-0.6, -0.1, 0.3, -0.2], [0.02, 0.05, 0.03, 0.04])
    table = meta.operating_characteristics(fit, repetitions=200)
    assert table["tau2"].unique().tolist() == [0.0, fit.tau2]
    same = meta.operating_characteristics(
        fit.effects.vi, truth=fit.estimate, tau2=[0.0, fit.tau2], repetitions=200
    )
    pd.testing.assert_frame_equal(table, same)


def test_units_do_not_matter():
    small = meta.operating_characteristics([0.04, 0.09, 0.02], tau2=0.05, repetitions=300)
    large = meta.operating_characteristics([4e4, 9e4, 2e4], tau2=5e4, repetitions=300)
    assert small["coverage"].tolist() == large["coverage"].tolist()
    assert (1000 * small["width"]).tolist() == pytest.approx(large["width"].tolist())


def test_faults():
    with pytest.raises(meta.TooFewStudies):
        meta.operating_characteristics([0.1])
    for wrong in ({"tau2": -1}, {"ci_level": 95}, {"repetitions": 5}, {"tau2_method": "XX"}):
        with pytest.raises(meta.DataError):
            meta.operating_characteristics([0.1, 0.1], **wrong)
    with pytest.raises(meta.DataError, match="above 0"):
        meta.operating_characteristics([0.1, 0.0])


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"tau2": "a"}, "tau2 is 'a'"),
        ({"tau2": [None]}, r"tau2 is \[None\]"),
        ({"ci_level": "95"}, "ci_level is '95'"),
        ({"repetitions": 200.5}, "repetitions is 200.5; needed: a whole number"),
        ({"repetitions": 20}, "whole number from 100 on"),
        ({"truth": np.nan}, "truth is nan"),
        ({"truth": "large"}, "truth is 'large'"),
        ({"seed": -1}, "seed is -1"),
    ],
)
def test_settings_of_another_kind_name_what_is_needed(wrong, said):
    with pytest.raises(meta.DataError, match=said):
        meta.operating_characteristics([0.1, 0.1], **wrong)


def test_effects_and_other_answers_are_not_taken_for_variances():
    fit = meta.pool([0.1, 0.2], [0.1, 0.1])
    tables = meta.mantel_haenszel([4, 5], [100, 90], [11, 10], [100, 90])
    with pytest.raises(meta.DataError, match=r"give meta.pool\(effects\) or effects.vi"):
        meta.operating_characteristics(fit.effects)
    with pytest.raises(meta.DataError, match=r"give meta.pool\(fit\)"):
        meta.operating_characteristics(tables)
