"""What can go wrong, by name.

Every message says where, what was found, what is needed and the way out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Self

# control characters, and those that turn, hide or break a line of text
_UNSEEN = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]"
)


def printable(text: str) -> str:
    r"""Write out the characters that a terminal would obey and a reader would not see.

    Parameters
    ----------
    text : str
        Words that may hold text of a file.

    Returns
    -------
    str
        The same with control characters (but for the line feed), marks of writing direction and
        spaces without width as ``\x1b`` or ``\u202e``.

    Examples
    --------
    >>> print(printable("Smith \x1b[31m2020"))
    Smith \x1b[31m2020
    """
    return _UNSEEN.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def refused_by_system(error: OSError) -> str:
    """Say in words what the system refused, and of which file, where it says so.

    Parameters
    ----------
    error : OSError
        What it raised; of a folder that was copied, the first file that could not be.

    Returns
    -------
    str
        The file and the reason.

    Examples
    --------
    >>> refused_by_system(OSError(28, "No space left on device", "a.csv"))
    'a.csv: No space left on device'
    """
    if error.args and isinstance(error.args[0], list):  # shutil.Error: (from, to, reason) of each
        _, place, reason = error.args[0][0]
        reason = re.sub(r"^.Errno .*?. |: '.*", "", str(reason))
        return f"{place}: {reason}"
    where = error.filename2 or error.filename
    reason = error.strerror or str(error)
    return f"{where}: {reason}" if where else reason


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
        super().__init__(printable(message))
        self.faults = tuple(map(printable, faults)) or (printable(message),)

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


class BuildError(RuntimeError):
    """The report cannot be built: a notebook fails, or a page refers to something missing."""
