"""Which results have no effect in a set, and why?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from meta.effect_sizes.choice import Rejected
    from meta.effect_sizes.row_effect import NoEffect
    from meta.effect_sizes.rows import Row

_EXCLUDED = (
    "result_id", "study_id", "label", "reporting", "favours", "n_t", "n_c", "n", "paired", "reason",
    "cluster",
)  # fmt: skip
_REJECTED = ("result_id", "study_id", "chosen_result_id", "reason")


def excluded_table(without: Sequence[NoEffect] = ()) -> pd.DataFrame:
    """Write down the rows that have no effect, each with the reason."""
    if not without:
        return pd.DataFrame(columns=list(_EXCLUDED), dtype=object)
    return pd.DataFrame(
        [
            (
                each.row.result_id,
                each.row.study_id,
                each.row.label,
                each.level,
                each.row.text("favours"),
                each.row.numbers.get("n_t"),
                each.row.numbers.get("n_c"),
                _people(each.row),
                each.row.paired,
                each.reason,
                each.row.trial,
            )
            for each in without
        ],
        columns=list(_EXCLUDED),
    ).astype({"n_t": float, "n_c": float, "n": float, "paired": bool})


def _people(row: Row) -> float | None:
    """Return the people of both arms together; unknown where the trial has further arms."""
    several = row.numbers.get("n_arms", 2.0) > 2 or row.text("p_contrast") == "multi_arm"
    return None if several else row.numbers.get("n_randomised")


def rejected_table(rejected: Sequence[Rejected] = ()) -> pd.DataFrame:
    """Write down the effects that were not chosen, each with the one that speaks for its trial."""
    return pd.DataFrame(
        [
            (
                each.effect.row.result_id,
                each.effect.row.study_id,
                each.chosen.row.result_id,
                each.reason,
            )
            for each in rejected
        ],
        columns=list(_REJECTED),
    )
