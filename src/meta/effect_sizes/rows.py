"""What does a row of reported results hold? Reads mixed forms and refuses what is wrong."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from meta.arguments import LARGEST
from meta.effect_sizes.inputs import (
    ANY_NUMBER,
    EVENTS,
    PERSON_TIME,
    SIZE_FOR_COUNTS,
    STANDARD_DEVIATION,
    STANDARD_ERROR,
    Rule,
)
from meta.effect_sizes.p_values import PValue, parse_p
from meta.errors import DataError

RESULT_TYPES = (
    "post",
    "change",
    "difference",
    "events",
    "median_iqr",
    "single_arm_change",
    "proportion",
)

_TIME = Rule(lambda x: x >= 0, "weeks >= 0")
_ONE_ARM = {
    "n": SIZE_FOR_COUNTS, "mean": ANY_NUMBER, "sd": STANDARD_DEVIATION, "base_mean": ANY_NUMBER,
    "base_sd": STANDARD_DEVIATION, "events": EVENTS, "time": PERSON_TIME, "q1": ANY_NUMBER,
    "q3": ANY_NUMBER, "min": ANY_NUMBER, "max": ANY_NUMBER,
}  # fmt: skip

NUMBERS: dict[str, Rule] = {
    **{f"{name}_{arm}": rule for arm in "tc" for name, rule in _ONE_ARM.items()},
    "yi": ANY_NUMBER,
    "vi": Rule(lambda x: x > 0, "a sampling variance > 0"),
    "sei": STANDARD_ERROR,
    "estimate": ANY_NUMBER,
    "ci_low": ANY_NUMBER,
    "ci_high": ANY_NUMBER,
    "ci_level": Rule(
        lambda x: (x > 0) & (x < 1) | (x >= 50) & (x < 100), "a level such as 95 (percent) or 0.95"
    ),
    "se": STANDARD_ERROR,
    "time_weeks": _TIME,
    "n_randomised": SIZE_FOR_COUNTS,
    "n_arms": Rule(lambda x: (x >= 1) & (x == np.floor(x)), "a whole number of arms >= 1"),
    "sd_reference": STANDARD_DEVIATION,
    "sd_low": STANDARD_DEVIATION,
    "sd_high": STANDARD_DEVIATION,
}
# what nobody means who types a number: underscores, infinity, digits of other scripts
_AS_TYPED = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")

_YES_NO = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}
_FAVOURS = ("treated", "control", "neither", "not_stated")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One reported result, its cells checked.

    Attributes
    ----------
    position : int
        Place in the table that came in, from 0.
    result_id, study_id, label : str
        Key of the row, its study, and the study's name for readers.
    trial : str
        The trial that the study reports; shared by all reports of one trial.
    result_type : str
        One of `RESULT_TYPES`.
    numbers : mapping of str to float
        The numeric cells that are filled.
    p : PValue or None
        The printed p-value; None if there is none or it is in words.
    lower_is_better : bool or None
        Direction of the scale; None if it was not said.
    paired : bool
        The two columns hold the same people.
    duration_weeks : float or None
        End of treatment.
    texts : mapping of str to str
        The other cells that are filled.
    known_columns : frozenset of str
        Columns of the table that came in.
    """

    position: int
    result_id: str
    study_id: str
    label: str
    trial: str
    result_type: str
    numbers: Mapping[str, float]
    p: PValue | None
    lower_is_better: bool | None
    paired: bool
    duration_weeks: float | None
    texts: Mapping[str, str]
    known_columns: frozenset[str]

    def has(self, *names: str) -> bool:
        """Say whether all these numeric cells are filled."""
        return all(name in self.numbers for name in names)

    def __getitem__(self, name: str) -> float:
        return self.numbers[name]

    def text(self, name: str) -> str:
        """Return a text cell; "" if it is empty or there is no such column."""
        return self.texts.get(name, "")

    def printed(self, name: str) -> str:
        """Say where a figure stands: quoted, or what `figures_not_quoted` says of it."""
        if "figures_not_quoted" not in self.known_columns:
            return ""
        listed = dict(part.split("=", 1) for part in self.text("figures_not_quoted").split())
        return listed.get(name, "quoted")


