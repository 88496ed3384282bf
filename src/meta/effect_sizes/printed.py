"""Which effects stand as they were printed, with the interval that was printed?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from meta.effect_sizes.container import Effects
from meta.wording import exact_decimals, number


def printed_intervals(effects: Effects, ci_level: float = 0.95) -> NDArray[np.float64]:
    """Return printed effects with their printed limits, on the reader's scale.

    Recomputed from a standard error, limits would differ from the printed ones by the rounding.

    Parameters
    ----------
    effects : Effects
        The effects. Their table may hold ``estimate``, ``ci_low`` and ``ci_high`` as printed.
    ci_level : float
        The level that is asked for.

    Returns
    -------
    numpy.ndarray of shape (k, 3)
        NaN where the effect is not the printed one, or no interval of this level was printed.
    """
    table = effects.table
    if not {"estimate", "ci_low", "ci_high"} <= set(table):
        return np.full((len(table), 3), np.nan)
    given = table[["estimate", "ci_low", "ci_high"]].to_numpy(dtype=float, na_value=np.nan)
    if "sign_reversed" in table:
        turned = table["sign_reversed"].fillna(False).to_numpy(dtype=bool)
        given = np.where(turned[:, None], -given[:, [0, 2, 1]], given)
    level = pd.Series(table.get("ci_level", np.nan), index=table.index, dtype=float).fillna(0.95)
    same = (
        np.isclose(given[:, 0], effects.to_reader(effects.yi), rtol=1e-9, atol=1e-12)
        & np.isclose(level.to_numpy(), ci_level)
        & (given[:, 1] <= given[:, 0])
        & (given[:, 0] <= given[:, 2])
        & ((given[:, 1] > 0) | (not effects.scale.log))
    )
    return np.where(same[:, None], given, np.nan)


def printed_texts(values: Sequence[float]) -> list[str]:
    """Write an effect and its limits with the decimals that were printed."""
    digits = exact_decimals(values)
    return [number(float(value), digits) for value in values]


def printed_text(values: Sequence[float]) -> str:
    """Write an effect with its limits as they were printed: "-6.0 (-7.9 to -4.2)"."""
    return "{} ({} to {})".format(*printed_texts(values))
