"""Faults of the tests are named with line, column and claim."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import pytest

import meta
from meta.claims.assess import assess
from meta.claims.check_tests import check_claim_tests
from meta.claims.conditions import holds, read_conditions
from meta.claims.lookup import lookup
from meta.claims.trial_sets import advantage_of
from meta.errors import DataError
from meta.evidence.tables import Evidence

Change = Callable[[pd.DataFrame], pd.DataFrame]
Plant = Callable[..., Evidence]
Write = Callable[..., Change]


def test_the_curated_tests_are_in_order(evidence: Evidence) -> None:
    assert check_claim_tests(evidence) == []


# a claim, what is written into its test, and words of the one fault that follows
FAULTS = [
    ("a0-c11", {"outcome": "depresion"}, ["column outcome (a0-c11)", "mean 'depression'"]),
    ("a0-c11", {"population": "astronauts"}, ["column population (a0-c11)", "unknown"]),
    ("a0-c11", {"population": "animal"}, ["(a0-c11)", "selects no result"]),
    ("a0-c09", {"form": "glycinat"}, ["column form (a0-c09)", "glycinate"]),
    ("a0-c13", {"stratum": "magnesium_alones"}, ["column stratum (a0-c13)", "magnesium_alone"]),
    ("a0-c13", {"measure": "percent"}, ["column measure (a0-c13)", "SMD"]),
    ("a2-c30", {"margin_source": ""}, ["column margin_source (a2-c30)"]),
    ("a1-c04", {"studies": "golf1989"}, ["column studies (a1-c04)", "golf1998"]),
    ("a0-c21", {"result_ids": "schuette1994-x-9"}, ["column result_ids (a0-c21)"]),
    ("a0-c18", {"result_ids": ""}, ["column result_ids (a0-c18)", "empty"]),
    ("a2-c27", {"benchmark_ids": "ref_rda"}, ["column benchmark_ids (a2-c27)"]),
    # without its background the test finds other people, which its "none" must notice
    ("a2-c16", {"background": "", "stratum": ""}, ["column expect (a2-c16)", "selects"]),
    ("a0-c19", {"source_named": "yes"}, ["column source_named (a0-c19)", "claim_sources"]),
    ("a0-c19", {"kind": "cited_source"}, ["column kind (a0-c19)", "claim_sources"]),
    ("a4-c16", {"source_says": "tarleton 2017"}, ["column source_says (a4-c16)"]),
    ("a1-c13", {"outcome": "depression"}, ["column expect (a1-c13)", "selects"]),
    ("a1-c13", {"outcome": "anxeity"}, ["column outcome (a1-c13)", "Did you mean 'anxiety'"]),
]  # fmt: skip


# the claims that tests here speak of, and all that lean on the yardstick that one test changes
NAMED = {claim for claim, _, _ in FAULTS} | {"a0-c04", "a0-c14", "a1-c11"}
YARDSTICK = "ad_munkholm2019_smd"


@pytest.fixture
def few(changed: Plant) -> Plant:
    """Give changed evidence with some of the claims: each is checked by itself."""

    def some(table: pd.DataFrame) -> pd.DataFrame:
        return table[table["claim_id"].isin(NAMED)]

    def make(**changes: Change) -> Evidence:
        tests = changes.get("claim_tests", lambda table: table)
        claims = changes.get("claims", lambda table: table)
        return changed(
            **changes | {
                "claim_tests": lambda table: tests(some(table)),
                "claims": lambda table: claims(some(table)),
            }
        )  # fmt: skip

    return make


def test_the_claims_chosen_here_are_all_that_lean_on_the_yardstick(evidence: Evidence) -> None:
    tests = evidence.table("claim_tests")
    leaning = tests["benchmark_ids"].fillna("").str.contains(YARDSTICK)
    assert set(tests.loc[leaning, "claim_id"]) <= NAMED


def once_each() -> list[list[tuple[str, dict[str, str], list[str]]]]:
    """Put the faults into as few folders as can be: a claim has one fault in each."""
    folders: list[list[tuple[str, dict[str, str], list[str]]]] = []
    for case in FAULTS:
        free = (folder for folder in folders if case[0] not in {claim for claim, _, _ in folder})
        folder = next(free, None)
        if folder is None:
            folders.append(folder := [])
        folder.append(case)
    return folders


@pytest.mark.parametrize("cases", once_each(), ids=len)
def test_faults(
    cases: list[tuple[str, dict[str, str], list[str]]], few: Plant, with_cells: Write
) -> None:
    def change(table: pd.DataFrame) -> pd.DataFrame:
        for claim_id, cells, _ in cases:
            written = {name: cell or None for name, cell in cells.items()}
            table = with_cells("claim_id", claim_id, **written)(table)
        return table

    faults = check_claim_tests(few(claim_tests=change))
    assert len(faults) == len(cases)
    for claim_id, _, words in cases:
        (fault,) = [each for each in faults if f"({claim_id})" in each]
        for word in ("claim_tests.csv line ", *words):
            assert word in fault, fault


def test_a_claim_without_a_test(few: Plant) -> None:
    planted = few(claim_tests=lambda table: table.drop(index=3))
    faults = check_claim_tests(planted)
    assert len(faults) == 1
    assert "a0-c04" in faults[0]
    assert "no test" in faults[0]
    with pytest.raises(DataError, match="a0-c04"):
        lookup(planted).test("a0-c04")


def test_two_tests_of_a_claim(few: Plant) -> None:
    planted = few(claim_tests=lambda table: pd.concat([table, table.loc[[3]]]))
    faults = check_claim_tests(planted)
    line = len(planted.table("claim_tests")) + 1
    assert faults == [
        f"{planted.folder}/claim_tests.csv line {line}, column claim_id (a0-c04): a second test of "
        "this claim. Keep one of them."
    ]
    with pytest.raises(DataError, match="2 tests"):
        lookup(planted).test("a0-c04")


def test_a_test_of_an_unknown_claim(few: Plant) -> None:
    planted = few(claims=lambda table: table.drop(index=3))
    assert ["no claim has this id" in fault for fault in check_claim_tests(planted)] == [True]


def test_an_unknown_kind(few: Plant, with_cells: Write) -> None:
    planted = few(claim_tests=with_cells("claim_id", "a0-c13", kind="superority"))
    (fault,) = check_claim_tests(planted)
    assert "Did you mean 'superiority'" in fault


def test_all_faults_at_once(few: Plant, with_cells: Write) -> None:
    def change(table: pd.DataFrame) -> pd.DataFrame:
        table = with_cells("claim_id", "a0-c13", stratum="x_y", studies="nobody2000")(table)
        return with_cells("claim_id", "a0-c21", result_ids="a-b-1")(table)

    assert len(check_claim_tests(few(claim_tests=change))) == 3


def test_a_row_becomes_a_test(evidence: Evidence) -> None:
    test = lookup(evidence).test("a0-c13")
    assert test.population == ("depression",)
    assert test.control == ("placebo",)
    assert test.stratum == ()
    assert test.max_weeks is None
    assert test.source_named
    assert lookup(evidence).test("a2-c30").margin == 0.1


def test_no_trials_is_never_said_where_a_result_fits(changed: Plant, with_cells: Write) -> None:
    """A result fits whether or not its data bar it from every pool and count."""
    new = with_cells("result_id", "fard2017-anxiety-1", time_weeks=1.0)
    barred = with_cells("result_id", "fard2017-anxiety-1", time_weeks=1.0, barred="data")
    for change in (new, barred):
        (fault,) = check_claim_tests(changed(results=change))
        assert "column expect (a1-c28): none, but the test selects fard2017-anxiety-1" in fault


def test_a_verdict_of_no_trials_beside_a_result_is_a_fault(
    few: Plant, with_cells: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dataclasses import replace

    from meta.claims import check_tests
    from meta.claims.assess import assess

    def wrong(claim: str, evidence: Evidence) -> object:
        found = assess(claim, evidence)
        return replace(found, verdict="no_trials") if claim == "a0-c13" else found

    monkeypatch.setattr(check_tests, "assess", wrong)
    (fault,) = check_claim_tests(few())
    assert "(a0-c13): the verdict is no trials, but" in fault


def test_conditions(evidence: Evidence) -> None:
    right = "trials.tarleton2017.year=2017; results.tarleton2017-depression-1.ci_high<0"
    assert all(holds(each, evidence) for each in read_conditions(right))
    wrong = "trials.tarleton2017.randomised=no; trials.tarleton2017.elemental_mg_day!=248"
    assert not any(holds(each, evidence) for each in read_conditions(wrong))
    with pytest.raises(DataError, match="tarletom"):
        read_conditions("tarletom")
    with pytest.raises(DataError, match="no row"):
        holds(read_conditions("trials.nobody.year=2017")[0], evidence)
    with pytest.raises(DataError, match="no column"):
        holds(read_conditions("trials.tarleton2017.years=2017")[0], evidence)


def test_a_yardstick_of_another_measure_is_refused(
    few: Plant, with_cells: Write, evidence: Evidence
) -> None:
    """A risk ratio cannot be subtracted from a standardised difference, nor can two yardsticks."""
    own = lookup(evidence).benchmarks
    assert own["ad_munkholm2019_smd"]["measure"] == "SMD"
    for named in ("Hedges g", "standardised effect size"):
        same = with_cells("benchmark_id", "ad_munkholm2019_smd", measure=named)
        assert check_claim_tests(few(benchmarks=same)) == []
    planted = few(
        benchmarks=with_cells("benchmark_id", "ad_munkholm2019_smd", measure="RR"),
        claim_tests=with_cells(
            "claim_id", "a1-c11", benchmark_ids="gad_hidalgo2007_ssri; ad_munkholm2019_smd"
        ),
    )
    (fault,) = check_claim_tests(planted)
    assert "column kind (a0-c14): no verdict follows" in fault
    assert "in 'RR' and the trials are pooled as SMD" in fault
    with pytest.raises(DataError, match="a0-c14: the yardstick ad_munkholm2019_smd"):
        assess("a0-c14", planted)
    with pytest.raises(DataError, match="a1-c11: two yardsticks for one comparison"):
        assess("a1-c11", planted)


@pytest.mark.parametrize("claim_id", ["a0-c13", "a2-c30"])
def test_no_verdict_without_the_better_side(claim_id: str, changed: Plant) -> None:
    """Where nobody says whether lower is better, no side is taken for the better one."""
    for change in (
        lambda rows: rows.drop(columns="lower_is_better"),
        lambda rows: rows.assign(lower_is_better=None),
    ):
        with pytest.raises(DataError, match="column lower_is_better: missing"):
            assess(claim_id, changed(results=change))


def test_a_fall_without_the_better_side_says_so(changed: Plant) -> None:
    planted = changed(results=lambda rows: rows.assign(lower_is_better=None))
    found = assess("a0-c11", planted)
    assert found.verdict == "unresolved"
    assert set(found.left_out["reason"]) == {"nobody says whether lower is better"}


def test_effects_without_a_better_side_have_no_advantage() -> None:
    fit = meta.pool([-0.5, -0.1, -0.4], [0.04, 0.09, 0.06])
    with pytest.raises(DataError, match="nobody says whether lower is better"):
        advantage_of(fit)
    signs = {
        lower: advantage_of(
            meta.pool(meta.Effects.from_arrays([-0.5], [0.04], lower_is_better=lower))
        ).estimate
        for lower in (True, False)
    }
    assert signs == {True: 0.5, False: -0.5}
    # the checks are still shown, and judge nothing
    rows = pd.DataFrame({"label": list("abc"), "yi": [-0.5, -0.1, -0.4], "vi": [0.04] * 3,
                         "study_id": list("abc"), "result_id": list("abc")})  # fmt: skip
    table = meta.sensitivity(rows, "GEN")
    assert table.loc[0, "k"] == 3
    assert set(table["verdict"]) == {""}
