"""Which p-values can the printed figures have?

Printed figures are rounded, so that a recomputed p-value is a range, not a number. Only a printed
p-value outside that range is a finding.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import product

import numpy as np
from scipy.special import stdtr

from meta.evidence.digits import PrintedP, half_unit


@dataclass(frozen=True, slots=True)
class PrintedArm:
    """Mean and SD of one arm as printed.

    Attributes
    ----------
    n : int
        People.
    mean, sd : float
        As printed, in one unit.
    decimals, sd_decimals : int
        Digits behind the point of each.
    """

    n: int
    mean: float
    sd: float
    decimals: int
    sd_decimals: int

    def sds(self) -> tuple[float, float]:
        """Return the smallest and largest SD that is printed so."""
        half = half_unit(self.sd_decimals)
        return max(self.sd - half, 0.0), self.sd + half


def t_test_range(treated: PrintedArm, control: PrintedArm) -> tuple[float, float]:
    """Return the p-values that t tests of two independent arms can give.

    Parameters
    ----------
    treated, control : PrintedArm
        The arms; at least two people in each.

    Returns
    -------
    tuple of float
        Smallest and largest two-sided p over all means and SDs that are printed so, for the test
        with pooled variance and for Welch's.

    Notes
    -----
    p falls with the difference and rises with the SDs; the degrees of freedom of Welch's test
    move with both, so that all corners of the rounding are computed.

    Examples
    --------
    >>> low, high = t_test_range(
    ...     PrintedArm(26, -15.65, 8.9, 2, 1), PrintedArm(27, -10.4, 7.9, 2, 1)
    ... )
    >>> round(low, 3), round(high, 3)
    (0.026, 0.029)
    """
    gap = abs(treated.mean - control.mean)
    half = half_unit(treated.decimals) + half_unit(control.decimals)
    values: list[float] = []
    for difference, sd_t, sd_c in product(
        (max(0.0, gap - half), gap + half), treated.sds(), control.sds()
    ):
        values.extend(_two_sided(difference, sd_t, treated.n, sd_c, control.n))
    return min(values), max(values)


def _two_sided(difference: float, sd_t: float, n_t: int, sd_c: float, n_c: int) -> Iterable[float]:
    v_t, v_c = sd_t**2 / n_t, sd_c**2 / n_c
    pooled = ((n_t - 1) * sd_t**2 + (n_c - 1) * sd_c**2) / (n_t + n_c - 2)
    spread = v_t + v_c
    if spread == 0:
        return [1.0 if difference == 0 else 0.0]
    welch = spread**2 / (v_t**2 / (n_t - 1) + v_c**2 / (n_c - 1))
    student = difference / math.sqrt(pooled * (1 / n_t + 1 / n_c))
    return [
        float(2 * stdtr(n_t + n_c - 2, -student)),
        float(2 * stdtr(welch, -difference / math.sqrt(spread))),
    ]


def two_by_two_range(events_t: int, n_t: int, events_c: int, n_c: int) -> tuple[float, float]:
    """Return the p-values that the usual tests of a 2x2 table give.

    Parameters
    ----------
    events_t, n_t, events_c, n_c : int
        People with the event and people in all, in each arm.

    Returns
    -------
    tuple of float
        Smallest and largest two-sided p of the chi-squared test with and without continuity
        correction, the likelihood-ratio test and Fisher's exact test. (1, 1) where nobody or
        everybody had the event.

    Examples
    --------
    >>> low, high = two_by_two_range(22, 30, 10, 30)
    >>> round(low, 4), round(high, 4)
    (0.0016, 0.0044)
    """
    from scipy import stats  # takes a second to import

    table = np.array([[events_t, n_t - events_t], [events_c, n_c - events_c]])
    if events_t + events_c in (0, n_t + n_c):
        return 1.0, 1.0
    values = [
        float(stats.chi2_contingency(table, correction=False).pvalue),
        float(stats.chi2_contingency(table, correction=True).pvalue),
        float(stats.chi2_contingency(table, correction=False, lambda_="log-likelihood").pvalue),
        float(stats.fisher_exact(table).pvalue),
    ]
    return min(values), max(values)


def disagreement(printed: PrintedP, low: float, high: float) -> str:
    """Say how far a printed p-value is from the recomputed range.

    Parameters
    ----------
    printed : PrintedP
        Printed p-value or bound.
    low, high : float
        Recomputed range.

    Returns
    -------
    str
        ``""`` if the two ranges meet, ``"flag"`` if they lie on two sides of 0.05, or one is more
        than twice the other and not both are below 0.01; else ``"note"``.

    Examples
    --------
    >>> disagreement(PrintedP(0.265, 0.275, True), 0.69, 0.88)
    'flag'
    >>> disagreement(PrintedP(0.015, 0.025, True), 0.026, 0.028)
    'note'
    """
    if printed.high >= low and printed.low <= high:
        return ""
    smaller, larger = (printed.high, low) if printed.high < low else (high, printed.low)
    if smaller < 0.05 <= larger or larger > max(2 * smaller, 0.01):
        return "flag"
    return "note"
