"""Pooling against metafor, closed forms, and the properties that any pooling must have."""

from __future__ import annotations

import copy
import json
import pickle
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference_answers import reference, univariate_references
from scipy import stats

import meta
from meta.synthesis.engine import TAU2_METHODS, tau2_columns

# Both sides are converged (metafor to 1e-12), so what is left is rounding where the likelihood is
# flat: seven digits of tau2 in the worst data set (nielweise2007, risk differences).
ITERATIVE = 1e-6
# Closed forms: rounding only.
CLOSED = 1e-8
TOLERANCE = {m: ITERATIVE if m in {"ML", "REML", "PM", "EB"} else CLOSED for m in TAU2_METHODS}


def close(got: object, want: object, rel: float, size: float) -> None:
    # limits near 0 are compared on the scale of the effects' standard errors
    np.testing.assert_allclose(
        np.asarray(got, dtype=float), np.asarray(want, dtype=float), rtol=rel, atol=rel * size
    )


@pytest.mark.parametrize("name", univariate_references())
def test_common_effect_equals_metafor(name):
    ref = reference(name)
    fit = meta.pool(ref["yi"], ref["vi"], model="common")
    want = ref["EE"]
    size = float(np.sqrt(np.mean(ref["vi"])))
    close(
        [fit.estimate, fit.se, fit.ci_low, fit.ci_high, fit.q],
        [want["estimate"], want["se"], *want["ci"], want["Q"]],
        CLOSED,
        size,
    )
    assert fit.q_p_value == pytest.approx(want["Qp"], rel=1e-6)


# those of which every file of answers has one; the others are held to metafor below
IN_FILES = [method for method in TAU2_METHODS if method in reference("bcg_RR")]


@pytest.mark.parametrize("method", IN_FILES)
@pytest.mark.parametrize("name", univariate_references())
def test_random_effects_equal_metafor(name, method):
    ref = reference(name)
    if method not in ref:
        # metafor's PM did not converge on curtis1998 (MD); EB solves the same equation
        assert (name, method) == ("curtis1998_MD", "PM")
        return
    want, rel, size = ref[method], TOLERANCE[method], float(np.sqrt(np.mean(ref["vi"])))
    wald = meta.pool(
        ref["yi"], ref["vi"], tau2_method=method, ci_method="wald", prediction_method="z"
    )
    close(wald.tau2, want["tau2"], rel, size**2)
    close(
        [wald.estimate, wald.se, wald.ci_low, wald.ci_high, wald.i2, wald.h2],
        [want["estimate"], want["se"], *want["ci"], want["I2"], want["H2"]],
        rel,
        size,
    )
    close([wald.pi_low, wald.pi_high], want["pi"], rel, size)
    assert wald.p_value == pytest.approx(want["p"], rel=100 * rel)
    for ci_method, key in (("HK", "hk"), ("HK-adhoc", "hk_adhoc")):
        fit = meta.pool(ref["yi"], ref["vi"], tau2_method=method, ci_method=ci_method)
        close(
            [fit.se, fit.ci_low, fit.ci_high],
            [want[key]["se"], *want[key]["ci"]],
            rel,
            size,
        )
        if "pi" in want[key]:
            close([fit.pi_low, fit.pi_high], want[key]["pi"], rel, size)
    if "pi_riley" in want:
        riley = meta.pool(
            ref["yi"], ref["vi"], tau2_method=method, ci_method="wald", prediction_method="t(k-2)"
        )
        close([riley.pi_low, riley.pi_high], want["pi_riley"], rel, size)


@pytest.mark.parametrize("name", univariate_references())
def test_q_profile_equals_metafor(name):
    ref = reference(name)
    want = ref["tau2_ci_q_profile"]
    fit = meta.pool(ref["yi"], ref["vi"])
    # metafor's root search stops at 1e-12 of the search interval, ours at machine precision
    close([fit.tau2_low, fit.tau2_high], want, 1e-6, float(np.mean(ref["vi"])))


