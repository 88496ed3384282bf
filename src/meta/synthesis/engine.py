"""From effects and variances to tau2, coefficients and their covariance, checked on the way.

:mod:`meta.synthesis.columns` has the arithmetic. What this module adds is discipline: inputs are
validated before the call, settings are named, and work is cut into chunks of a size that k alone
decides. :mod:`meta.synthesis.estimators` holds PyMARE beside it, the independent second engine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from meta.effect_sizes.measures import Measure
from meta.errors import DataError, TooFewStudies
from meta.synthesis.columns import Sets, chunk_width, q_root, variance
from meta.synthesis.tau2_likelihood import highest_peak

Matrix = NDArray[np.float64]


def _moments(sets: Sets) -> Matrix:
    """DerSimonian and Laird: Q at its expectation, with the weights of the common effect."""
    fit = sets.at(np.zeros(sets.d))
    return np.maximum(0.0, (fit.q - sets.dof) / fit.trace)


def _hedges(sets: Sets) -> Matrix:
    """Hedges (and Olkin): the unweighted sum of squares at its expectation."""
    squares, sampling = sets.unweighted()
    return np.maximum(0.0, (squares - sampling) / sets.dof)


def _hunter_schmidt(sets: Sets) -> Matrix:
    r"""Hunter and Schmidt: :math:`(Q - k) / \sum 1/v_i`."""
    fit = sets.at(np.zeros(sets.d))
    return np.maximum(0.0, (fit.q - sets.k) / fit.weight)


def _sidik_jonkman(sets: Sets) -> Matrix:
    r"""Sidik and Jonkman, from the raw variance of the effects as the crude estimate.

    With :math:`\tau_0^2 = \sum (y_i - \bar y)^2 / k` it is :math:`\tau_0^2 Q(\tau_0^2) / (k - p)`,
    which is 0 only when all effects are equal.
    """
    crude = variance(sets)
    return np.asarray(crude * sets.at(crude).q / sets.dof)


def _paule_mandel(sets: Sets) -> Matrix:
    """Paule and Mandel: Q at its expectation, with weights that hold tau2.

    The empirical Bayes estimator of Morris solves the same equation.
    """
    return q_root(sets, np.full(sets.d, float(sets.dof)))


def _in_two_steps(first: Callable[[Sets], Matrix]) -> Callable[[Sets], Matrix]:
    r"""DerSimonian and Kacker: Q at its expectation, with weights that hold a first estimate.

    The expectation of Q with the weights :math:`1 / (v_i + \tau_0^2)` is
    :math:`k - p + (\tau^2 - \tau_0^2) tr(P)`.
    """

    def estimate(sets: Sets) -> Matrix:
        start = first(sets)
        fit = sets.at(start)
        return np.maximum(0.0, start + (fit.q - sets.dof) / fit.trace)

    return estimate


def _hunter_schmidt_corrected(sets: Sets) -> Matrix:
    """Hunter and Schmidt, times k / (k - p) before the sampling part is taken off."""
    fit = sets.at(np.zeros(sets.d))
    return np.maximum(0.0, sets.k / sets.dof * (fit.q - sets.dof) / fit.weight)


def _median_unbiased(sets: Sets) -> Matrix:
    """Paule and Mandel's equation, with Q at its median in place of its expectation."""
    median = 2 * float(special.gammaincinv(sets.dof / 2, 0.5))
    return q_root(sets, np.full(sets.d, median))


# to add an estimator of tau2, add an entry
ESTIMATORS: dict[str, Callable[[Sets], Matrix]] = {
    "DL": _moments,
    "HE": _hedges,
    "HS": _hunter_schmidt,
    "SJ": _sidik_jonkman,
    "ML": lambda sets: highest_peak(sets, restricted=False),
    "REML": lambda sets: highest_peak(sets, restricted=True),
    "EB": _paule_mandel,
    "PM": _paule_mandel,
    "DL2": _in_two_steps(_moments),
    "HE2": _in_two_steps(_hedges),
    "HSk": _hunter_schmidt_corrected,
    "PMM": _median_unbiased,
}
TAU2_METHODS = tuple(ESTIMATORS)
CI_METHODS = ("wald", "HK", "HK-adhoc")


