"""How does somebody's table of studies become the tables of a project?"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import pandas as pd

from meta.errors import DataError
from meta.evidence.column_names import NUMBERS
from meta.evidence.rules import needs_verdict
from meta.evidence.study_table import StudyTable
from meta.evidence.workbooks import as_text

Row = dict[str, str]
# the effect measure that columns give, if nobody says another
_MEASURES = {
    ("events_t", "events_c"): "RR",
    ("mean_t", "mean_c"): "SMD",
    ("yi",): "GEN",
}
_TAKEN = ("label", "study_id", "author", "year", "arm_t", "arm_c", "p_value")
_YEARS = range(1900, 2101)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a table of studies does not say of itself.

    Attributes
    ----------
    outcome : str
        What was measured.
    measure : str
        Effect measure.
    lower_is_better : bool
        The good direction.
    """

    outcome: str
    measure: str
    lower_is_better: bool

    @classmethod
    def of(
        cls, table: StudyTable, outcome: str, measure: str | None, lower_is_better: bool | None
    ) -> Self:
        """Take what was said, and what the table shows.

        Raises
        ------
        DataError
            If `outcome` is no name, nobody says the good direction, or neither anybody nor a
            column says the measure.
        """
        if not re.fullmatch(r"[a-z0-9_]+", outcome):
            raise DataError(f"outcome={outcome!r}; needed: small letters, digits and _")
        if lower_is_better is None:
            raise DataError(
                f"{table.file}: a table does not say which way is good; say it (--lower-is-better "
                "yes where a lower value or fewer events are better, else no)"
            )
        given = measure or table.measure
        shown = [of for names, of in _MEASURES.items() if set(names) <= set(table.fields)]
        if not given and not shown:
            raise DataError(
                f"{table.file}: no column says the effect measure; name it (--measure RR, SMD, ...)"
            )
        return cls(outcome=outcome, measure=given or shown[0], lower_is_better=lower_is_better)


def tables_of(table: StudyTable, asked: Asked, package: dict[str, Any]) -> dict[str, list[Row]]:
    """Fill the tables of a project with the rows of a table of studies.

    Parameters
    ----------
    table : StudyTable
        One study a row, or several rows a study. Nothing of it is computed with.
    asked : Asked
        What it does not say.
    package : dict
        The data dictionary; columns that the table has beyond it are added, in place.

    Returns
    -------
    dict of str to list of dict
        Rows of ``trials``, ``results``, ``outcomes`` and, where the measure can be tested,
        ``claims`` and ``claim_tests``, with one claim that is marked as an example.
    """
    fields = {each["name"]: each["schema"]["fields"] for each in package["resources"]}
    frame = table.frame
    studies = _studies(frame)
    of_trial, of_result = _further(table, fields, studies)
    texts = frame.map(as_text).to_dict("records")
    trials: dict[str, Row] = {}
    results: list[Row] = []
    known = {field["name"] for field in fields["results"]} & {*NUMBERS, "p_value", "arm_t", "arm_c"}
    verdicts = needs_verdict(frame.assign(result_type=_kind(frame)))
    for i, (study, label) in enumerate(studies):
        cells = texts[i]
        if study not in trials:
            year = cells.get("year", "")
            trials[study] = {"study_id": study, "label": label}
            trials[study] |= {"year": year} if year.isdigit() and int(year) in _YEARS else {}
            trials[study] |= {name: cells[own] for own, name in of_trial.items()}
        number = sum(row["study_id"] == study for row in results) + 1
        row = {
            "result_id": f"{study}-{asked.outcome}-{number}",
            "study_id": study,
            "outcome": asked.outcome,
            "result_type": _kind(frame),
            "lower_is_better": "yes" if asked.lower_is_better else "no",
            "locator": f"{Path(table.file).name}, row {table.lines[i]}",
        }
        row |= {name: cells[name] for name in known if name in cells}
        row |= {name: cells[own] for own, name in of_result.items()}
        if row.get("estimate"):
            row["effect_unit"] = asked.measure
        if row.get("p_value"):
            row["p_contrast"] = "between_arms"
        if verdicts.iloc[i]:
            row["favours"] = "not_stated"
        results.append(row)
    return {"trials": list(trials.values()), "results": results, **_asked(asked, fields)}


