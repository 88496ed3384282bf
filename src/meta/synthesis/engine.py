"""The estimation engine: PyMARE, called so that its pitfalls cannot be met.

Every number here is PyMARE's or follows from one of its functions. What this module adds is
discipline: inputs are validated before the call (the engine accepts negative variances and NaN),
the small-sample correction is always passed explicitly (the engine's default is Knapp-Hartung),
and the data are brought to a common scale first, so that the iterative estimates are as precise
for effects in thousandths as for effects in thousands.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from meta.effect_sizes.measures import Measure
from meta.errors import DataError, TooFewStudies
from meta.synthesis.tau2_likelihood import Tau2Likelihood, highest

Matrix = NDArray[np.float64]

TAU2_METHODS = ("DL", "HE", "HS", "SJ", "ML", "REML", "EB", "PM")
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


def tau2_columns(Y: ArrayLike, V: ArrayLike, method: str, X: ArrayLike | None = None) -> Matrix:
    """Estimate tau2 of many meta-analyses of equal k at once.

    Parameters
    ----------
    Y, V : array_like of shape (k, n)
        Effects and sampling variances, a column for each meta-analysis.
    method : {"DL", "HE", "HS", "SJ", "ML", "REML", "EB", "PM"}
        Estimator. EB and PM solve the same equation and give the same answer.
    X : array_like of shape (k, p), optional
        Design matrix with its intercept; an intercept alone by default.

    Returns
    -------
    numpy.ndarray of shape (n,)
        tau2 in squared units of the effects, never negative. 0 where k = p, where nothing is left
        to estimate it from.

    Raises
    ------
    DataError
        If a value is missing or infinite, a variance is not above 0, or the method is unknown.
    """
    check_choice("tau2_method", method, TAU2_METHODS)
    y, v = np.asarray(Y, dtype=float), np.asarray(V, dtype=float)
    _check(y, v)
    design = design_matrix(y.shape[0], X)
    if y.shape[0] == design.shape[1]:
        return np.zeros(y.shape[1])
    # mean variance 1 in every column: absolute tolerances inside the searches become relative ones
    unit = np.sqrt(v.mean(axis=0))
    y, v = y / unit, v / unit**2
    # tau2 is the same for all bases of the columns. One that is orthogonal under the weights saves
    # the digits that calendar years lose beside an intercept, and keeps those of unequal weights.
    _, triangle = np.linalg.qr(design / np.sqrt(v.mean(axis=1))[:, None])
    design = np.linalg.solve(triangle.T, design.T).T
    with warnings.catch_warnings():
        # the engine warns of corrections that are not asked for here
        warnings.simplefilter("ignore", UserWarning)
        fitted = _estimator(method).fit(y, v, design)
    tau2 = np.ravel(fitted.params_["tau2"]).astype(float)
    if method in {"ML", "REML"}:
        tau2 = highest(tau2, Tau2Likelihood(y, v, design, restricted=method == "REML"))
    return np.asarray(tau2 * unit**2)


def tau2_estimate(yi: ArrayLike, vi: ArrayLike, method: str, X: ArrayLike | None = None) -> float:
    """Estimate tau2 of one meta-analysis; see :func:`tau2_columns`."""
    y, v = np.asarray(yi, dtype=float), np.asarray(vi, dtype=float)
    return float(tau2_columns(y[:, None], v[:, None], method, X)[0])


def _estimator(method: str) -> Any:
    from pymare.estimators import DerSimonianLaird, Hedges, VarianceBasedLikelihoodEstimator

    from meta.synthesis.estimators import HunterSchmidt, PauleMandel, SidikJonkman

    if method in {"ML", "REML"}:
        return VarianceBasedLikelihoodEstimator(method=method, small_sample_correction="wald")
    if method in {"DL", "HE"}:
        engine = DerSimonianLaird if method == "DL" else Hedges
        return engine(small_sample_correction="wald")
    return {"HS": HunterSchmidt, "SJ": SidikJonkman, "PM": PauleMandel, "EB": PauleMandel}[method]()


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
    from pymare.stats import knapp_hartung_cov_and_dof, q_gen, weighted_least_squares

    check_choice("ci_method", ci_method, CI_METHODS)
    y, v = np.asarray(yi, dtype=float)[:, None], np.asarray(vi, dtype=float)[:, None]
    _check(y, v)
    design = design_matrix(len(y), X)
    beta, model_cov = weighted_least_squares(y, v, design, tau2, return_cov=True)
    freedom = len(y) - design.shape[1]
    scale = float(np.ravel(q_gen(y, v, design, tau2))[0]) / freedom if freedom else np.nan
    cov, dof = model_cov, None
    if ci_method != "wald":
        if freedom < 1:
            raise TooFewStudies(
                f"{ci_method} needs more studies than coefficients ({len(y)} and "
                f"{design.shape[1]} given): use ci_method='wald'"
            )
        cov, _ = knapp_hartung_cov_and_dof(
            y, v, design, beta, model_cov, tau2=tau2, conservative=ci_method == "HK-adhoc"
        )
        dof = freedom
    return WeightedFit(
        beta=beta[:, 0], cov=cov[:, :, 0], dof=dof, weights=1.0 / (v[:, 0] + tau2), scale=scale
    )
