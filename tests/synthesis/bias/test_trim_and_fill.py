"""Trim and fill against metafor, by hand, and at its edges."""

from __future__ import annotations

import numpy as np
import pytest
from reference_answers import reference, univariate_references

import meta
from meta.errors import DataError, NotConverged, TooFewStudies
from meta.synthesis.bias.trim_and_fill import _count, trim_and_fill

CLOSED = 1e-8


@pytest.mark.parametrize("estimator", ["L0", "R0"])
@pytest.mark.parametrize("name", univariate_references())
def test_equals_metafor(name, estimator):
    ref = reference(name)
    fit = meta.pool(ref["yi"], ref["vi"], tau2_method="DL", ci_method="wald")
    answer, want = trim_and_fill(fit, estimator=estimator), ref[f"trimfill_DL_{estimator}"]
    size = float(np.sqrt(np.mean(ref["vi"])))
    assert (answer.k0, answer.side) == (want["k0"], want["side"])
    assert answer.fit.estimate == pytest.approx(want["estimate"], rel=CLOSED, abs=CLOSED * size)
    assert answer.fit.se == pytest.approx(want["se"], rel=CLOSED)
    assert answer.fit.tau2 == pytest.approx(want["tau2"], rel=CLOSED, abs=CLOSED * size**2)


def test_published_outputs():
    ref = reference("bcg_RR")
    answer = trim_and_fill(meta.pool(ref["yi"], ref["vi"], ci_method="wald"))
    # metafor, printed
    assert (answer.k0, answer.side) == (1, "right")
    assert answer.k0_se == pytest.approx(2.4528, abs=5e-5)
    assert answer.fit.estimate == pytest.approx(-0.6571, abs=5e-5)
    ref = reference("hackshaw1998_GEN")
    answer = trim_and_fill(meta.pool(ref["yi"], ref["vi"], model="common"))
    assert (answer.k0, answer.fit.model) == (7, "common")
    assert [answer.fit.estimate, answer.fit.se] == pytest.approx([0.155600, 0.036435], abs=5e-7)
    ref = reference("egger2001_OR")
    answer = trim_and_fill(meta.pool(ref["yi"], ref["vi"], ci_method="wald"))
    assert answer.k0 == 7
    # six printed decimals of a REML fit that had stopped at metafor's default threshold
    assert answer.fit.estimate == pytest.approx(-0.391534, abs=1e-6)


def lopsided(**settings):
    yi, vi = [-0.9, -0.8, -0.5, -0.3, -0.1], [0.20, 0.18, 0.10, 0.02, 0.01]
    effects = meta.Effects.from_arrays(yi, vi, labels=list("ABCDE"), n_t=[9, 9, 20, 80, 200])
    return meta.pool(effects, **settings)


def test_filled_studies_mirror_the_most_extreme_ones():
    fit = lopsided(model="common")
    answer = trim_and_fill(fit)
    assert answer.filled["mirrors"].tolist() == ["C", "B", "A"]
    trimmed = fit.refit(fit.effects.subset([3, 4]))
    outer = np.array([-0.5, -0.8, -0.9])
    np.testing.assert_allclose(answer.filled["yi"], 2 * trimmed.estimate - outer)
    np.testing.assert_allclose(answer.filled["vi"], [0.10, 0.18, 0.20])
    table = answer.fit.effects.table
    assert table["filled"].tolist() == [False] * 5 + [True] * 3
    assert table["label"].tolist()[5:] == ["filled: C", "filled: B", "filled: A"]
    assert table["n_t"].isna().tolist() == [False] * 5 + [True] * 3
    assert answer.fit.n_total is None
    assert answer.fit.ci_level == fit.ci_level
    # the original is untouched
    assert "filled" not in answer.original.effects.table


def test_the_side_follows_the_sign():
    fit = lopsided()
    turned = meta.pool(-fit.effects.yi, fit.effects.vi)
    one, other = trim_and_fill(fit), trim_and_fill(turned)
    assert (one.side, other.side) == ("right", "left")
    assert one.k0 == other.k0
    assert one.fit.estimate == pytest.approx(-other.fit.estimate, rel=1e-7)


def test_nothing_is_filled_on_the_side_that_has_too_many():
    answer = trim_and_fill(lopsided(), side="left")
    assert answer.k0 == 0
    assert len(answer.filled) == 0
    assert answer.fit.estimate == answer.original.estimate


