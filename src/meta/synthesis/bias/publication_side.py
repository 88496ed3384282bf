"""On which side does a small p-value help publication, and what are the effects seen from there?"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from meta.effect_sizes.container import Effects
from meta.effect_sizes.measures import Measure
from meta.errors import NotComparable
from meta.synthesis.engine import check_choice
from meta.synthesis.estimate import Estimate

Values = NDArray[np.float64]

_ALTERNATIVES = ("auto", "greater", "less")


def publication_side(alternative: str, fit: Estimate, scale: Measure) -> str:
    """Return "greater" or "less"; "auto" takes the side of the pooled effect.

    Raises
    ------
    DataError
        If the alternative is unknown.
    NotComparable
        If the measure has no value that means no effect.
    """
    check_choice("alternative", alternative, _ALTERNATIVES)
    if not np.isfinite(scale.null):
        raise NotComparable(
            f"{scale.label} ({fit.measure}) has no value that means no effect, so there are no "
            "p-values that could decide on publication"
        )
    if alternative != "auto":
        return alternative
    return "greater" if fit.estimate >= 0 else "less"


class SeenFromSide(NamedTuple):
    """Effects that favour publication upwards, in units of a typical error."""

    y: Values
    v: Values
    sign: float
    unit: float

    def inward(self, estimate: float) -> float:
        """Take an estimate there from the scale of computation."""
        return estimate * self.sign / self.unit

    def outward(self, mean: float) -> float:
        """Take a mean back to the scale of computation."""
        return self.sign * mean * self.unit


def seen_from(effects: Effects, side: str) -> SeenFromSide:
    """Turn and rescale effects, so that likelihoods are searched on one scale."""
    sign = 1.0 if side == "greater" else -1.0
    unit = float(np.sqrt(effects.vi.mean()))
    return SeenFromSide(sign * effects.yi / unit, effects.vi / unit**2, sign, unit)
