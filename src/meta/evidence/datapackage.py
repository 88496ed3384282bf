"""Which tables and columns should there be? The data dictionary, ``datapackage.json``.

The dictionary is a Frictionless Data Package, so that any tool of that family can read it. Columns
may carry the property ``"figure": true``: the printed value must stand in ``reported_as``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from meta.evidence.addresses import address_problem
from meta.evidence.faults import Fault
from meta.evidence.question import Question, read_question
from meta.wording import listed

DESCRIPTOR = "datapackage.json"
_SEE = "See the Data Package specification, or a described table of this project."


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column as the dictionary describes it.

    Attributes
    ----------
    name : str
        Name in the header.
    type : str
        Table Schema type: "string", "integer", "number", "date", ...
    descriptor : mapping
        Everything that the dictionary says: title, description, unit, constraints, labels (a
        reader's word for each word of an enumeration), figure.
    """

    name: str
    type: str
    descriptor: Mapping[str, Any]

    @property
    def constraints(self) -> Mapping[str, Any]:
        """Table Schema constraints."""
        found: Mapping[str, Any] = self.descriptor.get("constraints", {})
        return found

    @property
    def is_figure(self) -> bool:
        """Whether the value must stand in ``reported_as``."""
        return self.descriptor.get("figure") is True


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignKey:
    """Columns whose values must exist in another table."""

    columns: tuple[str, ...]
    table: str
    target: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TableSchema:
    """One table as the dictionary describes it.

    Attributes
    ----------
    name, path : str
        Name of the table, and its file relative to the folder.
    columns : tuple of Column
        In order.
    primary_key : tuple of str
        Columns that identify a row; empty if there is no key.
    foreign_keys : tuple of ForeignKey
        References to other tables (or to itself).
    missing_values : tuple of str
        What an empty cell looks like.
    descriptor : mapping
        Everything that the dictionary says, for the data page.
    """

    name: str
    path: str
    columns: tuple[Column, ...]
    primary_key: tuple[str, ...] = ()
    foreign_keys: tuple[ForeignKey, ...] = ()
    missing_values: tuple[str, ...] = ("",)
    descriptor: Mapping[str, Any] = field(default_factory=dict)

    @property
    def names(self) -> list[str]:
        """Names of the columns."""
        return [column.name for column in self.columns]


@dataclass(frozen=True, slots=True, kw_only=True)
class DataPackage:
    """The dictionary of a folder: its tables, its question, and what is wrong with them."""

    folder: Path
    tables: tuple[TableSchema, ...] = ()
    question: Question = field(default_factory=Question)
    faults: tuple[Fault, ...] = ()

    def table(self, name: str) -> TableSchema | None:
        """Return the table of that name, or None."""
        return next((table for table in self.tables if table.name == name), None)


def read_datapackage(folder: Path) -> DataPackage:
    """Read the data dictionary of a folder.

    Parameters
    ----------
    folder : pathlib.Path
        Folder with ``datapackage.json`` and the tables.

    Returns
    -------
    DataPackage
        The tables that could be understood, and a fault for whatever could not.
    """
    file = (folder / DESCRIPTOR).as_posix()
    try:
        found = json.loads((folder / DESCRIPTOR).read_text(encoding="utf-8"))
    except FileNotFoundError:
        there = "the folder does not exist" if not folder.is_dir() else "there is no such file"
        remedy = "Name a folder that holds trials.csv, results.csv and their datapackage.json."
        return DataPackage(folder=folder, faults=(Fault(file=file, found=there, remedy=remedy),))
    except json.JSONDecodeError as error:
        fault = Fault(
            file=file,
            line=error.lineno,
            found=f"this is no JSON ({error.msg}, column {error.colno})",
            remedy="Look for a missing or superfluous comma or bracket there.",
        )
        return DataPackage(folder=folder, faults=(fault,))
    except (UnicodeDecodeError, OSError) as error:
        fault = Fault(
            file=file, found=f"the file cannot be read ({error})", remedy="Save it as UTF-8."
        )
        return DataPackage(folder=folder, faults=(fault,))
    faults: list[Fault] = []
    resources = found.get("resources") if isinstance(found, dict) else None
    if not isinstance(resources, list) or not resources:
        fault = Fault(file=file, found="it lists no tables under 'resources'", remedy=_SEE)
        return DataPackage(folder=folder, faults=(fault,))
    tables = [
        table
        for number, resource in enumerate(resources, 1)
        if (table := _table(resource, number, file, faults)) is not None
    ]
    _check_references(tables, file, faults)
    question = read_question(found.get("question"), file, faults)
    _check_licences(found.get("licenses"), file, faults)
    return DataPackage(folder=folder, tables=tuple(tables), question=question, faults=tuple(faults))


