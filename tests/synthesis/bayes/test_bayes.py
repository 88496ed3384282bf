import time
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

import meta
from meta.synthesis.bayes.priors import PUBLISHED, mu_prior, tau_prior

# Rubin (1981), eight schools
SCHOOLS = np.array([28.39, 7.94, -2.75, 6.82, -0.64, 0.63, 18.01, 12.16])
SCHOOLS_SE = np.array([14.9, 10.2, 16.3, 11.0, 9.4, 11.4, 10.4, 17.6])
Y, V = np.array([-0.5, -0.1, -0.4]), np.array([0.04, 0.09, 0.06])


@pytest.fixture(scope="module")
def schools():
    return meta.bayes(SCHOOLS, SCHOOLS_SE**2, tau_prior="halfcauchy(25)", mu_prior="normal(0, 50)")


def test_eight_schools_tau_as_printed_by_bayesmeta(schools):
    # vignette "bayesmeta" of the R package bayesmeta (Röver), print(schools.example.1) and
    # post.interval(tau.level=0.95, method="central"): seven printed digits
    assert schools.tau == pytest.approx(4.758539, abs=6e-7)
    assert schools.tau_mean == pytest.approx(5.884511, abs=6e-7)
    assert schools.tau_low == pytest.approx(0.2199559, abs=6e-8)
    assert schools.tau_high == pytest.approx(18.0531718, abs=6e-8)
    assert schools.posterior.tau_quantile(0.95) == pytest.approx(15.16589, abs=6e-6)


def test_eight_schools_effect_as_printed_by_bayesmeta(schools):
    # the same vignette; bayesmeta approximates mu by a discrete mixture (delta 0.01, epsilon 1e-4),
    # so its last digits are its own
    assert schools.estimate == pytest.approx(7.962961, abs=1e-3)
    assert schools.mean == pytest.approx(7.985729, abs=1e-3)
    assert schools.se == pytest.approx(4.995762, abs=1e-3)
    assert schools.probability(above=0) == pytest.approx(0.9487521, abs=1e-4)
    assert schools.posterior.mu().quantile(0.95)[0] == pytest.approx(16.11009, abs=2e-3)


def test_eight_schools_shrinkage_as_printed_by_bayesmeta(schools):
    median = schools.shrinkage().table["estimate"].to_numpy()
    assert median[[0, 6, 7]] == pytest.approx([10.093581, 9.786985, 8.266594], abs=2e-2)


@pytest.mark.parametrize(
    ("text", "density"),
    [
        ("halfnormal(0.5)", stats.halfnorm(scale=0.5).pdf),
        ("halfcauchy(0.3)", stats.halfcauchy(scale=0.3).pdf),
        ("uniform(0, 2)", stats.uniform(0, 2).pdf),
        ("bartos2021", stats.invgamma(1.71, scale=0.40).pdf),
    ],
)
def test_two_dimensional_quadrature(text, density):
    """Integrate over mu and tau by brute force, with none of the closed forms."""
    fit = meta.bayes(Y, V, tau_prior=text, mu_prior="normal(0, 2)", measure="SMD")

    # a product rule: 240 nodes in mu over all that is not negligible, panels in tau
    x, w = np.polynomial.legendre.leggauss(240)
    tau_edges = [1e-12, 0.05, 0.2, 0.5, 1.0, 2.0] + (
        [] if "uniform" in text else [5.0, 20.0, 1e2, 1e3, 1e4]
    )
    total = below = 0.0
    z, u = np.polynomial.legendre.leggauss(40)
    for a, b in pairwise(tau_edges):
        tau = (a + b) / 2 + (b - a) / 2 * z
        spread = np.sqrt(V[:, None] + tau**2)
        for lower, upper in ((-18.0, -0.3), (-0.3, 18.0)):
            mu = (lower + upper) / 2 + (upper - lower) / 2 * x
            grid = stats.norm(mu[:, None, None], spread.T).pdf(Y).prod(axis=2)
            grid *= stats.norm(0, 2).pdf(mu)[:, None] * density(tau)
            mass = (upper - lower) / 2 * (b - a) / 2 * w @ grid @ u
            total += mass
            below += mass if upper < 0 else 0.0
    # 1e-6: the accuracy that is promised; the brute force itself is good to about 1e-8
    assert fit.probability(below=-0.3) == pytest.approx(below / total, abs=1e-6)


def test_point_prior_near_zero_is_the_common_effect():
    # tau below 4e-6, against standard errors of 0.2: the answer cannot differ in 9 digits
    fit = meta.bayes(Y, V, tau_prior="halfnormal(0.000001)")
    weight = 1 / V
    estimate, se = weight @ Y / weight.sum(), weight.sum() ** -0.5
    z = stats.norm.ppf(0.975)
    assert fit.estimate == pytest.approx(estimate, abs=1e-9)
    assert [fit.ci_low, fit.ci_high] == pytest.approx([estimate - z * se, estimate + z * se])
    assert fit.shrinkage().table["estimate"].to_numpy() == pytest.approx(estimate, abs=1e-6)


