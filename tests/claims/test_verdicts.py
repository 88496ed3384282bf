"""The rules at their boundaries."""

from __future__ import annotations

from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meta.claims import verdicts as v
from meta.claims.verdicts import Interval

LIMITS = st.floats(-5, 5)


@pytest.mark.parametrize(
    ("low", "high", "margin", "verdict"),
    [
        (0.1, 0.9, 0.3, v.SUPPORTED),
        # a limit of exactly 0 excludes nothing
        (0.0, 0.9, 0.3, v.UNRESOLVED),
        (-0.1, 0.9, 0.3, v.UNRESOLVED),
        (-0.2, 0.2, 0.3, v.CONTRADICTED),
        # the margin itself still matters
        (-0.2, 0.3, 0.3, v.UNRESOLVED),
        (-0.3, 0.2, 0.3, v.UNRESOLVED),
        (-0.2, 0.2, None, v.UNRESOLVED),
        (-0.9, -0.1, None, v.CONTRADICTED),
        # small but not nothing: a plain claim of superiority is met
        (0.05, 0.2, 0.3, v.SUPPORTED),
    ],
)
def test_superiority(low: float, high: float, margin: float | None, verdict: str) -> None:
    assert v.judge_superiority(Interval((low + high) / 2, low, high), margin=margin) == verdict


def test_superiority_that_does_not_stay_is_overstated() -> None:
    main = Interval(0.5, 0.1, 0.9)
    assert v.judge_superiority(main, [Interval(0.4, 0.01, 0.8)]) == v.SUPPORTED
    assert v.judge_superiority(main, [Interval(0.4, 0.0, 0.8)]) == v.OVERSTATED


def test_an_effect_called_large_must_reach_the_margin() -> None:
    main = Interval(0.2, 0.1, 0.3)
    assert v.judge_superiority(main, margin=0.3, called_large=True) == v.OVERSTATED
    assert v.judge_superiority(main, margin=0.2, called_large=True) == v.SUPPORTED
    assert v.judge_superiority(main, margin=0.3) == v.SUPPORTED


@given(LIMITS, LIMITS, LIMITS)
def test_more_checks_never_turn_a_verdict_into_supported(a: float, b: float, c: float) -> None:
    low, middle, high = sorted((a, b, c))
    main = Interval(middle, low, high)
    alone = v.judge_superiority(main)
    checked = v.judge_superiority(main, [Interval(0.0, -1.0, 1.0)])
    assert checked != v.SUPPORTED
    assert alone == checked or (alone, checked) == (v.SUPPORTED, v.OVERSTATED)


@pytest.mark.parametrize(
    ("net", "treated", "control", "verdict"),
    [
        # a tenth of 28 is 2.8: the interval excludes it, or not
        ((0.0, -5.0, 2.79), 40, 40, v.CONTRADICTED),
        ((0.0, -5.0, 2.81), 40, 40, v.UNRESOLVED),
        # it excludes 0 and reaches 28
        ((20.0, 1.0, 28.0), 50, 30, v.SUPPORTED),
        ((20.0, 1.0, 27.9), 50, 30, v.OVERSTATED),
        # it reaches 28 and 0, and more than half of the fall is there without treatment
        ((10.0, -10.0, 30.0), 40, 30, v.OVERSTATED),
        # ... but not if half or less is
        ((20.0, -5.0, 45.0), 40, 20, v.UNRESOLVED),
        # ... nor if the treated arm does not reach it
        ((10.0, -10.0, 30.0), 27, 17, v.UNRESOLVED),
    ],
)
def test_percent_fall(
    net: tuple[float, float, float], treated: float, control: float, verdict: str
) -> None:
    assert v.judge_percent_fall(28, Interval(*net), treated, control) == verdict


def test_a_percent_fall_must_stay_supported() -> None:
    main = Interval(30.0, 10.0, 50.0)
    assert v.judge_percent_fall(28, main, 50, 20, [Interval(5.0, 1.0, 9.0)]) == v.OVERSTATED


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        (-0.14, 0.14, v.SUPPORTED),
        (-0.15, 0.14, v.UNRESOLVED),
        # no difference found, and yet no equivalence
        (-0.5, 0.5, v.UNRESOLVED),
        (-0.9, -0.16, v.CONTRADICTED),
        (-0.9, -0.15, v.UNRESOLVED),
        (0.2, 0.9, v.SUPPORTED),
    ],
)
def test_equivalence(low: float, high: float, verdict: str) -> None:
    assert v.judge_equivalence(Interval((low + high) / 2, low, high), 0.15) == verdict


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        (0.01, 0.3, v.CONTRADICTED),
        (0.0, 0.3, v.UNRESOLVED),
        (-0.1, 0.1, v.UNRESOLVED),
        (-0.1, 0.09, v.SUPPORTED),
    ],
)
def test_tolerability(low: float, high: float, verdict: str) -> None:
    assert v.judge_tolerability(Interval((low + high) / 2, low, high), 0.1) == verdict


