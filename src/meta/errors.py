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


def need(what: str, given: object, kinds: type | tuple[type, ...], takes: str, way: str) -> None:
    """Refuse an argument of another kind.

    Parameters
    ----------
    what : str
        Name of the function.
    given : object
        What it was given.
    kinds : type or tuple of type
        What it can use.
    takes : str
        That in words.
    way : str
        What to give.

    Raises
    ------
    DataError
        With the way out.

    Examples
    --------
    >>> need("pool", 3, str, "a name", "the name of a study")
    Traceback (most recent call last):
        ...
    meta.errors.DataError: pool takes a name, and was given int: give the name of a study
    """
    if not isinstance(given, kinds):
        raise DataError(f"{what} takes {takes}, and was given {type(given).__name__}: give {way}")


class TooFewStudies(ValueError):
    """The analysis needs more studies than it was given."""


class NotComparable(ValueError):
    """The effects do not measure the same thing on the same scale."""


class NotConverged(RuntimeError):
    """An iterative estimate did not reach its tolerance."""


class StatisticalWarning(UserWarning):
    """The answer stands, but a reader should know something about it."""