def test_bcg_in_full():
    """The field's standard example: dat.bcg, log risk ratios, REML."""
    ref = reference("bcg_RR")
    fit = meta.pool(ref["yi"], ref["vi"], measure="RR")
    assert fit.estimate == pytest.approx(-0.714532, abs=5e-7)
    assert (fit.ci_low, fit.ci_high) == pytest.approx((-1.108444, -0.320621), abs=5e-7)
    assert fit.tau2 == pytest.approx(0.313243, abs=5e-7)
    assert fit.i2 == pytest.approx(92.221, abs=5e-4)
    assert (fit.tau2_low, fit.tau2_high) == pytest.approx((0.119718, 1.111479), abs=5e-7)
    for method, want in {
        "z": (-1.86669, 0.43763),
        "t(k-1)": (-1.99534, 0.56628),
        "t(k-2)": (-2.00838, 0.57931),
    }.items():
        # metafor's predict() of the Wald fit, five digits printed
        wald = meta.pool(ref["yi"], ref["vi"], ci_method="wald", prediction_method=method)
        assert (wald.pi_low, wald.pi_high) == pytest.approx(want, abs=6e-6)


def test_viechtbauer_2005_example_1():
    """Viechtbauer (2005), example 1: tau2 by each estimator, as recomputed to six digits."""
    yi = [-0.581, 0.530, 0.771, 1.031, 0.553, 0.295, 0.078, 0.573, -0.176, -0.232]
    vi = [0.023, 0.052, 0.060, 0.115, 0.095, 0.203, 0.200, 0.211, 0.051, 0.040]
    want = {
        "HS": 0.228182,
        "HE": 0.148357,
        "DL": 0.276778,
        "ML": 0.196670,
        "REML": 0.223226,
        "EB": 0.192005,
        "SJ": 0.199228,
        "PM": 0.192005,
    }
    for method, tau2 in want.items():
        # the printed REML value stopped at the default tolerance, 1.4e-6 from the maximum
        assert meta.pool(yi, vi, tau2_method=method).tau2 == pytest.approx(tau2, abs=2e-6), method


def test_two_trials_closed_form():
    """k = 2: tau2 by DerSimonian-Laird is ((y1 - y2)^2 - (v1 + v2)) / 2, with t on 1 df."""
    y, v = np.array([-0.5, 0.3]), np.array([0.04, 0.09])
    fit = meta.pool(y, v, tau2_method="DL")
    assert fit.tau2 == pytest.approx(((y[0] - y[1]) ** 2 - v.sum()) / 2, rel=1e-12)
    assert fit.dof == 1
    # tau2 makes the factor 1, to rounding on either side of it: the effects do not agree by chance
    for scale in (1, 1.1, 1.3, 1.7, 2.3, 3.1):
        for method in ("DL", "PM", "REML"):
            notes = meta.pool(scale * y, v, tau2_method=method).notes
            assert "one degree of freedom" in notes[0]
            assert "interval is the same" in notes[1]
            assert "as much as the model expects, factor 1.00" in notes[1]
    assert np.isnan(meta.pool(y, v, prediction_method="t(k-2)").pi_low)


def test_two_trials_that_agree_by_chance_get_another_warning():
    fit = meta.pool([0.70, 0.71], [0.04, 0.05])
    assert fit.ci_high - fit.ci_low < 0.2
    assert "far too narrow" in fit.notes[0]


def test_one_trial_is_shown_never_pooled():
    fit = meta.pool([-0.5], [0.04], labels=["A 2001"])
    assert (fit.k, fit.ci_method, fit.estimate, fit.se) == (1, "wald", -0.5, 0.2)
    assert np.isnan([fit.tau2, fit.i2, fit.pi_low, fit.q]).all()
    assert "not a meta-analysis" in fit.notes[0]
    # refitting it with more trials goes back to the interval that was asked for
    more = meta.Effects.from_arrays([-0.5, -0.1, 0.2], [0.04, 0.05, 0.06])
    assert fit.refit(more).ci_method == "HK"


def test_equal_effects_collapse_knapp_hartung_and_say_so():
    fit = meta.pool([-0.4] * 4, [0.04, 0.05, 0.06, 0.07])
    assert fit.se == 0
    assert fit.ci_low == fit.ci_high == pytest.approx(-0.4)
    assert np.isnan(fit.p_value)
    assert any("HK-adhoc" in note for note in fit.notes)
    adhoc = meta.pool([-0.4] * 4, [0.04, 0.05, 0.06, 0.07], ci_method="HK-adhoc")
    assert adhoc.se > 0


