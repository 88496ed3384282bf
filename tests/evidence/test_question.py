"""The question of a folder: its words, its form and its filters."""

from __future__ import annotations

import json

import pandas as pd
import pytest
from projects import evidence_folder

import meta
from meta.evidence.question import Form, Question, chosen_by, read_question


def test_a_folder_without_a_question_has_neutral_words(tmp_path):
    question = meta.load_evidence(evidence_folder(tmp_path / "own")).question
    assert question == Question()
    assert (question.treatment, question.control, question.form) == ("Treatment", "Control", None)


def test_the_question_decides_which_rows_are_primary(root, tmp_path):
    evidence = meta.load_evidence(root / "data")
    rows = evidence.primary("depression")
    for column, values in evidence.question.primary.items():
        assert set(rows[column]) <= set(values)
    # the same rows by hand, without the filters of the question
    every = evidence.select("depression")
    by_hand = every[
        every["stratum"].isin(["magnesium_alone", "add_on"])
        & every["control"].isin(["placebo", "no_treatment"])
        & (every["randomised"] == "yes")
        & (every["route"] == "oral")
    ]
    assert set(rows["result_id"]) == set(by_hand["result_id"])


def test_an_absent_column_filters_nothing_and_an_empty_cell_passes_nothing():
    rows = pd.DataFrame({"route": ["oral", "iv", None]})
    assert chosen_by({"route": ("oral",), "stratum": ("a",)}, rows).tolist() == [True, False, False]


def test_a_form_is_looked_up_in_its_column():
    form = Form(column="extract", value="li160", label="LI 160")
    assert form.own(pd.DataFrame({"extract": ["li160", "ws5570", None]})).tolist() == [
        True, False, False,
    ]  # fmt: skip
    assert form.own(pd.DataFrame({"dose": [1.0]})).tolist() == [False]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("magnesium", "it is no object"),
        ({"treatmnet": "St John's wort"}, "Did you mean 'treatment'?"),
        ({"title": 3}, "title is 3"),
        ({"primary": {"control": "placebo"}}, 'as in {"control": ["placebo"]}'),
        ({"site_url": "javascript:a"}, "no web address (it does not begin with http"),
        ({"contact": "javascript:a"}, "or mailto: with one of e-mail"),
        ({"contact": "mailto:a@b.org", "title": 3}, "title is 3"),
        ({"form": {"column": "extract"}}, '"value": "...", "label": "..."'),
    ],
)
def test_what_cannot_be_read_is_named(given, words):
    faults = []
    read_question(given, "own/datapackage.json", faults)
    assert len(faults) == 1
    assert words in str(faults[0])
    assert "own/datapackage.json (question)" in str(faults[0])


@pytest.mark.parametrize(
    ("licences", "words"),
    [
        ({"name": "CC0"}, "it is {'name': 'CC0'}"),
        ([{"name": 3}], "name is 3, which is no text"),
        ([{"name": "CC0", "path": "javascript:a"}], "path is 'javascript:a' (it does not begin"),
    ],
)
def test_a_licence_that_cannot_be_named_and_linked(tmp_path, licences, words):
    folder = evidence_folder(tmp_path / "own")
    package = json.loads((folder / "datapackage.json").read_text())
    (folder / "datapackage.json").write_text(json.dumps(package | {"licenses": licences}))
    with pytest.raises(meta.DataError) as refused:
        meta.load_evidence(folder)
    assert f"datapackage.json (licenses): {words}" in str(refused.value)


def test_a_fault_in_the_question_stops_the_loading(root, tmp_path):
    folder = evidence_folder(tmp_path / "own")
    package = json.loads((folder / "datapackage.json").read_text())
    package["question"] = {"primary": {"randomised": []}}
    (folder / "datapackage.json").write_text(json.dumps(package))
    with pytest.raises(meta.DataError, match="primary is"):
        meta.load_evidence(folder)
