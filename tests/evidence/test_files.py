"""Files that are no table, and files that are written whole or not at all."""

from __future__ import annotations

import csv
import io
import json
import os
import zipfile
from pathlib import Path

import pandas as pd
import pytest

import meta
from meta.errors import DataError
from meta.evidence.datapackage import read_datapackage
from meta.evidence.reading import read_raw
from meta.evidence.spreadsheet import safe_csv
from meta.evidence.writing import write_whole, written_whole


def test_a_cell_that_a_spreadsheet_would_execute_is_text() -> None:
    rows = pd.DataFrame({
        "label": ["=1+1", "+x", "-x", "@sum", "\tx", "plain", "-0.5", "+3", "", None],
        "value": [-1.5] + [2.0] * 9,
    })  # fmt: skip
    read = pd.read_csv(io.StringIO(safe_csv(rows)), dtype={"label": str})
    wanted = ["'=1+1", "'+x", "'-x", "'@sum", "'\tx", "plain", "-0.5", "+3"]
    assert read["label"].tolist()[:8] == wanted
    assert read["label"].tolist()[8:] == [pytest.approx(float("nan"), nan_ok=True)] * 2
    assert read["value"][0] == -1.5
    assert ",-1.50\n" in safe_csv(rows, "%.2f")


def test_a_line_end_within_a_cell_begins_no_row() -> None:
    rows = pd.DataFrame({"=cmd": ["a\r=1+1", "b\r\nc", "d"], "value": [1.5, 2.0, 3.0]})
    text = safe_csv(rows)
    assert text.startswith('"\'=cmd"')
    # a spreadsheet takes a bare carriage return outside quotation marks for the end of a row
    read = list(csv.reader(io.StringIO(text, newline="")))
    assert [row[0] for row in read] == ["'=cmd", "a\r=1+1", "b\r\nc", "d"]
    assert '"a\r=1+1"' in text


def test_a_file_is_written_whole(tmp_path: Path) -> None:
    place = tmp_path / "a.txt"
    assert write_whole(place, "one\ntwo\n") == place
    assert place.read_bytes() == b"one\ntwo\n"
    mask = os.umask(0)
    os.umask(mask)
    assert place.stat().st_mode & 0o777 == 0o666 & ~mask


def test_a_file_that_is_not_finished_leaves_the_former_one(tmp_path: Path) -> None:
    place = tmp_path / "a.txt"
    place.write_text("before", encoding="utf-8")

    class Stop(Exception):
        pass

    def half() -> None:
        with written_whole(place) as beside:
            assert beside.suffix == ".txt"
            beside.write_text("half", encoding="utf-8")
            raise Stop

    with pytest.raises(Stop):
        half()
    assert place.read_text(encoding="utf-8") == "before"
    assert [each.name for each in tmp_path.iterdir()] == ["a.txt"]

    def full() -> None:
        with written_whole(place):
            raise OSError(28, "No space left on device")

    with pytest.raises(DataError, match=r"a\.txt cannot be written: No space left on device"):
        full()
    assert [each.name for each in tmp_path.iterdir()] == ["a.txt"]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("a\0b.svg", "cannot be the name of a file"),
        ("", "is a folder; name a file in it"),
        ("nowhere/a.svg", "is no folder; make it"),
    ],
)
def test_a_name_that_no_file_can_have(tmp_path: Path, name: str, said: str) -> None:
    with pytest.raises(DataError, match=said):
        write_whole(f"{tmp_path}/{name}", "text")


