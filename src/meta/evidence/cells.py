"""Does every cell hold what the data dictionary says? Cells in, a typed table and faults out.

Frictionless reads and judges the cells (types, constraints) against its Table Schema; the words
are ours. The schema objects are made here, not by Frictionless from the file: its own loader also
validates the dictionary with a JSON-Schema library whose import alone takes longer than all tables
together (about 1.5 s against 0.05 s).
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
import pandas as pd

from meta.arguments import shown
from meta.errors import printable
from meta.evidence.datapackage import Column, TableSchema
from meta.evidence.faults import Fault, closest
from meta.evidence.numbers import Numbers, decimal_sign, read_numbers
from meta.evidence.patterns import SECONDS, TooSlow, may_be_slow, within_time
from meta.evidence.reading import RawTable
from meta.wording import listed

# Table Schema property -> attribute of the Frictionless field
_FORMATS = {
    "format": "format",
    "trueValues": "true_values",
    "falseValues": "false_values",
    "decimalChar": "decimal_char",
    "groupChar": "group_char",
    "bareNumber": "bare_number",
}
_KINDS = {
    "integer": ("a whole number", "Write digits only, or leave the cell empty if not reported."),
    "number": (
        "a number",
        "Write a figure with a decimal point and without unit, or leave the cell empty if it was "
        "not reported.",
    ),
    "date": ("a date", "Write it as YYYY-MM-DD."),
    "datetime": ("a date and time", "Write it as YYYY-MM-DDThh:mm:ssZ."),
    "year": ("a year", "Write four digits."),
    "boolean": ("true or false", "Write one of the two words."),
}
_SLOW = "takes too long"
_BOUNDS = {"minimum": ">=", "maximum": "<=", "exclusiveMinimum": ">", "exclusiveMaximum": "<"}
_TEXT = pd.StringDtype(na_value=math.nan)
CellReader = Callable[[str], tuple[Any, Mapping[str, str] | None]]


@dataclass(frozen=True, kw_only=True)
class CheckedTable:
    """A table after all its cells were judged.

    Attributes
    ----------
    schema : TableSchema
        What the dictionary says.
    file : str
        Name for messages.
    frame : pandas.DataFrame
        Typed columns; a cell that is empty or at fault is missing.
    lines : list of int
        Physical line of each row.
    readable : bool
        False if the rows could not be read at all, so that nothing can refer to them.
    faults : list of Fault
        What is wrong with the file and its cells.
    notes : list of str
        How the file was read where it is not the plain form of a CSV file.
    """

    schema: TableSchema
    file: str
    frame: pd.DataFrame
    lines: list[int] = field(default_factory=list)
    readable: bool = True
    faults: list[Fault] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @cached_property
    def spoilt(self) -> frozenset[int]:
        """Rows with a cell at fault: what seems to be missing there may only be unreadable."""
        lines = {fault.line for fault in self.faults if fault.column}
        return frozenset(row for row, line in enumerate(self.lines) if line in lines)

    def values(self, column: str) -> list[Any]:
        """List the cells of a column; the rules walk over it many times."""
        if column not in self._values:
            self._values[column] = list(self.frame[column].to_numpy(dtype=object))
        return self._values[column]

    @cached_property
    def _values(self) -> dict[str, list[Any]]:
        return {}

    def key(self, row: int) -> str:
        """Name a row for a message: its key, and its study where the key does not say it."""
        return row_key(self.schema, {str(k): v for k, v in self.frame.iloc[row].items()})

    def fault(self, row: int, column: str, found: str, remedy: str) -> Fault:
        """Make a fault of one row."""
        return Fault(
            file=self.file,
            line=self.lines[row],
            column=column,
            key=self.key(row),
            found=found,
            remedy=remedy,
        )


def row_key(schema: TableSchema, row: Mapping[str, Any]) -> str:
    """Name a row: its primary key, led by its study where the key does not begin with it."""
    parts = [str(row[name]) for name in schema.primary_key if _there(row.get(name))]
    key = " ".join(parts)
    for owner in ("study_id", "claim_id", "review_id"):
        value = row.get(owner)
        if _there(value) and not key.startswith(str(value)) and str(value) not in parts:
            return f"{value}, {key}" if key else str(value)
    return key


def check_cells(raw: RawTable, schema: TableSchema) -> CheckedTable:
    """Judge every cell of a table and give the columns their types.

    Parameters
    ----------
    raw : RawTable
        Cells as text.
    schema : TableSchema
        What they should hold.

    Returns
    -------
    CheckedTable
        Columns in the order of the dictionary. Whole numbers become ``Int64`` (missing: ``<NA>``),
        other numbers ``float64`` (missing: NaN), everything else text or what Frictionless makes
        of it (missing: NaN). Never a guess: a cell at fault is missing *and* named.
    """
    faults = [*raw.faults, *raw.doubts]
    if not raw.header:
        return CheckedTable(
            schema=schema, file=raw.file, frame=_empty(schema), readable=False, faults=faults
        )
    faults.extend(_header_faults(raw))
    faults.extend(_column_faults(raw, schema))
    position = {name: i for i, name in reversed(list(enumerate(raw.header)))}
    numbers = _numbers(raw, schema, position)
    columns: dict[str, Any] = {}
    for column in schema.columns:
        values: list[Any] = [None] * len(raw.rows)
        if column.name in position:
            reader = _reader(column, schema)
            if isinstance(reader, str):
                faults.append(Fault(file=raw.file, column=column.name, found=reader, remedy=_TYPES))
            else:
                texts = [cells[position[column.name]] for cells in raw.rows]
                figures = numbers.get(column.name)
                # what a cell holds depends on its text alone, and most texts stand more than once
                read: dict[str, tuple[Any, Mapping[str, str] | None]] = {}
                for i, text in enumerate(texts):
                    if text not in read:
                        read[text] = _read(i, text, reader, figures, schema)
                values = [read[text][0] for text in texts]
                if any(notes for _, notes in read.values()):
                    for i, text in enumerate(texts):
                        notes = read[text][1]
                        if notes:
                            problem = figures.problems.get(i) if figures else None
                            found, remedy = problem or _in_words(text, column, notes)
                            faults.append(
                                Fault(
                                    file=raw.file,
                                    line=raw.lines[i],
                                    column=column.name,
                                    key=_text_key(raw.rows[i], position, schema),
                                    found=found,
                                    remedy=remedy,
                                )
                            )
        columns[column.name] = _typed(values, column.type)
    frame = pd.DataFrame(columns, index=range(len(raw.rows)), copy=False)
    readable = all(name in position for name in schema.primary_key)
    table = CheckedTable(
        schema=schema,
        file=raw.file,
        frame=frame,
        lines=raw.lines,
        readable=readable,
        faults=faults,
        notes=raw.notes,
    )
    faults.extend(_repeated(table))
    return table


def _read(
    row: int, text: str, reader: CellReader, figures: Numbers | None, schema: TableSchema
) -> tuple[Any, Mapping[str, str] | None]:
    """Read one cell: its value, None if it has not the type; and what is wrong with it."""
    problem = None
    if figures is not None and text not in schema.missing_values:
        problem = figures.problems.get(row)
        text = figures.text(row, text)
    value, notes = reader(text)
    if problem or (notes is None and _unseen(value)):
        notes = {"type": ""}
    return None if notes and "type" in notes else value, notes


_TYPES = "Use string, integer, number, boolean, date, datetime or year."


def _header_faults(raw: RawTable) -> Iterator[Fault]:
    if "" in raw.header:
        problem = f"column {raw.header.index('') + 1} has no name"
        remedy = "Name it or delete it."
        yield Fault(file=raw.file, line=raw.header_line, found=problem, remedy=remedy)
    for name, count in Counter(name for name in raw.header if name).items():
        if count > 1:
            yield Fault(
                file=raw.file,
                line=raw.header_line,
                column=name,
                found=f"the column is there {count} times",
                remedy="Keep one of them.",
            )


def _numbers(raw: RawTable, schema: TableSchema, position: Mapping[str, int]) -> dict[str, Numbers]:
    """Read the columns of figures as `meta.read_table` does, unless the dictionary says how."""
    columns = {
        column.name: [row[position[column.name]] for row in raw.rows]
        for column in schema.columns
        if column.type in ("integer", "number")
        and column.name in position
        and not set(_FORMATS) & set(column.descriptor)
    }
    of_file = decimal_sign(columns.values())
    kinds = {column.name: column.type for column in schema.columns}
    return {
        name: read_numbers(cells, whole=kinds[name] == "integer", of_file=of_file)
        for name, cells in columns.items()
    }


def _column_faults(raw: RawTable, schema: TableSchema) -> Iterator[Fault]:
    present = [name for name in raw.header if name]
    for name in schema.names:
        if name not in present:
            extra = [other for other in present if other not in schema.names]
            yield Fault(
                file=raw.file,
                line=raw.header_line,
                column=name,
                found="the column is missing",
                remedy=f"{closest(name, extra).replace('Did you mean', 'Is it')}Restore it; leave "
                "its cells empty where nothing was reported.",
            )
    for name in present:
        if name not in schema.names:
            yield Fault(
                file=raw.file,
                line=raw.header_line,
                column=name,
                found="the column is not described in datapackage.json",
                remedy=f"{closest(name, schema.names)}Describe it there, or delete it.",
            )


def _text_key(cells: list[str], position: Mapping[str, int], schema: TableSchema) -> str:
    return row_key(schema, {name: cells[at] for name, at in position.items()})


def _reader(column: Column, schema: TableSchema) -> CellReader | str:
    """Make the reader of one column's cells, or say what is wrong with its description."""
    from frictionless import FrictionlessException

    options = {
        ours: column.descriptor[theirs]
        for theirs, ours in _FORMATS.items()
        if theirs in column.descriptor
    }
    constraints = dict(column.constraints)
    if column.type == "string" and not options and not constraints:
        missing = set(schema.missing_values)
        return lambda text: (None if text in missing else text, None)
    of_figures = column.type in ("integer", "number", "year")
    for name in ("minLength", "maxLength", *(_BOUNDS if of_figures else ())):
        bound = constraints.get(name)
        if bound is not None and (isinstance(bound, bool) or not isinstance(bound, int | float)):
            return f"datapackage.json gives it {name} = {shown(bound)}, which is no number"
    if "pattern" in constraints:
        # the standard matches whole cells; Frictionless anchors only the first alternative
        constraints["pattern"] = f"(?:{constraints['pattern']})$"
    try:
        described = json.dumps([options, constraints])
        reader = _reader_of(column.type, described, schema.missing_values)
        if may_be_slow(constraints.get("pattern", "")):
            reader = _until_one_is_slow(within_time(reader, constraints["pattern"]))
    except FrictionlessException:
        return f"datapackage.json gives it the unknown type {column.type!r}"
    except Exception as error:  # a broken pattern or bound fails in many ways
        return f"datapackage.json describes it with a constraint that cannot be used ({error})"
    return reader


