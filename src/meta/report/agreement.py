"""Where do this package and R's metafor agree, where not, and why?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from meta.errors import DataError
from meta.report.agreement_models import binary, clustered, multilevel, selection, tables
from meta.report.agreement_pairs import Answers, Compared
from meta.report.agreement_univariate import measures, univariate

# the end of a file's name says what kind of answers it holds
_KINDS: dict[str, Callable[[Answers], Iterator[Compared]]] = {
    "_binary_methods": binary,
    "_multilevel": multilevel,
    "_tables": tables,
    "_selection": selection,
    "_clustered": clustered,
    "_measures": measures,
}

_COLUMNS = [
    "group",
    "quantity",
    "r_call",
    "data_sets",
    "values_compared",
    "worst_relative_difference",
    "where",
    "tolerance",
    "agrees",
    "reason",
]

_HESSIAN = (
    "metafor takes the Hessian by numerical differences, in the units of the effects; where tau2 "
    "is 0 and the variances are about 1e-4 they lose digits (with the same data times 10 or 100, "
    "metafor's own standard errors move to these)."
)
_QUADRATURE = (
    "glmer stops its inner iterations at 1e-7 and differentiates numerically; here the derivatives "
    "are exact and the search goes on to 1e-12. Both use 21 points of quadrature."
)
_ROOT = (
    "CR2 needs a square root of a matrix, of which there are several: clubSandwich and PyMARE "
    "choose different ones where weights differ within a cluster. Both are unbiased under the "
    "working model."
)
# (group, beginning of the quantity) -> how far apart it may be at most, and why it is at all
_KNOWN: dict[tuple[str, str], tuple[float, str]] = {
    ("Small studies", "Begg: p"): (
        1e-3,
        "R subtracts the distribution function from 1, which leaves four digits of a p-value of "
        "3e-11 (102 studies); here the tail is summed itself.",
    ),
    ("Small studies", "Selection model: standard error"): (1e-2, _HESSIAN),
    ("Small studies", "Selection model: delta"): (
        1e-5,
        "the likelihood is flat: metafor's optimiser stops at a relative change of 1e-10, which "
        "leaves six digits; here Newton steps follow.",
    ),
    ("Two-by-two tables", "Binomial-normal model"): (1e-4, _QUADRATURE),
    ("Clustered effects", "CR2, several a cluster"): (1e-3, _ROOT),
    ("Clustered effects", "CR2, three levels"): (4e-3, _ROOT),
}


def agreement(folder: Path | str = "tests/reference") -> pd.DataFrame:
    """Ask this package everything that metafor was asked, and compare.

    Parameters
    ----------
    folder : path
        Where metafor's answers are, with a subfolder ``further``.

    Returns
    -------
    pandas.DataFrame
        One row a quantity: ``group quantity r_call data_sets values_compared
        worst_relative_difference where tolerance agrees reason``. Differences are relative to
        metafor's value plus the size of a standard error in that data set (plus 1 for test
        statistics and percent, plus nothing for p-values and standard errors that cannot be 0), so
        that limits near 0 are not judged by their distance from 0. ``where`` is the file with the
        worst one. ``reason`` says why a quantity differs; it is empty where it agrees, and where
        it differs by more than the reason explains. An answer in the files that is not compared
        has a row of its own, which does not agree.

    Raises
    ------
    DataError
        If the folder holds no answers.

    Notes
    -----
    The answers are metafor 3.8's with its iterations converged to 1e-12 (its own stopping rule
    leaves about five digits). Closed forms must agree to 1e-8, iterated ones to 1e-6.
    """
    return _compared(str(Path(folder).resolve())).copy()


@lru_cache(maxsize=1)
def _compared(folder: str) -> pd.DataFrame:
    files = sorted(Path(folder).glob("*.json")) + sorted(Path(folder).glob("further/*.json"))
    if not files:
        raise DataError(
            f"{folder} holds no answers of metafor (*.json): name the project's tests/reference"
        )
    pairs: dict[tuple[str, str], list[tuple[str, Compared]]] = {}
    left: dict[str, list[str]] = {}
    for path in files:
        answers = Answers(path)
        kind = next((of for end, of in _KINDS.items() if path.stem.endswith(end)), univariate)
        for compared in kind(answers):
            pairs.setdefault((compared.group, compared.quantity), []).append(
                (answers.name, compared)
            )
        for path_in_file in answers.not_asked():
            left.setdefault(path_in_file, []).append(answers.name)
    rows = [_row(group, quantity, found) for (group, quantity), found in pairs.items()]
    rows += [_not_asked(key, names) for key, names in left.items()]
    # effect sizes first, then groups in the order of their first quantity
    groups = dict.fromkeys(["Effect sizes", *(row["group"] for row in rows)])
    order = {group: place for place, group in enumerate(groups)}
    table = pd.DataFrame(rows, columns=_COLUMNS)
    return table.sort_values("group", key=lambda g: g.map(order), kind="stable", ignore_index=True)


def _row(group: str, quantity: str, found: list[tuple[str, Compared]]) -> dict[str, Any]:
    differences = [compared.difference() for _, compared in found]
    worst = int(np.argmax(differences))
    where, first = found[worst]
    agrees = differences[worst] <= first.tolerance
    return {
        "group": group,
        "quantity": quantity,
        "r_call": first.r_call,
        "data_sets": len(found),
        "values_compared": sum(len(compared.want) for _, compared in found),
        "worst_relative_difference": differences[worst],
        "where": where,
        "tolerance": first.tolerance,
        "agrees": agrees,
        "reason": "" if agrees else _reason(group, quantity, differences[worst]),
    }


def _reason(group: str, quantity: str, difference: float) -> str:
    for (of_group, beginning), (limit, reason) in _KNOWN.items():
        if group == of_group and quantity.startswith(beginning) and difference <= limit:
            return reason
    return ""


def _not_asked(key: str, names: list[str]) -> dict[str, Any]:
    return {
        "group": "Not compared",
        "quantity": key,
        "r_call": "",
        "data_sets": len(names),
        "values_compared": 0,
        "worst_relative_difference": np.inf,
        "where": names[0],
        "tolerance": 0.0,
        "agrees": False,
        "reason": "",
    }


def not_compared() -> pd.DataFrame:
    """List what this package computes and metafor's answers do not cover, with the reason.

    Returns
    -------
    pandas.DataFrame
        Columns ``quantity``, ``why`` and ``checked_by``: what stands in for metafor.
    """
    return pd.DataFrame(_NOT_COMPARED, columns=["quantity", "why", "checked_by"])


_NOT_COMPARED = [
    (
        "Prediction interval with k − 1 degrees of freedom and Wald standard error",
        "metafor 3.8 uses k − 1 only together with the Knapp-Hartung standard error",
        "the Knapp-Hartung form in the table above, which differs in the standard error only",
    ),
    (
        "Paule-Mandel for curtis1998 (mean differences)",
        "metafor's root search fails there",
        "the empirical Bayes estimator, which solves the same equation",
    ),
    (
        "Leave-one-out, cumulative, influence and Baujat in every measure of the same trials",
        "they use effects and variances alone and take seconds where trials are many; the table "
        "asks each set of trials once, up to 20 trials",
        "tests of the influence module on larger sets",
    ),
    (
        "Prediction intervals by t(k − 1) and t(k − 2) of every method in every set",
        "they follow from tau² and the standard error by the same formula whatever the method; "
        "each method is asked in a quarter of the sets",
        "tests of pooling, in every set",
    ),
    (
        "Intervals of I² and H²",
        "they are the limits of tau², which are compared, put through the formulas of I² and H², "
        "which are compared",
        "the two rows for tau² and I²",
    ),
    (
        "Ratio of means with bias correction",
        "metafor 3.8 has none; version 5 corrects by default",
        "simulation",
    ),
    (
        "Correlations with an unbiased variance",
        "not offered here, because it can be negative",
        "",
    ),
    (
        "Egger's test with the predictor √(1/n₁ + 1/n₂), Peters and Harbord",
        "metafor 3.8 has other predictors and neither of the two",
        "weighted regressions written out in the tests",
    ),
    (
        "Standard error of the number of filled studies",
        "it describes a count that the method does not estimate well enough to need one",
        "one printed value for bcg",
    ),
    (
        "Effects from p-values, intervals, medians; percent changes; crossover trials",
        "metafor 3.8 has no conversion of these (later versions have some)",
        "closed forms, the Cochrane Handbook's examples and published formulas",
    ),
    (
        "Bayesian pooling",
        "metafor has no Bayesian models",
        "published analyses and brute-force integration",
    ),
    (
        "Permutation tests, PET-PEESE, operating characteristics, the multiverse",
        "permutation in R draws other random numbers; the others are not in metafor",
        "exact enumeration, closed forms and properties",
    ),
    (
        "Newer versions of metafor",
        "the answers were computed once, with 3.8-1; make reference recomputes them with the "
        "version that is installed",
        "",
    ),
]
