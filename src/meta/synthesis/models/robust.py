"""What is the interval if the model's covariances are not to be trusted?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Self, overload

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from meta.arguments import checked
from meta.effect_sizes.container import Effects
from meta.errors import DataError, TooFewStudies
from meta.synthesis.consumers import need_estimate
from meta.synthesis.engine import check_choice
from meta.synthesis.estimate import Estimate, inference
from meta.synthesis.method_input import effects_of, with_column
from meta.synthesis.models.coefficients import (
    Regression,
    WaldTest,
    coefficient_table,
    wald_test,
)
from meta.synthesis.models.correlated import cluster_codes
from meta.synthesis.models.mixed_regression import MixedRegression
from meta.synthesis.models.multilevel import Multilevel
from meta.synthesis.models.pool import pool
from meta.synthesis.models.pooled import Pooled
from meta.synthesis.models.regression import MetaRegression
from meta.synthesis.models.sandwich import Sandwich
from meta.wording import number

# below this the Satterthwaite approximation does not keep its level (Tipton and Pustejovsky 2015)
_TRUSTWORTHY_DOF = 4

_VCOV = ("CR2", "CR1", "CR0")
_NO_CLUSTER = (
    "cluster is missing: name the column of the effects, or give one label for each effect, that "
    "says which effects belong together"
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Robust(Estimate):
    """A mean effect with a cluster-robust interval.

    It has the attributes of every estimate: the mean by the weights of the working model, with CR2
    standard error and Satterthwaite's degrees of freedom (with clusters of unequal weight far fewer
    than there are clusters), or those of CR1 or CR0.

    Attributes
    ----------
    n_clusters : int
        Number of clusters.
    cluster : str
        Column of ``effects.table`` that says which effects belong together.
    vcov : {"CR2", "CR1", "CR0"}
        Which sandwich.
    model_se : float
        Standard error that the working model gives, without the correction of its interval.
    fit : Pooled or Multilevel
        The working model.
    """

    _caption: ClassVar[str] = "Cluster-robust interval"
    _counted: ClassVar[tuple[str, str]] = ("effect", "effects")
    _arguments: ClassVar[tuple[str, ...]] = ("cluster", "vcov")

    n_clusters: int
    cluster: str
    vcov: str
    model_se: float
    fit: Pooled | Multilevel

    def settings(self) -> dict[str, Any]:
        """Return the settings of the working model, and the cluster."""
        return self.fit.settings() | Estimate.settings(self)

    def refit(self, effects: Effects | None = None, **changes: Any) -> Self:
        """Do the same analysis with other effects or settings; see :meth:`Estimate.refit`."""
        own = {name: changes.pop(name, getattr(self, name)) for name in self._arguments}
        return self._again(self.fit.refit(effects, **changes), **own)

    def subset(self, keep: Any) -> Self:
        """Do the same analysis with some of the effects; see :meth:`meta.Effects.subset`."""
        return self._again(self.fit.subset(keep), self.cluster, self.vcov)

    def _again(self, fit: Pooled | Multilevel, cluster: str, vcov: str) -> Self:
        answer: Self = robust(fit, cluster=cluster, vcov=vcov)  # type: ignore[assignment]
        return answer

    def _count_text(self) -> str:
        first, comma, people = Estimate._count_text(self).partition(",")
        return f"{first} in {self.n_clusters} clusters{comma}{people}"

    def _model_text(self) -> str:
        return self.fit._model_text()

    def _interval_text(self) -> str:
        by = f"{self.dof:.1f} df by Satterthwaite" if self.vcov == "CR2" else f"{self.dof:g} df"
        return f"cluster-robust ({self.vcov}) interval (t, {by})"

    def _further_rows(self) -> list[tuple[str, str]]:
        text = f"{number(self.se, 4)} (working model {number(self.model_se, 4)})"
        return [("Standard error", text)]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RobustRegression(Regression):
    """Coefficients of a regression with cluster-robust intervals.

    Attributes
    ----------
    measure, formula, ci_level : str, str, float
        Effect measure, moderators and level of the intervals.
    k, n_clusters : int
        Number of effects and of clusters.
    cluster : str
        Column of ``effects.table`` that says which effects belong together; "" for the groups of
        the working model.
    coefficients : pandas.DataFrame
        As in :class:`MetaRegression`, with robust standard errors, each with its degrees of
        freedom.
    cov : numpy.ndarray of shape (p, p)
        Robust covariance.
    vcov : {"CR2", "CR1", "CR0"}
        Which sandwich.
    omnibus : WaldTest
        Test that all coefficients but the intercept are 0, by Hotelling's T² with approximate
        degrees of freedom (HTZ; Tipton and Pustejovsky 2015); for CR1 and CR0 by F.
    effects : Effects
        What was analysed.
    fit : MetaRegression or MixedRegression
        The working model.
    notes : tuple of str
        Sentences that must stand beside these numbers.
    """

    _caption: ClassVar[str] = "Meta-regression with cluster-robust intervals"

    n_clusters: int
    cluster: str
    vcov: str
    omnibus: WaldTest
    fit: MetaRegression | MixedRegression
    _sandwich: Sandwich = field(repr=False)

    def sentence(self) -> str:
        """Say the answer in one sentence."""
        return (
            f"{self.scale.label} on {self.formula}, {self.k} effects in {self.n_clusters} clusters:"
            f" {self.omnibus.sentence()} (cluster-robust, {self.vcov})."
        )

    def _freedom(self, contrasts: NDArray[np.float64]) -> float:
        return self._sandwich.dof(contrasts[0])

    def _wald(self, rows: NDArray[np.float64], terms: tuple[str, ...]) -> WaldTest:
        beta = self.coefficients["estimate"].to_numpy(dtype=float)
        return _hotelling(self._sandwich, beta, rows, terms)

    def _rows(self) -> list[tuple[str, str]]:
        return [
            ("Effect measure", self.scale.label + (", logarithm" if self.scale.log else "")),
            ("Effects", f"{self.k} in {self.n_clusters} clusters"),
            ("Sandwich", self.vcov),
            ("Formula", self.formula),
            ("Moderators", self.omnibus.sentence()),
        ]


@overload
def robust(
    effects: MetaRegression | MixedRegression, vi: None = ..., *,
    cluster: str | ArrayLike | None = ..., vcov: str = ..., sei: None = ..., data: None = ...,
    labels: None = ..., measure: None = ...,
) -> RobustRegression: ...  # fmt: skip
@overload
def robust(
    effects: Effects | Estimate | ArrayLike | str, vi: ArrayLike | str | None = ..., *,
    cluster: str | ArrayLike | None = ..., vcov: str = ..., sei: ArrayLike | str | None = ...,
    data: pd.DataFrame | None = ..., labels: Sequence[str] | str | None = ...,
    measure: str | None = ...,
) -> Robust: ...  # fmt: skip
@checked
def robust(
    effects: Effects | Estimate | MetaRegression | MixedRegression | ArrayLike | str,
    vi: ArrayLike | str | None = None,
    *,
    cluster: str | ArrayLike | None = None,
    vcov: str = "CR2",
    sei: ArrayLike | str | None = None,
    data: pd.DataFrame | None = None,
    labels: Sequence[str] | str | None = None,
    measure: str | None = None,
) -> Robust | RobustRegression:
    r"""Give the mean effect an interval that holds however the effects of a cluster are related.

    Parameters
    ----------
    effects : Effects, Pooled, Multilevel, a regression or array_like of shape (k,)
        A fit whose weights are used (the working model: also the answer of
        :func:`meta.meta_regression`, and of :func:`meta.multilevel` with a formula), or effects, or
        bare effects ``yi``, which are pooled by the defaults of :func:`meta.pool` first.
    vi : array_like of shape (k,), optional
        Sampling variances of bare effects.
    cluster : str or array_like of shape (k,), optional
        Column of the effects, or labels: which effects belong together. By default the clusters of
        a multilevel fit; must be given otherwise.
    vcov : {"CR2", "CR1", "CR0"}
        Small-sample correction: CR2 with Satterthwaite's degrees of freedom; or, to repeat older
        analyses, CR1 (the factor J / (J - p) for J clusters and p coefficients) or CR0 (none), both
        with J - p degrees of freedom.
    sei, data, labels, measure : optional
        Standard errors in place of ``vi``, table, names and measure of bare effects, as in
        :func:`meta.pool`.

    Returns
    -------
    Robust or RobustRegression
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

    When not to use it: with few clusters; CR1 and CR0 with fewer than about forty. Degrees of
    freedom, not the number of clusters, say how few.

    Checked against clubSandwich 0.5.8 on sets with one and with several effects a cluster and on
    multilevel fits, and against its closed forms for equal weights; CR1 and CR0 against metafor 3.8
    (``robust``).

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
    check_choice("vcov", vcov, _VCOV)
    if isinstance(effects, MetaRegression | MixedRegression):
        return _regression(effects, cluster, vcov)
    if isinstance(effects, Estimate):
        need_estimate("robust", effects)
        fit: Pooled | Multilevel = effects  # type: ignore[assignment]
    else:
        fit = pool(effects_of(effects, vi, sei=sei, labels=labels, measure=measure, data=data))
    if cluster is None:
        if not isinstance(fit, Multilevel):
            raise DataError(_NO_CLUSTER)
        cluster = fit.cluster
    given, cluster = with_column(fit.effects, "cluster", cluster)
    if given is not fit.effects:
        fit = replace(fit, effects=given)
    codes, names = cluster_codes(fit.effects, cluster)
    sandwich = _sandwich(fit, codes, names, vcov)
    dof, se = sandwich.dof(np.ones(1)), float(np.sqrt(sandwich.cov[0, 0]))
    return Robust(
        **inference(fit.estimate, se, dof, fit.ci_level, fit.measure),
        model=fit.model,
        k=fit.k,
        n_total=fit.n_total,
        n_clusters=len(names),
        cluster=cluster,
        vcov=vcov,
        model_se=float(np.sqrt(sandwich.model_cov[0, 0])),
        fit=fit,
        weights=fit.weights,
        effects=fit.effects,
        notes=tuple(_notes(dof, len(names), fit.k)),
    )


