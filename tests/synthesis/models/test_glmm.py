"""The binomial-normal model against metafor, brute force, logistic regression, and its edges."""

from __future__ import annotations

import json

import numpy as np
import pytest
from reference_answers import reference
from scipy import integrate, special, stats

import meta
from meta.errors import DataError, NotConverged, TooFewStudies
from meta.synthesis.models import count_likelihood, glmm


def arms(name):
    return reference(f"{name}_binary_methods")["arms"]


def log_likelihood(tables, theta, tau):
    """Profile over study effects by a search, integrate by adaptive quadrature: slow and plain."""
    from scipy import optimize

    total = 0.0
    for a, n_t, c, n_c in zip(*tables.values(), strict=True):
        if a + c in (0, n_t + n_c):
            continue
        best = sum(
            special.xlogy(x, x / n) + special.xlogy(n - x, (n - x) / n)
            for x, n in ((a, n_t), (c, n_c))
        )

        def given(u, alpha, a=a, n_t=n_t, c=c, n_c=n_c, best=best):
            up, down = alpha + (theta + u) / 2, alpha - (theta + u) / 2
            counts = a * up - n_t * np.logaddexp(0, up) + c * down - n_c * np.logaddexp(0, down)
            return counts - best

        def marginal(alpha, given=given):
            if tau == 0:
                return -given(0.0, alpha)
            grid = np.linspace(-8 * tau, 8 * tau, 4001)
            logs = given(grid, alpha) + stats.norm.logpdf(grid, scale=tau)
            top = logs.max()
            return -(top + np.log(integrate.simpson(np.exp(logs - top), x=grid)))

        rate = special.logit((a + c + 0.5) / (n_t + n_c + 1))
        found = optimize.minimize_scalar(
            marginal, bounds=(rate - 4, rate + 4), method="bounded", options={"xatol": 1e-9}
        )
        total -= found.fun
    return total


def test_equals_metafor_on_nielweise2007():
    # rma.glmm(measure = "OR", model = "UM.FS") prints -1.2370 and tau2 0.3198. Its search ends when
    # steps are small, a little before the maximum: the likelihood there is below ours (next test),
    # so three digits is what can be asked for.
    got = meta.glmm(**arms("nielweise2007"))
    assert got.estimate == pytest.approx(-1.2370, abs=1e-3)
    assert got.tau2 == pytest.approx(0.3198, abs=1e-3)
    assert got.k == 17  # one study has no events


@pytest.mark.parametrize("name", ["nielweise2007", "damico2009"])
def test_the_maximum_is_one_by_brute_force(name):
    got = meta.glmm(**arms(name))
    tables = {key: arms(name)[key] for key in ("events_t", "n_t", "events_c", "n_c")}
    tau = np.sqrt(got.tau2)
    top = log_likelihood(tables, got.estimate, tau)
    # Simpson's rule on 4001 points over +- 8 tau
    assert top == pytest.approx(got.log_likelihood, abs=1e-7)
    for step in (-0.02, 0.02):
        assert log_likelihood(tables, got.estimate + step, tau) < top
        assert log_likelihood(tables, got.estimate, tau + step) < top
    if name == "nielweise2007":
        assert log_likelihood(tables, -1.2370, np.sqrt(0.3198)) < top


def test_standard_error_is_the_curvature_of_the_profile():
    got = meta.glmm(**arms("nielweise2007"))
    tables = {key: arms("nielweise2007")[key] for key in ("events_t", "n_t", "events_c", "n_c")}
    theta, tau, h = got.estimate, np.sqrt(got.tau2), 0.02

    def at(i, j):
        return log_likelihood(tables, theta + i * h, tau + j * h)

    middle = got.log_likelihood
    hessian = np.empty((2, 2))
    hessian[0, 0] = (at(1, 0) - 2 * middle + at(-1, 0)) / h**2
    hessian[1, 1] = (at(0, 1) - 2 * middle + at(0, -1)) / h**2
    hessian[0, 1] = hessian[1, 0] = (at(1, 1) - at(1, -1) - at(-1, 1) + at(-1, -1)) / (4 * h**2)
    # second differences with a step of 0.02: three digits
    assert got.se == pytest.approx(np.sqrt(np.linalg.inv(-hessian)[0, 0]), rel=2e-3)


