"""How does an answer show itself?

The classes of this stage list their rows; this module turns rows and notes into text, HTML and
plain Python values, and numbers into words, the same way for all of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields
from html import escape
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from meta.effect_sizes.container import Effects
from meta.errors import DataError

# raised by one whenever a key of to_dict() changes its name or meaning, or goes
SCHEMA = "meta/1"
# from here on decimals say nothing, and digits need separators
_LONG = 1e5
_LONG_RATIO = 1e3
_BILLION = 1e9


class Answer:
    """Base of frozen result classes: they give ``_rows`` and have ``notes``."""

    __slots__ = ()

    _caption: ClassVar[str]
    notes: tuple[str, ...]

    def _rows(self) -> list[tuple[str, str]]:
        raise NotImplementedError

    def _frames(self) -> list[pd.DataFrame]:
        """Return tables that stand between the rows and the notes, on the reader's scale."""
        return []

    def to_dict(self) -> dict[str, Any]:
        """Return every number as plain Python values, ready for JSON.

        Returns
        -------
        dict
            ``schema`` ("meta/1": raised whenever a key changes its name or meaning, or goes) and
            ``kind`` (the class), then a key for each attribute, as the class documents them, on the
            scale of computation. What is not finite becomes None; an array a list; a table a list
            of its rows; effects a list of ``study_id label yi vi``; an answer within the answer a
            dictionary of this form.
        """
        return {"schema": SCHEMA, "kind": type(self).__name__} | {
            item.name: plain(getattr(self, item.name))
            for item in fields(self)  # type: ignore[arg-type]
            if item.repr
        }

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self.to_dict() == other.to_dict()

    def __hash__(self) -> int:
        return hash((type(self).__name__, self.notes))

    def __str__(self) -> str:
        rows = self._rows()
        width = max(len(name) for name, _ in rows)
        lines = [f"{name:<{width}}  {value}" for name, value in rows]
        tables = [frame.to_string(index=False) for frame in self._frames()]
        return "\n".join([*lines, *tables, *(f"Note: {note}" for note in self.notes)])

    def _repr_html_(self) -> str:
        body = "".join(
            f'<tr><th scope="row">{escape(name)}</th><td>{escape(value)}</td></tr>'
            for name, value in self._rows()
        )
        tables = "".join(frame.to_html(index=False) for frame in self._frames())
        notes = "".join(f"<li>{escape(note)}</li>" for note in self.notes)
        listed = f"<ul>{notes}</ul>" if notes else ""
        caption = f"<caption>{escape(self._caption)}</caption>"
        return f'<table class="pooled">{caption}{body}</table>{tables}{listed}'


def plain(value: Any) -> Any:
    """Turn a field of an answer into plain Python values, ready for JSON."""
    if isinstance(value, Effects):
        return plain(value.table[["study_id", "label", "yi", "vi"]])
    if isinstance(value, pd.DataFrame):
        named = value if value.index.name is None else value.reset_index()
        return [plain(row) for row in named.to_dict("records")]
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if hasattr(value, "to_dict"):
        return value.to_dict()
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not np.isfinite(value):
        return None
    return value


def number(value: float, digits: int = 2) -> str:
    """Write a number with a true minus sign and a fixed count of decimals.

    From 100,000 on (an interval with one degree of freedom on a ratio scale) without decimals and
    with separators, and beyond a billion in words: nobody reads more into such a number.
    """
    _check_digits(digits)
    if not np.isfinite(value):
        return "∞" if value > 0 else "−∞" if value < 0 else "not available"
    if abs(value) > _BILLION:
        return "over a billion" if value > 0 else "below minus a billion"
    text = f"{value:.{digits}f}" if abs(value) < _LONG else f"{value:,.0f}"
    if float(text.replace(",", "")) == 0:
        text = text.replace("-", "")
    return text.replace("-", "−")


def decimals(interval: Iterable[float], least: int = 2, most: int = 10) -> int:
    """Count the decimals that tell an estimate from its two limits and from 0, or ``least``.

    A limit is told from 0 unless it is less than a hundredth of the estimate.

    Examples
    --------
    >>> decimals([-0.384, -0.85, 0.08]), decimals([-0.0005, -0.0009, -0.0001])
    (2, 4)
    """
    _check_digits(least)
    middle, *ends = (float(value) for value in interval)
    values = [value for value in (middle, *ends) if np.isfinite(value)] or [0.0]
    ends = values[int(np.isfinite(middle)) :]
    # limits alone are told apart as the larger one from the other
    middle = middle if np.isfinite(middle) else max(values, key=abs)
    for digits in range(least, most):
        shown = round(middle, digits)
        apart = all(round(end, digits) != shown for end in ends if end != middle)
        if apart and all(
            round(value, digits) for value in values if abs(value) > abs(middle) / 100
        ):
            return digits
    return least


def _check_digits(digits: Any) -> None:
    if not isinstance(digits, int | np.integer) or digits < 0:
        raise DataError(f"digits is {digits!r}; give a whole number of decimals, 0 or more")


def interval_texts(values: Iterable[float], digits: int = 2, *, log: bool = False) -> list[str]:
    """Write an estimate and its limits, on the reader's scale, with decimals that tell them apart.

    Parameters
    ----------
    values : iterable of float
        Estimate and limits; NaN for what there is not.
    digits : int
        Decimals, more where they are needed.
    log : bool
        A ratio: from 1,000 on it has no decimals.
    """
    given = [float(value) for value in values]
    shown = decimals(given, digits)
    return [number(value, 0 if log and abs(value) >= _LONG_RATIO else shown) for value in given]


def value_text(value: float, digits: int = 2) -> str:
    """Write one number with decimals that tell it from 0."""
    return interval_texts([value], digits)[0]


def range_text(ends: Iterable[float], digits: int = 2, *, log: bool = False) -> str:
    """Write two limits with decimals that tell them apart: "0.80 to 1.25"."""
    return " to ".join(interval_texts([np.nan, *ends], digits, log=log)[1:])


def compact(value: float) -> str:
    """Write a variance: three decimals, more where it is small, fewer where it is large."""
    if not np.isfinite(value):
        return number(value)
    if value == 0 or 0.001 <= value < 100:
        return f"{value:.3f}"
    return f"{value:.2g}" if value < 0.001 else f"{value:,.0f}"


def p_text(p: float) -> str:
    """Write a p-value with its relation sign: "= 0.012", "< 0.001"."""
    if not np.isfinite(p):
        return "not available"
    return "< 0.001" if p < 0.001 else f"= {p:.3f}" if p < 0.1 else f"= {p:.2f}"


def p_alone(p: float) -> str:
    """Write a p-value where its name stands before it: "0.012", "< 0.001"."""
    return p_text(p).removeprefix("= ")


def check_level(ci_level: float) -> None:
    """Refuse a confidence level that is no share.

    Raises
    ------
    DataError
        With what is needed.
    """
    if not isinstance(ci_level, int | float | np.number) or not 0 < ci_level < 1:
        raise DataError(f"ci_level is {ci_level!r}; give a share between 0 and 1, for example 0.95")


def listed(names: list[str], most: int = 5) -> str:
    """Name some things in a sentence, and count the rest."""
    shown = ", ".join(names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"
