"""`meta effects`: derive an effect of each study of a table."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from meta.cli import output, tables
from meta.cli.studies import add_effect_options, read_effects

if TYPE_CHECKING:
    import pandas as pd

    from meta.effect_sizes.container import Effects

_EXAMPLES = """\
Examples

  meta effects trials.csv --measure SMD             each effect, its variance, what was assumed
  meta effects trials.xlsx --measure RR --csv -o effects.csv

"""


def add(commands: Any, studies: str) -> None:
    """Add the command; `studies` says what its file holds."""
    parser = commands.add_parser(
        "effects",
        help="derive an effect of each study of a table",
        description="Derive an effect of each study of a table, with what was assumed, and name\n"
        "the studies that have none. Effects are on the scale of computation.",
        epilog=f"{_EXAMPLES}{studies}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_effect_options(parser)
    output.add_forms(parser)
    output.add_output(parser, " (default: the standard output)")
    parser.set_defaults(run=_effects)


def _effects(options: argparse.Namespace) -> int:
    if options.output is not None:
        output.place(options.output, force=options.force)
    found = read_effects(tables.read(options), options.measure, options.drop00)
    output.deliver(output.formed([_Shown(found)], options), options)
    return 0


class _Shown:
    """Effects as an answer."""

    def __init__(self, effects: Effects) -> None:
        self._effects = effects

    def to_frame(self) -> pd.DataFrame:
        return self._effects.table

    def to_dict(self) -> dict[str, Any]:
        from meta.synthesis.presentation import SCHEMA, plain

        found = self._effects
        return {"schema": SCHEMA, "kind": "Effects", "measure": found.measure,
                "effects": plain(found.table), "excluded": plain(found.excluded),
                "notes": list(found.notes)}  # fmt: skip

    def _repr_html_(self) -> str:
        return self._effects._repr_html_()

    def __str__(self) -> str:
        notes = "".join(f"\nNote: {note}" for note in self._effects.notes)
        return f"{self._effects}{notes}"