@pytest.mark.parametrize(
    ("claimed", "measured", "verdict"),
    [
        ((5, 10), (10, 20), v.SUPPORTED),
        ((5, 9), (10, 20), v.OVERSTATED),
        # exactly twice the spread away is not more than that
        ((40, 40), (10, 20), v.OVERSTATED),
        ((40.1, 40.1), (10, 20), v.CONTRADICTED),
        # one figure without a spread excludes nothing
        ((90, 95), (23, 23), v.UNRESOLVED),
        ((23, 23), (23, 23), v.SUPPORTED),
        ((50, inf), (53, 55), v.SUPPORTED),
        ((50, inf), (50, 55), v.SUPPORTED),
        ((50, inf), (49, 55), v.UNRESOLVED),
        ((-inf, 50), (14, 31), v.SUPPORTED),
    ],
)
def test_measured(
    claimed: tuple[float, float], measured: tuple[float, float], verdict: str
) -> None:
    assert v.judge_measured(claimed, measured) == verdict


def test_prevalence_depends_on_the_cut_off() -> None:
    assert v.judge_prevalence(30, [2, 14.5, 33.7]) == v.UNRESOLVED
    assert v.judge_prevalence(33.7, [2, 14.5, 33.7]) == v.UNRESOLVED
    assert v.judge_prevalence(50, [11.9, 26.5]) == v.OVERSTATED
    assert v.judge_prevalence(None, [11.9, 26.5]) == v.UNRESOLVED


def test_typical_needs_three_and_more_than_half() -> None:
    assert v.judge_typical([250, 400], 200, 400) == v.UNRESOLVED
    assert v.judge_typical([250, 400, 500], 200, 400) == v.SUPPORTED
    assert v.judge_typical([250, 400, 500, 600], 200, 400) == v.OVERSTATED
    assert v.judge_typical([500, 600, 700], 200, 400) == v.CONTRADICTED


def test_threshold() -> None:
    levels = [250.0, 350.0]
    assert v.judge_threshold(350, levels) == v.SUPPORTED
    assert v.judge_threshold(None, levels) == v.SUPPORTED
    assert v.judge_threshold(300, levels) == v.UNRESOLVED
    assert v.judge_threshold(200, levels) == v.OVERSTATED
    assert v.judge_threshold(400, levels) == v.CONTRADICTED


def test_reference() -> None:
    assert v.judge_reference((310, 320), (310, 320)) == v.SUPPORTED
    assert v.judge_reference((310, 330), (310, 320)) == v.OVERSTATED
    assert v.judge_reference((320, 330), (310, 320)) == v.OVERSTATED
    assert v.judge_reference((321, 330), (310, 320)) == v.CONTRADICTED


def test_association() -> None:
    assert v.judge_association([1, 1]) == v.SUPPORTED
    assert v.judge_association([-1, -1]) == v.CONTRADICTED
    assert v.judge_association([1, 0]) == v.UNRESOLVED
    assert v.judge_association([]) == v.UNRESOLVED


@pytest.mark.parametrize(
    ("found", "says", "verdict"),
    [
        (v.FOUND, [], v.SUPPORTED),
        (v.FOUND, [True, False], v.OVERSTATED),
        (v.MISQUOTED, [True], v.CONTRADICTED),
        (v.NOT_FOUND, [], v.UNRESOLVED),
        (v.NOT_CITED, [], v.UNRESOLVED),
    ],
)
def test_source(found: str, says: list[bool], verdict: str) -> None:
    assert v.judge_source(found, says) == verdict


def test_what_a_claim_covers() -> None:
    assert v.claimed_range(28, None, None) == (28, 28)
    assert v.claimed_range(None, 90, 95) == (90, 95)
    assert v.claimed_range(50, None, 50) == (50, 50)
    assert v.claimed_range(None, None, None, at_least=50) == (50, inf)
    assert v.claimed_range(None, None, None) is None


def test_negation_swaps_the_limits() -> None:
    assert -Interval(-0.5, -0.9, -0.1) == Interval(0.5, 0.1, 0.9)
