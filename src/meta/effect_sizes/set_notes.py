"""What must be said beside every answer of a set of effects?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from meta.effect_sizes.measures import measure_of
from meta.effect_sizes.sizes import ADDED, LEFT_OUT
from meta.wording import listed

# an SD this much smaller than the others' is looked at, and so is a g beyond this
_SMALLER, _HUGE = 3.0, 3.0
_ERRORS = (
    "are they standard errors? An SD is the standard error times the root of n "
    "(meta.convert.se_to_sd)."
)


def notes_on(measure: str, table: pd.DataFrame, excluded: pd.DataFrame) -> Iterator[str]:
    """Yield the notes on a set, from its table and from what has no effect.

    Parameters
    ----------
    measure : str
        Effect measure.
    table, excluded : pandas.DataFrame
        As :class:`meta.Effects` holds them.
    """
    yield from _zero_cells(measure, table, excluded)
    yield from _standard_errors(measure, table)
    if measure_of(measure).of_sizes is not None and "n" in table and len(table) > 1:
        n = table["n"].to_numpy(dtype=float)
        yield (
            f"the pooled double arcsine goes back to a proportion by the harmonic mean of the "
            f"numbers of people ({len(n) / np.sum(1 / n):.1f}), a convention on which it hangs "
            f"where they differ much (here {n.min():,.0f} to {n.max():,.0f}); compare "
            "measure='PLO', or method='GLMM' of meta.pool_proportions."
        )


def without_a_name(names: Sequence[str]) -> tuple[str, ...]:
    """Say which studies have no name, given the names that they are shown by."""
    if not names:
        return ()
    if len(names) == 1:
        who = "1 study has no name and stands"
    else:
        who = f"{len(names)} studies have no name and stand"
    return (f"{who} as {listed(names, 5)}; name it, so that nobody takes it for another.",)


def _zero_cells(measure: str, table: pd.DataFrame, excluded: pd.DataFrame) -> Iterator[str]:
    if measure_of(measure).add is None:
        return
    if "assumptions" in table:
        added = table["assumptions"].astype("str").str.contains(ADDED, regex=False)
        if added.any():
            names = listed(table.loc[added, "label"], 5)
            yield (
                f"0.5 was added to each count of {names}, where one is 0 "
                f"({int(added.sum())} of {len(table)} tables)."
            )
    left_out = int(excluded["reason"].isin(LEFT_OUT).sum())
    if left_out == 1:
        yield (
            "1 trial in which nobody or everybody had the event says nothing about a ratio and is "
            "left out (drop00=False keeps it)."
        )
    elif left_out:
        yield (
            f"{left_out} trials in which nobody or everybody had the event say nothing about a "
            "ratio and are left out (drop00=False keeps them)."
        )


def _standard_errors(measure: str, table: pd.DataFrame) -> Iterator[str]:
    """Name trials whose standard deviations look like standard errors, or like their reverse."""
    columns = set(table)
    arms = [arm for arm in ("_t", "_c", "") if {f"sd{arm}", f"n{arm}"} <= columns]
    if not arms:
        return
    sd, n = (
        np.array([pd.to_numeric(table[f"{name}{arm}"], errors="coerce") for arm in arms])
        for name in ("sd", "n")
    )
    root = np.sqrt(n)
    with np.errstate(invalid="ignore", divide="ignore"):
        # the median without a trial itself moves little from the median of all, and is one pass
        known = np.isfinite(sd).sum(axis=1, keepdims=True) >= 3
        usual = np.where(
            known, np.nanmedian(np.where(known, sd, 1.0), axis=1, keepdims=True), np.nan
        )
        small, large = (
            ((ratio >= _SMALLER) & (ratio > root / 2) & (ratio < 2 * root)).all(axis=0)
            for ratio in (usual / sd, sd / usual)
        )
        size = np.abs(table["yi"].to_numpy(dtype=float))
        means = {"mean_t", "mean_c"} <= columns
        standardised = measure_of(measure).standardised
        if standardised:
            # scales differ in their SDs, and a true effect of more than one SD is rare
            small, large = small & (size > 1), np.zeros(len(table), dtype=bool)
        elif measure == "MD" and means and len(arms) == 2:
            size = size / sd.max(axis=0)
        else:
            size = np.zeros(len(table))
        one_arm = np.zeros(len(table), dtype=bool)
        if len(arms) == 2:
            ratio, of = sd.max(axis=0) / sd.min(axis=0), np.where(sd[0] < sd[1], root[0], root[1])
            one_arm = (ratio >= _SMALLER) & (ratio > of / 2) & (ratio < 2 * of)
    if (small | one_arm | (size > _HUGE)).any():
        large[:] = False  # the others are the slips
    for suspects, told, asked in (
        (small, "SDs far below the others', by about the root of n", _ERRORS),
        (one_arm & ~small, "the SD of one arm is far below the other's, by about the root of n",
         _ERRORS),
        ((size > _HUGE) & ~small & ~one_arm, "SDs so small that the difference is implausibly many "
         "of them", _ERRORS),
        (large, "SDs far above the others', by about the root of n", "were SDs taken for standard "
         "errors, or are they variances?"),
    ):  # fmt: skip
        if suspects.any():
            yield f"{listed(table.loc[suspects, 'label'].astype(str), 5)}: {told}; {asked}"