def test_point_prior_near_zero_with_a_prior_of_the_effect():
    fit = meta.bayes(Y, V, tau_prior="halfnormal(0.000001)", mu_prior="normal(1, 0.1)")
    precision = (1 / V).sum() + 100
    assert fit.mean == pytest.approx(((Y / V).sum() + 100) / precision, abs=1e-9)
    assert fit.se == pytest.approx(precision**-0.5)


def test_many_studies_agree_with_reml():
    rng = np.random.default_rng(1)
    vi = rng.uniform(0.01, 0.1, 800)
    yi = rng.normal(-0.3, np.sqrt(vi + 0.04))
    fit = meta.bayes(yi, vi)
    pooled = meta.pool(yi, vi, ci_method="wald")
    # the prior is worth about one study in 800
    assert fit.estimate == pytest.approx(pooled.estimate, abs=2e-4)
    assert fit.ci_low == pytest.approx(pooled.ci_low, abs=1e-3)
    assert fit.tau == pytest.approx(np.sqrt(pooled.tau2), abs=2e-3)


def test_one_study_is_the_prior_spread_over_it():
    fit = meta.bayes([-0.5], [0.04], tau_prior="halfnormal(0.5)", measure="SMD")
    assert fit.tau == pytest.approx(0.5 * stats.halfnorm.ppf(0.5))
    assert fit.se == pytest.approx(np.sqrt(0.04 + 0.25))
    assert any("one trial, not a meta-analysis" in note for note in fit.notes)


def test_posterior_density_integrates_to_one_and_matches_the_quantiles(schools):
    for of in ("mu", "prediction"):
        grid = schools.density(of, points=2001)
        # trapezium over the central 99.9 %
        assert integrate.trapezoid(grid["density"], grid["x"]) == pytest.approx(0.999, abs=1e-4)
    grid = schools.density("tau", points=4001)
    assert integrate.trapezoid(grid["density"], grid["x"]) == pytest.approx(0.995, abs=1e-4)
    assert grid["prior"].iloc[0] == pytest.approx(2 / (np.pi * 25), rel=1e-6)


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.tuples(st.floats(-3, 3), st.floats(0.01, 2)), min_size=2, max_size=6),
    st.floats(0.001, 1000),
)
def test_scale_and_sign(studies, factor):
    y, v = map(np.array, zip(*studies, strict=True))
    fit = meta.bayes(y, v, tau_prior="halfnormal(0.5)")
    other = meta.bayes(-factor * y, factor**2 * v, tau_prior=f"halfnormal({0.5 * factor!r})")
    size = factor * fit.tau_high
    assert other.estimate == pytest.approx(-factor * fit.estimate, abs=1e-7 * size)
    assert other.ci_low == pytest.approx(-factor * fit.ci_high, abs=1e-7 * size)
    assert other.tau == pytest.approx(factor * fit.tau, rel=1e-7)
    assert fit.pi_low <= fit.ci_low < fit.estimate < fit.ci_high <= fit.pi_high


def test_probabilities_add_up(schools):
    inside = schools.probability(below=5) - schools.probability(below=-5)
    assert inside + schools.probability(beyond=5) == pytest.approx(1, abs=1e-12)
    assert schools.probability(above=3) == pytest.approx(1 - schools.probability(below=3))
    assert schools.probability(below=0, of="prediction") > schools.probability(below=0)
    # an upper tail keeps its digits
    assert 0 < schools.probability(above=400) < 1e-3


def test_a_wider_prior_widens_the_interval():
    table = (
        meta.bayes(Y, V).sensitivity(["halfnormal(0.25)", "halfnormal(0.5)", "halfnormal(1)"]).table
    )
    by_prior = table.set_index("tau_prior")
    width = by_prior["ci_high"] - by_prior["ci_low"]
    assert width["halfnormal(0.25)"] < width["halfnormal(0.5)"] < width["halfnormal(1)"]
    assert table["in_use"].tolist() == [True, False, False]


def test_sensitivity_offers_the_published_priors_of_the_measure():
    smd = set(meta.bayes(Y, V, measure="SMD").sensitivity().table["tau_prior"])
    assert {"rhodes2015", "bartos2021"} <= smd
    assert "turner2015" not in smd
    assert "turner2015" in set(meta.bayes(Y, V, measure="OR").sensitivity().table["tau_prior"])


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_priors_are_proper(name):
    prior = tau_prior(name, "GEN")
    u = np.linspace(-150, 150, 600_001)
    # heavy tails of the log-t priors hold less than 1e-8 beyond
    assert integrate.trapezoid(np.exp(prior.log_density(u)), u) == pytest.approx(1, abs=1e-7)
    mass = integrate.trapezoid(
        np.exp(prior.log_density(u[u <= np.log(prior.quantile(0.5))])),
        u[u <= np.log(prior.quantile(0.5))],
    )
    assert mass == pytest.approx(0.5, abs=1e-3)
    assert prior.source


