"""What is asked? The question of a folder, in its own words and columns.

Nothing else in the package knows a topic: what is given, what stands against it, which rows answer
the question and which of them are trusted most stand in ``datapackage.json`` under ``question``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from meta.evidence.addresses import address_problem
from meta.evidence.faults import Fault, closest
from meta.wording import listed

# how a set of rows is chosen: by column, the values that a row may have
Filters = Mapping[str, tuple[str, ...]]

_RANDOMISED: Filters = {"randomised": ("yes",)}
_BLIND: Filters = {"blinding": ("double",), "control": ("placebo",)}
_TEXTS = ("title", "treatment", "control", "dose", "site_url", "contact")
_FILTERS = ("primary", "trusted")


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """The form of the treatment that is asked about, such as one extract or one device.

    Attributes
    ----------
    column, value : str
        Which column of ``trials`` names the form, and what stands there for the one asked about.
    label : str
        How it is called in a sentence.
    """

    column: str
    value: str
    label: str

    def own(self, rows: pd.DataFrame) -> pd.Series[bool]:
        """Say which rows are of this form; none is where the column is absent."""
        if self.column not in rows:
            return pd.Series(False, index=rows.index)
        return rows[self.column] == self.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked, and which rows answer it.

    Attributes
    ----------
    title : str
        The question in words; "" if the folder does not say.
    treatment, control : str
        What the two arms are called in tables and sentences.
    form : Form or None
        The form of the treatment that is asked about; None if there is only one.
    dose : str
        Column of ``trials`` with the dose; "" if there is none.
    primary : mapping of str to tuple of str
        Which rows answer the question: by column, the values that are taken.
    trusted : mapping of str to tuple of str
        Which of these are best protected from bias, by design.
    people : tuple of str
        Codes of ``trials.population_group``: of whom a claim speaks that names nobody; empty if
        of anybody.
    site_url, contact : str
        Where the report stands, and whom to write to; "" if not said.

    Examples
    --------
    >>> Question().treatment
    'Treatment'
    >>> import meta
    >>> meta.load_evidence("data").question.primary["control"]
    ('placebo', 'no_treatment')
    """

    title: str = ""
    treatment: str = "Treatment"
    control: str = "Control"
    form: Form | None = None
    dose: str = ""
    primary: Filters = field(default_factory=lambda: dict(_RANDOMISED))
    trusted: Filters = field(default_factory=lambda: dict(_BLIND))
    people: tuple[str, ...] = ()
    site_url: str = ""
    contact: str = ""


def chosen_by(filters: Filters, rows: pd.DataFrame) -> pd.Series[bool]:
    """Say which rows pass filters; a column that the rows lack filters nothing.

    Examples
    --------
    >>> rows = pd.DataFrame({"control": ["placebo", "active", None]})
    >>> chosen_by({"control": ("placebo",), "route": ("oral",)}, rows).tolist()
    [True, False, False]
    """
    keep = pd.Series(True, index=rows.index)
    for column, values in filters.items():
        if column in rows:
            keep &= rows[column].isin(values)
    return keep


def read_question(found: Any, file: str, faults: list[Fault]) -> Question:
    """Read the ``question`` of a data dictionary.

    Parameters
    ----------
    found : object
        What stands under ``question``; None if nothing does.
    file : str
        The dictionary, for the faults.
    faults : list of Fault
        Whatever cannot be read is added here.

    Returns
    -------
    Question
        With neutral words and randomised trials where the dictionary says nothing.
    """
    if found is None:
        return Question()

    def fault(said: str, remedy: str) -> None:
        faults.append(Fault(file=file, key="question", found=said, remedy=remedy))

    if not isinstance(found, dict):
        fault("it is no object", 'Write "question": {"title": "...", "treatment": "..."}.')
        return Question()
    known = (*_TEXTS, "form", *_FILTERS, "people")
    values: dict[str, Any] = {}
    for name, value in found.items():
        if name in _TEXTS and isinstance(value, str):
            values[name] = value
            mail = name == "contact" and value.startswith("mailto:")
            if name in ("site_url", "contact") and not mail and (why := address_problem(value)):
                fault(f"{name} is {value!r}, no web address ({why})", _NEEDED[name])
        elif name in _FILTERS and _is_filters(value):
            values[name] = {column: tuple(wanted) for column, wanted in value.items()}
        elif name == "people" and _is_texts(value):
            values[name] = tuple(value)
        elif name == "form" and _is_form(value):
            values[name] = Form(**value)
        elif name in known:
            fault(f"{name} is {value!r}", _NEEDED.get(name, "Write a text."))
        else:
            fault(f"there is no {name!r}. {closest(name, known)}".rstrip(), f"Use {listed(known)}.")
    return Question(**values)


_NEEDED = {
    "site_url": "Give the full address, beginning with https:// or http://.",
    "contact": "Give an address that begins with https://, or mailto: with one of e-mail.",
    "form": 'Write {"column": "...", "value": "...", "label": "..."}.',
    "people": 'Write a list of codes, as in ["general", "healthy"].',
    "primary": 'Write for each column a list of values, as in {"control": ["placebo"]}.',
    "trusted": 'Write for each column a list of values, as in {"blinding": ["double"]}.',
}


def _is_filters(value: Any) -> bool:
    return isinstance(value, dict) and all(map(_is_texts, value.values()))


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(each, str) for each in value)


def _is_form(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and set(value) == {"column", "value", "label"}
        and all(isinstance(text, str) and text for text in value.values())
    )
