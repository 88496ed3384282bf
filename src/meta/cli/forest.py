"""`meta forest`: draw the studies of a table."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from meta.cli import tables
from meta.cli.studies import add_study_options, pooled


def add(commands: Any, studies: str) -> None:
    """Add the command; `studies` says what its file holds."""
    forest = commands.add_parser(
        "forest",
        help="draw a forest plot of the studies of a CSV file",
        description="Pool the studies of a CSV file and draw them.",
        epilog=studies,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_study_options(forest)
    forest.add_argument("--treatment", metavar="NAME", help="name of the treated arm")
    forest.add_argument("--control", metavar="NAME", help="name of the control arm")
    forest.add_argument("--title", default="", metavar="TEXT", help="heading of the figure")
    forest.add_argument(
        "-o",
        "--output",
        type=Path,
        required=True,
        metavar="OUT",
        help="file to write; .svg, .png or .pdf",
    )
    forest.set_defaults(run=_forest)


def _forest(options: argparse.Namespace) -> int:
    from meta.figures.forest import plot_forest
    from meta.figures.theme import save_figure

    table = tables.read(options)
    figure = plot_forest(
        pooled(options, table),
        treatment=options.treatment or table.treatment or "treatment",
        control=options.control or table.control or "control",
        title=options.title,
    )
    written = save_figure(figure, options.output)
    print(f"wrote {written}")
    return 0
