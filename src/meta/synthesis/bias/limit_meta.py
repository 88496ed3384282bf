"""What would the answer be if every study were as large as can be, and small ones are biased?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc

from meta.arguments import checked
from meta.effect_sizes.container import Effects
from meta.errors import DataError
from meta.synthesis.bias.study_size import size_notes
from meta.synthesis.consumers import need_estimate
from meta.synthesis.engine import weighted_fit
from meta.synthesis.estimate import Estimate, RandomEffects, inference
from meta.synthesis.heterogeneity import q_statistic
from meta.synthesis.method_input import effects_of
from meta.synthesis.models.pool import pool
from meta.synthesis.models.pooled import Pooled
from meta.wording import number, p_text


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LimitMeta(RandomEffects):
    r"""A mean adjusted for a trend with the standard error, by letting every study grow.

    It has the attributes of every random-effects estimate. There is no prediction interval, and
    weights have no meaning.

    Attributes
    ----------
    tau2_method : str
        Estimator of tau2.
    slope, slope_se : float
        Change of the effect with :math:`\sqrt{v_i + \tau^2}`: the small-study effect.
    q_small, q_residual : float
        Q in two parts: what the trend with the standard error explains (1 degree of freedom), and
        the rest (``q_dof - 1``).
    q_small_p_value : float
        Test that there is no such trend.
    g2 : float
        Share of the variance of the limit effects that is not explained by the trend, percent:
        heterogeneity beside the small-study effect.
    limit_effects : numpy.ndarray of shape (k,)
        Effects of the studies with the random error taken out.
    """

    _caption: ClassVar[str] = "Limit meta-analysis"
    _method: ClassVar[str] = "meta.synthesis.bias.limit_meta:limit_meta"
    _arguments: ClassVar[tuple[str, ...]] = ("tau2_method", "ci_level")

    tau2_method: str
    slope: float
    slope_se: float
    q_small: float
    q_residual: float
    q_small_p_value: float
    g2: float
    limit_effects: NDArray[np.float64]

    def _model_text(self) -> str:
        return f"limit meta-analysis (expectation), {self.tau2_method} estimate of tau2"

    def _further_rows(self) -> list[tuple[str, str]]:
        return [
            (
                "Trend with study size",
                f"χ² = {number(self.q_small)}, df = 1, p {p_text(self.q_small_p_value)}",
            ),
            ("Heterogeneity beside it", f"G² = {self.g2:.0f} %"),
        ]


@checked
def limit_meta(
    fit: Estimate | Effects, *, tau2_method: str | None = None, ci_level: float | None = None
) -> LimitMeta:
    r"""Adjust for a small-study effect: the mean if all studies had no sampling error left.

    Parameters
    ----------
    fit : Estimate or Effects
        At least three studies; ten before the answer can be read. Effects, confidence level and,
        of :func:`meta.pool`, the estimator of tau2 are used.
    tau2_method : str, optional
        Estimator of tau2; that of the fit, or REML.
    ci_level : float, optional
        Confidence level; that of the fit, or 0.95.

    Returns
    -------
    LimitMeta
        On the scale of computation.

    Raises
    ------
    DataError
        If this is no answer of independent effects, or all standard errors are equal.
    TooFewStudies
        If there are fewer than three studies.

    Notes
    -----
    With :math:`s_i^2 = v_i + \hat\tau^2` the model is
    :math:`y_i = \beta + s_i (\alpha + \epsilon_i)`, fitted as the line of :math:`y_i / s_i` on
    :math:`1 / s_i`. A study of endless size has :math:`s_i = \tau`, hence the adjusted mean
    :math:`\hat\beta + \hat\tau \hat\alpha` (the expectation; Rücker 2011), with a normal interval.
    Its standard error takes the residual variance for 1, and tau2 for known.

    G2 comes from the line through the limit effects
    :math:`\hat\beta + (\hat\tau / s_i)(y_i - \hat\beta)`. With tau2 = 0 there is no spread left,
    and the answer is the intercept of the line on the standard error (PET).

    When not to use it: with few studies, or studies of similar size, where the line is unknown; and
    as the true effect: a trend with size has other causes than missing studies. Read it beside
    :func:`meta.pet_peese` and :func:`meta.selection_model`.

    Checked against R's metasens 1.5 (``limitmeta``, ``method.adjust = "beta0"``) on moore1998.

    References
    ----------
    ruecker2011

    Examples
    --------
    >>> import meta
    >>> fit = meta.pool([-0.9, -0.8, -0.5, -0.3, -0.1], [0.20, 0.18, 0.10, 0.02, 0.01])
    >>> print(meta.limit_meta(fit).effect_text())
    −0.09 (−0.44 to 0.27)
    """
    if isinstance(fit, Effects):
        fit = pool(fit)
    need_estimate("limit_meta", fit, 3)
    effects = effects_of(fit)
    level = fit.ci_level if ci_level is None else ci_level
    own = fit.tau2_method if isinstance(fit, Pooled) else "REML"
    plain = pool(effects, tau2_method=tau2_method or own, ci_level=level)
    k, tau2 = effects.k, plain.tau2
    if np.ptp(effects.vi) == 0:
        raise DataError(
            "limit_meta: the standard error is the same in all studies, so there is no trend with "
            "it to follow"
        )
    spread = np.sqrt(effects.vi + tau2)
    # y = beta + alpha s with weights 1 / s^2 is the line of y / s on 1 / s
    line = weighted_fit(
        effects.yi, effects.vi, tau2, np.column_stack([np.ones(k), spread]), ci_method="wald"
    )
    beta, alpha = line.beta
    ends = np.array([1.0, np.sqrt(tau2)])
    limits = beta + np.sqrt(tau2) / spread * (effects.yi - beta)
    q, q_dof = q_statistic(effects.yi, effects.vi)
    trend = np.column_stack([np.ones(k), effects.sei])
    residual, _ = q_statistic(effects.yi, effects.vi, trend)
    # the share of y / se on 1 / se that the line leaves, of the limit effects
    rest, _ = q_statistic(limits, effects.vi, trend)
    radial = limits / effects.sei
    g2 = 100 * rest / float(np.sum((radial - radial.mean()) ** 2))
    return LimitMeta(
        **inference(
            float(ends @ line.beta), float(np.sqrt(ends @ line.cov @ ends)), None, level,
            effects.measure,
        ),
        model="limit",
        k=k,
        n_total=fit.n_total,
        tau2_method=plain.tau2_method,
        tau2=tau2,
        tau2_se=plain.tau2_se,
        i2=plain.i2,
        q=q,
        q_dof=q_dof,
        q_p_value=plain.q_p_value,
        slope=float(alpha),
        slope_se=float(np.sqrt(line.cov[1, 1])),
        q_small=q - residual,
        q_residual=residual,
        q_small_p_value=float(chdtrc(1, max(0.0, q - residual))),
        g2=g2,
        limit_effects=limits,
        weights=np.full(k, np.nan),
        effects=effects,
        notes=(
            *size_notes(k, "a limit meta-analysis"),
            "a trend with study size has other causes than missing studies; the answer is a check, "
            "not the true effect.",
        ),
    )  # fmt: skip
