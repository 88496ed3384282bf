"""`meta forest`: draw the studies of a table."""

from __future__ import annotations

import argparse
from typing import Any

from meta.cli import output, tables
from meta.cli.studies import add_study_options, pooled

_EXAMPLES = """\
Examples

  meta forest trials.csv --measure RR -o forest.svg
  meta forest trials.xlsx --by dose --treatment Vaccine --control Placebo -o forest.png

"""


def add(commands: Any, studies: str) -> None:
    """Add the command; `studies` says what its file holds."""
    forest = commands.add_parser(
        "forest",
        help="draw a forest plot of the studies of a table",
        description="Pool the studies of a table and draw them.",
        epilog=f"{_EXAMPLES}{studies}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_study_options(forest)
    forest.add_argument("--treatment", metavar="NAME", help="name of the treated arm")
    forest.add_argument("--control", metavar="NAME", help="name of the control arm")
    forest.add_argument("--title", default="", metavar="TEXT", help="heading of the figure")
    output.add_output(forest, "; .svg, .png or .pdf", required=True)
    forest.set_defaults(run=_forest)


def _forest(options: argparse.Namespace) -> int:
    target = output.place(options.output, force=options.force)
    from meta.figures.drawing import save_figure
    from meta.figures.forest import plot_forest

    table = tables.read(options)
    figure = plot_forest(
        pooled(options, table),
        by=options.by,
        treatment=options.treatment or table.treatment or "treatment",
        control=options.control or table.control or "control",
        title=options.title,
    )
    print(f"wrote {save_figure(figure, target)}")
    return 0
