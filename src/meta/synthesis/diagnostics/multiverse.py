"""How far does the answer move over every combination of defensible choices?"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from itertools import chain, combinations, product
from math import comb, prod
from typing import Any, ClassVar, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from meta.arguments import checked
from meta.effect_sizes import derive
from meta.effect_sizes.measures import Measure, measure_of
from meta.effect_sizes.table_effects import effects
from meta.errors import DataError, NotComparable
from meta.evidence.faults import closest
from meta.synthesis.diagnostics.subsets import Subsets
from meta.synthesis.engine import null_effect
from meta.synthesis.estimate import readable
from meta.synthesis.means import Means, interval_columns
from meta.synthesis.presentation import Answer
from meta.wording import listed, range_text

Floats = NDArray[np.float64]
Index = NDArray[np.intp]
Named = dict[str, dict[str, Any]]

ROWS, LEAVE_OUT = "rows", "leave_out"
# the table of this many takes 1.3 gigabytes
MOST = 20_000_000
# combinations, of all but the pooling choices, that are written at once
_AT_ONCE = 2**16
_NUMBERS = ("estimate", "ci_low", "ci_high", "p_value", "tau2", "i2")


# the settings of `effects`, as it has them unless they are chosen
_DERIVING = {
    name: one.default
    for name, one in inspect.signature(derive.effects).parameters.items()
    if one.kind is inspect.Parameter.KEYWORD_ONLY
}
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
        held = self._held()
        return self.table if held.all() else self.table[held]

    def _held(self) -> NDArray[np.bool_]:
        """Say which combinations give an answer, without comparing texts."""
        return np.asarray(self.table["reason"].cat.codes.to_numpy() == 0)

    def _values(self, name: str) -> Any:
        """Return a column of the combinations that give an answer, and copy no other."""
        held, values = self._held(), self.table[name].array
        return values if held.all() else values[held]

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
        estimate = pd.Series(np.asarray(self._values("estimate")))
        decides = pd.Series(np.asarray(self._values("decides")))
        parts = []
        for name in self.choices:
            value = self._values(name)
            by = estimate.groupby(value, observed=False)
            told = by.agg(n="count", lowest="min", median="median", highest="max")
            told["decided"] = decides.groupby(value, observed=False).mean()
            parts.append(told.rename_axis("value").reset_index().astype({"value": "str"}))
            parts[-1].insert(0, "choice", name)
        return pd.concat(parts, ignore_index=True)

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
        estimate = np.asarray(self._values("estimate"))
        whole = float(np.var(estimate)) if len(estimate) else np.nan
        found = {}
        for name in self.choices:
            codes = self._values(name).codes
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
        above = self.table["estimate"].to_numpy() > null
        decides = self.table["decides"].to_numpy()
        codes = [self.table[name].cat.codes.to_numpy() for name in self.choices]
        changes = np.zeros(len(self.table), dtype=np.int8)
        for code in codes:
            changes += code != 0
        # another side, where both exclude no effect, or the one does and the other does not
        other = (decides != decides[0]) | (decides & (above != above[0]))
        other &= self._held()
        if not other.any():
            return pd.DataFrame(columns=["n_changes", "changes", *columns])
        fewest = int(changes[other].min())
        rows = np.flatnonzero(other & (changes == fewest))
        told = self.table.iloc[rows][columns].reset_index(drop=True)
        words = [
            "; ".join(
                f"{name}: {values[code[row]]}"
                for (name, values), code in zip(self.choices.items(), codes, strict=True)
                if code[row]
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
        rows = np.flatnonzero(self._held())
        order = np.lexsort([np.asarray(self._values(name)) for name in ("ci_high", "estimate")])
        if len(order) > points:
            order = order[np.linspace(0, len(order) - 1, points).round().astype(np.intp)]
        return self.table.iloc[rows[order]].reset_index(drop=True)

    def sentence(self) -> str:
        """Say in one sentence how far the answer moves."""
        estimate = np.asarray(self._values("estimate"))
        if not len(estimate):
            return f"None of {len(self.table):,} combinations of choices gives an answer."
        ends = self.scale.to_reader([estimate.min(), estimate.max()])
        return (
            f"{len(self.table):,} combinations of choices, {self.n_distinct:,} different analyses: "
            f"{self.scale.label} {range_text(ends)}; the interval excludes no effect in "
            f"{int(self._values('decides').sum()):,} of {len(estimate):,}."
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
    sums. The table takes about 62 bytes a combination, and what stands beside it while it is made
    grows with the number of sets, not of combinations.

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
    columns = _Columns(named, derived, numbers, subsets.sizes)
    null = null_effect(measure_of(measure))
    for found, means in subsets.solve(_estimators(named), executor, progress):
        columns.fill(found, means, null)
    table = pd.DataFrame(columns.whole, copy=False)
    notes = [
        "The combinations are choices, not a sample: their share on one side is no probability."
    ]
    without = int(np.count_nonzero(table["reason"].cat.codes))
    if without:
        notes.append(
            f"{without:,} of {len(table):,} combinations give no answer; the table says why."
        )
    settings = len(columns.settings)
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


class _Set(NamedTuple):
    """A set of effects, as far as pooling takes it."""

    labels: list[str]
    yi: Floats
    vi: Floats


class _Derived:
    """The effects of every combination of rows and deriving choices, equal ones once."""

    def __init__(self, names: list[str], shape: list[int], found: Iterable[_Set | str]) -> None:
        self.names = names
        places: dict[Any, int] = {}
        self.effects: list[_Set | str] = []
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
    found = spread(_Derive(results, measure), chosen)
    return _Derived(names, [len(named[name]) for name in names], found)


class _Derive:
    """Derive the effects of a combination; a class, so that it can travel to another process."""

    def __init__(self, results: pd.DataFrame, measure: str) -> None:
        self._results, self._measure = results, measure
        # the rows of each choice of rows, and what was read of them
        self._chosen: dict[str, tuple[pd.DataFrame, dict[Any, Any]]] = {}

    def __call__(self, chosen: Mapping[str, Any]) -> _Set | str:
        arguments = {name: chosen[name] for name in _DERIVING if name in chosen}
        try:
            rows, read_before = self._rows(chosen.get(ROWS, {}))
            found = effects(rows, self._measure, **_DERIVING | arguments, read_before=read_before)
        except (DataError, NotComparable) as error:
            return str(error)
        one = _Set(*found.arrays())
        return one if one.labels else "no trial gives an effect"

    def _rows(self, wanted: Mapping[str, Any]) -> tuple[pd.DataFrame, dict[Any, Any]]:
        key = repr(wanted)
        if key not in self._chosen:
            rows = self._results
            for column, values in wanted.items():
                several = isinstance(values, Iterable) and not isinstance(values, str)
                rows = rows[rows[column].isin(list(values) if several else [values])]
            self._chosen[key] = (rows, {})
        return self._chosen[key]


def _left_out(asked: Any, derived: _Derived) -> dict[str, Any]:
    """Name every way to leave trials out."""
    sets = [one for one in derived.effects if isinstance(one, _Set)]
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
    row = np.repeat(np.arange(len(ways)), [len(way) for way in ways])
    trial = {label: place for place, label in enumerate(dict.fromkeys(chain.from_iterable(ways)))}
    stays = np.ones((len(ways), len(trial) + 1), dtype=bool)
    stays[row, [trial[label] for way in ways for label in way]] = False
    subsets = Subsets()
    numbers = []
    for one in derived.effects:
        if isinstance(one, str):
            numbers.append(np.full(len(ways), -1, dtype=np.intp))
        else:
            # the last column stands for the trials that nobody leaves out
            keep = stays[:, [trial.get(label, len(trial)) for label in one.labels]]
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


class _Columns:
    """The columns of the table, the last choice changing first, filled as the means come.

    Beside them it keeps two small numbers for each combination of all but the pooling choices.
    """

    def __init__(self, named: Named, derived: _Derived, numbers: list[Index], sizes: Index) -> None:
        names = list(named)
        shape = tuple(len(values) for values in named.values())
        # how far apart the values of a choice stand in a column
        step = {name: prod(shape[place + 1 :]) for place, name in enumerate(names)}
        order = [*derived.names, *([LEAVE_OUT] if LEAVE_OUT in named else [])]
        inner = [name for name in names if name not in _POOLING]
        code = derived.code[..., np.newaxis]
        ways = np.stack(numbers).astype(np.int32)[derived.code]
        texts = ["", "no trial is left", *(e for e in derived.effects if isinstance(e, str))]
        of_effects = [texts.index(e) if isinstance(e, str) else 0 for e in derived.effects]
        reason = np.where(ways < 0, np.maximum(np.array(of_effects)[code], 1), 0)
        if LEAVE_OUT not in named:
            ways, reason = ways[..., 0], reason[..., 0]
        axes = [order.index(name) for name in inner]
        ways, reason = ways.transpose(axes), reason.transpose(axes)
        # the place that pooling choices have among the axes, as axes of length 1
        place = tuple(np.newaxis if name in _POOLING else slice(None) for name in names)

        self.whole: dict[str, Any] = {
            name: _categorical(
                np.arange(len(values)).reshape([-1 if n == name else 1 for n in names]),
                shape,
                [str(value) for value in values],
            )
            for name, values in named.items()
        }
        k = np.append(sizes, 0).astype(np.int32)[ways]
        self.whole["k"] = np.broadcast_to(k[place], shape).ravel()
        self.whole |= {name: np.full(prod(shape), np.nan) for name in _NUMBERS}
        self.whole["decides"] = np.zeros(prod(shape), dtype=bool)
        self.whole["reason"] = _categorical(reason[place], shape, texts)

        # the combinations of each subset, by its number: those without trials come first
        self._combinations = np.argsort(ways, axis=None, kind="stable").astype(np.int32)
        self._first = np.cumsum(np.bincount(ways.ravel() + 1, minlength=len(sizes) + 1))
        self._inner = [(len(named[name]), step[name]) for name in inner]
        pooling = [name for name in names if name in _POOLING]
        # each combination of pooling choices, and how far it stands from the first
        self.settings: list[tuple[tuple[str, str], dict[str, Any], int]] = []
        for places in product(*(range(len(named[name])) for name in pooling)):
            places_of = list(zip(pooling, places, strict=True))
            settings = _POOLING | {n: list(named[n].values())[place] for n, place in places_of}
            estimator = _estimator(str(settings.pop("model")), str(settings.pop("tau2_method")))
            offset = sum(step[name] * place for name, place in places_of)
            self.settings.append((estimator, settings, offset))

    def fill(self, numbers: Index, means: Mapping[tuple[str, str], Means], null: float) -> None:
        """Write the answers of some subsets where their combinations stand."""
        first, count = self._first[numbers], self._first[numbers + 1] - self._first[numbers]
        ends = np.cumsum(count)
        for start in range(0, int(ends[-1]), _AT_ONCE):
            turn = np.arange(start, min(start + _AT_ONCE, int(ends[-1])))
            which = np.searchsorted(ends, turn, side="right")
            # each combination without its pooling choices, then the row of its first pooling
            left = self._combinations[first[which] + turn - (ends - count)[which]]
            rows = np.zeros(len(turn), dtype=np.intp)
            for size, step in reversed(self._inner):
                left, code = np.divmod(left, size)
                rows += code * step
            some = slice(which[0], which[-1] + 1)
            which -= which[0]
            for estimator, settings, offset in self.settings:
                part = means[estimator].part(some)
                told: dict[str, NDArray[Any]] = part.columns | interval_columns(
                    part, **settings, null=null
                )
                told["decides"] = (told["ci_low"] > null) | (told["ci_high"] < null)
                for name in (*_NUMBERS, "decides"):
                    self.whole[name][rows + offset] = told[name][which]


def _categorical(codes: Index, shape: tuple[int, ...], names: list[str]) -> Any:
    """Repeat codes over all combinations, as a column that holds each name once."""
    # the smallest that pandas takes for so many names
    small = next(kind for kind in (np.int8, np.int16, np.int32) if len(names) < np.iinfo(kind).max)
    every = np.broadcast_to(codes.astype(small), shape).ravel()
    return pd.Categorical.from_codes(every, dtype=pd.CategoricalDtype(names), validate=False)
