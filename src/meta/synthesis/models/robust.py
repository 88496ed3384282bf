"""What is the interval if the model's covariances are not to be trusted?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from meta.effect_sizes.container import Effects
from meta.errors import DataError, TooFewStudies
from meta.synthesis.engine import null_effect
from meta.synthesis.models.correlated import cluster_codes
from meta.synthesis.models.multilevel import Multilevel
from meta.synthesis.models.pooled import Pooled
from meta.synthesis.models.sandwich import Sandwich
from meta.synthesis.presentation import PooledAnswer, number, p_alone

# below this the Satterthwaite approximation does not keep its level (Tipton and Pustejovsky 2015)
_TRUSTWORTHY_DOF = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Robust(PooledAnswer):
    """A mean effect with a cluster-robust interval.

    Attributes
    ----------
    measure : str
        Effect measure.
    k, n_clusters : int
        Number of effects and of clusters.
    estimate, se, ci_low, ci_high, p_value : float
        Mean by the weights of the working model, with CR2 standard error, on the scale of
        computation.
    dof : float
        Satterthwaite's degrees of freedom of the t distribution; with clusters of unequal weight
        far fewer than there are clusters.
    ci_level : float
        Confidence level.
    model_se : float
        Standard error that the working model gives, without the correction of its interval.
    fit : Pooled or Multilevel
        The working model.
    notes : tuple of str
        Sentences that must stand beside these numbers.
    """

    _caption: ClassVar[str] = "Cluster-robust interval (CR2)"

    measure: str
    k: int
    n_clusters: int
    estimate: float
    se: float
    ci_low: float
    ci_high: float
    p_value: float
    dof: float
    ci_level: float
    model_se: float
    fit: Pooled | Multilevel
    notes: tuple[str, ...]

    def _rows(self) -> list[tuple[str, str]]:
        level = f"{100 * self.ci_level:g} %"
        return [
            ("Effect measure", self.scale.label),
            ("Effects", f"{self.k} in {self.n_clusters} clusters"),
            (f"Estimate ({level} interval)", self.effect_text(4)),
            ("p, against no effect", p_alone(self.p_value)),
            ("Degrees of freedom", f"{number(self.dof, 1)} (Satterthwaite)"),
            ("Standard error", f"{number(self.se, 4)} (working model {number(self.model_se, 4)})"),
        ]


def robust(
    effects: Effects | Pooled | Multilevel, *, cluster: str | ArrayLike | None = None
) -> Robust:
    r"""Give the mean effect an interval that holds however the effects of a cluster are related.

    Parameters
    ----------
    effects : Effects, Pooled or Multilevel
        A fit whose weights are used (the working model), or effects, which are pooled by the
        defaults of :func:`meta.pool` first.
    cluster : str or array_like of shape (k,), optional
        Column of the effects, or labels: which effects belong together. By default the clusters of
        a multilevel fit; must be given otherwise.

    Returns
    -------
    Robust
        On the scale of computation.

    Raises
    ------
    DataError
        If no cluster is given, an effect has none, or a multilevel fit is given others than its own
        (its covariances reach across them).
    TooFewStudies
        If there is only one cluster.

    Notes
    -----
    The sandwich estimator sums the squared weighted residuals of whole clusters. CR2 enlarges the
    residuals of each by what fitting has taken from them, so that the variance is unbiased if the
    working model is right; the t distribution has Satterthwaite's degrees of freedom. Below 4 of
    them the p-value cannot be trusted (a note says so): use the model's own interval, or average
    the effects of each cluster.

    The working model is the fit: its variances, and the covariances of a multilevel fit. The
    matrix root in the correction is the one of the R package clubSandwich.

    When not to use it: with few clusters. Degrees of freedom, not the number of clusters, say how
    few.

    Checked against clubSandwich 0.5.8 on sets with one and with several effects a cluster and on
    multilevel fits, and against its closed forms for equal weights.

    References
    ----------
    hedges2010, tiptonpustejovsky2015, pustejovskytipton2018

    Examples
    --------
    >>> import meta
    >>> effects = meta.Effects.from_arrays(
    ...     [0.3, 0.1, 0.5, 0.6, -0.1, 0.2],
    ...     [0.02, 0.03, 0.02, 0.04, 0.03, 0.02],
    ...     trial=["A", "A", "B", "B", "C", "D"],
    ... )
    >>> answer = meta.robust(effects, cluster="trial")
    >>> answer.n_clusters, round(answer.dof, 2), round(answer.se, 3)
    (4, 2.65, 0.127)
    """
    if isinstance(effects, Effects):
        from meta.synthesis.models.pool import pool

        fit: Pooled | Multilevel = pool(effects)
    elif isinstance(effects, Pooled | Multilevel):
        fit = effects
    else:
        raise DataError(
            "robust takes effects, or the answer of pool() or multilevel(), and was given "
            f"{type(effects).__name__}"
        )
    codes = _clusters(fit, cluster)
    count = int(codes.max()) + 1
    if count < 2:
        raise TooFewStudies(
            "all effects belong to one cluster, so nothing shows how clusters differ: average them"
        )
    sandwich = _sandwich(fit, codes)
    dof = sandwich.dof(np.ones(1))
    null = null_effect(fit.scale)
    se = float(np.sqrt(sandwich.cov[0, 0]))
    half = float(stats.t.ppf((1 + fit.ci_level) / 2, dof)) * se
    return Robust(
        measure=fit.measure,
        k=fit.k,
        n_clusters=count,
        estimate=fit.estimate,
        se=se,
        ci_low=fit.estimate - half,
        ci_high=fit.estimate + half,
        p_value=2 * float(stats.t.sf(abs(fit.estimate - null) / se, dof)) if se > 0 else np.nan,
        dof=dof,
        ci_level=fit.ci_level,
        model_se=float(np.sqrt(sandwich.model_cov[0, 0])),
        fit=fit,
        notes=tuple(_notes(dof, count, fit.k)),
    )


def _clusters(fit: Pooled | Multilevel, cluster: str | ArrayLike | None) -> NDArray[np.intp]:
    if cluster is None:
        if isinstance(fit, Multilevel):
            return fit.cluster
        raise DataError(
            "cluster is missing: name the column of the effects, or give one label for each "
            "effect, that says which effects belong together"
        )
    codes, names = cluster_codes(fit.effects, cluster)
    if isinstance(fit, Multilevel):
        split = [
            name
            for number, name in enumerate(names)
            if np.isin(fit.cluster[codes != number], fit.cluster[codes == number]).any()
        ]
        if split:
            raise DataError(
                "these clusters share a cluster of the multilevel fit with others, and its "
                f"covariances reach across them: {', '.join(split)}. Give clusters at least as "
                "wide, or none to use its own"
            )
    return codes


def _sandwich(fit: Pooled | Multilevel, codes: NDArray[np.intp]) -> Sandwich:
    if isinstance(fit, Pooled):
        tau2 = fit.tau2 if fit.model == "random" and fit.k > 1 else 0.0
        covariance = np.diag(fit.effects.vi + tau2)
    else:
        covariance = fit.marginal_covariance()
    members = [np.flatnonzero(codes == code) for code in range(int(codes.max()) + 1)]
    blocks = [covariance[np.ix_(rows, rows)] for rows in members]
    return Sandwich(fit.effects.yi, np.ones((fit.k, 1)), blocks, codes)


def _notes(dof: float, count: int, k: int) -> list[str]:
    notes = []
    if dof < _TRUSTWORTHY_DOF:
        notes.append(
            f"{dof:.1f} degrees of freedom: below {_TRUSTWORTHY_DOF} the p-value and interval are "
            "untrustworthy; read the model's own interval, or average the effects of each cluster."
        )
    if count == k:
        notes.append(
            "each effect is a cluster of its own: this guards against a wrong model of the "
            "variances, not against dependence."
        )
    return notes
