"""Every claim has a verdict that follows from the tables."""

from __future__ import annotations

import inspect
import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import meta
import meta.claims
from meta.claims import kinds
from meta.claims.assess import assess
from meta.claims.kinds import KINDS
from meta.claims.lookup import lookup
from meta.claims.percent_rules import percent_falls
from meta.claims.scoreboard import COLUMNS, counts, headline
from meta.claims.trial_sets import trial_sets
from meta.errors import DataError
from meta.evidence.tables import Evidence

Change = Callable[[pd.DataFrame], pd.DataFrame]
Plant = Callable[..., Evidence]
Write = Callable[..., Change]


def test_every_claim_has_a_verdict_and_a_reason(board: pd.DataFrame, evidence: Evidence) -> None:
    assert len(board) == len(evidence.claims)
    assert list(board.columns) == list(COLUMNS)
    for column in ("verdict", "leans", "source"):
        assert board[column].notna().all()
    assert (board["answer"].str.len() > 20).all()
    assert not board["reason"].str.contains(r"\bnan\b", case=False).any()
    assert list(board["claim_id"]) == list(evidence.claims["claim_id"])


def test_counts_add_up(board: pd.DataFrame, evidence: Evidence) -> None:
    total = len(evidence.claims)
    table = counts(board)
    assert table.loc["total", "total"] == total
    assert len(table) == evidence.claims["article_label"].nunique() + 1
    assert (table.drop(columns="total").sum(axis=1) == table["total"]).all()
    assert counts(board, "topic", "source").loc["total", "total"] == total
    once = counts(board, "group", distinct=True).loc["total", "total"]
    assert once == evidence.claims["same_as"].isna().sum() < total


def test_the_headline_counts_by_hand(board: pd.DataFrame) -> None:
    own = board[board["group"] == "works"]
    backed = (own["verdict"] == "supported").sum()
    once = own[own["same_as"] == ""]
    kinds_tried = ["superiority", "onset", "tolerability", "equivalence", "percent_fall"]
    tried = board["kind"].isin(kinds_tried).sum()
    assert headline(board) == (
        f"Of {len(own)} claims that it works, {backed} are backed "
        f"({(once['verdict'] == 'supported').sum()} of {len(once)}, if repeated claims count "
        f"once). Of {tried} claims that only trials can test, trusted trials decide none."
    )


def test_claims_that_repeat_a_statement_have_one_answer(board: pd.DataFrame) -> None:
    by_id = board.set_index("claim_id")
    for row in board[board["same_as"] != ""].itertuples():
        first = by_id.loc[row.same_as]
        assert (row.verdict, row.leans) == (first["verdict"], first["leans"]), row.claim_id


def test_every_kind_is_described_and_allowed(evidence: Evidence) -> None:
    allowed = evidence.described("claim_tests")["kind"]["constraints"]["enum"]
    assert set(KINDS) == set(allowed)
    assert all(kind.words for kind in KINDS.values())
    # a kind stands in one module, that of its rule
    modules = [module for _, module in inspect.getmembers(kinds, inspect.ismodule)]
    assert sum(len(module.KINDS) for module in modules) == len(KINDS)


def test_no_rule_knows_a_claim_or_the_topic(root) -> None:
    for path in (root / "src/meta/claims").glob("*.py"):
        text = path.read_text(encoding="utf-8")
        # examples in docstrings may name a claim and a topic
        code = re.sub(r'"""(?:.|\n)*?"""', "", text)
        assert not re.search(r"a[0-4]-c\d\d", code), path
        assert not re.search(r"magnesium|glycinate|\bsalts?\b|mg_form|elemental", code, re.I), path


def test_a_verdict_has_no_cell_of_its_own(evidence: Evidence) -> None:
    words = {"supported", "overstated", "contradicted", "unresolved", "no_trials", "not_testable"}
    table = evidence.table("claim_tests").drop(columns="rationale")
    assert not table.isin(words).any().any()


