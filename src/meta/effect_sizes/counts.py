"""How often did it happen in two arms?

The formulas behind RR, OR, RD, PETO, AS and IRR, and what is done with tables that hold a zero.
"""

from __future__ import annotations

import numpy as np

from meta.effect_sizes.inputs import (
    EVENTS,
    PERSON_TIME,
    SIZE_FOR_COUNTS,
    Columns,
    Flags,
    Floats,
    Relation,
)
from meta.effect_sizes.measure import Measure, Options, Sizes

TO = ("only0", "all", "if0all", "none")


def rows_to_adjust(zero: Flags, kept: Flags, to: str) -> Flags:
    """Say which rows get a constant added to their cells.

    Parameters
    ----------
    zero : numpy.ndarray of bool
        Rows with at least one zero cell.
    kept : numpy.ndarray of bool
        Rows that are not dropped; only these can trigger ``"if0all"``.
    to : {"only0", "all", "if0all", "none"}
        Tables with a zero; all; all as soon as one kept table has a zero; none.
    """
    if to == "only0":
        return zero
    everywhere = to == "all" or (to == "if0all" and bool(np.any(zero & kept)))
    return np.full(len(zero), everywhere)


def _cells(arms: Columns, options: Options) -> tuple[Floats, Floats, Floats, Floats, Flags]:
    """Return the four cells (events, non-events; treated, control) and the dropped rows."""
    a, c = arms["events_t"], arms["events_c"]
    b, d = arms["n_t"] - a, arms["n_c"] - c
    dropped = ((a == 0) & (c == 0)) | ((b == 0) & (d == 0))
    dropped &= options.drop00
    zero = (a == 0) | (b == 0) | (c == 0) | (d == 0)
    extra = np.where(rows_to_adjust(zero, ~dropped, options.to), options.add, 0.0)
    return a + extra, b + extra, c + extra, d + extra, dropped


def _rr(arms: Columns, options: Options) -> Sizes:
    a, b, c, d, dropped = _cells(arms, options)
    n_t, n_c = a + b, c + d
    yi = np.log(a / n_t) - np.log(c / n_c)
    return Sizes(yi, 1 / a - 1 / n_t + 1 / c - 1 / n_c, dropped)


def _or(arms: Columns, options: Options) -> Sizes:
    a, b, c, d, dropped = _cells(arms, options)
    return Sizes(np.log(a / b) - np.log(c / d), 1 / a + 1 / b + 1 / c + 1 / d, dropped)


def _rd(arms: Columns, options: Options) -> Sizes:
    a, b, c, d, dropped = _cells(arms, options)
    n_t, n_c = a + b, c + d
    return Sizes(a / n_t - c / n_c, a * b / n_t**3 + c * d / n_c**3, dropped)


def _peto(arms: Columns, options: Options) -> Sizes:
    a, b, c, d, dropped = _cells(arms, options)
    n_t, n_c = a + b, c + d
    total = n_t + n_c
    events = a + c
    expected = events * n_t / total
    information = expected * (n_c / total) * ((b + d) / (total - 1))
    return Sizes((a - expected) / information, 1 / information, dropped)


def _as(arms: Columns, options: Options) -> Sizes:
    a, b, c, d, dropped = _cells(arms, options)
    n_t, n_c = a + b, c + d
    yi = np.arcsin(np.sqrt(a / n_t)) - np.arcsin(np.sqrt(c / n_c))
    return Sizes(yi, 1 / (4 * n_t) + 1 / (4 * n_c), dropped)


def _irr(arms: Columns, options: Options) -> Sizes:
    events_t, events_c = arms["events_t"], arms["events_c"]
    dropped = (events_t == 0) & (events_c == 0) & options.drop00
    zero = (events_t == 0) | (events_c == 0)
    extra = np.where(rows_to_adjust(zero, ~dropped, options.to), options.add, 0.0)
    events_t, events_c = events_t + extra, events_c + extra
    yi = np.log(events_t / arms["time_t"]) - np.log(events_c / arms["time_c"])
    return Sizes(yi, 1 / events_t + 1 / events_c, dropped)


_TABLE = {
    "events_t": EVENTS,
    "n_t": SIZE_FOR_COUNTS,
    "events_c": EVENTS,
    "n_c": SIZE_FOR_COUNTS,
}
_NOT_MORE_THAN_PEOPLE = (
    Relation(("events_t", "n_t"), lambda events, n: events <= n, "no more events than people"),
    Relation(("events_c", "n_c"), lambda events, n: events <= n, "no more events than people"),
)
_RATES = {
    "events_t": EVENTS,
    "time_t": PERSON_TIME,
    "events_c": EVENTS,
    "time_c": PERSON_TIME,
}

MEASURES = (
    Measure("RR", "log risk ratio", _TABLE, _rr, _NOT_MORE_THAN_PEOPLE, add=0.5, can_drop00=True),
    Measure("OR", "log odds ratio", _TABLE, _or, _NOT_MORE_THAN_PEOPLE, add=0.5, can_drop00=True),
    Measure("RD", "risk difference", _TABLE, _rd, _NOT_MORE_THAN_PEOPLE, add=0.5, can_drop00=True),
    Measure(
        "PETO",
        "log odds ratio by Peto's method",
        _TABLE,
        _peto,
        _NOT_MORE_THAN_PEOPLE,
        add=0.5,
        can_drop00=True,
    ),
    Measure(
        "AS",
        "arcsine square-root risk difference",
        _TABLE,
        _as,
        _NOT_MORE_THAN_PEOPLE,
        add=0.0,
        can_drop00=True,
    ),
    Measure("IRR", "log incidence rate ratio", _RATES, _irr, add=0.5, can_drop00=True),
)
