"""Every combination is there, and each is what its choices give alone."""

from __future__ import annotations

import tracemalloc
from concurrent.futures import ProcessPoolExecutor

import numpy as np
import pandas as pd
import pytest

import meta
from meta.synthesis.diagnostics import multiverse, subsets

CHOICES = {
    "rows": {"all": {}, "double-blind": {"blinding": "double"}, "none": {"blinding": "triple"}},
    "include": {"all": ("arms", "interval", "p_value"), "means": ("arms", "interval")},
    "tau2_method": ["REML", "DL"],
    "ci_method": ["HK", "wald"],
}


@pytest.fixture(scope="module")
def rows(root):
    return meta.load_evidence(root / "data").primary("depression")


@pytest.fixture(scope="module")
def found(rows):
    return meta.multiverse(rows, CHOICES)


def test_every_combination_has_a_row_and_one_without_trials_its_reason(found):
    assert len(found.table) == 3 * 2 * 2 * 2
    assert not found.table.duplicated(list(CHOICES)).any()
    empty = found.table[found.table["rows"] == "none"]
    assert (empty["reason"] != "").all()
    assert (empty["k"] == 0).all()
    assert found.table.loc[found.table["rows"] != "none", "reason"].eq("").all()
    assert any("8 of 24" in note for note in found.notes)


def test_a_row_is_what_its_choices_give_alone(found, rows):
    part = rows[rows["blinding"] == "double"]
    alone = meta.pool(
        meta.effects(part, "SMD", include=("arms", "interval")), tau2_method="DL", ci_method="wald"
    )
    row = found.table.set_index(list(CHOICES)).loc[("double-blind", "means", "DL", "wald")]
    assert row["estimate"] == alone.estimate
    assert (row["ci_low"], row["ci_high"]) == (alone.ci_low, alone.ci_high)
    assert row["decides"] == (alone.ci_high < 0 or alone.ci_low > 0)


def test_equal_analyses_are_counted_once(rows):
    # no trial of this set is a crossover or lacks a correlation: the choice changes nothing
    twice = meta.multiverse(rows, {"correlation": [0.3, 0.8]})
    assert len(twice.table) == 2
    assert twice.n_distinct == 1
    assert len(set(twice.table["estimate"])) == 1


def test_what_a_choice_does_is_told_by_value(found):
    table = found.by_choice().set_index(["choice", "value"])
    blind = found.table[(found.table["rows"] == "double-blind")]
    assert table.loc[("rows", "double-blind"), "n"] == len(blind)
    assert table.loc[("rows", "double-blind"), "median"] == blind["estimate"].median()
    assert table.loc[("rows", "double-blind"), "decided"] == blind["decides"].mean()
    assert table.loc[("rows", "none"), "n"] == 0


def test_ratios_are_told_on_the_ratio_scale():
    pairs = meta.pairwise(
        meta.long_arms(meta.load_evidence("data").table("antidepressants_primary_care")),
        "SSRI",
        "Placebo",
        events="response",
    )
    found = meta.multiverse(
        pairs, {"lower_is_better": [False], "ci_method": ["HK", "wald"]}, measure="RR"
    )
    assert "1.27 to 1.27" in found.sentence()
    assert found.table["decides"].all()


def test_faults_are_named_at_once(rows):
    with pytest.raises(meta.DataError, match="3 faults") as caught:
        meta.multiverse(
            rows, {"tau_method": ["DL"], "ci_method": "HK", "rows": {"x": {"blnding": "double"}}}
        )
    assert "'tau2_method'" in str(caught.value)
    assert "'blinding'" in str(caught.value)
    with pytest.raises(meta.DataError, match="nothing to choose"):
        meta.multiverse(rows, {})
    with pytest.raises(meta.DataError, match="combinations"):
        meta.multiverse(rows, {"correlation": range(1, 9999), "sd": range(1, 9999)})


def test_tens_of_thousands_are_each_what_its_choices_give_alone(rows):
    random = np.random.default_rng(4)
    choices = {
        "include": {"all": ("arms", "interval", "p_value"), "means": ("arms", "interval")},
        "correlation": [0.3, 0.7],
        "leave_out": 5,
        "model": ["random", "common"],
        "tau2_method": ["REML", "DL", "PM", "SJ"],
        "ci_method": ["HK", "HK-adhoc", "wald"],
        "ci_level": [0.95, 0.9],
    }
    found = meta.multiverse(rows, choices)
    assert len(found.table) > 40_000
    for place in random.integers(0, len(found.table), 12):
        row = found.table.iloc[place]
        made = meta.effects(
            rows,
            "SMD",
            include=choices["include"][row["include"]],
            correlation=float(row["correlation"]),
        )
        out = [] if row["leave_out"] == "none" else row["leave_out"].split("; ")
        kept = made.subset(~np.isin(made.labels, out))
        settings = {n: row[n] for n in ("model", "tau2_method", "ci_method")}
        alone = meta.pool(kept, **settings, ci_level=float(row["ci_level"]))
        for name in ("k", "estimate", "ci_low", "ci_high", "p_value", "tau2", "i2"):
            np.testing.assert_equal(row[name], getattr(alone, name))


