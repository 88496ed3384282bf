"""A set of effects, ready to be pooled, with what is left out and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from meta import html
from meta.arguments import checked
from meta.effect_sizes.inputs import as_floats, check_same_rows, take_column
from meta.effect_sizes.left_out import excluded_table, rejected_table
from meta.effect_sizes.measures import Measure, measure_of
from meta.effect_sizes.poolable import check_effects
from meta.effect_sizes.set_notes import notes_on, without_a_name
from meta.errors import DataError
from meta.wording import listed, one_name

if TYPE_CHECKING:
    from meta.effect_sizes.derivation import Derivation
    from meta.effect_sizes.table_effects import TableEffects

_EXCLUDED_SHOWN = ("result_id", "study_id", "label", "reporting", "n_t", "n_c", "reason")
_SHOWN = ["label", "reporting", "form", "yi", "vi", "n_t", "n_c", "assumptions"]


# copied, as making an empty table takes longer than a fit
_EMPTY = {"excluded": excluded_table(), "rejected": rejected_table()}


@dataclass(frozen=True, slots=True)
class _Bare:
    """Effects of bare arrays, before they are put into a table; without names they are counted."""

    fast: dict[str, NDArray[np.float64]]
    names: list[str] | None

    def labels(self) -> list[str]:
        return self.names or [f"study {i + 1}" for i in range(len(self.fast["yi"]))]

    def written(self) -> pd.DataFrame:
        names = self.labels()
        sei = np.sqrt(self.fast["vi"])
        return pd.DataFrame({"study_id": names, "label": names, **self.fast, "sei": sei})


@dataclass(frozen=True, slots=True, kw_only=True)
class Effects:
    """Effects of one measure, one row each, with the rows that could not become one.

    Attributes
    ----------
    measure : str
        Effect measure; ``"GEN"`` for effects whose kind was not said.
    table : pandas.DataFrame
        One row for each effect: at least ``study_id``, ``label``, ``yi``, ``vi`` and ``sei``, on
        the scale of computation (logarithms for ratio measures).
    excluded : pandas.DataFrame
        One row for each reported result that has no effect, with the ``reason``.
    rejected : pandas.DataFrame
        One row for each result that could have served but was not chosen, because its trial
        counts once.
    derivations : mapping of str to Derivation
        How each effect came about, by ``study_id``; empty for bare arrays.
    lower_is_better : bool or None
        Whether a negative effect is the good direction; None if it was not said.
    remarks : tuple of str
        What was said when the table was read.
    """

    measure: str
    table: pd.DataFrame
    excluded: pd.DataFrame = field(default_factory=_EMPTY["excluded"].copy)
    rejected: pd.DataFrame = field(default_factory=_EMPTY["rejected"].copy)
    derivations: Mapping[str, Derivation] = field(default_factory=dict)
    lower_is_better: bool | None = None
    remarks: tuple[str, ...] = ()
    # what `table` is written from when somebody first asks for it
    _unwritten: TableEffects | _Bare | None = field(
        default=None, init=False, repr=False, compare=False
    )

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            # called for what is not there: tables that nobody has asked for
            if name == "table" and (unwritten := self._unwritten) is not None:
                object.__setattr__(self, name, unwritten.written())
                object.__setattr__(self, "_unwritten", None)
            elif name in _EMPTY:
                object.__setattr__(self, name, _EMPTY[name].copy())
            elif name != "table":
                raise AttributeError(f"Effects have no attribute {name!r}", name=name, obj=self)
            # another thread may have written the table in between
            return object.__getattribute__(self, name)

    @classmethod
    def _on_demand(cls, unwritten: TableEffects | _Bare, **known: Any) -> Self:
        """Make a set whose tables are written when somebody asks for them."""
        made = object.__new__(cls)
        beside = {"derivations": {}, "lower_is_better": None, "remarks": (), **known}
        for name, value in {**beside, "_unwritten": unwritten}.items():
            object.__setattr__(made, name, value)
        return made

    @classmethod
    @checked
    def from_arrays(
        cls,
        yi: ArrayLike,
        vi: ArrayLike,
        labels: Sequence[str] | None = None,
        measure: str = "GEN",
        lower_is_better: bool | None = None,
        **columns: ArrayLike,
    ) -> Self:
        """Make a set of effects from bare arrays.

        Parameters
        ----------
        yi : array_like of shape (k,)
            Effects, on the log scale for ratio measures.
        vi : array_like of shape (k,)
            Sampling variances (squared standard errors), all above 0.
        labels : sequence of str, optional
            Names of the studies; "study 1", "study 2", ... by default.
        measure : str
            Effect measure, which decides on the scale that figures and tables show.
        lower_is_better : bool, optional
            Whether a negative effect is the good direction.
        **columns : array_like of shape (k,)
            Further columns, for example ``year``, ``n_t`` or a moderator.

        Raises
        ------
        DataError
            If a value is missing, infinite or no number, a variance is not above 0, the lengths
            differ, or two Series have different indices (their rows would be paired wrongly). All
            faults are named.

        Examples
        --------
        >>> from meta import Effects
        >>> Effects.from_arrays([-0.5, -0.1], [0.04, 0.09]).k
        2
        """
        measure_of(measure)
        check_same_rows("effects", {"yi": yi, "vi": vi, "labels": labels} | columns)
        effect, variance = _numbers({"yi": yi, "vi": vi})
        names = None if labels is None else [str(label) for label in labels]
        sizes = {"yi": len(effect), "vi": len(variance)}
        if names is not None:
            sizes["labels"] = len(names)
        sizes |= {name: len(np.ravel(np.asarray(column))) for name, column in columns.items()}
        if len(set(sizes.values())) > 1:
            described = ", ".join(f"{name} has {size}" for name, size in sizes.items())
            raise DataError(
                f"effects: the lengths differ: {described}; give one value a study in each"
            )
        unnamed = [] if names is None else [i for i, name in enumerate(names) if not name.strip()]
        if names is not None:
            names = [name if name.strip() else f"study {i + 1}" for i, name in enumerate(names)]
        bare = _Bare({"yi": effect, "vi": variance}, names)
        check_effects(effect, variance, bare.labels)
        for values in (effect, variance):
            values.flags.writeable = False
        made = cls._on_demand(
            bare,
            measure=measure,
            lower_is_better=lower_is_better,
            remarks=without_a_name([f"study {i + 1}" for i in unnamed]),
        )
        if not columns:
            return made
        given: dict[str, Any] = {n: np.ravel(np.asarray(column)) for n, column in columns.items()}
        if "study_id" in given:
            given["study_id"] = [str(name) for name in given["study_id"]]
        return replace(made, table=made.table.assign(**given))

    @classmethod
    @checked
    def from_table(
        cls,
        table: pd.DataFrame,
        measure: str | None = None,
        *,
        choose: Sequence[str] | None = None,
        **settings: Any,
    ) -> Effects:
        """Make a set of effects from a table, whatever form its rows report.

        Parameters
        ----------
        table : pandas.DataFrame
            One study a row: arms, counts, an estimate with its interval, standard error or p-value,
            or ``yi`` with ``vi`` or ``sei``, under the names that :func:`meta.effects` takes; rows
            may differ in form. ``label`` (or ``study``) names the rows. An empty cell means "not
            reported".
        measure : str, optional
            Effect measure; by default what the column ``measure`` says, as
            :func:`meta.effect_size` writes it, else "GEN" if effects are given.
        choose : sequence of str, optional
            Rules by which one row speaks for each ``study_id``, as :func:`meta.effects` has them.
            By default every row counts, and `dependence` names rows that share a name.
        **settings
            As :func:`meta.effects` takes them: ``scores``, ``include``, ``correlation``, ``sd``,
            ``lower_is_better``, ``drop00``.

        Returns
        -------
        Effects
            With a row for each study that has an effect; the others stand in `excluded`, each with
            the reason.

        Raises
        ------
        DataError
            If a cell holds no number or an impossible one, the table holds several measures or none
            that is named, or its columns give none. All faults are named.

        Examples
        --------
        >>> import pandas as pd
        >>> trials = pd.DataFrame({"label": ["a", "b"], "events_t": [3, 0], "n_t": [60, 40],
        ...                        "events_c": [1, 0], "n_c": [58, 41]})
        >>> found = Effects.from_table(trials, "RR")
        >>> found.table[["label", "yi", "vi"]].round(3).values.tolist()
        [['a', 1.065, 1.299]]
        >>> found.excluded["reason"].tolist()
        ['nobody in either arm had the event: the trial says nothing about a ratio']
        """
        # arrays need none of what reads a table
        from meta.effect_sizes.table_effects import effects

        every_row = choose is None
        found = effects(table, measure, choose=choose or (), every_row=every_row, **settings)
        if found.chosen:
            return Effects(table=found.written(), **found.beside())
        # names of a million rows take longer than their effects, and not everybody asks for them
        return Effects._on_demand(found, **found.beside())

    @property
    def yi(self) -> NDArray[np.float64]:
        """Effects, shape (k,)."""
        return self._stored("yi")

    @property
    def vi(self) -> NDArray[np.float64]:
        """Sampling variances, shape (k,)."""
        return self._stored("vi")

    def _stored(self, name: str) -> NDArray[np.float64]:
        unwritten = self._unwritten
        known = self.table if unwritten is None else unwritten.fast
        return np.asarray(known[name], dtype=float)

    @property
    def sei(self) -> NDArray[np.float64]:
        """Standard errors, shape (k,)."""
        return np.sqrt(self.vi)

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences that must stand beside every answer of these effects."""
        if isinstance(self._unwritten, _Bare):
            return self.remarks
        return (*self.remarks, *notes_on(self.measure, self.table, self.excluded))

    @property
    def dependence(self) -> str:
        """Say that effects share a study, for methods that take them as independent; "" if not."""
        unwritten = self._unwritten
        bare = unwritten if isinstance(unwritten, _Bare) else None
        names = bare.names or [] if bare else self.table["study_id"].tolist()
        ids = [one_name(name) for name in names]
        if len(set(ids)) == len(ids):
            return ""
        repeated = pd.Series(ids).duplicated(keep=False).to_numpy()
        names = list(dict.fromkeys(self.table.loc[repeated, "label"]))
        studies = "one study" if len(set(ids)) == 1 else f"{len(set(ids))} studies"
        return (
            f"the {self.k} effects are of {studies}: "
            f"{int(repeated.sum())} carry the name of another ({listed(names, 5)}) and "
            "are taken as independent; if they are of the same people use meta.multilevel, "
            "meta.robust or meta.aggregate_correlated (on the command line --cluster label)."
        )

    @property
    def scale(self) -> Measure:
        """The measure, with the way back to the reader's scale for a pooled value."""
        measure = measure_of(self.measure)
        if measure.of_sizes is None or "n" not in self.table:
            return measure
        n = self.column("n").to_numpy()
        return measure.with_sizes(float(len(n) / np.sum(1 / n)))

    @checked
    def to_reader(self, values: ArrayLike) -> Any:
        """Take one value of each study to the reader's scale.

        Parameters
        ----------
        values : array_like of shape (k,)
            Effects or interval limits of the studies. A pooled value goes by ``scale.to_reader``;
            the two differ only for the double arcsine, whose way back needs a number of people:
            each study's own, and by convention the harmonic mean of all for a pooled value.

        Examples
        --------
        >>> from meta import Effects
        >>> Effects.from_arrays([0.0, 0.7], [0.04, 0.09], measure="RR").to_reader([0.0, 0.7])
        array([1.        , 2.01375271])
        """
        measure = measure_of(self.measure)
        if measure.of_sizes is not None and "n" in self.table:
            if np.size(values) != self.k:
                raise DataError(
                    f"to_reader has {np.size(values)} values for {self.k} studies; give one for "
                    "each, since the way back from a double arcsine needs its number of people"
                )
            measure = measure.with_sizes(self.column("n").to_numpy())
        return measure.to_reader(values)

    @property
    def labels(self) -> list[str]:
        """Names of the studies."""
        return [str(label) for label in self.table["label"].tolist()]

    @property
    def k(self) -> int:
        """Number of effects."""
        unwritten = self._unwritten
        return len(self.table if unwritten is None else unwritten.fast["yi"])

    @property
    def n_total(self) -> float | None:
        """People in all effects together; None unless the number of each arm or group is known.

        A crossover has the same people in both arms and counts them once.
        """
        if isinstance(self._unwritten, _Bare):
            return None
        if {"n_t", "n_c"} <= set(self.table):
            people, n_c = self.column("n_t"), self.column("n_c")
            if "paired" in self.table:
                n_c = n_c.where(~self.table["paired"].astype(bool), 0)
            people = people + n_c
        elif "n" in self.table:
            people = self.column("n")
        else:
            return None
        total = float(people.sum(skipna=False))
        return None if np.isnan(total) else int(total) if total.is_integer() else total

    @checked
    def column(self, name: str) -> pd.Series[Any]:
        """Return a column of the table as numbers; what is missing is NaN.

        Raises
        ------
        DataError
            If a value is no number.
        """
        faults: list[str] = []
        values = as_floats(name, take_column("effects", self.table, "name", name), faults)
        if values is None:
            raise DataError.from_faults("effects", faults)
        return pd.Series(values, index=self.table.index)

    def __len__(self) -> int:
        return self.k

    @checked
    def subset(self, keep: Any) -> Self:
        """Keep some of the effects.

        Parameters
        ----------
        keep : array_like of bool or int
            A mask over the effects, or their positions.

        Returns
        -------
        Effects
            The same measure and record of exclusions, with those effects only, in that order.

        Raises
        ------
        DataError
            If a mask has another length or a missing value, a position does not exist, or the
            values are neither.
        """
        try:
            positions = np.asarray(keep)
        except ValueError:
            positions = np.array(None)
        if positions.dtype == bool and positions.ndim == 1:
            if positions.shape != (self.k,):
                raise DataError(f"the mask has {positions.size} values for {self.k} effects")
            positions = np.flatnonzero(positions)
        elif positions.size == 0 and positions.ndim == 1:
            positions = np.empty(0, dtype=int)
        elif positions.ndim != 1 or positions.dtype.kind not in "iu":
            raise DataError(
                f"subset takes a mask of {self.k} true or false values, none of them missing, or a "
                f"list of positions from 0; found {keep!r}"
            )
        wrong = [int(i) for i in positions if not -self.k <= i < self.k]
        if wrong:
            raise DataError(
                f"subset: no effect stands at position {', '.join(map(str, wrong))}; there are "
                f"{self.k}, counted from 0"
            )
        return replace(self, table=self.table.iloc[positions].reset_index(drop=True))

    @property
    def silent(self) -> pd.DataFrame:
        """Trials that report no difference and no figure, and have no effect here; one row each.

        Returns
        -------
        pandas.DataFrame
            Rows of ``excluded``, of each trial the one whose arms are best known, as
            :func:`meta.null_bounds` and the forest plot take them.

        Examples
        --------
        >>> import meta
        >>> rows = meta.load_evidence("data").primary("depression")
        >>> meta.effects(rows, "SMD").silent["label"].tolist()
        ['Abiri 2022', 'Walker 1998', 'Walker 2002', 'De Souza 2000']
        """
        rows = self.excluded[self.excluded["reporting"] == "silent"]
        if rows.empty:
            return rows
        # one that does not say which group did better has not said that there was no difference
        if "favours" in rows:
            rows = rows[rows["favours"] != "not_stated"]
        rows = rows[~rows["cluster"].isin(self.table["cluster"])]
        known = rows.reindex(columns=["n_t", "n_c"]).notna().all(axis=1)
        best_known = known.sort_values(ascending=False, kind="stable").index
        first = rows.loc[best_known].drop_duplicates("cluster").index
        return rows.loc[rows.index.isin(first)].reset_index(drop=True)

    @checked
    def derivation(self, study_id: str) -> Derivation:
        """Say how the effect of a study came about.

        Raises
        ------
        DataError
            If no derivation is recorded for the study; the message says whether it was excluded.
        """
        if study_id in self.derivations:
            return self.derivations[study_id]
        reasons = self.excluded.loc[self.excluded["study_id"] == study_id, "reason"]
        if len(reasons):
            raise DataError(f"{study_id} has no effect: {'; '.join(map(str, reasons))}")
        known = ", ".join(self.derivations) or "none: these effects were given as bare arrays"
        raise DataError(f"no derivation is recorded for {study_id!r}; recorded: {known}")

    def _shown(self) -> pd.DataFrame:
        return self.table[[name for name in _SHOWN if name in self.table]]

    def _counts(self) -> str:
        return f"{self.measure}: {self.k} effects, {len(self.excluded)} results without one"

    def __str__(self) -> str:
        return f"{self._counts()}\n{self._shown().to_string(index=False)}"

    def _repr_html_(self) -> str:
        effects = self._shown()
        people = {
            name: effects[name].astype("Int64")
            for name in ("n_t", "n_c")
            if name in effects and (effects[name].dropna() % 1 == 0).all()
        }
        tables: list[Any] = [effects.assign(**people)]
        if len(self.excluded):
            columns = [name for name in _EXCLUDED_SHOWN if name in self.excluded]
            left_out = html.answer("excluded", tables=[self.excluded[columns]])
            tables.append(html.folded("Without an effect", left_out))
        return html.shown(html.answer("effects", tables=tables, notes=[self._counts()]))


def _numbers(columns: Mapping[str, ArrayLike]) -> list[NDArray[np.float64]]:
    """Read columns of numbers and name every element that is none."""
    faults: list[str] = []
    found = [as_floats(name, values, faults) for name, values in columns.items()]
    if faults:
        raise DataError.from_faults("effects", faults)
    return [np.atleast_1d(values) for values in found if values is not None]
