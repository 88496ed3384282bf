"""Meta-regression against metafor, its identities, and its edges."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from reference_answers import REFERENCE, reference

import meta
from meta.errors import DataError, TooFewStudies

# Both sides converged (metafor to 1e-12); REML's likelihood is flat to about seven digits of tau2.
ITERATIVE = 1e-6
CLOSED = 1e-8
# Two studies lack the moderator in dat.bangertdrowns2004; the file keeps all effects and the design
# matrix without those two.
WITHOUT = {"bangertdrowns2004_GEN": [33, 34]}
SETS = [
    "bcg_RR",
    "raudenbush1985_GEN",
    "bangertdrowns2004_GEN",
    "further/begg1989_GEN",
    "further/debruin2009_PLO",
]


def studies(name):
    ref = reference(name)
    want = ref["meta_regression_REML"]
    keep = np.delete(np.arange(len(ref["yi"])), WITHOUT.get(name, []))
    columns = dict(zip(want["terms"][1:], np.array(want["X"], dtype=float).T[1:], strict=True))
    yi, vi = np.array(ref["yi"])[keep], np.array(ref["vi"])[keep]
    return meta.Effects.from_arrays(yi, vi, measure=ref["measure"], **columns), want


def bcg():
    effects, _ = studies("bcg_RR")
    # how people came into the arms of the BCG trials, in the order of dat.bcg
    alloc = ["random"] * 4 + ["alternate"] * 2 + ["random"] * 3 + ["systematic"] * 4
    table = effects.table.assign(alloc=alloc)
    return meta.Effects(measure="RR", table=table)


@pytest.mark.parametrize("name", SETS)
def test_equals_metafor(name):
    effects, want = studies(name)
    wald = meta.meta_regression(effects, want["formula"], ci_method="wald")
    hk = meta.meta_regression(effects, want["formula"])
    np.testing.assert_allclose(wald.coefficients["estimate"], want["beta"], rtol=ITERATIVE)
    np.testing.assert_allclose(wald.coefficients["se"], want["se"], rtol=ITERATIVE)
    np.testing.assert_allclose(hk.coefficients["se"], want["hk_se"], rtol=ITERATIVE)
    np.testing.assert_allclose(hk.coefficients["p_value"], want["hk_p"], rtol=ITERATIVE)
    assert wald.tau2 == pytest.approx(want["tau2"], rel=ITERATIVE)
    assert wald.qm == pytest.approx(want["QM"], rel=ITERATIVE)
    assert wald.qm_p_value == pytest.approx(want["QMp"], rel=ITERATIVE)
    assert wald.qm_test == "chi2"
    assert hk.qm == pytest.approx(want["hk_QM"], rel=ITERATIVE)
    assert hk.qm_p_value == pytest.approx(want["hk_QMp"], rel=ITERATIVE)
    assert hk.qm_test == "F"
    assert wald.qe == pytest.approx(want["QE"], rel=CLOSED)
    assert wald.r2 == pytest.approx(want["R2"], rel=ITERATIVE)


def test_bcg_on_latitude():
    # metafor 3.8 converged; the figures are printed to the digits shown
    effects = bcg()
    hk = meta.meta_regression(effects, "ablat")
    wald = meta.meta_regression(effects, "ablat", ci_method="wald")
    assert hk.tau2 == pytest.approx(0.07634796, abs=5e-9)
    assert hk.coefficients["estimate"].tolist() == pytest.approx(
        [0.25146821, -0.02910173], abs=5e-9
    )
    assert wald.coefficients["se"].tolist() == pytest.approx([0.249095, 0.007195], abs=5e-7)
    assert hk.coefficients["se"].tolist() == pytest.approx([0.283925, 0.008201], abs=5e-7)
    assert hk.qm == pytest.approx(12.591, abs=5e-4)
    assert hk.qm_p_value == pytest.approx(0.004565, abs=5e-7)
    assert (hk.qm_dof, hk.qm_dof_residual) == (1, 11)
    assert hk.r2 == pytest.approx(75.63, abs=5e-3)
    assert hk.qe == pytest.approx(30.7331, abs=5e-5)


def test_bcg_on_allocation():
    got = meta.meta_regression(bcg(), "~ C(alloc)", ci_method="wald")
    assert got.coefficients["estimate"].tolist() == pytest.approx(
        [-0.517956, -0.447818, 0.089038], abs=5e-7
    )
    assert got.qm == pytest.approx(1.7675, abs=5e-5)
    assert got.qm_p_value == pytest.approx(0.4132, abs=5e-5)
    assert got.tau2 == pytest.approx(0.361503, abs=1e-6)  # cut off, not rounded
    assert got.r2 == 0
    assert any("larger with the moderators" in note for note in got.notes)


def test_raudenbush_on_weeks_capped_at_three():
    effects, _ = studies("raudenbush1985_GEN")
    got = meta.meta_regression(effects, "np.minimum(weeks, 3)", ci_method="wald")
    assert got.coefficients["estimate"].tolist() == pytest.approx([0.4072, -0.1572], abs=5e-5)
    assert got.tau2 == 0
    assert got.qe == pytest.approx(16.5708, abs=5e-5)


@pytest.mark.parametrize("method", ["DL", "HE", "HS", "SJ", "ML", "REML", "EB", "PM"])
@pytest.mark.parametrize("ci_method", ["wald", "HK", "HK-adhoc"])
def test_a_centred_moderator_leaves_the_fit_alone(method, ci_method):
    effects, _ = studies("bcg_RR")
    settings = {"tau2_method": method, "ci_method": ci_method}
    one = meta.meta_regression(effects, "ablat", **settings)
    moved = meta.meta_regression(effects, "I((ablat - 33.46) / 10)", **settings)
    assert moved.tau2 == pytest.approx(one.tau2, rel=ITERATIVE)
    assert moved.qm == pytest.approx(one.qm, rel=ITERATIVE)
    assert moved.coefficients["estimate"].iloc[1] == pytest.approx(
        10 * one.coefficients["estimate"].iloc[1], rel=ITERATIVE
    )
    at = meta.meta_regression(effects, "ablat", **settings).predict(
        pd.DataFrame({"ablat": [33.46]})
    )
    assert at["estimate"][0] == pytest.approx(moved.coefficients["estimate"].iloc[0], rel=ITERATIVE)
    assert at["ci_low"][0] == pytest.approx(moved.coefficients["ci_low"].iloc[0], rel=ITERATIVE)


def test_predictions():
    effects, _ = studies("bcg_RR")
    fit = meta.meta_regression(effects, "ablat")
    own = fit.predict()
    assert len(own) == 13
    again = fit.predict(effects.table[["ablat"]])
    np.testing.assert_allclose(own, again)
    assert (own["pi_low"] < own["ci_low"]).all()
    wald = meta.meta_regression(effects, "ablat", ci_method="wald")
    got = wald.predict(pd.DataFrame({"ablat": [10, 50]}, index=["south", "north"]))
    assert list(got.index) == ["south", "north"]
    # 50 times a coefficient that is printed to 5e-9
    want = [0.25146821 - 10 * 0.02910173, 0.25146821 - 50 * 0.02910173]
    np.testing.assert_allclose(got["estimate"], want, atol=3e-7)
    reach = 1.959963984540054 * np.sqrt(got["se"] ** 2 + wald.tau2)
    np.testing.assert_allclose(got["pi_high"] - got["estimate"], reach)


def test_categories_are_coded_in_new_data_as_in_the_studies():
    fit = meta.meta_regression(bcg(), "C(alloc)")
    got = fit.predict(pd.DataFrame({"alloc": ["random", "alternate"]}))
    b = fit.coefficients["estimate"].to_numpy()
    np.testing.assert_allclose(got["estimate"], [b[0] + b[1], b[0]])
    with pytest.raises(DataError) as caught:
        fit.predict(pd.DataFrame({"alloc": ["random", "by coin"]}))
    assert "by coin" in str(caught.value)
    for formula in ("alloc", "ablat + alloc", "ablat:alloc"):
        other = meta.meta_regression(bcg(), formula)
        with pytest.raises(DataError, match="by coin"):
            other.predict(pd.DataFrame({"alloc": ["by coin"], "ablat": [3]}))


def test_new_data_with_gaps_are_refused():
    fit = meta.meta_regression(studies("bcg_RR")[0], "ablat + year")
    with pytest.raises(DataError) as caught:
        fit.predict(pd.DataFrame({"ablat": [10, np.nan]}))
    assert "year" in str(caught.value)
    assert "row 1: ablat is missing" in str(caught.value)


def test_without_an_intercept_all_coefficients_are_tested():
    effects = bcg()
    means = meta.meta_regression(effects, "0 + C(alloc)", ci_method="wald")
    assert means.qm_dof == 3
    b, cov = means.coefficients["estimate"].to_numpy(), means.cov
    assert means.qm == pytest.approx(b @ np.linalg.solve(cov, b))
    with_one = meta.meta_regression(effects, "C(alloc)", ci_method="wald")
    assert means.tau2 == pytest.approx(with_one.tau2, rel=ITERATIVE)
    assert means.qe == pytest.approx(with_one.qe, rel=CLOSED)


def test_common_effect_is_weighted_least_squares():
    import statsmodels.api as sm

    effects, want = studies("bcg_RR")
    got = meta.meta_regression(effects, "ablat + year", model="common")
    X = np.array(want["X"], dtype=float)
    wls = sm.WLS(effects.yi, X, weights=1 / effects.vi).fit()
    np.testing.assert_allclose(got.coefficients["estimate"], wls.params, rtol=1e-6)
    se = np.sqrt(np.diag(wls.normalized_cov_params))
    np.testing.assert_allclose(got.coefficients["se"], se, rtol=1e-6)
    assert got.ci_method == "wald"
    assert np.isnan(got.r2)
    assert got.tau2 == 0


def test_tau2_interval_and_i2_belong_to_the_residuals():
    got = meta.meta_regression(studies("bcg_RR")[0], "ablat")
    assert got.tau2_low < got.tau2 < got.tau2_high
    assert got.i2 == pytest.approx(100 * (1 - 1 / got.h2), rel=CLOSED)
    # metafor 3.8: I2 68.39 % residual
    assert got.i2 == pytest.approx(68.39, abs=5e-3)


def test_functions_of_moderators_keep_their_state():
    effects, _ = studies("bcg_RR")
    plain = meta.meta_regression(effects, "ablat")
    new = pd.DataFrame({"ablat": [10.0, 50.0]})
    want = plain.predict(new)
    for formula in ("scale(ablat)", "center(ablat)", "poly(ablat, 1)"):
        got = meta.meta_regression(effects, formula).predict(new)
        np.testing.assert_allclose(got, want, rtol=1e-5)
        table = effects.table.assign(ablat=effects.table["ablat"].where(effects.table.index != 3))
        with pytest.raises(DataError, match="study 4: ablat is missing"):
            meta.meta_regression(meta.Effects(measure="RR", table=table), formula)
        with pytest.raises(DataError, match="ablat"):
            meta.meta_regression(effects, formula).predict(pd.DataFrame({"year": [3]}))


def test_missing_moderators_are_named_and_never_dropped():
    effects, _ = studies("bcg_RR")
    table = effects.table.copy()
    table.loc[[2, 5], "ablat"] = np.nan
    table["salt"] = ["oxide", ""] + ["citrate"] * 11
    broken = meta.Effects(measure="RR", table=table)
    with pytest.raises(DataError) as caught:
        meta.meta_regression(broken, "ablat + salt + dose")
    text = str(caught.value)
    for part in ("study 3: ablat", "study 6: ablat", "study 2: salt", "'dose'"):
        assert part in text


@pytest.mark.parametrize(
    ("formula", "message"),
    [
        ("same", "constant"),
        ("ablat + same", "constant"),
        ("ablat + twice", "linearly dependent"),
        ("yi ~ ablat", "right-hand side"),
        ("1", "no moderator"),
        ("ablat + (", "cannot be read"),
        ("nosuch(ablat)", "no column or function"),
        ("np.nosuch(ablat)", "no column or function"),
        ("log(zero)", "no finite number"),
        (None, "formula is None; needed: text"),
    ],
)
@pytest.mark.filterwarnings("ignore:divide by zero")
def test_formulas_that_cannot_be_used(formula, message):
    effects, _ = studies("bcg_RR")
    table = effects.table.assign(same=3.0, twice=2 * effects.table["ablat"] + 1, zero=0.0)
    with pytest.raises(DataError, match=message):
        meta.meta_regression(meta.Effects(measure="RR", table=table), formula)


def test_too_few_studies_and_unknown_settings():
    effects = meta.Effects.from_arrays([0.1, 0.2], [0.1, 0.1], x=[1, 2])
    with pytest.raises(TooFewStudies):
        meta.meta_regression(effects, "x")
    for setting in ({"ci_method": "t"}, {"tau2_method": "FE"}, {"model": "uwls"}):
        with pytest.raises(DataError):
            meta.meta_regression(effects, "x", **setting)
    with pytest.raises(DataError):
        meta.meta_regression(effects, "x", ci_level=95)


def test_few_studies_and_a_perfect_fit_get_notes():
    effects = meta.Effects.from_arrays([0.1, 0.2, 0.3, 0.4], [0.1] * 4, x=[1, 2, 3, 4])
    got = meta.meta_regression(effects, "x")
    assert any("fewer than 10" in note for note in got.notes)
    assert any("HK-adhoc" in note for note in got.notes)
    assert any("nothing for them to explain" in note for note in got.notes)
    assert any("no test" in note for note in got.notes)
    assert np.isnan([got.r2, got.qm, got.qm_p_value]).all()
    assert got.coefficients["p_value"].isna().all()
    wald = meta.meta_regression(effects, "x", ci_method="wald")
    assert wald.qm > 0


def test_permutation_is_exact_where_it_can_be():
    random = np.random.default_rng(0)
    yi, vi = random.normal(size=7), random.uniform(0.05, 0.3, 7)
    group = [0, 0, 0, 1, 1, 1, 1]
    effects = meta.Effects.from_arrays(yi, vi, group=group)
    fit = meta.meta_regression(effects, "group", tau2_method="DL")
    got = fit.permutation().set_index("term")
    assert got["exact"].all()
    assert (got["n_permutations"] == 35).all()  # 7 over 3
    # by hand: every set of three studies as the first group
    from itertools import combinations

    statistics = []
    for first in combinations(range(7), 3):
        other = meta.Effects.from_arrays(yi, vi, group=[0 if i in first else 1 for i in range(7)])
        fitted = meta.meta_regression(other, "group", tau2_method="DL")
        statistics.append(abs(fitted.coefficients["statistic"].iloc[1]))
    observed = abs(fit.coefficients["statistic"].iloc[1])
    share = np.mean(np.array(statistics) >= observed * (1 - 1e-8))
    assert got.loc["group", "p_value"] == pytest.approx(share)
    assert got.loc["all moderators", "p_value"] == pytest.approx(share)


def test_permutation_samples_are_repeatable_and_near_the_exact_answer():
    random = np.random.default_rng(5)
    effects = meta.Effects.from_arrays(
        random.normal(size=7), random.uniform(0.05, 0.3, 7), x=np.arange(7.0) ** 2
    )
    fit = meta.meta_regression(effects, "x", tau2_method="DL")
    exact = fit.permutation(n_max=5040)
    assert exact["exact"].all()
    sample = fit.permutation(n_max=2000, seed=1)
    assert not sample["exact"].any()
    pd.testing.assert_frame_equal(sample, fit.permutation(n_max=2000, seed=1))
    # four standard errors of a share of 2000
    assert sample["p_value"][1] == pytest.approx(exact["p_value"][1], abs=4 * 0.5 / 2000**0.5)
    with pytest.raises(DataError):
        fit.permutation(n_max=1)


def test_shows_itself_in_words_html_and_json():
    fit = meta.meta_regression(bcg(), "ablat")
    assert "F(1, 11) = 12.59" in fit.sentence()
    assert "Knapp-Hartung" in str(fit)
    assert "ablat" in fit._repr_html_()
    values = json.loads(json.dumps(fit.to_dict()))
    assert values["coefficients"][1]["term"] == "ablat"
    assert "_coding" not in values


def test_faults_inside_a_formula_are_said_in_words():
    effects = meta.Effects.from_arrays(
        [0.1, 0.5, 0.2, 0.9, 0.4],
        [0.1, 0.02, 0.1, 0.05, 0.1],
        g=list("aabbb"),
        x=[1, 2, 3, 5, 8],
        day=pd.to_datetime(["2020-01-01", "2020-02-01", "2020-03-01", "2020-04-01", "2020-05-01"]),
        **{"del": list("uvuvu")},
    )
    # a name that Python keeps for itself, a date as a number, a level that nobody has
    for formula in ("~ C(del)", "~ day", "~ C(g, Treatment('z'))"):
        with pytest.raises(DataError, match="formula"):
            meta.meta_regression(effects, formula)
    assert meta.meta_regression(effects, "~ `del`").k == 5
    with pytest.raises(DataError, match="needed: a data frame"):
        meta.meta_regression(effects, "~ x").predict({"x": [1]})


# --- factors, contrasts, means ------------------------------------------------------------------

MORE = json.loads((REFERENCE.parent / "models" / "bcg_regression.json").read_text())
TODAY = reference("../metafor5/bcg_regression")


def two_moderators(ci_method="wald", formula="~ alloc + ablat", **settings):
    effects = meta.Effects.from_arrays(
        MORE["yi"], MORE["vi"], measure="RR", alloc=MORE["alloc"], ablat=MORE["ablat"]
    )
    return meta.meta_regression(effects, formula, ci_method=ci_method, **settings)


@pytest.mark.parametrize(("ci_method", "key"), [("wald", "z"), ("HK", "knha")])
def test_a_factor_its_contrasts_and_means_equal_metafor(ci_method, key):
    fit, want = two_moderators(ci_method), MORE[key]
    factor = fit.test("alloc")
    assert factor.statistic == pytest.approx(want["factor"]["statistic"], rel=ITERATIVE)
    assert factor.p_value == pytest.approx(want["factor"]["p"], rel=ITERATIVE)
    assert (factor.distribution, factor.dof, factor.dof_residual) == (
        ("chi2", 2, None) if ci_method == "wald" else ("F", 2, 9)
    )
    same = fit.test(["alloc[T.random]", "alloc[T.systematic]"])
    assert same.to_dict() == factor.to_dict()
    pairs = fit.pairwise("alloc")
    for column, name in (("estimate", "estimate"), ("se", "se"), ("p_value", "p")):
        np.testing.assert_allclose(pairs[column], want["contrasts"][name], rtol=ITERATIVE)
    assert pairs.index.tolist()[0] == "random - alternate"
    one = fit.contrasts({"alloc[T.systematic]": 1, "alloc[T.random]": -1})
    assert one["estimate"].iloc[0] == pytest.approx(pairs["estimate"].iloc[2], rel=1e-12)
    means = fit.marginal_means("alloc")
    for column, name in (("estimate", "pred"), ("se", "se"), ("ci_low", "ci_low")):
        np.testing.assert_allclose(means[column], want["marginal_alloc"][name], rtol=ITERATIVE)


def test_p_values_of_pairs_are_adjusted_by_holm():
    from statsmodels.stats.multitest import multipletests

    pairs = two_moderators().pairwise("alloc")
    want = multipletests(pairs["p_value"], method="holm")[1]
    np.testing.assert_allclose(pairs["p_holm"], want, rtol=1e-12)


def test_variance_inflation_equals_metafor():
    fit = two_moderators()
    one_each = [fit.cov[i, i] * np.linalg.inv(fit.cov[1:, 1:])[i - 1, i - 1] for i in range(1, 4)]
    np.testing.assert_allclose(one_each, TODAY["vif"], rtol=1e-4)  # metafor's own stopping rule
    table = fit.vif()
    assert table.loc["ablat", "gvif"] == pytest.approx(TODAY["vif"][2], rel=1e-4)
    # with two terms each inflates the other alike
    assert table.loc["alloc", "gvif"] == pytest.approx(table.loc["ablat", "gvif"], rel=1e-9)
    assert table.loc["alloc", "gvif_per_dof"] == pytest.approx(
        table.loc["alloc", "gvif"] ** 0.25, rel=1e-12
    )


@pytest.mark.parametrize("method", ["ML", "REML", "DL"])
def test_likelihood_and_its_criteria_equal_metafor(method):
    fit, want = two_moderators(tau2_method=method), MORE[f"fit_{method}"]
    for name in ("log_likelihood", "aic", "bic"):
        assert getattr(fit, name) == pytest.approx(want[name], rel=1e-9)


@pytest.mark.parametrize("method", ["ML", "REML", "DL"])
def test_likelihood_of_a_mean_equals_metafor(method):
    fit = meta.pool(MORE["yi"], MORE["vi"], measure="RR", tau2_method=method)
    found, want = fit.fit_statistics(), MORE[f"mean_{method}"]
    for name in ("log_likelihood", "aic", "bic"):
        assert getattr(found, name) == pytest.approx(want[name], rel=1e-9)


def test_a_mean_is_the_smallest_regression():
    # metafor's example: latitude against no moderator, 9.9588
    mean = meta.pool(MORE["yi"], MORE["vi"], measure="RR", tau2_method="ML")
    line = two_moderators(tau2_method="ML", formula="~ ablat")
    assert meta.likelihood_ratio(mean, line).statistic == pytest.approx(9.9588, abs=6e-5)
    equal = meta.pool(MORE["yi"], MORE["vi"], measure="RR", model="common")
    answer = meta.likelihood_ratio(equal, mean)
    assert answer.dof == 1
    assert any("end of its range" in note for note in answer.notes)
    with pytest.raises(DataError, match="was given int"):
        meta.likelihood_ratio(mean, 3)


def test_likelihood_ratio_equals_metafor():
    fits = [
        two_moderators(tau2_method="ML", formula=formula)
        for formula in ("~ alloc", "~ alloc + ablat")
    ]
    answer = meta.likelihood_ratio(*fits)
    assert answer.statistic == pytest.approx(MORE["likelihood_ratio"]["statistic"], rel=1e-8)
    assert answer.p_value == pytest.approx(MORE["likelihood_ratio"]["p"], rel=1e-7)
    assert answer.dof == 1
    assert meta.likelihood_ratio(*fits[::-1]).statistic == answer.statistic
    with pytest.raises(meta.NotComparable, match="fit both by ML"):
        meta.likelihood_ratio(two_moderators(formula="~ alloc"), two_moderators())
    with pytest.raises(meta.NotComparable, match="neither"):
        meta.likelihood_ratio(fits[0], fits[0])
    fewer = bcg().subset(range(12))
    with pytest.raises(DataError, match="different effects"):
        meta.likelihood_ratio(fits[0], meta.meta_regression(fewer, "~ ablat", tau2_method="ML"))


def test_an_interaction_is_tested_as_one_term():
    fit = two_moderators(formula="~ alloc * ablat")
    want = MORE["interaction"]
    np.testing.assert_allclose(fit.coefficients["estimate"], want["b"], rtol=1e-5)
    assert fit.test("alloc:ablat").statistic == pytest.approx(want["statistic"], rel=1e-5)
    assert fit.test("alloc:ablat").p_value == pytest.approx(want["p"], rel=1e-6)


def test_names_of_terms_that_do_not_exist():
    fit = two_moderators()
    with pytest.raises(DataError, match="its terms are alloc, ablat"):
        fit.test("salt")
    with pytest.raises(DataError, match="there are Intercept, alloc"):
        fit.contrasts({"salt": 1})
    with pytest.raises(DataError, match="no column of categories"):
        fit.marginal_means("ablat")


def test_columns_with_dots_and_blanks():
    effects = meta.Effects.from_arrays(
        [0.1, 0.5, 0.2, 0.9, 0.4, 0.6],
        [0.1, 0.02, 0.1, 0.05, 0.1, 0.2],
        **{"salt.form": list("aabbab"), "dose per day": [1, 2, 3, 5, 8, 9]},
    )
    plain = effects.table.rename(columns={"salt.form": "salt", "dose per day": "dose"})
    plain = meta.meta_regression(meta.Effects(measure="GEN", table=plain), "~ C(salt) + dose")
    for formula in ("~ `salt.form` + `dose per day`", "~ C(`salt.form`) + I(`dose per day`)"):
        fit = meta.meta_regression(effects, formula)
        np.testing.assert_allclose(
            fit.coefficients["estimate"], plain.coefficients["estimate"], rtol=1e-9
        )
        assert fit.test("salt.form").p_value == pytest.approx(plain.test("salt").p_value)
        new = pd.DataFrame({"salt.form": ["b"], "dose per day": [4]})
        want = plain.predict(pd.DataFrame({"salt": ["b"], "dose": [4]}))
        np.testing.assert_allclose(fit.predict(new), want, rtol=1e-9)
        np.testing.assert_allclose(
            fit.marginal_means("salt.form")["estimate"],
            plain.marginal_means("salt")["estimate"],
            rtol=1e-9,
        )
    assert fit.coefficients.loc["I(`dose per day`)", "se"] > 0
    with pytest.raises(DataError, match="back quotes"):
        meta.meta_regression(effects, "~ C(dose per day)")


@pytest.mark.parametrize(
    "formula",
    [
        '~ {ablat.to_csv("stolen.csv")}',
        "~ {ablat + 9 ** 9 ** 9}",
        "~ {ablat == 'a' * 10 ** 10}",
        "~ ablat.map(print)",
        "~ I(ablat.__class__)",
        "~ I(np.save('x', ablat))",
        "~ I((lambda: 1)())",
        "~ I([x for x in ablat])",
        "~ I(ablat[0])",
        "~ I(open('x'))",
        "~ np.lib.format.open_memmap('x')",
        '~ C(ablat, {f"{print(1)}"})',
    ],
)
def test_a_formula_calls_nothing(formula, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    effects, _ = studies("bcg_RR")
    with pytest.raises(DataError):
        meta.meta_regression(effects, formula)
    assert not list(tmp_path.iterdir())


def test_the_table_of_coefficients_is_on_the_readers_scale():
    effects = meta.Effects.from_arrays(
        [-0.5, -0.4, -0.1, 0.0], [0.04, 0.05, 0.03, 0.06], measure="RR", weeks=[12, 8, 6, 4]
    )
    fit = meta.meta_regression(effects, "~ weeks", ci_method="wald")
    shown = fit.to_frame().set_index("term")
    for name in ("estimate", "ci_low", "ci_high"):
        np.testing.assert_allclose(shown[name], np.exp(fit.coefficients[name]))
    assert set(shown["scale"]) == {"Risk ratio, multiplied per unit"}
    assert shown["se"].tolist() == fit.coefficients["se"].tolist()
    plain = meta.meta_regression(replace(effects, measure="ZCOR"), "~ weeks").to_frame()
    assert set(plain["scale"]) == {"Correlation (Fisher's z)"}