def read_rows(
    results: pd.DataFrame,
    lower_is_better: bool | None = None,
    arguments: Mapping[str, Rule] | None = None,
    where: Sequence[int] | None = None,
) -> list[Row]:
    """Read a table of results, row by row.

    Parameters
    ----------
    results : pandas.DataFrame
        Columns as in ``data/results.csv``, joined with trials; fewer will do (see
        :func:`meta.effects`).
    lower_is_better : bool, optional
        Direction of the scale where the table does not say it.
    arguments : mapping of str to Rule, optional
        Further cells that hold numbers, with the rule of each.
    where : sequence of int, optional
        Positions of the rows to read; all by default.

    Returns
    -------
    list of Row
        One for each row, in order.

    Raises
    ------
    DataError
        With a line for each fault, naming row, column, what was found and what is needed.
    """
    positions = range(len(results)) if where is None else where
    chosen = results if where is None else results.iloc[list(where)]
    columns = {str(name): chosen[name].tolist() for name in chosen}
    same_trial = _same_trial(columns)
    faults: list[str] = []
    rows = [
        _read_row(i, position, columns, arguments or {}, same_trial, lower_is_better, faults)
        for i, position in enumerate(positions)
    ]
    seen: dict[str, int] = {}
    for row in rows:
        seen[row.result_id] = seen.get(row.result_id, 0) + 1
    faults += [
        f"{name}: {count} rows with this result_id; needed: one key for each row"
        for name, count in seen.items()
        if count > 1
    ]
    if faults:
        raise DataError.from_faults("results", faults)
    return rows


def missing(value: Any) -> bool:
    """Say whether a cell is empty."""
    return value is None or value is pd.NA or value == "" or (value != value)


def _text(value: Any) -> str:
    return str(value).strip()


def _same_trial(columns: Mapping[str, list[Any]]) -> dict[str, str]:
    """Map each study to the study it is another report of."""
    if "same_trial_as" not in columns or "study_id" not in columns:
        return {}
    pairs = zip(columns["study_id"], columns["same_trial_as"], strict=True)
    return {_text(study): _text(other) for study, other in pairs if not missing(other)}


def _trial_of(study: str, same_trial: Mapping[str, str]) -> str:
    seen = [study]
    while (other := same_trial.get(seen[-1])) is not None:
        if other in seen:  # two reports that point at each other: any fixed one of them will do
            return min(seen)
        seen.append(other)
    return seen[-1]


def _read_row(
    i: int,
    position: int,
    columns: Mapping[str, list[Any]],
    arguments: Mapping[str, Rule],
    same_trial: Mapping[str, str],
    lower_is_better: bool | None,
    faults: list[str],
) -> Row:
    cells = {name: values[i] for name, values in columns.items() if not missing(values[i])}
    study = _text(cells.get("study_id", cells.get("label", f"study {position + 1}")))
    result_id = _text(cells.get("result_id", f"{study}[{position}]"))
    if "study_id" in columns and "study_id" not in cells:
        faults.append(f"{result_id}, column study_id: missing; needed: the study of the row")

    def fault(column: str, needed: str) -> None:
        faults.append(f"{result_id}, column {column}: {cells[column]!r}; needed: {needed}")

    rules = {**arguments, **NUMBERS}
    numbers: dict[str, float] = {}
    for name in (name for name in cells if name in rules):
        number = _number(cells[name])
        if number is None or not rules[name].holds(np.asarray(number)):
            fault(name, rules[name].needed)
        else:
            numbers[name] = number
    numbers.update(_level(numbers))
    faults += [f"{result_id}, {line}" for line in _relations(numbers)]
    result_type = _result_type(cells, numbers, arguments)
    if result_type not in RESULT_TYPES:
        faults.append(
            f"{result_id}, column result_type: {cells.get('result_type', 'missing')!r}; needed: "
            f"one of {', '.join(RESULT_TYPES)}"
        )
    direction = lower_is_better
    if "lower_is_better" in cells:
        direction = _YES_NO.get(_text(cells["lower_is_better"]).lower())
        if direction is None:
            fault("lower_is_better", "yes or no")
    if "favours" in cells and _text(cells["favours"]) not in _FAVOURS:
        fault("favours", f"one of {', '.join(_FAVOURS)}")
    p, p_fault = _p_value(cells.get("p_value"))
    if p_fault:
        fault("p_value", p_fault)
    paired = _paired(cells, numbers)
    if paired is None:
        fault("paired", "yes or no")
    return Row(
        position=position,
        result_id=result_id,
        study_id=study,
        label=_text(cells.get("label", study)),
        # only a study_id says that two rows report one trial; a name is a text
        trial=_trial_of(study, same_trial) if "study_id" in columns else result_id,
        result_type=result_type,
        numbers=numbers,
        p=p,
        lower_is_better=direction,
        paired=bool(paired),
        duration_weeks=_duration(cells.get("duration_weeks")),
        texts={name: _text(value) for name, value in cells.items() if name not in rules},
        known_columns=frozenset(columns),
    )


