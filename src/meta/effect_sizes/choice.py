"""Which of its reports speaks for a trial?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from meta.effect_sizes.assumptions import SCORE_WORDS
from meta.effect_sizes.forms import LEVEL_WORDS
from meta.effect_sizes.row_effect import RowEffect

SOURCES = {
    "primary_full_text": "full paper",
    "primary_abstract": "abstract",
    "registry": "registry",
    "secondary_review": "secondary source",
}


@dataclass(frozen=True, slots=True)
class Criterion:
    """One rule of preference.

    Attributes
    ----------
    rank : callable
        Takes an effect and the order of reporting levels; the lower, the better.
    shown : callable
        Says in words what the rule looked at.
    meaning : str
        Why the preferred one is preferred, in words.
    """

    rank: Callable[[RowEffect, Sequence[str]], float]
    shown: Callable[[RowEffect], str]
    meaning: str


def _distance_from_end(effect: RowEffect, _: Sequence[str]) -> float:
    """Weeks between measurement and end of treatment; without a known end, the later the better."""
    time = effect.row.numbers.get("time_weeks")
    if time is None:
        return float("inf")
    end = effect.row.duration_weeks
    return -time if end is None else abs(time - end)


def _time(effect: RowEffect) -> str:
    time, end = effect.row.numbers.get("time_weeks"), effect.row.duration_weeks
    if time is None:
        return "time not stated"
    return f"week {time:g}" if end is None else f"week {time:g} of {end:g}"


def _source(effect: RowEffect, _: Sequence[str]) -> float:
    source = effect.row.text("source_kind")
    return list(SOURCES).index(source) if source in SOURCES else len(SOURCES)


def _size(effect: RowEffect) -> float:
    """People behind an effect, those of a crossover once."""
    numbers = {**effect.row.numbers, **effect.used}
    treated, control = numbers.get("n_t", 0.0), numbers.get("n_c", 0.0)
    return max(treated, control) if effect.row.paired else treated + control


_SCORES = ("post", "change")


def _scores(effect: RowEffect, _: Sequence[str]) -> float:
    kind = effect.row.result_type
    return _SCORES.index(kind) if kind in _SCORES else len(_SCORES)


CRITERIA: dict[str, Criterion] = {
    "reporting": Criterion(
        # an effect that was given is taken whatever is included
        lambda effect, levels: [*levels, effect.level].index(effect.level),
        lambda effect: LEVEL_WORDS[effect.level],
        "its figures say more",
    ),
    "time": Criterion(_distance_from_end, _time, "it lies closer to the end of treatment"),
    "assumptions": Criterion(
        lambda effect, _: len(effect.derivation.assumptions),
        lambda effect: f"{len(effect.derivation.assumptions)}",
        "it needs fewer assumptions",
    ),
    "source": Criterion(
        _source,
        lambda effect: SOURCES.get(effect.row.text("source_kind"), "source not stated"),
        "its source is closer to the trial",
    ),
    "size": Criterion(
        lambda effect, _: -_size(effect),
        lambda effect: f"{_size(effect):g} people",
        "it covers more people",
    ),
    "scores": Criterion(
        _scores,
        lambda effect: SCORE_WORDS.get(effect.row.result_type, "another form"),
        "scores at the end are preferred to changes",
    ),
}


@dataclass(frozen=True, slots=True)
class Rejected:
    """An effect that does not speak for its trial, because another does."""

    effect: RowEffect
    chosen: RowEffect
    reason: str


def choose_one_per_trial(
    effects: Sequence[RowEffect], levels: Sequence[str], criteria: Sequence[str]
) -> tuple[list[RowEffect], list[Rejected]]:
    """Let one report speak for each trial.

    Parameters
    ----------
    effects : sequence of RowEffect
        Everything that could be derived.
    levels : sequence of str
        Reporting levels, the preferred first.
    criteria : sequence of str
        Names of rules, applied in order until one tells two reports apart. If none does, the first
        `result_id` in alphabetical order is taken, so that the answer never depends on the order
        of the rows.

    Returns
    -------
    chosen : list of RowEffect
        In the order of the table that came in.
    rejected : list of Rejected
        The others, with the rule that decided.
    """
    trials: dict[str, list[RowEffect]] = {}
    for effect in effects:
        trials.setdefault(effect.row.trial, []).append(effect)
    chosen, rejected = [], []
    for reports in trials.values():

        def order(effect: RowEffect) -> tuple[tuple[float, ...], str]:
            ranks = tuple(CRITERIA[name].rank(effect, levels) for name in criteria)
            return ranks, effect.row.result_id

        best = min(reports, key=order)
        chosen.append(best)
        rejected += [
            Rejected(other, best, _reason(best, other, levels, criteria))
            for other in reports
            if other is not best
        ]
    chosen.sort(key=lambda effect: effect.row.position)
    rejected.sort(key=lambda each: each.effect.row.position)
    return chosen, rejected


def _reason(
    best: RowEffect, other: RowEffect, levels: Sequence[str], criteria: Sequence[str]
) -> str:
    head = f"a trial counts once, and {best.row.result_id} stands for it"
    for name in criteria:
        rule = CRITERIA[name]
        if rule.rank(best, levels) < rule.rank(other, levels):
            return f"{head}: {rule.meaning} ({rule.shown(best)} rather than {rule.shown(other)})"
    return f"{head}: no rule tells the two apart, and its name comes first (result_id)"
