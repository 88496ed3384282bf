"""How far does the answer move over every combination of defensible choices?"""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from meta.effect_sizes.container import Effects
from meta.effect_sizes.derive import effects
from meta.effect_sizes.measures import Measure, measure_of
from meta.errors import DataError, NotComparable, NotConverged, TooFewStudies
from meta.evidence.faults import closest, listed
from meta.synthesis.engine import null_effect
from meta.synthesis.models.pool import pool
from meta.synthesis.models.pooled import Pooled
from meta.synthesis.presentation import Answer, range_text

ROWS = "rows"
# more than this nobody reads, and a mistyped range would run for hours
MOST = 5000
_NUMBERS = ("estimate", "ci_low", "ci_high", "p_value", "tau2", "i2")


def _keywords(function: Any) -> tuple[str, ...]:
    kinds = inspect.signature(function).parameters.items()
    return tuple(name for name, one in kinds if one.kind is inspect.Parameter.KEYWORD_ONLY)


_DERIVING = _keywords(effects)
_POOLING = tuple(name for name in _keywords(pool) if name not in {"labels", "measure"})


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Multiverse(Answer):
    """The answers of every combination of choices.

    Attributes
    ----------
    measure : str
        Effect measure.
    choices : dict of str to tuple of str
        What was chosen among, by name.
    table : pandas.DataFrame
        One row a combination: a column for each choice, then ``k estimate ci_low ci_high p_value
        tau2 i2 decides reason`` on the scale of computation. ``decides`` is True where the interval
        excludes no effect. A combination without an answer has the ``reason``.
    n_distinct : int
        How many of the answers differ in their trials, effects or settings.
    notes : tuple of str
        Sentences that must stand beside these numbers wherever they are shown.
    """

    _caption: ClassVar[str] = "Over every combination of choices"

    measure: str
    choices: dict[str, tuple[str, ...]]
    table: pd.DataFrame
    n_distinct: int
    notes: tuple[str, ...]

    @property
    def scale(self) -> Measure:
        """The scale on which the effects are read."""
        return measure_of(self.measure)

    def by_choice(self) -> pd.DataFrame:
        """Say what each single choice does to the answer.

        Returns
        -------
        pandas.DataFrame
            One row a value of a choice: ``choice value n lowest median highest decided``, the
            estimates on the scale of computation over all combinations that hold the value, and the
            share of them whose interval excludes no effect.
        """
        answered = self.table[self.table["reason"] == ""]
        rows = [
            {
                "choice": name,
                "value": value,
                "n": len(part),
                "lowest": part["estimate"].min(),
                "median": part["estimate"].median(),
                "highest": part["estimate"].max(),
                "decided": part["decides"].mean(),
            }
            for name, values in self.choices.items()
            for value in values
            for part in [answered[answered[name] == value]]
        ]
        return pd.DataFrame(rows)

    def sentence(self) -> str:
        """Say in one sentence how far the answer moves."""
        answered = self.table[self.table["reason"] == ""]
        if answered.empty:
            return f"None of {len(self.table)} combinations of choices gives an answer."
        ends = self.scale.to_reader([answered["estimate"].min(), answered["estimate"].max()])
        return (
            f"{len(self.table)} combinations of choices, {self.n_distinct} different analyses: "
            f"{self.scale.label} {range_text(ends)}; the interval excludes no effect in "
            f"{int(answered['decides'].sum())} of {len(answered)}."
        )

    def _rows(self) -> list[tuple[str, str]]:
        rows = [(name, "; ".join(values)) for name, values in self.choices.items()]
        return [*rows, ("Answer", self.sentence())]