@lru_cache(maxsize=1024)
def _reader_of(kind: str, described: str, missing: tuple[str, ...]) -> CellReader:
    """Make the reader of all columns that are described alike."""
    from frictionless import system

    options, constraints = json.loads(described)
    make = system.select_field_class(kind)
    chosen = make(name="", constraints=constraints, missing_values=list(missing), **options)
    reader: CellReader = chosen.create_cell_reader()
    return reader


def _until_one_is_slow(reader: CellReader) -> CellReader:
    """Read no more cells of a column after one that takes endless time: it refuses the table."""
    slow: list[str] = []

    def limited(cell: str) -> tuple[Any, Mapping[str, str] | None]:
        if slow:
            return cell, None
        try:
            return reader(cell)
        except TooSlow:
            slow.append(cell)
            return None, {_SLOW: ""}

    return limited


def _in_words(cell: str, column: Column, notes: Mapping[str, str]) -> tuple[str, str]:
    """Put what Frictionless found about one cell into our words: found, and the way out."""
    constraints = column.constraints
    if "type" in notes:
        kind, remedy = _KINDS.get(column.type, (f"of type {column.type}", "Correct the cell."))
        if column.type == "string":
            return f"{cell!r} holds control characters", "Type the text again."
        return f"{cell!r} is not {kind}", remedy
    if _SLOW in notes:
        return (
            f"{shown(cell)} takes more than {SECONDS} seconds to compare with the form "
            f"{constraints['pattern']}",
            "Write that pattern in datapackage.json without a repetition inside a repeated group.",
        )
    if "required" in notes:
        return "the cell is empty, but every row needs it", "Fill it in."
    for name, sign in _BOUNDS.items():
        if name in notes:
            return f"{cell} is not {sign} {constraints[name]}", "Look the figure up in the source."
    if "enum" in notes:
        known = [str(word) for word in constraints["enum"]]
        return (
            f"{cell!r} is not one of {listed(known)}",
            f"{closest(cell, known)}Use a word of the list, or add it to datapackage.json.",
        )
    if "pattern" in notes:
        what = str(column.descriptor.get("description", "")).split(". ")[0].rstrip(".")
        return (
            f"{cell!r} does not have the form {constraints['pattern']}",
            f"What is needed: {what}." if what else "Correct the cell.",
        )
    name = next(iter(notes))
    return f"{cell!r} breaks the rule {name} = {constraints.get(name)}", "Correct the cell."


