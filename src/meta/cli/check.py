"""`meta check`: validate the tables of a folder."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from meta.evidence.examination import Examination


def add(commands: Any) -> None:
    """Add the command."""
    check = commands.add_parser(
        "check",
        help="validate the tables of a folder",
        description="Look for every fault in every table of an evidence folder in one run. Each is "
        "named with file, line, column, study, what was found, what is needed and the way out.",
        epilog="Example: meta check data. Ends with 0 if nothing is wrong, with 1 if something is.",
    )
    check.add_argument(
        "folder",
        nargs="?",
        default="data",
        help="folder with datapackage.json and the tables it describes (default: data)",
    )
    check.set_defaults(run=_check)


def _check(options: argparse.Namespace) -> int:
    from meta.evidence.datapackage import profile_faults
    from meta.evidence.examination import examine
    from meta.report.imports import leave_out_grammars

    leave_out_grammars()
    found = examine(options.folder)
    faults = list(found.faults)
    if not found.package.faults:
        faults.extend(profile_faults(found.folder))
    rows = 0
    for table in found.tables.values():
        own = sum(fault.file == table.file for fault in faults)
        rows += len(table.lines)
        state = "ok" if own == 0 else "1 fault" if own == 1 else f"{own} faults"
        print(f"{table.file:<45} {len(table.lines):>6,} rows  {state}")
        for note in table.notes:
            print(f"    {note}")
    for name in found.not_described:
        print(f"{(found.folder / name).as_posix():<45} not described, not read")
    if faults:
        print()
        for fault in faults:
            print(fault)
        print()
    untested = [] if faults else _claim_faults(found)
    for text in untested:
        print(text)
    count = len(faults) + len(untested)
    total = "no faults" if not count else "1 fault" if count == 1 else f"{count} faults"
    print(f"{options.folder}: {len(found.tables)} tables, {rows:,} rows, {total}")
    return 1 if count else 0


def _claim_faults(found: Examination) -> list[str]:
    """Check how the claims are tested, which needs tables without faults."""
    from meta.claims.check_tests import check_claim_tests
    from meta.evidence.tables import Evidence

    return check_claim_tests(Evidence(found))
