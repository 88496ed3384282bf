"""What is the effect when several effects come from one trial?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self, overload

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.special import chdtrc

from meta.arguments import checked
from meta.effect_sizes.container import Effects
from meta.errors import DataError, TooFewStudies
from meta.synthesis.engine import check_choice, quantile
from meta.synthesis.estimate import Estimate, RandomEffects, inference, prediction
from meta.synthesis.method_input import effects_of, with_column
from meta.synthesis.models.correlated import cluster_codes, correlated_covariance
from meta.synthesis.models.mixed_model import MixedLikelihood, RandomTerm
from meta.synthesis.models.mixed_regression import MixedRegression, mixed_regression
from meta.synthesis.models.random_terms import random_terms
from meta.wording import compact

Matrix = NDArray[np.float64]

MULTILEVEL_METHODS = ("REML", "ML")
MULTILEVEL_CI_METHODS = ("t", "wald")
# a variance below this share of the typical sampling variance is none
_NONE = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Multilevel(RandomEffects):
    """The mean of effects that hang together: effects within clusters, or crossed ones.

    It has the attributes of every random-effects estimate. ``tau2`` is the sum of all variances,
    the prediction interval that of a new effect in a new cluster, ``q`` the test of equal true
    effects with the sampling covariances that were assumed, ``i2`` the share of the variance that
    is heterogeneity at any level; weights are the row sums of the inverse covariance of the
    effects.

    Attributes
    ----------
    tau2_method, ci_method : str
        Settings.
    n_clusters : int
        Number of clusters; of the random term that has fewest, where there are others.
    cluster, inner : str
        Columns of ``effects.table`` that say which effects belong together, and which units within
        a cluster have a true effect of their own ("": each effect).
    random : tuple of str
        Formulas of random terms, where they were given in place of ``cluster``.
    correlation : float or None
        Correlation of sampling errors within clusters that was assumed; None for independent ones
        or given covariances.
    variances : pandas.DataFrame
        Variances of the true effects: ``term groups variance sd i2``, a row for each random term;
        ``i2`` is its share of the variance, percent.
    log_likelihood, aic, bic : float
        Restricted for REML; see :func:`meta.likelihood_ratio`.
    n_parameters : int
        The mean and the variances.
    V : numpy.ndarray of shape (k, k)
        Sampling covariances that were used.
    """

    _caption: ClassVar[str] = "Multilevel meta-analysis"
    _counted: ClassVar[tuple[str, str]] = ("effect", "effects")
    _method: ClassVar[str] = "meta.synthesis.models.multilevel:multilevel"
    _arguments: ClassVar[tuple[str, ...]] = (
        *("cluster", "inner", "random", "correlation", "V", "tau2_method", "ci_method"),
        "ci_level",
    )

    tau2_method: str
    ci_method: str
    n_clusters: int
    cluster: str
    inner: str
    random: tuple[str, ...]
    correlation: float | None
    variances: pd.DataFrame
    log_likelihood: float
    aic: float
    bic: float
    n_parameters: int
    V: Matrix
    _marginal: Matrix = field(repr=False)
    _given: bool = field(repr=False)

    @property
    def method(self) -> str:
        """Restricted ("REML") or full ("ML") maximum likelihood."""
        return self.tau2_method

    @property
    def design(self) -> Matrix:
        """The design matrix of a mean: ones."""
        return np.ones((self.k, 1))

    @property
    def sigma2_between(self) -> float:
        """Variance of the true effects between clusters (of the first random term)."""
        return float(self.variances["variance"].iloc[0])

    @property
    def sigma2_within(self) -> float:
        """Variance of the true effects within clusters (of the second random term)."""
        return float(self.variances["variance"].iloc[1]) if len(self.variances) > 1 else 0.0

    @property
    def i2_between(self) -> float:
        """Share of the variance between clusters, percent."""
        return float(self.variances["i2"].iloc[0])

    @property
    def i2_within(self) -> float:
        """Share of the variance within clusters, percent."""
        return float(self.variances["i2"].iloc[1]) if len(self.variances) > 1 else 0.0

    def settings(self) -> dict[str, Any]:
        """Return the settings that made this answer, as arguments of :func:`meta.multilevel`."""
        found = RandomEffects.settings(self) | {"V": self.V if self._given else None}
        if self.random:
            return found | {"cluster": None, "inner": None}
        return found | {"inner": self.inner or None, "random": None}

    def subset(self, keep: Any) -> Self:
        """Do the same analysis with some of the effects; see :meth:`meta.Effects.subset`."""
        if not self._given:
            return RandomEffects.subset(self, keep)
        kept = np.arange(self.k)[np.asarray(keep)]
        return self.refit(self.effects.subset(kept), V=self.V[np.ix_(kept, kept)])

    def marginal_covariance(self) -> Matrix:
        """Return the covariance of the effects under the model, shape (k, k)."""
        return self._marginal

    def random_effects(self) -> pd.DataFrame:
        r"""Predict the random effect of each group at each level (BLUP).

        Returns
        -------
        pandas.DataFrame
            One row for each group of each random term: ``term group estimate se pi_low pi_high``,
            on the scale of computation, as distances from the mean. A group is named by its values,
            an effect that is a group of its own by its label.

        Notes
        -----
        :math:`\sigma^2_t Z_t' M^{-1} (y - \hat\mu)` with the covariance M of the effects, and
        variance :math:`\sigma^2_t I - \sigma^4_t Z_t' P Z_t`. The uncertainty of the variances is
        left out. Checked against metafor's ``ranef``.
        """
        inverse = np.linalg.inv(self._marginal)
        sums = inverse.sum(axis=0)
        projection = inverse - np.outer(sums, sums) / sums.sum()
        score = inverse @ (self.effects.yi - self.estimate)
        reach = float(quantile(self.ci_level, self.dof))
        parts = []
        for term, variance in zip(terms_of(self), self.variances["variance"], strict=True):
            Z = np.eye(int(term.groups.max()) + 1)[term.groups]
            estimate = variance * Z.T @ score
            used = np.einsum("ij,ik,kj->j", Z, projection, Z)
            se = np.sqrt(np.maximum(variance - variance**2 * used, 0.0))
            first = np.unique(term.groups, return_index=True)[1]
            parts.append(
                pd.DataFrame(
                    {
                        "term": term.name,
                        "group": self._group_names(term.name, first),
                        "estimate": estimate,
                        "se": se,
                        "pi_low": estimate - reach * se,
                        "pi_high": estimate + reach * se,
                    }
                )
            )
        return pd.concat(parts, ignore_index=True)

    def _group_names(self, term: str, rows: NDArray[np.intp]) -> list[str]:
        """Name groups by the values of their columns in their first rows."""
        table = self.effects.table.iloc[rows]
        parts = [table[part if part in table else "label"].astype(str) for part in term.split("/")]
        return ["/".join(values) for values in zip(*parts, strict=True)]

    def heterogeneity_text(self) -> str:
        """Return the variance and share of each level, and Q."""
        names = (
            self.variances["term"]
            if self.random
            else ["between clusters", "within clusters"][: len(self.variances)]
        )
        levels = (
            f"{name} σ² = {compact(variance)}, I² = {i2:.0f} %"
            for name, variance, i2 in zip(
                names, self.variances["variance"], self.variances["i2"], strict=True
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
        several = {1: "the variance", 2: "both variances"}.get(len(self.variances), "all variances")
        return f"{named}, {self.tau2_method} estimates of {several}{sampling}"


@overload
def multilevel(
    effects: Effects | Estimate | ArrayLike | str, vi: ArrayLike | str | None = ..., *,
    cluster: str | ArrayLike | None = ..., inner: str | ArrayLike | None = ...,
    random: str | Sequence[str] | None = ..., structure: str = ..., formula: None = ...,
    sei: ArrayLike | str | None = ..., data: pd.DataFrame | None = ...,
    labels: Sequence[str] | str | None = ..., measure: str | None = ...,
    correlation: float | None = ..., V: ArrayLike | None = ..., tau2_method: str = ...,
    ci_method: str = ..., ci_level: float = ...,
) -> Multilevel: ...  # fmt: skip
@overload
def multilevel(
    effects: Effects | Estimate | ArrayLike | str, vi: ArrayLike | str | None = ..., *,
    cluster: str | ArrayLike | None = ..., inner: str | ArrayLike | None = ...,
    random: str | Sequence[str] | None = ..., structure: str = ..., formula: str,
    sei: ArrayLike | str | None = ..., data: pd.DataFrame | None = ...,
    labels: Sequence[str] | str | None = ..., measure: str | None = ...,
    correlation: float | None = ..., V: ArrayLike | None = ..., tau2_method: str = ...,
    ci_method: str = ..., ci_level: float = ...,
) -> MixedRegression: ...  # fmt: skip
@checked
def multilevel(
    effects: Effects | Estimate | ArrayLike | str,
    vi: ArrayLike | str | None = None,
    *,
    cluster: str | ArrayLike | None = None,
    inner: str | ArrayLike | None = None,
    random: str | Sequence[str] | None = None,
    structure: str = "CS",
    formula: str | None = None,
    sei: ArrayLike | str | None = None,
    data: pd.DataFrame | None = None,
    labels: Sequence[str] | str | None = None,
    measure: str | None = None,
    correlation: float | None = None,
    V: ArrayLike | None = None,
    tau2_method: str = "REML",
    ci_method: str = "t",
    ci_level: float = 0.95,
) -> Multilevel | MixedRegression:
    r"""Pool effects that hang together, such as several outcomes of each trial, or regress them.

    Parameters
    ----------
    effects : Effects, Estimate or array_like of shape (k,)
        Effects of one measure, an answer whose effects are taken, or bare effects ``yi``.
    vi : array_like of shape (k,), optional
        Sampling variances of bare effects.
    cluster : str or array_like of shape (k,), optional
        Column of ``effects.table``, or labels: which effects belong together. This or ``random``.
    inner : str or array_like of shape (k,), optional
        Units within a cluster that have a true effect of their own. Each effect is one by default.
    random : str or sequence of str, optional
        Random terms as formulas of columns: ``"~ 1 | study/effect"`` for effects within studies
        (the same as ``cluster`` and ``inner``), several terms for crossed groups
        (``["~ 1 | study", "~ 1 | drug"]``), ``"~ outcome | study"`` for a true effect of each
        outcome in each study, which needs a ``formula``.
    structure : {"CS", "HCS", "DIAG", "UN", "ID", "AR", "HAR", "CAR"}
        Covariance of the true effects of several outcomes or times: one variance (CS, ID, AR, CAR)
        or a variance each; one correlation of all pairs (CS, HCS), none (DIAG, ID), free (UN), or
        one that is multiplied with each step from level to level (AR, HAR: autoregressive) or with
        each unit of time (CAR: levels are numbers).
    formula : str, optional
        Moderators, as in :func:`meta.meta_regression`; ``"~ 0 + outcome"`` gives each outcome its
        mean.
    sei, data, labels, measure : optional
        Standard errors in place of ``vi``, table, names and measure of bare effects, as in
        :func:`meta.pool`.
    correlation : float, optional
        Correlation of the sampling errors within a cluster (a group of the first random term), from
        0 to below 1, for effects of the same people (the correlated and hierarchical effects
        model). Independent by default, as for effects of different people.
    V : array_like of shape (k, k), optional
        Sampling covariances in place of ``correlation``, for example from
        :func:`meta.impute_covariance` or :func:`meta.shared_control_covariance`. The diagonal is
        that of the effects, and there is none between clusters.
    tau2_method : {"REML", "ML"}
        Restricted or full maximum likelihood.
    ci_method : {"t", "wald"}
        t with one degree of freedom less than there are clusters (groups less coefficients), or
        normal.
    ci_level : float
        Confidence level, between 0 and 1.

    Returns
    -------
    Multilevel or MixedRegression
        A mean, or with a ``formula`` its coefficients; on the scale of computation.

    Raises
    ------
    DataError
        If an effect has no cluster, a setting or formula cannot be read, or the covariances cannot
        be.
    TooFewStudies
        If there is only one cluster: nothing then tells its mean from the mean of all.
    NotConverged
        If the likelihood search fails.

    Notes
    -----
    :math:`y = X\beta + \sum_t Z_t u_t + e` with independent random effects :math:`u_t` of each
    term and the given sampling covariances. The (restricted) likelihood is maximised over all
    variances, which may be 0, from several starting points, with the covariance inverted block by
    block. Shares of variance are :math:`100 \sigma^2_t / (\sum_t \sigma^2_t + \tilde v)` with
    :math:`\tilde v` the typical sampling variance, :math:`(k - 1) / tr(P)`.

    The t interval counts clusters, since effects of one cluster are no independent trials. It
    still trusts the model's covariances; :func:`meta.robust` of the answer does not.

    When not to use it: with very few clusters (fewer than about five) the variances cannot be told
    apart: average the effects of each (:func:`meta.aggregate_correlated`). ``structure="UN"`` asks
    for outcomes that occur together in many studies.

    Checked against metafor 3.8 and 5.1 (``rma.mv``) on konstantopoulos2011 (table 5 of the paper),
    assink2016 with a correlation of 0.6, berkey1998 (table II), ishak2007 (table 1),
    vanhouwelingen2002 (pages 604 to 613) and gleser2009 (chapter 19); and against the likelihood
    with full matrices.

    References
    ----------
    konstantopoulos2011, pustejovskytipton2022, berkey1998, gleserolkin2009

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
    >>> same = meta.multilevel(effects, random="~ 1 | trial/label", correlation=0.6)
    >>> bool(abs(same.estimate - fit.estimate) < 1e-9)
    True
    """
    effects = effects_of(effects, vi, sei=sei, labels=labels, measure=measure, data=data)
    check_choice("tau2_method", tau2_method, MULTILEVEL_METHODS)
    check_choice("ci_method", ci_method, MULTILEVEL_CI_METHODS)
    if (cluster is None) == (random is None):
        found = "neither" if cluster is None else "both"
        raise DataError(
            f"multilevel takes cluster or random, and was given {found}: cluster= for effects "
            "within clusters, random='~ 1 | study/effect' and the like for anything else"
        )
    single = False
    formulas: tuple[str, ...] = ()
    if random is None:
        effects, cluster = with_column(effects, "cluster", cluster)
        effects, inner = with_column(effects, "inner", inner)
        terms, single = _nested(effects, cluster, inner)
    else:
        if inner is not None:
            raise DataError("inner belongs to cluster; in random, write '~ 1 | study/effect'")
        formulas = (random,) if isinstance(random, str) else tuple(random)
        terms = random_terms(effects, formulas, structure)
        cluster, inner = terms[0].name.rpartition("| ")[2], ""
    covariance = _sampling(effects, terms, correlation, V, nested=random is None)
    settings: dict[str, Any] = {
        "tau2_method": tau2_method,
        "ci_method": ci_method,
        "ci_level": ci_level,
    }
    if formula is not None:
        return mixed_regression(effects, formula, terms=terms, V=covariance, **settings)
    several = [term.name for term in terms if term.size > 1]
    if several:
        raise DataError(
            f"multilevel: {', '.join(several)} gives each level its own true effect, so there is "
            f"no one mean; give formula='~ 0 + {several[0].partition(' |')[0]}'"
        )
    return _mean(
        effects,
        terms,
        covariance,
        {
            "cluster": cluster,
            "inner": inner,
            "random": formulas,
            "correlation": correlation,
            "_given": V is not None,
        }
        | settings,
        single=single,
    )


def terms_of(fit: Multilevel) -> tuple[RandomTerm, ...]:
    """Return the random terms of a fit."""
    if fit.random:
        return random_terms(fit.effects, fit.random, "CS")
    return _nested(fit.effects, fit.cluster, fit.inner)[0]


def _mean(
    effects: Effects,
    terms: tuple[RandomTerm, ...],
    V: Matrix,
    settings: dict[str, Any],
    *,
    single: bool,
) -> Multilevel:
    k, level = effects.k, settings["ci_level"]
    restricted = settings["tau2_method"] == "REML"
    groups = [term.groups.max() + 1 for term in terms]
    fit = MixedLikelihood(effects.yi, np.ones((k, 1)), V, terms, restricted=restricted).maximise()
    sigma2 = np.array([covariance.item() for covariance in fit.covariances])
    mean, se = float(fit.beta[0]), float(np.sqrt(fit.cov[0, 0]))
    count = int(min(groups))
    dof = count - 1 if settings["ci_method"] == "t" else None
    alone = np.linalg.inv(V)
    total, sums = float(alone.sum()), alone.sum(axis=0)
    typical = (k - 1) / (np.trace(alone) - float(sums @ sums) / total)
    left = effects.yi - float(sums @ effects.yi) / total
    q, tau2 = float(left @ alone @ left), float(sigma2.sum())
    sigma2[sigma2 < _NONE * typical] = 0.0
    shares = 100 * (sigma2 / (tau2 + typical))
    weights = np.linalg.inv(fit.marginal).sum(axis=0)
    return Multilevel(
        **inference(mean, se, dof, level, effects.measure),
        **prediction(mean, se, tau2, level, "z" if dof is None else "t(k-1)", count - 1),
        **{name: value for name, value in settings.items() if name != "ci_level"},
        model="multilevel",
        k=k,
        n_total=None,
        n_clusters=count,
        variances=pd.DataFrame(
            {
                "term": [term.name for term in terms],
                "groups": groups,
                "variance": sigma2,
                "sd": np.sqrt(sigma2),
                "i2": shares,
            }
        ),
        tau2=tau2,
        i2=float(shares.sum()),
        q=q,
        q_dof=k - 1,
        q_p_value=float(chdtrc(k - 1, q)),
        **fit.quality(k - 1 if restricted else k)._asdict(),
        n_parameters=1 + fit.n_parameters,
        weights=100 * weights / weights.sum(),
        effects=effects,
        V=V,
        _marginal=fit.marginal,
        notes=(*effects.notes, *_notes(terms, sigma2, settings, single=single)),
    )


def _nested(effects: Effects, cluster: str, inner: str) -> tuple[tuple[RandomTerm, ...], bool]:
    """Return the terms of effects within clusters, and whether the second says no more."""
    codes, names = cluster_codes(effects, cluster)
    if len(names) < 2:
        raise TooFewStudies(
            f"all {effects.k} effects belong to one cluster ({names[0]}), so the variance between "
            "clusters cannot be told from the mean: average them (aggregate_correlated)"
        )
    units = np.arange(effects.k)
    if inner:
        within, _ = cluster_codes(effects, inner, "inner")
        pairs = np.column_stack([codes, within])
        units = np.unique(pairs, axis=0, return_inverse=True)[1].ravel()
    one = np.zeros(effects.k, dtype=np.intp)
    outer = RandomTerm(cluster, codes, one)
    if units.max() == codes.max():
        return (outer,), True
    return (outer, RandomTerm(f"{cluster}/{inner or 'effect'}", units, one)), False


def _sampling(
    effects: Effects,
    terms: tuple[RandomTerm, ...],
    correlation: float | None,
    V: ArrayLike | None,
    *,
    nested: bool,
) -> Matrix:
    codes = terms[0].groups
    if V is None:
        return correlated_covariance(effects.vi, codes, correlation or 0.0)
    if correlation is not None:
        raise DataError("correlation and V say the same thing twice: give one of them")
    try:
        matrix = np.asarray(V, dtype=float)
    except (TypeError, ValueError, OverflowError):
        raise DataError("V holds values that are no numbers, or rows of unequal length") from None
    if matrix.shape != (effects.k, effects.k):
        raise DataError(
            f"V has shape {matrix.shape}; give one row and one column for each of the {effects.k} "
            "effects"
        )
    faults = []
    if not np.isfinite(matrix).all():
        faults.append("it holds NaN or infinite values")
    elif not np.allclose(matrix, matrix.T, rtol=1e-10, atol=0):
        faults.append("it is not symmetric")
    else:
        if not np.allclose(np.diag(matrix), effects.vi, rtol=1e-8, atol=0):
            faults.append("its diagonal is not the sampling variances of the effects")
        if nested and np.any(matrix[codes[:, None] != codes[None, :]] != 0):
            faults.append("it holds covariances between clusters: join those clusters")
        if np.linalg.eigvalsh(matrix)[0] <= 0:
            faults.append("it is not positive definite: a correlation in it is too large")
    if faults:
        raise DataError.from_faults("V", faults)
    return matrix


def _notes(
    terms: tuple[RandomTerm, ...], sigma2: Matrix, settings: dict[str, Any], *, single: bool
) -> list[str]:
    sizes = np.bincount(terms[0].groups)
    notes = []
    if single:
        notes.append(
            "each cluster holds one true effect, so the two variances cannot be separated: this is "
            "the ordinary random-effects model, and all heterogeneity is shown as between clusters."
        )
    elif len(terms) == 2 and (sizes > 1).sum() < 5:
        notes.append(
            f"only {(sizes > 1).sum()} of {len(sizes)} clusters hold several effects, so the two "
            "variances are hard to tell apart; their sum is better known."
        )
    if not single and (sigma2 == 0).any():
        if settings["random"]:
            none = [term.name for term, value in zip(terms, sigma2, strict=True) if value == 0]
            notes.append(f"the variance of {', '.join(none)} is estimated as 0.")
        else:
            level = "between" if sigma2[0] == 0 else "within"
            both = " and within" if (sigma2 == 0).all() else ""
            notes.append(f"the variance {level}{both} clusters is estimated as 0.")
    if settings["correlation"] is not None:
        notes.append(
            f"the correlation of sampling errors within clusters ({settings['correlation']:g}) is "
            "an assumption: vary it, and see robust() of this answer."
        )
    if len(sizes) < 10:
        kind = "" if settings["ci_method"] == "t" else ", and a normal interval is too narrow"
        notes.append(f"{len(sizes)} clusters ({sizes.sum()} effects) are few{kind}.")
    return notes