@dataclass(frozen=True, slots=True)
class WeightedFit:
    """Coefficients at a given tau2.

    Attributes
    ----------
    beta : numpy.ndarray of shape (p,)
        Coefficients.
    cov : numpy.ndarray of shape (p, p)
        Their covariance, with the correction that ``ci_method`` names.
    dof : int or None
        Degrees of freedom of the t distribution that goes with it; None for the normal one.
    weights : numpy.ndarray of shape (k,)
        ``1 / (vi + tau2)``.
    scale : float
        Knapp-Hartung's factor before any floor: residual sum of squares over k - p. 1 is what the
        model expects; NaN where k = p.
    """

    beta: Matrix
    cov: Matrix
    dof: int | None
    weights: Matrix
    scale: float


# Knapp and Hartung's factor below this is rounding: the effects agree and leave no error
NO_SPREAD = 1e-20
# values whose difference is a smaller share of them were one value before they were computed
ROUNDING = 16 * float(np.finfo(float).eps)


def check_choice(name: str, value: str, allowed: tuple[str, ...]) -> None:
    """Refuse a setting that does not exist.

    Raises
    ------
    DataError
        With the settings that do.
    """
    if value not in allowed:
        raise DataError(f"{name}={value!r} is unknown: use one of {', '.join(map(repr, allowed))}")


def null_effect(scale: Measure) -> float:
    """Return "no effect" on the scale of computation; NaN where the measure has none."""
    return float(np.log(scale.null)) if scale.log else scale.null


def design_matrix(k: int, X: ArrayLike | None) -> Matrix:
    """Return the design matrix: an intercept unless one is given.

    Raises
    ------
    DataError
        If the matrix has another number of rows, holds NaN or infinities, or its columns are
        linearly dependent.
    TooFewStudies
        If there are fewer studies than columns.
    """
    if X is None:
        return np.ones((k, 1))
    design = np.asarray(X, dtype=float)
    design = design[:, None] if design.ndim == 1 else design
    if design.shape[0] != k:
        raise DataError(f"the design matrix has {design.shape[0]} rows for {k} studies")
    if not np.isfinite(design).all():
        raise DataError("the design matrix holds NaN or infinite values; give every moderator")
    if k < design.shape[1]:
        raise TooFewStudies(f"{k} studies cannot carry {design.shape[1]} coefficients")
    if np.linalg.matrix_rank(design) < design.shape[1]:
        raise DataError(
            "the columns of the design matrix are linearly dependent (a constant moderator, or "
            "one that repeats another): leave one out"
        )
    return design


def _check(Y: Matrix, V: Matrix) -> None:
    if Y.shape != V.shape:
        raise DataError(f"yi has shape {Y.shape} and vi {V.shape}; they must be the same")
    if not np.isfinite(Y).all() or not np.isfinite(V).all() or (V <= 0).any():
        raise DataError("every yi must be finite and every vi finite and above 0")


def chunks(Y: Matrix, V: Matrix, X: Matrix | None = None) -> Iterator[tuple[slice, Sets]]:
    """Arrange columns of shape (k, d) in chunks."""
    width = chunk_width(len(Y), 1 if X is None else X.shape[1])
    for first in range(0, Y.shape[1], width):
        part = slice(first, first + width)
        yield part, Sets.of(Y[:, part], V[:, part], X)


