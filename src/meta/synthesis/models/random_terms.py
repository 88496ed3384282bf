"""Which effects share a random effect, as a formula of random terms says it?"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from meta.effect_sizes.container import Effects
from meta.errors import DataError, TooFewStudies
from meta.synthesis.models.correlated import cluster_codes
from meta.synthesis.models.mixed_model import STRUCTURES, RandomTerm
from meta.wording import listed

_NAME = r"(?:`[^`]+`|[^\W\d]\w*)"
_TERM = re.compile(rf"\s*~?\s*(1|{_NAME})\s*\|\s*({_NAME}(?:\s*/\s*{_NAME})*)\s*")
_ONE = "('~ 1 | study', '~ 1 | study/effect' or '~ outcome | study')"


def random_terms(
    effects: Effects, random: str | Sequence[str], structure: str
) -> tuple[RandomTerm, ...]:
    """Read formulas of random terms.

    Parameters
    ----------
    effects : Effects
        Effects with the columns that the formulas name.
    random : str or sequence of str
        ``"~ 1 | study"``: an intercept that varies between studies; ``"~ 1 | study/effect"``: also
        between the effects of a study; ``"~ outcome | study"``: one for each outcome in each study.
        Several are added, which makes them crossed.
    structure : {"ID", "DIAG", "CS", "HCS", "AR", "HAR", "CAR", "UN"}
        Covariance of the last kind. AR and HAR take the levels in their order, one step apart, CAR
        at the numbers that they are.

    Raises
    ------
    DataError
        If a formula cannot be read, a column does not exist, an effect lacks a group, CAR is given
        what is no number, or two terms group the effects alike.
    TooFewStudies
        If a term has only one group.
    """
    formulas = [random] if isinstance(random, str) else list(random)
    if structure not in STRUCTURES:
        raise DataError(
            f"structure={structure!r} is unknown: use one of {', '.join(map(repr, STRUCTURES))}"
        )
    terms: list[RandomTerm] = []
    for formula in formulas:
        found = _TERM.fullmatch(formula) if isinstance(formula, str) else None
        if found is None:
            raise DataError(f"the random term {formula!r} cannot be read; give one such as {_ONE}")
        inner, columns = found[1], [part.strip(" `") for part in found[2].split("/")]
        if inner == "1":
            terms += _intercepts(effects, columns)
        elif len(columns) > 1:
            raise DataError(
                f"the random term {formula!r} nests groups within groups; give "
                f"'~ {inner} | {columns[0]}' and '~ 1 | {'/'.join(columns)}' as two terms"
            )
        else:
            terms.append(_levels(effects, inner.strip("`"), columns[0], structure))
    _check(terms)
    return tuple(terms)


def _intercepts(effects: Effects, columns: list[str]) -> list[RandomTerm]:
    one = np.zeros(effects.k, dtype=np.intp)
    groups, terms, name = one, [], ""
    for column in columns:
        codes, _ = cluster_codes(effects, column, "random")
        pairs = np.column_stack([groups, codes])
        groups = np.unique(pairs, axis=0, return_inverse=True)[1].ravel()
        name = f"{name}/{column}" if name else column
        terms.append(RandomTerm(name, groups, one))
    return terms


def _levels(effects: Effects, inner: str, group: str, structure: str) -> RandomTerm:
    groups, _ = cluster_codes(effects, group, "random")
    cluster_codes(effects, inner, "random")
    # in the order of their names, not of the studies
    levels, found = pd.factorize(effects.table[inner], sort=True)
    names = [str(name) for name in found]
    if len(names) < 2:
        raise DataError(
            f"{inner} is {names[0]} in every effect, so there is nothing to tell apart: give "
            f"'~ 1 | {group}'"
        )
    times: tuple[float, ...] = ()
    if structure == "CAR":
        if not pd.api.types.is_numeric_dtype(effects.table[inner]):
            raise DataError(
                f"structure='CAR' needs numbers, and {inner} holds {listed(names, 5)}: give the "
                "time of each effect, or structure='AR' for steps of one length"
            )
        times = tuple(float(time) for time in found)
    return RandomTerm(f"{inner} | {group}", groups, levels, tuple(names), structure, times)


def _check(terms: list[RandomTerm]) -> None:
    seen: dict[bytes, str] = {}
    for term in terms:
        if term.groups.max() == 0:
            raise TooFewStudies(
                f"{term.name} has one group only, so its variance cannot be told from the mean"
            )
        # groups numbered by their first effect are the same if and only if the grouping is
        first = _first_seen(term.groups).tobytes()
        if term.size == 1 and first in seen:
            raise DataError(
                f"the random terms {seen[first]} and {term.name} group the effects alike, so their "
                "variances cannot be told apart: leave one out"
            )
        if term.size == 1:
            seen[first] = term.name


def _first_seen(groups: NDArray[np.intp]) -> NDArray[np.intp]:
    _, first, code = np.unique(groups, return_index=True, return_inverse=True)
    return np.asarray(first[code.ravel()], dtype=np.intp)
