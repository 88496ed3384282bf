"""Every fault of every file comes in one run, with place, study and the way out."""

from __future__ import annotations

import csv
import io
import json
import time
from pathlib import Path

import pandas as pd
import pytest

from meta.cli import main
from meta.errors import DataError
from meta.evidence.datapackage import profile_faults
from meta.evidence.examination import examine
from meta.evidence.tables import load_evidence


def _rewrite(path: Path, change) -> None:
    path.write_bytes(change(path.read_bytes()))


def _without_column(content: bytes, column: str) -> bytes:
    rows = list(csv.reader(io.StringIO(content.decode(), newline="")))
    at = rows[0].index(column)
    written = io.StringIO(newline="")
    csv.writer(written, lineterminator="\n").writerows([row[:at] + row[at + 1 :] for row in rows])
    return written.getvalue().encode()


def _semicolons(content: bytes) -> bytes:
    rows = list(csv.reader(io.StringIO(content.decode(), newline="")))
    written = io.StringIO(newline="")
    csv.writer(written, delimiter=";", lineterminator="\n").writerows(rows)
    return written.getvalue().encode()


@pytest.fixture
def seeded(folder: Path, spoil) -> dict[str, tuple[str, ...]]:
    """Seed faults; give back what the message of each must hold."""
    expected = {}

    def results(name: str, result: str, column: str, value: str, *words: str) -> None:
        line = spoil("results.csv", result, column, value)
        expected[name] = (f"results.csv line {line}, column {column} ({result}", *words)

    results(
        "negative SD",
        "rajizadeh2017-depression-1",
        "sd_t",
        "-8.9",
        "-8.9 is not > 0. Give the SD of the change scores.",
    )
    results(
        "text in a number",
        "tarleton2017-depression-2",
        "mean_t",
        "5.1*",
        "'5.1*' is not a number: it has something behind the figure",
        "without unit or footnote mark",
    )
    line = spoil("results.csv", "fard2017-anxiety-3", "study_id", "fard2071")
    expected["unknown study"] = (
        f"results.csv line {line}, column study_id (fard2071, fard2017-anxiety-3)",
        "'fard2071' is not in",
        "Did you mean 'fard2017'?",
    )
    line = spoil("results.csv", "tarleton2017-anxiety-2", "result_id", "tarleton2017-anxiety-1")
    expected["duplicate id"] = (
        f"results.csv line {line}, column result_id (tarleton2017-anxiety-1)",
        "already stands in line 3",
        "Give the row another one",
    )
    line = spoil("results.csv", "hamedifard2020-crp-1", "estimate", "-1.85")
    expected["CI that excludes its estimate"] = (
        f"results.csv line {line}, column ci_low (hamedifard2020-crp-1)",
        "ci_low -1.26 is above estimate -1.85",
        "Look the figures up in the source",
    )
    results(
        "n above randomised",
        "nazarinasab2022-depression-1",
        "n_t",
        "300",
        "n_t 300 and n_c 30 together are more than the",
        "randomised",
        "Look up both numbers",
    )
    _rewrite(folder / "reviews.csv", lambda text: _without_column(text, "outcome"))
    expected["missing column"] = (
        "reviews.csv line 1, column outcome: the column is missing",
        "Restore it",
    )
    plain = (folder / "risk_of_bias.csv").read_bytes()
    at = plain.index(b"\nrajizadeh2017,") + 1
    latin = plain[:at] + plain[at:].replace(b"critique", b"critiqu\xe9", 1)
    (folder / "risk_of_bias.csv").write_bytes(latin)
    byte = latin.index(b"\xe9")
    line = latin[:byte].count(b"\n") + 1
    expected["Latin-1 bytes"] = (
        f"risk_of_bias.csv line {line} (rajizadeh2017): byte {byte + 1} of the file (0xE9",
        "is not UTF-8; it looks like Windows-1252",
    )
    (folder / "claims.csv").write_bytes(b"")
    expected["empty file"] = ("claims.csv: the file is empty", "Restore the file")
    return expected


def test_all_seeded_faults_come_in_one_run(folder, seeded, capsys):
    assert main(["check", str(folder)]) == 1
    lines = capsys.readouterr().out.splitlines()
    for name, words in seeded.items():
        assert any(all(word in line for word in words) for line in lines), name
    assert f"{len(examine(folder).faults)} faults" in lines[-1]


