"""Printed figures: what stands in a text, and to how many decimals."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meta.evidence.digits import decimals_of, half_unit, printed_figures, range_of_p, stands_in


@pytest.mark.parametrize(
    ("text", "figures"),
    [
        ("15.65 +/- 8.9 vs 10.40 +/- 7.9; P = 0.02", [15.65, 8.9, 10.4, 7.9, 0.02]),
        ("−19.6 ± 32.5 vs. −4.8 ± 11.2 mg/L", [-19.6, 32.5, -4.8, 11.2]),
        ("- 1.6 ± 2.4 vs. + 0.1 ± 0.7", [-1.6, 2.4, 0.1, 0.7]),
        ("95% CI: -1.2; 0.3", [95, -1.2, 0.3]),
        ("CI -7.9 - -4.2", [-7.9, -4.2]),
        ("P<.05", [0.05]),
        ("27,615 ± 8446 pg/ml", [27615, 8446]),
        ("n 12: 17.9 (3.9) -> n 12: 11.4 (3.8)", [12, 17.9, 3.9, 12, 11.4, 3.8]),
        ("no figure", []),
    ],
)
def test_figures_of_real_quotations(text, figures):
    assert [figure.value for figure in printed_figures(text)] == figures


def test_a_dash_between_figures_may_be_either():
    assert stands_in(4.5, "from 3-4.5")
    assert stands_in(-4.5, "from 3-4.5")
    # a clear minus sign is no plus
    assert stands_in(-4.5, "a change of -4.5")
    assert not stands_in(4.5, "a change of -4.5")
    assert not stands_in(4.5, "14.5 and 4.55")


@given(st.integers(-10_000, 10_000), st.integers(0, 4), st.sampled_from(["-", "−", "–"]))
def test_what_is_printed_is_found_again(units, decimals, minus):
    value = units / 10**decimals
    text = f"{abs(value):.{decimals}f}"
    quoted = f"a mean of {minus if value < 0 else ''}{text} points (P < 0.00001)"
    assert stands_in(value, quoted)
    assert decimals_of(value, quoted) == decimals or value == 0


def test_decimals_count_zeros_and_the_fewest_win():
    assert decimals_of(10.4, "10.40") == 2
    assert decimals_of(-10.4, "a fall of 10.40") == 2
    assert decimals_of(10.4, "10.40, that is 10.4") == 1
    assert decimals_of(4.0, "") == 0
    assert decimals_of(0.001, "") == 3
    assert half_unit(2) == pytest.approx(0.005)


@pytest.mark.parametrize(
    ("text", "low", "high", "exact"),
    [
        ("0.02", 0.015, 0.025, True),
        (".03", 0.025, 0.035, True),
        ("0.020", 0.0195, 0.0205, True),
        ("<0.001", 0, 0.001, False),
        ("<=0.05", 0, 0.05, False),
        (">0.6", 0.6, 1, False),
        ("0.999", 0.9985, 0.9995, True),
    ],
)
def test_p_values(text, low, high, exact):
    p = range_of_p(text)
    assert (p.low, p.high, p.exact) == (low, high, exact)


@pytest.mark.parametrize("text", ["ns", "NS", "significant", "1.5", "", None, float("nan"), "<"])
def test_words_and_slips_are_no_p_values(text):
    assert range_of_p(text) is None
