"""Is what a figure was given something that it can draw?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from meta import errors
from meta.errors import DataError


def need(function: str, given: object, kinds: type | tuple[type, ...], what: str, way: str) -> None:
    """Refuse anything but the answer that a figure is made from.

    Parameters
    ----------
    function : str
        Public name of the figure.
    given : object
        What it was given.
    kinds : type or tuple of type
        What it can draw.
    what : str
        That in words.
    way : str
        The call that makes it.

    Raises
    ------
    DataError
        With the whole call that works.

    Examples
    --------
    >>> need("plot_forest", 3, str, "a fit", "meta.pool(effects)")
    Traceback (most recent call last):
        ...
    meta.errors.DataError: plot_forest takes a fit, and was given int: give \
meta.plot_forest(meta.pool(effects))
    """
    errors.need(function, given, kinds, what, f"meta.{function}({way})")


def need_fit(function: str, given: object) -> None:
    """Refuse anything but a pooled answer; see :func:`need`."""
    from meta.synthesis.models.pooled import Pooled

    need(function, given, Pooled, "a fit", "meta.pool(effects)")


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
