"""`meta new`: begin an evidence folder of one's own."""

from __future__ import annotations

import argparse
from typing import Any


def add(commands: Any) -> None:
    """Add the command."""
    new = commands.add_parser(
        "new",
        help="begin an evidence folder of your own",
        description="Write an evidence folder that is ready to be filled: trials.csv and "
        "results.csv with their headers, the datapackage.json that describes them, and a README.md "
        "on how to fill a row. Nothing that is there already is overwritten.",
    )
    new.add_argument("folder", help="where; a folder that is new or empty")
    new.set_defaults(run=_new)


def _new(options: argparse.Namespace) -> int:
    from meta.evidence.new_folder import new_folder

    folder = new_folder(options.folder)
    for path in sorted(folder.iterdir()):
        print(f"wrote {path.as_posix()}")
    return 0
