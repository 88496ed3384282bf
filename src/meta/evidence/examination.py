"""Is anything wrong with this folder? Every table, every rule, in one go."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from meta.evidence.cells import CheckedTable, check_cells, reference_faults
from meta.evidence.completeness import grid_faults
from meta.evidence.datapackage import (
    DESCRIPTOR,
    DataPackage,
    ForeignKey,
    TableSchema,
    read_datapackage,
)
from meta.evidence.faults import Fault
from meta.evidence.reading import read_raw
from meta.evidence.rules import rule_faults

# what everything downstream leans on, whether or not a dictionary says so
NEEDED = {
    "trials": ("study_id", "label"),
    "results": ("result_id", "study_id", "outcome", "result_type"),
}
_KEYS = {"trials": ("study_id",), "results": ("result_id",), "instruments": ("instrument_id",)}
_RESTORE = "Restore the file, or take the table out of datapackage.json."
_OF_TRIAL = ForeignKey(columns=("study_id",), table="trials", target=("study_id",))


@dataclass(frozen=True, slots=True, kw_only=True)
class Examination:
    """What a look at a whole folder found.

    Attributes
    ----------
    folder : pathlib.Path
        The folder.
    package : DataPackage
        Its data dictionary.
    tables : mapping of str to CheckedTable
        Every described table, in the order of the dictionary.
    faults : tuple of Fault
        Everything that is wrong, by file and line.
    not_described : tuple of str
        CSV files in the folder that the dictionary does not mention, and that nobody reads.
    """

    folder: Path
    package: DataPackage
    tables: Mapping[str, CheckedTable]
    faults: tuple[Fault, ...]
    not_described: tuple[str, ...]


def examine(folder: str | Path) -> Examination:
    """Look for every fault of every table of a folder in one go.

    Parameters
    ----------
    folder : str or path
        Folder with ``datapackage.json`` and the CSV files it describes.

    Returns
    -------
    Examination
        The tables as far as they could be read, and all faults: of files (missing, empty,
        Latin-1, ragged rows), of columns, of cells (type, required, range, list of
        words, form), of keys (repeated, pointing nowhere) and of `meta.evidence.rules`.
    """
    folder = Path(folder)
    package = read_datapackage(folder)
    faults = list(package.faults)
    tables: dict[str, CheckedTable] = {}
    for schema in package.tables:
        schema = _with_keys(schema)
        path = folder / schema.path
        raw = read_raw(path, set(schema.names).__contains__, remedy=_RESTORE)
        tables[schema.name] = check_cells(raw, schema)
    faults.extend(_lacking(package))
    of_cells = [fault for table in tables.values() for fault in table.faults]
    of_cells.extend(fault for table in tables.values() for fault in reference_faults(table, tables))
    of_rules = [*rule_faults(tables), *grid_faults(tables, package.question)]
    # one cell, one fault: "is not > 0" by a rule says more than "is not >= 0" by the dictionary
    ruled = {fault.cell for fault in of_rules}
    faults.extend(f for f in of_cells if f.line is None or f.cell not in ruled)
    faults.extend(of_rules)
    order = {table.file: number for number, table in enumerate(tables.values())}
    faults.sort(key=lambda fault: (order.get(fault.file, -1), fault.line or 0))
    described = {(folder / schema.path).name for schema in package.tables}
    strangers = sorted(path.name for path in folder.glob("*.csv") if path.name not in described)
    return Examination(
        folder=folder,
        package=package,
        tables=tables,
        faults=tuple(faults),
        not_described=tuple(strangers),
    )


def _with_keys(schema: TableSchema) -> TableSchema:
    """Add the keys that joining needs where a dictionary leaves them out."""
    key = _KEYS.get(schema.name, ())
    if not schema.primary_key and set(key) <= set(schema.names):
        schema = replace(schema, primary_key=key)
    declared = [foreign.columns for foreign in schema.foreign_keys]
    if schema.name == "results" and _OF_TRIAL.columns not in declared:
        schema = replace(schema, foreign_keys=(*schema.foreign_keys, _OF_TRIAL))
    return schema


def _lacking(package: DataPackage) -> Iterator[Fault]:
    if not package.tables:
        return  # the dictionary itself could not be read, and says so
    file = (package.folder / DESCRIPTOR).as_posix()
    for name, columns in NEEDED.items():
        schema = package.table(name)
        if schema is None:
            yield Fault(
                file=file,
                found=f"the table {name!r} is not described",
                remedy="An evidence folder holds at least the tables trials and results.",
            )
            continue
        for column in columns:
            if column not in schema.names:
                yield Fault(
                    file=file,
                    key=name,
                    column=column,
                    found="the column is not described, and every evidence folder needs it",
                    remedy=f"Add it to {schema.path} and to datapackage.json.",
                )
