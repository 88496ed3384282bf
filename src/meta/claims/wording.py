"""How are figures and names written in a sentence?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import isfinite

from meta.synthesis.presentation import number

_OUTCOMES = {
    "crp": "C-reactive protein",
    "il6": "interleukin-6",
    "tnf_alpha": "TNF-alpha",
    "hrv": "heart-rate variability",
    "inflammatory_markers_unspecified": "unnamed inflammatory markers",
    "gi_adverse_event": "stomach and bowel trouble",
    "gi_symptom_severity": "severity of stomach and bowel symptoms",
    "any_adverse_event": "unwanted effects",
    "absorption_fraction": "absorption",
    "serum_mg": "serum magnesium",
    "sleep_onset_latency": "time to fall asleep",
}


# how a result is reported, behind a count of results
LEVELS = {
    "arms": "with means or counts of both arms",
    "interval": "with an effect and its interval",
    "p_value": "with a p-value",
    "direction": "with a direction only",
    "silent": "with no figure of a difference",
    "single_arm": "of one group",
}
_DIRECT = {
    "direct": "direct, about what the claim names",
    "partly direct": "partly direct, some of the results are of the salt that the claim names",
    "indirect": "indirect, none of the results is of the salt that the claim names",
}


def words(name: str) -> str:
    """Turn a name of the tables into words: ``sleep_quality`` becomes "sleep quality"."""
    return _OUTCOMES.get(name, name.replace("_", " "))


def listing(items: Iterable[str], last: str = "and") -> str:
    """Join words: "a", "a and b", "a, b and c"."""
    kept = list(items)
    if len(kept) < 2:
        return "".join(kept)
    return f"{', '.join(kept[:-1])} {last} {kept[-1]}"


def counted(count: int, one: str, many: str | None = None) -> str:
    """Count things: "no trial", "one trial", "4 trials"; words up to nine only for none and one."""
    noun = one if count == 1 else many or f"{one}s"
    shown = {0: "no", 1: "one"}.get(count, str(count))
    return f"{shown} {one if count == 0 else noun}"


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


def probability_text(probability: float) -> str:
    """Write a probability in percent; one that a model gives is never 0 or 100."""
    share = 100 * probability
    if share > 99:
        return "above 99 %"
    return f"{figure(share, 0)} %" if share >= 1 else "below 1 %"


def directness_text(direct: str) -> str:
    """Say whether results are about the salt of a claim, in words that stand alone."""
    return _DIRECT[direct]
