"""Every public answer of the stage under settings of all kinds, as it is on record."""

from __future__ import annotations

from functools import cache, partial
from typing import Any

import numpy as np
import pandas as pd
from recorded import Calls, held_to_record

import meta
from meta.synthesis.engine import TAU2_METHODS

YI = np.array([-0.9, -0.6, -0.5, -0.2, -0.1, 0.1, -0.3])
VI = np.array([0.20, 0.12, 0.10, 0.02, 0.01, 0.05, 0.30])
NAMES = ["Ames", "Bird", "Cole", "Dorn", "Egan", "Fox", "Gray"]
FACTS: dict[str, Any] = {
    "form": ["x", "y", "x", "y", "x", "y", "x"], "dose": [1.0, 2, 4, 3, 5, 7, 6],
    "year": [1999, 2004, 2001, 2010, 2004, 2012, 2015], "trial": list("aabbccd"),
    "arm": list("pqpqpqp"), "one": ["o"] * 7, "n_t": [20, 30, 25, 90, 120, 60, 15],
    "n_c": [22, 30, 24, 88, 121, 58, 15], "weight": [1.0, 2, 1, 3, 2, 1, 1],
}  # fmt: skip
TABLES = {
    "events_t": [4, 6, 3, 62, 33, 0], "n_t": [123, 306, 231, 13598, 5069, 200],
    "events_c": [11, 29, 11, 248, 47, 4], "n_c": [139, 303, 220, 12867, 5808, 210],
}  # fmt: skip
SMALL = {
    "events_t": [0, 3, 5, 20, 0, 2], "n_t": [20, 30, 50, 20, 40, 10],
    "events_c": [0, 6, 2, 20, 3, 1], "n_c": [20, 35, 100, 20, 38, 25],
}  # fmt: skip
RATES = {
    "events_t": [4, 6, 3, 12, 0, 5], "time_t": [50.0, 60, 40, 90, 80, 45],
    "events_c": [9, 8, 7, 15, 3, 0], "time_c": [52.0, 58, 41, 88, 79, 47],
}  # fmt: skip
ARMS = {
    "mean_t": [1.0, 2.0, 1.4], "sd_t": [1.0, 1.1, 0.9], "n_t": [20, 30, 25],
    "mean_c": [0.5, 1.5, 1.3], "sd_c": [1.0, 1.2, 1.0], "n_c": [20, 30, 26],
}  # fmt: skip


@cache
def given(measure: str = "SMD", k: int = 7, flip: int = 1) -> meta.Effects:
    """Trials that differ, with facts beside them."""
    facts = {name: values[:k] for name, values in FACTS.items()}
    return meta.Effects.from_arrays(flip * YI[:k], VI[:k], NAMES[:k], measure, **facts)


@cache
def fit(measure: str = "SMD", k: int = 7, flip: int = 1, **settings: Any) -> meta.Pooled:
    return meta.pool(given(measure, k, flip), **settings)


@cache
def line(formula: str = "dose", **settings: Any) -> Any:
    return meta.meta_regression(given(), formula, **settings)


