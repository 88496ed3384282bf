"""Which studies does a meta-regression fit badly, and on which does it hang?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from meta.arguments import checked
from meta.errors import TooFewStudies
from meta.synthesis.engine import WeightedFit, tau2_estimate, weighted_fit
from meta.synthesis.heterogeneity import q_statistic
from meta.synthesis.models.coefficients import coefficient_table
from meta.synthesis.models.regression import MetaRegression

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Deleted:
    """The fits without each study; arrays have a row for each."""

    beta: Floats  # (k, p)
    cov: Floats  # (k, p, p)
    tau2: Floats
    qe: Floats
    factor: Floats


@checked
def residuals(fit: MetaRegression) -> pd.DataFrame:
    r"""Say how far each study lies from what its moderators predict.

    Parameters
    ----------
    fit : MetaRegression
        With at least two studies more than coefficients.

    Returns
    -------
    pandas.DataFrame
        One row for each study: ``label residual se standardised`` from the fit itself, and
        ``residual_deleted se_deleted studentised`` from the fit without that study. A studentised
        residual beyond about 2 in size is a study to read again; one in twenty is by chance.

    Raises
    ------
    DataError
        If this is no meta-regression.
    TooFewStudies
        If a deletion leaves no residual.

    Notes
    -----
    With hat matrix H and :math:`M = diag(v_i + \hat\tau^2)`, the standard error of a residual is
    the root of the diagonal of :math:`(I - H) M (I - H)'`. Knapp and Hartung's factor stretches
    that of the deleted ones only. Checked against metafor's ``rstandard`` and ``rstudent``.

    References
    ----------
    viechtbauercheung2010
    """
    others = _deleted(fit, "residuals")
    yi, vi, X = fit.effects.yi, fit.effects.vi, fit.design
    reach = np.eye(fit.k) - _hat(fit)
    left = yi - X @ fit.coefficients["estimate"].to_numpy(dtype=float)
    se = np.sqrt(np.einsum("ij,j,ij->i", reach, vi + fit.tau2, reach))
    away, se_away = _away(fit, others)
    return pd.DataFrame(
        {
            "label": fit.effects.labels,
            "residual": left,
            "se": se,
            "standardised": left / se,
            "residual_deleted": away,
            "se_deleted": se_away,
            "studentised": away / se_away,
        }
    )


def regression_influence(fit: MetaRegression) -> pd.DataFrame:
    """Measure what each study does to a meta-regression.

    Parameters
    ----------
    fit : MetaRegression
        With at least two studies more than coefficients.

    Returns
    -------
    pandas.DataFrame
        One row for each study: ``label rstudent dffits cook_d cov_r tau2_del q_del hat``, as
        :func:`meta.influence` gives them for a mean, and ``dfbetas`` of each coefficient, one
        column a coefficient, named ``"dfbetas: term"``: by how many standard errors it moves when
        the study goes.

    Raises
    ------
    DataError
        If this is no meta-regression.
    TooFewStudies
        If a deletion leaves no residual.

    Notes
    -----
    Checked against metafor's ``influence`` of a regression, for normal and Knapp-Hartung intervals.

    References
    ----------
    viechtbauercheung2010
    """
    others = _deleted(fit, "influence")
    away, se_away = _away(fit, others)
    vi, X = fit.effects.vi, fit.design
    beta = fit.coefficients["estimate"].to_numpy(dtype=float)
    shift = beta - others.beta
    hat = np.diag(_hat(fit))
    # precision of all studies at the tau2 of the others
    weights = 1 / (vi[None, :] + others.tau2[:, None])
    within = np.linalg.inv(np.einsum("jp,ij,jq->ipq", X, weights, X))
    table = pd.DataFrame(
        {
            "label": fit.effects.labels,
            "rstudent": away / se_away,
            "dffits": np.einsum("ip,ip->i", X, shift)
            / np.sqrt(others.factor * hat * (vi + others.tau2)),
            "cook_d": np.einsum("ip,pq,iq->i", shift, np.linalg.inv(fit.cov), shift),
            "cov_r": np.linalg.det(others.cov) / np.linalg.det(fit.cov),
            "tau2_del": others.tau2,
            "q_del": others.qe,
            "hat": hat,
        }
    )
    dfbetas = shift / np.sqrt(others.factor[:, None] * np.diagonal(within, axis1=1, axis2=2))
    names = [f"dfbetas: {term}" for term in fit.coefficients.index]
    return table.join(pd.DataFrame(dfbetas, columns=names))


def regression_leave_one_out(fit: MetaRegression) -> pd.DataFrame:
    """Fit a meta-regression again without each study in turn.

    Parameters
    ----------
    fit : MetaRegression
        With at least two studies more than coefficients.

    Returns
    -------
    pandas.DataFrame
        One row for each study left out and each coefficient: ``left_out term estimate se statistic
        dof p_value ci_low ci_high``, and the residual ``tau2``.

    Raises
    ------
    DataError
        If this is no meta-regression.
    TooFewStudies
        If a deletion leaves no residual.
    """
    others = _deleted(fit, "leave_one_out")
    dof = None if fit.dof is None else fit.dof - 1
    frames = []
    for number, label in enumerate(fit.effects.labels):
        se = np.sqrt(np.diag(others.cov[number]))
        freedom = [dof] * len(se)
        index = fit.coefficients.index
        table = coefficient_table(others.beta[number], se, freedom, fit.ci_level, index)
        frames.append(table.reset_index().assign(left_out=label, tau2=others.tau2[number]))
    table = pd.concat(frames, ignore_index=True)
    return table[["left_out", *table.columns.drop("left_out")]]


def _hat(fit: MetaRegression) -> Floats:
    X, weights = fit.design, 1 / (fit.effects.vi + fit.tau2)
    bread = np.linalg.inv(X.T @ (weights[:, None] * X))
    return np.asarray(X @ bread @ (X.T * weights))


def _factor(fit: WeightedFit, ci_method: str) -> float:
    """By what the method of the interval multiplies the variance."""
    if ci_method == "wald":
        return 1.0
    return max(fit.scale, 1.0) if ci_method == "HK-adhoc" else fit.scale


def _away(fit: MetaRegression, others: _Deleted) -> tuple[Floats, Floats]:
    """Return how far each study lies from what the others predict, and its standard error."""
    yi, vi, X = fit.effects.yi, fit.effects.vi, fit.design
    away = yi - np.einsum("ip,ip->i", X, others.beta)
    spread = others.factor * (vi + others.tau2) + np.einsum("ip,ipq,iq->i", X, others.cov, X)
    return away, np.sqrt(spread)


def _deleted(fit: MetaRegression, what: str) -> _Deleted:
    k, p = fit.design.shape
    if k < p + 2:
        raise TooFewStudies(f"{what} needs {p + 2} studies for {p} coefficients; this fit has {k}")
    yi, vi = fit.effects.yi, fit.effects.vi
    alone = [
        fit.effects.labels[number]
        for number in range(k)
        if np.linalg.matrix_rank(np.delete(fit.design, number, axis=0)) < p
    ]
    if alone:
        raise TooFewStudies(
            f"{what}: without {', '.join(alone)} a coefficient cannot be estimated, since no other "
            "study has its category"
        )
    rows = []
    for number in range(k):
        y, v, X = (np.delete(one, number, axis=0) for one in (yi, vi, fit.design))
        tau2 = tau2_estimate(y, v, fit.tau2_method, X) if fit.model == "random" else 0.0
        one = weighted_fit(y, v, tau2, X, fit.ci_method)
        factor = _factor(one, fit.ci_method)
        rows.append((one.beta, one.cov, tau2, q_statistic(y, v, X)[0], factor))
    return _Deleted(*(np.array(column) for column in zip(*rows, strict=True)))
