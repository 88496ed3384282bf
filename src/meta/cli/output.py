"""Where does a command write, and in which form?"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from meta.errors import DataError, printable

if TYPE_CHECKING:
    import pandas as pd

FORMS = ("json", "csv", "html", "latex")
_HELP = {
    "json": "every number as JSON, in full precision",
    "csv": "the table of the answer as CSV, on the reader's scale",
    "html": "a page that shows the answer",
    "latex": "the table of the answer as LaTeX",
}


def add_forms(parser: argparse.ArgumentParser) -> argparse._MutuallyExclusiveGroup:
    """Add the forms of an answer, of which one may be asked for."""
    group = parser.add_mutually_exclusive_group()
    for form in FORMS:
        group.add_argument(f"--{form}", action="store_true", help=_HELP[form])
    return group


def add_output(parser: argparse.ArgumentParser, what: str, *, required: bool = False) -> None:
    """Add where the answer goes, and whether it may take the place of a file."""
    parser.add_argument(
        "-o", "--output", metavar="OUT", required=required, help=f"file to write{what}"
    )
    parser.add_argument(
        "--force", action="store_true", help="write OUT even if there is such a file"
    )


def place(path: str, *, force: bool) -> Path:
    """Refuse to write over a file, through a link, or under no name.

    Raises
    ------
    DataError
        With the way out.
    """
    if "\x00" in path or not path.strip():
        raise DataError(f"{path!r} cannot be the name of a file; give another")
    target = Path(path)
    if target.is_symlink():
        raise DataError(f"{path} is a link to another file; name that file, or a new one")
    if target.is_dir():
        raise DataError(f"{path} is a folder; name a file in it")
    if target.exists() and not force:
        raise DataError(f"{path} is there already; name another file, or add --force")
    return target


def deliver(text: str, options: argparse.Namespace) -> None:
    """Write a text to the file that was asked for, or print it."""
    if options.output is None:
        print(printable(text))
        return
    from meta.evidence.writing import write_whole

    target = place(options.output, force=options.force)
    write_whole(target, text if text.endswith("\n") else f"{text}\n")
    print(f"wrote {target}")


def formed(answers: Sequence[Any], options: argparse.Namespace) -> str:
    """Write answers in the form that was asked for.

    Parameters
    ----------
    answers : sequence
        What was found, each with ``to_dict``, ``to_frame``, ``_repr_html_`` and a text. JSON, CSV
        and LaTeX are those of the last, which is what was asked for beyond the pooled effect.
    options : argparse.Namespace
        With the forms.
    """
    last = answers[-1]
    if options.json:
        return json.dumps(last.to_dict(), ensure_ascii=False)
    if options.html:
        from meta.html import Markup, render

        shown = Markup("".join(answer._repr_html_() for answer in answers))
        return render("page.html", body=shown)
    if options.csv:
        from meta.evidence.spreadsheet import safe_csv

        return safe_csv(last.to_frame()).removesuffix("\n")
    if options.latex:
        text: str = last.to_frame().to_latex(index=False, escape=True)
        return text.removesuffix("\n")
    return "\n\n".join(map(str, answers))


@dataclass(frozen=True)
class Shown:
    """A table among answers.

    Attributes
    ----------
    frame : pandas.DataFrame
        The table.
    title : str
        What it shows.
    """

    frame: pd.DataFrame
    title: str

    def to_frame(self) -> pd.DataFrame:
        """Return the table."""
        return self.frame

    def to_dict(self) -> dict[str, Any]:
        """Return the table in the form in which answers give theirs."""
        from meta.synthesis.presentation import SCHEMA, plain

        return {"schema": SCHEMA, "kind": self.title, "table": plain(self.frame)}

    def _repr_html_(self) -> str:
        from meta import html

        return html.table(self.frame, self.title)

    def __str__(self) -> str:
        return f"{self.title}\n{self.frame.to_string(index=False)}"