def test_a_byte_that_is_not_utf_8_is_named_with_its_place(tmp_path: Path) -> None:
    place = tmp_path / "old.csv"
    place.write_bytes('study,yi,vi\nSmith,0.1,0.2\n"Müller",0.3,0.4\n'.encode("cp1252"))
    raw = read_raw(place)
    (doubt,) = [*raw.faults, *raw.doubts]
    assert doubt.line == 3
    assert doubt.key == "M\xfcller"
    # the header holds 12 bytes with its end, the first row 14, and then stands a quote and an M
    assert doubt.found.startswith("byte 29 of the file (0xFC, near ")
    assert "it looks like Windows-1252" in doubt.found


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"a.txt": b"x"}, "this is a zip archive, not a table"),
        ({"word/document.xml": b"x"}, "this is a Word document, not a table"),
        ({"xl/workbook.bin": b"x"}, "this is a binary Excel workbook"),
        ({"content.xml": b"x", "mimetype": b"application/vnd.oasis.opendocument.text"},
         "this is an OpenDocument file without sheets"),
    ],
)  # fmt: skip
def test_archives_that_are_no_table(tmp_path: Path, files: dict[str, bytes], said: str) -> None:
    place = tmp_path / "a.xlsx"
    with zipfile.ZipFile(place, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    (fault,) = read_raw(place).faults
    assert said in fault.found


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_an_archive_packed_in_an_unusual_way(tmp_path: Path, method: int) -> None:
    place = tmp_path / "a.xlsx"
    with zipfile.ZipFile(place, "w", method) as archive:
        archive.writestr("xl/workbook.xml", b"x" * 100)
    (fault,) = read_raw(place).faults
    assert "packed in an unusual way" in fault.found


def test_a_broken_parquet_file(tmp_path: Path) -> None:
    place = tmp_path / "a.parquet"
    place.write_bytes(b"PAR1 and nothing")
    (fault,) = read_raw(place).faults
    assert "this is a Parquet file that cannot be read" in fault.found


FIELD = {"name": "study", "type": "string"}


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ('{"resources": [,]}', "this is no JSON"),
        ({"resources": [{"path": "a.csv"}]}, "a table needs a name and a path, both text"),
        ({"resources": [{"name": "a", "path": "/etc/a.csv"}]}, "leaves the folder"),
        ({"resources": [{"name": "a", "path": "../a.csv"}]}, "leaves the folder"),
        ({"resources": [{"name": "a", "path": "http://a/a.csv"}]}, "leaves the folder"),
        ({"resources": [{"name": "a", "path": "a.csv"}]}, "has no schema with a list of fields"),
        ({"resources": [{"name": "a", "path": "a.csv", "schema": {"fields": [{}]}}]},
         "a field needs a name"),
        ({"resources": [{"name": "a", "path": "a.csv", "schema": {"fields": [FIELD]}}] * 2},
         "two tables have this name"),
    ],
)  # fmt: skip
def test_faults_of_a_dictionary(tmp_path: Path, written: object, said: str) -> None:
    text = written if isinstance(written, str) else json.dumps(written)
    (tmp_path / "datapackage.json").write_text(text, encoding="utf-8")
    found = [fault.found for fault in read_datapackage(tmp_path).faults]
    assert any(said in each for each in found), found


def test_a_dictionary_in_another_encoding(tmp_path: Path) -> None:
    (tmp_path / "datapackage.json").write_bytes('{"title": "Mü"}'.encode("latin-1"))
    (fault,) = read_datapackage(tmp_path).faults
    assert "the file cannot be read" in fault.found


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "there is no such file; check the path"),
        (b"[fields\n", "this is no mapping"),
        ("[fields]\nyi = 'ü'\n".encode("latin-1"), "this is no mapping"),
    ],
)
def test_a_mapping_that_cannot_be_read(tmp_path: Path, content: bytes | None, said: str) -> None:
    table = tmp_path / "a.csv"
    table.write_text("study,yi,vi\na,0.1,0.2\nb,0.2,0.2\n", encoding="utf-8")
    place = tmp_path / "map.toml"
    if content is not None:
        place.write_bytes(content)
    with pytest.raises(DataError, match=said):
        meta.read_table(table, mapping=place)


def test_rows_of_arms_are_told_by_names_that_come_twice(tmp_path: Path) -> None:
    arms = tmp_path / "arms.csv"
    arms.write_text("study,arm,events,n\nA,drug,3,20\nA,placebo,5,21\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"each row seems to be one arm \(column 'arm'\)"):
        meta.read_table(arms)
    # one row a study is a set of single groups, whatever the column says
    arms.write_text("study,arm,events,n\nA,drug,3,20\nB,drug,5,21\n", encoding="utf-8")
    assert "2 rows" in repr(meta.read_table(arms))
