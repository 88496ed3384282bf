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
    """Name trials whose standard deviations look like standard errors."""
    names = ("sd_t", "n_t", "sd_c", "n_c")
    if not set(names) <= set(table) or len(table) < 2:
        return
    columns = {name: pd.to_numeric(table[name], errors="coerce").to_numpy() for name in names}
    standardised = measure_of(measure).standardised
    like_errors = np.ones(len(table), dtype=bool)
    for arm in "tc":
        sd, n = columns[f"sd_{arm}"], columns[f"n_{arm}"]
        if np.isfinite(sd).sum() < 3:
            like_errors[:] = False
            break
        # the median without a trial itself moves little from the median of all, and is one pass
        ratio = np.nanmedian(sd) / sd
        like_errors &= (ratio >= _SMALLER) & (ratio > np.sqrt(n) / 2) & (ratio < 2 * np.sqrt(n))
    g = np.abs(table["yi"].to_numpy(dtype=float))
    if standardised:
        # scales differ in their SDs, and a true effect of more than one SD is rare
        like_errors = (like_errors & (g > 1)) | (g > _HUGE)
    suspects = np.flatnonzero(like_errors)
    if len(suspects):
        shown = listed([str(table["label"].iloc[i]) for i in suspects], 5)
        told = (
            "SDs so small that the difference is implausibly many of them"
            if standardised
            else "SDs far below the others', by about the root of n"
        )
        yield (
            f"{shown}: {told}; are they standard errors? An SD is the standard error times the "
            "root of n (meta.convert.se_to_sd)."
        )
