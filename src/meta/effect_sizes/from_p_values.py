"""Which effect lies behind an exact p-value of the comparison of two arms?"""

from __future__ import annotations

from math import sqrt

from meta.effect_sizes.assumptions import (
    PAIRED_T_TEST,
    T_TEST,
    Settings,
    crossover_correlation,
    two_arm_numbers,
)
from meta.effect_sizes.derivation import Input, Step
from meta.effect_sizes.from_means import small_sample_step
from meta.effect_sizes.p_values import p_to_se, p_to_statistic
from meta.effect_sizes.row_effect import RowEffect, make
from meta.effect_sizes.rows import Row
from meta.effect_sizes.standardised import small_sample_factor
from meta.effect_sizes.statistics import p_to_smd
from meta.wording import typed as f


def p_value(row: Row, settings: Settings) -> RowEffect | str:
    """Derive SMD, MD or an effect of another kind from an exact p-value."""
    if row.p is None or not row.p.exact:
        return "no exact p-value is reported"
    p = row.p.value
    return _smd(row, settings, p) if settings.measure == "SMD" else _md(row, settings, p)


def _printed(row: Row) -> Input:
    return Input("p_value", row.text("p_value"), row.printed("p_value"))


def _difference(row: Row) -> tuple[float, tuple[str, ...]] | None:
    """Find the difference of treated and control, with the cells it stands in."""
    if row.has("estimate"):
        return row["estimate"], ("estimate",)
    if row.has("mean_t", "mean_c") and row.result_type in ("post", "change"):
        return row["mean_t"] - row["mean_c"], ("mean_t", "mean_c")
    return None


def _sign(row: Row) -> tuple[int, tuple[str, ...], tuple[Input, ...], bool] | str:
    """Find the sign of the effect, which a two-sided p-value does not carry.

    Returns the sign, the cells it came from, and whether it came from the verdict alone without
    knowledge of the scale's direction (then as if lower were better).
    """
    difference = _difference(row)
    if difference is not None and difference[0] != 0:
        return (1 if difference[0] > 0 else -1), difference[1], (), False
    favours = row.text("favours")
    if favours not in ("treated", "control"):
        return "a p-value is reported, but not which group did better"
    good = -1 if row.lower_is_better in (True, None) else 1
    sign = good if favours == "treated" else -good
    return sign, (), (Input("favours", favours),), row.lower_is_better is None


def _smd(row: Row, settings: Settings, p: float) -> RowEffect | str:
    direction = _sign(row)
    if isinstance(direction, str):
        return direction
    sign, cells, texts, oriented = direction
    if row.paired:
        return _paired_smd(row, settings, p, direction)
    numbers = two_arm_numbers(row)
    if isinstance(numbers, str):
        return f"a p-value is reported, but no effect can be rebuilt from it: {numbers}"
    n_t, n_c, split = numbers
    if n_t < 2 or n_c < 2:
        return f"{n_t:g} and {n_c:g} people are too few for a standardised mean difference"
    dof = n_t + n_c - 2
    effect = p_to_smd(p, n_t, n_c, sign=sign)
    yi, vi = float(effect.yi), float(effect.vi)
    t = float(p_to_statistic(p, sign=sign, dof=dof))
    j = float(small_sample_factor(dof))
    people = () if split else ("n_t", "n_c")
    total = (Input("n_randomised", row["n_randomised"]),) if split else ()
    return make(
        row,
        settings,
        level="p_value",
        form="p_value",
        formula="t from p with n_t + n_c - 2 degrees of freedom; yi = J t sqrt(1/n_t + 1/n_c); vi "
        "= 1/n_t + 1/n_c + yi^2 / (2 (n_t + n_c))",
        reference="hedges1981",
        yi=yi,
        vi=vi,
        inputs=(*cells, *people),
        text_inputs=(_printed(row), *total, *texts),
        steps=(
            Step("t", f"{sign}*t_quantile(1 - {f(p)}/2, {f(dof)})", t),
            *small_sample_step(dof, j),
            Step("yi", f"J*t*sqrt(1/{f(n_t)} + 1/{f(n_c)})", yi),
            Step("vi", f"1/{f(n_t)} + 1/{f(n_c)} + yi^2/(2*({f(n_t)} + {f(n_c)}))", vi),
        ),
        assumptions=(T_TEST, *split),
        used={"n_t": n_t, "n_c": n_c} if split else {},
        oriented=oriented,
    )


