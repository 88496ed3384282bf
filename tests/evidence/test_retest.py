"""Recomputed p-values hold the exact ones and widen with the rounding."""

from __future__ import annotations

import pytest
from scipy import stats

from meta.evidence.digits import range_of_p
from meta.evidence.retest import PrintedArm, disagreement, t_test_range, two_by_two_range


def test_the_exact_tests_lie_in_the_range():
    t, c = PrintedArm(26, -15.65, 8.9, 2, 1), PrintedArm(27, -10.4, 7.9, 2, 1)
    low, high = t_test_range(t, c)
    for equal in (True, False):
        p = stats.ttest_ind_from_stats(t.mean, t.sd, t.n, c.mean, c.sd, c.n, equal_var=equal).pvalue
        assert low < p < high
    # the curators' figure for these arms
    assert low < 0.027 < high


def test_figures_printed_to_many_decimals_give_the_tests_themselves():
    t, c = PrintedArm(20, 5.0, 2.0, 12, 12), PrintedArm(20, 6.5, 2.0, 12, 12)
    low, high = t_test_range(t, c)
    p = stats.ttest_ind_from_stats(5, 2, 20, 6.5, 2, 20).pvalue
    # equal n and SDs: both tests are one
    assert low == pytest.approx(p, rel=1e-9)
    assert high == pytest.approx(p, rel=1e-9)


@pytest.mark.parametrize(("n_t", "n_c"), [(9, 40), (40, 9), (3, 4)])
def test_unequal_arms_give_students_and_welchs_test(n_t, n_c):
    t, c = PrintedArm(n_t, 5.0, 1.0, 12, 12), PrintedArm(n_c, 6.5, 3.0, 12, 12)
    both = sorted(
        stats.ttest_ind_from_stats(5, 1, n_t, 6.5, 3, n_c, equal_var=equal).pvalue
        for equal in (True, False)
    )
    assert t_test_range(t, c) == pytest.approx(tuple(both), rel=1e-9)


@pytest.mark.parametrize("table", [(3, 20, 9, 25), (1, 8, 5, 7), (22, 30, 10, 30)])
def test_the_range_of_a_table_ends_at_one_of_its_four_tests(table):
    events_t, n_t, events_c, n_c = table
    cells = [[events_t, n_t - events_t], [events_c, n_c - events_c]]
    values = [
        stats.fisher_exact(cells).pvalue,
        *(
            stats.chi2_contingency(cells, correction=correction, lambda_=name).pvalue
            for correction, name in ((False, None), (True, None), (False, "log-likelihood"))
        ),
    ]
    assert two_by_two_range(*table) == pytest.approx((min(values), max(values)), rel=1e-9)


def test_coarser_printing_widens_the_range():
    fine = t_test_range(PrintedArm(12, 11.4, 3.8, 2, 2), PrintedArm(9, 10.9, 4.3, 2, 2))
    coarse = t_test_range(PrintedArm(12, 11.4, 3.8, 1, 1), PrintedArm(9, 10.9, 4.3, 1, 1))
    assert coarse[0] < fine[0] < fine[1] < coarse[1]


def test_equal_means_reach_one_and_no_spread_decides():
    _, high = t_test_range(PrintedArm(10, 5, 1, 0, 0), PrintedArm(10, 5, 1, 0, 0))
    assert high == 1
    assert t_test_range(PrintedArm(10, 5, 0, 9, 0), PrintedArm(10, 9, 0, 9, 0))[0] == 0


def test_two_by_two_holds_fisher_and_chi_squared():
    low, high = two_by_two_range(22, 30, 10, 30)
    table = [[22, 8], [10, 20]]
    assert low <= stats.fisher_exact(table).pvalue <= high
    assert low <= stats.chi2_contingency(table, correction=False).pvalue <= high
    assert two_by_two_range(0, 10, 0, 12) == (1, 1)
    assert two_by_two_range(10, 10, 12, 12) == (1, 1)


@pytest.mark.parametrize(
    ("text", "low", "high", "verdict"),
    [
        ("0.02", 0.012, 0.018, ""),
        ("0.02", 0.026, 0.028, "note"),
        ("0.04", 0.06, 0.07, "flag"),
        ("0.27", 0.74, 0.83, "flag"),
        ("<0.05", 0.2, 0.3, "flag"),
        ("<0.05", 0.001, 0.002, ""),
        (">0.05", 0.01, 0.02, "flag"),
        ("0.001", 0.0001, 0.0002, "note"),
    ],
)
def test_disagreement(text, low, high, verdict):
    assert disagreement(range_of_p(text), low, high) == verdict
