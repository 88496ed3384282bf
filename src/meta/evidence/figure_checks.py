"""Do the printed tests, intervals, counts and numbers of people agree with each other?"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

from meta.evidence.digits import Printed, half_unit, printed_figures, range_of_p
from meta.evidence.findings import ARM_NAMES, ARMS, Finding, Reported, Verdict
from meta.evidence.retest import PrintedArm, disagreement, t_test_range, two_by_two_range

_RATIOS = ("OR", "RR", "HR", "IRR")


def recomputed_p(row: Reported) -> Iterator[Finding]:
    """Hold the printed p-value against tests of the printed arms."""
    printed = range_of_p(row.text("p_value"))
    if (
        printed is None
        or row.text("p_contrast") not in ("", "between_arms")
        or row.text("design") == "crossover"  # paired: the arms do not determine the test
    ):
        return
    n_t, n_c = row.count("n_t"), row.count("n_c")
    if n_t is None or n_c is None or min(n_t, n_c) < 2:
        return
    events_t, events_c = row.count("events_t"), row.count("events_c")
    after = {mean.arm: mean for mean in row.means() if not mean.baseline}
    if events_t is not None and events_c is not None:
        low, high = two_by_two_range(events_t, n_t, events_c, n_c)
        found = f"p {row.text('p_value')} for {events_t}/{n_t} v {events_c}/{n_c}"
        tests = "Chi-squared (with and without correction), likelihood-ratio and Fisher's tests"
        caution = "an adjusted test, or other numbers of people, could give another p"
    elif len(after) == 2 and all(mean.sd for mean in after.values()):
        arms = {
            arm: PrintedArm(n, mean.mean, mean.sd or 0.0, mean.decimals, mean.sd_decimals)
            for (arm, mean), n in zip(sorted(after.items(), reverse=True), (n_t, n_c), strict=True)
        }
        low, high = t_test_range(arms["t"], arms["c"])
        found = f"p {row.text('p_value')} for {after['t']}, n {n_t} v {after['c']}, n {n_c}"
        tests = "Student's and Welch's t tests of the printed means and SDs"
        caution = "a test of changes, an adjusted or a rank test could give another p"
    else:
        return
    verdict = disagreement(printed, low, high)
    if verdict:
        yield row.finding(
            "P_VALUE",
            "flag" if verdict == "flag" else "note",
            found,
            f"{tests} give p {low:.2g} to {high:.2g}, rounding allowed for; {row.text('p_value')} "
            f"is printed ({caution}).",
        )


def lopsided_interval(row: Reported) -> Iterator[Finding]:
    """Find intervals that are not centred on their estimate on its natural scale."""
    estimate, low, high = (row.number(name) for name in ("estimate", "ci_low", "ci_high"))
    if estimate is None or low is None or high is None or not low < high:
        return
    ratio = row.text("effect_unit").split(" ")[0] in _RATIOS
    values = [(value, half_unit(row.decimals(value))) for value in (estimate, low, high)]
    if ratio and min(value - half for value, half in values) <= 0:
        return
    scale = math.log if ratio else float
    spans = [(scale(value - half), scale(value + half)) for value, half in values]
    (e_low, e_high), (l_low, l_high), (h_low, h_high) = spans
    centre = (l_low + h_low) / 2, (l_high + h_high) / 2
    gap = max(e_low - centre[1], centre[0] - e_high)
    half_width = (scale(high) - scale(low)) / 2
    if gap <= 1e-9 * half_width:  # binary fractions: 2.2 - 0.05 is not exactly 2.15
        return
    share = gap / half_width
    middle = (scale(low) + scale(high)) / 2
    shown = math.exp(middle) if ratio else middle
    verdict: Verdict = "flag" if share > 0.1 else "note"
    yield row.finding(
        "CI_CENTRE",
        verdict,
        f"{estimate:g} ({low:g} to {high:g})",
        f"The centre of the interval is {shown:.4g}{' on the log scale' if ratio else ''}; beyond "
        f"all rounding the estimate is off it by {share:.0%} of half the interval's width "
        "(a bootstrap, a profile or a slip of a digit would do that).",
    )


def numbers_of_people(row: Reported) -> Iterator[Finding]:
    """Find more people analysed than randomised."""
    n_t, n_c, randomised = row.count("n_t"), row.count("n_c"), row.count("n_randomised")
    if n_t is None or randomised is None:
        return
    design = row.text("design")
    if design == "parallel" or (not design and n_t <= randomised):
        analysed, sum_text = n_t + (n_c or 0), f"{n_t} + {n_c or 0} = {n_t + (n_c or 0)}"
    else:
        analysed = max(n_t, n_c or 0)
        sum_text = f"{analysed}"
    if analysed > randomised:
        yield row.finding(
            "N_ANALYSED",
            "flag" if design in ("parallel", "crossover") else "note",
            f"n {n_t} and {n_c}" if n_c is not None else f"n {n_t}",
            f"{sum_text} analysed, {randomised} randomised"
            + ("" if design else " (the design is not stated: the arms may be the same people)")
            + ".",
        )


def percentages(row: Reported) -> Iterator[Finding]:
    """Hold printed percentages of people against the counts and numbers of people."""
    kind = row.text("result_type")
    if kind not in ("events", "proportion") or row.text("effect_unit") == "events":
        return
    shares = [figure for figure in printed_figures(row.quoted) if _is_share(figure, row.quoted)]
    arms = [arm for arm in ARMS if row.count(f"n_{arm}") is not None]
    if kind == "proportion" and row.count("events_t") is None:
        return  # a mean of percentages or a share of many: no count to hold it against
    if len(shares) != len(arms):
        return  # it cannot be told which percentage belongs to which arm
    for arm, share in zip(arms, shares, strict=True):
        n, events = row.count(f"n_{arm}") or 0, row.count(f"events_{arm}")
        shown = f"{share.value:.{share.decimals}f}%"
        if events is None:
            first = math.ceil((share.low * n) / 100 - 1e-9)
            last = math.floor((share.high * n) / 100 + 1e-9)
            if first > last:
                nearest = round(share.value * n / 100)
                yield row.finding(
                    "PERCENT",
                    "flag" if row.printed_with(n) else "note",
                    f"{shown} of {n} ({ARM_NAMES[arm]})",
                    f"{share.value:g}% of {n} is {share.value * n / 100:.2f} people; {nearest}/{n} "
                    f"is {100 * nearest / n:.{share.decimals + 1}f}%.",
                )
            continue
        exact = 100 * events / n
        if share.low - 1e-9 <= exact <= share.high + 1e-9:
            continue
        limit = (row.count("n_randomised") or n) + 1
        fitting = [
            m
            for m in range(max(events, 1), max(n + 1, limit))
            if share.low - 1e-9 <= 100 * events / m <= share.high + 1e-9
        ]
        instead = (
            f"; it fits {' or '.join(f'{events}/{m}' for m in fitting[:3])}"
            if fitting
            else "; no number of people up to those randomised fits"
        )
        yield row.finding(
            "PERCENT",
            "flag",
            f"{events} of {n} ({ARM_NAMES[arm]}) printed as {shown}",
            f"{events}/{n} is {exact:.{share.decimals + 1}f}%, printed is {shown}{instead}.",
        )


def _is_share(figure: Printed, text: str) -> bool:
    if not figure.percent or not 0 <= figure.value <= 100:
        return False
    after = text[figure.end : figure.end + 14].lstrip(" %")
    return not re.match(r"(?:CI|conf|credible|interval)", after, re.IGNORECASE)
