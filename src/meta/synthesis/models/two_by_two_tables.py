"""What do two-by-two tables hold, and what is the answer when they are pooled as they are?"""

from __future__ import annotations

from collections.abc import Mapping, Sized
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from meta.effect_sizes.container import Effects
from meta.effect_sizes.inputs import EVENTS, SIZE_FOR_COUNTS, Relation, read_columns
from meta.errors import DataError, TooFewStudies
from meta.synthesis.estimate import Estimate
from meta.synthesis.method_input import columns_of
from meta.wording import listed, p_text

Floats = NDArray[np.float64]

_RULES = {
    "events_t": EVENTS,
    "n_t": SIZE_FOR_COUNTS,
    "events_c": EVENTS,
    "n_c": SIZE_FOR_COUNTS,
}
_RELATIONS = (
    Relation(("events_t", "n_t"), lambda events, n: events <= n, "no more events than people"),
    Relation(("events_c", "n_c"), lambda events, n: events <= n, "no more events than people"),
)


@dataclass(frozen=True, slots=True)
class Tables:
    """Checked two-by-two tables, one an entry.

    Attributes
    ----------
    a, b, c, d : numpy.ndarray of shape (k,)
        With and without the event: treated, then control.
    labels : list of str
        Names of the tables.
    others : pandas.DataFrame
        What else is known of them: ``study_id``, and further columns of effects.
    lower_is_better : bool or None
        Whether fewer events are the good direction; None if it was not said.
    """

    a: Floats
    b: Floats
    c: Floats
    d: Floats
    labels: list[str]
    others: pd.DataFrame
    lower_is_better: bool | None = None

    @property
    def n_t(self) -> Floats:
        """People in the treated arms."""
        return self.a + self.b

    @property
    def n_c(self) -> Floats:
        """People in the control arms."""
        return self.c + self.d

    @property
    def n(self) -> Floats:
        """People in both arms."""
        return self.n_t + self.n_c

    @property
    def nobody(self) -> NDArray[np.bool_]:
        """Tables without any event."""
        return np.asarray((self.a == 0) & (self.c == 0))

    @property
    def everybody(self) -> NDArray[np.bool_]:
        """Tables in which everybody had the event."""
        return np.asarray((self.b == 0) & (self.d == 0))

    @property
    def with_zero(self) -> NDArray[np.bool_]:
        """Tables with at least one empty cell."""
        return np.asarray(np.any([self.a == 0, self.b == 0, self.c == 0, self.d == 0], axis=0))

    def keep(self, mask: NDArray[np.bool_]) -> Tables:
        """Keep some of the tables."""
        labels = [self.labels[i] for i in np.flatnonzero(mask)]
        a, b, c, d = (cell[mask] for cell in (self.a, self.b, self.c, self.d))
        return Tables(a, b, c, d, labels, self.others[mask])

    def names(self, mask: NDArray[np.bool_]) -> str:
        """Name the tables of a mask in a sentence."""
        return listed([self.labels[i] for i in np.flatnonzero(mask)], 5)


def read_tables(
    where: str, given: Mapping[str, Any], labels: Any, data: pd.DataFrame | None
) -> Tables:
    """Check the counts of two arms.

    Parameters
    ----------
    where : str
        Public name of the method.
    given : mapping
        ``events_t n_t events_c n_c``: counts, or names of columns of ``data``; the first may be
        effects (or an answer) that carry columns of these names.
    labels : sequence of str or str, optional
        Names of the tables, or their column.
    data : pandas.DataFrame, optional
        Where named columns are found.

    Raises
    ------
    DataError
        If a count is missing, negative or no number, an arm has nobody or more events than people,
        or lengths differ; with a line for each fault.
    TooFewStudies
        If there is no table.
    """
    first, lower = given["events_t"], None
    if isinstance(first, Effects | Estimate):
        effects = first if isinstance(first, Effects) else first.effects
        rest = [name for name, value in given.items() if value is not None][1:]
        if rest or labels is not None or data is not None:
            raise DataError(f"{where}: give effects that carry the counts, or the counts, not both")
        missing = [name for name in _RULES if name not in effects.table]
        if missing:
            raise DataError(
                f"{where}: the effects carry no counts {', '.join(missing)}: give the counts of "
                "the two arms, or effects that were made of them"
            )
        given, labels, data = {name: name for name in _RULES}, effects.labels, effects.table
        others = data.drop(columns=[*_RULES, "yi", "vi", "sei", "label"])
        lower = effects.lower_is_better
    else:
        others = pd.DataFrame()
    found = columns_of(where, data, {**given, "labels": labels})
    labels = found.pop("labels")
    if data is not None and labels is None and "label" in data:
        labels = data["label"]
    longest = max(len(v) if isinstance(v, Sized) else 1 for v in found.values())
    names = [str(label) for label in np.ravel(labels)] if labels is not None else None
    faults = [f"{name} is missing" for name, values in found.items() if values is None]
    if names is not None and len(names) != longest:
        faults.append(f"labels has {len(names)} names for {longest} tables; needed: one for each")
    columns = read_columns(where, found, _RULES, relations=_RELATIONS, faults=faults)
    if len(columns) == 0:
        raise TooFewStudies(f"{where}: there is no table to pool")
    names = names or [f"study {i + 1}" for i in range(len(columns))]
    return Tables(
        a=columns["events_t"],
        b=columns["n_t"] - columns["events_t"],
        c=columns["events_c"],
        d=columns["n_c"] - columns["events_c"],
        labels=names,
        others=others if len(others) else pd.DataFrame({"study_id": names}),
        lower_is_better=lower,
    )