def test_the_other_knapp_hartung_interval_is_always_named():
    agreeing = meta.pool([-0.50, -0.45, -0.48], [0.04, 0.09, 0.06])
    assert (agreeing.ci_low, agreeing.ci_high) == pytest.approx((-0.541599, -0.424717), abs=5e-7)
    note = next(note for note in agreeing.notes if "ad hoc" in note)
    assert "is wider: −1.08 to 0.11" in note
    spread = meta.pool([-0.9, 0.1, -0.3, 0.4], [0.02, 0.03, 0.02, 0.04])
    note = next(note for note in spread.notes if "ad hoc" in note)
    assert "is the same" in note


def test_unrestricted_weighted_least_squares_is_the_birge_ratio():
    ref = reference("bcg_RR")
    common = meta.pool(ref["yi"], ref["vi"], model="common")
    uwls = meta.pool(ref["yi"], ref["vi"], model="uwls")
    assert uwls.estimate == pytest.approx(common.estimate, rel=1e-12)
    assert uwls.se == pytest.approx(common.se * np.sqrt(common.q / 12), rel=1e-12)
    assert uwls.dof == 12


def test_precision_ratio_of_a_million():
    """A huge trial beside small ones: the common effect is the huge one, and a note says so."""
    fit = meta.pool([0.0, -1.0, -1.2], [1e-6, 0.2, 0.3], labels=["huge", "a", "b"], model="common")
    assert fit.estimate == pytest.approx(0, abs=1e-4)
    assert any("huge carries 100 %" in note for note in fit.notes)


@pytest.mark.parametrize("method", TAU2_METHODS)
def test_many_at_once_equal_one_at_a_time(method):
    rng = np.random.default_rng(7)
    v = rng.uniform(0.02, 0.3, (6, 40))
    y = rng.normal(0.2, np.sqrt(v + rng.choice([0, 0.2], 40)))
    together = tau2_columns(y, v, method)
    alone = [meta.pool(y[:, j], v[:, j], tau2_method=method).tau2 for j in range(40)]
    np.testing.assert_allclose(together, alone, rtol=1e-9, atol=1e-12)
    assert (together >= 0).all()


effects = st.lists(st.tuples(st.floats(-3, 3), st.floats(0.01, 1.0)), min_size=2, max_size=12).map(
    lambda pairs: (np.array([p[0] for p in pairs]), np.array([p[1] for p in pairs]))
)


@settings(max_examples=40, deadline=None)
@given(effects, st.sampled_from(TAU2_METHODS), st.randoms(use_true_random=False))
def test_order_sign_and_unit_do_not_matter(data, method, random):
    y, v = data
    fit = meta.pool(y, v, tau2_method=method, ci_method="wald")
    # a likelihood may have two maxima of equal height; comparing heights is then a coin toss
    tolerance = {"rel": 1e-5, "abs": 1e-6}
    order = list(range(len(y)))
    random.shuffle(order)
    shuffled = meta.pool(y[order], v[order], tau2_method=method, ci_method="wald")
    assert shuffled.estimate == pytest.approx(fit.estimate, **tolerance)
    mirrored = meta.pool(-y, v, tau2_method=method, ci_method="wald")
    assert mirrored.estimate == pytest.approx(-fit.estimate, **tolerance)
    assert (mirrored.ci_low, mirrored.ci_high) == pytest.approx(
        (-fit.ci_high, -fit.ci_low), **tolerance
    )
    scaled = meta.pool(1000 * y, 1e6 * v, tau2_method=method, ci_method="wald")
    assert scaled.estimate / 1000 == pytest.approx(fit.estimate, **tolerance)
    assert scaled.tau2 / 1e6 == pytest.approx(fit.tau2, **tolerance)
    assert scaled.i2 == pytest.approx(fit.i2, rel=1e-4, abs=1e-4)
    assert fit.weights.sum() == pytest.approx(100)
    assert min(y) - 1e-9 <= fit.estimate <= max(y) + 1e-9


FURTHER = reference("../models/further")
GIVEN = FURTHER["bcg_given"]
WALD = {"ci_method": "wald", "prediction_method": "z"}


@pytest.mark.parametrize("method", ["DL2", "HE2", "HSk", "PMM"])
def test_further_estimators_of_tau2_equal_metafor(method):
    want = FURTHER["bcg_tau2"][method]
    fit = meta.pool(GIVEN["yi"], GIVEN["vi"], tau2_method=method)
    got = fit.tau2, fit.tau2_se, fit.estimate
    assert got == pytest.approx((want["tau2"], want["se"], want["estimate"]), rel=1e-9)