EVEN = np.array([0.2, 0.2, 0.2])
MODELS: Calls = {
    **{f"tau2 by {method}": partial(fit, tau2_method=method, ci_level=0.8)
       for method in TAU2_METHODS},
    **{f"prediction by {method}": partial(fit, prediction_method=method, ci_level=0.9)
       for method in ("z", "t(k-1)", "t(k-2)", "KR", "NNF")},
    **{f"{k} by {method}": partial(fit, k=k, ci_method=method)
       for k in (1, 2, 3) for method in ("wald", "HK", "HK-adhoc")},
    **{f"{model} effects": partial(fit, model=model, ci_level=0.9)
       for model in ("common", "uwls")},
    "wald with ten": lambda: meta.pool(np.linspace(-1, 1, 10), [0.02] * 10, ci_method="wald"),
    "equal effects": lambda: meta.pool(EVEN, [0.1] * 3),
    "two equal effects": lambda: meta.pool(EVEN[:2], [0.1] * 2),
    "equal effects, ad hoc": lambda: meta.pool(EVEN, [0.1] * 3, ci_method="HK-adhoc"),
    "as expected": lambda: meta.pool([0.0, 0.2, 0.4], [0.04] * 3, tau2_method="DL"),
    "one outweighs": lambda: meta.pool([0.1, 0.2, 0.3], [0.01, 0.1, 0.1]),
    "ratios": partial(fit, measure="OR"),
    "one ratio": partial(fit, measure="RR", k=1),
    "a given tau2": partial(fit, tau2=0.1),
    "a given tau2, NNF": partial(fit, tau2=0.1, prediction_method="NNF"),
    "a tau2 below 0": partial(fit, tau2=-0.1, model="common", prediction_method="KR"),
    "given weights": partial(fit, weights="weight"),
    "given weights and tau2": lambda: meta.pool(given(), weights=[1, 2, 3, 4, 5, 6, 7], tau2=0.2),
    "given weights, common": partial(fit, weights="weight", model="common"),
    "weights of none": lambda: meta.pool(given(), weights=[1, 2, 0, 4, 5, -6, np.inf]),
    "weights of no column": partial(fit, weights="none"),
    "weights, uwls": partial(fit, weights="weight", model="uwls"),
    "given weights, likelihood": lambda: fit(weights="weight").fit_statistics(),
    "an unknown setting": lambda: fit().refit(tau2_method="DL", alpha=1),
    "refit": lambda: fit().refit(tau2_method="DL", ci_level=0.9),
    "interval": lambda: fit().interval(0.5),
    "effect in words": lambda: [fit("OR").effect_text(n) for n in (0, 1, 4)],
    "prediction in words": lambda: [fit("OR").prediction_text(n) for n in (0, 1, 4)],
    "from a table": lambda: meta.pool("yi", "vi", data=given().table, labels="form", measure="MD"),
    "names without a table": lambda: meta.pool("yi", "vi"),
    "Effects and a variance": lambda: meta.pool(given(), VI),
    "a table twice": lambda: meta.pool(given().table, data=given().table),
    "vi and sei": lambda: meta.pool(YI, VI, sei=VI),
    "no vi": lambda: meta.pool(YI),
    "sei": lambda: meta.pool(YI, sei=VI, labels=NAMES, measure="MD"),
    "too few rows": lambda: meta.pool("yi", VI[:3], data=given().table),
    "another spread": lambda: meta.pool("yi", sei=np.sqrt(VI) / 2, data=given().table),
    "raw shares": lambda: meta.pool_proportions([3, 8, 5, 45], [50, 60, 40, 50], measure="PR"),
    "raw shares at the ends": lambda: meta.pool_proportions([1, 59, 39], [50, 60, 40], "PR"),
    **{f"shares as {measure}": partial(meta.pool_proportions, [3, 8, 0, 45], [50, 60, 40, 50],
                                       measure, labels=NAMES[:4], ci_level=0.9)
       for measure in ("PLO", "PLN", "PAS", "PFT")},
    "shares by GLMM": lambda: meta.pool_proportions([3, 0], [50, 40], method="GLMM"),
    "shares by GLMM as PFT": lambda: meta.pool_proportions([3], [50], "PFT", method="GLMM"),
    "shares by GLMM with REML": lambda: meta.pool_proportions([3], [50], method="GLMM",
                                                              tau2_method="REML"),
    **{f"subgroups, shared {shared}, {method}": partial(
        lambda shared, method: meta.subgroups(given(), by="form", shared_tau2=shared,
                                              ci_method=method), shared, method)
       for shared in (False, True) for method in ("wald", "HK", "HK-adhoc")},
    "subgroups of one": lambda: meta.subgroups(YI[:4], VI[:4], by=list("xxxy")),
    "subgroups of one, shared": lambda: meta.subgroups(YI[:4], VI[:4], by=list("xxxy"),
                                                       shared_tau2=True),
    "subgroups of one each, shared": lambda: meta.subgroups(YI[:2], VI[:2], by=list("xy"),
                                                            shared_tau2=True),
    "subgroups that agree": lambda: meta.subgroups([0.1, 0.11, 0.12, 0.4, 0.9, 0.2],
                                                   [0.04] * 6, by=list("xxxyyy")),
    "subgroups that agree by chance": lambda: meta.subgroups(
        [0.1, 0.11, 0.12, 0.4, 0.45, 0.42], [0.04] * 6, by=list("xxxyyy")),
    "equal subgroups": lambda: meta.subgroups([0.1, 0.1, 0.5, 0.5], [0.04] * 4, by=list("xxyy")),
    "equal subgroups, shared": lambda: meta.subgroups([0.1, 0.1, 0.5, 0.5], [0.04] * 4,
                                                      by=list("xxyy"), shared_tau2=True),
    "three subgroups": lambda: meta.subgroups(YI, VI, by=list("xxyyzzz"), model="common"),
    "subgroups of many": lambda: meta.subgroups(np.tile(YI, 3), np.tile(VI, 3),
                                                by=["x"] * 10 + ["y"] * 11),
    "subgroups of tables": lambda: meta.subgroups(meta.mantel_haenszel(**TABLES),
        by=list("xxyyxy")),
    "subgroups of tables, shared": lambda: meta.subgroups(meta.mantel_haenszel(**TABLES),
                                                          by=list("xxyyxy"), shared_tau2=True),
    "subgroups, common and shared": lambda: meta.subgroups(given(), by="form", model="common",
                                                           shared_tau2=True),
    "subgroups with a tau2, shared": lambda: meta.subgroups(fit(tau2=0.1), by="form",
                                                            shared_tau2=True),
    "one subgroup": lambda: meta.subgroups(YI, VI, by=["x"] * 7),
    "subgroups unnamed": lambda: meta.subgroups(given(), by=["x", None, " ", "y", "x", "y", "y"]),
    "subgroups of no column": lambda: meta.subgroups(given(), by="nowhere"),
    "too few subgroups named": lambda: meta.subgroups(given(), by=list("xy")),
    **{f"{rows} by {measure}, {name}": partial(meta.mantel_haenszel, **tables, measure=measure,
                                              ci_level=0.9, **more)
       for rows, tables in (("tables", TABLES), ("small tables", SMALL))
       for measure in ("RR", "OR", "RD")
       for name, more in (("plain", {}), ("other", {"cmh_correction": False,
                                                    "rd_variance": "greenland-robins"}))},
    "peto": lambda: meta.peto(**TABLES),
    "peto, small": lambda: meta.peto(**SMALL, cmh_correction=False, labels=NAMES[:6]),
    "peto, twice the people": lambda: meta.peto([1, 5], [20, 20], [9, 9], [40, 41]),
    "one table": lambda: meta.mantel_haenszel([3], [10], [5], [10], "OR"),
    "nobody treated": lambda: meta.mantel_haenszel([0, 0], [10, 9], [5, 3], [10, 9]),
    "no control": lambda: meta.mantel_haenszel([4, 2], [10, 9], [0, 0], [10, 9]),
    "no odds": lambda: meta.mantel_haenszel([0, 0], [10, 9], [5, 3], [10, 9], "OR"),
    "no odds against": lambda: meta.mantel_haenszel([5, 3], [10, 9], [0, 0], [10, 9], "OR"),
    "everybody": lambda: meta.mantel_haenszel([10, 9], [10, 9], [8, 7], [8, 7]),
    "all or nothing": lambda: meta.mantel_haenszel([10, 0], [10, 9], [0, 7], [8, 7], "RD"),
    "no events": lambda: meta.mantel_haenszel([0, 0], [10, 9], [0, 0], [8, 7]),
    "impossible tables": lambda: meta.mantel_haenszel([11, -1, 3], [10, 9, 0], [2, 3, 1], [8, 7,
        5]),
    "no tables": lambda: meta.peto([], [], [], []),
    **{f"glmm {model}, {name}": partial(meta.glmm, **tables, model=model, ci_level=0.9)
       for name, tables in (("tables", {key: cells[:4] for key, cells in SMALL.items()}),
                            ("tables that differ", {"events_t": [1, 12, 9], "n_t": [30, 25, 40],
                                                    "events_c": [9, 5, 8], "n_c": [31, 24, 38]}))
       for model in ("UM.FS", "UM.RS", "CM.EL", "CM.AL")},
    **{f"rates by {measure}": partial(meta.mantel_haenszel_rates, **RATES, measure=measure,
                                      ci_level=0.9) for measure in ("IRR", "IRD")},
    "rates by GLMM": lambda: meta.glmm_rates(
        **{key: cells[2:4] for key, cells in RATES.items()}, labels=NAMES[:2], ci_level=0.9),
    **{f"single rates by {method} {measure}": partial(
        meta.pool_rates, [3, 8, 0, 12], [50.0, 60, 40, 30], measure, method=method, ci_level=0.9)
       for method, measure in (("GLMM", "IR"), ("IV", "IR"), ("IV", "IRLN"), ("IV", "IRS"))},
    "no rates": lambda: meta.mantel_haenszel_rates([0, 0], [10.0, 9], [0, 0], [8.0, 7]),
    "no rate treated": lambda: meta.mantel_haenszel_rates([0, 0], [10.0, 9], [3, 1], [8.0, 7]),
    "no rate in the control": lambda: meta.mantel_haenszel_rates([3, 1], [10.0, 9], [0, 0], [8.0,
        7]),
    "impossible rates": lambda: meta.mantel_haenszel_rates([3, -1], [0.0, 9], [2.5, 0], [8.0, 7]),
    **{f"regression by {tau2}, {ci}": partial(line, tau2_method=tau2, ci_method=ci, ci_level=0.9)
       for tau2, ci in (("DL", "wald"), ("ML", "HK"), ("REML", "HK-adhoc"), ("HE", "HK"),
                        ("SJ", "HK"), ("EB", "HK"), ("HS", "HK"), ("PM", "HK"))},
    "regression, common": partial(line, model="common", ci_method="wald"),
    "regression, uwls": partial(line, model="uwls"),
    "regression on a factor": partial(line, "form"),
    "regression on both": partial(line, "form + dose", ci_method="wald"),
    "regression with an interaction": partial(line, "form * dose", ci_method="wald"),
    "regression without an intercept": partial(line, "0 + form"),
    "regression on a curve": partial(line, "poly(dose, 2)", ci_method="wald"),
    "regression on a constant": partial(line, "1"),
    "regression on nothing": partial(line, "0"),
    "regression on no column": partial(line, "nowhere"),
    "regression on as many": lambda: meta.meta_regression(given(k=3), "C(dose)"),
    "regression on a missing value": lambda: meta.meta_regression(
        YI, "x", vi=VI, data=pd.DataFrame({"x": [1, None, 3, 4, 5, 6, 7]})),
    "regression on the same twice": partial(line, "dose + I(2 * dose)"),
    "regression on an exact line": lambda: meta.meta_regression(
        [1.0, 2, 3, 4], "x", vi=[0.1] * 4, data=pd.DataFrame({"x": [1, 2, 3, 4]})),
    **{f"regression on {formula}": partial(line, formula)
       for formula in ("dose +", "dose | form", "form ~ dose", "np.log(dose)", "log(dose)",
           "dose ** 900",
                       "dose[0]", "log(dose - 5)", "form * 2", "center(dose)", "weight + C(arm)",
                       "1 / dose", "lambda: dose", "class", "poly(dose, 9)")},
    "predicted of a number": lambda: line().predict(3.0),
    "predicted of another kind": lambda: line("form").predict(pd.DataFrame({"form": ["x", "z"]})),
    "predicted of missing": lambda: line().predict(pd.DataFrame({"dose": [1.0, np.nan]})),
    "predicted": lambda: line().predict(pd.DataFrame({"dose": [0.0, 3.5, 9.0]})),
    "predicted of itself": lambda: line("form * dose").predict(),
    "predicted of no column": lambda: line().predict(pd.DataFrame({"year": [0.0]})),
    "a term tested": lambda: line("form + dose").test("form"),
    "a term that is none": lambda: line("form + dose").test("year"),
    "contrasts": lambda: line("form").contrasts({"form[T.y]": 1.0, "Intercept": 0.5}),
    "contrasts of none": lambda: line("form").contrasts({"form[T.z]": 1.0}),
    "pairs of a factor": lambda: meta.meta_regression(
        given(), "trial", ci_method="wald").pairwise("trial"),
    "pairs of none": lambda: line().pairwise("dose"),
    "marginal means": lambda: line("form + dose").marginal_means("form"),
    "permuted": lambda: line().permutation(n_max=200),
    "permuted, two": lambda: line("form + dose").permutation(n_max=100, seed=3),
    "residuals": lambda: meta.residuals(line()),
    "residuals without": lambda: meta.residuals(line("form", ci_method="wald", tau2_method="DL")),
    **{f"multilevel, {name}": partial(meta.multilevel, given(), **settings)
       for name, settings in {
           "clusters": {"cluster": "trial"}, "clusters by ML": {"cluster": "trial", "tau2_method":
               "ML",
                                                               "ci_method": "wald", "ci_level":
                                                                   0.9},
           "correlated": {"cluster": "trial", "correlation": 0.6},
           "inner": {"cluster": "trial", "inner": "arm"},
           "single": {"cluster": "year", "inner": "year"},
           "random": {"random": "~ 1 | trial/label"}, "crossed": {"random": ["~ 1 | trial",
               "~ 1 | arm"]},
           "neither": {}, "both": {"random": "~ 1 | trial", "cluster": "trial"},
           "random and inner": {"random": "~ 1 | trial", "inner": "arm"},
           "twice": {"cluster": "trial", "correlation": 0.5, "V": np.diag(VI)},
           "V": {"cluster": "trial", "V": np.diag(VI)}, "V too small": {"cluster": "trial", "V":
               np.eye(2)},
           "V of others": {"cluster": "trial", "V": np.eye(7) + 0.1},
           "V askew": {"cluster": "trial", "V": np.triu(np.ones((7, 7)))},
           "V of NaN": {"cluster": "trial", "V": np.full((7, 7), np.nan)},
           "levels": {"random": "~ arm | trial"},
           "one cluster": {"cluster": ["a"] * 7},
           "no column": {"cluster": "nowhere"},
           "formula": {"cluster": "trial", "formula": "dose"},
           "formula on a factor": {"cluster": "trial", "formula": "0 + form", "ci_method": "wald"},
           **{f"structure {kind}": {"random": "~ arm | trial", "structure": kind,
                                    "formula": "0 + arm"}
              for kind in ("CS", "HCS", "DIAG", "UN", "ID", "AR", "HAR")},
           "structure CAR": {"random": "~ year | trial", "structure": "CAR", "formula": "dose"},
       }.items()},
    "ratios in clusters on a dose": lambda: meta.multilevel(given("OR"), cluster="trial",
                                                            formula="dose", ci_level=0.9),
    "random effects": lambda: meta.multilevel(given(), cluster="trial").random_effects(),
    **{f"robust {vcov} of {name}": partial(
        lambda make, vcov: meta.robust(make(), cluster="trial", vcov=vcov), make, vcov)
       for vcov in ("CR0", "CR1", "CR2")
       for name, make in (("a mean", fit), ("a line", line), (
           "a model", partial(meta.multilevel, given(), cluster="trial")), (
           "a model on a dose", partial(meta.multilevel, given(), cluster="trial",
               formula="dose")))},
    "robust of arrays": lambda: meta.robust(YI, VI, cluster=list("aabbccd")),
    "robust with one cluster": lambda: meta.robust(YI, VI, cluster=["a"] * 7),
    "robust of tables": lambda: meta.robust(meta.mantel_haenszel(**TABLES), cluster=list("aabbcc")),
    "averaged": lambda: meta.aggregate_correlated(given(), cluster="trial", correlation=0.3),
    "averaged with weights": lambda: meta.aggregate_correlated(given(), cluster="trial",
                                                               correlation=0.9, weighted=True),
    "averaged beyond": lambda: meta.aggregate_correlated(given(), cluster="trial", correlation=1.0),
    "covariance": lambda: meta.impute_covariance(given(), cluster="trial", correlation=0.4),
    "covariance of a shared control": lambda: meta.shared_control_covariance(
        meta.Effects.from_arrays(YI, VI, NAMES, "SMD", **FACTS), cluster="trial"),
    "covariance of ratios": lambda: meta.shared_control_covariance(given("OR"), cluster="trial"),
    **{f"many by {model}, {tau2}, {ci}": partial(
        meta.pool_many, np.c_[YI, -YI, YI**2], np.c_[VI, VI, VI], model=model,
        tau2_method=tau2, ci_method=ci, ci_level=0.9, prediction_method=pi)
       for model, tau2, ci, pi in (
           ("random", "REML", "HK", "t(k-1)"), ("random", "DL", "wald", "z"),
           ("random", "PM", "HK-adhoc", "t(k-2)"), ("common", "DL", "wald", "z"),
           ("uwls", "DL", "HK", "z"), ("random", "ML", "HK", "t(k-1)"))},
    "many with missing": lambda: meta.pool_many(np.c_[YI, np.r_[YI[:6], np.nan]], np.c_[VI, -VI]),
    "many by column": lambda: meta.pool_many(data=given().table.assign(yi=YI, vi=VI), by="form"),
    "many by two columns": lambda: meta.pool_many(
        data=given().table.assign(yi=YI, vi=VI), by=["form", "arm"], measure="OR"),
    "many of ratios": lambda: meta.pool_many(np.c_[YI, -YI], sei=np.sqrt(np.c_[VI, VI]),
        measure="OR"),
    "many of no variance": lambda: meta.pool_many(np.c_[YI, YI]),
    "many without a table": lambda: meta.pool_many(by="form"),
    "many of another shape": lambda: meta.pool_many(np.c_[YI, YI], VI),
}  # fmt: skip
FITS = {
    "seven": fit, "ratios": partial(fit, "OR"), "turned": partial(fit, flip=-1),
    "three": partial(fit, k=3), "two": partial(fit, k=2), "one": partial(fit, k=1),
    "the common effect": partial(fit, model="common", ci_level=0.8),
}  # fmt: skip


