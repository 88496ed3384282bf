"""Which column of somebody else's table is which of our fields?

The names are data (`field_names.toml`); this module compares. A field that two columns could be
is not guessed at.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

ARM_QUANTITIES = ("mean", "sd", "events", "nonevents", "n", "time", "se")
TEXTS = ("label", "author", "year", "study_id", "subgroup", "analysis", "arm_t", "arm_c")
NUMBERS = (
    *(f"{quantity}_{arm}" for arm in "tc" for quantity in ARM_QUANTITIES),
    *(f"base_{quantity}_{arm}" for arm in "tc" for quantity in ("mean", "sd")),
    *("events", "n", "r", "mean_post", "mean_pre", "sd_post", "sd_pre"),
    *("yi", "vi", "sei", "estimate", "ci_low", "ci_high", "ci_level", "se"),
)
FIELDS = (*TEXTS, *NUMBERS, "p_value")
COUNTS = tuple(name for name in NUMBERS if re.fullmatch(r"(?:n|events|nonevents)(?:_[tc])?", name))
RESULTS = (
    ("mean_t", "mean_c"), ("events_t", "events_c"), ("mean_post", "mean_pre"), ("events",), ("r",),
    ("yi",), ("estimate",), ("ci_low", "ci_high"), ("p_value",),
)  # fmt: skip
"""Any of these together makes a table of results."""
# scales of an estimate whose logarithm is pooled
RATIOS = ("OR", "RR", "HR", "IRR", "ROM")
# how well a name fits, from best to worst
_PROFILE, _EXACT, _WHOLE, _GRAMMAR, _CHANGE = 0, 1, 2, 1000, 2000


@dataclass(frozen=True, slots=True)
class _Fit:
    """What one column name may mean."""

    field: str
    rank: int
    arm: str = ""
    measure: str = ""
    level: float | None = None


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
    problems : list of (str, str)
        What is ambiguous, and the way out.
    """

    fields: dict[str, list[str]] = field(default_factory=dict)
    treatment: str = ""
    control: str = ""
    measure: str = ""
    ci_level: float | None = None
    problems: list[tuple[str, str]] = field(default_factory=list)


@cache
def _names() -> dict[str, Any]:
    text = (Path(__file__).parent / "field_names.toml").read_text(encoding="utf-8")
    found = tomllib.loads(text)
    for part in ("whole", "quantity", "arm", "measure", "limit"):
        found[part] = {key: [_key(name) for name in names] for key, names in found[part].items()}
    for part in ("noise", "baseline", "change", "log"):
        found[part] = {_key(word) for word in found[part]["words"]}
    for profile in found["profile"]:
        profile["names"] = {_key(name): target for name, target in profile["names"].items()}
        profile["needs"] = {_key(name) for name in profile["needs"]}
    return found


def _pieces(name: str) -> list[tuple[str, str]]:
    """Split a name into words: as compared, and as written."""
    name = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z]{2})(?=[a-z]{2})", " ", name)
    name = name.replace("%", " percent ").replace("#", " n ")
    pieces = []
    for written in re.findall(r"[^\W\d_]+|\d+", name):
        plain = unicodedata.normalize("NFKD", written.replace("ß", "ss"))
        word = "".join(char for char in plain if not unicodedata.combining(char)).casefold()
        pieces.append((word, written))
    return pieces


def _key(name: str) -> str:
    return " ".join(word for word, _ in _pieces(name))


