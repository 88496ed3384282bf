"""What is the effect, taken over all studies?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import stats

from meta.effect_sizes.container import Effects, as_effects
from meta.effect_sizes.measures import measure_of
from meta.errors import TooFewStudies
from meta.synthesis.engine import (
    CI_METHODS,
    TAU2_METHODS,
    WeightedFit,
    check_choice,
    null_effect,
    tau2_estimate,
    weighted_fit,
)
from meta.synthesis.heterogeneity import Heterogeneity, heterogeneity
from meta.synthesis.models.pooled import Pooled
from meta.synthesis.presentation import check_level, number

MODELS = ("random", "common", "uwls")
PREDICTION_METHODS = ("z", "t(k-1)", "t(k-2)")


_HETEROGENEITY = (
    "tau2_low",
    "tau2_high",
    "i2",
    "i2_low",
    "i2_high",
    "h2",
    "h2_low",
    "h2_high",
    "q",
    "q_dof",
    "q_p_value",
)

# a trial that carries two thirds of the weight decides the answer
_DOMINANT = 200 / 3

# Knapp-Hartung's factor is 1 where tau2 makes it so (two trials, Paule-Mandel); a factor this close
# to 1 is that, and rounding
AS_EXPECTED = 1 - 1e-6


def pool(
    effects: Effects | ArrayLike,
    vi: ArrayLike | None = None,
    *,
    labels: Sequence[str] | None = None,
    measure: str | None = None,
    model: str = "random",
    tau2_method: str = "REML",
    ci_method: str = "HK",
    ci_level: float = 0.95,
    prediction_method: str = "t(k-1)",
) -> Pooled:
    r"""Pool effects into one estimate with its interval, prediction interval and heterogeneity.

    Parameters
    ----------
    effects : Effects or array_like of shape (k,)
        Effects as :func:`meta.effects` derives them, or bare effects ``yi`` (logarithms for ratio
        measures).
    vi : array_like of shape (k,), optional
        Sampling variances of bare effects, all above 0. Must not be given with ``Effects``.
    labels : sequence of str, optional
        Names of bare effects.
    measure : str, optional
        Measure of bare effects, ``"GEN"`` by default; it decides on the scale that is shown.
    model : {"random", "common", "uwls"}
        Random effects; common effect (one true effect in all studies); or unrestricted weighted
        least squares (common-effect weights, variance multiplied by Q / (k - 1): the Birge ratio).
    tau2_method : {"DL", "HE", "HS", "SJ", "ML", "REML", "EB", "PM"}
        Estimator of the between-study variance. Unused by the other models.
    ci_method : {"HK", "HK-adhoc", "wald"}
        Knapp-Hartung interval (t with k - 1 degrees of freedom), the same with its factor floored
        at 1, or normal interval. The common-effect model has a normal interval and the unrestricted
        one a t interval; ``ci_method`` is unused there.
    ci_level : float
        Confidence level of all intervals, between 0 and 1.
    prediction_method : {"t(k-1)", "t(k-2)", "z"}
        Reference distribution of the prediction interval.

    Returns
    -------
    Pooled
        On the scale of computation (logarithms for ratio measures); texts and tables are on the
        reader's scale.

    Raises
    ------
    DataError
        If a value is missing or infinite, a variance is not above 0, lengths differ, or a setting
        is unknown.
    TooFewStudies
        If there is no effect at all. One effect is returned as one trial, with a note.

    Notes
    -----
    With weights :math:`w_i = 1 / (v_i + \hat\tau^2)` the estimate is
    :math:`\hat\mu = \sum w_i y_i / \sum w_i` with variance :math:`1 / \sum w_i`. Knapp and Hartung
    multiply that variance by :math:`\sum w_i (y_i - \hat\mu)^2 / (k - 1)`. The prediction interval
    is :math:`\hat\mu \pm t \sqrt{\hat\tau^2 + SE^2}`, SE being the one of the chosen interval.
    I2 is :math:`100 \hat\tau^2 / (\hat\tau^2 + \tilde v)` with the typical sampling variance
    :math:`\tilde v`; it follows tau2 instead of Q, so that it agrees with the model shown.

    REML with Knapp-Hartung is the default: with few studies it keeps its coverage where the normal
    interval does not (IntHout 2014). With few studies of very unequal precision, or effects that
    agree by chance, its interval can be far too short; the conservative one is therefore always
    named in the notes.

    Checked against R's metafor 3.8 (``rma``, ``predict``, ``confint``) on the data sets in
    validation/metafor, converged to 1e-12.

    References
    ----------
    knapphartung2003, inthout2014, roever2015, higgins2009, viechtbauer2005, viechtbauer2007

    Examples
    --------
    >>> import meta
    >>> fit = meta.pool([-0.50, -0.10, -0.40], [0.04, 0.09, 0.06], measure="SMD")
    >>> round(fit.estimate, 4)
    -0.3842
    >>> print(fit.effect_text())
    −0.38 (−0.85 to 0.08)
    """
    data = as_effects(effects, vi, labels=labels, measure=measure)
    check_choice("model", model, MODELS)
    check_choice("tau2_method", tau2_method, TAU2_METHODS)
    check_choice("ci_method", ci_method, CI_METHODS)
    check_choice("prediction_method", prediction_method, PREDICTION_METHODS)
    check_level(ci_level)
    if data.k == 0:
        raise TooFewStudies(
            "there is no effect to pool"
            + (
                f"; {len(data.excluded)} results were excluded: see effects.excluded"
                if len(data.excluded)
                else ""
            )
        )
    settings: dict[str, Any] = {
        "measure": data.measure,
        "model": model,
        "tau2_method": tau2_method,
        "ci_level": ci_level,
        "prediction_method": prediction_method,
        "k": data.k,
        "n_total": data.n_total,
        "effects": data,
    }
    if data.k == 1:
        return _one_trial(data, settings)
    return _several(data, settings, ci_method)


def _one_trial(data: Effects, settings: dict[str, Any]) -> Pooled:
    estimate, se = float(data.yi[0]), float(data.sei[0])
    low, high, p_value = _interval(estimate, se, None, settings["ci_level"], data.measure)
    return Pooled(
        **settings,
        ci_method="wald",
        estimate=estimate,
        se=se,
        ci_low=low,
        ci_high=high,
        dof=None,
        p_value=p_value,
        pi_low=np.nan,
        pi_high=np.nan,
        tau2=np.nan,
        **_heterogeneity_fields(None),
        hk_scale=np.nan,
        weights=np.array([100.0]),
        notes=(
            "k = 1: this is one trial, not a meta-analysis; how far trials differ cannot be seen, "
            "so there is no tau2, no I2 and no prediction interval.",
        ),
    )


def _several(data: Effects, settings: dict[str, Any], ci_method: str) -> Pooled:
    yi, vi, k, level = data.yi, data.vi, data.k, settings["ci_level"]
    random = settings["model"] == "random"
    tau2 = tau2_estimate(yi, vi, settings["tau2_method"]) if random else 0.0
    in_use = {"random": ci_method, "common": "wald", "uwls": "HK"}[settings["model"]]
    fit = weighted_fit(yi, vi, tau2, ci_method=in_use)
    estimate, se = float(fit.beta[0]), float(np.sqrt(fit.cov[0, 0]))
    low, high, p_value = _interval(estimate, se, fit.dof, level, data.measure)
    pi_low, pi_high = (
        _prediction(estimate, se, tau2, k, level, settings["prediction_method"])
        if random
        else (np.nan, np.nan)
    )
    spread = heterogeneity(yi, vi, tau2 if random else None, level)
    answer = Pooled(
        **settings,
        ci_method=in_use,
        estimate=estimate,
        se=se,
        ci_low=low,
        ci_high=high,
        dof=fit.dof,
        p_value=p_value,
        pi_low=pi_low,
        pi_high=pi_high,
        tau2=tau2,
        **_heterogeneity_fields(spread),
        hk_scale=fit.scale,
        weights=100 * fit.weights / fit.weights.sum(),
        notes=(),
    )
    return replace(answer, notes=tuple(_notes(answer, fit)))


def _heterogeneity_fields(spread: Heterogeneity | None) -> dict[str, Any]:
    if spread is None:
        return dict.fromkeys(_HETEROGENEITY, np.nan) | {"q_dof": 0}
    return {name: getattr(spread, name) for name in _HETEROGENEITY}


def _interval(
    estimate: float, se: float, dof: int | None, level: float, measure: str
) -> tuple[float, float, float]:
    freedom = np.inf if dof is None else dof
    half = float(stats.t.ppf((1 + level) / 2, freedom)) * se
    difference = abs(estimate - null_effect(measure_of(measure)))
    # without a spread (identical effects under Knapp-Hartung) nothing can be judged; a note says so
    p_value = 2 * float(stats.t.sf(difference / se, freedom)) if se > 0 else np.nan
    return estimate - half, estimate + half, p_value


def _prediction(
    estimate: float, se: float, tau2: float, k: int, level: float, method: str
) -> tuple[float, float]:
    freedom = {"z": np.inf, "t(k-1)": k - 1, "t(k-2)": k - 2}[method]
    if freedom < 1:
        return np.nan, np.nan
    half = float(stats.t.ppf((1 + level) / 2, freedom)) * float(np.sqrt(tau2 + se**2))
    return estimate - half, estimate + half


def interval_table(fit: Pooled) -> pd.DataFrame:
    """Return the interval of a fit by each method; see :meth:`Pooled.intervals`."""
    methods = CI_METHODS if fit.k > 1 and fit.model == "random" else (fit.ci_method,)
    rows = []
    for method in methods:
        tau2 = fit.tau2 if fit.k > 1 else 0.0
        one = weighted_fit(fit.effects.yi, fit.effects.vi, tau2, ci_method=method)
        se = float(np.sqrt(one.cov[0, 0]))
        low, high, p_value = _interval(float(one.beta[0]), se, one.dof, fit.ci_level, fit.measure)
        rows.append((method, se, low, high, p_value, method == fit.ci_method))
    names = ["ci_method", "se", "ci_low", "ci_high", "p_value", "in_use"]
    return pd.DataFrame(rows, columns=names)


def _notes(fit: Pooled, weighted: WeightedFit) -> list[str]:
    notes = []
    if fit.k == 2:
        if fit.dof and fit.hk_scale < AS_EXPECTED and fit.ci_method == "HK":
            notes.append(
                "k = 2: two effects that happen to agree make the Knapp-Hartung interval far too "
                "narrow; read the two trials and the conservative interval, not the diamond."
            )
        elif fit.dof:
            notes.append(
                "k = 2: the interval has one degree of freedom, so it is very wide, and tau2 "
                "rests on one difference; read the two trials, not the diamond."
            )
        else:
            notes.append(
                "k = 2: tau2 rests on one difference, and a normal interval is too narrow for it; "
                "read the two trials, not the diamond."
            )
    if fit.model == "random":
        notes.extend(_interval_notes(fit))
        if fit.tau2 == 0:
            reach = (
                f"its interval reaches {fit.tau2_high:.3g}"
                if fit.tau2_high > 0
                else "they agree better than their standard errors let expect"
            )
            notes.append(
                f"tau2 is estimated as 0, which with k = {fit.k} does not show that the true "
                f"effects are equal: {reach}."
            )
        if not np.isfinite(fit.pi_low):
            notes.append(
                f"the prediction interval by {fit.prediction_method} needs more than {fit.k} "
                "studies."
            )
        elif fit.k < 10:
            notes.append(
                f"the prediction interval is approximate with k = {fit.k} "
                f"({fit.prediction_method} degrees of freedom)."
            )
    top = int(np.argmax(fit.weights))
    if fit.k > 2 and fit.weights[top] > _DOMINANT:
        notes.append(
            f"{fit.effects.labels[top]} carries {fit.weights[top]:.0f} % of the weight: the answer "
            "is mostly that trial's."
        )
    if fit.k > 1 and np.ptp(fit.effects.yi) == 0 and weighted.dof:
        notes.append(
            "all effects are equal: the Knapp-Hartung interval has no width and no p-value; use "
            "ci_method='HK-adhoc'."
        )
    return notes


def _interval_notes(fit: Pooled) -> list[str]:
    """Name the other small-sample interval and say which one is wider."""
    if fit.ci_method == "wald":
        if fit.k < 10:
            return [
                f"the normal (Wald) interval is too narrow with k = {fit.k}: Knapp-Hartung is the "
                "default for that reason."
            ]
        return []
    other = "HK-adhoc" if fit.ci_method == "HK" else "HK"
    name = {"HK": "Knapp-Hartung", "HK-adhoc": "ad hoc (conservative)"}
    factor = max(fit.hk_scale, 1.0) if other == "HK-adhoc" else fit.hk_scale
    se = float(np.sqrt(factor / np.sum(1 / (fit.effects.vi + fit.tau2))))
    limits = _interval(fit.estimate, se, fit.dof, fit.ci_level, fit.measure)
    low, high = fit.scale.to_reader(limits[:2])
    if fit.hk_scale < AS_EXPECTED:
        relation = "is wider" if other == "HK-adhoc" else "is narrower"
        spread = "less than"
    else:
        relation = "is the same"
        spread = "more than" if fit.hk_scale > 2 - AS_EXPECTED else "as much as"
    return [
        f"the {name[other]} interval {relation}: {number(low)} to {number(high)} (the effects "
        f"spread {spread} the model expects, factor {fit.hk_scale:.2f})."
    ]
