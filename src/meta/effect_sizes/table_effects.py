"""What does a table become: which of its rows an effect, in which order and direction?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from meta.arguments import checked
from meta.effect_sizes.assumptions import ExternalSD, Settings, read_settings
from meta.effect_sizes.at_once import TEXT, Derivations, at_once, names_of, texts_of
from meta.effect_sizes.choice import CRITERIA, Rejected, choose_one_per_trial
from meta.effect_sizes.forms import derive
from meta.effect_sizes.inputs import measure_in
from meta.effect_sizes.left_out import excluded_table, rejected_table
from meta.effect_sizes.measures import MEASURES, arguments_in_words
from meta.effect_sizes.row_effect import NoEffect, RowEffect
from meta.effect_sizes.rows import NUMBERS, Row, read_rows
from meta.effect_sizes.set_notes import without_a_name
from meta.errors import DataError, NotComparable
from meta.wording import listed

# what an effect's row shows first; whatever else the results table holds follows
_FIRST = (
    "result_id",
    "study_id",
    "label",
    "year",
    "outcome",
    "instrument",
    "time_weeks",
    "reporting",
    "form",
    "assumptions",
    "yi",
    "vi",
    "sei",
    *(f"{name}_{arm}" for arm in "tc" for name in ("n", "mean", "sd", "events")),
    "paired",
    "sign_reversed",
    "cluster",
    "flag",
)
_FOUND = ("yi", "vi", "sei")


@dataclass(frozen=True, slots=True, kw_only=True)
class TableEffects:
    """What the rows of a table give, before it is written down in tables.

    Attributes
    ----------
    table : pandas.DataFrame
        The rows.
    settings : Settings
        How they were read.
    fast : pandas.DataFrame
        The effects that were computed at once, as :func:`at_once` returns them.
    chosen : list of RowEffect
        The others.
    without : list of NoEffect
        Rows without an effect.
    rejected : list of Rejected
        Effects whose trial is counted by another.
    lower_is_better : bool or None
        The common direction.
    """

    table: pd.DataFrame
    settings: Settings
    fast: pd.DataFrame
    chosen: list[RowEffect]
    without: list[NoEffect]
    rejected: list[Rejected]
    lower_is_better: bool | None

    def arrays(self) -> tuple[list[str], NDArray[np.float64], NDArray[np.float64]]:
        """Return labels, effects and variances alone, which takes a fraction of the time."""
        computed = self.fast["position"].to_numpy(dtype=int)
        positions = np.array([*(each.row.position for each in self.chosen), *computed], dtype=int)
        order = np.argsort(positions, kind="stable")
        labels = [each.row.label for each in self.chosen]
        if len(computed):
            labels += names_of(self.table, computed, "label")
        yi, vi = (
            np.array([*(getattr(each.derivation, name) for each in self.chosen), *self.fast[name]])
            for name in ("yi", "vi")
        )
        return [labels[place] for place in order], yi[order], vi[order]

    def written(self) -> pd.DataFrame:
        """Return the table of effects, with a name for every row."""
        return _table(self.table, self.fast, self.chosen, self.settings)

    def beside(self) -> dict[str, Any]:
        """Return what else :class:`meta.Effects` holds."""
        return {
            "measure": self.settings.measure,
            "excluded": excluded_table(self.without),
            "rejected": rejected_table(self.rejected),
            "derivations": Derivations(
                {each.row.study_id: each.derivation for each in self.chosen},
                self.fast["position"].to_numpy(dtype=int),
                self.table,
                self.settings,
            ),
            "lower_is_better": self.lower_is_better,
            "remarks": _unnamed(self.table),
        }


@checked
def effects(
    table: pd.DataFrame,
    measure: str | None,
    *,
    scores: str | None = None,
    include: Sequence[str] = ("arms", "interval", "p_value"),
    choose: Sequence[str] = (),
    every_row: bool = False,
    correlation: float = 0.5,
    sd: ExternalSD = None,
    lower_is_better: bool | None = None,
    drop00: bool | None = None,
    read_before: dict[Any, Any] | None = None,
) -> TableEffects:
    """Derive the effects of a table as :func:`meta.effects` says, whose name faults carry.

    ``every_row`` lets no row speak for a trial. ``read_before`` keeps the rows of this table and
    measure from one call to the next.
    """
    faults: list[str] = []
    table = table.copy(deep=False)  # what is done to the one that was given is not done to this
    if "label" not in table and "study" in table:
        table = table.assign(label=table["study"])
    measure = measure_in(table, measure) or _only_measure(table)
    settings = read_settings(measure, scores, include, correlation, sd, drop00, faults)
    unknown = [name for name in choose if name not in CRITERIA]
    if unknown:
        faults.append(f"choose has {unknown}; needed: some of {', '.join(CRITERIA)}")
    if lower_is_better not in (None, True, False):
        faults.append(f"lower_is_better is {lower_is_better!r}; needed: True, False or None")
    if faults:
        # the table's own faults are told with those of the call
        known = settings.measure in MEASURES
        _read(table, lower_is_better, settings if known else None, None, faults)
        raise DataError.from_faults("effects", faults)
    shared = not every_row and "study_id" in table and table["study_id"].duplicated().any()
    fast = at_once(table.iloc[:0] if shared else table, settings)
    unread = np.ones(len(table), dtype=bool)
    unread[fast["position"]] = False
    rest = np.flatnonzero(unread)
    kept = {} if read_before is None else read_before
    key = (lower_is_better, rest.tobytes())
    if key not in kept:
        kept[key] = _read(table, lower_is_better, settings, rest.tolist(), faults)
    _check_columns(table, settings)
    outcomes = [derive(row, settings) for row in kept[key]]
    derived = [each for each in outcomes if isinstance(each, RowEffect)]
    without = [each for each in outcomes if isinstance(each, NoEffect)]
    _check_direction_known(derived, settings)
    rejected: list[Rejected] = []
    if not every_row:
        derived, rejected = choose_one_per_trial(derived, settings.include, choose)
    _check_comparable(derived, settings)
    derived, common = _to_common_direction(derived)
    if common is None:
        common = lower_is_better if len(fast) else None
    return TableEffects(
        table=table, settings=settings, fast=fast, chosen=derived, without=without,
        rejected=rejected, lower_is_better=common,
    )  # fmt: skip


def _only_measure(table: pd.DataFrame) -> str:
    """Say what a table holds that nobody named: effects of any kind, if effects are given."""
    if "o_minus_e" in table and "estimate" not in table:
        raise DataError(
            "effects: O-E and its variance give the logarithm of a ratio; name it: measure='HR' "
            "for a log-rank test, 'PETO' for counts of events (--measure HR)"
        )
    if {"yi", "estimate"} & set(table):
        return "GEN"
    ways = [
        f"{names} from {arguments}"
        for names, arguments in arguments_in_words()
        if set(arguments.split()) <= set(table)
    ]
    given = f"they give {'; '.join(ways)}" if ways else "no measure follows from them"
    example = ways[0].split()[0] if ways else "SMD"
    raise DataError(
        "effects: there is no column yi; name the measure that the columns become, for example "
        f"measure={example!r} (--measure {example}). The columns are {listed(table)}; {given}"
    )


def _read(
    table: pd.DataFrame,
    lower_is_better: bool | None,
    settings: Settings | None,
    where: Sequence[int] | None,
    faults: list[str],
) -> list[Row]:
    arguments = settings.entry.arguments if settings else {}
    try:
        return read_rows(table, lower_is_better, arguments, where)
    except DataError as error:
        raise DataError.from_faults("effects", [*faults, *error.faults]) from None


def _check_columns(table: pd.DataFrame, settings: Settings) -> None:
    """Refuse a table none of whose columns could give the measure."""
    measure = settings.entry
    needed = [name for name in measure.arguments if name not in measure.optional]
    others = {"yi", "estimate", "ci_low", "p_value", "q1_t", "favours", "result_type", "reporting"}
    if others & set(table) or (needed and set(needed) <= set(table)):
        return
    missing = [name for name in needed if name not in table]
    raise DataError(
        f"effects: {measure.name} needs {f'the columns {listed(needed)}, or ' if needed else ''}"
        f"yi with vi or sei, or estimate with its interval; "
        f"{f'missing: {listed(missing)}; ' if missing else ''}the columns are {listed(table)}"
    )


def _unnamed(table: pd.DataFrame) -> tuple[str, ...]:
    """Say which rows have no name, in a table that names its studies."""
    if "label" not in table or "study_id" in table:
        return ()
    texts = texts_of(table["label"].array)
    if all(texts):
        return ()
    return without_a_name([f"study {i}" for i, text in enumerate(texts, start=1) if not text])


def _check_direction_known(derived: Sequence[RowEffect], settings: Settings) -> None:
    """Refuse effects of which nobody can say which side they favour beside others that say it."""
    if not any(each.oriented or "lower_is_better" in each.row.known_columns for each in derived):
        return
    faults = [
        f"{each.row.result_id}, column lower_is_better: missing; needed: yes or no, or the "
        "argument lower_is_better=True or False"
        for each in derived
        if each.direction is None and not each.oriented
    ]
    if faults:
        raise DataError.from_faults(f"effects({settings.measure!r})", faults)


def _check_comparable(chosen: Sequence[RowEffect], settings: Settings) -> None:
    """Refuse sets whose effects are not on one scale."""
    if settings.measure == "MD":
        scales: dict[tuple[str, str], list[str]] = {}
        for each in chosen:
            row = each.row
            key = (row.text("instrument_id"), row.text("effect_unit"))
            scales.setdefault(key, []).append(row.result_id)
        if len(scales) > 1:
            listed = "; ".join(
                f"{instrument or 'instrument not named'} in {unit or 'unnamed units'}: "
                f"{', '.join(ids)}"
                for (instrument, unit), ids in scales.items()
            )
            raise NotComparable(
                f"a mean difference needs one instrument and unit, and these rows have "
                f"{len(scales)}: {listed}. Select one (instrument_id=..., effect_unit=...), or use "
                "measure='SMD'"
            )
    directions = {each.direction for each in chosen} - {None}
    turns = not settings.entry.log or settings.entry.family == "odds ratio"
    if len(directions) > 1 and not turns:
        higher = [each.row.result_id for each in chosen if each.direction is False]
        raise NotComparable(
            f"{settings.measure} cannot be reversed, and higher is better in "
            f"{', '.join(higher)} while lower is better in the others. Select outcomes of one "
            "direction, or use measure='OR' for events and 'SMD' for means"
        )


def _to_common_direction(
    chosen: Sequence[RowEffect],
) -> tuple[list[RowEffect], bool | None]:
    """Turn effects so that all read the same way: lower is better, unless none does."""
    directions = {each.direction for each in chosen} - {None}
    if not directions and not any(each.oriented for each in chosen):
        return list(chosen), None
    common = directions != {False}
    alike = []
    for each in chosen:
        # an effect known only from its verdict was given the sign of "lower is better"
        own = True if each.direction is None else each.direction
        if own == common:
            alike.append(each)
        else:
            alike.append(
                replace(each, derivation=each.derivation.sign_reversed(), sign_reversed=True)
            )
    return alike, common


def _table(
    table: pd.DataFrame, fast: pd.DataFrame, chosen: Sequence[RowEffect], settings: Settings
) -> pd.DataFrame:
    """Put the effects, in the order of their rows, under the columns they came from."""
    used = {name for each in chosen for name in each.used}
    known = {**NUMBERS, **settings.entry.arguments}
    numbers = [name for name in known if (name in table or name in used) and name not in _FOUND]
    parts = [_read_one_by_one(chosen, numbers)] if chosen or not len(fast) else []
    if len(fast):
        parts.append(_computed_at_once(table, fast, numbers))
    found: dict[Any, Any] = parts[0]
    positions = np.asarray(found.pop("position"), dtype=int)
    if len(parts) == 2:
        positions = np.concatenate([positions, parts[1].pop("position")])
        order = np.argsort(positions, kind="stable")
        positions = positions[order]
        found = {
            name: pd.concat([pd.Series(part[name]) for part in parts]).array.take(order)
            for name in found
        }
    for name in table:
        if name not in found:
            found[name] = table[name].array.take(positions)
    first = [name for name in _FIRST if name in found]
    return pd.DataFrame({name: found[name] for name in dict.fromkeys([*first, *found])})


def _read_one_by_one(chosen: Sequence[RowEffect], numbers: Sequence[str]) -> dict[str, Any]:
    texts = {
        "result_id": [each.row.result_id for each in chosen],
        "study_id": [each.row.study_id for each in chosen],
        "label": [each.row.label for each in chosen],
        "reporting": [each.level for each in chosen],
        "form": [each.derivation.form for each in chosen],
        "assumptions": ["; ".join(map(str, each.derivation.assumptions)) for each in chosen],
        "cluster": [each.row.trial for each in chosen],
        "flag": [each.row.text("flag") for each in chosen],
    }
    figures = {
        "yi": [each.derivation.yi for each in chosen],
        "vi": [each.derivation.vi for each in chosen],
        "sei": [each.derivation.sei for each in chosen],
    } | {
        name: [each.used.get(name, each.row.numbers.get(name)) for each in chosen]
        for name in numbers
    }
    return {
        **{name: pd.Series(values, dtype="str").array for name, values in texts.items()},
        **{name: np.array(values, dtype=float) for name, values in figures.items()},
        "paired": np.array([each.row.paired for each in chosen], dtype=bool),
        "sign_reversed": np.array([each.sign_reversed for each in chosen], dtype=bool),
        "position": [each.row.position for each in chosen],
    }


def _computed_at_once(
    table: pd.DataFrame, fast: pd.DataFrame, numbers: Sequence[str]
) -> dict[str, Any]:
    positions = fast["position"].to_numpy(dtype=int)
    names = names_of(table, positions)
    study = pd.array(names, dtype=TEXT)
    pairs = zip(names, positions.tolist(), strict=True)
    key = pd.array([f"{name}[{i}]" for name, i in pairs], dtype=TEXT)
    label = pd.array(names_of(table, positions, "label"), dtype=TEXT) if "label" in table else study
    texts = {
        "result_id": key,
        "study_id": study,
        "label": label,
        "reporting": fast["reporting"].array,
        "form": fast["form"].array,
        "assumptions": fast["assumptions"].array,
        "cluster": study if "study_id" in table else key,
        "flag": pd.array([""], dtype=TEXT).take(np.zeros(len(fast), dtype=int)),
    }
    nothing = np.full(len(fast), np.nan)
    return {
        **texts,
        **{name: fast[name].to_numpy() for name in ("yi", "vi")},
        "sei": np.sqrt(fast["vi"].to_numpy()),
        **{
            name: table[name].to_numpy(dtype=float, na_value=np.nan)[positions]
            if name in table
            else nothing
            for name in numbers
        },
        "paired": np.zeros(len(fast), dtype=bool),
        "sign_reversed": np.zeros(len(fast), dtype=bool),
        "position": positions,
    }
