"""Can whole scores have this mean and this standard deviation?

The score of one person on a questionnaire is a whole number, so that the mean of n people is a
multiple of 1/n and their squares add up to a whole number. Figures that no set of whole scores can
have were not computed from the scores of n people.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from meta.errors import DataError
from meta.evidence.digits import half_unit

_SLACK = 1e-9  # binary fractions: 5.185 * 28 is not exactly 145.18


@dataclass(frozen=True, slots=True)
class Grain:
    """Whether a mean is possible, and which possible means are next to it.

    Attributes
    ----------
    possible : bool
        Whether some sum of whole scores gives the printed mean.
    below, above : float
        The nearest possible means, not above and not below the printed one.
    """

    possible: bool
    below: float
    above: float


def _check(n: int, step: float) -> None:
    faults = []
    if n < 1:
        faults.append(f"n is {n}; needed: a number of people >= 1")
    if not step > 0:
        faults.append(f"step is {step}; needed: the distance of two scores, > 0")
    if faults:
        raise DataError.from_faults("granularity", faults)


def grim(mean: float, n: int, decimals: int, step: float = 1.0) -> Grain:
    """Test whether a printed mean of whole scores is possible (GRIM).

    Parameters
    ----------
    mean : float
        Mean as printed.
    n : int
        People it was computed over, at least 1.
    decimals : int
        Digits printed behind the point, zeros included.
    step : float, default 1
        Distance between two possible scores of one person: 1 for a sum of whole items, 2 where
        the sum is doubled; for a mean over m items 1/m.

    Returns
    -------
    Grain
        ``possible`` is always True where n is so large that every rounded mean can occur
        (step/n at or below the last printed digit).

    Raises
    ------
    DataError
        If n < 1 or step is not above 0.

    Notes
    -----
    Some whole k must satisfy |k step/n - mean| <= half a unit of the last digit. Both ends count,
    since conventions of rounding differ, so that the test errs on the side of "possible".

    References
    ----------
    Brown NJL, Heathers JAJ (2017). The GRIM test: a simple technique detects numerous anomalies in
    the reporting of results in psychology. Social Psychological and Personality Science
    8(4):363-369. doi:10.1177/1948550616673876

    Examples
    --------
    The example of the paper: no sum of 28 whole scores has the mean 5.19.

    >>> grim(5.19, n=28, decimals=2).possible
    False
    >>> grim(5.18, n=28, decimals=2).possible
    True
    """
    _check(n, step)
    scaled = mean * n / step
    first, last = _totals(mean, n, decimals, step)
    below, above = math.floor(scaled + _SLACK), math.ceil(scaled - _SLACK)
    return Grain(first <= last, below * step / n, above * step / n)


def _totals(mean: float, n: int, decimals: int, step: float) -> tuple[int, int]:
    """Return the smallest and largest sum, in steps, whose mean is printed so."""
    half = half_unit(decimals)
    slack = _SLACK * max(1.0, abs(mean) * n / step)
    first = math.ceil((mean - half) * n / step - slack)
    last = math.floor((mean + half) * n / step + slack)
    return first, last


def grimmer(
    mean: float, sd: float, n: int, decimals: int, sd_decimals: int, step: float = 1.0
) -> bool:
    """Test whether a printed SD of whole scores is possible beside its mean (GRIMMER).

    Parameters
    ----------
    mean, sd : float
        As printed; sd at least 0 and computed with n - 1.
    n : int
        People, at least 2.
    decimals, sd_decimals : int
        Digits printed behind the point of each.
    step : float, default 1
        Distance between two possible scores of one person.

    Returns
    -------
    bool
        False only if no whole scores can give the two figures. True does not prove that some can.
        False, too, if the mean alone is impossible.

    Raises
    ------
    DataError
        If n < 2, step is not above 0 or sd is below 0.

    Notes
    -----
    With S the sum of the scores in steps, the sum of their squares is (n - 1) sd² + S²/n. It must
    be a whole number, be odd exactly when S is (a square has the parity of its root), and be at
    least as large as when all scores are as equal as whole numbers allow.

    References
    ----------
    Anaya J (2016). The GRIMMER test: a method for testing the validity of reported measures of
    variability. PeerJ Preprints 4:e2400v1. doi:10.7287/peerj.preprints.2400v1

    Examples
    --------
    Two people who score whole points differ by a whole number, so that their SD is a multiple
    of 0.7071:

    >>> grimmer(2.5, 0.71, n=2, decimals=1, sd_decimals=2)
    True
    >>> grimmer(2.5, 1.41, n=2, decimals=1, sd_decimals=2)
    False
    """
    _check(n, step)
    if n < 2 or not sd >= 0:
        raise DataError(f"grimmer: n is {n} and sd {sd}; needed: n >= 2 and sd >= 0")
    half = half_unit(sd_decimals)
    low, high = max(0.0, sd - half) / step, (sd + half) / step
    first, last = _totals(mean, n, decimals, step)
    for total in range(first, last + 1):
        least, most = ((n - 1) * bound**2 + total**2 / n for bound in (low, high))
        least = max(least, _even_squares(total, n))
        slack = _SLACK * max(1.0, most)
        squares = math.ceil(least - slack)
        squares += (squares - total) % 2
        if squares <= most + slack:
            return True
    return False


def _even_squares(total: int, n: int) -> int:
    """Return the smallest sum of squares of n whole numbers that add up to `total`."""
    each, more = divmod(total, n)
    return (n - more) * each**2 + more * (each + 1) ** 2


def largest_sd(
    mean: float, n: int, decimals: int, low: float, high: float, step: float = 1.0
) -> float:
    """Return the largest SD that scores between two bounds can have beside a printed mean.

    Parameters
    ----------
    mean : float
        Mean as printed.
    n : int
        People, at least 2.
    decimals : int
        Digits printed behind the point.
    low, high : float
        Smallest and largest score that was possible: the range of the scale, or what people had
        to score to enter the trial.
    step : float, default 1
        Distance between two possible scores of one person.

    Returns
    -------
    float
        In points, computed with n - 1, the largest over all means that are printed so; NaN if
        none of them lies between the bounds.

    Raises
    ------
    DataError
        If n < 2, step is not above 0 or high is not above low.

    Notes
    -----
    Scores are furthest apart when all stand on the two bounds, but for one that makes up the sum.
    Where no sum of whole scores gives the mean, the sum itself may lie anywhere in the rounding.

    Examples
    --------
    Ten people between 0 and 10 with a mean of 5: five at each end.

    >>> round(largest_sd(5, n=10, decimals=6, low=0, high=10), 4)
    5.2705
    >>> round(largest_sd(28.8, n=30, decimals=1, low=11, high=29), 2)
    1.28
    """
    _check(n, step)
    if n < 2 or not high > low:
        raise DataError(
            f"largest_sd: n is {n}, low {low}, high {high}; needed: n >= 2 and high > low"
        )
    first, last = _totals(mean, n, decimals, step)
    totals: list[float] = [total * step for total in range(first, last + 1)]
    if not totals:
        half = half_unit(decimals)
        totals = [(mean - half) * n, mean * n, (mean + half) * n]
    inside = [total for total in totals if n * low - _SLACK <= total <= n * high + _SLACK]
    return max((_widest(total, n, low, high) for total in inside), default=math.nan)


def _widest(total: float, n: int, low: float, high: float) -> float:
    width = high - low
    above = total - n * low
    at_top = min(n, math.floor(above / width + _SLACK))
    rest = above - at_top * width
    squares = at_top * width**2 + rest**2
    return math.sqrt(max(0.0, squares - above**2 / n) / (n - 1))
