"""Every claim has a verdict that follows from the tables."""

from __future__ import annotations

import json
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

import meta
from meta.claims.assess import RULES, assess
from meta.claims.pages import article_page
from meta.claims.percent_rules import percent_pool
from meta.claims.scoreboard import COLUMNS, counts
from meta.claims.selection import select_rows
from meta.claims.sensitivity import sensitivity
from meta.claims.tests import KINDS, find_test
from meta.errors import DataError
from meta.evidence.tables import Evidence

Change = Callable[[pd.DataFrame], pd.DataFrame]
Plant = Callable[..., Evidence]
Write = Callable[..., Change]


def test_every_claim_has_a_verdict_and_a_reason(board: pd.DataFrame, evidence: Evidence) -> None:
    assert len(board) == len(evidence.claims) == 167
    assert list(board.columns) == list(COLUMNS)
    assert board["verdict"].notna().all()
    assert board["source"].notna().all()
    assert (board["reason"].str.len() > 20).all()
    assert not board["reason"].str.contains("nan", case=True).any()
    assert list(board["claim_id"]) == list(evidence.claims["claim_id"])


def test_counts_add_up(board: pd.DataFrame) -> None:
    table = counts(board)
    assert table.loc["total", "total"] == 167
    assert len(table) == 6
    assert (table.drop(columns="total").sum(axis=1) == table["total"]).all()
    assert counts(board, "topic", "source").loc["total", "total"] == 167


def test_every_kind_has_a_rule() -> None:
    assert set(RULES) == set(KINDS)


def test_no_rule_knows_a_claim() -> None:
    import inspect
    import re

    from meta.claims import (
        contrast_rules,
        measurements,
        percent_rules,
        pooled,
        published,
        selection,
        sensitivity,
        sources,
        trial_rules,
        verdicts,
    )

    modules = (
        contrast_rules, measurements, percent_rules, pooled, published, selection, sensitivity,
        sources, trial_rules, verdicts,
    )  # fmt: skip
    for module in modules:
        assert not re.search(r"a[0-4]-c\d\d", inspect.getsource(module)), module


def test_a_verdict_has_no_cell_of_its_own(evidence: Evidence) -> None:
    words = {"supported", "overstated", "contradicted", "unresolved", "no_trials", "not_testable"}
    table = evidence.table("claim_tests").drop(columns="rationale")
    assert not table.isin(words).any().any()


def test_28_percent_by_hand(evidence: Evidence) -> None:
    found = assess("a0-c11", evidence)
    assert found.arms is not None
    by_trial = found.arms.set_index("study_id")
    # printed means: 26.9 to 11.26 and 25.6 to 15.2
    assert by_trial.loc["rajizadeh2017", "fall_t"] == pytest.approx(100 * (1 - 11.26 / 26.9))
    assert by_trial.loc["rajizadeh2017", "fall_c"] == pytest.approx(100 * (1 - 15.2 / 25.6))
    assert np.allclose(by_trial["net"], by_trial["fall_t"] - by_trial["fall_c"], rtol=1e-12)
    pooled = meta.pool(
        by_trial["net"], ((by_trial["net_high"] - by_trial["net_low"]) / (2 * 1.959964)) ** 2
    )
    # the quantile is written with six decimals here
    assert found.estimate == pytest.approx(pooled.estimate, rel=1e-6)
    assert found.ci_high == pytest.approx(pooled.ci_high, rel=1e-5)
    assert found.ratio == pytest.approx(28 / found.estimate)
    assert found.verdict == "overstated"
    assert found.source == "not_found"
    assert found.direct == "indirect"


def test_the_arms_subtract_to_the_net_fall(evidence: Evidence) -> None:
    test = find_test("a0-c11", evidence)
    rows = select_rows(test, evidence)
    assert rows is not None
    pooled = percent_pool(rows)
    assert pooled.mean("fall_t") - pooled.mean("fall_c") == pytest.approx(pooled.net.estimate)


