"""What is the answer of the same analysis of other sets of the same studies?

Answers by inverse variance come from one call of the core for all sets of a size; any other
estimate is fitted again for each.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from meta.effect_sizes.measures import measure_of
from meta.errors import NotComparable, NotConverged, TooFewStudies
from meta.synthesis.engine import PREDICTION_METHODS, null_effect
from meta.synthesis.estimate import EffectTable, Estimate
from meta.synthesis.means import pool_columns
from meta.synthesis.models.pooled import Pooled

Index = NDArray[np.intp]

SHOWN = [
    *("k", "estimate", "se", "ci_low", "ci_high", "p_value", "pi_low", "pi_high"),
    *("tau2", "i2", "q", "q_p_value"),
]
# numbers in the arrays that sets of equal size are gathered in
_GATHERED = 2**20


def without_each(fit: Estimate, names: Sequence[str] = SHOWN) -> pd.DataFrame:
    """Repeat an analysis of at least two effects without each of them in turn."""
    return repeated(fit, _each_left_out(fit.effects.k), names)


def _each_left_out(k: int) -> Iterator[Index]:
    block = max(1, _GATHERED // k)
    others = np.arange(k - 1)[:, None]
    for first in range(0, k, block):
        left_out = np.arange(first, min(first + block, k))
        yield others + (others >= left_out)


def repeated(fit: Estimate, sets: Iterable[Index], names: Sequence[str] = SHOWN) -> pd.DataFrame:
    """Repeat an analysis of other sets of its studies.

    Parameters
    ----------
    fit : Estimate
        The analysis.
    sets : iterable of numpy.ndarray of shape (size, n)
        Positions of effects, a column for each of n sets of equal size; the arrays may differ in
        size.
    names : sequence of str
        Attributes of the answers that are wanted.

    Returns
    -------
    pandas.DataFrame
        A row for each set and a column for each name, on the scale of computation; NaN for what an
        answer does not have. ``reason`` says why a set gives no answer; it is "" for all others.
    """
    parts = [
        _pooled(fit, rows)
        if isinstance(fit, Pooled) and fit.prediction_method in PREDICTION_METHODS
        else _refitted(fit, rows, names)
        for rows in sets
    ]
    columns = (*names, "reason")
    return pd.DataFrame({name: np.concatenate([part[name] for part in parts]) for name in columns})


def _pooled(fit: Pooled, rows: Index) -> dict[str, NDArray[Any]]:
    settings = fit.settings()
    weights = settings.pop("weights")
    found = pool_columns(
        fit.effects.yi[rows],
        fit.effects.vi[rows],
        **settings,
        W=None if weights is None else fit.effects.column(weights).to_numpy()[rows],
        null=null_effect(measure_of(fit.measure)),
        tau2_interval=False,
    )
    sets = rows.shape[1]
    return {"k": np.full(sets, len(rows)), "reason": np.full(sets, "", dtype=object)} | found


def _refitted(fit: Estimate, rows: Index, names: Sequence[str]) -> dict[str, NDArray[Any]]:
    found = []
    for column in rows.T:
        try:
            other: Estimate | None = fit.subset(column)
            reason = ""
        except (TooFewStudies, NotComparable, NotConverged) as fault:
            other, reason = None, str(fault)
        values = {name: getattr(other, name, np.nan) for name in names}
        found.append(values | {"reason": reason} | ({} if other else {"k": len(column)}))
    return {name: np.array([row[name] for row in found]) for name in (*names, "reason")}


def effect_table(fit: Estimate, first: Mapping[str, Any], found: pd.DataFrame) -> EffectTable:
    """Put repeated analyses into a table, and the reasons of those without an answer in notes.

    Parameters
    ----------
    fit : Estimate
        The analysis.
    first : mapping of str to sequence
        The first columns; the first of them names a row.
    found : pandas.DataFrame
        What :func:`repeated` gives.
    """
    table = pd.DataFrame(dict(first)).join(found.drop(columns="reason"))
    silent = table.iloc[:, 0][found["reason"] != ""]
    reasons = found["reason"][found["reason"] != ""]
    notes = [f"{name}: no answer, since {why}." for name, why in zip(silent, reasons, strict=True)]
    return EffectTable(fit=fit, table=table, notes=tuple(notes))
