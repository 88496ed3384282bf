"""Pooled proportions against metafor, and what the reader sees."""

from __future__ import annotations

import numpy as np
import pytest
from reference_answers import reference

import meta
from meta.errors import DataError, TooFewStudies

CLOSED = 1e-8
# REML: both sides converged, the likelihood is flat to about seven digits of tau2
ITERATIVE = 1e-6


def counts():
    arms = reference("pritz1997_PLO")["arms"]
    return arms["events"], arms["n"]


@pytest.mark.parametrize("measure", ["PLO", "PAS", "PR"])
def test_equals_metafor(measure):
    ref = reference(f"pritz1997_{measure}")
    events, n = ref["arms"].values()
    for method, rel in (("DL", CLOSED), ("REML", ITERATIVE)):
        got = meta.pool_proportions(events, n, measure, tau2_method=method, ci_method="wald")
        want = ref[method]
        assert got.estimate == pytest.approx(want["estimate"], rel=rel)
        assert got.se == pytest.approx(want["se"], rel=rel)
        assert got.tau2 == pytest.approx(want["tau2"], rel=rel)
        assert [got.ci_low, got.ci_high] == pytest.approx(want["ci"], rel=rel, abs=rel)


def test_texts_are_proportions():
    for measure in ("PLO", "PAS", "PR"):
        got = meta.pool_proportions([12, 30, 9], [40, 110, 25], measure)
        shown = got.scale.to_reader(np.array([got.ci_low, got.estimate, got.ci_high]))
        assert 0 < shown[0] < shown[1] < shown[2] < 1
        assert got.n_total == 175
        assert np.isnan(got.p_value)
        assert list(got.effects.table["events"]) == [12, 30, 9]


def test_plo_and_pas_mirror_the_other_outcome():
    events, n = np.array([12, 30, 9]), np.array([40, 110, 25])
    one, other = (meta.pool_proportions(x, n) for x in (events, n - events))
    assert other.estimate == pytest.approx(-one.estimate, rel=1e-9)
    one, other = (meta.pool_proportions(x, n, "PAS") for x in (events, n - events))
    assert other.estimate == pytest.approx(np.pi / 2 - one.estimate, rel=1e-9)


def test_notes_say_what_was_added_and_what_does_not_hold():
    got = meta.pool_proportions([0, 30, 9], [40, 110, 25], "PR", labels=["Ada", "Bo", "Cy"])
    assert any("Ada" in note and "0.5" in note for note in got.notes)
    assert any("leaves the range" in note for note in got.notes)
    arcsine = meta.pool_proportions([0, 30, 9], [40, 110, 25], "PAS")
    assert not any("0.5" in note for note in arcsine.notes)


def test_one_group_is_not_pooled():
    got = meta.pool_proportions([12], [40])
    assert got.k == 1
    assert got.scale.to_reader(got.estimate) == pytest.approx(0.3)


def test_faults():
    with pytest.raises(DataError) as caught:
        meta.pool_proportions([41, -1, 3], [40, 10, 0], labels=["a"])
    for part in ("more events", "events[1] is -1", "n[2] is 0", "labels"):
        assert part in str(caught.value)
    with pytest.raises(DataError, match="PHI"):
        meta.pool_proportions([1], [10], "PHI")
    with pytest.raises(DataError, match="n is None; needed: numbers"):
        meta.pool_proportions([1], None)
    with pytest.raises(TooFewStudies):
        meta.pool_proportions([], [])
