"""Models that need more than effects and variances: tables, clusters, selection."""

from __future__ import annotations

from collections.abc import Iterator

from meta.effect_sizes.container import Effects
from meta.synthesis.models.pool import pool
from validation.pairs import ITERATIVE, Answers, Compared, error_size, pair


def binary(answers: Answers) -> Iterator[Compared]:
    """Compare Mantel-Haenszel and Peto estimates."""
    from meta.synthesis.models.two_by_two import mantel_haenszel, peto

    arms = answers.values["arms"]
    fits = {f"MH_{m}": mantel_haenszel(**arms, measure=m) for m in ("RR", "OR", "RD")}
    for key, fit in (fits | {"PETO": peto(**arms)}).items():
        name, call = (
            ("Peto OR", "rma.peto()")
            if key == "PETO"
            else (f"Mantel-Haenszel {fit.measure}", f'rma.mh(measure = "{fit.measure}")')
        )
        for quantity, got, want, floor in (
            ("estimate", fit.estimate, answers(key, "estimate"), fit.se),
            ("standard error", fit.se, answers(key, "se"), 0.0),
            ("interval", (fit.ci_low, fit.ci_high), answers(key, "ci"), fit.se),
            ("Q", fit.q, answers(key, "Q"), 1.0),
        ):
            yield pair("Two-by-two tables", f"{name}: {quantity}", call, got, want, floor)


def tables(answers: Answers) -> Iterator[Compared]:
    """Compare tests of equal odds ratios and the binomial-normal model."""
    from meta.synthesis.models.glmm import glmm
    from meta.synthesis.models.two_by_two import mantel_haenszel

    arms, group = answers.values["arms"], "Two-by-two tables"
    fit = mantel_haenszel(**arms, measure="OR")
    for quantity, got, key, floor in (
        ("Cochran-Mantel-Haenszel", fit.cmh, "CMH", 1.0),
        ("Cochran-Mantel-Haenszel p", fit.cmh_p_value, "CMHp", 0.0),
        ("Breslow-Day", fit.breslow_day, "breslow_day", 1.0),
        ("Breslow-Day p", fit.breslow_day_p_value, "breslow_day_p", 0.0),
        ("Tarone", fit.tarone, "tarone", 1.0),
        ("Tarone p", fit.tarone_p_value, "tarone_p", 0.0),
    ):
        want = answers("tests_OR", key)
        yield pair(group, quantity, 'rma.mh(measure = "OR")', got, want, floor)
    model = glmm(**arms)
    for quantity, got, key, floor in (
        ("estimate", model.estimate, "estimate", model.se),
        ("standard error", model.se, "se", 0.0),
        ("tau2", model.tau2, "tau2", model.se**2),
        ("likelihood ratio", model.q, "LRT", 1.0),
        ("p of likelihood ratio", model.q_p_value, "LRTp", 0.0),
    ):
        want, name = answers("glmm_UM_FS", key), f"Binomial-normal model: {quantity}"
        yield pair(group, name, 'rma.glmm(model = "UM.FS")', got, want, floor, ITERATIVE)


def selection(answers: Answers) -> Iterator[Compared]:
    """Compare the step-function selection model."""
    from meta.synthesis.bias.selection_model import selection_model

    effects = Effects.from_arrays(answers.values["yi"], answers.values["vi"])
    size, key = error_size(effects), "selection_3psm_025"
    model = selection_model(pool(effects), alternative=answers.values["alternative"])
    chance = model.delta.iloc[1]
    for quantity, got, want, floor in (
        ("estimate", model.estimate, answers(key, "estimate"), size),
        ("standard error", model.se, answers(key, "se"), size),
        ("tau2", model.tau2, answers(key, "tau2"), size**2),
        ("delta", chance["delta"], answers(key, "delta"), 0.0),
        ("standard error of delta", chance["se"], answers(key, "delta_se"), 0.0),
        ("likelihood ratio", model.lrt, answers(key, "LRT"), 1.0),
        ("p of likelihood ratio", model.lrt_p_value, answers(key, "LRTp"), 0.0),
    ):
        yield pair(
            "Small studies",
            f"Selection model: {quantity}",
            'selmodel(type = "stepfun", steps = 0.025)',
            got,
            want,
            floor,
            ITERATIVE,
        )


def multilevel(answers: Answers) -> Iterator[Compared]:
    """Compare the three-level model."""
    from meta.synthesis.models.multilevel import multilevel

    effects = Effects.from_arrays(answers.values["yi"], answers.values["vi"])
    fit = multilevel(effects, cluster=answers.values["cluster"], ci_method="wald")
    size = error_size(effects)
    variances = fit.sigma2_between, fit.sigma2_within
    for quantity, got, want, floor in (
        ("estimate", fit.estimate, answers("beta"), size),
        ("standard error", fit.se, answers("se"), 0.0),
        ("variances between and within clusters", variances, answers("sigma2"), size**2),
        ("log likelihood", fit.log_likelihood, answers("logLik"), 1.0),
    ):
        call = "rma.mv(random = ~ 1 | cluster/inner)"
        yield pair(
            "Clustered effects", f"Three levels: {quantity}", call, got, want, floor, ITERATIVE
        )


def clustered(answers: Answers) -> Iterator[Compared]:
    """Compare cluster-robust errors."""
    from meta.synthesis.models.multilevel import Multilevel, multilevel
    from meta.synthesis.models.pooled import Pooled
    from meta.synthesis.models.robust import robust

    effects = Effects.from_arrays(answers.values["yi"], answers.values["vi"])
    cluster = answers.values["cluster"]
    each = len(set(cluster)) == effects.k
    fits: dict[str, tuple[Pooled | Multilevel, str]] = {
        "REML": (pool(effects), "one effect a cluster" if each else "several a cluster")
    }
    if "inner" in answers:
        fits["multilevel"] = multilevel(effects, cluster=cluster), "three levels"
    for kind, (fit, name) in fits.items():
        key, found = f"robust_CR2_{kind}", robust(fit, cluster=cluster)
        limits = found.ci_low, found.ci_high
        for quantity, got, want, floor in (
            ("estimate", found.estimate, answers(key, "estimate"), found.se),
            ("standard error", found.se, answers(key, "se"), 0.0),
            ("degrees of freedom", found.dof or 0.0, answers(key, "dof"), 0.0),
            ("interval", limits, answers(key, "ci"), found.se),
            ("p", found.p_value, answers(key, "p"), 0.0),
        ):
            yield pair(
                "Clustered effects",
                f"CR2, {name}: {quantity}",
                "robust(clubSandwich = TRUE)",
                got,
                want,
                floor,
                ITERATIVE,
            )
