"""Are percent changes of both arms, and what is left between them, right and honest?"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import meta
from meta.errors import DataError

DATA = Path(__file__).parents[2] / "data"
FIGURES = {
    "base_mean_t": 20.0,
    "base_sd_t": 5.0,
    "mean_t": 10.0,
    "sd_t": 4.0,
    "n_t": 30,
    "base_mean_c": 20.0,
    "base_sd_c": 5.0,
    "mean_c": 15.0,
    "sd_c": 6.0,
    "n_c": 28,
}
Z = 1.959963984540054


def one(**figures) -> pd.Series:
    return meta.percent_change(**figures).iloc[0]


def test_closed_form():
    change = one(**FIGURES)
    assert change["percent_t"] == pytest.approx(-50)
    assert change["percent_c"] == pytest.approx(-25)
    assert change["net"] == pytest.approx(-25)
    assert change["relative"] == pytest.approx(100 * (0.5 / 0.75 - 1))
    var_t = (16 + 0.25 * 25 - 2 * 0.5 * 0.5 * 4 * 5) / (30 * 400)
    var_c = (36 + 0.75**2 * 25 - 2 * 0.5 * 0.75 * 6 * 5) / (28 * 400)
    assert change["percent_t_low"] == pytest.approx(-50 - 100 * Z * var_t**0.5, rel=1e-12)
    assert change["net_high"] == pytest.approx(-25 + 100 * Z * (var_t + var_c) ** 0.5, rel=1e-12)
    log_se = (var_t / 0.25 + var_c / 0.5625) ** 0.5
    assert change["relative_low"] == pytest.approx(
        100 * (0.5 / 0.75 * np.exp(-Z * log_se) - 1), rel=1e-12
    )
    assert change["assumptions"] == "correlation between baseline and end 0.5"


@pytest.mark.parametrize("ci_level", [0.90, 0.95])
def test_the_standard_error_of_the_net_change_is_that_of_its_interval(ci_level):
    change = meta.percent_change(**FIGURES, ci_level=ci_level)
    back = meta.convert.ci_to_se(change["net_low"], change["net_high"], ci_level=ci_level)
    assert change["net_se"].iloc[0] == pytest.approx(float(np.ravel(back.se)[0]), rel=1e-12)
    fit = meta.pool(change["net"], change["net_se"] ** 2, measure="PC", ci_method="wald")
    assert fit.se == pytest.approx(change["net_se"].iloc[0], rel=1e-12)


def test_without_an_interval_there_is_no_standard_error():
    assert np.isnan(one(**{**FIGURES, "sd_c": None})["net_se"])
    no_control = {name: value for name, value in FIGURES.items() if not name.endswith("_c")}
    assert np.isnan(one(**no_control)["net_se"])


@pytest.mark.parametrize("correlation", [0.3, 0.5, 0.8])
def test_delta_method_agrees_with_simulated_trials(correlation):
    rng = np.random.default_rng(20)
    trials, n = 4000, 60
    cov = [[25, correlation * 20], [correlation * 20, 16]]
    people = rng.multivariate_normal([20, 12], cov, size=(trials, n))
    ratios = people[..., 1].mean(axis=1) / people[..., 0].mean(axis=1)
    change = one(base_mean_t=20, base_sd_t=5, mean_t=12, sd_t=4, n_t=n, correlation=correlation)
    se = (change["percent_t_high"] - change["percent_t_low"]) / (2 * Z)
    # the SE of a simulated SD is about 1 / sqrt(2 * 4000) = 1.1 %; three of them
    assert se == pytest.approx(100 * ratios.std(ddof=1), rel=0.034)


def test_change_scores_agree_with_end_scores_of_equal_sds():
    # with one SD before and after, SD of the change = SD sqrt(2 (1 - r)): both routes must meet
    r, sd = 0.6, 5.0
    common = {"base_mean_t": 20, "base_sd_t": sd, "n_t": 30}
    end = one(**common, mean_t=14, sd_t=sd, correlation=r)
    change = one(**common, mean_t=-6, sd_t=sd * (2 * (1 - r)) ** 0.5, scores="change")
    for name in ("percent_t", "percent_t_low", "percent_t_high"):
        assert change[name] == pytest.approx(end[name], rel=1e-12)
    assert change["assumptions"] == "same SD before and after"


def test_higher_correlation_narrows_the_interval():
    widths = [
        one(**FIGURES, correlation=r)["net_high"] - one(**FIGURES, correlation=r)["net_low"]
        for r in (0.3, 0.5, 0.8)
    ]
    assert widths == sorted(widths, reverse=True)


def test_without_sds_there_is_a_point_and_a_reason():
    figures = {name: value for name, value in FIGURES.items() if "sd" not in name}
    change = one(**figures)
    assert change["net"] == pytest.approx(-25)
    assert np.isnan(change["net_low"])
    assert "no interval without sd_t and base_sd_t" in change["note"]
    assert change["assumptions"] == ""


def test_one_arm_has_no_net_change():
    change = one(base_mean_t=20, mean_t=10)
    assert change["percent_t"] == pytest.approx(-50)
    assert np.isnan(change["net"])
    assert "control arm: no mean" in change["note"]


def test_impossible_spread_of_changes_gives_no_interval():
    change = one(base_mean_t=20, base_sd_t=2, mean_t=-5, sd_t=4.5, n_t=20, scores="change")
    assert change["percent_t"] == pytest.approx(-25)
    assert np.isnan(change["percent_t_low"])
    assert "above twice the SD at baseline" in change["note"]


def test_no_percentage_of_a_baseline_at_or_below_zero():
    change = one(base_mean_t=0.0, mean_t=-1.0)
    assert np.isnan(change["percent_t"])
    assert "baseline mean of 0" in change["note"]


def test_swapping_the_arms_turns_the_net_change():
    other = {
        f"{name[:-1]}{'c' if name.endswith('t') else 't'}": value for name, value in FIGURES.items()
    }
    a, b = one(**FIGURES), one(**other)
    assert b["net"] == pytest.approx(-a["net"])
    assert b["net_low"] == pytest.approx(-a["net_high"])
    assert 1 + b["relative"] / 100 == pytest.approx(1 / (1 + a["relative"] / 100))


def test_every_row_of_the_evidence_is_answered():
    rows = meta.load_evidence(DATA).select(outcome="depression")
    change = meta.percent_change(rows)
    assert change["result_id"].tolist() == rows["result_id"].tolist()
    told = change["percent_t"].notna() | (change["note"] != "")
    assert told.all()
    rajizadeh = change.set_index("result_id").loc["rajizadeh2017-depression-2"]
    # 26.9 to 11.26 and 25.6 to 15.2
    assert rajizadeh["percent_t"] == pytest.approx(100 * (11.26 / 26.9 - 1))
    assert rajizadeh["percent_c"] == pytest.approx(100 * (15.2 / 25.6 - 1))


def test_printed_percentages_are_taken_as_points():
    rows = pd.DataFrame(
        {"study_id": ["a"], "result_type": "change", "effect_unit": "percent", "mean_t": 40.0,
         "mean_c": 20.0}
    )  # fmt: skip
    change = one(results=rows)
    assert change["net"] == pytest.approx(20)
    assert np.isnan(change["net_low"])
    assert "printed in percent" in change["note"]


def test_all_faults_are_told_at_once():
    with pytest.raises(DataError) as caught:
        meta.percent_change(**(FIGURES | {"sd_t": -4.0, "n_c": 1}), scores="end", correlation=1.0)
    text = str(caught.value)
    for part in ("scores is 'end'", "correlation is 1.0", "sd_t: -4.0", "n_c: 1"):
        assert part in text
    with pytest.raises(DataError, match=r"ci_level is 95; needed: a share between 0 and 1"):
        meta.percent_change(**FIGURES, ci_level=95)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({}, "base_mean_t, mean_t missing"),
        ({"base_mean_t": [1, 2], "mean_t": [1, 2, 3]}, "lengths do not fit"),
        ({"results": pd.DataFrame({"study_id": ["a"]}), "mean_t": 1}, "both given"),
    ],
)
def test_unclear_input_is_refused(arguments, words):
    with pytest.raises(DataError, match=words):
        meta.percent_change(**arguments)


def test_no_rows_give_no_rows():
    empty = meta.percent_change(pd.DataFrame({"study_id": pd.Series(dtype=str)}))
    assert len(empty) == 0
    assert "net_low" in empty
