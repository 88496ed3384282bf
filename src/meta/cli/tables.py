"""How a command reads a table of studies."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from meta.evidence.study_table import StudyTable


def add_table_options(parser: argparse.ArgumentParser) -> None:
    """Add what says how a table is read."""
    parser.add_argument(
        "--mapping",
        type=Path,
        metavar="FILE",
        help="which column is which field, as --save-mapping writes it",
    )
    parser.add_argument("--sheet", metavar="NAME", help="sheet of a workbook")
    parser.add_argument(
        "--where",
        action="append",
        default=[],
        metavar="COLUMN=TEXT",
        help="take the rows with this text only; may be repeated",
    )


def read(options: argparse.Namespace) -> StudyTable:
    """Read the table that a command was given."""
    from meta.evidence.study_table import read_table

    where = dict(text.partition("=")[::2] for text in options.where)
    return read_table(options.file, options.mapping, options.sheet, where)
