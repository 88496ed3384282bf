"""The table of agreement with metafor: nothing is left out, and no difference is unexplained."""

from __future__ import annotations

import json
import shutil

import pandas as pd
import pytest
from reference_answers import REFERENCE, univariate_references

from meta.errors import DataError
from validation.compare import HERE, agreement
from validation.pairs import Answers, pair

INPUTS = {"dataset", "measure", "k", "yi", "vi", "arms"}
INPUTS |= {"cluster", "inner", "rho_free", "alternative"}


@pytest.fixture(scope="module")
def table():
    return agreement(REFERENCE)


def test_every_quantity_agrees_or_says_why(table):
    unexplained = table[~table["agrees"] & (table["reason"] == "")]
    assert unexplained.empty, unexplained[["quantity", "worst_relative_difference", "where"]]
    # closed forms and likelihoods of pooled effects need no excuse at all
    plain = table["group"].str.startswith(("Random", "Common", "Effect", "Meta-regr", "One study"))
    assert table.loc[plain, "agrees"].all()
    assert (table.loc[table["agrees"], "reason"] == "").all()


def test_the_table_does_not_shrink(table):
    """Every answer in the files is compared: what nobody asked for would be a row of its own."""
    assert "Not compared" not in set(table["group"])
    assert len(table) >= 273
    assert table["values_compared"].sum() >= 15_500
    sets = table.set_index("quantity")["data_sets"]
    assert sets["tau2, Q-profile interval"] == len(univariate_references()) == 60
    assert sets["Mantel-Haenszel RR: estimate"] == 7
    assert not table[["group", "quantity"]].duplicated().any()


def test_every_key_of_every_file_is_known():
    """The keys that a row stands for, written out, so that a new file cannot slip by unread."""
    known = {"EE", "DL", "HE", "HS", "SJ", "ML", "REML", "EB", "PM", "tau2_ci_q_profile"}
    known |= {"leave_one_out_DL", "influence_DL", "baujat_EE", "blup_REML", "cumulative_DL"}
    known |= {"egger_lm", "egger_rma_REML", "begg", "trimfill_DL_L0", "trimfill_DL_R0"}
    known |= {"meta_regression_REML", "MH_RR", "MH_OR", "MH_RD", "PETO", "tests_OR", "glmm_UM_FS"}
    known |= {"selection_3psm_025", "beta", "se", "sigma2", "logLik", "escalc"}
    known |= {"robust_CR2_REML", "robust_CR2_multilevel"}
    found = set()
    for path in REFERENCE.rglob("*.json"):
        found |= set(json.loads(path.read_text())) - INPUTS
    assert found == known


def test_an_answer_that_nobody_compares_fails_loudly(tmp_path):
    values = json.loads((REFERENCE / "hine1989_binary_methods.json").read_text())
    values["PETO"]["sorcery"] = 1.0
    (tmp_path / "hine1989_binary_methods.json").write_text(json.dumps(values))
    row = agreement(tmp_path).set_index("quantity").loc["PETO/sorcery"]
    assert not row["agrees"]
    assert row["reason"] == ""


def test_a_wrong_answer_is_found_and_not_excused(tmp_path):
    name = "bcg_tables.json"
    values = json.loads((REFERENCE / "further" / name).read_text())
    values["glmm_UM_FS"]["se"] *= 1.01
    (tmp_path / name).write_text(json.dumps(values))
    rows = agreement(tmp_path).set_index("quantity")
    assert rows.loc["Binomial-normal model: standard error", "reason"] == ""
    # its estimate differs within what the reason explains
    assert "quadrature" in rows.loc["Binomial-normal model: estimate", "reason"]


def test_difference_is_relative_to_the_size_of_an_error():
    assert pair("", "", "", 1e-3, 0.0, floor=1.0).difference() == pytest.approx(1e-3)
    assert pair("", "", "", 1.1, 1.0, floor=0.0).difference() == pytest.approx(0.1)
    assert pair("", "", "", [1.0, None], [1.0, None], floor=0.0).difference() == 0
    assert pair("", "", "", None, 1.0, floor=0.0).difference() == float("inf")
    assert pair("", "", "", [1.0], [1.0, 2.0], floor=0.0).difference() == float("inf")


def test_answers_remember_what_was_asked(tmp_path):
    shutil.copy(REFERENCE / "konstantopoulos2011_multilevel.json", tmp_path)
    answers = Answers(tmp_path / "konstantopoulos2011_multilevel.json")
    answers("beta")
    assert answers.not_asked() == ["se", "sigma2", "logLik"]


def test_the_table_of_the_report_is_the_one_that_is_computed(table):
    """`make validation` renews it; differences are rounding and differ between machines."""
    written = pd.read_csv(HERE / "agreement.csv", keep_default_na=False)
    same = ["group", "quantity", "r_call", "data_sets", "values_compared", "agrees", "reason"]
    pd.testing.assert_frame_equal(written[same], table[same])


def test_what_is_not_compared_is_said(table):
    left = pd.read_csv(HERE / "not_compared.csv", keep_default_na=False)
    assert list(left.columns) == ["quantity", "why", "checked_by"]
    assert (left["why"].str.len() > 0).all()
    assert not set(left["quantity"]) & set(table["quantity"])


def test_a_folder_without_answers(tmp_path):
    with pytest.raises(DataError, match="validation/metafor"):
        agreement(tmp_path)