def test_rhodes_median_of_tau2():
    # the median of the log-t distribution of tau2 is exp(location)
    assert tau_prior("rhodes2015", "SMD").quantile(0.5) ** 2 == pytest.approx(np.exp(-3.44))


def test_heavy_tails_are_named():
    fit = meta.bayes([-0.5], [0.04], tau_prior="halfcauchy(0.5)")
    assert fit.se == np.inf
    assert fit.tau_mean == np.inf
    assert np.isnan(fit.mean)
    assert any("infinite" in note for note in fit.notes)
    assert fit.to_dict()["se"] is None


def test_a_fit_effects_and_arrays_give_the_same():
    pooled = meta.pool(Y, V, measure="SMD")
    assert meta.bayes(pooled) == meta.bayes(pooled.effects)
    assert meta.bayes(pooled).estimate == meta.bayes(Y, V, measure="SMD").estimate


def test_texts():
    fit = meta.bayes(np.log([0.8, 0.7]), [0.02, 0.03], measure="RR")
    assert "Risk ratio 0.75" in fit.sentence()
    assert "below 1" in str(fit)
    assert "halfnormal(0.5)" in fit.sentence()
    assert "<table" in fit._repr_html_()
    assert len(fit.to_frame()) == 1
    mean_difference = meta.bayes([3.0, 5.0], [1.0, 2.0], measure="MD")
    assert any("units of the effect" in note for note in mean_difference.notes)


def test_bad_priors_are_named_together():
    with pytest.raises(meta.DataError) as caught:
        meta.bayes(Y, V, tau_prior="gamma(1)", mu_prior="normal(0)")
    assert len(caught.value.faults) == 2
    assert "halfnormal(scale)" in str(caught.value)
    assert "normal(mean, sd)" in str(caught.value)


@pytest.mark.parametrize(
    "text", ["halfnormal(0)", "halfnormal(-1)", "uniform(1, 2)", "uniform(0)", "halfcauchy(1, 2)"]
)
def test_impossible_parameters(text):
    with pytest.raises(meta.DataError, match="cannot be read"):
        tau_prior(text, "SMD")


def test_mu_prior_needs_a_positive_spread():
    with pytest.raises(meta.DataError, match="sd above 0"):
        mu_prior("normal(0, 0)")


def test_published_prior_of_another_measure():
    with pytest.raises(meta.NotComparable, match="SMD"):
        meta.bayes(Y, V, measure="MD", tau_prior="rhodes2015")


def test_bad_arguments(schools):
    with pytest.raises(meta.DataError, match="vi is missing"):
        meta.bayes(Y)
    with pytest.raises(meta.DataError, match="cannot be given"):
        meta.bayes(meta.pool(Y, V), V)
    with pytest.raises(meta.DataError, match="ci_level"):
        meta.bayes(Y, V, ci_level=95)
    with pytest.raises(meta.DataError, match="2 limits"):
        schools.probability(below=0, above=1)
    with pytest.raises(meta.DataError, match=">= 0"):
        schools.probability(beyond=-1)
    with pytest.raises(meta.DataError, match="of="):
        schools.probability(below=0, of="tau")
    with pytest.raises(meta.TooFewStudies):
        meta.bayes(meta.pool(Y, V).effects.subset([]))


def test_speed():
    meta.bayes(Y, V)
    start = time.process_time()
    for _ in range(5):
        meta.bayes(np.tile(Y, 7), np.tile(V, 7))
    # about 15 ms each; the bound leaves room for a busy machine
    assert (time.process_time() - start) / 5 < 0.2


@pytest.mark.parametrize(
    ("k", "mu", "mean_exists", "sd_exists", "said"),
    [
        # the prior of tau falls like tau^-2, the likelihood of k studies by tau^-(k - 1) more
        # with a flat prior of the mean, by tau^-k with another
        (1, None, False, False, "the posterior mean of tau is infinite"),
        (2, None, True, False, "the posterior standard deviation is infinite"),
        (3, None, True, True, ""),
        (1, "normal(0, 2)", True, True, ""),
        (2, "normal(0, 2)", True, True, ""),
    ],
)
def test_which_moments_exist_under_a_heavy_tail(k, mu, mean_exists, sd_exists, said):
    found = meta.bayes(
        [0.1, 0.4, -0.2][:k], [0.04, 0.09, 0.06][:k], tau_prior="halfcauchy(0.5)", mu_prior=mu
    )
    assert np.isfinite(found.tau_mean) == mean_exists
    assert np.isfinite(found.mean) == mean_exists
    assert np.isfinite(found.se) == sd_exists
    told = [note for note in found.notes if "is infinite" in note]
    assert [note.startswith(said) for note in told] == [True] * bool(said)


@pytest.mark.parametrize(
    ("mu", "said"), [(None, "is the prior"), ("normal(0, 2)", "is almost the")]
)
def test_one_study_says_nothing_of_tau_and_a_prior_of_the_mean_a_little(mu, said):
    found = meta.bayes([0.1], [0.04], tau_prior="halfnormal(0.5)", mu_prior=mu)
    (note,) = [each for each in found.notes if each.startswith("k = 1")]
    assert said in note
