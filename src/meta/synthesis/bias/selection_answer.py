"""What is the answer of a model in which publication depends on the p-value?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import chdtrc

from meta.effect_sizes.container import Effects
from meta.synthesis.bias.publication_side import SeenFromSide
from meta.synthesis.engine import quantile
from meta.synthesis.estimate import RandomEffects, inference
from meta.wording import compact, number, p_text, value_text

Values = NDArray[np.float64]

ONLY_THE_P_VALUE = (
    "the model takes the p-value for the only thing that decides on publication; with few studies "
    "the direction of the change says more than its size."
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Selection(RandomEffects):
    """A pooled effect under a chance of publication that goes with the one-sided p-value.

    It has the attributes of every random-effects estimate: the mean of the true effects before
    selection, with its normal interval. ``tau2_se`` is NaN where tau2 is 0; no weights are given.

    Attributes
    ----------
    alternative : {"greater", "less"}
        Direction in which a small one-sided p-value helps publication.
    delta : pandas.DataFrame
        The parameters of the chance of publication: ``delta se ci_low ci_high``.
    lrt, lrt_dof, lrt_p_value : float, int, float
        Likelihood-ratio test of no selection.
    log_likelihood : float
        At the maximum.
    unadjusted_estimate, unadjusted_tau2 : float
        Maximum-likelihood answer without selection.
    """

    alternative: str
    delta: pd.DataFrame
    lrt: float
    lrt_dof: int
    lrt_p_value: float
    log_likelihood: float
    unadjusted_estimate: float
    unadjusted_tau2: float

    def _unadjusted_row(self) -> tuple[str, str]:
        unadjusted = value_text(self.scale.to_reader(self.unadjusted_estimate))
        return "Unadjusted (ML)", f"{unadjusted}, τ² = {compact(self.unadjusted_tau2)}"

    def _no_selection_row(self) -> tuple[str, str]:
        test = f"χ² = {number(self.lrt)}, df = {self.lrt_dof}, p {p_text(self.lrt_p_value)}"
        return "No selection", test


def selection_fields(
    effects: Effects,
    seen: SeenFromSide,
    point: Values,
    errors: Values,
    value: float,
    plain: tuple[float, float, float],
    free: int,
    ci_level: float,
) -> dict[str, Any]:
    """Return the fields of an answer that follow from a maximum of the likelihood.

    Parameters
    ----------
    effects : Effects
        What was analysed.
    seen : SeenFromSide
        The same as the likelihood has them.
    point, errors : numpy.ndarray
        Mean, tau2 and further parameters at the maximum; their standard errors.
    value : float
        Log-likelihood there.
    plain : tuple of float
        Mean, tau2 and log-likelihood without selection.
    free : int
        Parameters of selection that were estimated; without one there is no test.
    ci_level : float
        Confidence level.
    """
    lrt = max(0.0, 2 * (value - plain[2])) if free else np.nan
    return inference(
        seen.outward(point[0]), errors[0] * seen.unit, None, ci_level, effects.measure
    ) | {
        "model": "selection",
        "k": effects.k,
        "n_total": effects.n_total,
        "alternative": "greater" if seen.sign > 0 else "less",
        "tau2": float(point[1]) * seen.unit**2,
        "tau2_se": float(errors[1]) * seen.unit**2,
        "lrt": lrt,
        "lrt_dof": free,
        "lrt_p_value": float(chdtrc(free, lrt)) if free else np.nan,
        # the likelihood of the effects themselves, not of their rescaled values
        "log_likelihood": value - effects.k * float(np.log(seen.unit)),
        "unadjusted_estimate": seen.outward(plain[0]),
        "unadjusted_tau2": plain[1] * seen.unit**2,
        "weights": np.full(effects.k, np.nan),
        "effects": effects,
    }


def chances(delta: Values, log_error: Values, ci_level: float) -> dict[str, Values]:
    """Return columns of chances of publication with intervals that are Wald's on the log scale."""
    z = float(quantile(ci_level))
    return {
        "delta": delta,
        "se": delta * log_error,
        "ci_low": delta * np.exp(-z * log_error),
        "ci_high": delta * np.exp(z * log_error),
    }
