"""A new project is whole, sound and marked as an example; a table in it stays what it was."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import meta
from meta.claims.check_tests import check_claim_tests
from meta.evidence.new_project import new_project
from meta.evidence.study_table import StudyTable


@pytest.fixture
def trials(root: Path) -> StudyTable:
    return meta.read_table(root / "data" / "st_johns_wort.csv")


def contents(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_text("utf-8") for path in files}


def test_every_table_begins_with_a_row_that_says_it_is_an_example(tmp_path: Path):
    written = new_project(tmp_path / "zinc-and-colds")
    assert sorted(written) == [path for path in sorted(tmp_path.rglob("*")) if path.is_file()]
    evidence = meta.load_evidence(tmp_path / "zinc-and-colds" / "data")
    assert evidence.question.title == "Zinc and colds: what do trials say?"
    for name in evidence.names:
        table = evidence.table(name)
        assert len(table) == 1, name
        assert name == "outcomes" or "EXAMPLE" in table.to_csv(), name
    assert check_claim_tests(evidence) == []
    found = meta.assess("a0-c01", evidence)
    assert (found.verdict, found.direct_form) == ("unresolved", "")


def test_columns_are_described_as_the_project_describes_them(root: Path, tmp_path: Path):
    def described(folder: Path) -> dict[tuple[str, str], dict[str, object]]:
        package = json.loads((folder / "datapackage.json").read_text(encoding="utf-8"))
        return {
            (table["name"], field["name"]): field
            for table in package["resources"]
            for field in table["schema"]["fields"]
        }

    new_project(tmp_path / "own")
    own, ours = described(tmp_path / "own" / "data"), described(root / "data")
    assert set(own) <= set(ours)
    for key, field in own.items():
        rules, asked = field.get("constraints", {}), dict(ours[key].get("constraints", {}))
        # a project of one's own need not fill all that is asked for here, nor use all words
        if "required" not in rules:
            asked.pop("required", None)
        assert set(rules.get("enum", ())) <= set(asked.get("enum", ())), key
        assert rules.keys() == asked.keys(), key
        assert all(rules[name] == asked[name] for name in rules if name != "enum"), key
        for name in ("type", "figure"):
            assert field.get(name) == ours[key].get(name), key


def test_a_table_that_was_read_gives_the_same_effects(tmp_path: Path, trials: StudyTable):
    new_project(tmp_path / "own", trials, outcome="response", lower_is_better=False)
    evidence = meta.load_evidence(tmp_path / "own" / "data")
    found = meta.effects(evidence.primary("response"), "RR")
    plain = meta.Effects.from_table(trials.frame, "RR")
    assert found.k == plain.k == 23
    assert len(found.excluded) == 3  # they print no counts
    assert found.yi.tolist() == plain.yi.tolist()
    assert found.vi.tolist() == plain.vi.tolist()
    assert found.lower_is_better is False
    assert evidence.select("response")["locator"].iloc[0] == "st_johns_wort.csv, row 2"
    # what is no field of ours came along, with the trials
    for own, name in (("country", "country"), ("dosage_mg_day", "dosage_mg_day")):
        given, kept = trials.frame[own], evidence.trials[name]
        assert [None if pd.isna(one) else str(one) for one in given] == [
            None if pd.isna(one) else str(one) for one in kept
        ]
    # nobody said that they are blinded, so none is trusted
    assert meta.assess("a0-c01", evidence).verdict == "unresolved"


@pytest.mark.parametrize(
    ("frame", "measure"),
    [
        ({"yi": [0.1, -0.3], "vi": [0.02, 0.05]}, "GEN"),
        ({"hr": [0.8, 1.1], "ci_low": [0.6, 0.9], "ci_high": [1.07, 1.34]}, "HR"),
        ({"mean_t": [4.5, 5], "sd_t": [2, 2.25], "n_t": [20, 30],
          "mean_c": [5.5, 5], "sd_c": [2, 2.5], "n_c": [21, 30]}, "SMD"),
    ],
)  # fmt: skip
def test_every_form_of_result_can_be_read_in(tmp_path: Path, frame, measure):
    table = meta.read_table(pd.DataFrame({"study": ["Ä. Größe 1999", "B & C"]} | frame))
    new_project(tmp_path / "own", table, lower_is_better=True)
    evidence = meta.load_evidence(tmp_path / "own" / "data")
    found = meta.effects(evidence.primary(), measure)
    plain = meta.Effects.from_table(table.frame, measure)
    np.testing.assert_array_equal(found.yi, plain.yi)
    np.testing.assert_array_equal(found.vi, plain.vi)
    assert list(evidence.trials["study_id"]) == ["a_groe_1999", "b_c"]
    # a claim stands there only where one can be tested
    assert len(evidence.claims) == (measure == "SMD")


def test_studies_keep_their_rows_and_names_stay_apart(tmp_path: Path):
    rows = [["A 1", 0.1, 1], ["A-1", 0.2, 2], ["A 1", 0.3, 3], [None, 0.4, 4]]
    frame = pd.DataFrame(rows, columns=["study", "yi", "blinding"]).assign(vi=0.1)
    new_project(tmp_path / "own", meta.read_table(frame), lower_is_better=True)
    evidence = meta.load_evidence(tmp_path / "own" / "data")
    ids = [name.removesuffix("-1").removesuffix("-2") for name in evidence.results["result_id"]]
    assert ids == ["a_1-outcome", "a_1_2-outcome", "a_1-outcome", "no_name_line_4-outcome"]
    # it differs within a study, so it belongs to the results, under a name that nobody has
    assert evidence.results["blinding_2"].tolist() == [1, 2, 3, 4]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"lower_is_better": None}, "does not say which way is good"),
        ({"outcome": "Pain!"}, "needed: small letters"),
    ],
)
def test_what_a_table_does_not_say_is_asked_for(tmp_path: Path, trials, given, words):
    with pytest.raises(meta.DataError, match=words):
        new_project(tmp_path / "own", trials, **{"lower_is_better": True} | given)
    assert list(tmp_path.iterdir()) == []


def test_a_table_with_faults_writes_nothing(tmp_path: Path):
    frame = pd.DataFrame({"study": ["a"], "yi": [0.1], "vi": [0.1], "n_t": [2.5]})
    with pytest.raises(meta.DataError, match=r"own/data/results.csv line 2, column n_t") as raised:
        new_project(tmp_path / "own", meta.read_table(frame), lower_is_better=True)
    assert "/.own" not in str(raised.value)
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_overwritten_unless_asked_for(tmp_path: Path):
    home = tmp_path / "own"
    home.mkdir()
    new_project(home)  # it is empty
    before = contents(home)
    (home / "data" / "trials.csv").write_text("mine", encoding="utf-8")
    (home / "notes.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(meta.DataError, match="nothing in it is overwritten"):
        new_project(home)
    assert (home / "data" / "trials.csv").read_text(encoding="utf-8") == "mine"
    new_project(home, force=True)
    assert contents(home) == before | {"notes.txt": "mine"}
    with pytest.raises(meta.DataError, match="is a file"):
        new_project(home / "notes.txt", force=True)


@pytest.mark.parametrize("link", ["own", "own/data", "own/data/trials.csv"])
def test_nothing_is_written_through_a_link(tmp_path: Path, link: str):
    elsewhere = tmp_path / "elsewhere"
    new_project(elsewhere)
    before = contents(elsewhere)
    place = tmp_path / link
    place.parent.mkdir(parents=True, exist_ok=True)
    place.symlink_to(elsewhere / link.removeprefix("own").lstrip("/"))
    with pytest.raises(meta.DataError, match="is a link"):
        new_project(tmp_path / "own", title="another question", force=True)
    assert contents(elsewhere) == before
