"""Does the answer hang on one study?"""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral
from typing import Any, overload

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import special

from meta.arguments import checked, shown
from meta.errors import DataError
from meta.synthesis.consumers import need_estimate
from meta.synthesis.diagnostics.regression_diagnostics import (
    regression_influence,
    regression_leave_one_out,
)
from meta.synthesis.diagnostics.repeated import effect_table, repeated, without_each
from meta.synthesis.engine import quantile, variance_factor
from meta.synthesis.estimate import EffectTable, Estimate
from meta.synthesis.models.pool import pool
from meta.synthesis.models.pooled import Pooled
from meta.synthesis.models.regression import MetaRegression

# median of the chi-squared distribution with 1 degree of freedom
_MEDIAN = 2 * float(special.gammaincinv(0.5, 0.5))


@overload
def leave_one_out(fit: Estimate) -> EffectTable: ...
@overload
def leave_one_out(fit: MetaRegression) -> pd.DataFrame: ...
@checked
def leave_one_out(fit: Estimate | MetaRegression) -> EffectTable | pd.DataFrame:
    """Pool again without each study in turn.

    Parameters
    ----------
    fit : Estimate or MetaRegression
        At least two studies, or two more than coefficients. Each analysis has its settings.

    Returns
    -------
    EffectTable or pandas.DataFrame
        ``.table`` has one row for each effect, in the order of ``fit.effects``: ``left_out`` (its
        label), then ``k estimate se ci_low ci_high p_value pi_low pi_high tau2 i2 q q_p_value`` of
        the others, on the scale of computation; ``.to_frame()`` is on the reader's. With k = 2
        every row is a single trial, whose heterogeneity is NaN; a row without an answer is NaN,
        and a note says why. Of a regression, a frame: one row for each study and coefficient,
        ``left_out term estimate se statistic dof p_value ci_low ci_high tau2``.

    Raises
    ------
    TooFewStudies
        If there is only one study.

    Notes
    -----
    tau2 is estimated anew each time. Checked against metafor 3.8 (``leave1out``) on the data sets
    in validation/metafor.

    References
    ----------
    viechtbauercheung2010

    Examples
    --------
    >>> import meta
    >>> fit = meta.pool([-0.5, -0.1, -0.4], [0.04, 0.09, 0.06], labels=["A", "B", "C"])
    >>> meta.leave_one_out(fit).table[["left_out", "k", "estimate"]].round(4)
      left_out  k  estimate
    0        A  2   -0.2800
    1        B  2   -0.4600
    2        C  2   -0.3625
    """
    if isinstance(fit, MetaRegression):
        return regression_leave_one_out(fit)
    need_estimate("leave_one_out", fit, 2)
    return effect_table(fit, {"left_out": fit.effects.labels}, without_each(fit))


@checked
def cumulative(fit: Estimate, order: str | ArrayLike = "year") -> EffectTable:
    """Pool the first study, the first two, the first three, and so on.

    Parameters
    ----------
    fit : Estimate
        Each analysis has its settings.
    order : str or array_like of int
        Column of ``fit.effects.table`` to sort by, in rising order; or the positions (from 0) of
        all effects in the order wanted. Studies with the same value keep the order they have.

    Returns
    -------
    EffectTable
        ``.table`` has one row for each step: ``added`` (label of the study that joins), the column
        that was sorted by (if any), then ``k estimate se ci_low ci_high p_value pi_low pi_high tau2
        i2 q q_p_value`` of the studies so far, on the scale of computation; ``.to_frame()`` is on
        the reader's. The first row is one trial with its normal interval, whose heterogeneity is
        NaN; a step without an answer (a method that needs more studies) is NaN, and a note says
        why.

    Raises
    ------
    DataError
        If the column does not exist, a study has no value in it (the message names them), the
        values cannot be compared, or the positions are no permutation.

    Notes
    -----
    A cumulative analysis shows how the answer came about. Read as a row of tests it finds
    "significance" far too often, because every step is another look at the same data.

    Checked against metafor 3.8 (``cumul``).

    Examples
    --------
    >>> import meta
    >>> effects = meta.Effects.from_arrays(
    ...     [-0.5, -0.1, -0.4], [0.04, 0.09, 0.06], labels=["A", "B", "C"], year=[2015, 2009, 2021]
    ... )
    >>> meta.cumulative(meta.pool(effects)).table[["added", "year", "k", "estimate"]].round(4)
      added  year  k  estimate
    0     B  2009  1   -0.1000
    1     A  2015  2   -0.3625
    2     C  2021  3   -0.3842
    """
    need_estimate("cumulative", fit)
    positions = _positions(fit, order)
    first = {"added": [fit.effects.labels[place] for place in positions]}
    if isinstance(order, str):
        first[order] = fit.effects.table[order].iloc[positions].to_list()
    steps = (positions[:step, None] for step in range(1, len(positions) + 1))
    return effect_table(fit, first, repeated(fit, steps))


