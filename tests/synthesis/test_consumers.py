"""Every function that shows or examines an answer takes every answer, or says why not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib import pyplot as plt
from reference_answers import reference

import meta
from meta.errors import DataError
from meta.synthesis.consumers import REFUSED, consumers
from meta.synthesis.estimate import Estimate

ARMS = reference("bcg_binary_methods")["arms"]
COUNTS = [ARMS[name] for name in ("events_t", "n_t", "events_c", "n_c")]
EVIDENCE = meta.load_evidence(Path(__file__).parents[2] / "data")
EFFECTS = meta.Effects.from_arrays(
    reference("bcg_OR")["yi"], reference("bcg_OR")["vi"], measure="OR",
    labels=[f"trial {i}" for i in range(13)], year=list(range(1948, 1961)),
    team=list("aabbccddeefff"), kind=list("xxyyxyxyxyxyx"), **ARMS,
    # facts of trials, of which certainty is judged
    blinding=["double-blind"] * 13, randomised=["yes"] * 13, cluster=list("abcdefghijklm"),
    **{EVIDENCE.question.form.column: ["oxide"] * 13},
)  # fmt: skip
POOLED = meta.pool(EFFECTS, ci_level=0.9)
FITS: dict[str, Estimate] = {
    "pool": POOLED,
    "common": POOLED.refit(model="common"),
    "as_given": meta.pool(EFFECTS, weights="n_t", tau2=0.3),
    "subgroup": meta.subgroups(EFFECTS, by="kind").fits["x"],
    "filled": meta.trim_and_fill(POOLED).fit,
    "proportions": meta.pool_proportions(ARMS["events_c"], ARMS["n_c"]),
    "mantel_haenszel": meta.mantel_haenszel(EFFECTS, measure="OR"),
    "peto": meta.peto(EFFECTS),
    "glmm": meta.glmm(EFFECTS),
    "rates": meta.mantel_haenszel_rates(*COUNTS),
    "glmm_rates": meta.glmm_rates(*COUNTS),
    "multilevel": meta.multilevel(EFFECTS, cluster="team", correlation=0.5),
    "robust": meta.robust(POOLED, cluster="team"),
    "bayes": meta.bayes(EFFECTS),
    "selection_model": meta.selection_model(POOLED),
    "pet_peese": meta.pet_peese(POOLED),
    "henmi_copas": meta.henmi_copas(POOLED),
    "limit_meta": meta.limit_meta(POOLED),
    "smooth_selection": meta.smooth_selection(POOLED, shape="negexp"),
}
ORDER = np.arange(13)
CALLS: dict[str, Any] = {
    "plot_forest": meta.plot_forest,
    "plot_funnel": meta.plot_funnel,
    "plot_claim": lambda fit: meta.plot_claim(fit, 0.3),
    "plot_drapery": meta.plot_drapery,
    "plot_labbe": meta.plot_labbe,
    "plot_radial": meta.plot_radial,
    "plot_qq": meta.plot_qq,
    "plot_profile": meta.plot_profile,
    "leave_one_out": lambda fit: (meta.leave_one_out(fit), meta.plot_leave_one_out(fit)),
    "cumulative": lambda fit: (
        meta.cumulative(fit, ORDER[: fit.effects.k]),
        meta.plot_cumulative(fit, order=ORDER[: fit.effects.k]),
    ),
    "influence": lambda fit: (meta.influence(fit), meta.plot_influence(fit)),
    "baujat": lambda fit: (meta.baujat(fit), meta.plot_baujat(fit)),
    "egger": meta.egger,
    "begg": meta.begg,
    "trim_and_fill": meta.trim_and_fill,
    "selection_model": meta.selection_model,
    "pet_peese": meta.pet_peese,
    "smooth_selection": lambda fit: meta.smooth_selection(fit, shape="negexp"),
    "henmi_copas": meta.henmi_copas,
    "limit_meta": meta.limit_meta,
    "excess_significance": meta.excess_significance,
    "fail_safe_n": meta.fail_safe_n,
    "subgroups": lambda fit: meta.subgroups(fit, by=["x", "y"] * 6 + ["x"] * (fit.effects.k - 12)),
    "robust": lambda fit: meta.robust(fit, cluster=None if fit.model == "multilevel" else "label"),
    "blup": meta.blup,
    "permutation_test": lambda fit: meta.permutation_test(fit, n_max=50),
    "operating_characteristics": lambda fit: meta.operating_characteristics(fit, repetitions=100),
    "by_pymare": meta.by_pymare,
    "tau2_intervals": meta.tau2_intervals,
    "information_size": lambda fit: meta.information_size(
        1.25, measure=fit.measure, control_risk=0.1, fit=fit
    ),
    "certainty": lambda fit: meta.certainty(EVIDENCE, "nothing that is recorded", fit),
    "equivalence": lambda fit: meta.equivalence(fit, 1.25),
    "absolute_effect": lambda fit: meta.absolute_effect(fit, 0.1),
    "plot_intervals": lambda fit: meta.plot_intervals({"answer": fit}),
    "compare": lambda fit: meta.compare({"answer": fit}, "One"),
    "studies_table": meta.studies_table,
    "linked": meta.linked,
}

TABLE = consumers()


def test_the_table_has_every_function():
    assert set(CALLS) == set(REFUSED)


@pytest.mark.parametrize("name", FITS)
@pytest.mark.parametrize("function", CALLS)
def test_a_function_does_what_the_table_says(function, name):
    fit = FITS[name]
    if name == "proportions" and function in {
        *(
            "information_size",
            "certainty",
            "equivalence",
            "absolute_effect",
            "selection_model",
            "pet_peese",
            "permutation_test",
        ),
        *("excess_significance", "fail_safe_n", "henmi_copas", "smooth_selection"),
        "operating_characteristics",
    }:
        pytest.skip("a proportion has no value that means no effect")
    if function in {"absolute_effect", "plot_labbe"} and fit.measure in {"IRR", "PLO"}:
        pytest.skip("no risks of two arms")
    if function == "plot_labbe" and name in {"filled", "pet_peese"}:
        pytest.skip("mirrored studies, and an odds ratio of 0, have no risks")
    if function in {"plot_profile", "tau2_intervals"} and name == "common":
        pytest.skip("a common effect has no tau2")
    if function == "information_size" and name in {"filled", "rates"}:
        pytest.skip("people who are not there, or not counted")
    if function == "certainty" and fit.measure == "IRR":
        pytest.skip("bare counts carry no facts of trials")
    if name == "common" and function == "blup":
        pytest.skip("a common effect has no true effects to predict")
    if name == "subgroup" and function == "subgroups":
        pytest.skip("seven trials")
    kinds = [kind.__name__ for kind in type(fit).__mro__]
    said = next(text for kind in kinds if (text := TABLE.loc[function].get(kind)))
    if said != "yes":
        with pytest.raises(DataError) as caught:
            CALLS[function](fit)
        assert said in str(caught.value)
        return
    try:
        CALLS[function](fit)
    finally:
        plt.close("all")


@pytest.mark.parametrize("name", FITS)
def test_every_answer_has_the_fields_and_can_be_made_again(name):
    fit = FITS[name]
    assert fit.weights.shape == (fit.effects.k,)
    again = fit.refit()
    assert again == fit
    assert hash(again) == hash(fit)
    assert again is not fit
    narrow = fit.refit(ci_level=0.5)
    assert narrow != fit
    assert (narrow.ci_low, narrow.ci_high) == pytest.approx(fit.interval(0.5), rel=1e-6)
    assert "50 %" in narrow.sentence()
    assert f"50 % {narrow._interval_name}" in str(narrow)
    frame = fit.to_frame()
    assert frame["scale"].item() == fit.scale.label
    assert frame["estimate"].item() == pytest.approx(float(fit.scale.to_reader(fit.estimate)))
    assert fit.to_dict()["kind"] == type(fit).__name__
    assert fit.method_text() in fit.sentence()
    if np.isfinite(fit.p_value):
        null = 0.0
        assert fit.statistic == pytest.approx((fit.estimate - null) / fit.se)
    with pytest.raises(DataError, match="nonsense is no setting"):
        fit.refit(nonsense=1)


@pytest.mark.parametrize("name", ["mantel_haenszel", "peto", "glmm", "multilevel", "bayes"])
def test_a_forest_has_the_weights_of_its_method(name):
    fit = FITS[name]
    said = meta.alt_text(meta.plot_forest(fit))
    assert fit.sentence() in said
    assert fit.weights.sum() == pytest.approx(100)
    inverse = 100 * (1 / EFFECTS.vi) / (1 / EFFECTS.vi).sum()
    assert np.abs(fit.weights - inverse).max() > 0.01


def test_counts_by_name_of_column_or_from_effects_are_the_same():
    table = EFFECTS.table
    names = ("events_t", "n_t", "events_c", "n_c")
    for method in (meta.mantel_haenszel, meta.peto, meta.glmm):
        bare, named, carried = method(*COUNTS), method(*names, data=table), method(EFFECTS)
        assert bare.estimate == named.estimate == carried.estimate
        assert named.effects.labels == carried.effects.labels == EFFECTS.labels
    with pytest.raises(DataError, match=r"events_t='events_t'.*needs its table, data="):
        meta.peto(*names)
    with pytest.raises(DataError, match="the effects carry no counts events_t"):
        meta.glmm(meta.Effects.from_arrays([0.1], [0.2]))


def test_leaving_out_a_table_is_pooling_the_others():
    fit = FITS["mantel_haenszel"]
    others = [np.delete(values, 3) for values in COUNTS]
    want = meta.mantel_haenszel(*others, measure="OR")
    row = meta.leave_one_out(fit).table.iloc[3]
    assert row["estimate"] == pytest.approx(want.estimate, rel=1e-12)
    shown = meta.leave_one_out(fit).to_frame()
    assert shown["estimate"].iloc[3] == pytest.approx(np.exp(want.estimate), rel=1e-12)
    assert set(shown["scale"]) == {"Odds ratio"}


def test_a_step_without_an_answer_is_named():
    steps = meta.cumulative(FITS["multilevel"], ORDER)
    assert np.isnan(steps.table["estimate"].iloc[0])
    assert "trial 0: no answer, since all 1 effects belong to one cluster" in steps.notes[0]


def test_given_covariances_follow_a_part_of_the_effects():
    covariance = np.diag(EFFECTS.vi)
    fit = meta.multilevel(EFFECTS, cluster="team", V=covariance)
    some = fit.subset(ORDER[:8])
    want = meta.multilevel(EFFECTS.subset(ORDER[:8]), cluster="team")
    assert some.estimate == pytest.approx(want.estimate, rel=1e-9)


@pytest.mark.parametrize("method", ["DL", "HE", "HS", "SJ", "ML", "REML", "EB", "PM"])
def test_standard_errors_of_tau2_equal_metafor(method):
    # metafor 3.8-1, rma(yi, vi, data = escalc(measure = "RR", dat.bcg), control: 1e-12), se.tau2
    want = {
        "DL": 0.229869992511026, "HE": 0.207087178298934, "HS": 0.12790455661328,
        "SJ": 0.149680511347343, "ML": 0.144251949382776, "REML": 0.166425752836973,
        "EB": 0.17366302746276, "PM": 0.173663027462756,
    }[method]  # fmt: skip
    ref = reference("bcg_RR")
    fit = meta.pool(ref["yi"], ref["vi"], tau2_method=method)
    # ML and REML stop where the likelihood is flat to rounding
    assert fit.tau2_se == pytest.approx(want, rel=1e-6)
    assert fit.tau == pytest.approx(np.sqrt(fit.tau2))
