"""Trials that must be found from their printed figures alone, and each check at its edge."""

from __future__ import annotations

import pandas as pd
import pytest

from meta.errors import DataError
from meta.evidence.row_pairs import reports_of_one_trial
from meta.evidence.tables import load_evidence
from meta.evidence.trustworthiness import CHECKS, check_trustworthiness


@pytest.fixture(scope="module")
def evidence(root):
    return load_evidence(root / "data")


@pytest.fixture(scope="module")
def found(evidence) -> pd.DataFrame:
    return check_trustworthiness(evidence)


def _of(found: pd.DataFrame, study: str, check: str, verdict: str = "flag") -> list[str]:
    rows = found[
        (found["study_id"] == study) & (found["check"] == check) & (found["verdict"] == verdict)
    ]
    return rows["arithmetic"].tolist()


def test_rajizadeh2017_is_flagged_from_its_figures(found):
    (grim,) = _of(found, "rajizadeh2017", "GRIM")
    assert "11.26 x 26 = 292.76" in grim
    # the means printed to one decimal pass; the change mean fails with an n printed elsewhere
    (note,) = _of(found, "rajizadeh2017", "GRIM", "note")
    assert "-10.40 x 27 = -280.80" in note
    (p_value,) = _of(found, "rajizadeh2017", "P_VALUE", "note")
    assert "0.026 to 0.029" in p_value


def test_rodriguezmoran2024_is_flagged_from_its_figures(found):
    treated, control = _of(found, "rodriguezmoran2024", "ENTRY_RANGE")
    assert "from 11 to 29; with a mean of 28.8 the SD cannot exceed 1.28, and 3.7" in treated
    assert "with a mean of 28.4 the SD cannot exceed 3.29, and 3.8 is printed" in control
    first, second = _of(found, "rodriguezmoran2024", "PERCENT")
    assert "22/30 is 73.33%, printed is 73.2%; no number of people" in first
    assert "10/30 is 33.33%, printed is 34.5%; it fits 10/29" in second


def test_barragan2008_is_flagged_from_its_figures(found):
    (p_value,) = _of(found, "barragan2008", "P_VALUE")
    assert "0.27 is printed" in p_value
    assert "0.74 to 0.83" in p_value
    spreads = _of(found, "barragan2008", "SE_AS_SD") + _of(
        found, "barragan2008", "SE_AS_SD", "note"
    )
    assert len(spreads) == 4
    assert any("0.04 x sqrt(12) = 0.139, which is like the others" in text for text in spreads)


def test_published_critiques_come_with_their_source(found, evidence):
    critiques = found[found["check"] == "CRITIQUE"].set_index("study_id")
    judged = evidence.risk_of_bias
    published = judged[judged["tool"].isin(["post_publication_critique", "integrity_notice"])]
    assert sorted(critiques.index) == sorted(published["study_id"])
    assert critiques["source_url"].str.startswith("http").all()
    assert critiques.loc["asemi2015", "verdict"] == "flag"
    assert critiques.loc["talari2019", "verdict"] == "note"


def test_registered_companions_are_noted(found):
    pairs = set(found.loc[found["check"] == "SAME_TRIAL", "found"])
    assert {"abiri2021 and abiri2022", "noah2021 and pouteau2018"} <= pairs
    assert (found.loc[found["check"] == "SAME_TRIAL", "verdict"] == "note").all()


def test_consistent_trials_are_left_alone(found):
    for study in ("saba2022", "hemamy2021", "supakatisant2015", "sultana2023", "mehdi2017"):
        assert study not in set(found["study_id"])
    # Tarleton's depression figures: the PHQ-9 interval is off its centre by rounding only
    assert not found["result_id"].str.startswith("tarleton2017-depression").any()


def test_every_finding_is_complete(found, evidence):
    assert set(found["check"]) <= set(CHECKS)
    assert set(found["verdict"]) == {"flag", "note"}
    assert found["arithmetic"].str.endswith(".").all()
    assert (found["found"] != "").all()
    assert set(found["study_id"]) <= set(evidence.trials["study_id"])
    ids = found.loc[found["result_id"] != "", "result_id"]
    assert set(ids) <= set(evidence.results["result_id"])
    # nothing is taken out
    assert len(evidence.results) == 426


ROW = {
    "study_id": "a",
    "result_id": "a-x-1",
    "outcome": "x",
    "instrument_id": "s",
    "effect_unit": "points",
    "result_type": "post",
    "design": "parallel",
    "scale_min": 0.0,
    "scale_max": 20.0,
    "scale_step": 1.0,
}


