"""What do a printed p-value and a printed direction say?"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from meta.errors import DataError

_P = re.compile(r"^\s*p?\s*(<=|>=|<|>|=|≤|≥)?\s*(\d*\.?\d+(?:[eE][-+]?\d+)?)\s*$")
_TREATED = {"treated", "treatment", "1", "1.0", "+1"}
_CONTROL = {"control", "-1", "-1.0"}
_TIE = {"none", "0", "0.0"}
_SILENT = {"neither", "not_stated", "silent", ""}


def read_p(value: Any) -> tuple[float, str]:
    """Read a two-sided p-value.

    Parameters
    ----------
    value : float or str
        A number, or a number with a relation sign: ``0.02``, ``"= 0.02"``, ``"<0.05"``,
        ``">0.05"``.

    Returns
    -------
    tuple of float and str
        The number, and "" for an exact value, "<" for an upper bound, ">" for a lower one.

    Raises
    ------
    DataError
        If it is no number above 0 and up to 1.

    Examples
    --------
    >>> from meta.synthesis.without_pooling.reported_p_values import read_p
    >>> read_p("<0.05")
    (0.05, '<')
    """
    found = _P.match(str(value))
    number = float(found.group(2)) if found else np.nan
    if found is None or not 0 < number <= 1:
        raise DataError(
            f"p is {value!r}: give a two-sided p above 0 and up to 1, or a bound such as '<0.001' "
            "(a p printed as 0.000 is '<0.001')"
        )
    relation = {"≤": "<", "≥": ">", "<=": "<", ">=": ">", "=": ""}
    sign = found.group(1) or ""
    return number, relation.get(sign, sign)


def read_direction(value: Any) -> str:
    """Read whom a result favours: "treated", "control", "none" (a tie) or "silent".

    Raises
    ------
    DataError
        If the word is unknown.
    """
    if value is None or (np.ndim(value) == 0 and pd.isna(value)):
        return "silent"
    word = str(value).strip().lower()
    for words, meaning in (
        (_TREATED, "treated"),
        (_CONTROL, "control"),
        (_TIE, "none"),
        (_SILENT, "silent"),
    ):
        if word in words:
            return meaning
    raise DataError(
        f"direction is {value!r}: use 'treated' (or 1), 'control' (or -1), 'none' (or 0, a tie), "
        "or 'neither', 'not_stated' or nothing where the direction was not printed"
    )


def names_of(labels: Sequence[str] | None, count: int) -> list[str]:
    """Return labels, or "result 1", "result 2", ..., and refuse another number of them."""
    if labels is None:
        return [f"result {i + 1}" for i in range(count)]
    names = [str(label) for label in labels]
    if len(names) != count:
        raise DataError(f"there are {len(names)} labels for {count} results; give one each")
    return names


def same_length(**columns: Sequence[Any] | None) -> None:
    """Refuse single values, and columns of different lengths.

    Raises
    ------
    DataError
        With the value, or the length of each.
    """
    given = {name: column for name, column in columns.items() if column is not None}
    single = [
        f"{name} is {column!r}"
        for name, column in given.items()
        if isinstance(column, str) or not hasattr(column, "__len__")
    ]
    if single:
        raise DataError(f"{', '.join(single)}: give a list with one value a result")
    sizes = {name: len(column) for name, column in given.items()}
    if len(set(sizes.values())) > 1:
        described = ", ".join(f"{name} has {size}" for name, size in sizes.items())
        raise DataError(f"the lengths differ: {described}; give one value a result in each")
