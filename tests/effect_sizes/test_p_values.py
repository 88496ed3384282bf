"""p-values: as printed, and what lies behind them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import meta
from meta.effect_sizes.p_values import (
    PValue,
    p_to_se,
    p_to_statistic,
    parse_p,
    statistic_to_p,
)
from meta.errors import DataError


@given(
    p=st.floats(1e-12, 1),
    sign=st.sampled_from([-1, 1]),
    dof=st.one_of(st.none(), st.floats(1, 500)),
)
def test_there_and_back(p, sign, dof):
    statistic = p_to_statistic(p, sign=sign, dof=dof)
    # the inverse of t for few degrees of freedom is iterative inside SciPy
    assert statistic_to_p(statistic, dof=dof) == pytest.approx(p, rel=1e-7)
    assert statistic == 0 or np.sign(statistic) == sign


def test_quantiles_of_printed_tables():
    assert p_to_statistic(0.05, sign=1, dof=10) == pytest.approx(2.228, abs=5e-4)
    assert p_to_statistic(0.01, sign=-1, dof=5) == pytest.approx(-4.032, abs=5e-4)
    assert p_to_statistic(0.05, sign=1) == pytest.approx(1.959964, abs=5e-7)
    # far tail: the normal quantile of 1 - 5e-21 keeps its digits
    assert statistic_to_p(p_to_statistic(1e-20, sign=1)) == pytest.approx(1e-20, rel=1e-9)


def test_standard_error_by_a_separate_computation():
    # difference 3.2, p 0.03, 38 degrees of freedom, computed separately to six digits
    assert p_to_se(3.2, 0.03, dof=38) == pytest.approx(1.419290, abs=6e-7)
    assert p_to_se(-3.2, 0.03, dof=38) == p_to_se(3.2, 0.03, dof=38)
    assert p_to_se(0.5, 0.05, log=True) == pytest.approx(np.log(2) / 1.959964, rel=1e-6)


def test_what_leaves_the_standard_error_unknown_is_refused():
    with pytest.raises(DataError, match="estimate is 0; needed: an estimate other than 0"):
        p_to_se(0, 0.5)
    with pytest.raises(DataError, match="estimate is 1; needed: an estimate other than 1"):
        p_to_se(1, 0.5, log=True)
    with pytest.raises(DataError, match="needed: a p-value below 1"):
        p_to_se(2, 1.0)


def test_all_faults_at_once():
    with pytest.raises(DataError) as caught:
        p_to_statistic([0.0, 1.2, 0.5], sign=[1, 1, 0])
    assert len(caught.value.faults) == 3
    assert "parse_p('<0.001')" in caught.value.faults[0]


@pytest.mark.parametrize(
    ("text", "value", "bound"),
    [
        ("0.03", 0.03, "="),
        (".03", 0.03, "="),
        (0.03, 0.03, "="),
        (1e-05, 1e-05, "="),
        (1, 1.0, "="),
        (np.float64(0.2), 0.2, "="),
        ("p = .030", 0.03, "="),
        ("P=0.02", 0.02, "="),
        ("P value 0.4", 0.4, "="),
        ("<0.001", 0.001, "<"),
        ("p < .0001", 0.0001, "<"),
        ("<=0.05", 0.05, "<="),
        ("P ≤ 0.05", 0.05, "<="),
        (">0.6", 0.6, ">"),
        ("≥0.05", 0.05, ">="),
        ("1.0", 1.0, "="),
        ("0,03", 0.03, "="),
        ("P < ,001", 0.001, "<"),
        ("P < .001", 0.001, "<"),
        ("p<.05.", 0.05, "<"),
        ("2.1e-5", 2.1e-5, "="),
        ("p = 0.04 (two-sided)", 0.04, "="),
    ],
)
def test_printed_forms(text, value, bound):
    assert parse_p(text) == PValue(value, bound)


@pytest.mark.parametrize(
    ("text", "value", "bound"),
    [
        ("p=.021 (one-tailed)", 0.042, "="),
        ("P = 0,021, one-sided", 0.042, "="),
        ("one-tailed p < .05", 0.1, "<"),
        ("1-sided p-value 0.3", 0.6, "="),
    ],
)
def test_one_sided_p_values_are_doubled_and_say_so(text, value, bound):
    assert parse_p(text) == PValue(value, bound, one_sided=True)


def test_a_one_sided_p_value_on_the_other_side():
    with pytest.raises(DataError, match="on the other side"):
        parse_p("p = 0.7 (one-tailed)")


def test_an_effect_from_a_one_sided_p_value_says_that_it_was_doubled():
    table = pd.DataFrame(
        {
            "study": ["A", "B"], "n_t": [20, 20], "n_c": [22, 22], "favours": ["treated"] * 2,
            "p_value": ["p=.021 (one-tailed)", "0,042"],
        }
    )  # fmt: skip
    effects = meta.Effects.from_table(table, "SMD")
    assert effects.yi[0] == pytest.approx(effects.yi[1])
    said = [str(derivation) for derivation in effects.derivations.values()]
    assert ["one-sided" in one for one in said] == [True, False]


def test_a_bound_is_marked_and_encloses():
    small, large, exact = parse_p("<0.001"), parse_p(">0.05"), parse_p("0.04")
    assert (small.exact, small.low, small.high) == (False, 0.0, 0.001)
    assert (large.exact, large.low, large.high) == (False, 0.05, 1.0)
    assert (exact.exact, exact.low, exact.high) == (True, 0.04, 0.04)


@pytest.mark.parametrize("text", ["ns", "NS", "significant", "not reported", "", "0.03*"])
def test_words_are_no_p_value(text):
    with pytest.raises(DataError, match="holds no p-value"):
        parse_p(text)


@pytest.mark.parametrize("text", [True, float("nan"), None])
def test_a_p_value_is_text_or_a_number(text):
    with pytest.raises(DataError, match="needed: text or a finite number"):
        parse_p(text)


@pytest.mark.parametrize("text", ["0.000", "0", 0.0, "p = .000", "<0"])
def test_zero_is_a_rounding(text):
    with pytest.raises(DataError, match="is a rounding"):
        parse_p(text)


@pytest.mark.parametrize("text", ["1.7", 1.2, -0.1])
def test_out_of_range(text):
    with pytest.raises(DataError, match="not between 0 and 1"):
        parse_p(text)
