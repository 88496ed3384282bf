"""What stands in this file, and on which line?

Bytes are judged before anything guesses at them: readers that detect encodings and delimiters by
themselves read a file that was saved wrongly without a word. Whatever was decided on the way is
noted; a file with a fault is still read as it was probably meant, so that its other faults are
found in the same run.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from meta.errors import DataError
from meta.evidence.faults import Fault
from meta.evidence.printed_table import printed_rows
from meta.evidence.workbooks import Sheet, read_parquet, read_sheets
from meta.wording import listed

Known = Callable[[str], bool]
_LARGEST = 100_000_000
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# encodings of old programs, the most frequent first
_OLD = {
    "cp1252": "Windows-1252 (Latin-1)",
    "mac_roman": "Mac Roman",
    "cp850": "code page 850 (DOS)",
}
_FREQUENT = frozenset("äöüßéèàçñáíóúøåæãõê–’")
_LETTERS = frozenset("ÄÖÜëâîïôûùÁÉÍÓÚÑÅÆØì—“”±−°²") | _FREQUENT
_AS_CSV = "Save the table as CSV (UTF-8), and give that file."
# how files begin that hold no table of text
_OTHERS = (
    (rb"%PDF", "a PDF", "Type or copy its table into a spreadsheet. " + _AS_CSV),
    (rb"\x1f\x8b", "a compressed file (gzip), or R's own .rds", "Unpack it; from R, write.csv()."),
    (rb"RD[AX]\d\n", "R's own format", "Write the table with write.csv() in R."),
    (rb"7z\xbc\xaf|Rar!|BZh|\xfd7zXZ", "a compressed archive", "Unpack it, and give the table."),
    (rb"\x89PNG|\xff\xd8\xff|GIF8|II\*\x00|MM\x00\*", "a picture", "Type its figures. " + _AS_CSV),
    (rb"\$FL[23]", "a file of SPSS", "Save it as CSV in SPSS."),
    (rb"<stata_dta>|[\x71-\x76][\x01\x02]\x01\x00", "a file of Stata", "Write it with export "
     "delimited in Stata."),
    (rb"SQLite format", "a database", "Export the table as CSV."),
    (rb"\{\\rtf", "a text document (RTF)", _AS_CSV),
    (rb"(?i)\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)?<COCHRANE_REVIEW", "a review file of RevMan "
     "5", "Export the data in RevMan: File, Export, Data and analyses."),
    (rb"(?i)\s*<(?:!doctype|html|head|meta|body|div|table)\b", "a web page",
     "Open it in a spreadsheet. " + _AS_CSV),
    (rb"\s*(?:Random|Fixed|Common|Equal|Mixed)-Effects Model \(|\s*Number of studies.{0,9}: k ?=",
     "what R prints of an analysis", "Give its studies: write.csv(data, 'studies.csv')."),
    (rb"# A tibble|# Rows:|Rows: \d+\r?\nColumns:", "what R prints of a tibble, which leaves out "
     "rows and digits", "Write it whole: write.csv(data, 'studies.csv')."),
    (rb"\s*\+[-+=]{9}", "the drawing of a table", "Export its data as CSV."),
    (rb"\s*<\?xml", "an XML file", _AS_CSV),
    (rb"\s*[\[{]\s*[\"\[{]", "JSON", "In Python, give pandas.DataFrame(...).to_csv()."),
)  # fmt: skip
_DELIMITERS = {
    ",": "commas",
    ";": "semicolons",
    "\t": "tabs",
    "|": "vertical bars",
    "  ": "two or more blanks",
    " ": "blanks",
}
_RAGGED = (
    "Put quotation marks around a cell that holds the delimiter, and keep the delimiters of empty "
    "cells."
)
_COMMAS = (
    "It may hold decimal commas, in a file whose delimiter is the comma: save it with semicolons "
    "or tabs between the cells."
)
# how lines begin that stand below a table
_NOTES = (
    *(
        "*",
        "#",
        "^",
        "\u2020",
        "\u2021",
        "\u00a7",
        "\u00b6",
        "Note",
        "Source",
        "Abbreviation",
        "Legend",
    ),
    *(
        "Heterogeneity",
        "Test for ",
        "Quelle",
        "Anmerkung",
        "Abk\u00fcrzung",
        "Fuente",
        "Nota",
        "Fonte",
    ),
    *("Remarque", "Bron"),
)
# text that Excel shall not change
_AS_FORMULA = re.compile(r'="(.*)"', flags=re.DOTALL)
# a header is looked for no deeper than this
_DEPTH = 30


@dataclass(slots=True, kw_only=True)
class RawTable:
    """The cells of a table as text.

    Attributes
    ----------
    file : str
        Name for messages.
    header : list of str
        Column names, "" where one has none.
    header_line : int
        Line on which the header begins.
    rows : list of list of str
        Cells of every row that has as many cells as the header.
    lines : list of int
        Physical line, or row of the sheet, on which each of `rows` begins; the first is 1.
    faults : list of Fault
        What is wrong with the file as a file.
    doubts : list of Fault
        What was read by a guess that may be wrong, such as the encoding of an old file.
    notes : list of str
        What was decided on the way.
    """

    file: str
    header: list[str] = field(default_factory=list)
    header_line: int = 1
    rows: list[list[str]] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    doubts: list[Fault] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def read_raw(
    path: str | Path,
    known: Known | None = None,
    sheet: str | None = None,
    remedy: str = "Check the path.",
) -> RawTable:
    """Read the cells of a table as text, naming every fault of the file itself.

    Parameters
    ----------
    path : str or path
        The file: text (CSV and its kin in UTF-8, UTF-16, UTF-32 or Windows-1252), a workbook
        (.xlsx, .xls, .ods) or Parquet; ``"-"`` is the standard input. The content decides, not
        the name.
    known : callable, optional
        Whether a column name is one that the reader of the table can use. It helps to tell the
        delimiter, the header and the sheet.
    sheet : str, optional
        Name of the sheet of a workbook.
    remedy : str, optional
        The way out where there is no file.

    Returns
    -------
    RawTable
        Cells as text. Blank lines, and cells without a name or content at the end of a line, are
        not kept. Faults: a missing, empty, binary or broken file, undecodable bytes, rows with too
        few or too many cells.
    """
    file = "standard input" if str(path) == "-" else Path(path).as_posix()
    table = RawTable(file=file)
    known = known or _nobody

    def refuse(found: str, remedy: str) -> RawTable:
        table.faults.append(Fault(file=file, found=found, remedy=remedy))
        return table

    try:
        if str(path) == "-":
            content = sys.stdin.buffer.read(_LARGEST + 1)
        else:
            with Path(path).open("rb") as opened:
                content = opened.read(_LARGEST + 1)
    except FileNotFoundError:
        return refuse("there is no such file", remedy)
    except IsADirectoryError:
        return refuse("this is a folder", "Name one file in it; `meta check` reads whole folders.")
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        return refuse(f"the file cannot be read ({why})", "Make it a readable file.")
    if len(content) > _LARGEST:
        return refuse("the file is larger than 100 MB", "Give the rows of the analysis alone.")
    if not content.strip():
        return refuse("the file is empty; a header and rows are needed", remedy)
    try:
        if content[:4] in (b"PK\x03\x04", b"PK\x05\x06") or content[:4] == b"\xd0\xcf\x11\xe0":
            return _of_sheets(table, read_sheets(content), known, sheet)
        if content[:4] == b"PAR1":
            return _of_sheets(table, [read_parquet(content)], known, None)
    except DataError as error:
        found, _, way = error.faults[0].partition(". ")
        return refuse(found, way)
    for beginning, name, way in _OTHERS:
        if re.match(beginning, content[:3000], flags=re.DOTALL):
            return refuse(f"this is {name}, not a table", way)
    text = _decoded(table, content)
    return table if text is None else _of_text(table, text, known)


def _nobody(_name: str) -> bool:
    return False


def _decoded(table: RawTable, content: bytes) -> str | None:
    """Decode by the byte-order mark, else as UTF-8, else by a guess that is named."""
    encoding = next((name for mark, name in _MARKS if content.startswith(mark)), "")
    if not encoding and b"\x00" in content[:2000]:
        # UTF-16 without a mark: of plain text every second byte is zero
        for start, name in ((1, "utf-16-le"), (0, "utf-16-be")):
            zeros = content[start:2000:2]
            if zeros.count(0) > 0.7 * len(zeros):
                encoding = name
    try:
        text = content.decode(encoding or "utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        before = content[: error.start]
        line = content[before.rfind(b"\n") + 1 :].split(b"\n")[0]
        near = content[max(before.rfind(b"\n") + 1, error.start - 12) : error.start + 8]
        old = max(_OLD, key=lambda name: _letters(content, name))
        guess = encoding or _OLD[old]
        fault = Fault(
            file=table.file,
            line=before.count(b"\n") + 1,
            key=re.split(rb"[,;\t]", line)[0].decode("latin-1").strip('"'),
            found=f"byte {error.start + 1} of the file (0x{content[error.start]:02X}, near "
            f"{near.split(chr(10).encode())[0].decode('latin-1')!r}) is not UTF-8; it looks like "
            f"{guess}",
            remedy="Save the file as UTF-8.",
        )
        (table.faults if encoding else table.doubts).append(fault)
        text = content.decode(old, errors="replace")
    else:
        if encoding not in ("", "utf-8"):
            table.notes.append(f"read as {encoding[:6].upper()}")
    odd = len(re.findall(r"[\x00-\x08\x0b\x0e-\x1f]", text[:4000]))
    if "\x00" in text or odd > 0.05 * min(len(text), 4000):
        table.doubts.clear()
        table.faults[:] = [
            Fault(file=table.file, found="this is a binary file, not a table", remedy=_AS_CSV)
        ]
        return None
    if not text.strip():
        found = "the file is empty; a header and rows are needed"
        table.faults.append(Fault(file=table.file, found=found, remedy="Restore the file."))
        return None
    return text


def _letters(content: bytes, encoding: str) -> int:
    """Weigh the letters and signs of western texts among what is not ASCII, less all else."""
    found = [char for char in content.decode(encoding, errors="replace") if ord(char) > 127]
    return sum((char in _LETTERS) + (char in _FREQUENT) or -1 for char in found)


def _of_text(table: RawTable, text: str, known: Known) -> RawTable:
    """Split text into cells by the delimiter under which most columns are known."""
    printed = printed_rows(text)
    if printed:
        table.notes.append("columns aligned by blanks, as R and pandas print them")
        return _arranged(table, printed, known)
    said = re.match(r"sep=(.)\r?\n", text, flags=re.IGNORECASE)
    first = 1
    if said:
        text, first = text[said.end() :], 2
    best: tuple[float, ...] = ()
    chosen = ""
    for delimiter in [said[1]] if said else _DELIMITERS:
        if not delimiter.strip(" ") and best[1] and (best[0] or chosen != "  "):
            break  # blanks separate only what nothing else does
        probe, _ = _cells(text, delimiter, strict=False, limit=60)
        rows = [cells for cells, _ in probe]
        at = _header(rows, known)
        width = len(rows[at])
        body = rows[at + 1 :]
        even = sum(len(row) in (width, width + 1) for row in body) / len(body) if body else 1.0
        names = [name for name in rows[at] if name.strip()]
        score = (sum(map(known, names)), width > 1, even, width)
        if score > best:
            best, chosen = score, delimiter
        if width > 1 and len(names) == width == score[0]:
            break  # every name is known
    if chosen != "," and best[1]:
        table.notes.append(f"columns separated by {_DELIMITERS.get(chosen, repr(chosen))}")
    numbered, fault = _cells(text, chosen, strict=True)
    if fault:
        line, problem = fault
        way = "Look for a quotation mark that is not closed; double one that is meant."
        found = f"the row cannot be split into cells ({problem})"
        table.faults.append(Fault(file=table.file, line=line + first - 1, found=found, remedy=way))
    numbered = [(cells, line + first - 1) for cells, line in numbered]
    return _arranged(table, numbered, known, blanks=chosen == " " and '"' not in text)


def _cells(
    text: str, delimiter: str, *, strict: bool, limit: int | None = None
) -> tuple[list[tuple[list[str], int]], tuple[int, str] | None]:
    """Split text into rows that are not blank, each with the line on which it begins."""
    if delimiter == "  ":
        text, delimiter = re.sub(r"(?<=\S) {2,}(?=\S)", "\t", text), "\t"
    reader = csv.reader(
        io.StringIO(text, newline=""),
        delimiter=delimiter,
        strict=strict,
        skipinitialspace=delimiter == " ",
    )
    found: list[tuple[list[str], int]] = []
    line, width = 1, 0
    formulas, brackets = '="' in text, delimiter in ",;" and ("[" in text or "(" in text)
    try:
        for cells in reader:
            begins, line = line, reader.line_num + 1
            if formulas:
                cells = [_AS_FORMULA.sub(r"\1", c) if c[:2] == '="' else c for c in cells]
            if brackets and len(cells) > width:  # of the first row; a cut one is no measure
                whole = _rejoined(cells, delimiter)
                width = width or (len(cells) if len(whole) == len(cells) else 0)
                cells = whole
            if any(map(str.strip, cells)):
                found.append((cells, begins))
            if len(found) == limit:
                break
    except csv.Error as error:
        return found, (line, str(error))
    return found, None


def _rejoined(cells: list[str], delimiter: str) -> list[str]:
    """Put together what a delimiter within brackets took apart, as of "[0,55; 0,92]"."""
    deeper = [c.count("(") + c.count("[") - c.count(")") - c.count("]") for c in cells]
    if not any(deeper):
        return cells
    whole: list[str] = []
    open_ = 0
    for cell, more in zip(cells, deeper, strict=True):
        if open_:
            whole[-1] += delimiter + cell
        else:
            whole.append(cell)
        open_ += more
        if open_ < 0:
            return cells
    return cells if open_ else whole


def _of_sheets(
    table: RawTable, sheets: Sequence[Sheet], known: Known, wanted: str | None
) -> RawTable:
    """Take the sheet that is asked for, or the only one that holds known columns."""
    filled = [sheet for sheet in sheets if sheet.rows]
    names = listed(repr(sheet.name) for sheet in sheets)
    if wanted is not None:
        filled = [sheet for sheet in sheets if sheet.name == wanted]
        if not filled:
            found = f"there is no sheet {wanted!r}"
            fault = Fault(file=table.file, found=found, remedy=f"Its sheets are {names}.")
            table.faults.append(fault)
            return table
    if not filled or not filled[0].rows:
        fault = Fault(file=table.file, found="the workbook is empty", remedy="Fill a sheet.")
        table.faults.append(fault)
        return table
    if len(filled) > 1:
        counts = [_known_names(sheet.rows, known) for sheet in filled]
        used = [sheet for sheet, count in zip(filled, counts, strict=True) if count > 1]
        if len(used) != 1:
            several = listed(repr(sheet.name) for sheet in used or filled)
            fault = Fault(
                file=table.file,
                found=f"{len(used or filled)} sheets may hold the studies: {several}",
                remedy=f"Name one: sheet={(used or filled)[0].name!r}, on the command line "
                "--sheet NAME.",
            )
            table.faults.append(fault)
            return table
        filled = used
        table.notes.append(f"sheet {filled[0].name!r} of {names}")
    numbered = [
        (cells, line)
        for line, cells in enumerate(filled[0].rows, filled[0].first)
        if any(cell.strip() for cell in cells)
    ]
    return _arranged(table, numbered, known)


def _known_names(rows: Sequence[Sequence[str]], known: Known) -> int:
    head = [row for row in rows if any(row)][:_DEPTH]
    return max((sum(map(known, row)) for row in head), default=0)


def _header(rows: Sequence[Sequence[str]], known: Known) -> int:
    """Find the header: the row with most known names, else the first as wide as most rows."""
    counts = [sum(known(cell) for cell in row if cell.strip()) for row in rows[:_DEPTH]]
    if max(counts, default=0) > 1:
        return counts.index(max(counts))
    widths = [_filled(row) for row in rows]
    if not widths:
        return 0
    usual = Counter(w for w in widths if w > 1).most_common(1)
    return next((i for i, w in enumerate(widths[:_DEPTH]) if usual and w >= usual[0][0]), 0)


def _filled(row: Sequence[str]) -> int:
    """Count the cells up to the last that is not empty."""
    end = len(row)
    while end and not row[end - 1].strip():
        end -= 1
    return end


def _arranged(
    table: RawTable,
    numbered: list[tuple[list[str], int]],
    known: Known,
    *,
    blanks: bool = False,
) -> RawTable:
    """Tell title lines, header, rows and footnotes apart, and rows of another length.

    Where bare `blanks` separate cells, a cell too many is R's row name only if it is a number.
    """
    if not numbered:
        return table  # the very first row is at fault
    at = _header([cells for cells, _ in numbered], known)
    header, line = [name.strip() for name in numbered[at][0]], numbered[at][1]
    body = numbered[at + 1 :]
    above = numbered[:at]
    groups = _groups(above[-1][0], header) if above else []
    if groups:
        above = above[:-1]
        header = [f"{group} {name}".strip() for group, name in zip(groups, header, strict=True)]
        table.notes.append(f"the header has two lines ({line - 1} and {line})")
    if above:
        words = listed((next(filter(None, cells)).strip() for cells, _ in above), most=2)
        table.notes.append(f"above the header, not read: {words}")
    width = _filled(header)
    longer = all(len(cells) == len(header) + 1 for cells, _ in body)
    longer = longer and any(cells[-1].strip() for cells, _ in body)  # else a delimiter at the end
    numbers = all(cells[0].isdigit() for cells, _ in body)
    if body and longer and header[-1] and (numbers or not blanks):
        # R's write.table names no column for the row names
        header, width = ["", *header], width + 1
    names = [cell.strip() for cell in numbered[at][0]]
    again = [
        begins
        for cells, begins in body
        if cells[0].strip() == names[0] and [cell.strip() for cell in cells] == names
    ]
    if again:
        body = [row for row in body if row[1] not in again]
        table.notes.append(f"the header stands again on line {listed(map(str, again), 5)}")
    if len(body) > 1 and _is_units(body[0][0]):
        words = listed(dict.fromkeys(filter(None, body[0][0])), 5)
        table.notes.append(f"below the header, not read: {words}")
        body = body[1:]
    while len(body) > 1 and _is_note(body[-1][0], width):
        words = listed(filter(None, map(str.strip, body[-1][0])))
        table.notes.append(f"below the table, not read: {words}")
        body = body[:-1]
    # a column without a name ends at the last cell that holds something
    longest = max((_filled(cells) for cells, _ in body), default=0)
    if 0 < longest - width <= len(header) - width:
        width = longest
    header = header[:width]
    for cells, begins in body:
        if len(cells) < width or _filled(cells) > width:
            fault = Fault(
                file=table.file,
                line=begins,
                key=cells[0],
                found=f"the row has {len(cells)} cells, the header has {width}",
                remedy=_COMMAS if _has_decimal_commas(cells, width) else _RAGGED,
            )
            table.faults.append(fault)
            continue
        table.rows.append(cells[:width])
        table.lines.append(begins)
    table.header, table.header_line = header, line
    return table


def _is_note(cells: Sequence[str], width: int) -> bool:
    """Tell a line below a table: a sentence, or one that says what it is ("Source: ...")."""
    first, filled = cells[0].strip(), _filled(cells)
    said = first.startswith(_NOTES)
    if filled == 1 < width:
        return said or len(first.split()) > 3
    figures = any(char.isdigit() for cell in cells[1:] for char in cell)
    return said and ":" in first and (filled < width or not figures)


def _is_units(cells: Sequence[str]) -> bool:
    """Tell a line of units from a study: it has no name, and no figure anywhere."""
    return not cells[0].strip() and not any(char.isdigit() for cell in cells for char in cell)


def _has_decimal_commas(cells: Sequence[str], width: int) -> bool:
    """Tell whether a row is too long because its decimal commas were taken for delimiters."""
    pairs = sum(
        bool(re.fullmatch(r"[-+]?\d{1,3}", whole) and part.isdigit())
        for whole, part in pairwise(cells)
    )
    return len(cells) > width and pairs >= len(cells) - width


def _groups(above: Sequence[str], header: Sequence[str]) -> list[str]:
    """Return the names of the groups of columns that stand above repeated column names."""
    named = [name for name in header if name]
    if len(set(named)) == len(named) or sum(bool(cell.strip()) for cell in above) < 2:
        return []
    groups, current = [], ""
    for i, name in enumerate(header):
        own = above[i].strip() if i < len(above) else ""
        current = own or current
        groups.append(current if header.count(name) > 1 and name else "" if name else own)
    return groups
