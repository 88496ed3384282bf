"""A set of effects, ready to be pooled, with what is left out and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from meta import html
from meta.arguments import LARGEST, checked
from meta.effect_sizes.inputs import as_floats, take_column
from meta.effect_sizes.measures import Measure, measure_of
from meta.effect_sizes.set_notes import notes_on, without_a_name
from meta.errors import DataError
from meta.wording import listed

if TYPE_CHECKING:
    from meta.effect_sizes.derivation import Derivation

EXCLUDED = (
    "result_id", "study_id", "label", "reporting", "favours", "n_t", "n_c", "n", "paired", "reason",
    "cluster",
)  # fmt: skip
REJECTED = ("result_id", "study_id", "chosen_result_id", "reason")
_EXCLUDED_SHOWN = ("result_id", "study_id", "label", "reporting", "n_t", "n_c", "reason")
# a weight this many times another leaves nothing of it in a sum
_WIDEST = 1e15
# squares of variances below this, and of their inverses, leave the range of a double
_SMALLEST = 1e-70
_SHOWN = ["label", "reporting", "form", "yi", "vi", "n_t", "n_c", "assumptions"]


def no_rows(columns: Sequence[str]) -> pd.DataFrame:
    """Make a table of these columns without a row."""
    return pd.DataFrame(columns=list(columns), dtype=object)


# copied, as making an empty table takes longer than a fit
_NONE_EXCLUDED, _NONE_REJECTED = no_rows(EXCLUDED), no_rows(REJECTED)


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
    excluded: pd.DataFrame = field(default_factory=_NONE_EXCLUDED.copy)
    rejected: pd.DataFrame = field(default_factory=_NONE_REJECTED.copy)
    derivations: Mapping[str, Derivation] = field(default_factory=dict)
    lower_is_better: bool | None = None
    remarks: tuple[str, ...] = ()

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
        _same_rows({"yi": yi, "vi": vi, "labels": labels} | columns)
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
        names = names or [f"study {i + 1}" for i in range(len(effect))]
        for i in unnamed:
            names[i] = f"study {i + 1}"
        check_effects(effect, variance, names)
        ids = columns.pop("study_id", names)
        table = pd.DataFrame(
            {
                "study_id": names if ids is names else [str(i) for i in np.ravel(np.asarray(ids))],
                "label": names,
            }
            | {"yi": effect, "vi": variance, "sei": np.sqrt(variance)}
            | {name: np.ravel(np.asarray(column)) for name, column in columns.items()}
        )
        return cls(
            measure=measure,
            table=table,
            lower_is_better=lower_is_better,
            remarks=without_a_name([names[i] for i in unnamed]),
        )

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
        from meta.effect_sizes.derive import from_table

        return from_table(table, measure, choose=choose, **settings)

    @property
    def yi(self) -> NDArray[np.float64]:
        """Effects, shape (k,)."""
        return self.table["yi"].to_numpy(dtype=float)

    @property
    def vi(self) -> NDArray[np.float64]:
        """Sampling variances, shape (k,)."""
        return self.table["vi"].to_numpy(dtype=float)

    @property
    def sei(self) -> NDArray[np.float64]:
        """Standard errors, shape (k,)."""
        return np.sqrt(self.vi)

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences that must stand beside every answer of these effects."""
        return (*self.remarks, *notes_on(self.measure, self.table, self.excluded))

    @property
    def dependence(self) -> str:
        """Say that effects share a study, for methods that take them as independent; "" if not."""
        repeated = self.table["study_id"].duplicated(keep=False)
        if not repeated.any():
            return ""
        names = list(dict.fromkeys(self.table.loc[repeated, "label"]))
        return (
            f"the {self.k} effects are of {self.table['study_id'].nunique()} studies: "
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
            measure = measure.with_sizes(self.column("n").to_numpy())
        return measure.to_reader(values)

    @property
    def labels(self) -> list[str]:
        """Names of the studies."""
        return [str(label) for label in self.table["label"]]

    @property
    def k(self) -> int:
        """Number of effects."""
        return len(self.table)

    @property
    def n_total(self) -> float | None:
        """People in all effects together; None unless the number of each arm or group is known.

        A crossover has the same people in both arms and counts them once.
        """
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
        return len(self.table)

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


def as_effects(
    effects: Effects | pd.DataFrame | ArrayLike | str,
    vi: ArrayLike | str | None = None,
    *,
    sei: ArrayLike | str | None = None,
    labels: Sequence[str] | str | None = None,
    measure: str | None = None,
    data: pd.DataFrame | None = None,
) -> Effects:
    """Read whatever a function that analyses effects was given.

    Parameters
    ----------
    effects : Effects, pandas.DataFrame or array_like of shape (k,)
        Effects; a table with columns ``yi`` and ``vi`` (or ``sei``); bare effects; or, with `data`,
        the name of a column.
    vi, sei : array_like of shape (k,) or str, optional
        Sampling variances, or standard errors, of bare effects; with `data`, the name of a column.
    labels : sequence of str or str, optional
        Names of bare effects; with `data`, the name of a column.
    measure : str, optional
        Measure of bare effects; ``"GEN"`` unless the table says it in a column ``measure``.
    data : pandas.DataFrame, optional
        Table in which names of columns are looked up; its other columns go along.

    Returns
    -------
    Effects
        Checked, and ready to be pooled.

    Raises
    ------
    DataError
        If an effect or variance is missing, infinite, no number or not above 0, the arguments do
        not fit together, or a column does not exist.

    Examples
    --------
    >>> import pandas as pd
    >>> trials = pd.DataFrame({"study": ["a", "b"], "lnrr": [-0.5, -0.1], "se": [0.2, 0.3]})
    >>> as_effects("lnrr", sei="se", labels="study", measure="RR", data=trials).labels
    ['a', 'b']
    """
    if isinstance(effects, Effects):
        given = {"vi": vi, "sei": sei, "labels": labels, "measure": measure, "data": data}
        extra = [name for name, value in given.items() if value is not None]
        if extra:
            raise DataError(
                f"{', '.join(extra)} cannot be given with Effects, which hold their own"
            )
        # the checks of bare arrays hold for a table that was edited by hand, too
        check_effects(effects.yi, effects.vi, effects.labels)
        return effects
    columns: dict[str, Any] = {"vi": vi, "sei": sei, "label": labels}
    if isinstance(effects, pd.DataFrame):
        if data is not None:
            raise DataError("data cannot be given with a table, which is the data itself")
        table = effects
    elif data is not None:
        table, columns = data, {"yi": effects} | columns
    else:
        return _from_arrays(effects, vi, sei, labels, measure)
    taken: dict[str, Any] = {
        name: take_column("effects", table, name, value)
        for name, value in columns.items()
        if value is not None
    }
    for name, values in taken.items():
        if len(values) != len(table):
            raise DataError(
                f"effects: {name} has {len(values)} values for {len(table)} rows of data; give one "
                "for each"
            )
        _same_rows({"the table": table.iloc[:, 0], name: values} if len(table.columns) else {})
    # a spread that was named stands for the one that the table has
    other = {"vi": "sei", "sei": "vi"}
    unasked = [other[name] for name in taken if name in other and other[name] not in taken]
    rest = table.drop(columns=[name for name in unasked if name in table])
    return Effects.from_table(rest.assign(**taken), measure)


def _from_arrays(
    yi: ArrayLike,
    vi: ArrayLike | None,
    sei: ArrayLike | None,
    labels: Sequence[str] | None,
    measure: str | None,
) -> Effects:
    if vi is not None and sei is not None:
        raise DataError("vi and sei are both given; give one of them")
    if vi is None and sei is None:
        raise DataError(
            "vi is missing: give the sampling variance of each effect, or its standard error (sei=)"
        )
    spread = vi if vi is not None else variances(sei)  # type: ignore[arg-type]
    return Effects.from_arrays(yi, spread, labels, measure or "GEN")


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


def variances(sei: ArrayLike) -> NDArray[np.float64]:
    """Square standard errors, of which none may be 0 or below."""
    (found,) = _numbers({"sei": sei})
    faults = [
        f"sei[{i}] is {found[i]:g}; needed: a standard error > 0"
        for i in np.flatnonzero(~(found > 0) & ~np.isnan(found))
    ]
    if faults:
        raise DataError.from_faults("effects", faults)
    return found**2


def check_effects(yi: NDArray[np.float64], vi: NDArray[np.float64], labels: Sequence[str]) -> None:
    """Refuse effects that cannot be pooled, all at once.

    Raises
    ------
    DataError
        If an effect is not finite, a variance is not finite and above 0, or the variances differ
        so much, or are so small or large, that they cannot be computed with.
    """
    faults = []
    for i in np.flatnonzero(~np.isfinite(yi) | ~np.isfinite(vi) | ~(vi > 0)).tolist():
        if not np.isfinite(yi[i]):
            faults.append(
                f"yi[{i}] ({labels[i]}) is {yi[i]}: give a finite effect, or leave the study out "
                "and say so"
            )
        if not (np.isfinite(vi[i]) and vi[i] > 0):
            faults.append(
                f"vi[{i}] ({labels[i]}) is {vi[i]}: a sampling variance is finite and above 0 (the "
                "square of the standard error)"
            )
    for i in np.flatnonzero(np.isfinite(yi) & (np.abs(yi) > LARGEST)).tolist():
        faults.append(
            f"yi[{i}] ({labels[i]}) is {yi[i]:g}, beyond what can be squared and summed (1e50): "
            "give the effects in another unit"
        )
    if not faults and len(vi) and float(vi.max()) > _WIDEST * float(vi.min()):
        small, large = int(vi.argmin()), int(vi.argmax())
        faults.append(
            f"vi[{large}] ({labels[large]}) is {vi[large]:.3g} and vi[{small}] ({labels[small]}) "
            f"{vi[small]:.3g}: numbers of 16 digits cannot hold both weights; is one of them in "
            "another unit, or a standard error that is 0 by rounding?"
        )
    elif not faults and len(vi) and (vi.min() < _SMALLEST or vi.max() > 1 / _SMALLEST):
        faults.append(
            f"the variances lie between {vi.min():.3g} and {vi.max():.3g}, beyond what can be "
            "squared and summed: give the effects in another unit"
        )
    if faults:
        raise DataError.from_faults("effects", faults)


def _same_rows(columns: Mapping[str, Any]) -> None:
    """Refuse Series of different indices, whose rows would be paired by position."""
    series = {name: column for name, column in columns.items() if isinstance(column, pd.Series)}
    first = next(iter(series), "")
    faults = [
        f"{name} and {first} have different indices; give one index, or plain arrays if the order "
        "of the rows is right"
        for name, column in series.items()
        if not column.index.equals(series[first].index)
    ]
    if faults:
        raise DataError.from_faults("effects", faults)


def _numbers(columns: Mapping[str, ArrayLike]) -> list[NDArray[np.float64]]:
    """Read columns of numbers and name every element that is none."""
    faults: list[str] = []
    found = [as_floats(name, values, faults) for name, values in columns.items()]
    if faults:
        raise DataError.from_faults("effects", faults)
    return [np.atleast_1d(values) for values in found if values is not None]
