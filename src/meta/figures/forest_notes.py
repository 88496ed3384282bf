"""What must be said under a forest plot: doubts, remarks, assumptions, and the notes of the fit?"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from meta.figures.frame import Note
from meta.figures.table_drawing import HOLLOW
from meta.figures.theme import for_readers, note_lines, plain
from meta.synthesis.estimate import Estimate

# the signs of a doubt about a trial's figures, and of any other remark
DAGGER, STAR = "†", "*"
# as many names are listed under a plot, and how many more there are
_LISTED = 12
# remarks that doubt a trial's figures, not its design
_DOUBT = re.compile(r"^integrity|expression of concern|retract", re.IGNORECASE)
# codes of evidence tables: small letters joined by underscores
_CODE = re.compile(r"\b[a-z][a-z0-9]*(?:_[a-z0-9]+)+\b")


def decoded(text: str) -> str:
    """Write the codes of evidence tables in words, and leave everything else as it is."""
    return _CODE.sub(lambda found: found[0].replace("_", " "), text)


def marked(table: pd.DataFrame, column: str) -> list[bool]:
    """Say which rows hold something in a column of remarks."""
    if column not in table:
        return [False] * len(table)
    return [
        bool(value)
        if isinstance(value, bool | np.bool_)
        else not pd.isna(value) and plain(value) != ""
        for value in table[column]
    ]


def doubts_and_remarks(value: Any) -> tuple[list[str], list[str]]:
    """Split a flag into doubts about integrity and other remarks."""
    if isinstance(value, bool | np.bool_):
        return (["flagged"], []) if value else ([], [])
    text = "" if value is None or pd.isna(value) else for_readers(value)
    parts = [clause.strip() for clause in text.split(";") if clause.strip()]
    doubts = [c for c in parts if _DOUBT.search(c)]
    return (
        [c.removeprefix("integrity:").strip() for c in doubts],
        [c for c in parts if c not in doubts],
    )


def flags_of(table: pd.DataFrame) -> list[tuple[list[str], list[str]]]:
    """Return doubts and remarks of each row."""
    if "flag" not in table:
        return [([], [])] * len(table)
    return [doubts_and_remarks(value) for value in table["flag"]]


def by_clause(labels: Sequence[str], clauses: Sequence[Sequence[str]]) -> str:
    """List what is said with whom it is said of, each saying once."""
    who: dict[str, list[str]] = {}
    for label, said in zip(labels, clauses, strict=True):
        for clause in said:
            who.setdefault(clause, []).append(plain(label))
    return "; ".join(f"{clause} ({_some(names)})" for clause, names in who.items())


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _LISTED:,} more" if len(names) > _LISTED else ""
    return ", ".join(names[:_LISTED]) + more


def remarks(fit: Estimate, *, marked_rows: bool = True) -> list[Note]:
    """Explain hollow marks, daggers and stars, and say the notes of the fit.

    Where the studies have no rows (``marked_rows`` is False), the same without their signs.
    """
    table, labels, found = fit.effects.table, fit.effects.labels, []
    if any(marked(table, "assumptions")):
        said = [
            [for_readers(text)] if hollow else []
            for text, hollow in zip(table["assumptions"], marked(table, "assumptions"), strict=True)
        ]
        text = f"Rests on an assumption: {by_clause(labels, said)}."
        found.append(Note(text, HOLLOW if marked_rows else None))
    doubts, others = zip(*flags_of(table), strict=True)
    for sign, name, clauses in (
        (DAGGER, "Doubt about integrity", doubts),
        (STAR, "Remarks", others),
    ):
        said_once = by_clause(labels, clauses)
        if said_once:
            found.append(Note(f"{f'{sign} ' * marked_rows}{name}: {said_once}."))
    found += [Note(note) for note in note_lines(fit.notes)]
    return found
