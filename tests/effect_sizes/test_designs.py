"""Log-rank tests, matched pairs and cluster trials as effects."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

import meta
from meta.errors import DataError


def test_a_log_rank_test_is_petos_step():
    a, n_t, c, n_c = 4.0, 123.0, 11.0, 139.0
    total, events = n_t + n_c, a + c
    expected = events * n_t / total
    variance = expected * (n_c / total) * (total - events) / (total - 1)
    found = meta.convert.log_rank_to_hr(a - expected, variance)
    want = meta.effect_size("PETO", events_t=a, n_t=n_t, events_c=c, n_c=n_c)
    assert (found.yi, found.vi) == pytest.approx((want["yi"].iloc[0], want["vi"].iloc[0]))
    fit = meta.pool([found.yi, -0.2], [found.vi, 0.1], measure="HR")
    assert "Hazard ratio" in fit.sentence()


def test_matched_pairs_are_binomial():
    found = meta.convert.matched_pairs_to_or(6, 12)
    grid = np.linspace(-3, 3, 60001)
    height = stats.binom.logpmf(6, 18, 1 / (1 + np.exp(-grid)))
    assert grid[np.argmax(height)] == pytest.approx(found.yi, abs=1e-4)
    top = int(np.argmax(height))
    curve = (height[top + 100] - 2 * height[top] + height[top - 100]) / (100 * 1e-4) ** 2
    assert -1 / curve == pytest.approx(found.vi, rel=1e-3)


def test_a_cluster_trial_of_the_handbook():
    # Cochrane Handbook, section 23.1.5: 21 classrooms of 29.8 children on average, ICC 0.02, 63 of
    # 295 and 84 of 330 with the event; design effect 1.576, 40.0 of 187.2 and 53.3 of 209.4
    found = meta.convert.effective_sample_size([295, 330], 29.8, 0.02, events=[63, 84])
    assert found.design_effect[0] == pytest.approx(1.576)
    assert found.n.round(1).tolist() == [187.2, 209.4]
    assert found.events.round(1).tolist() == [40.0, 53.3]
    alone = meta.convert.effective_sample_size(100, 1, 0.5)
    assert (alone.n, alone.events, alone.design_effect) == (100.0, None, 1.0)


def test_what_cannot_be_is_named():
    with pytest.raises(DataError, match="variance is 0"):
        meta.convert.log_rank_to_hr(1, 0)
    with pytest.raises(DataError, match="only_control is 0"):
        meta.convert.matched_pairs_to_or(3, 0)
    with pytest.raises(DataError) as caught:
        meta.convert.effective_sample_size(10, 0.5, 2, events=11)
    for part in ("cluster_size is 0.5", "icc is 2", "more events"):
        assert part in str(caught.value)
