"""Which vertical lines does a figure have?"""

from __future__ import annotations

from collections.abc import Iterable
from numbers import Real

import numpy as np

from meta.effect_sizes.measures import Measure
from meta.errors import DataError
from meta.figures.axis import null_place, reader_to_axis, to_axis
from meta.figures.table import Reference, ReferenceKind
from meta.figures.theme import plain
from meta.synthesis.estimate import Estimate
from meta.wording import as_stated

Place = float | tuple[float, float]
# a line that a caller asks for: argument, kind, what is written over it, and where
Wanted = tuple[str, ReferenceKind, str, Place | None]


def reference_lines(
    name: str, scale: Measure, wanted: Iterable[Wanted] = (), fit: Estimate | None = None
) -> list[Reference]:
    """Return the line of no effect, that of a pooled answer, and those that the caller wants.

    Parameters
    ----------
    name : str
        What is drawn, for error messages.
    scale : Measure
        Scale of the axis.
    wanted : iterable of (argument, kind, label, place)
        Lines, or bands from one value to another, on the reader's scale; None for none.
    fit : Estimate, optional
        The answer that gets a line, if it pools more than one study.

    Raises
    ------
    DataError
        If a place is no finite number (above 0 for ratios), or a band is in falling order.
    """
    null = null_place(scale)
    found = [Reference(value=null, kind="null")] if np.isfinite(null) else []
    if fit is not None and fit.k > 1:
        found.append(Reference(value=float(to_axis(scale, fit.estimate)[0]), kind="pooled"))
    need = "a ratio above 0" if scale.log else "a finite number"
    faults = []
    for argument, kind, label, at in wanted:
        if at is None:
            continue
        where = f"{argument}={at!r}" if label == argument else f"{argument}, {label}: {at!r}"
        edges = at if isinstance(at, tuple) else (at, at)
        numbers = len(edges) == 2 and all(isinstance(edge, Real) for edge in edges)
        low, high = map(float, edges) if numbers else (np.nan, np.nan)
        if not np.isfinite([low, high]).all() or (scale.log and low <= 0):
            faults.append(
                f"{where}; give {need}, or two of them as (low, high), on the reader's scale"
            )
        elif low > high:
            faults.append(f"{where} is in falling order; give (low, high)")
        else:
            found.append(
                Reference(
                    value=reader_to_axis(scale, low), kind=kind, label=plain(label),
                    until=reader_to_axis(scale, high) if low < high else np.nan,
                )
            )  # fmt: skip
    if faults:
        raise DataError.from_faults(name, faults)
    return found


def place_text(at: Place) -> str:
    """Write a place, or the two ends of a band, with the digits that were given."""
    edges = at if isinstance(at, tuple) else (at,)
    return " to ".join(as_stated(edge) if isinstance(edge, int | float) else repr(edge)
                       for edge in edges)  # fmt: skip


def important_and_claimed(mid: Place | None, claimed: Place | None) -> list[Wanted]:
    """Ask for lines at the smallest important and at the claimed effect, where there are any."""
    lines: list[Wanted] = []
    if mid is not None:
        lines.append(("mid", "mid", f"smallest important {place_text(mid)}", mid))
    if claimed is not None:
        lines.append(("claimed", "claimed", f"claimed {place_text(claimed)}", claimed))
    return lines