def _check_licences(found: Any, file: str, faults: list[Fault]) -> None:
    """Refuse licences that the report could not name and link."""

    def fault(said: str) -> None:
        remedy = 'Write [{"name": "CC-BY-4.0", "title": "...", "path": "https://..."}].'
        faults.append(Fault(file=file, key="licenses", found=said, remedy=remedy))

    listed_right = isinstance(found, list) and all(isinstance(each, dict) for each in found)
    if found is not None and not listed_right:
        fault(f"it is {found!r}")
    for licence in found if listed_right else ():
        for name in ("name", "title", "path"):
            value = licence.get(name, "")
            if not isinstance(value, str):
                fault(f"{name} is {value!r}, which is no text")
            elif name == "path" and value and (why := address_problem(value)):
                fault(f"path is {value!r} ({why})")


def profile_faults(folder: Path) -> list[Fault]:
    """Hold the dictionary against the Data Package standard itself.

    Loading does without this: the standard's own checker takes longer to import than the tables
    to read.

    Parameters
    ----------
    folder : pathlib.Path
        Folder with ``datapackage.json``.

    Returns
    -------
    list of Fault
        One for each place where the dictionary breaks the standard.
    """
    from frictionless import FrictionlessException, Package

    try:
        Package.from_descriptor(str(folder / DESCRIPTOR))
    except FrictionlessException as problem:
        file = (folder / DESCRIPTOR).as_posix()
        return [
            Fault(
                file=file,
                found=f"it breaks the Data Package standard: {error.note.rstrip('.')}",
                remedy=_SEE,
            )
            for error in problem.reasons or [problem.error]
        ]
    return []


def _table(resource: Any, number: int, file: str, faults: list[Fault]) -> TableSchema | None:
    name = resource.get("name") if isinstance(resource, dict) else None
    path = resource.get("path") if isinstance(resource, dict) else None
    schema = resource.get("schema") if isinstance(resource, dict) else None
    key = name if isinstance(name, str) else f"table {number}"

    def fault(found: str, remedy: str = _SEE) -> None:
        faults.append(Fault(file=file, key=key, found=found, remedy=remedy))

    if not isinstance(name, str) or not isinstance(path, str):
        fault("a table needs a name and a path, both text")
        return None
    if Path(path).is_absolute() or ".." in Path(path).parts or "://" in path:
        fault(f"the path {path!r} leaves the folder", "Keep the tables beside datapackage.json.")
        return None
    if not isinstance(schema, dict) or not isinstance(schema.get("fields"), list):
        fault("the table has no schema with a list of fields")
        return None
    columns = []
    for entry in schema["fields"]:
        if not isinstance(entry, dict) or not isinstance(entry.get("name"), str):
            fault("a field needs a name")
            continue
        if (unlike := _unlabelled(entry)) is not None:
            fault(f"the labels of {entry['name']} are not those of its words: {unlike}")
        columns.append(
            Column(name=entry["name"], type=str(entry.get("type", "string")), descriptor=entry)
        )
    foreign = [
        ForeignKey(
            columns=_names(entry.get("fields")),
            table=str(entry.get("reference", {}).get("resource") or name),
            target=_names(entry.get("reference", {}).get("fields")),
        )
        for entry in schema.get("foreignKeys", [])
    ]
    return TableSchema(
        name=name,
        path=path,
        columns=tuple(columns),
        primary_key=_names(schema.get("primaryKey")),
        foreign_keys=tuple(foreign),
        missing_values=tuple(schema.get("missingValues", [""])),
        descriptor=resource,
    )


def _unlabelled(entry: Mapping[str, Any]) -> str | None:
    """Say which words of a column lack a label, or which labels lack a word; None if none does."""
    if "labels" not in entry:
        return None
    labels, enum = set(entry["labels"]), set(entry.get("constraints", {}).get("enum", ()))
    return listed(sorted(map(str, labels ^ enum))) if labels != enum else None


def _names(value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    return (value,) if isinstance(value, str) else tuple(str(name) for name in value)


def _check_references(tables: list[TableSchema], file: str, faults: list[Fault]) -> None:
    by_name = {table.name: table for table in tables}
    for name in [table.name for table in tables]:
        if sum(table.name == name for table in tables) > 1:
            faults.append(
                Fault(file=file, key=name, found="two tables have this name", remedy=_SEE)
            )
    for table in tables:
        used = [*table.primary_key, *(name for key in table.foreign_keys for name in key.columns)]
        for name in used:
            if name not in table.names:
                faults.append(
                    Fault(
                        file=file,
                        key=table.name,
                        found=f"a key names the column {name!r}, which the table has not",
                        remedy=f"Its columns are {listed(table.names)}.",
                    )
                )
        for key in table.foreign_keys:
            target = by_name.get(key.table)
            if target is None or any(name not in target.names for name in key.target):
                faults.append(
                    Fault(
                        file=file,
                        key=table.name,
                        found=f"a foreign key points to {key.table} ({listed(key.target)}), which "
                        "is not described",
                        remedy=f"The tables are {listed(by_name)}.",
                    )
                )
