"""Which numbers stand behind a formula of moderators?

A design matrix for the studies, and one for new data coded in the same way. Nothing is dropped:
what is missing is named.
"""

from __future__ import annotations

import ast
import re
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from meta.effect_sizes.container import Effects
from meta.errors import DataError

Floats = NDArray[np.float64]

# singular values below this share of the largest belong to columns that add nothing
_NOTHING = 1e-10


@dataclass(frozen=True, slots=True)
class Coding:
    """How the moderators of the studies were turned into numbers.

    Attributes
    ----------
    formula : str
        As it was given.
    columns : tuple of str
        Columns that it needs.
    spec : formulaic.ModelSpec
        Categories, centres and the like, as they were in the studies.
    """

    formula: str
    columns: tuple[str, ...]
    spec: Any


def study_design(effects: Effects, formula: str) -> tuple[Coding, Floats, list[str]]:
    """Read a formula and code the moderators of the studies.

    Returns
    -------
    coding : Coding
        How the moderators are coded, for :func:`new_design`.
    X : numpy.ndarray of shape (k, p)
        Design matrix.
    terms : list of str
        Names of its columns.

    Raises
    ------
    DataError
        If the formula cannot be read, has no moderator or has a left-hand side; if a column is
        unknown; if a moderator is missing in a study (all are named), constant, or repeats others.
    """
    from formulaic import Formula, SimpleFormula
    from formulaic.errors import FormulaicError

    if not isinstance(formula, str):
        raise DataError(f"the formula is {formula!r}; give text, for example '~ dose + C(salt)'")
    try:
        parsed = Formula(formula)
    except (FormulaicError, SyntaxError) as error:
        raise DataError(
            f"the formula {formula!r} cannot be read ({_plain(error)}); write the moderators, for "
            "example '~ dose + C(salt)'"
        ) from None
    if not isinstance(parsed, SimpleFormula):
        raise DataError(
            f"the formula {formula!r} has more than a right-hand side; give the moderators only: "
            "the effects are known"
        )
    if all(str(term) in {"0", "1"} for term in parsed):
        raise DataError(f"the formula {formula!r} has no moderator; use pool() for the mean alone")
    columns = _columns(parsed, effects.table)
    _complete(formula, effects.table, columns, effects.labels)
    X, terms, spec = _build(formula, parsed, effects.table)
    faults = [
        f"{effects.labels[row]}: {', '.join(_broken_terms(X[row], terms))} is no finite number"
        for row in np.flatnonzero(~np.isfinite(X).all(axis=1))
    ]
    if faults:
        raise DataError.from_faults(f"meta_regression({formula!r})", faults)
    _independent(formula, X, terms)
    return Coding(formula, columns, spec), X, terms


def new_design(coding: Coding, newdata: pd.DataFrame) -> Floats:
    """Code new data as the studies were coded.

    Raises
    ------
    DataError
        If a moderator is missing from the table or from a row, or a category was not among the
        studies; with a line for each fault.
    """
    if not isinstance(newdata, pd.DataFrame):
        raise DataError(
            f"newdata is {type(newdata).__name__}; give a DataFrame with a column for each "
            f"moderator: {', '.join(coding.columns)}"
        )
    labels = [f"row {label}" for label in newdata.index]
    _complete(coding.formula, newdata, coding.columns, labels)
    faults = []
    for factor, (_, state) in coding.spec.encoder_state.items():
        known = state.get("categories")
        column = re.sub(r"^C\((\w+).*\)$", r"\1", str(factor))
        if known is None or column not in newdata:
            continue
        strange = sorted({str(v) for v in newdata[column]} - {str(v) for v in known})
        if strange:
            faults.append(
                f"{column} is {', '.join(strange)}, which no study has; needed: one of "
                f"{', '.join(map(str, known))}"
            )
    if faults:
        raise DataError.from_faults("predict", faults)
    X, terms, _ = _build(coding.formula, coding.spec, newdata)
    faults = [
        f"{labels[row]}: {', '.join(_broken_terms(X[row], terms))} is no finite number"
        for row in np.flatnonzero(~np.isfinite(X).all(axis=1))
    ]
    if faults:
        raise DataError.from_faults("predict", faults)
    return X


def _columns(parsed: Any, table: pd.DataFrame) -> tuple[str, ...]:
    """Columns that a formula needs, in alphabetical order.

    The formula library lists the variables of plain terms, and those it does not know; it leaves
    out what stands inside its own functions (``scale(dose)``), which the syntax tree shows.
    """
    found = {str(name) for name in parsed.required_variables}
    for term in parsed:
        for factor in term.factors:
            try:
                tree = ast.parse(str(factor.expr), mode="eval")
            except SyntaxError:  # a quoted name, which the library does list
                continue
            names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
            found |= names & set(map(str, table.columns))
    return tuple(sorted(found))


def _build(formula: str, source: Any, data: pd.DataFrame) -> tuple[Floats, list[str], Any]:
    from formulaic.errors import DataMismatchWarning, FormulaicError

    try:
        with warnings.catch_warnings():
            # a category that the studies lack would be coded as the reference one
            warnings.simplefilter("error", DataMismatchWarning)
            matrix = source.get_model_matrix(
                data, context={"np": np}, na_action="ignore", output="pandas"
            )
            numbers = np.asarray(matrix, dtype=float)
    except (FormulaicError, DataMismatchWarning, SyntaxError, TypeError, ValueError) as error:
        # the last three come from inside the formula: a keyword as a name, a date as a number
        raise DataError(f"the formula {formula!r} cannot be computed: {_plain(error)}") from None
    return numbers, [str(name) for name in matrix], matrix.model_spec


def _complete(
    formula: str, table: pd.DataFrame, needed: tuple[str, ...], labels: list[str]
) -> None:
    """Refuse unknown columns and missing moderators, naming all."""
    faults = []
    for name in needed:
        if name not in table:
            known = ", ".join(map(str, table.columns))
            faults.append(f"there is no column or function {name!r}; the columns are {known}")
            continue
        values = table[name]
        missing = values.isna() | (values.astype(str).str.strip() == "")
        faults.extend(
            f"{labels[row]}: {name} is missing; give it, or leave the study out with "
            "effects.subset() and say so"
            for row in np.flatnonzero(missing)
        )
    if faults:
        raise DataError.from_faults(f"moderators of {formula!r}", faults)


def _independent(formula: str, X: Floats, terms: list[str]) -> None:
    """Refuse columns that are constant or follow from others."""
    varying = [i for i, term in enumerate(terms) if term != "Intercept"]
    faults = [
        f"{terms[i]} is {X[0, i]:g} in every study: a constant cannot explain a difference; leave "
        "it out"
        for i in varying
        if np.ptp(X[:, i]) == 0
    ]
    if not faults:
        # columns of very different units are brought to one length before they are compared
        values = np.linalg.svd(X / np.linalg.norm(X, axis=0), compute_uv=False)
        if len(X) >= X.shape[1] and values[-1] < _NOTHING * values[0]:
            faults.append(
                f"the columns {', '.join(terms)} are linearly dependent (one follows from the "
                "others): leave one out"
            )
    if faults:
        raise DataError.from_faults(f"meta_regression({formula!r})", faults)


def _broken_terms(row: Floats, terms: list[str]) -> list[str]:
    return [term for term, value in zip(terms, row, strict=True) if not np.isfinite(value)]


def _plain(error: Exception | Warning) -> str:
    """The first line of a formula error, without its colours."""
    text = re.sub(r"\x1b\[[0-9;]*m|[⧛⧚]", "", str(error)).strip()
    return text.splitlines()[0].rstrip(".") if text else type(error).__name__