def tau2_columns(Y: ArrayLike, V: ArrayLike, method: str, X: ArrayLike | None = None) -> Matrix:
    """Estimate tau2 of many meta-analyses of equal k at once.

    Parameters
    ----------
    Y, V : array_like of shape (k, d)
        Effects and sampling variances, a column for each meta-analysis.
    method : {"DL", "HE", "HS", "SJ", "ML", "REML", "EB", "PM", "DL2", "HE2", "HSk", "PMM"}
        Estimator. EB and PM solve the same equation and give the same answer.
    X : array_like of shape (k, p), optional
        Design matrix with its intercept; an intercept alone by default.

    Returns
    -------
    numpy.ndarray of shape (d,)
        tau2 in squared units of the effects, never negative. 0 where k = p, where nothing is left
        to estimate it from.

    Raises
    ------
    DataError
        If a value is missing or infinite, a variance is not above 0, or the method is unknown.

    Notes
    -----
    ML and REML are the highest of all peaks of the likelihood, which
    :mod:`meta.synthesis.tau2_likelihood` shows to have been found. A column has the same answer, to
    the last bit, whatever other columns stand beside it.
    """
    check_choice("tau2_method", method, TAU2_METHODS)
    y, v = np.asarray(Y, dtype=float), np.asarray(V, dtype=float)
    _check(y, v)
    design = None if X is None else design_matrix(y.shape[0], X)
    tau2 = np.zeros(y.shape[1])
    if y.shape[0] > (1 if design is None else design.shape[1]):
        for part, sets in chunks(y, v, design):
            tau2[part] = ESTIMATORS[method](sets) * sets.unit**2
    return tau2


def tau2_estimate(yi: ArrayLike, vi: ArrayLike, method: str, X: ArrayLike | None = None) -> float:
    """Estimate tau2 of one meta-analysis; see :func:`tau2_columns`."""
    y, v = np.asarray(yi, dtype=float), np.asarray(vi, dtype=float)
    return float(tau2_columns(y[:, None], v[:, None], method, X)[0])


def fit_columns(
    Y: ArrayLike,
    V: ArrayLike,
    X: ArrayLike | None = None,
    tau2_method: str | None = None,
    ci_method: str = "wald",
) -> tuple[Matrix, Matrix, Matrix]:
    """Fit coefficients of many meta-analyses of equal k and one design.

    Parameters
    ----------
    Y, V : array_like of shape (k, d)
        Effects and sampling variances, a column for each meta-analysis.
    X : array_like of shape (k, p), optional
        Design matrix with its intercept; an intercept alone by default.
    tau2_method : str, optional
        Estimator of tau2; without it, tau2 is 0.
    ci_method : {"wald", "HK", "HK-adhoc"}
        Correction of the covariance; the last two need k above p.

    Returns
    -------
    beta : numpy.ndarray of shape (p, d)
        Coefficients.
    cov : numpy.ndarray of shape (p, p, d)
        Their covariances.
    scale : numpy.ndarray of shape (d,)
        Knapp and Hartung's factor before any floor.
    """
    y, v = np.asarray(Y, dtype=float), np.asarray(V, dtype=float)
    _check(y, v)
    design = None if X is None else design_matrix(y.shape[0], X)
    p, d = (1 if design is None else design.shape[1]), y.shape[1]
    beta, cov, scale = np.empty((p, d)), np.empty((p, p, d)), np.empty(d)
    for part, sets in chunks(y, v, design):
        random = tau2_method is not None and sets.dof > 0
        tau2 = ESTIMATORS[str(tau2_method)](sets) if random else np.zeros(sets.d)
        fit = sets.at(tau2)
        scale[part] = fit.q / sets.dof if sets.dof else np.nan
        beta[:, part], cov[:, :, part] = sets.coefficients(fit)
    return beta, cov * variance_factor(ci_method, scale), scale


def weighted_fit(
    yi: ArrayLike,
    vi: ArrayLike,
    tau2: float,
    X: ArrayLike | None = None,
    ci_method: str = "wald",
) -> WeightedFit:
    """Fit coefficients by inverse-variance weights at a given tau2.

    Parameters
    ----------
    yi, vi : array_like of shape (k,)
        Effects and sampling variances.
    tau2 : float
        Between-study variance, 0 for the common-effect model.
    X : array_like of shape (k, p), optional
        Design matrix with its intercept.
    ci_method : {"wald", "HK", "HK-adhoc"}
        Correction of the covariance: none; Knapp and Hartung's factor with a t distribution of
        k - p degrees of freedom; the same with the factor floored at 1.

    Returns
    -------
    WeightedFit
    """
    check_choice("ci_method", ci_method, CI_METHODS)
    y, v = np.asarray(yi, dtype=float)[:, None], np.asarray(vi, dtype=float)[:, None]
    _check(y, v)
    sets = Sets.of(y, v, None if X is None else design_matrix(len(y), X))
    fit = sets.at(np.array([tau2]) / sets.unit**2)
    beta, cov = sets.coefficients(fit)
    scale = float(fit.q[0]) / sets.dof if sets.dof else np.nan
    dof = None if ci_method == "wald" else sets.dof
    if dof == 0:
        raise TooFewStudies(
            f"{ci_method} needs more studies than coefficients ({len(y)} and {sets.p} given): use "
            "ci_method='wald'"
        )
    return WeightedFit(
        beta=beta[:, 0],
        cov=cov[:, :, 0] * variance_factor(ci_method, scale),
        dof=dof,
        weights=1.0 / (v[:, 0] + tau2),
        scale=scale,
    )


