"""The arithmetic of many meta-analyses at once: digits, peaks, bits and time."""

from __future__ import annotations

import subprocess
import sys
import time

import numpy as np
import pytest
from reference_answers import reference, univariate_references

from meta.errors import DataError
from meta.synthesis.columns import Sets, chunk_width
from meta.synthesis.engine import TAU2_METHODS, tau2_columns
from meta.synthesis.means import pool_columns

LONG = np.longdouble


def height(y, v, tau2, restricted):
    """Log-likelihood by its textbook formula, in the precision of what is given."""
    w = 1 / (v + tau2)
    mean = (w * y).sum(axis=0) / w.sum(axis=0)
    value = np.log(w).sum(axis=0) - (w * (y - mean) ** 2).sum(axis=0)
    return value - np.log(w.sum(axis=0)) if restricted else value


def long_score(y, v, tau2, restricted):
    w = 1 / (v + tau2)
    sums = w.sum(axis=0)
    mean = (w * y).sum(axis=0) / sums
    m = sums - (w**2).sum(axis=0) / sums if restricted else sums
    return (w**2 * (y - mean) ** 2).sum(axis=0) - m


def long_peak(y, v, restricted):
    """Every root of the score where it falls, from a fine grid, by bisection; the highest."""
    y, v = y.astype(LONG), v.astype(LONG)
    a = v.min(axis=0)
    top = v.max(axis=0) + 2 * ((y - y.mean(axis=0)) ** 2).sum(axis=0)
    grid = a * (1 + top / a) ** np.linspace(0, 1, 600, dtype=LONG)[:, None] - a
    signs = np.array([long_score(y, v, at, restricted) > 0 for at in grid])
    best, answer = height(y, v, 0 * a, restricted), 0 * a
    for place in range(len(grid) - 1):
        falls = np.flatnonzero(signs[place] & ~signs[place + 1])
        if not len(falls):
            continue
        some_y, some_v = y[:, falls], v[:, falls]
        low, high = grid[place, falls], grid[place + 1, falls]
        for _ in range(90):
            middle = (low + high) / 2
            rising = long_score(some_y, some_v, middle, restricted) > 0
            low, high = np.where(rising, middle, low), np.where(rising, high, middle)
        value = height(some_y, some_v, low, restricted)
        higher = value > best[falls]
        best[falls[higher]], answer[falls[higher]] = value[higher], low[higher]
    return answer


