"""Which effect follows from counts of events, from the figures of one group, or a printed ratio?"""

from __future__ import annotations

from math import isfinite
from math import log as ln

import numpy as np

from meta.effect_sizes.assumptions import CONTINUITY, SCORE_WORDS, WALD_TEST, Settings
from meta.effect_sizes.derivation import Input, Step
from meta.effect_sizes.from_estimates import as_printed, interval_fault, read_estimate
from meta.effect_sizes.measures import cells
from meta.effect_sizes.p_values import p_to_se
from meta.effect_sizes.row_effect import RowEffect, make
from meta.effect_sizes.rows import Row
from meta.effect_sizes.sizes import LEFT_OUT, Options, compute
from meta.wording import typed as f

_PRINTED = {
    "estimate": "the printed ratio",
    "ci_low": "the lower limit of the interval",
    "ci_high": "the upper limit of the interval",
}

# arithmetic of the measures that a table of counts gives, in its cells
_ARITHMETIC = {
    "RR": ("ln((a/(a + b))/(c/(c + d)))", "1/a - 1/(a + b) + 1/c - 1/(c + d)"),
    "OR": ("ln(a*d/(b*c))", "1/a + 1/b + 1/c + 1/d"),
    "RD": ("a/(a + b) - c/(c + d)", "a*b/(a + b)^3 + c*d/(c + d)^3"),
    "PETO": ("(a - (a + b)*(a + c)/(a + b + c + d))/V", "1/V"),
}


def by_formula(row: Row, settings: Settings) -> RowEffect | str:
    """Derive a measure from counts, or from any arms, by the formula of the registry."""
    measure = settings.entry
    if row.paired and "events_t" in measure.arguments:
        return (
            "the trial is a crossover: the same people were counted twice, and how their events go "
            "together is not reported"
        )
    if row.paired and "sd_t" in measure.arguments:
        return f"the trial is a crossover, for which {measure.words} is not derived here"
    # the spread of changes is another quantity than the spread of scores
    if "sd_t" in measure.arguments and {row.result_type, settings.scores} == set(SCORE_WORDS):
        return (
            f"{SCORE_WORDS[row.result_type]} are reported, and this set takes "
            f"{SCORE_WORDS[settings.scores]} (scores={settings.scores!r})"
        )
    inputs = tuple(name for name in measure.arguments if row.has(name))
    arguments = {name: np.array([row[name]]) for name in inputs}
    sizes = compute(measure, arguments, Options.of(measure, drop00=settings.drop00))
    if sizes.dropped[0]:
        return LEFT_OUT[int(sizes.dropped[0])]
    yi, vi = float(sizes.yi[0]), float(sizes.vi[0])
    if not (isfinite(yi) and isfinite(vi) and vi > 0):
        return f"its figures leave {measure.words} without a finite value or variance"
    added = bool(sizes.added[0])
    plus = " + 0.5" if added else ""
    shown = {name: float(cell[0]) for name, cell in cells(arguments).items()}
    steps = [
        Step(name, f"{f(cell)}{plus}", cell + (0.5 if added else 0.0))
        for name, cell in shown.items()
    ]
    if measure.name == "PETO":
        steps.append(
            Step(
                "V",
                "(a + b)*(c + d)*(a + c)*(b + d)/((a + b + c + d)^2*(a + b + c + d - 1))",
                1 / vi,
            )
        )
    if measure.name in _ARITHMETIC:
        effect, variance = _ARITHMETIC[measure.name]
        steps += [Step("yi", effect, yi), Step("vi", variance, vi)]
    of_cells = " (a, c with and b, d without the event)" if "d" in shown else ""
    return make(
        row,
        settings,
        level="arms",
        form="events" if shown else "arms",
        formula=f"{measure.in_words}{of_cells}",
        reference="yusuf1985" if measure.name == "PETO" else "cochranehandbook2019",
        yi=yi,
        vi=vi,
        inputs=inputs,
        steps=tuple(steps),
        assumptions=(CONTINUITY,) if added else (),
    )


def printed_ratio(row: Row, settings: Settings) -> RowEffect | str:
    """Read a printed ratio (or risk difference) with its interval or p-value."""
    log = settings.entry.log
    if not row.has("estimate") and not row.has("ci_low", "ci_high"):
        return "a p-value is reported without the size of the ratio"
    for name, words in _PRINTED.items():
        if log and row.has(name) and row[name] <= 0:
            return f"{words} is {row[name]:g}, which no ratio can be"
    fault = interval_fault(row)
    if fault:
        return fault
    if row.has("ci_low", "ci_high") or (row.has("se") and not log):
        read = read_estimate(row, log=log)
        of = "ln " if log else ""
        formula = f"yi = {of}estimate; se = ({of}ci_high - {of}ci_low) / (2 z); vi = se^2"
        return as_printed(row, settings, read, form=read.form, formula=formula)
    return _ratio_with_p(row, settings, log=log)


def _ratio_with_p(row: Row, settings: Settings, *, log: bool) -> RowEffect | str:
    if row.p is None or not row.p.exact:
        beside = " (a standard error is one of its logarithm: name them yi and sei)"
        return (
            "a ratio is printed without an interval and without an exact p-value"
            f"{beside if log and row.has('se') else ''}"
        )
    estimate, p = row["estimate"], row.p.value
    if estimate == (1 if log else 0) or p == 1:
        return (
            "the result is no effect at all, or its p-value is 1, which leaves the standard error "
            "unknown"
        )
    se = float(p_to_se(estimate, p, log=log))
    shown = f"ln({f(estimate)})" if log else f(estimate)
    yi = ln(estimate) if log else estimate
    return make(
        row,
        settings,
        level="p_value",
        form="p_value",
        formula="yi = ln estimate; se = |yi| / z, with z from p; vi = se^2",
        reference="cochranehandbook2019",
        yi=yi,
        vi=se**2,
        inputs=("estimate",),
        text_inputs=(Input("p_value", row.text("p_value"), row.printed("p_value")),),
        steps=(
            Step("yi", shown, yi),
            Step("se", f"abs(yi)/z_quantile(1 - {f(p)}/2)", se),
            Step("vi", "se^2", se**2),
        ),
        assumptions=(WALD_TEST,),
    )
