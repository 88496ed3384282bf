"""Which figures does a printed text hold, and to how many decimals were they printed?

A typed column loses what a printed figure says about its own precision: 10.40 becomes 10.4. The
quoted text keeps it, and tests of granularity and recomputed p-values need it.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import lru_cache

_FIGURE = re.compile(
    r"""
    (?P<sign>[-−–‒+])?\s?               # a hyphen is a minus sign only where no digit precedes it
    (?P<figure>
        \d{1,3}(?:,\d{3})+(?:\.\d+)?    # 27,615
      | \d+(?:\.\d+)?                   # 15.65
      | \.\d+                           # .03
    )
    (?P<percent>\s?%)?
    """,
    re.VERBOSE,
)
_DASHES = "-−–‒"


@dataclass(frozen=True, slots=True)
class Printed:
    """One figure as it stands in a text.

    Attributes
    ----------
    value : float
        The figure with its sign.
    decimals : int
        Digits behind the decimal point, zeros included.
    start, end : int
        Where it stands in the text.
    percent : bool
        Whether a percent sign follows.
    joined : bool
        Whether a dash stands before it that was read as "to" (or as a hyphen), not as a minus.
    """

    value: float
    decimals: int
    start: int
    end: int
    percent: bool = False
    joined: bool = False

    @property
    def low(self) -> float:
        """Smallest number that is printed like this."""
        return self.value - half_unit(self.decimals)

    @property
    def high(self) -> float:
        """Largest number that is printed like this."""
        return self.value + half_unit(self.decimals)


def half_unit(decimals: int) -> float:
    """Return half a unit of the last printed digit: 0.005 for two decimals."""
    return 0.5 * 10.0**-decimals


def printed_figures(text: str) -> list[Printed]:
    """Find every figure of a text.

    Parameters
    ----------
    text : str
        A quotation.

    Returns
    -------
    list of Printed
        In the order of the text. A dash between two figures is read as "to", so ``6.9-9.3`` holds
        6.9 and 9.3; any other dash before a figure, typographic ones included, is a minus sign.

    Examples
    --------
    >>> [(f.value, f.decimals) for f in printed_figures("10.40 +/- 7.9; P = .02, n 27,615")]
    [(10.4, 2), (7.9, 1), (0.02, 2), (27615.0, 0)]
    >>> [f.value for f in printed_figures("-19.6 (-6.6, \u22122.4), 14-28")]
    [-19.6, -6.6, -2.4, 14.0, 28.0]
    """
    found = []
    for match in _FIGURE.finditer(text):
        figure = match["figure"]
        dash = match["sign"] is not None and match["sign"] in _DASHES
        joined = dash and _joins(text, match.start("sign"), match.start("figure"))
        negative = dash and not joined
        digits = figure.replace(",", "")
        _, _, behind = digits.partition(".")
        found.append(
            Printed(
                value=-float(digits) if negative else float(digits),
                decimals=len(behind),
                start=match.start("figure"),
                end=match.end("figure"),
                percent=match["percent"] is not None,
                joined=joined,
            )
        )
    return found


def _joins(text: str, at: int, figure: int) -> bool:
    """Tell whether a dash joins ("BDI-11", "14-28", "5.4 - 8.3", "+/- 7.9") and is no minus."""
    if re.match(r"[\w)%/]", text[at - 1 : at]):
        return True
    return figure > at + 1 and re.search(r"[\d)%]\s$", text[:at]) is not None


# the figures of one row are looked for in one text
_figures_of = lru_cache(maxsize=256)(printed_figures)


def stands_in(value: float, text: str) -> bool:
    """Tell whether a figure stands in a text, whatever its trailing zeros.

    Parameters
    ----------
    value : float
        Figure with its sign.
    text : str
        A quotation.

    Examples
    --------
    >>> stands_in(-10.4, "a fall of 10.40"), stands_in(-10.4, "-10.40 points")
    (False, True)
    """
    # a dash that joins ("3-4.5") and one that is a sign can look the same: both readings count
    return any(
        _same(figure.value, value) or (figure.joined and _same(-figure.value, value))
        for figure in _figures_of(text)
    )


def _same(a: float, b: float) -> bool:
    return math.isclose(a, b, rel_tol=1e-12, abs_tol=1e-12)


def decimals_of(value: float, text: str) -> int:
    """Return to how many decimals a figure was printed.

    Parameters
    ----------
    value : float
        The figure; its sign does not matter, for a fall may be printed without.
    text : str
        The quotation that holds it.

    Returns
    -------
    int
        The decimals of the figure in the text. Where it stands there in several forms (10.4 and
        10.40) the fewest; where it does not stand there, the decimals that the number itself needs.

    Examples
    --------
    >>> decimals_of(-10.4, "15.65 +/- 8.9 reduction vs 10.40 +/- 7.9")
    2
    >>> decimals_of(8.5, "")
    1
    """
    found = [f.decimals for f in printed_figures(text) if _same(abs(f.value), abs(value))]
    if found:
        return min(found)
    return len(f"{value:.12f}".rstrip("0").partition(".")[2])


@dataclass(frozen=True, slots=True)
class PrintedP:
    """What a printed p-value says.

    Attributes
    ----------
    low, high : float
        Between what the p-value lies, its rounding allowed for.
    exact : bool
        Whether the figure is the p-value itself and no bound.
    """

    low: float
    high: float
    exact: bool


_P = re.compile(r"^\s*(?P<bound><=|>=|<|>|≤|≥|=|)\s*(?P<figure>[01]?\.\d+|[01])\s*$")


def range_of_p(text: object) -> PrintedP | None:
    """Read a printed p-value as the range it stands for, its rounding allowed for.

    For checks of what was printed; `meta.parse_p` reads the p-value from which an effect is
    computed, in every notation of papers.

    Parameters
    ----------
    text : str
        ``"0.02"``, ``"<0.001"``, ``">0.05"``; anything else, words included, is no p-value.

    Returns
    -------
    PrintedP or None
        None for words ("ns", "significant"), empty cells and figures outside [0, 1].

    Examples
    --------
    >>> range_of_p("0.02")
    PrintedP(low=0.015, high=0.025, exact=True)
    >>> range_of_p("<0.05").high
    0.05
    >>> range_of_p("NS") is None
    True
    """
    match = _P.match(text) if isinstance(text, str) else None
    if match is None or float(match["figure"]) > 1:
        return None
    value = float(match["figure"])
    if match["bound"] in ("", "="):
        half = half_unit(len(match["figure"].partition(".")[2]))
        # a p of 0.02 with its rounding: decimal arithmetic would print 0.015000000000000001
        low, high = round(max(0.0, value - half), 12), round(min(1.0, value + half), 12)
        return PrintedP(low, high, exact=True)
    if match["bound"] in ("<", "<=", "≤"):
        return PrintedP(0.0, value, exact=False)
    return PrintedP(value, 1.0, exact=False)
