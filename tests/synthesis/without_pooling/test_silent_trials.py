import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

import meta
from meta.effect_sizes.standardised import hedges_j
from meta.synthesis.without_pooling.silent_trials import null_bounds

Y, V = np.array([-0.6, -0.4, -0.9]), np.array([0.08, 0.06, 0.1])


def trials(**columns):
    count = len(next(iter(columns.values())))
    ids = [f"s{i}" for i in range(count)]
    return pd.DataFrame({"study_id": ids, "label": [i.upper() for i in ids]} | columns)


@pytest.fixture
def fit():
    return meta.pool(Y, V, measure="SMD", model="common")


def test_closed_form_of_the_null(fit):
    answer = null_bounds(fit, trials(n_t=[20, 40], n_c=[30, 40]))
    vi = np.array([1 / 20 + 1 / 30, 1 / 40 + 1 / 40])
    w = np.concatenate([1 / V, 1 / vi])
    assert answer.with_nulls.estimate == pytest.approx((Y / V).sum() / w.sum(), abs=1e-8)
    assert answer.with_nulls.se == pytest.approx(w.sum() ** -0.5, abs=1e-8)
    assert answer.printed_only is fit
    assert answer.with_nulls.k == 5


def test_bounds_are_just_not_significant(fit):
    answer = null_bounds(fit, trials(n_t=[20], n_c=[30]))
    row = answer.entered.iloc[0]
    t = row["bound"] / hedges_j(np.array(48.0)) / np.sqrt(1 / 20 + 1 / 30)
    assert 2 * stats.t.sf(t, 48) == pytest.approx(0.05, abs=1e-8)
    vi = 1 / 20 + 1 / 30 + row["bound"] ** 2 / 100
    w = np.append(1 / V, 1 / vi)
    expected = ((Y / V).sum() + row["bound"] / vi) / w.sum()
    assert answer.upper.estimate == pytest.approx(expected, abs=1e-8)


def test_mean_difference_takes_an_sd():
    fit = meta.pool([-2.0, -3.0], [1.0, 2.0], measure="MD", model="common")
    answer = null_bounds(fit, trials(n_t=[25, 50], n_c=[25, 50], sd=[np.nan, 8.0]), sd=5.0)
    assert answer.entered["variance"].tolist() == pytest.approx([25 * 2 / 25, 64 * 2 / 50])
    bound = stats.t.isf(0.025, 48) * np.sqrt(2.0)
    assert answer.entered["bound"].iloc[0] == pytest.approx(bound)


def test_paired_trials_use_the_correlation(fit):
    silent = trials(n_t=[40], n_c=[40], paired=[True])
    answer = null_bounds(fit, silent, correlation=0.8)
    assert answer.entered["variance"].iloc[0] == pytest.approx(2 * 0.2 / 40)
    assert "correlation 0.8" in answer.entered["assumptions"].iloc[0]


def test_people_of_paired_trials_count_once():
    effects = meta.Effects.from_arrays(Y, V, measure="SMD", n_t=[20] * 3, n_c=[20] * 3)
    answer = null_bounds(effects, trials(n_t=[30], n_c=[30], paired=[True]))
    assert answer.with_nulls.n_total == 150


def test_a_total_means_equal_arms_and_says_so(fit):
    answer = null_bounds(fit, trials(n=[90]))
    assert answer.entered[["n_t", "n_c"]].iloc[0].tolist() == [45, 45]
    assert any("equal arms of 45" in note for note in answer.notes)
    rest = null_bounds(fit, trials(n=[90], n_t=[50], n_c=[np.nan]))
    assert rest.entered["n_c"].iloc[0] == 40


