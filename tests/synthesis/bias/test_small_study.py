"""Tests of funnel-plot asymmetry against metafor, regressions of statsmodels, and their edges."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from reference_answers import reference, univariate_references
from statsmodels.regression.linear_model import WLS

import meta
from meta.errors import DataError, NotComparable, TooFewStudies

CLOSED = 1e-8
# tau2 is iterated on both sides and the test statistic follows it; see the tests of pooling
ITERATIVE = 1e-6


def wald(name):
    ref = reference(name)
    return ref, meta.pool(ref["yi"], ref["vi"], ci_method="wald")


@pytest.mark.parametrize("name", univariate_references())
def test_classical_egger_equals_metafor(name):
    ref, fit = wald(name)
    test, want = meta.egger(fit), ref["egger_lm"]
    size = float(np.sqrt(np.mean(ref["vi"])))
    assert test.predictor == "sei"
    assert test.statistic == pytest.approx(want["t"], rel=CLOSED, abs=CLOSED)
    assert test.p_value == pytest.approx(want["p"], rel=CLOSED)
    assert test.dof == want["dof"]
    assert test.limit == pytest.approx(want["limit"], rel=CLOSED, abs=CLOSED * size)


@pytest.mark.parametrize("name", univariate_references())
def test_mixed_effects_egger_equals_metafor(name):
    ref, fit = wald(name)
    test, want = meta.egger(fit, model="rma"), ref["egger_rma_REML"]
    assert test.statistic == pytest.approx(want["z"], rel=ITERATIVE, abs=ITERATIVE)
    # a p-value far out in the tail magnifies the statistic's last digits
    assert test.p_value == pytest.approx(want["p"], rel=100 * ITERATIVE)
    assert test.dof is None


@pytest.mark.parametrize("name", univariate_references())
def test_begg_equals_metafor(name):
    ref, fit = wald(name)
    test, want = meta.begg(fit), ref["begg"]
    assert test.statistic == pytest.approx(want["tau"], rel=CLOSED, abs=CLOSED)
    # R takes the upper tail as 1 minus the lower one, which leaves 14 decimals and no more
    assert test.p_value == pytest.approx(want["p"], rel=CLOSED, abs=1e-13)


def test_begg_exact_p_is_the_share_of_permutations():
    rng = np.random.default_rng(5)
    fit = meta.pool(rng.normal(size=6), rng.uniform(0.1, 1, 6))
    test = meta.begg(fit)
    vi = fit.effects.vi
    centre = np.sum(fit.effects.yi / vi) / np.sum(1 / vi)
    deviates = (fit.effects.yi - centre) / np.sqrt(vi - 1 / np.sum(1 / vi))

    def concordance(order):
        pairs = itertools.combinations(range(6), 2)
        return sum(np.sign((deviates[i] - deviates[j]) * (order[i] - order[j])) for i, j in pairs)

    observed = concordance(vi)
    every = [concordance(p) for p in itertools.permutations(range(6))]
    assert test.statistic == pytest.approx(observed / 15)
    assert test.p_value == pytest.approx(np.mean(np.abs(every) >= abs(observed)))
    assert test.exact


def test_the_slope_is_the_intercept_of_eggers_own_regression():
    _, fit = wald("egger2001_OR")
    test = meta.egger(fit)
    precision, deviate = 1 / fit.effects.sei, fit.effects.yi / fit.effects.sei
    line, cov = np.polyfit(precision, deviate, 1, cov=True)
    assert test.slope == pytest.approx(line[1], rel=CLOSED)
    assert test.slope_se == pytest.approx(np.sqrt(cov[1, 1]), rel=CLOSED)
    assert test.limit == pytest.approx(line[0], rel=CLOSED)


def by_statsmodels(y, x, weights):
    line = WLS(y, np.column_stack([np.ones_like(x), x]), weights=weights).fit()
    return line.params, line.bse


def binary(name="egger2001_OR", **changes):
    ref = reference(name)
    arms = {key: np.asarray(value, dtype=float) for key, value in ref["arms"].items()}
    return meta.Effects.from_arrays(ref["yi"], ref["vi"], measure="OR", **(arms | changes))


def test_harbord_and_peters_are_their_regressions():
    effects = binary()
    table = effects.table
    a, n_t, c, n_c = (table[name] for name in ("events_t", "n_t", "events_c", "n_c"))
    n, e = n_t + n_c, a + c
    fit = meta.pool(effects)
    score = (a - e * n_t / n).to_numpy()
    variance = (n_t * n_c * e * (n - e) / (n**2 * (n - 1))).to_numpy()
    beta, se = by_statsmodels(score / variance, 1 / np.sqrt(variance), variance)
    harbord = meta.egger(fit, "harbord")
    assert [harbord.limit, harbord.slope, harbord.slope_se] == pytest.approx(
        [*beta, se[1]], rel=CLOSED
    )
    # the same as the intercept of Z / sqrt(V) on sqrt(V)
    line = np.polyfit(np.sqrt(variance), score / np.sqrt(variance), 1)
    assert harbord.slope == pytest.approx(line[1], rel=CLOSED)
    weights = (1 / (1 / e + 1 / (n - e))).to_numpy()
    beta, se = by_statsmodels(effects.yi, (1 / n).to_numpy(), weights)
    peters = meta.egger(fit, "peters")
    assert [peters.limit, peters.slope, peters.slope_se] == pytest.approx(
        [*beta, se[1]], rel=CLOSED
    )
    assert peters.dof == fit.k - 2


def test_tables_without_information_are_named():
    events = [0.0, 0.0]
    effects = binary()
    changed = effects.table.copy()
    changed.loc[2, ["events_t", "events_c"]] = events
    changed["label"] = [f"trial {i}" for i in range(len(changed))]
    fit = meta.pool(
        meta.Effects.from_arrays(
            changed["yi"],
            changed["vi"],
            labels=changed["label"].tolist(),
            measure="OR",
            **{name: changed[name] for name in ("events_t", "n_t", "events_c", "n_c")},
        )
    )
    test = meta.egger(fit, "harbord")
    assert test.k == fit.k - 1
    assert any("trial 2" in note for note in test.notes)


def smd(**changes):
    ref = reference("normand1999_SMD")
    arms = ref["arms"]
    columns = {"n_t": arms["n_t"], "n_c": arms["n_c"]} | changes
    return meta.pool(meta.Effects.from_arrays(ref["yi"], ref["vi"], measure="SMD", **columns))


def test_standardised_mean_differences_use_group_sizes():
    fit = smd()
    test = meta.egger(fit)
    assert test.predictor == "sqrt_inverse_n"
    table = fit.effects.table
    x = np.sqrt(1 / table["n_t"] + 1 / table["n_c"]).to_numpy(dtype=float)
    beta, se = by_statsmodels(fit.effects.yi, x, 1 / fit.effects.vi)
    assert test.statistic == pytest.approx(beta[1] / se[1], rel=CLOSED)
    assert any("enters its own standard error" in note for note in meta.egger(fit, "sei").notes)
    unknown = smd(n_c=[np.nan] + [10.0] * 8)
    assert meta.egger(unknown).predictor == "sei"
    with pytest.raises(DataError, match="study 1 has no n_c"):
        meta.egger(unknown, "sqrt_inverse_n")


@pytest.mark.parametrize("predictor", ["ni", "sqrtni"])
def test_number_of_people_has_no_limit_estimate(predictor):
    test = meta.egger(smd(), predictor)
    assert np.isnan([test.limit, test.limit_low, test.limit_high, test.limit_se]).all()
    assert "nears 0" not in str(test)


# metafor 3.8-1 on dat.normand1999, escalc("SMD"), n = n1i + n2i
NONE = np.nan
# regtest(yi, vi = vi, ni = n, model = "lm", predictor = ...): zval, pval, est, ci.lb, ci.ub
REGTEST_LM = {
    "ni": [-0.09185656808441, 0.9293854797152, NONE, NONE, NONE],
    "ninv": [-0.04323356764921, 0.9667227392058, -0.3992673189825, -1.27100363099, 0.4724689930249],
    "sqrtni": [-0.1054144588188, 0.919004060631, NONE, NONE, NONE],
    "sqrtninv": [
        *(0.03487175784192, 0.9731555604162, -0.4327778313391),
        *(-2.05581801621, 1.190262353532),
    ],
}
# regtest(rma(yi, vi, control = list(threshold = 1e-12, maxiter = 5000)), ni = n,
# predictor = ...): zval, pval, est
REGTEST_RMA = {
    "ni": [0.1061843605599, 0.9154360792549, NONE],
    "ninv": [-0.2500758404891, 0.802528698992, -0.4471292161886],
    "sqrtni": [0.1338231453213, 0.893542424497, NONE],
    "sqrtninv": [-0.2323261112101, 0.8162847333807, -0.3629097136728],
}


@pytest.mark.parametrize("predictor", REGTEST_LM)
def test_predictors_by_the_number_of_people_equal_metafor(predictor):
    ref = reference("normand1999_SMD")
    columns = {name: ref["arms"][name] for name in ("n_t", "n_c")}
    effects = meta.Effects.from_arrays(ref["yi"], ref["vi"], measure="SMD", **columns)
    fit = meta.pool(effects, ci_method="wald")
    one, other = meta.egger(fit, predictor), meta.egger(fit, predictor, model="rma")
    found = [one.statistic, one.p_value, one.limit, one.limit_low, one.limit_high]
    assert found == pytest.approx(REGTEST_LM[predictor], rel=CLOSED, nan_ok=True)
    found = [other.statistic, other.p_value, other.limit]
    assert found == pytest.approx(REGTEST_RMA[predictor], rel=CLOSED, nan_ok=True)


def test_the_people_of_a_crossover_count_once():
    paired = [True] + [False] * 8
    one, other = smd(paired=paired), smd()
    n = one.effects.table["n_t"] + one.effects.table["n_c"].where(~np.array(paired), 0)
    beta, se = by_statsmodels(one.effects.yi, n.to_numpy(dtype=float), 1 / one.effects.vi)
    assert meta.egger(one, "ni").statistic == pytest.approx(beta[1] / se[1], rel=CLOSED)
    assert meta.egger(one, "ni").slope != meta.egger(other, "ni").slope
    assert meta.egger(one).slope == meta.egger(other).slope


def test_knapp_hartung_fit_gives_a_t_test():
    ref = reference("bcg_RR")
    fit = meta.pool(ref["yi"], ref["vi"])
    test = meta.egger(fit, model="rma")
    assert test.dof == 11
    direct = meta.egger(meta.pool(ref["yi"], ref["vi"], ci_method="wald"), model="rma")
    assert test.slope == pytest.approx(direct.slope, rel=CLOSED)
    assert test.slope_se != pytest.approx(direct.slope_se, rel=1e-3)


def test_bcg_equals_metafor_in_print():
    _, fit = wald("bcg_RR")
    mixed, classical = meta.egger(fit, model="rma"), meta.egger(fit)
    assert mixed.statistic == pytest.approx(-0.8033, abs=5e-5)
    assert mixed.limit == pytest.approx(-0.5104, abs=5e-5)
    assert classical.statistic == pytest.approx(-1.4013, abs=5e-5)
    # the intercept of the original form
    assert classical.slope == pytest.approx(-2.11204, abs=5e-6)


def test_few_studies_and_wrong_settings():
    two = meta.pool([0.1, 0.2], [0.1, 0.2])
    for function in (meta.egger, meta.begg):
        with pytest.raises(TooFewStudies, match="at least 3 studies"):
            function(two)
    fit = meta.pool([0.1, 0.2, 0.5], [0.1, 0.2, 0.3])
    assert any("not informative" in note for note in meta.egger(fit).notes)
    assert any("not informative" in note for note in meta.begg(fit).notes)
    with pytest.raises(DataError, match="predictor='size' is unknown"):
        meta.egger(fit, "size")
    with pytest.raises(DataError, match="model='wls' is unknown"):
        meta.egger(fit, model="wls")
    with pytest.raises(DataError, match="n_t, n_c"):
        meta.egger(fit, "ni")
    with pytest.raises(NotComparable, match="odds ratios"):
        meta.egger(fit, "harbord")
    with pytest.raises(DataError, match="model='lm'"):
        meta.egger(meta.pool(binary()), "peters", model="rma")
    same = meta.pool([0.1, 0.2, 0.5], [0.2, 0.2, 0.2])
    for function in (meta.egger, meta.begg):
        with pytest.raises(DataError, match="same"):
            function(same)


def test_the_sign_of_effects_turns_the_answer():
    ref, fit = wald("bcg_RR")
    turned = meta.pool(-np.asarray(ref["yi"]), ref["vi"], ci_method="wald")
    assert meta.egger(turned).statistic == pytest.approx(-meta.egger(fit).statistic, rel=CLOSED)
    assert meta.begg(turned).statistic == pytest.approx(-meta.begg(fit).statistic, rel=CLOSED)


def test_answers_show_themselves():
    test = meta.egger(meta.pool(binary()))
    assert "Egger" in test._repr_html_()
    assert "t (14 df)" in str(test)
    assert test.to_dict()["dof"] == 14
    # the limit is shown as an odds ratio
    assert f"{np.exp(test.limit):.2f}" in str(test)
    rank = meta.begg(meta.pool(binary()))
    assert "exact" in str(rank)
    assert rank.to_dict()["k"] == 16
