"""`meta import`: read a table of studies as it is, and write it tidily."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from meta.cli import output, tables


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
    parser.add_argument("--save-mapping", metavar="TOML", help="write the mapping that was taken")
    tables.add_table_options(parser)
    output.add_output(
        parser, " (default: the standard output, with all words on the standard error)"
    )
    parser.set_defaults(run=_import)


def _import(options: argparse.Namespace) -> int:
    wanted = [name for name in (options.output, options.save_mapping) if name is not None]
    for name in wanted:
        output.place(name, force=options.force)
    table = tables.read(options)
    words = sys.stdout if options.output else sys.stderr
    print(table, file=words)
    output.deliver(table.to_csv().removesuffix("\n"), options)
    if options.save_mapping:
        print(f"wrote {table.save_mapping(options.save_mapping)}", file=words)
    return 0