def variance_factor(ci_method: str, scale: ArrayLike) -> Matrix:
    """Return what an interval multiplies the variance by, given Knapp and Hartung's factor."""
    given = np.asarray(scale, dtype=float)
    if ci_method == "wald":
        return np.ones_like(given)
    given = np.where(given < NO_SPREAD, 0.0, given)
    return given if ci_method == "HK" else np.maximum(given, 1.0)


def snapped(values: ArrayLike) -> Matrix:
    """Give values that differ by rounding alone one value, the lowest of them.

    Examples
    --------
    >>> np.unique(snapped([0.3, 0.1 + 0.2, 0.4])).tolist()
    [0.3, 0.4]
    """
    given = np.asarray(values, dtype=float)
    order = np.argsort(given, kind="stable")
    steps = np.diff(given[order]) > ROUNDING * np.abs(given).max(initial=0.0)
    starts = np.concatenate([[0], np.flatnonzero(steps) + 1]) if len(given) else np.array([], int)
    found = np.empty_like(given)
    found[order] = given[order][starts][np.concatenate([[0], np.cumsum(steps)])[: len(given)]]
    return found


def quantile(level: float, dof: Any = None) -> Any:
    """Return the two-sided quantile of t, or of the normal distribution without ``dof``.

    Examples
    --------
    >>> round(float(quantile(0.95)), 4), round(float(quantile(0.95, 12)), 4)
    (1.96, 2.1788)
    """
    return special.stdtrit(np.inf if dof is None else dof, (1 + level) / 2)


def two_sided(statistic: ArrayLike, dof: Any = None) -> Any:
    """Return the two-sided p-value of a t statistic, or of a normal one without ``dof``."""
    return 2 * special.stdtr(np.inf if dof is None else dof, -np.abs(statistic))


def q_profile(sets: Sets, level: float) -> Matrix:
    """Return the limits of tau2, shape (2, d), where Q has the quantiles of its chi-squared law.

    Both are 0 where even tau2 = 0 leaves less spread than chance would, which says that the
    variances look too large, not that tau2 is known (Viechtbauer 2007).
    """
    tail = (1 - level) / 2
    half = sets.dof / 2
    highest = 2 * float(special.gammainccinv(half, tail))
    lowest = 2 * float(special.gammaincinv(half, tail))
    if sets.d == 1:
        return q_root(sets, np.array([highest, lowest]))[:, None]
    return np.stack([q_root(sets, np.full(sets.d, target)) for target in (highest, lowest)])


MODELS = ("random", "common", "uwls")
PREDICTION_METHODS = ("z", "t(k-1)", "t(k-2)")


def prediction_dof(method: str, freedom: float) -> float:
    """Return the degrees of freedom of a prediction interval, infinity for z.

    ``freedom`` is k - 1, or less with moderators.

    Raises
    ------
    DataError
        If the method is one that :func:`meta.pool` alone has.
    """
    if method not in PREDICTION_METHODS:
        raise DataError(
            f"prediction_method={method!r} belongs to one answer of pool(); here use one of "
            f"{', '.join(map(repr, PREDICTION_METHODS))}"
        )
    return {"z": np.inf, "t(k-1)": float(freedom), "t(k-2)": freedom - 1.0}[method]