# walked by hand from the tables: verdict, and where it matters the lean and the people or the form
WALKED = {
    "a0-c01": ("source_not_found", "", ""),
    "a0-c02": ("contradicted", "", "indirect"),
    "a0-c09": ("source_not_found", "", ""),
    "a0-c10": ("source_not_found", "", ""),
    "a0-c11": ("unresolved", "", "indirect"),
    "a0-c12": ("source_not_found", "", ""),
    "a0-c13": ("unresolved", "for", "partly direct"),
    "a0-c20": ("unresolved", "", ""),
    "a0-c21": ("contradicted", "", "indirect"),
    "a0-c25": ("unresolved", "neither", ""),
    "a0-c34": ("unresolved", "", ""),
    "a1-c01": ("contradicted", "", "indirect"),
    "a1-c27": ("overstated", "", ""),
    "a2-c08": ("unresolved", "", ""),
    "a2-c12": ("no_trials", "", ""),
    "a2-c17": ("no_trials", "", ""),
    "a2-c18": ("unresolved", "", ""),
    "a2-c24": ("unresolved", "", ""),
    "a2-c37": ("contradicted", "", ""),
    "a3-c09": ("overstated", "", "indirect"),
    "a3-c10": ("overstated", "", ""),
    "a3-c11": ("no_trials", "", ""),
    "a4-c01": ("unresolved", "for", ""),
    "a4-c04": ("overstated", "", ""),
    "a4-c09": ("overstated", "", ""),
}


@pytest.mark.parametrize("claim_id", WALKED)
def test_claims_walked_by_hand(claim_id: str, board: pd.DataFrame) -> None:
    row = board.set_index("claim_id").loc[claim_id]
    for found, expected in zip((row["verdict"], row["leans"], row["direct"]), WALKED[claim_id],
                               strict=True):  # fmt: skip
        assert not expected or found == expected, row["reason"]


def test_no_claim_of_an_effect_is_decided(board: pd.DataFrame) -> None:
    pooled = board["kind"].isin(["superiority", "percent_fall", "equivalence", "tolerability"])
    assert set(board.loc[pooled, "verdict"]) <= {"unresolved", "no_trials"}


def test_only_what_is_unresolved_leans(board: pd.DataFrame) -> None:
    leaning = board[board["leans"] != "neither"]
    assert set(leaning["verdict"]) == {"unresolved"}


def test_how_sure_stands_beside_every_verdict_on_evidence(board: pd.DataFrame) -> None:
    none = board["verdict"].isin(["no_trials", "source_not_found", "not_testable"])
    assert (board.loc[~none, "certainty"] != "").all()
    # twelve people after bowel resection are not the people of the claim
    by_id = board.set_index("claim_id")
    assert by_id.loc["a0-c21", "how_sure"] == "one study (Schuette 1994)"
    assert by_id.loc["a0-c21", "direct_people"] == "indirect"
    assert "12 patients with ileal resection" in by_id.loc["a0-c21", "answer"]
    assert by_id.loc["a0-c18", "certainty"] == "surveys"


def test_a_barred_study_is_in_no_count(evidence: Evidence) -> None:
    """Bhudia 2006 is barred for its data: no null of 350 people."""
    barred = lookup(evidence).barred
    assert "bhudia2006" in barred
    for claim_id in evidence.claims["claim_id"]:
        used = assess(str(claim_id), evidence).used
        if "study_id" in used:
            assert not barred & set(used["study_id"]), claim_id


def test_trials_into_a_vein_are_in_no_primary_set(evidence: Evidence) -> None:
    iv = set(evidence.trials.loc[evidence.trials["route"] == "iv", "study_id"])
    for claim_id in ("a4-c01", "a0-c13", "a3-c03", "a4-c03", "a2-c06"):
        assert not iv & set(assess(claim_id, evidence).used["study_id"])


