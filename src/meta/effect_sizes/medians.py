"""What mean and standard deviation lie behind a median with quartiles or a range?"""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.special import ndtri

from meta.arguments import checked
from meta.effect_sizes.inputs import (
    Columns,
    Flags,
    Floats,
    Relation,
    Rule,
    read_columns,
)
from meta.effect_sizes.quantile_fit import fit_quantiles
from meta.errors import DataError

_FIVE_PEOPLE = Rule(lambda x: x >= 5, "a number of people >= 5 (the formulas are not meant below)")
_ORDER = ("minimum", "q1", "median", "q3", "maximum")
_FORMS = {
    ("median", "minimum", "maximum"): "range",
    ("median", "q1", "q3"): "quartiles",
    ("median", "minimum", "maximum", "q1", "q3"): "five numbers",
}


@checked
def mean_sd_from_median(
    *,
    n: ArrayLike,
    median: ArrayLike,
    q1: ArrayLike | None = None,
    q3: ArrayLike | None = None,
    minimum: ArrayLike | None = None,
    maximum: ArrayLike | None = None,
    method: Literal["normal", "QE"] = "normal",
    allow_skewed: bool = False,
) -> pd.DataFrame:
    r"""Estimate means and standard deviations from medians with quartiles, a range, or both.

    Parameters
    ----------
    n : array_like
        People in the arm; at least 5.
    median : array_like
        Median.
    q1, q3 : array_like, optional
        First and third quartile (the limits of the interquartile range), both or neither.
    minimum, maximum : array_like, optional
        Smallest and largest value (the limits of the range), both or neither. At least one of the
        two pairs is needed; all rows of a call report the same.
    method : {"normal", "QE"}, default "normal"
        ``"normal"``: the weights of Luo (mean), Wan and Shi (SD), derived for normal data.
        ``"QE"``: quantile estimation, for data that may be skewed (see Notes).
    allow_skewed : bool, default False
        Give the normal method's answer also where the data are shown not to be normal.

    Returns
    -------
    pandas.DataFrame
        A row for each row that came in. `mean`, `sd`; `form` ("range", "quartiles", "five
        numbers"); `family` (the distribution taken: "normal" or the one QE chose); the skewness
        test: `skewness` (its statistic, without sign), `critical` (its 5 % critical value) and
        `skewed` (the statistic exceeds it).

    Raises
    ------
    DataError
        If a value is missing, the five numbers are out of order or without spread, n < 5, one of a
        pair is missing; and, unless `allow_skewed`, for each row whose data the test finds skewed
        while the answer would assume normal ones (with QE: rows with a value <= 0, to which only
        the normal distribution can be fitted).

    Notes
    -----
    With a, q1, m, q3, b the five numbers, Φ⁻¹ the normal quantile,
    A = Φ⁻¹((n - 0.375)/(n + 0.25)) and Q = Φ⁻¹((0.75n - 0.125)/(n + 0.25)):

    - range: mean w(a + b)/2 + (1 - w)m, w = 4/(4 + n^0.75); SD (b - a)/(2A)
    - quartiles: mean w(q1 + q3)/2 + (1 - w)m, w = 0.7 + 0.39/n; SD (q3 - q1)/(2Q)
    - five numbers: mean w₁(a + b)/2 + w₂(q1 + q3)/2 + (1 - w₁ - w₂)m, w₁ = 2.2/(2.2 + n^0.75),
      w₂ = 0.7 - 0.72/n^0.55; SD (b - a)/((2 + 0.14 n^0.6) A) + (q3 - q1)/((2 + 2/(0.07 n^0.6)) Q)

    Skewness (Shi 2023): T₁ = \|a + b - 2m\|/(b - a) against 1/ln(n + 9) + 2.5/(n + 1);
    T₂ = \|q1 + q3 - 2m\|/(q3 - q1) against 2.65/√n - 6/n²; with all five the larger of T₂ and
    2.65 ln(0.6n)/√n T₁ against 3/√n - 40/n³. The test misses much skewness in small arms.

    QE fits normal, log-normal, gamma and Weibull distributions (beta too, if all values lie in
    (0, 1)) to the printed quantiles by least squares and takes the family that fits best; the
    extremes count as the 1/n and 1 - 1/n quantiles.

    Means and SDs made this way are less certain than reported ones, and no variance formula knows
    it: label the effects, and show the answer without them.

    Checked against: two other implementations (40 people: to 6 digits, three forms); the
    5 % level of the test by simulation (n 21, 41, 101: 4.5 to 5.0 % rejected); QE against the
    printed example of the R package estmeansd.

    References
    ----------
    Wan X, Wang W, Liu J, Tong T (2014). Estimating the sample mean and standard deviation from the
    sample size, median, range and/or interquartile range. BMC Medical Research Methodology 14:135.
    doi:10.1186/1471-2288-14-135

    Luo D, Wan X, Liu J, Tong T (2018). Optimally estimating the sample mean from the sample size,
    median, mid-range, and/or mid-quartile range. Statistical Methods in Medical Research
    27(6):1785-1805. doi:10.1177/0962280216669183

    Shi J, Luo D, Weng H, et al. (2020). Optimally estimating the sample standard deviation from the
    five-number summary. Research Synthesis Methods 11(5):641-654. doi:10.1002/jrsm.1429

    Shi J, Luo D, Wan X, et al. (2023). Detecting the skewness of data from the five-number summary
    and its application in meta-analysis. Statistical Methods in Medical Research.
    doi:10.1177/09622802231172043

    McGrath S, Zhao X, Steele R, et al. (2020). Estimating the sample mean and standard deviation
    from commonly reported quantiles in meta-analysis. Statistical Methods in Medical Research
    29(9):2520-2537. doi:10.1177/0962280219889080

    Examples
    --------
    >>> mean_sd_from_median(n=40, q1=5, median=7, q3=10)[["mean", "sd", "skewed"]].round(3)
        mean     sd  skewed
    0  7.355  3.845   False
    """
    summary = _read(n, median, q1, q3, minimum, maximum, method)
    form = _FORMS[tuple(name for name in summary.values if name != "n")]
    skewness, critical = _skewness(summary, form)
    skewed = skewness > critical
    if method == "QE":
        names = [name for name in _ORDER if name in summary.values]
        quantiles = np.column_stack([summary[name] for name in names])
        fits = [
            fit_quantiles(row, np.array([_probability(name, size) for name in names]))
            for row, size in zip(quantiles, summary["n"], strict=True)
        ]
        mean = np.array([fit.mean for fit in fits], dtype=float)
        sd = np.array([fit.sd for fit in fits], dtype=float)
        family = np.array([fit.family for fit in fits], dtype=object)
        assumes_normal = quantiles.min(axis=1) <= 0
    else:
        mean, sd = _luo_wan_shi(summary, form)
        family = np.full(len(summary), "normal", dtype=object)
        assumes_normal = np.full(len(summary), True)
    if not allow_skewed:
        _refuse(summary, skewness, critical, skewed & assumes_normal, method)
    return summary.frame(
        mean=mean,
        sd=sd,
        form=form,
        family=family,
        skewness=skewness,
        critical=critical,
        skewed=skewed,
    )


