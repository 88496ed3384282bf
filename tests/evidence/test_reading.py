"""Files in every form that a table of text, a workbook or none can have."""

from __future__ import annotations

import csv
import io
import itertools
import struct
import zipfile
from pathlib import Path

import fastparquet
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import meta
from meta.errors import DataError
from meta.evidence.numbers import read_numbers
from meta.evidence.reading import read_raw

ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252")
DECIMALS = ((".", ""), (".", ","), (",", ""), (",", "."), (",", " "), (".", "'"))
numbers = st.floats(-1e6, 1e6, allow_nan=False).map(lambda value: round(value, 4))
names = st.text("abcdefghijklmnopqrstuvwxyzäéø -&", min_size=3, max_size=20).map(
    lambda text: f"{text.strip(' -&') or 'a'} 2004"
)


def _printed(value: float, decimal: str, thousands: str) -> str:
    text = f"{value:,.4f}" if thousands else f"{value:.4f}"
    return text.replace(",", "\0").replace(".", decimal).replace("\0", thousands)


@settings(max_examples=150, deadline=None)
@given(
    rows=st.lists(st.tuples(names, numbers, numbers), min_size=2, max_size=6),
    delimiter=st.sampled_from(",;\t|"),
    decimal=st.sampled_from(DECIMALS),
    encoding=st.sampled_from(ENCODINGS),
    newline=st.sampled_from(["\n", "\r\n"]),
    row_names=st.booleans(),
    titles=st.integers(0, 2),
    blank=st.booleans(),
)
@example([("ä", 0.0, 1234.5), ("ø", 1.0, 2.0)], ";", (",", "."), "cp1252", "\n", True, 2, True)
def test_a_table_is_read_back_from_every_dialect(
    tmp_path_factory, rows, delimiter, decimal, encoding, newline, row_names, titles, blank
):
    written = io.StringIO(newline="")
    written.write("".join(f"Table {i + 1}: effects{newline}" for i in range(titles)))
    writer = csv.writer(written, delimiter=delimiter, lineterminator=newline)
    writer.writerow([""] * row_names + ["Study", "yi", "vi"])
    for i, (name, *values) in enumerate(rows):
        cells = [_printed(value, *decimal) for value in values]
        writer.writerow([str(i + 1)] * row_names + [name, cells[0], cells[1].lstrip("-")])
        if blank and i == 0:
            written.write(newline)
    path = tmp_path_factory.mktemp("dialects") / "table.csv"
    path.write_bytes(written.getvalue().encode(encoding))
    expected = [value for _, value, _ in rows], [abs(value) for _, _, value in rows]
    if 0 in expected[1]:
        with pytest.raises(DataError, match="0 is not > 0"):
            meta.read_table(path)
        return
    frame = meta.read_table(path).frame
    assert frame["label"].tolist() == [" ".join(name.split()) for name, _, _ in rows]
    assert frame["yi"].tolist() == expected[0]
    assert frame["vi"].tolist() == expected[1]


@pytest.mark.parametrize(("decimal", "whole"), list(itertools.product(DECIMALS, [True, False])))
def test_numbers_of_one_column_have_one_sign(decimal, whole):
    values = [1234.25, -0.5, 12.0, 9876543.0]
    cells = [_printed(value, *decimal) for value in values]
    read = read_numbers([*cells, "NA", ""], whole=whole)
    assert read.values[:4] == values
    assert not read.problems
    assert read.sign == decimal[0]