def _positions(fit: Estimate, order: str | ArrayLike) -> NDArray[np.intp]:
    if not isinstance(order, str):
        wanted = np.asarray(order, dtype=object).ravel()
        whole = all(isinstance(place, Integral) for place in wanted)
        if not whole or sorted(wanted) != list(range(fit.effects.k)):
            raise DataError(
                f"order must hold each position from 0 to {fit.effects.k - 1} once; found "
                f"{shown(order)}"
            )
        return wanted.astype(np.intp)
    table = fit.effects.table
    if order not in table:
        raise DataError(
            f"order={order!r} is no column of the effects; columns: {', '.join(table.columns)}. "
            "Or give the positions of the effects in the order wanted"
        )
    missing = [
        label for label, gap in zip(fit.effects.labels, table[order].isna(), strict=True) if gap
    ]
    if missing:
        raise DataError.from_faults(
            f"cumulative by {order}",
            [f"{label} has no {order}: give it, or leave the study out" for label in missing],
        )
    values: Sequence[Any] = table[order].tolist()
    try:
        return np.asarray(sorted(range(fit.effects.k), key=values.__getitem__), dtype=np.intp)
    except TypeError:
        kinds = ", ".join(sorted({type(value).__name__ for value in values}))
        raise DataError(f"the values of {order} cannot be put in order: they are {kinds}") from None


