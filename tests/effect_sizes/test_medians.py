"""Medians to means and SDs: published formulas, the level of the test, quantile estimation."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from meta.effect_sizes.medians import mean_sd_from_median
from meta.effect_sizes.quantile_fit import fit_quantiles
from meta.errors import DataError

QUARTILES = {"q1": 5, "q3": 10}
RANGE = {"minimum": 2, "maximum": 16}


# 40 people; two other implementations of the three papers agree on these six digits
@pytest.mark.parametrize(
    ("form", "numbers", "mean", "sd"),
    [
        ("quartiles", QUARTILES, 7.354875, 3.844650),
        ("range", RANGE, 7.401901, 3.246218),
        ("five numbers", {**QUARTILES, **RANGE}, 7.545688, 3.479803),
    ],
)
def test_luo_wan_shi(form, numbers, mean, sd):
    found = mean_sd_from_median(n=40, median=7, **numbers).iloc[0]
    assert found["form"] == form
    assert found["family"] == "normal"
    assert found["mean"] == pytest.approx(mean, abs=6e-7)
    assert found["sd"] == pytest.approx(sd, abs=6e-7)


def samples(n, trials, seed=7):
    draws = np.sort(np.random.default_rng(seed).standard_normal((trials, n)), axis=1)
    quarter = (n - 1) // 4
    return {
        "minimum": draws[:, 0],
        "q1": draws[:, quarter],
        "median": draws[:, n // 2],
        "q3": draws[:, n - 1 - quarter],
        "maximum": draws[:, -1],
    }


@pytest.mark.parametrize(
    "kept", [("q1", "q3"), ("minimum", "maximum"), ("q1", "q3", "minimum", "maximum")]
)
def test_normal_data_are_recovered_and_the_test_keeps_its_level(kept):
    numbers = samples(41, 20_000)
    chosen = {name: numbers[name] for name in ("median", *kept)}
    found = mean_sd_from_median(n=41, allow_skewed=True, **chosen)
    # standard errors of the simulated means: 0.001; the formulas are approximations of 1 %
    assert found["mean"].mean() == pytest.approx(0, abs=0.01)
    assert found["sd"].mean() == pytest.approx(1, abs=0.02)
    # nominal 5 %; the standard error of the simulation is 0.15 %
    assert 0.04 < found["skewed"].mean() < 0.055


def test_skewed_data_are_refused_with_the_way_out():
    frame = pd.DataFrame(
        {"median": [10.0, 10.0], "q1": [8.0, 9.0], "q3": [12.0, 30.0]}, index=["even", "skewed"]
    )
    with pytest.raises(DataError, match=r"row\[1\] \('skewed'\): the data are skewed") as caught:
        mean_sd_from_median(n=100, **frame)
    assert len(caught.value.faults) == 1
    assert "method='QE' or allow_skewed=True" in caught.value.faults[0]
    allowed = mean_sd_from_median(n=100, allow_skewed=True, **frame)
    assert allowed["skewed"].tolist() == [False, True]
    assert allowed.index.tolist() == ["even", "skewed"]


class TestQuantileEstimation:
    def test_example_of_estmeansd(self):
        # printed example of the R package: median 4, 2 to 9, 100 people
        found = mean_sd_from_median(n=100, median=4, minimum=2, maximum=9, method="QE").iloc[0]
        # its optimiser stops early: the two answers agree to the fourth digit
        assert found["mean"] == pytest.approx(4.347284, abs=3e-5)
        assert found["sd"] == pytest.approx(1.502171, abs=3e-5)
        assert found["family"] == "log-normal"

    def test_ours_is_the_closer_fit_in_that_example(self):
        mean, sd = 4.347284, 1.502171
        sigma = np.sqrt(np.log1p((sd / mean) ** 2))
        theirs = stats.lognorm(sigma, scale=mean / np.exp(sigma**2 / 2))
        probabilities = np.array([0.01, 0.5, 0.99])
        quantiles = np.array([2.0, 4.0, 9.0])
        distance = ((theirs.ppf(probabilities) - quantiles) ** 2).sum()
        assert fit_quantiles(quantiles, probabilities).distance <= distance

    @pytest.mark.parametrize(
        ("family", "truth"),
        [
            ("normal", stats.norm(50, 8)),
            ("log-normal", stats.lognorm(0.6, scale=20)),
            ("gamma", stats.gamma(2.5, scale=4)),
            ("Weibull", stats.weibull_min(1.4, scale=300)),
            ("beta", stats.beta(2, 6)),
        ],
    )
    def test_a_family_finds_itself(self, family, truth):
        numbers = dict(
            zip(
                ("minimum", "q1", "median", "q3", "maximum"),
                truth.ppf([1 / 80, 0.25, 0.5, 0.75, 1 - 1 / 80]),
                strict=True,
            )
        )
        found = mean_sd_from_median(n=80, method="QE", **numbers).iloc[0]
        assert found["family"] == family
        # five exact quantiles and two parameters: the fit is limited by its own tolerance
        assert found["mean"] == pytest.approx(truth.mean(), rel=1e-6)
        assert found["sd"] == pytest.approx(truth.std(), rel=1e-6)

    def test_scale_does_not_matter(self):
        small = mean_sd_from_median(n=60, median=4, q1=2, q3=9, method="QE").iloc[0]
        large = mean_sd_from_median(n=60, median=4e4, q1=2e4, q3=9e4, method="QE").iloc[0]
        assert large["mean"] == pytest.approx(small["mean"] * 1e4, rel=1e-5)
        assert large["family"] == small["family"]

    def test_values_at_or_below_zero_leave_only_the_normal(self):
        found = mean_sd_from_median(n=60, median=0, q1=-3, q3=3.5, method="QE").iloc[0]
        assert found["family"] == "normal"
        with pytest.raises(DataError, match="use allow_skewed=True"):
            mean_sd_from_median(n=60, median=0, q1=-1, q3=9, method="QE")


def test_all_faults_at_once():
    with pytest.raises(DataError) as caught:
        mean_sd_from_median(
            n=[4, 40, 40], median=[7, 12, 7], q1=[5, 5, 7], q3=[10, 10, 7], minimum=1, method="BC"
        )
    text = "\n".join(caught.value.faults)
    assert "method is 'BC'; needed: 'normal' or 'QE'" in text
    assert "only one of minimum and maximum is given; needed: both" in text
    assert "n[0] is 4; needed: a number of people >= 5" in text
    assert "median[1] is 12, q3[1] is 10; needed: median <= q3" in text
    assert "q1[2] is 7, q3[2] is 7; needed: q1 other than q3 (else the SD is 0)" in text
    assert len(caught.value.faults) == 5
    with pytest.raises(DataError, match="a median alone has no spread"):
        mean_sd_from_median(n=40, median=7)
