"""What does one group show: a proportion, a correlation, a change from before to after?

The formulas behind PR, PLO, PAS, PFT, COR, ZCOR, MC, SMCC, SMCR and ROMC, and the way back from the
double arcsine. A change in one group is no effect of a treatment: it holds the natural course,
regression to the mean and placebo response as well.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from meta.effect_sizes.continuous import hedges_j, variance_of_difference
from meta.effect_sizes.counts import rows_to_adjust
from meta.effect_sizes.inputs import (
    ANY_NUMBER,
    CORRELATION,
    EVENTS,
    MEAN_ON_RATIO_SCALE,
    SIZE_FOR_COUNTS,
    SIZE_FOR_MEANS,
    STANDARD_DEVIATION,
    Columns,
    Floats,
    Numbers,
    Relation,
    Rule,
    read_columns,
)
from meta.effect_sizes.measure import Measure, Options, Sizes


def pft_to_proportion(yi: ArrayLike, n: ArrayLike) -> Numbers:
    r"""Take a Freeman-Tukey double arcsine back to a proportion.

    Parameters
    ----------
    yi : array_like
        Value on the double arcsine scale: one study's, a pooled estimate or an interval limit.
    n : array_like
        Number of people: of the study for one study, the harmonic mean of the n of all studies for
        a pooled value (see Notes); at least 1.

    Returns
    -------
    float, numpy.ndarray or pandas.Series
        Proportion in [0, 1]. Values beyond the range that n allows give 0 or 1.

    Raises
    ------
    DataError
        If a value is missing or n is below 1.

    Notes
    -----
    Miller's inversion of the transform ``yi = (asin(sqrt(x/(n+1))) + asin(sqrt((x+1)/(n+1))))/2``.
    It is exact for one study. **For a pooled value there is no right n**: the harmonic mean is a
    convention, and where the n of the studies differ much the back-transformed value can lie far
    from every study. Pool PLO, or a binomial model, where that matters.
    `scipy.stats.hmean` computes the harmonic mean.

    Checked against: the round trip of the transform for every x out of n up to 60.

    References
    ----------
    Miller JJ (1978). The inverse of the Freeman-Tukey double arcsine transformation. The American
    Statistician 32(4):138. doi:10.1080/00031305.1978.10479283

    Schwarzer G, Chemaitelly H, Abu-Raddad LJ, Rücker G (2019). Seriously misleading results using
    inverse of Freeman-Tukey double arcsine transformation in meta-analysis of single proportions.
    Research Synthesis Methods 10(3):476-483. doi:10.1002/jrsm.1348

    Examples
    --------
    >>> from meta.effect_sizes.sizes import effect_size
    >>> yi = effect_size("PFT", events=3, n=40)["yi"].iloc[0]
    >>> round(pft_to_proportion(yi, n=40), 6)
    0.075
    """
    columns = read_columns(
        "pft_to_proportion", {"yi": yi, "n": n}, {"yi": ANY_NUMBER, "n": SIZE_FOR_COUNTS}
    )
    y, size = columns["yi"], columns["n"]
    lowest = _double_arcsine(np.zeros_like(size), size)
    highest = _double_arcsine(size, size)
    sine = np.sin(2 * np.clip(y, lowest, highest))
    inner = 1 - (sine + (sine - 1 / sine) / size) ** 2
    # rounding can leave a value a hair below zero where the root is zero
    root = np.sign(np.cos(2 * y)) * np.sqrt(np.clip(inner, 0, None))
    proportion = np.where(y <= lowest, 0.0, np.where(y >= highest, 1.0, (1 - root) / 2))
    return columns.like_input(proportion)


def _double_arcsine(x: Floats, n: Floats) -> Floats:
    return np.asarray((np.arcsin(np.sqrt(x / (n + 1))) + np.arcsin(np.sqrt((x + 1) / (n + 1)))) / 2)


def _with_and_without(arms: Columns, options: Options) -> tuple[Floats, Floats]:
    """Return people with and without the event, after the adjustment for zeros."""
    x = arms["events"]
    rest = arms["n"] - x
    zero = (x == 0) | (rest == 0)
    extra = np.where(rows_to_adjust(zero, np.ones_like(zero), options.to), options.add, 0.0)
    return x + extra, rest + extra


def _pr(arms: Columns, options: Options) -> Sizes:
    x, rest = _with_and_without(arms, options)
    n = x + rest
    return Sizes(x / n, x * rest / n**3)


def _plo(arms: Columns, options: Options) -> Sizes:
    x, rest = _with_and_without(arms, options)
    return Sizes(np.log(x / rest), 1 / x + 1 / rest)


def _pas(arms: Columns, options: Options) -> Sizes:
    x, rest = _with_and_without(arms, options)
    n = x + rest
    return Sizes(np.arcsin(np.sqrt(x / n)), 1 / (4 * n))


def _pft(arms: Columns, options: Options) -> Sizes:
    x, rest = _with_and_without(arms, options)
    n = x + rest
    return Sizes(_double_arcsine(x, n), 1 / (4 * n + 2))


def _cor(arms: Columns, _: Options) -> Sizes:
    return Sizes(arms["r"], (1 - arms["r"] ** 2) ** 2 / (arms["n"] - 1))


def _zcor(arms: Columns, _: Options) -> Sizes:
    return Sizes(np.arctanh(arms["r"]), 1 / (arms["n"] - 3))


def _change(arms: Columns) -> tuple[Floats, Floats]:
    """Return the mean change and the variance of the changes."""
    variance = variance_of_difference(arms["sd_pre"], arms["sd_post"], arms["r"])
    return arms["mean_post"] - arms["mean_pre"], variance


def _mc(arms: Columns, _: Options) -> Sizes:
    change, variance = _change(arms)
    return Sizes(change, variance / arms["n"])


def _smcc(arms: Columns, _: Options) -> Sizes:
    change, variance = _change(arms)
    n = arms["n"]
    yi = hedges_j(n - 1) * change / np.sqrt(variance)
    return Sizes(yi, 1 / n + yi**2 / (2 * n))


def _smcr(arms: Columns, _: Options) -> Sizes:
    n = arms["n"]
    yi = hedges_j(n - 1) * (arms["mean_post"] - arms["mean_pre"]) / arms["sd_pre"]
    return Sizes(yi, 2 * (1 - arms["r"]) / n + yi**2 / (2 * n))


def _romc(arms: Columns, _: Options) -> Sizes:
    n = arms["n"]
    cv_post = arms["sd_post"] / arms["mean_post"]
    cv_pre = arms["sd_pre"] / arms["mean_pre"]
    yi = np.log(arms["mean_post"]) - np.log(arms["mean_pre"])
    return Sizes(yi, (cv_post**2 + cv_pre**2 - 2 * arms["r"] * cv_post * cv_pre) / n)


_PROPORTION = {"events": EVENTS, "n": SIZE_FOR_COUNTS}
_NOT_MORE_THAN_PEOPLE = (
    Relation(("events", "n"), lambda events, n: events <= n, "no more events than people"),
)
_PAIRED = {
    "mean_post": ANY_NUMBER,
    "mean_pre": ANY_NUMBER,
    "sd_post": STANDARD_DEVIATION,
    "sd_pre": STANDARD_DEVIATION,
    "n": SIZE_FOR_MEANS,
    "r": CORRELATION,
}
# J needs more than one degree of freedom
_PAIRED_STANDARDISED = {
    **_PAIRED,
    "n": Rule(lambda x: x >= 3, "a number of people >= 3 (for the small-sample factor)"),
}


MEASURES = (
    Measure("PR", "proportion", _PROPORTION, _pr, _NOT_MORE_THAN_PEOPLE, add=0.5),
    Measure("PLO", "log odds of a proportion", _PROPORTION, _plo, _NOT_MORE_THAN_PEOPLE, add=0.5),
    Measure(
        "PAS", "arcsine square-root proportion", _PROPORTION, _pas, _NOT_MORE_THAN_PEOPLE, add=0.0
    ),
    Measure(
        "PFT",
        "Freeman-Tukey double arcsine proportion",
        _PROPORTION,
        _pft,
        _NOT_MORE_THAN_PEOPLE,
        add=0.0,
    ),
    Measure("COR", "correlation", {"r": CORRELATION, "n": SIZE_FOR_MEANS}, _cor),
    Measure(
        "ZCOR",
        "correlation, Fisher's z",
        {
            "r": CORRELATION,
            "n": Rule(lambda x: x > 3, "a number of people > 3 (the variance is 1/(n - 3))"),
        },
        _zcor,
    ),
    Measure("MC", "mean change", _PAIRED, _mc),
    Measure("SMCC", "mean change in SDs of the change", _PAIRED_STANDARDISED, _smcc),
    Measure(
        "SMCR",
        "mean change in SDs before",
        _PAIRED_STANDARDISED,
        _smcr,
        optional=("sd_post",),
    ),
    Measure(
        "ROMC",
        "log ratio of the mean after to the mean before",
        {**_PAIRED, "mean_post": MEAN_ON_RATIO_SCALE, "mean_pre": MEAN_ON_RATIO_SCALE},
        _romc,
    ),
)
