"""How does a figure read row by row, where a screen has no room for the picture?"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from math import exp, isfinite, log
from typing import Any

import pandas as pd

from meta.wording import exact_decimals, listed, number, with_interval

# a cloud of more points than these is seen, not read
_MOST = 60
# lines across the picture, and the parts of a model, are no rows
_NOT_ROWS = ("reference", "mirrored", "pooled")
_SIDES = {"treated": "Favour the treatment", "control": "Favour the control",
          "none": "Lean to neither", "silent": "Printed no direction"}  # fmt: skip
_RISKS = {"low": "low risk", "some": "some concerns", "high": "high risk"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One row: what it is, its group, its name, what is said, and where its interval lies.

    ``left``, ``width`` and ``dot`` are in percent of the axis; None where nothing is drawn.
    """

    what: str
    label: str
    text: str
    group: str = ""
    left: float | None = None
    width: float = 0.0
    dot: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """A figure row by row; without rows the picture itself is shown.

    ``null`` is the place of no effect in percent of the axis, None where there is none (of shares),
    ``ends`` its two ends in words; there is no axis without intervals.
    """

    rows: tuple[Line, ...] = ()
    null: float | None = None
    ends: tuple[str, ...] = ()


def read_rows(csv: str) -> Lines:
    """Return the rows of a figure from its data.

    Parameters
    ----------
    csv : str
        The figure's data, as ``figure.to_frame()`` has them.
    """
    table = pd.read_csv(io.StringIO(csv))
    names = set(table)
    if {"label", "estimate", "ci_low", "ci_high"} <= names and table["ci_low"].notna().any():
        return Lines() if "panel" in names else _intervals(table)
    table = table[~table["what"].isin(_NOT_ROWS)]
    if {"label", "estimate", "sei"} <= names:
        rows = _with_errors(table)
    elif {"label", "side"} <= names:
        rows = _sides(table)
    elif {"label", "domain", "judgement"} <= names:
        rows = _judgements(table)
    elif {"domain", "judgement", "studies"} <= names:
        rows = _counts(table)
    elif {"step", "text"} <= names:
        rows = [Line(what=_class(row["what"]), label=str(row["text"]), text="")
                for row in table.to_dict("records")]  # fmt: skip
    elif {"label", "reported", "band"} <= names:
        rows = _p_values(table)
    elif {"studies", "share"} <= names:
        rows = _places(table)
    else:
        return Lines()
    return Lines(rows=tuple(rows)) if len(rows) <= _MOST else Lines()


def _class(what: object) -> str:
    return str(what).replace(" ", "-")


def _text(cell: Any) -> str:
    return "" if pd.isna(cell) else str(cell)


def _intervals(table: pd.DataFrame) -> Lines:
    """Place estimates and intervals on one axis; who printed none is named."""
    known = table["what"] == "reference"
    nulls = table.loc[known, "estimate"].dropna()
    null = float(nulls.iloc[0]) if len(nulls) else None
    shown = table[~known]
    numbers = shown[["estimate", "ci_low", "ci_high"]]
    ratio = null == 1 and bool((numbers.min() > 0).all())
    scaled = numbers.map(log) if ratio else numbers
    low, high = float(scaled["ci_low"].min()), float(scaled["ci_high"].max())
    zero = log(null) if null and ratio else null
    if zero is not None:
        # estimates are all in sight; a long interval is cut at the ends
        reach = 1.6 * max(float((scaled["estimate"] - zero).abs().max()), 1e-9)
        low = min(max(low, zero - reach), zero)
        high = max(min(high, zero + reach), zero)

    def place(value: float) -> float:
        share = (value - low) / (high - low or 1.0)
        return round(100 * min(max(share, 0.0), 1.0), 1)

    def written(row: Mapping[Any, float]) -> str:
        estimate, low, high = (float(row[name]) for name in ("estimate", "ci_low", "ci_high"))
        # what was printed is short, and keeps the decimals that it has
        digits = exact_decimals([estimate, low, high], 2)
        if not isfinite(low):
            return number(estimate, digits) if isfinite(estimate) else ""
        if not isfinite(estimate):
            return f"{number(low, digits)} to {number(high, digits)}"
        return with_interval(estimate, low, high, digits)

    groups = shown["group"].map(_text) if "group" in shown else [""] * len(shown)
    rows = []
    for row, at, group in zip(
        shown.to_dict("records"), scaled.to_dict("records"), groups, strict=True
    ):
        drawn = isfinite(at["ci_low"]) and isfinite(at["ci_high"])
        rows.append(
            Line(
                what=_class(row["what"]),
                label=_text(row["label"]),
                group=group,
                text=written(row),
                left=place(at["ci_low"]) if drawn else None,
                width=round(place(at["ci_high"]) - place(at["ci_low"]), 1) if drawn else 0.0,
                dot=place(at["estimate"]) if isfinite(at["estimate"]) else None,
            )
        )
    ends = tuple(number(exp(end) if ratio else end) for end in (low, high))
    return Lines(rows=tuple(rows), null=None if zero is None else place(zero), ends=ends)


def _with_errors(table: pd.DataFrame) -> list[Line]:
    return [
        Line(what="study", label=_text(row["label"]),
             text=f"{number(row['estimate'])}, SE {number(row['sei'])}")
        for row in table.to_dict("records")
    ]  # fmt: skip


def _sides(table: pd.DataFrame) -> list[Line]:
    return [
        Line(what="study", label=_text(row["label"]), group=words, text="")
        for side, words in _SIDES.items()
        for row in table[table["side"] == side].to_dict("records")
    ]


def _judgements(table: pd.DataFrame) -> list[Line]:
    """Say for each study what was judged how, the risks together."""
    rows = []
    for label, own in table.groupby("label", sort=False):
        said = [
            f"{words}: {listed(own.loc[own['judgement'] == risk, 'domain'])}"
            for risk, words in reversed(_RISKS.items())
            if (own["judgement"] == risk).any()
        ]
        rows.append(Line(what="long", label=str(label), text="; ".join(said)))
    return rows


def _counts(table: pd.DataFrame) -> list[Line]:
    rows = []
    for domain, own in table.groupby("domain", sort=False):
        counts = own.groupby("judgement")["studies"].sum()
        said = [f"{counts[risk]:g} {words}" for risk, words in _RISKS.items() if risk in counts]
        rows.append(Line(what="long", label=str(domain), text=", ".join(said)))
    return rows


def _p_values(table: pd.DataFrame) -> list[Line]:
    return [
        Line(
            what="long",
            label=_text(row["label"]),
            text=f"{row['n']:g} people, p {_relation(_text(row['reported']))}, "
            f"size about {_text(row['band'])}",
        )
        for row in table.to_dict("records")
    ]


def _relation(reported: str) -> str:
    return reported if reported.startswith(("<", ">")) else f"= {reported}"


def _places(table: pd.DataFrame) -> list[Line]:
    """Say where studies are, by the first of the two sides of a map."""
    first, second = table.columns[1], table.columns[2]
    rows = []
    for name, own in table.groupby(first, sort=False):
        places = zip(own[second], own["studies"], strict=True)
        said = listed(f"{_text(place).replace('_', ' ')} {count:g}" for place, count in places)
        rows.append(Line(what="long", label=str(name).replace("_", " "), text=said))
    return rows
