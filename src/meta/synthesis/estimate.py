"""What is the answer of a method that pools effects, whatever the method?

Every pooling method returns an :class:`Estimate`, and what shows or examines an answer takes one.
Intervals and p-values of single means are made here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib import import_module
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from meta.arguments import checked
from meta.effect_sizes.container import Effects
from meta.effect_sizes.measures import Measure, measure_of
from meta.errors import DataError
from meta.synthesis.engine import null_effect, prediction_dof, quantile, two_sided
from meta.synthesis.presentation import Answer
from meta.wording import compact, decimals, interval_texts, p_alone, p_text, range_text

Floats = NDArray[np.float64]

# the models of all methods, as they are named in a sentence
MODEL_NAMES = {
    "random": "random effects",
    "common": "common effect",
    "uwls": "unrestricted weighted least squares",
    "mantel-haenszel": "Mantel-Haenszel",
    "peto": "Peto",
    "multilevel": "multilevel model",
    "bayes": "Bayesian random effects",
    "selection": "selection model",
    "limit": "limit meta-analysis",
    "PET": "PET",
    "PEESE": "PEESE",
}
# columns of an EffectTable that are shown as one text, or not at all
_NUMBERS = (
    *("estimate", "se", "ci_low", "ci_high", "p_value", "pi_low", "pi_high"),
    *("tau2", "i2", "q", "q_p_value"),
)


class Inference(NamedTuple):
    """Interval and test of a mean; each a number, or an array for many means at once."""

    statistic: Any
    ci_low: Any
    ci_high: Any
    p_value: Any


def infer(mean: ArrayLike, se: ArrayLike, dof: Any, level: float, null: float = 0.0) -> Inference:
    """Make the interval of a mean and test it against no effect.

    Parameters
    ----------
    mean, se : float or array_like
        Mean and standard error.
    dof : float or array_like, optional
        Degrees of freedom of t; None or infinite for the normal distribution.
    level : float
        Confidence level.
    null : float
        No effect on the scale of computation; NaN where the measure has none.

    Returns
    -------
    Inference
        Without a spread (``se`` is 0: identical effects under Knapp-Hartung) nothing can be judged:
        statistic and p-value are NaN.
    """
    mean, se = np.asarray(mean, dtype=float), np.asarray(se, dtype=float)
    half = quantile(level, dof) * se
    statistic = np.divide(mean - null, se, out=np.full(np.shape(mean - se), np.nan), where=se > 0)
    found = (statistic, mean - half, mean + half, two_sided(statistic, dof))
    return Inference(*(float(one) if np.ndim(one) == 0 else one for one in found))


def inference(
    mean: float, se: float, dof: float | None, level: float, measure: str
) -> dict[str, Any]:
    """Return the fields of an :class:`Estimate` that follow from its mean and standard error."""
    found = infer(mean, se, dof, level, null_effect(measure_of(measure)))
    return {
        "measure": measure, "estimate": float(mean), "se": float(se), "dof": dof, "ci_level": level,
    } | found._asdict()  # fmt: skip


def prediction(
    mean: float, se: float, tau2: float, level: float, method: str, freedom: float
) -> dict[str, Any]:
    """Return the fields of a prediction interval; ``freedom`` is k - 1, less with moderators.

    The limits are NaN where the method leaves no degree of freedom.
    """
    dof = prediction_dof(method, freedom)
    reach = float(quantile(level, dof) * np.sqrt(tau2 + se**2)) if dof > 0 else np.nan
    return {"pi_low": mean - reach, "pi_high": mean + reach, "prediction_dof": dof}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Estimate(Answer):
    """One pooled effect with its interval, as every pooling method returns it.

    Numbers are on the scale of computation: natural logarithms for ratio measures. Texts and
    :meth:`to_frame` are on the reader's scale. Nothing is rounded. A quantity that does not exist
    (the prediction interval of one trial) is NaN, and a note says so. Two estimates are equal if
    they hold the same numbers.

    Attributes
    ----------
    measure : str
        Effect measure.
    model : str
        Model, such as "random" or "common".
    k : int
        Number of effects that the estimate rests on.
    n_total : float or None
        People in them, each once; None unless every number is known.
    estimate, se, ci_low, ci_high : float
        Pooled effect, standard error and limits of its interval.
    dof : float or None
        Degrees of freedom of the interval; None for the normal distribution.
    statistic, p_value : float
        Estimate less no effect over the standard error, and its two-sided p-value; NaN where the
        measure has no value that means no effect.
    ci_level : float
        Level of all intervals, between 0 and 1.
    q, q_dof, q_p_value : float, int, float
        Test of equal effects.
    i2 : float
        Share of the variance that is between studies, percent.
    tau2, tau2_se : float
        Variance of the true effects, and its standard error, where the method gives them.
    weights : numpy.ndarray of shape (effects.k,)
        Weight of each effect in the estimate, in percent; NaN where a method gives none.
    effects : Effects
        What was pooled.
    notes : tuple of str
        Sentences that must stand beside these numbers wherever they are shown.
    """

    _caption: ClassVar[str] = "Pooled effect"
    # what is counted, and the words for the interval
    _counted: ClassVar[tuple[str, str]] = ("study", "studies")
    _interval_name: ClassVar[str] = "interval"
    # the method, and which fields are its arguments
    _method: ClassVar[str]
    _arguments: ClassVar[tuple[str, ...]]

    measure: str
    model: str
    k: int
    n_total: float | None
    estimate: float
    se: float
    dof: float | None
    statistic: float
    ci_level: float
    ci_low: float
    ci_high: float
    p_value: float
    q: float = np.nan
    q_dof: int = 0
    q_p_value: float = np.nan
    i2: float = np.nan
    tau2: float = np.nan
    tau2_se: float = np.nan
    weights: Floats
    effects: Effects
    notes: tuple[str, ...]

    @property
    def tau(self) -> float:
        """Standard deviation of the true effects."""
        return float(np.sqrt(self.tau2))

    @property
    def scale(self) -> Measure:
        """The scale on which the effect is read."""
        return self.effects.scale

    def settings(self) -> dict[str, Any]:
        """Return the settings that made this answer, as arguments of its method."""
        return {name: getattr(self, name) for name in self._arguments}

    @checked
    def refit(self, effects: Effects | None = None, **changes: Any) -> Self:
        """Do the same analysis with other effects or other settings.

        Parameters
        ----------
        effects : Effects, optional
            Effects of the same measure; the same ones by default.
        **changes
            Settings of the method that are to differ, by the names of :meth:`settings`.

        Raises
        ------
        DataError
            If the method has no such setting; and whatever the method itself refuses.

        Examples
        --------
        >>> import meta
        >>> fit = meta.pool([-0.5, -0.1, -0.4], [0.04, 0.09, 0.06])
        >>> fit.refit(tau2_method="DL", ci_level=0.9).method_text()
        'random effects, DL estimate of tau2; Knapp-Hartung interval (t, 2 df)'
        """
        settings = self.settings()
        unknown = [name for name in changes if name not in settings]
        if unknown:
            raise DataError(
                f"refit: {', '.join(unknown)} is no setting of this analysis, which has "
                f"{', '.join(settings)}"
            )
        module, _, name = self._method.partition(":")
        method = getattr(import_module(module), name)
        answer: Self = method(self.effects if effects is None else effects, **settings | changes)
        return answer

    @checked
    def subset(self, keep: Any) -> Self:
        """Do the same analysis with some of the effects; see :meth:`meta.Effects.subset`."""
        return self.refit(self.effects.subset(keep))

    @checked
    def interval(self, ci_level: float | None = None) -> tuple[float, float]:
        """Return the interval at another level, on the scale of computation."""
        level = self.ci_level if ci_level is None else ci_level
        found = infer(self.estimate, self.se, self.dof, level)
        return found.ci_low, found.ci_high

    def to_frame(self) -> pd.DataFrame:
        """Return the answer as one row on the reader's scale, which the column ``scale`` names.

        Returns
        -------
        pandas.DataFrame
            ``measure scale model k n_total estimate ci_low ci_high ci_level p_value``, and
            ``pi_low pi_high tau2`` where the model has them, and ``i2``. tau2 is in squared units
            of the scale of computation. :meth:`to_dict` has every number as it was computed.
        """
        names = ["estimate", "ci_low", "ci_high"]
        row: dict[str, Any] = {"measure": self.measure, "scale": self.scale.label}
        row |= {name: getattr(self, name) for name in ("model", "k", "n_total", *names)}
        row |= {"ci_level": self.ci_level, "p_value": self.p_value}
        row |= {
            name: getattr(self, name)
            for name in ("pi_low", "pi_high", "tau2", "i2")
            if name == "i2" or isinstance(self, RandomEffects)
        }
        return readable(pd.DataFrame([row]), self.scale)

    def level_text(self) -> str:
        """Return the level of the intervals, for example "95 %"."""
        return f"{100 * self.ci_level:g} %"

    @checked
    def effect_text(self, digits: int = 2) -> str:
        """Return the effect and its interval on the reader's scale, for example "-0.5 (-1 to 0)".

        Parameters
        ----------
        digits : int
            Decimals; more where they are needed to tell the estimate from its limits.
        """
        return estimate_text(self.scale, self.estimate, self.ci_low, self.ci_high, digits)

    def method_text(self) -> str:
        """Name the method in full, as it stands under a figure."""
        return f"{self._model_text()}; {self._interval_text()}"

    def heterogeneity_text(self) -> str:
        """Return what is known of heterogeneity, as it stands under a forest plot; "" if nothing.

        "" for a method that gives none.
        """
        if not np.isfinite(self.i2):
            return ""
        return f"I² = {self.i2:.0f} % (from Q); {self.q_text()}"

    def q_text(self) -> str:
        """Return the test of equal effects."""
        return f"Q = {self.q:.2f}, df = {self.q_dof}, p {p_text(self.q_p_value)}"

    def sentence(self) -> str:
        """Say the answer in one sentence, with its method."""
        return (
            f"{self.scale.label} {self.effect_text()} [{self.level_text()} {self._interval_name}], "
            f"{self._count_text()}{self._more_text()} ({self.method_text()})."
        )

    def model_name(self) -> str:
        """Name the model in a word or two, as it stands beside the pooled effect in a figure."""
        return MODEL_NAMES.get(self.model, self._caption)

    def _model_text(self) -> str:
        return self.model_name()

    def _interval_text(self) -> str:
        return "Wald (normal) interval" if not self.dof else f"t interval (t, {self.dof:.4g} df)"

    def _count_text(self) -> str:
        people = f", {self.n_total:,.0f} people" if self.n_total is not None else ""
        return f"{self.k} {self._counted[self.k != 1]}{people}"

    def _more_text(self) -> str:
        return ""

    def _rows(self) -> list[tuple[str, str]]:
        counted = self._count_text().replace(f" {self._counted[self.k != 1]}", "", 1)
        rows = [
            ("Effect measure", self.scale.label),
            (self._counted[1].capitalize(), counted),
            ("Method", self.method_text()),
            (f"Estimate ({self.level_text()} {self._interval_name})", self.effect_text(4)),
        ]
        if np.isfinite(self.p_value):
            rows.append(("p, against no effect", p_alone(self.p_value)))
        rows += self._further_rows()
        spread = self.heterogeneity_text()
        return [*rows, ("Heterogeneity", spread)] if spread and self.k > 1 else rows

    def _further_rows(self) -> list[tuple[str, str]]:
        return []

    def __hash__(self) -> int:
        return hash((type(self).__name__, self.measure, self.model, self.k, self.estimate, self.se))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RandomEffects(Estimate):
    """An estimate of a model in which the true effects differ.

    Attributes
    ----------
    pi_low, pi_high : float
        Prediction interval: where the true effect of a new, similar study would lie.
    prediction_dof : float
        Degrees of freedom of its t distribution; infinite for the normal one.
    """

    tau2: float
    pi_low: float = np.nan
    pi_high: float = np.nan
    prediction_dof: float = np.nan

    def _at_level(self, effects: Effects | None, changes: Mapping[str, Any]) -> Self | None:
        """Return this fit with normal intervals of another level; None if more is to change."""
        level = changes.get("ci_level")
        if effects is not None or len(changes) > 1 or not isinstance(level, float):
            return None
        if not 0 < level < 1:
            return None
        return replace(
            self,
            **inference(self.estimate, self.se, None, level, self.measure),
            **prediction(self.estimate, self.se, self.tau2, level, "z", self.k - 1),
        )

    @checked
    def prediction_text(self, digits: int = 2) -> str:
        """Return the prediction interval on the reader's scale with its degrees of freedom."""
        if not np.isfinite(self.pi_low):
            return "no prediction interval"
        ends = self.scale.to_reader([self.pi_low, self.pi_high])
        digits = decimals([self.scale.to_reader(self.estimate), *ends], digits)
        freedom = f"t, {self.prediction_dof:g} df" if np.isfinite(self.prediction_dof) else "normal"
        return f"{range_text(ends, digits, log=self.scale.log)} ({freedom})"

    def heterogeneity_text(self) -> str:
        """Return tau2 and I2, as they stand under a forest plot; "" where there are none."""
        if not np.isfinite(self.tau2):
            return ""
        share = f", I² = {self.i2:.0f} %" if np.isfinite(self.i2) else ""
        return f"τ² = {compact(self.tau2)}{share}"

    def _more_text(self) -> str:
        if not np.isfinite(self.tau2) or self.model in {"common", "uwls"}:
            return ""
        share = f", I² = {self.i2:.0f} %" if np.isfinite(self.i2) else ""
        told = f"; τ² = {compact(self.tau2)}{share}"
        if not np.isfinite(self.prediction_dof):
            return told
        return f"; {self.level_text()} prediction interval {self.prediction_text()}{told}"

    def _further_rows(self) -> list[tuple[str, str]]:
        if self.k == 1 or np.isnan(self.prediction_dof):
            return []
        return [(f"{self.level_text()} prediction interval", self.prediction_text(4))]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EffectTable(Answer):
    """Effects in sets: an analysis done again and again, or the studies' own.

    Attributes
    ----------
    fit : Estimate
        The answer that was examined.
    table : pandas.DataFrame
        One row each, on the scale of computation.
    notes : tuple of str
        Sentences that must stand beside these numbers.
    """

    _caption: ClassVar[str] = "Effects"

    fit: Estimate
    table: pd.DataFrame
    notes: tuple[str, ...]

    def to_frame(self) -> pd.DataFrame:
        """Return the table on the reader's scale, which the column ``scale`` names.

        Standard errors, tau2 and what follows from them stay on the scale of computation.
        """
        return readable(self.table, self.fit.scale).assign(scale=self.fit.scale.label)

    def _rows(self) -> list[tuple[str, str]]:
        return [
            ("Effect measure", self.fit.scale.label),
            ("Method", self.fit.method_text()),
            ("All together", self.fit.effect_text()),
        ]

    def _frames(self) -> list[pd.DataFrame]:
        ends = ("ci_low", "ci_high") if "ci_low" in self.table else ("pi_low", "pi_high")
        shown = self.table[[name for name in self.table if name not in _NUMBERS]]
        texts = [
            estimate_text(self.fit.scale, *values) if np.isfinite(values[0]) else "no answer"
            for values in self.table[["estimate", *ends]].to_numpy(dtype=float)
        ]
        return [shown.assign(**{f"estimate ({self.fit.level_text()} interval)": texts})]


def readable(table: pd.DataFrame, scale: Measure) -> pd.DataFrame:
    """Take the effects and limits of a table to the reader's scale; other columns stay."""
    names = ("estimate", "ci_low", "ci_high", "pi_low", "pi_high")
    return table.assign(**{name: scale.to_reader(table[name]) for name in names if name in table})


def estimate_text(scale: Measure, estimate: float, low: float, high: float, digits: int = 2) -> str:
    """Write an estimate and its interval on the reader's scale.

    Decimals are ``digits``, and more where they are needed to tell the three apart.
    """
    texts = interval_texts(scale.to_reader([estimate, low, high]), digits, log=scale.log)
    return f"{texts[0]} ({texts[1]} to {texts[2]})"
