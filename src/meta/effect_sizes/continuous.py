"""How far apart are the means of two arms?

The formulas behind MD, SMD, SMDH and ROM, and the exact small-sample factor of Hedges' g.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import gammaln

from meta.effect_sizes.inputs import (
    ANY_NUMBER,
    MEAN_ON_RATIO_SCALE,
    SIZE_FOR_MEANS,
    STANDARD_DEVIATION,
    Columns,
    Floats,
    Numbers,
    Rule,
    read_columns,
)
from meta.effect_sizes.measure import Measure, Options, Sizes


def small_sample_factor(dof: ArrayLike) -> Numbers:
    r"""Return the factor J that takes the small-sample bias out of a standardised mean difference.

    Parameters
    ----------
    dof : array_like
        Degrees of freedom of the standard deviation that standardises (n_t + n_c - 2 for two
        arms); above 1.

    Returns
    -------
    float, numpy.ndarray or pandas.Series
        J, between 0 and 1, in the form of the input.

    Raises
    ------
    DataError
        If a value is missing or not above 1 (the factor does not exist there).

    Notes
    -----
    The exact form :math:`J(m) = \Gamma(m/2) / (\sqrt{m/2}\,\Gamma((m-1)/2))` is used, through
    log-gamma so that large samples do not overflow, not the approximation 1 - 3/(4m - 1): they
    differ by 0.002 at 4 degrees of freedom and by less the larger the trial.

    Checked against: the gamma functions written out, and 1 - 3/(4m - 1) at a million degrees of
    freedom.

    References
    ----------
    Hedges LV (1981). Distribution theory for Glass's estimator of effect size and related
    estimators. Journal of Educational Statistics 6(2):107-128. doi:10.3102/10769986006002107

    Examples
    --------
    >>> round(small_sample_factor(98), 6)
    0.992324
    >>> small_sample_factor([4, 40]).round(4)
    array([0.7979, 0.9811])
    """
    above_one = Rule(lambda x: x > 1, "degrees of freedom > 1")
    columns = read_columns("small_sample_factor", {"dof": dof}, {"dof": above_one})
    return columns.like_input(hedges_j(columns["dof"]))


def hedges_j(dof: Floats) -> Floats:
    """Compute J for checked degrees of freedom."""
    half = dof / 2
    return np.asarray(np.exp(gammaln(half) - 0.5 * np.log(half) - gammaln(half - 0.5)))


def smd_from_d(d: Floats, n_t: Floats, n_c: Floats, vtype: str) -> Sizes:
    """Turn Cohen's d of two independent arms into Hedges' g and its sampling variance."""
    dof = n_t + n_c - 2
    j = hedges_j(dof)
    g = j * d
    unequal = 1 / n_t + 1 / n_c
    total = n_t + n_c
    if vtype == "LS2":
        return Sizes(g, j**2 * (unequal + d**2 / (2 * total)))
    if vtype == "UB":
        return Sizes(g, unequal + (1 - (dof - 2) / (dof * j**2)) * g**2)
    return Sizes(g, unequal + g**2 / (2 * total))


def pooled_sd(sd_t: Floats, n_t: Floats, sd_c: Floats, n_c: Floats) -> Floats:
    """Pool the standard deviations of two arms, weighted by their degrees of freedom."""
    return np.asarray(np.sqrt(((n_t - 1) * sd_t**2 + (n_c - 1) * sd_c**2) / (n_t + n_c - 2)))


def variance_of_difference(sd_a: Floats, sd_b: Floats, r: Floats) -> Floats:
    """Return the variance of the difference of two correlated measurements of the same people."""
    return np.asarray(sd_a**2 + sd_b**2 - 2 * r * sd_a * sd_b)


def _md(arms: Columns, _: Options) -> Sizes:
    yi = arms["mean_t"] - arms["mean_c"]
    return Sizes(yi, arms["sd_t"] ** 2 / arms["n_t"] + arms["sd_c"] ** 2 / arms["n_c"])


def _smd(arms: Columns, options: Options) -> Sizes:
    sd = pooled_sd(arms["sd_t"], arms["n_t"], arms["sd_c"], arms["n_c"])
    d = (arms["mean_t"] - arms["mean_c"]) / sd
    return smd_from_d(d, arms["n_t"], arms["n_c"], options.vtype)


def _smdh(arms: Columns, _: Options) -> Sizes:
    var_t, var_c = arms["sd_t"] ** 2, arms["sd_c"] ** 2
    dof_t, dof_c = arms["n_t"] - 1, arms["n_c"] - 1
    mean_variance = (var_t + var_c) / 2
    j = hedges_j(dof_t + dof_c)
    yi = j * (arms["mean_t"] - arms["mean_c"]) / np.sqrt(mean_variance)
    spread = yi**2 * (var_t**2 / dof_t + var_c**2 / dof_c) / (8 * mean_variance**2)
    return Sizes(yi, j**2 * (spread + (var_t / dof_t + var_c / dof_c) / mean_variance))


def _rom(arms: Columns, options: Options) -> Sizes:
    cv2_t = arms["sd_t"] ** 2 / (arms["n_t"] * arms["mean_t"] ** 2)
    cv2_c = arms["sd_c"] ** 2 / (arms["n_c"] * arms["mean_c"] ** 2)
    yi = np.log(arms["mean_t"]) - np.log(arms["mean_c"])
    vi = cv2_t + cv2_c
    if options.bias_corrected:
        return Sizes(yi + (cv2_t - cv2_c) / 2, vi + (cv2_t**2 + cv2_c**2) / 2)
    return Sizes(yi, vi)


_TWO_ARMS = {
    "mean_t": ANY_NUMBER,
    "sd_t": STANDARD_DEVIATION,
    "n_t": SIZE_FOR_MEANS,
    "mean_c": ANY_NUMBER,
    "sd_c": STANDARD_DEVIATION,
    "n_c": SIZE_FOR_MEANS,
}

SMD_VTYPES = ("LS", "LS2", "UB")

MEASURES = (
    Measure("MD", "mean difference", _TWO_ARMS, _md),
    Measure(
        "SMD",
        "standardised mean difference (Hedges' g, pooled SD)",
        _TWO_ARMS,
        _smd,
        vtypes=SMD_VTYPES,
    ),
    Measure("SMDH", "standardised mean difference, variances not assumed equal", _TWO_ARMS, _smdh),
    Measure(
        "ROM",
        "log ratio of means",
        {**_TWO_ARMS, "mean_t": MEAN_ON_RATIO_SCALE, "mean_c": MEAN_ON_RATIO_SCALE},
        _rom,
        can_correct_bias=True,
    ),
)
