"""Henmi-Copas, excess significance, fail-safe numbers and beta selection against metafor."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from reference_answers import reference
from scipy import stats

import meta
from meta.errors import DataError, NotComparable, TooFewStudies

ANSWERS = reference("../metafor5/bcg_bias")
# dat.dorn2007 (metadat): log risk ratios of 19 trials of complementary medicine against placebo
DORN = (
    [0.797550300261444, -0.0815799869924229, -0.0689928714869514, 0.387527407421497,
     0.445793153495136, 1.56861591791385, 0.686178511243852, 0.268263986594679,
     -0.143100843640673, -0.23038121861444, 0.628608659422374, 0.634603724947335,
     -0.268263986594679, 1.84582669049833, -0.117283160614733, 0.955511445027436,
     0.901023259743367, 0.646676306181604, 0.396415272588247],
    [0.0678260600560964, 0.0320276497695853, 0.0395445134575569, 0.148567119155354,
     0.177060459669155, 0.172701149425287, 0.0728681041181041, 0.0246354952237305,
     0.28974358974359, 0.0524647668715465, 0.0740196078431373, 0.0381884146590029,
     0.075140545728781, 0.285964912280702, 0.0260769615192404, 0.151923076923077,
     0.0962354312354312, 0.0483066967896689, 0.022986622986623],
)  # fmt: skip


def bcg(**settings):
    answers = reference("bcg_RR")
    return meta.pool(answers["yi"], answers["vi"], measure="RR", **settings)


def test_henmi_copas_equals_metafor():
    answer, want = meta.henmi_copas(bcg()), ANSWERS["henmi_copas"]
    assert answer.estimate == pytest.approx(want["estimate"], rel=1e-10)
    assert answer.se == pytest.approx(want["se"], rel=1e-10)
    # metafor's root search stops at about 1e-4
    assert [answer.ci_low, answer.ci_high] == pytest.approx(want["ci"], abs=1e-4)
    assert "Henmi-Copas interval (2.56 standard errors)" in answer.method_text()
    low, high = answer.interval(0.9)
    assert answer.ci_low < low < high < answer.ci_high


@pytest.mark.parametrize(
    ("name", "estimate", "low", "high"),
    [
        ("lee2004_OR", -0.5144602260962, -0.9993831497144, -0.0295373024779),
        ("hackshaw1998_GEN", 0.1857602036468, 0.0830225281267, 0.2884978791669),
    ],
)
def test_henmi_copas_equals_metafor_elsewhere(name, estimate, low, high):
    answers = reference(name)
    answer = meta.henmi_copas(meta.Effects.from_arrays(answers["yi"], answers["vi"]))
    assert answer.estimate == pytest.approx(estimate, rel=1e-9)
    assert (answer.ci_low, answer.ci_high) == pytest.approx((low, high), abs=1e-4)


def test_excess_significance_equals_metafor():
    for fit, want in (
        (bcg(), ANSWERS["excess_significance"]),
        # metafor 3.8: exact p 0.0077785
        (meta.pool(*DORN, measure="RR", model="common"),
         {"observed": 10, "expected": 4.9233, "p": 0.0077785}),
    ):  # fmt: skip
        answer = meta.excess_significance(fit)
        assert answer.observed == want["observed"]
        assert answer.expected == pytest.approx(want["expected"], rel=2e-5)
        assert answer.p_value == pytest.approx(want["p"], rel=2e-4)
    # by hand: every set of significant studies
    small = meta.excess_significance(bcg().subset(range(5)))
    power = small.power["power"].to_numpy()
    total = sum(
        np.prod([p if hit else 1 - p for p, hit in zip(power, hits, strict=True)])
        for hits in itertools.product([0, 1], repeat=5)
        if sum(hits) >= small.observed
    )
    assert small.p_value == pytest.approx(total, rel=1e-12)


def test_fail_safe_numbers_equal_metafor():
    assert meta.fail_safe_n(bcg()).n == ANSWERS["failsafe_rosenthal"] == 598
    orwin = meta.fail_safe_n(bcg(), method="Orwin")
    assert orwin.n == ANSWERS["failsafe_orwin"] == 13
    assert orwin.target == pytest.approx(np.exp(bcg().effects.yi.mean() / 2))
    assert any("not advised" in note for note in orwin.notes)
    # by hand: with that many of z = 0 the sum of z is just not significant
    z = bcg().effects.yi / bcg().effects.sei
    for more, significant in ((597, True), (598, False)):
        assert (abs(z.sum()) / np.sqrt(13 + more) > stats.norm.isf(0.05)) == significant


def test_smooth_selection_equals_metafor():
    answer, want = meta.smooth_selection(bcg(), alternative="greater"), ANSWERS["selection_beta"]
    assert answer.estimate == pytest.approx(want["estimate"], rel=5e-4)
    assert answer.se == pytest.approx(want["se"], rel=5e-4)
    assert answer.tau2 == pytest.approx(want["tau2"], rel=5e-4)
    assert answer.delta["delta"].tolist() == pytest.approx(want["delta"], rel=5e-4)
    assert answer.lrt == pytest.approx(want["lrt"], rel=5e-4)
    assert answer.lrt_p_value == pytest.approx(want["lrt_p"], rel=5e-4)
    ml = bcg(tau2_method="ML")
    assert answer.unadjusted_estimate == pytest.approx(ml.estimate, rel=1e-6)
    assert answer.unadjusted_tau2 == pytest.approx(ml.tau2, rel=1e-6)
    plain = ml.fit_statistics().log_likelihood
    assert answer.log_likelihood == pytest.approx(plain + answer.lrt / 2, rel=1e-6)
    assert answer.refit(ci_level=0.9).estimate == pytest.approx(answer.estimate, rel=1e-6)


def test_the_chance_of_publication_by_adaptive_quadrature():
    from scipy import integrate

    from meta.synthesis.bias.smooth_likelihood import SHAPES, SmoothLikelihood

    y, v = np.array([0.4, -0.1]), np.array([0.04, 0.3])
    point = np.array([0.2, 0.05, np.log(0.6), np.log(1.7)])
    total = 0.0
    for yi, vi in zip(y, v, strict=True):
        spread = np.sqrt(vi + 0.05)

        def weight(x, vi=vi):
            p = np.clip(stats.norm.sf(x / np.sqrt(vi)), 1e-5, 1 - 1e-5)
            return p ** (0.6 - 1) * (1 - p) ** (1.7 - 1)

        def density(x, spread=spread, weight=weight):
            return weight(x) * stats.norm.pdf(x, 0.2, spread)

        edges = [-4.2649 * np.sqrt(vi), 4.2649 * np.sqrt(vi)]
        chance = integrate.quad(density, -9, 9, points=edges, limit=400)[0]
        total += np.log(weight(yi) * stats.norm.pdf(yi, 0.2, spread) / chance)
    assert SmoothLikelihood(y, v, SHAPES["beta"])(point)[0] == pytest.approx(total, rel=1e-6)


def test_rosenbergs_number_equals_metafor():
    answer = meta.fail_safe_n(bcg(), method="Rosenberg")
    assert answer.n == reference("../models/further")["bcg_fsn"]["Rosenberg"] == 370
    assert "two-sided p of 0.05" in answer.sentence()
    # by hand: so many more of the mean weight leave the mean just not significant
    w, y = 1 / bcg().effects.vi, bcg().effects.yi
    for more, significant in ((369, True), (370, False)):
        weight = w.sum() + more * w.mean()
        assert (abs(w @ y) / np.sqrt(weight) > stats.norm.isf(0.025)) == significant


SELECTION = reference("../models/further")["hackshaw1998_selection"]


@pytest.mark.parametrize("shape", ["halfnorm", "negexp", "logistic", "power"])
def test_falling_weights_equal_metafor(shape):
    want = SELECTION[shape]
    fit = meta.pool(SELECTION["yi"], SELECTION["vi"], measure="OR")
    answer = meta.smooth_selection(fit, shape=shape, alternative="greater")
    # metafor's search stops at a relative change of 1e-10, which leaves five digits
    size = answer.se
    assert answer.estimate == pytest.approx(want["estimate"], abs=2e-5 * size)
    # and its standard errors are by numerical differences
    assert answer.se == pytest.approx(want["se"], rel=2e-2)
    assert answer.tau2 == pytest.approx(want["tau2"], rel=1e-4)
    assert answer.delta["delta"].tolist() == pytest.approx(want["delta"], rel=1e-4)
    assert answer.delta["se"].tolist() == pytest.approx(want["delta_se"], rel=2e-2)
    assert (answer.lrt, answer.lrt_p_value) == pytest.approx((want["LRT"], want["LRTp"]), rel=1e-4)
    assert answer.log_likelihood == pytest.approx(want["log_likelihood"], rel=1e-6)
    row = answer.profile_intervals().iloc[0]
    # metafor looks no lower than the limit that it was given, 1e-6
    low = 0.0 if want["profile"][0] == 1e-6 else want["profile"][0]
    assert row[["ci_low", "ci_high"]].tolist() == pytest.approx([low, want["profile"][1]], rel=1e-5)


def test_profile_limits_are_where_the_likelihood_has_fallen_enough():
    from scipy import optimize

    from meta.synthesis.bias.publication_side import seen_from
    from meta.synthesis.bias.smooth_likelihood import SHAPES, SmoothLikelihood

    fit = meta.pool(SELECTION["yi"], SELECTION["vi"], measure="OR")
    answer = meta.smooth_selection(fit, shape="negexp", alternative="greater")
    seen = seen_from(fit.effects, "greater")
    model, unit = SmoothLikelihood(seen.y, seen.v, SHAPES["negexp"]), seen.unit
    best = answer.log_likelihood + fit.k * np.log(unit)
    for limit in answer.profile_intervals().iloc[0][["ci_low", "ci_high"]]:
        found = optimize.minimize(
            lambda rest, limit=limit: -model(np.array([rest[0], rest[1] ** 2, np.log(limit)]))[0],
            [0.5, 1.0], method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-11},
        )  # fmt: skip
        assert 2 * (best + found.fun) == pytest.approx(stats.chi2.ppf(0.95, 1), rel=1e-5)


def test_weights_that_would_rise_are_no_selection():
    # the small trials are the welcome ones' opposite: large effects are those of large trials
    yi = [0.1, 0.2, 0.15, 0.5, 0.6, 0.55, 0.0, -0.1]
    vi = [0.1, 0.2, 0.3, 0.01, 0.02, 0.015, 0.2, 0.3]
    answer = meta.smooth_selection(meta.pool(yi, vi), shape="negexp", alternative="greater")
    plain = meta.pool(yi, vi, tau2_method="ML", ci_method="wald")
    assert answer.delta["delta"].item() == 0
    assert (answer.lrt, answer.lrt_p_value) == (0, 1)
    assert (answer.estimate, answer.se) == pytest.approx((plain.estimate, plain.se))
    assert any("no selection" in note for note in answer.notes)
    row = answer.profile_intervals().iloc[0]
    assert row["ci_low"] == 0
    assert row["ci_high"] > 0


def test_the_smooth_likelihood_has_its_gradient():
    from meta.synthesis.bias.smooth_likelihood import SHAPES, SmoothLikelihood

    y, v = np.array(SELECTION["yi"]) * 3, np.array(SELECTION["vi"]) * 9
    for shape in SHAPES.values():
        model = SmoothLikelihood(y, v, shape)
        point = np.array([0.3, 0.2, *np.log([0.7, 1.4][: shape.size])])
        steps = 1e-6 * np.eye(len(point))
        want = [(model(point + step)[0] - model(point - step)[0]) / 2e-6 for step in steps]
        np.testing.assert_allclose(model(point)[1], want, rtol=1e-5, atol=1e-6)


MOORE = reference("../models/limit_meta")


@pytest.mark.parametrize("method", ["DL", "REML"])
def test_limit_meta_equals_metasens(method):
    arms = {name: MOORE[name] for name in ("events_t", "n_t", "events_c", "n_c")}
    want, fit = MOORE[method], meta.pool(meta.effect_size("OR", **arms), tau2_method=method)
    answer = meta.limit_meta(fit)
    got = [answer.estimate, answer.se, answer.ci_low, answer.ci_high, answer.p_value]
    assert got == pytest.approx([want["estimate"], want["se"], *want["ci"], want["p"]], rel=1e-8)
    got = [answer.slope, answer.q, answer.q_small, answer.q_residual, answer.g2 / 100, answer.tau]
    names = ("alpha", "Q", "Q_small", "Q_residual", "G2", "tau")
    assert got == pytest.approx([want[name] for name in names], rel=1e-8)


def test_limit_meta_without_heterogeneity_is_pet():
    yi, vi = [-0.6, -0.5, -0.3, -0.2, -0.1], [0.20, 0.18, 0.10, 0.02, 0.01]
    answer, pet = (
        meta.limit_meta(meta.pool(yi, vi)),
        meta.pet_peese(meta.pool(yi, vi)).table.iloc[0],
    )
    assert answer.tau2 == 0
    assert answer.estimate == pytest.approx(pet["estimate"])
    with pytest.raises(DataError, match="the same in all studies"):
        meta.limit_meta(meta.pool([0.1, 0.2, 0.4], [0.1] * 3))


def test_what_cannot_be_asked():
    proportion = meta.pool_proportions([3, 4, 5], [20, 30, 40])
    for function in (meta.excess_significance, meta.fail_safe_n, meta.smooth_selection):
        with pytest.raises(NotComparable, match="no value that means no effect"):
            function(proportion)
    with pytest.raises(DataError, match="between no effect and the mean"):
        meta.fail_safe_n(bcg(), method="Orwin", target=1.5)
    with pytest.raises(DataError, match="alpha is 5"):
        meta.excess_significance(bcg(), alpha=5)
    with pytest.raises(TooFewStudies, match="4 parameters"):
        meta.smooth_selection(bcg().subset(range(4)))
    with pytest.raises(TooFewStudies):
        meta.henmi_copas(meta.Effects.from_arrays([0.1], [0.1]))
    clustered = meta.multilevel([0.1, 0.2, 0.4], [0.1, 0.1, 0.1], cluster=["a", "a", "b"])
    for function in (meta.excess_significance, meta.fail_safe_n, meta.henmi_copas):
        with pytest.raises(DataError):
            function(clustered)
