"""How are figures and names written in a sentence?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import isfinite

from meta.synthesis.presentation import number

# how a result is reported, behind a count of results
LEVELS = {
    "arms": "with means or counts of both arms",
    "interval": "with an effect and its interval",
    "p_value": "with a p-value",
    "direction": "with a direction only",
    "silent": "with no figure of a difference",
    "single_arm": "of one group",
}
_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def words(name: str) -> str:
    """Turn a code of the tables into words: ``no_trials`` becomes "no trials"."""
    return name.replace("_", " ")


def listing(items: Iterable[str], last: str = "and") -> str:
    """Join words: "a", "a and b", "a, b and c"."""
    kept = list(items)
    if len(kept) < 2:
        return "".join(kept)
    return f"{', '.join(kept[:-1])} {last} {kept[-1]}"


def in_words(count: int) -> str:
    """Write a count as a reader would: "no", "one" to "nine", then in digits."""
    return _NUMBERS[count] if count < len(_NUMBERS) else f"{count:,}"


def counted(count: int, one: str, many: str | None = None) -> str:
    """Count things: "no trials", "one trial", "four trials", "12 trials"."""
    return f"{in_words(count)} {one if count == 1 else many or f'{one}s'}"


def figure(value: float, digits: int | None = None) -> str:
    """Write a figure as a reader would: no needless decimals, a true minus sign."""
    if not isfinite(value):
        return number(value)
    if digits is not None:
        return number(value, digits)
    text = number(value, 2 if abs(value) < 10 else 1)
    return text.rstrip("0").rstrip(".") if "." in text else text


def span(low: float, high: float, digits: int | None = None) -> str:
    """Write a range: "200 to 400", or one figure where both ends are the same."""
    if low == high:
        return figure(low, digits)
    if not isfinite(low):
        return f"at most {figure(high, digits)}"
    if not isfinite(high):
        return f"at least {figure(low, digits)}"
    return f"{figure(low, digits)} to {figure(high, digits)}"


def with_interval(estimate: float, low: float, high: float, digits: int = 2) -> str:
    """Write an estimate and its interval: "-0.50 (-0.91 to -0.07)"."""
    return f"{number(estimate, digits)} ({number(low, digits)} to {number(high, digits)})"


def plain_list(names: Sequence[str], most: int = 6) -> str:
    """Name some, and count the rest."""
    if len(names) <= most:
        return listing(names)
    return f"{', '.join(names[:most])} and {len(names) - most} more"


def lower_first(text: str) -> str:
    """Begin with a small letter, unless the first word is a name or an abbreviation."""
    second = text[1:2]
    return text[:1].lower() + text[1:] if second.islower() or second == " " else text


def sentence(*parts: str) -> str:
    """Join clauses by semicolons into one sentence with a capital and a full stop."""
    text = "; ".join(part.strip().rstrip(".;") for part in parts if part.strip())
    return f"{text[:1].upper()}{text[1:]}." if text else ""


def sentences(*parts: str) -> str:
    """Set sentences one after the other, each with its capital and full stop."""
    return " ".join(sentence(part) for part in parts if part.strip())


def probability_text(probability: float) -> str:
    """Write a probability in percent; one that a model gives is never 0 or 100."""
    share = 100 * probability
    if share > 99:
        return "above 99 %"
    return f"{figure(share, 0)} %" if share >= 1 else "below 1 %"
