"""The command line: ``meta check | import | effects | pool | forest | claims | report | new``.

Each command is a module of its own, which adds its options and does its work.
"""

from __future__ import annotations

import argparse
import os
import sys
import warnings
from collections.abc import Sequence
from typing import Any

import meta
from meta.cli import check, claims, effects, forest, import_table, new, pool, report
from meta.cli.studies import studies_help
from meta.errors import (
    BuildError,
    DataError,
    NotComparable,
    NotConverged,
    TooFewStudies,
    printable,
    refused_by_system,
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Parameters
    ----------
    arguments : sequence of str, optional
        What stands behind ``meta``; the process's own by default.

    Returns
    -------
    int
        0 if all went well; 1 if `check` found faults; 2 if the command could not be done, with the
        reason on the standard error (argparse, too, ends with 2 on a wrong command line); 130 if
        it was stopped by Ctrl-C. A reader that stops reading, such as ``head``, is no fault.
    """
    given = sys.argv[1:] if arguments is None else arguments
    # what measures there are takes libraries that only help needs
    helping = given[:1] != ["--help"] and {"-h", "--help"} & set(given)
    parser = _parser(studies_help() if helping else "")
    options = parser.parse_args(given)
    try:
        with warnings.catch_warnings():
            warnings.showwarning = _say  # type: ignore[assignment]
            code: int = options.run(options)
            sys.stdout.flush()
    except KeyboardInterrupt:
        print(f"\nmeta {options.command}: stopped", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # whoever read has what was wanted; Python would complain when it closes the pipe
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (
        BuildError,
        DataError,
        NotComparable,
        NotConverged,
        OSError,
        TooFewStudies,
    ) as error:
        said = refused_by_system(error) if isinstance(error, OSError) else error
        print(printable(f"meta {options.command}: {said}"), file=sys.stderr)
        return 2
    return code


def _say(message: Warning | str, *_place: Any) -> None:
    """Print a warning as a note, without the line of code that gave it."""
    print(printable(f"Note: {message}"), file=sys.stderr)


def _parser(studies: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="meta",
        description="Check evidence tables, pool studies, draw forest plots, set the evidence "
        "beside claims, build the report, begin a folder of your own.",
        epilog="`meta COMMAND --help` says more of a command.",
    )
    parser.add_argument("--version", action="version", version=f"meta {meta.__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    check.add(commands)
    import_table.add(commands)
    effects.add(commands, studies)
    pool.add(commands, studies)
    forest.add(commands, studies)
    claims.add(commands)
    report.add(commands)
    new.add(commands)
    return parser
