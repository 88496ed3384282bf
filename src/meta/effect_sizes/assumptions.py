"""What is supposed where a report is silent, and which choices were made beforehand?"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from meta.effect_sizes.derivation import Assumption
from meta.effect_sizes.measures import MEASURES, Measure, measure_of
from meta.effect_sizes.rows import Row
from meta.effect_sizes.sizes import added_to_counts

LEVELS = ("arms", "interval", "p_value")
SCORES = ("post", "change", "both")
SCORE_WORDS = {"post": "scores at the end", "change": "changes"}
INSTRUMENT_SDS = {
    "instrument": ("sd_reference", "sd_source"),
    "instrument_low": ("sd_low", "sd_low_source"),
    "instrument_high": ("sd_high", "sd_high_source"),
}

_ON_FILE = {
    "instrument": "on file",
    "instrument_low": "the smallest on file",
    "instrument_high": "the largest on file",
}
OUTSIDE_SD = "standard deviation from another source"

ExternalSD = str | float | Mapping[str, float] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The choices of one call of :func:`meta.effects`, made before looking at a row."""

    measure: str
    scores: str
    include: tuple[str, ...]
    correlation: float
    sd: ExternalSD
    drop00: bool

    @property
    def entry(self) -> Measure:
        """The measure in the registry."""
        return measure_of(self.measure)


def read_settings(
    measure: str,
    scores: str | None,
    include: Sequence[str],
    correlation: float,
    sd: ExternalSD,
    drop00: bool | None,
    faults: list[str],
) -> Settings:
    """Check the choices; add a line to `faults` for each that is wrong."""
    known = measure in MEASURES
    if not known:
        faults.append(f"measure is {measure!r}; needed: one of {', '.join(MEASURES)}")
    if drop00 not in (None, True, False):
        faults.append(f"drop00 is {drop00!r}; needed: True, False or None (the measure's default)")
    if scores is not None and scores not in SCORES:
        faults.append(f"scores is {scores!r}; needed: one of {', '.join(SCORES)}")
    levels = (include,) if isinstance(include, str) else tuple(include)
    unknown = [level for level in levels if level not in LEVELS]
    if unknown or not levels or len(set(levels)) < len(levels):
        faults.append(
            f"include is {levels!r}; needed: some of {', '.join(LEVELS)}, each once, the preferred "
            "one first"
        )
    if not is_number(correlation) or not -1 < correlation < 1:
        faults.append(f"correlation is {correlation!r}; needed: a number strictly between -1 and 1")
    faults += _sd_faults(sd)
    # end and change scores estimate one and the same difference on the scale's own units, but not
    # once each is divided by its own SD
    default = "both" if measure == "MD" else "post"
    return Settings(
        measure=measure,
        scores=scores or default,
        include=levels,
        correlation=correlation,
        sd=sd,
        drop00=bool(known and MEASURES[measure].drop00) if drop00 is None else bool(drop00),
    )