def test_absorption_by_hand(evidence: Evidence) -> None:
    found = assess("a0-c21", evidence)
    # t(0.975, 11) = 2.200985; the largest printed SD is 12.9, of 12 people
    half = 2.200985 * 12.9 / np.sqrt(12)
    assert found.ci_low == pytest.approx(23.5 - half, rel=1e-6)
    assert found.ci_high == pytest.approx(23.5 + half, rel=1e-6)
    assert found.verdict == "contradicted"
    assert found.holds == "no"
    assert any("one study" in part for part in found.depends_on)


@pytest.mark.parametrize(
    ("claim_id", "words"),
    [
        ("a0-c02", ["1.06", "1.4", "2.3"]),
        ("a0-c18", ["2 %", "14.5 %", "33.7 %", "67.8 %"]),
        ("a0-c24", ["week 2", "week 4"]),
        ("a0-c25", ["better tolerated by all patients", "12 patients"]),
        ("a0-c26", ["350 mg/day", "250 mg/day", "6 of 21"]),
        ("a1-c10", ["42 %", "31 %", "37 %"]),
        ("a2-c08", ["11.9 %", "13.7 %", "26.5 %"]),
        ("a2-c14", ["426 results", "22 %"]),
        ("a2-c16", ["30 %", "−1.6"]),
        ("a2-c20", ["of all 24", "no difference"]),
        ("a2-c23", ["−32 (−59 to −5)", "28 %", "114"]),
        ("a2-c25", ["4.8", "1.35", "17.2"]),
        ("a3-c11", ["Mehdi 2017", "Eby & Eby 2006", "week 2"]),
    ],
)
def test_claimed_figures_stand_beside_computed_ones(
    claim_id: str, words: list[str], board: pd.DataFrame
) -> None:
    reason = board.set_index("claim_id").loc[claim_id, "reason"]
    for word in words:
        assert word in reason, reason


def test_the_implied_cortisol_mean_by_hand(evidence: Evidence) -> None:
    # 32 nmol is 28 % of 114.3, 5 of 17.9, 59 of 210.7
    assert "114 (18 to 211)" in assess("a2-c23", evidence).reason


def test_a_changed_trial_changes_the_verdict(changed: Plant, evidence: Evidence) -> None:
    def turn(rows: pd.DataFrame) -> pd.DataFrame:
        """Let the control arms of all depression trials do what the treated ones did."""
        chosen = rows["outcome"] == "depression"
        for name in ("mean", "base_mean"):
            both = [f"{name}_t", f"{name}_c"]
            rows.loc[chosen, both] = rows.loc[chosen, both[::-1]].to_numpy()
        rows.loc[chosen & (rows["favours"] == "treated"), "favours"] = "control"
        figures = ["estimate", "ci_low", "ci_high"]
        one = rows["result_id"] == "tarleton2017-depression-1"
        rows.loc[one, figures] = [6.0, 4.2, 7.9]
        return rows

    planted = changed(results=turn)
    assert assess("a4-c01", evidence).verdict == "overstated"
    assert assess("a4-c01", planted).verdict == "contradicted"
    assert assess("a4-c05", evidence).verdict == "supported"
    assert assess("a4-c05", planted).verdict == "overstated"


def test_one_more_precise_trial_moves_the_percent_fall(
    changed: Plant, with_cells: Write, evidence: Evidence
) -> None:
    planted = changed(
        results=with_cells("result_id", "nazarinasab2022-depression-1", mean_t=6.0, sd_t=2.0)
    )
    before, after = assess("a0-c11", evidence), assess("a0-c11", planted)
    assert after.estimate > before.estimate + 5
    assert after.reason != before.reason


def test_a_changed_source_changes_both_words(changed: Plant, with_cells: Write) -> None:
    found = changed(claim_sources=with_cells("claim_id", "a2-c37", found="yes"))
    assert assess("a2-c37", found).verdict == "supported"
    assert assess("a2-c37", found).source == "found"
    other = changed(claim_sources=with_cells("claim_id", "a2-c38", found="different"))
    assert assess("a2-c38", other).verdict == "contradicted"
    assert assess("a2-c38", other).source == "misquoted"