def of_each(fits: str, calls: dict[str, Any]) -> Calls:
    """Each call with each of these answers."""
    return {
        f"{name}: {which}": partial(lambda call, make: call(make()), call, FITS[which])
        for name, call in calls.items()
        for which in fits.split(", ")
    }


def effect_of(**more: Any) -> meta.Effects:
    return meta.Effects.from_arrays(YI, VI, NAMES, "SMD", **(FACTS | more))


BIAS = of_each(
    "seven, ratios, turned, three, the common effect",
    {
        "egger": meta.egger,
        "egger, random": lambda made: meta.egger(made, model="rma"),
        **{f"egger on {x}": partial(lambda x, made: meta.egger(made, x), x) for x in (
            "vi", "ni", "ninv", "sqrtni", "sqrtninv", "sqrt_inverse_n")},
        "begg": meta.begg,
        "begg, normal": lambda made: meta.begg(made, method="normal"),
        "trim_and_fill": meta.trim_and_fill,
        "trim_and_fill by R0": lambda made: meta.trim_and_fill(made, estimator="R0", side="right"),
        "trim_and_fill by Q0": lambda made: meta.trim_and_fill(made, estimator="Q0", side="left"),
        "fail_safe_n": meta.fail_safe_n,
        "fail_safe_n by Orwin": lambda made: meta.fail_safe_n(made, method="Orwin", target=-0.05),
        "fail_safe_n by Rosenberg": lambda made: meta.fail_safe_n(made, method="Rosenberg",
            alpha=0.1),
        "excess_significance": meta.excess_significance,
        "excess_significance at 0.2": lambda made: meta.excess_significance(made, alpha=0.2),
        "henmi_copas": lambda made: meta.henmi_copas(made, ci_level=0.9),
        "limit_meta": meta.limit_meta,
        "limit_meta by DL": lambda made: meta.limit_meta(made, tau2_method="DL", ci_level=0.8),
        "pet_peese": meta.pet_peese,
        "pet_peese on n": lambda made: meta.pet_peese(made, predictor="sqrt_inverse_n",
            ci_level=0.9),
    },
)  # fmt: skip
BIAS |= of_each(
    "seven, turned",
    {
        "selection_model": meta.selection_model,
        "selection_model, two steps": lambda made: meta.selection_model(made, steps=(0.025, 0.5)),
        "selection_model, given": lambda made: meta.selection_model(
            made, steps=(0.025, 0.5), delta=(1.0, 0.7, 0.4), ci_level=0.9),
        "selection_model, two-sided": lambda made: meta.selection_model(
            made, steps=(0.3,), alternative="less"),
        "selection_model, greater": lambda made: meta.selection_model(
            made, steps=(0.3,), alternative="greater"),
        **{f"smooth_selection, {shape}": partial(
            lambda shape, made: meta.smooth_selection(made, shape=shape, ci_level=0.9), shape)
           for shape in ("halfnorm", "negexp", "logistic", "power", "beta")},
    },
)  # fmt: skip
DIAGNOSTICS = of_each(
    "seven, ratios, three, two, one, the common effect",
    {
        "leave_one_out": meta.leave_one_out,
        "cumulative": meta.cumulative,
        "cumulative by dose": lambda made: meta.cumulative(made, order="dose"),
        "influence": meta.influence,
        "baujat": meta.baujat,
        "blup": meta.blup,
        "tau2_intervals": meta.tau2_intervals,
        "permutation_test": lambda made: meta.permutation_test(made, n_max=200),
        "permutation_test, drawn": lambda made: meta.permutation_test(made, n_max=40, seed=2),
        "gosh": lambda made: meta.gosh(made, n_max=60),
        "operating_characteristics": lambda made: meta.operating_characteristics(
            made, repetitions=100),
    },
) | {
    "gosh of all": lambda: meta.gosh(fit(k=4)),
    "influence on a line": lambda: meta.influence(line()),
    "leave_one_out of a line": lambda: meta.leave_one_out(line()),
    "leave_one_out of clusters": lambda: meta.leave_one_out(meta.multilevel(given(),
        cluster="trial")),
    "blup of a line": lambda: meta.blup(line()),
    "cumulative by none": lambda: meta.cumulative(fit(), order="nowhere"),
    "cumulative by missing": lambda: meta.cumulative(fit(), order=[1, 2, None, 4, 5, 6, 7]),
    "tau2_intervals of a line": lambda: meta.tau2_intervals(line()),
    "tau2_intervals of levels": lambda: meta.tau2_intervals(meta.multilevel(given(),
        cluster="trial")),
    "likelihood ratio": lambda: meta.likelihood_ratio(fit(tau2_method="ML"),
        line(tau2_method="ML")),
    "likelihood ratio the other way": lambda: meta.likelihood_ratio(line(tau2_method="ML"),
                                                                    fit(tau2_method="ML")),
    "likelihood ratio by REML": lambda: meta.likelihood_ratio(fit(), line()),
    "likelihood ratio of variances": lambda: meta.likelihood_ratio(
        fit(), meta.multilevel(given(), cluster="trial")),
    "likelihood ratio of others": lambda: meta.likelihood_ratio(
        fit(tau2_method="ML"), fit("OR", tau2_method="ML")),
    "characteristics at nothing": lambda: meta.operating_characteristics(
        VI, truth=0.3, tau2=[0.0, 0.2], tau2_method="PM", ci_level=0.8, repetitions=100, seed=1),
    "characteristics of no truth": lambda: meta.operating_characteristics(VI),
}  # fmt: skip
BAYES: Calls = {
    **{f"bayes with {prior}": partial(
        lambda prior: meta.bayes(given(), tau_prior=prior, ci_level=0.9), prior)
       for prior in ("halfnormal(0.5)", "halfcauchy(0.3)", "uniform(0, 2)", "rhodes2015",
                     "halfnormal(-1)", "uniform(1, 2)")},
    "bayes with a mean": lambda: meta.bayes(given("OR"), mu_prior="normal(0, 0.5)"),
    "bayes with a bad mean": lambda: meta.bayes(given("OR"), mu_prior="cauchy(0, 0.5)"),
    "bayes of one": lambda: meta.bayes(given(k=1), mu_prior="normal(0, 1)"),
    "bayes of two": lambda: meta.bayes(given(k=2)),
    "bayes, intervals": lambda: [meta.bayes(given()).interval(level) for level in (0.5, 0.99)],
    "bayes, chances": lambda: [meta.bayes(given()).probability(below=x) for x in (-0.3, 0.0)],
    "bayes, chances above": lambda: meta.bayes(given()).probability(above=-0.1),
    "bayes, density": lambda: meta.bayes(given()).density(),
    "bayes, other priors": lambda: meta.bayes(given(k=4)).sensitivity(),
}  # fmt: skip


