"""Every combination is there, and each is what its choices give alone."""

from __future__ import annotations

import pytest

import meta

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
    assert twice.table["estimate"].nunique() == 1


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
        meta.multiverse(rows, {"correlation": [i / 100 for i in range(99)], "sd": range(1, 99)})