def test_the_order_of_choices_is_the_order_of_the_table(rows):
    some = {"ci_method": ["HK", "wald"], "leave_out": 1, "include": {"all": ("arms", "interval")}}
    other = {name: some[name] for name in ("include", "leave_out", "ci_method")}
    one, two = meta.multiverse(rows, some), meta.multiverse(rows, other)
    assert list(one.table)[:3] == list(some)
    merged = one.table.merge(two.table, on=list(some), suffixes=("", "_"))
    assert len(merged) == len(one.table) == len(two.table)
    assert (merged["estimate"] == merged["estimate_"]).all()
    assert (merged["ci_low"] == merged["ci_low_"]).all()


def test_leaving_every_trial_out_has_its_reason(rows):
    found = meta.multiverse(rows, {"leave_out": {"none": [], "all": meta.effects(rows).labels}})
    assert found.table["reason"].tolist() == ["", "no trial is left"]
    assert found.table["k"].tolist()[1] == 0
    with pytest.raises(meta.DataError, match="no trial is called 'Nobody 1999'"):
        meta.multiverse(rows, {"leave_out": [["Nobody 1999"]]})


def test_shares_of_the_spread_are_those_of_an_analysis_of_variance(found):
    answered = found.table[found.table["reason"] == ""]
    estimate = answered["estimate"]
    shares = found.shares().set_index("choice")["share"]
    for name in CHOICES:
        means = answered.groupby(name, observed=True)["estimate"].transform("mean")
        assert shares[name] == pytest.approx(means.var() / estimate.var(), rel=1e-9, abs=1e-20)
    assert shares["ci_method"] == pytest.approx(0, abs=1e-20)
    assert shares.sum() == pytest.approx(1)


def test_the_fewest_changes_that_flip_the_conclusion_are_listed(found):
    flips = found.flips()
    table = found.table
    first = table.iloc[0]
    other = table[(table["reason"] == "") & (table["decides"] != first["decides"])]
    distance = sum((other[name] != first[name]).astype(int) for name in CHOICES)
    if other.empty:
        assert flips.empty
        return
    assert (flips["n_changes"] == distance.min()).all()
    assert len(flips) == (distance == distance.min()).sum()
    assert all(len(text.split("; ")) == distance.min() for text in flips["changes"])


def test_the_curve_keeps_both_ends(found):
    curve = found.curve(5)
    answered = found.table[found.table["reason"] == ""]
    assert len(curve) == 5
    assert curve["estimate"].iloc[0] == answered["estimate"].min()
    assert curve["estimate"].iloc[-1] == answered["estimate"].max()
    assert curve["estimate"].is_monotonic_increasing


def test_an_executor_changes_no_bit_and_progress_is_told(rows):
    choices = {"include": CHOICES["include"], "leave_out": 2, "tau2_method": ["REML", "PM"]}
    told = []
    serial = meta.multiverse(rows, choices, progress=lambda done, of: told.append((done, of)))
    assert told[-1][0] == told[-1][1] == len(told)
    with ProcessPoolExecutor(2) as executor:
        spread = meta.multiverse(rows, choices, executor=executor)
    pd.testing.assert_frame_equal(serial.table, spread.table, check_exact=True)


def test_how_the_work_is_cut_changes_no_bit(rows, monkeypatch):
    choices = {"tau2_method": ["REML", "PM"], "leave_out": 2, "correlation": [0.4, 0.5, 0.6]}
    whole = meta.multiverse(rows, choices).table
    monkeypatch.setattr(subsets, "_PIECE", 20)
    monkeypatch.setattr(multiverse, "_AT_ONCE", 7)
    pd.testing.assert_frame_equal(whole, meta.multiverse(rows, choices).table, check_exact=True)


def test_memory_beside_the_table_does_not_grow_with_combinations(rows):
    def beside(levels):
        # equal sets, many intervals of each: 46,500 and 186,000 combinations
        choices = {
            "leave_out": 3,
            "correlation": [0.3, 0.4, 0.5, 0.6, 0.7],
            "ci_level": [0.5 + i / 1000 for i in range(levels)],
        }
        tracemalloc.start()
        table = meta.multiverse(rows, choices).table
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most - table.memory_usage().sum()

    meta.multiverse(rows, {"ci_level": [0.95]})
    # a column of float64 more would add 1.1 MB; 300 more levels by name take 0.3
    assert beside(400) - beside(100) < 560_000


def test_a_cluster_changes_no_bit(rows):
    # the optional extra "cluster"
    distributed = pytest.importorskip("distributed")
    choices = {"include": CHOICES["include"], "leave_out": 1, "ci_method": ["HK", "wald"]}
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=None
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        spread = meta.multiverse(rows, choices, executor=client.get_executor())
    pd.testing.assert_frame_equal(
        spread.table, meta.multiverse(rows, choices).table, check_exact=True
    )


def test_the_table_on_the_readers_scale():
    rows = pd.DataFrame(
        {"label": list("abc"), "events_t": [3, 5, 8], "n_t": [40] * 3, "events_c": [6, 9, 9],
         "n_c": [40] * 3, "lower_is_better": [True] * 3}
    )  # fmt: skip
    found = meta.multiverse(rows, {"tau2_method": ["REML", "DL"]}, "RR")
    shown = found.to_frame()
    assert shown["estimate"].tolist() == pytest.approx(np.exp(found.table["estimate"]).tolist())
    assert set(shown["scale"]) == {"Risk ratio"}