def _paired_smd(
    row: Row,
    settings: Settings,
    p: float,
    direction: tuple[int, tuple[str, ...], tuple[Input, ...], bool],
) -> RowEffect | str:
    """Derive the SMD of a crossover on the scale of parallel trials."""
    sign, cells, texts, oriented = direction
    known = row.has("n_t")
    n = row.numbers.get("n_t", row.numbers.get("n_randomised"))
    if n is None:
        return "a p-value is reported, but not the number of people"
    if n < 3:
        return f"{n:g} people are too few for the standardised difference of a crossover"
    r = settings.correlation
    t = float(p_to_statistic(p, sign=sign, dof=n - 1))
    dof = 2 * (n - 1) / (1 + r**2)
    j = float(small_sample_factor(dof))
    d = t * sqrt(2 * (1 - r) / n)
    yi = j * d
    vi = (1 / n + yi**2 / (2 * n)) * 2 * (1 - r)
    return make(
        row,
        settings,
        level="p_value",
        form="crossover_p_value",
        formula="t from p with n - 1 degrees of freedom; yi = J t sqrt(2 (1 - r) / n); vi = (1/n + "
        "yi^2 / (2n)) 2 (1 - r)",
        reference="elbourne2002",
        yi=yi,
        vi=vi,
        inputs=(*cells, "n_t" if known else "n_randomised"),
        text_inputs=(_printed(row), *texts),
        steps=(
            Step("t", f"{sign}*t_quantile(1 - {f(p)}/2, {f(n - 1)})", t),
            Step("d", f"t*sqrt(2*(1 - {f(r)})/{f(n)})", d),
            *small_sample_step(dof, j),
            Step("yi", "J*d", yi),
            Step("vi", f"(1/{f(n)} + yi^2/(2*{f(n)}))*2*(1 - {f(r)})", vi),
        ),
        assumptions=(PAIRED_T_TEST, crossover_correlation(r)),
        used={} if row.has("n_t", "n_c") else {"n_t": n, "n_c": n},
        oriented=oriented,
    )


def _md(row: Row, settings: Settings, p: float) -> RowEffect | str:
    difference = _difference(row)
    if difference is None:
        return "a p-value is reported without the size of the difference"
    yi, cells = difference
    if yi == 0 or p == 1:
        return "the difference is 0, or its p-value is 1, which leaves the standard error unknown"
    dof: float | None = None
    if row.paired and row.has("n_t"):
        dof = row["n_t"] - 1
    elif not row.paired and row.has("n_t", "n_c"):
        dof = row["n_t"] + row["n_c"] - 2
    if dof is not None and dof < 1:
        return f"{dof:g} degrees of freedom are too few for a t test"
    se = float(p_to_se(yi, p, dof=dof))
    quantile = f"z_quantile(1 - {f(p)}/2)" if dof is None else f"t_quantile(1 - {f(p)}/2, {f(dof)})"
    notes = (
        ()
        if dof is not None
        else ("numbers in the arms not reported: the p-value is read as normal",)
    )
    people = tuple(name for name in ("n_t", "n_c") if dof is not None)
    first, *rest = (f(row[name]) for name in cells)
    subtracted = "".join(f" - ({part})" for part in rest)
    return make(
        row,
        settings,
        level="p_value",
        form="crossover_p_value" if row.paired else "p_value",
        formula="yi = difference; se = |yi| / t, with t from p; vi = se^2",
        reference="cochranehandbook2019",
        yi=yi,
        vi=se**2,
        inputs=(*cells, *(name for name in people if row.has(name))),
        text_inputs=(_printed(row),),
        steps=(
            Step("yi", f"{first}{subtracted}", yi),
            Step("se", f"abs(yi)/{quantile}", se),
            Step("vi", "se^2", se**2),
        ),
        assumptions=(PAIRED_T_TEST if row.paired else T_TEST,),
        notes=notes,
    )