def _unseen(value: Any) -> bool:
    """Tell a number that is none, and text with characters that a terminal would obey."""
    if isinstance(value, str):
        return not value.isprintable() and printable(value) != value.replace("\t", "\\t")
    return isinstance(value, float | Decimal) and not math.isfinite(value)


def _typed(values: list[Any], kind: str) -> Any:
    if kind in ("integer", "year"):
        missing = np.array([value is None for value in values], dtype=bool)
        whole = np.array([value or 0 for value in values], dtype=np.int64)
        return pd.arrays.IntegerArray(whole, missing)
    if kind == "number":
        return np.array([math.nan if v is None else float(v) for v in values])
    if kind == "string":
        return pd.array(values, dtype=_TEXT)
    return pd.Series(values, dtype="object").array


def _empty(schema: TableSchema) -> pd.DataFrame:
    return pd.DataFrame({column.name: _typed([], column.type) for column in schema.columns})


def _repeated(table: CheckedTable) -> Iterator[Fault]:
    unique = [(column.name,) for column in table.schema.columns if column.constraints.get("unique")]
    for names in dict.fromkeys([*unique, table.schema.primary_key]):
        if not names or not set(names) <= set(table.frame):
            continue
        seen: dict[tuple[Any, ...], int] = {}
        for row, values in enumerate(zip(*map(table.values, names), strict=True)):
            if not all(map(_there, values)):
                continue
            if values in seen:
                yield table.fault(
                    row,
                    ", ".join(names),
                    f"{' '.join(repr(str(v)) for v in values)} already stands in line "
                    f"{table.lines[seen[values]]}, and every row needs its own",
                    "Give the row another one, or delete the repetition.",
                )
            else:
                seen[values] = row


