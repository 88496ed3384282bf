"""Columns whose cells hold several figures, as papers print them: "5.1 (2.3)", "4/123",
"0.69 (0.54 to 0.89)".

Whole columns are taken apart or none: all cells that hold something must have one form, and the
header must say what the figures are.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from meta.evidence.column_names import names_an_arm, quantities_in
from meta.evidence.numbers import is_missing

# each digit can be read in one way only: another form would take endless time over twenty of them
_FIGURE = r"([-+\u2212\u2013]?\s?[.,' ]?[0-9]+(?:[.,' ][0-9]+)*)"
_OPEN, _SHUT = r"\s*[(\[]\s*", r"\s*[)\]]\s*"
_TO = r"\s*(?:to|bis|\u00e0|a|,|;|\u2013|\u2014|-|~|\uff5e|\u2026|\.\.\.?)\s*"
# "95% CI", "CI 95 %", "95 %:", as a cell may repeat it
_SAID = (
    r"(?:\d\d(?:[.,]\d)? ?%?\s*(?:CI|KI|IC|CrI)|(?:CI|KI|IC|CrI)(?:\s*\d\d(?:[.,]\d)? ?%)?"
    r"|\d\d(?:[.,]\d)? ?%)\s*[:,=]?\s*"
)
_CI = rf"(?:{_SAID})?"
_LEVEL = re.compile(r"\b([5-9]\d(?:[.,]\d)?) ?%|\b([5-9]\d) ?(?:CI|KI|IC)\b", re.IGNORECASE)
_FORMS = {
    "pair": re.compile(
        rf"{_FIGURE}(?:{_OPEN}{_FIGURE}%?{_SHUT}|\s*(?:\u00b1|\+/-|\+-)\s*{_FIGURE})"
    ),
    "percent": re.compile(rf"{_FIGURE}{_OPEN}[0-9.,]+ ?%{_SHUT}"),
    "share": re.compile(
        rf"{_FIGURE}\s*(?:/|of|von|de|sur)\s*{_FIGURE}(?:{_OPEN}[0-9.,]+ ?%?{_SHUT})?"
    ),
    "estimate": re.compile(
        rf"{_FIGURE}(?:{_OPEN}{_CI}|\s*[,;:]?\s*{_SAID}[(\[]?\s*){_FIGURE}{_TO}{_FIGURE}\s*[)\]]?",
        re.IGNORECASE,
    ),
    "interval": re.compile(
        rf"[(\[]?\s*{_CI}[(\[]?\s*{_FIGURE}{_TO}{_FIGURE}\s*[)\]]?", re.IGNORECASE
    ),
}


def taken_apart(
    cells: Mapping[str, Sequence[str]],
) -> tuple[dict[str, list[str]], dict[str, str], list[str]]:
    """Give each figure of combined cells a column of its own.

    Parameters
    ----------
    cells : mapping of str to sequence of str
        Columns of a table.

    Returns
    -------
    columns : dict of str to list of str
        The same columns; one whose cells were taken apart is replaced by several, such as
        ``"Mean (SD) placebo: sd"``.
    meaning : dict of str to str
        What the name of a new column would be in a table that had it by itself: ``"sd placebo"``.
    notes : list of str
        Which columns were taken apart.

    Examples
    --------
    >>> taken_apart({"n/N placebo": ["4/123", "6 / 306"]})[0]
    {'n/N placebo: events': ['4', '6'], 'n/N placebo: n': ['123', '306']}
    """
    columns: dict[str, list[str]] = {}
    meaning: dict[str, str] = {}
    notes = []
    bare = [
        name
        for name, values in cells.items()
        if not quantities_in(name, "share") and _all_of_form("share", values)
    ]
    # two columns of "4/123", of which one is named for an arm, are events of two arms
    shares = bare if len(bare) == 2 and any(map(names_an_arm, bare)) else []
    for name, values in cells.items():
        parts = _parts(f"n/N {name}" if name in shares else name, values)
        if not parts:
            columns[name] = list(values)
            continue
        for word, (as_name, column) in parts.items():
            columns[f"{name}: {word}"] = column
            meaning[f"{name}: {word}"] = as_name
        notes.append(f"{name!r} holds several figures a cell: {', '.join(parts)}")
    return columns, meaning, notes


def _all_of_form(form: str, values: Sequence[str]) -> bool:
    said = [value.strip() for value in values if not is_missing(value)]
    return bool(said) and all(map(_FORMS[form].fullmatch, said))


def _parts(name: str, values: Sequence[str]) -> dict[str, tuple[str, list[str]]]:
    for form in _FORMS:
        if not _all_of_form(form, values):
            continue
        words = quantities_in(name, form)
        if words:
            groups = [_figures(_FORMS[form], value, len(words)) for value in values]
            columns = zip(*groups, strict=True)
            parts = {
                word: (as_name, list(column))
                for (word, as_name), column in zip(words.items(), columns, strict=True)
            }
            levels = [_LEVEL.search(value) for value in values if "lower" in words]
            if any(levels):
                usual = parts["lower"][0].rpartition(" ")[2]
                said = [
                    (level[1] or level[2]).replace(",", ".") if level else usual for level in levels
                ]
                parts["level"] = ("ci level", said)
            return parts
    return {}


def odd_intervals(cells: Mapping[str, Sequence[str]]) -> dict[str, list[int]]:
    """Find the cells without an interval in columns of intervals.

    Parameters
    ----------
    cells : mapping of str to sequence of str
        Columns that `taken_apart` left as they are.

    Returns
    -------
    dict of str to list of int
        By column, the positions of cells that hold something else.

    Examples
    --------
    >>> odd_intervals({"95% CI": ["0.54 to 0.89", "0.3*"], "note": ["a", ""]})
    {'95% CI': [1]}
    """
    fits = _FORMS["interval"].fullmatch
    found = {}
    for name, values in cells.items():
        if quantities_in(name, "interval") and any(map(fits, map(str.strip, values))):
            found[name] = [
                i
                for i, value in enumerate(values)
                if not is_missing(value) and not fits(value.strip())
            ]
    return found


def _figures(pattern: re.Pattern[str], value: str, count: int) -> list[str]:
    match = pattern.fullmatch(value.strip())
    if match is None:
        return [""] * count
    return [group.strip().replace("- ", "-") for group in match.groups() if group][:count]
