"""Deletion diagnostics against metafor, their identities, and their edges."""

from __future__ import annotations

import numpy as np
import pytest
from reference_answers import reference, univariate_references

import meta
from meta.errors import DataError, TooFewStudies

# closed forms (DerSimonian-Laird has one) agree to rounding
CLOSED = 1e-8
# Every deletion is a fit with its Q-profile interval, so the large sets (k above 40) are left to
# the two that stand for them: the smallest set with ties and the largest that is quick.
SMALL = [n for n in univariate_references() if len(reference(n)["yi"]) <= 20]
CHOSEN = [n for n in SMALL if n.split("_")[0] in {"bcg", "normand1999", "hine1989", "pritz1997"}]
CHOSEN += ["raudenbush1985_GEN", "molloy2014_ZCOR", "nielweise2007_RD", "hackshaw1998_GEN"]


def fit_of(ref, **settings):
    chosen = {"tau2_method": "DL", "ci_method": "wald"} | settings
    return meta.pool(ref["yi"], ref["vi"], **chosen)


def close(got, want, size=0.0, rel=CLOSED):
    np.testing.assert_allclose(
        np.asarray(got, dtype=float), np.asarray(want, dtype=float), rtol=rel, atol=rel * size
    )


@pytest.mark.parametrize("name", CHOSEN)
def test_leave_one_out_equals_metafor(name):
    ref = reference(name)
    got, want = meta.leave_one_out(fit_of(ref)).table, ref["leave_one_out_DL"]
    size = float(np.sqrt(np.mean(ref["vi"])))
    close(got["estimate"], want["estimate"], size)
    close(got["se"], want["se"])
    close(got["tau2"], want["tau2"], size**2)


@pytest.mark.parametrize("name", CHOSEN[::2])
def test_influence_equals_metafor(name):
    ref = reference(name)
    got, want = meta.influence(fit_of(ref)), ref["influence_DL"]
    for column in ("rstudent", "dffits", "cook_d", "hat"):
        close(got[column], want[column], 1.0)


@pytest.mark.parametrize("name", CHOSEN[1::2])
def test_cumulative_equals_metafor_in_the_given_order(name):
    ref = reference(name)
    fit = fit_of(ref)
    got, want = meta.cumulative(fit, order=np.arange(fit.k)).table, ref["cumulative_DL"]
    close(got["estimate"], want["estimate"], float(np.sqrt(np.mean(ref["vi"]))))
    close(got["se"], want["se"])


@pytest.mark.parametrize("name", SMALL[::4])
def test_baujat_equals_metafor(name):
    ref = reference(name)
    fit = fit_of(ref, model="common")
    got, want = meta.baujat(fit), ref["baujat_EE"]
    close(got["q_contribution"], want["x"], 1.0)
    close(got["influence"], want["y"], 1.0)
    assert got["q_contribution"].sum() == pytest.approx(fit.q, rel=1e-12)


@pytest.mark.parametrize("name", univariate_references())
def test_blup_equals_metafor(name):
    ref = reference(name)
    got, want = meta.blup(fit_of(ref, tau2_method="REML")).table, ref["blup_REML"]
    # both sides iterate tau2; seven digits of it where the likelihood is flattest
    close(got["estimate"], want["pred"], float(np.sqrt(np.mean(ref["vi"]))), rel=1e-6)
    close(got["se"], want["se"], rel=1e-6)


def test_bcg_reml_equals_metafor():
    ref = reference("bcg_RR")
    fit = fit_of(ref, tau2_method="REML")
    table = meta.influence(fit)
    # metafor's own test of influence(), study 1; its tau2 stops at about seven digits
    first = table.iloc[0]
    assert first["rstudent"] == pytest.approx(-0.218142474344442, rel=1e-6)
    assert first["dffits"] == pytest.approx(-0.0407075604868486, rel=1e-6)
    assert first["cook_d"] == pytest.approx(0.00171654236729195, rel=1e-5)
    assert first["cov_r"] == pytest.approx(1.11644891104804, rel=1e-6)
    assert first["tau2_del"] == pytest.approx(0.336156745300306, rel=1e-6)
    assert first["q_del"] == pytest.approx(151.582572747109, rel=1e-9)
    assert first["hat"] == pytest.approx(0.0505948307931551, rel=1e-6)
    assert first["dfbetas"] == pytest.approx(-0.0402659025974144, rel=1e-6)
    assert not table["influential"].any()
    # metafor, four printed decimals
    eighth = table.iloc[7]
    assert eighth[["rstudent", "dffits", "cook_d"]].tolist() == pytest.approx(
        [1.4501, 0.4775, 0.1992], abs=5e-5
    )
    assert meta.baujat(fit).iloc[7, 1:].tolist() == pytest.approx([1.66385, 0.19896], abs=5e-6)
    assert meta.leave_one_out(fit).table["estimate"][:3].tolist() == pytest.approx(
        [-0.7071, -0.6540, -0.6856], abs=5e-5
    )


@pytest.mark.parametrize("ci_method", ["wald", "HK", "HK-adhoc"])
def test_influence_speaks_of_the_standard_error_in_use(ci_method):
    ref = reference("bcg_OR")
    fit = fit_of(ref, tau2_method="REML", ci_method=ci_method)
    table, others = meta.influence(fit), meta.leave_one_out(fit).table
    shift = fit.estimate - others["estimate"]
    close(table["cook_d"], shift**2 / fit.se**2)
    close(table["cov_r"], others["se"] ** 2 / fit.se**2)
    factor = [fit.refit(fit.effects.subset(np.arange(fit.k) != i)).hk_scale for i in range(fit.k)]
    scaled = {"wald": np.ones(fit.k), "HK": factor, "HK-adhoc": np.maximum(factor, 1)}[ci_method]
    denominator = np.sqrt(np.asarray(scaled) * table["hat"] * (fit.effects.vi + others["tau2"]))
    close(table["dffits"], shift / denominator)
    spread = np.asarray(scaled) * (fit.effects.vi + others["tau2"]) + others["se"] ** 2
    close(table["rstudent"], (fit.effects.yi - others["estimate"]) / np.sqrt(spread))


