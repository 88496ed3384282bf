"""A few hundred drawn cases of every kind keep what must hold (``make fuzz`` draws for an hour)."""

from __future__ import annotations

import fuzz
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st


@pytest.mark.parametrize("case", fuzz.CASES, ids=lambda case: case.__name__)
def test_drawn_cases_keep_what_must_hold(case):
    @settings(max_examples=30, derandomize=True, deadline=None, database=None)
    @given(st.integers(0, 2**32 - 1))
    def drawn(seed):
        assert fuzz.one(case, seed) in ("answered", "refused"), (
            f"fuzz.one(fuzz.{case.__name__}, {seed})"
        )

    drawn()


def test_most_cases_are_answered():
    outcomes = [fuzz.one(fuzz.pooled, seed) for seed in range(60)]
    assert outcomes.count("answered") > 50