@pytest.mark.parametrize(
    ("cells", "whole", "of_file", "values"),
    [
        (["13,598", "62"], True, "", [13598, 62]),
        (["13.598", "62"], True, "", [13598, 62]),
        (["13.598", "62"], True, ".", [13.598, 62]),
        (["13.598", "62"], False, "", [13.598, 62]),
        (["13.598", "62"], False, ",", [13598, 62]),
        (["1,234"], False, ",", [1.234]),
        (["1,234"], False, ".", [1234]),
        (["1 234", "1\N{NO-BREAK SPACE}234", "1\N{THIN SPACE}234"], True, "", [1234] * 3),
        ([".5", "+1", "1e-3", "\N{MINUS SIGN}2"], False, "", [0.5, 1, 0.001, -2]),
    ],
)  # fmt: skip
def test_what_a_group_of_three_digits_means_hangs_on_the_rest(cells, whole, of_file, values):
    read = read_numbers(cells, whole=whole, of_file=of_file)
    assert read.values == values
    assert not read.problems


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"%PDF-1.7\n", "this is a PDF"),
        (b"\x1f\x8b\x08\x00", "compressed file"),
        (b"\x89PNG\r\n\x1a\n", "a picture"),
        (b"<!DOCTYPE html><html>", "a web page"),
        (b"<?xml version='1.0'?><COCHRANE_REVIEW>", "a review file of RevMan 5"),
        (b'{"a": [1, 2]}', "JSON"),
        (b"{\\rtf1\\ansi", "a text document"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "an old Excel workbook (.xls) that"),
        (bytes(range(256)) * 4, "a binary file"),
        (b"", "the file is empty"),
        (b"\xef\xbb\xbf \n\n", "the file is empty"),
        (b"PK\x03\x04 no archive", "a zip archive or a workbook that is broken"),
        (b"PAR1 no table PAR1", "a Parquet file that cannot be read"),
        (b'a,b\n1,"2\n', "look for a quotation mark"),
        (b'"a"b,c\n1,2\n', "look for a quotation mark"),
    ],
)
def test_what_is_no_table_is_refused_in_words(tmp_path, content, words):
    path = tmp_path / "table.csv"
    path.write_bytes(content)
    with pytest.raises(DataError) as refused:
        meta.read_table(path)
    assert words.lower() in str(refused.value).lower()
    assert str(refused.value).isprintable() or "\n" in str(refused.value)


def test_a_file_that_is_not_there_and_a_folder(tmp_path):
    with pytest.raises(DataError, match="there is no such file"):
        meta.read_table(tmp_path / "none.csv")
    with pytest.raises(DataError, match="this is a folder"):
        meta.read_table(tmp_path)


def _archive(path: Path, **entries: str) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in entries.items():
            archive.writestr(name.replace("__", "/").replace("_xml", ".xml"), text)
    return path


def test_archives_are_bounded_before_they_are_read(tmp_path):
    bomb = _archive(tmp_path / "bomb.xlsx", xl__workbook_xml="0" * 210_000_000)
    assert bomb.stat().st_size < 1_000_000
    with pytest.raises(DataError, match="unpacks to more than 200 MB"):
        meta.read_table(bomb)
    # an archive may say that it is small
    content = bytearray(bomb.read_bytes())
    for sign, at in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        place = content.index(sign) + at
        content[place : place + 4] = (1000).to_bytes(4, "little")
    bomb.write_bytes(content)
    with pytest.raises(DataError, match="unpacks to more than 200 MB"):
        meta.read_table(bomb)
    far = '<row r="1"><c r="A1"/></row><row r="1048576"><c r="XFD1048576"/></row>'
    sheet = _archive(tmp_path / "far.xlsx", xl__workbook_xml="", xl__worksheets__s_xml=far)
    with pytest.raises(DataError, match="reaches over 17,179,869,184 cells"):
        meta.read_table(sheet)
    row = (
        '<table:table-row table:number-rows-repeated="1000000"><table:table-cell '
        'table:number-columns-repeated="1000" office:value-type="float" office:value="1"/>'
        "</table:table-row>"
    )
    with pytest.raises(DataError, match="reaches over 1,000,000,000 cells"):
        meta.read_table(_archive(tmp_path / "far.ods", content_xml=row))
    with pytest.raises(DataError, match="a Word document"):
        meta.read_table(_archive(tmp_path / "text.docx", word__document_xml="x"))
    with pytest.raises(DataError, match="a zip archive, not a table"):
        meta.read_table(_archive(tmp_path / "some.zip", studies="x"))


