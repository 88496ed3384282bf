"""Which effect lies behind a t, an F or a p, and how do effects of one kind read in another?"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import stdtrit

from meta.arguments import checked
from meta.effect_sizes.inputs import (
    CORRELATION,
    NOT_NEGATIVE,
    SIZE_FOR_COUNTS,
    Columns,
    Floats,
    Numbers,
    read_columns,
)
from meta.effect_sizes.standardised import SMD_VTYPES, smd_from_d
from meta.errors import DataError


class EffectVariance(NamedTuple):
    """An effect and its sampling variance.

    Attributes
    ----------
    yi : float, numpy.ndarray or pandas.Series
        The effect.
    vi : float, numpy.ndarray or pandas.Series
        Its sampling variance.
    """

    yi: Numbers
    vi: Numbers


def effect_like_input(columns: Columns, yi: Floats, vi: Floats) -> EffectVariance:
    """Give an effect and its variance the form of the arguments."""
    return EffectVariance(columns.like_input(yi), columns.like_input(vi))


def _g_from_t(t: Floats, columns: Columns, vtype: str) -> EffectVariance:
    n_t, n_c = columns["n_t"], columns["n_c"]
    return effect_like_input(columns, *smd_from_d(t * np.sqrt(1 / n_t + 1 / n_c), n_t, n_c, vtype))


def _vtype_faults(vtype: str) -> list[str]:
    if vtype in SMD_VTYPES:
        return []
    return [f"vtype {vtype!r} is unknown for SMD; use {' or '.join(SMD_VTYPES)}"]


@checked
def t_to_smd(t: ArrayLike, n_t: ArrayLike, n_c: ArrayLike, *, vtype: str = "LS") -> EffectVariance:
    """Turn the t of an independent-samples test into Hedges' g.

    Parameters
    ----------
    t : array_like
        Student's t (pooled variance) with the sign of treated minus control.
    n_t, n_c : array_like
        People in each arm; at least 2.
    vtype : {"LS", "LS2", "UB"}, default "LS"
        Variance formula, as in `effect_size`.

    Returns
    -------
    EffectVariance
        `yi` (Hedges' g, sign of t) and `vi`.

    Raises
    ------
    DataError
        If a value is missing, an n is below 2, or the vtype is unknown.

    Notes
    -----
    d = t √(1/n_t + 1/n_c), g = J(n_t + n_c - 2) d: exact for the unadjusted test of two arms. The t
    of a paired test, of Welch's test with unequal arms or of an adjusted model does not fit.

    Checked against: `effect_size` on the arms behind a t of SciPy, for the three variances.

    References
    ----------
    Borenstein M, Hedges LV, Higgins JPT, Rothstein HR (2009). Introduction to Meta-Analysis. Wiley.
    doi:10.1002/9780470743386

    Examples
    --------
    >>> g = t_to_smd(-2.5, 30, 28)
    >>> round(g.yi, 4), round(g.vi, 4)
    (-0.6481, 0.0727)
    """
    columns = read_columns(
        "t_to_smd",
        {"t": t, "n_t": n_t, "n_c": n_c},
        faults=_vtype_faults(vtype),
    )
    return _g_from_t(columns["t"], columns, vtype)


@checked
def f_to_smd(
    f: ArrayLike, n_t: ArrayLike, n_c: ArrayLike, *, sign: ArrayLike, vtype: str = "LS"
) -> EffectVariance:
    """Turn the F of a one-way comparison of two arms into Hedges' g.

    Parameters
    ----------
    f : array_like
        F with 1 and n_t + n_c - 2 degrees of freedom; at least 0. An F of three or more groups does
        not say how two of them differ.
    n_t, n_c : array_like
        People in each arm; at least 2.
    sign : array_like
        1 or -1: the sign of treated minus control, which F does not carry.
    vtype : {"LS", "LS2", "UB"}, default "LS"
        Variance formula, as in `effect_size`.

    Returns
    -------
    EffectVariance
        `yi` (Hedges' g with the sign given) and `vi`.

    Raises
    ------
    DataError
        If a value is missing, F < 0, an n < 2, a sign is not 1 or -1, or the vtype is unknown.

    Notes
    -----
    t = sign √F, then as `t_to_smd`.

    Checked against: `effect_size` on the arms behind a t of SciPy, for the three variances.

    Examples
    --------
    >>> f_to_smd(6.25, 30, 28, sign=-1) == t_to_smd(-2.5, 30, 28)
    True
    """
    columns = read_columns(
        "f_to_smd",
        {"f": f, "n_t": n_t, "n_c": n_c, "sign": sign},
        {"f": NOT_NEGATIVE},
        faults=_vtype_faults(vtype),
    )
    return _g_from_t(columns["sign"] * np.sqrt(columns["f"]), columns, vtype)


@checked
def p_to_smd(
    p_value: ArrayLike, n_t: ArrayLike, n_c: ArrayLike, *, sign: ArrayLike, vtype: str = "LS"
) -> EffectVariance:
    """Turn the p-value of an independent-samples t test into Hedges' g.

    Parameters
    ----------
    p_value : array_like
        Exact two-sided p-value, in (0, 1].
    n_t, n_c : array_like
        People in each arm; at least 2.
    sign : array_like
        1 or -1: the sign of treated minus control.
    vtype : {"LS", "LS2", "UB"}, default "LS"
        Variance formula, as in `effect_size`.

    Returns
    -------
    EffectVariance
        `yi` (Hedges' g with the sign given) and `vi`.

    Raises
    ------
    DataError
        If p is not in (0, 1], an n < 2, a sign is not 1 or -1, or the vtype is unknown.

    Notes
    -----
    **The assumption is that the p-value came from an unadjusted t test of the two arms.** A p-value
    from a covariance analysis, a rank test or a test of time by group gives an effect of unknown
    error, mostly too large. Label every effect made this way.

    Checked against: the example in metafor's documentation (p 0.018, 20 and 20 people: g -0.7664).

    Examples
    --------
    >>> round(p_to_smd(0.018, 20, 20, sign=-1).yi, 4)
    -0.7664
    """
    columns = read_columns(
        "p_to_smd",
        {"p_value": p_value, "n_t": n_t, "n_c": n_c, "sign": sign},
        faults=_vtype_faults(vtype),
    )
    dof = columns["n_t"] + columns["n_c"] - 2
    t = columns["sign"] * np.asarray(-stdtrit(dof, columns["p_value"] / 2))
    return _g_from_t(t, columns, vtype)


_PI_OVER_ROOT_3 = float(np.pi / np.sqrt(3))


@checked
def d_to_log_odds_ratio(yi: ArrayLike, vi: ArrayLike) -> EffectVariance:
    """Turn a standardised mean difference into a log odds ratio.

    Parameters
    ----------
    yi : array_like
        Standardised mean difference.
    vi : array_like
        Its sampling variance; above 0.

    Returns
    -------
    EffectVariance
        Log odds ratio of the same sign, and its variance.

    Raises
    ------
    DataError
        If a value is missing or the variance is not above 0.

    Notes
    -----
    Multiplies by π/√3, the standard deviation of the logistic distribution, which the outcome is
    taken to follow in both arms.

    Checked against: the standard deviation of the logistic distribution; there and back.

    References
    ----------
    Chinn S (2000). A simple method for converting an odds ratio to effect size for use in
    meta-analysis. Statistics in Medicine 19(22):3127-3131.
    doi:10.1002/1097-0258(20001130)19:22<3127::AID-SIM784>3.0.CO;2-M

    Examples
    --------
    >>> round(d_to_log_odds_ratio(0.5, 0.04).yi, 4)
    0.9069
    """
    columns = read_columns("d_to_log_odds_ratio", {"yi": yi, "vi": vi})
    yi, vi = columns["yi"] * _PI_OVER_ROOT_3, columns["vi"] * _PI_OVER_ROOT_3**2
    return effect_like_input(columns, yi, vi)


@checked
def log_odds_ratio_to_d(yi: ArrayLike, vi: ArrayLike) -> EffectVariance:
    """Turn a log odds ratio into a standardised mean difference.

    Parameters
    ----------
    yi : array_like
        Log odds ratio.
    vi : array_like
        Its sampling variance; above 0.

    Returns
    -------
    EffectVariance
        Standardised mean difference of the same sign, and its variance.

    Raises
    ------
    DataError
        If a value is missing or the variance is not above 0.

    Notes
    -----
    The inverse of `d_to_log_odds_ratio`, with the same assumption. Mind the direction: more people
    who respond is a higher odds ratio and, on a symptom scale, a lower mean.

    Checked against: there and back with `d_to_log_odds_ratio`.

    Examples
    --------
    >>> round(log_odds_ratio_to_d(0.9069, 0.1316).yi, 4)
    0.5
    """
    columns = read_columns("log_odds_ratio_to_d", {"yi": yi, "vi": vi})
    yi, vi = columns["yi"] / _PI_OVER_ROOT_3, columns["vi"] / _PI_OVER_ROOT_3**2
    return effect_like_input(columns, yi, vi)


@checked
def d_to_r(
    yi: ArrayLike,
    vi: ArrayLike,
    *,
    n_t: ArrayLike | None = None,
    n_c: ArrayLike | None = None,
) -> EffectVariance:
    """Turn a standardised mean difference into a point-biserial correlation.

    Parameters
    ----------
    yi : array_like
        Standardised mean difference.
    vi : array_like
        Its sampling variance; above 0.
    n_t, n_c : array_like, optional
        People in each arm, both or neither; equal arms are assumed without.

    Returns
    -------
    EffectVariance
        Correlation of the same sign, and its variance.

    Raises
    ------
    DataError
        If a value is missing, the variance is not above 0, or only one n is given.

    Notes
    -----
    r = d / √(d² + a), variance a² vi / (d² + a)³, with a = (n_t + n_c)² / (n_t n_c), which is 4 for
    equal arms.

    Checked against: numerical derivatives (variance), the correlation of two-valued data (unequal
    arms), there and back.

    References
    ----------
    Borenstein M, Hedges LV, Higgins JPT, Rothstein HR (2009). Introduction to Meta-Analysis,
    chapter 7. Wiley. doi:10.1002/9780470743386

    Examples
    --------
    >>> r = d_to_r(0.5, 0.04)
    >>> round(r.yi, 4), round(r.vi, 5)
    (0.2425, 0.00834)
    """
    if (n_t is None) != (n_c is None):
        raise DataError("d_to_r: one of n_t and n_c is missing; give both, or neither")
    columns = read_columns(
        "d_to_r",
        {"yi": yi, "vi": vi, "n_t": n_t, "n_c": n_c},
        {"n_t": SIZE_FOR_COUNTS, "n_c": SIZE_FOR_COUNTS},
    )
    people_t, people_c = columns.get("n_t"), columns.get("n_c")
    d = columns["yi"]
    a = (
        np.full_like(d, 4.0)
        if people_t is None or people_c is None
        else (people_t + people_c) ** 2 / (people_t * people_c)
    )
    return effect_like_input(columns, d / np.sqrt(d**2 + a), a**2 * columns["vi"] / (d**2 + a) ** 3)


@checked
def r_to_d(yi: ArrayLike, vi: ArrayLike) -> EffectVariance:
    """Turn a correlation into a standardised mean difference between equal groups.

    Parameters
    ----------
    yi : array_like
        Correlation, strictly between -1 and 1.
    vi : array_like
        Its sampling variance; above 0.

    Returns
    -------
    EffectVariance
        Standardised mean difference of the same sign, and its variance.

    Raises
    ------
    DataError
        If a value is missing, a correlation is not inside (-1, 1) or a variance not above 0.

    Notes
    -----
    d = 2r / √(1 - r²), variance 4 vi / (1 - r²)³: the inverse of `d_to_r` for equal arms.

    Checked against: numerical derivatives (variance); there and back with `d_to_r`.

    References
    ----------
    Borenstein M, Hedges LV, Higgins JPT, Rothstein HR (2009). Introduction to Meta-Analysis,
    chapter 7. Wiley. doi:10.1002/9780470743386

    Examples
    --------
    >>> d = r_to_d(0.50, 0.0058)
    >>> round(d.yi, 4), round(d.vi, 4)
    (1.1547, 0.055)
    """
    columns = read_columns("r_to_d", {"yi": yi, "vi": vi}, {"yi": CORRELATION})
    rest = 1 - columns["yi"] ** 2
    yi, vi = 2 * columns["yi"] / np.sqrt(rest), 4 * columns["vi"] / rest**3
    return effect_like_input(columns, yi, vi)
