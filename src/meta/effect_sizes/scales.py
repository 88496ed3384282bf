"""On which scale is an effect computed, and on which is it read?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from meta.errors import DataError

Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Scale:
    """The scale of an effect measure.

    Attributes
    ----------
    measure : str
        Short name, for example ``"RR"``.
    label : str
        Name for axes and tables.
    log : bool
        Effects are computed and stored as natural logarithms and read after exponentiation.
    null : float
        The value that means "no effect" on the reader's scale; NaN where there is none
        (a single proportion, a measure of unknown meaning has 0).
    single_group : bool
        The measure describes one group and favours nobody.
    """

    measure: str
    label: str
    log: bool = False
    null: float = 0.0
    single_group: bool = False

    def transform(self, values: Any) -> Any:
        """Take effects from the scale of computation to the reader's scale.

        Parameters
        ----------
        values : float or array_like
            Effects or interval limits as stored.

        Returns
        -------
        float or numpy.ndarray
            ``exp`` of the values for ratio measures, the inverse transform for single proportions
            and correlations, else the values themselves.
        """
        array = np.asarray(values, dtype=float)
        back = _BACK.get(self.measure)
        with np.errstate(over="ignore"):  # the end of a very long interval is infinite
            result = np.exp(array) if self.log else array if back is None else back(array)
        return float(result) if result.ndim == 0 else result


def _inverse_logit(values: Values) -> Values:
    # the negative exponent keeps both tails free of overflow
    return np.where(
        values >= 0,
        1 / (1 + np.exp(-np.abs(values))),
        np.exp(-np.abs(values)) / (1 + np.exp(-np.abs(values))),
    )


def _inverse_arcsine(values: Values) -> Values:
    # an interval may reach past the ends of the transform's range, where the proportion is 0 or 1
    return np.asarray(np.sin(np.clip(values, 0.0, np.pi / 2)) ** 2)


_BACK: dict[str, Callable[[Values], Values]] = {
    "PLO": _inverse_logit,
    "PAS": _inverse_arcsine,
    "ZCOR": np.tanh,
}

SCALES: dict[str, Scale] = {
    scale.measure: scale
    for scale in (
        Scale("GEN", "Effect"),
        Scale("MD", "Mean difference"),
        Scale("SMD", "Standardised mean difference (Hedges g)"),
        Scale("SMDH", "Standardised mean difference (unequal variances)"),
        Scale("ROM", "Ratio of means", log=True, null=1.0),
        Scale("RR", "Risk ratio", log=True, null=1.0),
        Scale("OR", "Odds ratio", log=True, null=1.0),
        Scale("PETO", "Peto odds ratio", log=True, null=1.0),
        Scale("RD", "Risk difference"),
        Scale("AS", "Arcsine difference"),
        Scale("IRR", "Incidence rate ratio", log=True, null=1.0),
        Scale("PR", "Proportion", null=np.nan, single_group=True),
        Scale("PLO", "Proportion", null=np.nan, single_group=True),
        Scale("PAS", "Proportion", null=np.nan, single_group=True),
        Scale("PFT", "Double arcsine proportion", null=np.nan, single_group=True),
        Scale("COR", "Correlation"),
        Scale("ZCOR", "Correlation"),
        Scale("MC", "Mean change"),
        Scale("SMCC", "Standardised mean change (SD of change)"),
        Scale("SMCR", "Standardised mean change (SD before)"),
        Scale("ROMC", "Ratio of means, after to before", log=True, null=1.0),
        Scale("PC", "Percent change"),
    )
}


def scale_of(measure: str) -> Scale:
    """Look up the scale of a measure.

    Raises
    ------
    DataError
        If the measure is unknown; the message lists the known ones.
    """
    try:
        return SCALES[measure]
    except (KeyError, TypeError):
        raise DataError(
            f"unknown measure {measure!r}: use one of {', '.join(SCALES)} "
            "('GEN' for effects of any other kind)"
        ) from None