def multiverse(
    results: pd.DataFrame,
    choices: Mapping[str, Sequence[Any] | Mapping[str, Any]],
    measure: str = "SMD",
) -> Multiverse:
    """Derive and pool results under every combination of choices.

    Parameters
    ----------
    results : pandas.DataFrame
        Rows as ``evidence.select`` gives them, or a table of your own as for :func:`meta.effects`.
    choices : mapping of str to sequence, or to mapping of name to value
        What is chosen among, by the name of an argument of :func:`meta.effects` (``correlation``,
        ``sd``, ``scores``, ``include``, ...) or of :func:`meta.pool` (``model``, ``tau2_method``,
        ``ci_method``, ...). ``"rows"`` chooses trials: each value is a mapping of a column to the
        value or values that a row must have, ``{}`` for all rows. A mapping gives the values names.
    measure : str
        Effect measure.

    Returns
    -------
    Multiverse

    Raises
    ------
    DataError
        If a choice has no such name, no values or equal names, a column of ``rows`` does not exist,
        or there are more than 5,000 combinations. All faults are named.

    Notes
    -----
    The combinations are no sample: their share on one side is no probability, and counting them
    says nothing about which choice is right. They show which choices the answer hangs on [1]_.
    A combination that gives no answer (no trial left, effects on different scales, no convergence)
    keeps its row, with the reason. Equal sets of effects are pooled once.

    References
    ----------
    .. [1] voracek2019

    Examples
    --------
    >>> import meta
    >>> rows = meta.load_evidence("data").primary("depression")
    >>> found = meta.multiverse(
    ...     rows,
    ...     {
    ...         "rows": {"all trials": {}, "double-blind": {"blinding": "double"}},
    ...         "include": {"all": ("arms", "interval", "p_value"), "means": ("arms", "interval")},
    ...         "ci_method": ["HK", "wald"],
    ...     },
    ... )
    >>> len(found.table), found.table["k"].tolist()[:2]
    (8, [8, 8])
    """
    named = _named(choices, results)
    fits: dict[tuple[Any, ...], Pooled | str] = {}
    derived: dict[tuple[str, ...], Effects | str] = {}
    rows = []
    for names in product(*(values for values in named.values())):
        chosen = {name: named[name][value] for name, value in zip(named, names, strict=True)}
        key = tuple(v for n, v in zip(named, names, strict=True) if n not in _POOLING)
        if key not in derived:
            derived[key] = _derive(results, measure, chosen)
        rows.append(dict(zip(named, names, strict=True)) | _answer(derived[key], chosen, fits))
    table = pd.DataFrame(rows).astype({"k": int})
    answered = [fit for fit in fits.values() if isinstance(fit, Pooled)]
    notes = [
        "The combinations are choices, not a sample: their share on one side is no probability."
    ]
    without = int((table["reason"] != "").sum())
    if without:
        notes.append(f"{without} of {len(table)} combinations give no answer; the table says why.")
    return Multiverse(
        measure=measure,
        choices={name: tuple(values) for name, values in named.items()},
        table=table,
        n_distinct=len(answered),
        notes=tuple(notes),
    )


def _named(
    choices: Mapping[str, Sequence[Any] | Mapping[str, Any]], results: pd.DataFrame
) -> dict[str, dict[str, Any]]:
    """Give every value a name; collect what is wrong with the choices."""
    known = (ROWS, *_DERIVING, *_POOLING)
    named: dict[str, dict[str, Any]] = {}
    columns = [str(column) for column in results]
    faults = []
    for name, values in choices.items():
        if name not in known:
            faults.append(
                f"there is no choice {name!r}. {closest(name, known)}There are {listed(known)}"
            )
            continue
        if isinstance(values, str) or not isinstance(values, Iterable):
            faults.append(f"{name}: give several values, for example [{values!r}, ...]")
            continue
        items = dict(values) if isinstance(values, Mapping) else {str(v): v for v in values}
        if not items or len(items) < len(values):
            faults.append(f"{name}: give at least one value, and each once")
        named[name] = items
        if name == ROWS:
            faults += [
                f"rows, {label!r}: there is no column {column!r}. {closest(column, columns)}"
                for label, wanted in items.items()
                for column in wanted
                if column not in columns
            ]
    if not choices:
        faults.append("nothing to choose among; give at least one choice")
    if prod(map(len, named.values())) > MOST:
        faults.append(
            f"{prod(map(len, named.values())):,} combinations; leave out values until at most "
            f"{MOST:,} are left"
        )
    if faults:
        raise DataError.from_faults("multiverse", faults)
    return named


def _derive(results: pd.DataFrame, measure: str, chosen: Mapping[str, Any]) -> Effects | str:
    rows = results
    for column, wanted in chosen.get(ROWS, {}).items():
        several = isinstance(wanted, Iterable) and not isinstance(wanted, str)
        rows = rows[rows[column].isin(list(wanted) if several else [wanted])]
    arguments = {name: chosen[name] for name in _DERIVING if name in chosen}
    try:
        found = effects(rows, measure, **arguments)
    except (DataError, NotComparable) as error:
        return str(error)
    return found if found.k else "no trial gives an effect"


def _answer(
    found: Effects | str, chosen: Mapping[str, Any], fits: dict[tuple[Any, ...], Pooled | str]
) -> dict[str, Any]:
    """Pool a set of effects, once for equal sets and settings."""
    empty = {"k": 0} | dict.fromkeys(_NUMBERS, np.nan) | {"decides": False}
    if isinstance(found, str):
        return empty | {"reason": found}
    settings = {name: chosen[name] for name in _POOLING if name in chosen}
    key = (*found.labels, *found.yi, *found.vi, *settings.values())
    if key not in fits:
        try:
            fits[key] = pool(found, **settings)
        except (DataError, TooFewStudies, NotConverged) as error:
            fits[key] = str(error)
    fit = fits[key]
    if isinstance(fit, str):
        return empty | {"k": found.k, "reason": fit}
    null = null_effect(fit.scale)
    numbers = {name: getattr(fit, name) for name in _NUMBERS}
    decides = bool(fit.ci_low > null or fit.ci_high < null)
    return {"k": fit.k} | numbers | {"decides": decides, "reason": ""}
