"""What is the effect, taken over all studies?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from meta.arguments import checked
from meta.effect_sizes.container import Effects
from meta.errors import DataError, TooFewStudies
from meta.synthesis.engine import (
    CI_METHODS,
    MODELS,
    PREDICTION_METHODS,
    TAU2_METHODS,
    check_choice,
    quantile,
)
from meta.synthesis.estimate import (
    Estimate,
    inference,
    prediction,
)
from meta.synthesis.heterogeneity import tau2_error
from meta.synthesis.means import TAU2_INTERVAL, mean_columns
from meta.synthesis.method_input import effects_of, with_column
from meta.synthesis.models.pooled import NOT_YET, Pooled, PooledAsGiven
from meta.synthesis.new_study import nnf_interval
from meta.wording import listed

Floats = NDArray[np.float64]


@checked
def pool(
    effects: Effects | Estimate | pd.DataFrame | ArrayLike | str,
    vi: ArrayLike | str | None = None,
    *,
    sei: ArrayLike | str | None = None,
    data: pd.DataFrame | None = None,
    labels: Sequence[str] | str | None = None,
    measure: str | None = None,
    model: str = "random",
    tau2_method: str = "REML",
    tau2: float | None = None,
    weights: ArrayLike | str | None = None,
    ci_method: str = "HK",
    ci_level: float = 0.95,
    prediction_method: str = "t(k-1)",
) -> Pooled:
    r"""Pool effects into one estimate with its interval, prediction interval and heterogeneity.

    Parameters
    ----------
    effects : Effects, Estimate, pandas.DataFrame or array_like of shape (k,)
        Effects as :func:`meta.effects` derives them; an answer whose effects are taken; a table, as
        :func:`meta.effect_size` returns it or of any form that :meth:`meta.Effects.from_table`
        reads; or bare effects ``yi`` (logarithms for ratio measures).
    vi : array_like of shape (k,), optional
        Sampling variances of bare effects, all above 0. Must not be given with ``Effects``.
    sei : array_like of shape (k,), optional
        Standard errors of bare effects, in place of ``vi``.
    data : pandas.DataFrame, optional
        Table of bare effects: ``effects``, ``vi`` and ``labels`` may be names of its columns, and
        the other columns go with the effects.
    labels : sequence of str or str, optional
        Names of bare effects; a column ``label`` of ``data`` by default.
    measure : str, optional
        Measure of a table or of bare effects; by default what the table says, or ``"GEN"``. It
        decides on the scale that is shown.
    model : {"random", "common", "uwls"}
        Random effects; common effect (one true effect in all studies); or unrestricted weighted
        least squares (common-effect weights, variance multiplied by Q / (k - 1): the Birge ratio).
    tau2_method : str
        Estimator of the between-study variance: "DL", "HE", "HS", "SJ", "ML", "REML", "EB", "PM",
        "DL2", "HE2" (DerSimonian and Kacker's two steps, DL or HE first; HE2 is their CA2), "HSk"
        (HS corrected for k) or "PMM" (median-unbiased). Unused by the other models.
    tau2 : float, optional
        Between-study variance, where it is given instead of estimated: of an earlier review, or to
        see what the answer would be.
    weights : array_like of shape (k,) or str, optional
        Weights in place of inverse variances, or the column that holds them, above 0; all 1 for an
        unweighted mean. Random and common effects only.
    ci_method : {"HK", "HK-adhoc", "wald"}
        Knapp-Hartung interval (t with k - 1 degrees of freedom), the same with its factor floored
        at 1, or normal interval. The common-effect model has a normal interval and the unrestricted
        one a t interval; ``ci_method`` is unused there.
    ci_level : float
        Confidence level of all intervals, between 0 and 1.
    prediction_method : {"t(k-1)", "t(k-2)", "z", "KR", "NNF"}
        Reference distribution of the prediction interval: "t(k-2)" is that of Higgins, Thompson and
        Spiegelhalter (HTS), "t(k-1)" the one that R meta calls V, and HK with a Knapp-Hartung
        interval; "KR" takes standard error and degrees of freedom of Kenward and Roger (Partlett
        and Riley 2017), whatever the interval, and needs REML; "NNF" lets tau2 be as uncertain as Q
        leaves it (Nagashima, Noma and Furukawa 2019; at least three studies, about 0.2 s).

    Returns
    -------
    Pooled
        On the scale of computation (logarithms for ratio measures); texts and tables are on the
        reader's scale. A subclass, ``PooledAsGiven``, if tau2 or weights were given.

    Raises
    ------
    DataError
        If a value is missing or infinite, a variance or weight is not above 0, tau2 is below 0,
        lengths differ, or a setting is unknown or has no meaning beside another.
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

    With given weights :math:`\omega_i` the estimate is :math:`\sum \omega_i y_i / \sum \omega_i`
    with variance :math:`\sum \omega_i^2 (v_i + \hat\tau^2) / (\sum \omega_i)^2`. When not to use
    them: to make a trial count more because it is liked. Weights by quality have no variance to
    justify them; leave doubtful trials out, and show both answers.

    Checked against R's metafor 3.8 (``rma``, ``predict``, ``confint``) on the data sets in
    validation/metafor, converged to 1e-12, and with ``tau2``, ``weights`` and ``weighted = FALSE``.

    References
    ----------
    knapphartung2003, inthout2014, roever2015, higgins2009, viechtbauer2005, viechtbauer2007,
    dersimoniankacker2007, partlettriley2017, nagashima2019

    Examples
    --------
    >>> import meta
    >>> fit = meta.pool([-0.50, -0.10, -0.40], [0.04, 0.09, 0.06], measure="SMD")
    >>> round(fit.estimate, 4)
    -0.3842
    >>> print(fit.effect_text())
    −0.38 (−0.85 to 0.08)
    """
    given = effects_of(effects, vi, sei=sei, labels=labels, measure=measure, data=data)
    check_choice("model", model, MODELS)
    check_choice("tau2_method", tau2_method, TAU2_METHODS)
    check_choice("ci_method", ci_method, CI_METHODS)
    check_choice("prediction_method", prediction_method, (*PREDICTION_METHODS, "KR", "NNF"))
    given, held = _as_given(given, model, tau2_method, prediction_method, tau2, weights)
    if given.k == 0:
        reasons = dict.fromkeys(given.excluded["reason"])
        raise TooFewStudies(
            "there is no effect to pool"
            + (
                f"; {len(given.excluded)} results have none: {listed(reasons, 5)}"
                if len(given.excluded)
                else ""
            )
        )
    settings: dict[str, Any] = {
        "model": model,
        "tau2_method": tau2_method,
        "prediction_method": prediction_method,
        "k": given.k,
        "n_total": given.n_total,
        "effects": given,
        "_asked": ci_method,
    }
    if given.k == 1:
        return _one_trial(given, settings, held, ci_level)
    return _several(given, settings, held, ci_method, ci_level)


def _as_given(
    effects: Effects, model: str, tau2_method: str, prediction_method: str, tau2: Any, weights: Any
) -> tuple[Effects, dict[str, Any]]:
    """Check a tau2 and weights that are given in place of estimated ones, and keep the weights."""
    faults = []
    if tau2 is not None and tau2 < 0:
        faults.append(f"tau2 is {tau2!r}; a variance is 0 or above, and finite")
    if tau2 is not None and model != "random":
        faults.append(f"tau2 belongs to model='random', and the model is {model!r}")
    if weights is not None and model == "uwls":
        faults.append(
            "weights have no meaning with model='uwls', which takes those of the common effect"
        )
    if prediction_method == "KR" and (
        model != "random" or tau2_method != "REML" or tau2 is not None or weights is not None
    ):
        faults.append("prediction_method='KR' is made for random effects by REML with its weights")
    if prediction_method == "NNF" and (
        model != "random" or tau2 is not None or weights is not None
    ):
        faults.append("prediction_method='NNF' is made for random effects with a tau2 that Q tells")
    column = None
    if weights is not None:
        effects, column = with_column(effects, "weight", weights)
        if column not in effects.table:
            raise DataError(
                f"pool: weights={column!r} is no column of the effects, which have "
                f"{listed(effects.table.columns)}"
            )
        values = effects.column(column)
        faults += [
            f"{label}: the weight is {value:g}; give one above 0"
            for label, value in zip(effects.labels, values, strict=True)
            if not 0 < value < np.inf
        ]
    if faults:
        raise DataError.from_faults("pool", faults)
    if tau2 is None and weights is None:
        return effects, {}
    return effects, {"given_tau2": tau2, "given_weights": column}


def _one_trial(
    data: Effects, settings: dict[str, Any], held: dict[str, Any], level: float
) -> Pooled:
    kind = PooledAsGiven if held else Pooled
    return kind(
        **settings,
        **held,
        **inference(data.yi[0], data.sei[0], None, level, data.measure),
        ci_method="wald",
        tau2=np.nan,
        weights=np.array([100.0]),
        notes=(
            *data.notes,
            "k = 1: this is one trial, not a meta-analysis; how far trials differ cannot be seen, "
            "so there is no tau2, no I2 and no prediction interval.",
        ),
    )


def _several(
    data: Effects, settings: dict[str, Any], held: dict[str, Any], ci_method: str, level: float
) -> Pooled:
    yi, vi = data.yi, data.vi
    model, method = settings["model"], settings["tau2_method"]
    given = held.get("given_tau2")
    own = data.column(held["given_weights"]).to_numpy() if held.get("given_weights") else None
    means = mean_columns(
        yi[:, None],
        vi[:, None],
        model=model,
        tau2_method=method,
        tau2=given,
        W=None if own is None else own[:, None],
        tau2_level=level if given is None else None,
    )
    found = {name: float(values[0]) for name, values in means.columns.items()}
    in_use = means.interval_method(ci_method)
    mean, tau2 = found["estimate"], found["tau2"]
    se = float(means.errors(in_use)[0])
    dof = None if in_use == "wald" else data.k - 1
    fields = inference(mean, se, dof, level, data.measure)
    fields |= {name: found[name] for name in ("tau2", "i2", "h2", "q", "q_p_value", "hk_scale")}
    weights = 1 / (vi + tau2) if own is None else own
    if model == "random":
        if settings["prediction_method"] == "KR":
            fields |= _kenward_roger(mean, tau2, weights, level)
        elif settings["prediction_method"] == "NNF":
            ends = nnf_interval(yi, vi, level) if data.k > 2 else (np.nan, np.nan)
            fields |= {"pi_low": ends[0], "pi_high": ends[1], "prediction_dof": data.k - 1.0}
        else:
            fields |= prediction(mean, se, tau2, level, settings["prediction_method"], data.k - 1)
    if model == "random" and given is None:
        fields |= {name: found[name] for name in TAU2_INTERVAL}
        fields["tau2_se"] = tau2_error(yi, vi, tau2, method)
    return (PooledAsGiven if held else Pooled)(
        **settings,
        **held,
        **fields,
        ci_method=in_use,
        q_dof=data.k - 1,
        weights=100 * weights / weights.sum(),
        notes=NOT_YET,
    )


def _kenward_roger(mean: float, tau2: float, weights: Floats, level: float) -> dict[str, float]:
    """Return the prediction interval with Kenward and Roger's variance and degrees of freedom."""
    one, two, three = (float(np.sum(weights**power)) for power in (1, 2, 3))
    information = two / 2 - three / one + (two / one) ** 2 / 2
    variance = (1 + 2 * (three / one - (two / one) ** 2) / information) / one
    dof = 2 * information / (variance * two) ** 2
    reach = float(quantile(level, dof) * np.sqrt(tau2 + variance))
    return {"pi_low": mean - reach, "pi_high": mean + reach, "prediction_dof": dof}
