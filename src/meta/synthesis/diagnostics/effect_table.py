"""How does an answer move when an analysis is done again and again?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from meta.synthesis.estimate import EffectTable, Estimate


def effect_table(fit: Estimate, first: Mapping[str, Any], found: pd.DataFrame) -> EffectTable:
    """Put repeated analyses into a table, and the reasons of those without an answer in notes.

    Parameters
    ----------
    fit : Estimate
        The analysis.
    first : mapping of str to sequence
        The first columns; the first of them names a row.
    found : pandas.DataFrame
        What :func:`meta.synthesis.diagnostics.repeated.repeated` gives.
    """
    table = pd.DataFrame(dict(first)).join(found.drop(columns="reason"))
    silent = table.iloc[:, 0][found["reason"] != ""]
    reasons = found["reason"][found["reason"] != ""]
    notes = [f"{name}: no answer, since {why}." for name, why in zip(silent, reasons, strict=True)]
    return EffectTable(fit=fit, table=table, notes=tuple(notes))