TWO = {name: values[:2] for name, values in TABLES.items()}


def counted(measure: str = "OR") -> meta.Effects:
    """Single effects of tables, which carry their counts."""
    sizes = meta.effect_size(measure, **SMALL, drop00=True)
    kept = np.isfinite(sizes["yi"].to_numpy(dtype=float))
    counts = {name: np.array(values)[kept] for name, values in SMALL.items()}
    return meta.Effects.from_arrays(sizes["yi"][kept], sizes["vi"][kept], measure=measure, **counts)


def shared(measure: str, **columns: Any) -> Any:
    effects = meta.Effects.from_arrays(YI[:4], VI[:4], NAMES[:4], measure, trial=list("aabb"),
                                       **columns)  # fmt: skip
    return meta.shared_control_covariance(effects, cluster="trial")


ONE_CONTROL = {"n_t": [20, 30, 25, 40], "n_c": [22, 22, 31, 31]}
FURTHER: Calls = {
    "shared control, SMD": lambda: shared("SMD", **ONE_CONTROL),
    "shared control, AS": lambda: shared("AS", **ONE_CONTROL),
    **{f"shared control, {measure}": partial(
        shared, measure, mean_c=[2.0, 2, 3, 3], sd_c=[1.5, 1.5, 1, 1], **ONE_CONTROL)
       for measure in ("MD", "ROM")},
    **{f"shared control, {measure}": partial(shared, measure, events_c=[5, 5, 8, 8], **ONE_CONTROL)
       for measure in ("OR", "RR", "RD")},
    "shared control, nobody": lambda: shared("OR", events_c=[0, 0, 31, 31], **ONE_CONTROL),
    "shared control, missing": lambda: shared("SMD", n_t=[20, 30, 25, 40], n_c=[22, 22, None, 31]),
    "shared control, HR": lambda: shared("HR", **ONE_CONTROL),
    **{f"egger by {x} of {measure}": partial(lambda x, m: meta.egger(meta.pool(counted(m)), x), x,
        m)
       for x in ("peters", "harbord") for m in ("OR", "RR") for measure in (m,)},
    "egger by peters, rma": lambda: meta.egger(meta.pool(counted()), "peters", model="rma"),
    "egger by peters, no counts": lambda: meta.egger(fit("OR"), "peters"),
    "egger by n unknown": lambda: meta.egger(meta.pool(YI, VI), "ni"),
    "egger by n missing": lambda: meta.egger(meta.pool(effect_of(n_t=[1, None] + [9] * 5)), "ni"),
    "egger by n paired": lambda: meta.egger(meta.pool(effect_of(paired=[True] + [False] * 6)),
        "ni"),
    "egger of few tables": lambda: meta.egger(meta.pool(counted().subset([0, 1, 2])), "peters"),
    "egger of one size": lambda: meta.egger(meta.pool(YI, [0.1] * 7)),
    "egger of an exact line": lambda: meta.egger(meta.pool([1.0, 2, 3], [1.0, 4, 9])),
    "egger of tables, rma": lambda: meta.egger(meta.mantel_haenszel(**TABLES), model="rma"),
    "begg of one size": lambda: meta.begg(meta.pool(YI, [0.1] * 7)),
    "begg of ties, exact": lambda: meta.begg(meta.pool(YI, [0.1] * 3 + [0.2] * 4), method="exact"),
    "begg of ties": lambda: meta.begg(meta.pool(YI, [0.1] * 3 + [0.2] * 4)),
    "begg of many": lambda: meta.begg(meta.pool(np.sin(np.arange(201.0)), np.linspace(1, 2, 201))),
    "trim_and_fill of one size": lambda: meta.trim_and_fill(meta.pool(YI, [0.1] * 7)),
    "trim_and_fill of equals": lambda: meta.trim_and_fill(meta.pool(EVEN, [0.1, 0.2, 0.3])),
    "trim_and_fill of spread": lambda: meta.trim_and_fill(meta.pool(YI, VI / 30)),
    "trim_and_fill of all": lambda: meta.trim_and_fill(meta.pool([0, 1, 2, 9.0], [1, 2, 3, 0.01])),
    "limit_meta of one size": lambda: meta.limit_meta(meta.pool(YI, [0.1] * 7)),
    "limit_meta of effects": lambda: meta.limit_meta(given()),
    "pet_peese of effects": lambda: meta.pet_peese(given()),
    "pet_peese by error": lambda: meta.pet_peese(given(), predictor="sei"),
    "pet_peese of one size": lambda: meta.pet_peese(meta.pool(YI, [0.1] * 7)),
    "pet_peese of an effect": lambda: meta.pet_peese(meta.pool(YI - 2, VI / 10)),
    "henmi_copas of effects": lambda: meta.henmi_copas(given()),
    "henmi_copas of one": lambda: meta.henmi_copas(fit(k=1)),
    "fail_safe_n of effects": lambda: meta.fail_safe_n(given()),
    **{f"{call.__name__} of shares": partial(
        lambda call: call(meta.pool_proportions([3, 8, 5], [50, 60, 40])), call)
       for call in (meta.fail_safe_n, meta.excess_significance, meta.pet_peese,
           meta.selection_model,
                    meta.permutation_test, meta.gosh, meta.egger, meta.trim_and_fill)},
    "equivalence of shares": lambda: meta.equivalence(meta.pool_proportions([3, 8], [50, 60]), 0.1),
    "excess_significance of many": lambda: meta.excess_significance(
        meta.pool(np.linspace(-1, 1, 10), [0.02] * 10)),
    **{f"selection_model, steps {steps}": partial(meta.selection_model, given(), steps=steps)
       for steps in ((0.5, 0.025), (0.0,), (1.0,), (), (0.3, 1.0), (np.nan,))},
    **{f"selection_model, chances {chances}": partial(
        meta.selection_model, given(), steps=(0.3,), delta=chances)
       for chances in ((1.0,), (0.5, 0.5), (1.0, 0.0), (1.0, 0.5))},
    "smooth_selection of three": lambda: meta.smooth_selection(given(k=3)),
    "smooth_selection of none": lambda: meta.smooth_selection(given(), shape="negexp",
                                                              alternative="greater"),
    **{f"gosh, {name}": partial(lambda make: meta.gosh(make(), n_max=50), make)
       for name, make in (("given tau2", partial(fit, tau2=0.1)), ("two", partial(fit, k=2)))},
    "gosh, drawn": lambda: meta.gosh(meta.pool(np.linspace(-1, 1, 30), [0.02] * 30), n_max=50,
        seed=3),
    "cumulative by places": lambda: meta.cumulative(fit(), order=[6, 5, 4, 3, 2, 1, 0]),
    "cumulative by gaps": lambda: meta.cumulative(meta.pool(effect_of(year=[1, 2, 3, None, 5, 6,
        7]))),
    "cumulative by kinds": lambda: meta.cumulative(
        meta.pool(effect_of(year=[1, "b", 3, 4, 5, 6, 7]))),
    "leave_one_out of tables": lambda: meta.leave_one_out(meta.mantel_haenszel(**TWO)),
    "leave_one_out of nothing left": lambda: meta.leave_one_out(
        meta.mantel_haenszel([3, 0], [20, 30], [5, 0], [21, 31])),
    "likelihood ratio of one": lambda: meta.likelihood_ratio(fit(tau2_method="ML"),
                                                             fit(k=3, tau2_method="ML")),
    "likelihood ratio by DL": lambda: meta.likelihood_ratio(fit(tau2_method="DL"),
                                                            line(tau2_method="ML")),
    "likelihood ratio of tables": lambda: meta.likelihood_ratio(meta.mantel_haenszel(**TABLES),
                                                                line(tau2_method="ML")),
    "likelihood ratio of two levels": lambda: meta.likelihood_ratio(
        meta.multilevel(given(), cluster="trial", tau2_method="ML"),
        meta.multilevel(given(), cluster="trial", tau2_method="ML", formula="dose")),
    "likelihood ratio, common": lambda: meta.likelihood_ratio(fit(model="common"),
                                                              fit(tau2_method="ML")),
    **{f"characteristics, {name}": partial(meta.operating_characteristics, VI, **how)
       for name, how in {
           "few": {"truth": 0.0, "repetitions": 99}, "below 0": {"truth": 0.0, "tau2": -0.1},
           "nothing": {"truth": 0.0, "tau2": []},
       }.items()},
    "characteristics of a line": lambda: meta.operating_characteristics(line()),
    "characteristics of words": lambda: meta.operating_characteristics(["a", "b"], truth=0.0),
    "residuals of few": lambda: meta.residuals(meta.meta_regression(given(k=3), "dose")),
    "residuals of one alone": lambda: meta.residuals(
        meta.meta_regression(meta.Effects.from_arrays(YI, VI, x=list("aaaabbc")), "x")),
    **{f"information_size, {name}": partial(lambda how: meta.information_size(**how()), how)
       for name, how in {
           "another measure": lambda: {"mid": 0.3, "measure": "MD", "fit": fit(), "sd": 1.0},
           "a risk of a mean": lambda: {"mid": 0.3, "measure": "MD", "sd": 1.0, "control_risk":
               0.2},
           "a power of half": lambda: {"mid": 0.3, "measure": "SMD", "power": 0.5},
           "a power of one": lambda: {"mid": 0.3, "measure": "SMD", "power": 1.0},
           "people unknown": lambda: {"mid": 0.3, "fit": meta.pool(YI, VI, measure="SMD")},
           "ten": lambda: {"mid": 0.3, "fit": meta.pool(meta.Effects.from_arrays(
               np.linspace(-1, 1, 10), np.full(10, 0.02), measure="SMD", n=[60] * 10))},
           "a risk of nought": lambda: {"mid": 0.3, "measure": "OR", "control_risk": 0.0},
           "a risk of all": lambda: {"mid": 0.3, "measure": "OR", "control_risk": 1.0},
           "an sd of nought": lambda: {"mid": 0.3, "measure": "MD", "sd": 0.0},
       }.items()},
    **{f"equivalence, {name}": partial(lambda make, margin: meta.equivalence(make(), margin), *how)
       for name, how in {
           "below": (lambda: meta.pool(YI - 3, VI), 0.3), "above": (lambda: meta.pool(YI + 3, VI),
               0.3),
           "inside": (lambda: meta.pool(YI, VI), 1.0),
           "inside for one interval": (lambda: meta.pool([0.1, 0.11, 0.12], [0.04] * 3), 0.3),
           "no width": (lambda: meta.pool(EVEN, [0.1] * 3), 0.3),
           "correlations": (partial(fit, "ZCOR"), 0.3), "correlations to 1": (partial(fit,
               "ZCOR"), 1.0),
           "tables": (lambda: meta.mantel_haenszel(**TABLES), 1.25),
       }.items()},
    **{f"multilevel, terms {name}": partial(meta.multilevel, given(), formula="dose", **how)
       for name, how in {
           "of no structure": {"random": "~ 1 | trial", "structure": "none"},
           "unread": {"random": "1 + trial"}, "of two columns": {"random": "~ arm | trial/form"},
           "of one level": {"random": "~ one | trial"}, "of a text": {"random": "~ arm | trial",
                                                                     "structure": "CAR"},
           "of one group": {"random": "~ 1 | one"},
           "twice": {"random": ["~ 1 | trial", "~ 1 | trial"]},
       }.items()},
    "rates, refit": lambda: meta.glmm_rates(**{key: cells[:4] for key,
        cells in RATES.items()}).refit(
        ci_level=0.8),
    "rates, refit otherwise": lambda: meta.pool_rates([3, 8], [50.0, 60]).refit(alpha=0.8),
    "rates, nobody": lambda: meta.glmm_rates([0, 3, 5], [50.0, 60, 9], [0, 2, 1], [50.0, 60, 9]),
    "rates, one": lambda: meta.glmm_rates([3], [50.0], [2], [50.0]),
    "rates, one side": lambda: meta.glmm_rates([3, 4], [50.0, 5], [0, 0], [50.0, 6]),
    "rates, none": lambda: meta.pool_rates([], []),
    "rates, zero": lambda: meta.pool_rates([0, 0], [5.0, 6]),
    "rates, missing": lambda: meta.mantel_haenszel_rates([1, 2], [5.0, 6], [3, 4]),
    "rates, nothing": lambda: meta.mantel_haenszel_rates([], [], [], []),
    "rates, unnamed": lambda: meta.mantel_haenszel_rates([1], [5.0], [3], [5.0], labels=["a", "b"]),
    "rates, counts lacking": lambda: meta.mantel_haenszel_rates(given()),
    "rates, of a table": lambda: meta.mantel_haenszel_rates(
        "a", "b", "c", "d", data=pd.DataFrame({"a": [3, 4], "b": [50.0, 40], "c": [5, 7],
                                               "d": [52.0, 41], "label": ["u", "v"]})),
    **{f"robust, {name}": partial(lambda how: meta.robust(**how()), how) for name, how in {
        "no cluster": lambda: {"effects": given()}, "no cluster of a line": lambda: {"effects":
            line()},
        "own cluster": lambda: {"effects": meta.multilevel(given(), cluster="trial")},
        "own cluster, a dose": lambda: {"effects": meta.multilevel(given(), cluster="trial",
                                                                   formula="dose")},
        "two clusters of a line": lambda: {"effects": line(), "cluster": "form", "vcov": "CR0"},
        "clusters that split": lambda: {"effects": meta.multilevel(given(), cluster="trial"),
                                        "cluster": "arm"},
        "each its own": lambda: {"effects": given(), "cluster": "label"},
    }.items()},
    "robust, refit": lambda: meta.robust(given(), cluster="trial").refit(ci_level=0.8, vcov="CR1"),
    "robust, subset": lambda: meta.robust(given(), cluster="trial").subset([0, 1, 2, 4, 6]),
    "robust, tested": lambda: meta.robust(line(), cluster="trial").test("dose"),
    "robust, tested beyond": lambda: meta.robust(line("C(trial)"), cluster="arm").test("C(trial)"),
    "labels too few": lambda: meta.multilevel(given(), cluster=["a", "b"]),
    "labels missing": lambda: meta.multilevel(given(), cluster=["a", None, "a", "b", "b", "c",
        "c"]),
    "multilevel, subset with V": lambda: meta.multilevel(
        given(), cluster="trial", V=np.diag(VI)).subset([0, 1, 2, 3, 5]),
    "weights too few": lambda: meta.pool(given(), weights=[1, 2, 3]),
    "a table with data": lambda: meta.pool(pd.DataFrame({"yi": YI, "vi": VI}),
                                           data=pd.DataFrame({"yi": YI})),
    "a table": lambda: meta.pool(pd.DataFrame({"yi": YI, "vi": VI})),
    "nothing": lambda: meta.pool("yi"),
    "no effects": lambda: meta.pool([], []),
    "glmm, one": lambda: meta.glmm([3, 0], [9, 9], [2, 0], [9, 9]),
    "glmm, zero": lambda: meta.glmm([0, 0], [9, 9], [2, 3], [9, 9]),
    "glmm, endless": lambda: meta.glmm([4, 5], [9, 9], [0, 0], [9, 9]),
    "glmm, halves": lambda: meta.glmm([3.5, 2], [9, 9], [2, 3], [9, 9], model="CM.EL"),
    "glmm, everybody on earth": lambda: meta.glmm([3, 2], [1e9, 9], [2, 3], [9, 9]),
    "tables, unnamed": lambda: meta.peto(**TWO, labels=["a"]),
    "tables, twice": lambda: meta.peto(counted(), labels=["a"]),
    "tables, counts lacking": lambda: meta.peto(given("OR")),
    "tables, of effects": lambda: meta.peto(counted()),
    "tables, beyond threefold": lambda: meta.peto([19, 17], [40, 44], [7, 8], [40, 45]),
    "tables, almost threefold": lambda: meta.peto([16, 15], [40, 44], [7, 8], [40, 45]),
    "tables, twice the people": lambda: meta.peto([8, 8], [40, 41], [4, 4], [20, 20]),
    "likelihood ratio of ML and REML": lambda: meta.likelihood_ratio(
        fit(tau2_method="ML"), line(tau2_method="REML")),
    "pet_peese, perhaps an effect": lambda: meta.pet_peese(
        meta.pool(YI - np.linspace(0, 0.6, 7), VI), predictor="sei"),
    "glmm, all have it": lambda: meta.glmm([9, 4, 3], [9, 9, 8], [2, 9, 4], [8, 9, 8]),
    "shares of all": lambda: meta.pool_proportions([5, 3], [5, 6], method="GLMM"),
    "one subgroup of a model": lambda: meta.subgroups(
        meta.multilevel(given(), cluster="trial"), by=list("xxyyxxy")),
    **{f"equal shares, {k} of {n}": partial(meta.direction_vote,
        ["treated"] * k + ["control"] * (n - k))
       for k, n in ((3, 6), (5, 6), (6, 6))},
    **{f"{k} with a wald interval": partial(
        lambda k: meta.pool(np.linspace(-1, 1, k), [0.02] * k, ci_method="wald"), k) for k in (9,
            11)},
    **{f"a weight of {share:.3f}": partial(
        lambda share: meta.pool([0.1, 0.2, 0.3], [1 / share, 2 / (1 - share), 2 / (1 - share)],
                                model="common"), share) for share in (0.666, 0.667)},
    **{f"{k} shares with few": partial(
        lambda k: meta.pool_proportions([k, 20 - k, 9], [20, 20, 20], "PR"), k) for k in (4, 5)},
    **{f"regression of {k} on one": partial(
        lambda k: meta.meta_regression(np.sin(np.arange(1.0 * k)), "x", vi=[0.1] * k,
                                       data=pd.DataFrame({"x": np.arange(1.0 * k)})), k)
       for k in (9, 10)},
    **{f"a bias test of {k}": partial(
        lambda k: meta.egger(meta.pool(np.sin(np.arange(1.0 * k)), np.linspace(0.1, 0.3, k))), k)
       for k in (9, 10)},
    **{f"{k} clusters": partial(
        lambda k: meta.multilevel(np.sin(np.arange(2.0 * k)), [0.1] * (2 * k),
                                  cluster=np.repeat(np.arange(k), 2), ci_method="wald"), k)
       for k in (4, 5, 9, 10)},
    **{f"robust with {k} clusters": partial(
        lambda k: meta.robust(np.sin(np.arange(2.0 * k)), [0.1] * (2 * k),
                              cluster=np.repeat(np.arange(k), 2)), k) for k in (4, 5, 6)},
    **{f"filled {k} of equal size": partial(
        lambda k: meta.trim_and_fill(meta.pool(np.r_[np.linspace(0, 0.2, k), 2.0],
                                               np.r_[np.full(k, 0.01), 1.0])), k) for k in (3, 9)},
    "tables, far": lambda: meta.peto([9, 8], [10, 11], [2, 1], [10, 11]),
    "shares, of a table": lambda: meta.pool_proportions(
        "a", "b", data=pd.DataFrame({"a": [3, 4], "b": [50, 40]})),
    "shares, unnamed": lambda: meta.pool_proportions([3, 4], [50, 40], labels=["a"]),
    "shares, none": lambda: meta.pool_proportions([], []),
    "regression, coefficients tested": lambda: line("form * dose", ci_method="wald").test(
        ["dose", "form[T.y]:dose"]),
    "regression, none tested": lambda: line().test([]),
    "many, no sets": lambda: meta.pool_many(data=given().table, by=[]),
    "many, gaps": lambda: meta.pool_many(data=given().table.assign(form=[None] * 2 + ["x"] * 5),
                                         by="form"),
    "many, many faults": lambda: meta.pool_many(np.full((7, 3), np.nan), np.c_[VI, VI, VI]),
    "many, of long columns": lambda: meta.pool_many(np.sin(np.arange(120.0)).reshape(60, 2),
                                                    np.full((60, 2), 0.1)),
    "one that printed its interval": lambda: meta.pool(meta.Effects.from_arrays(
        [-6.0], [0.9], ["Ames"], "MD", estimate=[-6.0], ci_low=[-7.9], ci_high=[-4.2])),
    "NNF of equals": lambda: meta.pool(EVEN, [0.1] * 3, prediction_method="NNF"),
    "NNF of many": lambda: meta.pool(np.sin(np.arange(80.0)), np.linspace(0.01, 4, 80),
                                     prediction_method="NNF"),
    "albatross of many people": lambda: meta.albatross([0.02], ["many"], ["treated"]),
    "albatross of three": lambda: meta.albatross([0.02, 0.03], [3, 4], ["treated", "treated"]),
    "combined, unnamed": lambda: meta.combine_p_values([0.1], ["treated"], labels=["a", "b"]),
    "bayes of none": lambda: meta.bayes([], []),
    "bayes of another prior": lambda: meta.bayes(given("RR"), tau_prior="rhodes2015"),
    "bayes of a published prior": lambda: meta.bayes(given("OR"), tau_prior="turner2015"),
    "bayes of a narrow prior": lambda: meta.bayes(given(), tau_prior="halfnormal(1e-9)"),
    "bayes of far effects": lambda: meta.bayes([0.0, 1e8], [1.0, 1.0]),
    "bayes of a difference": lambda: meta.bayes(given("MD")),
    "bayes, beyond": lambda: meta.bayes(given()).probability(beyond=0.2),
    "bayes, below 0": lambda: meta.bayes(given()).probability(beyond=-0.2),
    "bayes, of a new one": lambda: meta.bayes(given()).probability(below=0.1, of="prediction"),
    "bayes, of nothing": lambda: meta.bayes(given()).probability(below=0.1, of="nothing"),
    "bayes, clear": lambda: meta.bayes(given()).probability(below=9.0),
    "bayes, clear of it": lambda: meta.bayes(meta.Effects.from_arrays(YI - 9, VI, measure="SMD")),
    **{f"bayes, density of {of}": partial(
        lambda of: meta.bayes(given(), mu_prior="normal(0, 1)").density(of, points=7), of)
       for of in ("mu", "tau", "prediction")},
    "bayes, density of a point": lambda: meta.bayes(given()).density(points=1),
    "bayes, of two and a mean": lambda: meta.bayes(given(k=2), tau_prior="uniform(0, 3)"),
    "bayes, with a cauchy": lambda: meta.bayes(given(k=3), tau_prior="halfcauchy(0.3)"),
}  # fmt: skip
SILENT = pd.DataFrame({
    "study_id": list("pqrs"), "label": ["Park", "Quin", "Reed", "Shaw"], "n_t": [20, None, None,
        12],
    "n_c": [22, None, None, None], "n": [None, 41, None, None], "paired": [False, None, False,
        True],
})  # fmt: skip
for_silent = {
    "as they are": {}, "another level": {"alpha": 0.2, "correlation": 0.8},
    "a bad correlation": {"correlation": 1.0, "sd": -1.0},
    "by DL": {"tau2_method": "DL"},
}  # fmt: skip
FURTHER |= {
    **{f"silent, {name}": partial(lambda how: meta.null_bounds(given(), SILENT, **how), how)
       for name, how in for_silent.items()},
    "silent, beside a fit": lambda: meta.null_bounds(fit(model="common"), SILENT.iloc[:1]),
    "silent, a fit and settings": lambda: meta.null_bounds(fit(), SILENT, ci_level=0.9),
    "silent, differences": lambda: meta.null_bounds(given("MD"), SILENT, sd=2.0),
    "silent, no spread": lambda: meta.null_bounds(given("MD"), SILENT),
    "silent, spreads": lambda: meta.null_bounds(given("MD"), SILENT.assign(sd=[2.0, 1.0, 3.0,
        0.0])),
    "silent, shares": lambda: meta.null_bounds(meta.pool_proportions([3, 8], [50, 60]), SILENT),
    "silent, twice": lambda: meta.null_bounds(
        given(), SILENT.assign(study_id=["p", "p", "study 1", "r"], n_t=[1, 2, 3, np.inf])),
    "silent, of totals": lambda: meta.null_bounds(
        given(), SILENT.assign(n=[50, 40, 30, 20], n_t=[20, None, 10, None], n_c=[None, 15, None,
            None],
                               paired=False)),
    "silent, nobody known": lambda: meta.null_bounds(given(), SILENT.iloc[2:3]),
    "silent, no columns": lambda: meta.null_bounds(given(), SILENT[["label"]]),
}  # fmt: skip


