"""What is the effect when several effects come from one trial?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.special import chdtrc

from meta.effect_sizes.container import Effects
from meta.errors import DataError, TooFewStudies
from meta.synthesis.engine import check_choice
from meta.synthesis.estimate import Estimate, RandomEffects, inference, prediction
from meta.synthesis.given import effects_of, with_column
from meta.synthesis.models.block_likelihood import BlockLikelihood, maximise
from meta.synthesis.models.correlated import cluster_codes, correlated_covariance
from meta.synthesis.presentation import check_level, compact

Matrix = NDArray[np.float64]

MULTILEVEL_METHODS = ("REML", "ML")
MULTILEVEL_CI_METHODS = ("t", "wald")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Multilevel(RandomEffects):
    """The answer of a three-level meta-analysis: effects within clusters.

    It has the attributes of every random-effects estimate. ``tau2`` is the sum of both variances,
    the prediction interval that of a new effect in a new cluster, ``q`` the test of equal true
    effects with the sampling covariances that were assumed, ``i2`` the share of the variance that
    is heterogeneity at either level; weights are the row sums of the inverse covariance of the
    effects.

    Attributes
    ----------
    tau2_method, ci_method : str
        Settings.
    n_clusters : int
        Number of clusters.
    cluster, inner : str
        Columns of ``effects.table`` that say which effects belong together, and which units within
        a cluster have a true effect of their own ("": each effect).
    correlation : float or None
        Correlation of sampling errors within clusters that was assumed; None for independent ones
        or a given covariance.
    sigma2_between, sigma2_within : float
        Variance of the true effects between clusters, and between the effects of a cluster.
    i2_between, i2_within : float
        Share of the variance by level, percent.
    log_likelihood : float
        At the estimate; restricted for REML.
    sampling_covariance : numpy.ndarray of shape (k, k)
        Sampling covariances that were used.
    """

    _caption: ClassVar[str] = "Three-level meta-analysis"
    _counted: ClassVar[tuple[str, str]] = ("effect", "effects")
    _method: ClassVar[str] = "meta.synthesis.models.multilevel:multilevel"
    _arguments: ClassVar[tuple[str, ...]] = (
        *("cluster", "inner", "correlation", "sampling_covariance", "tau2_method", "ci_method"),
        "ci_level",
    )

    tau2_method: str
    ci_method: str
    n_clusters: int
    cluster: str
    inner: str
    correlation: float | None
    sigma2_between: float
    sigma2_within: float
    i2_between: float
    i2_within: float
    log_likelihood: float
    sampling_covariance: Matrix
    # cluster and unit of each effect, counted from 0
    codes: NDArray[np.intp] = field(repr=False)
    units: NDArray[np.intp] = field(repr=False)
    _given: bool = field(repr=False)

    def settings(self) -> dict[str, Any]:
        """Return the settings that made this answer, as arguments of :func:`meta.multilevel`."""
        given = self.sampling_covariance if self._given else None
        found = RandomEffects.settings(self) | {"sampling_covariance": given}
        return found | {"inner": self.inner or None}

    def subset(self, keep: Any) -> Self:
        """Do the same analysis with some of the effects; see :meth:`meta.Effects.subset`."""
        if not self._given:
            return RandomEffects.subset(self, keep)
        kept = np.arange(self.k)[np.asarray(keep)]
        covariance = self.sampling_covariance[np.ix_(kept, kept)]
        return self.refit(self.effects.subset(kept), sampling_covariance=covariance)

    def marginal_covariance(self) -> Matrix:
        """Return the covariance of the effects under the model, shape (k, k)."""
        return _marginal(
            self.sampling_covariance, self.codes, self.units,
            np.array([self.sigma2_between, self.sigma2_within]),
        )  # fmt: skip

    def heterogeneity_text(self) -> str:
        """Return the variance and share of each level, and Q."""
        levels = (
            f"{name} clusters σ² = {compact(sigma2)}, I² = {i2:.0f} %"
            for name, sigma2, i2 in (
                ("between", self.sigma2_between, self.i2_between),
                ("within", self.sigma2_within, self.i2_within),
            )
        )
        return f"{'; '.join(levels)}; {self.q_text()}"

    def _count_text(self) -> str:
        first, comma, people = RandomEffects._count_text(self).partition(",")
        return f"{first} in {self.n_clusters} clusters{comma}{people}"

    def _model_text(self) -> str:
        sampling = (
            "" if self.correlation is None
            else f", sampling errors correlated {self.correlation:g}"
        )  # fmt: skip
        named = RandomEffects._model_text(self)
        return f"{named}, {self.tau2_method} estimates of both variances{sampling}"


def multilevel(
    effects: Effects | Estimate | ArrayLike | str,
    vi: ArrayLike | str | None = None,
    *,
    cluster: str | ArrayLike,
    inner: str | ArrayLike | None = None,
    sei: ArrayLike | str | None = None,
    data: pd.DataFrame | None = None,
    labels: Sequence[str] | str | None = None,
    measure: str | None = None,
    correlation: float | None = None,
    sampling_covariance: ArrayLike | None = None,
    tau2_method: str = "REML",
    ci_method: str = "t",
    ci_level: float = 0.95,
) -> Multilevel:
    r"""Pool effects that come in clusters, such as several outcomes of each trial.

    Parameters
    ----------
    effects : Effects, Estimate or array_like of shape (k,)
        Effects of one measure, an answer whose effects are taken, or bare effects ``yi``.
    vi : array_like of shape (k,), optional
        Sampling variances of bare effects.
    cluster : str or array_like of shape (k,)
        Column of ``effects.table``, or labels: which effects belong together.
    inner : str or array_like of shape (k,), optional
        Units within a cluster that have a true effect of their own. Each effect is one by default.
    sei, data, labels, measure : optional
        Standard errors in place of ``vi``, table, names and measure of bare effects, as in
        :func:`meta.pool`.
    correlation : float, optional
        Correlation of the sampling errors within a cluster, from 0 to below 1, for effects of the
        same people (the correlated and hierarchical effects model). Independent by default, as for
        effects of different people.
    sampling_covariance : array_like of shape (k, k), optional
        Sampling covariances in place of ``correlation``, for example from
        :func:`meta.synthesis.models.correlated.shared_control_covariance`. The diagonal is that
        of the effects, and there is none between clusters.
    tau2_method : {"REML", "ML"}
        Restricted or full maximum likelihood.
    ci_method : {"t", "wald"}
        t with one degree of freedom less than there are clusters, or normal.
    ci_level : float
        Confidence level, between 0 and 1.

    Returns
    -------
    Multilevel
        On the scale of computation.

    Raises
    ------
    DataError
        If an effect has no cluster, a setting is unknown, or the covariances cannot be.
    TooFewStudies
        If there is only one cluster: nothing then tells its mean from the mean of all.
    NotConverged
        If the likelihood search fails.

    Notes
    -----
    :math:`y_{ij} = \mu + u_i + w_{ij} + e_{ij}` with variances :math:`\sigma^2_B` between clusters,
    :math:`\sigma^2_W` within them, and the given sampling covariances. The (restricted) likelihood
    is maximised over both variances, which may be 0, from several starting points, with the
    covariance inverted cluster by cluster. The shares of variance are
    :math:`100 \sigma^2 / (\sigma^2_B + \sigma^2_W + \tilde v)` with :math:`\tilde v` the typical
    sampling variance, :math:`(k - 1) / tr(P)`.

    The t interval counts clusters, since effects of one cluster are no independent trials. It
    still trusts the model's covariances; :func:`meta.robust` of the answer does not.

    Checked against metafor 3.8 (``rma.mv(random = ~ 1 | outer/inner)``) on konstantopoulos2011 and,
    with a correlation of 0.6, on assink2016; and against the likelihood with full matrices.

    References
    ----------
    konstantopoulos2011, pustejovskytipton2022

    Examples
    --------
    >>> import meta
    >>> effects = meta.Effects.from_arrays(
    ...     [0.3, 0.1, 0.5, 0.6, -0.1, 0.2],
    ...     [0.02, 0.03, 0.02, 0.04, 0.03, 0.02],
    ...     trial=["A", "A", "B", "B", "C", "D"],
    ... )
    >>> fit = meta.multilevel(effects, cluster="trial", correlation=0.6)
    >>> fit.k, fit.n_clusters, fit.dof
    (6, 4, 3)
    """
    effects = effects_of(effects, vi, sei=sei, labels=labels, measure=measure, data=data)
    check_choice("tau2_method", tau2_method, MULTILEVEL_METHODS)
    check_choice("ci_method", ci_method, MULTILEVEL_CI_METHODS)
    check_level(ci_level)
    effects, cluster = with_column(effects, "cluster", cluster)
    effects, inner = with_column(effects, "inner", inner)
    codes, names = cluster_codes(effects, cluster)
    if len(names) < 2:
        raise TooFewStudies(
            f"all {effects.k} effects belong to one cluster ({names[0]}), so the variance between "
            "clusters cannot be told from the mean: average them (aggregate_correlated)"
        )
    units = _units(effects, codes, inner)
    covariance = _sampling(effects, codes, correlation, sampling_covariance)
    single = len(np.unique(codes)) == len(np.unique(units))
    model = BlockLikelihood(
        effects.yi, covariance, codes, units, restricted=tau2_method == "REML", single=single
    )
    sigma2 = maximise(model)
    at = model.at(sigma2)
    se = float(np.sqrt(at.variance))
    dof = len(names) - 1 if ci_method == "t" else None
    typical = model.typical_variance()
    total = float(sigma2.sum())
    shares = 100 * sigma2 / (total + typical)
    q, q_dof = model.q(), effects.k - 1
    weights = np.linalg.inv(_marginal(covariance, codes, units, sigma2)).sum(axis=0)
    method = "z" if dof is None else "t(k-1)"
    return Multilevel(
        **inference(at.mean, se, dof, ci_level, effects.measure),
        **prediction(at.mean, se, total, ci_level, method, len(names) - 1),
        model="multilevel",
        tau2_method=tau2_method,
        ci_method=ci_method,
        k=effects.k,
        n_total=None,
        n_clusters=len(names),
        cluster=cluster,
        inner=inner,
        correlation=correlation,
        tau2=total,
        sigma2_between=float(sigma2[0]),
        sigma2_within=float(sigma2[1]),
        i2=float(shares.sum()),
        i2_between=float(shares[0]),
        i2_within=float(shares[1]),
        q=q,
        q_dof=q_dof,
        q_p_value=float(chdtrc(q_dof, q)),
        log_likelihood=at.value,
        weights=100 * weights / weights.sum(),
        effects=effects,
        codes=codes,
        units=units,
        sampling_covariance=covariance,
        _given=sampling_covariance is not None,
        notes=(
            *effects.notes,
            *_notes(effects.k, codes, single, correlation, sigma2, ci_method),
        ),
    )


def _marginal(
    sampling: Matrix, codes: NDArray[np.intp], units: NDArray[np.intp], sigma2: Matrix
) -> Matrix:
    together = codes[:, None] == codes[None, :]
    same = units[:, None] == units[None, :]
    return np.asarray(sampling + sigma2[0] * together + sigma2[1] * (together & same))


def _units(effects: Effects, codes: NDArray[np.intp], inner: str) -> NDArray[np.intp]:
    """Number the units that have a true effect of their own, over all clusters."""
    if not inner:
        return np.arange(effects.k)
    within, _ = cluster_codes(effects, inner, "inner")
    _, units = np.unique(np.column_stack([codes, within]), axis=0, return_inverse=True)
    return np.asarray(units.ravel())


def _sampling(
    effects: Effects, codes: NDArray[np.intp], correlation: float | None, given: ArrayLike | None
) -> Matrix:
    if given is None:
        return correlated_covariance(effects.vi, codes, correlation or 0.0)
    if correlation is not None:
        raise DataError(
            "correlation and sampling_covariance say the same thing twice: give one of them"
        )
    try:
        matrix = np.asarray(given, dtype=float)
    except (TypeError, ValueError):
        raise DataError(
            "sampling_covariance holds values that are no numbers, or rows of unequal length"
        ) from None
    if matrix.shape != (effects.k, effects.k):
        raise DataError(
            f"sampling_covariance has shape {matrix.shape}; give one row and one column for each "
            f"of the {effects.k} effects"
        )
    faults = []
    if not np.isfinite(matrix).all():
        faults.append("it holds NaN or infinite values")
    elif not np.allclose(matrix, matrix.T, rtol=1e-10, atol=0):
        faults.append("it is not symmetric")
    else:
        if not np.allclose(np.diag(matrix), effects.vi, rtol=1e-8, atol=0):
            faults.append("its diagonal is not the sampling variances of the effects")
        if np.any(matrix[codes[:, None] != codes[None, :]] != 0):
            faults.append("it holds covariances between clusters: join those clusters")
        if np.linalg.eigvalsh(matrix)[0] <= 0:
            faults.append("it is not positive definite: a correlation in it is too large")
    if faults:
        raise DataError.from_faults("sampling_covariance", faults)
    return matrix


def _notes(
    k: int,
    codes: NDArray[np.intp],
    single: bool,
    correlation: float | None,
    sigma2: Matrix,
    ci_method: str,
) -> list[str]:
    sizes = np.bincount(codes)
    notes = []
    if single:
        notes.append(
            "each cluster holds one true effect, so the two variances cannot be separated: this is "
            "the ordinary random-effects model, and all heterogeneity is shown as between clusters."
        )
    elif (sizes > 1).sum() < 5:
        notes.append(
            f"only {(sizes > 1).sum()} of {len(sizes)} clusters hold several effects, so the two "
            "variances are hard to tell apart; their sum is better known."
        )
    if not single and (sigma2 == 0).any():
        level = "between" if sigma2[0] == 0 else "within"
        both = " and within" if (sigma2 == 0).all() else ""
        notes.append(f"the variance {level}{both} clusters is estimated as 0.")
    if correlation is not None:
        notes.append(
            f"the correlation of sampling errors within clusters ({correlation:g}) is an assump"
            "tion: vary it, and see robust() of this answer."
        )
    if len(sizes) < 10:
        kind = "" if ci_method == "t" else ", and a normal interval is too narrow"
        notes.append(f"{len(sizes)} clusters ({k} effects) are few{kind}.")
    return notes
