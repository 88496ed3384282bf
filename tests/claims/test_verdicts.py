"""The rules at their boundaries."""

from __future__ import annotations

from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from meta.claims import verdicts as v
from meta.claims.verdicts import Oriented

LIMITS = st.floats(-5, 5)


def oriented(low: float, high: float, dof: float = 4) -> Oriented:
    """Give an interval the standard error that it has at that many degrees of freedom."""
    half = (high - low) / 2
    return Oriented((low + high) / 2, low, high, half / stats.t.ppf(0.975, dof), dof)


@pytest.mark.parametrize(
    ("low", "high", "mid", "verdict"),
    [
        (0.1, 0.9, 0.3, v.SUPPORTED),
        # a limit of exactly 0 excludes nothing
        (0.0, 0.9, 0.3, v.UNRESOLVED),
        (-0.1, 0.9, 0.3, v.UNRESOLVED),
        (-0.2, 0.2, 0.3, v.CONTRADICTED),
        # the important difference itself still matters
        (-0.2, 0.3, 0.3, v.UNRESOLVED),
        (-0.3, 0.2, 0.3, v.UNRESOLVED),
        (-0.2, 0.2, None, v.UNRESOLVED),
        (-0.9, -0.1, None, v.CONTRADICTED),
        # small but not nothing: a plain claim of superiority is met
        (0.05, 0.2, 0.3, v.SUPPORTED),
    ],
)
def test_superiority(low: float, high: float, mid: float | None, verdict: str) -> None:
    assert v.judge_superiority(oriented(low, high), mid=mid) == verdict


def test_an_effect_called_large_must_reach_the_important_difference() -> None:
    main = oriented(0.1, 0.3)
    assert v.judge_superiority(main, mid=0.3, called_large=True) == v.OVERSTATED
    assert v.judge_superiority(main, mid=0.2, called_large=True) == v.SUPPORTED
    assert v.judge_superiority(main, mid=0.3) == v.SUPPORTED
    assert v.judge_superiority(main, called_large=True) == v.SUPPORTED


@given(st.lists(st.sampled_from(v.VERDICTS), min_size=1, max_size=4))
def test_sets_that_differ_settle_nothing(words: list[str]) -> None:
    expected = words[0] if len(set(words)) == 1 else v.UNRESOLVED
    assert v.settled(words) == expected


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        # it excludes 0, reaches 28 and its middle is at least 14
        (1.0, 28.0, v.SUPPORTED),
        (0.5, 27.9, v.OVERSTATED),
        # it reaches 28 but its middle is below 14
        (0.0, 28.0, v.UNRESOLVED),
        # above 0 and far below 28 is less, not nothing
        (0.1, 2.0, v.OVERSTATED),
        # a tenth of 28 is 2.8
        (-5.0, 2.79, v.CONTRADICTED),
        (-5.0, 2.81, v.UNRESOLVED),
        (-10.0, 30.0, v.UNRESOLVED),
    ],
)
def test_percent_fall(low: float, high: float, verdict: str) -> None:
    assert v.judge_percent_fall(28, oriented(low, high)) == verdict


def test_a_fall_that_reaches_the_claim_only_by_its_interval_is_not_supported() -> None:
    assert v.judge_percent_fall(28, Oriented(13.9, 0.1, 30)) == v.UNRESOLVED
    assert v.judge_percent_fall(28, Oriented(14.0, 0.1, 30)) == v.SUPPORTED


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        (-0.14, 0.14, v.SUPPORTED),
        (-0.15, 0.14, v.UNRESOLVED),
        # no difference found, and yet no equivalence
        (-0.5, 0.5, v.UNRESOLVED),
        (-0.9, -0.16, v.CONTRADICTED),
        (-0.9, -0.15, v.UNRESOLVED),
        # better is not as good as
        (0.2, 0.9, v.UNRESOLVED),
    ],
)
def test_equivalence(low: float, high: float, verdict: str) -> None:
    assert v.judge_equivalence(oriented(low, high), 0.15) == verdict


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        (0.01, 0.3, v.CONTRADICTED),
        (0.0, 0.3, v.UNRESOLVED),
        (-0.1, 0.1, v.UNRESOLVED),
        (-0.1, 0.09, v.SUPPORTED),
        # an excess that is there and does not matter
        (0.01, 0.09, v.SUPPORTED),
    ],
)
def test_tolerability(low: float, high: float, verdict: str) -> None:
    assert v.judge_tolerability(oriented(low, high), 0.1) == verdict


def test_the_p_value_is_that_of_the_t_distribution() -> None:
    # t = 2 with 4 degrees of freedom
    assert Oriented(1.0, -1, 3, 0.5, 4).p_above == pytest.approx(stats.t.sf(2, 4))
    assert Oriented(1.0, -1, 3, 0.5).p_above == pytest.approx(stats.norm.sf(2))
    assert Oriented(1.0, -1, 3, 0.5).minus(2.0).p_above == pytest.approx(stats.norm.cdf(2))


