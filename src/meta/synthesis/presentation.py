"""How does an answer show itself?

The classes of this stage list their rows; this module turns rows and notes into text, HTML and
plain Python values, and numbers into words, the same way for all of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from html import escape
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from meta.effect_sizes.container import Effects
from meta.effect_sizes.measures import Measure, measure_of
from meta.errors import DataError, need

# from here on decimals say nothing, and digits need separators
_LONG = 1e5
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
        """Return every number as plain Python values, ready for JSON; NaN becomes None."""
        return {
            item.name: plain(getattr(self, item.name))
            for item in fields(self)  # type: ignore[arg-type]
            if item.repr
        }

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


class PooledAnswer(Answer):
    """Base of answers that are one pooled effect with its confidence interval."""

    __slots__ = ()

    measure: str
    k: int
    estimate: float
    se: float
    ci_low: float
    ci_high: float
    ci_level: float

    @property
    def scale(self) -> Measure:
        """The scale on which the effect is read."""
        return measure_of(self.measure)

    def effect_text(self, digits: int = 2) -> str:
        """Return the effect and its interval on the reader's scale, for example "-0.5 (-1 to 0)".

        Parameters
        ----------
        digits : int
            Decimals.
        """
        return estimate_text(self.scale, self.estimate, self.ci_low, self.ci_high, digits)


def need_pooled(fit: Any, what: str) -> None:
    """Refuse anything but one pooled effect with its interval.

    Raises
    ------
    DataError
        With the way to one.
    """
    way = "the answer of pool(), mantel_haenszel(), peto(), glmm(), multilevel() or robust()"
    need(what, fit, PooledAnswer, "a pooled effect", way)


def need_effects(effects: Any, what: str) -> None:
    """Refuse anything but effects, such as a fit of them or bare arrays.

    Raises
    ------
    DataError
        With the way to them.
    """
    way = "meta.Effects.from_arrays(yi, vi) for bare arrays, and fit.effects for those of a fit"
    need(what, effects, Effects, "effects", way)


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
    if not isinstance(digits, int | np.integer) or digits < 0:
        raise DataError(f"digits is {digits!r}; give a whole number of decimals, 0 or more")
    if not np.isfinite(value):
        return "∞" if value > 0 else "−∞" if value < 0 else "not available"
    if abs(value) > _BILLION:
        return "over a billion" if value > 0 else "below minus a billion"
    text = f"{value:.{digits}f}" if abs(value) < _LONG else f"{value:,.0f}"
    if float(text.replace(",", "")) == 0:
        text = text.replace("-", "")
    return text.replace("-", "−")


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


def estimate_text(scale: Measure, estimate: float, low: float, high: float, digits: int = 2) -> str:
    """Write an estimate and its interval on the reader's scale."""
    shown = number(scale.to_reader(estimate), digits)
    limits = [number(scale.to_reader(limit), digits) for limit in (low, high)]
    return f"{shown} ({limits[0]} to {limits[1]})"


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
