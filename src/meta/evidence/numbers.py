"""Which numbers do these cells hold? One decision on the decimal sign a column, never a cell."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

MISSING = frozenset(
    {
        "",
        "na",
        "n/a",
        "n.a.",
        "#n/a",
        "#n/a n/a",
        "null",
        "nr",
        "n.r.",
        "nd",
        "n.d.",
        "k.a.",
        "s.d.",
    }
    | {"-", "\N{EN DASH}", "\N{EM DASH}", "\N{MINUS SIGN}", ".", "..", "--", "(blank)"}
    | {"not reported", "not available", "not stated", "not given", "missing", "unknown", "n/r"}
    | {"k. a.", "keine angabe", "nicht berichtet", "n. b.", "non rapport\u00e9", "no informado"}
    | {
        "no reportado",
        "n\u00e3o informado",
        "n\u00e3o relatado",
        "non riportato",
        "niet gerapporteerd",
    }
)
"""Words that stand where nothing was reported, in lower case."""

# hyphens and dashes that print as a minus sign
_MINUS = str.maketrans(
    dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u2796\u02d7\ufe58\ufe63\uff0d", "-")
)
# characters that take no room: a figure copied from a page may hold them
_UNSEEN = "\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff"
# blanks that do not break a line; typographers set them between thousands
_BLANKS = re.compile(r"[\s\u00a0\u2007\u2009\u202f]+")
_BY_SIGN = {
    sign: re.compile(
        rf"[+-]?(?=[{sign}]?[0-9])"
        rf"(?:[0-9]+|[1-9][0-9]{{0,2}}(?:(?:[{group}][0-9]{{3}})+|(?:[ '\u2019][0-9]{{3}})+))?"
        rf"(?:[{sign}][0-9]*)?(?:[eE][+-]?[0-9]+)?"
    )
    for sign, group in ((".", ","), (",", "."))
}
_MONTHS = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|mai|okt|dez"
_FIGURE = r"[-+]?\d+(?:[.,]\d+)?"
_RAISED = "\u00b9\u00b2\u00b3\u2070\u2074-\u2079\u2080-\u2089"
# the ways of print to write an exponent: 3.3 x 10^-4
_POWER = re.compile(
    rf"({_FIGURE}) ?[x\u00d7*\u00b7] ?10(?:\^(-?\d+)|(-\d+)|([\u207b]?[{_RAISED}]+))", re.IGNORECASE
)
_CAUSES: tuple[tuple[str, str, str], ...] = (
    (rf".*(?:[{_UNSEEN}]|\\[ux][0-9a-f]{{2,4}}).*", "holds a character that is not seen",
     "Type the figure again."),
    (r"=.*", "is a formula, or has an equals sign before it", "Write the figure alone."),
    (r"\d_\d.*", "holds an underscore", "Write the decimal point, if that was meant."),
    (r"[-+]?nan", "is what programs write for a computation that failed", "Leave the cell empty if "
     "nothing was reported."),
    (r"[-+]?(?:inf|infinity|\u221e)", "is no figure of a study", "Look the figure up in "
     "the source, or leave the cell empty."),
    (r"n\.? ?s\.?|not significant|nicht signifikant|non significatif|no significativ[oa]",
     "says not significant, which is no figure", "Leave the cell empty; an exact p-value has a "
     "column of its own."),
    (r"none|nil|keine|aucune?|ningun[oa]?", "may say 0 or not reported", "Write 0, or leave the "
     "cell empty."),
    (r"#.+[!?/0]", "is an error of the spreadsheet", "Mend the formula, or leave the cell empty."),
    (rf"{_FIGURE} ?(?:%|percent)", "is a percentage", "Write the number alone, in the unit that "
     "the column needs: persons where it counts persons."),
    (r"[<>\u2264\u2265~\u2248].*\d", "is a bound and no exact number", "Write the exact figure, "
     "or leave the cell empty."),
    (rf"\d{{1,4}}[-/.]\d{{1,2}}[-/.]\d{{1,4}}(?: .*)?|\d{{1,2}}[-. ]?(?:{_MONTHS})[a-z]*"
     rf"|(?:{_MONTHS})[a-z]*[-. ]?\d{{1,4}}", "is a date", "A spreadsheet turned a figure into a "
     "date: type it again in a cell that is formatted as text."),
    (rf"{_FIGURE} ?(?:\(|\[|\u00b1|\+/-|/|;|to |bis |\u00e0 |a |-){{1}} ?{_FIGURE}.*",
     "holds two figures", "Give each figure a column of its own."),
    (r"[-+]{2}[\d.,]+", "has two signs before it", "Write one, or none."),
    (r"\([\d.,]+\)", "stands in brackets, which may mean a minus sign", "Write the sign."),
    (r"[-+]?[\d.,]*\d[\d.,]*", "has a decimal sign or a separator too many", "Look the figure up."),
    (r"[-+]?[\dOolI|.,]*\d[\dOolI|.,]*", "holds a letter in place of a digit", "Type the digits 0 "
     "and 1."),
    (rf"\D+{_FIGURE}", "has words before the figure", "Write the figure alone."),
    (rf"{_FIGURE} ?\D+", "has something behind the figure", "Write the figure without unit or "
     "footnote mark."),
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """The numbers of one column.

    Attributes
    ----------
    values : list of float
        One for each cell; NaN where nothing was reported or the cell is at fault.
    problems : dict of int to (str, str)
        By position of the cell: what was found, and the way out.
    sign : str
        The decimal sign of the column, "." or ",".
    """

    values: list[float]
    problems: dict[int, tuple[str, str]]
    sign: str

    def text(self, row: int, cell: str) -> str:
        """Write the figure of a cell with a decimal point and without separators.

        A cell that is at fault, or is written so already, comes back as it is.
        """
        if row in self.problems or is_missing(cell) or re.fullmatch(r"[+-]?[0-9]*", cell):
            return cell
        return _pointed(_plain(cell), self.sign)


def is_missing(cell: str) -> bool:
    """Tell whether a cell says that nothing was reported.

    Examples
    --------
    >>> [is_missing(cell) for cell in ("", "NA", "not reported", "0")]
    [True, True, True, False]
    """
    return cell.strip().lower() in MISSING


def decimal_sign(columns: Iterable[Sequence[str]]) -> str:
    """Tell which decimal sign the unambiguous figures of some columns have.

    Parameters
    ----------
    columns : iterable of sequence of str
        Cells as they stand in the file.

    Returns
    -------
    str
        "." or ","; "" where no figure tells (``1234``, ``1,234``) or as many tell one as the other.

    Examples
    --------
    >>> decimal_sign([["1,5", "12"], ["1.234", "NA"]]), decimal_sign([["1,234", "5"]])
    (',', '')
    """
    votes = {".": 0, ",": 0}
    for cells in columns:
        for cell in cells:
            if "." not in cell and "," not in cell:
                continue
            text = _plain(cell)
            fits = [sign for sign, number in _BY_SIGN.items() if number.fullmatch(text)]
            if len(fits) == 1:
                votes[fits[0]] += 1
    if votes["."] == votes[","]:
        return ""
    return max(votes, key=votes.__getitem__)


def read_numbers(
    cells: Sequence[str], *, whole: bool = False, of_file: str = "", given: str = ""
) -> Numbers:
    """Read the cells of one column as numbers.

    The decimal sign is that of the column's own unambiguous figures; where it has none, `of_file`;
    where that says nothing either, a whole number keeps its separators of thousands, and any other
    figure such as ``1,234`` is a problem.

    Parameters
    ----------
    cells : sequence of str
        Cells as they stand in the file.
    whole : bool, default False
        The column counts persons or events.
    of_file : str, optional
        Decimal sign of the other columns, see `decimal_sign`.
    given : str, optional
        Decimal sign that the user states; it overrides all else.

    Returns
    -------
    Numbers
        Minus signs of typographers, separators of thousands, and the words of `MISSING` are
        understood. Whatever else is no number is a problem with its likely cause.

    Examples
    --------
    >>> read_numbers(["1.234,5", "\N{MINUS SIGN}0,4", "NA"]).values
    [1234.5, -0.4, nan]
    >>> read_numbers(["13,598", "62"], whole=True).values
    [13598.0, 62.0]
    >>> read_numbers(["1_5"]).problems[0][0]
    "'1_5' is not a number: it holds an underscore"
    """
    # what a cell says depends on its text alone, and most texts stand more than once
    plain = {cell: _plain(cell) for cell in dict.fromkeys(cells)}
    own = decimal_sign([[plain[cell] for cell in cells]])
    sign = given or own or of_file
    doubtful = not sign and not whole
    if not sign:
        # what separates thousands is then the other sign
        dotted = any(re.search(r"\.[0-9]{3}", text) for text in plain.values())
        sign = "," if whole and dotted else "."
    values, faulty = {}, {}
    for cell, text in plain.items():
        values[cell] = math.nan
        if is_missing(cell):
            pass
        elif not _BY_SIGN[sign].fullmatch(text):
            faulty[cell] = _problem(cell, text, sign)
        elif doubtful and re.fullmatch(r"[+-]?[1-9][0-9]{0,2},[0-9]{3}", text):
            alternatives = f"{text.replace(',', '.')} or {text.replace(',', '')}"
            faulty[cell] = (
                f"{cell!r} may be {alternatives}",
                'Say which sign is the decimal one: decimal = "," or "." in the mapping.',
            )
        else:
            value = float(_pointed(text, sign))
            lost = value == 0 and re.search("[1-9]", re.split("[eE]", text)[0])
            if lost or not math.isfinite(value):
                size = "small" if lost else "large"
                faulty[cell] = (f"{cell!r} is too {size} for a number", "Look the figure up.")
            else:
                values[cell] = value
    problems = {i: faulty[cell] for i, cell in enumerate(cells) if cell in faulty}
    found = [values[cell] for cell in cells]
    return Numbers(values=found, problems=problems, sign=sign)


def _plain(cell: str) -> str:
    if cell.isascii() and cell.isprintable() and " " not in cell and "10" not in cell:
        return cell
    text = _BLANKS.sub(" ", cell).strip().translate(_MINUS)
    power = _POWER.fullmatch(text)
    if power:
        exponent = unicodedata.normalize("NFKC", next(filter(None, power.groups()[1:])))
        return f"{power[1]}e{exponent.translate(_MINUS)}"
    text = re.sub(r"^([-+]) (?=[0-9.,])", r"\1", text)
    return text.replace("\u00b7", ".")  # the decimal sign of some journals


def _pointed(text: str, sign: str) -> str:
    group = "," if sign == "." else "."
    for mark in (group, " ", "'", "\u2019"):
        text = text.replace(mark, "")
    return text.replace(sign, ".")


def _problem(cell: str, text: str, sign: str) -> tuple[str, str]:
    """Say what a cell holds that is no number, and what was probably meant."""
    shown = repr(cell.strip())
    other = "," if sign == "." else "."
    if _BY_SIGN[other].fullmatch(text):
        kinds = {".": "point", ",": "comma"}
        return (
            f"{shown} is not a number: it has a decimal {kinds[other]}, and the column decimal "
            f"{kinds[sign]}s",
            f"Write it with a decimal {kinds[sign]}.",
        )
    if re.fullmatch(rf"{_FIGURE}[{_RAISED}]+", text):
        return (
            f"{shown} is not a number: it has a raised figure behind it",
            "Write the figure without its footnote mark.",
        )
    ordinary = unicodedata.normalize("NFKC", text)
    if any(char.isdigit() and not char.isascii() for char in text):
        meant = f": {ordinary}" if ordinary.isascii() else ""
        return (
            f"{shown} is not a number: it is written in digits of another script",
            f"Write it in ordinary digits{meant}.",
        )
    for pattern, found, remedy in _CAUSES:
        if re.fullmatch(pattern, text, flags=re.IGNORECASE):
            return f"{shown} is not a number: it {found}", remedy
    return f"{shown} is not a number", "Write a figure, or leave the cell empty if not reported."
