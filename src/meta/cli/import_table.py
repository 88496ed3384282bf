"""`meta import`: read a table of studies as it is, and write it tidily."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from meta.cli import tables


def add(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "import",
        help="read a table of studies as it is",
        description="Read a table of studies as other programs and people write it: RevMan, RevMan "
        "Web, metafor, R meta, Metapsy, spreadsheets; CSV of any delimiter, decimal sign and "
        "encoding, .xlsx, .xls, .ods, Parquet. Say which column was taken for which field and what "
        "to know, and write a tidy CSV with our field names.",
        epilog="Example: meta import trials.xlsx --save-mapping mapping.toml -o trials.csv",
    )
    parser.add_argument("file", metavar="FILE", help="the table; - is the standard input")
    parser.add_argument(
        "--save-mapping", type=Path, metavar="FILE", help="write the mapping that was taken"
    )
    tables.add_table_options(parser)
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        metavar="OUT.csv",
        help="file to write (default: the standard output, with all words on the standard error)",
    )
    parser.set_defaults(run=_import)


def _import(options: argparse.Namespace) -> int:
    table = tables.read(options)
    words = sys.stdout if options.output else sys.stderr
    print(table, file=words)
    text = table.to_csv(options.output)
    if options.output:
        print(f"wrote {options.output}")
    else:
        print(text, end="")
    if options.save_mapping:
        print(f"wrote {table.save_mapping(options.save_mapping)}", file=words)
    return 0