def single_effects(given: Tables, measure: str, yi: Floats, vi: Floats) -> Effects:
    """Return the effects of the single tables, with their counts.

    A table that says nothing alone has no effect (NaN).
    """
    table = given.others.assign(
        label=given.labels, events_t=given.a, n_t=given.n_t, events_c=given.c, n_c=given.n_c,
        yi=yi, vi=vi, sei=np.sqrt(vi),
    )  # fmt: skip
    return Effects(measure=measure, table=table, lower_is_better=given.lower_is_better)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PooledTables(Estimate):
    """A common effect pooled from two-by-two tables by Mantel and Haenszel.

    It has the attributes of every estimate; ``k`` and ``n_total`` are the tables that the estimate
    rests on and the people in them, ``i2`` is (Q - df) / Q in percent, floored at 0, and
    ``effects`` holds every table given, with its counts. The effect of a single table has 0.5 added
    where it has a zero cell (not for PETO), and is NaN where it says nothing; the weight of a table
    left out is 0.

    Attributes
    ----------
    cmh, cmh_p_value : float
        Cochran-Mantel-Haenszel chi-squared test (1 df) of no association in any table.
    cmh_correction : bool
        Whether 0.5 was taken off the difference in that test.
    rd_variance : str
        Variance of a risk difference: "sato" or "greenland-robins".
    breslow_day, breslow_day_p_value : float
        Breslow-Day test of equal odds ratios, ``equal_or_dof`` degrees of freedom; NaN unless the
        measure is OR.
    tarone, tarone_p_value : float
        The same with Tarone's correction, which makes it chi-squared in large samples.
    equal_or_dof : int
        Degrees of freedom of these two tests.
    """

    _caption: ClassVar[str] = "Pooled two-by-two tables"
    _counted: ClassVar[tuple[str, str]] = ("table", "tables")
    _method: ClassVar[str] = "meta.synthesis.models.two_by_two:mantel_haenszel"
    _arguments: ClassVar[tuple[str, ...]] = (
        *("measure", "ci_level", "cmh_correction", "rd_variance"),
    )

    cmh: float
    cmh_p_value: float
    cmh_correction: bool
    rd_variance: str = "sato"
    breslow_day: float
    breslow_day_p_value: float
    tarone: float
    tarone_p_value: float
    equal_or_dof: int

    def _model_text(self) -> str:
        return f"{Estimate._model_text(self)}, common effect"

    def _further_rows(self) -> list[tuple[str, str]]:
        rows = [("Cochran-Mantel-Haenszel", f"chi² = {self.cmh:.2f}, p {p_text(self.cmh_p_value)}")]
        if self.measure == "OR":
            test = (
                f"Breslow-Day {self.breslow_day:.2f}, p {p_text(self.breslow_day_p_value)}; "
                f"Tarone {self.tarone:.2f}, p {p_text(self.tarone_p_value)}; "
                f"df = {self.equal_or_dof}"
            )
            rows.append(("Equal odds ratios", test))
        return rows


class PetoTables(PooledTables):
    """A common odds ratio pooled from two-by-two tables by Peto's one-step method."""

    __slots__ = ()

    _method: ClassVar[str] = "meta.synthesis.models.two_by_two:peto"
    _arguments: ClassVar[tuple[str, ...]] = ("ci_level", "cmh_correction")