def test_absorption_is_a_point_without_a_borrowed_spread(evidence: Evidence) -> None:
    found = assess("a0-c21", evidence)
    assert found.ci_low == found.ci_high == found.estimate == 23.5
    assert not any("standard deviation" in part for part in found.depends_on)


@pytest.mark.parametrize(
    ("claim_id", "words"),
    [
        ("a0-c02", ["1.05", "1.4", "2.3", "imipramine"]),
        ("a0-c03", ["area under the enrichment vs time curve was greater", "23.5"]),
        ("a0-c11", ["28 %", "87 % of the weight", "all of them are known only from one secondary"]),
        ("a0-c18", ["2 %", "14.5 %", "33.7 %", "67.8 %"]),
        ("a0-c25", ["was better tolerated by all patients"]),
        ("a0-c26", ["350 mg/day", "250 mg/day", "6 of 21"]),
        ("a0-c34", ["chloride significantly better absorbed than oxide"]),
        ("a1-c02", ["magnesium diglycinate", "23.5 %"]),
        ("a1-c10", ["42 %", "31 %"]),
        ("a1-c25", ["the longest with glycinate 12"]),
        ("a1-c29", ["Supakatisant 2015", "Sultana & Rahman 2023", "Stopping because of"]),
        ("a2-c08", ["11.9 %", "13.7 %", "26.5 %", "67.8 %"]),
        ("a2-c23", ["−32 (−59 to −5)", "was not printed"]),
        ("a2-c25", ["4.8", "1.35", "30"]),
        ("a3-c11", ["Mehdi 2017 (into a vein)", "Eby & Eby 2006"]),
        ("a4-c03", ["Tarleton 2017 (week 2)", "better on magnesium"]),
        ("a4-c09", ["3.16 points (0.50 to 5.82)"]),
        ("a4-c14", ["Similar effects were observed regardless"]),
    ],
)
def test_figures_and_quotations_stand_in_the_reason(
    claim_id: str, words: list[str], board: pd.DataFrame
) -> None:
    reason = board.set_index("claim_id").loc[claim_id, "reason"]
    for word in words:
        assert word in reason, reason


@pytest.mark.parametrize(
    ("claim_id", "word"),
    [
        # a response rate under placebo is no fall; the fall of a depression score is no receptor
        ("a1-c10", "response rate"),
        ("a2-c14", "65 %"),
        ("a2-c23", "114"),
        ("a2-c25", "17.2"),
    ],
)
def test_a_figure_of_something_else_is_not_printed_beside(
    claim_id: str, word: str, board: pd.DataFrame
) -> None:
    assert word not in board.set_index("claim_id").loc[claim_id, "reason"]


def test_the_earliest_reading_is_never_inferred(board: pd.DataFrame) -> None:
    assert not board["reason"].str.contains("earliest", case=False).any()


def test_a_single_trial_does_not_decide_what_the_others_do_not_say() -> None:
    """A trial with nearly all of the weight excludes no effect; the other three do not."""
    from meta.claims.trial_sets import advantage_of, pooled_set
    from meta.claims.verdicts import SUPPORTED, UNRESOLVED, judge_superiority

    class Nowhere:
        """Tables that nothing is looked up in."""

    effects = meta.Effects.from_arrays(
        [-0.5, -0.4, -0.6, -0.2], [0.0005, 0.4, 0.5, 0.4], lower_is_better=True
    )
    found = pooled_set(effects, Nowhere())  # type: ignore[arg-type]
    assert found.heaviest == "study 1"
    assert judge_superiority(advantage_of(found.fit)) == SUPPORTED
    assert found.word(judge_superiority, advantage_of) == UNRESOLVED


