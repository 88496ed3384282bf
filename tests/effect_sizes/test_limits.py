"""Reports that lie exactly on a limit, and cells that stand alone."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import special

import meta
from meta.effect_sizes.arms import split_control
from meta.effect_sizes.poolable import check_effects
from meta.effect_sizes.printed import printed_intervals
from meta.effect_sizes.quantile_fit import fit_quantiles


def one(**cells: object) -> meta.Effects:
    row = {"study_id": "s", "result_id": "s-1", "lower_is_better": "yes"} | cells
    return meta.effects(pd.DataFrame([row]), "GEN")


def test_a_standard_error_is_squared() -> None:
    assert one(yi=-0.4, sei=0.3).vi == pytest.approx([0.09])
    assert one(yi=-0.4, vi=0.3).vi == pytest.approx([0.3])


@pytest.mark.parametrize(("high", "said"), [(0.1 - 1e-9, False), (0.1 + 0.01, True)])
def test_an_estimate_off_the_middle_by_a_tenth_is_told(high: float, said: bool) -> None:
    # the middle of -1 to 1 is 0, and half the width is 1
    row = {"study_id": "s", "result_id": "s-1", "effect_unit": "points", "lower_is_better": "yes"}
    found = meta.effects(
        pd.DataFrame([row | {"estimate": high, "ci_low": -1.0, "ci_high": 1.0}]), "MD"
    )
    assert ("off the middle" in str(found.derivation("s"))) is said


def test_all_of_an_arm_may_have_the_event() -> None:
    shared = split_control(20, 2, events_c=20)
    assert (shared.n, shared.events) == (10, 10)
    with pytest.raises(meta.DataError, match="no more events than people"):
        split_control(20, 2, events_c=21)


def test_a_table_of_a_printed_interval_alone_is_enough() -> None:
    effects = meta.Effects.from_arrays([-6.0], [0.9], measure="MD")
    printed = pd.DataFrame({"estimate": [-6.0], "ci_low": [-7.9], "ci_high": [-4.2]})
    only = type("Bare", (), {
        "table": printed, "yi": effects.yi, "to_reader": staticmethod(lambda yi: yi),
        "scale": effects.scale,
    })()  # fmt: skip
    assert printed_intervals(only).tolist() == [[-6.0, -7.9, -4.2]]


def test_a_quantile_of_nought_or_one_leaves_out_the_families_that_cannot_hold_it() -> None:
    shares = np.array([0.25, 0.5, 0.75])
    assert fit_quantiles(np.array([0.0, 2.0, 4.0]), shares).family == "normal"
    # quantiles of a beta distribution; with 1 among them no beta is tried
    five = np.array([0.05, 0.25, 0.5, 0.75, 0.95])
    beta = special.betaincinv(4.0, 0.6, five)
    assert fit_quantiles(beta, five).family == "beta"
    assert fit_quantiles(np.append(beta[:-1], 1.0), five).family != "beta"


@pytest.mark.parametrize(("said", "lower"), [("0", False), ("1", True), ("no", False)])
def test_yes_and_no_may_be_digits(said: str, lower: bool) -> None:
    assert one(yi=-0.4, vi=0.1, lower_is_better=said).lower_is_better is lower


@pytest.mark.parametrize("wrong", [np.nan, np.inf, 1.0, True])
def test_a_correlation_is_a_number_below_one(wrong: float) -> None:
    row = {"study_id": "s", "result_id": "s-1", "yi": -0.4, "vi": 0.1}
    with pytest.raises(meta.DataError, match="correlation is"):
        meta.effects(pd.DataFrame([row]), "GEN", correlation=wrong)


def test_all_effects_that_cannot_be_pooled_are_named_at_once() -> None:
    with pytest.raises(meta.DataError, match="effects: 4 faults") as refused:
        check_effects(
            np.array([np.nan, 1e60, 0.1, 0.2]), np.array([0.1, 0.1, -1.0, np.inf]), "ABCD"
        )
    said = str(refused.value)
    for part in ("yi[0] (A) is nan", "yi[1] (B) is 1e+60", "vi[2] (C) is -1.0", "vi[3] (D) is inf"):
        assert part in said
    with pytest.raises(meta.DataError, match="16 digits cannot hold both weights"):
        check_effects(np.zeros(2), np.array([1e-16, 1.1]), "AB")
    for tiny in (1e-71, 1e71):
        with pytest.raises(meta.DataError, match="beyond what can be squared"):
            check_effects(np.zeros(2), np.full(2, tiny), "AB")
    check_effects(np.array([-1e50, 1e50]), np.array([1e-15, 1.0]), "AB")


@pytest.mark.parametrize("ci_level", [1 - 2**-53, 1e-17, 0, 1])
def test_a_level_whose_quantile_is_0_or_endless_is_refused(ci_level):
    with pytest.raises(meta.DataError, match="strictly between 0 and 1"):
        meta.convert.se_to_ci(0.1, 0.2, ci_level=ci_level)


@pytest.mark.parametrize("correlation", [-1.5, -1, 1, 1.5])
def test_a_correlation_lies_strictly_between_minus_1_and_1(correlation):
    rows = pd.DataFrame({"label": ["a"], "yi": [0.1], "vi": [0.04]})
    with pytest.raises(meta.DataError, match=r"correlation is .*strictly between -1 and 1"):
        meta.effects(rows, "SMD", correlation=correlation)
    assert meta.effects(rows, "SMD", correlation=correlation / 1.6).k == 1
