"""What effect would an infinitely large study show, if small ones exaggerate?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from meta.arguments import checked
from meta.effect_sizes.container import Effects
from meta.effect_sizes.measures import measure_of
from meta.errors import DataError, NotComparable
from meta.synthesis.bias.study_size import (
    PREDICTOR_NAMES,
    default_predictor,
    size_notes,
    study_size,
)
from meta.synthesis.consumers import need_estimate
from meta.synthesis.engine import check_choice, weighted_fit
from meta.synthesis.estimate import EffectTable, Estimate, estimate_text, infer, inference
from meta.synthesis.method_input import effects_of
from meta.synthesis.models.pool import pool
from meta.wording import p_text

PET_PEESE_PREDICTORS = ("sei", "sqrt_inverse_n")

# two-sided level at which PET's effect counts as present, in the direction of the pooled effect:
# one-sided 5 %
_PRESENT = 0.10


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PetPeese(Estimate):
    """An effect extrapolated to a standard error of 0.

    It has the attributes of every estimate, those of the line that the conditional rule takes:
    ``model`` is "PET" or "PEESE". No weights are given.

    Attributes
    ----------
    predictor : {"sei", "sqrt_inverse_n"}
        What stands for study size.
    table : pandas.DataFrame
        Both regressions: ``method estimate se statistic ci_low ci_high p_value slope slope_se
        slope_p_value``, on the scale of computation.
    """

    _caption: ClassVar[str] = "PET-PEESE"
    _method: ClassVar[str] = "meta.synthesis.bias.pet_peese:pet_peese"
    _arguments: ClassVar[tuple[str, ...]] = ("predictor", "ci_level")

    predictor: str
    table: pd.DataFrame

    def lines(self) -> EffectTable:
        """Return both regressions; ``.to_frame()`` of them is on the reader's scale.

        A ``slope`` and its standard error stay on the scale of computation.
        """
        return EffectTable(fit=self, table=self.table, notes=self.notes)

    def _model_text(self) -> str:
        power = " squared" * (self.model == "PEESE")
        return (
            f"{self.model} (taken by the conditional rule), weighted regression on the "
            f"{PREDICTOR_NAMES[self.predictor]}{power}"
        )

    def _further_rows(self) -> list[tuple[str, str]]:
        shown = []
        for row in self.table.to_dict("records"):
            mark = ", taken by the conditional rule" if row["method"] == self.model else ""
            effect = estimate_text(self.scale, row["estimate"], row["ci_low"], row["ci_high"])
            shown.append((row["method"], f"{effect}, p {p_text(row['p_value'])}{mark}"))
        return shown


@checked
def pet_peese(
    fit: Estimate | Effects, *, predictor: str | None = None, ci_level: float | None = None
) -> PetPeese:
    r"""Extrapolate the effects to a study without sampling error (PET, PEESE and the rule).

    Parameters
    ----------
    fit : Estimate or Effects
        At least three studies; ten before the answer can be read. Its effects, confidence level and
        direction are used; its model is not. Effects are pooled by the defaults of
        :func:`meta.pool` first.
    predictor : {"sei", "sqrt_inverse_n"}, optional
        Standard error, or :math:`\sqrt{1/n_t + 1/n_c}`, which is the default for standardised mean
        differences whose group sizes are known (see :func:`meta.egger`).
    ci_level : float, optional
        Confidence level; that of the fit by default.

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
    >>> answer.model, round(answer.estimate, 3)
    ('PET', 0.08)
    """
    if isinstance(fit, Effects):
        fit = pool(fit)
    need_estimate("pet_peese", fit, 3)
    effects = effects_of(fit)
    level = fit.ci_level if ci_level is None else ci_level
    scale = measure_of(fit.measure)
    if not np.isfinite(scale.null):
        raise NotComparable(
            f"{scale.label} ({fit.measure}) has no value that means no effect, so there is nothing "
            "that PET could test: leave PET-PEESE out"
        )
    chosen_predictor = predictor or default_predictor(effects)
    check_choice("predictor", chosen_predictor, PET_PEESE_PREDICTORS)
    x = study_size(effects, chosen_predictor)
    if np.ptp(x) == 0:
        raise DataError(
            f"the {PREDICTOR_NAMES[chosen_predictor]} is the same in all studies, so nothing can "
            "be extrapolated from small to large ones"
        )
    table = pd.DataFrame(
        [
            {"method": "PET"} | _line(effects, x, level),
            {"method": "PEESE"} | _line(effects, x**2, level),
        ]
    )
    pet = table.iloc[0]
    same_side = pet["estimate"] * fit.estimate > 0
    taken = 1 if same_side and pet["p_value"] < _PRESENT else 0
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
    answer = table.iloc[taken]
    return PetPeese(
        **inference(answer["estimate"], answer["se"], fit.k - 2, level, fit.measure),
        model=str(answer["method"]),
        k=fit.k,
        n_total=fit.n_total,
        predictor=chosen_predictor,
        table=table,
        weights=np.full(effects.k, np.nan),
        effects=effects,
        notes=tuple(notes),
    )


def _line(effects: Effects, x: NDArray[np.float64], level: float) -> dict[str, float]:
    design = np.column_stack([np.ones_like(x), x])
    # the Knapp-Hartung factor at tau2 = 0 is the residual variance of weighted regression
    line = weighted_fit(effects.yi, effects.vi, 0.0, design, ci_method="HK")
    se, dof = np.sqrt(np.diag(line.cov)), effects.k - 2
    slope = infer(line.beta[1], se[1], dof, level)
    found = inference(line.beta[0], se[0], dof, level, effects.measure)
    names = ("estimate", "se", "statistic", "ci_low", "ci_high", "p_value")
    return {name: found[name] for name in names} | {
        "slope": float(line.beta[1]),
        "slope_se": float(se[1]),
        "slope_p_value": slope.p_value,
    }