@checked
def influence(fit: Estimate | MetaRegression) -> pd.DataFrame:
    r"""Measure what each study does to the answer.

    Parameters
    ----------
    fit : Pooled or MetaRegression
        At least three studies, or two more than coefficients.

    Returns
    -------
    pandas.DataFrame
        One row for each study, in the order of ``fit.effects``:

        - ``label``;
        - ``rstudent``: externally standardised residual, how many standard errors the study lies
          from the answer of the others;
        - ``dffits``: by how many standard errors the answer moves when the study goes
          (answer with it minus answer without);
        - ``cook_d``: Cook's distance, that move squared, in units of the full answer's variance;
        - ``cov_r``: variance of the answer without the study over the variance with it; below 1
          the others are more precise without it;
        - ``tau2_del``, ``q_del``: tau2 and Cochran's Q of the others;
        - ``hat``: leverage, from 0 to 1; ``weight``: the same in percent;
        - ``dfbetas``: as ``dffits``, with the leverage at the tau2 of the others;
        - ``influential``: whether one of the limits below is passed.

        Of a regression there are ``dfbetas`` for each coefficient, and no limits.

    Raises
    ------
    TooFewStudies
        If there are fewer than three studies: the deletion of one of two leaves no heterogeneity
        to estimate.

    Notes
    -----
    With the subscript :math:`(i)` for the fit without study i,

    .. math::
        r_i = \frac{y_i - \hat\mu_{(i)}}
        {\sqrt{s_{(i)} (v_i + \hat\tau^2_{(i)}) + SE_{(i)}^2}}, \quad
        DFFITS_i = \frac{\hat\mu - \hat\mu_{(i)}}
        {\sqrt{s_{(i)} h_i (v_i + \hat\tau^2_{(i)})}}, \quad
        D_i = \frac{(\hat\mu - \hat\mu_{(i)})^2}{SE^2}, \quad
        C_i = \frac{SE_{(i)}^2}{SE^2}, \quad
        DFBETAS_i = \frac{\hat\mu - \hat\mu_{(i)}}
        {\sqrt{s_{(i)} / \sum_j (v_j + \hat\tau^2_{(i)})^{-1}}}

    where h is the leverage in the full fit, SE the standard error by the fit's own ``ci_method``
    and s the factor by which that method multiplies the variance: 1 for the normal interval,
    Knapp-Hartung's factor (floored at 1 in the ad hoc form) otherwise. The diagnostics of a
    Knapp-Hartung fit therefore speak of the standard error that is shown.

    A study is called influential if :math:`|DFFITS| > 3 / \sqrt{k - 1}`, if D is beyond the median
    of the chi-squared distribution with 1 degree of freedom (0.455), if its leverage is beyond 3/k,
    or if :math:`|DFBETAS| > 1`. These are the limits that the documentation of metafor's
    ``influence`` gives, for one coefficient. They point at studies to look at, and are no tests.

    Checked against metafor 3.8 (``influence``) for normal and Knapp-Hartung intervals on the data
    sets in validation/metafor.

    References
    ----------
    viechtbauercheung2010

    Examples
    --------
    >>> import meta
    >>> fit = meta.pool([-0.5, -0.1, -0.4, -1.6], [0.04, 0.09, 0.06, 0.05])
    >>> meta.influence(fit)[["rstudent", "hat", "influential"]].round(3)
       rstudent    hat  influential
    0     0.236  0.262        False
    1     0.925  0.233        False
    2     0.386  0.250        False
    3    -5.888  0.255         True
    """
    if isinstance(fit, MetaRegression):
        return regression_influence(fit)
    need_estimate("influence", fit, 3)
    assert isinstance(fit, Pooled)  # the only answer that is not refused
    yi, vi, k = fit.effects.yi, fit.effects.vi, fit.k
    others = without_each(fit, ["estimate", "se", "tau2", "q", "hk_scale"])
    mu, se, tau2 = (others[name].to_numpy() for name in ("estimate", "se", "tau2"))
    factor = variance_factor(fit.ci_method, others["hk_scale"])
    # of all studies at the tau2 of the others
    precision = _ratio(factor, se**2) + 1 / (vi + tau2)
    shift = fit.estimate - mu
    hat = fit.weights / 100
    table = pd.DataFrame(
        {
            "label": fit.effects.labels,
            # equal effects under Knapp-Hartung have a factor of 0: 0 / 0 is NaN, and says so
            "rstudent": _ratio(yi - mu, np.sqrt(factor * (vi + tau2) + se**2)),
            "dffits": _ratio(shift, np.sqrt(factor * hat * (vi + tau2))),
            "cook_d": _ratio(shift**2, np.full(k, fit.se**2)),
            "cov_r": _ratio(se**2, np.full(k, fit.se**2)),
            "tau2_del": tau2,
            "q_del": others["q"],
            "hat": hat,
            "weight": fit.weights,
            "dfbetas": _ratio(shift, np.sqrt(factor / precision)),
        }
    )
    table["influential"] = (
        (table["dffits"].abs() > 3 / np.sqrt(k - 1))
        | (table["dfbetas"].abs() > 1)
        | (table["cook_d"] > _MEDIAN)
        | (table["hat"] > 3 / k)
    )
    return table


def _ratio(top: NDArray[np.float64], bottom: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.divide(top, bottom, out=np.full(top.shape, np.nan), where=bottom > 0))