def test_without_heterogeneity_it_is_logistic_regression():
    import statsmodels.api as sm

    data = arms("hine1989")
    got = meta.glmm(**data)
    assert got.tau2 == 0
    k = len(data["n_t"])
    counts = np.array(
        [
            [x, n - x]
            for side in ("t", "c")
            for x, n in zip(data[f"events_{side}"], data[f"n_{side}"], strict=True)
        ]
    )
    X = np.column_stack([np.repeat([1, 0], k), np.vstack([np.eye(k), np.eye(k)])])
    logistic = sm.GLM(counts, X, family=sm.families.Binomial()).fit(tol=1e-14)
    # both are Newton searches that ended at rounding
    assert got.estimate == pytest.approx(logistic.params[0], rel=1e-8)
    assert got.se == pytest.approx(logistic.bse[0], rel=1e-8)
    assert got.q == pytest.approx(logistic.deviance, rel=1e-8)
    assert got.q_dof == 5


def test_becomes_the_normal_model_as_counts_grow():
    data = {key: np.multiply(values, 1_000) for key, values in arms("lee2004").items()}
    got = meta.glmm(**data)
    sizes = meta.effect_size("OR", **data)
    other = meta.pool(sizes["yi"], sizes["vi"], measure="OR", tau2_method="ML", ci_method="wald")
    # what is left are sampling variances of about 1e-4 beside a tau2 of 0.5
    assert got.estimate == pytest.approx(other.estimate, rel=1e-4)
    assert got.tau2 == pytest.approx(other.tau2, rel=1e-4)
    assert got.se == pytest.approx(other.se, rel=1e-4)
    assert got.pi_low < got.ci_low < got.estimate < got.ci_high < got.pi_high


def test_swapping_arms_or_outcomes_turns_the_sign():
    data = arms("damico2009")
    one = meta.glmm(**data)
    swapped = meta.glmm(data["events_c"], data["n_c"], data["events_t"], data["n_t"])
    none_t = np.subtract(data["n_t"], data["events_t"])
    none_c = np.subtract(data["n_c"], data["events_c"])
    other = meta.glmm(none_t, data["n_t"], none_c, data["n_c"])
    for turned in (swapped, other):
        assert turned.estimate == pytest.approx(-one.estimate, rel=1e-7)
        assert turned.se == pytest.approx(one.se, rel=1e-7)
        assert turned.tau2 == pytest.approx(one.tau2, rel=1e-6)


def test_tables_without_a_contrast_are_left_out_by_name():
    few = ([4, 0, 3, 9], [123, 50, 231, 80], [11, 2, 11, 10], [139, 50, 220, 80])
    more = tuple([*values, extra] for values, extra in zip(few, (0, 40, 0, 40), strict=True))
    small, large = meta.glmm(*few), meta.glmm(*more)
    assert large.estimate == pytest.approx(small.estimate, rel=1e-10)
    assert large.k == 4
    assert any("study 5" in note for note in large.notes)
    assert list(large.weights > 0) == [True] * 4 + [False]


@pytest.mark.parametrize(
    ("tables", "side"),
    [
        (([0, 0], [10, 10], [3, 4], [10, 10]), "zero"),
        (([3, 4], [10, 10], [0, 0], [10, 10]), "infinite"),
        (([10, 10], [10, 10], [3, 4], [10, 10]), "infinite"),
        (([3, 10], [10, 10], [0, 5], [10, 10]), "infinite"),
    ],
)
def test_separation_is_said(tables, side):
    with pytest.raises(NotConverged, match=side):
        meta.glmm(*tables)


def test_tables_that_contradict_each_other_without_limit_are_refused():
    with pytest.raises(NotConverged, match="tau"):
        meta.glmm([0, 10], [10, 10], [10, 0], [10, 10])


def test_edges():
    with pytest.raises(TooFewStudies):
        meta.glmm([3], [10], [5], [10])
    with pytest.raises(TooFewStudies):
        meta.glmm([3, 0], [10, 10], [5, 0], [10, 10])
    with pytest.raises(DataError) as caught:
        meta.glmm([11, -1], [10, 10], [1, 1], [10])
    assert "more events" in str(caught.value)
    assert "-1" in str(caught.value)
    same = meta.glmm([5, 5], [10, 20], [5, 5], [10, 20])
    assert same.estimate == pytest.approx(0, abs=1e-10)
    assert same.tau2 == 0
    assert same.q >= 0
    huge = meta.glmm(
        [5_000_000, 300, 12],
        [10_000_000, 10**6, 100],
        [5_100_000, 200, 3],
        [10_000_000, 10**6, 100],
    )
    assert np.isfinite([huge.estimate, huge.se, huge.tau2]).all()
    assert any("k = 3" in note for note in huge.notes)


