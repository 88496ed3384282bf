"""What do the coefficients of a regression say: factors, contrasts, marginal means, predictions?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations, product
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from meta.arguments import checked
from meta.effect_sizes.container import Effects
from meta.effect_sizes.measures import Measure, measure_of
from meta.errors import DataError
from meta.synthesis.estimate import readable
from meta.synthesis.models.moderators import Coding, new_design
from meta.synthesis.presentation import Answer
from meta.wording import p_alone, p_text

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class WaldTest(Answer):
    """Whether several coefficients are all 0.

    Attributes
    ----------
    terms : tuple of str
        Coefficients that were tested.
    distribution : {"F", "chi2"}
        F (the Wald statistic over its degrees of freedom) where intervals are by t, else
        chi-squared.
    statistic, p_value : float
        NaN where the fit leaves no standard error.
    dof : int
        Coefficients tested.
    dof_residual : float or None
        Second degrees of freedom of F.
    notes : tuple of str
        Empty.
    """

    _caption: ClassVar[str] = "Wald test"

    terms: tuple[str, ...]
    distribution: str
    statistic: float
    dof: int
    dof_residual: float | None
    p_value: float
    notes: tuple[str, ...] = ()

    def sentence(self) -> str:
        """Say the answer in one sentence."""
        name = (
            f"F({self.dof}, {self.dof_residual:.4g})"
            if self.distribution == "F"
            else f"χ²({self.dof})"
        )
        return f"{name} = {self.statistic:.2f}, p {p_text(self.p_value)}"

    def _rows(self) -> list[tuple[str, str]]:
        return [("All 0", ", ".join(self.terms)), ("Test", self.sentence())]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Regression(Answer):
    """Base of answers with coefficients: tests, contrasts, means and predictions from them."""

    measure: str
    formula: str
    ci_level: float
    k: int
    coefficients: pd.DataFrame
    cov: Floats
    effects: Effects
    notes: tuple[str, ...]
    design: Floats = field(repr=False)
    _coding: Coding = field(repr=False)

    @property
    def scale(self) -> Measure:
        """The measure, with the scale on which predicted effects are read."""
        return measure_of(self.measure)

    @property
    def dof(self) -> float | None:
        """Degrees of freedom of the intervals; None for the normal distribution."""
        raise NotImplementedError

    def to_frame(self) -> pd.DataFrame:
        """Return the coefficients, one row each, on the reader's scale, which ``scale`` names.

        Those of a ratio measure are ratios themselves: by how much the effect is multiplied with
        each unit of the moderator (the intercept is an effect). What has another transform (a
        logit, Fisher's z) stays as it was computed; so does ``se``. ``coefficients`` and
        :meth:`predict` are on the scale of computation.
        """
        table, scale = self.coefficients.rename_axis("term").reset_index(), self.scale
        if scale.log:
            return readable(table, scale).assign(scale=f"{scale.label}, multiplied per unit")
        transform = f" ({scale.transform.name})" if scale.transform.name else ""
        return table.assign(scale=scale.label + transform)

    def _freedom(self, _contrasts: Floats) -> float | None:
        """Degrees of freedom of contrasts of shape (q, p)."""
        return self.dof

    @checked
    def test(self, terms: str | Sequence[str]) -> WaldTest:
        """Test whether several coefficients are all 0, such as those of one factor.

        Parameters
        ----------
        terms : str or sequence of str
            A term of the formula, which stands for all of its coefficients; or names of
            coefficients.

        Returns
        -------
        WaldTest
            F where the fit has t intervals, chi-squared where it has normal ones.

        Raises
        ------
        DataError
            If there is no such term or coefficient.

        Notes
        -----
        Checked against metafor's ``anova(fit, btt = )``. A factor is tested given all others in the
        formula; with an interaction in the formula, the test of a main effect depends on the coding
        and on where the other moderator is 0.

        Examples
        --------
        >>> import meta
        >>> effects = meta.Effects.from_arrays(
        ...     [-0.5, -0.4, -0.1, 0.0, 0.2], [0.04, 0.05, 0.03, 0.06, 0.05], dose=list("aabbc")
        ... )
        >>> fit = meta.meta_regression(effects, "~ dose", ci_method="wald")
        >>> print(fit.test("dose").sentence())
        χ²(2) = 6.94, p = 0.031
        """
        if isinstance(terms, str) and terms not in self.coefficients.index:
            places = self._coding.term(terms)
        else:
            names = [terms] if isinstance(terms, str) else list(terms)
            places = [self._place(name) for name in names]
        if not places:
            raise DataError("test: name at least one coefficient, or a term of the formula")
        rows = np.eye(len(self.cov))[places]
        return self._wald(rows, tuple(self.coefficients.index[places]))

    @checked
    def contrasts(
        self, weights: Mapping[str, float] | Mapping[str, Mapping[str, float]]
    ) -> pd.DataFrame:
        """Estimate linear combinations of the coefficients.

        Parameters
        ----------
        weights : mapping of str to float, or mapping of str to such a mapping
            Weight of each coefficient, the others having 0; several combinations by name.

        Returns
        -------
        pandas.DataFrame
            One row for each: ``estimate se statistic dof p_value ci_low ci_high``, on the scale of
            computation. p-values are not adjusted for their number.

        Raises
        ------
        DataError
            If there is no such coefficient.

        Examples
        --------
        >>> import meta
        >>> effects = meta.Effects.from_arrays(
        ...     [-0.5, -0.4, -0.1, 0.0, 0.2], [0.04, 0.05, 0.03, 0.06, 0.05], dose=list("aabbc")
        ... )
        >>> fit = meta.meta_regression(effects, "~ dose", ci_method="wald")
        >>> fit.contrasts({"dose[T.c]": 1, "dose[T.b]": -1})["estimate"].round(3).tolist()
        [0.267]
        """
        several = all(isinstance(one, Mapping) for one in weights.values())
        named: dict[str, Any] = dict(weights) if several else {"contrast": weights}
        rows = np.zeros((len(named), len(self.cov)))
        for row, one in zip(rows, named.values(), strict=True):
            for term, weight in one.items():
                row[self._place(term)] = weight
        return self._estimates(rows, pd.Index(named, name="contrast"))

    @checked
    def pairwise(self, factor: str) -> pd.DataFrame:
        """Compare every two levels of a factor, the other moderators being the same.

        Parameters
        ----------
        factor : str
            A column of categories.

        Returns
        -------
        pandas.DataFrame
            One row for each two levels, named "second - first": as :meth:`contrasts`, and
            ``p_holm``, adjusted for their number (Holm 1979).

        Raises
        ------
        DataError
            If the column is no factor of the formula.

        Notes
        -----
        Differences of :meth:`marginal_means`, so that with an interaction they hold at the mean of
        the other moderators.
        """
        grid, levels = self._grid(factor)
        pairs = list(combinations(range(len(levels)), 2))
        rows = np.array([grid[second] - grid[first] for first, second in pairs])
        names = [f"{levels[second]} - {levels[first]}" for first, second in pairs]
        table = self._estimates(rows, pd.Index(names, name=factor))
        order = np.argsort(table["p_value"].to_numpy())
        steps = table["p_value"].to_numpy()[order] * np.arange(len(order), 0, -1)
        adjusted = np.empty(len(order))
        adjusted[order] = np.minimum(np.maximum.accumulate(steps), 1.0)
        return table.assign(p_holm=adjusted)

    @checked
    def marginal_means(self, factor: str) -> pd.DataFrame:
        """Estimate the mean effect at each level of a factor, the others held in balance.

        Parameters
        ----------
        factor : str
            A column of categories.

        Returns
        -------
        pandas.DataFrame
            One row for each level: as :meth:`contrasts`; the test is against 0. On the scale of
            computation.

        Raises
        ------
        DataError
            If the column is no factor of the formula.

        Notes
        -----
        Moderators that are numbers are held at their mean over the studies, and other factors are
        averaged over their levels with equal weights, whatever the number of studies in each, as
        the R packages metafor (``emmprep``) and emmeans do.
        When not to use it: for levels that never occur together, which the grid pretends they do.
        """
        grid, levels = self._grid(factor)
        return self._estimates(grid, pd.Index(levels, name=factor))

    @checked
    def predict(self, newdata: pd.DataFrame | None = None) -> pd.DataFrame:
        """Predict the mean effect of studies with given moderators.

        Parameters
        ----------
        newdata : pandas.DataFrame, optional
            A row for each prediction, with every moderator of the formula. The studies' own by
            default.

        Returns
        -------
        pandas.DataFrame
            With the index of ``newdata``: ``estimate se ci_low ci_high``, on the scale of
            computation.

        Raises
        ------
        DataError
            If a moderator is missing from the table or from a row, or a category was not in the
            studies; with a line for each fault.
        """
        if newdata is None:
            X, index = self.design, self.effects.table.index
        else:
            X, index = new_design(self._coding, newdata), newdata.index
        return self._estimates(X, index)[["estimate", "se", "ci_low", "ci_high"]]

    def vif(self) -> pd.DataFrame:
        r"""Say how much moderators that go together enlarge each other's errors.

        Returns
        -------
        pandas.DataFrame
            One row for each term of the formula: ``gvif``, its generalised variance inflation;
            ``dof``, its coefficients; and ``gvif_per_dof``, :math:`gvif^{1 / (2 dof)}`, by which
            its standard errors are longer than with moderators that are unrelated. Above about 3
            two terms tell nearly the same thing.

        Notes
        -----
        From the correlations R of the coefficients but the intercept,
        :math:`\det(R_{11}) \det(R_{22}) / \det(R)`; for one coefficient the usual variance
        inflation. Checked against metafor's ``vif``.

        References
        ----------
        foxmonette1992
        """
        terms = {
            str(term): [place for place in places if self.coefficients.index[place] != "Intercept"]
            for term, places in self._coding.spec.term_indices.items()
        }
        terms = {term: places for term, places in terms.items() if places}
        kept = sorted(place for places in terms.values() for place in places)
        cov = self.cov[np.ix_(kept, kept)]
        sd = np.sqrt(np.diag(cov))
        R = pd.DataFrame(cov / np.outer(sd, sd), kept, kept)
        rows = {}
        for term, places in terms.items():
            others = [place for place in kept if place not in places]
            parts = [np.linalg.det(R.loc[part, part]) for part in (places, others)]
            gvif = float(np.prod(parts) / np.linalg.det(R))
            dof = len(places)
            rows[term] = {"gvif": gvif, "dof": dof, "gvif_per_dof": gvif ** (1 / (2 * dof))}
        return pd.DataFrame.from_dict(rows, orient="index").rename_axis("term")

    def _place(self, term: str) -> int:
        if term not in self.coefficients.index:
            raise DataError(
                f"{term!r} is no coefficient; there are {', '.join(self.coefficients.index)}"
            )
        return list(self.coefficients.index).index(term)

    def _grid(self, factor: str) -> tuple[Floats, list[Any]]:
        """Return the design at each level of a factor, averaged over the other moderators."""
        levels = self._coding.levels(factor) if factor in self._coding.columns else None
        if levels is None:
            factors = [name for name in self._coding.columns if self._coding.levels(name)]
            raise DataError(
                f"{factor!r} is no column of categories in the formula; there is "
                f"{', '.join(factors) or 'none'}. For a number, see predict()"
            )
        table = self.effects.table
        choices = [
            self._coding.levels(name) or [table[name].astype(float).mean()]
            for name in self._coding.columns
        ]
        grid = pd.DataFrame(list(product(*choices)), columns=list(self._coding.columns))
        X = pd.DataFrame(new_design(self._coding, grid)).groupby(grid[factor].to_numpy()).mean()
        return X.loc[levels].to_numpy(), levels

    def _estimates(self, rows: Floats, index: pd.Index[Any]) -> pd.DataFrame:
        beta = self.coefficients["estimate"].to_numpy(dtype=float)
        estimate = rows @ beta
        se = np.sqrt(np.einsum("ij,jk,ik->i", rows, self.cov, rows))
        dof = [self._freedom(row[None, :]) for row in rows]
        return coefficient_table(estimate, se, dof, self.ci_level, index)

    def _wald(self, rows: Floats, terms: tuple[str, ...]) -> WaldTest:
        beta = self.coefficients["estimate"].to_numpy(dtype=float)
        return wald_test(beta, self.cov, rows, terms, self._freedom(rows))

    def _frames(self) -> list[pd.DataFrame]:
        shown = self.coefficients.drop(columns="dof").reset_index()
        for name in shown.columns.drop(["term", "p_value"]):
            shown[name] = [f"{value:.4g}".replace("-", "−") for value in shown[name]]
        shown["p_value"] = [p_alone(p) for p in shown["p_value"]]
        return [shown]


def wald_test(
    beta: Floats, cov: Floats, rows: Floats, terms: tuple[str, ...], dof: float | None
) -> WaldTest:
    """Test whether combinations of coefficients, shape (q, p), are all 0.

    F if there are degrees of freedom, else chi-squared. NaN without standard errors.
    """
    estimate, q = rows @ beta, len(rows)
    try:
        statistic = float(estimate @ np.linalg.solve(rows @ cov @ rows.T, estimate))
    except np.linalg.LinAlgError:
        statistic = np.nan
    if dof is None:
        p_value = float(special.chdtrc(q, statistic))
    else:
        statistic /= q
        p_value = float(special.fdtrc(q, dof, statistic))
    return WaldTest(
        terms=terms,
        distribution="chi2" if dof is None else "F",
        statistic=statistic,
        dof=q,
        dof_residual=dof,
        p_value=p_value,
    )


def coefficient_table(
    estimate: Floats,
    se: Floats,
    dof: Sequence[float | None],
    level: float,
    index: pd.Index[Any],
) -> pd.DataFrame:
    """Return estimates with their tests against 0 and their intervals.

    Returns
    -------
    pandas.DataFrame
        ``estimate se statistic dof p_value ci_low ci_high``; ``dof`` is None for the normal
        distribution. Without a standard error there is no test: NaN.
    """
    freedom = np.array([np.inf if one is None else one for one in dof], dtype=float)
    statistic = np.divide(estimate, se, out=np.full(len(se), np.nan), where=se > 0)
    half = special.stdtrit(freedom, (1 + level) / 2) * se
    return pd.DataFrame(
        {
            "estimate": estimate,
            "se": se,
            "statistic": statistic,
            "dof": pd.Series(list(dof), dtype=object, index=index),
            "p_value": 2 * special.stdtr(freedom, -np.abs(statistic)),
            "ci_low": estimate - half,
            "ci_high": estimate + half,
        },
        index=index,
    )
