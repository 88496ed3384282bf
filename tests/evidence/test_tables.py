"""Loading, copies and selection."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from projects import evidence_folder

from meta.errors import DataError
from meta.evidence.reporting import barred_studies
from meta.evidence.tables import Evidence, load_evidence


@pytest.fixture(scope="module")
def evidence(root: Path) -> Evidence:
    return load_evidence(root / "data")


def test_types(evidence):
    results = evidence.results
    assert results["n_t"].dtype == "Int64"
    assert results["mean_t"].dtype == np.float64
    assert results["p_value"].dtype == "str"
    assert results["p_value"].iloc[0] == "<0.001"
    # every typed number equals the text of the file; nothing became missing on the way
    raw = pd.read_csv(evidence.folder / "results.csv", dtype=str, keep_default_na=False)
    for column in results:
        assert (results[column].notna() == (raw[column] != "")).all(), column
    filled = raw["mean_t"] != ""
    assert (results.loc[filled, "mean_t"] == raw.loc[filled, "mean_t"].astype(float)).all()


def test_what_is_returned_can_be_changed_without_harm(evidence):
    for name in evidence.names:
        first = evidence.table(name)
        untouched = first.copy()
        if len(first) > 1:  # a table of changes may have none yet
            first.iloc[0, 0] = first.iloc[1, 0]
        first.index = first.index[::-1]
        first["new"] = 1
        pd.testing.assert_frame_equal(evidence.table(name), untouched)
    rows = evidence.select("depression")
    rows["n_t"] = 0
    assert not (evidence.select("depression")["n_t"] == 0).any()


def test_properties_are_the_tables(evidence):
    for name in evidence.names:
        if hasattr(Evidence, name):
            pd.testing.assert_frame_equal(getattr(evidence, name), evidence.table(name))
    assert len(evidence.trials) == 170
    assert len(evidence.results) == 426
    assert set(evidence.described("results")) == set(evidence.results)


def test_unknown_table(evidence):
    with pytest.raises(DataError, match=r"no table 'trails'. Did you mean 'trials'\?"):
        evidence.table("trails")


def test_select_joins_trial_and_scale(evidence):
    rows = evidence.select("depression", study_id="rajizadeh2017")
    row = rows.iloc[0]
    assert row["label"] == "Rajizadeh 2017"
    assert (row["scale_min"], row["scale_max"], row["scale_step"]) == (0, 63, 1)
    assert row["reporting"] == "arms"
    assert row["note"] != row["trial_note"]
    assert len(evidence.select()) == len(evidence.results)
    assert evidence.select()["result_id"].tolist() == evidence.results["result_id"].tolist()


def test_select_filters(evidence):
    several = evidence.select(["depression", "anxiety"], control=["placebo", "no_treatment"])
    assert set(several["outcome"]) == {"depression", "anxiety"}
    assert set(several["control"]) == {"placebo", "no_treatment"}
    assert evidence.select(flag=None)["flag"].isna().all()
    both = evidence.select(design=["parallel", None])
    assert set(both["design"].dropna()) == {"parallel"}
    assert both["design"].isna().any()
    assert (evidence.select(n_t=26)["n_t"] == 26).all()
    assert evidence.select("depression", blinding="double", stratum="animal").empty


def test_select_names_all_faults(evidence):
    with pytest.raises(DataError) as raised:
        evidence.select("depresion", blindng="double", stratum=["magnesium_alone", "solo"])
    assert len(raised.value.faults) == 3
    text = str(raised.value)
    assert "Did you mean 'depression'?" in text
    assert "no column 'blindng'. Did you mean 'blinding'?" in text
    assert "no result has stratum 'solo'. Known are active_comparator, add_on" in text


@pytest.fixture
def own_folder(tmp_path: Path) -> Path:
    """The least that a folder needs: two tables with few columns."""
    columns = {
        "trials": {"study_id": "string", "label": "string"},
        "results": {
            "result_id": "string", "study_id": "string", "outcome": "string",
            "result_type": "string", "n_t": "integer", "mean_t": "number", "sd_t": "number",
            "n_c": "integer", "mean_c": "number", "sd_c": "number",
        },
    }  # fmt: skip
    package = {
        "name": "own",
        "resources": [
            {
                "name": name,
                "path": f"{name}.csv",
                "schema": {"fields": [{"name": n, "type": t} for n, t in fields.items()]},
            }
            for name, fields in columns.items()
        ],
    }
    (tmp_path / "datapackage.json").write_text(json.dumps(package), encoding="utf-8")
    (tmp_path / "trials.csv").write_text("study_id,label\na1,A\nb1,B\n", encoding="utf-8")
    (tmp_path / "results.csv").write_text(
        "result_id,study_id,outcome,result_type,n_t,mean_t,sd_t,n_c,mean_c,sd_c\n"
        "a1-x-1,a1,x,post,20,1.5,0.5,21,2.5,0.6\n"
        "b1-x-1,b1,x,post,20,1.5,,21,2.5,\n",
        encoding="utf-8",
    )
    return tmp_path


def test_a_folder_of_ones_own(own_folder):
    own = load_evidence(own_folder)
    assert own.names == ("trials", "results")
    assert own.select("x")["reporting"].tolist() == ["arms", "direction"]
    with pytest.raises(DataError, match=r"no table 'claims'. Its tables are trials and results"):
        _ = own.claims


def test_keys_hold_though_the_dictionary_leaves_them_out(own_folder):
    with (own_folder / "trials.csv").open("a", encoding="utf-8") as file:
        file.write("a1,again\n")
    with (own_folder / "results.csv").open("a", encoding="utf-8") as file:
        file.write("c1-x-1,c1,x,post,20,1.5,,21,2.5,\n")
    with pytest.raises(DataError) as raised:
        load_evidence(own_folder)
    first, second = raised.value.faults
    assert "trials.csv line 4, column study_id (a1): 'a1' already stands in line 2" in first
    assert "results.csv line 4, column study_id (c1-x-1): 'c1' is not in" in second


def test_columns_that_everything_leans_on(own_folder):
    path = own_folder / "datapackage.json"
    package = json.loads(path.read_text(encoding="utf-8"))
    del package["resources"][1]["schema"]["fields"][3]
    path.write_text(json.dumps(package), encoding="utf-8")
    with pytest.raises(DataError, match=r"column result_type \(results\): the column is not desc"):
        load_evidence(own_folder)


def test_loading_leaves_out_what_is_slow_to_import(root):
    """About 0.9 s for all tables, 0.7 s of it importing frictionless; its checker adds 1.5 s."""
    code = (
        "import meta, sys; meta.load_evidence(); "
        "print(sorted({'jsonschema', 'pymare', 'matplotlib', 'scipy'} & set(sys.modules)))"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == "[]"


def test_tables_without_rows_say_that_there_is_none(tmp_path):
    evidence = load_evidence(evidence_folder(tmp_path / "own"))
    with pytest.raises(DataError, match=r"no result has outcome 'sleep'\. None has any"):
        evidence.primary("sleep")


def test_primary_rows_are_by_mouth_and_of_no_barred_study(evidence):
    """A trial into a vein answers another question; a barred one is no null of its own."""
    every = evidence.select(
        stratum=["magnesium_alone", "add_on"],
        control=["placebo", "no_treatment"],
        randomised="yes",
    )
    primary = evidence.primary()
    left_out = every[~every["result_id"].isin(primary["result_id"])]
    assert {"bhudia2006", "mehdi2017", "murck1998"} <= set(left_out["study_id"])
    assert set(primary["route"]) == {"oral"}
    barred = barred_studies(evidence.results)
    assert "bhudia2006" in barred
    assert not barred & set(primary["study_id"])
    assert set(left_out["route"]) == {"iv"}


def test_every_study_that_gave_something_has_its_route(evidence):
    trials = evidence.trials
    given = trials["mg_form"].notna()
    assert (trials["route"].notna() == given).all()
    assert (trials["route"].eq("iv") == trials["mg_form"].fillna("").str.endswith("_iv")).all()
