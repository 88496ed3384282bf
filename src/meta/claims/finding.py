"""What did a rule find? The figures behind a verdict, before source and claim are set beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import inf, isfinite, nan
from typing import Any

import pandas as pd

from meta.claims.verdicts import Interval
from meta.synthesis.models.pooled import Pooled

# a row of claims.csv
Claim = Mapping[str, Any]


def _no_rows() -> pd.DataFrame:
    return pd.DataFrame(columns=["result_id", "study_id", "label", "reason"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A verdict with its reason and figures; the fields are those of :class:`Assessment`."""

    verdict: str
    reason: str
    scale: str = ""
    claimed_low: float = nan
    claimed_high: float = nan
    estimate: float = nan
    ci_low: float = nan
    ci_high: float = nan
    ratio: float = nan
    ratio_low: float = nan
    ratio_high: float = nan
    probability: float = nan
    probability_of: str = ""
    k: int = 0
    n_total: float | None = None
    used: pd.DataFrame = field(default_factory=pd.DataFrame)
    left_out: pd.DataFrame = field(default_factory=_no_rows)
    arms: pd.DataFrame | None = None
    sensitivity: pd.DataFrame | None = None
    holds: str = ""
    depends_on: tuple[str, ...] = ()
    fit: Pooled | None = None


def only(values: Sequence[float]) -> float:
    """Return the one value there is; NaN where there are several, which nobody averaged."""
    return values[0] if len(values) == 1 else nan


def ratio_of(claimed: Interval, real: Interval) -> tuple[float, float, float]:
    """Divide a claimed by a real figure, with limits.

    Returns
    -------
    tuple of float
        Ratio and its limits; infinite where the real figure may be nothing, NaN where it is
        nothing or on the other side.
    """
    if not all(map(isfinite, (claimed.estimate, real.estimate))) or real.estimate <= 0:
        return nan, nan, nan
    low = claimed.low / real.high if real.high > 0 else nan
    high = claimed.high / real.low if real.low > 0 else inf
    return claimed.estimate / real.estimate, low, high
