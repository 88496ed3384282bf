"""`meta report`: execute the notebooks and build the HTML report."""

from __future__ import annotations

import argparse
from typing import Any


def add(commands: Any) -> None:
    """Add the command."""
    report = commands.add_parser(
        "report",
        help="execute the notebooks and build the HTML report",
        description="Execute the notebooks and build the HTML report into build/site.",
    )
    report.add_argument(
        "folder", nargs="?", default=".", help="the project folder (default: this one)"
    )
    report.set_defaults(run=_report)


def _report(options: argparse.Namespace) -> int:
    from meta.report.imports import leave_out_grammars

    leave_out_grammars()
    from meta.report.build import build

    build(options.folder)
    return 0
