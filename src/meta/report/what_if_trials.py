"""Which effect does each trial have under each combination of assumptions?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from meta.effect_sizes.container import Effects
from meta.effect_sizes.derive import effects as derive_effects
from meta.effect_sizes.printed import printed_intervals, printed_texts
from meta.errors import DataError
from meta.figures.forest_notes import doubts_and_remarks


@dataclass(frozen=True, slots=True)
class Setting:
    """A combination of assumptions.

    Attributes
    ----------
    places : tuple of int
        Position of each assumption among its values; empty if nothing varies.
    arguments : dict
        What :func:`meta.effects` is given.
    """

    places: tuple[int, ...]
    arguments: dict[str, Any]

    @property
    def key(self) -> str:
        """Name of the combination on the page."""
        return ",".join(map(str, self.places))


@dataclass(frozen=True, slots=True)
class Trial:
    """A trial with its effect, or the reason why it has none, by combination."""

    study_id: str
    label: str
    blinding: str
    effects: dict[str, dict[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trials:
    """All trials that have an effect under some combination.

    Attributes
    ----------
    analysed : Effects
        The effects as analysed.
    trials : list of Trial
        Those of ``analysed`` first, in that order.
    without : list of (str, str)
        Label and reason of trials that have no effect under any combination.
    arguments : dict
        The assumptions as analysed; empty for effects that were given.
    """

    analysed: Effects
    trials: list[Trial]
    without: list[tuple[str, str]]
    arguments: dict[str, Any] = field(default_factory=dict)

    def distinct(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return all effects and variances, those that several combinations share once."""
        pairs = {
            (place, effect["yi"], effect["vi"]): None
            for place, trial in enumerate(self.trials)
            for effect in trial.effects.values()
            if "yi" in effect
        }
        return np.array([yi for _, yi, _ in pairs]), np.array([vi for _, _, vi in pairs])

    def moved_by(self, assumption: int) -> list[str]:
        """Name the trials whose effect depends on an assumption."""
        moved = []
        for trial in self.trials:
            others: dict[tuple[str, ...], set[Any]] = {}
            for key, effect in trial.effects.items():
                places = key.split(",")
                rest = (*places[:assumption], *places[assumption + 1 :])
                others.setdefault(rest, set()).add((effect.get("yi"), effect.get("vi")))
            if any(len(seen) > 1 for seen in others.values()):
                moved.append(trial.label)
        return moved


def given_trials(effects: Effects) -> Trials:
    """Take effects as they are; each row is a trial, also where rows share a study_id."""
    trials = [
        Trial(str(record["study_id"]), str(record["label"]), _word(record.get("blinding")))
        for record in effects.table.to_dict("records")
    ]
    for trial, effect in zip(trials, _entries(effects), strict=True):
        trial.effects[""] = effect
    known = {trial.study_id for trial in trials}
    return Trials(analysed=effects, trials=trials, without=_without([effects], known))


def derived_trials(
    results: pd.DataFrame, measure: str, settings: Sequence[Setting], how: Mapping[str, Any]
) -> Trials:
    """Derive the effects under every combination; the first one is the one as analysed.

    Raises
    ------
    DataError
        If the effects of one combination read the other way round than those of another.
    """
    found = {s.key: derive_effects(results, measure, **s.arguments, **how) for s in settings}
    directions = {one.lower_is_better for one in found.values()} - {None}
    if len(directions) > 1:
        raise DataError(
            "what_if: lower is better under some of the assumptions and higher under others, "
            "because the trials differ; select results of one direction"
        )
    trials: dict[str, Trial] = {}
    for key, one in found.items():
        for record, effect in zip(one.table.to_dict("records"), _entries(one), strict=True):
            study = str(record["study_id"])
            fresh = Trial(study, str(record["label"]), _word(record.get("blinding")))
            trials.setdefault(study, fresh).effects[key] = effect
    for study, trial in trials.items():
        for key, one in found.items():
            trial.effects.setdefault(key, {"missing": _reason(one, study)})
    return Trials(
        analysed=found[settings[0].key],
        trials=list(trials.values()),
        without=_without(list(found.values()), set(trials)),
        arguments=settings[0].arguments,
    )


def subsets(trials: Trials) -> list[dict[str, Any]]:
    """List the selections that one click makes, where the data tell trials apart."""
    everyone = range(len(trials.trials))
    double = [i for i in everyone if trials.trials[i].blinding == "double"]
    sound = [
        i
        for i in everyone
        if not any(effect.get("doubts") for effect in trials.trials[i].effects.values())
    ]
    offered = [("Double-blind only", double), ("Without integrity flags", sound)]
    return [
        {"label": label, "trials": chosen}
        for label, chosen in offered
        if 0 < len(chosen) < len(trials.trials)
    ]


def _word(value: Any) -> str:
    return "" if value is None or pd.isna(value) else str(value)


def _entries(effects: Effects) -> list[dict[str, Any]]:
    """Write what the page needs of each effect; of a printed one its limits, also as printed."""
    entries = []
    printed = printed_intervals(effects)
    places = np.log(printed) if effects.scale.log else printed
    for record, said, at in zip(effects.table.to_dict("records"), printed, places, strict=True):
        known = bool(np.isfinite(said[0]))
        doubts, remarks = doubts_and_remarks(record.get("flag"))
        entry = {
            "yi": float(record["yi"]),
            "vi": float(record["vi"]),
            "ci": [float(at[1]), float(at[2])] if known else [],
            "printed": printed_texts(said) if known else [],
            "result": _word(record.get("result_id")),
            "assumed": _word(record.get("assumptions")),
            "doubts": doubts,
            "remarks": remarks,
        }
        # an empty list or text says nothing
        entries.append({name: value for name, value in entry.items() if value not in ("", [])})
    return entries


def _reason(effects: Effects, study: str) -> str:
    """Say why a trial has no effect under one combination."""
    # a report that gave way to another of its trial says more than one that gave no effect
    for rows in (effects.rejected, effects.excluded):
        reasons = rows.loc[rows["study_id"] == study, "reason"]
        if len(reasons):
            return "; ".join(dict.fromkeys(map(str, reasons)))
    return "not among the effects"


def _without(found: Sequence[Effects], known: set[str]) -> list[tuple[str, str]]:
    reasons: dict[str, list[str]] = {}
    labels: dict[str, str] = {}
    for one in found:
        for record in one.excluded.to_dict("records"):
            study = str(record["study_id"])
            if study not in known:
                labels.setdefault(study, str(record["label"]))
                reasons.setdefault(study, []).append(str(record["reason"]))
    return [(labels[study], "; ".join(dict.fromkeys(said))) for study, said in reasons.items()]
