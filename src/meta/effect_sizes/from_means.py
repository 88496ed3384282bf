"""Which effect follows from the means and standard deviations of two arms?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import log, sqrt

import numpy as np

from meta.effect_sizes.assumptions import (
    CHANGE_SD,
    Settings,
    change_correlation,
    crossover_correlation,
)
from meta.effect_sizes.derivation import Assumption, Step
from meta.effect_sizes.measures import MEASURES
from meta.effect_sizes.medians import mean_sd_from_median
from meta.effect_sizes.paired import crossover_difference, crossover_smd, sd_of_difference
from meta.effect_sizes.row_effect import RowEffect, make
from meta.effect_sizes.rows import Row
from meta.effect_sizes.sizes import Options, compute
from meta.effect_sizes.standardised import small_sample_factor
from meta.errors import DataError
from meta.wording import typed as f

_ARMS = ("mean_t", "sd_t", "n_t", "mean_c", "sd_c", "n_c")
_BASE = ("base_mean_t", "base_sd_t", "base_mean_c", "base_sd_c")


@dataclass(frozen=True, slots=True, kw_only=True)
class Arms:
    """Means and SDs of two arms, with what was done to get them."""

    values: Mapping[str, float]
    form: str
    inputs: tuple[str, ...] = _ARMS
    steps: tuple[Step, ...] = ()
    assumptions: tuple[Assumption, ...] = ()
    notes: tuple[str, ...] = ()

    def __getitem__(self, name: str) -> float:
        return self.values[name]


def two_means(row: Row, settings: Settings) -> RowEffect | str:
    """Derive the effect from post or change means and SDs."""
    arms = _read_arms(row, settings)
    return arms if isinstance(arms, str) else from_arms(row, settings, arms)


def medians(row: Row, settings: Settings) -> RowEffect | str:
    """Derive the effect from medians with quartiles, if the data are not visibly skewed.

    The median stands in `mean_t` and `mean_c`, the quartiles in `q1_t`, `q3_t`, `q1_c`, `q3_c`.
    """
    if settings.scores == "change":
        return "medians at the end are reported, and this set takes changes (scores='change')"
    values = {name: row[name] for name in ("n_t", "n_c")}
    steps: list[Step] = []
    for arm in "tc":
        try:
            summary = mean_sd_from_median(
                n=row[f"n_{arm}"],
                median=row[f"mean_{arm}"],
                q1=row[f"q1_{arm}"],
                q3=row[f"q3_{arm}"],
            )
        except DataError as error:
            return (
                "no mean and standard deviation can be estimated from the medians: "
                f"{'; '.join(error.faults)}"
            )
        for name in ("mean", "sd"):
            values[f"{name}_{arm}"] = float(summary[name].iloc[0])
    assumption = Assumption(
        "means and SDs from medians and quartiles",
        why="means and SDs are not printed; the estimates hold for data near the normal curve, "
        "and the quartiles do not contradict it",
    )
    arms = Arms(
        values=values,
        form="median_iqr",
        inputs=("mean_t", "q1_t", "q3_t", "n_t", "mean_c", "q1_c", "q3_c", "n_c"),
        steps=tuple(steps),
        assumptions=(assumption,),
        notes=(
            "means and SDs estimated after Luo, Wan and Shi: "
            + ", ".join(f"{name} {values[name]:.6g}" for name in ("mean_t", "sd_t"))
            + ", "
            + ", ".join(f"{name} {values[name]:.6g}" for name in ("mean_c", "sd_c")),
        ),
    )
    return from_arms(row, settings, arms)


def _read_arms(row: Row, settings: Settings) -> Arms | str:
    """Bring a row to the scores that were asked for, or say why that cannot be done."""
    asked, reported = settings.scores, row.result_type
    cells = {name: row[name] for name in _ARMS}
    if reported == "change" and asked == "post":
        end = "changes are reported, and this set takes scores at the end (scores='post')"
        return f"{end}{_own_sd(settings)}"
    if reported == "post" and asked == "change":
        return _change_from_post(row, settings)
    mixed = reported == "change" and asked == "both" and settings.entry.standardised
    return Arms(values=cells, form=reported, assumptions=(CHANGE_SD,) if mixed else ())


def _own_sd(settings: Settings) -> str:
    if not settings.entry.standardised:
        return ""
    return (
        "; changes have a standard deviation of their own, and the one at the end is not reported"
    )


def _change_from_post(row: Row, settings: Settings) -> Arms | str:
    if not row.has(*_BASE):
        return (
            "scores at the end are reported without baseline means and standard deviations, and "
            "this set takes changes (scores='change')"
        )
    r = settings.correlation
    values: dict[str, float] = {"n_t": row["n_t"], "n_c": row["n_c"]}
    steps = []
    for arm in "tc":
        end, start = row[f"mean_{arm}"], row[f"base_mean_{arm}"]
        sd_end, sd_start = row[f"sd_{arm}"], row[f"base_sd_{arm}"]
        values[f"mean_{arm}"] = end - start
        values[f"sd_{arm}"] = float(sd_of_difference(sd_end, sd_start, r))
        steps += [
            Step(f"change_{arm}", f"{f(end)} - {f(start)}", values[f"mean_{arm}"]),
            Step(
                f"sd_change_{arm}",
                f"sqrt({f(sd_end)}^2 + {f(sd_start)}^2 - 2*{f(r)}*{f(sd_end)}*{f(sd_start)})",
                values[f"sd_{arm}"],
            ),
        ]
    return Arms(
        values=values,
        form="change_from_post",
        inputs=_ARMS + _BASE,
        steps=tuple(steps),
        assumptions=(change_correlation(r),),
    )


def from_arms(row: Row, settings: Settings, arms: Arms) -> RowEffect | str:
    """Derive SMD, MD or ROM from means and SDs that are in hand."""
    if settings.measure == "ROM":
        return _ratio_of_means(row, settings, arms)
    if settings.measure not in ("SMD", "MD"):
        return _by_formula(row, settings, arms)
    if row.paired:
        return _paired(row, settings, arms)
    return _smd(row, settings, arms) if settings.measure == "SMD" else _md(row, settings, arms)


def _finish(
    row: Row,
    settings: Settings,
    arms: Arms,
    *,
    formula: str,
    yi: float,
    vi: float,
    steps: tuple[Step, ...],
    reference: str = "",
    assumptions: tuple[Assumption, ...] = (),
    form: str = "",
) -> RowEffect:
    notes = arms.notes
    if row.text("design") == "crossover" and not row.paired:
        notes = (
            *notes,
            "a crossover whose two columns count different people: read as two groups",
        )
    used = {name: value for name, value in arms.values.items() if row.numbers.get(name) != value}
    return make(
        row,
        settings,
        level="arms",
        form=form or arms.form,
        formula=formula,
        reference=reference,
        yi=yi,
        vi=vi,
        inputs=arms.inputs,
        steps=(*arms.steps, *steps),
        assumptions=(*arms.assumptions, *assumptions),
        notes=notes,
        used=used,
    )


def _sizes(measure: str, arms: Arms) -> tuple[float, float]:
    entry = MEASURES[measure]
    arguments = {name: np.array([arms[name]]) for name in entry.arguments}
    sizes = compute(entry, arguments, Options.of(entry))
    return float(sizes.yi[0]), float(sizes.vi[0])


def _smd(row: Row, settings: Settings, arms: Arms) -> RowEffect | str:
    n_t, n_c, sd_t, sd_c = (arms[name] for name in ("n_t", "n_c", "sd_t", "sd_c"))
    dof = n_t + n_c - 2
    if dof <= 1:
        return f"{n_t + n_c:g} people are too few for a standardised mean difference"
    yi, vi = _sizes("SMD", arms)
    pooled = sqrt(((n_t - 1) * sd_t**2 + (n_c - 1) * sd_c**2) / dof)
    j = float(small_sample_factor(dof))
    return _finish(
        row,
        settings,
        arms,
        formula=settings.entry.in_words,
        reference="hedges1981",
        yi=yi,
        vi=vi,
        steps=(
            Step(
                "sd",
                f"sqrt((({f(n_t)} - 1)*{f(sd_t)}^2 + ({f(n_c)} - 1)*{f(sd_c)}^2)"
                f"/({f(n_t)} + {f(n_c)} - 2))",
                pooled,
            ),
            Step("d", f"({f(arms['mean_t'])} - {_minus(arms['mean_c'])})/sd", yi / j),
            *small_sample_step(dof, j),
            Step("yi", "J*d", yi),
            Step("vi", f"1/{f(n_t)} + 1/{f(n_c)} + yi^2/(2*({f(n_t)} + {f(n_c)}))", vi),
        ),
    )


def small_sample_step(dof: float, j: float) -> tuple[Step, ...]:
    """Show the small-sample factor; by its own name where the gamma function would overflow."""
    # the gamma function leaves the range of a double above 171
    if dof < 340:
        half = f"{f(dof)}/2"
        return (Step("J", f"gamma({half})/(sqrt({half})*gamma(({f(dof)} - 1)/2))", j),)
    return (Step("J", f(j), j),)


def _minus(value: float) -> str:
    """Write a figure that is subtracted, in brackets if it is negative."""
    return f"({f(value)})" if value < 0 else f(value)


def _md(row: Row, settings: Settings, arms: Arms) -> RowEffect:
    yi, vi = _sizes("MD", arms)
    sd_t, n_t, sd_c, n_c = (f(arms[name]) for name in ("sd_t", "n_t", "sd_c", "n_c"))
    return _finish(
        row,
        settings,
        arms,
        formula=settings.entry.in_words,
        reference="cochranehandbook2019",
        yi=yi,
        vi=vi,
        steps=(
            Step("yi", f"{f(arms['mean_t'])} - {_minus(arms['mean_c'])}", yi),
            Step("vi", f"{sd_t}^2/{n_t} + {sd_c}^2/{n_c}", vi),
        ),
    )


def _paired(row: Row, settings: Settings, arms: Arms) -> RowEffect | str:
    """Derive the effect of a crossover, whose arms are the same people."""
    n, r = arms["n_t"], settings.correlation
    means = (arms["mean_t"], arms["mean_c"])
    sds = (arms["sd_t"], arms["sd_c"])
    a, b = (f(sd) for sd in sds)
    difference = f"{f(means[0])} - {_minus(means[1])}"
    if settings.measure == "MD":
        paired = crossover_difference(*means, n, sd_t=sds[0], sd_c=sds[1], correlation=r)
        yi, vi = float(paired.estimate), float(paired.se) ** 2
        formula = "yi = mean_t - mean_c; vi = (sd_t^2 + sd_c^2 - 2 r sd_t sd_c) / n"
        steps: tuple[Step, ...] = (
            Step("yi", difference, yi),
            Step("vi", f"({a}^2 + {b}^2 - 2*{f(r)}*{a}*{b})/{f(n)}", vi),
        )
    else:
        if n < 3:
            return f"{n:g} people are too few for the standardised difference of a crossover"
        effect = crossover_smd(means[0], sds[0], means[1], sds[1], n, r)
        yi, vi = float(effect.yi), float(effect.vi)
        sd = sqrt((sds[0] ** 2 + sds[1] ** 2) / 2)
        d = (means[0] - means[1]) / sd
        dof = 2 * (n - 1) / (1 + r**2)
        j = float(small_sample_factor(dof))
        formula = (
            "yi = J (mean_t - mean_c) / SD between people; vi = (1/n + yi^2 / (2n)) 2 (1 - r); J "
            "at 2 (n - 1) / (1 + r^2) degrees of freedom"
        )
        steps = (
            Step("sd", f"sqrt(({a}^2 + {b}^2)/2)", sd),
            Step("d", f"({difference})/sd", d),
            *small_sample_step(dof, j),
            Step("yi", "J*d", yi),
            Step("vi", f"(1/{f(n)} + yi^2/(2*{f(n)}))*2*(1 - {f(r)})", vi),
        )
    return _finish(
        row,
        settings,
        arms,
        form=f"crossover_{arms.form}",
        formula=formula,
        reference="elbourne2002",
        yi=yi,
        vi=vi,
        steps=steps,
        assumptions=(crossover_correlation(r),),
    )


def _by_formula(row: Row, settings: Settings, arms: Arms) -> RowEffect | str:
    measure = settings.entry
    if row.paired:
        return f"the trial is a crossover, for which {measure.words} is not derived here"
    if not measure.standardised and arms.form not in ("post", "median_iqr"):
        return f"changes are reported, of which {measure.words} has no meaning"
    faults = [
        f"{name} is {arms[name]:g}, and {measure.words} needs {rule.needed}"
        for name, rule in measure.arguments.items()
        if not rule.holds(np.asarray(arms[name]))
    ]
    if faults:
        return "; ".join(faults)
    yi, vi = _sizes(measure.name, arms)
    formula = measure.in_words
    return _finish(row, settings, arms, formula=formula, yi=yi, vi=vi, steps=())


def _ratio_of_means(row: Row, settings: Settings, arms: Arms) -> RowEffect | str:
    if arms.form not in ("post", "median_iqr"):
        return "changes are reported, of which a ratio of means has no meaning"
    if row.paired:
        return "the trial is a crossover, for which no ratio of means is derived"
    if arms["mean_t"] <= 0 or arms["mean_c"] <= 0:
        return "a mean is not above 0, so that no ratio can be taken"
    yi, vi = _sizes("ROM", arms)
    parts = {name: f(arms[name]) for name in _ARMS}
    return _finish(
        row,
        settings,
        arms,
        formula=settings.entry.in_words,
        reference="hedges1999",
        yi=yi,
        vi=vi,
        steps=(
            Step(
                "yi",
                f"ln({parts['mean_t']}/{parts['mean_c']})",
                log(arms["mean_t"] / arms["mean_c"]),
            ),
            Step(
                "vi",
                "{sd_t}^2/({n_t}*{mean_t}^2) + {sd_c}^2/({n_c}*{mean_c}^2)".format(**parts),
                vi,
            ),
        ),
    )
