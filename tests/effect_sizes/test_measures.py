"""The registry of measures: words, scales, and the way back to what a reader sees."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

import meta
from meta import Effects
from meta.cli import main
from meta.effect_sizes.measures import MEASURES, Measure, arguments_in_words, measure_of
from meta.effect_sizes.sizes import effect_size
from meta.errors import DataError
from meta.synthesis.method_input import effects_of


@pytest.mark.parametrize("name", MEASURES)
@given(value=st.floats(0.05, 0.95))
def test_the_way_back_undoes_the_way_there(name, value):
    measure = measure_of(name).with_sizes(40.0)
    there = measure.from_reader(value)
    # a double arcsine is inverted by Miller's formula, exact up to the rounding of its squares
    assert measure.to_reader(there) == pytest.approx(value, rel=1e-9)


def test_no_effect_is_one_for_ratios_and_nothing_for_one_group():
    ratios = {"ROM", "RR", "OR", "PETO", "HR", "IRR", "ROMC", "VR", "CVR"}
    assert {name for name, measure in MEASURES.items() if measure.null == 1} == ratios
    assert {name for name, measure in MEASURES.items() if np.isnan(measure.null)} == {
        "PR", "PLO", "PAS", "PFT", "IR", "IRLN", "IRS", "IRFT", "MN", "MNLN", "SDLN", "CVLN",
        "AUC",
    }  # fmt: skip


def test_a_measure_has_a_name_in_a_sentence():
    assert [MEASURES[name].words for name in ("RR", "OR", "PETO", "SMD", "IRR")] == [
        "a risk ratio",
        "an odds ratio",
        "a Peto odds ratio",
        "a standardised mean difference",
        "an incidence rate ratio",
    ]


def test_a_heading_is_short_or_the_name_itself():
    named = ("RR", "OR", "SMD", "MD", "HR", "IRR", "RD", "ROM")
    assert [MEASURES[name].short for name in named] == list(named)
    assert [MEASURES[name].short for name in ("SMDH", "PETO", "PLO")] == [
        "SMD", "Peto OR", "Proportion",
    ]  # fmt: skip
    assert all(0 < len(measure.short) <= 18 for measure in MEASURES.values())


def test_an_unknown_measure_is_named_with_the_known_ones():
    with pytest.raises(DataError, match=r"unknown measure 'rr': use one of GEN, MD, .*HR"):
        measure_of("rr")


# events and people of five surveys of a rare condition; metafor 3.8 pools their double arcsines to
# 0.00065 (0 to 0.0204) by the harmonic mean of n, 85.1
RARE = ([11, 22, 4, 1, 1], [217154, 16557, 676, 44, 29])


def test_each_study_of_a_double_arcsine_goes_back_by_its_own_people():
    events, n = map(np.array, RARE)
    sizes = effect_size("PFT", events=events, n=n)
    effects = Effects.from_arrays(sizes["yi"], sizes["vi"], measure="PFT", n=n)
    np.testing.assert_allclose(effects.to_reader(effects.yi), events / n, rtol=1e-7)
    assert 5 / np.sum(1 / n) == pytest.approx(85.1, abs=0.05)
    assert effects.scale.label == "Proportion"
    assert effects.scale.to_reader(0.0682) == pytest.approx(0.00065, abs=5e-5)
    assert effects.scale.to_reader(-0.02) == 0


def test_double_arcsines_without_people_say_what_they_are():
    effects = Effects.from_arrays([0.1, 0.2], [0.01, 0.02], measure="PFT")
    assert effects.scale.label == "Double arcsine proportion"
    assert effects.scale.to_reader(0.1) == 0.1


def test_a_new_measure_is_one_entry(monkeypatch, tmp_path, capsys):
    # the difference of log odds in probits, which nobody registered: an entry makes it known to
    # every door, text and figure
    entry = Measure(
        "PBIT", "Probit difference", "probit difference",
        lambda a, b, c, d: (norm.ppf(a / (a + b)) - norm.ppf(c / (c + d)), 1 / a + 1 / c),
        MEASURES["OR"].arguments, "yi = probit(a / n_t) - probit(c / n_c); vi = 1/a + 1/c",
        relations=MEASURES["OR"].relations, add=0.5, drop00=False,
    )  # fmt: skip
    monkeypatch.setitem(MEASURES, "PBIT", entry)
    table = pd.DataFrame({"label": ["a", "b"], "events_t": [3, 8], "n_t": [60, 40],
                          "events_c": [0, 9], "n_c": [58, 41]})  # fmt: skip
    fit = meta.pool(meta.effect_size("PBIT", data=table))
    assert fit.effects.measure == "PBIT"
    derived = meta.effects(table, "PBIT")
    assert meta.pool(derived).estimate == fit.estimate
    assert "probit(a / n_t)" in derived.derivation("a").formula
    assert "Probit difference" in str(fit)
    file = tmp_path / "trials.csv"
    table.to_csv(file, index=False)
    assert main(["pool", str(file), "--measure", "PBIT"]) == 0
    assert "Probit difference" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        main(["pool", "--help"])
    assert "PBIT" in capsys.readouterr().out
    figure = meta.plot_forest(fit).save(tmp_path / "forest.svg")
    assert "PBIT" in figure.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"labels": ["a"]}, "label has 1 values for 2 rows"),
        ({"vi": pd.Series([0.1, 0.2], index=[5, 6])}, "different indices"),
    ],
)
def test_what_is_given_beside_a_table_fits_its_rows(given, said):
    table = pd.DataFrame({"yi": [0.1, 0.2], "vi": [0.01, 0.02]})
    with pytest.raises(DataError, match=said):
        effects_of(table, **given)


def test_a_spread_that_is_named_stands_for_the_one_of_the_table():
    table = pd.DataFrame({"yi": [0.1, 0.2], "vi": [0.01, 0.02], "robust": [0.3, 0.4]})
    np.testing.assert_allclose(effects_of("yi", sei="robust", data=table).vi, [0.09, 0.16])


TRIALS = pd.DataFrame(
    {"study": ["a", "b"], "lnrr": [-0.5, -0.1], "se": [0.2, 0.3], "year": [2001, 2002]}
)


def test_columns_are_named_with_data():
    found = effects_of("lnrr", sei="se", labels="study", measure="RR", data=TRIALS)
    assert found.measure == "RR"
    assert found.labels == ["a", "b"]
    np.testing.assert_allclose(found.vi, [0.04, 0.09])
    assert list(found.table["year"]) == [2001, 2002]


def test_a_table_of_effects_is_enough():
    table = TRIALS.rename(columns={"lnrr": "yi", "se": "sei"}).assign(measure="RR")
    found = effects_of(table)
    assert (found.measure, found.labels) == ("RR", ["a", "b"])
    with pytest.raises(DataError, match="it holds RR, not OR"):
        effects_of(table, measure="OR")
    with pytest.raises(DataError, match="the table holds RR and OR"):
        effects_of(table.assign(measure=["RR", "OR"]))


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: effects_of([1.0, 2.0]), "vi is missing"),
        (lambda: effects_of([1.0], [1.0], sei=[1.0]), "both given"),
        (lambda: effects_of([1.0, 2.0], sei=[0.1, -0.2]), r"sei\[1\] is -0.2"),
        (lambda: effects_of("lnr", "se", data=TRIALS), "Did you mean 'lnrr'"),
        (lambda: effects_of(Effects.from_arrays([1.0], [1.0]), measure="RR"), "hold their own"),
    ],
)
def test_what_does_not_fit_together_is_named(call, said):
    with pytest.raises(DataError, match=said):
        call()


def test_effects_of_one_study_are_named():
    assert Effects.from_arrays([0.1, 0.3], [0.02, 0.05], ["a", "b"]).dependence == ""
    said = Effects.from_arrays([0.1, 0.3, 0.3], [0.02, 0.05, 0.05], ["a", "b", "b"]).dependence
    assert "2 carry the name of another (b)" in said
    assert "meta.multilevel" in said


def test_the_table_of_arguments_in_the_help_is_the_registry():
    lines = effect_size.__doc__.splitlines()
    for names, arguments in arguments_in_words():
        assert any(line.split() == [*names.split(), *arguments.split()] for line in lines), names
