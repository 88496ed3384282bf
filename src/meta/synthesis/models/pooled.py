"""What pooling by inverse variance answers, in numbers and in words."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd

from meta.arguments import checked
from meta.effect_sizes.printed import printed_intervals, printed_text
from meta.errors import DataError
from meta.synthesis.engine import weighted_fit
from meta.synthesis.estimate import EffectTable, RandomEffects, inference
from meta.synthesis.fit_statistics import FitStatistics, fit_statistics
from meta.synthesis.models.pool_notes import notes_on
from meta.wording import compact

_CI_NAMES = {
    "wald": "Wald (normal) interval",
    "HK": "Knapp-Hartung interval",
    "HK-adhoc": "ad hoc (conservative) Knapp-Hartung interval",
}


# stands for notes that are written when somebody asks for them
NOT_YET: Any = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pooled(RandomEffects):
    """The answer of one meta-analysis by inverse variance.

    It has the attributes of every estimate (``measure model k n_total estimate se dof statistic
    ci_level ci_low ci_high p_value q q_dof q_p_value i2 weights effects notes``) and of every
    random-effects model (``tau2 tau2_se tau pi_low pi_high prediction_dof``), and these.

    Attributes
    ----------
    tau2_method : str
        Estimator of tau2 (random effects only).
    ci_method : str
        How the interval of ``estimate`` was made; "wald" for one trial, whatever was asked for.
    prediction_method : {"z", "t(k-1)", "t(k-2)", "KR", "NNF"}
        How the prediction interval was made.
    tau2_low, tau2_high : float
        Q-profile interval of tau2.
    i2_low, i2_high : float
        Interval of I2, from that of tau2.
    h2, h2_low, h2_high : float
        Total over sampling variance.
    hk_scale : float
        Knapp-Hartung's factor: weighted spread of the effects over what the model expects. Below 1
        the Knapp-Hartung standard error is smaller than the Wald one.
    """

    _method: ClassVar[str] = "meta.synthesis.models.pool:pool"
    _arguments: ClassVar[tuple[str, ...]] = (
        *("model", "tau2_method", "ci_method", "ci_level", "prediction_method"),
    )

    tau2_method: str
    ci_method: str
    prediction_method: str
    tau2_low: float = np.nan
    tau2_high: float = np.nan
    i2_low: float = np.nan
    i2_high: float = np.nan
    h2: float = np.nan
    h2_low: float = np.nan
    h2_high: float = np.nan
    hk_scale: float = np.nan
    # what was asked for: one trial, and a model without tau2, have an interval of their own
    _asked: str = field(repr=False)

    def __post_init__(self) -> None:
        """Leave notes that are not given to whoever first asks for them."""
        if self.notes is NOT_YET:
            object.__delattr__(self, "notes")

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            # called for what is not there
            if name != "notes":
                raise AttributeError(f"this answer has no attribute {name!r}", name=name, obj=self)
            object.__setattr__(self, "notes", notes_on(self))
            return self.notes

    def settings(self) -> dict[str, Any]:
        """Return the settings that made this answer, as arguments of :func:`meta.pool`."""
        given: dict[str, Any] = {"tau2": None, "weights": None}
        return RandomEffects.settings(self) | {"ci_method": self._asked} | given

    @checked
    def effect_text(self, digits: int = 2) -> str:
        """Return the effect and its interval; of one trial the interval that it printed, if any."""
        if self._stands_as_printed:
            return printed_text(printed_intervals(self.effects, self.ci_level)[0])
        return RandomEffects.effect_text(self, digits)

    @property
    def _stands_as_printed(self) -> bool:
        """Whether this is one trial with an interval that it printed."""
        return self.k == 1 and bool(
            np.isfinite(printed_intervals(self.effects, self.ci_level)).all()
        )

    @checked
    def prediction_text(self, digits: int = 2) -> str:
        """Return the prediction interval on the reader's scale, and how it was made."""
        said = RandomEffects.prediction_text(self, digits)
        # its distribution is no t
        by = f"(t, {self.prediction_dof:g} df)"
        return said.replace(by, "(NNF)") if self.prediction_method == "NNF" else said

    def intervals(self) -> EffectTable:
        """Return the interval by each method, the one in use marked.

        Returns
        -------
        EffectTable
            ``.table`` has ``ci_method estimate se ci_low ci_high p_value in_use``, on the scale of
            computation; ``.to_frame()`` is on the reader's.
        """
        methods = tuple(_CI_NAMES) if self.k > 1 and self.model == "random" else (self.ci_method,)
        rows = []
        for method in methods:
            tau2 = self.tau2 if self.k > 1 else 0.0
            one = weighted_fit(self.effects.yi, self.effects.vi, tau2, ci_method=method)
            se = float(np.sqrt(one.cov[0, 0]))
            found = inference(float(one.beta[0]), se, one.dof, self.ci_level, self.measure)
            rows.append({"ci_method": method} | found | {"in_use": method == self.ci_method})
        names = ["ci_method", "estimate", "se", "ci_low", "ci_high", "p_value", "in_use"]
        return EffectTable(fit=self, table=pd.DataFrame(rows)[names], notes=())

    def fit_statistics(self) -> FitStatistics:
        """Return log-likelihood, AIC and BIC; see :func:`meta.likelihood_ratio`.

        Restricted for REML, full for every other method.
        """
        tau2 = self.tau2 if self.model == "random" and self.k > 1 else None
        ones = np.ones((self.k, 1))
        return fit_statistics(self.effects.yi, self.effects.vi, tau2, ones, self.tau2_method)

    def heterogeneity_text(self) -> str:
        """Return tau2, I2 and Q with their intervals, as they stand under a forest plot."""
        if self.k == 1:
            return "one trial: heterogeneity cannot be seen"
        if self.model != "random":
            return f"I² = {self.i2:.0f} % (from Q); {self.q_text()}"
        return (
            f"τ² = {compact(self.tau2)} ({compact(self.tau2_low)} to {compact(self.tau2_high)}); "
            f"I² = {self.i2:.0f} % ({self.i2_low:.0f} to {self.i2_high:.0f}); {self.q_text()}"
        )

    def method_text(self) -> str:
        """Name the method in full, as it stands under a figure."""
        if self.k == 1:
            interval = "printed interval" if self._stands_as_printed else "Wald (normal) interval"
            return f"one trial, not pooled; {interval}"
        return RandomEffects.method_text(self)

    def _model_text(self) -> str:
        named = RandomEffects._model_text(self)
        return named + f", {self.tau2_method} estimate of tau2" * (self.model == "random")

    def _interval_text(self) -> str:
        interval = _CI_NAMES[self.ci_method] if self.model != "uwls" else "t interval"
        return interval + (f" (t, {self.dof:g} df)" if self.dof else "")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PooledAsGiven(Pooled):
    """The answer of one meta-analysis whose tau2 or weights were given instead of estimated.

    It has the attributes of :class:`Pooled`. With given weights, ``weights`` are their shares, and
    ``hk_scale`` is still that of the mean by inverse variance. A given tau2 has no interval.

    Attributes
    ----------
    given_tau2 : float or None
        The tau2 that was given.
    given_weights : str or None
        The column of ``effects.table`` that holds the weights.
    """

    given_tau2: float | None
    given_weights: str | None

    def settings(self) -> dict[str, Any]:
        """Return the settings that made this answer, as arguments of :func:`meta.pool`."""
        given = {"tau2": self.given_tau2, "weights": self.given_weights}
        return Pooled.settings(self) | given

    def fit_statistics(self) -> FitStatistics:
        """Refuse: a likelihood is compared at its maximum."""
        raise DataError(
            "fit_statistics needs tau2 and weights by likelihood, and here they were given; give "
            "meta.pool(fit)"
        )

    def intervals(self) -> EffectTable:
        """Return the interval by each method; see :meth:`Pooled.intervals`."""
        methods = tuple(_CI_NAMES) if self.k > 1 and self.model == "random" else (self.ci_method,)
        fits = [self.refit(ci_method=method) for method in methods]
        names = ["ci_method", "estimate", "se", "ci_low", "ci_high", "p_value"]
        rows = [{name: getattr(fit, name) for name in names} for fit in fits]
        table = pd.DataFrame(rows).assign(in_use=[method == self.ci_method for method in methods])
        return EffectTable(fit=self, table=table, notes=())

    def heterogeneity_text(self) -> str:
        """Return tau2 and I2, as they stand under a forest plot."""
        if self.given_tau2 is None or self.model != "random" or self.k == 1:
            return Pooled.heterogeneity_text(self)
        return f"τ² = {compact(self.tau2)} (given); I² = {self.i2:.0f} %; {self.q_text()}"

    def _model_text(self) -> str:
        named = RandomEffects._model_text(self)
        if self.model == "random":
            by = f"{self.tau2_method} estimate of" if self.given_tau2 is None else "given"
            named += f", {by} tau2"
        return named + ", given weights" * (self.given_weights is not None)
