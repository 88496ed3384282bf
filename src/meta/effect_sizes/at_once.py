"""Which rows of a table can be computed at once, without looking at each by itself?

Means, counts or effects with their variance, in a table that says nothing else about them, are
computed as columns. The answer of a row is the one that `forms.derive` gives for it alone: both
use the formula of the registry, and the derivation is written when somebody asks for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from meta.effect_sizes.assumptions import CONTINUITY, Settings
from meta.effect_sizes.derivation import Derivation
from meta.effect_sizes.forms import derive
from meta.effect_sizes.inputs import Flags, Floats
from meta.effect_sizes.measures import Measure
from meta.effect_sizes.row_effect import RowEffect
from meta.effect_sizes.rows import NUMBERS, missing, read_rows
from meta.effect_sizes.sizes import ADDED, Options, compute

# the dtype "str", which pandas reads from its name much more slowly
TEXT = pd.StringDtype(na_value=np.nan)
# columns that decide, row by row, how the figures of a row are to be read
_BY_ROW = frozenset({
    "result_type", "stratum", "paired", "design", "flag", "same_trial_as", "lower_is_better",
    "instrument_id", "effect_unit", "result_id",
})  # fmt: skip


def at_once(table: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """Compute the rows that can be computed as columns.

    Parameters
    ----------
    table : pandas.DataFrame
        As :func:`meta.effects` takes it.
    settings : Settings
        The choices of the call.

    Returns
    -------
    pandas.DataFrame
        ``position yi vi reporting form assumptions``, one row for each that was computed; the
        others have to be read one by one.
    """
    measure, size = settings.entry, len(table)
    yi, vi = np.full(size, np.nan), np.full(size, np.nan)
    form, assumptions = np.zeros(size, dtype=np.int8), np.full(size, "", dtype=object)
    known = () if _BY_ROW & set(map(str, table.columns)) else {**NUMBERS, **measure.arguments}
    numbers = {str(name): table[name] for name in table if name in known}
    if all(pd.api.types.is_numeric_dtype(column) for column in numbers.values()):
        values = {name: column.to_numpy(float, na_value=np.nan) for name, column in numbers.items()}
        _given(values, yi, vi, form)
        if "yi" in values and "measure" in table and "note" in table:
            # of the notes of `effect_size`; anybody else's are no assumptions
            texts = table["note"].astype("str").fillna("")
            assumptions = texts.where(texts.str.endswith(ADDED), "").to_numpy(dtype=object)
        elif _computable(measure, settings, values):
            _computed(measure, settings, values, yi, vi, form, assumptions)
    done = np.flatnonzero(np.isfinite(yi) & np.isfinite(vi))
    forms = ["effect", "events" if measure.add is not None else _form(measure)]
    columns = {
        "position": done,
        "yi": yi[done],
        "vi": vi[done],
        "reporting": pd.array(["interval", "arms"], dtype=TEXT).take(form[done]),
        "form": pd.array(forms, dtype=TEXT).take(form[done]),
        "assumptions": pd.array(assumptions[done], dtype=TEXT),
    }
    return pd.DataFrame(columns, copy=False)


def _form(measure: Measure) -> str:
    return "post" if "mean_t" in measure.arguments else "arms"


def _given(values: Mapping[str, Floats], yi: Floats, vi: Floats, form: NDArray[np.int8]) -> None:
    """Take effects with their variance or standard error as they are."""
    if "yi" not in values:
        return
    nothing = np.full(len(yi), np.nan)
    spread = values.get("vi", nothing)
    errors = values.get("sei", nothing)
    variance = np.where(np.isnan(spread), errors**2, spread)
    good = np.isfinite(values["yi"]) & (variance > 0) & np.isfinite(variance) & ~(errors <= 0)
    yi[good], vi[good] = values["yi"][good], variance[good]
    form[good] = 0


def _computable(measure: Measure, settings: Settings, values: Mapping[str, Floats]) -> bool:
    """Say whether the arms of this measure are read as they stand."""
    if measure.formula is None or "arms" not in settings.include:
        return False
    if "mean_t" in measure.arguments and settings.scores == "change":
        return False
    return all(name in values for name in measure.arguments if name not in measure.optional)


def _computed(
    measure: Measure,
    settings: Settings,
    values: Mapping[str, Floats],
    yi: Floats,
    vi: Floats,
    form: NDArray[np.int8],
    assumptions: NDArray[Any],
) -> None:
    """Compute the arms that are complete and in order; whoever reads the others says why not."""
    columns = {name: values[name] for name in measure.arguments if name in values}
    good: Flags = np.isnan(yi)
    for name, column in columns.items():
        if name not in measure.optional:
            good &= np.isfinite(column) & measure.arguments[name].holds(column)
    for relation in measure.relations:
        good &= relation.holds(*(columns[name] for name in relation.names))
    rows = np.flatnonzero(good)
    if len(rows) == 0:
        return
    if len(rows) < len(yi):
        columns = {name: column[rows] for name, column in columns.items()}
    sizes = compute(measure, columns, Options.of(measure, drop00=settings.drop00))
    usable = np.isfinite(sizes.yi) & (sizes.vi > 0)
    yi[rows], vi[rows] = np.where(usable, sizes.yi, np.nan), sizes.vi
    form[rows] = 1
    assumptions[rows[sizes.added]] = str(CONTINUITY)


def names_of(table: pd.DataFrame, positions: NDArray[Any], column: str = "study_id") -> list[str]:
    """Name the studies of rows as `read_rows` does: by the first of its columns that is filled."""
    found: list[str] = []
    for name in dict.fromkeys((column, "study_id", "label")):
        if name in table:
            texts = texts_of(table[name].array.take(positions))
            both = zip(found, texts, strict=True)
            found = [one or other for one, other in both] if found else texts
            if all(found):
                return found
    found = found or [""] * len(positions)
    return [name or f"study {i + 1}" for name, i in zip(found, positions.tolist(), strict=True)]


def texts_of(cells: pd.api.extensions.ExtensionArray) -> list[str]:
    """Return cells as texts without blanks around them; "" where nothing stands."""
    values = cells.tolist()
    try:
        return list(map(str.strip, values))
    except TypeError:
        return ["" if missing(value) else str(value).strip() for value in values]


class Derivations(Mapping[str, Derivation]):
    """The ways to the effects of a table, by study; those computed at once are written on demand.

    Parameters
    ----------
    ready : dict of str to Derivation
        Those of the rows that were read one by one.
    positions : numpy.ndarray of int
        Rows of the others.
    table : pandas.DataFrame
        The table that they stand in.
    settings : Settings
        How it was read.
    """

    def __init__(
        self,
        ready: dict[str, Derivation],
        positions: NDArray[Any],
        table: pd.DataFrame,
        settings: Settings,
    ) -> None:
        self._ready, self._positions = ready, positions
        self._table, self._settings = table, settings

    @cached_property
    def _rows(self) -> dict[str, int]:
        names = names_of(self._table, self._positions)
        return dict(zip(reversed(names), reversed(self._positions.tolist()), strict=True))

    def __getitem__(self, study_id: str) -> Derivation:
        if study_id in self._ready:
            return self._ready[study_id]
        arguments = self._settings.entry.arguments
        (row,) = read_rows(self._table, arguments=arguments, where=[self._rows[study_id]])
        found = derive(row, self._settings)
        assert isinstance(found, RowEffect)
        return found.derivation

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys([*self._ready, *self._rows]))

    def __len__(self) -> int:
        return len(self._ready.keys() | self._rows.keys())

    def __repr__(self) -> str:
        return f"<the ways to {len(self)} effects>"  # without an address: a page stays as it is
