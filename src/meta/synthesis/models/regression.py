"""Does the effect go along with a property of the studies?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import special

from meta.arguments import checked
from meta.effect_sizes.container import Effects
from meta.errors import TooFewStudies
from meta.synthesis.engine import (
    CI_METHODS,
    NO_SPREAD,
    TAU2_METHODS,
    WeightedFit,
    check_choice,
    quantile,
    tau2_estimate,
    weighted_fit,
)
from meta.synthesis.estimate import Estimate
from meta.synthesis.fit_statistics import fit_statistics
from meta.synthesis.heterogeneity import q_profile_interval, q_statistic, typical_variance
from meta.synthesis.method_input import effects_of
from meta.synthesis.models.coefficients import Regression, coefficient_table
from meta.synthesis.models.moderators import study_design
from meta.synthesis.models.permuted_moderators import regression_permutation
from meta.wording import compact, p_text

Floats = NDArray[np.float64]

REGRESSION_MODELS = ("random", "common")

# the usual rule of thumb: fewer studies for each coefficient, and a chance finding is likely
_STUDIES_PER_MODERATOR = 10


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MetaRegression(Regression):
    """The answer of a meta-regression.

    Everything is on the scale of computation: for ratio measures a coefficient is the change of the
    logarithm with one unit of the moderator. Nothing is rounded.

    Attributes
    ----------
    measure : str
        Effect measure of the input.
    formula : str
        Moderators.
    model : {"random", "common"}
        Whether there is a residual tau2.
    tau2_method, ci_method, ci_level : str, str, float
        Settings, as in :func:`meta.pool`.
    k : int
        Number of effects.
    coefficients : pandas.DataFrame
        One row for each, by its name: ``estimate se statistic dof p_value ci_low ci_high``. ``dof``
        is None where the reference distribution is normal.
    cov : numpy.ndarray of shape (p, p)
        Covariance of the coefficients.
    qm, qm_p_value : float
        Omnibus test that all coefficients but the intercept are 0.
    qm_test : {"chi2", "F"}
        Its distribution: chi-squared with a Wald interval, F (the Wald statistic over its degrees
        of freedom) with a Knapp-Hartung one.
    qm_dof : int
        Coefficients tested.
    qm_dof_residual : int or None
        Second degrees of freedom of the F distribution.
    qe, qe_dof, qe_p_value : float, int, float
        Cochran's Q test of residual heterogeneity.
    tau2, tau2_low, tau2_high : float
        Residual variance of the true effects and its Q-profile interval; 0 and NaN under the
        common-effect model.
    tau2_total : float
        tau2 without moderators, by the same method.
    r2 : float
        Share of that variance which the moderators explain, percent, floored at 0; NaN where there
        is none to explain.
    log_likelihood, aic, bic : float
        Restricted for REML, full for every other method; see :func:`meta.likelihood_ratio`.
    n_parameters : int
        Coefficients, and tau2 where there is one.
    i2, h2 : float
        Residual variance between studies as a share of the unexplained variance, percent; total
        over sampling variance.
    effects : Effects
        What was analysed.
    notes : tuple of str
        Sentences that must stand beside these numbers wherever they are shown.
    """

    _caption: ClassVar[str] = "Meta-regression"

    model: str
    tau2_method: str
    ci_method: str
    qm: float
    qm_test: str
    qm_dof: int
    qm_dof_residual: int | None
    qm_p_value: float
    qe: float
    qe_dof: int
    qe_p_value: float
    tau2: float
    tau2_low: float
    tau2_high: float
    tau2_total: float
    r2: float
    i2: float
    h2: float
    log_likelihood: float
    aic: float
    bic: float
    n_parameters: int

    @property
    def dof(self) -> int | None:
        """Degrees of freedom of the intervals; None for the normal distribution."""
        return self.k - len(self.cov) if self.ci_method != "wald" else None

    @property
    def method(self) -> str:
        """Estimator of tau2; "none" under the common-effect model."""
        return self.tau2_method if self.model == "random" else "none"

    @checked
    def predict(self, newdata: pd.DataFrame | None = None) -> pd.DataFrame:
        """Predict the mean effect of studies with given moderators.

        Parameters
        ----------
        newdata : pandas.DataFrame, optional
            A row for each prediction, with every moderator of the formula. The studies' own by
            default.

        Returns
        -------
        pandas.DataFrame
            With the index of ``newdata``: ``estimate se ci_low ci_high``, and ``pi_low pi_high``,
            the interval in which the true effect of one new such study would lie; on the scale of
            computation.

        Raises
        ------
        DataError
            If a moderator is missing from the table or from a row, or a category was not in the
            studies; with a line for each fault.

        Notes
        -----
        Both intervals have the reference distribution of the coefficients. A prediction outside
        the range of the studies' moderators is an extrapolation.
        """
        table = Regression.predict(self, newdata)
        reach = quantile(self.ci_level, self.dof) * np.sqrt(table["se"] ** 2 + self.tau2)
        return table.assign(pi_low=table["estimate"] - reach, pi_high=table["estimate"] + reach)

    @checked
    def permutation(self, *, n_max: int = 5000, seed: int = 0) -> pd.DataFrame:
        """Test the coefficients by permuting which study has which moderators.

        Parameters
        ----------
        n_max : int
            Most rearrangements to count, at least 2. If no more differ, all are counted (an exact
            test), else a random sample of this size, the observed one in it.
        seed : int
            Start of the random numbers.

        Returns
        -------
        pandas.DataFrame
            ``term statistic p_value n_permutations exact``: a row for each coefficient, and
            ``"all moderators"`` for the omnibus test. The statistic is the one of the fit.

        Raises
        ------
        DataError
            If n_max is below 2.

        Notes
        -----
        Effects keep their variances; tau2 is estimated anew for each rearrangement. With few
        studies and several moderators this holds the error rate that the usual tests exceed
        (Higgins and Thompson 2004).

        References
        ----------
        higginsthompson2004
        """
        p_values, omnibus, count, exact = regression_permutation(
            self.effects.yi,
            self.effects.vi,
            self.design,
            _tested(self.coefficients.index.tolist(), self.design),
            self.tau2_method if self.model == "random" else None,
            self.ci_method,
            n_max,
            seed,
        )
        return pd.DataFrame(
            {
                "term": [*self.coefficients.index, "all moderators"],
                "statistic": [*self.coefficients["statistic"], self.qm],
                "p_value": [*p_values, omnibus],
                "n_permutations": count,
                "exact": exact,
            }
        )

    def omnibus_text(self) -> str:
        """Return the omnibus test of the moderators."""
        if self.qm_test == "F":
            name = f"F({self.qm_dof}, {self.qm_dof_residual})"
            return f"{name} = {self.qm:.2f}, p {p_text(self.qm_p_value)}"
        return f"QM = {self.qm:.2f}, df = {self.qm_dof}, p {p_text(self.qm_p_value)}"

    def sentence(self) -> str:
        """Say the answer in one sentence."""
        explained = f"; R² = {self.r2:.0f} %" if np.isfinite(self.r2) else ""
        return (
            f"{self.scale.label} on {self.formula}, {self.k} studies: {self.omnibus_text()}"
            f"{explained}; residual τ² = {compact(self.tau2)}, "
            f"Q = {self.qe:.2f}, df = {self.qe_dof}, p {p_text(self.qe_p_value)}."
        )

    def _rows(self) -> list[tuple[str, str]]:
        model = (
            f"random effects, {self.tau2_method} estimate of tau2"
            if self.model == "random"
            else "common effect"
        )
        interval = {
            "wald": "Wald (normal) intervals",
            "HK": f"Knapp-Hartung intervals (t, {self.dof} df)",
            "HK-adhoc": f"ad hoc (conservative) Knapp-Hartung intervals (t, {self.dof} df)",
        }[self.ci_method]
        spread = f"Q = {self.qe:.2f}, df = {self.qe_dof}, p {p_text(self.qe_p_value)}"
        if self.model == "random":
            spread = (
                f"τ² = {compact(self.tau2)} ({compact(self.tau2_low)} to "
                f"{compact(self.tau2_high)}); I² = {self.i2:.0f} %; {spread}"
            )
        rows = [
            ("Effect measure", self.scale.label + (", logarithm" if self.scale.log else "")),
            ("Studies", f"{self.k}"),
            ("Formula", self.formula),
            ("Method", f"{model}; {interval}"),
            ("Moderators", self.omnibus_text()),
            ("Residual heterogeneity", spread),
        ]
        if np.isfinite(self.r2):
            rows.append(("Explained share of τ²", f"R² = {self.r2:.0f} %"))
        return rows


@checked
def meta_regression(
    effects: Effects | Estimate | ArrayLike | str,
    formula: str,
    *,
    vi: ArrayLike | str | None = None,
    sei: ArrayLike | str | None = None,
    data: pd.DataFrame | None = None,
    labels: Sequence[str] | str | None = None,
    measure: str | None = None,
    model: str = "random",
    tau2_method: str = "REML",
    ci_method: str = "HK",
    ci_level: float = 0.95,
) -> MetaRegression:
    r"""Regress effects on properties of the studies.

    Parameters
    ----------
    effects : Effects, Estimate or array_like of shape (k,)
        Effects with their moderators as columns of ``effects.table``, an answer whose effects are
        taken, or bare effects ``yi``. A missing moderator is a fault: no study is left out
        silently.
    formula : str
        Moderators in the formula language of R and formulaic, for example ``"~ dose + C(site)"``.
        An intercept is included unless ``0 +`` takes it out. ``np`` is known
        (``"np.minimum(weeks, 3)"``).
    vi, sei, data, labels, measure : optional
        For bare effects, as in :func:`meta.pool`; moderators are columns of ``data``.
    model : {"random", "common"}
        Random effects with a residual tau2, or common effect (no variance beyond the moderators;
        normal intervals).
    tau2_method : {"DL", "HE", "HS", "SJ", "ML", "REML", "EB", "PM"}
        Estimator of the residual tau2.
    ci_method : {"HK", "HK-adhoc", "wald"}
        Knapp-Hartung intervals and F test, the same with the factor floored at 1, or normal
        intervals and a chi-squared test.
    ci_level : float
        Confidence level of all intervals, between 0 and 1.

    Returns
    -------
    MetaRegression

    Raises
    ------
    DataError
        If the formula cannot be read or has no moderator or a left-hand side, a column does not
        exist, a study lacks a moderator (all such studies are named), a moderator is constant or
        repeats another, or a setting is unknown.
    TooFewStudies
        If there are not more studies than coefficients.

    Notes
    -----
    :math:`\hat\beta = (X'WX)^{-1} X'Wy` with :math:`W = diag(1 / (v_i + \hat\tau^2))`; Knapp and
    Hartung's factor is the weighted residual sum of squares over k - p. R2 is
    :math:`(\hat\tau^2_0 - \hat\tau^2) / \hat\tau^2_0`, with :math:`\hat\tau^2_0` of the model
    without moderators by the same estimator; with few studies it is very uncertain. I2 uses the
    typical sampling variance given the moderators.

    Checked against R's metafor 3.8 (``rma(mods = )``, Wald and ``test = "knha"``) on the data sets
    in validation/metafor.

    References
    ----------
    knapphartung2003, thompsonhiggins2002

    Examples
    --------
    >>> import meta
    >>> effects = meta.Effects.from_arrays([-0.5, -0.4, -0.1, 0.0], [0.04, 0.05, 0.03, 0.06],
    ...                                    measure="SMD", weeks=[12, 8, 6, 4])
    >>> fit = meta.meta_regression(effects, "~ weeks", ci_method="wald")
    >>> print(fit.omnibus_text())
    QM = 3.39, df = 1, p = 0.066
    """
    effects = effects_of(effects, vi, sei=sei, data=data, labels=labels, measure=measure)
    check_choice("model", model, REGRESSION_MODELS)
    check_choice("tau2_method", tau2_method, TAU2_METHODS)
    check_choice("ci_method", ci_method, CI_METHODS)
    coding, X, terms = study_design(effects, formula)
    yi, vi, k, p = effects.yi, effects.vi, effects.k, X.shape[1]
    if k <= p:
        raise TooFewStudies(
            f"{k} studies cannot carry {p} coefficients ({', '.join(terms)}) and a residual "
            f"variance; {p + 1} are needed, and ten for each moderator to be worth reading"
        )
    random = model == "random"
    in_use = ci_method if random else "wald"
    tau2 = tau2_estimate(yi, vi, tau2_method, X) if random else 0.0
    total = tau2_estimate(yi, vi, tau2_method) if random else np.nan
    fit = weighted_fit(yi, vi, tau2, X, in_use)
    low, high = q_profile_interval(yi, vi, ci_level, X) if random else (np.nan, np.nan)
    tested = _tested(terms, X)
    perfect = fit.dof is not None and in_use == "HK" and fit.scale < NO_SPREAD
    qm, qm_p_value = (np.nan, np.nan) if perfect else _omnibus(fit, tested)
    qe, qe_dof = q_statistic(yi, vi, X)
    typical = typical_variance(vi, X)
    quality = fit_statistics(yi, vi, tau2 if random else None, X, tau2_method)
    return MetaRegression(
        measure=effects.measure,
        formula=str(formula).strip(),
        model=model,
        tau2_method=tau2_method,
        ci_method=in_use,
        ci_level=ci_level,
        k=k,
        coefficients=_coefficients(terms, fit, ci_level, perfect),
        cov=fit.cov * (not perfect),
        qm=qm,
        qm_test="chi2" if fit.dof is None else "F",
        qm_dof=len(tested),
        qm_dof_residual=fit.dof,
        qm_p_value=qm_p_value,
        qe=qe,
        qe_dof=qe_dof,
        qe_p_value=float(special.chdtrc(qe_dof, qe)),
        tau2=tau2,
        tau2_low=low,
        tau2_high=high,
        tau2_total=total,
        r2=100 * max(0.0, (total - tau2) / total) if total > 0 else np.nan,
        # without a tau2 the share comes from Q, as in pool()
        i2=100 * (tau2 / (tau2 + typical) if random else max(0.0, qe - qe_dof) / max(qe, qe_dof)),
        h2=tau2 / typical + 1 if random else qe / qe_dof,
        **quality._asdict(),
        n_parameters=p + random,
        effects=effects,
        notes=tuple(_notes(k, len(tested), total, tau2, fit.scale, in_use)),
        design=X,
        _coding=coding,
    )


def _omnibus(fit: WeightedFit, tested: list[int]) -> tuple[float, float]:
    """Wald statistic of the tested coefficients (F if there are degrees of freedom) and its p."""
    b, count = fit.beta[tested], len(tested)
    qm = float(b @ np.linalg.solve(fit.cov[np.ix_(tested, tested)], b))
    if fit.dof is None:
        return qm, float(special.chdtrc(count, qm))
    return qm / count, float(special.fdtrc(count, fit.dof, qm / count))


def _coefficients(terms: list[str], fit: WeightedFit, level: float, perfect: bool) -> pd.DataFrame:
    # a fit that leaves no spread has no test
    se = np.sqrt(np.diag(fit.cov)) * (not perfect)
    index = pd.Index(terms, name="term")
    return coefficient_table(fit.beta, se, [fit.dof] * len(terms), level, index)


def _tested(terms: list[str], X: Floats) -> list[int]:
    """Columns of the omnibus test: all but the intercept."""
    return [i for i in range(len(terms)) if terms[i] != "Intercept" or np.ptp(X[:, i]) > 0]


def _notes(
    k: int, moderators: int, total: float, tau2: float, scale: float, ci_method: str
) -> list[str]:
    notes = [
        "studies were not randomised to their moderators, and a relation across studies need not "
        "hold for people within them."
    ]
    if k < _STUDIES_PER_MODERATOR * moderators:
        notes.append(
            f"{k} studies for {moderators} coefficient{'s' * (moderators > 1)}: fewer than "
            f"{_STUDIES_PER_MODERATOR} each, so a chance finding is likely and R² means little; "
            "see .permutation()."
        )
    if total == 0:
        notes.append("tau2 without moderators is 0: there is nothing for them to explain.")
    elif tau2 > total:
        notes.append(
            "tau2 is larger with the moderators than without, so R² is shown as 0 although the "
            "formula gives a negative share."
        )
    if ci_method == "wald" and k < _STUDIES_PER_MODERATOR * moderators:
        notes.append("normal intervals are too narrow with so few studies.")
    if ci_method == "HK" and scale < NO_SPREAD:
        notes.append(
            "the effects lie on the line: Knapp-Hartung leaves no standard error and no test; use "
            "ci_method='HK-adhoc'."
        )
    elif ci_method == "HK" and scale < 1:
        notes.append(
            f"the effects spread less around the line than the model expects (factor {scale:.2f}), "
            "which makes Knapp-Hartung intervals short; ci_method='HK-adhoc' gives wider ones."
        )
    return notes
