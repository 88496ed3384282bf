"""`meta pool`: pool the studies of a table."""

from __future__ import annotations

import argparse
import json
from typing import Any

from meta.cli import tables
from meta.cli.studies import add_study_options, pooled


def add(commands: Any, studies: str) -> None:
    """Add the command; `studies` says what its file holds."""
    pool = commands.add_parser(
        "pool",
        help="pool the studies of a CSV file",
        description="Pool the studies of a CSV file and print the estimate with its interval,\n"
        "the prediction interval, the heterogeneity and what to know about them.",
        epilog=studies,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_study_options(pool)
    pool.add_argument(
        "--json", action="store_true", help="print every number as JSON (see Estimate.to_dict)"
    )
    pool.set_defaults(run=_pool)


def _pool(options: argparse.Namespace) -> int:
    answer = pooled(options, tables.read(options))
    print(json.dumps(answer.to_dict(), ensure_ascii=False) if options.json else answer)
    return 0
