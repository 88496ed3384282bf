"""What do two-by-two tables hold, and what is the answer when they are pooled as they are?"""

from __future__ import annotations

from collections.abc import Sequence, Sized
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from meta.effect_sizes.inputs import EVENTS, SIZE_FOR_COUNTS, Relation, read_columns
from meta.errors import TooFewStudies
from meta.synthesis.presentation import PooledAnswer, listed, p_alone, p_text

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
    """

    a: Floats
    b: Floats
    c: Floats
    d: Floats
    labels: list[str]

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
        return Tables(self.a[mask], self.b[mask], self.c[mask], self.d[mask], labels)

    def names(self, mask: NDArray[np.bool_]) -> str:
        """Name the tables of a mask in a sentence."""
        return listed([self.labels[i] for i in np.flatnonzero(mask)])


def read_tables(
    where: str,
    events_t: ArrayLike,
    n_t: ArrayLike,
    events_c: ArrayLike,
    n_c: ArrayLike,
    labels: Sequence[str] | None,
) -> Tables:
    """Check the counts of two arms.

    Raises
    ------
    DataError
        If a count is missing, negative or no number, an arm has nobody or more events than people,
        or lengths differ; with a line for each fault.
    TooFewStudies
        If there is no table.
    """
    given = {"events_t": events_t, "n_t": n_t, "events_c": events_c, "n_c": n_c}
    longest = max(len(v) if isinstance(v, Sized) else 1 for v in given.values())
    names = [str(label) for label in np.ravel(labels)] if labels is not None else None
    faults = [f"{name} is missing" for name, values in given.items() if values is None]
    if names is not None and len(names) != longest:
        faults.append(f"labels has {len(names)} names for {longest} tables; needed: one for each")
    columns = read_columns(where, given, _RULES, _RELATIONS, faults)
    if len(columns) == 0:
        raise TooFewStudies(f"{where}: there is no table to pool")
    return Tables(
        a=columns["events_t"],
        b=columns["n_t"] - columns["events_t"],
        c=columns["events_c"],
        d=columns["n_c"] - columns["events_c"],
        labels=names or [f"study {i + 1}" for i in range(len(columns))],
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PooledTables(PooledAnswer):
    """A common effect pooled from two-by-two tables.

    Estimate and limits are on the scale of computation (logarithms for RR, OR and PETO), texts on
    the reader's scale. Nothing is rounded.

    Attributes
    ----------
    method : {"Mantel-Haenszel", "Peto"}
        How the tables were pooled.
    measure : {"RR", "OR", "RD", "PETO"}
        Effect measure, treated against control.
    ci_level : float
        Confidence level of the interval, between 0 and 1.
    k : int
        Tables that the estimate rests on.
    n_total : float
        People in them.
    estimate, se, ci_low, ci_high : float
        Pooled effect, standard error and confidence limits (normal distribution).
    p_value : float
        Two-sided, against no effect: estimate over standard error.
    q, q_dof, q_p_value : float, int, float
        Cochran's Q test of equal effects around the pooled one; with less than two tables that
        have an effect of their own the p-value is NaN.
    i2 : float
        (Q - df) / Q in percent, floored at 0.
    cmh, cmh_p_value : float
        Cochran-Mantel-Haenszel chi-squared test (1 df) of no association in any table.
    cmh_correction : bool
        Whether 0.5 was taken off the difference in that test.
    breslow_day, breslow_day_p_value : float
        Breslow-Day test of equal odds ratios, ``equal_or_dof`` degrees of freedom; NaN unless the
        measure is OR.
    tarone, tarone_p_value : float
        The same with Tarone's correction, which makes it chi-squared in large samples.
    equal_or_dof : int
        Degrees of freedom of these two tests.
    table : pandas.DataFrame
        One row for each table given: ``label events_t n_t events_c n_c yi vi weight``. The effect
        of a single table has 0.5 added where it has a zero cell (not for PETO), and is NaN where
        it says nothing; ``weight`` is in percent, 0 for a table left out.
    notes : tuple of str
        Sentences that must stand beside these numbers wherever they are shown.
    """

    _caption: ClassVar[str] = "Pooled two-by-two tables"

    method: str
    measure: str
    ci_level: float
    k: int
    n_total: float
    estimate: float
    se: float
    ci_low: float
    ci_high: float
    p_value: float
    q: float
    q_dof: int
    q_p_value: float
    i2: float
    cmh: float
    cmh_p_value: float
    cmh_correction: bool
    breslow_day: float
    breslow_day_p_value: float
    tarone: float
    tarone_p_value: float
    equal_or_dof: int
    table: pd.DataFrame
    notes: tuple[str, ...]

    def sentence(self) -> str:
        """Say the answer in one sentence, with its method."""
        tables = "1 table" if self.k == 1 else f"{self.k} tables"
        return (
            f"{self.scale.label} {self.effect_text()} [{100 * self.ci_level:g} % interval], "
            f"{tables}, {self.n_total:,.0f} people ({self.method}, common effect; "
            "normal interval)."
        )

    def _rows(self) -> list[tuple[str, str]]:
        rows = [
            ("Effect measure", self.scale.label),
            ("Tables", f"{self.k}, {self.n_total:,.0f} people"),
            ("Method", f"{self.method}, common effect; Wald (normal) interval"),
            (f"Estimate ({100 * self.ci_level:g} % interval)", self.effect_text(4)),
            ("p, against no effect", p_alone(self.p_value)),
            ("Cochran-Mantel-Haenszel", f"chi² = {self.cmh:.2f}, p {p_text(self.cmh_p_value)}"),
            (
                "Heterogeneity",
                f"Q = {self.q:.2f}, df = {self.q_dof}, p {p_text(self.q_p_value)}; "
                f"I² = {self.i2:.0f} % (from Q)",
            ),
        ]
        if self.measure == "OR":
            rows.append(
                (
                    "Equal odds ratios",
                    f"Breslow-Day {self.breslow_day:.2f}, p {p_text(self.breslow_day_p_value)}; "
                    f"Tarone {self.tarone:.2f}, p {p_text(self.tarone_p_value)}; "
                    f"df = {self.equal_or_dof}",
                )
            )
        return rows
