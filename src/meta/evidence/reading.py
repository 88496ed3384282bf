"""What stands in this CSV file, and on which line?

Bytes are judged before anything guesses at them: readers that detect encodings and delimiters by
themselves read a file that was saved wrongly without a word. A file with such a fault is still
read as it was probably meant, so that its other faults are found in the same run.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from meta.evidence.faults import Fault

_BOM = b"\xef\xbb\xbf"
_SAVE_AS = "Save the file as UTF-8 without a byte-order mark, separated by commas."
_OR_LEAVE_OUT = ", or take the table out of datapackage.json"
_DELIMITERS = {";": "semicolons", "\t": "tabs", "|": "vertical bars"}


@dataclass(frozen=True, slots=True, kw_only=True)
class RawTable:
    """The cells of a CSV file as text.

    Attributes
    ----------
    file : str
        Name for messages.
    header : list of str
        Column names.
    rows : list of list of str
        Cells of every row that has as many cells as the header.
    lines : list of int
        Physical line on which each of `rows` begins; the header is line 1.
    faults : list of Fault
        What is wrong with the file as a file.
    """

    file: str
    header: list[str] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)


def read_csv(path: Path, file: str, expected: Sequence[str] = ()) -> RawTable:
    """Read a comma-separated UTF-8 file, naming every fault of the file itself.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    file : str
        Its name in messages.
    expected : sequence of str, optional
        Column names that should be in it; they help to tell a wrong delimiter from a wrong table.

    Returns
    -------
    RawTable
        Cells as text and the faults: a missing or empty file, a byte-order mark, bytes that are no
        UTF-8, a wrong delimiter, a column name that is empty or there twice, blank lines, rows
        with too few or too many cells.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        remedy = f"Put it there{_OR_LEAVE_OUT}." if expected else "Check the path."
        return RawTable(
            file=file, faults=[Fault(file=file, found="there is no such file", remedy=remedy)]
        )
    except OSError as error:
        problem = f"the file cannot be read ({error.strerror})"
        return RawTable(
            file=file,
            faults=[Fault(file=file, found=problem, remedy="Make it a readable file.")],
        )
    faults: list[Fault] = []
    text = _decode(content, file, faults)
    if not text.strip():
        faults.append(
            Fault(
                file=file,
                found="the file is empty; a header and rows are needed",
                remedy=f"Restore the file{_OR_LEAVE_OUT if expected else ''}.",
            )
        )
        return RawTable(file=file, faults=faults)
    delimiter = _delimiter(text, file, expected, faults)
    return _split(text, delimiter, file, faults)


def _decode(content: bytes, file: str, faults: list[Fault]) -> str:
    if content.startswith(_BOM):
        content = content[len(_BOM) :]
        faults.append(
            Fault(
                file=file,
                line=1,
                found="the file begins with a byte-order mark (bytes EF BB BF), which would "
                "become part of the first column's name",
                remedy=_SAVE_AS,
            )
        )
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        before = content[: error.start]
        start = before.rfind(b"\n") + 1
        word = content[max(start, error.start - 12) : error.start + 8].split(b"\n")[0]
        faults.append(
            Fault(
                file=file,
                line=before.count(b"\n") + 1,
                key=_first_cell(content[start:]),
                found=f"byte {error.start + 1} of the file (0x{content[error.start]:02X}, near "
                f"{word.decode('latin-1')!r}) is not UTF-8; it looks like Latin-1",
                remedy=_SAVE_AS,
            )
        )
        return content.decode("cp1252", errors="replace")


def _first_cell(line: bytes) -> str:
    return line.split(b"\n")[0].split(b",")[0].decode("latin-1").strip('"')


def _delimiter(text: str, file: str, expected: Sequence[str], faults: list[Fault]) -> str:
    first = text.lstrip("\r\n").splitlines()[0]

    def known(names: list[str]) -> int:
        return len(set(names) & set(expected))

    by_comma = first.split(",")
    for other, name in _DELIMITERS.items():
        names = [cell.strip('"') for cell in first.split(other)]
        if known(names) > known(by_comma) or (not expected and len(names) > 1 == len(by_comma)):
            faults.append(
                Fault(
                    file=file,
                    line=1,
                    found=f"the columns are separated by {name}; commas are needed",
                    remedy=_SAVE_AS,
                )
            )
            return other
    return ","


def _split(text: str, delimiter: str, file: str, faults: list[Fault]) -> RawTable:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    header: list[str] = []
    rows: list[list[str]] = []
    lines: list[int] = []
    line = 1
    try:
        for cells in reader:
            begins, line = line, reader.line_num + 1
            if not header and any(cells):
                header = cells
                faults.extend(_header_faults(header, file, begins))
            elif not any(cells):
                remedy = "Delete the line; an empty table cell needs no empty row."
                faults.append(
                    Fault(file=file, line=begins, found="the row is empty", remedy=remedy)
                )
            elif len(cells) != len(header):
                faults.append(
                    Fault(
                        file=file,
                        line=begins,
                        key=cells[0],
                        found=f"the row has {len(cells)} cells, the header has {len(header)}",
                        remedy="Put quotation marks around a cell that holds a comma, and keep "
                        "the commas of empty cells.",
                    )
                )
            else:
                rows.append(cells)
                lines.append(begins)
    except csv.Error as error:
        faults.append(
            Fault(
                file=file,
                line=line,
                found=f"the row cannot be split into cells ({error})",
                remedy="Look for a quotation mark that is not closed; double one that is meant.",
            )
        )
    return RawTable(file=file, header=header, rows=rows, lines=lines, faults=faults)


def _header_faults(header: list[str], file: str, line: int) -> list[Fault]:
    found = []
    if "" in header:
        problem = f"column {header.index('') + 1} has no name"
        found.append(Fault(file=file, line=line, found=problem, remedy="Name it or delete it."))
    for name in dict.fromkeys(name for name in header if name and header.count(name) > 1):
        found.append(
            Fault(
                file=file,
                line=line,
                column=name,
                found=f"the column is there {header.count(name)} times",
                remedy="Keep one of them.",
            )
        )
    return found
