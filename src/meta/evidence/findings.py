"""One reported row as the checks see it, and one finding as the reader sees it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

from meta.evidence.digits import decimals_of, printed_figures

Verdict = Literal["flag", "note"]
ARMS: tuple[Literal["t", "c"], ...] = ("t", "c")
ARM_NAMES = {"t": "treated", "c": "control"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something in the printed figures that a reader should know.

    Attributes
    ----------
    study_id, result_id : str
        Where; ``result_id`` is "" for a finding about the whole study.
    check : str
        Name of the check.
    verdict : {"flag", "note"}
        "flag": the figures contradict each other or whole scores; "note": they do not fit, but an
        ordinary reason may explain it.
    found : str
        The figure or figures as printed.
    arithmetic : str
        A sentence with the numbers, so that it can be done again by hand.
    source_url : str
        Where the figures, or the published critique, can be read.
    """

    study_id: str
    result_id: str
    check: str
    verdict: Verdict
    found: str
    arithmetic: str
    source_url: str


@dataclass(frozen=True, slots=True)
class Mean:
    """A printed mean with its SD in one arm, at baseline or after.

    Attributes
    ----------
    arm : {"t", "c"}
        Treated or control.
    baseline : bool
        Whether it is the baseline.
    mean : float
        As entered; ``decimals`` as printed.
    sd : float or None
        Its SD, with ``sd_decimals``.
    """

    arm: Literal["t", "c"]
    baseline: bool
    mean: float
    decimals: int
    sd: float | None
    sd_decimals: int

    @property
    def place(self) -> str:
        """Name of the arm and the time."""
        return f"{ARM_NAMES[self.arm]}{', baseline' if self.baseline else ''}"

    def __str__(self) -> str:
        text = f"{self.mean:.{self.decimals}f}"
        return text if self.sd is None else f"{text} ({self.sd:.{self.sd_decimals}f})"


class Reported:
    """A result row: missing columns count as not reported, and decimals come from the quotation.

    Parameters
    ----------
    row : mapping
        Cells by column, for example a row of ``Evidence.select``.
    """

    def __init__(self, row: Mapping[str, Any]) -> None:
        self._row = row
        self.quoted = self.text("reported_as")

    def text(self, column: str) -> str:
        """Return a cell as text, "" if nothing was reported."""
        value = self._row.get(column)
        return "" if value is None or pd.isna(value) else str(value)

    def number(self, column: str) -> float | None:
        """Return a cell as a number, None if nothing was reported."""
        value = self._row.get(column)
        return None if value is None or pd.isna(value) else float(value)

    def count(self, column: str) -> int | None:
        """Return a cell as a whole number, None if nothing was reported."""
        value = self.number(column)
        return None if value is None else int(value)

    def decimals(self, value: float) -> int:
        """Return to how many decimals a figure of the row was printed."""
        return decimals_of(value, self.quoted)

    def means(self) -> Iterator[Mean]:
        """Walk over the printed means of the arms, those at baseline after the others."""
        if self.text("result_type") == "median_iqr":
            return
        for prefix in ("", "base_"):
            for arm in ARMS:
                mean = self.number(f"{prefix}mean_{arm}")
                sd = self.number(f"{prefix}sd_{arm}")
                if mean is not None:
                    sd_decimals = 0 if sd is None else self.decimals(sd)
                    yield Mean(arm, prefix == "base_", mean, self.decimals(mean), sd, sd_decimals)

    def printed_with(self, n: int) -> bool:
        """Tell whether a number of people stands in the quotation."""
        return any(f.value == n and f.decimals == 0 for f in printed_figures(self.quoted))

    def people(self, mean: Mean) -> tuple[list[int], bool]:
        """Return over how many people a mean may have been taken, and whether that was printed.

        At baseline more people may have been there than were analysed: all numbers from those
        analysed to those who could have been randomised to the arm.
        """
        n = self.count(f"n_{mean.arm}")
        if mean.baseline:
            figure = re.escape(f"{mean.mean:.{mean.decimals}f}")
            said = re.search(rf"\bn (\d+): {figure}(?!\d)", self.quoted)
            if said:
                return [int(said[1])], True
        if n is None:
            return [], False
        if not mean.baseline:
            return [n], self.printed_with(n)
        other = self.count("n_c" if mean.arm == "t" else "n_t") or 0
        randomised = self.count("n_randomised") or 0
        lost = 0 if self.text("design") == "crossover" else max(0, randomised - n - other)
        return list(range(n, n + lost + 1)), False

    def finding(self, check: str, verdict: Verdict, found: str, arithmetic: str) -> Finding:
        """Make a finding about this row."""
        return Finding(
            study_id=self.text("study_id"),
            result_id=self.text("result_id"),
            check=check,
            verdict=verdict,
            found=found,
            arithmetic=arithmetic,
            source_url=self.text("source_url"),
        )


def is_whole_scores(row: Reported) -> bool:
    """Tell whether the means of a row are means of whole scores in points of a known scale."""
    return (
        row.number("scale_step") is not None
        and row.text("effect_unit") == "points"
        and row.text("result_type") in ("post", "change", "single_arm_change")
    )