def test_unknown_sizes_are_listed_and_counted(fit):
    answer = null_bounds(fit, trials(n_t=[20, np.nan, 30], n_c=[20, np.nan, np.nan]))
    assert answer.not_entered["study_id"].tolist() == ["s1", "s2"]
    assert "2 trials could not enter even as null" in answer.sentence()
    assert any("S1 and S2" in note for note in answer.notes)
    none = null_bounds(fit, trials(n_t=[np.nan], n_c=[np.nan]))
    assert none.with_nulls is fit
    assert none.upper is fit


@settings(max_examples=20, deadline=None)
@given(
    st.lists(st.floats(-1, 1), min_size=2, max_size=4),
    st.lists(st.integers(4, 200), min_size=1, max_size=4),
)
def test_order_and_pull_towards_zero(yi, sizes):
    fit = meta.pool(yi, [0.05] * len(yi), measure="SMD", model="common")
    answer = null_bounds(fit, trials(n=sizes))
    assert abs(answer.with_nulls.estimate) <= abs(fit.estimate) + 1e-12
    assert answer.lower.estimate < answer.with_nulls.estimate < answer.upper.estimate


def test_scale_invariance():
    silent = trials(n_t=[25, 40], n_c=[30, 40])
    small = null_bounds(meta.pool(Y, V, measure="MD"), silent, sd=1.0)
    large = null_bounds(meta.pool(100 * Y, 1e4 * V, measure="MD"), silent, sd=100.0)
    for name in ("with_nulls", "lower", "upper"):
        # the search for tau2 is iterative
        assert getattr(large, name).estimate == pytest.approx(
            100 * getattr(small, name).estimate, rel=1e-5
        )


def test_settings_are_kept_or_given(fit):
    assert null_bounds(fit, trials(n=[90])).with_nulls.model == "common"
    answer = null_bounds(fit.effects, trials(n=[90]), ci_method="HK-adhoc")
    assert answer.lower.ci_method == "HK-adhoc"
    with pytest.raises(meta.DataError, match="has its own settings"):
        null_bounds(fit, trials(n=[90]), model="random")


def test_texts_and_table(fit):
    answer = null_bounds(fit, trials(n=[90, 60]))
    assert answer.table()["k"].tolist() == [3, 5, 5, 5]
    assert "with 2 trials more counted as no effect" in answer.sentence()
    assert "convention" in str(answer)
    assert "<table" in answer._repr_html_()
    assert answer.to_dict()["with_nulls"]["k"] == 5


def test_every_fault_is_named(fit):
    silent = pd.DataFrame(
        {
            "study_id": ["study 1", "x", "x", "y"],
            "label": ["A", "B", "B again", "C"],
            "n_t": [20, 20, 20, -3],
            "n_c": [20, 20, 20, 20],
        }
    )
    with pytest.raises(meta.DataError) as caught:
        null_bounds(fit, silent, correlation=1.0)
    assert len(caught.value.faults) == 4
    assert "has an effect already" in str(caught.value)
    assert "n_t is -3" in str(caught.value)
    with pytest.raises(meta.DataError, match="alpha is 5; needed: a share between 0 and 1"):
        null_bounds(fit, silent, alpha=5)


def test_other_refusals(fit):
    with pytest.raises(meta.DataError, match="needs the columns"):
        null_bounds(fit, pd.DataFrame({"study_id": ["x"]}))
    with pytest.raises(meta.DataError, match="needs a standard deviation"):
        null_bounds(meta.pool(Y, V, measure="MD"), trials(n=[90]))
    with pytest.raises(meta.NotComparable, match="one group"):
        null_bounds(meta.pool(Y, V, measure="PLO"), trials(n=[90]))


@pytest.mark.parametrize("known", ["n_t", "n_c"])
def test_one_arm_and_all_people_give_the_other_arm(fit, known):
    both = null_bounds(fit, trials(n_t=[20.0], n_c=[30.0]))
    size = {"n_t": 20.0, "n_c": 30.0}[known]
    one = null_bounds(fit, trials(n=[50.0], **{known: [size]}))
    assert one.with_nulls.estimate == both.with_nulls.estimate
