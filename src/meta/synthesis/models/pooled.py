"""What pooling answers, in numbers and in words."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from meta.effect_sizes.container import Effects
from meta.errors import need
from meta.synthesis.presentation import PooledAnswer, compact, number, p_alone, p_text

_CI_NAMES = {
    "wald": "Wald (normal) interval",
    "HK": "Knapp-Hartung interval",
    "HK-adhoc": "ad hoc (conservative) Knapp-Hartung interval",
}
_MODEL_NAMES = {
    "random": "random effects",
    "common": "common effect",
    "uwls": "unrestricted weighted least squares",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Pooled(PooledAnswer):
    """The answer of one meta-analysis.

    Effects and limits are on the scale of computation: natural logarithms for ratio measures.
    Texts and tables show them on the reader's scale. Nothing is rounded here. A quantity that does
    not exist (the prediction interval of one trial) is NaN, and a note says so.

    Attributes
    ----------
    measure : str
        Effect measure of the input.
    model : {"random", "common", "uwls"}
        Model.
    tau2_method : str
        Estimator of tau2 (random effects only).
    ci_method : str
        How the interval of ``estimate`` was made; "wald" for one trial, whatever was asked for.
    ci_level : float
        Confidence level of all intervals, between 0 and 1.
    prediction_method : {"z", "t(k-1)", "t(k-2)"}
        Reference distribution of the prediction interval.
    k : int
        Number of effects.
    n_total : int or None
        People in them, each once; None unless every number is known.
    estimate, se, ci_low, ci_high : float
        Pooled effect, standard error and confidence limits.
    dof : int or None
        Degrees of freedom of the interval; None for the normal distribution.
    p_value : float
        Two-sided, against no effect.
    pi_low, pi_high : float
        Prediction interval: where the true effect of a new, similar study would lie.
    tau2, tau2_low, tau2_high : float
        Variance of the true effects and its Q-profile interval.
    i2, i2_low, i2_high : float
        Share of the variance that is between studies, percent, from tau2.
    h2, h2_low, h2_high : float
        Total over sampling variance.
    q, q_dof, q_p_value : float, int, float
        Cochran's Q test of equal effects.
    hk_scale : float
        Knapp-Hartung's factor: weighted spread of the effects over what the model expects. Below 1
        the Knapp-Hartung standard error is smaller than the Wald one.
    weights : numpy.ndarray of shape (k,)
        Weights in percent; their sum is 100.
    effects : Effects
        What was pooled.
    notes : tuple of str
        Sentences that must stand beside these numbers wherever they are shown.
    """

    _caption: ClassVar[str] = "Pooled effect"

    measure: str
    model: str
    tau2_method: str
    ci_method: str
    ci_level: float
    prediction_method: str
    k: int
    n_total: int | None
    estimate: float
    se: float
    ci_low: float
    ci_high: float
    dof: int | None
    p_value: float
    pi_low: float
    pi_high: float
    tau2: float
    tau2_low: float
    tau2_high: float
    i2: float
    i2_low: float
    i2_high: float
    h2: float
    h2_low: float
    h2_high: float
    q: float
    q_dof: int
    q_p_value: float
    hk_scale: float
    weights: NDArray[np.float64]
    effects: Effects
    notes: tuple[str, ...]

    def refit(self, effects: Effects) -> Self:
        """Pool other effects with the same settings.

        Parameters
        ----------
        effects : Effects
            Effects of the same measure.
        """
        from meta.synthesis.models.pool import pool

        return pool(effects, **self.settings())  # type: ignore[return-value]

    def settings(self) -> dict[str, Any]:
        """Return the settings that made this answer, as arguments of :func:`meta.pool`."""
        # one trial is shown with a Wald interval whatever was asked for; more trials are not
        ci_method = "HK" if self.k == 1 and self.model == "random" else self.ci_method
        return {
            "model": self.model,
            "tau2_method": self.tau2_method,
            "ci_method": ci_method,
            "ci_level": self.ci_level,
            "prediction_method": self.prediction_method,
        }

    def intervals(self) -> pd.DataFrame:
        """Return the interval by each method, the one in use marked.

        Returns
        -------
        pandas.DataFrame
            Columns ``ci_method se ci_low ci_high p_value in_use``, on the scale of computation.
        """
        from meta.synthesis.models.pool import interval_table

        return interval_table(self)

    def to_frame(self) -> pd.DataFrame:
        """Return the answer as one row, on the scale of computation, without effects and notes."""
        left_out = {"effects", "weights", "notes"}
        return pd.DataFrame(
            [{f.name: getattr(self, f.name) for f in fields(self) if f.name not in left_out}]
        )

    def method(self) -> str:
        """Name the method in full, as it stands under a figure."""
        if self.k == 1:
            return "one trial, not pooled; Wald (normal) interval"
        model = _MODEL_NAMES[self.model]
        if self.model == "random":
            model += f", {self.tau2_method} estimate of tau2"
        interval = _CI_NAMES[self.ci_method] if self.model != "uwls" else "t interval"
        return f"{model}; {interval}" + (f" (t, {self.dof} df)" if self.dof else "")

    def heterogeneity_text(self) -> str:
        """Return tau2, I2 and Q with their intervals, as they stand under a forest plot."""
        if self.k == 1:
            return "one trial: heterogeneity cannot be seen"
        q = f"Q = {self.q:.2f}, df = {self.q_dof}, p {p_text(self.q_p_value)}"
        if self.model != "random":
            return f"I² = {self.i2:.0f} % (from Q); {q}"
        return (
            f"τ² = {compact(self.tau2)} ({compact(self.tau2_low)} to {compact(self.tau2_high)}); "
            f"I² = {self.i2:.0f} % ({self.i2_low:.0f} to {self.i2_high:.0f}); {q}"
        )

    def prediction_text(self, digits: int = 2) -> str:
        """Return the prediction interval on the reader's scale with its degrees of freedom."""
        if not np.isfinite(self.pi_low):
            return "no prediction interval"
        low, high = self.scale.to_reader([self.pi_low, self.pi_high])
        freedom = {"z": "normal", "t(k-1)": f"t, {self.k - 1} df", "t(k-2)": f"t, {self.k - 2} df"}
        return (
            f"{number(low, digits)} to {number(high, digits)} ({freedom[self.prediction_method]})"
        )

    def sentence(self) -> str:
        """Say the answer in one sentence, with its method."""
        level = f"{100 * self.ci_level:g} %"
        people = f", {self.n_total:,} people" if self.n_total is not None else ""
        trials = "1 study" if self.k == 1 else f"{self.k} studies"
        text = f"{self.scale.label} {self.effect_text()} [{level} interval], {trials}{people}"
        if self.k > 1 and self.model == "random":
            text += (
                f"; {level} prediction interval {self.prediction_text()}; "
                f"τ² = {compact(self.tau2)}, I² = {self.i2:.0f} %"
            )
        return f"{text} ({self.method()})."

    def _rows(self) -> list[tuple[str, str]]:
        level = f"{100 * self.ci_level:g} %"
        people = f", {self.n_total:,} people" if self.n_total is not None else ""
        rows = [
            ("Effect measure", self.scale.label),
            ("Studies", f"{self.k}{people}"),
            ("Method", self.method()),
            (f"Estimate ({level} interval)", self.effect_text(4)),
            ("p, against no effect", p_alone(self.p_value)),
        ]
        if self.k > 1:
            if self.model == "random":
                rows.append((f"{level} prediction interval", self.prediction_text(4)))
            rows.append(("Heterogeneity", self.heterogeneity_text()))
        return rows


def need_fit(fit: Any, what: str) -> None:
    """Refuse anything but a pooled answer, such as the effects behind one.

    Raises
    ------
    DataError
        With the way to a pooled answer.
    """
    need(what, fit, Pooled, "the answer of pool()", "meta.pool(effects)")
