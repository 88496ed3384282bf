"""How uncertain is the variance of the true effects?"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import optimize, stats

from meta.errors import DataError, TooFewStudies
from meta.synthesis.fit_statistics import fit_statistics
from meta.synthesis.heterogeneity import q_profile_interval
from meta.synthesis.models.pooled import Pooled
from meta.synthesis.models.regression import MetaRegression

Floats = NDArray[np.float64]


def tau2_intervals(fit: Pooled | MetaRegression) -> pd.DataFrame:
    r"""Return the interval of tau2 by each method that the fit allows.

    Parameters
    ----------
    fit : Pooled or MetaRegression
        A random-effects fit.

    Returns
    -------
    pandas.DataFrame
        With the index ``method``: ``tau2 tau2_low tau2_high tau_low tau_high``, at the level of the
        fit. ``"Q-profile"`` always; ``"profile likelihood"`` for ML and REML; ``"Wald"`` where the
        fit has a standard error of tau2.

    Raises
    ------
    DataError
        If this is no random-effects fit.
    TooFewStudies
        If there is one study.

    Notes
    -----
    Profile likelihood: all tau2 whose log-likelihood (restricted for REML) lies less than half the
    quantile of :math:`\chi^2_1` below the top. Wald: :math:`\hat\tau^2 \pm z SE`, cut at 0.

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
    if not isinstance(fit, Pooled | MetaRegression) or fit.model != "random":
        found = fit.model if isinstance(fit, Pooled | MetaRegression) else type(fit).__name__
        raise DataError(
            f"tau2_intervals takes a random-effects answer of pool() or meta_regression(), and was "
            f"given {found}"
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
    table = pd.DataFrame.from_dict(rows, orient="index", columns=["tau2_low", "tau2_high"])
    table.insert(0, "tau2", fit.tau2)
    return table.assign(
        tau_low=np.sqrt(table["tau2_low"]), tau_high=np.sqrt(table["tau2_high"])
    ).rename_axis("method")


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

    low = 0.0 if above(0.0) >= 0 else float(optimize.brentq(above, 0.0, tau2, xtol=1e-14))
    high = max(tau2, float(vi.mean()))
    while above(high) > 0:
        high *= 2
    return low, float(optimize.brentq(above, tau2, high, xtol=1e-12))