def test_loading_raises_the_same_faults(folder, seeded):
    with pytest.raises(DataError) as raised:
        load_evidence(folder)
    assert raised.value.faults == tuple(map(str, examine(folder).faults))
    for name, words in seeded.items():
        found = [f for f in raised.value.faults if all(word in f for word in words)]
        assert len(found) == 1, name


def test_each_fault_is_named_once_and_does_not_hide_or_invent_others(folder, seeded):
    faults = examine(folder).faults
    texts = [str(fault) for fault in faults]
    assert len(texts) == len(set(texts))
    # only the rows that were spoilt are at fault
    at = {fault.line for fault in faults if fault.file.endswith("results.csv")}
    seeded_lines = {
        int(words[0].split("line ")[1].split(",")[0])
        for words in seeded.values()
        if words[0].startswith("results.csv")
    }
    assert at == seeded_lines
    # the empty claims.csv is one fault, not one for each row that points to it
    assert not [fault for fault in faults if fault.file.endswith("claim_sources.csv")]


def test_tables_that_a_spreadsheet_saved_are_read_and_noted(folder, capsys):
    plain = load_evidence(folder)
    _rewrite(folder / "benchmarks.csv", _semicolons)
    _rewrite(folder / "trials.csv", lambda text: b"\xef\xbb\xbf" + text)
    _rewrite(folder / "results.csv", lambda text: text.decode().encode("utf-16"))
    assert main(["check", str(folder)]) == 0
    out = capsys.readouterr().out
    assert "columns separated by semicolons" in out
    assert "read as UTF-16" in out
    again = load_evidence(folder)
    for name in ("benchmarks", "trials", "results"):
        pd.testing.assert_frame_equal(again.table(name), plain.table(name))


def test_the_project_own_tables_have_no_faults(root):
    assert [str(fault) for fault in examine(root / "data").faults] == []


@pytest.mark.parametrize(
    ("file", "key", "column", "value", "words"),
    [
        ("results.csv", "afsharfar2021-depression-1", "p_value", "1.5", "is no p-value between"),
        ("results.csv", "afsharfar2021-depression-1", "p_value", "", "says whose p-value it is"),
        ("results.csv", "afsharfar2021-depression-1", "p_value", "0.02", "does not stand in"),
        ("results.csv", "afsharfar2021-depression-1", "favours", "", "only the verdict"),
        ("results.csv", "tarleton2017-depression-2", "favours", "treated", "tell the side"),
        ("results.csv", "tarleton2017-depression-2", "lower_is_better", "", "good direction is"),
        ("results.csv", "tarleton2017-depression-2", "lower_is_better", "no", "contradicts"),
        ("results.csv", "tarleton2017-depression-2", "mean_t", "5.2", "5.2 does not stand in"),
        ("results.csv", "tarleton2017-depression-2", "mean_t", "nan", "'nan' is not a number"),
        ("results.csv", "tarleton2017-depression-2", "mean_t", "5,1", "has a decimal comma, and"),
        ("results.csv", "tarleton2017-depression-2", "n_t", "55.5", "is not a whole number"),
        ("results.csv", "tarleton2017-depression-2", "result_type", "pots", "mean 'post'?"),
        ("results.csv", "tarleton2017-depression-2", "outcome", "", "every row needs it"),
        ("results.csv", "tarleton2017-depression-2", "result_id", "tarleton-depression-2", "begin"),
        ("results.csv", "tarleton2017-dropout-1", "events_t", "63", "more than the 62 of n_t"),
        ("results.csv", "breus2024-anxiety-1", "n_t", "32", "32 analysed in a crossover"),
        ("results.csv", "alateeq2023-brain_volume-1", "se", "0", "0 is not > 0. Give the standard"),
        ("results.csv", "tarleton2017-depression-2", "source_url", "javascript:alert(1)", "http"),
        ("results.csv", "tarleton2017-depression-2", "read_at", "javascript:alert(1)", "http"),
        ("results.csv", "tarleton2017-depression-2", "read_at", 'https://a.b/"onload="', "holds a"),
        ("results.csv", "tarleton2017-depression-2", "source_url", "http://10.1.2.3/p", "machine"),
        ("results.csv", "tarleton2017-depression-2", "note", "at http://10.1.2.3/p", "machine"),
        ("results.csv", "tarleton2017-depression-2", "flag", "open; do not pool", "is not coded"),
        ("results.csv", "tarleton2017-depression-2", "barred", "data", "does not say so in words"),
        ("trials.csv", "tarleton2017", "same_trial_as", "tarleton2017", "the study itself"),
        ("reported_grid.csv", "sultana2023-01", "result_id", "", "names no row and does not say"),
        ("reported_grid.csv", "sultana2023-01", "why_no_row", "cut", "names a row and says why"),
        ("reported_grid.csv", "sultana2023-01", "result_id", "ppcct-dropout-1", "is no row of"),
        ("reported_grid.csv", "sultana2023-01", "result_id", "sultana2023-x-1", "is not in"),
        ("claims.csv", "a0-c22", "same_as", "a0-c22", "the claim itself"),
        ("claims.csv", "a0-c22", "same_as", "a1-c01", "repeats, too"),
        ("claims.csv", "a0-c22", "same_as", "a0-c11", "are not tested in the same way"),
        ("claims.csv", "a0-c22", "same_as", "a9-c99", "is not in"),
        ("claims.csv", "a0-c22", "group", "work", "Did you mean 'works'?"),
        ("trials.csv", "tarleton2017", "year", "20177", "20177 is not <= 2100"),
        ("instruments.csv", "phq9", "max", "-1", "min 0 is above max -1"),
        ("st_johns_wort.csv", "1", "events_t", "900", "persons with the event are more than"),
    ],
)  # fmt: skip
def test_each_rule_finds_its_fault(folder, spoil, file, key, column, value, words):
    line = spoil(file, key, column, value)
    found = [str(fault) for fault in examine(folder).faults]
    assert any(words in text and f"{file} line {line}," in text for text in found), found


