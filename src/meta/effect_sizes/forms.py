"""Which form has a reported result, and which effect follows from it?

`derive` takes one row and gives its effect with its derivation, or the reason why there is none.
"""

from __future__ import annotations

from collections.abc import Callable

from meta.effect_sizes import from_estimates, from_events, from_means, from_p_values
from meta.effect_sizes.assumptions import Settings
from meta.effect_sizes.measures import MEASURES, Measure
from meta.effect_sizes.row_effect import NoEffect, RowEffect
from meta.effect_sizes.rows import Row

RATIO_UNITS = tuple(
    name for name, measure in MEASURES.items() if measure.log and not measure.single_group
)
_UNKNOWN_UNITS = ("effect size (type not stated)",)


# for readers, who see them where a result gives no effect
LEVEL_WORDS = {
    "arms": "means or counts of both arms",
    "interval": "a difference with its interval",
    "p_value": "a p-value",
}


def level_of(row: Row, measure: Measure) -> str:
    """Say how well a result is reported.

    Returns
    -------
    {"effect", "arms", "interval", "p_value", "direction", "silent", "single_arm"}
        The best form that the filled cells make; "arms" also for arms of another kind than the
        measure takes, if nothing else is reported.
    """
    if row.has("yi") and (row.has("vi") or row.has("sei")):
        return "effect"
    needed = [name for name in measure.arguments if name not in measure.optional]
    of_two = not needed or needed[0].endswith("_t")
    if not of_two:
        return "arms" if row.has(*needed) else "single_arm"
    alone = row.result_type in ("single_arm_change", "proportion")
    if alone or row.text("stratum") == "uncontrolled":
        return "single_arm"
    if row.result_type == "events":
        complete = row.has("events_t", "events_c", "n_t", "n_c")
    else:
        complete = row.has("mean_t", "mean_c", "n_t", "n_c") and (
            row.has("sd_t", "sd_c") or row.has("q1_t", "q3_t", "q1_c", "q3_c")
        )
    own = complete and (row.result_type == "events") == ("events_t" in measure.arguments)
    if (needed and row.has(*needed)) or (own and "time_t" not in needed and needed):
        return "arms"
    if row.has("ci_low", "ci_high") or row.has("estimate", "se"):
        return "interval"
    if row.p is not None and row.p.exact and contrast_fault(row) == "":
        return "p_value"
    if complete:
        return "arms"
    return "direction" if row.text("favours") in ("treated", "control") else "silent"


def contrast_fault(row: Row) -> str:
    """Say why a p-value does not test the two arms; "" if it does.

    Without a column `p_contrast` the p-value is taken to compare the two arms of its row.
    """
    if "p_contrast" not in row.known_columns:
        return ""
    return {
        "between_arms": "",
        "multi_arm": "the p-value compares three or more groups at once, not these two arms",
        "within_arm": "the p-value is of a change within one arm, not of a difference of arms",
        "other": "the p-value tests something else than the difference between these two arms",
    }.get(row.text("p_contrast"), "it is not recorded what the p-value compares (p_contrast)")


def derive(row: Row, settings: Settings) -> RowEffect | NoEffect:
    """Derive the effect of one row, or say why it has none."""
    level = level_of(row, settings.entry)

    def without(reason: str) -> NoEffect:
        return NoEffect(row=row, level=row.text("reporting") or level, reason=reason)

    barred = _barred(row)
    if barred:
        return without(barred)
    if level == "effect":
        return from_estimates.given_effect(row, settings)
    if {"yi", "measure"} <= row.known_columns:  # as `effect_size` leaves them
        return without(row.text("note") or "no effect is given (yi)")
    if row.has("yi"):
        return without("an effect is given without its variance or standard error (vi or sei)")
    if level not in ("arms", "interval", "p_value"):
        return without(_nothing(row, level, settings.entry))
    if level not in settings.include:
        taken = " or ".join(LEVEL_WORDS[name] for name in settings.include)
        return without(
            f"the report prints {LEVEL_WORDS[level]}, and this set takes only {taken} (include=)"
        )
    way = _way(row, level, settings)
    if isinstance(way, str):
        return without(way)
    found = way(row, settings)
    if isinstance(found, str):
        return without(found)
    return found


Way = Callable[[Row, Settings], RowEffect | str]