def hard_sets(k, d, seed, powers=8):
    """Variances over several powers of ten, effects that fit to some of them only."""
    random = np.random.default_rng(seed)
    v = 10 ** random.uniform(-powers / 2, powers / 2, (k, d))
    y = random.normal(0, np.sqrt(v + 10 ** random.uniform(-powers / 2, powers / 2, d)))
    # in half of the columns two groups stand apart, which makes likelihoods with several peaks
    y[: k // 2, : d // 2] += 10 ** random.uniform(-powers / 4, powers / 4, d // 2)
    return y, v


@pytest.mark.parametrize("name", univariate_references())
def test_tau2_equals_metafor_converged_to_1e_12(name):
    ref = reference(name)
    y, v = np.array(ref["yi"])[:, None], np.array(ref["vi"])[:, None]
    for method in TAU2_METHODS:
        if method not in ref:
            continue  # metafor's PM did not converge on one data set; further estimators: test_pool
        got, want = tau2_columns(y, v, method)[0], ref[method]["tau2"]
        if method in {"DL", "HE", "HS", "SJ"}:
            assert got == pytest.approx(want, rel=1e-10, abs=1e-12), method
        else:
            # metafor stops when a step is below 1e-12; its steps shrink by a constant factor, so
            # the rest of the way can be several times as long
            assert abs(got - want) < 1e-11, method


@pytest.mark.parametrize("restricted", [True, False])
@pytest.mark.parametrize("k", [2, 3, 5, 12])
def test_likelihood_peaks_equal_a_search_in_long_double(k, restricted):
    random = np.random.default_rng(k)
    v = random.uniform(0.01, 0.3, (k, 150))
    y = random.normal(0, np.sqrt(v + random.choice([0, 0.02, 0.5], 150)))
    hard_y, hard_v = hard_sets(k, 150, seed=k)
    for some_y, some_v in ((y, v), (hard_y, hard_v)):
        got = tau2_columns(some_y, some_v, "REML" if restricted else "ML")
        want = long_peak(some_y, some_v, restricted)
        # near 0 the digits of tau2 are those of tau2 + v
        error = np.abs(got - want) / (want + some_v.min(axis=0))
        assert error.max() < 2e-12


@pytest.mark.parametrize("method", ["PM", "DL", "HE", "HS", "SJ"])
def test_moment_estimators_equal_long_double(method):
    y, v = hard_sets(6, 300, seed=3)
    got = tau2_columns(y, v, method)
    y, v = y.astype(LONG), v.astype(LONG)
    k = len(y)

    def q_at(tau2):
        w = 1 / (v + tau2)
        mean = (w * y).sum(axis=0) / w.sum(axis=0)
        return (w * (y - mean) ** 2).sum(axis=0)

    w, zero = 1 / v, np.zeros(300, dtype=LONG)
    if method == "DL":
        want = (q_at(zero) - (k - 1)) / (w.sum(axis=0) - (w**2).sum(axis=0) / w.sum(axis=0))
    elif method == "HE":
        want = y.var(axis=0) * k / (k - 1) - v.mean(axis=0)
    elif method == "HS":
        want = (q_at(zero) - k) / w.sum(axis=0)
    elif method == "SJ":
        want = y.var(axis=0) * q_at(y.var(axis=0)) / (k - 1)
    else:
        low, high = zero, y.var(axis=0) * k
        for _ in range(120):
            middle = (low + high) / 2
            above = q_at(middle) > k - 1
            low, high = np.where(above, middle, low), np.where(above, high, middle)
        want = np.where(q_at(zero) > k - 1, low, 0)
    want = np.maximum(want, 0)
    # DL and HS are differences over the weights, of which the largest is 1 / min(v)
    size = want + (v.mean(axis=0) if method == "HE" else v.min(axis=0))
    assert (np.abs(got - want) / size).max() < 2e-12


@pytest.mark.parametrize("method", ["ML", "REML"])
def test_no_peak_is_missed(method):
    """The likelihood is nowhere higher than at the answer: 200,000 columns, half of them hard."""
    for k, d in ((3, 80_000), (5, 80_000), (10, 40_000)):
        y, v = hard_sets(k, d // 2, seed=k)
        random = np.random.default_rng(k)
        usual_v = random.uniform(0.01, 0.5, (k, d // 2))
        usual = random.normal(0, np.sqrt(usual_v + random.choice([0, 0.01, 0.1], d // 2)))
        y, v = np.hstack([y, usual]), np.hstack([v, usual_v])
        answer = height(y, v, tau2_columns(y, v, method), method == "REML")
        a = v.min(axis=0)
        top = 2 * (v.max(axis=0) + y.var(axis=0)) / a
        highest = np.max(
            [
                height(y, v, a * (top**share - 1), method == "REML")
                for share in np.linspace(0, 1, 40)
            ],
            axis=0,
        )
        # rounding of the textbook formula, whose terms are of the order of (y - mean)^2 / v
        assert (answer - highest).min() > -1e-7


def test_the_higher_of_two_peaks_is_taken():
    # streptokinase: after 22 trials the restricted likelihood has a peak at 0 and a higher one
    ref = reference("further/lau1992_OR")
    y, v = np.array(ref["yi"])[:22, None], np.array(ref["vi"])[:22, None]
    # metafor 3.8, whose search starts on the other side and stops when a step is below 1e-12
    assert tau2_columns(y, v, "REML")[0] == pytest.approx(0.0119667663924617, abs=1e-11)


def test_moderators_equal_dense_algebra():
    """Traces of k p^2 form against P itself, in exact enough numbers."""
    random = np.random.default_rng(8)
    k, d = 9, 40
    v = 10 ** random.uniform(-2, 1, (k, d))
    y = random.normal(0, 1, (k, d))
    X = np.column_stack([np.ones(k), random.integers(1950, 2020, k), random.normal(0, 1, k)])
    for p in (1, 2, 3):
        sets = Sets.of(y, v, X[:, :p])
        tau2 = random.uniform(0, 1, d)
        fit = sets.at(tau2 / sets.unit**2, slopes=True)
        beta, cov = sets.coefficients(fit)
        squares, sampling = sets.unweighted()
        for j in range(d):
            W = np.diag(1 / (v[:, j] + tau2[j]))
            C = np.column_stack([np.ones(k), X[:, 1] - 1985, X[:, 2]])[:, :p]
            P = W - W @ C @ np.linalg.solve(C.T @ W @ C, C.T @ W)
            u = sets.unit[j] ** 2
            got = [
                fit.q[j],
                fit.n[j] / u,
                fit.trace[j] / u,
                fit.cube[j] / u**2,
                fit.trace2[j] / u**2,
            ]
            yj = y[:, j]
            want = [yj @ P @ yj, yj @ P @ P @ yj, np.trace(P), yj @ P @ P @ P @ yj, np.trace(P @ P)]
            np.testing.assert_allclose(got, want, rtol=1e-10)
            A = X[:, :p].T @ W @ X[:, :p]
            np.testing.assert_allclose(
                beta[:, j], np.linalg.solve(A, X[:, :p].T @ W @ yj), rtol=1e-6
            )
            np.testing.assert_allclose(cov[:, :, j], np.linalg.inv(A), rtol=1e-6)
            M = np.eye(k) - C @ np.linalg.solve(C.T @ C, C.T)
            np.testing.assert_allclose(
                [squares[j] * u, sampling[j] * u], [yj @ M @ yj, np.trace(M * v[:, j])], rtol=1e-10
            )


@pytest.mark.parametrize("method", TAU2_METHODS)
@pytest.mark.parametrize("moderators", [0, 2])
def test_a_column_has_the_same_bits_in_any_company(method, moderators):
    random = np.random.default_rng(5)
    for k in (4, 9, 11, 300):
        width = chunk_width(k, moderators + 1)
        d = min(2 * width + 7, 9_000)
        v = random.uniform(0.02, 0.3, (k, d))
        y = random.normal(0.2, np.sqrt(v + random.choice([0, 0.05], d)))
        X = random.normal(0, 1, (k, moderators)) if moderators else None
        X = None if X is None else np.column_stack([np.ones(k), X])
        together = tau2_columns(y, v, method, X)
        for some in (slice(0, 1), slice(3, 5), slice(d - 9, d), slice(width - 1, width + 2)):
            assert (tau2_columns(y[:, some], v[:, some], method, X) == together[some]).all()
            one = np.asfortranarray(y[:, some]), np.asfortranarray(v[:, some])
            assert (tau2_columns(*one, method, X) == together[some]).all()


def test_whole_answers_have_the_same_bits_in_any_company_and_any_process():
    code = (
        "import numpy as np; from meta.synthesis.means import pool_columns\n"
        "random = np.random.default_rng(2); v = random.uniform(.02, .3, (7, 6000))\n"
        "y = random.normal(.2, np.sqrt(v + .04))\n"
        "found = pool_columns({0}, {1})\n"
        "print(sum(hash(found[name][{2}].tobytes()) % 997 for name in found))"
    )
    calls = (("y", "v", "17"), ("y[:, 17:18]", "v[:, 17:18]", "0"))
    said = {
        subprocess.run(
            [sys.executable, "-c", code.format(*call)],
            capture_output=True,
            text=True,
            check=True,
            env={"PYTHONHASHSEED": "0"},
        ).stdout
        for call in calls
    }
    assert len(said) == 1


def test_one_study_with_nearly_all_weight_takes_no_digits():
    # by hand, w = (1e14, 1, 1): the others alone decide Q and the trace of P, but for 1e-14
    y, v = np.array([[0.3], [1.3], [-1.7]]), np.array([[1e-14], [1.0], [1.0]])
    sets = Sets.of(y, v)
    fit = sets.at(np.zeros(1))
    assert fit.trace[0] / sets.unit[0] ** 2 == pytest.approx(4, rel=1e-12)
    assert fit.q[0] == pytest.approx(5, rel=1e-12)


def test_effects_in_tiny_and_huge_units_have_the_same_digits():
    y, v = hard_sets(6, 50, seed=9, powers=3)
    for method in TAU2_METHODS:
        near = tau2_columns(y, v, method)
        for power in (-300, 300):  # a power of two loses nothing
            far = tau2_columns(np.ldexp(y, power), np.ldexp(v, 2 * power), method)
            assert (far == np.ldexp(near, 2 * power)).all()


def test_many_studies_take_about_a_millisecond():
    random = np.random.default_rng(0)
    v = random.uniform(0.02, 0.3, (5000, 1))
    y = random.normal(0.3, np.sqrt(v + 0.05))
    tau2_columns(y, v, "REML")
    times = []
    for _ in range(20):
        start = time.perf_counter()
        tau2_columns(y, v, "REML")
        times.append(time.perf_counter() - start)
    # 1.4 ms; with k x k matrices it would be seconds
    assert min(times) < 0.02


def test_wrong_values_are_refused():
    with pytest.raises(DataError, match="vi finite and above 0"):
        tau2_columns([[0.1], [0.2]], [[0.1], [0.0]], "REML")
    with pytest.raises(DataError, match="same"):
        pool_columns([[0.1], [0.2]], [[0.1]])
