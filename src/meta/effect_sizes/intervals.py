"""What standard error or standard deviation lies behind a printed interval or standard error?"""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtri, stdtrit

from meta.arguments import checked
from meta.effect_sizes.inputs import (
    ANY_NUMBER,
    POSITIVE,
    Columns,
    Floats,
    Numbers,
    Relation,
    read_columns,
)
from meta.errors import DataError

_LARGEST_LOG = 700.0  # e to this power is 1e304
_LOW_BELOW_HIGH = Relation(("low", "high"), lambda low, high: low < high, "low below high")


class IntervalEffect(NamedTuple):
    """An estimate and its standard error, as read from an interval.

    Attributes
    ----------
    estimate : float, numpy.ndarray or pandas.Series
        The estimate, or the middle of the interval; log scale if the interval was a ratio's.
    se : float, numpy.ndarray or pandas.Series
        Standard error on the same scale.
    asymmetry : float, numpy.ndarray or pandas.Series
        How far the printed estimate lies above the middle, as a share of half the width. 0 if no
        estimate was given. Beyond what rounding explains it means a wrong scale or a misprint.
    """

    estimate: Numbers
    se: Numbers
    asymmetry: Numbers


class Interval(NamedTuple):
    """Limits of a confidence interval.

    Attributes
    ----------
    low, high : float, numpy.ndarray or pandas.Series
        Lower and upper limit.
    """

    low: Numbers
    high: Numbers


def _quantile(columns: Columns) -> Floats:
    """Return the two-sided critical value: of t if degrees of freedom are given, else normal."""
    upper = (1 + columns["ci_level"]) / 2
    dof = columns.get("dof")
    return np.asarray(ndtri(upper) if dof is None else stdtrit(dof, upper))


@checked
def ci_to_se(
    low: ArrayLike,
    high: ArrayLike,
    *,
    estimate: ArrayLike | None = None,
    ci_level: ArrayLike = 0.95,
    dof: ArrayLike | None = None,
    log: bool = False,
) -> IntervalEffect:
    """Read the standard error out of a confidence interval.

    Parameters
    ----------
    low, high : array_like
        Limits as printed; low below high. For a ratio, the limits of the ratio itself (above 0).
    estimate : array_like, optional
        The printed estimate. Without it the middle of the interval is taken.
    ci_level : array_like, default 0.95
        Confidence level, between 0 and 1.
    dof : array_like, optional
        Degrees of freedom if the interval was built with Student's t; normal without.
    log : bool, default False
        The interval belongs to a ratio: work with natural logarithms.

    Returns
    -------
    IntervalEffect
        `estimate` and `se` (on the log scale if `log`) and `asymmetry`.

    Raises
    ------
    DataError
        If a value is missing, low is not below high, a ratio is not above 0, or the level is not
        between 0 and 1.

    Notes
    -----
    se = (high - low) / (2 q), with q the two-sided quantile. Taking the normal quantile for an
    interval built with t makes the standard error of a small trial too large (by 4 % at 30 degrees
    of freedom): give `dof` where the paper used t.

    Checked against: a separate computation (RR 0.72, 0.55 to 0.94); there and back with `se_to_ci`.

    References
    ----------
    Higgins JPT, Li T, Deeks JJ (2024). Choosing effect measures and computing estimates of effect.
    Cochrane Handbook for Systematic Reviews of Interventions, chapter 6, section 6.3.

    Examples
    --------
    A risk ratio of 0.72 (0.55 to 0.94):

    >>> effect = ci_to_se(0.55, 0.94, estimate=0.72, log=True)
    >>> round(effect.estimate, 6), round(effect.se, 6)
    (-0.328504, 0.136727)
    """
    columns = read_columns(
        "ci_to_se",
        {"low": low, "high": high, "estimate": estimate, "ci_level": ci_level, "dof": dof},
        dict.fromkeys(("low", "high", "estimate"), POSITIVE if log else ANY_NUMBER),
        relations=(_LOW_BELOW_HIGH,),
    )
    lower, upper = columns["low"], columns["high"]
    printed = columns.get("estimate")
    if log:
        lower, upper = np.log(lower), np.log(upper)
        printed = None if printed is None else np.log(printed)
    middle, half = (lower + upper) / 2, (upper - lower) / 2
    centre = middle if printed is None else printed
    return IntervalEffect(
        columns.like_input(centre),
        columns.like_input(half / _quantile(columns)),
        columns.like_input((centre - middle) / half),
    )


