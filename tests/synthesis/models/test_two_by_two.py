"""Mantel-Haenszel and Peto against metafor, statsmodels, exact cases, and their edges."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from reference_answers import REFERENCE, reference

import meta
from meta.errors import DataError, TooFewStudies

# closed forms: rounding only
CLOSED = 1e-8
SETS = sorted(path.stem for path in REFERENCE.glob("*_binary_methods.json"))


def fit(arms, measure, **options):
    if measure == "PETO":
        return meta.peto(**arms, **options)
    return meta.mantel_haenszel(**arms, measure=measure, **options)


@pytest.mark.parametrize("measure", ["RR", "OR", "RD", "PETO"])
@pytest.mark.parametrize("name", SETS)
def test_equals_metafor(name, measure):
    ref = reference(name)
    want = ref["PETO" if measure == "PETO" else f"MH_{measure}"]
    got = fit(ref["arms"], measure)
    # the estimate can be near 0: it is compared on the scale of its standard error
    size = want["se"]
    assert got.estimate == pytest.approx(want["estimate"], rel=CLOSED, abs=CLOSED * size)
    assert got.se == pytest.approx(want["se"], rel=CLOSED)
    assert [got.ci_low, got.ci_high] == pytest.approx(want["ci"], rel=CLOSED, abs=CLOSED * size)
    assert got.q == pytest.approx(want["Q"], rel=CLOSED)
    assert got.weights.sum() == pytest.approx(100)


def test_tests_of_association_and_equal_odds_ratios_on_bcg():
    # metafor 3.8, printed to four decimals
    got = fit(reference("bcg_binary_methods")["arms"], "OR")
    assert got.cmh == pytest.approx(135.6889, abs=5e-5)
    assert got.tarone == pytest.approx(171.7567, abs=5e-5)
    assert got.breslow_day == pytest.approx(171.7654, abs=5e-5)
    assert got.equal_or_dof == 12


@pytest.mark.parametrize("name", SETS)
def test_equal_odds_ratio_tests_equal_statsmodels(name):
    from statsmodels.stats.contingency_tables import StratifiedTable

    a, n_t, c, n_c = (
        np.array(reference(name)["arms"][column], dtype=float)
        for column in ("events_t", "n_t", "events_c", "n_c")
    )
    keep = (a + c) > 0
    engine = StratifiedTable(np.array([[a, n_t - a], [c, n_c - c]])[:, :, keep])
    got = meta.mantel_haenszel(a, n_t, c, n_c, "OR")
    # the engine loses digits at odds ratios near 1 (1.006 in one set)
    assert got.breslow_day == pytest.approx(engine.test_equal_odds().statistic, rel=1e-6)
    assert got.tarone == pytest.approx(engine.test_equal_odds(adjust=True).statistic, rel=1e-6)
    plain = meta.mantel_haenszel(a, n_t, c, n_c, "OR", cmh_correction=False)
    assert plain.cmh == pytest.approx(engine.test_null_odds().statistic, rel=CLOSED)
    risk = meta.mantel_haenszel(a, n_t, c, n_c, "RR")
    assert np.exp(risk.estimate) == pytest.approx(engine.riskratio_pooled, rel=CLOSED)


def test_breslow_day_holds_at_an_odds_ratio_of_one():
    got = meta.mantel_haenszel([5, 10], [20, 40], [5, 10], [20, 40], "OR")
    assert got.estimate == pytest.approx(0, abs=1e-14)
    assert got.breslow_day == pytest.approx(0, abs=1e-12)
    assert got.breslow_day_p_value == pytest.approx(1)


def test_one_table_is_its_own_effect():
    arms = {"events_t": [12], "n_t": [50], "events_c": [20], "n_c": [60]}
    for measure in ("RR", "OR", "RD", "PETO"):
        got = fit(arms, measure)
        own = meta.effect_size(measure, **arms)
        assert got.estimate == pytest.approx(own["yi"].iloc[0], rel=CLOSED)
        assert got.q == pytest.approx(0, abs=1e-20)
        assert np.isnan(got.q_p_value)
        assert any("k = 1" in note for note in got.notes)
    # for one table Robins-Breslow-Greenland is the textbook variance
    own = meta.effect_size("OR", **arms)
    assert fit(arms, "OR").se ** 2 == pytest.approx(own["vi"].iloc[0], rel=CLOSED)


def test_tables_without_events_leave_ratios_and_weigh_in_differences():
    few = {"events_t": [4, 6], "n_t": [50, 60], "events_c": [8, 9], "n_c": [50, 60]}
    more = {name: [*values, 0 if "events" in name else 40] for name, values in few.items()}
    for measure in ("RR", "OR", "PETO"):
        small, large = fit(few, measure), fit(more, measure)
        assert large.estimate == pytest.approx(small.estimate, rel=CLOSED)
        assert large.se == pytest.approx(small.se, rel=CLOSED)
        assert large.k == 2
        assert large.n_total == 220
        assert any("study 3" in note and "left out" in note for note in large.notes)
        assert large.weights[2] == 0
    small, large = fit(few, "RD"), fit(more, "RD")
    # n_t n_c / N: 25 + 30 against 25 + 30 + 20
    assert large.estimate == pytest.approx(small.estimate * 55 / 75, rel=CLOSED)
    assert large.k == 3
    assert large.q_dof == 1
    assert any("not in Q" in note for note in large.notes)


def test_a_zero_cell_is_named_and_gets_no_constant_in_the_estimate():
    got = meta.mantel_haenszel([0, 5], [50, 50], [6, 8], [50, 50], "OR", labels=["Ada", "Bo"])
    by_hand = np.log((0 + 5 * 42 / 100) / (50 * 6 / 100 + 45 * 8 / 100))
    assert got.estimate == pytest.approx(by_hand, rel=CLOSED)
    assert any(note.startswith("Ada") and "0.5" in note for note in got.notes)


@pytest.mark.parametrize(
    ("arms", "measure"),
    [
        (([0, 0], [10, 10], [3, 4], [10, 10]), "RR"),
        (([3, 4], [10, 10], [0, 0], [10, 10]), "RR"),
        (([10, 10], [10, 10], [10, 10], [10, 10]), "RR"),
        (([0, 0], [10, 10], [3, 4], [10, 10]), "OR"),
        (([3, 10], [10, 10], [0, 5], [10, 10]), "OR"),
        (([0, 10], [10, 10], [0, 10], [10, 10]), "RD"),
        (([0, 0], [10, 10], [10, 10], [10, 10]), "RD"),
    ],
)
def test_an_estimate_without_a_standard_error_is_refused(arms, measure):
    with pytest.raises(DataError, match="standard error"):
        meta.mantel_haenszel(*arms, measure)


@pytest.mark.parametrize("measure", ["RR", "OR", "PETO"])
def test_no_informative_table_is_too_few(measure):
    arms = {"events_t": [0, 0], "n_t": [9, 9], "events_c": [0, 0], "n_c": [9, 9]}
    with pytest.raises(TooFewStudies, match="RD"):
        fit(arms, measure)
    with pytest.raises(TooFewStudies):
        fit({name: [] for name in arms}, measure)


def test_every_fault_is_named_at_once():
    with pytest.raises(DataError) as caught:
        meta.mantel_haenszel(
            [12, -1, np.nan, 2], [10, 10, 10, 0], [1, 2, 3], [10] * 3, labels=["a"]
        )
    text = str(caught.value)
    for part in ("events_t[1] is -1", "events_t[2] is missing", "n_t[3] is 0", "lengths", "labels"):
        assert part in text
    with pytest.raises(DataError, match="no more events than people"):
        meta.peto([12], [10], [1], [10])
    with pytest.raises(DataError, match="events_c is missing"):
        meta.peto([1], [10], None, [10])
    with pytest.raises(DataError, match="measure"):
        meta.mantel_haenszel([1], [10], [1], [10], "HR")
    with pytest.raises(DataError, match="ci_level"):
        meta.peto([1], [10], [1], [10], ci_level=95)


cell = st.integers(1, 200)
table = st.tuples(cell, cell, cell, cell)


@settings(max_examples=40, deadline=None)
@given(st.lists(table, min_size=1, max_size=6))
def test_swapping_arms_or_outcomes_turns_the_sign(tables):
    a, b, c, d = (np.array(cells) for cells in zip(*tables, strict=True))
    for measure in ("RR", "OR", "RD", "PETO"):
        one = fit({"events_t": a, "n_t": a + b, "events_c": c, "n_c": c + d}, measure)
        swapped = fit({"events_t": c, "n_t": c + d, "events_c": a, "n_c": a + b}, measure)
        assert swapped.estimate == pytest.approx(-one.estimate, rel=1e-9, abs=1e-12)
        assert swapped.se == pytest.approx(one.se, rel=1e-9)
        if measure != "RR":  # the risk ratio of the other outcome is another effect
            other = fit({"events_t": b, "n_t": a + b, "events_c": d, "n_c": c + d}, measure)
            assert other.estimate == pytest.approx(-one.estimate, rel=1e-9, abs=1e-12)
            assert other.se == pytest.approx(one.se, rel=1e-9)


@settings(max_examples=30, deadline=None)
@given(table, st.integers(2, 5))
def test_repeating_a_table_keeps_the_estimate_and_narrows_the_interval(cells, times):
    a, b, c, d = cells
    arms = {"events_t": [a], "n_t": [a + b], "events_c": [c], "n_c": [c + d]}
    many = {name: values * times for name, values in arms.items()}
    for measure in ("RR", "OR", "RD", "PETO"):
        one, all_of_them = fit(arms, measure), fit(many, measure)
        assume(one.se > 0)
        assert all_of_them.estimate == pytest.approx(one.estimate, rel=1e-9, abs=1e-12)
        assert all_of_them.se == pytest.approx(one.se / np.sqrt(times), rel=1e-9)


def test_large_counts_and_small_p_values_keep_their_digits():
    # one minus the distribution function would be 0 here
    got = meta.mantel_haenszel([5_000_000], [10_000_000], [5_020_000], [10_000_000], "OR")
    assert 1e-20 < got.cmh_p_value < 1e-18
    assert got.p_value == pytest.approx(got.cmh_p_value, rel=1e-2)
    assert got.se == pytest.approx(np.sqrt(4 / 5e6), rel=1e-3)


def test_peto_names_what_biases_it():
    got = meta.peto([40, 2], [50, 20], [10, 9], [50, 100])
    assert any("twice" in note for note in got.notes)
    assert any("threefold" in note for note in got.notes)
    calm = meta.peto([10, 12], [50, 60], [12, 11], [50, 60])
    assert calm.notes == ()


def test_shows_itself_in_words_html_and_json():
    got = fit(reference("hine1989_binary_methods")["arms"], "OR")
    assert "Odds ratio 1.79 (1.03 to 3.10)" in got.sentence()
    assert "Breslow-Day" in str(got)
    assert "<caption>" in got._repr_html_()
    values = json.loads(json.dumps(got.to_dict()))
    assert values["k"] == 6
    assert len(values["effects"]) == 6
    risk = fit(reference("hine1989_binary_methods")["arms"], "RR")
    assert json.loads(json.dumps(risk.to_dict()))["breslow_day"] is None


def test_the_two_variances_of_a_risk_difference():
    one = ([4], [123], [11], [139])
    plain = meta.effect_size(
        "RD", **dict(zip(("events_t", "n_t", "events_c", "n_c"), one, strict=True))
    )
    alone = meta.mantel_haenszel(*one, measure="RD", rd_variance="greenland-robins")
    # of one table it is the usual variance
    assert alone.se**2 == pytest.approx(plain["vi"].iloc[0], rel=1e-12)
    several = ([4, 6, 3], [123, 150, 231], [11, 20, 11], [139, 140, 220])
    sato = meta.mantel_haenszel(*several, measure="RD")
    other = meta.mantel_haenszel(*several, measure="RD", rd_variance="greenland-robins")
    assert other.estimate == sato.estimate
    assert other.se == pytest.approx(sato.se, rel=0.02)
    assert other.se != sato.se
    assert other.refit(ci_level=0.9).se == other.se
    with pytest.raises(meta.DataError, match="rd_variance='gr'"):
        meta.mantel_haenszel(*several, measure="RD", rd_variance="gr")


def test_rosiglitazone_equals_the_paper():
    # Nissen and Wolski 2007, abstract: odds ratios by Peto from 42 trials with few events
    trials = pd.read_csv(REFERENCE.parent / "models" / "nissen2007.csv")
    events = ("infarctions_t", "infarctions_c", "deaths_t", "deaths_c")
    assert trials[list(events)].sum().tolist() == [86, 72, 39, 22]
    for outcome, text in (
        ("infarctions", "1.43 (1.03 to 1.98)"),
        ("deaths", "1.64 (0.98 to 2.74)"),
    ):
        counts = (f"{outcome}_t", "n_t", f"{outcome}_c", "n_c")
        assert meta.peto(*counts, data=trials).effect_text() == text
        exact = meta.mantel_haenszel(*counts, "OR", data=trials)
        model = meta.glmm(*counts, data=trials, model="CM.EL")
        assert model.estimate == pytest.approx(exact.estimate, abs=0.05)
    # what is added to empty cells pulls the odds ratio of deaths from 1.70 towards 1
    assert np.exp(exact.estimate) == pytest.approx(1.70, abs=0.005)
    halved = trials[trials["deaths_t"] + trials["deaths_c"] > 0].copy()
    empty = (halved["deaths_t"] == 0) | (halved["deaths_c"] == 0)
    for arm in "tc":
        halved[f"deaths_{arm}"] = halved[f"deaths_{arm}"] + 0.5 * empty
        halved[f"n_{arm}"] = halved[f"n_{arm}"] + 1.0 * empty
    added = meta.mantel_haenszel(*counts, "OR", data=halved)
    assert np.exp(added.estimate) == pytest.approx(1.33, abs=0.005)
