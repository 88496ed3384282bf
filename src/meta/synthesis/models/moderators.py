"""Which numbers stand behind a formula of moderators?

A design matrix for the studies, and one for new data coded in the same way. Nothing is dropped:
what is missing is named. A formula computes with columns and calls nothing but the functions that
are listed here: it may come from a file.
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

from meta.arguments import LARGEST
from meta.effect_sizes.container import Effects
from meta.errors import DataError

Floats = NDArray[np.float64]

# what a formula may call; stateful ones remember the studies' centres, categories and knots
_PLAIN = ("C", "I", "center", "scale", "poly", "bs", "cs", "cc", "log", "log2", "log10", "exp")
_NUMPY = (
    "abs",
    "cbrt",
    "exp",
    "log",
    "log10",
    "log1p",
    "log2",
    "maximum",
    "minimum",
    "sign",
    "sqrt",
)
_CODINGS = ("treatment", "sum", "helmert", "diff", "poly", "sas")
_FUNCTIONS = (*_PLAIN, *(f"np.{name}" for name in _NUMPY), *(f"contr.{name}" for name in _CODINGS))
_ARITHMETIC = (
    ast.Expression,
    ast.BinOp,
    ast.UnaryOp,
    ast.Compare,
    ast.BoolOp,
    ast.operator,
    ast.unaryop,
    ast.cmpop,
    ast.boolop,
    ast.Constant,
    ast.List,
    ast.Tuple,
    ast.keyword,
    ast.expr_context,
)

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

    def term(self, name: str) -> list[int]:
        """Return the columns of the design matrix that a term of the formula has.

        A factor may be named without its ``C()``, a column without its back quotes.

        Raises
        ------
        DataError
            If the formula has no such term.
        """
        terms = {str(term): list(place) for term, place in self.spec.term_indices.items()}
        plain = {_bare(term): place for term, place in terms.items()}
        found = terms.get(name) or plain.get(name.strip("`"))
        if found is None:
            known = ", ".join(term for term in terms if term not in {"0", "1"})
            raise DataError(f"{name!r} is no term of {self.formula!r}; its terms are {known}")
        return found

    def levels(self, column: str) -> list[Any] | None:
        """Return the categories of a column; None if it is a number."""
        for factor, (_, state) in self.spec.encoder_state.items():
            if "categories" in state and _bare(str(factor)) == column:
                return list(state["categories"])
        return None


def study_design(
    effects: Effects, formula: str, *, mean_alone: bool = False
) -> tuple[Coding, Floats, list[str]]:
    """Read a formula and code the moderators of the studies.

    Parameters
    ----------
    effects : Effects
        Effects with the moderators as columns.
    formula : str
        Moderators.
    mean_alone : bool
        Whether the mean without moderators will do, too.

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
        raise DataError(f"the formula is {formula!r}; give text, for example '~ dose + C(site)'")
    try:
        parsed = Formula(formula)
    except (FormulaicError, SyntaxError) as error:
        raise DataError(
            f"the formula {formula!r} cannot be read ({_plain(error)}); write the moderators, for "
            "example '~ dose + C(site)', with a name that is no plain word between back quotes"
        ) from None
    if not isinstance(parsed, SimpleFormula):
        raise DataError(
            f"the formula {formula!r} has more than a right-hand side; give the moderators only: "
            "the effects are known"
        )
    if not mean_alone and all(str(term) in {"0", "1"} for term in parsed):
        raise DataError(f"the formula {formula!r} has no moderator; use pool() for the mean alone")
    columns = _columns(formula, parsed)
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
    for column in coding.columns:
        known = coding.levels(column)
        if known is None:
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


def _columns(formula: str, parsed: Any) -> tuple[str, ...]:
    """Columns that a formula needs, in alphabetical order.

    Raises
    ------
    DataError
        If it would do more than compute with columns.
    """
    found: set[str] = set()
    for term in parsed:
        for factor in term.factors:
            if factor.eval_method.value == "lookup":
                found.add(str(factor.expr))
            elif factor.eval_method.value == "python":
                found |= _names(formula, str(factor.expr))
    return tuple(sorted(found))


def _names(formula: str, expression: str) -> set[str]:
    """Names of the columns in an expression, which may only compute with them."""
    quoted = re.findall(r"`([^`]+)`", expression)
    stand_ins = {f"quoted_{number}": name for number, name in enumerate(quoted)}
    fillers = iter(stand_ins)
    text = re.sub(r"`[^`]+`", lambda _: next(fillers), expression)
    try:
        tree = ast.parse(text, mode="eval")
    except SyntaxError as error:
        raise DataError(
            f"the formula {formula!r} cannot be read ({error.msg} in {expression!r}); put a column "
            "whose name is no plain word between back quotes, `like this`"
        ) from None
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    inside = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and id(node) in called
    }
    found = set()
    for node in ast.walk(tree):
        if id(node) in called:
            if ast.unparse(node) not in _FUNCTIONS:
                _refuse(formula, ast.unparse(node))
        elif isinstance(node, ast.Name):
            if id(node) not in inside:
                found.add(stand_ins.get(node.id, node.id))
        elif not isinstance(node, (*_ARITHMETIC, ast.Call)) or _is_endless(node):
            _refuse(formula, ast.unparse(node))
    return found


def _is_endless(node: ast.AST) -> bool:
    """Tell whether constants alone could fill the memory: ``9 ** 9 ** 9``, ``"a" * 10 ** 9``."""
    if not isinstance(node, ast.BinOp):
        return False
    texts = any(isinstance(part, ast.Constant) and isinstance(part.value, str | bytes)
                for part in (node.left, node.right))  # fmt: skip
    names = any(isinstance(part, ast.Name | ast.Call) for part in ast.walk(node))
    return texts or (isinstance(node.op, ast.Pow) and not names)


def _refuse(formula: str, what: str) -> None:
    raise DataError(
        f"the formula {formula!r} holds {what!r}, which is no column or function that a formula "
        f"may use: compute the values first and give them as a column. Functions are "
        f"{', '.join(_FUNCTIONS)}"
    )


def _bare(term: str) -> str:
    """Take ``C()`` and back quotes off a term."""
    return re.sub(r"C\(`?([^`,()]+)`?[^:]*\)|`([^`]+)`", lambda m: m[1] or m[2], term)


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
    faults += [
        f"{terms[i]} is of the size {size:g}, beyond what can be squared and divided: give it in "
        "another unit"
        for i in varying
        if not 1 / LARGEST <= (size := np.abs(X[:, i]).max()) <= LARGEST
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
