"""Can these columns be computed with? Reads, checks and aligns the arguments of a calculation.

Every calculation of this stage takes numbers, arrays or Series. They are read here once: each value
is checked against the rule of its argument, all faults are collected, and only then are the columns
broadcast to one length. Nothing is coerced to missing and no row is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from meta.arguments import LARGEST, shown, too_large
from meta.errors import DataError
from meta.evidence.faults import closest
from meta.wording import listed

Floats: TypeAlias = NDArray[np.float64]
Flags: TypeAlias = NDArray[np.bool_]

# What a conversion returns: a float if every argument was one number, a Series with the index of
# the Series that came in, else an array. No narrower type can say so without an overload for each.
Numbers: TypeAlias = Any


@dataclass(frozen=True, slots=True)
class Rule:
    """What a value of an argument must satisfy.

    Attributes
    ----------
    holds : callable
        Takes an array of finite numbers and says which of them satisfy the rule.
    needed : str
        The rule in words, for the message.
    least : float
        Values nearer to 0, other than 0 itself, are too small to be computed with.
    """

    holds: Callable[[Floats], Flags]
    needed: str
    least: float = 0.0


_SMALLEST = 1 / LARGEST
ANY_NUMBER = Rule(np.isfinite, "a number")
POSITIVE = Rule(lambda x: x > 0, "a number > 0", _SMALLEST)
NOT_NEGATIVE = Rule(lambda x: x >= 0, "a number >= 0")
STANDARD_DEVIATION = Rule(lambda x: x > 0, "a standard deviation > 0", _SMALLEST)
STANDARD_ERROR = Rule(lambda x: x > 0, "a standard error > 0", _SMALLEST)
MEAN_ON_RATIO_SCALE = Rule(lambda x: x > 0, "a mean > 0 (a ratio needs a ratio scale)", _SMALLEST)
SIZE_FOR_COUNTS = Rule(lambda x: x >= 1, "a number of people >= 1")
SIZE_FOR_MEANS = Rule(lambda x: x >= 2, "a number of people >= 2 (one person has no SD)")
EVENTS = Rule(lambda x: x >= 0, "a number of events >= 0")
PERSON_TIME = Rule(lambda x: x > 0, "a person-time > 0", _SMALLEST)
CORRELATION = Rule(lambda x: np.abs(x) < 1, "a correlation strictly between -1 and 1")
DEGREES_OF_FREEDOM = Rule(lambda x: x > 0, "degrees of freedom > 0")
LEVEL = Rule(
    # beyond these the quantile is 0 or endless
    lambda x: ((1 + x) / 2 > 0.5) & ((1 + x) / 2 < 1),
    "a confidence level strictly between 0 and 1 (0.95, not 95)",
)
P_VALUE = Rule(
    lambda x: (x > 0) & (x <= 1),
    "a p-value in (0, 1] (a printed 0.000 is a bound: read it with parse_p('<0.001'))",
)
SIGN = Rule(lambda x: np.abs(x) == 1, "1 or -1 (the direction, which a p-value does not carry)")

# the rule of an argument of this name, unless a calculation has its own; any number for the others
BY_NAME = {
    **dict.fromkeys(("sd", "sd_t", "sd_c", "sd_a", "sd_b", "sd_difference"), STANDARD_DEVIATION),
    **dict.fromkeys(("n", "n_t", "n_c"), SIZE_FOR_MEANS),
    "se": STANDARD_ERROR,
    "vi": POSITIVE,
    "dof": DEGREES_OF_FREEDOM,
    "ci_level": LEVEL,
    "p_value": P_VALUE,
    "sign": SIGN,
    "correlation": CORRELATION,
    "molar_mass": POSITIVE,
    "events": EVENTS,
    "events_c": EVENTS,
}


@dataclass(frozen=True, slots=True)
class Relation:
    """What several arguments must satisfy together, row by row.

    Attributes
    ----------
    names : tuple of str
        The arguments it speaks of, in the order that `holds` takes them.
    holds : callable
        Takes their columns and says which rows are in order.
    needed : str
        The relation in words, for the message.
    """

    names: tuple[str, ...]
    holds: Callable[..., Flags]
    needed: str


@dataclass(frozen=True, slots=True)
class Columns:
    """The checked arguments of one calculation, all of one length.

    Attributes
    ----------
    values : mapping of str to numpy.ndarray
        One-dimensional columns by argument name; an argument that was None is missing.
    index : pandas.Index or None
        The index of the Series among the arguments; None if there was none.
    scalar : bool
        Every argument was a single number.
    """

    values: Mapping[str, Floats]
    index: pd.Index[Any] | None
    scalar: bool

    def __getitem__(self, name: str) -> Floats:
        return self.values[name]

    def get(self, name: str) -> Floats | None:
        """Return a column, or None if the argument was not given."""
        return self.values.get(name)

    def __len__(self) -> int:
        return len(next(iter(self.values.values())))

    def like_input(self, result: Floats) -> Numbers:
        """Give a result the form of the input: a float, a Series with its index, or an array."""
        if self.scalar:
            return float(result[0])
        return result if self.index is None else pd.Series(result, index=self.index)

    def frame(self, **columns: Any) -> pd.DataFrame:
        """Put results side by side, one row for each row that came in, with its index."""
        return pd.DataFrame(columns, index=self.index)

    def place(self, row: int) -> str:
        """Name a row in a message: its position from 0, and its index label where there is one."""
        if self.scalar:
            return ""
        return _place(row, self.index)


def take_column(where: str, data: pd.DataFrame, argument: str, given: Any) -> Any:
    """Look up an argument that names a column; anything else is the values themselves.

    Raises
    ------
    DataError
        If there is no such column; the message lists those that there are.
    """
    if not isinstance(given, str):
        return given
    if given not in data:
        raise DataError(
            f"{where}: {argument}={given!r}, and data has no such column. "
            f"{closest(given, map(str, data))}Its columns are {listed(data)}"
        )
    return data[given]


def check_same_rows(where: str, columns: Mapping[str, Any]) -> None:
    """Refuse Series of different indices, whose rows would be paired by position.

    Raises
    ------
    DataError
        With a line for each that differs from the first.
    """
    faults: list[str] = []
    _common_index(columns, faults)
    if faults:
        raise DataError.from_faults(where, faults)


def measure_in(table: pd.DataFrame, measure: str | None) -> str | None:
    """Find the measure that a table says it holds, in its column `measure`.

    Raises
    ------
    DataError
        If the table holds several, or another one than was asked for.
    """
    if "measure" not in table:
        return measure
    found = list(dict.fromkeys(str(name) for name in table["measure"].dropna()))
    if len(found) > 1:
        raise DataError(f"effects: the table holds {listed(found)}; give one measure at a time")
    if found and measure is not None and found != [measure]:
        raise DataError(
            f"effects: the table says in its column measure that it holds {found[0]}, not {measure}"
        )
    return found[0] if found else measure


def read_columns(
    where: str,
    arguments: Mapping[str, ArrayLike | None],
    rules: Mapping[str, Rule] | None = None,
    *,
    relations: Iterable[Relation] = (),
    faults: Iterable[str] = (),
    missing: bool = False,
) -> Columns:
    """Check the arguments of a calculation and bring them to one length.

    Parameters
    ----------
    where : str
        The calculation, for the first line of a message.
    arguments : mapping of str to array_like or None
        The values by argument name. None means "not given" and is passed over.
    rules : mapping of str to Rule, optional
        Rules of this calculation, before those that arguments have by their names (`BY_NAME`).
    relations : iterable of Relation
        What arguments must satisfy together; looked at only where all of them are given.
    faults : iterable of str
        Faults that the caller found before, reported together with those found here.
    missing : bool
        Whether a value may be missing (NaN): it was not reported.

    Returns
    -------
    Columns
        Columns of one length, in the order of the arguments.

    Raises
    ------
    DataError
        If a value is missing, infinite, no number, or breaks a rule; if lengths or indices do not
        fit. The message has a line for each fault.

    Examples
    --------
    >>> columns = read_columns("example", {"sd": [1.0, 2.0], "n": 10})
    >>> columns["n"]
    array([10., 10.])
    >>> read_columns("example", {"sd": [1.0, -8.9]})
    Traceback (most recent call last):
    ...
    meta.errors.DataError: example: 1 fault
      - sd[1] is -8.9; needed: a standard deviation > 0
    """
    found = list(faults)
    given = {name: value for name, value in arguments.items() if value is not None}
    own = {**BY_NAME, **(rules or {})}
    checked = {name: own.get(name, ANY_NUMBER) for name in given}
    index = _common_index(given, found)
    arrays: dict[str, Floats] = {}
    for name, value in given.items():
        array = as_floats(name, value, found)
        if array is None:
            continue
        arrays[name] = array
        found.extend(_broken(name, array, checked[name], _index_of(value), missing))
    columns = _broadcast(arrays, index, found)
    if columns is not None:
        for relation in relations:
            found.extend(_broken_relation(relation, columns, checked))
    if found or columns is None:
        raise DataError.from_faults(where, found)
    return columns


def _index_of(value: ArrayLike) -> pd.Index[Any] | None:
    return value.index if isinstance(value, pd.Series) else None


def _place(row: int, index: pd.Index[Any] | None) -> str:
    if index is None or isinstance(index, pd.RangeIndex):
        return f"[{row}]"
    return f"[{row}] ({index[row]!r})"


def as_floats(name: str, value: ArrayLike, found: list[str]) -> Floats | None:
    """Turn one argument into an array of floats, or report every element that is no number.

    Parameters
    ----------
    name : str
        The argument, for the messages.
    value : array_like
        Numbers; what is missing becomes NaN.
    found : list of str
        Takes a line for each element that is no number.

    Returns
    -------
    numpy.ndarray or None
        None if there was a fault.
    """
    try:
        raw = value.to_numpy() if isinstance(value, pd.Series) else np.asarray(value)
    except ValueError:  # rows of unequal length
        found.append(f"{name} is a ragged nest of lists; needed: one number or one column")
        return None
    if isinstance(value, np.ma.MaskedArray):
        # what is masked was not reported, whatever number stands beneath the mask
        raw = np.ma.filled(value.astype(float), np.nan)
    if raw.dtype.kind in "mM":
        found.append(f"{name} holds dates or times ({raw.dtype}); needed: numbers")
        return None
    if raw.ndim > 1:
        found.append(f"{name} has {raw.ndim} dimensions; needed: one number or one column")
        return None
    if raw.dtype.kind in "iuf":
        return raw.astype(float)
    if raw.dtype.kind in "US":
        # a list that mixes numbers and text: keep the numbers numbers, to name only the text
        raw = np.asarray(value, dtype=object)
    converted = np.empty(raw.shape)
    index = _index_of(value)
    numbers = True
    for row, element in enumerate(raw.ravel().tolist()):
        place = _place(row, index) if raw.ndim else ""
        if element is None or element is pd.NA or element is pd.NaT:
            converted.flat[row] = np.nan  # reported as missing with the rules
        elif (
            isinstance(element, int | float | np.number)
            and not isinstance(element, bool)
            and not too_large(element)
        ):
            converted.flat[row] = float(element)
        else:
            found.append(f"{name}{place} is {shown(element)}; needed: a number")
            numbers = False
    return converted if numbers else None


def _broken(
    name: str, array: Floats, rule: Rule, index: pd.Index[Any] | None, missing: bool
) -> list[str]:
    """Say which values of one argument are missing, infinite or against its rule."""
    flat = array.ravel()
    # in a few passes: nearly always there is nothing to say
    low, high = flat.min(initial=np.inf), flat.max(initial=-np.inf)
    small = rule.least > 0 and low < rule.least
    if low >= -LARGEST and high <= LARGEST and not small and rule.holds(flat).all():
        return []
    size = np.abs(flat)
    computable = ~np.isfinite(flat) | (size == 0) | ((size >= rule.least) & (size <= LARGEST))
    in_order = np.isfinite(flat) & rule.holds(flat) & computable
    if missing:
        in_order |= np.isnan(flat)
    faults = []
    for row in np.flatnonzero(~in_order):
        place = _place(int(row), index) if array.ndim else ""
        value = "missing" if np.isnan(flat[row]) else f"{flat[row]:g}"
        range_ = "" if computable[row] else f", of a size between {rule.least:g} and {LARGEST:g}"
        faults.append(f"{name}{place} is {value}; needed: {rule.needed}{range_}")
    return faults


def _broken_relation(relation: Relation, columns: Columns, rules: Mapping[str, Rule]) -> list[str]:
    """Say in which rows a relation fails; rows with a fault of their own are passed over."""
    parts = [columns.get(name) for name in relation.names]
    given = [part for part in parts if part is not None]
    if len(given) < len(parts):
        return []
    failing = ~relation.holds(*given)
    if not failing.any():
        return []
    for name, part in zip(relation.names, given, strict=True):
        failing &= np.isfinite(part) & rules[name].holds(part)
    faults = []
    for row in np.flatnonzero(failing):
        place = columns.place(int(row))
        values = ", ".join(
            f"{name}{place} is {part[row]:g}"
            for name, part in zip(relation.names, given, strict=True)
        )
        faults.append(f"{values}; needed: {relation.needed}")
    return faults


def _common_index(given: Mapping[str, ArrayLike], found: list[str]) -> pd.Index[Any] | None:
    """Return the one index of all Series; two that differ would pair the wrong rows."""
    first_name, first = "", None
    for name, value in given.items():
        index = _index_of(value)
        if index is None:
            continue
        if first is None:
            first_name, first = name, index
        elif not index.equals(first):
            found.append(
                f"{name} and {first_name} have different indices; needed: one index "
                "(or plain arrays, if the order of the rows is right)"
            )
    return first


def _broadcast(
    arrays: Mapping[str, Floats], index: pd.Index[Any] | None, found: list[str]
) -> Columns | None:
    """Repeat single numbers to the length of the columns."""
    lengths = {name: len(array) for name, array in arrays.items() if array.ndim}
    sizes = set(lengths.values()) - {1} or set(lengths.values()) or {1}
    if len(sizes) > 1:
        shown = ", ".join(f"{name} {length}" for name, length in lengths.items())
        found.append(f"lengths do not fit ({shown}); needed: columns of one length, or one number")
        return None
    if not arrays:
        return None
    size = sizes.pop()
    if index is not None and len(index) != size:
        found.append(f"a Series of length {len(index)} beside columns of length {size}")
        return None
    values = {
        name: array if array.shape == (size,) else np.broadcast_to(array, (size,)).copy()
        for name, array in arrays.items()
    }
    return Columns(values=values, index=index, scalar=not lengths)
