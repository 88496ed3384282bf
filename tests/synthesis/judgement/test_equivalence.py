"""Equivalence by its definition, against statsmodels, the claims' rule, and at its edges."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from reference_answers import reference
from scipy import stats

import meta
from meta.claims.verdicts import CONTRADICTED, SUPPORTED, UNRESOLVED, Oriented, judge_equivalence
from meta.errors import DataError, NotComparable
from meta.synthesis.judgement.equivalence import place_of

EXACT = 1e-12


def alike(**options):
    yi = np.log([1.02, 0.97, 1.01, 0.99])
    return meta.pool(yi, [0.002, 0.003, 0.001, 0.002], measure="RR", **options)


def test_the_p_value_is_the_larger_of_two_one_sided_tests():
    fit = alike()
    answer = meta.equivalence(fit, 1.17)
    end = np.log(1.17)
    both = [
        stats.t.sf((fit.estimate + end) / fit.se, fit.dof),
        stats.t.sf((end - fit.estimate) / fit.se, fit.dof),
    ]
    assert answer.p_value == pytest.approx(max(both), rel=EXACT)
    assert (answer.margin_low, answer.margin_high) == pytest.approx((1 / 1.17, 1.17), rel=EXACT)
    assert answer.equivalent
    normal = alike(model="common")
    assert meta.equivalence(normal, 1.17).p_value == pytest.approx(
        stats.norm.sf((end - abs(normal.estimate)) / normal.se), rel=EXACT
    )


def test_one_mean_equals_the_equivalence_test_of_statsmodels():
    from statsmodels.stats.weightstats import DescrStatsW

    # equal variances make random effects with Knapp and Hartung's interval a one-sample t test
    values = np.array([0.3, -0.1, 0.2, 0.05, -0.15, 0.1])
    fit = meta.pool(values, np.full(6, 0.01), measure="MD")
    want = DescrStatsW(values).ttost_mean(-0.25, 0.3)[0]
    assert meta.equivalence(fit, (-0.25, 0.3)).p_value == pytest.approx(want, rel=1e-10)


@pytest.mark.parametrize(
    ("limits", "place", "words"),
    [
        ((-0.1, 0.1), "inside", "alike within the margin"),
        ((-0.2, 0.1), "undecided", "no difference found is not equivalence"),
        ((-0.1, 0.2), "undecided", "no difference found is not equivalence"),
        ((-0.5, 0.5), "undecided", "no difference found is not equivalence"),
        ((0.1, 0.5), "undecided", "no difference found is not equivalence"),
        ((0.2, 0.5), "undecided", "no difference found is not equivalence"),
        ((0.21, 0.5), "above", "different by more than the margin, on the upper side"),
        ((-0.5, -0.21), "below", "different by more than the margin, on the lower side"),
    ],
)
def test_where_the_interval_lies(limits, place, words):
    low, high = limits
    fit = replace(
        meta.pool([0.1, 0.2, 0.3], [0.1, 0.2, 0.3], measure="MD"),
        estimate=(low + high) / 2,
        ci_low=low,
        ci_high=high,
    )
    answer = meta.equivalence(fit, 0.2)
    assert (answer.place, answer.equivalent) == (place, place == "inside")
    assert words in answer.sentence()
    assert words in str(answer)
    assert words in answer._repr_html_()


ends = st.floats(-2, 2)


@settings(max_examples=300, deadline=None)
@given(ends, ends, st.floats(0.01, 2))
def test_the_claims_judge_by_the_same_rule(one, other, margin):
    low, high = sorted((one, other))
    place = place_of(low, high, -margin, margin)
    verdict = judge_equivalence(Oriented((low + high) / 2, low, high), margin)
    # "as good as" is not said of what is better by more than the margin
    want = {"inside": SUPPORTED, "below": CONTRADICTED}
    assert verdict == want.get(place, UNRESOLVED)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.floats(-1, 1), min_size=3, max_size=6, unique=True),
    st.floats(0.01, 2),
    st.sampled_from([0.8, 0.95]),
)
def test_the_interval_and_the_p_value_agree(yi, margin, ci_level):
    fit = meta.pool(yi, np.full(len(yi), 0.02), measure="SMD", ci_level=ci_level)
    assume(fit.ci_low < fit.ci_high)  # effects that agree to the last digit leave no interval
    answer = meta.equivalence(fit, margin)
    alpha = (1 - ci_level) / 2
    if abs(answer.p_value - alpha) > 1e-9:
        assert answer.equivalent == (answer.p_value < alpha)
    assert 0 <= answer.p_value <= 1
    turned = meta.equivalence(fit.refit(replace(fit.effects, table=_negative(fit))), margin)
    assert turned.p_value == pytest.approx(answer.p_value, rel=1e-6, abs=1e-9)


def _negative(fit):
    return fit.effects.table.assign(yi=-fit.effects.yi)


def test_a_ratio_and_its_inverse_give_one_answer():
    fit = alike()
    inverse = meta.pool(-fit.effects.yi, fit.effects.vi, measure="RR")
    one, other = meta.equivalence(fit, (0.8, 1.2)), meta.equivalence(inverse, (1 / 1.2, 1 / 0.8))
    assert one.p_value == pytest.approx(other.p_value, rel=1e-9)


def test_correlations_are_judged_on_fishers_scale():
    fit = meta.pool(np.arctanh([0.02, -0.01, 0.03]), [0.001, 0.002, 0.001], measure="ZCOR")
    answer = meta.equivalence(fit, 0.2)
    want = stats.t.sf((np.arctanh(0.2) - fit.estimate) / fit.se, fit.dof)
    assert answer.p_value == pytest.approx(want, rel=EXACT)
    for impossible in (1.0, 1.5, (-1.5, 0.5)):
        with pytest.raises(DataError, match="margin"):
            meta.equivalence(fit, impossible)


@pytest.mark.parametrize(
    "margin",
    [1.0, 0.8, -1.25, 0, (1.1, 1.3), (0.5, 0.9), (1.25, 0.8), (0.0, 1.25), (-1, 1.25)],
)  # fmt: skip
def test_a_margin_of_a_ratio_encloses_1(margin):
    with pytest.raises(DataError, match=r"a ratio above 1, such as 1\.25.*with 1, no effect"):
        meta.equivalence(alike(), margin)


@pytest.mark.parametrize(
    "margin",
    [np.nan, np.inf, True, "1.25", None, (0.8,), (0.8, np.inf), ("a", 1.25), (0.8, 1.0, 1.25)],
)
def test_a_margin_is_a_number_or_a_pair(margin):
    with pytest.raises(DataError, match=r"margin is .* a finite number or a pair"):
        meta.equivalence(alike(), margin)


@pytest.mark.parametrize("margin", [0, -0.2, (0.1, 0.2)])
def test_a_margin_of_a_difference_encloses_0(margin):
    fit = meta.pool([0.1, 0.2, 0.3], [0.1, 0.2, 0.3], measure="SMD")
    with pytest.raises(DataError, match="above 0"):
        meta.equivalence(fit, margin)


def test_what_cannot_be_judged_is_refused():
    with pytest.raises(NotComparable, match="no value that means no effect"):
        meta.equivalence(meta.pool_proportions([5, 6, 9], [20, 30, 40]), 0.2)
    with pytest.raises(DataError, match="needed: the answer of a pooling method"):
        meta.equivalence(alike().effects, 1.25)
    equal = meta.pool([0.1, 0.1, 0.1], [0.1, 0.2, 0.3], measure="MD")
    with pytest.raises(DataError, match="no width"):
        meta.equivalence(equal, 0.5)


def test_answers_from_counts_serve_as_well():
    arms = reference("bcg_OR")["arms"]
    fit = meta.peto(*(arms[name] for name in ("events_t", "n_t", "events_c", "n_c")))
    answer = meta.equivalence(fit, 1.1)
    assert answer.place == "below"
    assert answer.p_value == pytest.approx(
        stats.norm.sf((fit.estimate + np.log(1.1)) / fit.se), rel=EXACT
    )


def test_what_must_be_said_beside_it():
    assert meta.equivalence(alike(model="common"), 1.25).notes == ()
    two = meta.equivalence(meta.pool([0.1, 0.1001], [0.01, 0.01], measure="MD"), 0.5)
    assert two.equivalent
    assert "k = 2" in two.notes[0]
    assert "by the ad hoc (conservative) interval" in two.notes[1]
    assert "undecided" in two.notes[1]
    # twenty effects, far apart around 0: alike on average, not one by one
    yi = np.linspace(-1, 1, 40)
    spread = meta.equivalence(meta.pool(yi, np.full(40, 0.001), measure="MD"), 0.5)
    assert spread.equivalent
    assert any("prediction interval" in note for note in spread.notes)


def test_the_dictionary_is_ready_for_json():
    answer = meta.equivalence(alike(), (0.8, 1.25))
    record = json.loads(json.dumps(answer.to_dict()))
    assert record["equivalent"] is True
    assert (record["place"], record["margin_high"]) == ("inside", 1.25)
    assert record["fit"]["measure"] == "RR"
