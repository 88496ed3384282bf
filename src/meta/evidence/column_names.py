"""What may a column of this name hold? One name at a time; the names are in field_names.toml."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from meta.wording import upper_first

ARM_QUANTITIES = (
    *("mean", "sd", "events", "nonevents", "n", "time", "se"),
    *("median", "q1", "q3", "min", "max"),
)
TEXTS = ("label", "author", "year", "study_id", "subgroup", "analysis", "arm_t", "arm_c")
NUMBERS = (
    *(f"{quantity}_{arm}" for arm in "tc" for quantity in ARM_QUANTITIES),
    *(f"base_{quantity}_{arm}" for arm in "tc" for quantity in ("mean", "sd")),
    *("events", "n", "mean", "sd", "time", "r", "mean_post", "mean_pre", "sd_post", "sd_pre"),
    *("yi", "vi", "sei", "estimate", "ci_low", "ci_high", "ci_level", "se"),
    *("o_minus_e", "v_o_minus_e"),
)
FIELDS = (*TEXTS, *NUMBERS, "p_value")
COUNTS = tuple(name for name in NUMBERS if re.fullmatch(r"(?:n|events|nonevents)(?:_[tc])?", name))
RESULTS = (
    ("mean_t", "mean_c"), ("median_t", "median_c"), ("sd_t", "sd_c"), ("events_t", "events_c"),
    ("mean_post", "mean_pre"), ("mean", "n"), ("sd", "n"), ("events",), ("r",),
    ("yi",), ("estimate",), ("ci_low", "ci_high"), ("p_value",), ("o_minus_e", "v_o_minus_e"),
)  # fmt: skip
"""Any of these together makes a table of results."""
_FORMS = ("pair", "percent", "share", "estimate", "interval")
# how well a name fits, from best to worst
PROFILE, _EXACT, _WHOLE, GRAMMAR, _CHANGE = 0, 1, 2, 1000, 2000


@dataclass(frozen=True, slots=True)
class Fit:
    """What one column name may mean.

    Attributes
    ----------
    field : str
        Our field.
    rank : int
        How well the name fits; the lowest is the best.
    arm : str
        What the name calls the arm.
    measure : str
        Effect measure that the name says.
    level : float or None
        Level of the interval that the name says.
    """

    field: str
    rank: int
    arm: str = ""
    measure: str = ""
    level: float | None = None


@cache
def all_names() -> dict[str, Any]:
    """Return the table of names with every name as `key_of` writes it."""
    text = (Path(__file__).parent / "field_names.toml").read_text(encoding="utf-8")
    found = tomllib.loads(text)
    for part in ("whole", "quantity", "arm", "measure", "limit"):
        found[part] = {key: [key_of(name) for name in names] for key, names in found[part].items()}
    for part in ("noise", "baseline", "change", "log"):
        found[part] = {key_of(word) for word in found[part]["words"]}
    for profile in found["profile"]:
        profile["names"] = {key_of(name): target for name, target in profile["names"].items()}
        # names that begin with a line, as Stata's do, are compared as they stand
        profile["needs"] = {
            name if name.startswith("_") else key_of(name) for name in profile["needs"]
        }
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


def key_of(name: str) -> str:
    """Write a name as names are compared: lower case, no accents, words apart.

    Examples
    --------
    >>> [key_of(name) for name in ("Écart-type", "sdE", "m1i")]
    ['ecart type', 'sd e', 'm 1 i']
    """
    return " ".join(word for word, _ in _pieces(name))


@lru_cache(maxsize=4096)
def is_known(name: str) -> bool:
    """Tell whether a column of this name may be one of our fields.

    Examples
    --------
    >>> [is_known(name) for name in ("Events Exp", "Moyenne", "country")]
    [True, True, False]
    """
    names = all_names()
    key = key_of(name)
    if not key or len(key) > 60:
        return False
    return (
        bool(fits_of(name))
        or (len(key) > 1 and any(key in profile["names"] for profile in names["profile"]))
        or any(key in phrases for phrases in names["quantity"].values())
        or any(quantities_in(name, form) for form in _FORMS)
    )


@cache
def fits_of(name: str) -> tuple[Fit, ...]:
    """List what a name may mean."""
    names = all_names()
    key = key_of(name)
    if name in FIELDS:
        return (Fit(name, _EXACT),)
    found = [
        Fit(target, _WHOLE + phrases.index(key))
        for target, phrases in names["whole"].items()
        if key in phrases
    ]
    if found:
        return tuple(found)
    fit = _of_interval(key) or _of_measure(key) or _of_arm(name)
    return (fit,) if fit else ()


def quantity_alone(name: str) -> str:
    """Return the quantity that a name means without an arm, or "": "SD"."""
    key = key_of(name)
    return next((q for q, phrases in all_names()["quantity"].items() if key in phrases), "")


def split_unknown(name: str) -> tuple[str, str]:
    """Split a name into a quantity and a word that may name an arm: "BCG total"."""
    names = all_names()
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


def names_an_arm(name: str) -> bool:
    """Tell whether a name is that of an arm, and of nothing else: "Control group"."""
    names = all_names()
    words = [word for word in key_of(name).split() if word not in names["noise"]]
    return any(" ".join(words) in names["arm"][arm] for arm in "tc")


def quantities_in(name: str, form: str) -> dict[str, str]:
    """Tell what the figures of combined cells are, by the name of their column.

    Parameters
    ----------
    name : str
        Name of the column, such as "Mean (SD) placebo".
    form : {"pair", "percent", "share", "estimate", "interval"}
        Form of its cells: ``a (b)``, ``a (b %)``, ``a/b``, ``a (b to c)``, ``b to c``.

    Returns
    -------
    dict of str to str
        By word for the figure, the name that a column of its own would have; figures behind these
        are not needed. Empty if the name does not say what the figures are.

    Examples
    --------
    >>> quantities_in("Mean (SD) placebo", "pair")
    {'mean': 'mean placebo', 'sd': 'sd placebo'}
    >>> quantities_in("OR (95% CI)", "estimate")
    {'estimate': 'or', 'lower': 'ci lower 95', 'upper': 'ci upper 95'}
    """
    names = all_names()
    pieces = _pieces(name)
    words = [word for word, _ in pieces]
    if form in ("estimate", "interval"):
        level = next((w for w in words if w in ("90", "95", "99")), "95")
        limits = {"lower": f"ci lower {level}", "upper": f"ci upper {level}"}
        rest = [w for w in words if w not in names["limit"]["words"] and not w.isdigit()]
        said_ci = set(words) & {"ci", "ki", "ic", "confidence", "konfidenzintervall"}
        if form == "estimate" and "median" in words:
            beside = ("median", "iqr", "q", "quartiles", "to", "n")
            arm = " ".join(t for w, t in pieces if w not in beside and not w.isdigit())
            return {word: f"{word} {arm}" for word in ("median", "q1", "q3")}
        if form == "interval" and {"iqr", "quartiles"} & set(words):
            arm = " ".join(t for w, t in pieces if w not in ("iqr", "quartiles", "median"))
            return {word: f"{word} {arm}" for word in ("q1", "q3")}
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
    elif (form == "percent" or "percent" in words) and {"events", "n"} & set(held):
        wanted = ["events"]
    else:
        wanted = []
    return {word: f"{word} {arm}".strip() for word in wanted}


def measure_named(word: str) -> str:
    """Return the short name of a measure that a cell names, or "".

    Examples
    --------
    >>> measure_named("Odds Ratio"), measure_named("PETO_OR"), measure_named("no")
    ('OR', 'PETO', '')
    """
    key = key_of(word)
    if key in ("peto", "peto or"):
        return "PETO"
    return next((short for short, names in all_names()["measure"].items() if key in names), "")


def _of_interval(key: str) -> Fit | None:
    """Recognise a limit of an interval: "Lower 95 % CI"."""
    if key in ("2 5 percent", "97 5 percent"):
        return Fit("ci_low" if key.startswith("2") else "ci_high", GRAMMAR)
    limit = all_names()["limit"]
    words = key.split()
    digits = [float(word) for word in words if word.isdigit()]
    words = [word for word in words if not word.isdigit()]
    measure = ""
    for short, phrases in all_names()["measure"].items():
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
    return Fit("ci_low" if side == "l" else "ci_high", GRAMMAR, "", measure, level)


def _of_measure(key: str) -> Fit | None:
    """Recognise an effect measure by its name, its logarithm, or their standard error."""
    names = all_names()
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
    beside = {"effect", "estimate", "value", "size", "point", "percent", "ci", "with", "a", "adj",
              "adjusted", "crude", "unadjusted", "ajuste", "adjustiert"}  # fmt: skip
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
                return Fit(target, GRAMMAR + len(rest), "", short)
    return None


def _of_arm(name: str) -> Fit | None:
    """Recognise a quantity of an arm whose word is known: "SD (placebo)"."""
    names = all_names()
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
                word = upper_first(written) if own else ""
                # R meta keeps copies of its input under names with a dot in front
                rank = _CHANGE if change else GRAMMAR + name.startswith(".")
                return Fit(target, rank, word)
    return None


def _phrases(words: Sequence[str], known: Sequence[str]) -> list[tuple[int, int]]:
    """Find known phrases among words, long ones first: where each begins and ends."""
    spans = [(i, j) for i in range(len(words)) for j in range(i + 1, min(i + 4, len(words) + 1))]
    found = [span for span in spans if " ".join(words[slice(*span)]) in known]
    return sorted(found, key=lambda span: span[0] - span[1])