def _read(
    n: ArrayLike,
    median: ArrayLike,
    q1: ArrayLike | None,
    q3: ArrayLike | None,
    minimum: ArrayLike | None,
    maximum: ArrayLike | None,
    method: str,
) -> Columns:
    """Check the summaries, with all their faults in one message."""
    faults = []
    if method not in ("normal", "QE"):
        faults.append(f"method is {method!r}; needed: 'normal' or 'QE'")
    for low, high, low_name, high_name in (
        (q1, q3, "q1", "q3"),
        (minimum, maximum, "minimum", "maximum"),
    ):
        if (low is None) != (high is None):
            faults.append(f"only one of {low_name} and {high_name} is given; needed: both")
    if all(value is None for value in (q1, q3, minimum, maximum)):
        faults.append(
            "a median alone has no spread; needed: q1 and q3, minimum and maximum, or all"
        )
    in_order = [
        Relation((low, high), lambda a, b: a <= b, f"{low} <= {high}")
        for low, high in (
            ("minimum", "q1"),
            ("minimum", "median"),
            ("q1", "median"),
            ("median", "q3"),
            ("median", "maximum"),
            ("q3", "maximum"),
        )
    ]
    spread = [
        Relation((low, high), lambda a, b: a != b, f"{low} other than {high} (else the SD is 0)")
        for low, high in (("q1", "q3"), ("minimum", "maximum"))
    ]
    return read_columns(
        "mean_sd_from_median",
        {
            "n": n,
            "median": median,
            "minimum": minimum,
            "maximum": maximum,
            "q1": q1,
            "q3": q3,
        },
        {"n": _FIVE_PEOPLE},
        relations=(*in_order, *spread),
        faults=faults,
    )