def is_known(name: str) -> bool:
    """Tell whether a column of this name may be one of our fields.

    Examples
    --------
    >>> [is_known(name) for name in ("Events Exp", "Moyenne", "country")]
    [True, True, False]
    """
    names = _names()
    key = _key(name)
    if not key or len(key) > 60:
        return False
    return (
        bool(_fits(name))
        or any(key in profile["names"] for profile in names["profile"])
        or any(key in phrases for phrases in names["quantity"].values())
        or any(quantities_in(name, form) for form in ("pair", "share", "estimate", "interval"))
    )


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
    candidates: dict[str, list[tuple[int, str, _Fit]]] = {}
    keys = {_key(name) for name in columns}
    profile: dict[str, str] = {}
    for each in _names()["profile"]:
        if each["needs"] <= keys:
            profile = {**each["names"], **profile}
    second = {name: first for name in columns if (first := _repeats(name, columns))}
    alone: dict[str, list[str]] = {}
    for name in columns:
        if name in second or name in second.values():
            quantity = _quantity_alone(second.get(name, name))
            if quantity:
                alone.setdefault(quantity, []).append(name)
                continue
        said = (meaning or {}).get(name, name)
        fits = (_Fit(profile[_key(name)], _PROFILE),) if _key(name) in profile else _fits(said)
        for fit in fits:
            if not fit.field:
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
            found.problems.append((f"the columns {several} may both be {target}", target))
        _, name, fit = equal[0]
        taken.add(name)
        found.fields[target] = [name]
        group = next(
            (n for n in columns if target == "analysis" and _key(n) == "analysis group"), ""
        )
        if group:
            found.fields[target].insert(0, group)
            taken.add(group)
        if target in ("n_t", "n_c"):
            others = [c[1] for c in fitting if c[0] < _GRAMMAR and c[1] != name]
            found.fields[target] += others[:1]
            taken.update(others[:1])
        _name_arm(found, target, fit.arm)
        found.measure = found.measure or fit.measure
        found.ci_level = found.ci_level or fit.level
    pairs = {quantity: names for quantity, names in alone.items() if len(names) == 2}
    if pairs:
        for quantity, names in pairs.items():
            for arm, name in zip("tc", sorted(names, key=header.index), strict=True):
                found.fields.setdefault(f"{quantity}_{arm}", [name])
        words = " and ".join(repr(name) for name in next(iter(pairs.values())))
        found.problems.append((f"the columns {words} do not say which arm they belong to", "arms"))
    _settle(found)
    return found


def measure_named(word: str) -> str:
    """Return the short name of a measure that a cell names, or "".

    Examples
    --------
    >>> measure_named("Odds Ratio"), measure_named("PETO_OR"), measure_named("no")
    ('OR', 'PETO', '')
    """
    key = _key(word)
    if key in ("peto", "peto or"):
        return "PETO"
    return next((short for short, names in _names()["measure"].items() if key in names), "")


def quantities_in(name: str, form: str) -> dict[str, str]:
    """Tell what the figures of combined cells are, by the name of their column.

    Parameters
    ----------
    name : str
        Name of the column, such as "Mean (SD) placebo".
    form : {"pair", "share", "estimate", "interval"}
        Form of its cells: ``a (b)``, ``a/b``, ``a (b to c)``, ``b to c``.

    Returns
    -------
    dict of str to str
        By word for the figure, the name that a column of its own would have; the word is "" for a
        figure that is not needed. Empty if the name does not say what the figures are.

    Examples
    --------
    >>> quantities_in("Mean (SD) placebo", "pair")
    {'mean': 'mean placebo', 'sd': 'sd placebo'}
    >>> quantities_in("OR (95% CI)", "estimate")
    {'estimate': 'or', 'lower': 'ci lower 95', 'upper': 'ci upper 95'}
    """
    names = _names()
    pieces = _pieces(name)
    words = [word for word, _ in pieces]
    if form in ("estimate", "interval"):
        level = next((w for w in words if w in ("90", "95", "99")), "95")
        limits = {"lower": f"ci lower {level}", "upper": f"ci upper {level}"}
        rest = [w for w in words if w not in names["limit"]["words"] and not w.isdigit()]
        said_ci = set(words) & {"ci", "ki", "ic", "confidence", "konfidenzintervall"}
        if form == "interval":
            return limits if said_ci and not rest else {}
        fit = _of_measure(" ".join(rest)) if rest else None
        if fit and fit.field == "estimate":
            return {"estimate": " ".join(rest), **limits}
        return {"estimate": "estimate", **limits} if said_ci and not rest else {}
    held: dict[str, tuple[int, int]] = {}
    for quantity, known in names["quantity"].items():
        spans = _phrases(words, known)
        if spans and not any(span[0] < spans[0][1] and spans[0][0] < span[1]
                             for span in held.values()):  # fmt: skip
            held[quantity] = spans[0]
    used = {i for span in held.values() for i in range(*span)}
    left = [piece for i, piece in enumerate(pieces) if i not in used]
    arm = " ".join(written for word, written in left if word not in ("percent", "n"))
    if form == "share":
        wanted = ["events", "n"] if {"events", "n"} & set(held) else []
    elif "mean" in held and ("sd" in held or "se" in held):
        wanted = ["mean", "sd" if "sd" in held else "se"]
    elif "percent" in words and {"events", "n"} & set(held):
        wanted = ["events", ""]
    else:
        wanted = []
    return {word: f"{word} {arm}".strip() if word else "" for word in wanted}


