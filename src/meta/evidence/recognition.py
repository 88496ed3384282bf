"""Which column of somebody else's table is which of our fields?

A field that two columns could be is not guessed at.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from meta.evidence.column_names import (
    FIELDS,
    GRAMMAR,
    PROFILE,
    TEXTS,
    Fit,
    all_names,
    fits_of,
    key_of,
    quantity_alone,
    split_unknown,
)

# scales of an estimate whose logarithm is pooled
RATIOS = ("OR", "RR", "HR", "IRR", "ROM")


@dataclass(slots=True, kw_only=True)
class Recognition:
    """Which column holds which field.

    Attributes
    ----------
    fields : dict of str to list of str
        By field, the column; a second one fills what the first leaves empty, and the label may be
        joined from author and year.
    treatment, control : str
        What the header calls the arms; "" where it has no word of its own for them.
    measure : str
        Effect measure that the header names, or "".
    ci_level : float or None
        Level of the interval that the header names.
    problems : list of str
        What is ambiguous.
    """

    fields: dict[str, list[str]] = field(default_factory=dict)
    treatment: str = ""
    control: str = ""
    measure: str = ""
    ci_level: float | None = None
    problems: list[str] = field(default_factory=list)


def recognise(
    header: Sequence[str],
    filled: Mapping[str, bool],
    meaning: Mapping[str, str] | None = None,
) -> Recognition:
    """Find the fields among the columns of a table.

    Parameters
    ----------
    header : sequence of str
        Column names, all different.
    filled : mapping of str to bool
        Whether a column holds anything; an empty one takes no field from a filled one.
    meaning : mapping of str to str, optional
        Names to be compared in place of a column's own.

    Returns
    -------
    Recognition
        Fields, names of the arms, and what is ambiguous.

    Examples
    --------
    >>> found = recognise(["Study", "BCG Events", "BCG Total", "Control Events", "Control Total"],
    ...                   dict.fromkeys(["Study"], True))
    >>> found.fields["events_t"], found.treatment, found.control
    (['BCG Events'], 'BCG', 'Control')
    """
    columns = [name for name in header if name]
    columns.sort(key=lambda name: not filled.get(name, True))  # filled ones first, order kept
    found = Recognition()
    candidates: dict[str, list[tuple[int, str, Fit]]] = {}
    keys = {key_of(name) for name in columns} | set(columns)
    profile: dict[str, str] = {}
    for each in all_names()["profile"]:
        if each["needs"] <= keys:
            profile = {**each["names"], **profile}
    second = {name: first for name in columns if (first := _repeats(name, columns))}
    alone: dict[str, list[str]] = {}
    for name in columns:
        if name in second or name in second.values():
            quantity = quantity_alone(second.get(name, name))
            if quantity:
                alone.setdefault(quantity, []).append(name)
                continue
        said = (meaning or {}).get(name, second.get(name, name))
        fits = (Fit(profile[key_of(name)], PROFILE),) if key_of(name) in profile else fits_of(said)
        for fit in fits:
            if not fit.field or (name in second and fit.field in TEXTS):
                continue
            candidates.setdefault(fit.field, []).append((fit.rank, name, fit))
    _unknown_arms({name: (meaning or {}).get(name, name) for name in columns}, candidates, found)
    taken: set[str] = set()
    for target in sorted(candidates, key=lambda key: (min(candidates[key])[0], FIELDS.index(key))):
        fitting = [c for c in candidates[target] if c[1] not in taken]
        if not fitting:
            continue
        best = min(rank for rank, _, _ in fitting)
        equal = [c for c in fitting if c[0] == best]
        if len(equal) > 1 and filled.get(equal[1][1], True):
            several = " and ".join(repr(name) for _, name, _ in equal)
            found.problems.append(f"the columns {several} may both be {target}")
        _, name, fit = equal[0]
        taken.add(name)
        found.fields[target] = [name]
        group = next(
            (n for n in columns if target == "analysis" and key_of(n) == "analysis group"), ""
        )
        if group:
            found.fields[target].insert(0, group)
            taken.add(group)
        if target in ("n_t", "n_c"):
            others = [c[1] for c in fitting if c[0] < GRAMMAR and c[1] != name]
            found.fields[target] += others[:1]
            taken.update(others[:1])
        if not filled.get(name, True):
            continue  # an empty column says nothing about the others
        _name_arm(found, target, fit.arm)
        found.measure = found.measure or fit.measure
        found.ci_level = found.ci_level or fit.level
    pairs = {quantity: names for quantity, names in alone.items() if len(names) == 2}
    if pairs:
        for quantity, names in pairs.items():
            for arm, name in zip("tc", sorted(names, key=header.index), strict=True):
                found.fields.setdefault(f"{quantity}_{arm}", [name])
        words = " and ".join(repr(name) for name in next(iter(pairs.values())))
        found.problems.append(f"the columns {words} do not say which arm they belong to")
    _settle(found)
    return found


def _settle(found: Recognition) -> None:
    """Decide what a field is by what stands beside it."""
    fields = found.fields
    spread = "vi" in fields or "sei" in fields
    linear = found.measure not in RATIOS and "ci_low" not in fields
    if "estimate" in fields and "yi" not in fields and spread and linear:
        fields["yi"] = fields.pop("estimate")
    if "se" in fields and "yi" in fields and "estimate" not in fields and "sei" not in fields:
        fields["sei"] = fields.pop("se")
    if {"n_t", "mean_t", "events_t"} & set(fields):
        for single in ("mean", "sd", "time", *(() if {"r", "events"} & set(fields) else ("n",))):
            fields.pop(single, None)  # of both arms together, or of age: no result
    if "yi" in fields and "estimate" not in fields and {"vi", "sei"} & set(fields):
        for limit in ("ci_low", "ci_high"):
            fields.pop(limit, None)  # these are logarithms, too, and say nothing more
    if "label" not in fields and "study_id" in fields:
        fields["label"] = fields["study_id"]


def _name_arm(found: Recognition, target: str, word: str) -> None:
    if target.endswith("_t"):
        found.treatment = found.treatment or word
    elif target.endswith("_c"):
        found.control = found.control or word


def _repeats(name: str, columns: Sequence[str]) -> str:
    """Return the column that this one repeats: programs write ``SD.1`` or ``SD [2]``."""
    match = re.fullmatch(r"(.+?)(?:\.1| \[2\]|\.\.\.\d+)", name)
    return match[1] if match and match[1] in columns else ""


def _unknown_arms(
    columns: Mapping[str, str],
    candidates: dict[str, list[tuple[int, str, Fit]]],
    found: Recognition,
) -> None:
    """Take a pair of arms of which at most one has a word that is known: "BCG", "control"."""
    used = {name for fits in candidates.values() for _, name, _ in fits}
    arms: dict[str, dict[str, str]] = {}
    for name, said in columns.items():
        if name not in used:
            quantity, arm = split_unknown(said)
            if arm:
                arms.setdefault(arm, {}).setdefault(quantity, name)
    sides: dict[str, set[str]] = {
        side: {
            q
            for q in ("mean", "sd", "n", "events")
            if any(fit.rank >= GRAMMAR for _, _, fit in candidates.get(f"{q}_{side}", []))
        }
        for side in "tc"
    }
    if sides["t"] and sides["c"]:
        return
    known = next((side for side in "tc" if sides[side]), "")
    if known:
        fitting = [arm for arm, held in arms.items() if sides[known] <= set(held)]
        other = "c" if known == "t" else "t"
        if len(fitting) == 1:
            for quantity, name in arms[fitting[0]].items():
                fit = Fit(f"{quantity}_{other}", GRAMMAR, fitting[0])
                candidates.setdefault(fit.field, []).append((fit.rank, name, fit))
        elif fitting:
            words = ", ".join(repr(arm) for arm in fitting)
            found.problems.append(f"{words} may each be the other arm")
        return
    pairs = [arm for arm, held in arms.items() if {"n"} < set(held)]
    if len(pairs) == 2 and set(arms[pairs[0]]) == set(arms[pairs[1]]):
        pairs.sort(key=lambda arm: _is_negation(arm, pairs))
        for side, arm in zip("tc", pairs, strict=True):
            for quantity, name in arms[arm].items():
                fit = Fit(f"{quantity}_{side}", GRAMMAR, arm)
                candidates.setdefault(fit.field, []).append((fit.rank, name, fit))
        if not _is_negation(pairs[1], pairs):
            words = " and ".join(map(repr, pairs))
            problem = f"{words} are two arms, and no word says which is the control"
            found.problems.append(problem)


def _is_negation(arm: str, arms: Sequence[str]) -> bool:
    """Tell whether one arm is named by what the other got: "Unvaccinated", "no vaccine"."""
    return any(
        re.fullmatch(
            rf"(?:un|non?|not|without|ohne|sans|sin|nicht)[ -]?{re.escape(other)}", arm, re.I
        )
        for other in arms
        if other != arm
    )