def test_a_changed_trial_changes_the_verdict(changed: Plant, evidence: Evidence) -> None:
    def turn(rows: pd.DataFrame) -> pd.DataFrame:
        """Let every trial find that magnesium is better by nine tenths of an SD."""
        chosen = rows["outcome"] == "depression"
        means = chosen & rows["mean_t"].notna() & rows["sd_c"].notna()
        rows.loc[means, "mean_t"] = rows["mean_c"] - 0.9 * rows["sd_c"]
        rows.loc[chosen & (rows["p_value"] == "0.02"), "p_value"] = "0.0001"
        return rows

    planted = changed(results=turn)
    assert assess("a4-c01", evidence).verdict == "unresolved"
    assert assess("a4-c01", planted).verdict == "supported"
    assert assess("a4-c01", planted).leans == "neither"
    assert assess("a4-c20", evidence).verdict == "supported"


def test_more_evidence_never_gets_a_harsher_word(changed: Plant) -> None:
    """Taking the flags away lets trials be trusted; what is lost again is not overstated."""

    def trust(rows: pd.DataFrame) -> pd.DataFrame:
        return rows.assign(flag=rows["flag"].mask(rows["flag"].fillna("").str.startswith("integ")))

    found = assess("a0-c13", changed(results=trust))
    assert found.verdict in ("supported", "unresolved")


def test_what_nobody_measured_becomes_measured(changed: Plant, with_cells: Write) -> None:
    planted = changed(
        results=with_cells("result_id", "sultana2023-depression-1", outcome="adherence")
    )
    assert assess("a2-c19", planted).verdict == "unresolved"
    assert "Sultana" in assess("a2-c19", planted).reason


def test_who_measured_it_and_is_barred_is_not_nobody(changed: Plant, with_cells: Write) -> None:
    planted = changed(
        results=with_cells(
            "result_id", "sultana2023-depression-1", outcome="adherence", barred="data"
        )
    )
    found = assess("a2-c19", planted)
    assert (found.verdict, found.k) == ("unresolved", 0)
    assert found.answer == "It was measured, but the data are not good enough to count."


def test_the_arms_subtract_to_the_net_fall(evidence: Evidence) -> None:
    found = assess("a0-c11", evidence)
    assert found.arms is not None
    assert found.fit is not None
    assert np.allclose(found.arms["net"], found.arms["fall_t"] - found.arms["fall_c"], rtol=1e-12)
    weights = found.fit.weights
    fell = [np.average(found.arms[name], weights=weights) for name in ("fall_t", "fall_c")]
    assert fell[0] - fell[1] == pytest.approx(found.estimate)


def test_no_row_gives_no_fall(evidence: Evidence) -> None:
    rows = lookup(evidence).rows
    assert percent_falls(rows[rows["study_id"] == "sultana2023"]).k == 0


def test_sensitivity_names_its_analyses(evidence: Evidence) -> None:
    rows = assess("a0-c13", evidence)
    test = lookup(evidence).test("a0-c13")
    from meta.claims.claim_rows import counted_rows, fitting_rows
    from meta.claims.ruling import Case

    chosen = counted_rows(fitting_rows(test, evidence), evidence)
    table = meta.sensitivity(
        chosen, "SMD", mid=0.44, question=evidence.question, ci_method="HK-adhoc", sd="instrument"
    )
    assert table["analysis"].is_unique
    assert rows.sensitivity is not None
    assert rows.sensitivity["analysis"].tolist() == table["analysis"].tolist()
    primary = meta.pool(meta.effects(chosen, "SMD", sd="instrument"), ci_method="HK-adhoc")
    assert table.loc[0, "estimate"] == primary.estimate
    # too few trials are shown and check nothing
    assert not table.loc[table["k"] < 3, "counts"].any()
    by_name = table.set_index("analysis")
    # all of these trials are double blind against placebo: the same set checks nothing
    assert not by_name.loc["double-blind against placebo only", "counts"]
    assert by_name.loc["glycinate only", "trials"] == "Sultana & Rahman 2023"
    sets = trial_sets(
        Case(claim=dict(evidence.claims.iloc[12]), test=test, evidence=evidence), chosen
    )
    assert sets.trusted.fit is not None
    trusted = by_name.loc["double-blind against placebo, without integrity flags"]
    assert set(trusted["trials"].split("; ")) >= set(sets.trusted.fit.effects.labels)