def _checks(*rows: dict) -> list[tuple[str, str]]:
    table = pd.DataFrame([ROW | row for row in rows])
    found = check_trustworthiness(table)
    return list(zip(found["check"], found["verdict"], strict=True))


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        # GRIM: the decimals are those printed, trailing zeros included
        ({"n_t": 27, "mean_t": 10.4, "reported_as": "10.40 (2), n 27"}, [("GRIM", "flag")]),
        ({"n_t": 27, "mean_t": 10.4, "reported_as": "10.4 (2), n 27"}, []),
        ({"n_t": 27, "mean_t": 10.4, "reported_as": "10.40 (2)"}, [("GRIM", "note")]),
        ({"n_t": 27, "mean_t": 10.4, "reported_as": "10.40, n 27", "scale_step": None}, []),
        ({"n_t": 27, "mean_t": 10.4, "reported_as": "10.40, n 27", "effect_unit": "mg"}, []),
        # a baseline mean of 27.55 may be that of all 20 who were randomised
        (
            {"n_t": 15, "base_mean_t": 7.55, "n_c": 15, "n_randomised": 40, "reported_as": "7.55"},
            [],
        ),
        ({"n_t": 15, "base_mean_t": 7.55, "reported_as": "n 15: 7.55"}, [("GRIM", "flag")]),
        # GRIMMER: two people cannot have SD 1.41 around 2.5
        (
            {"n_t": 2, "mean_t": 2.5, "sd_t": 1.41, "reported_as": "2.5 (1.41), n 2"},
            [("GRIMMER", "flag")],
        ),
        # the range of the scale
        ({"n_t": 30, "mean_t": 21.0, "reported_as": "21.0, n 30"}, [("SD_RANGE", "flag")]),
        (
            {"n_t": 30, "mean_t": 10.0, "sd_t": 10.5, "reported_as": "10.0 (10.5), n 30"},
            [("SD_RANGE", "flag")],
        ),
        ({"n_t": 30, "mean_t": 10.0, "sd_t": 10.1, "reported_as": "10.0 (10.1), n 30"}, []),
        # an interval off its centre: 1.1 (0.1 to 4.1), and the same on the log scale
        ({"estimate": 1.1, "ci_low": 0.1, "ci_high": 4.1}, [("CI_CENTRE", "flag")]),
        ({"estimate": 2.2, "ci_low": 0.1, "ci_high": 4.1}, []),
        ({"estimate": 2.01, "ci_low": 1.01, "ci_high": 4.01, "effect_unit": "OR"}, []),
        (
            {"estimate": 2.51, "ci_low": 1.01, "ci_high": 4.01, "effect_unit": "OR"},
            [("CI_CENTRE", "flag")],
        ),
        # numbers of people
        ({"n_t": 31, "n_c": 30, "n_randomised": 60}, [("N_ANALYSED", "flag")]),
        ({"n_t": 31, "n_c": 31, "n_randomised": 31, "design": "crossover"}, []),
        ({"n_t": 31, "n_c": 31, "n_randomised": 31, "design": None}, [("N_ANALYSED", "note")]),
        # percentages against counts, and against people where no count is printed
        (
            {"result_type": "events", "n_t": 30, "n_c": 30, "events_t": 10, "events_c": 3,
             "reported_as": "10 (33.3%) v 3 (10%), n 30"},
            [],
        ),
        (
            {"result_type": "events", "n_t": 30, "n_c": 30, "events_t": 10, "events_c": 3,
             "reported_as": "10 (34.5%) v 3 (10%), n 30"},
            [("PERCENT", "flag")],
        ),
        (
            {"result_type": "events", "n_t": 26, "n_c": 27,
             "reported_as": "88.5% v 49.1%; n 26, 27 (95% CI 1 to 2)"},
            [("PERCENT", "flag")],
        ),
    ],
)  # fmt: skip
def test_each_check_at_its_edge(row, expected):
    assert _checks(row) == expected


def test_recomputed_p_needs_the_test_of_the_two_arms():
    arms = {"n_t": 30, "mean_t": 5.0, "sd_t": 2.0, "n_c": 30, "mean_c": 6.0, "sd_c": 2.0,
            "reported_as": "5.0 (2.0) v 6.0 (2.0); n 30, 30"}  # fmt: skip
    assert _checks(arms | {"p_value": "0.3"}) == [("P_VALUE", "flag")]
    assert _checks(arms | {"p_value": "0.06"}) == []
    assert _checks(arms | {"p_value": "0.3", "p_contrast": "multi_arm"}) == []
    assert _checks(arms | {"p_value": "0.3", "design": "crossover"}) == []
    assert _checks(arms | {"p_value": "ns"}) == []


def test_small_sds_are_held_against_those_of_other_studies():
    mine = {"n_t": 25, "mean_t": 5.0, "sd_t": 0.4, "reported_as": "5.0 (0.4), n 25"}
    other = {"study_id": "b", "result_id": "b-x-1", "n_t": 25, "mean_t": 5.0, "sd_t": 2.0}
    assert _checks(mine, other) == [("SE_AS_SD", "flag")]
    # one other study is enough for a scale, two are needed for an assay
    assay = {"instrument_id": None, "scale_step": None, "scale_max": None, "effect_unit": "mg/L"}
    assert _checks(mine | assay, other | assay) == []
    third = {"study_id": "c", "result_id": "c-x-1"}
    assert _checks(mine | assay, other | assay, other | assay | third) == [("SE_AS_SD", "flag")]
    # the changes of an assay depend on who was studied
    change = {"result_type": "change"}
    assert _checks(*(r | assay | change for r in (mine, other, other | third))) == []


