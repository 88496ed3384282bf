"""What was a method given: arrays, names of columns, effects, or another answer?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from meta.effect_sizes.container import Effects, as_effects
from meta.effect_sizes.inputs import take_column
from meta.errors import DataError
from meta.synthesis.estimate import Estimate


def effects_of(effects: Any, vi: Any = None, **given: Any) -> Effects:
    """Return the effects that a method was given, an answer's own among them.

    Parameters
    ----------
    effects : Estimate or other
        An answer, whose effects are taken (those that say something alone), or whatever
        :func:`meta.effect_sizes.container.as_effects` reads.
    vi, **given
        As for that function.
    """
    if isinstance(effects, Estimate):
        own = effects.effects
        alone = np.isfinite(own.yi)
        effects = own if alone.all() else own.subset(alone)
    if effects is None or (isinstance(effects, str) and given.get("data") is None):
        found = "nothing" if effects is None else f"{effects!r} without data="
        raise DataError(
            f"effects are needed, and there is {found}: give Effects, an answer, or yi and vi"
        )
    return as_effects(effects, vi, **given)


def columns_of(where: str, data: pd.DataFrame | None, given: Mapping[str, Any]) -> dict[str, Any]:
    """Take what is named from the columns of a table; what is no name stays.

    Raises
    ------
    DataError
        If a name is no column, or there is no table.
    """
    if data is not None:
        return {name: take_column(where, data, name, value) for name, value in given.items()}
    named = [f"{name}={value!r}" for name, value in given.items() if isinstance(value, str)]
    if named:
        raise DataError(f"{where}: {', '.join(named)}: the name of a column needs its table, data=")
    return dict(given)


def with_column(effects: Effects, name: str, given: str | ArrayLike | None) -> tuple[Effects, str]:
    """Keep what was given for each effect as a column of them, and say which.

    So an analysis of some of the effects finds its share of it.
    """
    if given is None or isinstance(given, str):
        return effects, given or ""
    values = np.asarray(given, dtype=object)
    if values.shape != (effects.k,):
        raise DataError(
            f"{name} has shape {values.shape} for {effects.k} effects; give one for each"
        )
    name = str(given.name) if isinstance(given, pd.Series) and given.name is not None else name
    while name in effects.table and not effects.table[name].astype(object).equals(
        pd.Series(values, index=effects.table.index)
    ):
        name += "_given"
    return replace(effects, table=effects.table.assign(**{name: values})), name