def _workbook(path: Path, sheets: dict[str, list[list[object]]]) -> Path:
    """Write a workbook with nothing but the standard library."""
    kind = "http://schemas.openxmlformats.org/"
    main, rels = f"{kind}spreadsheetml/2006/main", f"{kind}officeDocument/2006/relationships"
    entries = {
        "_rels/.rels": f'<Relationships xmlns="{kind}package/2006/relationships"><Relationship '
        f'Id="r" Type="{rels}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{rels}"><sheets>'
        + "".join(
            f'<sheet name="{name}" sheetId="{i}" r:id="s{i}"/>' for i, name in enumerate(sheets, 1)
        )
        + "</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{kind}package/2006/relationships">'
        + "".join(
            f'<Relationship Id="s{i}" Type="{rels}/worksheet" Target="worksheets/s{i}.xml"/>'
            for i in range(1, len(sheets) + 1)
        )
        + "</Relationships>",
    }
    for i, rows in enumerate(sheets.values(), 1):
        text = ""
        for r, row in enumerate(rows, 1):
            text += f'<row r="{r}">'
            for column, value in zip("ABCDEFGH", row, strict=False):
                if isinstance(value, str):
                    text += f'<c r="{column}{r}" t="inlineStr"><is><t>{value}</t></is></c>'
                elif value is not None:
                    text += f'<c r="{column}{r}"><v>{value!r}</v></c>'
            text += "</row>"
        entries[f"xl/worksheets/s{i}.xml"] = (
            f'<worksheet xmlns="{main}"><sheetData>{text}</sheetData></worksheet>'
        )
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in entries.items():
            archive.writestr(name, f'<?xml version="1.0" encoding="UTF-8"?>{text}')
    return path


def test_a_workbook_is_read_from_the_sheet_that_holds_studies(tmp_path):
    studies = [["Trials of 2004"], [], ["Study", "yi", "vi"], ["A", -0.435, 0.02], ["B", 1.5, 0.1]]
    path = _workbook(tmp_path / "b.xlsx", {"Notes": [["who", "when"], ["me", 3]], "Data": studies})
    table = meta.read_table(path)
    assert table.frame["yi"].tolist() == [-0.435, 1.5]
    assert table.lines == (4, 5)
    assert any("sheet 'Data' of 'Notes' and 'Data'" in note for note in table.notes)
    path = _workbook(tmp_path / "two.xlsx", {"One": studies, "Two": studies})
    with pytest.raises(DataError, match="2 sheets may hold the studies: 'One' and 'Two'"):
        meta.read_table(path)
    assert len(meta.read_table(path, sheet="Two")) == 2
    with pytest.raises(DataError, match="there is no sheet 'Three'"):
        meta.read_table(path, sheet="Three")


def test_text_and_numbers_in_one_column_of_a_workbook(tmp_path):
    rows = [["Study", "yi", "vi"], ["A", 0.5, 0.02], ["B", "0,435", 0.1]]
    with pytest.raises(DataError, match="'0,435' is not a number: it has a decimal comma"):
        meta.read_table(_workbook(tmp_path / "b.xlsx", {"Data": rows}))


