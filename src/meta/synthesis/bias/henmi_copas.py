"""What is the interval if small studies are the ones that publication favours?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy import integrate, optimize, special, stats

from meta.arguments import checked
from meta.effect_sizes.container import Effects
from meta.errors import TooFewStudies
from meta.synthesis.bias.smooth_likelihood import density
from meta.synthesis.consumers import need_estimate
from meta.synthesis.engine import tau2_estimate
from meta.synthesis.estimate import Estimate, RandomEffects, inference
from meta.synthesis.heterogeneity import q_statistic
from meta.synthesis.method_input import effects_of
from meta.wording import number


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HenmiCopas(RandomEffects):
    """A mean by common-effect weights, with an interval that holds under heterogeneity.

    It has the attributes of every random-effects estimate; ``se`` is the one that goes with these
    weights and ``tau2`` (DerSimonian-Laird), and the interval is not a multiple of it from a table:
    ``quantile`` is. There is no prediction interval.

    Attributes
    ----------
    quantile : float
        By how many standard errors the limits lie from the mean.
    """

    _caption: ClassVar[str] = "Henmi-Copas interval"
    _method: ClassVar[str] = "meta.synthesis.bias.henmi_copas:henmi_copas"
    _arguments: ClassVar[tuple[str, ...]] = ("ci_level",)

    quantile: float

    def interval(self, level: float | None = None) -> tuple[float, float]:
        """Return the interval at another level, on the scale of computation."""
        fit = self if level is None else self.refit(ci_level=level)
        return fit.ci_low, fit.ci_high

    def _model_text(self) -> str:
        return "common-effect weights, DL estimate of tau2"

    def _interval_text(self) -> str:
        return f"Henmi-Copas interval ({number(self.quantile)} standard errors)"


@checked
def henmi_copas(fit: Estimate | Effects, *, ci_level: float | None = None) -> HenmiCopas:
    r"""Pool with the weights that publication bias harms least, and an interval that holds.

    Random-effects weights give small studies more say, and those are the ones that are missing if
    they are not wanted. Common-effect weights resist that, but their usual interval is too narrow.

    Parameters
    ----------
    fit : Estimate or Effects
        Effects and confidence level are used.
    ci_level : float, optional
        Confidence level; that of the fit, or 0.95.

    Returns
    -------
    HenmiCopas
        On the scale of computation.

    Raises
    ------
    DataError
        If this is no answer of independent effects.
    TooFewStudies
        If there are fewer than two studies.

    Notes
    -----
    The mean is :math:`\sum w_i y_i / \sum w_i` with :math:`w_i = 1 / v_i`; the distribution of its
    error over its standard error, which depends on tau2 through Q, is approximated with a gamma
    distribution of Q given the error (Henmi and Copas 2010), and its quantile found numerically.

    When not to use it: as an estimate without bias. It is a check: if it lies far from the
    random-effects answer, small studies drive that.

    Checked against metafor's ``hc`` on bcg.

    References
    ----------
    henmicopas2010

    Examples
    --------
    >>> import meta
    >>> fit = meta.pool([-0.5, -0.1, -0.9, 0.3], [0.02, 0.03, 0.02, 0.04], measure="SMD")
    >>> print(meta.henmi_copas(fit).effect_text())
    −0.42 (−1.20 to 0.37)
    """
    if isinstance(fit, Estimate):
        need_estimate("henmi_copas", fit)
    effects = effects_of(fit)
    level = getattr(fit, "ci_level", 0.95) if ci_level is None else ci_level
    k = effects.k
    if k < 2:
        raise TooFewStudies("henmi_copas needs 2 studies")
    yi, w = effects.yi, 1 / effects.vi
    w1 = float(w.sum())
    w2, w3, w4 = (float((w**power).sum()) / w1 for power in (2, 3, 4))
    tau2 = tau2_estimate(yi, effects.vi, "DL")
    ratio = 1 + tau2 * w2
    mean, se = float((w * yi).sum()) / w1, float(np.sqrt(ratio / w1))
    quantile = _quantile(k, (w1, w2, w3, w4), tau2, level)
    q, q_dof = q_statistic(yi, effects.vi, np.ones((k, 1)))
    fields = inference(mean, se, None, level, effects.measure)
    fields |= {"ci_low": mean - quantile * se, "ci_high": mean + quantile * se, "p_value": np.nan}
    return HenmiCopas(
        **fields,
        model="random",
        k=k,
        n_total=effects.n_total,
        tau2=tau2,
        q=q,
        q_dof=q_dof,
        q_p_value=float(stats.chi2.sf(q, q_dof)),
        quantile=quantile,
        weights=100 * w / w1,
        effects=effects,
        notes=("a check against small studies, not a corrected estimate.",),
    )


def _quantile(k: int, w: tuple[float, float, float, float], tau2: float, level: float) -> float:
    """Quantile of the error of the mean over its standard error."""
    w1, w2, w3, w4 = w
    ratio = 1 + tau2 * w2
    root = float(np.sqrt(ratio))
    third, fourth = w3 - w2**2, w4 - 2 * w2 * w3 + w2**3

    def shape(r: float) -> tuple[float, float]:
        """Mean and variance of Q given the error r."""
        square = r**2 / ratio**2 - 1 / ratio
        mean = k - 1 + tau2 * (w1 - w2) + tau2**2 * square * third
        spread = (
            2 * (k - 1)
            + 4 * tau2 * (w1 - w2)
            + 2 * tau2**2 * (w1 * w2 - 2 * w3 + w2**2)
            + 4 * tau2**2 * square * third
            + 4 * tau2**3 * square * fourth
            + 2 * tau2**4 * (1 / ratio**2 - 2 * r**2 / ratio**3) * third**2
        )
        return mean, spread

    def beyond(t: float) -> float:
        def jointly(r: float) -> float:
            mean, spread = shape(root * r)
            limit = (w1 / w2 - 1) * ((r / t) ** 2 - 1) + k - 1
            below = special.gammainc(mean**2 / spread, limit / (spread / mean))
            return float(below * density(np.float64(r)))

        return float(integrate.quad(jointly, t, np.inf, limit=200)[0])

    tail = (1 - level) / 2
    # one trial holds all the weight: the error of the mean is its own
    if w1 / w2 - 1 < 1e-12:
        return float(stats.norm.isf(tail))
    high = 2.0
    while beyond(high) > tail:
        high *= 2
    return root * float(optimize.brentq(lambda t: beyond(t) - tail, 1e-6, high, xtol=1e-12))
