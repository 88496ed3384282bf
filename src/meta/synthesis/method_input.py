"""What was a method given: arrays, names of columns, effects, or another answer?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from meta.arguments import shown
from meta.effect_sizes.container import Effects
from meta.effect_sizes.inputs import STANDARD_ERROR, check_same_rows, read_columns, take_column
from meta.effect_sizes.poolable import check_effects
from meta.errors import DataError
from meta.synthesis.estimate import Estimate


def effects_of(
    effects: Effects | Estimate | pd.DataFrame | ArrayLike | str,
    vi: ArrayLike | str | None = None,
    *,
    sei: ArrayLike | str | None = None,
    labels: Sequence[str] | str | None = None,
    measure: str | None = None,
    data: pd.DataFrame | None = None,
) -> Effects:
    """Read whatever a method that analyses effects was given.

    Parameters
    ----------
    effects : Effects, Estimate, pandas.DataFrame or array_like of shape (k,)
        Effects; an answer, whose effects are taken (those that say something alone); a table with
        columns ``yi`` and ``vi`` (or ``sei``); bare effects; or, with `data`, the name of a column.
    vi, sei : array_like of shape (k,) or str, optional
        Sampling variances, or standard errors, of bare effects; with `data`, the name of a column.
    labels : sequence of str or str, optional
        Names of bare effects; with `data`, the name of a column.
    measure : str, optional
        Measure of bare effects; ``"GEN"`` unless the table says it in a column ``measure``.
    data : pandas.DataFrame, optional
        Table in which names of columns are looked up; its other columns go along.

    Returns
    -------
    Effects
        Checked, and ready to be pooled.

    Raises
    ------
    DataError
        If an effect or variance is missing, infinite, no number or not above 0, the arguments do
        not fit together, or a column does not exist.

    Examples
    --------
    >>> import pandas as pd
    >>> trials = pd.DataFrame({"study": ["a", "b"], "lnrr": [-0.5, -0.1], "se": [0.2, 0.3]})
    >>> effects_of("lnrr", sei="se", labels="study", measure="RR", data=trials).labels
    ['a', 'b']
    """
    if isinstance(effects, Estimate):
        own = effects.effects
        alone = np.isfinite(own.yi)
        effects = own if alone.all() else own.subset(alone)
    is_table = isinstance(getattr(effects, "frame", None), pd.DataFrame)  # of meta.read_table
    if effects is None or is_table or (isinstance(effects, str) and data is None):
        found = "nothing" if effects is None else shown(effects)
        found += " without data=" if isinstance(effects, str) else ""
        raise DataError(
            f"effects are needed, and there is {found}: give Effects, an answer, or yi and vi"
        )
    if isinstance(effects, Effects):
        given = {"vi": vi, "sei": sei, "labels": labels, "measure": measure, "data": data}
        extra = [name for name, value in given.items() if value is not None]
        if extra:
            raise DataError(
                f"{', '.join(extra)} cannot be given with Effects, which hold their own"
            )
        # the checks of bare arrays hold for a table that was edited by hand, too
        check_effects(effects.yi, effects.vi, lambda: effects.labels)
        return effects
    columns: dict[str, Any] = {"vi": vi, "sei": sei, "label": labels}
    if isinstance(effects, pd.DataFrame):
        if data is not None:
            raise DataError("data cannot be given with a table, which is the data itself")
        table = effects
    elif data is not None:
        table, columns = data, {"yi": effects} | columns
    else:
        if vi is not None and sei is not None:
            raise DataError("vi and sei are both given; give one of them")
        if sei is not None:
            check_same_rows("effects", {"yi": effects, "sei": sei})
            rules = {"sei": STANDARD_ERROR}
            vi = read_columns("effects", {"sei": sei}, rules, missing=True)["sei"] ** 2
        if vi is None:
            raise DataError(
                "vi is missing: give the sampling variance of each effect, or its standard error "
                "(sei=)"
            )
        return Effects.from_arrays(effects, vi, labels, measure or "GEN")
    taken: dict[str, Any] = {
        name: take_column("effects", table, name, value)
        for name, value in columns.items()
        if value is not None
    }
    for name, values in taken.items():
        if len(values) != len(table):
            raise DataError(
                f"effects: {name} has {len(values)} values for {len(table)} rows of data; give one "
                "for each"
            )
        check_same_rows("effects", {"the table": table.index.to_series(), name: values})
    # a spread that was named stands for the one that the table has
    other = {"vi": "sei", "sei": "vi"}
    unasked = [other[name] for name in taken if name in other and other[name] not in taken]
    rest = table.drop(columns=[name for name in unasked if name in table])
    return Effects.from_table(rest.assign(**taken), measure)


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