def test_settings_of_the_fit_are_kept():
    ref = reference("bcg_RR")
    fit = fit_of(ref, tau2_method="PM", ci_method="HK-adhoc", ci_level=0.9)
    row = meta.leave_one_out(fit).table.iloc[3]
    direct = meta.pool(
        np.delete(ref["yi"], 3),
        np.delete(ref["vi"], 3),
        tau2_method="PM",
        ci_method="HK-adhoc",
        ci_level=0.9,
    )
    assert row["ci_low"] == direct.ci_low
    assert row["i2"] == direct.i2
    assert meta.cumulative(fit, order=np.arange(fit.k)).table.iloc[-1]["ci_high"] == fit.ci_high


def test_an_outlier_is_flagged():
    fit = meta.pool([0.0, 0.1, -0.1, 0.05, 3.0], [0.02] * 5)
    assert meta.influence(fit)["influential"].tolist() == [False] * 4 + [True]


def test_equal_effects_under_knapp_hartung_have_no_standardised_move():
    fit = meta.pool([0.2, 0.2, 0.2], [0.1, 0.2, 0.3])
    table = meta.influence(fit)
    assert table[["dffits", "cook_d", "cov_r"]].isna().all(axis=None)
    assert not table["influential"].any()


def years(values, labels=("A", "B", "C")):
    return meta.pool(
        meta.Effects.from_arrays(
            [-0.5, -0.1, -0.4][: len(values)],
            [0.04, 0.09, 0.06][: len(values)],
            labels=list(labels),
            year=values,
        )
    )


def test_cumulative_keeps_the_order_of_ties_and_names_what_is_missing():
    table = meta.cumulative(years([2010, 2009, 2010])).table
    assert table["added"].tolist() == ["B", "A", "C"]
    assert table["year"].tolist() == [2009, 2010, 2010]
    assert np.isnan(table["tau2"][0])
    with pytest.raises(DataError, match="C has no year") as caught:
        meta.cumulative(years([None, 2009, None]))
    assert len(caught.value.faults) == 2
    with pytest.raises(DataError, match="order='age' is no column"):
        meta.cumulative(years([1, 2, 3]), order="age")
    with pytest.raises(DataError, match="int, str"):
        meta.cumulative(years(np.array([1, "x", 3], dtype=object)))
    with pytest.raises(DataError, match="each position from 0 to 2 once"):
        meta.cumulative(years([1, 2, 3]), order=[0, 0, 1])
    with pytest.raises(DataError, match="each position"):
        meta.cumulative(years([1, 2, 3]), order=[0.0, 1.0, 2.0])


def test_few_studies():
    two = meta.pool([-0.5, -0.1], [0.04, 0.09])
    table = meta.leave_one_out(two).table
    assert table["estimate"].tolist() == [-0.1, -0.5]
    assert table["tau2"].isna().all()
    assert len(meta.baujat(two)) == len(meta.blup(two).table) == 2
    with pytest.raises(TooFewStudies, match="at least 3 studies"):
        meta.influence(two)
    one = meta.pool([-0.5], [0.04])
    assert meta.cumulative(one, order=[0]).table["k"].tolist() == [1]
    for function in (meta.leave_one_out, meta.influence, meta.baujat, meta.blup):
        with pytest.raises(TooFewStudies, match="this fit has 1"):
            function(one)


def test_blup_needs_heterogeneity_in_the_model():
    with pytest.raises(DataError, match="model='random'"):
        meta.blup(meta.pool([-0.5, -0.1], [0.04, 0.09], model="common"))


def test_diagnostics_do_not_depend_on_unit_or_sign():
    ref = reference("bcg_RR")
    table = meta.influence(fit_of(ref, tau2_method="REML"))
    yi, vi = -1000 * np.asarray(ref["yi"]), 1e6 * np.asarray(ref["vi"])
    moved = meta.influence(meta.pool(yi, vi, ci_method="wald"))
    # iterative tau2: a few digits less than rounding
    close(moved["cook_d"], table["cook_d"], 1.0)
    close(moved["rstudent"], -table["rstudent"], 1.0)


def test_knapp_hartung_residuals_equal_metafor():
    # influence() of rma(method = "DL", test = "knha") in metafor 3.8: effects that agree better
    # than chance make the factor, and with it the scale of all deviations, small
    fit = meta.pool([0.1, 0.11, 0.12], [0.02, 0.1, 0.05], tau2_method="DL")
    table = meta.influence(fit)
    close(table["rstudent"], [-2.79508497187472, 0.167705098312486, 2.45967477524977])
    close(table["dffits"], [-3.60843918243513, 0.0633865691046444, 1.4200938936094])


def test_blups_of_a_regression_equal_metafor():
    answers = reference("../models/further")
    given, want = answers["bcg_given"], answers["bcg_blup"]
    effects = meta.Effects.from_arrays(given["yi"], given["vi"], measure="RR", ablat=want["ablat"])
    fit = meta.meta_regression(effects, "~ ablat", ci_method="wald")
    table = meta.blup(fit).table
    for name in ("estimate", "se", "pi_low", "pi_high"):
        np.testing.assert_allclose(table[name], want[name], rtol=1e-6)
    assert any("what the regression predicts" in note for note in meta.blup(fit).notes)
    with pytest.raises(DataError, match="the same true effect"):
        meta.blup(meta.meta_regression(effects, "~ ablat", model="common"))
