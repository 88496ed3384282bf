"""What is the interval if the model's covariances are not to be trusted?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from meta.effect_sizes.container import Effects
from meta.errors import DataError, TooFewStudies
from meta.synthesis.consumers import need_estimate
from meta.synthesis.estimate import Estimate, inference
from meta.synthesis.given import effects_of, with_column
from meta.synthesis.models.correlated import cluster_codes
from meta.synthesis.models.multilevel import Multilevel
from meta.synthesis.models.pool import pool
from meta.synthesis.models.pooled import Pooled
from meta.synthesis.models.sandwich import Sandwich
from meta.synthesis.presentation import number

# below this the Satterthwaite approximation does not keep its level (Tipton and Pustejovsky 2015)
_TRUSTWORTHY_DOF = 4


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Robust(Estimate):
    """A mean effect with a cluster-robust interval.

    It has the attributes of every estimate: the mean by the weights of the working model, with CR2
    standard error and Satterthwaite's degrees of freedom (with clusters of unequal weight far fewer
    than there are clusters).

    Attributes
    ----------
    n_clusters : int
        Number of clusters.
    cluster : str
        Column of ``effects.table`` that says which effects belong together.
    model_se : float
        Standard error that the working model gives, without the correction of its interval.
    fit : Pooled or Multilevel
        The working model.
    """

    _caption: ClassVar[str] = "Cluster-robust interval (CR2)"
    _counted: ClassVar[tuple[str, str]] = ("effect", "effects")
    _arguments: ClassVar[tuple[str, ...]] = ("cluster",)

    n_clusters: int
    cluster: str
    model_se: float
    fit: Pooled | Multilevel

    def settings(self) -> dict[str, Any]:
        """Return the settings of the working model, and the cluster."""
        return self.fit.settings() | Estimate.settings(self)

    def refit(self, effects: Effects | None = None, **changes: Any) -> Self:
        """Do the same analysis with other effects or settings; see :meth:`Estimate.refit`."""
        cluster = changes.pop("cluster", self.cluster)
        return self._again(self.fit.refit(effects, **changes), cluster)

    def subset(self, keep: Any) -> Self:
        """Do the same analysis with some of the effects; see :meth:`meta.Effects.subset`."""
        return self._again(self.fit.subset(keep), self.cluster)

    def _again(self, fit: Pooled | Multilevel, cluster: str) -> Self:
        answer: Self = robust(fit, cluster=cluster)  # type: ignore[assignment]
        return answer

    def _count_text(self) -> str:
        first, comma, people = Estimate._count_text(self).partition(",")
        return f"{first} in {self.n_clusters} clusters{comma}{people}"

    def _model_text(self) -> str:
        return self.fit._model_text()

    def _interval_text(self) -> str:
        return f"cluster-robust (CR2) interval (t, {self.dof:.1f} df by Satterthwaite)"

    def _further_rows(self) -> list[tuple[str, str]]:
        text = f"{number(self.se, 4)} (working model {number(self.model_se, 4)})"
        return [("Standard error", text)]


def robust(
    effects: Effects | Pooled | Multilevel | ArrayLike | str,
    vi: ArrayLike | str | None = None,
    *,
    cluster: str | ArrayLike | None = None,
    sei: ArrayLike | str | None = None,
    data: pd.DataFrame | None = None,
    labels: Sequence[str] | str | None = None,
    measure: str | None = None,
) -> Robust:
    r"""Give the mean effect an interval that holds however the effects of a cluster are related.

    Parameters
    ----------
    effects : Effects, Pooled, Multilevel or array_like of shape (k,)
        A fit whose weights are used (the working model), or effects, or bare effects ``yi``, which
        are pooled by the defaults of :func:`meta.pool` first.
    vi : array_like of shape (k,), optional
        Sampling variances of bare effects.
    cluster : str or array_like of shape (k,), optional
        Column of the effects, or labels: which effects belong together. By default the clusters of
        a multilevel fit; must be given otherwise.
    sei, data, labels, measure : optional
        Standard errors in place of ``vi``, table, names and measure of bare effects, as in
        :func:`meta.pool`.

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
    if isinstance(effects, Estimate):
        need_estimate("robust", effects)
        fit: Pooled | Multilevel = effects
    else:
        fit = pool(effects_of(effects, vi, sei=sei, labels=labels, measure=measure, data=data))
    if cluster is None:
        if not isinstance(fit, Multilevel):
            raise DataError(
                "cluster is missing: name the column of the effects, or give one label for each "
                "effect, that says which effects belong together"
            )
        cluster = fit.cluster
    given, cluster = with_column(fit.effects, "cluster", cluster)
    if given is not fit.effects:
        fit = replace(fit, effects=given)
    codes = _clusters(fit, cluster)
    count = int(codes.max()) + 1
    if count < 2:
        raise TooFewStudies(
            "all effects belong to one cluster, so nothing shows how clusters differ: average them"
        )
    sandwich = _sandwich(fit, codes)
    dof, se = sandwich.dof(np.ones(1)), float(np.sqrt(sandwich.cov[0, 0]))
    return Robust(
        **inference(fit.estimate, se, dof, fit.ci_level, fit.measure),
        model=fit.model,
        k=fit.k,
        n_total=fit.n_total,
        n_clusters=count,
        cluster=cluster,
        model_se=float(np.sqrt(sandwich.model_cov[0, 0])),
        fit=fit,
        weights=fit.weights,
        effects=fit.effects,
        notes=tuple(_notes(dof, count, fit.k)),
    )


def _clusters(fit: Pooled | Multilevel, cluster: str) -> NDArray[np.intp]:
    codes, names = cluster_codes(fit.effects, cluster)
    if isinstance(fit, Multilevel):
        split = [
            name
            for number, name in enumerate(names)
            if np.isin(fit.codes[codes != number], fit.codes[codes == number]).any()
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
