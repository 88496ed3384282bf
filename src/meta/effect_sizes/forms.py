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
        "multi_arm": "the p-value is of one test over three or more groups",
        "within_arm": "the p-value is of a change within one arm",
        "other": "the p-value is of another contrast than these two arms",
    }.get(row.text("p_contrast"), "it is not recorded which comparison the p-value tests")


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
        chosen = ", ".join(settings.include)
        return without(f"reported as {level}; this set takes {chosen} only")
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
    if counts:
        if row.result_type == "events" and level == "arms":
            return from_events.two_by_two
        if level == "arms":
            return f"means, from which no {settings.measure} follows"
        if unit != settings.measure:
            return f"printed in {unit or 'an unnamed unit'}, not as {settings.measure}"
        return from_events.printed_ratio
    if row.result_type == "events":
        return f"counts of events, from which no {settings.measure} follows"
    if level == "arms":
        if row.result_type == "median_iqr":
            return from_means.medians
        return from_means.two_means
    if unit in RATIO_UNITS:
        return f"a ratio ({unit}), from which no {settings.measure} follows"
    if unit in _UNKNOWN_UNITS and row.has("estimate"):
        return "an effect whose type is not stated"
    if settings.measure == "ROM":
        return "no means and standard deviations of both arms, which a ratio of means needs"
    if unit == "SMD" and row.has("estimate"):
        if settings.measure == "MD":
            return "printed as a standardised difference, without the scale's own units"
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
            return f"curators' verdict: {flag}"
    return ""


def _nothing(row: Row, level: str) -> str:
    """Say why a row below the level of a p-value gives no effect."""
    if row.result_type == "single_arm_change":
        return "a change within one arm: no comparison"
    if row.result_type == "proportion":
        return "a single proportion: no comparison"
    if row.result_type == "median_iqr" and row.has("mean_t", "mean_c"):
        return "medians without quartiles in columns of their own: no mean or SD follows"
    if level == "single_arm":
        return "an uncontrolled comparison"
    means = row.has("mean_t", "mean_c")
    if means and row.has("sd_t", "sd_c"):
        missing = "means and SDs without the number of people in each arm"
    elif means:
        missing = "means without standard deviations"
    elif row.result_type == "events" and row.has("events_t", "events_c"):
        missing = "events without the number of people in each arm"
    elif row.has("estimate"):
        missing = "an estimate without interval or standard error"
    else:
        missing = ""
    p = _why_no_p(row)
    verdict = {
        "treated": "only that it favours the treated",
        "control": "only that it favours the control",
        "neither": "only that there was no difference",
        "not_stated": "a verdict without its direction",
    }.get(row.text("favours"), "")
    said = [part for part in (missing, p, verdict) if part]
    return "; ".join(said) or f"no figures of both arms ({level})"


def _why_no_p(row: Row) -> str:
    text = row.text("p_value")
    if not text:
        return ""
    if row.p is None:
        return f"p-value in words ({text})"
    if not row.p.exact:
        return f"p-value given as a bound ({text}), from which no effect is rebuilt"
    return contrast_fault(row)
