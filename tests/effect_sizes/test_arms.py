"""Several arms in one trial."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from meta.effect_sizes.arms import SharedControl, combine_arms, split_control
from meta.errors import DataError

arm = st.tuples(st.integers(2, 200), st.floats(-50, 50), st.floats(0.5, 30))


def test_combining_gives_the_statistics_of_all_people_together():
    rng = np.random.default_rng(6)
    groups = [rng.normal(centre, 2, size) for centre, size in ((1, 12), (4, 30), (-3, 7))]
    combined = combine_arms(
        [len(g) for g in groups], [g.mean() for g in groups], [g.std(ddof=1) for g in groups]
    )
    everybody = np.concatenate(groups)
    assert combined.n == 49
    assert combined.mean == pytest.approx(everybody.mean(), rel=1e-12)
    assert combined.sd == pytest.approx(everybody.std(ddof=1), rel=1e-12)


def test_handbook_formula_for_two_arms():
    # Cochrane Handbook, Table 6.5.a, written out
    n1, m1, s1, n2, m2, s2 = 20, 10.0, 3.0, 30, 12.0, 4.0
    squares = (
        (n1 - 1) * s1**2 + (n2 - 1) * s2**2 + n1 * n2 / (n1 + n2) * (m1**2 + m2**2 - 2 * m1 * m2)
    )
    expected = np.sqrt(squares / (n1 + n2 - 1))
    assert combine_arms([n1, n2], [m1, m2], [s1, s2]).sd == pytest.approx(expected, rel=1e-12)


@given(arms=st.lists(arm, min_size=3, max_size=3))
def test_steps_and_order_do_not_matter(arms):
    at_once = combine_arms(*zip(*arms, strict=True))
    first = combine_arms(*zip(*arms[1:], strict=True))
    in_steps = combine_arms(*zip(first, arms[0], strict=True))
    assert in_steps == pytest.approx(at_once, rel=1e-9, abs=1e-9)


def test_splitting():
    assert split_control(33, 2) == SharedControl(16.5, None)
    assert split_control(33, 3, events_c=6) == SharedControl(11.0, 2.0)


def test_faults():
    with pytest.raises(DataError, match="1 arm given; needed: at least 2"):
        combine_arms([20], [1.0], [2.0])
    with pytest.raises(DataError) as caught:
        combine_arms([20, 1], [1.0, np.nan], [2.0, 0.0])
    assert len(caught.value.faults) == 3
    with pytest.raises(DataError) as caught:
        split_control(5, 1.5, events_c=6)
    assert len(caught.value.faults) == 2
