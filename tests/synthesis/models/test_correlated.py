"""Composites of correlated effects and covariances of shared control groups."""

from __future__ import annotations

import numpy as np
import pytest
from reference_answers import reference

import meta
from meta.errors import DataError, NotComparable
from meta.synthesis.models.correlated import aggregate_correlated, shared_control_covariance

CLOSED = 1e-12


def two_outcomes(**columns):
    return meta.Effects.from_arrays(
        [0.30, 0.10, 0.50],
        [0.05, 0.07, 0.04],
        labels=["A hamd", "A phq", "B hamd"],
        measure="SMD",
        lower_is_better=True,
        study_id=["A", "A", "B"],
        **columns,
    )


@pytest.mark.parametrize("rho", [0.0, 0.5, 0.8])
def test_composite_is_the_mean_with_its_variance(rho):
    answer = aggregate_correlated(two_outcomes(), correlation=rho)
    assert answer.yi.tolist() == pytest.approx([0.2, 0.5], rel=CLOSED)
    want = (0.05 + 0.07 + 2 * rho * np.sqrt(0.05 * 0.07)) / 4
    assert answer.vi.tolist() == pytest.approx([want, 0.04], rel=CLOSED)
    assert answer.sei.tolist() == pytest.approx(np.sqrt(answer.vi).tolist())


def test_borenstein_chapter_24():
    # equal variances V: the composite's is V (1 + rho) / 2, and V itself at rho = 1
    effects = meta.Effects.from_arrays([0.2, 0.4], [0.1, 0.1], study_id=["A", "A"])
    for rho in (0.0, 0.25, 0.5, 0.75):
        assert aggregate_correlated(effects, correlation=rho).vi[0] == pytest.approx(
            0.1 * (1 + rho) / 2
        )


def test_composite_keeps_what_agrees():
    effects = two_outcomes(year=[2010, 2010, 2015], instrument=["hamd", "phq", "hamd"])
    table = aggregate_correlated(effects).table
    assert table["study_id"].tolist() == ["A", "B"]
    assert table["label"].tolist() == ["A", "B hamd"]
    assert table["year"].tolist() == [2010, 2015]
    assert table["instrument"].isna().tolist() == [True, False]
    assert table["n_effects"].tolist() == [2, 1]
    answer = aggregate_correlated(effects)
    assert (answer.measure, answer.lower_is_better) == ("SMD", True)
    assert meta.pool(answer).k == 2


def test_composite_refuses_impossible_correlations():
    for rho in (-0.1, 1.0, np.nan):
        with pytest.raises(DataError, match="correlation is"):
            aggregate_correlated(two_outcomes(), correlation=rho)


def shared(measure, **columns):
    effects = meta.Effects.from_arrays(
        [-0.4, -0.6, 0.1], [0.5, 0.6, 0.7], measure=measure, trial=["A", "A", "B"], **columns
    )
    matrix = shared_control_covariance(effects, cluster="trial")
    assert np.diag(matrix).tolist() == [0.5, 0.6, 0.7]
    assert matrix[0, 2] == matrix[1, 2] == 0
    assert matrix[0, 1] == matrix[1, 0]
    return matrix[0, 1]


def test_shared_control_formulas():
    n_c = [40, 40, 25]
    assert shared("MD", sd_c=[3.0, 3.0, 1.0], n_c=n_c) == pytest.approx(9 / 40)
    rom = shared("ROM", mean_c=[10.0, 10.0, 9.0], sd_c=[3.0, 3.0, 1.0], n_c=n_c)
    assert rom == pytest.approx(9 / 40 / 100)
    # Gleser and Olkin: N is everybody in the trial
    assert shared("SMD", n_t=[30, 35, 20], n_c=n_c) == pytest.approx(
        1 / 40 + 0.24 / (2 * (40 + 30 + 35))
    )
    events = [8, 8, 3]
    assert shared("OR", events_c=events, n_c=n_c) == pytest.approx(1 / 8 + 1 / 32)
    assert shared("RR", events_c=events, n_c=n_c) == pytest.approx(1 / 8 - 1 / 40)
    assert shared("RD", events_c=events, n_c=n_c) == pytest.approx(0.2 * 0.8 / 40)


def test_shared_control_agrees_with_simulation():
    # two treated groups and one control, log odds ratios: what the formula says is what happens
    rng = np.random.default_rng(11)
    n, p = 400, np.array([0.3, 0.35, 0.4])
    events = rng.binomial(n, p, size=(20000, 3))
    logits = np.log(events / (n - events))
    simulated = np.cov(logits[:, 0] - logits[:, 2], logits[:, 1] - logits[:, 2])[0, 1]
    # relative error of a covariance from 20,000 draws is about 1 %
    assert simulated == pytest.approx(1 / (n * 0.4) + 1 / (n * 0.6), rel=0.05)


def test_contradictory_control_groups_are_all_named():
    with pytest.raises(DataError, match="different control groups") as caught:
        shared("MD", sd_c=[3.0, 2.0, 1.0], n_c=[40, 30, 25])
    assert len(caught.value.faults) == 2
    with pytest.raises(DataError, match="sd_c is missing"):
        shared("MD", sd_c=[3.0, np.nan, 1.0], n_c=[40, 40, 25])
    with pytest.raises(DataError, match="the effects have no sd_c"):
        shared("MD", n_c=[40, 40, 25])
    with pytest.raises(DataError, match="some with and some without"):
        shared("OR", events_c=[0, 0, 3], n_c=[40, 40, 25])
    with pytest.raises(NotComparable, match="'GEN'"):
        shared("GEN")


def test_weighted_aggregation_equals_metafor():
    answers = reference("../metafor5/konstantopoulos2011_V")
    effects = meta.Effects.from_arrays(answers["yi"], answers["vi"], district=answers["district"])
    found = aggregate_correlated(
        effects, cluster="district", correlation=answers["rho"], weighted=True
    )
    want = answers["aggregate_inverse_variance"]
    np.testing.assert_allclose(found.yi, want["yi"], rtol=1e-9)
    np.testing.assert_allclose(found.vi, want["vi"], rtol=1e-9)