def _number(value: Any) -> float | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, str) and not _AS_TYPED.fullmatch(value.strip()):
        return None
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if abs(number) <= LARGEST else None


def _level(numbers: Mapping[str, float]) -> dict[str, float]:
    """Bring a confidence level in percent to a share."""
    level = numbers.get("ci_level")
    return {"ci_level": level / 100} if level is not None and level > 1 else {}


def _relations(numbers: Mapping[str, float]) -> list[str]:
    """Check what cells of one row must satisfy together."""
    faults = []
    time = "time_t" in numbers or "time_c" in numbers
    for arm in ("_t", "_c", ""):
        people, events = numbers.get(f"n{arm}"), numbers.get(f"events{arm}")
        # events in person-time may be more than people
        if people is not None and events is not None and events > people and not time:
            faults.append(
                f"column events{arm}: {events:g} events in n{arm} = {people:g} people; needed: "
                "at most one for each person"
            )
        if people is not None and people < 2 and f"sd{arm}" in numbers:
            faults.append(f"column n{arm}: {people:g} with an SD; needed: at least 2 people")
    low, high = numbers.get("ci_low"), numbers.get("ci_high")
    if low is not None and high is not None and low >= high:
        faults.append(f"column ci_low: {low:g} with ci_high = {high:g}; needed: low below high")
    return faults


def _result_type(
    cells: Mapping[str, Any], numbers: Mapping[str, float], arguments: Mapping[str, Rule]
) -> str:
    """Read the result type; in a table that has none, the filled cells say it."""
    if "result_type" in cells:
        return _text(cells["result_type"])
    if "mean_t" in arguments and {"mean_t", "mean_c"} <= numbers.keys():
        return "post"
    if "events_t" in numbers or "events_c" in numbers:
        return "events"
    return "post" if "mean_t" in numbers or "mean_c" in numbers else "difference"


def _p_value(cell: Any) -> tuple[PValue | None, str]:
    """Read a p-value: its figure, or nothing if it is in words ("ns"), or a fault."""
    if cell is None:
        return None, ""
    text = _text(cell)
    if not any(character.isdigit() for character in text):
        return None, ""
    try:
        return parse_p(text), ""
    except DataError:
        return None, "a p-value in (0, 1], with or without a bound such as <, or words"


def _paired(cells: Mapping[str, Any], numbers: Mapping[str, float]) -> bool | None:
    """Say whether the two columns are the same people.

    In a crossover they are, unless the columns count different numbers of people: then they are two
    groups (usually the first period). A column `paired` decides where that is wrong.
    """
    if "paired" in cells:
        return _YES_NO.get(_text(cells["paired"]).lower())
    if _text(cells.get("design", "")) != "crossover":
        return False
    return numbers.get("n_t") == numbers.get("n_c")


def _duration(cell: Any) -> float | None:
    """Read a duration in weeks; a range ("4-6") ends at its upper end."""
    return None if cell is None else _number(_text(cell).rsplit("-", 1)[-1])
