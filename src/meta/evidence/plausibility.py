"""Which figures of a table of studies cannot be, or were probably meant otherwise?"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from meta.evidence.column_names import COUNTS
from meta.wording import listed

_PAIRS = tuple((f"events{arm}", f"n{arm}") for arm in ("_t", "_c", ""))
_ABOVE_0 = ("sd_t", "sd_c", "se_t", "se_c", "vi", "sei", "se", "n_t", "n_c", "n", "time_t",
            "time_c", "sd_post", "sd_pre", "base_sd_t", "base_sd_c", "v_o_minus_e")  # fmt: skip
Floats = NDArray[np.float64]
Finding = tuple[int, str, str, str]


def implausible(table: pd.DataFrame) -> Iterator[Finding]:
    """Name the figures that cannot be.

    Parameters
    ----------
    table : pandas.DataFrame
        Studies in our field names.

    Yields
    ------
    tuple of (int, str, str, str)
        Position of the row, field, what was found, and the way out with the likely cause.
    """
    for name in _ABOVE_0:
        if name in table:
            for i in np.flatnonzero(table[name].to_numpy() <= 0):
                what = "a spread" if "n" not in name and "time" not in name else "it"
                remedy = f"Look it up in the source: {what} is above 0, or not reported (empty)."
                yield int(i), name, f"{_shown(table, i, name)} is not > 0", remedy
    for events, n in _PAIRS:
        if events in table and n in table:
            yield from _events(table, events, n)
    if "r" in table:
        for i in np.flatnonzero(np.abs(table["r"].to_numpy()) >= 1):
            remedy = "A correlation lies between -1 and 1; a percentage is divided by 100."
            yield int(i), "r", f"{_shown(table, i, 'r')} is no correlation", remedy
    yield from _intervals(table)
    yield from _sums(table)


def _sums(table: pd.DataFrame) -> Iterator[Finding]:
    """Name the last row where it adds up all others, whatever it is called."""
    counts = [name for name in COUNTS if name in table and table[name].notna().all()]
    others = table.iloc[:-1]
    # two numbers may be the sum of a few others by chance
    if len(counts) < 2 or len(others) < 2 or len(counts) + len(others) < 5:
        return
    if all(others[name].sum() == table[name].iloc[-1] > 0 for name in counts):
        yield (
            len(others),
            "label",
            f"the row is the sum of the others ({listed(counts)}), which is no study",
            "Delete the row.",
        )


def _shown(table: pd.DataFrame, row: int | np.intp, name: str) -> str:
    return f"{table[name].iloc[int(row)]:.12g}"


def _events(table: pd.DataFrame, events: str, n: str) -> Iterator[Finding]:
    counted, people = table[events].to_numpy(), table[n].to_numpy()
    known = ~np.isnan(counted)
    shares = known & (counted > 0) & (counted < 1)
    # one share is a slip of the pen; a column of them is a column of shares
    is_shares = shares.any() and not (counted[known] > 1).any()
    above = known & (counted > people)
    swapped = above.sum() > max(1, (known & ~np.isnan(people)).sum() / 2)
    for i in np.flatnonzero(known):
        value = _shown(table, i, events)
        of = "" if math.isnan(people[i]) else f" (of {n} {_shown(table, i, n)})"
        if counted[i] < 0:
            yield int(i), events, f"{value} is below 0", "Count persons: 0 or more."
        elif above[i]:
            cause = "The columns of events and persons seem to be exchanged." if swapped else (
                "Count persons, not events; a percentage is no count either."
            )  # fmt: skip
            yield (
                int(i),
                events,
                f"{value} persons with the event are more than the people{of}",
                (f"{cause} Look both figures up in the source."),
            )
        elif shares[i] or (is_shares and 0 < counted[i] <= 1):
            yield (
                int(i),
                events,
                f"{value} is a share, not a number of persons{of}",
                ("Write the number of persons with the event."),
            )
        elif not float(counted[i]).is_integer():
            yield (
                int(i),
                events,
                f"{value} is no whole number of persons{of}",
                ("It may be a percentage: write the number of persons with the event."),
            )


def _intervals(table: pd.DataFrame) -> Iterator[Finding]:
    look = "Look the figures up in the source: a sign may be missing, or two cells exchanged."
    for low, high in (("ci_low", "ci_high"), ("ci_low", "estimate"), ("estimate", "ci_high")):
        if low not in table or high not in table:
            continue
        if (low, high) == ("ci_low", "ci_high") and "estimate" in table:
            continue  # then the estimate's own comparisons say it
        for i in np.flatnonzero((table[low] > table[high]).to_numpy()):
            found = f"{low} {_shown(table, i, low)} is above {high} {_shown(table, i, high)}"
            yield int(i), low if low == "ci_low" else high, found, look


def worth_knowing(table: pd.DataFrame, lines: Sequence[int]) -> list[str]:
    """Say what may be wrong, or changes how the rows may be pooled.

    Parameters
    ----------
    table : pandas.DataFrame
        Studies in our field names.
    lines : sequence of int
        Line of each row in its file.

    Returns
    -------
    list of str
        A sentence each: standard errors among standard deviations, studies with several rows,
        fractions of people.
    """
    notes = []
    labels = list(table["label"])
    for i in _errors_as_deviations(table):
        notes.append(
            f"line {lines[i]} ({labels[i]}): sd_t {_shown(table, i, 'sd_t')} and sd_c "
            f"{_shown(table, i, 'sd_c')} look like standard errors: times the root of n they "
            "are as large as the SDs of the other rows. Look them up in the source"
        )
    repeated = {name: count for name, count in Counter(labels).items() if count > 1}
    if repeated:
        rows = listed([f"{name} ({count})" for name, count in repeated.items()], 5)
        notes.append(
            f"{len(repeated)} {'study has' if len(repeated) == 1 else 'studies have'} several "
            f"rows: {rows}. Effects of one study are not independent: name the study as cluster, "
            "use a multilevel model, or keep one row a study"
        )
    for name in ("n_t", "n_c", "n"):
        if name in table:
            fractions = [i for i, value in enumerate(table[name]) if value % 1 > 0]
            if fractions:
                places = listed([f"line {lines[i]} {_shown(table, i, name)}" for i in fractions], 5)
                notes.append(f"{name} is no whole number of people: {places}")
    return notes


def _errors_as_deviations(table: pd.DataFrame) -> NDArray[np.intp]:
    """Find rows whose SDs are smaller than the others' by about the root of n, in both arms.

    Scales differ, too; so the means must be about as large as the others', or more than two such
    SDs apart.
    """
    names = ["mean_t", "sd_t", "n_t", "mean_c", "sd_c", "n_c"]
    if not set(names) <= set(table):
        return np.array([], dtype=np.intp)
    mean_t, sd_t, n_t, mean_c, sd_c, n_c = (table[name].to_numpy(dtype=float) for name in names)
    with np.errstate(divide="ignore", invalid="ignore"):
        hits = np.ones(len(table), dtype=bool)
        for sd, n in ((sd_t, n_t), (sd_c, n_c)):
            ratio = _median_of_others(sd) / sd
            off = ratio / np.sqrt(n)
            hits &= (n > 8) & (ratio >= 3) & (off >= 0.5) & (off <= 2)
        size = np.abs(mean_t) / _median_of_others(np.abs(mean_t))
        apart = np.abs(mean_t - mean_c) / np.maximum(sd_t, sd_c)
        hits &= ((size > 0.5) & (size < 2)) | (apart > 2)
    return np.flatnonzero(hits)


def _median_of_others(values: Floats) -> Floats:
    """Return, for each value, the lower median of the others; NaN below two known others."""
    known = np.flatnonzero(~np.isnan(values))
    found = np.full(len(values), np.nan)
    others = len(known) - 1
    if others < 2:
        return found
    order = known[np.argsort(values[known], kind="stable")]
    ordered = values[order]
    place = np.arange(len(order))
    low = (others - 1) // 2
    found[order] = ordered[low + (place <= low)]
    return found
