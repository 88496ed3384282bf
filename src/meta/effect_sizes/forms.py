"""Which form has a reported result, and which effect follows from it?

`derive` takes one row and gives its effect with its derivation, or the reason why there is none.
"""

from __future__ import annotations

from collections.abc import Callable

from meta.effect_sizes import from_estimates, from_events, from_means, from_p_values
from meta.effect_sizes.assumptions import Settings
from meta.effect_sizes.row_effect import NoEffect, RowEffect
from meta.effect_sizes.rows import Row

RATIO_UNITS = ("RR", "OR", "HR", "IRR", "PETO")
_UNKNOWN_UNITS = ("effect size (type not stated)",)


# for readers, who see them where a result gives no effect
LEVEL_WORDS = {
    "arms": "means or counts of both arms",
    "interval": "a difference with its interval",
    "p_value": "a p-value",
}
MEASURE_WORDS = {
    "SMD": "a standardised mean difference",
    "MD": "a mean difference",
    "ROM": "a ratio of means",
    "RR": "a risk ratio",
    "OR": "an odds ratio",
    "HR": "a hazard ratio",
    "IRR": "a rate ratio",
    "RD": "a risk difference",
    "PETO": "a Peto odds ratio",
}


def level_of(row: Row) -> str:
    """Say how well a result is reported.

    Returns
    -------
    {"arms", "interval", "p_value", "direction", "silent", "single_arm"}
        The best form that the filled cells make.
    """
    alone = row.result_type in ("single_arm_change", "proportion")
    if alone or row.text("stratum") == "uncontrolled":
        return "single_arm"
    if row.result_type == "events":
        complete = row.has("events_t", "events_c", "n_t", "n_c")
    else:
        complete = row.has("mean_t", "mean_c", "n_t", "n_c") and (
            row.has("sd_t", "sd_c") or row.has("q1_t", "q3_t", "q1_c", "q3_c")
        )
    if complete:
        return "arms"
    if row.has("ci_low", "ci_high") or row.has("estimate", "se"):
        return "interval"
    if row.p is not None and row.p.exact and contrast_fault(row) == "":
        return "p_value"
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
    level = level_of(row)

    def without(reason: str) -> NoEffect:
        return NoEffect(row=row, level=row.text("reporting") or level, reason=reason)

    barred = _barred(row)
    if barred:
        return without(barred)
    if level not in ("arms", "interval", "p_value"):
        return without(_nothing(row, level))
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
    counts = settings.measure in ("RR", "OR", "RD", "PETO")
    unit = row.text("effect_unit")
    wanted = MEASURE_WORDS[settings.measure]
    if counts:
        if row.result_type == "events" and level == "arms":
            return from_events.two_by_two
        if level == "arms":
            return f"means are reported, and {wanted} needs counts of events"
        if unit != settings.measure:
            if unit in MEASURE_WORDS:
                return f"the result is printed as {MEASURE_WORDS[unit]}, not as {wanted}"
            return f"the result is not printed as {wanted} (unit: {unit or 'not named'})"
        return from_events.printed_ratio
    if row.result_type == "events":
        return f"counts of events are reported, and {wanted} needs a measured scale"
    if level == "arms":
        if row.result_type == "median_iqr":
            return from_means.medians
        return from_means.two_means
    if unit in RATIO_UNITS:
        return (
            f"the result is printed as {MEASURE_WORDS[unit]}, from which {wanted} does not follow"
        )
    if unit in _UNKNOWN_UNITS and row.has("estimate"):
        return "an effect is printed, and it is not stated of which kind"
    if settings.measure == "ROM":
        return f"{wanted} needs the means and standard deviations of both arms"
    if unit == "SMD" and row.has("estimate"):
        if settings.measure == "MD":
            return "the difference is printed in standard deviations, not in units of the scale"
        return from_estimates.printed_smd
    if level == "interval":
        return from_estimates.difference
    return from_p_values.p_value


def _barred(row: Row) -> str:
    """Say why a row may not be used at all, though it may hold figures; "" if it may."""
    flag = row.text("flag")
    if flag.lower().startswith("retracted"):
        return f"retracted ({flag})"
    for verdict in ("do not pool", "do not use as SD"):
        if verdict in flag:
            return f"not used because of a remark in the data: {flag}"
    return ""


def _nothing(row: Row, level: str) -> str:
    """Say why a row below the level of a p-value gives no effect."""
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
