"""What is the mean of each of many meta-analyses, and how sure is it?

In two steps, because one mean has several intervals: :func:`mean_columns` estimates, and
:func:`interval_columns` makes intervals and tests of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from meta.errors import DataError
from meta.synthesis.engine import (
    ESTIMATORS,
    ROUNDING,
    chunks,
    prediction_dof,
    q_profile,
    quantile,
    two_sided,
    variance_factor,
)

Floats = NDArray[np.float64]

TAU2_INTERVAL = tuple(f"{name}_{end}" for name in ("tau2", "i2", "h2") for end in ("low", "high"))
_ESTIMATED = ("estimate", "variance", "hk_scale", "tau2", "i2", "h2", "q", "q_p_value")


@dataclass(frozen=True, slots=True)
class Means:
    """Means of many meta-analyses of k studies.

    Attributes
    ----------
    model : {"random", "common", "uwls"}
        Model.
    k : int
        Number of studies of each.
    columns : dict of str to numpy.ndarray of shape (d,)
        ``estimate``, its ``variance`` by the model (before Knapp and Hartung's factor, which is
        ``hk_scale``), ``tau2 i2 h2 q q_p_value``, and the limits of tau2, I2 and H2 if they were
        asked for. What does not exist is NaN.
    """

    model: str
    k: int
    columns: dict[str, Floats]

    @property
    def d(self) -> int:
        """Number of meta-analyses."""
        return len(self.columns["estimate"])

    def interval_method(self, asked: str) -> str:
        """Say which interval the model has where this one is asked for."""
        if self.k == 1:
            return "wald"
        return {"random": asked, "common": "wald", "uwls": "HK"}[self.model]

    def errors(self, ci_method: str) -> Floats:
        """Return the standard errors of the means by an interval method in use."""
        factor = variance_factor(ci_method, self.columns["hk_scale"])
        return np.asarray(np.sqrt(self.columns["variance"] * factor))

    def part(self, some: slice) -> Means:
        """Return those of some of the meta-analyses."""
        return Means(self.model, self.k, {n: values[some] for n, values in self.columns.items()})


def mean_columns(
    Y: ArrayLike,
    V: ArrayLike,
    *,
    model: str = "random",
    tau2_method: str = "REML",
    tau2: float | None = None,
    W: ArrayLike | None = None,
    tau2_level: float | None = None,
) -> Means:
    """Estimate the means of many meta-analyses of equal k.

    Parameters
    ----------
    Y, V : array_like of shape (k, d)
        Effects and sampling variances, a column for each meta-analysis.
    model, tau2_method, tau2
        As for :func:`meta.pool`.
    W : array_like of shape (k, d), optional
        Weights in place of inverse variances.
    tau2_level : float, optional
        Level of the Q-profile interval of tau2, which is left out without it.

    Raises
    ------
    DataError
        If a value is missing or infinite, or a variance is not above 0.
    """
    y, v = np.asarray(Y, dtype=float), np.asarray(V, dtype=float)
    if y.shape != v.shape:
        raise DataError(f"yi has shape {y.shape} and vi {v.shape}; they must be the same")
    if not np.isfinite(y).all() or not np.isfinite(v).all() or (v <= 0).any():
        raise DataError("every yi must be finite and every vi finite and above 0")
    k, d = y.shape
    random = model == "random"
    names = [*_ESTIMATED, *(TAU2_INTERVAL if tau2_level is not None else ())]
    nothing = np.full(d, np.nan)
    if k == 1:
        known = {"estimate": y[0].copy(), "variance": v[0].copy()}
        return Means(model, k, {name: nothing.copy() for name in names} | known)
    pieces: list[dict[str, Floats]] = []
    for part, sets in chunks(y, v):
        unit = sets.unit**2
        at_zero = sets.at(np.zeros(sets.d))
        between = np.zeros(sets.d)
        if random:
            between = ESTIMATORS[tau2_method](sets) if tau2 is None else tau2 / unit
        fit = sets.at(between) if random else at_zero
        low, high = y[:, part].min(axis=0), y[:, part].max(axis=0)
        tied = high - low <= ROUNDING * np.maximum(np.abs(low), np.abs(high))
        beta, cov = sets.coefficients(fit)
        typical = sets.dof / at_zero.trace
        with np.errstate(divide="ignore", invalid="ignore"):
            by_q = np.maximum(0.0, 1 - sets.dof / at_zero.q)
        one = {
            "estimate": beta[0],
            "variance": cov[0, 0],
            "hk_scale": np.where(tied, 0.0, fit.q / sets.dof),
            "tau2": between * unit,
            "i2": 100 * (between / (between + typical) if random else by_q),
            "h2": between / typical + 1 if random else at_zero.q / sets.dof,
            "q": at_zero.q,
            "q_p_value": special.gammaincc(sets.dof / 2, at_zero.q / 2),
        }
        if random and tau2_level is not None:
            for end, limit in zip(("low", "high"), q_profile(sets, tau2_level), strict=True):
                one[f"tau2_{end}"] = limit * unit
                one[f"i2_{end}"] = 100 * (limit / (limit + typical))
                one[f"h2_{end}"] = limit / typical + 1
        pieces.append(one)
    found = dict.fromkeys(names, nothing) | {
        name: np.concatenate([one[name] for one in pieces]) for name in pieces[0]
    }
    if W is not None:
        found |= _by_weights(y, v + found["tau2"], np.asarray(W, dtype=float))
    return Means(model, k, found)


def _by_weights(y: Floats, spread: Floats, W: Floats) -> dict[str, Floats]:
    """Return the means by given weights and their variances.

    Knapp and Hartung's factor stays that of the mean by inverse variance, as in metafor.
    """
    share = W / W.sum(axis=0)
    return {
        "estimate": (share * y).sum(axis=0),
        "variance": (share**2 * spread).sum(axis=0),
    }


def interval_columns(
    means: Means,
    *,
    ci_method: str = "HK",
    ci_level: float = 0.95,
    prediction_method: str = "t(k-1)",
    null: float = 0.0,
) -> dict[str, Floats]:
    """Make intervals of means and test them.

    Parameters
    ----------
    means : Means
        Of many meta-analyses of equal k.
    ci_method, ci_level, prediction_method
        As for :func:`meta.pool`.
    null : float
        The effect that the p-value is against, on the scale of computation.

    Returns
    -------
    dict of str to numpy.ndarray of shape (d,)
        ``se ci_low ci_high p_value pi_low pi_high``. What does not exist is NaN.
    """
    k, columns = means.k, means.columns
    in_use = means.interval_method(ci_method)
    dof = None if in_use == "wald" else k - 1
    estimate = columns["estimate"]
    se = means.errors(in_use)
    half = quantile(ci_level, dof) * se
    with np.errstate(divide="ignore", invalid="ignore"):
        # without a spread (identical effects under Knapp-Hartung) nothing can be judged
        p_value = np.where(se > 0, two_sided((estimate - null) / se, dof), np.nan)
    found = {"se": se, "ci_low": estimate - half, "ci_high": estimate + half, "p_value": p_value}
    predictive = prediction_dof(prediction_method, k - 1)
    reach: Any = np.full(means.d, np.nan)
    if means.model == "random" and k > 1 and predictive > 0:
        reach = quantile(ci_level, predictive) * np.sqrt(columns["tau2"] + se**2)
    return found | {"pi_low": estimate - reach, "pi_high": estimate + reach}


def pool_columns(
    Y: ArrayLike,
    V: ArrayLike,
    *,
    model: str = "random",
    tau2_method: str = "REML",
    tau2: float | None = None,
    W: ArrayLike | None = None,
    ci_method: str = "HK",
    ci_level: float = 0.95,
    prediction_method: str = "t(k-1)",
    null: float = 0.0,
    tau2_interval: bool = True,
) -> dict[str, Floats]:
    """Pool many meta-analyses of equal k at once.

    Parameters
    ----------
    Y, V : array_like of shape (k, d)
        Effects and sampling variances, a column for each meta-analysis.
    model, tau2_method, tau2, ci_method, ci_level, prediction_method
        As for :func:`meta.pool`.
    W : array_like of shape (k, d), optional
        Weights in place of inverse variances.
    null : float
        The effect that the p-value is against, on the scale of computation.
    tau2_interval : bool
        Whether to compute the Q-profile interval of tau2, and with it those of I2 and H2.

    Returns
    -------
    dict of str to numpy.ndarray of shape (d,)
        ``estimate se ci_low ci_high p_value pi_low pi_high tau2 i2 h2 q q_p_value hk_scale``, and
        ``tau2_low tau2_high i2_low i2_high h2_low h2_high``, as the attributes of the answer of
        :func:`meta.pool`. What does not exist is NaN.
    """
    level = ci_level if tau2_interval else None
    means = mean_columns(
        Y, V, model=model, tau2_method=tau2_method, tau2=tau2, W=W, tau2_level=level
    )
    settings: dict[str, Any] = {
        "ci_method": ci_method, "ci_level": ci_level, "prediction_method": prediction_method,
    }  # fmt: skip
    found = means.columns | interval_columns(means, **settings, null=null)
    del found["variance"]
    return found
