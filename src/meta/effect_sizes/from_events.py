"""Which effect follows from counts of events, or from a printed ratio?"""

from __future__ import annotations

from math import log as ln

from meta.effect_sizes.assumptions import CONTINUITY, WALD_TEST, Settings
from meta.effect_sizes.derivation import Input, Step
from meta.effect_sizes.derivation import figure as f
from meta.effect_sizes.from_estimates import as_printed, interval_fault, read_estimate
from meta.effect_sizes.p_values import p_to_se
from meta.effect_sizes.row_effect import RowEffect, make
from meta.effect_sizes.rows import Row
from meta.effect_sizes.sizes import effect_size

_CELLS = ("events_t", "n_t", "events_c", "n_c")

_PRINTED = {
    "estimate": "the printed ratio",
    "ci_low": "the lower limit of the interval",
    "ci_high": "the upper limit of the interval",
}

_FORMULAS = {
    "RR": (
        "yi = ln((a / n_t) / (c / n_c)); vi = 1/a - 1/n_t + 1/c - 1/n_c",
        "ln((a/(a + b))/(c/(c + d)))",
        "1/a - 1/(a + b) + 1/c - 1/(c + d)",
    ),
    "OR": (
        "yi = ln(a d / (b c)); vi = 1/a + 1/b + 1/c + 1/d",
        "ln(a*d/(b*c))",
        "1/a + 1/b + 1/c + 1/d",
    ),
    "RD": (
        "yi = a / n_t - c / n_c; vi = a b / n_t^3 + c d / n_c^3",
        "a/(a + b) - c/(c + d)",
        "a*b/(a + b)^3 + c*d/(c + d)^3",
    ),
    "PETO": (
        "yi = (a - E) / V, E = n_t (a + c) / N, V the hypergeometric variance of a; vi = 1/V",
        "(a - (a + b)*(a + c)/(a + b + c + d))/V",
        "1/V",
    ),
}


def two_by_two(row: Row, settings: Settings) -> RowEffect | str:
    """Derive RR, OR, RD or the Peto odds ratio from a 2x2 table."""
    if row.paired:
        return (
            "the trial is a crossover: the same people were counted twice, and how their events go "
            "together is not reported"
        )
    a, n_t, c, n_c = (row[name] for name in _CELLS)
    ratio = settings.measure != "RD"
    if ratio and (a + c == 0 or (a == n_t and c == n_c)):
        everybody = "nobody" if a + c == 0 else "everybody"
        return f"{everybody} in either arm had the event: the trial says nothing about a ratio"
    frame = effect_size(settings.measure, events_t=a, n_t=n_t, events_c=c, n_c=n_c)
    yi, vi = float(frame["yi"].iloc[0]), float(frame["vi"].iloc[0])
    cells = (a, n_t - a, c, n_c - c)
    added = 0.5 if 0 in cells else 0.0
    plus = " + 0.5" if added else ""
    formula, effect, variance = _FORMULAS[settings.measure]
    steps = [
        Step(name, f"{f(cell)}{plus}", cell + added)
        for name, cell in zip("abcd", cells, strict=True)
    ]
    if settings.measure == "PETO":
        steps.append(
            Step(
                "V",
                "(a + b)*(c + d)*(a + c)*(b + d)/((a + b + c + d)^2*(a + b + c + d - 1))",
                1 / vi,
            )
        )
    return make(
        row,
        settings,
        level="arms",
        form="events",
        formula=f"{formula} (a, c with and b, d without the event)",
        reference="yusuf1985" if settings.measure == "PETO" else "cochranehandbook2019",
        yi=yi,
        vi=vi,
        inputs=_CELLS,
        steps=(*steps, Step("yi", effect, yi), Step("vi", variance, vi)),
        assumptions=(CONTINUITY,) if added else (),
    )


def printed_ratio(row: Row, settings: Settings) -> RowEffect | str:
    """Read a printed ratio (or risk difference) with its interval or p-value."""
    log = settings.measure != "RD"
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
        return "a ratio is printed without an interval and without an exact p-value"
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