def test_an_opendocument_workbook(tmp_path):
    cell = '<table:table-cell office:value-type="{}"{}><text:p>{}</text:p></table:table-cell>'
    rows = [["Study", "yi", "vi"], ["A", 0.5, 0.02], ["B", 0.25, 0.04]]
    text = "".join(
        "<table:table-row>"
        + "".join(
            cell.format("string", "", value)
            if isinstance(value, str)
            else cell.format("float", f' office:value="{value}"', value)
            for value in row
        )
        + '<table:table-cell table:number-columns-repeated="16380"/></table:table-row>'
        for row in rows
    )
    names = {name: f"urn:oasis:names:tc:opendocument:xmlns:{name}:1.0" for name in
             ("office", "table", "text")}  # fmt: skip
    declared = " ".join(f'xmlns:{name}="{value}"' for name, value in names.items())
    content = (
        f"<office:document-content {declared}><office:body><office:spreadsheet>"
        f'<table:table table:name="S">{text}<table:table-row table:number-rows-repeated="1048000">'
        '<table:table-cell table:number-columns-repeated="16384"/></table:table-row></table:table>'
        "</office:spreadsheet></office:body></office:document-content>"
    )
    path = tmp_path / "studies.ods"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", content)
        archive.writestr("META-INF/manifest.xml", "<manifest/>")
    assert meta.read_table(path).frame["yi"].tolist() == [0.5, 0.25]


def test_old_encodings_are_read_and_named(tmp_path):
    path = tmp_path / "old.csv"
    path.write_bytes("label,yi,vi\nMüller 2004,0.1,0.02\n".encode("cp1252"))
    table = meta.read_table(path)
    assert table.frame["label"].tolist() == ["Müller 2004"]
    assert any("looks like Windows-1252" in note for note in table.notes)


@pytest.mark.parametrize(
    ("text", "header", "rows"),
    [
        # R's write.table: blanks, quotation marks, and no name above the row names
        ('"yi" "vi"\n"Smith 2004" 0.1 0.02\n"Berg" 0.2 0.03\n', ["", "yi", "vi"],
         [["Smith 2004", "0.1", "0.02"], ["Berg", "0.2", "0.03"]]),
        # a spreadsheet's own line about the delimiter, and empty columns at the end
        ("sep=;\nlabel;yi;vi;;\nA;1;2;;\n", ["label", "yi", "vi"], [["A", "1", "2"]]),
        # line ends of old Macs
        ("label,yi,vi\rA,1,2\r", ["label", "yi", "vi"], [["A", "1", "2"]]),
        # rows of empty cells between and below
        ("label,yi,vi\n,,\nA,1,2\n,,\n\n", ["label", "yi", "vi"], [["A", "1", "2"]]),
        # a line break inside a cell
        ('label,yi,vi\n"A\nB",1,2\n', ["label", "yi", "vi"], [["A\nB", "1", "2"]]),
    ],
)  # fmt: skip
def test_forms_of_text(tmp_path, text, header, rows):
    path = tmp_path / "table.txt"
    path.write_text(text, encoding="utf-8", newline="")
    raw = read_raw(path, {"label", "yi", "vi"}.__contains__)
    assert (raw.header, raw.rows, raw.faults) == (header, rows, [])


def test_row_names_of_r_name_the_studies(tmp_path):
    path = tmp_path / "table.txt"
    path.write_text('"yi" "vi"\n"Smith 2004" 0.1 0.02\n"Berg" 0.2 0.03\n', encoding="utf-8")
    assert meta.read_table(path).frame["label"].tolist() == ["Smith 2004", "Berg"]


def test_parquet_keeps_missing_values_and_full_precision(tmp_path):
    frame = pd.DataFrame({"study": ["A", "B"], "yi": [0.1 + 0.2, None], "vi": [1e-7, 2.0]})
    path = tmp_path / "table.parquet"
    fastparquet.write(path, frame)
    read = meta.read_table(path).frame
    assert read["yi"].tolist()[0] == 0.1 + 0.2
    assert read["yi"].isna().tolist() == [False, True]


def test_random_bytes_are_refused_or_read_and_never_crash(tmp_path):
    path = tmp_path / "table"
    for seed in range(60):
        path.write_bytes(b"".join(struct.pack("<I", (seed + 1) * 2654435761 * i % 2**32)
                                  for i in range(40)))  # fmt: skip
        with pytest.raises(DataError):
            meta.read_table(path)
