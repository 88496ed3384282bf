"""Do several rows, read together, contradict or repeat each other?"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import combinations, product
from typing import Literal

import pandas as pd

from meta.evidence.digits import half_unit
from meta.evidence.findings import ARM_NAMES, ARMS, Finding, Mean, Reported

_COPIED = (
    *(
        f"{prefix}{what}_{arm}"
        for prefix in ("", "base_")
        for what in ("mean", "sd")
        for arm in "tc"
    ),
    "estimate",
    "ci_low",
    "ci_high",
)
_ENOUGH_COPIES = 4


def changes(rows: Sequence[Reported]) -> Iterator[Finding]:
    """Hold the change scores of a trial against its baseline and end scores.

    With SDs a before, b after and c of the change, the within-person correlation they imply is
    (a² + b² - c²) / (2ab). Outside -1 to 1 no scores can have the three.
    """
    ends: dict[tuple[str, ...], Reported] = {}
    for row in rows:
        if row.text("result_type") == "post":
            ends.setdefault(_occasion(row), row)
    for row in rows:
        end = ends.get(_occasion(row))
        if row.text("result_type") != "change" or end is None:
            continue
        for arm in ARMS:
            if row.count(f"n_{arm}") == end.count(f"n_{arm}"):
                yield from _one_arm(row, end, arm)


def _occasion(row: Reported) -> tuple[str, ...]:
    scale = row.text("instrument_id") or row.text("instrument")
    return row.text("study_id"), row.text("outcome"), scale, row.text("time_weeks")


def _one_arm(row: Reported, end: Reported, arm: Literal["t", "c"]) -> Iterator[Finding]:
    change = next((m for m in row.means() if m.arm == arm and not m.baseline), None)
    after = next((m for m in end.means() if m.arm == arm and not m.baseline), None)
    before = next((m for m in end.means() if m.arm == arm and m.baseline), None)
    if change is None or after is None or before is None:
        return
    shown = f"{before} to {after}, change {change} ({ARM_NAMES[arm]})"
    rounding = sum(half_unit(mean.decimals) for mean in (change, after, before))
    gap = abs(after.mean - before.mean - change.mean)
    if gap > rounding + 1e-9:
        yield row.finding(
            "CHANGE_MEAN",
            "note",
            shown,
            f"{after.mean:g} - {before.mean:g} = {after.mean - before.mean:.4g}, and "
            f"{change.mean:g} is printed; rounding explains {rounding:.2g} (people with both "
            "measurements may be fewer).",
        )
    correlations = _implied_correlations(before, after, change)
    if correlations and (min(correlations) > 1 or max(correlations) < -1):
        sign = "above 1" if min(correlations) > 1 else "below -1"
        r = _correlation(before.sd or 0.0, after.sd or 0.0, change.sd or 0.0)
        yield row.finding(
            "CHANGE_SD",
            "flag",
            shown,
            f"({before.sd:g}² + {after.sd:g}² - {change.sd:g}²) / (2 x {before.sd:g} x "
            f"{after.sd:g}) = {r:.2f}: the three SDs imply a correlation {sign} for every rounding "
            "of the figures.",
        )


def _correlation(a: float, b: float, c: float) -> float:
    return (a**2 + b**2 - c**2) / (2 * a * b)


def _implied_correlations(before: Mean, after: Mean, change: Mean) -> list[float]:
    spans = []
    for mean in (before, after, change):
        if mean.sd is None:
            return []
        half = half_unit(mean.sd_decimals)
        spans.append((max(mean.sd - half, 1e-9), mean.sd, mean.sd + half))
    return [_correlation(a, b, c) for a, b, c in product(*spans)]


def repeated_figures(rows: Sequence[Reported]) -> Iterator[Finding]:
    """Find rows of different studies that print the same figures."""
    held = []
    for row in rows:
        figures = {name: value for name in _COPIED if (value := row.number(name)) is not None}
        if len(figures) >= _ENOUGH_COPIES:
            held.append((row, figures))
    for (row, one), (other, two) in combinations(held, 2):
        if row.text("study_id") == other.text("study_id") or _companions(row, other):
            continue
        same = [name for name in one if name in two and math.isclose(one[name], two[name])]
        if len(same) >= _ENOUGH_COPIES and len({one[name] for name in same}) > 1:
            shown = ", ".join(f"{name} {one[name]:g}" for name in same)
            yield row.finding(
                "SAME_FIGURES",
                "flag",
                shown,
                f"{len(same)} of {len(one)} figures are those of {other.text('result_id')}, "
                "another study.",
            )


def _companions(row: Reported, other: Reported) -> bool:
    return row.text("same_trial_as") == other.text("study_id") or other.text(
        "same_trial_as"
    ) == row.text("study_id")


def reports_of_one_trial(trials: pd.DataFrame) -> Iterator[Finding]:
    """Find studies that report one trial: declared, or by a shared DOI or registration."""
    companions = trials["same_trial_as"] if "same_trial_as" in trials else [None] * len(trials)
    declared = [
        _pair(str(study), str(same))
        for study, same in zip(trials["study_id"], companions, strict=True)
        if not pd.isna(same)
    ]
    reasons: dict[tuple[str, str], list[str]] = {pair: [] for pair in declared}
    for column in ("doi", "registration"):
        if column not in trials:
            continue
        known = trials.loc[trials[column].notna()]
        for _, group in known.groupby(known[column].str.lower()):
            for one, two in combinations(group["study_id"].astype(str), 2):
                reasons.setdefault(_pair(one, two), []).append(f"{column} {group[column].iloc[0]}")
    for pair, shared in reasons.items():
        known_pair = pair in declared
        why = " and ".join([*(["same_trial_as"] if known_pair else []), *shared])
        yield Finding(
            study_id=pair[0],
            result_id="",
            check="SAME_TRIAL",
            verdict="note" if known_pair else "flag",
            found=f"{pair[0]} and {pair[1]}",
            arithmetic=f"One trial by {why}: it counts once"
            + ("." if known_pair else ", and same_trial_as does not say so."),
            source_url="",
        )


def _pair(one: str, two: str) -> tuple[str, str]:
    return (one, two) if one < two else (two, one)