@checked
def se_to_ci(
    estimate: ArrayLike,
    se: ArrayLike,
    *,
    ci_level: ArrayLike = 0.95,
    dof: ArrayLike | None = None,
    log: bool = False,
) -> Interval:
    """Build a confidence interval from an estimate and its standard error.

    Parameters
    ----------
    estimate : array_like
        The estimate; on the log scale if `log`.
    se : array_like
        Standard error on the same scale; above 0.
    ci_level : array_like, default 0.95
        Confidence level, between 0 and 1.
    dof : array_like, optional
        Degrees of freedom for Student's t; normal without.
    log : bool, default False
        Return the limits of the ratio (exponentiated).

    Returns
    -------
    Interval
        `low` and `high`.

    Raises
    ------
    DataError
        If a value is missing or the standard error is not above 0.

    Notes
    -----
    estimate ± q se; the inverse of `ci_to_se`, which the tests check.

    Checked against: there and back with `ci_to_se` over estimates, errors, levels and degrees.

    Examples
    --------
    >>> low, high = se_to_ci(-0.328504, 0.136727, log=True)
    >>> round(low, 2), round(high, 2)
    (0.55, 0.94)
    """
    columns = read_columns(
        "se_to_ci",
        {"estimate": estimate, "se": se, "ci_level": ci_level, "dof": dof},
    )
    half = _quantile(columns) * columns["se"]
    low, high = columns["estimate"] - half, columns["estimate"] + half
    if log:
        if np.any(np.maximum(np.abs(low), np.abs(high)) > _LARGEST_LOG):
            raise DataError(
                f"se_to_ci: estimate ± {half.max():.3g} has a limit beyond {_LARGEST_LOG:g} on the "
                "log scale, which is no ratio that a float holds: is the estimate a ratio already?"
            )
        low, high = np.exp(low), np.exp(high)
    return Interval(columns.like_input(low), columns.like_input(high))


@checked
def se_to_sd(se: ArrayLike, n: ArrayLike) -> Numbers:
    """Turn the standard error of one mean into a standard deviation.

    Parameters
    ----------
    se : array_like
        Standard error of the mean of one arm; above 0.
    n : array_like
        People in that arm; at least 2.

    Returns
    -------
    float, numpy.ndarray or pandas.Series
        Standard deviation, in the unit of the standard error.

    Raises
    ------
    DataError
        If a value is missing, se <= 0 or n < 2.

    Notes
    -----
    sd = se √n. For the standard error of a difference use `se_difference_to_sd`.

    Checked against: computation by hand.

    References
    ----------
    Cochrane Handbook for Systematic Reviews of Interventions, chapter 6, section 6.5.2.2.

    Examples
    --------
    >>> se_to_sd(1.5, 25)
    7.5
    """
    columns = read_columns("se_to_sd", {"se": se, "n": n})
    return columns.like_input(columns["se"] * np.sqrt(columns["n"]))


@checked
def se_difference_to_sd(se: ArrayLike, n_t: ArrayLike, n_c: ArrayLike) -> Numbers:
    """Turn the standard error of a mean difference into the standard deviation within arms.

    Parameters
    ----------
    se : array_like
        Standard error of the difference of two independent means; above 0.
    n_t, n_c : array_like
        People in each arm; at least 2.

    Returns
    -------
    float, numpy.ndarray or pandas.Series
        The standard deviation that both arms are taken to share.

    Raises
    ------
    DataError
        If a value is missing, se <= 0 or an n < 2.

    Notes
    -----
    sd = se / √(1/n_t + 1/n_c). If the difference was adjusted for baseline, its standard error is
    smaller and so is this standard deviation: an SMD built on it is too large.

    Checked against: the Handbook's example (SE 1.37, 25 and 22 people).

    References
    ----------
    Cochrane Handbook for Systematic Reviews of Interventions, chapter 6, section 6.5.2.3.

    Examples
    --------
    >>> round(se_difference_to_sd(1.64, 25, 22), 2)
    5.61
    """
    columns = read_columns("se_difference_to_sd", {"se": se, "n_t": n_t, "n_c": n_c})
    return columns.like_input(columns["se"] / np.sqrt(1 / columns["n_t"] + 1 / columns["n_c"]))


@checked
def ci_of_mean_to_sd(
    low: ArrayLike,
    high: ArrayLike,
    n: ArrayLike,
    *,
    ci_level: ArrayLike = 0.95,
    distribution: Literal["t", "z"] = "t",
) -> Numbers:
    """Turn the confidence interval of one mean into a standard deviation.

    Parameters
    ----------
    low, high : array_like
        Limits of the interval of the mean of one arm; low below high.
    n : array_like
        People in that arm; at least 2.
    ci_level : array_like, default 0.95
        Confidence level, between 0 and 1.
    distribution : {"t", "z"}, default "t"
        Quantile that the interval was built with: t with n - 1 degrees of freedom, or normal.

    Returns
    -------
    float, numpy.ndarray or pandas.Series
        Standard deviation.

    Raises
    ------
    DataError
        If a value is missing, low is not below high, n < 2, or the distribution is unknown.

    Notes
    -----
    sd = √n (high - low) / (2 q). For arms below about 60 people t is the likely one.

    Checked against: the Handbook's quantiles for 25 people (2.064, and 1.96 if normal).

    References
    ----------
    Cochrane Handbook for Systematic Reviews of Interventions, chapter 6, section 6.5.2.2.

    Examples
    --------
    >>> round(ci_of_mean_to_sd(30.0, 34.2, 25), 3)
    5.087
    """
    if distribution not in ("t", "z"):
        raise DataError(f"ci_of_mean_to_sd: distribution is {distribution!r}; needed: 't' or 'z'")
    columns = read_columns(
        "ci_of_mean_to_sd",
        {"low": low, "high": high, "n": n, "ci_level": ci_level},
        relations=(_LOW_BELOW_HIGH,),
    )
    upper = (1 + columns["ci_level"]) / 2
    quantile = stdtrit(columns["n"] - 1, upper) if distribution == "t" else ndtri(upper)
    width = columns["high"] - columns["low"]
    return columns.like_input(np.asarray(np.sqrt(columns["n"]) * width / (2 * quantile)))
