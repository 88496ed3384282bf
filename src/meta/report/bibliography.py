"""Can the bibliography of a project be read?"""

from __future__ import annotations

import re
from pathlib import Path

from pybtex.database import BibliographyData, parse_string
from pybtex.exceptions import PybtexError
from pybtex.richtext import Text

from meta.errors import DataError
from meta.evidence.addresses import address_problem

_LINK = re.compile(r"\\(?:url|href)\s*\{([^}]*)\}")


def check_bibliography(path: Path) -> None:
    """Refuse a BibTeX file that the site could not show.

    Parameters
    ----------
    path : pathlib.Path
        The file.

    Raises
    ------
    DataError
        If the file is not BibTeX, a field cannot be written out as text, or an address does not
        lead to the web.
    """
    try:
        listed = parse_string(path.read_text(encoding="utf-8"), "bibtex")
    except PybtexError as error:
        raise DataError.from_faults(
            path.name, [f"{error}; needed: BibTeX, each entry with one key and closed braces"]
        ) from None
    if faults := _unreadable(listed):
        raise DataError.from_faults(path.name, faults)


def _unreadable(listed: BibliographyData) -> list[str]:
    faults = []
    for key, entry in listed.entries.items():
        for name, value in entry.fields.items():
            addresses = [value] if name == "url" else _LINK.findall(value)
            faults += [
                f"{key}, {name}: {address!r} is no web address ({why})"
                for address in addresses
                if (why := address_problem(address.replace("\\", "")))
            ]
            try:
                Text.from_latex(value)
            except PybtexError:
                faults.append(
                    f"{key}, {name}: {value!r} does not close its braces (a percent sign begins "
                    "a remark in TeX: write \\%)"
                )
    return faults
