"""What would the answer be if publication fell smoothly with the p-value?"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from meta.arguments import checked
from meta.effect_sizes.container import Effects
from meta.errors import NotConverged, TooFewStudies
from meta.synthesis.bias.publication_side import publication_side, seen_from
from meta.synthesis.bias.selection_answer import (
    ONLY_THE_P_VALUE,
    Selection,
    chances,
    selection_fields,
)
from meta.synthesis.bias.selection_search import maximise, profile_limits, standard_errors
from meta.synthesis.bias.smooth_likelihood import SHAPES, SmoothLikelihood
from meta.synthesis.bias.study_size import size_notes
from meta.synthesis.consumers import need_estimate
from meta.synthesis.engine import check_choice
from meta.synthesis.estimate import Estimate, RandomEffects
from meta.synthesis.method_input import effects_of
from meta.synthesis.models.pool import pool
from meta.wording import number

Values = NDArray[np.float64]

# starting points: shifts of the mean, factors of tau2, and the first parameter of the weights
_SHIFTS = (0.0, -1.0)
_TAU2_FACTORS = (1.0, 0.1)
_FIRST = (1.0, 0.67)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SmoothSelection(Selection):
    """A pooled effect under a smooth chance of publication.

    It has the attributes of every :class:`~meta.synthesis.bias.selection_answer.Selection`, and
    these.

    Attributes
    ----------
    shape : {"beta", "halfnorm", "negexp", "logistic", "power"}
        How the chance of publication falls with the one-sided p-value.
    delta : pandas.DataFrame
        The parameters of the weights: ``delta se ci_low ci_high``. Beta: two exponents, 1 without
        selection; below 1 the first favours small p-values, above 1 the second does. All other
        shapes: one, 0 without selection, and the larger, the steeper.
    """

    _caption: ClassVar[str] = "Selection model (smooth)"
    _method: ClassVar[str] = "meta.synthesis.bias.smooth_selection:smooth_selection"
    _arguments: ClassVar[tuple[str, ...]] = ("shape", "alternative", "ci_level")

    shape: str

    def profile_intervals(self) -> pd.DataFrame:
        """Return the profile-likelihood interval of each parameter of the weights.

        Returns
        -------
        pandas.DataFrame
            ``delta ci_low ci_high``, a row for each: what the likelihood, highest over mean and
            tau2, does not contradict. An end is 0 or infinite where it never falls far enough.
        """
        seen = seen_from(self.effects, self.alternative)
        model = SmoothLikelihood(seen.y, seen.v, SHAPES[self.shape])
        _, _, plain = model.without_selection()
        none = -np.inf if self.shape == "beta" else plain
        deltas = self.delta["delta"].to_numpy(dtype=float)
        # at no selection there is nothing below; the search for the upper end begins close to it
        logs = np.log(np.where(deltas > 0, deltas, 1e-3))
        point = np.array([seen.inward(self.estimate), self.tau2 / seen.unit**2, *logs])
        ends = [
            profile_limits(model, point, 2 + place, self.ci_level, none)
            for place in range(len(deltas))
        ]
        return pd.DataFrame(
            {"delta": deltas, "ci_low": [low for low, _ in ends], "ci_high": [up for _, up in ends]}
        )

    def _model_text(self) -> str:
        return (
            f"{RandomEffects._model_text(self)}, random effects by maximum likelihood, chance of "
            f"publication {SHAPES[self.shape].words} of the one-sided p "
            f"(alternative: {self.alternative})"
        )

    def _further_rows(self) -> list[tuple[str, str]]:
        deltas = ", ".join(number(value) for value in self.delta["delta"])
        return [self._unadjusted_row(), ("δ", deltas), self._no_selection_row()]


@checked
def smooth_selection(
    fit: Estimate | Effects,
    *,
    shape: str = "beta",
    alternative: str = "auto",
    ci_level: float | None = None,
) -> SmoothSelection:
    r"""Estimate the effect together with a smooth selection of studies by their p-values.

    Parameters
    ----------
    fit : Estimate or Effects
        Effects, confidence level and direction are used; the model is always random effects by
        maximum likelihood. Effects are pooled by the defaults of :func:`meta.pool` first.
    shape : {"beta", "halfnorm", "negexp", "logistic", "power"}
        How the chance of publication goes with the one-sided p-value:
        :math:`p^{\delta_1 - 1} (1 - p)^{\delta_2 - 1}` (Citkowicz and Vevea), or, falling,
        :math:`e^{-\delta p^2}`, :math:`e^{-\delta p}`, :math:`2 / (1 + e^{\delta p})` (Preston,
        Ashby and Smyth) or :math:`(1 - p)^\delta`.
    alternative : {"auto", "greater", "less"}
        Side of the one-sided p-values; "auto" takes the side of the pooled effect.
    ci_level : float, optional
        Confidence level; that of the fit by default.

    Returns
    -------
    SmoothSelection
        On the scale of computation. ``.profile_intervals()`` of it does not take the likelihood of
        delta for a parabola.

    Raises
    ------
    DataError
        If a setting is unknown, or this is no answer of independent effects.
    NotComparable
        If the measure has no value that means no effect.
    TooFewStudies
        If there are not more studies than parameters.
    NotConverged
        If the likelihood has no maximum.

    Notes
    -----
    The shapes with one parameter cannot rise: unwelcome results are published less often, or as
    often as others (delta 0; then the answer is the one without selection, and delta has no
    standard error). p-values nearer to 0 or 1 than 0.00001 count as that for beta, as in metafor.
    No steps are needed, and selection may also fall on results in the middle.

    When not to use it: with few studies, where mean, tau2 and delta cannot be told apart. The
    shapes are no knowledge: show several, and :func:`meta.selection_model` with one step.

    Checked against metafor (``selmodel``, types beta, halfnorm, negexp, logistic and power, on bcg
    and hackshaw1998, to the digits at which its numerical search stops; ``confint`` for the
    profile intervals), and the chance of publication against adaptive quadrature.

    References
    ----------
    citkowiczvevea2017, preston2004

    Examples
    --------
    >>> import meta
    >>> yi = [0.9, 0.6, 0.5, 0.7, 0.3, 0.35, 0.1, 0.45]
    >>> vi = [0.12, 0.08, 0.05, 0.1, 0.02, 0.03, 0.01, 0.06]
    >>> answer = meta.smooth_selection(meta.Effects.from_arrays(yi, vi), shape="negexp")
    >>> answer.alternative, answer.lrt_dof
    ('greater', 1)
    """
    if isinstance(fit, Effects):
        fit = pool(fit)
    need_estimate("smooth_selection", fit)
    effects = effects_of(fit)
    level = fit.ci_level if ci_level is None else ci_level
    check_choice("shape", shape, tuple(SHAPES))
    side, size = publication_side(alternative, fit, effects.scale), SHAPES[shape].size
    if effects.k <= 2 + size:
        raise TooFewStudies(
            f"this selection model has {2 + size} parameters and this fit has {effects.k} studies: "
            "leave it out and say so"
        )
    seen = seen_from(effects, side)
    model = SmoothLikelihood(seen.y, seen.v, SHAPES[shape])
    mean, tau2, plain = model.without_selection()
    point, value, se = _estimated(model, mean, tau2)
    deltas, errors = np.exp(point[2:]), se[2:]
    notes = size_notes(effects.k, "a selection model")
    if value <= plain and shape != "beta":
        # falling weights make the likelihood no higher: no selection, of which delta 0 is the limit
        point, value, deltas, errors = (
            np.array([mean, tau2]),
            plain,
            np.zeros(1),
            np.full(1, np.nan),
        )
        se = np.array([float(np.sqrt(1 / np.sum(1 / (model.v + tau2)))), np.nan])
        notes.append("no falling weights make the likelihood higher: delta is 0, no selection.")
    return SmoothSelection(
        **selection_fields(effects, seen, point, se, value, (mean, tau2, plain), size, level),
        shape=shape,
        delta=pd.DataFrame(chances(deltas, errors, level)),
        notes=(*notes, ONLY_THE_P_VALUE),
    )


def _estimated(model: SmoothLikelihood, mean: float, tau2: float) -> tuple[Values, float, Values]:
    """Return the maximum, the log-likelihood there and standard errors.

    With one parameter, a slope at no selection that does not rise is no selection at all.
    """
    size = model.shape.size
    if size == 1:
        small = np.array([mean, tau2, np.log(1e-6)])
        if model(small)[1][2] <= 0:
            return small, -np.inf, np.full(3, np.nan)
    point = maximise(
        model,
        (
            np.array([mean + shift, factor * tau2 + 0.01, np.log(first), *[0.0] * (size - 1)])
            for shift, factor, first in itertools.product(_SHIFTS, _TAU2_FACTORS, _FIRST)
        ),
    )
    if point is None:
        raise NotConverged(
            "the likelihood of the selection model has no maximum within reach: the data cannot "
            "tell selection from a different mean; use another shape or selection_model()"
        )
    return point, model(point)[0], standard_errors(model, point)