def test_a_table_of_ratios_is_one_of_ratios(evidence: Evidence) -> None:
    """The text says odds ratio 2.59; the table beside it must not say 0.95."""
    found = assess("a2-c24", evidence)
    table = found.sensitivity
    assert table is not None
    pooled = table.dropna(subset="estimate")
    assert (pooled["ci_low"] > 0).all()


def test_a_wrong_address_is_never_the_citation(board: pd.DataFrame) -> None:
    elsewhere = board[~board["source"].isin(["found", "in_part"])]
    assert not elsewhere["source_link_is_citation"].any()
    not_found = board[board["source"] == "not_found"]
    assert not_found["source_text"].str.startswith("Not found in ").all()


def test_a_claim_without_a_named_source_is_not_misquoted(
    board: pd.DataFrame, evidence: Evidence
) -> None:
    named = evidence.claims.set_index("claim_id")["cited_source"].notna()
    unnamed = board[~board["claim_id"].map(named)]
    assert set(unnamed["source"]) == {"not_cited"}


def test_what_is_missing_in_a_source_is_named(changed: Plant, with_cells: Write) -> None:
    says = "trials.tarleton2017.randomised=yes; trials.tarleton2017.blinding=double"
    planted = changed(claim_tests=with_cells("claim_id", "a4-c05", source_says=says))
    found = assess("a4-c05", planted)
    assert found.verdict == "overstated"
    assert "Not in it: blinding = double" in found.details
    assert "randomised" not in found.details.partition("Not in it")[2].partition(".")[0]


def test_an_assessment_shows_itself_escaped(evidence: Evidence) -> None:
    row = dict(evidence.claims.iloc[10])
    row["claim_paraphrase"] = "<b>28 %</b>"
    found = assess(row, evidence)
    assert "<b>28" not in found._repr_html_()
    assert "&lt;b&gt;28" in found._repr_html_()
    assert "unresolved" in str(found)
    assert "How sure" in str(found)
    json.dumps(found.to_dict(), allow_nan=False)
    with pytest.raises(AttributeError):
        found.verdict = "supported"  # type: ignore[misc]


def test_an_unknown_claim_is_named(evidence: Evidence) -> None:
    with pytest.raises(DataError, match="a9-c99"):
        assess("a9-c99", evidence)


def test_the_changelog_ends_with_the_word_of_today(board: pd.DataFrame, evidence: Evidence) -> None:
    changes = evidence.table("verdict_changes").sort_values("date", kind="stable")
    last = changes.drop_duplicates("claim_id", keep="last").set_index("claim_id")["new_verdict"]
    now = board.set_index("claim_id")["verdict"].astype(str)
    assert last.to_dict() == now[last.index].to_dict()
    moved = changes.dropna(subset="old_verdict")
    assert (moved["old_verdict"] != moved["new_verdict"]).all()


def test_verdicts_wait_for_no_library_that_they_do_not_use(root: Path) -> None:
    """Distributions take a second to import; those that verdicts need are in scipy.special."""
    code = (
        "import sys, meta\n"
        "print(meta.assess('a0-c11', meta.load_evidence('data')).verdict)\n"
        "heavy = {'scipy.stats', 'scipy.integrate', 'pymare', 'sympy', 'matplotlib'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=root
    )
    assert run.stdout.splitlines()[-1] == "[]"


def test_no_assessment_is_written_with_an_address_in_memory(
    board: pd.DataFrame, evidence: Evidence
) -> None:
    # a notebook keeps it, so its page would change with every run
    written = [repr(meta.assess(claim, evidence)) for claim in board["claim_id"]]
    assert not [text for text in written if " at 0x" in text]
