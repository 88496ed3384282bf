"""Can the printed means and SDs of a questionnaire be what they are said to be?"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from statistics import median

from meta.evidence.digits import half_unit
from meta.evidence.findings import Finding, Mean, Reported, Verdict, is_whole_scores
from meta.evidence.granularity import grim, grimmer, largest_sd
from meta.wording import upper_first

# More decimals than papers print: a figure that a data set computed, not one that was printed
_MOST_DECIMALS = 3
# How far beyond the SDs of the others an SD is still like them
_ALIKE = 1.25
EntryBounds = tuple[float, float]


def granularity(row: Reported) -> Iterator[Finding]:
    """GRIM and GRIMMER: whole scores of n people, their mean and their SD."""
    if not is_whole_scores(row):
        return
    step = row.number("scale_step") or 1.0
    for printed in row.means():
        candidates, n_printed = row.people(printed)
        if not candidates or printed.decimals > _MOST_DECIMALS:
            continue
        # a number of people that does not stand beside the figures may be the number randomised
        verdict: Verdict = "flag" if n_printed else "note"
        over = _people_text(candidates, n_printed)
        grains = [grim(printed.mean, n, printed.decimals, step) for n in candidates]
        if not any(grain.possible for grain in grains):
            n, grain = candidates[0], grains[0]
            digits = printed.decimals + 2
            yield row.finding(
                "GRIM",
                verdict,
                f"mean {printed.mean:.{printed.decimals}f} ({printed.place}, {over})",
                f"{printed.mean:.{printed.decimals}f} x {n} = "
                f"{printed.mean * n:.{printed.decimals}f}, and whole scores add up to a multiple "
                f"of {step:g}: the nearest possible means are {grain.below:.{digits}f} and "
                f"{grain.above:.{digits}f}{_also(candidates)}.",
            )
            continue
        if printed.sd is None or printed.sd_decimals > _MOST_DECIMALS or min(candidates) < 2:
            continue
        if not any(
            grimmer(printed.mean, printed.sd, n, printed.decimals, printed.sd_decimals, step)
            for n in candidates
        ):
            n = candidates[0]
            total = round(printed.mean * n / step)
            squares = (n - 1) * (printed.sd / step) ** 2 + total**2 / n
            yield row.finding(
                "GRIMMER",
                verdict,
                f"SD {printed.sd:.{printed.sd_decimals}f} beside mean "
                f"{printed.mean:.{printed.decimals}f} ({printed.place}, {over})",
                f"Scores that add up to {total * step:g} with this SD have squares that add up to "
                f"{squares * step**2:.2f}; within the rounding of the SD there is no whole number "
                f"that is {'odd' if total % 2 else 'even'} as the sum is{_also(candidates)}.",
            )


def _people_text(candidates: Sequence[int], printed: bool) -> str:
    if len(candidates) > 1:
        return f"n {candidates[0]} to {candidates[-1]}"
    return f"n {candidates[0]}{'' if printed else ', not printed beside it'}"


def _also(candidates: Sequence[int]) -> str:
    return f" (nor does any n up to {candidates[-1]} fit)" if len(candidates) > 1 else ""


def score_range(row: Reported, entry: EntryBounds | None) -> Iterator[Finding]:
    """Mean and SD against the range of the scale and, at baseline, the criterion of entry.

    Parameters
    ----------
    row : Reported
        A result row.
    entry : tuple of float or None
        Lowest and highest score that let people into the trial, on the scale of the row.
    """
    if row.text("effect_unit") != "points":
        return
    low, high = row.number("scale_min"), row.number("scale_max")
    step = row.number("scale_step") or 1.0
    kind = row.text("result_type")
    for printed in row.means():
        candidates, _ = row.people(printed)
        n = min(candidates, default=0)
        if low is not None and high is not None:
            if printed.baseline or kind == "post":
                yield from _against(row, printed, n, low, high, step, "SD_RANGE", "the scale runs")
            elif kind in ("change", "single_arm_change"):
                width = high - low
                what = "a change on the scale can run"
                yield from _against(row, printed, n, -width, width, step, "SD_RANGE", what)
        if printed.baseline and entry is not None:
            what = "people had to score"
            yield from _against(row, printed, n, *entry, step, "ENTRY_RANGE", what)


def _against(
    row: Reported,
    printed: Mean,
    n: int,
    low: float,
    high: float,
    step: float,
    check: str,
    what: str,
) -> Iterator[Finding]:
    bounds = f"{what} from {low:g} to {high:g}"
    half = half_unit(printed.decimals)
    found = f"{printed} ({printed.place}{f', n {n}' if n else ''})"
    if printed.mean - half > high or printed.mean + half < low:
        yield row.finding(
            check,
            "flag",
            found,
            f"The mean {printed.mean:.{printed.decimals}f} lies outside: {bounds}.",
        )
        return
    if printed.sd is None:
        return
    # without n the bound of two people is the widest one there is
    most = largest_sd(printed.mean, max(n, 2), printed.decimals, low, high, step)
    if not math.isnan(most) and printed.sd - half_unit(printed.sd_decimals) > most:
        yield row.finding(
            check,
            "flag",
            found,
            f"{upper_first(bounds)}; with a mean of "
            f"{printed.mean:.{printed.decimals}f} the SD cannot exceed {most:.2f}, and "
            f"{printed.sd:.{printed.sd_decimals}f} is printed.",
        )


def small_spread(row: Reported, others: Sequence[float], reference: str) -> Iterator[Finding]:
    """Find SDs so small that they may be standard errors.

    Parameters
    ----------
    row : Reported
        A result row.
    others : sequence of float
        SDs that other studies print for the same quantity in the same unit.
    reference : str
        Which studies these are, for the sentence.
    """
    if not others:
        return
    least, middle, largest = min(others), median(others), max(others)
    for printed in row.means():
        if printed.sd is None or printed.sd >= middle / 2:
            continue
        n = min(row.people(printed)[0], default=0)
        spread = printed.sd * math.sqrt(n)
        like_others = least / _ALIKE <= spread <= largest * _ALIKE
        if printed.sd >= least / 2 and not like_others:
            continue
        sentence = (
            f"Other studies print SDs of {least:g} to {largest:g}, median {middle:g} "
            f"({reference}); {printed.sd:g} is {printed.sd / middle:.0%} of the median"
        )
        if like_others:
            sentence += (
                f". As a standard error it would mean an SD of {printed.sd:g} x sqrt({n}) = "
                f"{spread:.3g}, which is like the others"
            )
        yield row.finding(
            "SE_AS_SD",
            "flag" if printed.sd < least / 2 else "note",
            f"SD {printed.sd:g} beside mean {printed.mean:g} ({printed.place})",
            f"{sentence}.",
        )
