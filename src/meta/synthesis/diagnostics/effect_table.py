"""How does an answer move when an analysis is done again and again?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from meta.synthesis.diagnostics.repeated import SHOWN
from meta.synthesis.estimate import Estimate, estimate_text, readable
from meta.synthesis.presentation import Answer


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EffectTable(Answer):
    """Effects in sets: an analysis done again and again, or the studies' own.

    Attributes
    ----------
    fit : Estimate
        The answer that was examined.
    table : pandas.DataFrame
        One row each, on the scale of computation.
    notes : tuple of str
        Sentences that must stand beside these numbers.
    """

    _caption: ClassVar[str] = "Effects"

    fit: Estimate
    table: pd.DataFrame
    notes: tuple[str, ...]

    def to_frame(self) -> pd.DataFrame:
        """Return the table on the reader's scale, which the column ``scale`` names.

        Standard errors, tau2 and what follows from them stay on the scale of computation.
        """
        return readable(self.table, self.fit.scale).assign(scale=self.fit.scale.label)

    def _rows(self) -> list[tuple[str, str]]:
        return [
            ("Effect measure", self.fit.scale.label),
            ("Method", self.fit.method_text()),
            ("All together", self.fit.effect_text()),
        ]

    def _frames(self) -> list[pd.DataFrame]:
        ends = ("ci_low", "ci_high") if "ci_low" in self.table else ("pi_low", "pi_high")
        shown = self.table[[name for name in self.table if name not in SHOWN or name == "k"]]
        texts = [
            estimate_text(self.fit.scale, *values) if np.isfinite(values[0]) else "no answer"
            for values in self.table[["estimate", *ends]].to_numpy(dtype=float)
        ]
        return [shown.assign(**{f"estimate ({self.fit.level_text()} interval)": texts})]


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