def _settle(found: Recognition) -> None:
    """Decide what a field is by what stands beside it."""
    fields = found.fields
    spread = "vi" in fields or "sei" in fields
    linear = found.measure not in RATIOS and "ci_low" not in fields
    if "estimate" in fields and "yi" not in fields and spread and linear:
        fields["yi"] = fields.pop("estimate")
    if "se" in fields and "yi" in fields and "estimate" not in fields and "sei" not in fields:
        fields["sei"] = fields.pop("se")
    if "n_t" in fields and not {"r", "events"} & set(fields):
        fields.pop("n", None)  # a sum of the arms serves nothing
    if "yi" in fields and "estimate" not in fields:
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


def _quantity_alone(name: str) -> str:
    key = _key(name)
    return next((q for q, phrases in _names()["quantity"].items() if key in phrases), "")


@cache
def _fits(name: str) -> tuple[_Fit, ...]:
    """List what a name may mean."""
    names = _names()
    key = _key(name)
    if name in FIELDS:
        return (_Fit(name, _EXACT),)
    found = [
        _Fit(target, _WHOLE + phrases.index(key))
        for target, phrases in names["whole"].items()
        if key in phrases
    ]
    if found:
        return tuple(found)
    fit = _of_interval(key) or _of_measure(key) or _of_arm(name)
    return (fit,) if fit else ()


def _of_interval(key: str) -> _Fit | None:
    """Recognise a limit of an interval: "Lower 95 % CI"."""
    if key in ("2 5 percent", "97 5 percent"):
        return _Fit("ci_low" if key.startswith("2") else "ci_high", _GRAMMAR)
    limit = _names()["limit"]
    words = key.split()
    digits = [float(word) for word in words if word.isdigit()]
    words = [word for word in words if not word.isdigit()]
    measure = ""
    for short, phrases in _names()["measure"].items():
        if set(words) & {phrase for phrase in phrases if " " not in phrase}:
            measure = short
            words = [word for word in words if word not in phrases]
    side = ""
    rest = []
    for word in words:
        if word in limit["low"] or word in limit["high"]:
            side += "l" if word in limit["low"] else "h"
        else:
            rest.append(word)
    if side not in ("l", "h") or not set(rest) <= set(limit["words"]):
        return None
    # short or common words need the word for interval beside them
    plain = {"l", "u", "min", "max", "from", "to", "start", "end", "inf", "sup"}
    plain |= {"lo", "hi", "low", "high", "up", "li", "ls"}
    if not rest and not digits and not measure and set(words) & plain:
        return None
    level = next((value for value in digits if 50 <= value < 100), None)
    return _Fit("ci_low" if side == "l" else "ci_high", _GRAMMAR, "", measure, level)


def _of_measure(key: str) -> _Fit | None:
    """Recognise an effect measure by its name, its logarithm, or their standard error."""
    names = _names()
    spread = ""
    for start in ("standard error of", "standard error", "se of", "se", "variance of", "var of",
                  "var", "v"):  # fmt: skip
        if key.startswith(f"{start} ") or (start == "se" and re.match(r"se(?:log|ln)", key)):
            spread = "vi" if start.startswith("v") else "sei"
            key = key[len(start) :].strip()
            break
    for end in ("standard error", "se", "variance", "var"):
        if not spread and key.endswith(f" {end}"):
            spread, key = ("vi" if end.startswith("v") else "sei"), key[: -len(end)].strip()
    logarithmic = False
    words = [word for word in key.split() if word not in ("odds",) or "ratio" in key]
    if set(words) & names["log"]:
        logarithmic = True
        words = [word for word in words if word not in names["log"]]
    key = " ".join(words)
    joined = re.fullmatch(r"(?:log|ln)(.+)", key)
    if joined and any(joined[1] in phrases for phrases in names["measure"].values()):
        logarithmic, key = True, joined[1]
    beside = {"effect", "estimate", "value", "size", "point", "percent", "ci", "with", "adjusted"}
    for short, phrases in names["measure"].items():
        for phrase in sorted(phrases, key=len, reverse=True):
            rest = f" {key} ".replace(f" {phrase} ", " ", 1).split()
            rest = [] if " ".join(rest) in phrases else rest  # "mean difference (MD)"
            if f" {phrase} " in f" {key} " and all(
                w in beside or w in ("90", "95", "99") for w in rest
            ):
                log_scale = logarithmic or short == "ZCOR"
                if spread:
                    target = "se" if spread == "sei" and not log_scale else spread
                else:
                    target = "yi" if log_scale else "estimate"
                return _Fit(target, _GRAMMAR + len(rest), "", short)
    return None


