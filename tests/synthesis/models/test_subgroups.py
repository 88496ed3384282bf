"""Subgroups against metafor, the identities of Q, and their edges."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from reference_answers import reference
from scipy import stats

import meta
from meta.errors import DataError, TooFewStudies

CLOSED = 1e-8
# REML: converged, the likelihood is flat to about seven digits of tau2
ITERATIVE = 1e-6
# how people came into the arms of the BCG trials, in the order of dat.bcg
ALLOC = ["random"] * 4 + ["alternate"] * 2 + ["random"] * 3 + ["systematic"] * 4


def bcg(**columns):
    ref = reference("bcg_RR")
    return meta.Effects.from_arrays(ref["yi"], ref["vi"], measure="RR", alloc=ALLOC, **columns)


def test_shared_tau2_is_metafors_regression_on_the_factor():
    # rma(yi, vi, mods = ~ alloc): -0.517956 (alternate), -0.447818, 0.089038; QM 1.7675
    got = meta.subgroups(bcg(), by="alloc", shared_tau2=True, ci_method="wald")
    assert got.q_between == pytest.approx(1.7675, abs=5e-5)
    assert got.q_between_dof == 2
    assert got.q_between_p_value == pytest.approx(0.4132, abs=5e-5)
    assert got.q_between_test == "chi2"
    rows = got.table.set_index("subgroup")
    assert list(rows.index) == ["random", "alternate", "systematic"]  # in order of appearance
    assert rows.loc["alternate", "estimate"] == pytest.approx(-0.517956, abs=5e-7)
    assert rows.loc["random", "estimate"] == pytest.approx(-0.517956 - 0.447818, abs=1e-6)
    assert rows.loc["systematic", "estimate"] == pytest.approx(-0.517956 + 0.089038, abs=1e-6)
    # cut off, not rounded
    assert rows["tau2"].tolist() == pytest.approx([0.361503] * 3, abs=1e-6)


@pytest.mark.parametrize("ci_method", ["wald", "HK", "HK-adhoc"])
def test_shared_tau2_agrees_with_meta_regression(ci_method):
    effects = bcg()
    got = meta.subgroups(effects, by="alloc", shared_tau2=True, ci_method=ci_method)
    other = meta.meta_regression(effects, "C(alloc)", ci_method=ci_method)
    assert got.q_between == pytest.approx(other.qm, rel=ITERATIVE)
    assert got.q_between_p_value == pytest.approx(other.qm_p_value, rel=ITERATIVE)
    assert got.q_between_dof_residual == other.qm_dof_residual
    means = other.predict(pd.DataFrame({"alloc": ["random", "alternate", "systematic"]}))
    for name in ("estimate", "se", "ci_low", "ci_high"):
        assert got.table[name].tolist() == pytest.approx(means[name].tolist(), rel=ITERATIVE)
    if ci_method != "wald":  # the normal fit has a prediction interval by t all the same
        assert got.table["pi_low"].tolist() == pytest.approx(means["pi_low"].tolist(), rel=1e-5)
        assert got.fits["random"].prediction_text().endswith("(t, 10 df)")
    assert got.fits["random"].tau2_low == pytest.approx(other.tau2_low, rel=1e-5)


def test_common_effect_q_splits_into_between_and_within():
    got = meta.subgroups(bcg(), by="alloc", model="common")
    within = sum(fit.q for fit in got.fits.values())
    assert got.q_between + within == pytest.approx(got.overall.q, rel=CLOSED)
    freedom = sum(fit.q_dof for fit in got.fits.values())
    assert got.q_between_dof + freedom == got.overall.q_dof


@pytest.mark.parametrize("ci_method", ["wald", "HK", "HK-adhoc"])
def test_separate_tau2_is_the_weighted_spread_of_the_answers(ci_method):
    got = meta.subgroups(bcg(), by="alloc", ci_method=ci_method)
    means, se = got.table["estimate"].to_numpy(), got.table["se"].to_numpy()
    q = ((means - np.average(means, weights=se**-2)) ** 2 / se**2).sum()
    assert got.q_between == pytest.approx(q, rel=CLOSED)
    assert got.q_between_p_value == pytest.approx(stats.chi2.sf(q, 2), rel=CLOSED)
    for name, fit in got.fits.items():
        alone = meta.pool(bcg().subset(np.array(ALLOC) == name), ci_method=ci_method)
        assert fit.estimate == alone.estimate
        assert fit.ci_high == alone.ci_high


def test_two_subgroups_are_a_z_test():
    effects = meta.Effects.from_arrays([0.1, 0.3, 0.9, 1.1], [0.04, 0.05, 0.06, 0.03])
    got = meta.subgroups(effects, by=["a", "a", "b", "b"], ci_method="wald")
    a, b = got.fits.values()
    z = (a.estimate - b.estimate) / np.hypot(a.se, b.se)
    assert got.q_between == pytest.approx(z**2, rel=CLOSED)
    assert got.by == "subgroup"


def test_order_of_studies_does_not_matter():
    effects = bcg()
    order = np.random.default_rng(0).permutation(13)
    one = meta.subgroups(effects, by="alloc", shared_tau2=True)
    other = meta.subgroups(effects.subset(order), by="alloc", shared_tau2=True)
    assert other.q_between == pytest.approx(one.q_between, rel=ITERATIVE)
    for name, fit in one.fits.items():
        assert other.fits[name].estimate == pytest.approx(fit.estimate, rel=ITERATIVE)


def test_a_subgroup_of_one_trial_shows_the_error_of_its_model():
    effects = meta.Effects.from_arrays([0.1, 0.9, 0.5], [0.04, 0.05, 0.06], g=["a", "a", "b"])
    for shared in (False, True):
        got = meta.subgroups(effects, by="g", shared_tau2=shared, ci_method="wald")
        assert got.fits["b"].k == 1
        tau2 = got.fits["a"].tau2 if shared else 0.0
        assert got.fits["b"].se == pytest.approx((0.06 + tau2) ** 0.5)
        assert any("one trial" in note for note in got.notes)
        assert any("little power" in note for note in got.notes)
        assert np.isfinite(got.q_between)
    assert got.fits["a"].tau2 > 0
    # as a regression on the groups gives it
    model = meta.meta_regression(effects, "~ g", ci_method="wald")
    assert got.fits["b"].se == pytest.approx(model.marginal_means("g").loc["b", "se"], rel=1e-6)


def test_agreement_by_chance_is_named_with_the_test_without_it():
    effects = meta.Effects.from_arrays(
        [0.50, 0.51, 0.49, 0.20, 0.21, 0.19], [0.05] * 6, g=["a"] * 3 + ["b"] * 3
    )
    got = meta.subgroups(effects, by="g")
    assert got.q_between_p_value < 1e-6
    model_based = meta.subgroups(effects, by="g", ci_method="wald").q_between_p_value
    assert any(f"{model_based:.2f}" in note and "spread less" in note for note in got.notes)


@pytest.mark.parametrize("shared", [False, True])
def test_equal_effects_leave_no_test(shared):
    effects = meta.Effects.from_arrays([0.1] * 3 + [0.3] * 3, [0.04, 0.05, 0.07] * 2)
    got = meta.subgroups(effects, by=list("aaabbb"), shared_tau2=shared)
    assert np.isnan(got.q_between_p_value)
    assert any("no test" in note for note in got.notes)
    floored = meta.subgroups(effects, by=list("aaabbb"), shared_tau2=shared, ci_method="HK-adhoc")
    assert np.isfinite(floored.q_between_p_value)


def test_faults():
    effects = meta.Effects.from_arrays([0.1, 0.3, 0.9], [0.04, 0.05, 0.06], g=["a", None, " "])
    with pytest.raises(DataError) as caught:
        meta.subgroups(effects, by="g")
    assert "study 2: g is missing" in str(caught.value)
    assert "study 3: g is missing" in str(caught.value)
    with pytest.raises(DataError, match="no column 'dose'"):
        meta.subgroups(effects, by="dose")
    with pytest.raises(DataError, match="no subgroups"):
        meta.subgroups(effects, by=["a"] * 3)
    with pytest.raises(DataError, match="shape"):
        meta.subgroups(effects, by=["a"] * 2)
    with pytest.raises(DataError, match="model='random'"):
        meta.subgroups(effects, by=["a", "a", "b"], shared_tau2=True, model="common")
    with pytest.raises(TooFewStudies, match="shared"):
        meta.subgroups(effects, by=["a", "b", "c"], shared_tau2=True)
    with pytest.raises(DataError, match="tau2_method"):
        meta.subgroups(effects, by=["a", "a", "b"], tau2_method="FE")


def test_shows_itself_in_words_html_and_json():
    got = meta.subgroups(bcg(), by="alloc", shared_tau2=True)
    assert "F(2, 10)" in got.sentence()
    assert "random" in str(got)
    assert "<caption>" in got._repr_html_()
    values = json.loads(json.dumps(got.to_dict()))
    assert set(values["fits"]) == {"random", "alternate", "systematic"}