def at_p(p: float, sign: int = 1, dof: float = 4) -> Oriented:
    """Give an estimate of `sign` whose one-sided p-value is `p`."""
    return Oriented(sign * stats.t.isf(p, dof), -9, 9, 1.0, dof)


@pytest.mark.parametrize(
    ("primary", "trusted", "leans"),
    [
        (at_p(0.2), Oriented(0.1, -1, 1), v.FOR),
        (at_p(0.2001), Oriented(0.1, -1, 1), v.NEITHER),
        (at_p(0.01), Oriented(-0.1, -1, 1), v.NEITHER),
        (at_p(0.01), Oriented(0.0, -1, 1), v.NEITHER),
        (at_p(0.01), None, v.NEITHER),
        (at_p(0.1, -1), Oriented(-0.1, -1, 1), v.AGAINST),
        (at_p(0.1, -1), Oriented(0.1, -1, 1), v.NEITHER),
    ],
)
def test_an_effect_leans(primary: Oriented, trusted: Oriented | None, leans: str) -> None:
    assert v.lean_of_superiority(primary, trusted) == leans


@given(LIMITS, st.floats(0.1, 3), LIMITS)
def test_turning_a_question_turns_its_lean(estimate: float, se: float, trusted: float) -> None:
    one, other = Oriented(estimate, -9, 9, se, 3), Oriented(trusted, -9, 9)
    mirror = {v.FOR: v.AGAINST, v.AGAINST: v.FOR, v.NEITHER: v.NEITHER}
    assert v.lean_of_superiority(-one, -other) == mirror[v.lean_of_superiority(one, other)]


@pytest.mark.parametrize(
    ("votes", "leans"),
    [
        ((2, 1, 0), v.FOR),
        ((1, 2, 0), v.AGAINST),
        ((2, 0, 2), v.NEITHER),  # exactly half is not more than half
        ((3, 0, 2), v.FOR),
        ((2, 0, 0), v.NEITHER),  # two trials are too few
        ((0, 0, 5), v.NEITHER),
    ],
)
def test_directions_lean(votes: tuple[int, int, int], leans: str) -> None:
    assert v.lean_of_votes(*votes) == leans


@pytest.mark.parametrize(
    ("primary", "trusted", "leans"),
    [
        (8.0, 3.0, v.AGAINST),
        (8.0, None, v.AGAINST),
        (8.0, 14.0, v.NEITHER),
        (14.0, 13.9, v.NEITHER),
        (14.0, 14.0, v.FOR),
        # one set alone never speaks for a figure
        (20.0, None, v.NEITHER),
    ],
)
def test_a_percent_fall_leans(primary: float, trusted: float | None, leans: str) -> None:
    other = None if trusted is None else Oriented(trusted, -99, 99)
    assert v.lean_of_percent_fall(28, Oriented(primary, 0, 50, 5.0, 3), other) == leans


def test_a_percent_fall_leans_for_only_if_the_fall_is_likely() -> None:
    unsure = Oriented(14.0, -30, 60, 20.0, 3)
    assert unsure.p_above > v.LEANING
    assert v.lean_of_percent_fall(28, unsure, Oriented(20, -9, 50)) == v.NEITHER


def test_equivalence_never_leans_for() -> None:
    assert v.lean_of_equivalence(Oriented(0.0, -0.1, 0.1, 0.05), 0.15) == v.NEITHER
    assert v.lean_of_equivalence(Oriented(1.0, 0.9, 1.1, 0.05), 0.15) == v.NEITHER
    # z = 1 beyond the margin: p = 0.16; z = 0.5: p = 0.31
    assert v.lean_of_equivalence(Oriented(-0.25, -0.5, 0.0, 0.1), 0.15) == v.AGAINST
    assert v.lean_of_equivalence(Oriented(-0.20, -0.5, 0.0, 0.1), 0.15) == v.NEITHER


def test_tolerability_leans_by_both_ends() -> None:
    assert v.lean_of_tolerability(Oriented(0.0, -0.2, 0.2, 0.1), 0.1) == v.FOR
    assert v.lean_of_tolerability(Oriented(0.2, -0.2, 0.6, 0.1), 0.1) == v.AGAINST
    # likely above 0 and likely below the margin
    assert v.lean_of_tolerability(Oriented(0.05, 0.01, 0.09, 0.02), 0.1) == v.NEITHER
    assert v.lean_of_tolerability(Oriented(0.05, -0.5, 0.6, 0.3), 0.1) == v.NEITHER


def test_an_association_leans() -> None:
    assert v.lean_of_association([1, 1, 0]) == v.FOR
    assert v.lean_of_association([1, 1, -1]) == v.NEITHER
    assert v.lean_of_association([1, 1, 0, 0]) == v.NEITHER
    assert v.lean_of_association([1, 1]) == v.NEITHER
    assert v.lean_of_association([-1, -1, 0]) == v.AGAINST


