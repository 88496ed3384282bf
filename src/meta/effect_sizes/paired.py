"""What if the same people are in both arms, or are measured twice?"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import stdtrit

from meta.arguments import checked
from meta.effect_sizes.inputs import (
    Numbers,
    Relation,
    Rule,
    read_columns,
)
from meta.effect_sizes.standardised import hedges_j, variance_of_difference
from meta.effect_sizes.statistics import EffectVariance, effect_like_input
from meta.errors import DataError


class PairedDifference(NamedTuple):
    """A difference within people.

    Attributes
    ----------
    estimate : float, numpy.ndarray or pandas.Series
        Mean difference, treated minus control.
    se : float, numpy.ndarray or pandas.Series
        Its standard error.
    sd_difference : float, numpy.ndarray or pandas.Series
        Standard deviation of the differences within people.
    """

    estimate: Numbers
    se: Numbers
    sd_difference: Numbers


@checked
def sd_of_difference(sd_a: ArrayLike, sd_b: ArrayLike, correlation: ArrayLike) -> Numbers:
    """Return the standard deviation of the difference of two measurements of the same people.

    Parameters
    ----------
    sd_a, sd_b : array_like
        Standard deviations of the two measurements (before and after, or the two periods of a
        crossover); above 0.
    correlation : array_like
        Correlation of the two within people, strictly between -1 and 1.

    Returns
    -------
    float, numpy.ndarray or pandas.Series
        Standard deviation of the difference.

    Raises
    ------
    DataError
        If a value is missing or out of range.

    Notes
    -----
    √(sd_a² + sd_b² - 2 r sd_a sd_b), with r the correlation. One that was not reported is an
    assumption: state it and vary it.

    Checked against: the Handbook's crossover example (1.8426).

    References
    ----------
    Cochrane Handbook for Systematic Reviews of Interventions, chapter 6, section 6.5.2.8.

    Examples
    --------
    >>> round(sd_of_difference(2.38, 2.21, 0.68), 4)
    1.8426
    """
    columns = read_columns(
        "sd_of_difference", {"sd_a": sd_a, "sd_b": sd_b, "correlation": correlation}
    )
    variance = variance_of_difference(columns["sd_a"], columns["sd_b"], columns["correlation"])
    return columns.like_input(np.sqrt(variance))


@checked
def correlation_from_sds(sd_a: ArrayLike, sd_b: ArrayLike, sd_difference: ArrayLike) -> Numbers:
    """Recover the within-person correlation from three standard deviations.

    Parameters
    ----------
    sd_a, sd_b : array_like
        Standard deviations of the two measurements; above 0.
    sd_difference : array_like
        Standard deviation of their difference within people; above 0.

    Returns
    -------
    float, numpy.ndarray or pandas.Series
        The correlation, from -1 to 1.

    Raises
    ------
    DataError
        If a value is missing or not above 0, or the three cannot belong together (the correlation
        would leave [-1, 1]; a standard error printed as a standard deviation does that).

    Notes
    -----
    (sd_a² + sd_b² - sd_difference²) / (2 sd_a sd_b), the inverse of `sd_of_difference`.

    Checked against: there and back with `sd_of_difference`.

    References
    ----------
    Cochrane Handbook for Systematic Reviews of Interventions, chapter 6, section 6.5.2.8.

    Examples
    --------
    >>> round(correlation_from_sds(2.38, 2.21, 2.0), 4)
    0.6225
    """
    columns = read_columns(
        "correlation_from_sds",
        {"sd_a": sd_a, "sd_b": sd_b, "sd_difference": sd_difference},
        relations=(
            Relation(
                ("sd_a", "sd_b", "sd_difference"),
                lambda a, b, difference: (difference >= np.abs(a - b)) & (difference <= a + b),
                "an SD of the difference between |sd_a - sd_b| and sd_a + sd_b "
                "(is one of the three a standard error?)",
            ),
        ),
    )
    a, b, difference = columns["sd_a"], columns["sd_b"], columns["sd_difference"]
    # rounding may carry a perfect correlation a hair past 1
    return columns.like_input(np.clip((a**2 + b**2 - difference**2) / (2 * a * b), -1, 1))


@checked
def crossover_difference(
    mean_t: ArrayLike,
    mean_c: ArrayLike,
    n: ArrayLike,
    *,
    sd_t: ArrayLike | None = None,
    sd_c: ArrayLike | None = None,
    correlation: ArrayLike | None = None,
    sd_difference: ArrayLike | None = None,
    se: ArrayLike | None = None,
    t: ArrayLike | None = None,
    p_value: ArrayLike | None = None,
) -> PairedDifference:
    """Return the mean difference of a crossover trial with the error of a paired analysis.

    Parameters
    ----------
    mean_t, mean_c : array_like
        Means under treatment and control, of the same people.
    n : array_like
        People (counted once), at least 2.
    sd_t, sd_c, correlation : array_like, optional
        First route: standard deviations under each condition and the within-person correlation,
        which papers rarely print. If it is assumed, say so and vary it.
    sd_difference : array_like, optional
        Second route: standard deviation of the differences within people.
    se : array_like, optional
        Third route: standard error of the paired difference.
    t : array_like, optional
        Fourth route: t of the paired test.
    p_value : array_like, optional
        Fifth route: exact two-sided p of the paired t test.

    Returns
    -------
    PairedDifference
        `estimate` (treated minus control), `se`, `sd_difference`.

    Raises
    ------
    DataError
        If not exactly one route is given, a value is missing or out of range, or t or p cannot be
        divided by (equal means, t of 0, p of 1).

    Notes
    -----
    se = sd_difference / √n, from the correlation by `sd_of_difference`, from t by
    abs(difference / t), from p through t with n - 1 degrees of freedom. Treating the two periods as
    independent arms would give too wide an interval and count everybody twice. Carry-over is not
    looked at.

    Checked against: the Cochrane Handbook's worked example (means 7.0 and 6.5, SDs 2.38 and 2.21,
    10 people), old section 16.4.6.4: SE 0.632 from an SD of differences of 2, 0.583 from r 0.68.

    References
    ----------
    Elbourne DR, Altman DG, Higgins JPT, Curtin F, Worthington HV, Vail A (2002). Meta-analyses
    involving cross-over trials: methodological issues. International Journal of Epidemiology
    31(1):140-149. doi:10.1093/ije/31.1.140

    Examples
    --------
    >>> round(crossover_difference(7.0, 6.5, 10, sd_difference=2).se, 3)
    0.632
    >>> round(crossover_difference(7.0, 6.5, 10, sd_t=2.38, sd_c=2.21, correlation=0.68).se, 3)
    0.583
    """
    by_correlation = {"sd_t": sd_t, "sd_c": sd_c, "correlation": correlation}
    single = {"sd_difference": sd_difference, "se": se, "t": t, "p_value": p_value}
    given = [name for name, value in {**by_correlation, **single}.items() if value is not None]
    routes = [[name] for name in single] + [list(by_correlation)]
    if sorted(given) not in [sorted(route) for route in routes]:
        raise DataError(
            f"crossover_difference: given {', '.join(given) or 'nothing'}; needed: exactly one of "
            "sd_t with sd_c and correlation, sd_difference, se, t, p_value"
        )
    tested = t is not None or p_value is not None
    relations = (
        Relation(("mean_t", "mean_c"), lambda a, b: a != b, "means that differ (for t or p)"),
        Relation(("t",), lambda x: x != 0, "a t other than 0"),
        Relation(("p_value",), lambda x: x < 1, "a p-value below 1"),
    )
    columns = read_columns(
        "crossover_difference",
        {"mean_t": mean_t, "mean_c": mean_c, "n": n, **by_correlation, **single},
        relations=relations if tested else (),
    )
    people = columns["n"]
    difference = columns["mean_t"] - columns["mean_c"]
    route = given[0]
    if route == "se":
        error = columns["se"]
    elif route == "t":
        error = np.abs(difference / columns["t"])
    elif route == "p_value":
        error = np.abs(difference / stdtrit(people - 1, columns["p_value"] / 2))
    elif route == "sd_difference":
        error = columns["sd_difference"] / np.sqrt(people)
    else:
        variance = variance_of_difference(columns["sd_t"], columns["sd_c"], columns["correlation"])
        error = np.sqrt(variance / people)
    return PairedDifference(
        columns.like_input(difference),
        columns.like_input(error),
        columns.like_input(error * np.sqrt(people)),
    )


@checked
def crossover_smd(
    mean_t: ArrayLike,
    sd_t: ArrayLike,
    mean_c: ArrayLike,
    sd_c: ArrayLike,
    n: ArrayLike,
    correlation: ArrayLike,
    *,
    bias_corrected: bool = True,
) -> EffectVariance:
    """Return the standardised mean difference of a crossover trial, comparable to a parallel one.

    Parameters
    ----------
    mean_t, sd_t, mean_c, sd_c : array_like
        Means and standard deviations of the same people under treatment and control.
    n : array_like
        People (counted once), at least 3.
    correlation : array_like
        Correlation of the two measurements within people, strictly between -1 and 1.
    bias_corrected : bool, default True
        Multiply by the small-sample factor J, as Hedges' g of parallel trials does.

    Returns
    -------
    EffectVariance
        `yi` (treated minus control, in SDs between people) and `vi`.

    Raises
    ------
    DataError
        If a value is missing or out of range.

    Notes
    -----
    d is the difference over the root of the mean of the two variances: the spread between people,
    not that of the differences, so that it lies on the scale of parallel trials. vi =
    (1/n + yi²/(2n)) 2(1 - r). The standardiser has about 2(n - 1)/(1 + r²) degrees of freedom (the
    two variances are correlated by r²); J is taken at these. The Handbook's example leaves J out.

    Checked against: the Cochrane Handbook's worked example, old section 16.4.6.4: SMD 0.218,
    SE 0.256.

    References
    ----------
    Elbourne DR, Altman DG, Higgins JPT, Curtin F, Worthington HV, Vail A (2002). Meta-analyses
    involving cross-over trials: methodological issues. International Journal of Epidemiology
    31(1):140-149. doi:10.1093/ije/31.1.140

    Examples
    --------
    >>> d = crossover_smd(7.0, 2.38, 6.5, 2.21, 10, 0.68, bias_corrected=False)
    >>> round(d.yi, 3), round(d.vi**0.5, 3)
    (0.218, 0.256)
    """
    columns = read_columns(
        "crossover_smd",
        {
            "mean_t": mean_t,
            "sd_t": sd_t,
            "mean_c": mean_c,
            "sd_c": sd_c,
            "n": n,
            "correlation": correlation,
        },
        {"n": Rule(lambda x: x >= 3, "a number of people >= 3")},
    )
    people, correlation = columns["n"], columns["correlation"]
    between = np.sqrt((columns["sd_t"] ** 2 + columns["sd_c"] ** 2) / 2)
    yi = (columns["mean_t"] - columns["mean_c"]) / between
    if bias_corrected:
        yi = yi * hedges_j(2 * (people - 1) / (1 + correlation**2))
    vi = (1 / people + yi**2 / (2 * people)) * 2 * (1 - correlation)
    return effect_like_input(columns, yi, vi)
