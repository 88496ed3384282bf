"""Where is something wrong, what was found, what is needed, and what is the way out?"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

from meta.errors import printable


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that is wrong with a folder of tables.

    Attributes
    ----------
    file : str
        File, as the reader of the message can open it.
    found : str
        What is there and what is needed; no full stop at the end.
    remedy : str
        The way out, a full sentence.
    line : int or None
        Physical line in the file, the header is line 1; None where the whole file is meant.
    column : str
        Column, or "".
    key : str
        Which study or row it is, or "".
    """

    file: str
    found: str
    remedy: str
    line: int | None = None
    column: str = ""
    key: str = ""

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file} line {self.line}"
        if self.column:
            place += f", column {self.column}"
        if self.key:
            place += f" ({self.key})"
        return printable(f"{place}: {self.found}. {self.remedy}")

    @property
    def cell(self) -> tuple[str, int | None, str]:
        """What identifies the cell: file, line and column."""
        return self.file, self.line, self.column


def closest(word: str, known: Iterable[str]) -> str:
    """Name the known word that was probably meant.

    Parameters
    ----------
    word : str
        What was written.
    known : iterable of str
        What would have been right.

    Returns
    -------
    str
        ``"Did you mean 'parallel'? "``, or ``""`` if nothing is near.

    Examples
    --------
    >>> closest("paralel", ["parallel", "crossover"])
    "Did you mean 'parallel'? "
    """
    near = get_close_matches(str(word), [str(each) for each in known], n=1)
    return f"Did you mean {near[0]!r}? " if near else ""