def is_number(value: object) -> bool:
    """Say whether this is a finite number."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _sd_faults(sd: ExternalSD) -> list[str]:
    known = ", ".join(map(repr, INSTRUMENT_SDS))
    needed = f"needed: None, {known}, a number > 0, or a mapping of instrument_id to such numbers"
    if sd is None:
        return []
    if isinstance(sd, str):
        return [] if sd in INSTRUMENT_SDS else [f"sd is {sd!r}; {needed}"]
    if isinstance(sd, Mapping):
        return [
            f"sd[{name!r}] is {value!r}; {needed}"
            for name, value in sd.items()
            if not is_number(value) or value <= 0
        ]
    return [] if is_number(sd) and sd > 0 else [f"sd is {sd!r}; {needed}"]


def crossover_correlation(r: float) -> Assumption:
    """Name the correlation between the two periods of a crossover."""
    return Assumption(
        "within-person correlation",
        f"{r:g}",
        "the periods of a crossover are paired, and papers rarely print how closely",
        "0.3 to 0.8",
    )


def change_correlation(r: float) -> Assumption:
    """Name the correlation between baseline and end."""
    return Assumption(
        "correlation between baseline and end",
        f"{r:g}",
        "the SD of the change is not printed; it follows from the SDs before and after and this "
        "correlation (baseline may include people who left before the end)",
        "0.3 to 0.8",
    )


def equal_arms(total: float) -> Assumption:
    """Name the even split of a total."""
    return Assumption(
        "equal arms",
        f"({total - total // 2:g} and {total // 2:g} of {total:g} randomised)",
        "the numbers in the arms are not reported, the number randomised is; people who left make "
        "the true effect behind the same p-value larger, not smaller",
    )


T_TEST = Assumption(
    "p-value of an unadjusted t test of two arms",
    why="the test behind the p-value is not known; a covariance or rank analysis would give "
    "another effect for the same p",
)
PAIRED_T_TEST = Assumption(
    "p-value of a paired t test",
    why="the test behind the p-value is not known; a mixed model would give another effect",
)
WALD_TEST = Assumption(
    "p-value of a Wald test of the ratio",
    why="the test behind the p-value is not known; a chi-square or exact test gives nearly the "
    "same standard error unless events are few",
)
LEVEL_95 = Assumption(
    "interval taken as one of 95 %",
    why="the level of the interval is not printed; 95 % is the custom",
)
CHANGE_SD = Assumption(
    "standardised by the SD of change scores",
    why="the set was asked to hold end and change scores side by side, whose SDs differ",
)
CONTINUITY = Assumption(
    added_to_counts(0.5),
    why="an arm without events, or with nothing but events, has no finite effect",
    range="0.25 to 1",
)
PRINTED_SMD_VARIANCE = Assumption(
    "uncertainty computed from the numbers of people in the arms",
    why="the standardised difference is printed without interval; taken as a difference of two "
    "independent means",
)


def outside_sd(value: float, source: str) -> Assumption:
    """Name a standard deviation that is not from the row."""
    return Assumption(
        OUTSIDE_SD,
        f"{value:g} ({source})",
        "the result prints a difference without an SD; the SD is taken as known, so that the "
        "interval leaves its uncertainty out",
        "sd='instrument_low' to sd='instrument_high'",
    )


_NO_SD = "the difference is printed without a standard deviation"


def find_outside_sd(row: Row, settings: Settings) -> tuple[float, str] | str:
    """Find the outside SD for a row.

    Returns
    -------
    tuple of float and str, or str
        The SD and its source; or the reason why there is none.
    """
    sd = settings.sd
    if sd is None:
        return (
            f"{_NO_SD}, which a standardised mean difference needs; one from another source can be "
            "given (sd='instrument', or your own) and is then named"
        )
    instrument = row.text("instrument") or row.text("instrument_id") or "this scale"
    if isinstance(sd, str):
        column, source = INSTRUMENT_SDS[sd]
        if not row.has(column):
            return f"{_NO_SD}, and none is on file for {instrument} (column {column})"
        # the SD of change scores is another yardstick than the SD of scores
        kind = row.text("sd_reference_kind") or row.text("sd_kind")
        if settings.scores != "both" and (kind == "change") != (settings.scores == "change"):
            return (
                f"{_NO_SD}; the one on file for {instrument} is of {kind or 'unknown'} scores, and "
                f"this set takes {SCORE_WORDS[settings.scores]} (scores={settings.scores!r})"
            )
        return row[column], row.text(source) or f"{_ON_FILE[sd]} for {instrument}"
    if isinstance(sd, Mapping):
        for name in (row.text("instrument_id"), row.text("instrument")):
            if name in sd:
                return float(sd[name]), f"given for {name}"
        return f"{_NO_SD}, and none was given for {instrument} (sd=)"
    return float(sd), "given"


def two_arm_numbers(row: Row) -> tuple[float, float, tuple[Assumption, ...]] | str:
    """Find the people in each arm, splitting a total evenly where only that is known.

    Only a p-value is read with a split total: there, too many people make the effect smaller. With
    printed means they would make it look more precise than it is.
    """
    if row.has("n_t", "n_c"):
        return row["n_t"], row["n_c"], ()
    if not row.has("n_randomised"):
        return "the number of people is not reported"
    if row.has("n_arms") and row["n_arms"] != 2:
        return (
            "the numbers of people in the arms are not reported, and the number randomised covers "
            f"{row['n_arms']:g} arms"
        )
    total = row["n_randomised"]
    if total < 4:
        return f"only {total:g} people were randomised"
    return total - total // 2, total // 2, (equal_arms(total),)