def reference_faults(table: CheckedTable, tables: Mapping[str, CheckedTable]) -> Iterator[Fault]:
    """Name every value of a foreign key that does not exist in the table it points to.

    Parameters
    ----------
    table : CheckedTable
        The table that refers.
    tables : mapping of str to CheckedTable
        All tables, by name.

    Yields
    ------
    Fault
        For each row that refers to nothing. If the other table could not be read, nothing is
        said about the rows: the fault of that file explains it.
    """
    for key in table.schema.foreign_keys:
        target = tables.get(key.table)
        if target is None or not target.readable or not table.readable:
            continue
        if not set(key.columns) <= set(table.frame) or not set(key.target) <= set(target.frame):
            continue
        known = set(zip(*map(target.values, key.target), strict=True))
        for row, values in enumerate(zip(*map(table.values, key.columns), strict=True)):
            if values not in known and all(map(_there, values)):
                words = [" ".join(map(str, value)) for value in known if all(map(_there, value))]
                written = " ".join(map(str, values))
                yield table.fault(
                    row,
                    ", ".join(key.columns),
                    f"{written!r} is not in {target.file}",
                    f"{closest(written, words)}Correct it, or add the row there.",
                )


def _there(value: Any) -> bool:
    return not (value is None or value is pd.NA or value == "" or value != value)