def _luo_wan_shi(summary: Columns, form: str) -> tuple[Floats, Floats]:
    """Return mean and SD by the weights that are best for normal data."""
    n, median = summary["n"], summary["median"]
    extreme = ndtri((n - 0.375) / (n + 0.25))
    quarter = ndtri((0.75 * n - 0.125) / (n + 0.25))
    if form == "range":
        low, high = summary["minimum"], summary["maximum"]
        weight = 4 / (4 + n**0.75)
        return weight * (low + high) / 2 + (1 - weight) * median, (high - low) / (2 * extreme)
    if form == "quartiles":
        low, high = summary["q1"], summary["q3"]
        weight = 0.7 + 0.39 / n
        return weight * (low + high) / 2 + (1 - weight) * median, (high - low) / (2 * quarter)
    low, high = summary["minimum"], summary["maximum"]
    q1, q3 = summary["q1"], summary["q3"]
    outer, inner = 2.2 / (2.2 + n**0.75), 0.7 - 0.72 / n**0.55
    mean = outer * (low + high) / 2 + inner * (q1 + q3) / 2 + (1 - outer - inner) * median
    by_range = (high - low) / ((2 + 0.14 * n**0.6) * extreme)
    by_quartiles = (q3 - q1) / ((2 + 2 / (0.07 * n**0.6)) * quarter)
    return mean, by_range + by_quartiles


def _probability(name: str, n: float) -> float:
    """Place one of the five numbers among the quantiles; the extremes by the number of people."""
    return {"minimum": 1 / n, "q1": 0.25, "median": 0.5, "q3": 0.75, "maximum": 1 - 1 / n}[name]


def _skewness(summary: Columns, form: str) -> tuple[Floats, Floats]:
    """Return the statistic of Shi's test, without sign, and its 5 % critical value."""
    n, median = summary["n"], summary["median"]

    def lean(low: Floats, high: Floats) -> Floats:
        return np.asarray(np.abs(low + high - 2 * median) / (high - low))

    if form == "range":
        critical = 1 / np.log(n + 9) + 2.5 / (n + 1)
        return lean(summary["minimum"], summary["maximum"]), critical
    of_quartiles = lean(summary["q1"], summary["q3"])
    if form == "quartiles":
        return of_quartiles, 2.65 / np.sqrt(n) - 6 / n**2
    of_range = lean(summary["minimum"], summary["maximum"])
    statistic = np.maximum(2.65 * np.log(0.6 * n) / np.sqrt(n) * of_range, of_quartiles)
    return statistic, 3 / np.sqrt(n) - 40 / n**3


def _refuse(
    summary: Columns, skewness: Floats, critical: Floats, refused: Flags, method: str
) -> None:
    """Raise for the rows whose data are shown not to be normal."""
    if not refused.any():
        return
    ways = "method='QE' or " if method == "normal" else ""
    raise DataError.from_faults(
        "mean_sd_from_median",
        (
            f"row{summary.place(int(row)) or '[0]'}: the data are skewed (statistic "
            f"{skewness[row]:.3f}, 5 % critical value {critical[row]:.3f}), so a normal "
            f"distribution does not fit; use {ways}allow_skewed=True, and label the result"
            for row in np.flatnonzero(refused)
        ),
    )
