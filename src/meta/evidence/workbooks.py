"""What stands in the sheets of a workbook, or in a Parquet file? Everything as text, within bounds.

A workbook is a zip archive that may claim any size: what it unpacks to, and how far its cells
reach, is looked at before a reader may touch it. Links to other files are never followed; a cell
holds the value that was stored with it.
"""

from __future__ import annotations

import datetime
import io
import math
import re
import struct
import zipfile
import zlib
from collections.abc import Iterable
from contextlib import redirect_stdout
from dataclasses import dataclass
from typing import Any

from meta.errors import DataError

# bytes of a workbook after unpacking, and cells of a table
_UNPACKED = 200_000_000
_CELLS = 5_000_000
_SAVE = "Open it in the spreadsheet and save it again, or save the sheet as CSV (UTF-8)."
_CORNER = re.compile(rb"<(?:\w+:)?c\s[^>]*?\br\s*=\s*[\"']([A-Za-z]{1,3})([0-9]{1,7})[\"']")
_ROW = re.compile(rb"<(?:\w+:)?row\s[^>]*?\br\s*=\s*[\"']([0-9]{1,7})[\"']")
_ODS_ROW = re.compile(rb"<table:table-row\b((?:[^>]*[^/>])?)>(.*?)</table:table-row>", re.DOTALL)
_ODS_CELL = re.compile(rb"<table:(?:covered-)?table-cell\b([^>]*)>")


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet.

    Attributes
    ----------
    name : str
        Its name.
    rows : list of list of str
        Its cells as text, "" where one is empty.
    first : int
        Number of the first row.
    """

    name: str
    rows: list[list[str]]
    first: int


def read_sheets(content: bytes) -> list[Sheet]:
    """Read every sheet of an .xlsx, .xls or .ods workbook.

    Parameters
    ----------
    content : bytes
        The file.

    Returns
    -------
    list of Sheet
        Cells as text; numbers in full precision with a decimal point.

    Raises
    ------
    DataError
        If it is no workbook that can be read, or too large when unpacked: "found. way out".
    """
    from python_calamine import CalamineError, CalamineWorkbook, SheetTypeEnum

    kind = "an old Excel workbook (.xls)"
    if content[:2] == b"PK":
        kind = _bounded(content)
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(content))
        sheets = []
        for data in book.sheets_metadata:
            if data.typ is not SheetTypeEnum.WorkSheet:
                continue
            sheet = book.get_sheet_by_name(data.name)
            rows = sheet.to_python(skip_empty_area=False)
            sheets.append(Sheet(data.name, [[as_text(cell) for cell in row] for row in rows], 1))
    except (CalamineError, OSError, ValueError) as error:
        raise DataError(f"this is {kind} that cannot be read ({error}). {_SAVE}") from None
    return sheets


def _bounded(content: bytes) -> str:
    """Say what kind of workbook this is; refuse other archives, and what would fill the memory."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
        names = set(archive.namelist())
        if _unpacked_size(content, archive.infolist()) > _UNPACKED:
            raise DataError(
                "this is an archive that unpacks to more than 200 MB. Give the sheet as CSV."
            )
        if any(name.startswith("xl/") for name in names):
            if "xl/workbook.bin" in names:
                raise DataError("this is a binary Excel workbook (.xlsb). Save it as .xlsx or CSV.")
            sheets = [name for name in names if re.fullmatch(r"xl/worksheets/[^/]+\.xml", name)]
            for name in sheets:
                _check_extent(_xlsx_extent(archive.read(name)))
            return "an Excel workbook"
        if "content.xml" in names:
            if "mimetype" in names and b"spreadsheet" not in archive.read("mimetype"):
                raise DataError("this is an OpenDocument file without sheets. Give a spreadsheet.")
            _check_extent(_ods_extent(archive.read("content.xml")))
            return "an OpenDocument workbook"
        if "word/document.xml" in names:
            raise DataError(
                "this is a Word document, not a table. Copy its table into a spreadsheet, and "
                "give that."
            )
    except (zipfile.BadZipFile, zlib.error, struct.error, NotImplementedError, RuntimeError,
            EOFError, OSError) as error:  # fmt: skip
        raise DataError(
            f"this is a zip archive or a workbook that is broken ({error}). {_SAVE}"
        ) from None
    raise DataError("this is a zip archive, not a table. Unpack it, and give the table in it.")