@pytest.mark.parametrize("estimator", ["L0", "R0", "Q0"])
def test_symmetric_funnels_stay_as_they_are(estimator):
    fit = meta.pool([-0.4, -0.2, 0.0, 0.2, 0.4], [0.2, 0.05, 0.01, 0.05, 0.2])
    answer = trim_and_fill(fit, estimator=estimator)
    assert answer.k0 == 0
    equal = meta.pool([0.3] * 4, [0.1, 0.2, 0.3, 0.4], ci_method="wald")
    assert trim_and_fill(equal, estimator=estimator).k0 == 0


def test_counts_follow_their_formulas():
    # ranks by size: -0.001, 0.004, -0.1, -0.15, 0.2, 0.31, 1.0; those above 0 sum to 20
    centred = np.array([-0.15, -0.1, -0.001, 0.004, 0.2, 0.31, 1.0])
    assert _count(centred, "L0")[0] == pytest.approx((4 * 20 - 56) / 13)
    assert _count(centred, "Q0")[0] == pytest.approx(6.5 - np.sqrt(98 - 80 + 0.25))
    assert _count(centred, "R0") == (2.0, pytest.approx(np.sqrt(6)))


def test_a_count_that_does_not_settle_is_an_error():
    yi, vi = [0.0, -0.05, 0.04, 1.0, 1.1, 1.2], [1e-6, 1e-2, 1e-2, 1.0, 1.1, 1.2]
    with pytest.raises(NotConverged, match="say that they disagree"):
        trim_and_fill(meta.pool(yi, vi, model="common"), estimator="Q0", side="left")


def test_every_study_but_one_can_be_trimmed():
    fit = meta.pool(
        [0, 1, 1.1], [1e-6, 1, 1], labels=list("ABC"), tau2_method="DL", ci_method="wald"
    )
    answer = trim_and_fill(fit, side="left")
    # metafor 3.8-1: trimfill(rma(c(0, 1, 1.1), c(1e-6, 1, 1), method = "DL"), side = "left")
    assert (answer.k0, answer.fit.k) == (2, 5)
    assert answer.k0_se == pytest.approx(1.488086019019, rel=CLOSED)
    assert answer.fit.estimate == pytest.approx(0, abs=CLOSED)
    assert answer.fit.se == pytest.approx(0.209208302531, rel=CLOSED)
    assert answer.filled["yi"].tolist() == pytest.approx([-1, -1.1])
    assert any("mirrored about A alone" in note for note in answer.notes)
    # here the third estimator takes the root of a negative number; metafor stops, too
    with pytest.raises(NotConverged, match="say that they disagree"):
        trim_and_fill(fit, side="left", estimator="Q0")


def test_p_value_exists_for_r0_only():
    ref = reference("hackshaw1998_GEN")
    fit = meta.pool(ref["yi"], ref["vi"], model="common")
    answer = trim_and_fill(fit, estimator="R0")
    assert answer.p_value == 0.5 ** (answer.k0 + 1)
    assert np.isnan(trim_and_fill(fit).p_value)
    assert trim_and_fill(fit).to_dict()["p_value"] is None


def test_few_studies_and_wrong_settings():
    with pytest.raises(TooFewStudies, match="at least 3"):
        trim_and_fill(meta.pool([0.1, 0.2], [0.1, 0.2]))
    with pytest.raises(DataError, match="estimator='L1'"):
        trim_and_fill(lopsided(), estimator="L1")
    with pytest.raises(DataError, match="side='up'"):
        trim_and_fill(lopsided(), side="up")


def test_caveats_and_display():
    answer = trim_and_fill(lopsided())
    text = str(answer)
    assert "not informative" in text
    assert "no corrected estimate" in text
    assert "2 on the right" in text
    assert "Trim and fill" in answer._repr_html_()
    assert answer.to_dict()["filled"][0]["mirrors"] == "B"


def test_an_error_that_its_formula_does_not_give_is_missing():
    ref = reference("bcg_RR")
    answer = meta.trim_and_fill(meta.pool(ref["yi"], ref["vi"], model="common"), side="left")
    assert answer.k0 == 0
    assert np.isnan(answer.k0_se)  # as in metafor
    assert "not available" in str(answer)
