"""Answers on record: what calls gave when they were last read, in every number and every word.

That a number is right is shown elsewhere, by closed forms and by other programs. Here every public
attribute of an answer is held together with its texts, so that nothing moves unnoticed. After a
change that is meant, write them anew, and read what ``git diff`` says::

    python tests/recorded.py synthesis
"""

from __future__ import annotations

import importlib
import inspect
import json
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import is_dataclass
from functools import cache, partial
from numbers import Number
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from meta.effect_sizes.container import Effects
from meta.errors import DataError, NotComparable, NotConverged, TooFewStudies

HERE = Path(__file__).parent
# where a likelihood is flat its search ends within 1e-5 on processors of other kinds
CLOSE = {"rel": 1e-5, "abs": 1e-7}
REFUSALS = (DataError, NotComparable, NotConverged, TooFewStudies)
# of what is longer, the ends and the sum
LONG = 9
PRINTED = re.compile(r"\d+(?:\.\d+)?")
# what is large, or holds the same numbers once more
LEFT_OUT = {
    "effects",
    "refit",
    "subset",
    "faults",
    "to_dict",
    "scale",
    "posterior",
    "checks",
    "sensitivity",
    "density",
}
Calls = Mapping[str, Callable[[], Any]]


def seen(call: Callable[[], Any]) -> dict[str, Any]:
    """Everything that a call answers, or the words in which it refuses."""
    try:
        found = plain(call())
    except REFUSALS as error:
        return {"refused": type(error).__name__, "says": str(error).splitlines()}
    return found if isinstance(found, dict) else {"answer": found}


def plain(value: Any, *, inside: bool = False) -> Any:
    """Write an answer in numbers, texts, lists and mappings."""
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, Number | np.generic) and not isinstance(value, np.bool_):
        number = float(value)  # type: ignore[arg-type]
        return float(f"{number:.9g}") if np.isfinite(number) else str(number)
    if isinstance(value, np.bool_):
        return bool(value)
    if isinstance(value, pd.DataFrame):
        numbered = list(value.index) == list(range(len(value)))
        names = {} if numbered else {"rows": plain(value.index)}
        filled = [name for name in value if not value[name].isna().all() or value.empty]
        return names | {str(name): plain(value[name]) for name in filled}
    if isinstance(value, Mapping):
        return {str(name): plain(one, inside=inside) for name, one in value.items()}
    if isinstance(value, Effects):
        return of_effects(value)
    if is_dataclass(value):
        return str(value).splitlines() if inside else of_object(value)
    if isinstance(value, Iterable):
        return shortened([plain(one, inside=inside) for one in value])
    return str(value)


def of_effects(effects: Effects) -> dict[str, Any]:
    """Write effects with how each came about, and what gave none."""
    steps = {name: str(one).splitlines() for name, one in effects.derivations.items()}
    parts = {"table": effects.table, "left out": effects.excluded, "rejected": effects.rejected}
    parts |= {"yi": effects.yi, "vi": effects.vi, "silent": effects.silent["label"].to_list()}
    parts |= {"notes": effects.notes, "remarks": effects.remarks, "says": str(effects).splitlines()}
    found = {name: plain(part) for name, part in parts.items() if len(part)}
    facts = {"people": effects.n_total, "lower_is_better": effects.lower_is_better}
    return found | facts | {"dependence": effects.dependence} | steps


def shortened(values: list[Any]) -> Any:
    """Keep of a long list of numbers its ends and its sum."""
    if len(values) <= LONG or isinstance(values[0], str):
        return values
    numbers = [one for one in values if isinstance(one, float)]
    return {"of": len(values), "ends": values[:2] + values[-2:], "sum": plain(sum(numbers))}


def of_object(answer: Any) -> dict[str, Any]:
    """Write the public attributes of an answer, and what its methods say that need no argument."""
    text = str(answer)
    found: dict[str, Any] = {"says": text.splitlines()}
    for name in dir(answer):
        if name.startswith("_") or name in LEFT_OUT:
            continue
        try:
            one = getattr(answer, name)
        except NotImplementedError:  # what only some answers of the kind have
            continue
        if callable(one):
            needed = inspect.signature(one).parameters.values()
            if any(each.default is each.empty for each in needed):
                continue
            try:
                one = one()
            except REFUSALS as error:
                one = str(error)
        held = plain(one, inside=True)
        words = held if isinstance(held, list) else [held]
        if not all(isinstance(word, str) and word in text for word in words):
            found[name] = held
    return found


def same_but_for_rounding(now: str, then: str) -> bool:
    """Tell whether only last printed digits differ, by one, as between kinds of processors."""
    if PRINTED.sub("", now) != PRINTED.sub("", then):
        return False
    for one, other in zip(PRINTED.findall(now), PRINTED.findall(then), strict=True):
        decimals = len(one.partition(".")[2])
        if len(other.partition(".")[2]) != decimals or (one != other and not decimals):
            return False
        if abs(float(one) - float(other)) > 1.001 * 10.0**-decimals:
            return False
    return True


def differences(now: Any, then: Any, place: str = "") -> list[str]:
    """Say where two records differ."""
    if isinstance(now, dict) and isinstance(then, dict) and set(now) == set(then):
        return [one for key in now for one in differences(now[key], then[key], f"{place}.{key}")]
    if isinstance(now, list) and isinstance(then, list) and len(now) == len(then):
        pairs = enumerate(zip(now, then, strict=True))
        return [one for i, pair in pairs for one in differences(*pair, f"{place}[{i}]")]
    same = now == then
    if isinstance(now, str) and isinstance(then, str) and not same:
        same = same_but_for_rounding(now, then)
    if isinstance(now, float | int) and isinstance(then, float | int):
        same = now == pytest.approx(then, **CLOSE)
    return [] if same else [f"{place}: {now!r}, on record {then!r}"]


def record_of(stage: str) -> dict[str, Any]:
    """Read what is on record of a stage."""
    return json.loads((HERE / stage / "recorded.json").read_text(encoding="utf-8"))


def held_to_record(stage: str, calls: Calls) -> tuple[Callable[[str], None], Callable[[], None]]:
    """Make the tests that hold the calls of a stage against its record."""
    recorded = cache(partial(record_of, stage))

    @pytest.mark.parametrize("name", calls)
    def test_an_answer(name: str) -> None:
        found = differences(seen(calls[name]), recorded()[name])
        assert found == [], "\n".join(found)

    def test_nothing_else() -> None:
        assert set(recorded()) == set(calls)

    return test_an_answer, test_nothing_else


def write(stage: str) -> None:
    """Put the answers of all calls of a stage on record, one attribute in a line."""
    calls: Calls = importlib.import_module(f"{stage}.test_recorded").CALLS
    lines = []
    for name, call in calls.items():
        held = [
            f"  {json.dumps(key)}: {json.dumps(one, ensure_ascii=False)}"
            for key, one in seen(call).items()
        ]
        lines.append(f" {json.dumps(name)}: {{\n" + ",\n".join(held) + "\n }")
    text = "{\n" + ",\n".join(lines) + "\n}\n"
    (HERE / stage / "recorded.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    for asked in sys.argv[1:]:
        write(asked)
