"""What the checks and the judgements say at their limits."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

import meta
from meta.synthesis.engine import TAU2_METHODS


@pytest.mark.parametrize("method", TAU2_METHODS)
def test_one_trial_may_outweigh_all_others(method: str) -> None:
    fit = meta.pool([0.1, 0.5, 0.9], [1e-9, 1e6, 1e6], tau2_method=method)
    assert np.isfinite(fit.tau2_se)
    assert fit.tau2_se > 0
    if method == "REML" and fit.tau2 == 0:
        # P is diag(w) - ww'/sum(w): to the first order in b/a its entries are 2b, -b, -b, b, b, 0
        b = 1e-6
        assert fit.tau2_se == pytest.approx(np.sqrt(2 / (4 + 4 + 2)) / b, rel=1e-6)


def test_the_error_of_a_trial_that_holds_all_the_weight_is_normal() -> None:
    found = meta.henmi_copas(meta.pool([0.1, 0.5, 0.9], [1e-9, 1e6, 1e6]))
    assert found.quantile == pytest.approx(stats.norm.isf(0.025), rel=1e-12)


@pytest.mark.parametrize(
    ("yi", "limits"),
    [([0.1, 0.5, 0.9, 1.4], (-0.1022940, 1.5522940)), ([0.1, 0.9], (-1.1629090, 2.1629090))],
)
def test_equal_weights_as_metafor_has_them(yi: list[float], limits: tuple[float, float]) -> None:
    # metafor 3.8, hc(rma(yi, rep(.04, k), method = "DL")); it searches its quantile to about 4e-5
    found = meta.henmi_copas(meta.pool(yi, [0.04] * len(yi)))
    assert (found.ci_low, found.ci_high) == pytest.approx(limits, abs=5e-5)


def test_trials_that_differ_much_need_company_and_not_only_people() -> None:
    said = "more of them are needed, not only larger ones"
    yi, n = np.array([0.9, 0.0, -0.6, 0.7]), 40
    for model, told in (("random", True), ("common", False)):
        effects = meta.Effects.from_arrays(yi, np.full(4, 0.1), measure="SMD", n=np.full(4, n))
        size = meta.information_size(0.3, measure="SMD", fit=meta.pool(effects, model=model))
        assert any(said in note for note in size.notes) is told, model


def test_where_the_truth_lies_does_not_change_how_often_it_is_held() -> None:
    v = [0.04, 0.09, 0.16]
    at_zero, far = (
        meta.operating_characteristics(v, truth=truth, tau2=0.1, repetitions=200)["coverage"]
        for truth in (0.0, 40.0)
    )
    assert far.tolist() == at_zero.tolist()


def test_patterns_counted_in_parts_are_the_same_patterns(monkeypatch: pytest.MonkeyPatch) -> None:
    fit = meta.pool([0.5, 0.3, -0.1, 0.6, 0.2, 0.4, 0.1], [0.04] * 7)
    whole = meta.permutation_test(fit)
    # 64 patterns, ten at a time: the last part holds four
    monkeypatch.setattr("meta.synthesis.diagnostics.permutation._CELLS", 70)
    assert meta.permutation_test(fit).p_value == whole.p_value
    # by hand: with equal variances the larger sums of signed effects are the more extreme ones
    signs = np.array(np.meshgrid(*[[-1, 1]] * 7)).reshape(7, -1)
    sums = np.abs(fit.effects.yi @ signs)
    assert whole.p_value == pytest.approx(np.mean(sums >= abs(fit.effects.yi.sum()) - 1e-9))


def test_a_sample_of_patterns_holds_the_observed_one() -> None:
    fit = meta.pool(np.linspace(0.9, 1.1, 16), [0.01] * 16)
    found = meta.permutation_test(fit, n_max=50)
    assert found.p_value == pytest.approx(1 / 50)  # no other of 50 is as extreme


def test_a_group_of_one_trial_is_told_and_shares_tau2() -> None:
    effects = meta.Effects.from_arrays(
        [0.1, 0.6, 1.2, 0.3], [0.04, 0.05, 0.04, 0.02], measure="SMD",
        labels=["A", "B", "C", "D"], form=["x", "x", "x", "y"],
    )  # fmt: skip
    found = meta.subgroups(meta.pool(effects), by="form", shared_tau2=True)
    (note,) = (note for note in found.notes if "one trial" in note)
    assert note.startswith("y: one trial; its interval has the shared tau2 in it")
    small = [note for note in found.notes if "fewer than" in note]
    assert len(small) == 1
    assert "x (k = 3)" in small[0]
    assert "y (k" not in small[0]
    x, y = found.fits["x"], found.fits["y"]
    assert x.tau2 == y.tau2 > 0
    # H2 is tau2 over the typical sampling variance (Higgins and Thompson), plus 1
    w = 1 / x.effects.vi
    typical = 2 * w.sum() / (w.sum() ** 2 - (w**2).sum())
    assert x.h2 == pytest.approx(x.tau2 / typical + 1)
    assert x.i2 == pytest.approx(100 * x.tau2 / (x.tau2 + typical))
    assert (y.h2, y.h2_low) == pytest.approx((y.tau2 / 0.02 + 1, y.tau2_low / 0.02 + 1))


@pytest.mark.parametrize(("k", "told"), [(9, True), (10, False)])
def test_a_prediction_interval_is_called_approximate_below_ten_studies(k: int, told: bool) -> None:
    fit = meta.pool(np.linspace(-1, 1, k), [0.02] * k)
    assert any("is approximate with k" in note for note in fit.notes) is told


@pytest.mark.parametrize(("k", "told"), [(5, False), (4, True)])
def test_ten_trials_for_each_comparison_of_subgroups(k: int, told: bool) -> None:
    effects = meta.Effects.from_arrays(
        np.tile(np.linspace(-1, 1, k), 2), np.full(2 * k, 0.02), measure="SMD",
        form=["x"] * k + ["y"] * k,
    )  # fmt: skip
    found = meta.subgroups(meta.pool(effects), by="form")
    assert any("little power" in note for note in found.notes) is told


def test_the_sampling_error_of_a_drawn_p_value_is_that_of_a_share() -> None:
    fit = meta.pool(np.linspace(-0.3, 0.6, 20), [0.04] * 20)
    found = meta.permutation_test(fit, n_max=400)
    p = found.p_value
    (note,) = (note for note in found.notes if "sampling error" in note)
    assert note.endswith(f"sampling error of {np.sqrt(p * (1 - p) / 400):.2g}.")


def test_a_multilevel_model_counts_its_mean_and_its_variances() -> None:
    yi, vi = np.array([0.1, 0.3, 0.6, 0.2, 0.5, 0.9]), np.full(6, 0.03)
    fit = meta.multilevel(yi, vi, cluster=["a", "a", "b", "b", "c", "c"])
    assert fit.n_parameters == 3
    assert fit.aic == pytest.approx(2 * 3 - 2 * fit.log_likelihood)


def test_a_regression_of_logarithms_says_so() -> None:
    effects = meta.Effects.from_arrays(
        np.linspace(-0.5, 0.4, 6), np.full(6, 0.05), measure="OR",
        study_id=list("aabbcc"), dose=[1.0, 2, 3, 4, 5, 6],
    )  # fmt: skip
    fit = meta.multilevel(effects, cluster="study_id", formula="dose")
    assert "Odds ratio, logarithm" in str(fit)
