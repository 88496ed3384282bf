"""All subsets, each pooled as it would be alone."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from math import comb

import numpy as np
import pandas as pd
import pytest
from reference_answers import reference

import meta


@pytest.fixture(scope="module")
def fit():
    ref = reference("bcg_RR")
    return meta.pool(ref["yi"][:9], ref["vi"][:9], measure="RR", tau2_method="DL")


def test_every_subset_is_there_and_is_pooled_as_alone(fit):
    found = meta.gosh(fit)
    assert found.exact
    assert found.table["k"].value_counts().to_dict() == {k: comb(9, k) for k in range(2, 10)}
    assert len({tuple(row) for row in found.members}) == 2**9 - 10
    for place in (0, 17, 100, len(found.table) - 1):
        alone = fit.refit(fit.effects.subset(found.members[place]))
        row = found.table.iloc[place]
        assert (row["k"], row["estimate"], row["tau2"], row["i2"]) == (
            alone.k,
            alone.estimate,
            alone.tau2,
            alone.i2,
        )


def test_a_study_apart_is_named(fit):
    yi = [0.1, 0.12, 0.09, 0.11, 0.1, 1.9]
    found = meta.gosh(meta.pool(yi, [0.01] * 6, labels=list("ABCDEF")))
    table = found.by_study().set_index("label")
    assert table["apart"].abs().idxmax() == "F"
    assert table.loc["F", "i2_with"] > 90 > 1 > table.loc["F", "i2_without"]
    assert "Furthest apart with and without" in str(found)


def test_with_many_studies_subsets_are_drawn(fit):
    random = np.random.default_rng(2)
    vi = random.uniform(0.01, 0.2, 70)
    big = meta.pool(random.normal(0, np.sqrt(vi)), vi, model="common")
    one, two = (meta.gosh(big, n_max=500, seed=3) for _ in range(2))
    assert not one.exact
    assert len(one.table) == 500
    pd.testing.assert_frame_equal(one.table, two.table)
    alone = big.refit(big.effects.subset(one.members[7]))
    assert one.table["i2"][7] == alone.i2


def test_an_executor_changes_no_bit(fit):
    with ThreadPoolExecutor(2) as executor:
        spread = meta.gosh(fit, executor=executor)
    pd.testing.assert_frame_equal(spread.table, meta.gosh(fit).table, check_exact=True)


def test_the_picture_shows_every_subset_and_says_so(fit):
    found = meta.gosh(fit)
    figure = meta.plot_gosh(found, study="study 4")
    (cells,) = [
        drawn
        for host in figure.axes
        for axes in (host, *host.child_axes)
        for drawn in axes.collections
        if drawn.get_gid() == "subsets"
    ]
    assert 100 < len(cells.get_paths()) <= len(found.table)
    assert "Median with study 4" in meta.alt_text(figure)
    with pytest.raises(meta.DataError, match="no study 'X'"):
        meta.plot_gosh(found, study="X")
    with pytest.raises(meta.DataError, match="gosh"):
        meta.plot_gosh(fit)


def test_wrong_input_says_what_is_needed(fit):
    with pytest.raises(meta.DataError, match="pool"):
        meta.gosh(fit.effects)
    with pytest.raises(meta.DataError, match="3 studies"):
        meta.gosh(meta.pool([0.1, 0.2], [0.1, 0.1]))
    with pytest.raises(meta.DataError, match="n_max"):
        meta.gosh(fit, n_max=0)
