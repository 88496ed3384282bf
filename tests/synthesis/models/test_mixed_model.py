"""The mixed model's likelihood by its definition, and its maximum against metafor."""

from __future__ import annotations

import numpy as np
import pytest
from reference_answers import reference
from scipy import optimize

from meta.synthesis.models.mixed_model import STRUCTURES, MixedLikelihood, RandomTerm

# metafor stops its search at about seven digits of the variances
METAFOR = 1e-6


def berkey(structure="UN"):
    answers = reference("../metafor5/berkey1998_bivariate")
    levels, outcome = np.unique(answers["outcome"], return_inverse=True)
    X = (outcome[:, None] == np.arange(2)).astype(float)
    trial = np.array(answers["trial"]) - 1
    term = RandomTerm("outcome | trial", trial, outcome, tuple(levels), structure)
    return answers, np.array(answers["yi"]), X, np.array(answers["V"]), term


@pytest.mark.parametrize("method", ["ML", "REML"])
def test_berkey_bivariate_equals_metafor(method):
    answers, y, X, V, term = berkey()
    want = answers[method]
    fit = MixedLikelihood(y, X, V, (term,), restricted=method == "REML").maximise()
    assert fit.beta == pytest.approx(want["beta"], rel=METAFOR)
    assert np.sqrt(np.diag(fit.cov)) == pytest.approx(want["se"], rel=METAFOR)
    level = fit.covariances[0]
    # metafor lists AL first, as here
    assert np.diag(level) == pytest.approx(sorted(want["tau2s"], reverse=True), rel=METAFOR)
    rho = level[0, 1] / np.sqrt(level[0, 0] * level[1, 1])
    assert rho == pytest.approx(want["rho"], rel=METAFOR)


@pytest.mark.parametrize("method", ["ML", "REML"])
@pytest.mark.parametrize("moderator", [False, True])
def test_konstantopoulos_nested_equals_metafor(method, moderator):
    answers = reference("../metafor5/konstantopoulos2011_moderators")
    want = answers[f"{method}_year" if moderator else method]
    year = np.array(answers["year"], dtype=float)
    X = np.column_stack([np.ones(56), year - year.mean()])[:, : 1 + moderator]
    district = np.unique(answers["district"], return_inverse=True)[1]
    one = np.zeros(56, dtype=int)
    terms = (RandomTerm("district", district, one), RandomTerm("school", np.arange(56), one))
    fit = MixedLikelihood(
        np.array(answers["yi"]), X, np.diag(answers["vi"]), terms, restricted=method == "REML"
    ).maximise()
    assert fit.beta == pytest.approx(np.atleast_1d(want["beta"]), rel=METAFOR)
    assert np.sqrt(np.diag(fit.cov)) == pytest.approx(np.atleast_1d(want["se"]), rel=METAFOR)
    assert [c.item() for c in fit.covariances] == pytest.approx(want["sigma2"], rel=METAFOR)


def crossed(rng, k=30):
    y = rng.normal(size=k)
    noise = rng.normal(size=(k, k))
    V = np.diag(rng.uniform(0.1, 0.5, k))
    V[:4, :4] += 0.02 * noise[:4] @ noise[:4].T
    X = np.column_stack([np.ones(k), rng.normal(size=k)])
    one = np.zeros(k, dtype=int)
    inner = rng.integers(0, 3, k)
    terms = (
        RandomTerm("lab", rng.integers(0, 4, k), one),
        RandomTerm("drug", rng.integers(0, 5, k), one),
        RandomTerm("outcome | site", rng.integers(0, 6, k), inner, ("a", "b", "c"), "UN"),
    )
    return y, X, V, terms


@pytest.mark.parametrize("restricted", [False, True])
def test_the_likelihood_is_the_density_of_the_effects(restricted):
    y, X, V, terms = crossed(np.random.default_rng(4))
    model = MixedLikelihood(y, X, V, terms, restricted=restricted)
    fit = model.maximise()
    M = V + sum(t.marginal(g) for t, g in zip(terms, fit.covariances, strict=True))
    assert fit.marginal == pytest.approx(M)
    W = np.linalg.inv(M)
    cov = np.linalg.inv(X.T @ W @ X)
    beta = cov @ X.T @ W @ y
    assert fit.beta == pytest.approx(beta, rel=1e-8)
    assert fit.cov == pytest.approx(cov, rel=1e-8)
    r, (k, p) = y - X @ beta, X.shape
    value = -0.5 * (k * np.log(2 * np.pi) + np.linalg.slogdet(M)[1] + r @ W @ r)
    if restricted:
        value += 0.5 * (
            p * np.log(2 * np.pi) + np.linalg.slogdet(X.T @ X)[1] + np.linalg.slogdet(cov)[1]
        )
    assert fit.log_likelihood == pytest.approx(value, rel=1e-10)


@pytest.mark.parametrize("structure", STRUCTURES)
@pytest.mark.parametrize("restricted", [False, True])
def test_derivatives_are_those_of_the_likelihood(structure, restricted):
    _, y, X, V, term = berkey(structure)
    model = MixedLikelihood(y, X, V, (term,), restricted=restricted)
    theta = term.start(0.7) * 1.1
    numeric = optimize.approx_fprime(theta, lambda at: model.at(at).value, 1e-6)
    assert model.at(theta).gradient == pytest.approx(numeric, abs=2e-5)


def test_structures_are_nested_and_their_likelihoods_ordered():
    values = {}
    for structure in STRUCTURES:
        _, y, X, V, term = berkey(structure)
        values[structure] = MixedLikelihood(y, X, V, (term,), restricted=True).maximise()
    height = {name: fit.log_likelihood for name, fit in values.items()}
    # with two outcomes a free covariance has two variances and one correlation
    assert height["UN"] == pytest.approx(height["HCS"], abs=1e-8)
    assert height["UN"] > height["CS"]
    assert height["UN"] > height["DIAG"]
    # and one step from one to the other is one correlation
    assert height["AR"] == pytest.approx(height["CS"], abs=1e-8)
    assert height["HAR"] == pytest.approx(height["HCS"], abs=1e-8)
    assert height["ID"] < height["DIAG"]
    parameters = {name: fit.n_parameters for name, fit in values.items()}
    assert parameters == {
        "ID": 1, "DIAG": 2, "CS": 2, "HCS": 3, "AR": 2, "HAR": 3, "CAR": 2, "UN": 3,
    }  # fmt: skip


def test_a_variance_may_end_at_zero():
    rng = np.random.default_rng(1)
    y = np.round(rng.normal(size=12) * 0.01, 4)
    one = np.zeros(12, dtype=int)
    term = RandomTerm("group", np.arange(12) // 3, one)
    fit = MixedLikelihood(
        y, np.ones((12, 1)), 0.1 * np.eye(12), (term,), restricted=True
    ).maximise()
    assert fit.covariances[0].item() == 0


def test_no_random_term_is_generalised_least_squares():
    y, X, V, _ = crossed(np.random.default_rng(8))
    fit = MixedLikelihood(y, X, V, (), restricted=True).maximise()
    cov = np.linalg.inv(X.T @ np.linalg.solve(V, X))
    assert fit.beta == pytest.approx(cov @ X.T @ np.linalg.solve(V, y), rel=1e-10)
