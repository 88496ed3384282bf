"""Whole scores: published examples, every possible set of scores, and what the bounds must do."""

from __future__ import annotations

import math
from itertools import combinations_with_replacement
from statistics import mean, stdev

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meta.errors import DataError
from meta.evidence.granularity import grim, grimmer, largest_sd


def test_the_worked_example_of_brown_and_heathers():
    # 5.19 with 28 people: 145/28 = 5.18 and 146/28 = 5.21
    grain = grim(5.19, n=28, decimals=2)
    assert not grain.possible
    assert (grain.below, grain.above) == (145 / 28, 146 / 28)
    assert grim(5.18, n=28, decimals=2).possible
    assert grim(5.21, n=28, decimals=2).possible


def test_the_curators_recomputation():
    assert not grim(11.26, n=26, decimals=2).possible
    assert not grim(-10.40, n=27, decimals=2).possible
    # printed to one decimal the same means pass
    assert grim(26.9, n=26, decimals=1).possible
    assert grim(-10.4, n=27, decimals=1).possible
    assert not grim(26.9, n=26, decimals=2).possible


@pytest.mark.parametrize("decimals", [1, 2])
@pytest.mark.parametrize("n", [2, 3, 7, 13, 28])
def test_grim_is_exactly_the_set_of_rounded_means(n, decimals):
    unit = 10**decimals
    # both roundings of a mean halfway between two printed ones are possible
    printable = set()
    for total in range(5 * n + 1):
        scaled = total * unit * 2 / n
        printable |= {math.floor((scaled + 1) / 2), math.ceil((scaled - 1) / 2)}
    for k in range(5 * unit + 1):
        assert grim(k / unit, n, decimals).possible == (k in printable), k / unit


def test_with_many_people_every_mean_is_possible():
    assert all(grim(k / 10, 10, 1).possible for k in range(200))
    assert all(grim(k / 100, 132, 2).possible for k in range(200))


def test_a_coarser_step_excludes_more():
    assert grim(7.5, n=2, decimals=1).possible
    assert not grim(7.5, n=2, decimals=1, step=2).possible


@pytest.mark.parametrize("n", [2, 3, 4, 5])
def test_no_real_set_of_scores_is_called_impossible(n):
    for scores in combinations_with_replacement(range(7), n):
        for decimals in (1, 2):
            m, s = round(mean(scores), decimals), round(stdev(scores), decimals)
            assert grim(m, n, decimals).possible, scores
            assert grimmer(m, s, n, decimals, decimals), scores


@pytest.mark.parametrize("n", [3, 4, 6])
def test_grimmer_finds_most_sds_that_no_scores_have(n):
    """Of the SDs to two decimals beside a possible mean, few that cannot occur pass."""
    real = set()
    for scores in combinations_with_replacement(range(9), n):
        real.add((round(mean(scores), 2), round(stdev(scores), 2)))
    means = {m for m, _ in real if 3 <= m <= 5}
    tried = {(m, k / 100) for m in means for k in range(20, 200)}
    impossible = {pair for pair in tried if pair not in real}
    passed = {(m, s) for m, s in impossible if grimmer(m, s, n, 2, 2)}
    # halves round both ways, and the test is necessary only: a small share slips through
    assert len(passed) / len(impossible) < 0.05


@given(st.lists(st.integers(0, 63), min_size=2, max_size=40))
def test_real_scores_pass_every_test(scores):
    n, m, s = len(scores), mean(scores), stdev(scores)
    for decimals in (1, 2):
        printed = round(m, decimals)
        assert grim(printed, n, decimals).possible
        assert grimmer(printed, round(s, decimals), n, decimals, decimals)
        assert s <= largest_sd(printed, n, decimals, 0, 63) + 1e-9


@pytest.mark.parametrize("n", [2, 3, 5])
def test_the_largest_sd_is_reached(n):
    """No scores between the bounds are further apart, and some are as far apart."""
    low, high = 2, 8
    widest: dict[float, float] = {}
    for scores in combinations_with_replacement(range(low, high + 1), n):
        m = mean(scores)
        widest[m] = max(widest.get(m, 0), stdev(scores))
    for m, s in widest.items():
        # nine decimals: the mean stands for one sum only
        assert largest_sd(round(m, 9), n, 9, low, high) == pytest.approx(s, abs=1e-8)


def test_largest_sd_closed_form():
    # half at each end: width / 2 times sqrt(n / (n - 1))
    assert largest_sd(5, 10, 6, 0, 10) == pytest.approx(5 * math.sqrt(10 / 9))
    # the curators' bounds for rodriguezmoran2024 under a cap of 30 are 4.7 and 5.4: they let all
    # scores stand on the two bounds, which whole scores with these sums cannot
    assert largest_sd(28.8, 30, 1, 11, 30) == pytest.approx(4.7, abs=0.05)
    assert 5.1 < largest_sd(28.4, 30, 1, 11, 30) < 5.4
    assert math.isnan(largest_sd(31, 30, 1, 11, 30))


def test_a_mean_that_no_sum_gives_stands_anywhere_in_its_rounding():
    # two people with 9.8: no whole scores; with 9.75 (10 and 9.5) they are furthest apart, and at
    # the other end with 0.25
    assert largest_sd(9.8, 2, 1, 0, 10) == pytest.approx(0.5 / math.sqrt(2))
    assert largest_sd(0.2, 2, 1, 0, 10) == pytest.approx(0.5 / math.sqrt(2))


def test_impossible_input_is_refused():
    with pytest.raises(DataError, match="n is 0"):
        grim(5, 0, 2)
    with pytest.raises(DataError, match="step is 0"):
        grim(5, 10, 2, step=0)
    with pytest.raises(DataError, match="n >= 2"):
        grimmer(5, 1, 1, 2, 2)
    with pytest.raises(DataError, match="high > low"):
        largest_sd(5, 10, 2, 3, 3)
