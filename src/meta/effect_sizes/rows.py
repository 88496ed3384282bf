"""What does a row of reported results hold? Reads mixed forms and refuses what is wrong."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

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

_Check = tuple[Callable[[float], bool], str]
_ANY: _Check = (math.isfinite, "a number")
_SD: _Check = (lambda x: x > 0, "a standard deviation > 0")
_PEOPLE: _Check = (lambda x: x >= 1 and x == int(x), "a whole number of people >= 1")
_EVENTS: _Check = (lambda x: x >= 0 and x == int(x), "a whole number of events >= 0")
_TIME: _Check = (lambda x: x >= 0, "weeks >= 0")

NUMBERS: dict[str, _Check] = {
    **{f"{name}_{arm}": check for arm in "tc" for name, check in {
        "n": _PEOPLE, "mean": _ANY, "sd": _SD, "base_mean": _ANY, "base_sd": _SD, "events": _EVENTS,
        "q1": _ANY, "q3": _ANY, "min": _ANY, "max": _ANY,
    }.items()},
    "estimate": _ANY,
    "ci_low": _ANY,
    "ci_high": _ANY,
    "ci_level": (lambda x: 0 < x < 1 or 50 <= x < 100, "a level such as 95 (percent) or 0.95"),
    "se": (lambda x: x > 0, "a standard error > 0"),
    "time_weeks": _TIME,
    "n_randomised": _PEOPLE,
    "n_arms": (lambda x: x >= 1 and x == int(x), "a whole number of arms >= 1"),
    "sd_reference": _SD,
    "sd_low": _SD,
    "sd_high": _SD,
}  # fmt: skip

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


def read_rows(results: pd.DataFrame, lower_is_better: bool | None = None) -> list[Row]:
    """Read a table of results, row by row.

    Parameters
    ----------
    results : pandas.DataFrame
        Columns as in ``data/results.csv``, joined with trials; fewer will do (see
        :func:`meta.effects`).
    lower_is_better : bool, optional
        Direction of the scale where the table does not say it.

    Returns
    -------
    list of Row
        One for each row, in order.

    Raises
    ------
    DataError
        With a line for each fault, naming row, column, what was found and what is needed.
    """
    if not isinstance(results, pd.DataFrame):
        raise DataError(
            f"results is a {type(results).__name__}; give a pandas.DataFrame with one row for each "
            "reported result (evidence.select(...) returns one)"
        )
    if "study_id" not in results and "label" not in results:
        raise DataError("results has neither a column study_id nor label; name the study of a row")
    repeated = sorted({str(name) for name in results.columns[results.columns.duplicated()]})
    if repeated:
        raise DataError(f"results has several columns of one name: {', '.join(repeated)}")
    columns = {str(name): list(results[name]) for name in results.columns}
    same_trial = _same_trial(columns)
    faults: list[str] = []
    rows = [
        _read_row(position, columns, same_trial, lower_is_better, faults)
        for position in range(len(results))
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


def _missing(value: Any) -> bool:
    return value is None or value is pd.NA or value == "" or (value != value)


def _text(value: Any) -> str:
    return str(value).strip()


def _same_trial(columns: Mapping[str, list[Any]]) -> dict[str, str]:
    """Map each study to the study it is another report of."""
    if "same_trial_as" not in columns or "study_id" not in columns:
        return {}
    pairs = zip(columns["study_id"], columns["same_trial_as"], strict=True)
    return {_text(study): _text(other) for study, other in pairs if not _missing(other)}


def _trial_of(study: str, same_trial: Mapping[str, str]) -> str:
    seen = [study]
    while (other := same_trial.get(seen[-1])) is not None:
        if other in seen:  # two reports that point at each other: any fixed one of them will do
            return min(seen)
        seen.append(other)
    return seen[-1]


def _read_row(
    position: int,
    columns: Mapping[str, list[Any]],
    same_trial: Mapping[str, str],
    lower_is_better: bool | None,
    faults: list[str],
) -> Row:
    cells = {
        name: values[position] for name, values in columns.items() if not _missing(values[position])
    }
    study = _text(cells.get("study_id", cells.get("label", "")))
    result_id = _text(cells.get("result_id", f"{study or 'row'}[{position}]"))
    if not study:
        faults.append(f"{result_id}, column study_id: missing; needed: the study of the row")

    def fault(column: str, needed: str) -> None:
        faults.append(f"{result_id}, column {column}: {cells[column]!r}; needed: {needed}")

    numbers: dict[str, float] = {}
    for name, (holds, needed) in NUMBERS.items():
        if name not in cells:
            continue
        number = _number(cells[name])
        if number is None or not holds(number):
            fault(name, needed)
        else:
            numbers[name] = number
    numbers.update(_level(numbers))
    faults += [f"{result_id}, {line}" for line in _relations(numbers)]
    result_type = _result_type(cells, numbers)
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
        trial=_trial_of(study, same_trial),
        result_type=result_type,
        numbers=numbers,
        p=p,
        lower_is_better=direction,
        paired=bool(paired),
        duration_weeks=_duration(cells.get("duration_weeks")),
        texts={name: _text(value) for name, value in cells.items() if name not in NUMBERS},
        known_columns=frozenset(columns),
    )


def _number(value: Any) -> float | None:
    if isinstance(value, bool):
        return None
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None


def _level(numbers: Mapping[str, float]) -> dict[str, float]:
    """Bring a confidence level in percent to a share."""
    level = numbers.get("ci_level")
    return {"ci_level": level / 100} if level is not None and level > 1 else {}


def _relations(numbers: Mapping[str, float]) -> list[str]:
    """Check what cells of one row must satisfy together."""
    faults = []
    for arm in "tc":
        people, events = numbers.get(f"n_{arm}"), numbers.get(f"events_{arm}")
        if people is not None and events is not None and events > people:
            faults.append(
                f"column events_{arm}: {events:g} events in n_{arm} = {people:g} people; needed: "
                "at most one for each person"
            )
        if people is not None and people < 2 and f"sd_{arm}" in numbers:
            faults.append(f"column n_{arm}: {people:g} with an SD; needed: at least 2 people")
    low, high = numbers.get("ci_low"), numbers.get("ci_high")
    if low is not None and high is not None and low >= high:
        faults.append(f"column ci_low: {low:g} with ci_high = {high:g}; needed: low below high")
    return faults


def _result_type(cells: Mapping[str, Any], numbers: Mapping[str, float]) -> str:
    """Read the result type; in a table that has none, the filled cells say it."""
    if "result_type" in cells:
        return _text(cells["result_type"])
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
