"""What can go wrong, by name.

Every message says where, what was found, what is needed and the way out.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Self


class DataError(ValueError):
    """The input cannot be used as it is.

    The message holds one line for every fault that was found, so that all of them can be mended
    at once.

    Attributes
    ----------
    faults : tuple of str
        One sentence for each fault.
    """

    def __init__(self, message: str, faults: Iterable[str] = ()) -> None:
        super().__init__(message)
        self.faults = tuple(faults) or (message,)

    @classmethod
    def from_faults(cls, where: str, faults: Iterable[str]) -> Self:
        """Build one error from a list of faults.

        Parameters
        ----------
        where : str
            What was being read, for the first line.
        faults : iterable of str
            One sentence for each fault; at least one.
        """
        found = tuple(faults)
        count = "1 fault" if len(found) == 1 else f"{len(found)} faults"
        return cls("\n".join([f"{where}: {count}", *(f"  - {fault}" for fault in found)]), found)


class TooFewStudies(ValueError):
    """The analysis needs more studies than it was given."""


class NotComparable(ValueError):
    """The effects do not measure the same thing on the same scale."""


class NotConverged(RuntimeError):
    """An iterative estimate did not reach its tolerance."""


class StatisticalWarning(UserWarning):
    """The answer stands, but a reader should know something about it."""