def _kind(frame: pd.DataFrame) -> str:
    """Tell what the figures are; means count as scores at the end, as everywhere here."""
    if {"events_t", "events_c"} <= set(frame):
        return "events"
    return "post" if "mean_t" in frame else "difference"


def _studies(frame: pd.DataFrame) -> list[tuple[str, str]]:
    """Return for each row the key of its study and the study's name, which ends in the year."""
    keys: dict[str, tuple[str, str]] = {}
    found = []
    columns = (_column(frame, name) for name in ("label", "year", "study_id"))
    for i, (name, year, own) in enumerate(zip(*columns, strict=True)):
        label = name or f"Study {i + 1}"
        label = label if year in label else f"{label} {year}"
        one = own or label
        if one not in keys:
            taken, labels = ({pair[part] for pair in keys.values()} for part in (0, 1))
            keys[one] = (_unlike(_slug(one) or "study", taken), _unlike(label, labels, " "))
        found.append(keys[one])
    return found


def _column(frame: pd.DataFrame, name: str) -> list[str]:
    return [as_text(cell) for cell in frame[name]] if name in frame else [""] * len(frame)


def _slug(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return "_".join(re.findall(r"[a-z0-9]+", plain))


def _unlike(name: str, taken: set[str], mark: str = "_") -> str:
    number, found = 1, name
    while found in taken:
        number += 1
        found = f"{name}{mark}{number}"
    return found


def _further(
    table: StudyTable, fields: Mapping[str, list[dict[str, Any]]], studies: list[tuple[str, str]]
) -> tuple[dict[str, str], dict[str, str]]:
    """Describe the columns beyond the dictionary: those of trials, and those of results."""
    frame = table.frame
    described = {field["name"] for name in ("trials", "results") for field in fields[name]}
    one_each = pd.Series([study for study, _ in studies], index=frame.index)
    of_trial: dict[str, str] = {}
    of_result: dict[str, str] = {}
    for own in map(str, frame):
        figure = own in NUMBERS
        if own in _TAKEN or (figure and own in described):
            continue
        name = _unlike(own if figure else _slug(own) or "column", described)
        described.add(name)
        texts = pd.DataFrame({"study": one_each, "text": frame[own].map(as_text)})
        constant = not texts.drop_duplicates()["study"].duplicated().any()
        place = "trials" if constant and not figure else "results"
        (of_trial if place == "trials" else of_result)[own] = name
        kind = "number" if pd.api.types.is_numeric_dtype(frame[own]) else "string"
        said = " + ".join(map(repr, table.fields.get(own, [own])))
        fields[place].append(
            {"name": name, "type": kind, "description": f"Taken from {said} of the table read."}
        )
    return of_trial, of_result


def _asked(asked: Asked, fields: Mapping[str, list[dict[str, Any]]]) -> dict[str, list[Row]]:
    """Write the row of the outcome, and a claim to replace."""
    words = asked.outcome.replace("_", " ")
    testable = next(f for f in fields["outcomes"] if f["name"] == "measure")["constraints"]["enum"]
    outcome = {"outcome": asked.outcome, "words": words, "title": words.capitalize()}
    outcome |= {"rated": "yes", "without_flagged": "no", "page": "01_answer"}
    if asked.measure not in testable:
        return {"outcomes": [outcome | {"rated": "no"}]}
    claim = {
        "claim_id": "a0-c01",
        "article_file": "000_example.txt",
        "article_label": "EXAMPLE article",
        "claim_paraphrase": f"EXAMPLE claim, to be replaced: the treatment is good for {words}",
        "group": "works",
        "outcome_key": asked.outcome,
    }
    test = {"claim_id": "a0-c01", "kind": "superiority", "outcome": asked.outcome}
    test |= {"measure": asked.measure, "source_named": "no"}
    test |= {"rationale": "EXAMPLE: trials against a control say whether it is better."}
    outcome |= {"measure": asked.measure, "card": words.capitalize()}
    return {"outcomes": [outcome], "claims": [claim], "claim_tests": [test]}