def test_a_row_that_spans_lines_keeps_the_count_of_lines(folder, spoil):
    # the note of the first row now holds a line break, so that all rows below move by one line
    spoil("results.csv", "tarleton2017-depression-1", "note", "two\nlines")
    line = spoil("results.csv", "tarleton2017-anxiety-1", "se", "-1")
    physical = (folder / "results.csv").read_text(encoding="utf-8").split("\n")
    assert physical[line - 1].startswith("tarleton2017-anxiety-1,")
    assert any(f"line {line}, column se" in str(fault) for fault in examine(folder).faults)


def test_ragged_rows_are_named_and_blank_ones_are_passed_over(folder):
    path = folder / "instruments.csv"
    rows = path.read_text(encoding="utf-8").split("\n")
    rows.insert(2, "")
    rows[4] = rows[4] + ",,x"
    path.write_text("\n".join(rows), encoding="utf-8")
    found = [str(f) for f in examine(folder).faults if f.file.endswith("instruments.csv")]
    assert len(found) == 1
    assert any("line 5 (" in text and "cells, the header has" in text for text in found)


def test_columns_that_nobody_described_are_named(folder):
    path = folder / "iv_magnesium_mi_li2007.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("n_mg", "n_mgg", 1), encoding="utf-8")
    found = " ".join(str(fault) for fault in examine(folder).faults)
    assert "column n_mg: the column is missing. Is it 'n_mgg'?" in found
    assert "column n_mgg: the column is not described in datapackage.json" in found


def bounded(kind, constraints):
    """Give the first column of a kind in the second table a constraint."""

    def spoil(package):
        fields = package["resources"][1]["schema"]["fields"]
        next(each for each in fields if each["type"] == kind)["constraints"] = constraints

    return spoil


@pytest.mark.parametrize(
    ("spoiled", "words"),
    [
        (lambda p: p["resources"].clear(), "lists no tables"),
        (lambda p: p["resources"][0].update(path="../trials.csv"), "leaves the folder"),
        (lambda p: p["resources"][0]["schema"]["fields"][2].update(type="numbr"), "unknown type"),
        (bounded("integer", {"minimum": "a"}), "gives it minimum = 'a', which is no number"),
        (bounded("string", {"maxLength": True}), "gives it maxLength = True, which is no number"),
        (lambda p: p["resources"].pop(0), "the table 'trials' is not described"),
        (lambda p: p["resources"][0]["schema"].update(primaryKey=["id"]), "names the column 'id'"),
    ],
)
def test_a_broken_dictionary_is_named(folder, spoiled, words):
    path = folder / "datapackage.json"
    package = json.loads(path.read_text(encoding="utf-8"))
    spoiled(package)
    path.write_text(json.dumps(package), encoding="utf-8")
    assert words in " ".join(str(fault) for fault in examine(folder).faults)