def _phrases(words: Sequence[str], known: Sequence[str]) -> list[tuple[int, int]]:
    """Find known phrases among words, long ones first: where each begins and ends."""
    spans = [(i, j) for i in range(len(words)) for j in range(i + 1, min(i + 4, len(words) + 1))]
    found = [span for span in spans if " ".join(words[slice(*span)]) in known]
    return sorted(found, key=lambda span: span[0] - span[1])


def _of_arm(name: str) -> _Fit | None:
    """Recognise a quantity of an arm whose word is known: "SD (placebo)"."""
    names = _names()
    pieces = _pieces(name)
    words = [word for word, _ in pieces]
    for quantity, known in names["quantity"].items():
        for start, end in _phrases(words, known):
            rest = pieces[:start] + pieces[end:]
            left = [word for word, _ in rest]
            spans = [(arm, *span) for arm in "tc" for span in _phrases(left, names["arm"][arm])]
            for arm, begin, stop in sorted(spans, key=lambda span: span[1] - span[2]):
                others = left[:begin] + left[stop:]
                baseline = bool(set(others) & names["baseline"])
                change = bool(set(others) & names["change"])
                if set(others) - names["noise"] - names["baseline"] - names["change"]:
                    continue
                target = f"base_{quantity}_{arm}" if baseline else f"{quantity}_{arm}"
                if target not in FIELDS or (baseline and change):
                    continue
                written = " ".join(text for _, text in rest[begin:stop])
                own = (
                    len(written) > 3
                    and re.search("[aeiou]", written)
                    and written.replace(" ", "").isalpha()
                )
                word = written[:1].upper() + written[1:] if own else ""
                # R meta keeps copies of its input under names with a dot in front
                rank = _CHANGE if change else _GRAMMAR + name.startswith(".")
                return _Fit(target, rank, word)
    return None


def _unknown_arms(
    columns: Mapping[str, str],
    candidates: dict[str, list[tuple[int, str, _Fit]]],
    found: Recognition,
) -> None:
    """Take a pair of arms of which at most one has a word that is known: "BCG", "control"."""
    used = {name for fits in candidates.values() for _, name, _ in fits}
    arms: dict[str, dict[str, str]] = {}
    for name, said in columns.items():
        if name not in used:
            quantity, arm = _split_unknown(said)
            if arm:
                arms.setdefault(arm, {}).setdefault(quantity, name)
    sides: dict[str, set[str]] = {
        side: {
            q
            for q in ("mean", "sd", "n", "events")
            if any(fit.rank >= _GRAMMAR for _, _, fit in candidates.get(f"{q}_{side}", []))
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
                fit = _Fit(f"{quantity}_{other}", _GRAMMAR, fitting[0])
                candidates.setdefault(fit.field, []).append((fit.rank, name, fit))
        elif fitting:
            words = ", ".join(repr(arm) for arm in fitting)
            found.problems.append((f"{words} may each be the other arm", "arms"))
        return
    pairs = [arm for arm, held in arms.items() if {"n"} < set(held)]
    if len(pairs) == 2 and set(arms[pairs[0]]) == set(arms[pairs[1]]):
        pairs.sort(key=lambda arm: _is_negation(arm, pairs))
        for side, arm in zip("tc", pairs, strict=True):
            for quantity, name in arms[arm].items():
                fit = _Fit(f"{quantity}_{side}", _GRAMMAR, arm)
                candidates.setdefault(fit.field, []).append((fit.rank, name, fit))
        if not _is_negation(pairs[1], pairs):
            words = " and ".join(map(repr, pairs))
            problem = f"{words} are two arms, and no word says which is the control"
            found.problems.append((problem, "arms"))


def _is_negation(arm: str, arms: Sequence[str]) -> bool:
    """Tell whether one arm is named by what the other got: "Unvaccinated", "no vaccine"."""
    return any(
        re.fullmatch(
            rf"(?:un|non?|not|without|ohne|sans|sin|nicht)[ -]?{re.escape(other)}", arm, re.I
        )
        for other in arms
        if other != arm
    )


def _split_unknown(name: str) -> tuple[str, str]:
    """Split a name into a quantity and a word that may name an arm: "BCG total"."""
    names = _names()
    pieces = _pieces(name)
    words = [word for word, _ in pieces]
    for quantity, known in names["quantity"].items():
        for start, end in _phrases(words, known):
            rest = [
                piece for piece in pieces[:start] + pieces[end:] if piece[0] not in names["noise"]
            ]
            left = {word for word, _ in rest}
            if rest and not left & (names["baseline"] | names["change"]):
                return quantity, " ".join(written for _, written in rest)
    return "", ""
