"""What effect would an infinitely large study show, if small ones exaggerate?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from meta.effect_sizes.measures import Measure, measure_of
from meta.errors import DataError, NotComparable
from meta.synthesis.bias.study_size import (
    PREDICTOR_NAMES,
    default_predictor,
    need_studies,
    size_notes,
    study_size,
)
from meta.synthesis.engine import check_choice, null_effect, weighted_fit
from meta.synthesis.models.pooled import Pooled
from meta.synthesis.presentation import Answer, estimate_text, p_text

PET_PEESE_PREDICTORS = ("sei", "sqrt_inverse_n")

# two-sided level at which PET's effect counts as present, in the direction of the pooled effect:
# one-sided 5 %
_PRESENT = 0.10


@dataclass(frozen=True, slots=True, kw_only=True)
class PetPeese(Answer):
    """An effect extrapolated to a standard error of 0.

    Attributes
    ----------
    chosen : {"PET", "PEESE"}
        Which of the two the conditional rule takes.
    estimate, se, ci_low, ci_high, p_value : float
        The chosen estimate, on the scale of computation, against no effect.
    dof : int
        Degrees of freedom of its t distribution.
    ci_level : float
        Confidence level.
    predictor : {"sei", "sqrt_inverse_n"}
        What stands for study size.
    k : int
        Number of studies.
    measure : str
        Effect measure.
    table : pandas.DataFrame
        Both regressions: ``method estimate se ci_low ci_high p_value slope slope_se
        slope_p_value``.
    notes : tuple of str
        Sentences that must stand beside these numbers.
    """

    _caption: ClassVar[str] = "PET-PEESE"

    chosen: str
    estimate: float
    se: float
    ci_low: float
    ci_high: float
    p_value: float
    dof: int
    ci_level: float
    predictor: str
    k: int
    measure: str
    table: pd.DataFrame
    notes: tuple[str, ...]

    def _rows(self) -> list[tuple[str, str]]:
        scale: Measure = measure_of(self.measure)
        shown = [("Effect measure", scale.label)]
        for row in self.table.to_dict("records"):
            mark = ", taken by the conditional rule" if row["method"] == self.chosen else ""
            effect = estimate_text(scale, row["estimate"], row["ci_low"], row["ci_high"])
            shown.append((row["method"], f"{effect}, p {p_text(row['p_value'])}{mark}"))
        name = PREDICTOR_NAMES[self.predictor]
        return [*shown, ("Predictor", f"{name}; its square for PEESE; {self.k} studies")]


def pet_peese(fit: Pooled, *, predictor: str | None = None) -> PetPeese:
    r"""Extrapolate the effects to a study without sampling error (PET, PEESE and the rule).

    Parameters
    ----------
    fit : Pooled
        At least three studies; ten before the answer can be read. Its effects, confidence level and
        direction are used; its model is not.
    predictor : {"sei", "sqrt_inverse_n"}, optional
        Standard error, or :math:`\sqrt{1/n_t + 1/n_c}`, which is the default for standardised mean
        differences whose group sizes are known (see :func:`meta.egger`).

    Returns
    -------
    PetPeese
        On the scale of computation.

    Raises
    ------
    TooFewStudies
        If there are fewer than three studies.
    NotComparable
        If the measure has no value that means "no effect".
    DataError
        If a number that the predictor needs is missing, or it is the same in all studies.

    Notes
    -----
    Both are regressions with weights :math:`1/v_i`, multiplicative dispersion and t with k - 2
    degrees of freedom. PET has the predictor itself, PEESE its square, and the intercept is the
    answer. PET is the better one where there is no effect, PEESE where there is one; so the
    conditional rule takes PEESE if PET's intercept differs from no effect in the direction of the
    pooled effect with a two-sided p below 0.10 (one-sided 5 %), else PET. Levels of 5 and 10 %
    are both in use.

    The extrapolation is long when all studies are small, PET is biased downwards where there is an
    effect, and with much heterogeneity, few studies or standard errors that hardly differ the
    answer can be far off in either direction (Stanley 2017). Read it beside the selection model.

    Checked against the weighted regression of :func:`meta.egger`, which equals metafor's.

    References
    ----------
    stanleydoucouliagos2014, stanley2017

    Examples
    --------
    >>> import meta
    >>> fit = meta.pool([-0.9, -0.8, -0.5, -0.3, -0.1], [0.20, 0.18, 0.10, 0.02, 0.01])
    >>> answer = meta.pet_peese(fit)
    >>> answer.chosen, round(answer.estimate, 3)
    ('PET', 0.08)
    """
    need_studies(fit, "PET-PEESE")
    scale = measure_of(fit.measure)
    if not np.isfinite(scale.null):
        raise NotComparable(
            f"{scale.label} ({fit.measure}) has no value that means no effect, so there is nothing "
            "that PET could test: leave PET-PEESE out"
        )
    chosen_predictor = predictor or default_predictor(fit.effects)
    check_choice("predictor", chosen_predictor, PET_PEESE_PREDICTORS)
    x = study_size(fit.effects, chosen_predictor)
    if np.ptp(x) == 0:
        raise DataError(
            f"the {PREDICTOR_NAMES[chosen_predictor]} is the same in all studies, so nothing can "
            "be extrapolated from small to large ones"
        )
    null = null_effect(scale)
    table = pd.DataFrame(
        [{"method": "PET"} | _line(fit, x, null), {"method": "PEESE"} | _line(fit, x**2, null)]
    )
    pet = table.iloc[0]
    same_side = (pet["estimate"] - null) * (fit.estimate - null) > 0
    taken = 1 if same_side and pet["p_value"] < _PRESENT else 0
    answer = table.iloc[taken]
    notes = [
        *size_notes(fit.k, "PET-PEESE"),
        "PET-PEESE extrapolates beyond the largest study; with heterogeneous effects or studies "
        "of similar size it can be far off in either direction.",
    ]
    if fit.scale.standardised and chosen_predictor == "sei":
        notes.append(
            "a standardised mean difference enters its own standard error, which biases this "
            "regression; predictor='sqrt_inverse_n' avoids that (it needs n_t and n_c)."
        )
    return PetPeese(
        chosen=str(answer["method"]),
        estimate=float(answer["estimate"]),
        se=float(answer["se"]),
        ci_low=float(answer["ci_low"]),
        ci_high=float(answer["ci_high"]),
        p_value=float(answer["p_value"]),
        dof=fit.k - 2,
        ci_level=fit.ci_level,
        predictor=chosen_predictor,
        k=fit.k,
        measure=fit.measure,
        table=table,
        notes=tuple(notes),
    )


def _line(fit: Pooled, x: NDArray[np.float64], null: float) -> dict[str, float]:
    design = np.column_stack([np.ones_like(x), x])
    # the Knapp-Hartung factor at tau2 = 0 is the residual variance of weighted regression
    line = weighted_fit(fit.effects.yi, fit.effects.vi, 0.0, design, ci_method="HK")
    se = np.sqrt(np.diag(line.cov))
    reference = stats.t(fit.k - 2)
    half = float(reference.ppf((1 + fit.ci_level) / 2) * se[0])
    with np.errstate(divide="ignore", invalid="ignore"):  # a perfect line has no residual variance
        p_values = 2 * reference.sf(np.abs((line.beta - [null, 0.0]) / se))
    return {
        "estimate": float(line.beta[0]),
        "se": float(se[0]),
        "ci_low": float(line.beta[0]) - half,
        "ci_high": float(line.beta[0]) + half,
        "p_value": float(p_values[0]),
        "slope": float(line.beta[1]),
        "slope_se": float(se[1]),
        "slope_p_value": float(p_values[1]),
    }