@pytest.mark.parametrize(
    ("key", "settings"),
    [
        ("tau2", {"tau2": 0.2} | WALD),
        ("tau2_hk", {"tau2": 0.2}),
        ("unweighted", {"weights": [1] * 13} | WALD),
        ("unweighted_hk", {"weights": [1] * 13}),
        ("by_size", {"weights": "size"} | WALD),
        ("by_size_DL", {"weights": "size", "tau2_method": "DL"} | WALD),
        ("by_size_EE", {"weights": "size", "model": "common"}),
        ("unweighted_EE", {"weights": [1] * 13, "model": "common"}),
    ],
)
def test_given_tau2_and_weights_equal_metafor(key, settings):
    want = GIVEN[key]
    data = pd.DataFrame({name: GIVEN[name] for name in ("yi", "vi", "size")})
    fit = meta.pool("yi", "vi", data=data, **settings)
    got = [fit.estimate, fit.se, fit.ci_low, fit.ci_high, fit.p_value, fit.i2, fit.h2]
    names = ("estimate", "se", "ci", "p", "I2", "H2")
    assert got == pytest.approx(np.hstack([want[name] for name in names]).tolist(), rel=1e-9)
    if fit.model == "random":
        assert (fit.tau2, fit.pi_low, fit.pi_high) == pytest.approx(
            (want["tau2"], *want["pi"]), rel=1e-9
        )


def test_given_weights_follow_their_effects():
    data = pd.DataFrame({name: GIVEN[name] for name in ("yi", "vi", "size")})
    fit = meta.pool("yi", "vi", data=data, weights="size", tau2=0.1)
    assert (fit.tau2, fit.tau2_low) == pytest.approx((0.1, np.nan), nan_ok=True)
    rest = data.drop(index=3)
    want = meta.pool("yi", "vi", data=rest, weights=rest["size"].to_numpy(), tau2=0.1)
    row = meta.leave_one_out(fit).table.iloc[3]
    assert row[["estimate", "se", "tau2"]].tolist() == pytest.approx(
        [want.estimate, want.se, 0.1], rel=1e-12
    )
    assert fit.weights == pytest.approx(100 * data["size"] / data["size"].sum())
    plain = fit.refit(tau2=None, weights=None)
    assert plain == meta.pool("yi", "vi", data=data)
    assert plain.refit(tau2=0.1, weights="size") == fit
    assert "given tau2, given weights" in fit.method_text()
    with pytest.raises(meta.DataError, match="estimates tau2 and its own weights"):
        meta.influence(fit)
    with pytest.raises(meta.DataError, match="whose tau2 or weights were given"):
        meta.subgroups(fit, by=list("ab" * 6 + "a"), shared_tau2=True)


def test_given_values_that_cannot_be_are_refused_together():
    with pytest.raises(meta.DataError) as caught:
        meta.pool([0.1, 0.2], [0.1, 0.1], tau2=-1, weights=[0, 1], prediction_method="KR")
    said = str(caught.value)
    for part in ("tau2 is -1", "study 1: the weight is 0", "prediction_method='KR' is made for"):
        assert part in said
    for wrong, part in (
        ({"tau2": True}, "tau2 is True"),
        ({"tau2": 0.1, "model": "common"}, "tau2 belongs to model='random'"),
        ({"weights": [1, 1], "model": "uwls"}, "no meaning with model='uwls'"),
        ({"weights": "size"}, "weights='size' is no column"),
    ):
        with pytest.raises(meta.DataError, match=part):
            meta.pool([0.1, 0.2], [0.1, 0.1], **wrong)


def test_prediction_by_kenward_and_roger():
    """The closed form that R meta has, and its limit of trials of one size."""
    fit = meta.pool(GIVEN["yi"], GIVEN["vi"], prediction_method="KR")
    w = 1 / (np.array(GIVEN["vi"]) + fit.tau2)
    one, two, three = w.sum(), (w**2).sum(), (w**3).sum()
    information = two / 2 - three / one + (two / one) ** 2 / 2
    variance = (1 + 2 * (three / one - (two / one) ** 2) / information) / one
    dof = 2 * information / (variance * two) ** 2
    assert fit.prediction_dof == pytest.approx(dof)
    reach = stats.t.ppf(0.975, dof) * np.sqrt(fit.tau2 + variance)
    assert fit.pi_high == pytest.approx(fit.estimate + reach)
    # trials of one size: nothing to correct, and k - 1 degrees of freedom
    y = [-0.5, 0.3, 0.9, -0.2, 0.6]
    equal = meta.pool(y, [0.1] * 5, prediction_method="KR")
    plain = meta.pool(y, [0.1] * 5, ci_method="wald")
    assert (equal.pi_low, equal.prediction_dof) == pytest.approx((plain.pi_low, 4))
    assert meta.leave_one_out(equal).table["pi_low"].notna().all()


