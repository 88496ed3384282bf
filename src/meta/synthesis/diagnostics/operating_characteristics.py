"""What are the intervals worth for trials of these sizes?

Whether a formula is computed correctly says nothing about whether it keeps its promise. Here
meta-analyses with a known truth are drawn again and again, with the variances at hand, and pooled.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from meta.arguments import checked
from meta.effect_sizes.container import Effects
from meta.effect_sizes.inputs import as_floats
from meta.errors import DataError, TooFewStudies
from meta.synthesis.consumers import need_estimate
from meta.synthesis.engine import (
    CI_METHODS,
    TAU2_METHODS,
    check_choice,
    quantile,
)
from meta.synthesis.estimate import Estimate
from meta.synthesis.means import mean_columns
from meta.synthesis.models.pooled import Pooled
from meta.synthesis.presentation import Answer

Floats = NDArray[np.float64]


@checked
def operating_characteristics(
    fit: Pooled | ArrayLike,
    *,
    truth: float | None = None,
    tau2: float | Sequence[float] | None = None,
    tau2_method: str | None = None,
    ci_level: float = 0.95,
    repetitions: int = 2000,
    seed: int = 0,
) -> pd.DataFrame:
    r"""Simulate how often each interval holds the truth, and how often it excludes no effect.

    Parameters
    ----------
    fit : Pooled or array_like of shape (k,)
        An answer, whose trials lend their sampling variances; or the variances themselves, in
        squared units of the effect, all above 0. At least two.
    truth : float, optional
        The true mean effect, on the scale of computation. By default the estimate of the answer, 0
        for bare variances.
    tau2 : float or sequence of float, optional
        The true variance between trials, at least 0. By default 0 and the answer's tau2; 0 for bare
        variances.
    tau2_method : str, optional
        Estimator used in each repetition; the answer's, or REML.
    ci_level : float
        Level of the intervals, between 0 and 1.
    repetitions : int
        Simulated meta-analyses for each tau2, at least 100.
    seed : int
        Start of the random numbers: equal calls give equal answers.

    Returns
    -------
    pandas.DataFrame
        One row for each tau2 and interval ("wald", "HK", "HK-adhoc" and "prediction"): ``tau2 k
        interval coverage mc_error width rejects``. ``coverage`` is the share of intervals that hold
        the true mean (for "prediction": the effect of a new trial), ``mc_error`` its Monte Carlo
        standard error, ``width`` the median width, ``rejects`` the share that exclude 0: the false
        alarms where the truth is 0, the power where it is not.

    Raises
    ------
    TooFewStudies
        With fewer than two variances.
    DataError
        If a variance is not above 0, ``tau2`` is negative, ``truth`` is not finite, or a setting
        does not exist.

    Notes
    -----
    True effects are drawn from :math:`N(\theta, \tau^2)` and estimates from :math:`N(\theta_i,
    v_i)` with the sampling variances taken as known, which flatters all methods a little: those of
    small trials are estimates. The prediction interval is :math:`\hat\mu \pm t_{k-1} \sqrt{\hat
    \tau^2 + se^2}` with the Knapp-Hartung standard error.

    With equal variances the Knapp-Hartung interval is a t interval of the effects, whose coverage
    is exact and whose power is that of a t test; the tests compare with both. What to expect
    otherwise: [1]_ for Knapp-Hartung, [2]_ for its conservative form.

    References
    ----------
    .. [1] inthout2014
    .. [2] roever2015

    Examples
    --------
    >>> import meta
    >>> table = meta.operating_characteristics([0.04, 0.04, 0.04], tau2=0.05, repetitions=500)
    >>> table["interval"].tolist()
    ['wald', 'HK', 'HK-adhoc', 'prediction']
    >>> bool(table.set_index("interval").loc["wald", "coverage"] < 0.92)
    True
    """
    v, truth, levels, method = _settings(fit, truth, tau2, tau2_method)
    if repetitions < 100:
        raise DataError(
            f"repetitions is {repetitions!r}; give a whole number from 100 on, below which the "
            "shares say nothing"
        )
    random = np.random.default_rng(seed)
    rows = [
        row
        for level in levels
        for row in _simulate(v, truth, level, method, ci_level, repetitions, random)
    ]
    return pd.DataFrame(rows)


def _settings(
    fit: Pooled | ArrayLike,
    truth: float | None,
    tau2: float | Sequence[float] | None,
    tau2_method: str | None,
) -> tuple[Floats, float, list[float], str]:
    if isinstance(fit, Estimate):
        need_estimate("operating_characteristics", fit)
    if isinstance(fit, Pooled):
        answer, v = fit, fit.effects.vi
    elif isinstance(fit, Answer | Effects):
        raise DataError(
            f"operating_characteristics takes the answer of pool() or variances, and was given "
            f"{type(fit).__name__}: give meta.pool(effects) or effects.vi"
        )
    else:  # the same checks as for effects
        answer, v = None, _variances(fit)
    if len(v) < 2:
        raise TooFewStudies("operating_characteristics needs at least two trials")
    if tau2 is None:
        tau2 = [0.0] if answer is None or answer.model != "random" else [0.0, answer.tau2]
    levels = list(dict.fromkeys(tau2 if isinstance(tau2, Iterable) else [tau2]))
    if not levels or min(levels) < 0:
        raise DataError(f"tau2 is {tau2!r}; give one or several variances, each at least 0")
    if truth is None:
        truth = 0.0 if answer is None else answer.estimate
    method = tau2_method or ("REML" if answer is None else answer.tau2_method)
    check_choice("tau2_method", method, TAU2_METHODS)
    return v, float(truth), [float(level) for level in levels], method


def _variances(given: ArrayLike) -> NDArray[np.float64]:
    faults: list[str] = []
    found = as_floats("fit", given, faults)
    if found is None:
        raise DataError.from_faults("operating_characteristics", faults)
    return Effects.from_arrays(np.zeros(found.size), found).vi


def _simulate(
    v: Floats,
    truth: float,
    tau2: float,
    method: str,
    ci_level: float,
    n: int,
    random: np.random.Generator,
) -> list[dict[str, object]]:
    k = len(v)
    V = np.repeat(v[:, None], n, axis=1)
    spread = np.sqrt(V + tau2) * random.standard_normal((k, n))
    new = truth + np.sqrt(tau2) * random.standard_normal(n)
    Y = truth + spread
    found = mean_columns(Y, V, tau2_method=method).columns
    mean, variance, factor = found["estimate"], found["variance"], found["hk_scale"]
    z, t = quantile(ci_level), quantile(ci_level, k - 1)
    halves = dict(
        zip(
            CI_METHODS,
            (
                z * np.sqrt(variance),
                t * np.sqrt(variance * factor),
                t * np.sqrt(variance * np.maximum(factor, 1)),
            ),
            strict=True,
        )
    )
    halves["prediction"] = t * np.sqrt(found["tau2"] + variance * factor)
    rows = []
    for name, half in halves.items():
        covered = float(np.mean(np.abs((new if name == "prediction" else truth) - mean) <= half))
        rows.append(
            {
                "tau2": tau2,
                "k": k,
                "interval": name,
                "coverage": covered,
                "mc_error": float(np.sqrt(covered * (1 - covered) / n)),
                "width": float(np.median(2 * half)),
                "rejects": float(np.mean(np.abs(mean) > half)),
            }
        )
    return rows
