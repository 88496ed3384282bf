"""What would the answer be if publication fell smoothly with the p-value?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import optimize, special, stats

from meta.effect_sizes.container import Effects
from meta.errors import NotComparable, NotConverged, TooFewStudies
from meta.synthesis.bias.study_size import size_notes
from meta.synthesis.consumers import need_estimate
from meta.synthesis.engine import check_choice, null_effect, tau2_estimate, weighted_fit
from meta.synthesis.estimate import Estimate, RandomEffects, inference
from meta.synthesis.given import effects_of
from meta.synthesis.models.pool import pool
from meta.synthesis.presentation import check_level
from meta.wording import compact, number, p_text

Values = NDArray[np.float64]

_ALTERNATIVES = ("auto", "greater", "less")
# points at which the chance of publication is averaged
_POINTS = 101
_FLAT = 1e-3
# p-values nearer to 0 or 1 than this count as this far: a single trial of many people would decide
# on the exponents by how far beyond doubt it is
_LEAST = 1e-5


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BetaSelection(RandomEffects):
    """A pooled effect under a beta-shaped chance of publication.

    It has the attributes of every random-effects estimate: the mean of the true effects before
    selection, with its normal interval.

    Attributes
    ----------
    alternative : {"greater", "less"}
        Direction in which a small one-sided p-value helps publication.
    delta : pandas.DataFrame
        The two exponents, ``delta se ci_low ci_high``: below 1 the first favours small p-values,
        above 1 the second does.
    lrt, lrt_dof, lrt_p_value : float, int, float
        Likelihood-ratio test that both are 1: no selection.
    log_likelihood : float
        At the maximum.
    unadjusted_estimate, unadjusted_tau2 : float
        Maximum-likelihood answer without selection.
    """

    _caption: ClassVar[str] = "Selection model (beta)"
    _method: ClassVar[str] = "meta.synthesis.bias.beta_selection:beta_selection"
    _arguments: ClassVar[tuple[str, ...]] = ("alternative", "ci_level")

    alternative: str
    delta: pd.DataFrame
    lrt: float
    lrt_dof: int
    lrt_p_value: float
    log_likelihood: float
    unadjusted_estimate: float
    unadjusted_tau2: float

    def _model_text(self) -> str:
        return (
            "selection model, random effects by maximum likelihood, beta weights of the one-sided p"
            f" (alternative: {self.alternative})"
        )

    def _further_rows(self) -> list[tuple[str, str]]:
        unadjusted = number(self.scale.to_reader(self.unadjusted_estimate))
        first, second = self.delta["delta"]
        return [
            ("Unadjusted (ML)", f"{unadjusted}, τ² = {compact(self.unadjusted_tau2)}"),
            ("Exponents", f"{number(first)}, {number(second)}"),
            (
                "No selection",
                f"χ² = {number(self.lrt)}, df = {self.lrt_dof}, p {p_text(self.lrt_p_value)}",
            ),
        ]


class _Likelihood:
    """Log-likelihood in mean, log tau2 and the two log exponents."""

    def __init__(self, y: Values, v: Values) -> None:
        self.y, self.v = y, v
        self.own = self._log_p(y / np.sqrt(v))
        # the chance of publication is smooth between the effects whose p-values are at the limits
        reach = float(special.ndtri(1 - _LEAST))
        nodes, weights = np.polynomial.legendre.leggauss(_POINTS)
        self.edge, self.nodes, self.weights = reach, reach * nodes, reach * weights
        self.inside = self._log_p(self.nodes)

    @staticmethod
    def _log_p(z: Values) -> tuple[Values, Values]:
        """Logarithms of the one-sided p-value and of its complement."""
        p = np.clip(special.ndtr(-z), _LEAST, 1 - _LEAST)
        return np.log(p), np.log1p(-p)

    def __call__(self, point: Values) -> float:
        mean, spread = point[0], np.sqrt(self.v + np.exp(point[1]))
        first, second = np.exp(point[2:]) - 1
        sei = np.sqrt(self.v)
        # density of the effect of each study at the nodes, which are in its standard errors
        density = stats.norm.pdf(sei[:, None] * self.nodes, mean, spread[:, None]) * sei[:, None]
        weight = np.exp(first * self.inside[0] + second * self.inside[1])
        chance = density @ (weight * self.weights)
        for side in (1, -1):
            # beyond the limits the chance of publication stays
            logs = self._log_p(np.array([side * self.edge]))
            beyond = stats.norm.sf(side * (side * self.edge * sei - mean) / spread)
            chance += np.exp(first * logs[0] + second * logs[1]) * beyond
        found = first * self.own[0] + second * self.own[1]
        found += stats.norm.logpdf(self.y, mean, spread) - np.log(chance)
        return float(np.sum(found))

    def gradient(self, point: Values, width: float = 1e-4) -> Values:
        steps = width * np.eye(len(point))
        return np.array([(self(point + s) - self(point - s)) / (2 * width) for s in steps])

    def hessian(self, point: Values, width: float = 1e-3) -> Values:
        steps = width * np.eye(len(point))
        rows = [(self.gradient(point + s) - self.gradient(point - s)) / (2 * width) for s in steps]
        matrix = np.array(rows)
        return np.asarray((matrix + matrix.T) / 2)


def beta_selection(
    fit: Estimate | Effects, *, alternative: str = "auto", ci_level: float | None = None
) -> BetaSelection:
    r"""Estimate the effect together with a smooth selection of studies by their p-values.

    Parameters
    ----------
    fit : Estimate or Effects
        Effects, confidence level and direction are used; the model is always random effects by
        maximum likelihood. Effects are pooled by the defaults of :func:`meta.pool` first.
    alternative : {"auto", "greater", "less"}
        Side of the one-sided p-values; "auto" takes the side of the pooled effect.
    ci_level : float, optional
        Confidence level; that of the fit by default.

    Returns
    -------
    BetaSelection
        On the scale of computation.

    Raises
    ------
    DataError
        If a setting is unknown, or this is no answer of independent effects.
    NotComparable
        If the measure has no value that means no effect.
    TooFewStudies
        If there are fewer than five studies.
    NotConverged
        If the likelihood has no maximum.

    Notes
    -----
    The chance of publication is proportional to :math:`p^{\delta_1 - 1} (1 - p)^{\delta_2 - 1}`
    with the one-sided p-value (Citkowicz and Vevea 2017), which is taken as no nearer to 0 or 1
    than 0.00001, as metafor does. It needs no steps, and describes selection that also falls on
    results in the middle.

    When not to use it: with few studies, where mean, tau2 and two exponents cannot be told apart;
    :func:`meta.selection_model` with one step asks for less.

    Checked against metafor 5.1 (``selmodel(type = "beta")``, three to four digits, at which its
    numerical search stops) on bcg, and the chance of publication against adaptive quadrature.

    References
    ----------
    citkowiczvevea2017

    Examples
    --------
    >>> import meta
    >>> yi = [0.9, 0.6, 0.5, 0.7, 0.3, 0.35, 0.1, 0.45]
    >>> vi = [0.12, 0.08, 0.05, 0.1, 0.02, 0.03, 0.01, 0.06]
    >>> answer = meta.beta_selection(meta.Effects.from_arrays(yi, vi))
    >>> answer.alternative, answer.lrt_dof
    ('greater', 2)
    """
    if isinstance(fit, Effects):
        fit = pool(fit)
    need_estimate("beta_selection", fit)
    effects = effects_of(fit)
    level = fit.ci_level if ci_level is None else ci_level
    check_level(level)
    check_choice("alternative", alternative, _ALTERNATIVES)
    null = null_effect(effects.scale)
    if not np.isfinite(null):
        raise NotComparable(
            f"{effects.scale.label} ({fit.measure}) has no value that means no effect, so there "
            "are no p-values that could decide on publication"
        )
    if effects.k < 5:
        raise TooFewStudies(
            f"a beta selection model has 4 parameters and this fit has {effects.k} studies: leave "
            "it out and say so"
        )
    if alternative == "auto":
        alternative = "greater" if fit.estimate >= null else "less"
    sign = 1.0 if alternative == "greater" else -1.0
    unit = float(np.sqrt(effects.vi.mean()))
    y, v = sign * (effects.yi - null) / unit, effects.vi / unit**2
    tau2 = tau2_estimate(y, v, "ML")
    mean = float(weighted_fit(y, v, tau2).beta[0])
    likelihood = _Likelihood(y, v)
    plain = float(np.sum(stats.norm.logpdf(y, mean, np.sqrt(v + tau2))))
    point = _maximise(likelihood, mean, tau2)
    value, hessian = likelihood(point), likelihood.hessian(point)
    try:
        cov = np.linalg.inv(-hessian)
    except np.linalg.LinAlgError:
        cov = np.full((4, 4), -1.0)
    if (np.diag(cov) <= 0).any():
        raise NotConverged(
            "the information of the beta selection model is not positive definite at its maximum: "
            "the data cannot tell selection from a different mean; use selection_model()"
        )
    se = np.sqrt(np.diag(cov))
    exponents, z = np.exp(point[2:]), float(stats.norm.ppf((1 + level) / 2))
    lrt = max(0.0, 2 * (value - plain))
    found = float(np.exp(point[1]))
    return BetaSelection(
        **inference(null + sign * point[0] * unit, se[0] * unit, None, level, fit.measure),
        model="selection",
        k=effects.k,
        n_total=fit.n_total,
        alternative=alternative,
        tau2=found * unit**2,
        tau2_se=found * float(se[1]) * unit**2,
        delta=pd.DataFrame(
            {
                "delta": exponents,
                "se": exponents * se[2:],
                "ci_low": exponents * np.exp(-z * se[2:]),
                "ci_high": exponents * np.exp(z * se[2:]),
            }
        ),
        lrt=lrt,
        lrt_dof=2,
        lrt_p_value=float(stats.chi2.sf(lrt, 2)),
        log_likelihood=value - effects.k * float(np.log(unit)),
        unadjusted_estimate=null + sign * mean * unit,
        unadjusted_tau2=tau2 * unit**2,
        weights=np.full(effects.k, np.nan),
        effects=effects,
        notes=(
            *size_notes(effects.k, "a selection model"),
            "the model takes the p-value for the only thing that decides on publication; with few "
            "studies the direction of the change says more than its size.",
        ),
    )


def _maximise(likelihood: _Likelihood, mean: float, tau2: float) -> Values:
    """Find the highest maximum that the starting points lead to, and sharpen it."""

    def downhill(point: Values) -> float:
        value = likelihood(point)
        return -value if np.isfinite(value) else 1e10

    best: optimize.OptimizeResult | None = None
    for shift in (0.0, -1.0):
        for exponent in (0.0, -0.4):
            start = np.array([mean + shift, np.log(tau2 + 0.05), exponent, 0.0])
            found = optimize.minimize(downhill, start, method="BFGS", options={"gtol": 1e-6})
            if best is None or found.fun < best.fun:
                best = found
    assert best is not None
    point = np.asarray(best.x, dtype=float)
    for _ in range(5):
        step = np.linalg.lstsq(likelihood.hessian(point), likelihood.gradient(point), rcond=1e-8)[0]
        if np.abs(step).max() > 1:
            break
        point = point - step
    if np.abs(likelihood.gradient(point)).max() > _FLAT * len(likelihood.y):
        raise NotConverged(
            "the likelihood of the beta selection model has no maximum within reach: the data "
            "cannot tell selection from a different mean; use selection_model()"
        )
    return point