# ten trials of blood pressure that the R package pimeta keeps as `sbp`; its vignette prints the
# interval from 25,000 random draws
SBP = (
    [0.00, 0.10, -0.40, -0.80, -0.63, 0.22, -0.34, -0.51, 0.03, -0.81],
    [0.42347717, 0.21939179, 0.02551067, 0.19898325, 0.30102594,
     0.30102594, 0.07142988, 0.10204269, 0.12245123, 0.30102594],
)  # fmt: skip


def test_prediction_by_a_confidence_distribution_equals_pimeta():
    fit = meta.pool(SBP[0], sei=SBP[1], tau2_method="DL", prediction_method="NNF")
    assert (fit.estimate, fit.tau2) == pytest.approx((-0.3341, 0.0282), abs=5e-5)
    # three digits: a quantile of 25,000 draws has a standard error of about 0.007
    assert (fit.pi_low, fit.pi_high) == pytest.approx((-0.8807, 0.2240), abs=0.01)
    assert fit.prediction_text() == "−0.88 to 0.22 (NNF)"
    # whatever estimates tau2, and with the effects turned round
    turned = meta.pool(-np.array(SBP[0]), sei=SBP[1], prediction_method="NNF")
    assert (turned.pi_low, turned.pi_high) == pytest.approx((-fit.pi_high, -fit.pi_low), abs=1e-6)


def test_the_chance_of_q_is_the_share_of_random_draws():
    from meta.synthesis.new_study import _chance_below, _imhof

    random, (y, v) = np.random.default_rng(5), (np.array(SBP[0]), np.array(SBP[1]) ** 2)
    w = 1 / v
    q = w @ (y - w @ y / w.sum()) ** 2
    assert _chance_below(y, v, 0.0) == pytest.approx(stats.chi2.cdf(q, 9), rel=1e-10)
    for tau2 in (0.003, 0.03):
        draws = random.normal(0, 1, (100_000, 10)) * np.sqrt(v + tau2)
        centred = draws - (draws @ w / w.sum())[:, None]
        share = float((centred**2 @ w <= q).mean())
        # four standard errors of a share
        assert _chance_below(y, v, tau2) == pytest.approx(share, abs=0.007)
    # by the other way to the same chance
    values = np.array([0.5, 1.0, 1.5, 2.0, 2.5, 3.0])
    draws = random.chisquare(1, (100_000, 6)) @ values
    assert _imhof(values, 8.0) == pytest.approx(float((draws <= 8).mean()), abs=0.007)


def test_few_and_equal_effects_have_what_is_left_of_that_interval():
    two = meta.pool([0.1, 0.4], [0.1, 0.1], prediction_method="NNF")
    assert np.isnan(two.pi_low)
    assert any("needs more than 2 studies" in note for note in two.notes)
    three = meta.pool([0.1, 0.4, 0.9], [0.1, 0.1, 0.2], prediction_method="NNF")
    plain = three.refit(prediction_method="t(k-1)")
    assert three.pi_high > plain.pi_high > plain.estimate
    assert meta.leave_one_out(three).table["pi_low"].isna().all()
    with pytest.raises(meta.DataError, match="'NNF' is made for random effects"):
        three.refit(tau2=0.1)
    with pytest.raises(meta.DataError, match="belongs to one answer of pool"):
        meta.subgroups(three, by=["a", "b", "b"], shared_tau2=True)
    assert set(meta.by_pymare(plain)["quantity"]) - set(meta.by_pymare(three)["quantity"]) == {
        "pi_low", "pi_high",
    }  # fmt: skip


