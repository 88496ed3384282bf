"""The median of the other values, beside which an odd one is seen."""

import numpy as np
import pytest

from meta.evidence.plausibility import _median_of_others


@pytest.mark.parametrize("k", [3, 4, 5, 8])
def test_the_lower_median_of_the_others(k: int) -> None:
    values = np.random.default_rng(k).permutation(np.arange(k) ** 2.0)
    expected = []
    for place in range(k):
        others = np.sort(np.delete(values, place))
        expected.append(others[(k - 2) // 2])
    assert _median_of_others(values).tolist() == expected
    # an unknown value is no other, and two known ones leave one other each
    assert _median_of_others(np.append(values, np.nan))[:-1].tolist() == expected
    assert np.isnan(_median_of_others(np.array([1.0, 2.0, np.nan]))).all()
