"""The same people twice: crossover trials and changes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from meta.effect_sizes.p_values import statistic_to_p
from meta.effect_sizes.paired import (
    correlation_from_sds,
    crossover_difference,
    crossover_smd,
    sd_of_difference,
)
from meta.errors import DataError

# Cochrane Handbook, worked example of old section 16.4.6.4
HANDBOOK = (7.0, 6.5, 10)


def test_handbook_example():
    by_sd = crossover_difference(*HANDBOOK, sd_difference=2)
    assert by_sd.estimate == 0.5
    assert by_sd.se == pytest.approx(0.632, abs=5e-4)
    by_r = crossover_difference(*HANDBOOK, sd_t=2.38, sd_c=2.21, correlation=0.68)
    assert by_r.sd_difference == pytest.approx(1.8426, abs=5e-5)
    assert by_r.se == pytest.approx(0.583, abs=5e-4)
    smd = crossover_smd(7.0, 2.38, 6.5, 2.21, 10, 0.68, bias_corrected=False)
    assert smd.yi == pytest.approx(0.218, abs=5e-4)
    assert np.sqrt(smd.vi) == pytest.approx(0.256, abs=5e-4)


def test_all_routes_meet():
    se = crossover_difference(*HANDBOOK, sd_difference=2).se
    t = 0.5 / se
    routes = [
        {"se": se},
        {"t": t},
        {"t": -t},  # a paper may subtract the other way round
        {"p_value": statistic_to_p(t, dof=9)},
        {"sd_t": 2.38, "sd_c": 2.21, "correlation": correlation_from_sds(2.38, 2.21, 2)},
    ]
    for route in routes:
        found = crossover_difference(*HANDBOOK, **route)
        assert found == pytest.approx((0.5, se, 2.0), rel=1e-8)


def test_standardised_difference_is_nearly_unbiased():
    # 30,000 crossover trials of 8 people, r 0.6, true difference 0.7 SDs between people
    rng = np.random.default_rng(11)
    person = rng.normal(0, np.sqrt(0.6), (30_000, 8, 1))
    values = person + rng.normal(0, np.sqrt(0.4), (30_000, 8, 2))
    values[:, :, 0] += 0.7
    mean, sd = values.mean(1), values.std(1, ddof=1)
    found = crossover_smd(mean[:, 0], sd[:, 0], mean[:, 1], sd[:, 1], 8, 0.6)
    # standard error of the simulated mean 0.002; without J it is 0.05 too large
    assert found.yi.mean() == pytest.approx(0.7, abs=0.012)
    plain = crossover_smd(mean[:, 0], sd[:, 0], mean[:, 1], sd[:, 1], 8, 0.6, bias_corrected=False)
    assert plain.yi.mean() > 0.74


@given(a=st.floats(0.5, 20), b=st.floats(0.5, 20), r=st.floats(-0.95, 0.95))
def test_correlation_there_and_back(a, b, r):
    # relative to the smaller share of the difference: digits are lost where one SD dwarfs the other
    assert correlation_from_sds(a, b, sd_of_difference(a, b, r)) == pytest.approx(r, abs=1e-9)


def test_a_standard_error_among_the_sds_is_found():
    with pytest.raises(DataError, match="is one of the three a standard error"):
        correlation_from_sds(0.13, 0.27, 0.03)


@pytest.mark.parametrize(
    "routes",
    [
        {},
        {"sd_t": 2, "sd_c": 2},
        {"t": 1, "p_value": 0.2},
        {"sd_difference": 2, "correlation": 0.5},
    ],
)
def test_exactly_one_route(routes):
    with pytest.raises(DataError, match="needed: exactly one of"):
        crossover_difference(*HANDBOOK, **routes)


def test_what_cannot_be_divided_by():
    with pytest.raises(DataError, match="means that differ"):
        crossover_difference(5, 5, 10, p_value=0.5)
    with pytest.raises(DataError, match="a t other than 0"):
        crossover_difference(5, 4, 10, t=0)
    with pytest.raises(DataError, match="a p-value below 1"):
        crossover_difference(5, 4, 10, p_value=1)
    with pytest.raises(DataError) as caught:
        crossover_smd([7.0, 6.0], [2.0, 0.0], 6.5, 2.0, [10, 2], 1.0)
    assert len(caught.value.faults) == 3
