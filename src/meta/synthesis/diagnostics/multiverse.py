"""How far does the answer move over every combination of defensible choices?"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from itertools import combinations, product
from math import comb, prod
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from meta.arguments import checked
from meta.effect_sizes.container import Effects
from meta.effect_sizes.derive import effects
from meta.effect_sizes.measures import Measure, measure_of
from meta.errors import DataError, NotComparable
from meta.evidence.faults import closest
from meta.synthesis.diagnostics.subsets import Solved, Subsets
from meta.synthesis.engine import null_effect
from meta.synthesis.estimate import readable
from meta.synthesis.means import interval_columns
from meta.synthesis.presentation import Answer
from meta.wording import listed, range_text

Floats = NDArray[np.float64]
Index = NDArray[np.intp]
Named = dict[str, dict[str, Any]]

ROWS, LEAVE_OUT = "rows", "leave_out"
# the table of this many takes 1.5 gigabytes
MOST = 20_000_000
_NUMBERS = ("estimate", "ci_low", "ci_high", "p_value", "tau2", "i2")


def _keywords(function: Any) -> tuple[str, ...]:
    kinds = inspect.signature(function).parameters.items()
    return tuple(name for name, one in kinds if one.kind is inspect.Parameter.KEYWORD_ONLY)


_DERIVING = _keywords(effects)
_POOLING = {
    "model": "random",
    "tau2_method": "REML",
    "ci_method": "HK",
    "ci_level": 0.95,
    "prediction_method": "t(k-1)",
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Multiverse(Answer):
    """The answers of every combination of choices.

    Attributes
    ----------
    measure : str
        Effect measure.
    choices : dict of str to tuple of str
        What was chosen among, by name. The first value of each makes the first combination.
    table : pandas.DataFrame
        One row a combination: a categorical column for each choice, then ``k estimate ci_low
        ci_high p_value tau2 i2 decides reason`` on the scale of computation. ``decides`` is True
        where the interval excludes no effect. A combination without an answer has the ``reason``.
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

    @property
    def answered(self) -> pd.DataFrame:
        """The combinations that give an answer."""
        return self.table[self.table["reason"] == ""]

    def to_frame(self) -> pd.DataFrame:
        """Return the table on the reader's scale, which the column ``scale`` names."""
        return readable(self.table, self.scale).assign(scale=self.scale.label)

    def by_choice(self) -> pd.DataFrame:
        """Say what each single choice does to the answer.

        Returns
        -------
        pandas.DataFrame
            One row a value of a choice: ``choice value n lowest median highest decided``, the
            estimates on the scale of computation over all combinations that hold the value, and the
            share of them whose interval excludes no effect.
        """
        answered = self.answered
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
            for part in [answered.loc[answered[name] == value, ["estimate", "decides"]]]
        ]
        return pd.DataFrame(rows)

    def shares(self) -> pd.DataFrame:
        """Say which choice owns how much of the spread of the estimates.

        Returns
        -------
        pandas.DataFrame
            One row a choice, the largest share first: ``choice share``, the variance of the mean
            estimates of its values over the variance of all estimates; and a last row "together
            with others", what the choices do only in combination. Shares of choices can overlap
            where combinations without an answer leave gaps.
        """
        answered = self.answered
        estimate = answered["estimate"].to_numpy()
        whole = float(np.var(estimate)) if len(estimate) else np.nan
        found = {}
        for name in self.choices:
            codes = answered[name].cat.codes.to_numpy()
            count = np.bincount(codes)
            held = count > 0
            means = np.bincount(codes, weights=estimate)[held] / count[held]
            between = float(np.average((means - estimate.mean()) ** 2, weights=count[held]))
            found[name] = between / whole if whole > 0 else 0.0
        ordered = sorted(found.items(), key=lambda item: -item[1])
        rest = ("together with others", 1 - sum(found.values()) if whole > 0 else 0.0)
        return pd.DataFrame([*ordered, rest], columns=["choice", "share"])

    def flips(self) -> pd.DataFrame:
        """List the fewest changes of the first combination that change its conclusion.

        Returns
        -------
        pandas.DataFrame
            One row for each way: ``n_changes changes k estimate ci_low ci_high p_value``, on the
            scale of computation. A conclusion is "above", "below" or "does not exclude" no effect.
            No row if nothing changes it, or the first combination has no answer.
        """
        columns = ["k", "estimate", "ci_low", "ci_high", "p_value"]
        if self.table["reason"].iloc[0] != "":
            return pd.DataFrame(columns=["n_changes", "changes", *columns])
        null = null_effect(self.scale)
        side = np.where(self.table["decides"], np.sign(self.table["estimate"] - null), 0.0)
        codes = np.stack([self.table[name].cat.codes.to_numpy() for name in self.choices])
        changes = (codes != 0).sum(axis=0)
        other = (side != side[0]) & (self.table["reason"] == "").to_numpy()
        if not other.any():
            return pd.DataFrame(columns=["n_changes", "changes", *columns])
        fewest = int(changes[other].min())
        rows = np.flatnonzero(other & (changes == fewest))
        told = self.table.iloc[rows][columns].reset_index(drop=True)
        words = [
            "; ".join(
                f"{name}: {values[code]}"
                for (name, values), code in zip(self.choices.items(), codes[:, row], strict=True)
                if code
            )
            for row in rows
        ]
        told.insert(0, "changes", words)
        told.insert(0, "n_changes", fewest)
        return told

    def curve(self, points: int = 1000) -> pd.DataFrame:
        """Return combinations in rising order of the estimate, thinned evenly.

        Parameters
        ----------
        points : int
            Most rows; the lowest and the highest are among them.
        """
        answered = self.answered
        order = np.lexsort((answered["ci_high"], answered["estimate"]))
        if len(order) > points:
            order = order[np.linspace(0, len(order) - 1, points).round().astype(np.intp)]
        return answered.iloc[order].reset_index(drop=True)

    def sentence(self) -> str:
        """Say in one sentence how far the answer moves."""
        answered = self.answered
        if answered.empty:
            return f"None of {len(self.table):,} combinations of choices gives an answer."
        ends = self.scale.to_reader([answered["estimate"].min(), answered["estimate"].max()])
        return (
            f"{len(self.table):,} combinations of choices, {self.n_distinct:,} different analyses: "
            f"{self.scale.label} {range_text(ends)}; the interval excludes no effect in "
            f"{int(answered['decides'].sum()):,} of {len(answered):,}."
        )

    def _rows(self) -> list[tuple[str, str]]:
        rows = [
            (name, "; ".join(values[:_LISTED]) + "; ..." * (len(values) > _LISTED))
            for name, values in self.choices.items()
        ]
        return [*rows, ("Answer", self.sentence())]


