"""Is what a figure was given something that it can draw?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from meta.errors import DataError


def nothing_to_draw(what: str, table: Any) -> None:
    """Raise if a table has no rows."""
    if len(table) == 0:
        raise DataError(f"{what}: there is nothing to draw; the table has no rows")


def require_columns(what: str, table: Any, columns: Sequence[str]) -> None:
    """Raise if columns are missing; the message names all of them."""
    missing = [name for name in columns if name not in table]
    if missing:
        raise DataError(
            f"{what}: column{'s' if len(missing) > 1 else ''} {', '.join(missing)} missing; "
            f"found {', '.join(map(str, table)) or 'none'}"
        )
