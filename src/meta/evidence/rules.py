"""What must hold within and between rows, beyond what a data dictionary can say?

Each rule reads typed tables and yields faults. A cell that is itself at fault is missing here, so
that no rule stumbles over it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from meta.evidence.addresses import address_problem
from meta.evidence.cells import CheckedTable
from meta.evidence.digits import range_of_p, stands_in
from meta.evidence.faults import Fault
from meta.wording import listed, typed

Tables = Mapping[str, CheckedTable]
SPREADS = ("sd_t", "sd_c", "base_sd_t", "base_sd_c", "sd", "se", "sd_reference")
_SPREAD_REMEDY = {
    "change": "Give the SD of the change scores.",
    "post": "Give the SD of the scores at that time.",
}
# lower value, higher value: the first may not exceed the second
_ORDERED = (
    ("ci_low", "estimate"),
    ("estimate", "ci_high"),
    ("ci_low", "ci_high"),
    ("ci_low", "effect"),
    ("effect", "ci_high"),
    ("min", "max"),
    ("mid_low", "mid"),
    ("mid", "mid_high"),
    ("sd_low", "sd_reference"),
    ("sd_reference", "sd_high"),
    ("claimed_low", "claimed_high"),
    ("low", "high"),
)
_COUNTS = re.compile(r"^(?:events|response|remission|dropout|adverse)\w*_(t|c|mg|1|2|3)$")
_MACHINE = re.compile(r"://\d{1,3}(?:\.\d{1,3}){3}\b")
# words of a flag that bar its row from pooling
BARRING_WORDS = ("do not pool", "do not use as SD")
_ADDRESS = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]*:(?=\S)")


def rule_faults(tables: Tables) -> Iterator[Fault]:
    """Apply every rule to every table it concerns.

    Parameters
    ----------
    tables : mapping of str to CheckedTable
        All tables of the folder that could be read.

    Yields
    ------
    Fault
        One for each cell or row that breaks a rule.
    """
    for table in tables.values():
        for rule in (_spreads, _orders, _counts, _addresses, _machine_numbers):
            yield from rule(table)
    if "trials" in tables:
        yield from _own_companion(tables["trials"])
    if "claims" in tables:
        yield from _repeats(tables["claims"], tables.get("claim_tests"))
    if "results" in tables:
        results = tables["results"]
        yield from _named_after_study(results)
        yield from _p_values(results)
        yield from _quoted(results)
        yield from _verdicts(results)
        yield from _numbers_analysed(tables)
        yield from _directions(tables)
        yield from _barred(results)


def _there(value: Any) -> bool:
    return value is not None and value is not pd.NA and value == value


def _is_numeric(table: CheckedTable, column: str) -> bool:
    return column in table.frame and pd.api.types.is_numeric_dtype(table.frame[column])


def _rows(table: CheckedTable, *columns: str) -> Iterator[tuple[Any, ...]]:
    """Walk over row number and values; columns that the table lacks are missing throughout."""
    none = [pd.NA] * len(table.frame)
    held = [table.values(column) if column in table.frame else none for column in columns]
    yield from zip(range(len(table.frame)), *held, strict=True)


def _spreads(table: CheckedTable) -> Iterator[Fault]:
    for column in SPREADS:
        if not _is_numeric(table, column):
            continue
        for row, value, kind in _rows(table, column, "result_type"):
            if _there(value) and value <= 0:
                remedy = _SPREAD_REMEDY.get(str(kind), "Give the value as printed.")
                if column == "se":
                    remedy = "Give the standard error of the estimate."
                elif column.startswith("base_"):
                    remedy = "Give the SD at baseline."
                yield table.fault(row, column, f"{typed(value)} is not > 0", remedy)


def _orders(table: CheckedTable) -> Iterator[Fault]:
    for low, high in _ORDERED:
        if not (_is_numeric(table, low) and _is_numeric(table, high)):
            continue
        if (low, high) == ("ci_low", "ci_high") and "estimate" in table.frame:
            known = table.frame["estimate"].notna()  # then the estimate's own rules say it
        else:
            known = pd.Series(False, index=table.frame.index)
        for row, a, b in _rows(table, low, high):
            if _there(a) and _there(b) and a > b and not known.iloc[row]:
                bounds = "estimate" in (low, high) or "effect" in (low, high)
                yield table.fault(
                    row,
                    low if bounds and low.startswith("ci") else high,
                    f"{low} {typed(a)} is above {high} {typed(b)}"
                    + (", so the interval excludes its own estimate" if bounds else ""),
                    "Look the figures up in the source: a sign may be missing, or two cells "
                    "exchanged.",
                )


def _counts(table: CheckedTable) -> Iterator[Fault]:
    for column in table.frame.columns:
        match = _COUNTS.match(column)
        if match is None or not _is_numeric(table, f"n_{match[1]}"):
            continue
        of = f"n_{match[1]}"
        for row, events, n in _rows(table, column, of):
            if _there(events) and _there(n) and events > n:
                yield table.fault(
                    row,
                    column,
                    f"{events} persons with the event are more than the {n} of {of}",
                    "Count persons, not events, and look both figures up in the source.",
                )


def _addresses(table: CheckedTable) -> Iterator[Fault]:
    for column in table.frame.columns:
        is_address = column == "url" or column.endswith("_url")
        if not is_address and column not in ("read_at", "range_source"):
            continue
        for row, text in _rows(table, column):
            if not _there(text) or (not is_address and not _ADDRESS.match(text)):
                continue
            if problem := address_problem(text):
                yield table.fault(
                    row,
                    column,
                    f"{text!r} is no web address ({problem})",
                    "Give the full address, beginning with https:// or http://.",
                )


def _machine_numbers(table: CheckedTable) -> Iterator[Fault]:
    """Refuse addresses of machines in running text; columns of addresses have their own rule."""
    for column in (column.name for column in table.schema.columns if column.type == "string"):
        if column.endswith("url") or column in ("read_at", "range_source"):
            continue
        for row, text in enumerate(table.values(column)):
            if not isinstance(text, str) or "://" not in text or not _MACHINE.search(text):
                continue
            yield table.fault(
                row,
                column,
                "the text holds an address made of the number of a machine",
                "Name the page by its publisher or title; such a number leads nowhere tomorrow.",
            )


def _barred(results: CheckedTable) -> Iterator[Fault]:
    """Hold the coded reason for barring a row against the words of its flag."""
    if not {"barred", "flag"} <= set(results.frame):
        return
    for row, barred, flag in _rows(results, "barred", "flag"):
        verdict = _there(flag) and any(word in flag for word in BARRING_WORDS)
        if verdict and not _there(barred):
            yield results.fault(
                row,
                "barred",
                "the flag says that the row may not be pooled, and the reason is not coded",
                "Write the coded word for it.",
            )
        elif _there(barred) and not verdict:
            yield results.fault(
                row,
                "flag",
                f"the row is barred ({barred}), and its flag does not say so in words",
                f"Say why, and end with {listed(BARRING_WORDS)}.",
            )


def _own_companion(trials: CheckedTable) -> Iterator[Fault]:
    for row, study, same in _rows(trials, "study_id", "same_trial_as"):
        if _there(study) and _there(same) and study == same:
            yield trials.fault(
                row,
                "same_trial_as",
                f"{same!r} is the study itself",
                "Name the other report of the trial, or leave the cell empty.",
            )


def _repeats(claims: CheckedTable, tests: CheckedTable | None) -> Iterator[Fault]:
    """Ask that a repeated claim names the first that says so, and is tested like it."""
    known = dict(_pairs(claims, "claim_id", "same_as"))
    asked = {} if tests is None else dict(_pairs(tests, "claim_id", "kind", "outcome", "measure"))
    for row, claim, first in _rows(claims, "claim_id", "same_as"):
        if not _there(claim) or first not in known:
            continue
        if claim == first or _there(known.get(first)):
            yield claims.fault(
                row,
                "same_as",
                f"{first!r} is the claim itself" if claim == first else f"{first!r} repeats, too",
                "Name the first claim that says so, or leave the cell empty.",
            )
        elif str(asked.get(claim)) != str(asked.get(first)):
            yield claims.fault(
                row,
                "same_as",
                f"{claim} and {first} are not tested in the same way (kind, outcome, measure)",
                "Test them alike, or let the claim stand for itself.",
            )


def _pairs(table: CheckedTable, key: str, *columns: str) -> Iterator[tuple[Any, Any]]:
    """Walk over the key of each row and what stands in some columns."""
    for _, name, *values in _rows(table, key, *columns):
        yield name, values[0] if len(values) == 1 else values


def _named_after_study(results: CheckedTable) -> Iterator[Fault]:
    for row, result, study in _rows(results, "result_id", "study_id"):
        if _there(result) and _there(study) and not result.startswith(f"{study}-"):
            yield results.fault(
                row,
                "result_id",
                f"{result!r} does not begin with its study {study!r}",
                "Write study, outcome and a running number, joined by hyphens.",
            )


def _p_values(results: CheckedTable) -> Iterator[Fault]:
    has_contrast = "p_contrast" in results.frame
    for row, p, contrast in _rows(results, "p_value", "p_contrast"):
        if _there(p) and re.search(r"\d", p) and p[0] in "<>=≤≥.0123456789" and not range_of_p(p):
            yield results.fault(
                row,
                "p_value",
                f"{p!r} is no p-value between 0 and 1",
                "Write the figure as printed (0.02, <0.001), or the word that stands for it.",
            )
        if row in results.spoilt:
            continue
        if has_contrast and _there(p) != _there(contrast):
            yield results.fault(
                row,
                "p_contrast",
                "the row has a p-value, but it is not said whose"
                if _there(p)
                else f"{contrast!r} says whose p-value it is, but there is none",
                "Fill p_contrast exactly where p_value is filled.",
            )


def _quoted(results: CheckedTable) -> Iterator[Fault]:
    if "reported_as" not in results.frame:
        return
    figures = {
        column.name: results.frame[column.name].tolist()
        for column in results.schema.columns
        if column.is_figure
    }
    for row, text, exempt in _rows(results, "reported_as", "figures_not_quoted"):
        if not _there(text):
            continue
        excused = {part.partition("=")[0] for part in str(exempt).split()} if _there(exempt) else ()
        for column, values in figures.items():
            value = values[row]
            if not _there(value) or column in excused:
                continue
            number = _printed_number(value)
            if number is not None and not stands_in(number, text):
                yield results.fault(
                    row,
                    column,
                    f"{value if isinstance(value, str) else typed(value)} does not stand in "
                    f"reported_as ({text!r})",
                    "Quote it there, or name the reason in figures_not_quoted "
                    f"({column}=elsewhere).",
                )


def _printed_number(value: Any) -> float | None:
    """Return the figure of a cell; None where the cell holds words."""
    if not isinstance(value, str):
        return float(value)
    match = re.search(r"\d*\.?\d+", value)
    return float(match[0]) if match and value[:1] in "<>=≤≥.0123456789" else None


def _verdicts(results: CheckedTable) -> Iterator[Fault]:
    if "favours" not in results.frame:
        return
    for row, favours, verdict_needed in zip(
        range(len(results.frame)),
        results.frame["favours"],
        needs_verdict(results.frame),
        strict=True,
    ):
        if row in results.spoilt:
            continue
        if verdict_needed and not _there(favours):
            yield results.fault(
                row,
                "favours",
                "the row compares two arms and prints no figures of both, so that only the "
                "verdict tells a side, and it is not given",
                "Write treated, control, neither or not_stated.",
            )
        elif _there(favours) and not verdict_needed:
            yield results.fault(
                row,
                "favours",
                f"{favours!r} is given, though the figures of the row tell the side themselves",
                "Leave the cell empty.",
            )


def needs_verdict(frame: pd.DataFrame) -> pd.Series[bool]:
    """Tell which rows compare two arms without printing an estimate or figures of both arms.

    Parameters
    ----------
    frame : pandas.DataFrame
        Result rows.

    Returns
    -------
    pandas.Series of bool
        True where the side can only come from the words of the source.
    """
    given = partial(all_given, frame)
    figures = given("estimate") | given("mean_t", "mean_c") | given("events_t", "events_c")
    alone = column_or_nothing(frame, "result_type").isin(["single_arm_change", "proportion"])
    alone |= column_or_nothing(frame, "control") == "none"
    return ~figures & ~alone


def all_given(frame: pd.DataFrame, *names: str) -> pd.Series[bool]:
    """Tell in which rows every one of these cells holds something; an absent column does not."""
    held = pd.Series(True, index=frame.index)
    for name in names:
        held &= frame[name].notna() if name in frame else False
    return held


def column_or_nothing(frame: pd.DataFrame, name: str) -> pd.Series[Any]:
    """Return a column, or missing cells where there is none."""
    if name in frame:
        return frame[name]
    return pd.Series(np.nan, index=frame.index, dtype="object")


def _numbers_analysed(tables: Tables) -> Iterator[Fault]:
    """Compare the numbers analysed with the number randomised.

    Parallel arms hold different people, so that their sum counts; in a crossover both cells are
    the same people, so that each counts by itself. Nothing is randomised in the other designs, and
    where the design is not stated the cells may be either.
    """
    results, trials = tables["results"], tables.get("trials")
    if trials is None or not {"study_id", "design", "n_randomised"} <= set(trials.frame):
        return
    held = zip(*(trials.frame[c] for c in ("study_id", "design", "n_randomised")), strict=True)
    facts = {study: (design, randomised) for study, design, randomised in held}
    for row, study, n_t, n_c in _rows(results, "study_id", "n_t", "n_c"):
        design, randomised = facts.get(study, (None, None))
        if not _there(randomised) or not _there(n_t):
            continue
        if design == "parallel":
            analysed = n_t + (n_c if _there(n_c) else 0)
            words = f"n_t {n_t} and n_c {n_c} together" if _there(n_c) else f"n_t {n_t}"
        elif design == "crossover":
            analysed = max(n_t, n_c) if _there(n_c) else n_t
            words = f"{analysed} analysed in a crossover"
        else:
            continue
        if analysed > randomised:
            yield results.fault(
                row,
                "n_t",
                f"{words} are more than the {randomised} randomised (trials, n_randomised)",
                "Look up both numbers; n is the people analysed in this comparison.",
            )


def _directions(tables: Tables) -> Iterator[Fault]:
    """Ask for the good direction where a score is compared, and hold it against the scale's own."""
    results, scales = tables["results"], tables.get("instruments")
    if scales is None or "lower_is_better" not in scales.frame:
        return
    known = dict(zip(scales.frame["instrument_id"], scales.frame["lower_is_better"], strict=True))
    needed = needs_verdict(results.frame)
    for row, scale, given, unit, control in _rows(
        results, "instrument_id", "lower_is_better", "effect_unit", "control"
    ):
        # responders on a scale, or their odds ratio, have a direction of their own
        own = known.get(scale)
        if not _there(own) or unit not in ("points", "SMD"):
            continue
        if row in results.spoilt:
            continue
        if not _there(given) and control != "none" and not needed.iloc[row]:
            yield results.fault(
                row,
                "lower_is_better",
                f"two arms are compared on {scale}, and the good direction is not given",
                f"Write {own}, as instruments.csv has it.",
            )
        elif _there(given) and given != own:
            yield results.fault(
                row,
                "lower_is_better",
                f"{given!r} contradicts instruments.csv, where {scale} has {own!r}",
                "Correct one of the two.",
            )