def test_many_random_sets_converge():
    random = np.random.default_rng(3)
    for k in (2, 4, 12, 60):
        for risk in (0.02, 0.3):
            n = random.integers(20, 300, k)
            shift = random.normal(-0.5, 0.5, k)
            treated = special.expit(special.logit(risk) + shift)
            a, c = random.binomial(n, treated), random.binomial(n, risk)
            a[0], c[0], a[1], c[1] = 1, 2, 2, 1  # never separated
            got = meta.glmm(a, n, c, n)
            assert np.isfinite([got.estimate, got.se, got.tau2, got.q_p_value]).all()


def test_shows_itself_in_words_html_and_json():
    got = meta.glmm(**arms("bcg"))
    assert "Odds ratio 0.47" in got.sentence()
    assert "likelihood ratio" in str(got)
    assert "<caption>" in got._repr_html_()
    assert json.loads(json.dumps(got.to_dict()))["model"] == "UM.FS"


@pytest.mark.parametrize("model", ["UM.FS", "UM.RS", "CM.EL", "CM.AL"])
def test_every_model_equals_metafor(model):
    answers = reference("../metafor5/glmm_or")
    want = answers[model]
    names = ("events_t", "n_t", "events_c", "n_c")
    fit = meta.glmm(*(answers[name] for name in names), model=model)
    # metafor stops its search early, and takes Laplace's approximation for UM.RS (0.15 %)
    rel = 2e-3 if model == "UM.RS" else 1e-3
    assert fit.estimate == pytest.approx(want["beta"], rel=rel)
    assert fit.se == pytest.approx(want["se"], rel=rel)
    assert fit.tau2 == pytest.approx(want["tau2"], rel=rel)
    assert fit.k == want["k"] == 17
    assert model in fit.method_text()
    again = fit.refit(ci_level=0.9)
    assert (again.model, again.estimate) == (model, pytest.approx(fit.estimate, rel=1e-9))
    if model == "UM.RS":
        assert fit.sigma2 == pytest.approx(want["sigma2"], rel=0.03)
        assert np.isnan(fit.q)
    else:
        assert fit.q_dof == 16


def test_exact_likelihood_needs_whole_counts():
    tables = ([1.5, 2, 3], [40, 50, 60], [3, 4, 5], [40, 50, 60])
    with pytest.raises(meta.DataError, match="no whole numbers"):
        meta.glmm(*tables, model="CM.EL")
    assert meta.glmm(*tables, model="CM.AL").k == 3
    with pytest.raises(meta.DataError, match="model='CM'"):
        meta.glmm(*tables, model="CM")


@pytest.mark.parametrize(
    "fit",
    [
        lambda **level: meta.glmm([4, 0, 3, 9], [123, 50, 231, 80], [11, 2, 11, 10],
                                  [139, 50, 220, 80], **level),
        lambda **level: meta.glmm_rates([7, 8, 0], [1344, 1600, 900], [11, 8, 0],
                                        [1988, 1461, 900], **level),
        lambda **level: meta.pool_proportions([12, 0, 9], [40, 110, 25], method="GLMM", **level),
    ],
)  # fmt: skip
def test_another_level_is_read_from_the_same_fit(fit, monkeypatch):
    first, expected = fit(), fit(ci_level=0.8)

    def again(*_):
        raise AssertionError("fitted again")

    for module in (glmm, count_likelihood):
        monkeypatch.setattr(module, "highest_profile", again)
    found = first.refit(ci_level=0.8)
    for name in ("ci_level", "estimate", "ci_low", "ci_high", "pi_low", "pi_high", "p_value", "q"):
        np.testing.assert_equal(getattr(found, name), getattr(expected, name))
    assert found.notes == expected.notes
    assert found.to_frame().equals(expected.to_frame())
    with pytest.raises(AssertionError, match="fitted again"):
        first.refit(first.effects)


def test_a_level_that_is_none_is_refused_as_by_the_method():
    fit = meta.glmm([4, 0, 3, 9], [123, 50, 231, 80], [11, 2, 11, 10], [139, 50, 220, 80])
    with pytest.raises(meta.DataError, match="glmm: 1 fault"):
        fit.refit(ci_level=2)
