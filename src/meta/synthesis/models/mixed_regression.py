"""Does the effect go along with properties of studies or outcomes, when effects hang together?"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from meta.effect_sizes.container import Effects
from meta.errors import TooFewStudies
from meta.synthesis.models.coefficients import Regression, WaldTest, coefficient_table, wald_test
from meta.synthesis.models.mixed_model import MixedFit, MixedLikelihood, RandomTerm
from meta.synthesis.models.moderators import study_design
from meta.wording import compact, number, p_text

Matrix = NDArray[np.float64]

# a correlation this near 1 or -1 is at its end
_AT_ITS_END = 0.9999
_FEW_GROUPS = 10


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MixedRegression(Regression):
    """The answer of a regression of effects that hang together.

    Attributes
    ----------
    measure, formula, tau2_method, ci_method, ci_level : str, str, str, str, float
        Effect measure, moderators and settings.
    k, n_clusters : int
        Number of effects, and of groups of the random term that has fewest.
    coefficients : pandas.DataFrame
        As in :class:`MetaRegression`.
    cov : numpy.ndarray of shape (p, p)
        Covariance of the coefficients.
    dof : int or None
        Degrees of freedom of the intervals, groups less coefficients; None for the normal
        distribution.
    variances : pandas.DataFrame
        Variances of the true effects: ``term level groups variance sd``, a row for each level of
        each random term; ``level`` is "" for an intercept.
    correlations : mapping of str to pandas.DataFrame
        Correlations between the levels of each random term that has several.
    omnibus : WaldTest
        Test that all coefficients but the intercept are 0.
    qe, qe_dof, qe_p_value : float, int, float
        Test of residual heterogeneity, with the sampling covariances.
    log_likelihood, aic, bic : float
        Restricted for REML.
    n_parameters : int
        Coefficients, variances and correlations.
    V : numpy.ndarray of shape (k, k)
        Sampling covariances.
    effects : Effects
        What was analysed.
    notes : tuple of str
        Sentences that must stand beside these numbers.
    """

    _caption: ClassVar[str] = "Meta-regression of dependent effects"

    tau2_method: str
    ci_method: str
    n_clusters: int
    dof: int | None
    variances: pd.DataFrame
    correlations: dict[str, pd.DataFrame]
    omnibus: WaldTest
    qe: float
    qe_dof: int
    qe_p_value: float
    log_likelihood: float
    aic: float
    bic: float
    n_parameters: int
    V: Matrix = field(repr=False)
    cluster: NDArray[np.intp] = field(repr=False)
    _marginal: Matrix = field(repr=False)

    @property
    def method(self) -> str:
        """Restricted ("REML") or full ("ML") maximum likelihood."""
        return self.tau2_method

    def marginal_covariance(self) -> Matrix:
        """Return the covariance of the effects under the model, shape (k, k)."""
        return self._marginal

    def sentence(self) -> str:
        """Say the answer in one sentence."""
        return (
            f"{self.scale.label} on {self.formula}, {self.k} effects in {self.n_clusters} groups: "
            f"{self.omnibus.sentence()}; residual Q = {self.qe:.2f}, df = {self.qe_dof}, "
            f"p {p_text(self.qe_p_value)}."
        )

    def _rows(self) -> list[tuple[str, str]]:
        interval = "normal" if self.dof is None else f"t, {self.dof} df"
        rows = [
            ("Effect measure", self.scale.label + (", logarithm" if self.scale.log else "")),
            ("Effects", f"{self.k} in {self.n_clusters} groups"),
            ("Formula", self.formula),
            ("Method", f"{self.tau2_method}; {interval}"),
            ("Moderators", self.omnibus.sentence()),
        ]
        table = self.variances
        for term, level, value in zip(
            table["term"], table["level"], table["variance"], strict=True
        ):
            rows.append((f"{term}, {level}".rstrip(", "), f"σ² = {compact(value)}"))
        for term, table in self.correlations.items():
            values = table.to_numpy()[np.tril_indices(len(table), -1)]
            rows.append((f"Correlation, {term}", ", ".join(number(value) for value in values)))
        rows.append(
            (
                "Residual heterogeneity",
                f"Q = {self.qe:.2f}, df = {self.qe_dof}, p {p_text(self.qe_p_value)}",
            )
        )
        return rows


def mixed_regression(
    effects: Effects,
    formula: str,
    *,
    terms: tuple[RandomTerm, ...],
    V: Matrix,
    tau2_method: str,
    ci_method: str,
    ci_level: float,
) -> MixedRegression:
    """Fit a linear mixed model with moderators; see :func:`meta.multilevel`, which checks."""
    coding, X, names = study_design(effects, formula, mean_alone=True)
    k, p = X.shape
    groups = min(int(term.groups.max()) + 1 for term in terms)
    dof = groups - p if ci_method == "t" else None
    if k <= p or (dof is not None and dof < 1):
        raise TooFewStudies(
            f"{groups} groups cannot carry {p} coefficients ({', '.join(names)}) with t intervals, "
            "which have groups less coefficients as degrees of freedom: leave moderators out, or "
            "give ci_method='wald' and read its intervals as too narrow"
        )
    fit = MixedLikelihood(effects.yi, X, V, terms, restricted=tau2_method == "REML").maximise()
    se = np.sqrt(np.diag(fit.cov))
    index = pd.Index(names, name="term")
    alone = np.linalg.inv(V)
    residual = effects.yi - X @ np.linalg.solve(X.T @ alone @ X, X.T @ alone @ effects.yi)
    qe = float(residual @ alone @ residual)
    outermost = min(terms, key=lambda term: int(term.groups.max()))
    values: dict[str, Any] = {
        "measure": effects.measure,
        "formula": formula.strip(),
        "tau2_method": tau2_method,
        "ci_method": ci_method,
        "ci_level": ci_level,
        "k": k,
        "n_clusters": groups,
        "coefficients": coefficient_table(fit.beta, se, [dof] * p, ci_level, index),
        "cov": fit.cov,
        "dof": dof,
        "variances": _variances(terms, fit),
        "correlations": _correlations(terms, fit),
        "qe": qe,
        "qe_dof": k - p,
        "qe_p_value": float(special.chdtrc(k - p, qe)),
        **fit.quality(k - p if tau2_method == "REML" else k)._asdict(),
        "n_parameters": p + fit.n_parameters,
        "V": V,
        "_marginal": fit.marginal,
        "effects": effects,
        "notes": tuple(_notes(terms, fit, groups, ci_method)),
        "design": X,
        "cluster": outermost.groups,
        "_coding": coding,
    }
    tested = [place for place, name in enumerate(names) if name != "Intercept"] or [0]
    tests = wald_test(
        fit.beta, fit.cov, np.eye(p)[tested], tuple(names[place] for place in tested), dof
    )
    return MixedRegression(**values, omnibus=tests)


def _variances(terms: tuple[RandomTerm, ...], fit: MixedFit) -> pd.DataFrame:
    rows = [
        {
            "term": term.name,
            "level": name,
            "groups": len(np.unique(term.groups[term.levels == place])),
            "variance": covariance[place, place],
            "sd": np.sqrt(covariance[place, place]),
        }
        for term, covariance in zip(terms, fit.covariances, strict=True)
        for place, name in enumerate(term.names)
    ]
    return pd.DataFrame(rows, columns=["term", "level", "groups", "variance", "sd"])


def _correlations(terms: tuple[RandomTerm, ...], fit: MixedFit) -> dict[str, pd.DataFrame]:
    tables = {}
    for term, covariance in zip(terms, fit.covariances, strict=True):
        if term.size > 1:
            sd = np.sqrt(np.diag(covariance))
            with np.errstate(invalid="ignore"):  # a variance of 0 has no correlation
                values = covariance / np.outer(sd, sd)
            tables[term.name] = pd.DataFrame(values, list(term.names), list(term.names))
    return tables


def _notes(terms: tuple[RandomTerm, ...], fit: MixedFit, groups: int, ci_method: str) -> list[str]:
    notes = [
        "studies were not randomised to their moderators, and a relation across studies need not "
        "hold for people within them."
    ]
    for term, covariance in zip(terms, fit.covariances, strict=True):
        notes += [
            f"the variance of {term.name}{f', {name}' if name else ''} is estimated as 0."
            for name, variance in zip(term.names, np.diag(covariance), strict=True)
            if variance < 1e-12
        ]
        if term.structure == "UN":
            notes += _never_together(term)
    for name, table in _correlations(terms, fit).items():
        if (np.abs(table.to_numpy()[np.tril_indices(len(table), -1)]) > _AT_ITS_END).any():
            notes.append(f"a correlation of {name} is at the end of its range: the data hardly "
                         "tell the levels apart.")  # fmt: skip
    if groups < _FEW_GROUPS:
        kind = "" if ci_method == "t" else ", and normal intervals are too narrow"
        notes.append(f"{groups} groups are few{kind}; see robust() of this answer.")
    return notes


def _never_together(term: RandomTerm) -> list[str]:
    has = np.zeros((int(term.groups.max()) + 1, term.size), dtype=bool)
    has[term.groups, term.levels] = True
    together = has.T.astype(int) @ has
    return [
        f"no group of {term.name} has both {term.names[i]} and {term.names[j]}: nothing shows "
        "their correlation."
        for i, j in zip(*np.tril_indices(term.size, -1), strict=True)
        if together[i, j] == 0
    ]