def _regression(
    fit: MetaRegression | MixedRegression, cluster: str | ArrayLike | None, vcov: str
) -> RobustRegression:
    effects, name = fit.effects, ""
    if cluster is not None:
        effects, name = with_column(effects, "cluster", cluster)
        codes, names = cluster_codes(effects, name)
    elif isinstance(fit, MixedRegression):
        codes, names = fit.cluster, [f"group {one + 1}" for one in range(fit.cluster.max() + 1)]
    else:
        raise DataError(_NO_CLUSTER)
    sandwich = _sandwich(fit, codes, names, vcov)
    terms = list(fit.coefficients.index)
    one = np.eye(len(terms))
    dof = [sandwich.dof(row) for row in one]
    se = np.sqrt(np.diag(sandwich.cov))
    tested = [place for place, term in enumerate(terms) if term != "Intercept"] or [0]
    return RobustRegression(
        measure=fit.measure,
        formula=fit.formula,
        ci_level=fit.ci_level,
        k=fit.k,
        n_clusters=len(names),
        cluster=name,
        coefficients=coefficient_table(
            sandwich.beta, se, dof, fit.ci_level, fit.coefficients.index
        ),
        cov=sandwich.cov,
        vcov=vcov,
        omnibus=_hotelling(
            sandwich, sandwich.beta, one[tested], tuple(terms[place] for place in tested)
        ),
        effects=effects,
        fit=fit,
        notes=tuple(_notes(min(dof), len(names), fit.k)),
        design=fit.design,
        _coding=fit._coding,
        _sandwich=sandwich,
    )


