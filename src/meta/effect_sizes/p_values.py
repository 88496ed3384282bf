"""What does a printed p-value say, and which statistic or standard error lies behind it?"""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr, ndtri, stdtr, stdtrit

from meta.arguments import checked
from meta.effect_sizes.inputs import (
    ANY_NUMBER,
    POSITIVE,
    Columns,
    Floats,
    Numbers,
    Relation,
    read_columns,
)
from meta.errors import DataError


class PValue(NamedTuple):
    """A p-value as printed.

    Attributes
    ----------
    value : float
        The figure.
    bound : {"=", "<", "<=", ">", ">="}
        What stands before it. Only "=" is a p-value; the others say where it lies.
    one_sided : bool
        The text says one-tailed: the figure is twice the printed one.
    """

    value: float
    bound: Literal["=", "<", "<=", ">", ">="]
    one_sided: bool = False

    @property
    def exact(self) -> bool:
        """Whether the figure is the p-value itself and no bound."""
        return self.bound == "="

    @property
    def low(self) -> float:
        """Smallest p-value that the text allows."""
        return 0.0 if self.bound.startswith("<") else self.value

    @property
    def high(self) -> float:
        """Largest p-value that the text allows."""
        return 1.0 if self.bound.startswith(">") else self.value


_P_TEXT = re.compile(
    r"^(?:p(?:[\s-]*values?)?\s*)?(?P<bound><=|>=|=<|=>|<|>|=|≤|≥|)\s*"
    r"(?P<figure>(?:0|1)?[.,]\d+|0|1|\d(?:[.,]\d+)?e-\d+)\.?$",
    re.IGNORECASE,
)
_SIDES = re.compile(
    r"[(\[,;]?\s*\b(one|two|1|2)[\s-]*(?:tailed|sided)\b\s*[)\],;]?\s*", re.IGNORECASE
)
_SAME_BOUND = {"": "=", "≤": "<=", "=<": "<=", "≥": ">=", "=>": ">="}


@checked
def parse_p(text: str | float) -> PValue:
    """Read a p-value as a paper prints it.

    Parameters
    ----------
    text : str or float
        ``0.03``, ``"0.03"``, ``"0,03"``, ``"p = .03"``, ``"<0.001"``, ``"P ≤ 0.05"``, ``">0.05"``,
        ``"2e-5"``, ``"p=.021 (one-tailed)"``.

    Returns
    -------
    PValue
        The two-sided figure and its bound. ``.exact`` says whether it is a p-value; ``.low`` and
        ``.high`` enclose the p-value in every case. A p-value that is called one-tailed or
        one-sided is doubled, and ``.one_sided`` says so.

    Raises
    ------
    DataError
        If there is no figure ("ns", "significant": these carry direction or nullity only), the
        figure lies outside [0, 1], it is a bare 0 ("0.000" is a rounding; write "<0.001"), or a
        one-sided p-value is above 0.5, so that the effect is on the other side.

    Notes
    -----
    An effect computed from ``PValue("<", 0.001).value`` is the smallest in size that the text
    allows, never the effect. A text such as "p < 0.05" must not be turned into an effect at all
    unless the result is labelled a bound.

    Checked against: every form of p-value that occurs in the evidence tables.

    Examples
    --------
    >>> parse_p("<0.001")
    PValue(value=0.001, bound='<', one_sided=False)
    >>> parse_p("p=.021 (one-tailed)")
    PValue(value=0.042, bound='=', one_sided=True)
    >>> parse_p("P = .03").exact
    True
    >>> parse_p("ns")
    Traceback (most recent call last):
    ...
    meta.errors.DataError: parse_p: 'ns' holds no p-value; words carry a direction or a null ...
    """
    shown = text if isinstance(text, str) else f"{text!r}"
    sides = _SIDES.findall(shown)
    figure = _SIDES.sub(" ", shown).strip()
    found = None if isinstance(text, bool) or len(sides) > 1 else _P_TEXT.match(figure)
    if found is None and isinstance(text, int | float) and not isinstance(text, bool):
        value, bound = float(text), "="  # a float may print as 1e-05, which no paper does
    elif found is None:
        raise DataError(
            f"parse_p: {shown!r} holds no p-value; words carry a direction or a null only. "
            "Needed: a figure such as '0.03' or a bound such as '<0.001'"
        )
    else:
        value = float(found["figure"].replace(",", "."))
        bound = _SAME_BOUND.get(found["bound"], found["bound"])
    if not 0 <= value <= 1:
        raise DataError(f"parse_p: {shown!r} is not between 0 and 1")
    if value == 0 and not bound.startswith(">"):
        raise DataError(
            f"parse_p: {shown!r} is a rounding, no p-value is 0; write the bound it stands for "
            "('<0.001' for a printed 0.000)"
        )
    if not {side.lower() for side in sides} & {"one", "1"}:
        return PValue(value, bound)  # type: ignore[arg-type]
    if value > 0.5:
        raise DataError(
            f"parse_p: {shown!r} is one-sided and above 0.5: the effect is on the other side than "
            "the one that was tested; give the two-sided p-value"
        )
    return PValue(2 * value, bound, one_sided=True)  # type: ignore[arg-type]


