"""What would the answer be if publication depended on the p-value?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from meta.arguments import checked
from meta.effect_sizes.container import Effects
from meta.effect_sizes.measures import measure_of
from meta.errors import DataError, NotComparable, TooFewStudies
from meta.synthesis.bias.publication_side import publication_side, seen_from
from meta.synthesis.bias.selection_answer import (
    ONLY_THE_P_VALUE,
    Selection,
    chances,
    selection_fields,
)
from meta.synthesis.bias.selection_search import profile_limits, standard_errors
from meta.synthesis.bias.step_likelihood import StepLikelihood, maximise
from meta.synthesis.bias.study_size import size_notes
from meta.synthesis.consumers import need_estimate
from meta.synthesis.estimate import Estimate, RandomEffects
from meta.synthesis.method_input import effects_of
from meta.synthesis.models.pool import pool
from meta.wording import number

Values = NDArray[np.float64]

# fewer p-values than this in an interval leave its chance of publication nearly unknown
_THIN = 4


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SelectionModel(Selection):
    """A pooled effect under a step function of the chance of publication.

    It has the attributes of every :class:`~meta.synthesis.bias.selection_answer.Selection`, and
    these.

    Attributes
    ----------
    steps : tuple of float
        Limits of the intervals of the one-sided p-value.
    delta : pandas.DataFrame
        One row for each interval of p: ``p_from p_to k delta se ci_low ci_high``. ``delta`` is the
        chance of publication relative to the first interval, whose own is 1. No selection is that
        all are 1.
    given : tuple of float or None
        Chances of publication, where they were given instead of estimated; the test is NaN then.
    """

    _caption: ClassVar[str] = "Selection model (step function)"
    _method: ClassVar[str] = "meta.synthesis.bias.selection_model:selection_model"
    _arguments: ClassVar[tuple[str, ...]] = ("steps", "alternative", "ci_level")

    steps: tuple[float, ...]
    given: tuple[float, ...] | None

    def settings(self) -> dict[str, Any]:
        """Return the settings that made this answer, as arguments of its method."""
        return RandomEffects.settings(self) | {"delta": self.given}

    def profile_intervals(self) -> pd.DataFrame:
        """Return the profile-likelihood interval of each chance of publication.

        Returns
        -------
        pandas.DataFrame
            ``p_from p_to delta ci_low ci_high``, a row for each interval of p but the first: what
            the likelihood, highest over all other parameters, does not contradict. An end is 0 or
            infinite where the likelihood never falls far enough.

        Raises
        ------
        DataError
            If the chances were given.
        """
        if self.given is not None:
            raise DataError("profile_intervals: the chances of publication were given")
        seen = seen_from(self.effects, self.alternative)
        model = StepLikelihood(seen.y, seen.v, np.array(self.steps), None)
        rows = self.delta.iloc[1:][["p_from", "p_to", "delta"]]
        logs = np.log(rows["delta"].to_numpy(dtype=float))
        point = np.array([seen.inward(self.estimate), self.tau2 / seen.unit**2, *logs])
        ends = [
            profile_limits(model, point, place, self.ci_level) for place in range(2, len(point))
        ]
        return rows.assign(ci_low=[low for low, _ in ends], ci_high=[high for _, high in ends])

    def _model_text(self) -> str:
        steps = ", ".join(f"{step:g}" for step in self.steps)
        return (
            f"{RandomEffects._model_text(self)}, random effects by maximum likelihood, steps of the"
            f" one-sided p at {steps}{', given chances' * (self.given is not None)} (alternative: "
            f"{self.alternative})"
        )

    def _further_rows(self) -> list[tuple[str, str]]:
        if self.given is not None:
            return [self._unadjusted_row()]
        intervals = [
            (
                f"p from {row['p_from']:g} to {row['p_to']:g}",
                f"published {number(row['delta'])} times as often ({number(row['ci_low'])} to "
                f"{number(row['ci_high'])}), {row['k']} studies",
            )
            for row in self.delta.iloc[1:].to_dict("records")
        ]
        return [self._unadjusted_row(), self._no_selection_row(), *intervals]


@checked
def selection_model(
    fit: Estimate | Effects,
    *,
    steps: Sequence[float] = (0.025,),
    delta: Sequence[float] | None = None,
    alternative: str = "auto",
    ci_level: float | None = None,
) -> SelectionModel:
    r"""Estimate the effect together with the selection of studies by their p-values.

    Parameters
    ----------
    fit : Estimate or Effects
        Effects, confidence level and direction are used; the model is always random effects by
        maximum likelihood. Effects are pooled by the defaults of :func:`meta.pool` first.
    steps : sequence of float
        Limits of one-sided p-values at which the chance of publication may change, rising, between
        0 and 1 (a last limit of 1 may be given). The default, 0.025, is two-sided significance in
        the expected direction: the three-parameter selection model.
    delta : sequence of float, optional
        Chances of publication in the intervals, the first of them 1, where they are given instead
        of estimated: "what if results beyond p = 0.025 were published half as often?" (Vevea and
        Woods 2005). Then many steps need no more studies.
    alternative : {"auto", "greater", "less"}
        Side of the one-sided p-values: "greater" holds that positive effects help publication,
        "less" that negative ones do, "auto" takes the side of the pooled effect.
    ci_level : float, optional
        Confidence level; that of the fit by default.

    Returns
    -------
    SelectionModel
        On the scale of computation. Intervals of delta are Wald's on the log scale;
        ``.profile_intervals()`` has those that do not take the likelihood for a parabola.

    Raises
    ------
    DataError
        If the steps are no rising numbers between 0 and 1, the alternative is unknown, or the given
        chances are no numbers above 0 that begin with 1, one for each interval.
    NotComparable
        If an interval holds no p-value, which leaves its chance of publication without any data,
        or if the measure has no value that means "no effect".
    TooFewStudies
        If there are not more studies than parameters.
    NotConverged
        If the likelihood has no maximum at which the chances of publication differ less than
        10,000-fold; the message says what to try.

    Notes
    -----
    With effects :math:`y_i \sim N(\mu, v_i + \tau^2)` before selection, and a study whose p-value
    lies in interval j published with a chance proportional to :math:`\delta_j`,

    .. math::
        \log L = \sum_i \Big[\log \delta_{j(i)} + \log \phi\Big(\frac{y_i - \mu}{s_i}\Big)
        - \log s_i - \log \sum_j \delta_j P_{ij}(\mu, \tau^2)\Big], \quad s_i^2 = v_i + \tau^2,

    where :math:`P_{ij}` is the chance that study i falls into interval j and
    :math:`\delta_1 = 1`. It is maximised over :math:`\mu`, :math:`\tau^2 \ge 0` and
    :math:`\log \delta` from several starting points with the analytic gradient, and finished by
    Newton steps. Standard errors are from the observed information, intervals of delta are
    symmetric on the log scale.

    The model holds p-values, and nothing else, to decide on publication. With few studies delta is
    hardly known; the direction of the change of the estimate says more than its size.

    metafor's ``selmodel`` uses "greater" unless told otherwise; give it to repeat such an analysis.
    Checked against metafor 3.8 (``selmodel(type = "stepfun")``, with ``delta``, ``confint``).

    References
    ----------
    vevea1995, veveawoods2005

    Examples
    --------
    >>> import meta
    >>> yi = [0.9, 0.7, 0.8, 0.4, 0.35, 0.3, 0.1, 0.05, 0.6, 0.2]
    >>> vi = [0.16, 0.09, 0.12, 0.03, 0.02, 0.02, 0.02, 0.03, 0.05, 0.01]
    >>> answer = meta.selection_model(meta.pool(yi, vi))
    >>> answer.alternative, answer.delta["k"].tolist(), answer.lrt_dof
    ('greater', [8, 2], 1)
    """
    if isinstance(fit, Effects):
        fit = pool(fit)
    need_estimate("selection_model", fit)
    effects = effects_of(fit)
    level = fit.ci_level if ci_level is None else ci_level
    limits = _limits(steps)
    side = publication_side(alternative, fit, measure_of(fit.measure))
    given = _given(delta, len(limits) + 1)
    free = len(limits) if given is None else 0
    if effects.k <= 2 + free:
        raise TooFewStudies(
            f"a selection model with {len(limits)} steps has {2 + free} parameters and this "
            f"fit has {effects.k} studies: leave it out and say so"
        )
    seen = seen_from(effects, side)
    model = StepLikelihood(seen.y, seen.v, limits, given)
    if given is None:
        _check_intervals(model.counts, limits, side)
    point, value = maximise(model)
    errors = standard_errors(model, point)
    shares = np.exp(point[2:]) if given is None else given[1:]
    log_error = errors[2:] if given is None else np.full(len(limits), np.nan)
    edges = [0.0, *limits, 1.0]
    table = pd.DataFrame(
        {"p_from": edges[:-1], "p_to": edges[1:], "k": model.counts}
        | chances(np.array([1.0, *shares]), np.array([np.nan, *log_error]), level)
    )
    return SelectionModel(
        **selection_fields(
            effects, seen, point, errors, value, model.without_selection(), free, level
        ),
        steps=tuple(limits),
        delta=table,
        given=None if given is None else tuple(given.tolist()),
        notes=tuple(_notes(effects.k, table, estimated=given is None)),
    )


def _given(delta: Sequence[float] | None, size: int) -> Values | None:
    """Check chances of publication that are given."""
    if delta is None:
        return None
    try:
        chances = np.asarray(delta, dtype=float)
    except (TypeError, ValueError):
        chances = np.empty(0)
    if chances.shape != (size,) or not (np.isfinite(chances) & (chances > 0)).all():
        raise DataError(
            f"delta={delta!r}: give a chance of publication above 0 for each of the {size} "
            "intervals of p, the first of them 1"
        )
    if chances[0] != 1:
        raise DataError(
            f"delta={delta!r} begins with {chances[0]:g}: chances are relative to those of the "
            "first interval, so begin with 1"
        )
    return chances


def _limits(steps: Sequence[float]) -> Values:
    try:
        limits = np.atleast_1d(np.asarray(steps, dtype=float))
    except (TypeError, ValueError):
        raise DataError(f"steps={steps!r} must be numbers, for example (0.025, 0.5)") from None
    if len(limits) and limits[-1] == 1:
        limits = limits[:-1]
    rising = len(limits) > 0 and bool(np.all(np.diff(limits) > 0))
    if not rising or not np.isfinite(limits).all() or limits[0] <= 0 or limits[-1] >= 1:
        raise DataError(
            f"steps={tuple(np.ravel(steps))} must be rising limits of a one-sided p-value between "
            "0 and 1, for example (0.025,) or (0.025, 0.5)"
        )
    return limits


def _check_intervals(counts: NDArray[np.intp], limits: Values, alternative: str) -> None:
    edges = [0.0, *limits, 1.0]
    empty = [f"{edges[j]:g} to {edges[j + 1]:g}" for j, count in enumerate(counts) if count == 0]
    if empty:
        raise NotComparable(
            f"no study has a one-sided p-value (alternative {alternative!r}) from "
            f"{', nor from '.join(empty)}, so its chance of publication cannot be estimated: leave "
            "out a step beside it, or leave the model out and say so"
        )


def _notes(k: int, delta: pd.DataFrame, *, estimated: bool) -> list[str]:
    notes = size_notes(k, "a selection model")
    if not estimated:
        notes.append("the chances of publication were given: the answer is a what-if.")
    thin = delta[(delta["k"] < _THIN) & estimated]
    for row in thin.to_dict("records"):
        notes.append(
            f"{row['k']} of {k} p-values lie between {row['p_from']:g} and {row['p_to']:g}, so "
            "the selection rests on very few studies."
        )
    return [*notes, ONLY_THE_P_VALUE]