@checked
def baujat(fit: Estimate) -> pd.DataFrame:
    r"""Say which studies make the heterogeneity and which move the answer.

    Parameters
    ----------
    fit : Estimate
        At least two studies, pooled by inverse variance, Mantel-Haenszel or Peto.

    Returns
    -------
    pandas.DataFrame
        One row for each study: ``label``; ``q_contribution``, its part of the heterogeneity
        statistic, :math:`(y_i - \hat\mu)^2 / (v_i + \hat\tau^2)`, whose sum is Cochran's Q for a
        common-effect fit; ``influence``, the squared change of the answer without the study, over
        the variance of the answer without it.

    Raises
    ------
    TooFewStudies
        If there is only one study.

    Notes
    -----
    Studies in the upper right corner of a plot of the two are the ones to read again. Baujat and
    colleagues used the common-effect model; with a random-effects fit, tau2 is estimated anew
    without each study. Checked against metafor 3.8 (``baujat``) for both.

    References
    ----------
    baujat2002

    Examples
    --------
    >>> import meta
    >>> fit = meta.pool([-0.5, -0.1, -0.4], [0.04, 0.09, 0.06], model="common")
    >>> bool(abs(meta.baujat(fit)["q_contribution"].sum() - fit.q) < 1e-12)
    True
    """
    need_estimate("baujat", fit, 2)
    others = without_each(fit)
    # a common effect has none
    tau2 = np.nan_to_num(fit.tau2)
    shift = fit.estimate - others["estimate"].to_numpy()
    return pd.DataFrame(
        {
            "label": fit.effects.labels,
            "q_contribution": (fit.effects.yi - fit.estimate) ** 2 / (fit.effects.vi + tau2),
            "influence": _ratio(shift**2, others["se"].to_numpy() ** 2),
        }
    )


@checked
def blup(fit: Pooled | MetaRegression) -> EffectTable:
    r"""Estimate the true effect of each study (best linear unbiased prediction).

    Parameters
    ----------
    fit : Pooled or MetaRegression
        A random-effects fit of at least two studies. For effects in clusters, see
        :meth:`Multilevel.random_effects`.

    Returns
    -------
    EffectTable
        ``.table`` has one row for each study: ``label estimate se pi_low pi_high``, on the scale of
        computation; ``.to_frame()`` is on the reader's.
        The interval has the fit's level and, under Knapp-Hartung, its t distribution.

    Raises
    ------
    DataError
        If the fit has no tau2, because its model holds all true effects to be equal.
    TooFewStudies
        If there is only one study.

    Notes
    -----
    With :math:`\lambda_i = \hat\tau^2 / (\hat\tau^2 + v_i)` the estimate is
    :math:`\lambda_i y_i + (1 - \lambda_i) \hat\mu_i`, with variance
    :math:`\lambda_i v_i + (1 - \lambda_i)^2 SE_i^2`, :math:`\hat\mu_i` being the mean, or what the
    regression predicts. Small studies are drawn to it, and at tau2 = 0 all studies lie on it. The
    uncertainty of tau2 itself is left out, so the intervals are too narrow when studies are few.
    Checked against metafor 3.8 (``blup``), with and without a moderator.

    References
    ----------
    viechtbauer2010

    Examples
    --------
    >>> import meta
    >>> fit = meta.pool([-0.5, 0.3, -0.4], [0.04, 0.09, 0.06])
    >>> meta.blup(fit).table[["estimate", "se"]].round(3)
       estimate     se
    0    -0.427  0.183
    1     0.048  0.246
    2    -0.341  0.214
    """
    if not isinstance(fit, MetaRegression):
        need_estimate("blup", fit, 2)
    if fit.model != "random":
        raise DataError(
            f"the model is {fit.model!r}, in which every study has the same true effect: fit "
            "model='random' for an estimate of each"
        )
    yi, vi = fit.effects.yi, fit.effects.vi
    own = fit.tau2 / (fit.tau2 + vi)
    if isinstance(fit, MetaRegression):
        X = fit.design
        mean = X @ fit.coefficients["estimate"].to_numpy(dtype=float)
        error = np.einsum("ij,jk,ik->i", X, fit.cov, X)
    else:
        mean, error = np.full(fit.k, fit.estimate), np.full(fit.k, fit.se**2)
    estimate = own * yi + (1 - own) * mean
    se = np.sqrt(own * vi + (1 - own) ** 2 * error)
    half = quantile(fit.ci_level, fit.dof) * se
    table = pd.DataFrame(
        {
            "label": fit.effects.labels,
            "estimate": estimate,
            "se": se,
            "pi_low": estimate - half,
            "pi_high": estimate + half,
        }
    )
    if not isinstance(fit, MetaRegression):
        return EffectTable(fit=fit, table=table, notes=fit.notes)
    drawn = "each study is drawn to what the regression predicts of it, not to the mean shown."
    mean_of_all = pool(fit.effects, tau2_method=fit.tau2_method, ci_level=fit.ci_level)
    return EffectTable(fit=mean_of_all, table=table, notes=(drawn, *fit.notes))
