"""An interval is as wide as its level, its standard error and its distribution say."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy import stats

import meta

YI = np.array([-0.9, -0.6, -0.5, -0.2, -0.1, 0.1, -0.3])
VI = np.array([0.20, 0.12, 0.10, 0.02, 0.01, 0.05, 0.30])
DOSE = np.array([1.0, 2.0, 4.0, 3.0, 5.0, 7.0, 6.0])
PLACE = ["a", "a", "b", "b", "c", "c", "d"]
TABLES = {
    "events_t": [4, 6, 3, 62, 33, 10], "n_t": [123, 306, 231, 13598, 5069, 200],
    "events_c": [11, 29, 11, 248, 47, 20], "n_c": [139, 303, 220, 12867, 5808, 210],
}  # fmt: skip


def pooled(ci_level: float, **settings: Any) -> meta.Pooled:
    return meta.pool(YI, VI, ci_level=ci_level, **settings)


CALLS: dict[str, Callable[[float], Any]] = {
    "common": lambda level: pooled(level, model="common"),
    "wald": lambda level: pooled(level, ci_method="wald"),
    "HK": lambda level: pooled(level, ci_method="HK"),
    "HK-adhoc": lambda level: pooled(level, ci_method="HK-adhoc"),
    "uwls": lambda level: pooled(level, model="uwls"),
    "pet_peese": lambda level: meta.pet_peese(pooled(level)),
    "limit_meta": lambda level: meta.limit_meta(pooled(level)),
    "mantel_haenszel": lambda level: meta.mantel_haenszel(**TABLES, ci_level=level),
    "peto": lambda level: meta.peto(**TABLES, ci_level=level),
    "glmm": lambda level: meta.glmm(**TABLES, ci_level=level),
    "multilevel": lambda level: meta.multilevel(YI, VI, cluster=PLACE, ci_level=level),
    "robust": lambda level: meta.robust(pooled(level), cluster=PLACE),
}


@pytest.mark.parametrize("level", [0.8, 0.99])
@pytest.mark.parametrize("name", CALLS)
def test_the_width_of_an_interval(name: str, level: float) -> None:
    found = CALLS[name](level)
    # no degrees of freedom: the normal distribution
    dof = np.inf if found.dof is None else found.dof
    half = stats.t.ppf((1 + level) / 2, dof) * found.se
    assert found.ci_level == level
    assert found.ci_low == pytest.approx(found.estimate - half, rel=1e-9)
    assert found.ci_high == pytest.approx(found.estimate + half, rel=1e-9)
    assert f"{100 * level:g} %" in str(found)
    other = CALLS[name](0.95)
    assert (found.estimate, found.se) == pytest.approx((other.estimate, other.se))


@pytest.mark.parametrize("level", [0.8, 0.99])
def test_the_width_at_the_end_of_eggers_line(level: float) -> None:
    found = meta.egger(pooled(level))
    half = stats.t.ppf((1 + level) / 2, len(YI) - 2) * found.limit_se
    assert (found.limit_low, found.limit_high) == pytest.approx(
        (found.limit - half, found.limit + half)
    )
    assert f"{100 * level:g} % interval" in str(found)
    assert found.p_value == pytest.approx(2 * stats.t.sf(abs(found.slope / found.slope_se), 5))


@pytest.mark.parametrize("level", [0.8, 0.99])
@pytest.mark.parametrize("ci_method", ["wald", "HK"])
def test_the_width_of_coefficients(level: float, ci_method: str) -> None:
    effects = meta.Effects.from_arrays(YI, VI, dose=DOSE)
    fit = meta.meta_regression(effects, "dose", ci_level=level, ci_method=ci_method)
    found = fit.coefficients
    dof = np.inf if ci_method == "wald" else len(YI) - 2
    half = stats.t.ppf((1 + level) / 2, dof) * found["se"]
    np.testing.assert_allclose(found["ci_low"], found["estimate"] - half)
    np.testing.assert_allclose(found["ci_high"], found["estimate"] + half)
    statistic = found["estimate"] / found["se"]
    np.testing.assert_allclose(found["p_value"], 2 * stats.t.sf(abs(statistic), dof))


@pytest.mark.parametrize("level", [0.8, 0.99])
def test_the_probability_in_a_credible_interval(level: float) -> None:
    found = meta.bayes(YI, VI, tau_prior="halfnormal(0.5)", ci_level=level)
    inside = found.probability(below=found.ci_high) - found.probability(below=found.ci_low)
    assert inside == pytest.approx(level, abs=1e-9)
    assert found.probability(below=found.ci_low) == pytest.approx((1 - level) / 2, abs=1e-9)
    new = found.probability(below=found.pi_high, of="prediction")
    assert new == pytest.approx((1 + level) / 2, abs=1e-9)
    assert found.interval(level) == pytest.approx((found.ci_low, found.ci_high))
    density = found.density("tau", points=4001)
    inside = density["x"].between(found.tau_low, found.tau_high)
    assert np.trapezoid(density["density"][inside], density["x"][inside]) == pytest.approx(
        level, abs=2e-3  # of a grid that ends at 99.5 %
    )  # fmt: skip


def test_a_table_of_priors_holds_what_each_prior_gives() -> None:
    fit = meta.bayes(YI, VI, measure="SMD", tau_prior="halfnormal(0.5)")
    table = fit.sensitivity(["halfnormal(1)", "uniform(0, 2)"]).table
    assert list(table) == [
        "tau_prior", "estimate", "ci_low", "ci_high", "pi_low", "pi_high", "tau", "tau_high",
        "p_below_null", "in_use",
    ]  # fmt: skip
    assert table["in_use"].tolist() == [True, False, False]
    for row in table.itertuples():
        other = meta.bayes(YI, VI, measure="SMD", tau_prior=row.tau_prior)
        for name in list(table)[1:-1]:
            assert getattr(row, name) == pytest.approx(getattr(other, name)), name
    own = fit.shrinkage().table
    assert list(own) == ["study_id", "label", "yi", "sei", "estimate", "ci_low", "ci_high"]
    np.testing.assert_allclose(own["sei"], np.sqrt(VI))
    # what is known of all narrows what is known of each
    assert (own["ci_high"] - own["ci_low"] < 2 * 1.96 * own["sei"]).all()


def test_the_default_priors_of_the_table_surround_the_one_in_use() -> None:
    fit = meta.bayes(YI, VI, measure="MD", tau_prior="halfcauchy(0.4)")
    table = fit.sensitivity().table
    # the median of a half-Cauchy is its scale, that of a half-normal 0.6745 of it
    unit = 0.4 / stats.norm.ppf(0.75)
    wanted = ["halfcauchy(0.4)", *(f"halfnormal({factor * unit:.4g})" for factor in (0.5, 1, 2)),
              f"halfcauchy({unit:.4g})", f"uniform(0, {4 * unit:.4g})"]  # fmt: skip
    assert table["tau_prior"].tolist() == wanted
