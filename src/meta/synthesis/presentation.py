"""How does an answer show itself?

The classes of this stage list their rows; this module turns rows and notes into text, HTML and
plain Python values, the same way for all of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from meta import html
from meta.effect_sizes.container import Effects

# raised by one whenever a key of to_dict() changes its name or meaning, or goes
SCHEMA = "meta/1"


class Answer:
    """Base of frozen result classes: they give ``_rows`` and have ``notes``."""

    __slots__ = ()

    _caption: ClassVar[str]
    notes: tuple[str, ...]

    def _rows(self) -> list[tuple[str, str]]:
        raise NotImplementedError

    def _frames(self) -> list[pd.DataFrame]:
        """Return tables that stand between the rows and the notes, on the reader's scale."""
        return []

    def to_dict(self) -> dict[str, Any]:
        """Return every number as plain Python values, ready for JSON.

        Returns
        -------
        dict
            ``schema`` ("meta/1": raised whenever a key changes its name or meaning, or goes) and
            ``kind`` (the class), then a key for each attribute, as the class documents them, on the
            scale of computation. What is not finite becomes None; an array a list; a table a list
            of its rows; effects a list of ``study_id label yi vi``; an answer within the answer a
            dictionary of this form.
        """
        return {"schema": SCHEMA, "kind": type(self).__name__} | {
            item.name: plain(getattr(self, item.name))
            for item in fields(self)  # type: ignore[arg-type]
            if item.repr
        }

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self.to_dict() == other.to_dict()

    def __hash__(self) -> int:
        return hash((type(self).__name__, self.notes))

    def __str__(self) -> str:
        rows = self._rows()
        width = max(len(name) for name, _ in rows)
        lines = [f"{name:<{width}}  {value}" for name, value in rows]
        tables = [frame.to_string(index=False) for frame in self._frames()]
        return "\n".join([*lines, *tables, *(f"Note: {note}" for note in self.notes)])

    def _repr_html_(self) -> str:
        frames = self._frames()
        written = html.answer(
            "pooled", self._caption, self._rows(), tables=frames, notes=self.notes
        )
        return html.shown(written)


def plain(value: Any) -> Any:
    """Turn a field of an answer into plain Python values, ready for JSON."""
    if isinstance(value, Effects):
        return plain(value.table[["study_id", "label", "yi", "vi"]])
    if isinstance(value, pd.DataFrame):
        named = value if value.index.name is None else value.reset_index()
        return [plain(row) for row in named.to_dict("records")]
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if hasattr(value, "to_dict"):
        return value.to_dict()
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not np.isfinite(value):
        return None
    return value
