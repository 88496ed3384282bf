"""The step-function selection model against metafor, numerical integrals, and simulation."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from reference_answers import reference
from scipy import integrate, optimize, stats

import meta
from meta.errors import DataError, NotComparable, NotConverged, TooFewStudies
from meta.synthesis.bias.step_likelihood import StepLikelihood, maximise

# what two searches for the same maximum can agree on
ITERATIVE = 1e-5


def fit_of(name, **settings):
    ref = reference(name)
    return meta.pool(ref["yi"], ref["vi"], **settings)


def test_hackshaw1998_equals_metafor():
    answer = meta.selection_model(
        fit_of("hackshaw1998_GEN"), steps=(0.05, 0.10, 0.50, 1.0), alternative="greater"
    )
    # metafor's own test of selmodel(type = "stepfun"); six decimals of a quasi-Newton search
    assert answer.delta["delta"].tolist() == pytest.approx(
        [1, 2.422079, 0.977543, 0.396713], rel=ITERATIVE
    )
    assert answer.delta["se"].tolist()[1:] == pytest.approx(
        [1.66085, 0.820387, 0.469235], rel=ITERATIVE
    )
    assert answer.lrt == pytest.approx(7.066137, abs=5e-7)
    assert answer.lrt_dof == 3
    assert answer.tau2 == pytest.approx(0.03071325, rel=ITERATIVE)
    assert answer.delta["k"].tolist() == [7, 8, 16, 6]


def likelihood(name="bcg_OR", limits=(0.025, 0.5)):
    ref = reference(name)
    return StepLikelihood(-np.asarray(ref["yi"]), np.asarray(ref["vi"]), np.array(limits))


def test_likelihood_is_a_normalised_density():
    model = likelihood()
    point = np.array([0.4, 0.2, np.log(0.5), np.log(0.2)])
    chances = np.array([1.0, 0.5, 0.2])
    total = 0.0
    for y, v in zip(model.y, model.v, strict=True):
        s = np.sqrt(v + point[1])

        def weighted(x, v=v, s=s):
            p = stats.norm.sf(x / np.sqrt(v))
            return chances[np.searchsorted([0.025, 0.5], p)] * stats.norm.pdf(x, point[0], s)

        breaks = np.sqrt(v) * stats.norm.isf([0.025, 0.5])
        edges = [point[0] - 12 * s, *sorted(breaks), point[0] + 12 * s]
        norm = sum(integrate.quad(weighted, a, b)[0] for a, b in itertools.pairwise(edges) if a < b)
        total += np.log(weighted(y) / norm)
    assert model(point)[0] == pytest.approx(total, rel=1e-9)


def test_gradient_is_that_of_the_likelihood():
    model = likelihood()
    point = np.array([0.4, 0.2, np.log(0.5), np.log(0.2)])
    numerical = optimize.approx_fprime(point, lambda x: model(x)[0], 1e-7)
    # forward differences of step 1e-7 keep about six digits
    np.testing.assert_allclose(model(point)[1], numerical, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    "name",
    ["bcg_OR", "egger2001_OR", "lee2004_RR", "curtis1998_MD", "raudenbush1985_GEN", "li2007_RD"],
)
def test_the_maximum_is_one(name):
    fit = fit_of(name)
    answer = meta.selection_model(fit)
    sign = 1 if answer.alternative == "greater" else -1
    model = StepLikelihood(sign * fit.effects.yi, fit.effects.vi, np.array([0.025]))
    point = np.array([sign * answer.estimate, answer.tau2, np.log(answer.delta["delta"][1])])
    value, gradient = model(point)
    assert answer.log_likelihood == pytest.approx(value, rel=1e-9)
    # in units of the parameters' own errors
    assert abs(gradient[0]) * answer.se < 1e-5
    assert abs(gradient[2]) < 1e-5
    if answer.tau2 > 0:
        assert abs(gradient[1]) * answer.tau2_se < 1e-5
    else:
        assert gradient[1] <= 0
        assert np.isnan(answer.tau2_se)
    rng = np.random.default_rng(1)
    for _ in range(200):
        start = point + rng.normal(size=3) * np.array([answer.se, answer.tau2 + 1e-3, 1.0])
        start[1] = abs(start[1])
        assert model(start)[0] <= value + 1e-9


def test_the_test_of_no_selection_uses_the_ml_fit():
    fit = fit_of("egger2001_OR")
    answer = meta.selection_model(fit)
    ml = meta.pool(fit.effects, tau2_method="ML", ci_method="wald")
    assert answer.unadjusted_estimate == pytest.approx(ml.estimate, rel=1e-6)
    assert answer.unadjusted_tau2 == pytest.approx(ml.tau2, rel=1e-6)
    spread = fit.effects.vi + ml.tau2
    plain = stats.norm.logpdf(fit.effects.yi, ml.estimate, np.sqrt(spread)).sum()
    assert answer.lrt == pytest.approx(2 * (answer.log_likelihood - plain), rel=1e-7)
    assert answer.lrt_p_value == pytest.approx(stats.chi2.sf(answer.lrt, 1))


def published(chance, seed, count=400, mean=0.2, tau=0.15):
    rng = np.random.default_rng(seed)
    vi = rng.uniform(0.01, 0.15, 20 * count)
    yi = rng.normal(mean, np.sqrt(vi + tau**2))
    significant = stats.norm.sf(yi / np.sqrt(vi)) < 0.025
    kept = significant | (rng.uniform(size=len(yi)) < chance)
    return meta.pool(yi[kept][:count], vi[kept][:count])


def test_selection_is_found_and_undone():
    fit = published(0.2, seed=3)
    answer = meta.selection_model(fit)
    # 400 studies: the truth lies within three standard errors, the plain mean far off
    assert answer.estimate == pytest.approx(0.2, abs=3 * answer.se)
    assert fit.estimate > 0.2 + 3 * fit.se
    row = answer.delta.iloc[1]
    assert row["ci_low"] < 0.2 < row["ci_high"]
    assert answer.lrt_p_value < 0.001
    assert meta.selection_model(published(1.0, seed=4)).lrt_p_value > 0.01


def test_sides_mirror_each_other():
    fit = fit_of("bcg_OR")
    assert fit.estimate < 0
    answer = meta.selection_model(fit)
    assert answer.alternative == "less"
    turned = meta.pool(-fit.effects.yi, fit.effects.vi)
    other = meta.selection_model(turned, alternative="greater")
    assert other.estimate == pytest.approx(-answer.estimate, rel=1e-6)
    assert other.ci_low == pytest.approx(-answer.ci_high, rel=1e-6)
    assert other.lrt == pytest.approx(answer.lrt, rel=1e-6)
    assert meta.selection_model(fit, alternative="less").estimate == answer.estimate


def test_unit_does_not_matter():
    fit = fit_of("egger2001_OR")
    small = meta.pool(fit.effects.yi / 1e4, fit.effects.vi / 1e8)
    one, other = meta.selection_model(fit), meta.selection_model(small)
    assert other.estimate == pytest.approx(one.estimate / 1e4, rel=1e-6)
    assert other.tau2 == pytest.approx(one.tau2 / 1e8, rel=1e-6)
    assert other.lrt == pytest.approx(one.lrt, rel=1e-6)


def test_ratio_measures_are_shown_as_ratios():
    answer = meta.selection_model(fit_of("egger2001_OR", measure="OR"))
    assert f"{np.exp(answer.estimate):.2f}" in str(answer)
    assert "No selection" in answer._repr_html_()
    assert answer.to_dict()["delta"][0]["se"] is None


def test_empty_intervals_are_named():
    with pytest.raises(NotComparable, match=r"from 0 to 0\.025"):
        meta.selection_model(fit_of("hine1989_RD"))
    with pytest.raises(NotComparable, match=r"from 0\.025 to 1"):
        meta.selection_model(fit_of("pritz1997_PFT"))


def test_wrong_settings():
    fit = fit_of("bcg_OR")
    for steps in ((), (0.5, 0.025), (0.0,), (1.0,), (-0.1, 0.5)):
        with pytest.raises(DataError, match="rising limits"):
            meta.selection_model(fit, steps=steps)
    with pytest.raises(DataError, match=r"steps is \(nan,\); needed"):
        meta.selection_model(fit, steps=(np.nan,))
    with pytest.raises(DataError, match=r"alternative='two\.sided'"):
        meta.selection_model(fit, alternative="two.sided")
    with pytest.raises(TooFewStudies, match="3 parameters"):
        meta.selection_model(meta.pool([0.1, 0.5, 0.9], [0.1, 0.1, 0.1]))
    with pytest.raises(NotComparable, match="no effect"):
        meta.selection_model(fit_of("pritz1997_PLO", measure="PLO"))


def test_a_likelihood_on_a_ridge_is_an_error():
    # one study far beyond significance, four far from it: mean and selection trade off freely
    yi, vi = [1.325, 0.472, -0.043, -0.237, 0.380], [0.029, 0.066, 0.246, 0.362, 0.464]
    with pytest.raises(NotConverged, match="fewer steps"):
        meta.selection_model(meta.pool(yi, vi))


def test_strong_selection_is_an_answer():
    # every effect but one sits just beyond significance
    vi = np.array([0.04, 0.09, 0.16, 0.25, 0.36, 0.01])
    yi = 2.0 * np.sqrt(vi)
    yi[-1] = -0.02
    answer = meta.selection_model(meta.pool(yi, vi))
    assert answer.delta["delta"][1] < 0.05
    assert answer.estimate < 0.1 < answer.unadjusted_estimate


def test_thin_intervals_are_said():
    answer = meta.selection_model(fit_of("nielweise2008_IRR"))
    assert any("very few studies" in note for note in answer.notes)
    assert any("not informative" in note for note in answer.notes)


def test_maximise_reports_the_value_at_its_point():
    model = likelihood(limits=(0.025,))
    point, value = maximise(model)
    assert model(point)[0] == value


SELECTION = reference("../models/further")["hackshaw1998_selection"]


def test_profile_interval_of_the_chance_of_publication_equals_metafor():
    fit = meta.pool(SELECTION["yi"], SELECTION["vi"], measure="OR")
    answer = meta.selection_model(fit, alternative="greater")
    row = answer.profile_intervals().iloc[0]
    assert row["p_from"] == 0.025
    want = SELECTION["step"]["profile"]
    assert row[["ci_low", "ci_high"]].tolist() == pytest.approx(want, rel=1e-5)


def test_given_chances_of_publication_equal_metafor():
    """The weights of Vevea and Woods (2005) for moderate one-sided selection."""
    steps = (0.005, 0.01, 0.05, 0.1, 0.25, 0.35, 0.5, 0.65, 0.75, 0.9, 0.95, 0.99, 0.995, 1)
    delta = (1, 0.99, 0.95, 0.8, 0.75, 0.65, 0.6, 0.55, *[0.5] * 6)
    fit, want = meta.pool(SELECTION["yi"], SELECTION["vi"], measure="OR"), SELECTION["given"]
    answer = meta.selection_model(fit, steps=steps, delta=delta, alternative="greater")
    assert answer.estimate == pytest.approx(want["estimate"], abs=2e-5 * answer.se)
    assert answer.se == pytest.approx(want["se"], rel=1e-5)
    assert answer.tau2 == pytest.approx(want["tau2"], rel=1e-4)
    assert answer.log_likelihood == pytest.approx(want["log_likelihood"], rel=1e-6)
    assert answer.delta["delta"].tolist() == list(delta)
    assert np.isnan(answer.lrt)
    assert answer.refit() == answer
    assert "given chances" in str(answer)
    with pytest.raises(meta.DataError, match="were given"):
        answer.profile_intervals()
    # no selection at all is maximum likelihood
    none = meta.selection_model(fit, delta=(1, 1))
    plain = fit.refit(tau2_method="ML", ci_method="wald")
    assert (none.estimate, none.tau2) == pytest.approx((plain.estimate, plain.tau2), rel=1e-6)


@pytest.mark.parametrize(
    ("delta", "said"),
    [((1,), "each of the 2"), ((1, 0), "above 0"), ((0.5, 1), "begins with 0.5"), ("ab", "each")],
)
def test_given_chances_that_cannot_be(delta, said):
    fit = meta.pool(SELECTION["yi"], SELECTION["vi"], measure="OR")
    with pytest.raises(meta.DataError, match=said):
        meta.selection_model(fit, delta=delta)
