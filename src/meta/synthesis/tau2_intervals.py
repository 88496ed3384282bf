"""How uncertain is the variance of the true effects?"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import optimize, stats

from meta.arguments import checked
from meta.errors import DataError, TooFewStudies
from meta.synthesis.consumers import need_estimate
from meta.synthesis.fit_statistics import fit_statistics
from meta.synthesis.heterogeneity import q_profile_interval
from meta.synthesis.models.mixed_model import MixedLikelihood, RandomTerm
from meta.synthesis.models.multilevel import Multilevel, terms_of
from meta.synthesis.models.pooled import Pooled
from meta.synthesis.models.regression import MetaRegression

Floats = NDArray[np.float64]


@checked
def tau2_intervals(fit: Pooled | MetaRegression | Multilevel) -> pd.DataFrame:
    r"""Return the interval of tau2 by each method that the fit allows.

    Parameters
    ----------
    fit : Pooled, MetaRegression or Multilevel
        A random-effects fit.

    Returns
    -------
    pandas.DataFrame
        With the index ``method``: ``tau2 tau2_low tau2_high tau_low tau_high``, at the level of the
        fit. ``"Q-profile"`` always; ``"profile likelihood"`` for ML and REML; ``"Wald"`` where the
        fit has a standard error of tau2. Of a multilevel fit: the profile likelihood of each
        variance, with the index ``term``.

    Raises
    ------
    DataError
        If this is no random-effects fit, or an answer of another method, with the reason.
    TooFewStudies
        If there is one study.

    Notes
    -----
    Profile likelihood: all tau2 whose log-likelihood (restricted for REML) lies less than half the
    quantile of :math:`\chi^2_1` below the top, all other parameters being fitted anew. Wald:
    :math:`\hat\tau^2 \pm z SE`, cut at 0.

    When not to use it: Wald's, with fewer than about fifty studies; it is shown because papers
    print it. Q-profile is exact under normality, profile likelihood needs many studies.

    Checked against metafor (``confint`` with ``type = "PL"``, and its standard errors).

    References
    ----------
    viechtbauer2007

    Examples
    --------
    >>> import meta
    >>> fit = meta.pool([-0.5, -0.1, -0.9, 0.3], [0.02, 0.03, 0.02, 0.04])
    >>> meta.tau2_intervals(fit)[["tau2_low", "tau2_high"]].round(2).rename_axis(None)
                        tau2_low  tau2_high
    Q-profile               0.06       3.68
    profile likelihood      0.05       2.28
    Wald                    0.00       0.66
    """
    if isinstance(fit, Multilevel):
        return _of_terms(fit)
    if not isinstance(fit, MetaRegression):
        need_estimate("tau2_intervals", fit)
    if fit.model != "random":
        raise DataError(
            "tau2_intervals takes a random-effects answer of pool(), meta_regression() or "
            f"multilevel(), and was given one of the {fit.model} model"
        )
    if fit.k < 2:
        raise TooFewStudies("tau2_intervals: one study does not show how studies differ")
    yi, vi = fit.effects.yi, fit.effects.vi
    X = fit.design if isinstance(fit, MetaRegression) else np.ones((fit.k, 1))
    rows = {"Q-profile": q_profile_interval(yi, vi, fit.ci_level, X)}
    if fit.tau2_method in {"ML", "REML"}:
        rows["profile likelihood"] = _profile(log_likelihood_of(fit), fit.tau2, fit.ci_level, vi)
    se = getattr(fit, "tau2_se", np.nan)
    if np.isfinite(se):
        half = float(stats.norm.ppf((1 + fit.ci_level) / 2)) * se
        rows["Wald"] = (max(0.0, fit.tau2 - half), fit.tau2 + half)
    return _table(rows, fit.tau2).rename_axis("method")


def _table(rows: dict[str, tuple[float, float]], tau2: float | Floats) -> pd.DataFrame:
    table = pd.DataFrame.from_dict(rows, orient="index", columns=["tau2_low", "tau2_high"])
    table.insert(0, "tau2", tau2)
    return table.assign(tau_low=np.sqrt(table["tau2_low"]), tau_high=np.sqrt(table["tau2_high"]))


def _of_terms(fit: Multilevel) -> pd.DataFrame:
    """Profile the likelihood of each variance, the others fitted anew."""
    terms, variances = terms_of(fit), fit.variances["variance"].to_numpy(dtype=float)
    ones, rows = np.ones((fit.k, 1)), {}
    for term, variance in zip(terms, variances, strict=True):
        others = tuple(other for other in terms if other is not term)

        def value(at: float, term: RandomTerm = term, others: tuple[RandomTerm, ...] = others
                  ) -> float:  # fmt: skip
            held = fit.V + term.marginal(np.array([[at]]))
            model = MixedLikelihood(
                fit.effects.yi, ones, held, others, restricted=fit.tau2_method == "REML"
            )
            return model.maximise().log_likelihood

        rows[term.name] = _profile(value, float(variance), fit.ci_level, fit.effects.vi)
    return _table(rows, variances).rename_axis("term")


def log_likelihood_of(fit: Pooled | MetaRegression) -> Callable[[float], float]:
    """Return the log-likelihood as a function of tau2, restricted for REML."""
    yi, vi = fit.effects.yi, fit.effects.vi
    X = fit.design if isinstance(fit, MetaRegression) else np.ones((fit.k, 1))
    return lambda tau2: fit_statistics(yi, vi, tau2, X, fit.tau2_method).log_likelihood


def _profile(
    value: Callable[[float], float], tau2: float, level: float, vi: Floats
) -> tuple[float, float]:
    """Where the log-likelihood has fallen by half the quantile of chi-squared."""
    floor = value(tau2) - float(stats.chi2.ppf(level, 1)) / 2

    def above(at: float) -> float:
        return value(at) - floor

    low = 0.0 if above(0.0) >= 0 else float(optimize.brentq(above, 0.0, tau2, xtol=1e-10 * tau2))
    high = max(tau2, float(vi.mean()))
    while above(high) > 0:
        high *= 2
    return low, float(optimize.brentq(above, tau2, high, xtol=1e-10 * high))
