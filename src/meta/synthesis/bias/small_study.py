"""Do small studies give other answers than large ones?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from meta.arguments import checked
from meta.effect_sizes.measures import measure_of
from meta.errors import DataError
from meta.synthesis.bias.study_size import (
    ENDLESS,
    PREDICTOR_NAMES,
    PREDICTORS,
    default_predictor,
    size_notes,
    study_size,
    tied_notes,
    two_by_two,
)
from meta.synthesis.consumers import need_estimate
from meta.synthesis.engine import (
    NO_SPREAD,
    WeightedFit,
    check_choice,
    snapped,
    tau2_estimate,
    weighted_fit,
)
from meta.synthesis.estimate import Estimate, estimate_text, infer
from meta.synthesis.method_input import effects_of
from meta.synthesis.models.pooled import Pooled
from meta.synthesis.presentation import Answer
from meta.wording import number, p_alone, p_text

Values = NDArray[np.float64]

SMALL_STUDY_MODELS = ("lm", "rma")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EggerTest(Answer):
    """A regression test of funnel-plot asymmetry.

    Attributes
    ----------
    predictor : str
        What stands for study size.
    model : {"lm", "rma"}
        Weighted regression with multiplicative dispersion, or mixed-effects meta-regression.
    k : int
        Number of studies in the regression.
    slope, slope_se : float
        Change of the effect with the predictor; 0 means a symmetric funnel.
    statistic, dof, p_value : float, int or None, float
        Slope over its standard error; degrees of freedom of its t distribution, None for the
        normal one; two-sided p.
    limit, limit_se, limit_low, limit_high : float
        Effect that the line gives for an infinitely large study, on the scale of computation, with
        its interval. NaN for the predictors "ni" and "sqrtni", whose line has no such end.
    ci_level : float
        Confidence level of that interval.
    tau2 : float
        Residual between-study variance; NaN for "lm".
    measure : str
        Effect measure.
    notes : tuple of str
        Sentences that must stand beside these numbers.
    """

    _caption: ClassVar[str] = "Regression test of funnel-plot asymmetry (Egger)"

    predictor: str
    model: str
    k: int
    slope: float
    slope_se: float
    statistic: float
    dof: int | None
    p_value: float
    limit: float
    limit_se: float
    limit_low: float
    limit_high: float
    ci_level: float
    tau2: float
    measure: str
    notes: tuple[str, ...]

    def _rows(self) -> list[tuple[str, str]]:
        name = "z" if self.dof is None else f"t ({self.dof} df)"
        model = {"lm": "weighted regression, multiplicative", "rma": "mixed-effects regression"}
        rows = [
            ("Predictor", PREDICTOR_NAMES[self.predictor]),
            ("Model", f"{model[self.model]}, {self.k} studies"),
            (name, f"{number(self.statistic, 3)}, p {p_text(self.p_value)}"),
        ]
        if np.isfinite(self.limit):
            effect = estimate_text(
                measure_of(self.measure), self.limit, self.limit_low, self.limit_high
            )
            rows.append(
                (
                    "Effect as the predictor nears 0",
                    f"{effect}, {100 * self.ci_level:g} % interval",
                )
            )
        return rows


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BeggTest(Answer):
    """A rank test of funnel-plot asymmetry.

    Attributes
    ----------
    statistic : float
        Kendall's tau, the rank correlation of effects and variances, from -1 to 1.
    p_value : float
        Two-sided.
    exact : bool
        Whether p comes from the permutation distribution; False where values are tied.
    k : int
        Number of studies.
    notes : tuple of str
        Sentences that must stand beside these numbers.
    """

    _caption: ClassVar[str] = "Rank test of funnel-plot asymmetry (Begg)"

    statistic: float
    p_value: float
    exact: bool
    k: int
    notes: tuple[str, ...]

    def _rows(self) -> list[tuple[str, str]]:
        kind = "exact" if self.exact else "normal approximation, since values are tied"
        return [
            ("Kendall's τ", f"{number(self.statistic, 3)}, {self.k} studies"),
            ("p", f"{p_alone(self.p_value)} ({kind})"),
        ]


# all orders of this many studies are counted in a moment, and of this many in some seconds
_COUNTED, _MOST_COUNTED = 200, 1000


@checked
def egger(fit: Estimate, predictor: str | None = None, *, model: str = "lm") -> EggerTest:
    r"""Test whether the effects change with study size (Egger's regression test and its kin).

    Parameters
    ----------
    fit : Estimate
        At least three studies; ten before the answer can be read.
    predictor : str, optional
        "sei", "vi", "ni", "ninv", "sqrtni", "sqrtninv", "sqrt_inverse_n", "peters" or "harbord".
        What stands for study size: standard error, its square, number of people n, :math:`1/n`,
        :math:`\sqrt n`, :math:`1/\sqrt n`, :math:`\sqrt{1/n_t + 1/n_c}` (Pustejovsky and Rodgers),
        or one of the two regressions made for 2x2 tables (odds ratios with event counts only). The
        people of a crossover count once. By default the standard error, and
        :math:`\sqrt{1/n_t + 1/n_c}` for standardised mean differences whose group sizes are known.
    model : {"lm", "rma"}
        Weighted regression with a multiplicative dispersion (the classical form), or mixed-effects
        meta-regression with the fit's estimator of tau2 and interval method.

    Returns
    -------
    EggerTest
        On the scale of computation.

    Raises
    ------
    TooFewStudies
        If there are fewer than three studies.
    NotComparable
        If Peters' or Harbord's test is asked for another measure than the odds ratio.
    DataError
        If a number that the predictor needs is missing, the predictor is the same in all studies,
        or a setting is unknown.

    Notes
    -----
    The line is :math:`y_i = \beta_0 + \beta_1 x_i` with weights :math:`1 / v_i` and t with k - 2
    degrees of freedom ("lm"), or :math:`1 / (v_i + \hat\tau^2)` ("rma"). The test is that of
    :math:`\beta_1`; with x the standard error it equals the intercept test of Egger's original
    regression of :math:`y_i / se_i` on :math:`1 / se_i`. :math:`\beta_0` is the effect as x nears
    0.

    A standardised mean difference enters its own standard error, so with that predictor the test
    finds asymmetry where there is none; hence the other default. The same holds for odds ratios:
    Peters regresses the log odds ratio on 1/n with weights :math:`(1/e_i + 1/(n_i - e_i))^{-1}`, e
    being the events of both groups; Harbord regresses :math:`Z/V` on :math:`1/\sqrt V` with weights
    V, Z being the score and V its hypergeometric variance. Studies with no event, or nothing but
    events, carry no information there; a note names them.

    Asymmetry has many causes besides unpublished studies: other populations, other doses and worse
    methods in small studies, or chance.

    Checked against metafor 3.8 (``regtest``, models "lm" and "rma") on the data sets in
    validation/metafor; Peters and Harbord against weighted regressions of statsmodels.

    References
    ----------
    egger1997, harbord2006, peters2006, sterne2011, pustejovskyrodgers2019

    Examples
    --------
    >>> import meta
    >>> fit = meta.pool([-0.9, -0.6, -0.5, -0.2, -0.1], [0.20, 0.12, 0.10, 0.02, 0.01])
    >>> test = meta.egger(fit)
    >>> round(test.statistic, 3), test.dof, round(test.limit, 3)
    (-16.162, 3, 0.106)
    """
    need_estimate("egger", fit, 3)
    check_choice("model", model, SMALL_STUDY_MODELS)
    effects = effects_of(fit)
    chosen = predictor or default_predictor(effects)
    check_choice("predictor", chosen, PREDICTORS)
    left_out: list[str] = []
    if chosen in {"peters", "harbord"}:
        if model != "lm":
            raise DataError(f"predictor={chosen!r} is a weighted regression: use model='lm'")
        y, v, x, left_out = two_by_two(effects, chosen)
    else:
        y, v, x = effects.yi, effects.vi, study_size(effects, chosen)
    notes = [*size_notes(len(y), "the test"), *left_out, *tied_notes(effects.measure, chosen)]
    tau2, line = _line(fit, y, v, x, chosen, model)
    if line.dof is not None and line.scale < NO_SPREAD:
        notes.append(
            "the effects lie on a line, equal ones among them, and leave no standard error: there "
            "is no statistic and no p-value."
        )
    se = np.sqrt(np.diag(line.cov))
    slope = infer(line.beta[1], se[1], line.dof, fit.ci_level)
    # a line that rises with the size of the study has no end
    known = np.nan if chosen in ENDLESS else 1.0
    end = infer(known * line.beta[0], se[0], line.dof, fit.ci_level)
    return EggerTest(
        predictor=chosen,
        model=model,
        k=len(y),
        slope=float(line.beta[1]),
        slope_se=float(se[1]),
        statistic=slope.statistic,
        dof=line.dof,
        p_value=slope.p_value,
        limit=known * float(line.beta[0]),
        limit_se=known * float(se[0]),
        limit_low=end.ci_low,
        limit_high=end.ci_high,
        ci_level=fit.ci_level,
        tau2=tau2,
        measure=effects.measure,
        notes=tuple(notes),
    )


def _line(
    fit: Estimate, y: Values, v: Values, x: Values, predictor: str, model: str
) -> tuple[float, WeightedFit]:
    if np.ptp(snapped(x)) == 0:
        raise DataError(
            f"the {PREDICTOR_NAMES[predictor]} is the same in all studies, so small and large "
            "ones cannot be told apart: the question cannot be asked of these data"
        )
    design = np.column_stack([np.ones_like(x), x])
    if model == "lm" or fit.model == "uwls":
        # the Knapp-Hartung factor at tau2 = 0 is the residual variance of weighted regression
        return np.nan, weighted_fit(y, v, 0.0, design, ci_method="HK")
    if not isinstance(fit, Pooled):
        raise DataError(
            "model='rma' takes the estimator of tau2 from the fit, and this one has none: give "
            "meta.pool(fit), or use model='lm'"
        )
    tau2 = tau2_estimate(y, v, fit.tau2_method, design) if fit.model == "random" else 0.0
    return tau2, weighted_fit(y, v, tau2, design, ci_method=fit.ci_method)


@checked
def begg(fit: Estimate, *, method: str = "auto") -> BeggTest:
    r"""Test whether effects and their variances go together in rank (Begg and Mazumdar).

    Parameters
    ----------
    fit : Estimate
        At least three studies; ten before the answer can be read.
    method : {"auto", "exact", "normal"}
        Where the p-value comes from: all orders of the ranks, counted; the normal distribution; or
        the first for up to 200 studies without ties, else the second.

    Returns
    -------
    BeggTest

    Raises
    ------
    TooFewStudies
        If there are fewer than three studies.

    Notes
    -----
    Kendall's correlation of :math:`(y_i - \hat\mu) / \sqrt{v_i - 1 / \sum_j v_j^{-1}}` with
    :math:`v_i`, where :math:`\hat\mu` is the common-effect estimate whatever the fit's model. The
    normal p-value has the variance corrected for ties and no continuity correction. The test has
    less power than the regression test, and the same weakness with standardised mean differences.

    Checked against metafor 3.8 (``ranktest``).

    References
    ----------
    begg1994

    Examples
    --------
    >>> import meta
    >>> fit = meta.pool([-0.9, -0.6, -0.5, -0.2, -0.1], [0.20, 0.12, 0.10, 0.02, 0.01])
    >>> test = meta.begg(fit)
    >>> round(test.statistic, 3), round(test.p_value, 3), test.exact
    (-1.0, 0.017, True)
    """
    need_estimate("begg", fit, 3)
    check_choice("method", method, ("auto", "exact", "normal"))
    effects = effects_of(fit)
    y, v = effects.yi, effects.vi
    pooled_variance = 1 / np.sum(1 / v)
    centre = pooled_variance * np.sum(y / v)
    deviates = (y - centre) / np.sqrt(v - pooled_variance)
    deviates, v = snapped(deviates), snapped(v)
    if np.ptp(v) == 0 or np.ptp(deviates) == 0:
        raise DataError(
            "all studies have the same variance, or all the same effect, so nothing can be ranked: "
            "the question cannot be asked of these data"
        )
    untied = len(np.unique(deviates)) == len(np.unique(v)) == len(y)
    if method == "exact" and not (untied and len(y) <= _MOST_COUNTED):
        raise DataError(
            f"begg: method='exact' counts all orders, of up to {_MOST_COUNTED} studies without "
            f"ties; there are {len(y)}{'' if untied else ', some tied'}: use method='normal'"
        )
    exact = method == "exact" or (method == "auto" and untied and len(y) <= _COUNTED)
    answer = stats.kendalltau(deviates, v, method="exact" if exact else "asymptotic")
    notes = size_notes(len(y), "the test")
    if method == "auto" and untied and not exact:
        notes.append(
            f"k = {len(y)}: the p-value is from the normal distribution, which more than "
            f"{_COUNTED} studies are enough for."
        )
    if fit.scale.standardised:
        notes.append(
            "a standardised mean difference enters its own variance, so the test finds asymmetry "
            "too often; egger(fit) has a predictor that does not."
        )
    return BeggTest(
        statistic=float(answer.statistic),
        p_value=float(answer.pvalue),
        exact=exact,
        k=len(y),
        notes=tuple(notes),
    )
