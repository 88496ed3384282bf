"""Is a larger model worth its parameters?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc

from meta.arguments import checked
from meta.errors import DataError, NotComparable
from meta.synthesis.models.pooled import Pooled
from meta.synthesis.presentation import Answer
from meta.wording import p_text

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LikelihoodRatio(Answer):
    """Two nested models, compared.

    Attributes
    ----------
    statistic, dof, p_value : float, int, float
        Twice the difference of the log-likelihoods, the parameters that the larger model has more,
        and the p-value by the chi-squared distribution.
    aic_small, aic_large : float
        Akaike's information criterion of each.
    notes : tuple of str
        Sentences that must stand beside these numbers.
    """

    _caption: ClassVar[str] = "Likelihood ratio"

    statistic: float
    dof: int
    p_value: float
    aic_small: float
    aic_large: float
    notes: tuple[str, ...]

    def sentence(self) -> str:
        """Say the answer in one sentence."""
        return f"χ²({self.dof}) = {self.statistic:.2f}, p {p_text(self.p_value)}"

    def _rows(self) -> list[tuple[str, str]]:
        return [
            ("Likelihood ratio", self.sentence()),
            ("AIC, smaller and larger model", f"{self.aic_small:.1f}, {self.aic_large:.1f}"),
        ]


@checked
def likelihood_ratio(small: Any, large: Any) -> LikelihoodRatio:
    """Compare two nested models of the same effects by their likelihoods.

    Parameters
    ----------
    small, large : Pooled, MetaRegression, Multilevel or MixedRegression
        Answers of :func:`meta.pool`, :func:`meta.meta_regression` or :func:`meta.multilevel`, in
        any order; the moderators and random terms of the one are among those of the other.

    Returns
    -------
    LikelihoodRatio

    Raises
    ------
    DataError
        If one is no such answer, or the effects are not the same.
    NotComparable
        If moderators differ and the likelihoods are restricted (fit both by ML), the models have
        equally many parameters, or one was not fitted by likelihood.

    Notes
    -----
    The p-value is too large for a variance that the smaller model holds at 0, which lies at the end
    of its range; a note says so. With few studies the test of moderators rejects too often: see
    ``.permutation()`` of a regression.

    Checked against metafor's ``anova`` of two models.

    Examples
    --------
    >>> import meta
    >>> effects = meta.Effects.from_arrays(
    ...     [-0.5, -0.4, -0.1, 0.0, 0.2], [0.04, 0.05, 0.03, 0.06, 0.05],
    ...     weeks=[12, 8, 6, 4, 2], country=list("aabbb"),
    ... )
    >>> fits = [
    ...     meta.meta_regression(effects, formula, tau2_method="ML")
    ...     for formula in ("~ weeks", "~ weeks + country")
    ... ]
    >>> print(meta.likelihood_ratio(*fits).sentence())
    χ²(1) = 0.22, p = 0.64
    """
    small, large = _side(small), _side(large)
    same = np.array_equal(small.effects.yi, large.effects.yi)
    if not same or not np.array_equal(small.effects.vi, large.effects.vi):
        raise DataError("likelihood_ratio: the two models are of different effects")
    if small.n_parameters > large.n_parameters:
        small, large = large, small
    methods = {small.method, large.method}
    if not methods <= {"ML", "REML", "none"} or len(methods - {"none"}) > 1:
        raise NotComparable(
            f"likelihood_ratio: the models were fitted by {' and '.join(sorted(methods))}; fit "
            "both by ML"
        )
    moderators = small.design.shape[1] != large.design.shape[1] or not np.allclose(
        small.design, large.design
    )
    if moderators and methods != {"ML"}:
        raise NotComparable(
            "likelihood_ratio: the moderators differ, and restricted likelihoods of different "
            "moderators cannot be compared; fit both by ML"
        )
    dof = large.n_parameters - small.n_parameters
    if dof == 0:
        raise NotComparable("likelihood_ratio: neither model has more parameters than the other")
    statistic = 2 * (large.log_likelihood - small.log_likelihood)
    variances = dof != large.design.shape[1] - small.design.shape[1]
    return LikelihoodRatio(
        statistic=statistic,
        dof=dof,
        p_value=float(chdtrc(dof, statistic)),
        aic_small=small.aic,
        aic_large=large.aic,
        notes=(
            (
                "the smaller model holds a variance at 0, the end of its range, so the p-value is "
                "too large.",
            )
            if variances
            else ()
        ),
    )


class _Side(NamedTuple):
    effects: Any
    method: str
    design: Floats
    n_parameters: int
    log_likelihood: float
    aic: float


def _side(fit: Any) -> _Side:
    """Return what is compared of an answer."""
    if isinstance(fit, Pooled):
        found, random = fit.fit_statistics(), fit.model == "random"
        method = fit.tau2_method if random else "none"
        design = np.ones((fit.k, 1))
        return _Side(fit.effects, method, design, 1 + random, found.log_likelihood, found.aic)
    if not hasattr(fit, "log_likelihood") or not hasattr(fit, "n_parameters"):
        raise DataError(
            "likelihood_ratio takes answers of pool(), meta_regression() or multilevel(), and was "
            f"given {type(fit).__name__}"
        )
    return _Side(*(getattr(fit, name) for name in _Side._fields))
