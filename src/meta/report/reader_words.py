"""How are verdicts, levels and counts said to somebody who has never read a meta-analysis?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from meta.claims.assessment import Assessment
from meta.claims.verdicts import (
    CONTRADICTED,
    NO_TRIALS,
    NOT_TESTABLE,
    OVERSTATED,
    SOURCE_NOT_FOUND,
    SUPPORTED,
    UNRESOLVED,
)
from meta.wording import listed, upper_first


@dataclass(frozen=True, slots=True)
class Word:
    """A verdict as a reader is told.

    Attributes
    ----------
    short : str
        The word on a label.
    meaning : str
        What it means, as a sentence.
    counted : str
        Behind a number of claims: "3 go further than the trials do".
    counted_one : str
        The same of one claim.
    """

    short: str
    meaning: str
    counted: str
    counted_one: str


WORDS: dict[str, Word] = {
    SUPPORTED: Word(
        "holds",
        "Trials or sources say what the claim says.",
        "hold",
        "holds",
    ),
    OVERSTATED: Word(
        "goes too far",
        "There is something, and the claim says more: a larger size, stronger evidence, or more "
        "than its source says.",
        "go further than the evidence does",
        "goes further than the evidence does",
    ),
    CONTRADICTED: Word(
        "measured otherwise",
        "Measurements, or the source it names, say something else.",
        "were measured otherwise",
        "was measured otherwise",
    ),
    UNRESOLVED: Word(
        "cannot be decided",
        "There is evidence, but too little to decide. Where it leans to one side, that is said.",
        "cannot be decided",
        "cannot be decided",
    ),
    NO_TRIALS: Word(
        "no trial found",
        "No trial that we found tested it in the people, or with the form, that it names.",
        "were tested in no trial that we found",
        "was tested in no trial that we found",
    ),
    SOURCE_NOT_FOUND: Word(
        "source not found",
        "It only repeats what a study is said to show. We searched and did not find that study; "
        "it may still exist.",
        "rest on a study that we did not find",
        "rests on a study that we did not find",
    ),
    NOT_TESTABLE: Word(
        "not for trials",
        "A mechanism, advice or praise that no trial in these tables can test.",
        "cannot be tested in trials",
        "cannot be tested in trials",
    ),
}

# what part a claim plays in its article, in the order in which a reader is told
GROUPS: dict[str, str] = {
    "works": "Claims that it works",
    "number": "Numbers and doses",
    "source": "Studies it names",
    "dose_and_safety": "Dose and safety",
    "background": "Background, mechanism and advice",
}

LEVELS = ("very low", "low", "moderate", "high")
_CERTAIN = {
    "very low": "the evidence is very uncertain",
    "low": "the evidence is weak",
    "moderate": "the evidence is fair",
    "high": "the evidence is strong",
}


# what lowers certainty, and how direct the evidence is, as a reader is told
_DOUBTS = {
    "risk of bias": "how the trials were run",
    "indirectness": "other people, or another form, than the claim names",
    "inconsistency": "trials that disagree",
    "imprecision": "too few people",
    "publication bias": "trials that may be missing",
}
_DIRECT = {
    "direct": "It is about {}.",
    "partly direct": "It is only in part about {}.",
    "indirect": "It is not about {}.",
}


def how_sure(one: Assessment) -> str:
    """Say how sure an answer is, and why, in words that a reader knows.

    Returns
    -------
    str
        Sentences; "" where nothing was measured.
    """
    if not one.certainty:
        return ""
    if one.certainty not in LEVELS:
        said = [f"{upper_first(one.how_sure)}."]
    else:
        said = [f"{upper_first(_CERTAIN[one.certainty])} ({one.certainty} certainty)."]
        parts = [reason.partition(": ") for reason in one.certainty_why]
        doubts = [f"{_DOUBTS.get(what, what)} ({degree})" for what, _, degree in parts if degree]
        doubts += [what for what, _, degree in parts if not degree]
        if doubts:
            said.append(f"What lowers it: {', '.join(doubts)}.")
    named = {"the people that the claim names": one.direct_people}
    named["the form that it names"] = one.direct_form
    alike: dict[str, list[str]] = {}
    for words, direct in named.items():
        alike.setdefault(direct, []).append(words)
    said += [_DIRECT[direct].format(listed(words)) for direct, words in alike.items() if direct]
    return " ".join(said)


def verdict_label(one: Assessment) -> str:
    """Name the verdict, with the side it leans to: "cannot be decided, leans for"."""
    leaning = one.verdict == UNRESOLVED and one.leans in {"for", "against"}
    return WORDS[one.verdict].short + (f", leans {one.leans}" if leaning else "")


def counted_verdicts(claims: Sequence[Assessment], leave_out: Sequence[str] = ()) -> str:
    """Count claims by verdict in words: "3 go further than the evidence does and 27 ..."."""
    parts = []
    for verdict, word in WORDS.items():
        count = sum(one.verdict == verdict for one in claims)
        if count and verdict not in leave_out:
            parts.append(f"{count} {word.counted_one if count == 1 else word.counted}")
    return listed(parts)


def effect_sentence(words: str, level: str, side: int) -> str:
    """Say what a pooled effect means, in the manner of GRADE's plain-language statements.

    Parameters
    ----------
    words : str
        The outcome within a sentence: "depression".
    level : {"high", "moderate", "low", "very low"}
        Certainty.
    side : {-1, 0, 1}
        1 if the interval lies wholly on the better side, -1 on the worse, 0 if it holds no effect.

    Examples
    --------
    >>> effect_sentence("depression", "very low", 1)
    'It may improve depression, but the evidence is very uncertain.'
    >>> effect_sentence("sleep", "very low", 0)
    'Whether it does anything for sleep is very uncertain.'
    >>> effect_sentence("anxiety", "moderate", 1)
    'It probably improves anxiety.'
    """
    if level == "very low":
        if side == 0:
            return f"Whether it does anything for {words} is very uncertain."
        verb = "improve" if side > 0 else "worsen"
        return f"It may {verb} {words}, but {_CERTAIN[level]}."
    if side == 0:
        how = {"low": "may make", "moderate": "probably makes", "high": "makes"}[level]
        return f"It {how} little or no difference to {words}."
    verb = "improve" if side > 0 else "worsen"
    how = {"low": f"may {verb}", "moderate": f"probably {verb}s", "high": f"{verb}s"}[level]
    return f"It {how} {words}."