def _hotelling(
    sandwich: Sandwich, beta: NDArray[np.float64], rows: NDArray[np.float64], terms: tuple[str, ...]
) -> WaldTest:
    """Test several contrasts by Hotelling's T² with approximate degrees of freedom, or by F."""
    if sandwich.vcov != "CR2":
        return wald_test(beta, sandwich.cov, rows, terms, sandwich.left_over)
    q, freedom = len(rows), sandwich.wald_dof(rows)
    left = freedom - q + 1
    if not left > 0:
        raise TooFewStudies(
            f"{q} coefficients cannot be tested together: the clusters leave {freedom:.1f} degrees "
            "of freedom; test them one by one"
        )
    spread = rows @ sandwich.cov @ rows.T
    sd = np.sqrt(np.diag(spread))
    if np.linalg.matrix_rank(spread / np.outer(sd, sd), hermitian=True) < q:
        raise TooFewStudies(
            f"{q} coefficients cannot be tested together: so few clusters show fewer directions in "
            "which they vary; test them one by one"
        )
    cov = sandwich.cov * freedom / left
    return wald_test(beta, cov, rows, terms, left)


def _sandwich(
    fit: Pooled | Multilevel | MetaRegression | MixedRegression,
    codes: NDArray[np.intp],
    names: list[str],
    vcov: str,
) -> Sandwich:
    if len(names) < 2:
        raise TooFewStudies(
            "all effects belong to one cluster, so nothing shows how clusters differ: average them"
        )
    if isinstance(fit, Multilevel | MixedRegression):
        covariance, X = fit.marginal_covariance(), fit.design
    else:
        tau2 = fit.tau2 if fit.model == "random" and fit.k > 1 else 0.0
        covariance = np.diag(fit.effects.vi + tau2)
        X = fit.design if isinstance(fit, MetaRegression) else np.ones((fit.k, 1))
    if vcov != "CR2" and len(names) <= X.shape[1]:
        raise TooFewStudies(
            f"{vcov} has the degrees of freedom that clusters leave beside coefficients, and there "
            f"are {len(names)} and {X.shape[1]}; use vcov='CR2'"
        )
    across = np.where(codes[:, None] == codes[None, :], 0.0, covariance)
    split = sorted({names[code] for code in codes[across.any(axis=1)]})
    if split:
        raise DataError(
            f"the covariances of the fit reach across these clusters: {', '.join(split)}. Give "
            "clusters at least as wide as those of the fit, or none to use its own"
        )
    members = [np.flatnonzero(codes == code) for code in range(len(names))]
    blocks = [covariance[np.ix_(rows, rows)] for rows in members]
    return Sandwich(fit.effects.yi, X, blocks, codes, vcov)


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