def test_all_faults_are_named_at_once():
    with pytest.raises(meta.DataError) as caught:
        meta.pool([0.1, np.nan, np.inf], [0.1, 0.0, -1.0], labels=["A", "B", "C"])
    message = str(caught.value)
    assert len(caught.value.faults) == 4
    for part in ("yi[1] (B)", "vi[1] (B)", "yi[2] (C)", "vi[2] (C) is -1.0"):
        assert part in message


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: meta.pool([0.1, 0.2], [0.1]), "the lengths differ: yi has 2, vi has 1"),
        (lambda: meta.pool([0.1, 0.2], [0.1, 0.2], labels=["A"]), "labels has 1"),
        (lambda: meta.pool([0.1, 0.2]), "vi is missing"),
        (lambda: meta.pool(["a", 0.2], [0.1, 0.1]), "yi[0] is 'a'; needed: a number"),
        (lambda: meta.pool([[0.1], [0.2]], [0.1, 0.1]), "dimensions"),
        (lambda: meta.pool([0.1, 0.2], [0.1, 0.1], tau2_method="PM2"), "use one of 'DL'"),
        (lambda: meta.pool([0.1, 0.2], [0.1, 0.1], ci_method="KR"), "ci_method='KR'"),
        (lambda: meta.pool([0.1, 0.2], [0.1, 0.1], model="fixed"), "model='fixed'"),
        (lambda: meta.pool([0.1, 0.2], [0.1, 0.1], prediction_method="t"), "prediction_method"),
        (lambda: meta.pool([0.1, 0.2], [0.1, 0.1], ci_level=95), "ci_level is 95"),
        (lambda: meta.pool([0.1, 0.2], [0.1, 0.1], measure="XY"), "unknown measure 'XY'"),
    ],
)
def test_bad_input_says_what_is_needed(call, words):
    with pytest.raises(meta.DataError) as caught:
        call()
    assert words in str(caught.value)


def test_nothing_to_pool():
    with pytest.raises(meta.TooFewStudies):
        meta.pool([], [])


def test_ratio_measures_are_read_as_ratios():
    ref = reference("bcg_RR")
    fit = meta.pool(ref["yi"], ref["vi"], measure="RR")
    assert fit.effect_text() == "0.49 (0.33 to 0.73)"
    assert "Risk ratio 0.49 (0.33 to 0.73)" in fit.sentence()


def test_result_is_frozen_and_turns_into_json():
    fit = meta.pool([0.1, 0.4], [0.05, 0.04], labels=["A <b>", "B"], prediction_method="t(k-2)")
    with pytest.raises(AttributeError):
        fit.estimate = 3
    values = json.loads(json.dumps(fit.to_dict(), allow_nan=False))
    assert values["pi_low"] is None
    assert values["effects"][0]["label"] == "A <b>"
    assert values["schema"] == "meta/1"
    assert values["kind"] == "Pooled"
    assert list(fit.to_frame().columns)[:3] == ["measure", "scale", "model"]
    assert "<b>" not in fit.effects._repr_html_()
    assert 'scope="row"' in fit._repr_html_()


def test_interval_table_has_all_three_methods():
    ref = reference("bcg_RR")
    table = meta.pool(ref["yi"], ref["vi"]).intervals().table.set_index("ci_method")
    assert list(table.index) == ["wald", "HK", "HK-adhoc"]
    assert table.loc["HK", "in_use"]
    assert (table.loc["wald", "ci_low"], table.loc["wald", "ci_high"]) == pytest.approx(
        (-1.066898, -0.362167), abs=5e-7
    )


def test_tables_of_effects_are_read_on_the_named_scale():
    ref = reference("bcg_RR")
    fit = meta.pool(ref["yi"], ref["vi"], measure="RR")
    believed = meta.bayes(fit)
    for answer in (fit.intervals(), meta.blup(fit), believed.shrinkage(), believed.sensitivity()):
        shown = answer.to_frame()
        assert set(shown["scale"]) == {"Risk ratio"}
        np.testing.assert_allclose(shown["estimate"], np.exp(answer.table["estimate"]))
        assert "Risk ratio" in str(answer)


def test_notes_on_demand_are_those_of_the_answer():
    def fit():
        return meta.pool([-0.5, -0.1, -0.4], [0.04, 0.09, 0.06])

    said = fit().notes
    assert said
    assert any("prediction interval" in note for note in said)
    for other in (pickle.loads(pickle.dumps(fit())), copy.copy(fit()), replace(fit(), k=3)):
        assert other.notes == said
    assert all(note in str(fit()) for note in said)
    with pytest.raises(AttributeError, match="note'"):
        fit().note  # noqa: B018
