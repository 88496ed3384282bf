"""The summary of findings rests on the primary results of each outcome."""

from __future__ import annotations

import pytest

import meta
from meta.claims.findings_table import RATED, rated_rows


def test_every_outcome_of_the_curators_table_is_rated(root):
    evidence = meta.load_evidence(root / "data")
    assert {each.outcome for each in RATED} == set(evidence.table("certainty")["outcome"])
    table = meta.summary_of_findings(meta.certainties(evidence))
    assert table["outcome"].tolist() == [each.name for each in RATED]
    depression = meta.pool(meta.effects(evidence.primary("depression"), "SMD"))
    assert table.loc[0, "k"] == depression.k
    assert table.loc[0, "effect"] == depression.effect_text()


def test_the_answer_on_crp_is_that_of_unflagged_trials(root):
    evidence = meta.load_evidence(root / "data")
    crp = next(each for each in RATED if each.outcome == "crp")
    kept = rated_rows(crp, evidence)
    every = evidence.primary("crp", effect_unit="mg/L")
    assert 0 < len(kept) < len(every)
    assert not kept["flag"].fillna("").str.contains("integrity").any()


@pytest.mark.parametrize("given", [{}, [1], {"a": meta.pool([0.1], [0.1])}])
def test_only_ratings_make_a_table(given):
    with pytest.raises(meta.DataError, match=r"give meta\.certainties\(evidence\)"):
        meta.summary_of_findings(given)


def test_ratings_need_tables():
    with pytest.raises(meta.DataError, match=r"was given NoneType: give meta\.load_evidence"):
        meta.certainties(None)
