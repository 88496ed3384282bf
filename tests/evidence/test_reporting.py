"""The reporting level of real rows, against the curators' tiers, and at the edges."""

from __future__ import annotations

import pandas as pd
import pytest

from meta.evidence.reporting import LEVELS, barred_studies, reporting_level
from meta.evidence.rules import needs_verdict
from meta.evidence.tables import load_evidence


@pytest.fixture(scope="module")
def rows(root) -> pd.DataFrame:
    return load_evidence(root / "data").select()


def test_the_curators_tiers(rows):
    """NOTES.md counts tiers over the rows before the later passes.

    Its A (both arms: mean, SD, n, or events and n) has 23 rows and its B (estimate with interval)
    38. A standard error counts as an interval here, which adds the three rows of alateeq2023. Tier
    C has 15 rows, among them tests over three arms, which are no p-value of this comparison.
    """
    first = rows[~rows["curated_for"].isin(["gaps", "later_reading"])]
    level = first["reporting"]
    assert (level == "arms").sum() == 23
    with_limits = first["ci_low"].notna() & first["estimate"].notna()
    assert (with_limits & (level == "interval")).sum() == 38
    others = first[(level == "interval") & ~with_limits]
    assert set(others["study_id"]) == {"alateeq2023"}
    exact = first["p_value"].str.fullmatch(r"0?\.\d+") & first["n_t"].notna() & first["n_c"].notna()
    exact &= ~level.isin(["arms", "interval", "single_arm"])
    assert exact.sum() >= 15
    assert set(first.loc[exact & (level != "p_value"), "p_contrast"]) <= {"multi_arm", "other"}


def test_every_row_has_one_level(rows):
    assert set(rows["reporting"]) == set(LEVELS)


@pytest.mark.parametrize(
    ("result", "level"),
    [
        ("rajizadeh2017-depression-1", "arms"),
        ("tarleton2017-dropout-1", "arms"),
        ("tarleton2017-depression-1", "interval"),
        ("saba2022-sleep_quality-1", "arms"),
        ("liu2016-cognition-1", "p_value"),
        ("gholizadeh2022-sleep_quality-1", "p_value"),
        ("sultana2023-depression-1", "direction"),  # n of the arms is not printed
        ("mahboobi2022-depression-1", "direction"),  # means and SDs without n
        ("mahboobi2022-crp-1", "direction"),  # medians
        ("fard2017-depression-1", "silent"),  # a test over three arms, no difference
        ("abbasi2012-depression-1", "direction"),  # significant, the side not stated
        ("joris2017-crp-1", "silent"),
        ("pouteau2018-stress-1", "single_arm"),
        ("nhanes2021-chronic_latent_mg_deficiency-1", "single_arm"),
    ],
)
def test_real_rows(rows, result, level):
    assert rows.set_index("result_id").loc[result, "reporting"] == level


def test_edges():
    base = {"result_type": "difference", "n_t": 20, "n_c": 20, "p_contrast": "between_arms"}
    cases = [
        ({"p_value": "0.04"}, "p_value"),
        ({"p_value": "<0.05", "favours": "treated"}, "direction"),
        ({"p_value": "0.04", "p_contrast": "multi_arm", "favours": "not_stated"}, "direction"),
        ({"p_value": "0.4", "p_contrast": "multi_arm", "favours": "not_stated"}, "silent"),
        ({"p_value": "0.04", "p_contrast": "within_arm", "favours": "not_stated"}, "silent"),
        ({"p_value": "0.04", "n_c": None, "favours": "neither"}, "silent"),
        ({"p_value": "ns", "favours": "neither"}, "silent"),
        ({"estimate": 1.0}, "direction"),
        ({"estimate": 1.0, "ci_low": 0.5}, "direction"),
        ({"estimate": 1.0, "se": 0.5}, "interval"),
        ({}, "silent"),
    ]
    table = pd.DataFrame([base | case for case, _ in cases])
    assert reporting_level(table).tolist() == [level for _, level in cases]


def test_the_index_is_kept(rows):
    part = rows.iloc[[5, 3]]
    assert reporting_level(part).index.tolist() == [5, 3]


def test_data_that_bar_a_study():
    rows = pd.DataFrame(
        {
            "study_id": ["a", "a", "b", "c", "d"],
            "barred": ["data", None, "analysis", None, None],
            "flag": [None, None, "do not pool", "Retracted: 2023", "integrity: SD too small"],
        }
    )
    assert barred_studies(rows) == {"a", "c"}
    assert barred_studies(rows.drop(columns="barred")) == {"c"}
    assert barred_studies(rows[["study_id"]]) == frozenset()


@pytest.mark.parametrize(
    ("printed", "significant"),
    [
        ("<0.05", True), ("0.05", True), ("P = 0.049", True), ("<0.06", False), (">0.05", False),
        ("0.051", False), ("NS", False), ("significant", True),
    ],
)  # fmt: skip
def test_what_counts_as_a_printed_difference(printed: str, significant: bool) -> None:
    row = {"p_value": printed, "result_type": "difference", "p_contrast": "between_arms"}
    (level,) = reporting_level(pd.DataFrame([row]))
    assert level == ("direction" if significant else "silent")


def test_rows_of_a_table_without_kinds_have_a_level_too(rows):
    arms = rows[rows["result_type"].isin(["post", "events"]) & rows["n_t"].notna()]
    without = arms.drop(columns="result_type")
    assert reporting_level(without).tolist() == reporting_level(arms).tolist()
    assert needs_verdict(without).tolist() == needs_verdict(arms).tolist()
