"""PET, PEESE and the conditional rule."""

from __future__ import annotations

import numpy as np
import pytest
from reference_answers import reference

import meta
from meta.errors import DataError, NotComparable, TooFewStudies
from meta.synthesis.bias.pet_peese import pet_peese

CLOSED = 1e-8


def fit_of(name, **settings):
    ref = reference(name)
    return meta.pool(ref["yi"], ref["vi"], **settings)


@pytest.mark.parametrize("name", ["bcg_RR", "hackshaw1998_GEN", "curtis1998_ROM", "li2007_OR"])
def test_both_are_weighted_regressions(name):
    fit = fit_of(name)
    answer = pet_peese(fit)
    for row, predictor in zip(answer.table.to_dict("records"), ("sei", "vi"), strict=True):
        # the slope's test is Egger's, which equals metafor's on these data
        test = meta.egger(fit, predictor)
        assert row["estimate"] == pytest.approx(test.limit, rel=CLOSED)
        assert row["ci_low"] == pytest.approx(test.limit_low, rel=CLOSED)
        assert row["slope_p_value"] == pytest.approx(test.p_value, rel=CLOSED)


def simulated(mean, slope=0.0, seed=1):
    rng = np.random.default_rng(seed)
    sei = np.linspace(0.05, 0.4, 40)
    return meta.pool(mean + slope * sei + sei * rng.normal(size=40), sei**2)


def test_the_rule():
    present, absent = pet_peese(simulated(0.5)), pet_peese(simulated(0.0, slope=1.5))
    assert present.model == "PEESE"
    assert present.estimate == present.table["estimate"][1]
    assert absent.model == "PET"
    assert absent.estimate == absent.table["estimate"][0]
    assert absent.estimate == pytest.approx(0, abs=0.15)


def test_an_intercept_on_the_other_side_keeps_pet():
    # pooled above 0, extrapolated clearly below 0
    sei = np.linspace(0.1, 0.5, 12)
    wobble = 0.01 * np.cos(np.arange(12) * 2.0)
    answer = pet_peese(meta.pool(-0.3 + 3 * sei + wobble, sei**2))
    assert answer.table["p_value"][0] < 0.01
    assert answer.model == "PET"


def test_standardised_mean_differences_use_group_sizes():
    ref = reference("normand1999_SMD")
    effects = meta.Effects.from_arrays(
        ref["yi"], ref["vi"], measure="SMD", n_t=ref["arms"]["n_t"], n_c=ref["arms"]["n_c"]
    )
    fit = meta.pool(effects)
    assert pet_peese(fit).predictor == "sqrt_inverse_n"
    assert any("own standard error" in note for note in pet_peese(fit, predictor="sei").notes)


def test_edges():
    with pytest.raises(TooFewStudies):
        pet_peese(meta.pool([0.1, 0.2], [0.1, 0.2]))
    with pytest.raises(DataError, match="same in all studies"):
        pet_peese(meta.pool([0.1, 0.2, 0.3], [0.1, 0.1, 0.1]))
    with pytest.raises(NotComparable, match="no effect"):
        pet_peese(meta.pool([0.1, 0.2, 0.3], [0.1, 0.2, 0.1], measure="PLO"))
    with pytest.raises(DataError, match="predictor='vi'"):
        pet_peese(fit_of("bcg_RR"), predictor="vi")
    line = pet_peese(meta.pool([0.1, 0.2, 0.3], [0.01, 0.04, 0.09]))
    assert line.table["estimate"][0] == pytest.approx(0, abs=1e-12)


def test_unit_and_sign():
    ref = reference("bcg_RR")
    fit = fit_of("bcg_RR")
    other = meta.pool(-10 * np.asarray(ref["yi"]), 100 * np.asarray(ref["vi"]))
    assert pet_peese(other).estimate == pytest.approx(-10 * pet_peese(fit).estimate, rel=CLOSED)
    assert pet_peese(other).model == pet_peese(fit).model


def test_display():
    answer = pet_peese(simulated(0.5))
    assert "taken by the conditional rule" in str(answer)
    assert answer.to_dict()["table"][1]["method"] == "PEESE"


def test_both_lines_on_the_readers_scale():
    fit = meta.pool([-0.9, -0.8, -0.5, -0.3, -0.1], [0.20, 0.18, 0.10, 0.02, 0.01], measure="OR")
    answer = meta.pet_peese(fit)
    shown = answer.lines().to_frame()
    assert shown["method"].tolist() == ["PET", "PEESE"]
    assert shown["estimate"].tolist() == pytest.approx(np.exp(answer.table["estimate"]).tolist())
    assert shown["slope"].tolist() == answer.table["slope"].tolist()
    assert set(shown["scale"]) == {"Odds ratio"}
