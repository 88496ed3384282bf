"""What a posterior says about effect and heterogeneity, in numbers and in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
import pandas as pd

from meta.arguments import checked
from meta.errors import DataError
from meta.synthesis.bayes.priors import PUBLISHED, mu_prior, tau_prior
from meta.synthesis.bayes.quadrature import Mixture, Posterior
from meta.synthesis.estimate import EffectTable, RandomEffects
from meta.wording import compact

# the median of a half-normal prior of scale 1: it turns any prior into the half-normal scale that
# the sensitivity table is centred on
_HALF_NORMAL_MEDIAN = 0.6744897501960817


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BayesFit(RandomEffects):
    """Posterior of one meta-analysis.

    It has the attributes of every random-effects estimate. ``estimate`` and ``tau`` are posterior
    medians, ``se`` is the posterior standard deviation of the mean effect, intervals have equal
    tails (as much posterior probability lies below as above), and ``weights`` are posterior means;
    their sum lacks the share of an informative prior of the mean effect. There is no test:
    ``statistic`` and ``p_value`` are NaN. A moment that does not exist (the prior of tau has too
    heavy a tail for so few studies) is infinite, or NaN for ``mean``, and a note says so.

    Attributes
    ----------
    tau_prior, mu_prior : str, str or None
        Priors as written; None for a flat prior of the mean effect.
    mean : float
        Posterior mean of the mean effect.
    tau_mean, tau_low, tau_high : float
        Posterior mean and interval of tau, in units of the effect.
    p_below_null : float
        Posterior probability that the mean effect is below no effect.
    posterior : Posterior
        The quadrature that all of this rests on.
    """

    _caption: ClassVar[str] = "Posterior effect"
    _interval_name: ClassVar[str] = "credible interval"
    _method: ClassVar[str] = "meta.synthesis.bayes.model:bayes"
    _arguments: ClassVar[tuple[str, ...]] = ("tau_prior", "mu_prior", "ci_level")

    tau_prior: str
    mu_prior: str | None
    mean: float
    tau_mean: float
    tau_low: float
    tau_high: float
    p_below_null: float
    posterior: Posterior = field(repr=False)

    @checked
    def interval(self, ci_level: float | None = None) -> tuple[float, float]:
        """Return the credible interval at another level, on the scale of computation."""
        level = self.ci_level if ci_level is None else ci_level
        tail = (1 - level) / 2
        low, high = (float(self.posterior.mu().quantile(p)[0]) for p in (tail, 1 - tail))
        return low, high

    @checked
    def probability(
        self,
        *,
        below: float | None = None,
        above: float | None = None,
        beyond: float | None = None,
        of: str = "mu",
    ) -> float:
        """Return a posterior probability of the effect.

        Parameters
        ----------
        below, above : float, optional
            Limit on the scale of computation (a logarithm for ratio measures).
        beyond : float, optional
            Distance from 0 in either direction, not negative: the probability of |effect| > beyond.
        of : {"mu", "prediction"}
            The mean effect, or the true effect of a new study.

        Returns
        -------
        float
            Between 0 and 1.

        Raises
        ------
        DataError
            Unless exactly one limit is given, and it is a number.

        Examples
        --------
        >>> import meta
        >>> fit = meta.bayes([-0.5, -0.1, -0.4], [0.04, 0.09, 0.06], measure="SMD")
        >>> round(fit.probability(below=0), 3)
        0.949
        """
        given = {"below": below, "above": above, "beyond": beyond}
        limits = {name: value for name, value in given.items() if value is not None}
        if len(limits) != 1:
            raise DataError(
                f"{len(limits)} limits are given ({', '.join(limits) or 'none'}): give one of "
                "below=, above= and beyond="
            )
        name, limit = next(iter(limits.items()))
        if np.isnan(limit) or (name == "beyond" and limit < 0):
            raise DataError(f"{name} is {limit}: give a number" + " >= 0" * (name == "beyond"))
        mixture = self._mixture(of)
        if name == "below":
            return float(mixture.cdf(limit)[0])
        if name == "above":
            return float(_mirrored(mixture).cdf(-limit)[0])
        return float(mixture.cdf(-limit)[0] + _mirrored(mixture).cdf(-limit)[0])

    @checked
    def density(self, of: str = "mu", points: int = 401) -> pd.DataFrame:
        """Return a posterior density on a grid, for drawing.

        Parameters
        ----------
        of : {"mu", "prediction", "tau"}
            The mean effect, the true effect of a new study, or tau.
        points : int
            Number of grid points, at least 2.

        Returns
        -------
        pandas.DataFrame
            Columns ``x`` (scale of computation), ``density`` and ``prior`` (density of the prior;
            NaN where it is flat or, for a prediction, has none).
        """
        if points < 2:
            raise DataError(f"points is {points}: a grid has at least 2")
        if of == "tau":
            reach = self.posterior.tau_quantile(0.995)
            # a density in log(tau) has no value at 0 itself
            x = np.linspace(reach * 1e-6, reach, points)
            prior = tau_prior(self.tau_prior, self.measure).density(x)
            return pd.DataFrame({"x": x, "density": self.posterior.tau_density(x), "prior": prior})
        mixture = self._mixture(of)
        x = np.linspace(
            float(mixture.quantile(0.0005)[0]), float(mixture.quantile(0.9995)[0]), points
        )
        density = np.array([float(mixture.density(value)[0]) for value in x])
        known = mu_prior(self.mu_prior) if of == "mu" else None
        if known is None:
            prior = np.full(points, np.nan)
        else:
            z = (x - known[0]) / known[1]
            prior = np.exp(-(z**2) / 2) / (known[1] * np.sqrt(2 * np.pi))
        return pd.DataFrame({"x": x, "density": density, "prior": prior})

    def shrinkage(self) -> EffectTable:
        """Return the posterior of each study's own true effect.

        Returns
        -------
        EffectTable
            ``.table`` has one row a study: ``study_id label yi sei estimate ci_low ci_high``, on
            the scale of computation; ``.to_frame()`` is on the reader's. Studies are drawn towards
            the mean effect, imprecise ones most.
        """
        mixture, tail = self.posterior.studies(), (1 - self.ci_level) / 2
        table = self.effects.table[["study_id", "label", "yi"]].assign(
            sei=self.effects.sei,
            estimate=mixture.quantile(0.5),
            ci_low=mixture.quantile(tail),
            ci_high=mixture.quantile(1 - tail),
        )
        return EffectTable(fit=self, table=table, notes=self.notes)

    @checked
    def sensitivity(self, tau_priors: Sequence[str] | None = None) -> EffectTable:
        """Return the answer under other priors of tau.

        Parameters
        ----------
        tau_priors : sequence of str, optional
            Priors as :func:`meta.bayes` reads them. By default half-normal priors of half, the same
            and twice the median of the prior in use, a half-Cauchy and a uniform one on the same
            scale, and the published priors for the measure.

        Returns
        -------
        EffectTable
            ``.table`` has one row a prior, the one in use first: ``tau_prior estimate ci_low
            ci_high pi_low pi_high tau tau_high p_below_null in_use``, on the scale of computation;
            ``.to_frame()`` is on the reader's.
        """
        if tau_priors is None:
            in_use = tau_prior(self.tau_prior, self.measure)
            unit = in_use.quantile(0.5) / _HALF_NORMAL_MEDIAN
            tau_priors = [f"halfnormal({factor * unit:.4g})" for factor in (0.5, 1, 2)]
            tau_priors += [f"halfcauchy({unit:.4g})", f"uniform(0, {4 * unit:.4g})"]
            tau_priors += [name for name, prior in PUBLISHED.items() if self.measure in prior[2]]
        names = [tau_prior(text, self.measure).text for text in tau_priors]
        columns = ["tau_prior", "estimate", "ci_low", "ci_high", "pi_low", "pi_high"]
        columns += ["tau", "tau_high", "p_below_null"]
        rows = []
        for name in dict.fromkeys([self.tau_prior, *names]):
            fit = self.refit(tau_prior=name)
            rows.append([getattr(fit, column) for column in columns] + [name == self.tau_prior])
        table = pd.DataFrame(rows, columns=[*columns, "in_use"])
        return EffectTable(fit=self, table=table, notes=self.notes)

    @checked
    def prediction_text(self, digits: int = 2) -> str:
        """Return the predictive interval on the reader's scale."""
        return RandomEffects.prediction_text(self, digits).partition(" (")[0]

    def heterogeneity_text(self) -> str:
        """Return the posterior median of tau and its interval."""
        return (
            f"τ = {compact(self.tau)} ({compact(self.tau_low)} to {compact(self.tau_high)}), "
            "posterior median"
        )

    def _model_text(self) -> str:
        mu = self.mu_prior or "flat"
        named = RandomEffects._model_text(self)
        return f"{named}, {self.tau_prior} prior of tau, {mu} prior of the mean effect"

    def _interval_text(self) -> str:
        return "posterior median and equal tails"

    def _null_text(self) -> str:
        return f"below {self.scale.null:g}: {_percent(self.p_below_null)}"

    def _more_text(self) -> str:
        said = RandomEffects._more_text(self)
        if np.isfinite(self.p_below_null):
            said += f"; probability of an effect {self._null_text()}"
        return said

    def _further_rows(self) -> list[tuple[str, str]]:
        rows = RandomEffects._further_rows(self)
        if np.isfinite(self.p_below_null):
            name, value = self._null_text().split(": ")
            rows = [(f"Probability of an effect {name}", value), *rows]
        return rows

    def _mixture(self, of: str) -> Mixture:
        if of not in {"mu", "prediction"}:
            raise DataError(f"of={of!r} is unknown: use 'mu' or 'prediction'")
        return self.posterior.mu() if of == "mu" else self.posterior.prediction()


def _mirrored(mixture: Mixture) -> Mixture:
    """The mixture of the negative variable, whose lower tail keeps its digits."""
    return Mixture(mixture.weight, -mixture.mean, mixture.sd)


def _percent(share: float) -> str:
    if 0.001 <= share <= 0.999:
        return f"{100 * share:.1f} %"
    return "under 0.1 %" if share < 0.5 else "over 99.9 %"
