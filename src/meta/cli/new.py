"""`meta new`: begin a project of one's own."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from meta.cli import tables
from meta.errors import DataError


def add(commands: Any) -> None:
    """Add the command."""
    new = commands.add_parser(
        "new",
        help="begin a project of your own",
        description="Write a project in which `meta check`, `meta claims` and `meta report` work "
        "at once: tables with one worked row each, or with the rows of a file, a notebook, and a "
        "README.md on how to go on. It is written whole or not at all.",
        epilog="Example: meta new zinc-and-colds --from trials.xlsx --outcome days_ill "
        "--lower-is-better yes",
    )
    new.add_argument("topic", type=Path, help="the folder to make; its name is the topic")
    new.add_argument("--question", default="", metavar="TEXT", help="what is asked, in words")
    new.add_argument("--from", dest="file", type=Path, metavar="FILE",
                     help="a table of studies, as `meta import` reads it")  # fmt: skip
    tables.add_table_options(new)
    new.add_argument("--outcome", metavar="NAME", help="what FILE measures (default: outcome)")
    new.add_argument("--measure", help="effect measure, where FILE does not say it: RR, SMD, ...")
    new.add_argument("--lower-is-better", choices=["yes", "no"],
                     help="the good direction of what FILE measures")  # fmt: skip
    new.add_argument(
        "--force", action="store_true", help="replace the files of a project that is there"
    )
    new.set_defaults(run=_new)


def _new(options: argparse.Namespace) -> int:
    from meta.evidence.new_project import new_project

    of_file = {name: getattr(options, name) for name in ("outcome", "measure", "lower_is_better")}
    given = {name: value for name, value in of_file.items() if value is not None}
    if given and options.file is None:
        names = ", ".join(f"--{name.replace('_', '-')}" for name in given)
        raise DataError(f"{names} speaks of a file; name it by --from")
    if "lower_is_better" in given:
        given["lower_is_better"] = given["lower_is_better"] == "yes"
    table = tables.read(options) if options.file else None
    if table is not None:
        print(table)
    for path in new_project(
        options.topic, table, title=options.question, force=options.force, **given
    ):
        print(f"wrote {path.as_posix()}")
    print(f"Next: cd {options.topic.as_posix()}, then `meta check` and `meta report`")
    return 0
