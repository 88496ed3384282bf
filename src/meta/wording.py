"""How are numbers, lists and names written in a sentence, a table or a message?

The same in every stage: a true minus sign, a comma between thousands, as many digits as say
something.

==================  ==========================================================================
``number``          a figure in a column: a fixed count of decimals
``brief``           a computed figure in a sentence: at most two decimals, none that are needless
``as_stated``       a figure that somebody stated: the digits that were stated
``typed``           a figure as one types it into a cell: no thousands, a hyphen as minus
``compact``         a variance: small ones keep their digits
``power_of_ten``    10⁻³
==================  ==========================================================================

``exact_decimals`` counts the decimals that show all of some figures, ``decimals`` those that tell
an estimate from its limits.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from math import isclose, isfinite, nan
from numbers import Integral
from typing import Any

from meta.errors import DataError

# from here on decimals say nothing
_LONG = 1e5
_LONG_RATIO = 1e3
_BILLION = 1e9
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def listed(items: Iterable[object], most: int = 40, *, last: str = "and") -> str:
    """Join what is named in a sentence, and count what is beyond `most`.

    Parameters
    ----------
    items : iterable
        What to name.
    most : int
        How many are named.
    last : str
        Word before the last one.

    Returns
    -------
    str
        One line.

    Examples
    --------
    >>> listed("ab"), listed("abc", last="or"), listed("abcde", 3)
    ('a and b', 'a, b or c', 'a, b, c and 2 more')
    """
    texts = [str(item) for item in items]
    if len(texts) > most:
        return f"{', '.join(texts[:most])} and {len(texts) - most:,} more"
    if len(texts) < 2:
        return "".join(texts)
    return f"{', '.join(texts[:-1])} {last} {texts[-1]}"


def number(value: float, digits: int = 2) -> str:
    """Write a number with a true minus sign, separated thousands and a fixed count of decimals.

    From 100,000 on (an interval with one degree of freedom on a ratio scale) without decimals, and
    beyond a billion in words: nobody reads more into such a number.

    Examples
    --------
    >>> number(-0.384), number(-0.001), number(27615.4, 0), number(1e12)
    ('−0.38', '0.00', '27,615', 'over a billion')
    """
    _check_digits(digits)
    if not isfinite(value):
        return "∞" if value > 0 else "−∞" if value < 0 else "not available"
    if abs(value) > _BILLION:
        return "over a billion" if value > 0 else "below minus a billion"
    text = f"{value:,.{digits if abs(value) < _LONG else 0}f}"
    # what rounds to nothing has no sign
    return text.replace("-", "−" if text.strip("-0.") else "")


def brief(value: float, digits: int | None = None) -> str:
    """Write a figure as a reader would: no needless decimals.

    Examples
    --------
    >>> brief(28.0), brief(0.5), brief(1234.56), brief(-2.0, 1)
    ('28', '0.5', '1,234.6', '−2.0')
    """
    if digits is not None or not isfinite(value):
        return number(value, digits or 0)
    text = number(value, 2 if abs(value) < 10 else 1)
    return text.rstrip("0").rstrip(".") if "." in text else text


def as_stated(value: float) -> str:
    """Write a figure that somebody stated, with the digits that were stated.

    Six digits behind a whole number's are more than anybody states, and no noise of arithmetic.

    Examples
    --------
    >>> as_stated(-28.0), as_stated(1234567), as_stated(0.1 + 0.2), as_stated(0.00002)
    ('−28', '1,234,567', '0.3', '2e−05')
    """
    whole = isfinite(value) and abs(value) < _BILLION and float(value).is_integer()
    return number(value, 0) if whole else f"{value:,.6g}".replace("-", "−")


def power_of_ten(exponent: int) -> str:
    """Write a power of ten with a raised exponent.

    Examples
    --------
    >>> power_of_ten(-3)
    '10⁻³'
    """
    return f"10{str(exponent).translate(_RAISED)}"


def typed(value: float | str) -> str:
    """Write a figure as one types it into a cell or a calculator: all digits, no trailing zeros.

    Examples
    --------
    >>> typed(-10.40), typed(27615.0), typed("<0.05")
    ('-10.4', '27615', '<0.05')
    """
    return value if isinstance(value, str) else f"{float(value):.12g}"


def decimals(interval: Iterable[float], least: int = 2, most: int = 10) -> int:
    """Count the decimals that tell an estimate from its two limits and from 0, or ``least``.

    A limit is told from 0 unless it is less than a hundredth of the estimate.

    Examples
    --------
    >>> decimals([-0.384, -0.85, 0.08]), decimals([-0.0005, -0.0009, -0.0001])
    (2, 4)
    """
    _check_digits(least)
    middle, *ends = (float(value) for value in interval)
    values = [value for value in (middle, *ends) if isfinite(value)] or [0.0]
    ends = values[int(isfinite(middle)) :]
    # limits alone are told apart as the larger one from the other
    middle = middle if isfinite(middle) else max(values, key=abs)
    for digits in range(least, most):
        shown = round(middle, digits)
        apart = all(round(end, digits) != shown for end in ends if end != middle)
        if apart and all(
            round(value, digits) for value in values if abs(value) > abs(middle) / 100
        ):
            return digits
    return least


def exact_decimals(values: Iterable[float], most: int = 10) -> int:
    """Count the decimals that show the whole of every finite value, or `most`.

    Examples
    --------
    >>> exact_decimals([28.0, 0.5]), exact_decimals([1 / 3], most=2)
    (1, 2)
    """
    finite = [float(value) for value in values if isfinite(value)]
    for digits in range(most):
        if all(isclose(round(v, digits), v, rel_tol=1e-9, abs_tol=1e-9) for v in finite):
            return digits
    return most


def _check_digits(digits: Any) -> None:
    if not isinstance(digits, Integral) or digits < 0:
        raise DataError(f"digits is {digits!r}; give a whole number of decimals, 0 or more")


def interval_texts(values: Iterable[float], digits: int = 2, *, log: bool = False) -> list[str]:
    """Write an estimate and its limits, on the reader's scale, with decimals that tell them apart.

    Parameters
    ----------
    values : iterable of float
        Estimate and limits; NaN for what there is not.
    digits : int
        Decimals, more where they are needed.
    log : bool
        A ratio: from 1,000 on it has no decimals.
    """
    taken = [float(value) for value in values]
    shown = decimals(taken, digits)
    return [number(value, 0 if log and abs(value) >= _LONG_RATIO else shown) for value in taken]


def value_text(value: float, digits: int = 2) -> str:
    """Write one number with decimals that tell it from 0."""
    return interval_texts([value], digits)[0]


def range_text(ends: Iterable[float], digits: int = 2, *, log: bool = False) -> str:
    """Write two limits with decimals that tell them apart: "0.80 to 1.25"."""
    return " to ".join(interval_texts([nan, *ends], digits, log=log)[1:])


def with_interval(estimate: float, low: float, high: float, digits: int = 2) -> str:
    """Write an estimate and its interval: "−0.50 (−0.91 to −0.07)"."""
    return f"{number(estimate, digits)} ({number(low, digits)} to {number(high, digits)})"


def span(low: float, high: float, digits: int | None = None) -> str:
    """Write a range: "200 to 400", "at least 5", or one figure where both ends are the same."""
    if low == high:
        return brief(low, digits)
    if not isfinite(low):
        return f"at most {brief(high, digits)}"
    if not isfinite(high):
        return f"at least {brief(low, digits)}"
    return f"{brief(low, digits)} to {brief(high, digits)}"


def compact(value: float) -> str:
    """Write a variance: three decimals, more where it is small, fewer where it is large."""
    if not isfinite(value):
        return number(value)
    if value == 0 or 0.001 <= value < 100:
        return f"{value:.3f}"
    return f"{value:.2g}" if value < 0.001 else f"{value:,.0f}"


def p_text(p: float) -> str:
    """Write a p-value with its relation sign: "= 0.012", "< 0.001"."""
    if not isfinite(p):
        return "not available"
    return "< 0.001" if p < 0.001 else f"= {p:.3f}" if p < 0.1 else f"= {p:.2f}"


def p_alone(p: float) -> str:
    """Write a p-value where its name stands before it: "0.012", "< 0.001"."""
    return p_text(p).removeprefix("= ")


def probability_text(probability: float) -> str:
    """Write a probability in percent; one that a model gives is never 0 or 100."""
    share = 100 * probability
    if share > 99:
        return "above 99 %"
    return f"{brief(share, 0)} %" if share >= 1 else "below 1 %"


def in_words(count: int) -> str:
    """Write a count as a reader would: "no", "one" to "nine", then in digits."""
    return _NUMBERS[count] if count < len(_NUMBERS) else f"{count:,}"


def counted(count: int, one: str, many: str | None = None) -> str:
    """Count things: "no trials", "one trial", "four trials", "12 trials"."""
    return f"{in_words(count)} {one if count == 1 else many or f'{one}s'}"


def words(name: str) -> str:
    """Turn a code of the tables into words: ``no_trials`` becomes "no trials"."""
    return name.replace("_", " ")


def one_name(name: object) -> str:
    """Write names that differ in case, blanks or the writing of an accent as one.

    Examples
    --------
    >>> one_name("SMITH  2003 ")
    'smith 2003'
    """
    text = str(name)
    plain = text if text.isascii() else unicodedata.normalize("NFKC", text)
    return " ".join(plain.casefold().split())


def lower_first(text: str) -> str:
    """Begin with a small letter, unless the first word is a name or an abbreviation."""
    second = text[1:2]
    return text[:1].lower() + text[1:] if second.islower() or second == " " else text


def upper_first(text: str) -> str:
    """Begin with a capital letter and leave the rest as it is."""
    return text[:1].upper() + text[1:]


def sentence(*parts: str) -> str:
    """Join clauses by semicolons into one sentence with a capital and a full stop."""
    text = "; ".join(part.strip().rstrip(".;") for part in parts if part.strip())
    return f"{upper_first(text)}." if text else ""


def sentences(*parts: str) -> str:
    """Set sentences one after the other, each with its capital and full stop."""
    return " ".join(sentence(part) for part in parts if part.strip())
