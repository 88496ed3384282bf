"""PyMARE beside this engine: its data sets, our estimators in its form, and its answer to our fit.

PyMARE is an independent implementation of the same methods. Nothing on the way of a fit uses it;
what is pooled here can be handed to it, taken from it, and computed again by it.

This module imports PyMARE at the top, which takes a while; it is itself imported only when asked
for.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pymare import Dataset
from pymare.estimators import DerSimonianLaird, Hedges, VarianceBasedLikelihoodEstimator
from pymare.estimators.estimators import BaseEstimator
from pymare.stats import (
    ensure_2d,
    knapp_hartung_cov_and_dof,
    q_gen,
    q_profile,
    weighted_least_squares,
)
from scipy import optimize
from scipy.special import chdtri

from meta.arguments import checked
from meta.effect_sizes.container import Effects
from meta.errors import DataError
from meta.synthesis.consumers import need_estimate
from meta.synthesis.engine import (
    PREDICTION_METHODS,
    TAU2_METHODS,
    check_choice,
    prediction_dof,
    quantile,
    tau2_columns,
)
from meta.synthesis.models.pooled import Pooled

Floats = NDArray[np.float64]


class Tau2Estimator(BaseEstimator):  # type: ignore[misc]
    """Our estimators of tau2 as a PyMARE estimator, vectorised over columns.

    Parameters
    ----------
    method : {"DL", "HE", "HS", "SJ", "ML", "REML", "EB", "PM", "DL2", "HE2", "HSk", "PMM"}
        Estimator of tau2. Coefficients and their covariance come from PyMARE's weighted least
        squares, without a small-sample correction.

    Examples
    --------
    >>> import meta
    >>> from meta.synthesis.estimators import Tau2Estimator
    >>> data = meta.to_pymare(meta.Effects.from_arrays([-0.5, 0.3, -0.4], [0.04, 0.09, 0.06]))
    >>> fitted = Tau2Estimator("REML").fit_dataset(data)
    >>> round(float(fitted.params_["tau2"][0]), 4)
    0.1027
    """

    def __init__(self, method: str = "REML") -> None:
        check_choice("method", method, TAU2_METHODS)
        self.method = method

    def fit(self, y: Floats, v: Floats, X: Floats) -> Self:
        """Fit every column of ``y`` and ``v``, shape (k, d), with a design of shape (k, p)."""
        self.dataset_ = None
        y, v = ensure_2d(y), ensure_2d(v)
        tau2 = tau2_columns(y, v, self.method, X)
        beta, cov = weighted_least_squares(y, v, X, tau2, return_cov=True)
        # "inv_cov" is PyMARE's name for what is a covariance
        self.params_: dict[str, Any] = {"fe_params": beta, "tau2": tau2, "inv_cov": cov}
        return self


@checked
def to_pymare(effects: Effects) -> Dataset:
    """Hand effects to PyMARE.

    Parameters
    ----------
    effects : Effects
        Effects of all studies.

    Returns
    -------
    pymare.Dataset
        ``y`` and ``v`` on the scale of computation, and an intercept.

    Examples
    --------
    >>> import meta
    >>> effects = meta.Effects.from_arrays([-0.5, 0.3, -0.4], [0.04, 0.09, 0.06])
    >>> meta.to_pymare(effects).y.ravel().tolist()
    [-0.5, 0.3, -0.4]
    """
    return Dataset(y=effects.yi, v=effects.vi)


@checked
def from_pymare(
    dataset: Dataset, *, labels: Sequence[str] | None = None, measure: str = "GEN"
) -> Effects:
    """Take effects from a PyMARE data set.

    Parameters
    ----------
    dataset : pymare.Dataset
        One set of estimates ``y`` with their variances ``v``. Its predictors become columns.
    labels : sequence of str, optional
        Names of the studies.
    measure : str
        Effect measure.

    Returns
    -------
    Effects

    Raises
    ------
    DataError
        If there is no variance, more than one set, or a value that no effect can have.

    Examples
    --------
    >>> import meta
    >>> from pymare import Dataset
    >>> meta.from_pymare(Dataset(y=[-0.5, 0.3], v=[0.04, 0.09]), measure="SMD").k
    2
    """
    if dataset.v is None:
        raise DataError("the PyMARE data set has no variances v: give them to pymare.Dataset")
    y, v = ensure_2d(dataset.y), ensure_2d(dataset.v)
    if y.shape[1] != 1:
        raise DataError(
            f"the PyMARE data set holds {y.shape[1]} sets of estimates; take one, or give the "
            "arrays to meta.pool_many()"
        )
    columns = {
        str(name): dataset.X[:, place]
        for place, name in enumerate(dataset.X_names or ())
        if np.ptp(dataset.X[:, place]) > 0
    }
    return Effects.from_arrays(y[:, 0], v[:, 0], labels, measure, **columns)


@checked
def by_pymare(fit: Pooled) -> pd.DataFrame:
    """Compute a pooled answer again with PyMARE, the independent second engine.

    Parameters
    ----------
    fit : Pooled
        The answer of :func:`meta.pool` with two studies or more.

    Returns
    -------
    pandas.DataFrame
        One row for each of ``estimate se ci_low ci_high tau2 tau2_low tau2_high pi_low pi_high q
        i2``, as far as the model has it: ``quantity``, ``meta`` (this answer), ``pymare`` and
        ``difference``, on the scale of computation.

    Raises
    ------
    DataError
        If the answer is of one trial.
    NotConverged
        If PyMARE finds none.

    Notes
    -----
    DL, HE, ML and REML are PyMARE's estimators, its search for the highest likelihood included;
    all others, which it lacks, are computed from its generalised Q. PyMARE's search starts
    from one point and ends where the likelihood is flat to rounding, so its ML and REML agree to
    about six digits, and differ where the likelihood has another, higher peak.

    Examples
    --------
    >>> import meta
    >>> fit = meta.pool([-0.5, 0.3, -0.4], [0.04, 0.09, 0.06], tau2_method="DL")
    >>> table = meta.by_pymare(fit)
    >>> bool(table["difference"].abs().max() < 1e-12)
    True
    """
    need_estimate("by_pymare", fit)
    if fit.k < 2:
        raise DataError("by_pymare: this is one trial, and there is nothing to pool again")
    # a mean variance of 1, as PyMARE's searches have absolute tolerances
    unit = float(np.sqrt(np.mean(fit.effects.vi)))
    y, v = (fit.effects.yi / unit)[:, None], (fit.effects.vi / unit**2)[:, None]
    X = np.ones((fit.k, 1))
    random = fit.model == "random"
    with warnings.catch_warnings():
        # PyMARE warns of corrections that are not asked for here
        warnings.simplefilter("ignore", UserWarning)
        tau2 = _tau2(y, v, X, fit.tau2_method) if random else 0.0
        beta, model_cov = weighted_least_squares(y, v, X, tau2, return_cov=True)
        cov, dof = model_cov, None
        if fit.ci_method != "wald":
            dof = fit.k - 1
            cov, _ = knapp_hartung_cov_and_dof(
                y, v, X, beta, model_cov, tau2=tau2, conservative=fit.ci_method == "HK-adhoc"
            )
        limits = q_profile(y, v, X, alpha=1 - fit.ci_level) if random else {}
        q = float(np.ravel(q_gen(y, v, X, 0.0))[0])
    estimate, variance = float(np.ravel(beta)[0]), float(np.ravel(cov)[0])
    half = quantile(fit.ci_level, dof) * np.sqrt(variance)
    found = {
        "estimate": estimate * unit,
        "se": np.sqrt(variance) * unit,
        "ci_low": (estimate - half) * unit,
        "ci_high": (estimate + half) * unit,
        "q": q,
    }
    if random:
        w = 1 / v
        typical = (fit.k - 1) / (w.sum() - (w**2).sum() / w.sum())
        found |= {
            "tau2": tau2 * unit**2,
            "tau2_low": float(limits["ci_l"]) * unit**2,
            "tau2_high": float(limits["ci_u"]) * unit**2,
            "i2": 100 * (tau2 / (tau2 + typical)),
        }
        # PyMARE has intervals by t and z alone
        known = fit.prediction_method in PREDICTION_METHODS
        predictive = prediction_dof(fit.prediction_method, fit.k - 1) if known else 0
        if predictive >= 1:
            reach = quantile(fit.ci_level, predictive) * np.sqrt(tau2 + variance)
            found |= {"pi_low": (estimate - reach) * unit, "pi_high": (estimate + reach) * unit}
    rows = [(name, getattr(fit, name), value) for name, value in found.items()]
    table = pd.DataFrame(rows, columns=["quantity", "meta", "pymare"])
    return table.assign(difference=table["meta"] - table["pymare"])


def _tau2(y: Floats, v: Floats, X: Floats, method: str) -> float:
    """tau2 by PyMARE's estimators, or from its Q."""
    k = len(y)
    if method in {"DL", "HE", "ML", "REML"}:
        engine = {
            "DL": DerSimonianLaird(small_sample_correction="wald"),
            "HE": Hedges(small_sample_correction="wald"),
        }.get(method) or VarianceBasedLikelihoodEstimator(
            method=method, small_sample_correction="wald"
        )
        return float(np.ravel(engine.fit(y, v, X).params_["tau2"])[0])

    def q_at(tau2: float) -> float:
        return float(np.ravel(q_gen(y, v, X, tau2))[0])

    if method == "HS":
        return max(0.0, (q_at(0.0) - k) / float((1 / v).sum()))
    if method == "HSk":
        return max(0.0, (q_at(0.0) * k / (k - 1) - k) / float((1 / v).sum()))
    if method == "SJ":
        crude = float(y.var())
        return crude * q_at(crude) / (k - 1)
    if method in {"DL2", "HE2"}:
        start = _tau2(y, v, X, method[:2])
        w = 1 / (v + start)
        trace = float(w.sum() - (w**2).sum() / w.sum())
        return max(0.0, start + (q_at(start) - (k - 1)) / trace)
    target = float(chdtri(k - 1, 0.5)) if method == "PMM" else k - 1
    if q_at(0.0) <= target:
        return 0.0
    # Q at tau2 is at most the sum of squares over it
    most = k * float(y.var()) / target + 1.0
    return float(optimize.brentq(lambda tau2: q_at(tau2) - target, 0.0, most, xtol=1e-15))
