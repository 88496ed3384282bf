"""The engine refuses what no public call lets through, so that new methods cannot slip by it."""

from __future__ import annotations

import numpy as np
import pytest

import meta
from meta.synthesis.engine import design_matrix, prediction_dof, weighted_fit
from meta.synthesis.means import pool_columns


@pytest.mark.parametrize(
    ("k", "X", "said"),
    [
        (3, np.ones((2, 1)), "has 2 rows for 3 studies"),
        (2, [[1.0], [np.nan]], "NaN or infinite"),
        (2, np.eye(3)[:2], "2 studies cannot carry 3 coefficients"),
        (3, [[1.0, 2], [1, 2], [1, 2]], "linearly dependent"),
    ],
)
def test_designs_that_are_none(k: int, X: object, said: str) -> None:
    with pytest.raises((meta.DataError, meta.TooFewStudies), match=said):
        design_matrix(k, X)
    assert design_matrix(k, None).tolist() == [[1.0]] * k


def test_columns_that_do_not_fit() -> None:
    settings = {"model": "random", "tau2_method": "DL", "ci_method": "wald", "ci_level": 0.9}
    with pytest.raises(meta.DataError, match=r"yi has shape \(2, 1\) and vi \(3, 1\)"):
        pool_columns(np.ones((2, 1)), np.ones((3, 1)), **settings)
    for broken in (np.nan, 0.0, -1.0):
        with pytest.raises(meta.DataError, match="finite and above 0"):
            pool_columns(np.ones((2, 1)), np.array([[1.0], [broken]]), **settings)


def test_no_degree_of_freedom_for_a_factor() -> None:
    with pytest.raises(meta.TooFewStudies):
        weighted_fit(np.ones(1), np.ones(1), 0.0, ci_method="HK")
    with pytest.raises(meta.DataError, match="KR"):
        prediction_dof("KR", 4)
