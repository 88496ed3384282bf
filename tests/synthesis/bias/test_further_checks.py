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


def test_beta_selection_equals_metafor():
    answer, want = meta.beta_selection(bcg(), alternative="greater"), ANSWERS["selection_beta"]
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

    from meta.synthesis.bias.beta_selection import _Likelihood

    y, v = np.array([0.4, -0.1]), np.array([0.04, 0.3])
    point = np.array([0.2, np.log(0.05), np.log(0.6), np.log(1.7)])
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
    assert _Likelihood(y, v)(point) == pytest.approx(total, rel=1e-6)


def test_what_cannot_be_asked():
    proportion = meta.pool_proportions([3, 4, 5], [20, 30, 40])
    for function in (meta.excess_significance, meta.fail_safe_n, meta.beta_selection):
        with pytest.raises(NotComparable, match="no value that means no effect"):
            function(proportion)
    with pytest.raises(DataError, match="between no effect and the mean"):
        meta.fail_safe_n(bcg(), method="Orwin", target=1.5)
    with pytest.raises(DataError, match="alpha is 5"):
        meta.excess_significance(bcg(), alpha=5)
    with pytest.raises(TooFewStudies, match="4 parameters"):
        meta.beta_selection(bcg().subset(range(4)))
    with pytest.raises(TooFewStudies):
        meta.henmi_copas(meta.Effects.from_arrays([0.1], [0.1]))
    clustered = meta.multilevel([0.1, 0.2, 0.4], [0.1, 0.1, 0.1], cluster=["a", "a", "b"])
    for function in (meta.excess_significance, meta.fail_safe_n, meta.henmi_copas):
        with pytest.raises(DataError):
            function(clustered)