@cache
def people() -> Any:
    n = meta.Effects.from_arrays(YI, VI, NAMES, "SMD", n=[42, 60, 49, 178, 241, 118, 30])
    return meta.pool(n)


SIDES = ["treated", "control", "treated", None, "neither", "treated"]
JUDGEMENT: Calls = {
    **{f"absolute effect of {measure} at {risk}": partial(
        lambda measure, risk: meta.absolute_effect(fit(measure), risk), measure, risk)
       for measure in ("RR", "OR", "PETO", "RD", "SMD")
       for risk in (0.0, 0.2, 1.0, 1.2)},
    "absolute effects by name": lambda: meta.absolute_effect(fit("RR"), {"low": 0.05, "high": 0.6}),
    "absolute effects by no name": lambda: meta.absolute_effect(fit("RR"), {}),
    "absolute effect beyond": lambda: meta.absolute_effect(fit("RR", flip=-1), {"a": 0.95, "b": 2}),
    "absolute effect, rare": lambda: meta.absolute_effect(fit("RD", model="common"), 0.02),
    **of_each("seven, ratios, two, one, the common effect", {
        "equivalence": lambda made: meta.equivalence(made, 0.3),
        "equivalence within": lambda made: meta.equivalence(made, (-0.8, 0.1)),
        "equivalence of ratios": lambda made: meta.equivalence(made, (0.5, 1.2)),
    }),
    **{f"equivalence to {margin}": partial(lambda margin: meta.equivalence(fit(), margin), margin)
       for margin in ((0.1, 0.4), (0.4, 0.1), 0.0, -0.2)},
    **{f"information_size beside {name}": partial(
        lambda make, more: meta.information_size(0.3, fit=make(), **more), FITS[name], more)
       for name, more in (("seven", {}), ("two", {"power": 0.8}), ("one", {}),
                          ("ratios", {"control_risk": 0.2}), ("the common effect", {}))},
    **{f"information_size of {measure}": partial(
        lambda measure: meta.information_size(
            0.3, measure=measure, power=0.8, ci_level=0.9,
            **({} if measure == "SMD" else {"sd": 2.0} if measure == "MD" else
               {"control_risk": 0.3})), measure)
       for measure in ("SMD", "MD", "RR", "OR", "RD", "HR")},
    "information_size of too much": lambda: meta.information_size(0.3, measure="OR", sd=1.0),
    **{f"information_size of {measure} alone": partial(
        lambda measure: meta.information_size(0.3, measure=measure), measure)
       for measure in ("SMD", "MD", "RR", "OR", "RD", None)},
    "information_size of people": lambda: meta.information_size(0.2, fit=people()),
    "information_size of no difference": lambda: meta.information_size(0.0, measure="SMD"),
    "information_size beyond a risk": lambda: meta.information_size(0.9, measure="RD",
                                                                    control_risk=0.5),
    **{f"combined by {method}": partial(
        meta.combine_p_values, [0.02, "<0.001", 0.3, ">0.05"], ["treated", "treated", "control",
            None],
        method=method) for method in ("stouffer", "fisher")},
    "combined with weights": lambda: meta.combine_p_values(
        [0.02, 0.5, 0.2], ["control", "control", "treated"], [3, 1, 1], labels=["a", "b", "c"]),
    "combined by trial": lambda: meta.combine_p_values(
        [0.02, 0.5, 0.2], ["treated", "treated", "control"], cluster=["u", "u", "v"]),
    "one combined": lambda: meta.combine_p_values([0.02], ["treated"]),
    "nothing combined": lambda: meta.combine_p_values([], []),
    "combined of both sides": lambda: meta.combine_p_values([0.2, 0.2], ["treated", "control"]),
    "combined with faults": lambda: meta.combine_p_values(
        [1.2, "p", 0.2, 0.3], ["treated", "treated", "up", None], [1, -1, 1, 2],
        cluster=["a", "a", "b", "b"]),
    "combined with missing": lambda: meta.combine_p_values([0.1, 0.2], ["treated", "control"],
                                                           cluster=["a", None]),
    "combined of other lengths": lambda: meta.combine_p_values([0.1, 0.2], ["treated"], [1, 2, 3]),
    "weights by Fisher": lambda: meta.combine_p_values([0.1], ["treated"], [1], method="fisher"),
    **{f"vote of {len(sides)}": partial(meta.direction_vote, sides, ci_level=level)
       for sides, level in ((SIDES, 0.95), (SIDES + SIDES, 0.8), ([None], 0.95), (["neither"] * 2,
           0.9),
                            (["treated"] * 5, 0.95), ([], 0.95))},
    "vote of words": lambda: meta.direction_vote(["up", "treated", "", "down"],
        labels=list("abcd")),
    "vote of a word": lambda: meta.direction_vote("treated"),
    "vote of a frame": lambda: meta.direction_vote(
        pd.DataFrame({"study_id": list("aab"), "favours": ["treated", "control", None]})),
    "vote of another frame": lambda: meta.direction_vote(pd.DataFrame({"study_id": list("aab")})),
    "albatross": lambda: meta.albatross(
        [0.02, 0.55, "<0.001", ">0.05", 0.3, 1e-300], [90, 64, 50, 40, None, 5],
        ["treated", "control", "treated", None, "treated", "control"], labels=NAMES[:6]),
    "albatross of uneven arms": lambda: meta.albatross(
        [0.02, 0.55], [90, 64], ["treated", "control"], ratio=2.0, contours=(0.5, 0.1)),
    "albatross of faults": lambda: meta.albatross([0.0, "x"], [3, -1], ["treated", "none"],
                                                  ratio=0, contours=(0.2, -1)),
    "albatross of nothing": lambda: meta.albatross([], [], []),
}  # fmt: skip
CALLS: Calls = MODELS | BIAS | DIAGNOSTICS | BAYES | JUDGEMENT | FURTHER

test_an_answer_on_record, test_nothing_else_on_record = held_to_record("synthesis", CALLS)
