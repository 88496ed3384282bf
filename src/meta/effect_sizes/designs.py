"""What do a log-rank test, matched pairs and a cluster trial say as an effect?"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from meta.arguments import checked
from meta.effect_sizes.inputs import (
    POSITIVE,
    SIZE_FOR_COUNTS,
    Numbers,
    Relation,
    Rule,
    read_columns,
)
from meta.effect_sizes.statistics import EffectVariance, effect_like_input


class EffectiveSize(NamedTuple):
    """The people of a cluster trial, as if each had been randomised alone.

    Attributes
    ----------
    n : float, numpy.ndarray or pandas.Series
        Effective number of people; may be a fraction.
    events : float, numpy.ndarray, pandas.Series or None
        Events divided alike, if any were given.
    design_effect : float, numpy.ndarray or pandas.Series
        By what the numbers were divided.
    """

    n: Numbers
    events: Numbers | None
    design_effect: Numbers


@checked
def log_rank_to_hr(o_minus_e: ArrayLike, variance: ArrayLike) -> EffectVariance:
    r"""Turn a log-rank test into a log hazard ratio.

    Parameters
    ----------
    o_minus_e : array_like
        Observed less expected events of the treated arm.
    variance : array_like
        The log-rank variance V; above 0.

    Returns
    -------
    EffectVariance
        Log hazard ratio, below 0 where the treated had fewer events, and its variance; for measure
        "HR".

    Raises
    ------
    DataError
        If a value is missing or no number, or a variance is not above 0.

    Notes
    -----
    :math:`(O - E) / V` with variance :math:`1 / V` (Peto's one step from a ratio of 1). When not to
    use it: for hazard ratios beyond about twofold, or arms of very different size, where the one
    step falls short.

    Checked against: Peto's odds ratio of :func:`meta.effect_size`, whose O, E and V are those of a
    table.

    References
    ----------
    Parmar MKB, Torri V, Stewart L (1998). Extracting summary statistics to perform meta-analyses of
    the published literature for survival endpoints. Statistics in Medicine 17(24):2815-2834.
    doi:10.1002/(SICI)1097-0258(19981230)17:24<2815::AID-SIM110>3.0.CO;2-8

    Examples
    --------
    >>> log_rank_to_hr(-6.0, 15.0)
    EffectVariance(yi=-0.4, vi=0.06666666666666667)
    """
    columns = read_columns(
        "log_rank_to_hr",
        {"o_minus_e": o_minus_e, "variance": variance},
        {"variance": POSITIVE},
    )
    v = columns["variance"]
    return effect_like_input(columns, columns["o_minus_e"] / v, 1 / v)


@checked
def matched_pairs_to_or(only_treated: ArrayLike, only_control: ArrayLike) -> EffectVariance:
    r"""Turn the discordant pairs of a matched or crossover study into a log odds ratio.

    Parameters
    ----------
    only_treated, only_control : array_like
        Pairs (or people) with the event under treatment only, and under control only; above 0.

    Returns
    -------
    EffectVariance
        Conditional log odds ratio and its variance, for measure "OR".

    Raises
    ------
    DataError
        If a count is missing, no number or not above 0.

    Notes
    -----
    :math:`\log(b / c)` with variance :math:`1/b + 1/c`; pairs that agree say nothing. When not to
    use it: beside odds ratios of parallel trials of frequent events, which are not conditional and
    lie nearer to 1.

    Checked against: the conditional likelihood, which is binomial.

    References
    ----------
    Elbourne DR, Altman DG, Higgins JPT, et al. (2002). Meta-analyses involving cross-over trials:
    methodological issues. International Journal of Epidemiology 31(1):140-149.
    doi:10.1093/ije/31.1.140

    Examples
    --------
    >>> effect = matched_pairs_to_or(6, 12)
    >>> round(effect.yi, 4), round(effect.vi, 4)
    (-0.6931, 0.25)
    """
    columns = read_columns(
        "matched_pairs_to_or",
        {"only_treated": only_treated, "only_control": only_control},
        {"only_treated": POSITIVE, "only_control": POSITIVE},
    )
    b, c = columns["only_treated"], columns["only_control"]
    return effect_like_input(columns, np.log(b / c), 1 / b + 1 / c)


@checked
def effective_sample_size(
    n: ArrayLike, cluster_size: ArrayLike, icc: ArrayLike, *, events: ArrayLike | None = None
) -> EffectiveSize:
    r"""Divide the people of a cluster trial by the design effect.

    Parameters
    ----------
    n : array_like
        People in an arm; at least 1.
    cluster_size : array_like
        Mean number of people in a cluster; at least 1.
    icc : array_like
        Intracluster correlation, from 0 to 1. If the trial does not print it, one of similar
        trials: say which, and vary it.
    events : array_like, optional
        People with the event; from 0 to n.

    Returns
    -------
    EffectiveSize
        Means and standard deviations stay as they are.

    Raises
    ------
    DataError
        If a value is missing or out of range.

    Notes
    -----
    The design effect is :math:`1 + (m - 1) \rho` with m people in a cluster and the intracluster
    correlation :math:`\rho`. When not to use it: for a trial whose printed analysis accounts for
    its clusters already (its interval is used as it is), or with clusters of very unequal size,
    where the design effect is larger.

    Checked against: the example of the Cochrane Handbook.

    References
    ----------
    Cochrane Handbook for Systematic Reviews of Interventions, chapter 23, sections 23.1.4 and
    23.1.5.

    Examples
    --------
    >>> arm = effective_sample_size(295, 29.8, 0.02, events=63)
    >>> round(arm.design_effect, 3), round(arm.n, 1), round(arm.events, 1)
    (1.576, 187.2, 40.0)
    """
    columns = read_columns(
        "effective_sample_size",
        {"n": n, "cluster_size": cluster_size, "icc": icc, "events": events},
        {
            "n": SIZE_FOR_COUNTS,
            "cluster_size": Rule(lambda x: x >= 1, "a mean number of people in a cluster >= 1"),
            "icc": Rule(lambda x: (x >= 0) & (x <= 1), "an intracluster correlation from 0 to 1"),
        },
        relations=(
            Relation(("events", "n"), lambda events, n: events <= n, "no more events than people"),
        ),
    )
    effect = 1 + (columns["cluster_size"] - 1) * columns["icc"]
    counts = columns.get("events")
    return EffectiveSize(
        columns.like_input(columns["n"] / effect),
        None if counts is None else columns.like_input(counts / effect),
        columns.like_input(effect),
    )
