"""What must be said beside an effect that was pooled by inverse variance?"""

from __future__ import annotations

from typing import Any

import numpy as np

from meta.synthesis.engine import NO_SPREAD
from meta.synthesis.estimate import infer
from meta.wording import decimals, listed, range_text

# the usual rule of thumb for a normal approximation of a raw proportion: at least this many people
# with and without the event
_FEW = 5
# a trial that carries two thirds of the weight decides the answer
_DOMINANT = 200 / 3

# Knapp-Hartung's factor is 1 where tau2 makes it so (two trials, Paule-Mandel); a factor this close
# to 1 is that, and rounding
AS_EXPECTED = 1 - 1e-6


def notes_on(fit: Any) -> tuple[str, ...]:
    """Return the notes on the answer of :func:`meta.pool` over several effects."""
    notes = [*fit.effects.notes, *([fit.effects.dependence] if fit.effects.dependence else [])]
    if fit.k == 2:
        if fit.dof and fit.hk_scale < AS_EXPECTED and fit.ci_method == "HK":
            notes.append(
                "k = 2: two effects that happen to agree make the Knapp-Hartung interval far too "
                "narrow; read the two trials and the conservative interval, not the pooled effect."
            )
        elif fit.dof:
            notes.append(
                "k = 2: the interval has one degree of freedom, so it is very wide, and tau2 "
                "rests on one difference; read the two trials, not the pooled effect."
            )
        else:
            notes.append(
                "k = 2: tau2 rests on one difference, and a normal interval is too narrow for it; "
                "read the two trials, not the pooled effect."
            )
    if fit.model == "random":
        notes.extend(_interval_notes(fit))
        if fit.tau2 == 0 and np.isfinite(fit.tau2_se):
            reach = (
                f"its interval reaches {fit.tau2_high:.3g}"
                if fit.tau2_high > 0
                else "they agree better than their standard errors let expect"
            )
            notes.append(
                f"tau2 is estimated as 0, which with k = {fit.k} does not show that the true "
                f"effects are equal: {reach}."
            )
        if not np.isfinite(fit.pi_low):
            notes.append(
                f"the prediction interval by {fit.prediction_method} needs more than {fit.k} "
                "studies."
            )
        elif fit.k < 10:
            notes.append(
                f"the prediction interval is approximate with k = {fit.k} "
                f"({fit.prediction_method} degrees of freedom)."
            )
    top = int(np.argmax(fit.weights))
    if fit.k > 2 and fit.weights[top] > _DOMINANT:
        notes.append(
            f"{fit.effects.labels[top]} carries {fit.weights[top]:.0f} % of the weight: the answer "
            "is mostly that trial's."
        )
    if fit.k > 1 and fit.hk_scale < NO_SPREAD and fit.dof and fit.ci_method == "HK":
        notes.append(
            "all effects are equal: the Knapp-Hartung interval has no width and no p-value; use "
            "ci_method='HK-adhoc'."
        )
    return (*notes, *(_proportion_notes(fit) if fit.measure == "PR" else ()))


def _proportion_notes(fit: Any) -> list[str]:
    """Say where a raw proportion is far from normal, or its interval leaves its range."""
    notes, table = [], fit.effects.table
    if {"events", "n"} <= set(table):
        events, people = fit.effects.column("events"), fit.effects.column("n")
        few = np.minimum(events, people - events) < _FEW
        if few.any():
            notes.append(
                f"{listed([fit.effects.labels[i] for i in np.flatnonzero(few)], 5)}: fewer than "
                f"{_FEW} people with or without the event, where a raw proportion is far from "
                "normal and its weight follows its value; compare measure='PLO'."
            )
    if fit.ci_low < 0 or fit.ci_high > 1 or fit.pi_low < 0 or fit.pi_high > 1:
        notes.append(
            "an interval leaves the range from 0 to 1, which raw proportions do not prevent; use "
            "measure='PLO'."
        )
    return notes


def _interval_notes(fit: Any) -> list[str]:
    """Name the other small-sample interval and say which one is wider."""
    if fit.ci_method == "wald":
        if fit.k < 10:
            return [
                f"the normal (Wald) interval is too narrow with k = {fit.k}: Knapp-Hartung is the "
                "default for that reason."
            ]
        return []
    other = "HK-adhoc" if fit.ci_method == "HK" else "HK"
    name = {"HK": "Knapp-Hartung", "HK-adhoc": "ad hoc (conservative)"}
    factor = max(fit.hk_scale, 1.0) if other == "HK-adhoc" else fit.hk_scale
    share = fit.weights / 100
    se = float(np.sqrt(factor * np.sum(share**2 * (fit.effects.vi + fit.tau2))))
    found = infer(fit.estimate, se, fit.dof, fit.ci_level)
    low, high = fit.scale.to_reader([found.ci_low, found.ci_high])
    digits = decimals([fit.scale.to_reader(fit.estimate), low, high])
    if fit.hk_scale < AS_EXPECTED:
        relation = "is wider" if other == "HK-adhoc" else "is narrower"
        spread = "less than"
    else:
        relation = "is the same"
        spread = "more than" if fit.hk_scale > 2 - AS_EXPECTED else "as much as"
    return [
        f"the {name[other]} interval {relation}: {range_text([low, high], digits)} "
        f"(the effects spread {spread} the model expects, factor {fit.hk_scale:.2f})."
    ]
