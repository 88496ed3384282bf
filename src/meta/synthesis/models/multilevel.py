"""What is the effect when several effects come from one trial?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from meta.effect_sizes.container import Effects
from meta.effect_sizes.measures import measure_of
from meta.errors import DataError, TooFewStudies
from meta.synthesis.engine import check_choice, null_effect
from meta.synthesis.models.block_likelihood import BlockLikelihood, maximise
from meta.synthesis.models.correlated import cluster_codes, correlated_covariance
from meta.synthesis.presentation import (
    PooledAnswer,
    check_level,
    compact,
    need_effects,
    number,
    p_alone,
    p_text,
)

Matrix = NDArray[np.float64]

MULTILEVEL_METHODS = ("REML", "ML")
MULTILEVEL_CI_METHODS = ("t", "wald")


@dataclass(frozen=True, slots=True, kw_only=True)
class Multilevel(PooledAnswer):
    """The answer of a three-level meta-analysis: effects within clusters.

    Attributes
    ----------
    measure, method, ci_method, ci_level : str, str, str, float
        Effect measure and settings.
    k, n_clusters : int
        Number of effects and of clusters.
    rho : float or None
        Correlation of sampling errors within clusters that was assumed; None for independent ones
        or a given covariance.
    estimate, se, ci_low, ci_high, dof, p_value : float (dof: int or None)
        Mean effect on the scale of computation, with its interval; ``dof`` is None for the normal
        distribution.
    pi_low, pi_high : float
        Prediction interval for a new effect in a new cluster.
    sigma2_between, sigma2_within : float
        Variance of the true effects between clusters, and between the effects of a cluster.
    i2, i2_between, i2_within : float
        Share of the variance that is heterogeneity, in percent: total, and by level.
    q, q_dof, q_p_value : float, int, float
        Test of equal true effects, with the sampling covariances that were assumed.
    log_likelihood : float
        At the estimate; restricted for REML.
    effects : Effects
        What was pooled.
    cluster, inner : numpy.ndarray of shape (k,)
        Cluster of each effect, and the unit within it that has a true effect of its own, counted
        from 0.
    sampling_covariance : numpy.ndarray of shape (k, k)
        Sampling covariances that were used.
    notes : tuple of str
        Sentences that must stand beside these numbers.
    """

    _caption: ClassVar[str] = "Three-level meta-analysis"

    measure: str
    method: str
    ci_method: str
    ci_level: float
    k: int
    n_clusters: int
    rho: float | None
    estimate: float
    se: float
    ci_low: float
    ci_high: float
    dof: int | None
    p_value: float
    pi_low: float
    pi_high: float
    sigma2_between: float
    sigma2_within: float
    i2: float
    i2_between: float
    i2_within: float
    q: float
    q_dof: int
    q_p_value: float
    log_likelihood: float
    effects: Effects
    cluster: NDArray[np.intp]
    inner: NDArray[np.intp]
    sampling_covariance: Matrix
    notes: tuple[str, ...]

    def marginal_covariance(self) -> Matrix:
        """Return the covariance of the effects under the model, shape (k, k)."""
        together = self.cluster[:, None] == self.cluster[None, :]
        same = self.inner[:, None] == self.inner[None, :]
        return np.asarray(
            self.sampling_covariance
            + self.sigma2_between * together
            + self.sigma2_within * (together & same)
        )

    def _rows(self) -> list[tuple[str, str]]:
        scale, level = self.scale, f"{100 * self.ci_level:g} %"
        reference = "normal" if self.dof is None else f"t, {self.dof} df"
        sampling = "" if self.rho is None else f"; sampling errors correlated {self.rho:g}"
        return [
            ("Effect measure", scale.label),
            ("Effects", f"{self.k} in {self.n_clusters} clusters"),
            ("Method", f"{self.method}; {reference}{sampling}"),
            (f"Estimate ({level} interval)", self.effect_text(4)),
            ("p, against no effect", p_alone(self.p_value)),
            (
                f"{level} prediction interval",
                f"{number(scale.to_reader(self.pi_low), 4)} to "
                f"{number(scale.to_reader(self.pi_high), 4)}",
            ),
            (
                "Between clusters",
                f"σ² = {compact(self.sigma2_between)}, I² = {self.i2_between:.0f} %",
            ),
            (
                "Within clusters",
                f"σ² = {compact(self.sigma2_within)}, I² = {self.i2_within:.0f} %",
            ),
            (
                "Equal effects",
                f"Q = {self.q:.2f}, df = {self.q_dof}, p {p_text(self.q_p_value)}",
            ),
        ]


def multilevel(
    effects: Effects,
    *,
    cluster: str | ArrayLike,
    inner: str | ArrayLike | None = None,
    rho: float | None = None,
    sampling_covariance: ArrayLike | None = None,
    method: str = "REML",
    ci_method: str = "t",
    ci_level: float = 0.95,
) -> Multilevel:
    r"""Pool effects that come in clusters, such as several outcomes of each trial.

    Parameters
    ----------
    effects : Effects
        Effects of one measure.
    cluster : str or array_like of shape (k,)
        Column of ``effects.table``, or labels: which effects belong together.
    inner : str or array_like of shape (k,), optional
        Units within a cluster that have a true effect of their own. Each effect is one by default.
    rho : float, optional
        Correlation of the sampling errors within a cluster, from 0 to below 1, for effects of the
        same people (the correlated and hierarchical effects model). Independent by default, as for
        effects of different people.
    sampling_covariance : array_like of shape (k, k), optional
        Sampling covariances in place of ``rho``, for example from
        :func:`meta.synthesis.models.correlated.shared_control_covariance`. The diagonal is that
        of the effects, and there is none between clusters.
    method : {"REML", "ML"}
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
    >>> fit = meta.multilevel(effects, cluster="trial", rho=0.6)
    >>> fit.k, fit.n_clusters, fit.dof
    (6, 4, 3)
    """
    need_effects(effects, "multilevel")
    check_choice("method", method, MULTILEVEL_METHODS)
    check_choice("ci_method", ci_method, MULTILEVEL_CI_METHODS)
    check_level(ci_level)
    codes, names = cluster_codes(effects, cluster)
    if len(names) < 2:
        raise TooFewStudies(
            f"all {effects.k} effects belong to one cluster ({names[0]}), so the variance between "
            "clusters cannot be told from the mean: average them (aggregate_correlated)"
        )
    units = _units(effects, codes, inner)
    covariance = _sampling(effects, codes, rho, sampling_covariance)
    single = len(np.unique(codes)) == len(np.unique(units))
    model = BlockLikelihood(
        effects.yi, covariance, codes, units, restricted=method == "REML", single=single
    )
    sigma2 = maximise(model)
    at = model.at(sigma2)
    estimate, se = at.mean, float(np.sqrt(at.variance))
    dof = len(names) - 1 if ci_method == "t" else None
    reference = stats.norm() if dof is None else stats.t(dof)
    quantile = float(reference.ppf((1 + ci_level) / 2))
    null = null_effect(measure_of(effects.measure))
    spread = float(np.sqrt(sigma2.sum() + se**2))
    typical = model.typical_variance()
    shares = 100 * sigma2 / (sigma2.sum() + typical)
    q = model.q()
    return Multilevel(
        measure=effects.measure,
        method=method,
        ci_method=ci_method,
        ci_level=ci_level,
        k=effects.k,
        n_clusters=len(names),
        rho=rho,
        estimate=estimate,
        se=se,
        ci_low=estimate - quantile * se,
        ci_high=estimate + quantile * se,
        dof=dof,
        p_value=2 * float(reference.sf(abs(estimate - null) / se)),
        pi_low=estimate - quantile * spread,
        pi_high=estimate + quantile * spread,
        sigma2_between=float(sigma2[0]),
        sigma2_within=float(sigma2[1]),
        i2=float(shares.sum()),
        i2_between=float(shares[0]),
        i2_within=float(shares[1]),
        q=q,
        q_dof=effects.k - 1,
        q_p_value=float(stats.chi2.sf(q, effects.k - 1)),
        log_likelihood=at.value,
        effects=effects,
        cluster=codes,
        inner=units,
        sampling_covariance=covariance,
        notes=tuple(_notes(effects.k, codes, single, rho, sigma2, ci_method)),
    )


def _units(
    effects: Effects, codes: NDArray[np.intp], inner: str | ArrayLike | None
) -> NDArray[np.intp]:
    """Number the units that have a true effect of their own, over all clusters."""
    if inner is None:
        return np.arange(effects.k)
    within, _ = cluster_codes(effects, inner, "inner")
    _, units = np.unique(np.column_stack([codes, within]), axis=0, return_inverse=True)
    return np.asarray(units.ravel())


def _sampling(
    effects: Effects, codes: NDArray[np.intp], rho: float | None, given: ArrayLike | None
) -> Matrix:
    if given is None:
        return correlated_covariance(effects.vi, codes, 0.0 if rho is None else rho)
    if rho is not None:
        raise DataError("rho and sampling_covariance say the same thing twice: give one of them")
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
    rho: float | None,
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
    if rho is not None:
        notes.append(
            f"the correlation of sampling errors within clusters is an assumption ({rho:g}): "
            "vary it, and see robust() of this answer."
        )
    if len(sizes) < 10:
        kind = "" if ci_method == "t" else ", and a normal interval is too narrow"
        notes.append(f"{len(sizes)} clusters ({k} effects) are few{kind}.")
    return notes
