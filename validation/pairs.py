"""An answer of metafor beside the answer of this package."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from meta.effect_sizes.container import Effects

# what the answers were computed from
_INPUTS = ("dataset", "measure", "k", "arms", "cluster", "inner", "rho_free", "alternative")
_REGRESSION_INPUTS = ("formula", "X", "terms")
# Rounding is all that may be left of closed forms. Iterations are converged on both sides, and
# what is left is the flatness of the likelihood: about seven digits of tau2.
CLOSED = 1e-8
ITERATIVE = 1e-6


@dataclass(frozen=True, slots=True)
class Compared:
    """One quantity of one data set, from both sides.

    Attributes
    ----------
    group, quantity : str
        What it is.
    r_call : str
        The call in R.
    got, want : numpy.ndarray
        Values of this package and of metafor.
    floor : float
        The size below which a value counts as near 0: differences are relative to the value plus
        this.
    tolerance : float
        Largest relative difference that counts as agreement.
    """

    group: str
    quantity: str
    r_call: str
    got: NDArray[np.float64]
    want: NDArray[np.float64]
    floor: float
    tolerance: float

    def difference(self) -> float:
        """Return the largest relative difference; infinite where only one side has a value."""
        if self.got.shape != self.want.shape or (np.isnan(self.got) != np.isnan(self.want)).any():
            return np.inf
        apart = np.abs(self.got - self.want)
        size = np.abs(self.want) + self.floor
        relative = np.divide(apart, size, out=np.zeros_like(apart), where=apart > 0)
        return float(np.nanmax(relative, initial=0.0))


class Answers:
    """One file of answers, which remembers what was asked of it."""

    def __init__(self, path: Path) -> None:
        self.name = path.stem
        self.values: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        self._asked: set[str] = set()

    def __contains__(self, key: str) -> bool:
        return key in self.values

    def __call__(self, *keys: str) -> Any:
        """Return the answer under nested keys and note that it was asked for."""
        self._asked.add("/".join(keys))
        found: Any = self.values
        for key in keys:
            found = found[key]
        return found

    def pass_over(self, path: str) -> None:
        """Note that an answer (keys joined by /) is left out on purpose."""
        self._asked.add(path)

    def not_asked(self) -> list[str]:
        """List every answer that nobody asked for; inputs are no answers."""
        inputs = set(_INPUTS)
        if "arms" not in self.values or "EE" not in self.values:
            inputs |= {"yi", "vi"}
        return [
            path
            for path in _paths(self.values)
            if path not in self._asked
            and path.split("/")[0] not in inputs
            and path.split("/")[-1] not in _REGRESSION_INPUTS
        ]


def _paths(values: dict[str, Any], prefix: str = "") -> Iterator[str]:
    for key, value in values.items():
        if isinstance(value, dict):
            yield from _paths(value, f"{prefix}{key}/")
        else:
            yield f"{prefix}{key}"


def pair(
    group: str,
    quantity: str,
    r_call: str,
    got: ArrayLike,
    want: ArrayLike,
    floor: float,
    tolerance: float = CLOSED,
) -> Compared:
    """Put an answer of this package beside metafor's; see :class:`Compared`."""
    return Compared(
        group,
        quantity,
        r_call,
        np.atleast_1d(np.asarray(got, dtype=float)).ravel(),
        # a missing answer is null in the file, and NaN here
        np.atleast_1d(np.asarray(want, dtype=float)).ravel(),
        floor,
        tolerance,
    )


def error_size(effects: Effects) -> float:
    """Root mean sampling variance: the size of a standard error in the data set."""
    return float(np.sqrt(np.mean(effects.vi)))