@checked
def p_to_statistic(p_value: ArrayLike, *, sign: ArrayLike, dof: ArrayLike | None = None) -> Numbers:
    """Recover the test statistic from a two-sided p-value.

    Parameters
    ----------
    p_value : array_like
        Exact two-sided p-value, in (0, 1]. A bound ("<0.001") is none: see `parse_p`.
    sign : array_like
        1 or -1: the direction of the effect, which a two-sided p-value does not carry.
    dof : array_like, optional
        Degrees of freedom of a t test; without it the statistic is a z.

    Returns
    -------
    float, numpy.ndarray or pandas.Series
        The t or z with the sign given.

    Raises
    ------
    DataError
        If p is not in (0, 1], a sign is not 1 or -1, or degrees of freedom are not above 0.

    Notes
    -----
    The upper tail is inverted directly, so that very small p-values keep their digits. A p-value
    printed with two decimals leaves the statistic known to about 5 %.

    Checked against: printed tables of t; the Handbook's example (p 0.008, 45 degrees of freedom: t
    2.78); there and back with `statistic_to_p`.

    Examples
    --------
    >>> round(p_to_statistic(0.03, sign=1, dof=38), 5)
    2.25465
    >>> round(p_to_statistic(0.05, sign=-1), 6)
    -1.959964
    """
    columns = read_columns("p_to_statistic", {"p_value": p_value, "sign": sign, "dof": dof})
    return columns.like_input(columns["sign"] * _size_of_statistic(columns))


def _size_of_statistic(columns: Columns) -> Floats:
    dof = columns.get("dof")
    tail = columns["p_value"] / 2
    return np.asarray(-ndtri(tail) if dof is None else -stdtrit(dof, tail))


@checked
def statistic_to_p(statistic: ArrayLike, *, dof: ArrayLike | None = None) -> Numbers:
    """Return the two-sided p-value of a t (with degrees of freedom) or z (without).

    Parameters
    ----------
    statistic : array_like
        t or z, of either sign.
    dof : array_like, optional
        Degrees of freedom of the t; normal without.

    Returns
    -------
    float, numpy.ndarray or pandas.Series
        Two-sided p-value.

    Raises
    ------
    DataError
        If a value is missing or degrees of freedom are not above 0.

    Notes
    -----
    The inverse of `p_to_statistic`, which the tests check.

    Checked against: there and back with `p_to_statistic`, from 1 down to 1e-20.

    Examples
    --------
    >>> round(statistic_to_p(-1.959964), 6)
    0.05
    """
    columns = read_columns("statistic_to_p", {"statistic": statistic, "dof": dof})
    size = np.abs(columns["statistic"])
    degrees = columns.get("dof")
    tail = ndtr(-size) if degrees is None else stdtr(degrees, -size)
    return columns.like_input(np.asarray(2 * tail))


@checked
def p_to_se(
    estimate: ArrayLike,
    p_value: ArrayLike,
    *,
    dof: ArrayLike | None = None,
    log: bool = False,
) -> Numbers:
    """Recover the standard error of an estimate from its p-value.

    Parameters
    ----------
    estimate : array_like
        The estimate that the p-value tests against no effect: a difference other than 0, or, with
        `log`, a ratio above 0 other than 1.
    p_value : array_like
        Exact two-sided p-value, in (0, 1).
    dof : array_like, optional
        Degrees of freedom of a t test; normal without.
    log : bool, default False
        The estimate is a ratio: return the standard error of its natural logarithm.

    Returns
    -------
    float, numpy.ndarray or pandas.Series
        Standard error, above 0.

    Raises
    ------
    DataError
        If the estimate is no effect at all, or p is 1 or outside (0, 1]: both leave the standard
        error unknown.

    Notes
    -----
    ``se = |estimate| / |statistic|``. With a bound ("p < 0.001") in place of p the result would
    only be an upper limit of the standard error. An estimate close to no effect gives a standard
    error of no use: rounding decides it.

    Checked against: a separate computation (difference 3.2, p 0.03, 38 degrees of freedom).

    References
    ----------
    Higgins JPT, Li T, Deeks JJ (2024). Cochrane Handbook for Systematic Reviews of Interventions,
    chapter 6.

    Examples
    --------
    >>> round(p_to_se(3.2, 0.03, dof=38), 6)
    1.41929
    """
    null = 1.0 if log else 0.0
    columns = read_columns(
        "p_to_se",
        {"estimate": estimate, "p_value": p_value, "dof": dof},
        {"estimate": POSITIVE if log else ANY_NUMBER},
        relations=(
            Relation(("estimate",), lambda x: x != null, f"an estimate other than {null:g}"),
            Relation(("p_value",), lambda x: x < 1, "a p-value below 1"),
        ),
    )
    size = np.log(columns["estimate"]) if log else columns["estimate"]
    return columns.like_input(np.abs(size) / _size_of_statistic(columns))