def test_what_nobody_measured_becomes_measured(changed: Plant, with_cells: Write) -> None:
    planted = changed(
        results=with_cells("result_id", "sultana2023-depression-1", outcome="adherence")
    )
    assert assess("a2-c19", planted).verdict == "unresolved"
    assert "Sultana" in assess("a2-c19", planted).reason


def test_sensitivity_names_its_analyses(evidence: Evidence) -> None:
    test = find_test("a0-c13", evidence)
    rows = select_rows(test, evidence)
    assert rows is not None
    table = sensitivity(rows, "SMD", margin=0.32, sd="instrument")
    assert len(table) == 8
    assert table["analysis"].is_unique
    primary = meta.pool(meta.effects(rows, "SMD", sd="instrument"))
    assert table.loc[0, "estimate"] == primary.estimate
    # too few trials are shown and check nothing
    assert not table.loc[table["k"] < 3, "counts"].any()
    # all of these trials are double blind against placebo: the same set checks nothing
    assert not table.set_index("analysis").loc["double-blind against placebo only", "counts"]
    own = table.set_index("analysis").loc["glycinate only"]
    assert own["trials"] == "Sultana & Rahman 2023"
    assert own["fit"].estimate == own["estimate"]
    # the strictest set is shown, and no verdict hangs on it
    strictest = table.iloc[-1]
    assert strictest["analysis"] == "double-blind against placebo, without integrity flags"
    assert not strictest["counts"]
    assert set(strictest["trials"].split("; ")) <= set(table.loc[0, "trials"].split("; "))


def test_a_wrong_address_is_never_the_citation(board: pd.DataFrame) -> None:
    elsewhere = board[board["source"] != "found"]
    assert not elsewhere["source_link_is_citation"].any()
    not_found = board[board["source"] == "not_found"]
    assert not_found["source_text"].str.startswith("Not found with the searches made").all()


def test_a_claim_without_a_named_source_is_not_misquoted(
    board: pd.DataFrame, evidence: Evidence
) -> None:
    named = evidence.claims.set_index("claim_id")["cited_source"].notna()
    unnamed = board[~board["claim_id"].map(named)]
    assert set(unnamed["source"]) == {"not_cited"}


def test_an_assessment_shows_itself_escaped(evidence: Evidence) -> None:
    row = dict(evidence.claims.iloc[10])
    row["claim_paraphrase"] = "<b>28 %</b>"
    found = assess(row, evidence)
    assert "<b>28" not in found._repr_html_()
    assert "&lt;b&gt;28" in found._repr_html_()
    assert "overstated" in str(found)
    json.dumps(found.to_dict(), allow_nan=False)
    with pytest.raises(AttributeError):
        found.verdict = "supported"  # type: ignore[misc]


def test_an_unknown_claim_is_named(evidence: Evidence) -> None:
    with pytest.raises(DataError, match="a9-c99"):
        assess("a9-c99", evidence)


def test_a_page_gives_every_claim_the_same_room(evidence: Evidence) -> None:
    ids = [name for name in evidence.claims["claim_id"] if name.startswith("a4")]
    found = [assess(name, evidence) for name in ids]
    page = article_page(found, notebooks={"depression efficacy": "x.html"})
    assert page.count('<section class="claim"') == len(ids)
    assert page.count('class="reason"') == len(ids)
    assert page.count('class="source"') == len(ids)
    positions = [page.index(f'id="{name}"') for name in ids]
    assert positions == sorted(positions)
    for one in found:
        if one.source != "found" and one.source_link:
            section = page[page.index(f'id="{one.claim_id}"') :].split("</section>")[0]
            assert "the cited source</a>" not in section
    with pytest.raises(DataError, match="one article"):
        article_page([found[0], assess("a0-c01", evidence)])
