"""What follows from the figures of a row without any assumption?"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import pandas as pd

from meta.evidence.recognition import RATIOS

# limits of an interval lie around their estimate, but for rounding: as a share of the width
_OFF_CENTRE = 0.15


def worked_out(table: pd.DataFrame, measure: str) -> Iterator[str]:
    """Fill the fields that follow from others, and say which.

    Parameters
    ----------
    table : pandas.DataFrame
        Studies in our field names; changed in place.
    measure : str
        Effect measure that the table names, or "".

    Yields
    ------
    str
        A sentence each on what was worked out.
    """
    yield from _errors_of_effects(table, measure)
    if {"o_minus_e", "v_o_minus_e"} <= set(table):
        yield from _log_rank(table)
    if {"median_t", "median_c"} <= set(table) and "result_type" not in table:
        taken = table["median_t"].notna()
        if "mean_t" in table:
            taken &= table["mean_t"].isna()
        table["result_type"] = pd.Series(
            ["median_iqr" if each else None for each in taken], dtype="str"
        )
        for arm in "tc":
            mean = table.get(f"mean_{arm}", math.nan)
            table[f"mean_{arm}"] = np.where(taken, table[f"median_{arm}"], mean)
        yield f"{taken.sum()} rows report medians, which stand as mean_t and mean_c (median_iqr)"
    for arm in "tc":
        events, others, n = f"events_{arm}", f"nonevents_{arm}", f"n_{arm}"
        if {events, others} <= set(table):
            total = table[events] + table[others]
            known = table[n] if n in table else pd.Series(math.nan, index=table.index)
            table[n] = known.fillna(total)
            yield f"{n} is {events} + {others} where it is not given"
        sd, se = f"sd_{arm}", f"se_{arm}"
        if {se, n} <= set(table):
            figure = table[se] * np.sqrt(table[n])
            known = table[sd] if sd in table else pd.Series(math.nan, index=table.index)
            if (known.isna() & figure.notna()).any():
                table[sd] = known.fillna(figure)
                yield f"{sd} is {se} times the root of {n} where it is not given"


def _log_rank(table: pd.DataFrame) -> Iterator[str]:
    """Give the logarithm of the ratio that O-E and its variance V estimate: (O-E)/V, 1/V."""
    nothing = pd.Series(math.nan, index=table.index)
    yi, variance = table.get("yi", nothing), table["v_o_minus_e"]
    taken = yi.isna() & table["o_minus_e"].notna() & variance.notna()
    table["yi"] = yi.where(~taken, table["o_minus_e"] / variance)
    table["vi"] = table.get("vi", nothing).where(~taken, 1 / variance)
    yield "yi, the logarithm of a ratio, is (O-E) / V, and vi is 1 / V"


def _errors_of_effects(table: pd.DataFrame, measure: str) -> Iterator[str]:
    """Bring an effect and its standard error to one scale, whatever columns name them."""
    nothing = pd.Series(math.nan, index=table.index)
    held = {name: table.get(name, nothing) for name in ("yi", "vi", "sei", "estimate", "se")}
    bare = held["vi"].isna() & held["sei"].isna()
    alone = bare & held["yi"].notna() & held["estimate"].isna()
    ratio = held["yi"].isna() & (held["estimate"] > 0) & held["sei"].notna()
    if measure in RATIOS and ratio.any():
        logarithms = pd.Series(np.log(held["estimate"].where(ratio)), index=table.index)
        table["yi"] = held["yi"].where(~ratio, logarithms)
        yield "the standard error is that of the logarithm, so yi is the logarithm of the estimate"
    taken = alone & held["se"].notna()
    if taken.any():
        table["sei"] = held["sei"].where(~taken, held["se"])
        yield "se is the standard error of yi where a row gives no other effect"
    if not {"yi", "ci_low", "ci_high"} <= set(table):
        return
    low, high = table["ci_low"], table["ci_high"]
    taken = alone & held["se"].isna() & low.notna() & high.notna()
    if not taken.any():
        return
    with np.errstate(invalid="ignore", divide="ignore"):
        ends = {"": (low, high), "the logarithms of ": (np.log(low), np.log(high))}
    off = {
        words: float(((a + b) / 2 - held["yi"])[taken].div((b - a)[taken]).abs().max(skipna=False))
        for words, (a, b) in ends.items()
        if not words or measure in RATIOS
    }
    words = min(off, key=lambda each: off[each] if off[each] >= 0 else math.inf)
    if not off[words] < _OFF_CENTRE:
        yield "the limits of the intervals do not lie around yi, and are not used"
        return
    from scipy.special import ndtri

    level = table.get("ci_level", nothing)
    share = level.where(level < 1, level / 100).fillna(0.95)
    half = pd.Series(ndtri((1 + share) / 2), index=table.index)
    width = ends[words][1] - ends[words][0]
    table["sei"] = table.get("sei", nothing).where(~taken, width / (2 * half))
    yield f"sei is the width of the interval ({words}ci_low and ci_high) over twice the quantile"
