"""People needed: closed forms, metafor's variances, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from reference_answers import reference
from scipy import stats

import meta


def test_two_means_take_the_textbook_number_of_people():
    # per arm 2 (z + z)^2 sd^2 / delta^2; about 85 for half an SD, 90 % power, 5 % two-sided
    answer = meta.information_size(0.5, sd=1.0)
    per_arm = 2 * (stats.norm.ppf(0.975) + stats.norm.ppf(0.9)) ** 2 / 0.5**2
    assert answer.n_one_trial == pytest.approx(2 * per_arm, rel=1e-12)
    assert per_arm == pytest.approx(84.06, abs=0.005)
    assert answer.n_required == answer.n_one_trial
    assert answer.n_found is None


def test_an_interval_of_that_size_excludes_no_effect_with_the_stated_chance():
    n = meta.information_size(0.4, measure="SMD", power=0.8).n_one_trial
    z = 0.4 / np.sqrt(4 / n)
    assert stats.norm.sf(stats.norm.ppf(0.975) - z) == pytest.approx(0.8, abs=1e-12)


@pytest.mark.parametrize(
    ("measure", "mid"), [("RD", -0.05), ("RR", 0.75), ("OR", 0.15 / 0.85 / (0.2 / 0.8))]
)
def test_measures_of_events_agree_on_the_same_two_risks(measure, mid):
    answer = meta.information_size(mid, measure=measure, control_risk=0.2, power=0.8)
    z = stats.norm.ppf(0.975) + stats.norm.ppf(0.8)
    assert answer.n_one_trial == pytest.approx(4 * z**2 * 0.175 * 0.825 / 0.05**2, rel=1e-10)


def test_diversity_is_the_variance_that_heterogeneity_adds():
    answers = reference("bcg_RR")
    fit = meta.pool(
        meta.Effects.from_arrays(
            answers["yi"], answers["vi"], measure="RR", n_t=[100.0] * 13, n_c=[100.0] * 13
        ),
        ci_method="wald",
    )
    answer = meta.information_size(0.8, control_risk=0.1, fit=fit)
    expected = 1 - (answers["EE"]["se"] / answers["REML"]["se"]) ** 2
    assert answer.diversity == pytest.approx(expected, rel=1e-6)
    assert 100 * answer.diversity >= fit.i2
    assert answer.n_required == pytest.approx(answer.n_one_trial / (1 - expected), rel=1e-5)
    assert answer.share == pytest.approx(2600 / answer.n_required)
    assert "2,600 were studied" in answer.sentence()


def test_a_common_effect_adds_nothing():
    effects = meta.Effects.from_arrays(
        [0.1, 0.9], [0.1, 0.1], measure="SMD", n_t=[9, 9], n_c=[9, 9]
    )
    assert meta.information_size(0.5, fit=meta.pool(effects, model="common")).diversity == 0
    assert meta.information_size(0.5, fit=meta.pool(effects)).diversity > 0.5


def test_every_fault_is_named_at_once():
    with pytest.raises(meta.DataError) as error:
        meta.information_size(0, sd=-1, control_risk=0.2, power=90)
    for fault in ("mid is 0", "sd is -1", "control_risk means nothing", "power is 90"):
        assert fault in str(error.value)


def test_people_must_be_known_and_the_measure_the_fits():
    fit = meta.pool([0.1, 0.2], [0.1, 0.1], measure="SMD")
    with pytest.raises(meta.DataError, match="n_t and n_c"):
        meta.information_size(0.5, fit=fit)
    with pytest.raises(meta.NotComparable, match="'MD' and that of the fit 'SMD'"):
        meta.information_size(0.5, measure="MD", sd=1, fit=fit)
    with pytest.raises(meta.NotComparable, match="no formula for 'ZCOR'"):
        meta.information_size(0.5, measure="ZCOR")
    with pytest.raises(meta.DataError, match="below 0 or above 1"):
        meta.information_size(3, measure="RR", control_risk=0.5)