def _way(row: Row, level: str, settings: Settings) -> Way | str:
    """Choose the formula for a form and a measure, or say why there is none."""
    measure = settings.entry
    if level == "arms":
        return _way_of_arms(row, measure)
    unit = row.text("effect_unit")
    if (
        not unit
        and "effect_unit" not in row.known_columns
        and (measure.name != "SMD" or (level == "interval" and settings.sd is None))
    ):
        unit = measure.name  # a table that names no unit prints what is asked for
    if level not in measure.forms:
        return f"{measure.words} needs {_needs(measure)}"
    if measure.log or measure.family == "risk difference":
        if unit == measure.name:
            return from_events.printed_ratio
        if "mean_t" in measure.arguments and unit not in MEASURES:
            return f"{measure.words} needs the means and standard deviations of both arms"
        if unit in MEASURES:
            return f"the result is printed as {MEASURES[unit].words}, not as {measure.words}"
        return f"the result is not printed as {measure.words} (unit: {unit or 'not named'})"
    if row.result_type == "events" and measure.name != "GEN":
        return f"counts of events are reported, and {measure.words} needs a measured scale"
    if unit in RATIO_UNITS and measure.name == "GEN":
        return f"the result is printed as {MEASURES[unit].words}: name it (measure={unit!r})"
    if unit in RATIO_UNITS:
        return (
            f"the result is printed as {MEASURES[unit].words}, from which {measure.words} does not "
            "follow"
        )
    if unit in _UNKNOWN_UNITS and row.has("estimate"):
        return "an effect is printed, and it is not stated of which kind"
    if unit == "SMD" and row.has("estimate"):
        if measure.name == "MD":
            return "the difference is printed in standard deviations, not in units of the scale"
        return from_estimates.printed_smd
    return from_estimates.difference if level == "interval" else from_p_values.p_value


def _way_of_arms(row: Row, measure: Measure) -> Way | str:
    needed = measure.arguments
    if row.result_type == "median_iqr" and "mean_t" in needed:
        return from_means.medians
    if row.result_type == "events" and "mean_t" in needed:
        return f"counts of events are reported, and {measure.words} needs a measured scale"
    if row.result_type != "events" and "events_t" in needed and "time_t" not in needed:
        return f"means are reported, and {measure.words} needs counts of events"
    if "mean_t" in needed:
        return from_means.two_means
    if measure.name == "GEN":
        return "no effect is given, and no measure is named that its arms become (measure=)"
    if not needed:
        return f"{measure.words} is not computed from arms; it needs a printed one with an interval"
    missing = [name for name in needed if name not in measure.optional and not row.has(name)]
    return f"not reported: {', '.join(missing)}" if missing else from_events.by_formula


def _needs(measure: Measure) -> str:
    """Say what a measure is computed from."""
    names = [name for name in measure.arguments if name not in measure.optional]
    return f"{', '.join(names)}, or the effect with its variance (yi, vi)"


def _barred(row: Row) -> str:
    """Say why a row may not be used at all, though it may hold figures; "" if it may."""
    flag = row.text("flag")
    if flag.lower().startswith("retracted"):
        return f"retracted ({flag})"
    for verdict in ("do not pool", "do not use as SD"):
        if verdict in flag:
            return f"not used because of a remark in the data: {flag}"
    return ""


def _nothing(row: Row, level: str, measure: Measure) -> str:
    """Say why a row below the level of a p-value gives no effect."""
    needed = [name for name in measure.arguments if name not in measure.optional]
    if needed and not ({"mean_t", "n_t"} & set(needed)):
        return f"not reported: {', '.join(name for name in needed if not row.has(name))}"
    if row.result_type == "single_arm_change":
        return "a change within one arm is reported, and no comparison"
    if row.result_type == "proportion":
        return "the share of one group is reported, and no comparison"
    if row.result_type == "median_iqr" and row.has("mean_t", "mean_c"):
        return (
            "medians are reported without quartiles, so that no mean and standard deviation can be "
            "estimated (q1_t, q3_t, q1_c, q3_c)"
        )
    if level == "single_arm":
        return "there was no control group"
    means = row.has("mean_t", "mean_c")
    if means and row.has("sd_t", "sd_c"):
        missing = (
            "means and standard deviations are reported, but not the number of people in each arm"
        )
    elif means:
        missing = "means are reported without standard deviations"
    elif row.result_type == "events" and row.has("events_t", "events_c"):
        missing = "events are reported, but not the number of people in each arm"
    elif row.has("estimate"):
        missing = "a difference is reported without an interval or standard error"
    else:
        missing = ""
    p = _why_no_p(row)
    verdict = {
        "treated": "the report says only that the treated group did better",
        "control": "the report says only that the control group did better",
        "neither": "the report says only that there was no difference",
        "not_stated": "the report does not say which group did better",
    }.get(row.text("favours"), "")
    said = [part for part in (missing, p, verdict) if part]
    return "; ".join(said) or "no figures of both arms are reported"


def _why_no_p(row: Row) -> str:
    text = row.text("p_value")
    if not text:
        return ""
    if row.p is None:
        return f"the p-value is given in words ({text})"
    if not row.p.exact:
        return f"the p-value is given only as a bound ({text}), from which no effect is rebuilt"
    return contrast_fault(row)
