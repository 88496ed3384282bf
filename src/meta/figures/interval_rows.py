"""Which estimates does a plot of intervals show, given tables and pooled answers?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from meta.effect_sizes.measures import Measure, measure_of
from meta.errors import DataError, NotComparable
from meta.figures.axis import reader_to_axis, to_axis
from meta.figures.forest_rows import study_intervals
from meta.figures.theme import note_lines, plain
from meta.synthesis.estimate import Estimate
from meta.wording import as_stated

Data = pd.DataFrame | Mapping[str, pd.DataFrame | Estimate | Mapping[str, Estimate]]

_ANSWER_COLUMNS = {"k": "Trials", "n": "People"}
_NOTHING = "–"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """One row: values in axis coordinates, and what is said of it.

    Attributes
    ----------
    label : str
        Name.
    estimate, low, high : float
        Mark and interval; NaN for no interval.
    cells : mapping of str to str
        Texts of further columns.
    pooled, assumed, highlight : bool
        How it is marked.
    diamond : bool
        Whether a pooled mark is a diamond; one of two trials is none.
    why_assumed, why_highlight : str
        What that means; "" if nobody said.
    level : float
        Level of the interval; NaN if not known.
    method : str
        How it was pooled; "" for what was not pooled here.
    notes : tuple of str
        What must stand beside it.
    """

    label: str
    estimate: float
    low: float = np.nan
    high: float = np.nan
    cells: Mapping[str, str] = field(default_factory=dict)
    pooled: bool = False
    diamond: bool = True
    assumed: bool = False
    highlight: bool = False
    why_assumed: str = ""
    why_highlight: str = ""
    level: float = np.nan
    method: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Block:
    """Rows under one heading."""

    heading: str
    rows: tuple[Mark, ...]


@dataclass(frozen=True, slots=True)
class Blocks:
    """Everything that is drawn, its scale, and the headings and alignment of further columns."""

    blocks: tuple[Block, ...]
    scale: Measure
    columns: Mapping[str, str]
    numeric: Mapping[str, bool]


def read_blocks(
    what: str, data: Data, measure: str | None, columns: Mapping[str, str] | None
) -> Blocks:
    """Read tables and answers into rows.

    Parameters
    ----------
    what : str
        What is drawn, for error messages.
    data : DataFrame or mapping
        See :func:`meta.plot_intervals`.
    measure : str, optional
        Measure of all values; that of the answers by default, else "GEN".
    columns : mapping of str to str, optional
        Further columns with their headings.

    Raises
    ------
    DataError
        If anything cannot be drawn, all faults at once.
    NotComparable
        If answers are of another measure.
    """
    given = _as_blocks(what, data)
    answers = [one for part in given.values() if isinstance(part, dict) for one in part.values()]
    scale = _scale(what, answers, measure)
    if columns is None:
        known = any(one.n_total is not None for one in answers)
        columns = {
            key: text for key, text in _ANSWER_COLUMNS.items() if answers and (key == "k" or known)
        }
    further = [key for key in columns if key != "label"]
    faults = [
        f"column {key!r} is in no block; found {', '.join(_columns_of(given.values()))}"
        for key in further
        if key not in _columns_of(given.values())
    ]
    blocks = []
    numeric = dict.fromkeys(further, True)
    for heading, part in given.items():
        if isinstance(part, dict):
            rows = [_of_answer(label, fit, scale, further) for label, fit in part.items()]
        else:
            where = f"block {heading!r}, " if heading else ""
            rows = _of_table(part, where, scale, further, faults)
            for key in further:
                if key in part:
                    numeric[key] &= all(_is_number(value) for value in part[key].dropna())
        blocks.append(Block(plain(heading), tuple(rows)))
    if faults:
        raise DataError.from_faults(what, faults)
    return Blocks(tuple(blocks), scale, dict(columns), numeric)


def _as_blocks(what: str, data: Data) -> dict[str, pd.DataFrame | dict[str, Estimate]]:
    if isinstance(data, pd.DataFrame):
        data = {"": data}
    need = "a data frame, or a mapping of label to the answer of a pooling method"
    if not isinstance(data, Mapping):
        raise DataError(
            f"{what}: data is {type(data).__name__}; give {need}, or several such blocks by heading"
        )
    if data and all(isinstance(one, Estimate) for one in data.values()):
        data = {"": dict(data)}  # type: ignore[arg-type]
    found: dict[str, pd.DataFrame | dict[str, Estimate]] = {}
    faults = []
    for heading, part in data.items():
        if isinstance(part, Mapping) and all(isinstance(one, Estimate) for one in part.values()):
            found[str(heading)] = {str(label): fit for label, fit in part.items()}
        elif isinstance(part, pd.DataFrame):
            found[str(heading)] = part
        else:
            faults.append(f"block {heading!r} is {type(part).__name__}; give {need}")
            continue
        if len(part) == 0:
            faults.append(f"block {heading!r} has no rows" if heading else "the table has no rows")
    if not data:
        faults.append(f"there is nothing to draw; give {need}")
    if faults:
        raise DataError.from_faults(what, faults)
    return found


def _scale(what: str, answers: Sequence[Estimate], measure: str | None) -> Measure:
    measures = list(dict.fromkeys(one.measure for one in answers))
    if measure is not None:
        scale = measure_of(measure)
    else:
        scale = measure_of(measures[0]) if measures else measure_of("GEN")
    others = [name for name in measures if name != scale.name]
    if others:
        raise NotComparable(
            f"{what}: the axis is of {scale.name}, and there are answers of "
            f"{', '.join(others)}; draw each measure in a figure of its own"
        )
    return scale


def _columns_of(parts: Any) -> list[str]:
    names = [
        str(name)
        for part in parts
        for name in (_ANSWER_COLUMNS if isinstance(part, dict) else part.columns)
    ]
    return list(dict.fromkeys(names))


def _of_answer(label: str, fit: Estimate, scale: Measure, further: Sequence[str]) -> Mark:
    if fit.k == 1:
        estimate, low, high = study_intervals(fit)[0]
    else:
        estimate, low, high = to_axis(scale, [fit.estimate, fit.ci_low, fit.ci_high])
    values = {"k": fit.k, "n": fit.n_total}
    return Mark(
        label=plain(label), estimate=float(estimate), low=float(low), high=float(high),
        cells={key: _text(values[key]) for key in further if key in values},
        pooled=fit.k > 1, diamond=fit.k != 2, level=fit.ci_level,
        # no prediction interval is drawn here
        notes=tuple(
            note.removeprefix("Note: ") for note in note_lines(fit.notes)
            if "the prediction interval" not in note
        ),
        # degrees of freedom differ between answers of one method
        method=fit.method_text().partition(" (t, ")[0] if fit.k > 1 else "",
    )  # fmt: skip


def _of_table(
    table: pd.DataFrame, where: str, scale: Measure, further: Sequence[str], faults: list[str]
) -> list[Mark]:
    twice = table.columns[table.columns.duplicated()]
    if len(twice):
        faults.append(f"{where}two columns have the name {twice[0]}; rename one of them")
        return []
    missing = [name for name in ("label", "estimate") if name not in table]
    missing += [
        one
        for one, other in (("ci_low", "ci_high"), ("ci_high", "ci_low"))
        if one not in table and other in table
    ]
    if missing:
        found = ", ".join(map(str, table)) or "none"
        faults.append(f"{where}columns {', '.join(missing)} missing; found {found}")
        return []
    rows = []
    for number, record in enumerate(table.to_dict("records"), start=1):
        label = "" if _missing(record["label"]) else plain(record["label"])
        row = f"{where}row {label!r}" if label else f"{where}row {number}"
        wrong = [] if label else [f"{row}, column label: it is empty; give a name"]
        estimate, low, high = (
            _value(record.get(name), scale, f"{row}, column {name}", wrong)
            for name in ("estimate", "ci_low", "ci_high")
        )
        pooled = _says(record.get("pooled"))
        if isinstance(record.get("pooled"), str):
            wrong.append(f"{row}, column pooled: {record['pooled']!r}; give True or False")
        if _missing(record["estimate"]):
            wrong.append(f"{row}, column estimate: there is none; give it, or leave the row out")
        if not wrong:
            _check_interval(row, estimate, low, high, pooled, wrong)
        faults += wrong
        if wrong:
            continue
        estimate, low, high = (
            reader_to_axis(scale, value) if np.isfinite(value) else np.nan
            for value in (estimate, low, high)
        )
        assumed, highlight = record.get("assumed"), record.get("highlight")
        rows.append(
            Mark(
                label=label, estimate=estimate, low=low, high=high,
                cells={key: _text(record[key]) for key in further if key in record},
                pooled=pooled, assumed=_says(assumed),
                highlight=_says(highlight), why_assumed=_reason(assumed),
                why_highlight=_reason(highlight),
            )
        )  # fmt: skip
    return rows


def _value(given: Any, scale: Measure, where: str, faults: list[str]) -> float:
    """Read a number as it stands in a table; NaN where there is none."""
    if _missing(given):
        return np.nan
    need = "a ratio above 0, not its logarithm" if scale.log else "a finite number"
    try:
        value = float(given)
    except (TypeError, ValueError):
        value = np.nan
    if not np.isfinite(value) or (scale.log and value <= 0):
        faults.append(f"{where}: {given!r}; give {need}")
        return np.nan
    return value


def _check_interval(
    row: str, estimate: float, low: float, high: float, pooled: bool, faults: list[str]
) -> None:
    one, other = np.isfinite(low), np.isfinite(high)
    if one != other:
        there, gone = ("ci_low", "ci_high") if one else ("ci_high", "ci_low")
        faults.append(f"{row}, column {gone}: it is missing beside {there}; give both or neither")
    elif one and not low <= estimate <= high:
        faults.append(
            f"{row}, columns ci_low and ci_high: {as_stated(low)} to {as_stated(high)} does not "
            f"hold the estimate {as_stated(estimate)}; check the three against their source"
        )
    elif pooled and not one:
        faults.append(
            f"{row}, column pooled: there is no interval to draw a diamond from; leave pooled "
            "empty to draw a point"
        )


def _missing(value: Any) -> bool:
    return value is None or (pd.api.types.is_scalar(value) and bool(pd.isna(value)))


def _says(value: Any) -> bool:
    """Whether a remark is made: yes, or a text."""
    if _missing(value):
        return False
    return plain(value) != "" if isinstance(value, str) else bool(value)


def _reason(value: Any) -> str:
    return plain(value) if isinstance(value, str) else ""


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | np.number) and not isinstance(value, bool)


def _text(value: Any) -> str:
    if _missing(value):
        return _NOTHING
    return as_stated(float(value)) if _is_number(value) else plain(value)
