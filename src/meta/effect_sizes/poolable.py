"""Can these effects be pooled?"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from meta.arguments import LARGEST
from meta.errors import DataError

# a weight this many times another leaves nothing of it in a sum
_WIDEST = 1e15
# squares of variances below this, and of their inverses, leave the range of a double
_SMALLEST = 1e-70


def check_effects(
    yi: NDArray[np.float64],
    vi: NDArray[np.float64],
    labels: Sequence[str] | Callable[[], Sequence[str]],
) -> None:
    """Refuse effects that cannot be pooled, all at once; labels are made if they are asked for.

    Raises
    ------
    DataError
        If an effect is not finite, a variance is not finite and above 0, or the variances differ
        so much, or are so small or large, that they cannot be computed with.
    """
    if _fine(yi, vi):
        return
    labels = labels() if callable(labels) else labels
    faults = []
    for i in np.flatnonzero(~np.isfinite(yi) | ~np.isfinite(vi) | ~(vi > 0)).tolist():
        if not np.isfinite(yi[i]):
            faults.append(
                f"yi[{i}] ({labels[i]}) is {yi[i]}: give a finite effect, or leave the study out "
                "and say so"
            )
        if not (np.isfinite(vi[i]) and vi[i] > 0):
            faults.append(
                f"vi[{i}] ({labels[i]}) is {vi[i]}: a sampling variance is finite and above 0 (the "
                "square of the standard error)"
            )
    for i in np.flatnonzero(np.isfinite(yi) & (np.abs(yi) > LARGEST)).tolist():
        faults.append(
            f"yi[{i}] ({labels[i]}) is {yi[i]:g}, beyond what can be squared and summed (1e50): "
            "give the effects in another unit"
        )
    if not faults and len(vi) and float(vi.max()) > _WIDEST * float(vi.min()):
        small, large = int(vi.argmin()), int(vi.argmax())
        faults.append(
            f"vi[{large}] ({labels[large]}) is {vi[large]:.3g} and vi[{small}] ({labels[small]}) "
            f"{vi[small]:.3g}: numbers of 16 digits cannot hold both weights; is one of them in "
            "another unit, or a standard error that is 0 by rounding?"
        )
    elif not faults and len(vi) and (vi.min() < _SMALLEST or vi.max() > 1 / _SMALLEST):
        faults.append(
            f"the variances lie between {vi.min():.3g} and {vi.max():.3g}, beyond what can be "
            "squared and summed: give the effects in another unit"
        )
    if faults:
        raise DataError.from_faults("effects", faults)


def _fine(yi: NDArray[np.float64], vi: NDArray[np.float64]) -> bool:
    """Say in a few passes that there is nothing to refuse, which is nearly always so."""
    if not len(vi):
        return True
    low, high = float(vi.min()), float(vi.max())
    spread = low >= _SMALLEST and high <= 1 / _SMALLEST and high <= _WIDEST * low
    return spread and bool((np.abs(yi) <= LARGEST).all())
