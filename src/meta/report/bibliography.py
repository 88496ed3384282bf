"""The bibliography of a project, checked before anything runs and without links to copies."""

from __future__ import annotations

from pathlib import Path

from pybtex.database import BibliographyData, parse_string
from pybtex.exceptions import PybtexError
from pybtex.richtext import Text

from meta.errors import DataError
from meta.report.links import without_copies


def read_bibliography(path: Path) -> str:
    """Read a BibTeX file for the site.

    Parameters
    ----------
    path : pathlib.Path
        The file.

    Returns
    -------
    str
        Its text; copies on sharing sites are named instead of linked.

    Raises
    ------
    DataError
        If the file is not BibTeX, or a field cannot be written out as text.
    """
    text = path.read_text(encoding="utf-8")
    try:
        listed = parse_string(text, "bibtex")
    except PybtexError as error:
        raise DataError.from_faults(
            path.name, [f"{error}; needed: BibTeX, each entry with one key and closed braces"]
        ) from None
    if faults := _unreadable(listed):
        raise DataError.from_faults(path.name, faults)
    return without_copies(text)


def _unreadable(listed: BibliographyData) -> list[str]:
    faults = []
    for key, entry in listed.entries.items():
        for name, value in entry.fields.items():
            try:
                Text.from_latex(value)
            except PybtexError:
                faults.append(
                    f"{key}, {name}: {value!r} does not close its braces (a percent sign begins "
                    "a remark in TeX: write \\%)"
                )
    return faults
