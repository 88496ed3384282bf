"""The summary of findings rests on the primary results of each outcome."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

import meta
from meta.claims.findings_table import Rated, _important, rated_outcomes, rated_rows


def test_every_outcome_of_the_curators_table_is_rated(root):
    evidence = meta.load_evidence(root / "data")
    rated = rated_outcomes(evidence)
    assert {each.outcome for each in rated} == set(evidence.table("certainty")["outcome"])
    table = meta.summary_of_findings(meta.certainties(evidence))
    assert table["outcome"].tolist() == [each.title for each in rated]
    depression = meta.pool(meta.effects(evidence.primary("depression"), "SMD"))
    assert table.loc[0, "k"] == depression.k
    assert table.loc[0, "effect"] == depression.effect_text()


def test_the_answer_on_crp_is_that_of_unflagged_trials(root):
    evidence = meta.load_evidence(root / "data")
    crp = next(each for each in rated_outcomes(evidence) if each.outcome == "crp")
    kept = rated_rows(crp, evidence)
    every = evidence.primary("crp", effect_unit="mg/L")
    assert 0 < len(kept) < len(every)
    assert not kept["flag"].fillna("").str.contains("integrity").any()


@pytest.mark.parametrize("given", [{}, [1], {"a": meta.pool([0.1], [0.1])}])
def test_only_ratings_make_a_table(given):
    with pytest.raises(meta.DataError, match=r"a Certainty|takes ratings"):
        meta.summary_of_findings(given)


def test_ratings_need_tables():
    with pytest.raises(
        meta.DataError, match=r"evidence is None; needed: evidence tables: meta\.lo"
    ):
        meta.certainties(None)


def test_one_outcome_has_one_smallest_important_difference(root):
    evidence = meta.load_evidence(root / "data")
    tests = evidence.table("claim_tests")
    # only tolerability has a margin of its own; every other difference stands in outcomes
    assert set(tests.loc[tests["margin"].notna(), "kind"]) == {"tolerability"}
    depression = next(each for each in rated_outcomes(evidence) if each.outcome == "depression")
    scale = evidence.instruments.set_index("instrument_id")
    # 3 points (Hengartner 2021) over the reference SD of the Hamilton scale
    assert depression.mid == round(3 / scale.loc["hdrs", "sd_reference"], 2) == 0.44
    source = scale.loc["hdrs", "sd_source"].partition("/")[0]
    flags = evidence.results.set_index("result_id")["flag"].fillna("")
    assert not flags[source].startswith("integrity")


def test_points_of_one_scale_have_the_difference_of_that_scale(root):
    evidence = meta.load_evidence(root / "data")
    points = Rated(outcome="depression", title="Depression", measure="MD")

    def difference(rated: Rated, *scales: str | None) -> float | None:
        return _important(rated, pd.DataFrame({"instrument_id": scales}), evidence)

    of_scale = evidence.instruments.set_index("instrument_id")["mid"]
    assert difference(points, "phq9", "phq9", None) == of_scale["phq9"]
    assert difference(points, "phq9", "gad7") is None  # of two scales none holds for both
    assert difference(points, None) is None
    assert difference(replace(points, mid=2.5), "phq9") == 2.5
    assert difference(replace(points, measure="SMD"), "phq9") is None


def test_filters_with_an_empty_cell_are_read(root):
    evidence = meta.load_evidence(root / "data")
    cortisol = next(each for each in rated_outcomes(evidence) if each.outcome == "cortisol")
    assert cortisol.filters == {"effect_unit": ["nmol/24h", None]}