@pytest.mark.parametrize(
    ("claimed", "own", "every", "verdict"),
    [
        # points, not a range: both must meet the claim
        ((5, 10), [(4, 4), (23, 23)], [4, 23], v.UNRESOLVED),
        ((5, 10), [(6, 6), (23, 23)], [6, 23], v.UNRESOLVED),
        ((5, 10), [(6, 6), (9, 9)], [6, 9], v.SUPPORTED),
        # a printed spread counts
        ((5, 10), [(9, 23)], [16], v.SUPPORTED),
        # 20 points beyond every measurement is not more than 20
        ((85, 90), [(23, 23)], [3, 65], v.OVERSTATED),
        ((85.1, 90), [(23, 23)], [3, 65], v.CONTRADICTED),
        # without a measurement of its own it can be excluded, not met
        ((85.1, 90), [], [3, 65], v.CONTRADICTED),
        ((10, 20), [], [3, 65], v.UNRESOLVED),
        ((70, 75), [], [3, 65], v.UNRESOLVED),
        # at least, at most: all of it
        ((50, inf), [(53, 55)], [54], v.SUPPORTED),
        ((50, inf), [(49, 55)], [54], v.OVERSTATED),
        ((50, inf), [(23, 23)], [3, 65], v.OVERSTATED),
        ((50, inf), [(23, 23)], [3, 29.9], v.CONTRADICTED),
        ((-inf, 50), [(14, 31)], [23], v.SUPPORTED),
    ],
)
def test_measured_shares(
    claimed: tuple[float, float],
    own: list[tuple[float, float]],
    every: list[float],
    verdict: str,
) -> None:
    assert v.judge_measured(claimed, own, every) == verdict


@pytest.mark.parametrize(
    ("claimed", "every", "verdict"),
    [
        # the range is 0.5, twice of it 1
        (2.5, [1.0, 1.5], v.UNRESOLVED),
        (2.51, [1.0, 1.5], v.CONTRADICTED),
        # one value has no range
        (9.0, [1.0], v.UNRESOLVED),
    ],
)
def test_measured_ratios(claimed: float, every: list[float], verdict: str) -> None:
    assert v.judge_measured((claimed, claimed), [], every, ratio=True) == verdict


def test_prevalence_depends_on_the_cut_off() -> None:
    assert v.judge_prevalence(30, [2, 14.5, 33.7], [2, 14.5, 33.7]) == v.UNRESOLVED
    # shares of other people count as much
    assert v.judge_prevalence(50, [11.9, 26.5], [11.9, 26.5, 67.8]) == v.UNRESOLVED
    assert v.judge_prevalence(50, [11.9, 26.5], [11.9, 26.5]) == v.CONTRADICTED
    assert v.judge_prevalence(40, [11.9, 26.5], [11.9, 26.5]) == v.OVERSTATED
    assert v.judge_prevalence(None, [11.9, 26.5], [11.9, 26.5]) == v.UNRESOLVED


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
        (v.IN_PART, [True], v.OVERSTATED),
        (v.MISQUOTED, [True], v.CONTRADICTED),
        (v.NOT_FOUND, [], v.SOURCE_NOT_FOUND),
        (v.NOT_CITED, [], v.SOURCE_NOT_FOUND),
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
    assert -Oriented(-0.5, -0.9, -0.1) == Oriented(0.5, 0.1, 0.9)


def test_lost_significance_is_never_overstatement() -> None:
    """One set excludes no effect, a smaller one does not: unresolved, whatever was called large."""
    for mid in (None, 0.3, 5.0):
        words = [
            v.judge_superiority(oriented(0.1, 0.9), mid=mid),
            v.judge_superiority(oriented(-0.6, 1.6), mid=mid),
        ]
        assert v.settled(words) in (v.UNRESOLVED, v.CONTRADICTED)
        assert v.OVERSTATED not in words


def test_what_lies_exactly_on_a_limit() -> None:
    # the margin itself is outside
    assert v.judge_equivalence(Oriented(0, -0.1, 0.15), 0.15) == v.UNRESOLVED
    # a limit of exactly 0 excludes nothing, a tenth exactly is not below it
    assert v.judge_percent_fall(28, Oriented(10, 0.0, 20)) == v.UNRESOLVED
    assert v.judge_percent_fall(10, Oriented(-2, -5, 1.0)) == v.UNRESOLVED
    # the end of "at least" and "at most", of a range and of a span of shares is inside
    assert v.judge_measured((50, inf), [(50, 55)], [52]) == v.SUPPORTED
    assert v.judge_measured((-inf, 50), [(40, 50)], [45]) == v.SUPPORTED
    assert v.judge_typical([200, 400, 500], 200, 400) == v.SUPPORTED
    assert v.judge_prevalence(2, [2, 33.7], [2, 33.7]) == v.UNRESOLVED
    assert v.judge_prevalence(33.7, [2, 33.7], [2, 33.7]) == v.UNRESOLVED
    # exactly half of the intervals is not most of them
    assert v.lean_of_association([-1, -1, 0, 0]) == v.NEITHER
    # an estimate of exactly nothing is on no side
    assert v.lean_of_superiority(Oriented(0.0, -1, 1, 0.4), Oriented(0.5, -1, 1)) == v.NEITHER
