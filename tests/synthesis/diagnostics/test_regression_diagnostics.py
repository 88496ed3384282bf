"""Residuals and influence of a meta-regression against metafor."""

from __future__ import annotations

import json

import numpy as np
import pytest
from reference_answers import REFERENCE

import meta
from meta.errors import DataError, TooFewStudies
from meta.synthesis.diagnostics.regression_diagnostics import residuals

ANSWERS = json.loads((REFERENCE.parent / "models" / "bcg_regression.json").read_text())
# both sides converged; REML's likelihood is flat to about seven digits of tau2
ITERATIVE = 2e-6


def fit(ci_method):
    effects = meta.Effects.from_arrays(
        ANSWERS["yi"], ANSWERS["vi"], measure="RR", alloc=ANSWERS["alloc"], ablat=ANSWERS["ablat"]
    )
    return meta.meta_regression(effects, "~ alloc + ablat", ci_method=ci_method)


CASES = pytest.mark.parametrize(("ci_method", "key"), [("wald", "z"), ("HK", "knha")])


@CASES
def test_residuals_equal_metafor(ci_method, key):
    table, want = residuals(fit(ci_method)), ANSWERS[key]
    for ours, theirs in (
        (("residual", "se", "standardised"), want["rstandard_table"]),
        (("residual_deleted", "se_deleted", "studentised"), want["rstudent_table"]),
    ):
        for column, name in zip(ours, ("resid", "se", "z"), strict=True):
            np.testing.assert_allclose(table[column], theirs[name], rtol=ITERATIVE, atol=1e-7)


@CASES
def test_influence_equals_metafor(ci_method, key):
    table, want = meta.influence(fit(ci_method)), ANSWERS[key]
    for ours, theirs in (
        ("rstudent", "rstudent"),
        ("dffits", "dffits"),
        ("cook_d", "cook.d"),
        ("cov_r", "cov.r"),
        ("tau2_del", "tau2.del"),
        ("q_del", "QE.del"),
        ("hat", "hat"),
    ):
        np.testing.assert_allclose(table[ours], want[theirs], rtol=2e-5, atol=1e-7, err_msg=ours)
    for term, theirs in zip(fit(ci_method).coefficients.index, want["dfbetas"], strict=True):
        np.testing.assert_allclose(table[f"dfbetas: {term}"], theirs, rtol=2e-5, atol=1e-6)


def test_leaving_one_out_is_the_fit_without_it():
    whole = fit("HK")
    table = meta.leave_one_out(whole)
    assert len(table) == 13 * 4
    without = meta.meta_regression(whole.effects.subset(np.arange(13) != 7), "~ alloc + ablat")
    got = table[table["left_out"] == whole.effects.labels[7]].set_index("term")
    for column in ("estimate", "se", "p_value", "ci_low"):
        np.testing.assert_allclose(got[column], without.coefficients[column], rtol=1e-6)
    assert got["tau2"].iloc[0] == pytest.approx(without.tau2, rel=1e-6)


def test_what_cannot_be_deleted_is_said():
    effects = meta.Effects.from_arrays([0.1, 0.4, 0.3, 0.2, 0.6], [0.1] * 5, g=list("aabbc"))
    with pytest.raises(TooFewStudies, match="without study 5"):
        meta.influence(meta.meta_regression(effects, "~ g"))
    small = meta.Effects.from_arrays([0.1, 0.4, 0.3], [0.1] * 3, x=[1, 2, 4])
    line = meta.meta_regression(small, "~ x")
    with pytest.raises(TooFewStudies, match="needs 4 studies"):
        residuals(line)
    with pytest.raises(DataError, match="a meta-regression"):
        residuals(meta.pool([0.1, 0.2], [0.1, 0.1]))
