"""Where do this package and R's metafor agree, where not, and why?

``python -m validation.compare`` asks everything again and writes ``agreement.csv``, which the
report shows. What no answer of metafor covers stands in ``not_compared.csv``, with the reason.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from meta.errors import DataError
from validation.models import binary, clustered, multilevel, selection, tables
from validation.pairs import Answers, Compared
from validation.univariate import measures, univariate

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
}


HERE = Path(__file__).resolve().parent


def agreement(folder: Path | str = HERE / "metafor") -> pd.DataFrame:
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
            f"{folder} holds no answers of metafor (*.json): name the project's validation/metafor"
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


def main() -> None:
    """Write the table beside this file, with differences to two digits, which machines share."""
    table = agreement()
    differences = table["worst_relative_difference"].map("{:.1e}".format)
    table.assign(worst_relative_difference=differences).to_csv(HERE / "agreement.csv", index=False)
    print(f"{int(table['agrees'].sum())} of {len(table)} quantities agree")


if __name__ == "__main__":
    main()