@pytest.mark.parametrize(
    ("sd", "like"),
    # five times it, as an error of 25 people: an SD of the others is 2 here, and 1.25 times it or
    # its part is still like them
    [(0.4, True), (0.33, True), (0.31, False), (0.49, True), (0.51, False)],
)
def test_an_error_of_the_mean_is_told_by_what_it_would_make(sd, like):
    mine = {"n_t": 25, "mean_t": 5.0, "sd_t": sd, "reported_as": f"5.0 ({sd}), n 25"}
    other = {"study_id": "b", "result_id": "b-x-1", "n_t": 25, "mean_t": 5.0, "sd_t": 2.0}
    found = check_trustworthiness(pd.DataFrame([ROW | row for row in (mine, other)]))
    text = found.loc[found["check"] == "SE_AS_SD", "arithmetic"].iloc[0]
    assert ("which is like the others" in text) == like


def test_a_change_whose_sds_cannot_be():
    end = {"n_t": 26, "mean_t": 2.08, "sd_t": 0.19, "base_mean_t": 1.77, "base_sd_t": 0.19,
           "effect_unit": "mg/dL", "reported_as": "1.77 (0.19) -> 2.08 (0.19)"}  # fmt: skip
    change = {"result_id": "a-x-2", "result_type": "change", "n_t": 26, "mean_t": 0.31,
              "effect_unit": "mg/dL"}  # fmt: skip
    # r = (0.19² + 0.19² - c²) / (2 x 0.19²): below -1 once c exceeds 0.38 by more than rounding
    assert _checks(end, change | {"sd_t": 0.36}) == []
    assert _checks(end, change | {"sd_t": 0.42}) == [("CHANGE_SD", "flag")]
    # and above 1 where before and after differ by more than the change allows
    wide = end | {"sd_t": 0.39, "reported_as": "1.77 (0.19) -> 2.08 (0.39)"}
    assert _checks(wide, change | {"sd_t": 0.03}) == [("CHANGE_SD", "flag")]
    # 2.08 - 1.77 is 0.31; three roundings explain 0.015
    assert _checks(end, change | {"mean_t": 0.35, "sd_t": 0.2}) == [("CHANGE_MEAN", "note")]


def test_the_impossible_correlation_of_the_published_critique():
    """SDs 0.13 and 0.27 with a change SD of 0.03 imply r = 1.27 (curators' notes)."""
    end = {"n_t": 27, "mean_t": 1.91, "sd_t": 0.27, "base_mean_t": 1.82, "base_sd_t": 0.13,
           "effect_unit": "mg/dL", "reported_as": "1.82 (0.13); 1.91 (0.27)"}  # fmt: skip
    change = {"result_id": "a-x-2", "result_type": "change", "n_t": 27, "mean_t": 0.09,
              "sd_t": 0.03, "effect_unit": "mg/dL", "reported_as": "0.09 (0.03)"}  # fmt: skip
    found = check_trustworthiness(pd.DataFrame([ROW | end, ROW | change]))
    (text,) = found.loc[found["check"] == "CHANGE_SD", "arithmetic"]
    assert "= 1.27: the three SDs imply a correlation above 1" in text


def test_copied_figures_are_found():
    figures = {"mean_t": 5.1, "sd_t": 2.2, "mean_c": 6.3, "sd_c": 2.4, "effect_unit": "mg"}
    other = figures | {"study_id": "b", "result_id": "b-x-1"}
    assert _checks(figures, other) == [("SAME_FIGURES", "flag")]
    assert _checks(figures, other | {"same_trial_as": "a"}) == []
    assert _checks(figures, other | {"mean_c": 6.4}) == []


def test_undeclared_companions_are_flagged():
    trials = pd.DataFrame(
        {
            "study_id": ["a", "b", "c"],
            "same_trial_as": [None, None, None],
            "doi": ["10.1/X", "10.1/x", "10.1/y"],
        }
    )
    (finding,) = reports_of_one_trial(trials)
    assert (finding.verdict, finding.found) == ("flag", "a and b")
    assert "same_trial_as does not say so" in finding.arithmetic


def test_a_selection_can_be_checked(evidence):
    part = check_trustworthiness(evidence.select("depression", stratum="magnesium_alone"))
    assert set(part["study_id"]) >= {"rajizadeh2017"}
    assert "CRITIQUE" not in set(part["check"])


def test_a_table_without_studies_is_refused():
    with pytest.raises(DataError, match="no column study_id"):
        check_trustworthiness(pd.DataFrame({"mean_t": [1.0]}))
