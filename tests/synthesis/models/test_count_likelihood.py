"""Counts with a normal parameter: brute-force integrals, their derivatives, and metafor."""

from __future__ import annotations

import numpy as np
import pytest
from reference_answers import reference
from scipy import integrate, optimize, special, stats

from meta.synthesis.models.count_likelihood import (
    Binomial,
    Hypergeometric,
    NormalMean,
    Poisson,
    TwoNormals,
)

# metafor calls glmer with seven points and stops its search early: four to five digits
METAFOR = 3e-4


def nielweise(informative=True):
    answers = reference("../metafor5/glmm_or")
    names = ("events_t", "n_t", "events_c", "n_c")
    a, n_t, c, n_c = (np.array(answers[name], dtype=float) for name in names)
    kept = (a + c > 0) & (a + c < n_t + n_c) if informative else np.ones(len(a), dtype=bool)
    return answers, a[kept], n_t[kept], c[kept], n_c[kept]


def fitted(family):
    model = NormalMean(family)
    tau, at = model.maximise()
    return at.mean, float(np.sqrt(np.linalg.inv(at.information(tau))[0, 0])), tau**2


def families():
    _, a, n_t, c, n_c = nielweise()
    rates = reference("../metafor5/rates_today")
    events = [np.array(rates[name], dtype=float) for name in ("events_t", "events_c")]
    time = [np.array(rates[name], dtype=float) for name in ("time_t", "time_c")]
    share = reference("../metafor5/proportions_glmm")["pritz1997"]
    answers = reference("../metafor5/glmm_or")
    return {
        "CM.EL": (Hypergeometric(a, n_t, n_c, a + c), answers["CM.EL"]),
        "CM.AL": (Binomial(a, a + c, np.log(n_t / n_c)), answers["CM.AL"]),
        "PLO": (
            Binomial(np.array(share["events"], float), np.array(share["n"], float)),
            share["GLMM"],
        ),
        "IRR": (
            Binomial(events[0], events[0] + events[1], np.log(time[0] / time[1])),
            rates["GLMM_CM_EL"],
        ),
        "IRLN": (Poisson(events[0], time[0]), rates["GLMM_IRLN"]),
    }


@pytest.mark.parametrize("name", ["CM.EL", "CM.AL", "PLO", "IRR", "IRLN"])
def test_equals_metafor(name):
    family, want = families()[name]
    mean, se, tau2 = fitted(family)
    assert mean == pytest.approx(want["beta"], rel=METAFOR)
    assert se == pytest.approx(want["se"], rel=METAFOR)
    assert tau2 == pytest.approx(want["tau2"], rel=METAFOR)


@pytest.mark.parametrize("name", ["CM.EL", "CM.AL", "PLO", "IRR", "IRLN"])
def test_the_integral_and_its_derivatives(name):
    family, _ = families()[name]
    model, mean, tau = NormalMean(family), family.start + 0.1, 0.8
    value, gradient, hessian = model.moments(mean, tau)
    k = len(family.best())
    brute = 0.0
    for study in range(k):

        def density(z, study=study):
            at = family.at(np.full((k, 1), mean + tau * z)).value[study, 0]
            return np.exp(at) * stats.norm.pdf(z)

        brute += np.log(integrate.quad(density, -12, 12, epsabs=0, epsrel=1e-10, limit=200)[0])
    assert value == pytest.approx(brute, rel=1e-7)

    def slope(at):
        return model.moments(at[0], at[1])[1]

    numeric = optimize.approx_fprime([mean, tau], lambda at: model.moments(*at)[0], 1e-6)
    assert gradient == pytest.approx(numeric, rel=1e-3, abs=1e-3)
    second = np.array([(slope([mean + s, tau + t]) - slope([mean - s, tau - t])) / 2e-4
                       for s, t in ((1e-4, 0), (0, 1e-4))])  # fmt: skip
    assert hessian.sum(axis=2) == pytest.approx(second, rel=1e-3, abs=1e-2)


def test_tables_with_fixed_margins_have_fishers_distribution():
    _, a, n_t, c, n_c = nielweise()
    family = Hypergeometric(a, n_t, n_c, a + c)
    for log_or in (-1.3, 0.0, 0.7):
        found = family.at(np.full((len(a), 1), log_or)).value[:, 0]
        want = stats.nchypergeom_fisher.logpmf(
            a.astype(int), (n_t + n_c).astype(int), n_t.astype(int), (a + c).astype(int),
            np.exp(log_or),
        )  # fmt: skip
        assert found == pytest.approx(want, rel=1e-8)


def test_no_study_is_likelier_than_at_its_best():
    for family, _ in families().values():
        best = family.best()
        for parameter in np.linspace(-8, 4, 25):
            at = family.at(np.full((len(best), 1), parameter)).value[:, 0]
            assert (at <= best + 1e-9).all()


def test_no_spread_is_logistic_regression():
    import statsmodels.api as sm

    events, people = np.array([4.0, 6, 6, 5]), np.array([40.0, 50, 60, 50])
    mean, se, tau2 = fitted(Binomial(events, people))
    assert tau2 == 0
    glm = sm.GLM(
        np.column_stack([events, people - events]), np.ones(4), family=sm.families.Binomial()
    ).fit()
    assert mean == pytest.approx(glm.params[0], rel=1e-6)
    assert se == pytest.approx(glm.bse[0], rel=1e-6)


def test_two_random_effects_equal_metafor_by_laplace():
    answers, a, n_t, c, n_c = nielweise()
    model = TwoNormals(np.array([a, c]), np.array([n_t, n_c]), points=1)
    theta, cov, _ = model.maximise()
    want = answers["UM.RS"]
    assert theta[1] == pytest.approx(want["beta"], rel=1e-5)
    assert np.sqrt(cov[1, 1]) == pytest.approx(want["se"], rel=1e-4)
    assert theta[3] ** 2 == pytest.approx(want["tau2"], rel=1e-4)
    assert theta[2] ** 2 == pytest.approx(want["sigma2"], rel=1e-4)


def test_two_random_effects_by_brute_force():
    events, people = np.array([[1.0, 5], [4, 2]]), np.array([[20.0, 30], [22, 31]])
    alpha, mean, sigma, tau = theta = np.array([-1.8, -0.4, 0.6, 0.9])
    # sums over a fine grid: exact to rounding for what is smooth and gone at the ends
    grid, step = np.linspace(-8, 8, 401, retstep=True)
    u, v = np.meshgrid(grid, grid)
    arms = np.array([0.5, -0.5])[:, None, None]
    chance = special.expit(alpha + sigma * u + arms * (mean + tau * v))
    brute = 0.0
    for study in range(2):
        of_arms = stats.binom.pmf(
            events[:, study, None, None], people[:, study, None, None], chance
        ).prod(axis=0)
        density = of_arms * stats.norm.pdf(u) * stats.norm.pdf(v)
        brute += np.log(density.sum() * step**2)
    model = TwoNormals(events, people, points=15)
    assert model.log_likelihood(theta) == pytest.approx(brute, rel=1e-7)