def test_no_json_and_no_folder_are_named(folder, tmp_path):
    (folder / "datapackage.json").write_text('{"resources": [,]}', encoding="utf-8")
    (fault,) = examine(folder).faults
    assert "line 1: this is no JSON" in str(fault)
    (fault,) = examine(tmp_path / "nowhere").faults
    assert "the folder does not exist" in str(fault)


def test_frictionless_agrees_that_the_tables_are_valid(root):
    """The data dictionary stands on its own: a second reader finds nothing either."""
    frictionless = pytest.importorskip("frictionless")
    report = frictionless.Package(str(root / "data" / "datapackage.json")).validate()
    assert report.valid, report.flatten(["title", "rowNumber", "fieldName", "note"])


def test_the_grid_of_the_asked_form_is_complete(folder, spoil):
    """A new study of the form, or a new row of a listed study, calls for a line of the grid."""
    line = spoil("trials.csv", "rajizadeh2017", "mg_form", "glycinate")
    spoil("reported_grid.csv", "sultana2023-03", "result_id", "sultana2023-depression-1")
    found = [str(fault) for fault in examine(folder).faults]
    assert len(found) == 2
    assert f"trials.csv line {line}, column study_id (rajizadeh2017)" in found[0]
    assert "has no line for it" in found[0]
    assert "(sultana2023" in found[1]
    assert "no line names this row" in found[1]


def test_labels_are_those_of_the_words(folder):
    path = folder / "datapackage.json"
    package = json.loads(path.read_text(encoding="utf-8"))
    for field in package["resources"][0]["schema"]["fields"]:
        if field["name"] == "blinding":
            field["labels"]["tripel"] = field["labels"].pop("double")
    path.write_text(json.dumps(package), encoding="utf-8")
    (found,) = map(str, examine(folder).faults)
    assert "the labels of blinding are not those of its words: double and tripel" in found


def test_every_column_has_a_heading_and_every_code_a_word(root):
    """Pages take headings and words from here, so that none of them shows a bare code."""
    package = json.loads((root / "data" / "datapackage.json").read_text(encoding="utf-8"))
    for resource in package["resources"]:
        for field in resource["schema"]["fields"]:
            where = resource["name"], field["name"]
            assert field.get("title"), where
            assert field["title"] != field["name"], where
            if field["type"] == "string" and "enum" in field.get("constraints", {}):
                assert field.get("labels"), where


def test_a_form_that_takes_endless_time_is_refused(folder, monkeypatch):
    monkeypatch.setattr("meta.evidence.patterns.SECONDS", 0.3)  # the refusal is the same
    path = folder / "datapackage.json"
    package = json.loads(path.read_text(encoding="utf-8"))
    (table,) = (one for one in package["resources"] if one["name"] == "outcomes")
    (field,) = (one for one in table["schema"]["fields"] if one["name"] == "title")
    field.setdefault("constraints", {})["pattern"] = "([A-Za-z]+)*!"
    path.write_text(json.dumps(package), encoding="utf-8")
    rows = (folder / "outcomes.csv").read_text(encoding="utf-8")
    title = pd.read_csv(folder / "outcomes.csv")["title"].iloc[0]
    (folder / "outcomes.csv").write_text(rows.replace(title, 60 * "a", 1), encoding="utf-8")
    start = time.monotonic()
    with pytest.raises(DataError, match=r"takes more than 2 seconds .*\(\[A-Za-z\]\+\)\*!"):
        load_evidence(folder)
    assert time.monotonic() - start < 60  # without a limit it is years


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": "A b!"}, "'A b!' does not match"),
        ({"licenses": [{"path": 3}]}, "3 is not of type 'string' at property 'licenses/0/path'"),
        ({"resources": [{"name": "x"}]}, 'one of the properties "path" or "data" is required'),
    ],
)
def test_what_breaks_the_standard_is_named(folder, changes, words):
    path = folder / "datapackage.json"
    package = json.loads(path.read_text(encoding="utf-8"))
    assert profile_faults(folder) == []
    path.write_text(json.dumps(package | changes), encoding="utf-8")
    (fault,) = profile_faults(folder)
    assert f"it breaks the Data Package standard: {words}" in str(fault)