# values of a choice that a summary lists
_LISTED = 12


@checked
def multiverse(
    results: pd.DataFrame,
    choices: Mapping[str, Any],
    measure: str = "SMD",
    *,
    executor: Executor | None = None,
    progress: Callable[[int, int], object] | None = None,
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
        value or values that a row must have, ``{}`` for all rows. ``"leave_out"`` leaves trials
        out: each value is a sequence of labels, ``()`` for none; a whole number m stands for every
        way to leave out at most m. A mapping gives the values names. The first values make the
        combination that :meth:`Multiverse.flips` starts from.
    measure : str
        Effect measure.
    executor : concurrent.futures.Executor, optional
        Where to work: processes of this machine, or of a cluster (those of Dask and joblib are
        executors). The answers have the same bits with and without.
    progress : callable, optional
        Called with the pieces of work that are done and their number.

    Returns
    -------
    Multiverse

    Raises
    ------
    DataError
        If a choice has no such name, no values or equal names, a column of ``rows`` or a trial of
        ``leave_out`` does not exist, or there are more than 20,000,000 combinations. All faults are
        named.

    Notes
    -----
    The combinations are no sample: their share on one side is no probability, and counting them
    says nothing about which choice is right. They show which choices the answer hangs on [1]_.
    A combination that gives no answer (no trial left, effects on different scales) keeps its row,
    with the reason.

    Results are derived once for each combination of rows and deriving choices. Each distinct set of
    effects is pooled once for each model and estimator of tau2; its intervals come from the same
    sums. The table takes about 75 bytes a combination.

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
    derived = _derived(named, results, measure, executor)
    if LEAVE_OUT in named:
        named[LEAVE_OUT] = _left_out(choices[LEAVE_OUT], derived)
    _bounded(named)
    subsets, numbers = _subsets(named, derived)
    solved = subsets.solve(_estimators(named), executor, progress)
    null = null_effect(measure_of(measure))
    table = _table(named, derived, subsets, numbers, solved, null)
    notes = [
        "The combinations are choices, not a sample: their share on one side is no probability."
    ]
    without = int((table["reason"] != "").sum())
    if without:
        notes.append(
            f"{without:,} of {len(table):,} combinations give no answer; the table says why."
        )
    settings = prod(len(values) for name, values in named.items() if name in _POOLING)
    return Multiverse(
        measure=measure,
        choices={name: tuple(values) for name, values in named.items()},
        table=table,
        n_distinct=subsets.n * settings,
        notes=tuple(notes),
    )


def _named(choices: Mapping[str, Any], results: pd.DataFrame) -> Named:
    """Give every value a name; collect what is wrong with the choices."""
    known = (ROWS, LEAVE_OUT, *_DERIVING, *_POOLING)
    named: Named = {}
    columns = [str(column) for column in results]
    faults = []
    for name, values in choices.items():
        if name not in known:
            faults.append(
                f"there is no choice {name!r}. {closest(name, known)}There are {listed(known)}"
            )
            continue
        if name == LEAVE_OUT and isinstance(values, int | np.integer) and values >= 1:
            named[name] = {}  # the trials are known when they are derived
            continue
        if isinstance(values, str) or not isinstance(values, Iterable):
            faults.append(f"{name}: give several values, for example [{values!r}, ...]")
            continue
        items = dict(values) if isinstance(values, Mapping) else {_name(v): v for v in values}
        if not items or len(items) < len(list(values)):
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
    if faults:
        raise DataError.from_faults("multiverse", faults)
    _bounded(named)
    return named


def _name(value: Any) -> str:
    """Name a value: trials by their labels, anything else as it is written."""
    if isinstance(value, list | tuple) and all(isinstance(one, str) for one in value):
        return "; ".join(value) or "none"
    return str(value)


def _bounded(named: Named) -> None:
    count = prod(max(1, len(values)) for values in named.values())
    if count > MOST:
        raise DataError(
            f"multiverse: {count:,} combinations; leave out values until at most {MOST:,} are left"
        )


class _Derived:
    """The effects of every combination of rows and deriving choices, equal ones once."""

    def __init__(self, names: list[str], shape: list[int], found: list[Effects | str]) -> None:
        self.names = names
        places: dict[Any, int] = {}
        self.effects: list[Effects | str] = []
        codes = []
        for one in found:
            key = one if isinstance(one, str) else (*one.labels, one.yi.tobytes(), one.vi.tobytes())
            if key not in places:
                places[key] = len(self.effects)
                self.effects.append(one)
            codes.append(places[key])
        # which of them each combination has
        self.code = np.array(codes, dtype=np.intp).reshape(shape)


def _derived(
    named: Named, results: pd.DataFrame, measure: str, executor: Executor | None
) -> _Derived:
    names = [name for name in named if name not in _POOLING and name != LEAVE_OUT]
    chosen = [
        dict(zip(names, values, strict=True))
        for values in product(*(named[name].values() for name in names))
    ]
    spread = map if executor is None else executor.map
    found = list(spread(_Derive(results, measure), chosen))
    return _Derived(names, [len(named[name]) for name in names], found)


@dataclass(frozen=True, slots=True)
class _Derive:
    """Derive the effects of a combination; a class, so that it can travel to another process."""

    results: pd.DataFrame
    measure: str

    def __call__(self, chosen: Mapping[str, Any]) -> Effects | str:
        rows = self.results
        for column, wanted in chosen.get(ROWS, {}).items():
            several = isinstance(wanted, Iterable) and not isinstance(wanted, str)
            rows = rows[rows[column].isin(list(wanted) if several else [wanted])]
        arguments = {name: chosen[name] for name in _DERIVING if name in chosen}
        try:
            found = effects(rows, self.measure, **arguments)
        except (DataError, NotComparable) as error:
            return str(error)
        return found if found.k else "no trial gives an effect"


def _left_out(asked: Any, derived: _Derived) -> dict[str, Any]:
    """Name every way to leave trials out."""
    sets = [one for one in derived.effects if isinstance(one, Effects)]
    trials = list(dict.fromkeys(label for one in sets for label in one.labels))
    if isinstance(asked, int | np.integer):
        count = sum(comb(len(trials), size) for size in range(asked + 1))
        if count > MOST:
            raise DataError(
                f"multiverse: there are {count:,} ways to leave out at most {asked} of "
                f"{len(trials)} trials; give a smaller number"
            )
        ways = (way for size in range(asked + 1) for way in combinations(trials, size))
        return {_name(way): way for way in ways}
    named = dict(asked) if isinstance(asked, Mapping) else {_name(value): value for value in asked}
    faults = [
        f"leave_out, {name!r}: no trial is called {label!r}. {closest(label, trials)}"
        for name, labels in named.items()
        for label in ([labels] if isinstance(labels, str) else labels)
        if label not in trials
    ]
    if faults:
        raise DataError.from_faults("multiverse", faults)
    return {name: (way,) if isinstance(way, str) else tuple(way) for name, way in named.items()}


def _subsets(named: Named, derived: _Derived) -> tuple[Subsets, list[Index]]:
    """Collect the distinct subsets of every set of effects; for each set, their numbers."""
    ways = list(named.get(LEAVE_OUT, {"none": ()}).values())
    subsets = Subsets()
    numbers = []
    for one in derived.effects:
        if isinstance(one, str):
            numbers.append(np.full(len(ways), -1, dtype=np.intp))
            continue
        place = {label: i for i, label in enumerate(one.labels)}
        keep = np.ones((len(ways), one.k), dtype=bool)
        for row, way in enumerate(ways):
            keep[row, [place[label] for label in way if label in place]] = False
        numbers.append(subsets.add(one.yi, one.vi, keep))
    return subsets, numbers


def _estimators(named: Named) -> list[tuple[str, str]]:
    """Every model with every estimator of tau2 that it uses."""
    models = list(named.get("model", {"": _POOLING["model"]}).values())
    methods = list(named.get("tau2_method", {"": _POOLING["tau2_method"]}).values())
    # a model without tau2 has one answer whatever the estimator
    return list(dict.fromkeys(_estimator(model, method) for model in models for method in methods))


def _estimator(model: str, method: str) -> tuple[str, str]:
    return (model, method) if model == "random" else (model, "DL")


def _table(
    named: Named,
    derived: _Derived,
    subsets: Subsets,
    numbers: list[Index],
    solved: Solved,
    null: float,
) -> pd.DataFrame:
    """Put the answers in the order of the combinations: the last choice changes first."""
    names = list(named)
    shape = tuple(len(named[name]) for name in names)
    ways = np.stack(numbers)[derived.code]  # deriving choices, then ways to leave out
    order = [*derived.names, LEAVE_OUT]
    if LEAVE_OUT not in named:
        ways, order = ways[..., 0], order[:-1]
    inner = [name for name in names if name not in _POOLING]
    ways = ways.transpose([order.index(name) for name in inner])
    # the place that pooling choices have among the axes, as axes of length 1
    place = tuple(np.newaxis if name in _POOLING else slice(None) for name in names)
    number_of = np.broadcast_to(ways[place], shape)

    columns: dict[str, Any] = {
        name: _categorical(
            np.arange(len(named[name])).reshape([-1 if n == name else 1 for n in names]),
            shape,
            [str(value) for value in named[name]],
        )
        for name in names
    }
    columns["k"] = np.append(subsets.sizes, 0)[number_of].ravel()
    found = {name: np.full(shape, np.nan) for name in _NUMBERS}
    pooling = [name for name in names if name in _POOLING]
    for values in product(*(range(len(named[name])) for name in pooling)):
        settings = _POOLING | {
            name: list(named[name].values())[value]
            for name, value in zip(pooling, values, strict=True)
        }
        model, method = settings.pop("model"), settings.pop("tau2_method")
        told = _answers(solved, _estimator(str(model), str(method)), settings, null)
        at = tuple(values[pooling.index(n)] if n in _POOLING else slice(None) for n in names)
        for name in _NUMBERS:
            found[name][at] = told[name][ways]
    columns |= {name: values.ravel() for name, values in found.items()}
    columns["decides"] = (columns["ci_low"] > null) | (columns["ci_high"] < null)
    columns["reason"] = _reasons(derived, ways, place, order, inner, shape)
    return pd.DataFrame(columns)


def _answers(
    solved: Solved, estimator: tuple[str, str], settings: Mapping[str, Any], null: float
) -> dict[str, Floats]:
    """Return the answers of every subset by its number; the last place is no answer."""
    found = {name: np.full(solved.n + 1, np.nan) for name in _NUMBERS}
    for places, means in solved.means(estimator):
        told = means.columns | interval_columns(means, **settings, null=null)
        for name in _NUMBERS:
            found[name][places] = told[name]
    return found


def _reasons(
    derived: _Derived,
    ways: Index,
    place: tuple[Any, ...],
    order: list[str],
    inner: list[str],
    shape: tuple[int, ...],
) -> Any:
    """Say why a combination has no answer; "" where it has one."""
    said = [one for one in derived.effects if isinstance(one, str)]
    texts = ["", "no trial is left", *dict.fromkeys(said)]
    of_effects = np.array([texts.index(e) if isinstance(e, str) else 0 for e in derived.effects])
    own = of_effects[derived.code]
    if LEAVE_OUT in order:
        own = own[..., np.newaxis]
    own = own.transpose([order.index(name) for name in inner])
    return _categorical(np.where((own == 0) & (ways < 0), 1, own)[place], shape, texts)


def _categorical(codes: Index, shape: tuple[int, ...], names: list[str]) -> Any:
    """Repeat codes over all combinations, as a column that holds each name once."""
    every = np.broadcast_to(codes, shape).ravel()
    return pd.Categorical.from_codes(every, dtype=pd.CategoricalDtype(names))
