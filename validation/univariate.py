"""Effects of single trials, and everything that is computed from effects and variances."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from meta.effect_sizes.container import Effects
from meta.effect_sizes.sizes import effect_size
from meta.synthesis.engine import TAU2_METHODS
from meta.synthesis.models.pool import pool
from validation.pairs import CLOSED, ITERATIVE, Answers, Compared, error_size, pair

# classes of bangertdrowns2004 whose length of treatment nobody printed; its design matrix has no
# rows for them
_WITHOUT_LENGTH = (33, 34)

# Leaving out each study in turn takes seconds where studies are many. It asks for nothing but
# effects and variances, so each set of trials is asked once, in another measure each.
_ONE_STUDY_AT_A_TIME = (
    "bcg_RR",
    "damico2009_OR",
    "egger2001_PETO",
    "hine1989_RD",
    "lee2004_AS",
    "molloy2014_ZCOR",
    "nielweise2007_RR",
    "nielweise2008_IRR",
    "normand1999_SMD",
    "pritz1997_PFT",
    "raudenbush1985_GEN",
)
_DELETIONS = ("leave_one_out_DL", "cumulative_DL", "influence_DL", "baujat_EE")


def univariate(answers: Answers) -> Iterator[Compared]:
    """Compare what metafor says about one set of effects."""
    effects = Effects.from_arrays(answers.values["yi"], answers.values["vi"])
    yield from _sizes(answers)
    for part in (_common, _random, _single_studies, _small_studies, _regression):
        yield from part(answers, effects)


def _sizes(answers: Answers) -> Iterator[Compared]:
    if "arms" not in answers:
        return
    measure = answers.values["measure"]
    # the answers are those of version 3.8, which multiplied this variance by J²
    vtype = "J2" if measure == "SMDH" else "LS"
    # and they keep trials in which nobody had the event
    found = effect_size(measure, **answers.values["arms"], vtype=vtype, drop00=False)
    yield from _size_pairs(measure, found, answers("yi"), answers("vi"))


def _size_pairs(name: str, found: Any, yi: ArrayLike, vi: ArrayLike) -> Iterator[Compared]:
    measure, _, vtype = name.partition(" ")
    option = f', vtype = "{vtype}"' if vtype else ""
    call = f'escalc(measure = "{measure}"{option})'
    size = float(np.sqrt(np.mean(np.asarray(vi, dtype=float))))
    yield pair("Effect sizes", f"{name}: effect", call, found["yi"], yi, size)
    yield pair("Effect sizes", f"{name}: sampling variance", call, found["vi"], vi, 0)


def measures(answers: Answers) -> Iterator[Compared]:
    """Compare measures and variance formulas that no set of effects was pooled in."""
    for name, arms in answers.values["arms"].items():
        measure, _, vtype = name.partition(" ")
        found = effect_size(measure, **arms, **({"vtype": vtype} if vtype else {}), drop00=False)
        yield from _size_pairs(
            name, found, answers("escalc", name, "yi"), answers("escalc", name, "vi")
        )


def _common(answers: Answers, effects: Effects) -> Iterator[Compared]:
    fit = pool(effects, model="common")
    size, group, call = error_size(effects), "Common effect", 'rma(yi, vi, method = "EE")'
    yield pair(group, "estimate", call, fit.estimate, answers("EE", "estimate"), size)
    yield pair(group, "standard error", call, fit.se, answers("EE", "se"), 0)
    limits = fit.ci_low, fit.ci_high
    yield pair(group, "interval", call, limits, answers("EE", "ci"), size)
    yield pair(group, "Q", call, fit.q, answers("EE", "Q"), 1)
    yield pair(group, "p of Q", call, fit.q_p_value, answers("EE", "Qp"), 0)


def _random(answers: Answers, effects: Effects) -> Iterator[Compared]:
    size = error_size(effects)
    for place, method in enumerate(TAU2_METHODS):
        if method not in answers:
            continue
        tolerance = ITERATIVE if method in {"ML", "REML", "PM", "EB"} else CLOSED
        group, call = f"Random effects, {method}", f'rma(yi, vi, method = "{method}")'

        def of_method(
            quantity: str,
            got: ArrayLike,
            keys: tuple[str, ...],
            floor: float,
            r_call: str,
            group: str = group,
            method: str = method,
            tolerance: float = tolerance,
        ) -> Compared:
            return pair(group, quantity, r_call, got, answers(method, *keys), floor, tolerance)

        wald = pool(effects, tau2_method=method, ci_method="wald", prediction_method="z")
        limits, spread = (wald.ci_low, wald.ci_high), (wald.pi_low, wald.pi_high)
        yield of_method("tau2", wald.tau2, ("tau2",), size**2, call)
        yield of_method("estimate", wald.estimate, ("estimate",), size, call)
        yield of_method("standard error", wald.se, ("se",), size, call)
        yield of_method("Wald interval", limits, ("ci",), size, call)
        yield of_method("Wald p", wald.p_value, ("p",), 0, call)
        yield of_method("I2", wald.i2, ("I2",), 1, call)
        yield of_method("H2", wald.h2, ("H2",), 1, call)
        yield of_method("prediction interval, normal", spread, ("pi",), size, "predict()")
        if method == "REML":
            yield pair(
                group,
                "tau2, Q-profile interval",
                "confint()",
                (wald.tau2_low, wald.tau2_high),
                answers("tau2_ci_q_profile"),
                size**2,
                ITERATIVE,
            )
        if _in_turn(answers.name, place):
            riley = pool(effects, tau2_method=method, ci_method="wald", prediction_method="t(k-2)")
            hk = pool(effects, tau2_method=method, ci_method="HK", prediction_method="t(k-1)")
            yield of_method(
                "prediction interval, t(k-2)",
                (riley.pi_low, riley.pi_high),
                ("pi_riley",),
                size,
                'predict(pi.type = "riley")',
            )
            yield of_method(
                "Knapp-Hartung prediction interval, t(k-1)",
                (hk.pi_low, hk.pi_high),
                ("hk", "pi"),
                size,
                'predict() of test = "knha"',
            )
        else:
            answers.pass_over(f"{method}/pi_riley")
            answers.pass_over(f"{method}/hk/pi")
        table = wald.intervals().table.set_index("ci_method")
        for ci_method, key, test, name in (
            ("HK", "hk", "knha", "Knapp-Hartung"),
            ("HK-adhoc", "hk_adhoc", "adhoc", "Ad hoc"),
        ):
            row, how = table.loc[ci_method], f'rma(..., test = "{test}")'
            both = row["ci_low"], row["ci_high"]
            yield of_method(f"{name} standard error", row["se"], (key, "se"), size, how)
            yield of_method(f"{name} interval", both, (key, "ci"), size, how)
            yield of_method(f"{name} p", row["p_value"], (key, "p"), 0, how)


def _in_turn(name: str, place: int) -> bool:
    """Say whether a method's further prediction intervals are asked for: in a quarter of the sets.

    They take a fit each, and follow from tau2 and the standard error by the same line of code
    whatever the method.
    """
    return (sum(name.encode()) + place) % 4 == 0


def _single_studies(answers: Answers, effects: Effects) -> Iterator[Compared]:
    from meta.synthesis.diagnostics.influence import (
        baujat,
        blup,
        cumulative,
        influence,
        leave_one_out,
    )

    size, group = error_size(effects), "One study at a time"
    best = blup(pool(effects, ci_method="wald")).table
    for column, key in (("estimate", "pred"), ("se", "se")):
        want = answers("blup_REML", key)
        yield pair(group, f"BLUP {column}", "blup()", best[column], want, size, ITERATIVE)
    if answers.name not in _ONE_STUDY_AT_A_TIME:
        for key in _DELETIONS:
            for part in answers.values[key]:
                answers.pass_over(f"{key}/{part}")
        return
    fit = pool(effects, tau2_method="DL", ci_method="wald")
    left = leave_one_out(fit).table
    steps = cumulative(fit, order=np.arange(effects.k)).table
    for column, floor in (("estimate", size), ("se", size), ("tau2", size**2)):
        want = answers("leave_one_out_DL", column)
        yield pair(group, f"leave-one-out {column}", "leave1out()", left[column], want, floor)
        if column != "tau2":
            want = answers("cumulative_DL", column)
            yield pair(group, f"cumulative {column}", "cumul()", steps[column], want, floor)
    moved = influence(fit)
    for column in ("rstudent", "dffits", "cook_d", "hat"):
        want = answers("influence_DL", column)
        yield pair(group, f"influence {column}", "influence()", moved[column], want, 1)
    points = baujat(pool(effects, model="common"))
    for column, key in (("q_contribution", "x"), ("influence", "y")):
        want = answers("baujat_EE", key)
        yield pair(group, f"Baujat {column}", "baujat()", points[column], want, 1)


def _small_studies(answers: Answers, effects: Effects) -> Iterator[Compared]:
    from meta.synthesis.bias.small_study import begg, egger
    from meta.synthesis.bias.trim_and_fill import trim_and_fill

    size, group = error_size(effects), "Small studies"
    dl = pool(effects, tau2_method="DL", ci_method="wald")
    line, call = egger(dl, "sei", model="lm"), 'regtest(model = "lm")'
    for quantity, got, key, floor in (
        ("t", line.statistic, "t", 1),
        ("p", line.p_value, "p", 0),
        ("degrees of freedom", line.dof or 0, "dof", 0),
        ("limit", line.limit, "limit", size),
    ):
        want = answers("egger_lm", key)
        yield pair(group, f"Egger, weighted regression: {quantity}", call, got, want, floor)
    mixed = egger(pool(effects, ci_method="wald"), "sei", model="rma")
    for quantity, got, key, floor in (
        ("z", mixed.statistic, "z", 1),
        ("p", mixed.p_value, "p", 0),
    ):
        want, name = answers("egger_rma_REML", key), f"Egger, mixed effects: {quantity}"
        yield pair(group, name, "regtest()", got, want, floor, ITERATIVE)
    ranks = begg(dl)
    yield pair(group, "Begg: tau", "ranktest()", ranks.statistic, answers("begg", "tau"), 1)
    yield pair(group, "Begg: p", "ranktest()", ranks.p_value, answers("begg", "p"), 0)
    for estimator in ("L0", "R0"):
        key, call = f"trimfill_DL_{estimator}", f'trimfill(estimator = "{estimator}")'
        if key not in answers:
            continue
        filled = trim_and_fill(dl, estimator=estimator)
        same_side = filled.side == answers(key, "side")
        for quantity, got, want, floor in (
            ("filled studies", filled.k0, answers(key, "k0"), 0.0),
            ("side", float(same_side), 1.0, 0.0),
            ("estimate", filled.fit.estimate, answers(key, "estimate"), size),
            ("standard error", filled.fit.se, answers(key, "se"), size),
            ("tau2", filled.fit.tau2, answers(key, "tau2"), size**2),
        ):
            name = f"Trim and fill {estimator}: {quantity}"
            yield pair(group, name, call, got, want, floor)


def _regression(answers: Answers, effects: Effects) -> Iterator[Compared]:
    from meta.synthesis.models.regression import meta_regression

    key, call = "meta_regression_REML", "rma(mods = ...)"
    if key not in answers:
        return
    given = answers.values[key]
    absent = _WITHOUT_LENGTH if answers.values["dataset"] == "bangertdrowns2004" else ()
    kept = np.setdiff1d(np.arange(effects.k), absent)
    columns = dict(zip(given["terms"][1:], np.array(given["X"], dtype=float).T[1:], strict=True))
    studies = Effects.from_arrays(effects.yi[kept], effects.vi[kept], **columns)
    wald = meta_regression(studies, given["formula"], ci_method="wald")
    hk = meta_regression(studies, given["formula"])
    # a coefficient's size depends on its moderator's unit: its own standard error is the floor
    errors = np.asarray(answers(key, "se"), dtype=float)
    size = error_size(studies)
    for quantity, got, want, floor in (
        ("coefficients", wald.coefficients["estimate"] / errors, answers(key, "beta") / errors, 1),
        ("standard errors", wald.coefficients["se"] / errors, errors / errors, 0),
        ("tau2", wald.tau2, answers(key, "tau2"), size**2),
        ("QM", wald.qm, answers(key, "QM"), 1),
        ("p of QM", wald.qm_p_value, answers(key, "QMp"), 0),
        ("QE", wald.qe, answers(key, "QE"), 1),
        ("R2", wald.r2, answers(key, "R2"), 1),
    ):
        yield pair("Meta-regression", quantity, call, got, want, floor, ITERATIVE)
    call = 'rma(mods = ..., test = "knha")'
    for quantity, got, want, floor in (
        (
            "Knapp-Hartung standard errors",
            hk.coefficients["se"] / errors,
            answers(key, "hk_se") / errors,
            0,
        ),
        ("Knapp-Hartung p", hk.coefficients["p_value"], answers(key, "hk_p"), 0),
        ("F", hk.qm, answers(key, "hk_QM"), 1),
        ("p of F", hk.qm_p_value, answers(key, "hk_QMp"), 0),
    ):
        yield pair("Meta-regression", quantity, call, got, want, floor, ITERATIVE)
