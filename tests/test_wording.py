"""Is every number written so that nothing of it is lost, and nothing added?"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from meta.wording import as_stated, exact_decimals, number, power_of_ten


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (-28.0, "−28"),
        (0.8, "0.8"),
        (1234567, "1,234,567"),
        (1234.5, "1,234.5"),
        (0.1 + 0.2, "0.3"),
        (0.00002, "2e−05"),
        (3e12, "3e+12"),
        (np.nan, "nan"),
    ],
)
def test_what_somebody_stated_keeps_its_digits(value, text):
    assert as_stated(value) == text


@given(st.lists(st.decimals(-9999, 9999, places=3), min_size=1))
def test_exact_decimals_lose_nothing_and_are_the_fewest(stated):
    values = [float(value) for value in stated]
    digits = exact_decimals(values)
    for value in values:
        shown = number(value, digits).replace("−", "-").replace(",", "")
        assert float(shown) == pytest.approx(value, rel=1e-12, abs=1e-12)
    if digits:
        assert any(abs(round(value, digits - 1) - value) > 1e-9 for value in values)


def test_exact_decimals_stop_where_they_are_told_and_pass_over_what_is_missing():
    assert exact_decimals([1 / 3], most=2) == 2
    assert exact_decimals([np.nan, np.inf, 4.5]) == 1
    assert exact_decimals([]) == 0


def test_exponents_are_raised():
    assert [power_of_ten(x) for x in (-12, 0, 6)] == ["10⁻¹²", "10⁰", "10⁶"]
