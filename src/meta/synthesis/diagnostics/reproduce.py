"""How was a published pooled figure reached, from the trials at hand?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from math import comb
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from meta.arguments import checked
from meta.effect_sizes.derive import effects
from meta.errors import DataError, NotComparable
from meta.synthesis.diagnostics.multiverse import LEAVE_OUT, Multiverse, multiverse
from meta.synthesis.presentation import Answer

_PRINTED = ("estimate", "ci_low", "ci_high")
# ways to choose the review's trials among those at hand; more are not tried unasked
_MOST_WAYS = 20_000
_NEAREST = 10


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Reproduction(Answer):
    """The search for a published pooled figure.

    Attributes
    ----------
    printed : dict of str to str
        What was printed: ``estimate``, and ``ci_low ci_high k`` where they were.
    searched : Multiverse
        Every combination that was tried.
    matches : pandas.DataFrame
        The combinations that give the figure to its printed digits, those with the fewest changes
        of the first combination first.
    nearest : pandas.DataFrame
        The ten combinations that come nearest, with ``away``, the largest difference from a printed
        number in units of its last digit.
    k_at_hand : int
        How many of the trials at hand give an effect.
    notes : tuple of str
        Sentences that must stand beside these numbers.
    """

    _caption: ClassVar[str] = "Search for a published figure"

    printed: dict[str, str]
    searched: Multiverse
    matches: pd.DataFrame
    nearest: pd.DataFrame
    k_at_hand: int
    notes: tuple[str, ...]

    def figure_text(self) -> str:
        """Return the figure as it was printed."""
        text = self.printed["estimate"]
        if "ci_low" in self.printed:
            text += f" ({self.printed['ci_low']} to {self.printed['ci_high']})"
        return text + (f", {self.printed['k']} trials" if "k" in self.printed else "")

    def sentence(self) -> str:
        """Say in one sentence whether and how the figure is reached."""
        tried = f"{len(self.searched.table):,} combinations of choices"
        if len(self.matches):
            how = "; ".join(f"{n}: {self.matches[n].iloc[0]}" for n in self.searched.choices)
            return (
                f"{self.figure_text()} is reached in {len(self.matches):,} of {tried}, first by "
                f"{how}."
            )
        missing = self._missing()
        if missing:
            return f"{self.figure_text()} is not reached in {tried}: {missing}."
        away = self.nearest["away"].iloc[0] if len(self.nearest) else np.nan
        near = f"; the nearest is {away:.3g} units of the last digit away" * bool(np.isfinite(away))
        return f"{self.figure_text()} is not reached in {tried}{near}."

    def _missing(self) -> str:
        if "k" not in self.printed or self.k_at_hand >= int(self.printed["k"]):
            return ""
        return (
            f"it rests on {self.printed['k']} trials, and {self.k_at_hand} of those at hand give "
            "an effect"
        )

    def _rows(self) -> list[tuple[str, str]]:
        return [("Printed", self.figure_text()), ("Answer", self.sentence())]


@checked
def reproduce(
    published: Mapping[str, Any] | pd.Series[Any],
    results: pd.DataFrame,
    *,
    measure: str = "SMD",
    choices: Mapping[str, Any] | None = None,
    executor: Executor | None = None,
    progress: Callable[[int, int], object] | None = None,
) -> Reproduction:
    """Search for the specification that gives a published pooled figure to its printed digits.

    Parameters
    ----------
    published : mapping
        ``estimate``, and ``ci_low``, ``ci_high`` and ``k`` where they were printed, on the reader's
        scale; a row of ``evidence.reviews`` is one. Numbers are best given as text ("-0.90"), since
        a number has lost its last zeros.
    results : pandas.DataFrame
        Rows of the trials at hand, as for :func:`meta.effects`.
    measure : str
        Effect measure of the figure.
    choices : mapping, optional
        What to choose among, as for :func:`meta.multiverse`, in place of or beside what is tried
        unasked: levels of reporting, model, estimator of tau2 (DL first, which most programs use)
        and interval (Wald first), and, if ``k`` was printed, every way to choose that many of the
        trials at hand.
    executor, progress
        As for :func:`meta.multiverse`.

    Returns
    -------
    Reproduction

    Raises
    ------
    DataError
        If no estimate was printed, a printed number is none, or a choice cannot be made.

    Notes
    -----
    A number is reached if it lies within half a unit of the last printed digit. That a figure is
    reached does not show that the authors went this way, the more so the more combinations were
    tried and the fewer digits were printed.

    Examples
    --------
    >>> import meta
    >>> rows = meta.load_evidence("data").primary("depression")
    >>> fit = meta.pool(meta.effects(rows), tau2_method="DL", ci_method="wald")
    >>> printed = {name: f"{getattr(fit, name):.2f}" for name in ("estimate", "ci_low", "ci_high")}
    >>> found = meta.reproduce(printed, rows)
    >>> str(found.matches["tau2_method"].iloc[0]), str(found.matches["ci_method"].iloc[0])
    ('DL', 'wald')
    """
    printed = _as_printed(published)
    k = int(printed["k"]) if "k" in printed else None
    at_hand = _at_hand(results, measure)
    asked = _choices(at_hand, k) | dict(choices or {})
    searched = multiverse(results, asked, measure, executor=executor, progress=progress)
    table = searched.table
    away = np.zeros(len(table))
    for name in _PRINTED:
        if name in printed:
            value, digit = _number(printed[name])
            reader = np.asarray(searched.scale.to_reader(table[name]), dtype=float)
            away = np.fmax(away, np.abs(reader - value) / digit)
    away = np.where((table["reason"] == "").to_numpy(), away, np.inf)
    right_k = np.ones(len(table), dtype=bool) if k is None else (table["k"] == k).to_numpy()
    # rounding to even, up or down: half a unit, and what numbers of 16 digits add
    matched = np.flatnonzero((away <= 0.5 + 1e-6) & right_k)
    matched = matched[np.argsort(_changes(searched)[matched], kind="stable")]
    order = np.argsort(np.where(right_k, away, np.inf), kind="stable")[:_NEAREST]
    nearest = table.iloc[order].assign(away=away[order])
    return Reproduction(
        printed=printed,
        searched=searched,
        matches=table.iloc[matched].reset_index(drop=True),
        nearest=nearest[np.isfinite(nearest["away"])].reset_index(drop=True),
        k_at_hand=at_hand,
        notes=(
            "A figure that is reached need not have been reached this way: many combinations were "
            "tried.",
        ),
    )


def _as_printed(published: Mapping[str, Any] | pd.Series[Any]) -> dict[str, str]:
    printed = {
        name: _text(published[name])
        for name in (*_PRINTED, "k")
        if name in published and not pd.isna(published[name]) and str(published[name]).strip()
    }
    if "estimate" not in printed:
        raise DataError("reproduce: no estimate was printed; give published={'estimate': '-0.92'}")
    faults = []
    for name, text in printed.items():
        try:
            _number(text)
        except ValueError:
            faults.append(f"{name} is {text!r}; give the number as it was printed")
    if faults:
        raise DataError.from_faults("reproduce", faults)
    if ("ci_low" in printed) != ("ci_high" in printed):
        raise DataError("reproduce: one limit of the interval is missing; give both or neither")
    return printed


def _text(value: Any) -> str:
    return str(value).strip().replace("−", "-")


def _number(text: str) -> tuple[float, float]:
    """Return the number and the unit of its last digit."""
    return float(text), 10.0 ** -len(text.partition(".")[2])


def _choices(at_hand: int, k: int | None) -> dict[str, Any]:
    tried: dict[str, Any] = {
        "include": {
            "all that give an effect": ("arms", "interval", "p_value"),
            "nothing from p-values": ("arms", "interval"),
        },
        "model": ["random", "common"],
        "tau2_method": ["DL", "REML", "PM", "SJ", "HE", "ML", "HS"],
        "ci_method": ["wald", "HK", "HK-adhoc"],
    }
    more = 0 if k is None else max(0, at_hand - k)
    if more and sum(comb(at_hand, out) for out in range(more + 1)) <= _MOST_WAYS:
        tried[LEAVE_OUT] = more
    return tried


def _at_hand(results: pd.DataFrame, measure: str) -> int:
    """Return how many trials give an effect."""
    try:
        return effects(results, measure).k
    except NotComparable:
        return 0


def _changes(found: Multiverse) -> NDArray[np.intp]:
    """Count the changes of the first combination in each."""
    codes = [found.table[name].cat.codes.to_numpy() != 0 for name in found.choices]
    return np.asarray(np.sum(codes, axis=0))
