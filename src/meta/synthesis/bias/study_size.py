"""What stands for the size of a study, and when may a small-study method be read?"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from meta.effect_sizes.container import Effects
from meta.effect_sizes.measures import measure_of
from meta.errors import DataError, NotComparable, TooFewStudies

Values = NDArray[np.float64]

# the names of metafor's regtest, then those that it has not
PREDICTORS = (
    *("sei", "vi", "ni", "ninv", "sqrtni", "sqrtninv"),
    *("sqrt_inverse_n", "peters", "harbord"),
)
# the larger the study the larger these, so that the regression line has no end at infinite size
ENDLESS = ("ni", "sqrtni")

# below this number of studies the tests have too little power to be read (Sterne 2011)
INFORMATIVE = 10
PREDICTOR_NAMES = {
    "sei": "standard error",
    "vi": "sampling variance",
    "ni": "number of people",
    "ninv": "1 / number of people",
    "sqrtni": "√(number of people)",
    "sqrtninv": "1 / √(number of people)",
    "sqrt_inverse_n": "√(1/n_t + 1/n_c)",
    "peters": "1 / number of people, weighted by events (Peters)",
    "harbord": "1 / √(variance of the score) (Harbord)",
}


def size_notes(k: int, what: str) -> list[str]:
    """Say that a method of this kind cannot be read with fewer than ten studies."""
    if k >= INFORMATIVE:
        return []
    return [
        f"k = {k}: with fewer than {INFORMATIVE} studies {what} is not informative; a large p says "
        "nothing, and the figures are shown only for completeness."
    ]


def default_predictor(effects: Effects) -> str:
    """Choose what stands for study size: the standard error, unless the effect is tied to it."""
    known = {"n_t", "n_c"} <= set(effects.table) and not (
        effects.table[["n_t", "n_c"]].isna().any(axis=None)
    )
    return "sqrt_inverse_n" if measure_of(effects.measure).standardised and known else "sei"


def study_size(effects: Effects, predictor: str) -> Values:
    """Return the predictor of each study.

    Raises
    ------
    DataError
        If a number of people that the predictor needs is missing; all studies are named.
    """
    if predictor in {"sei", "vi"}:
        return effects.sei if predictor == "sei" else effects.vi
    people = _columns(effects, ["n_t", "n_c"], predictor)
    n_t, n_c = people["n_t"].to_numpy(), people["n_c"].to_numpy()
    if predictor == "sqrt_inverse_n":
        return np.asarray(np.sqrt(1 / n_t + 1 / n_c))
    if "paired" in effects.table:  # the people of a crossover are in both arms
        n_c = np.where(effects.table["paired"].astype(bool), 0, n_c)
    n = n_t + n_c
    return np.asarray(
        {"ni": n, "ninv": 1 / n, "sqrtni": np.sqrt(n), "sqrtninv": 1 / np.sqrt(n)}[predictor]
    )


def _columns(effects: Effects, names: list[str], what: str) -> pd.DataFrame:
    absent = [name for name in names if name not in effects.table]
    if absent:
        raise DataError(
            f"predictor={what!r} needs the columns {', '.join(names)}, and the effects have no "
            f"{', '.join(absent)}: give them (Effects.from_arrays takes columns), or use "
            "predictor='sei'"
        )
    values: pd.DataFrame = pd.DataFrame({name: effects.column(name) for name in names})
    faults = [
        f"{label} has no {name}: give it, or use predictor='sei'"
        for name in names
        for label, value in zip(effects.labels, values[name], strict=True)
        if not np.isfinite(value)
    ]
    if faults:
        raise DataError.from_faults(f"predictor={what!r}", faults)
    return values


def two_by_two(effects: Effects, which: str) -> tuple[Values, Values, Values, list[str]]:
    """Return effects, variances, predictor and notes of the regressions made for 2x2 tables.

    Raises
    ------
    NotComparable
        If the effects are no odds ratios.
    DataError
        If a count is missing.
    TooFewStudies
        If fewer than three studies have people with and people without the event.
    """
    if measure_of(effects.measure).family != "odds ratio":
        raise NotComparable(
            f"predictor={which!r} is made for odds ratios of 2x2 tables, and the measure is "
            f"{effects.measure!r}: derive the effects as 'OR', or use predictor='sei'"
        )
    table = _columns(effects, ["events_t", "n_t", "events_c", "n_c"], which)
    a, n_t, c, n_c = (table[name].to_numpy() for name in table)
    n, events = n_t + n_c, a + c
    informative = (events > 0) & (events < n)
    silent = [name for name, told in zip(effects.labels, informative, strict=True) if not told]
    notes = []
    if silent:
        notes.append(
            f"left out, since all or none of the people had the event: {', '.join(silent)}."
        )
    if informative.sum() < 3:
        raise TooFewStudies(
            f"only {informative.sum()} studies have people with and people without the event; the "
            "test needs 3"
        )
    a, n_t, n_c, n, events, y = (
        values[informative] for values in (a, n_t, n_c, n, events, effects.yi)
    )
    if which == "peters":
        return y, 1 / events + 1 / (n - events), 1 / n, notes
    score = a - events * n_t / n
    variance = n_t * n_c * events * (n - events) / (n**2 * (n - 1))
    return score / variance, 1 / variance, 1 / np.sqrt(variance), notes


def tied_notes(measure: str, predictor: str) -> list[str]:
    """Warn of a predictor that the effect itself enters."""
    if predictor not in {"sei", "vi"}:
        return []
    if measure_of(measure).standardised:
        return [
            "a standardised mean difference enters its own standard error, so this predictor finds "
            "asymmetry too often; predictor='sqrt_inverse_n' does not (it needs n_t and n_c)."
        ]
    if measure_of(measure).family == "odds ratio":
        return [
            "a log odds ratio is tied to its own standard error, so large effects look asymmetric; "
            "see predictor='harbord' or 'peters'."
        ]
    return []