def _unpacked_size(content: bytes, entries: Iterable[zipfile.ZipInfo]) -> int:
    """Unpack every entry in pieces and count: what an archive says of its size may be a lie."""
    total = 0
    for entry in entries:
        name, extra = struct.unpack("<HH", content[entry.header_offset + 26 :][:4])
        begin = entry.header_offset + 30 + name + extra
        packed = content[begin : begin + entry.compress_size]
        if entry.compress_type == zipfile.ZIP_STORED:
            total += len(packed)
            continue
        if entry.compress_type != zipfile.ZIP_DEFLATED:
            raise DataError(f"this is an archive packed in an unusual way. {_SAVE}")
        unpacker = zlib.decompressobj(-zlib.MAX_WBITS)
        while packed and not unpacker.eof and total <= _UNPACKED:
            total += len(unpacker.decompress(packed, 1_000_000))
            packed = unpacker.unconsumed_tail
    return total


def _check_extent(cells: int) -> None:
    if cells > _CELLS:
        raise DataError(
            f"a sheet reaches over {cells:,} cells. Delete what stands far away from the table, or "
            "save the table as CSV."
        )


def _xlsx_extent(sheet: bytes) -> int:
    """Count the cells of the rectangle that a sheet fills."""
    widest = deepest = 0
    for letters, row in _CORNER.findall(sheet):
        column = 0
        for letter in letters.upper():
            column = 26 * column + letter - 64
        widest, deepest = max(widest, column), max(deepest, int(row))
    deepest = max([deepest, *map(int, _ROW.findall(sheet))])
    return widest * deepest


def _ods_extent(sheet: bytes) -> int:
    """Count the cells of a sheet that hold something, each as often as it says."""
    total = 0
    for row, cells in _ODS_ROW.findall(sheet):
        filled = [cell for cell in _ODS_CELL.findall(cells) if b"value" in cell]
        if filled:
            width = sum(_repeated(cell, b"columns") for cell in _ODS_CELL.findall(cells))
            # what is empty behind the last filled cell is cut off by the reader
            if b"value" not in _ODS_CELL.findall(cells)[-1]:
                width -= _repeated(_ODS_CELL.findall(cells)[-1], b"columns")
            total += _repeated(row, b"rows") * width
    return total


def _repeated(attributes: bytes, what: bytes) -> int:
    found = re.search(rb"number-%s-repeated\s*=\s*[\"']([0-9]{1,9})[\"']" % what, attributes)
    return int(found[1]) if found else 1


def read_parquet(content: bytes) -> Sheet:
    """Read a Parquet file as if it were a sheet.

    Parameters
    ----------
    content : bytes
        The file.

    Returns
    -------
    Sheet
        Header and rows as text.

    Raises
    ------
    DataError
        If it cannot be read, or has more than five million cells: "found. way out".
    """
    from fastparquet import ParquetFile

    try:
        with redirect_stdout(io.StringIO()):  # it prints what is wrong with a broken file
            table = ParquetFile(io.BytesIO(content))
            _check_extent(table.count() * len(table.columns))
            frame = table.to_pandas()
    except DataError:
        raise
    except Exception as error:  # a broken file fails in many ways
        raise DataError(
            f"this is a Parquet file that cannot be read ({error}). Write it again, or as CSV."
        ) from None
    if frame.index.name:
        frame = frame.reset_index()
    header = [str(name) for name in frame.columns]
    rows = [[as_text(cell) for cell in row] for row in _rows(frame)]
    return Sheet("table", [header, *rows], 1)


def _rows(frame: Any) -> Iterable[tuple[Any, ...]]:
    return zip(*(frame[name].tolist() for name in frame.columns), strict=True)


def as_text(cell: Any) -> str:
    """Write the value of a typed cell as text: whole numbers without a point, in full precision.

    Examples
    --------
    >>> [as_text(value) for value in (55.0, 0.1, None, True, "NA")]
    ['55', '0.1', '', 'yes', 'NA']
    """
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, bytes):
        return cell.decode("utf-8", errors="replace")
    if isinstance(cell, float):
        if math.isnan(cell):
            return ""
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, datetime.datetime) and cell.time() == datetime.time():
        return cell.date().isoformat()
    text = str(cell)
    return "" if text in ("NaT", "<NA>") else text
