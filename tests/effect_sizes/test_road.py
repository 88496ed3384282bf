"""One table, one answer: whatever the form of its rows, whichever door it comes in by."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import meta
from meta.cli import main
from meta.effect_sizes.measures import MEASURES
from meta.errors import DataError
from meta.synthesis.method_input import effects_of
from meta.synthesis.models.pool import pool

MEANS = """label,mean_t,sd_t,n_t,mean_c,sd_c,n_c
A,12.1,6.0,60,14.9,6.2,60
B,11.8,5.5,16.5,14.6,5.9,30
C,12.9,,45,14.0,6.1,47
D,13.5,5.2,28,13.1,5.8,31
"""
COUNTS = """label,events_t,n_t,events_c,n_c
A,0,40,0,41
B,3,60,0,58
C,5,100,9,98
D,20,20,20,20
E,7,50,12,52
"""
GROUPS = """label,events,n
A,0,40
B,3,60
C,20,20
D,9,98
"""
CORRELATIONS = """label,r,n
A,0.5,40
B,-0.1,25
C,0.97,12
D,0.3,
"""
RATIOS = """label,estimate,ci_low,ci_high,yi,sei
A,0.69,0.54,0.89,,
B,0.80,0.55,1.16,,
C,,,,0.1823,0.21
D,1.2,,,,
"""
TABLES = {
    **dict.fromkeys(("SMD", "MD", "ROM"), MEANS),
    **dict.fromkeys(("RR", "OR", "RD"), COUNTS),
    "PLO": GROUPS,
    "ZCOR": CORRELATIONS,
    "HR": RATIOS,
}


def printed(file: Path, measure: str, capsys) -> str:
    assert main(["pool", str(file), "--measure", measure]) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("measure", TABLES)
def test_a_file_has_one_answer(measure, tmp_path, capsys):
    file = tmp_path / "trials.csv"
    file.write_text(TABLES[measure])
    table = pd.read_csv(file)
    by_effects = pool(meta.effects(table, measure))
    others = [
        pool(meta.Effects.from_table(table, measure)),
        pool(effects_of(table, measure=measure)),
    ]
    if MEASURES[measure].formula is not None:
        computed = meta.effect_size(measure, data=table)
        others.append(pool(effects_of(computed)))
        saved = tmp_path / "computed.csv"
        computed.to_csv(saved, index=False)
        others.append(pool(effects_of(pd.read_csv(saved))))
    for other in others:
        assert other.measure == measure
        assert other.effects.labels == by_effects.effects.labels
        np.testing.assert_array_equal(other.effects.yi, by_effects.effects.yi)
        np.testing.assert_array_equal(other.weights, by_effects.weights)
        assert other.effects.notes == by_effects.effects.notes
        assert len(other.effects.excluded) == len(by_effects.effects.excluded)
    shown = printed(file, measure, capsys)
    for line in str(by_effects).splitlines():
        assert line in shown


def test_nobody_and_everybody_are_left_out_of_ratios_and_said():
    table = pd.read_csv(pd.io.common.StringIO(COUNTS))
    ratio = meta.Effects.from_table(table, "RR")
    assert ratio.labels == ["B", "C", "E"]
    assert ratio.excluded["reason"].str[:9].tolist() == ["nobody in", "everybody"]
    assert ratio.notes == (
        "0.5 was added to each count of B, where one is 0 (1 of 3 tables).",
        "2 trials in which nobody or everybody had the event say nothing about a ratio and are "
        "left out (drop00=False keeps them).",
    )
    assert meta.Effects.from_table(table, "RR", drop00=False).k == 5
    assert meta.Effects.from_table(table, "RD").k == 5
    # R's meta leaves both out; Mantel-Haenszel of the rest is what they add nothing to
    assert ratio.subset([1, 2]).notes[-1].startswith("2 trials")
    assert not any("0.5" in note for note in ratio.subset([1, 2]).notes)


def test_rows_may_differ_in_form():
    # mean differences of four trials, three printed with their variance (R meta, dat.karpel)
    table = pd.DataFrame({
        "study": ["Cahill 2017", "Bousquet 2011", "Karpel 2010", "Garcia 2013"],
        "yi": [0.046, 0.11, 0.02876, np.nan], "vi": [0.000026032, 0.002603178, 0.000722978, np.nan],
        "mean_t": [np.nan, np.nan, np.nan, 0.25], "sd_t": [np.nan, np.nan, np.nan, 0.38],
        "n_t": [32, 272, 542, 20], "mean_c": [np.nan, np.nan, np.nan, 0.0],
        "sd_c": [np.nan, np.nan, np.nan, 0.2], "n_c": [30, 128, 529, 21],
    })  # fmt: skip
    found = meta.Effects.from_table(table, "MD")
    assert found.k == 4
    assert found.table["form"].tolist() == ["effect", "effect", "effect", "post"]
    assert found.yi[3] == 0.25
    assert found.vi[3] == pytest.approx(0.38**2 / 20 + 0.2**2 / 21, rel=1e-12)
    assert "yi = 0.25 - 0 = 0.25" in str(found.derivation("Garcia 2013"))
    assert "yi = 0.046 = 0.046" in str(found.derivation("Cahill 2017"))


def test_hazard_ratios_come_from_what_papers_print():
    # seven trials as a paper prints them, with a common effect of 2.59 and, by the method of
    # DerSimonian and Laird, 2.57 (1.86 to 3.55)
    table = pd.DataFrame({
        "label": ["Blaze", "Precom", "Lemar", "Nobel", "Massif", "Cardio", "Besta"],
        "estimate": [1.78, 1.20, 1.14, 2.99, 2.90, 4.64, 2.75],
        "ci_low": [0.84, 0.37, 0.30, 1.66, 1.39, 1.33, 1.16],
        "ci_high": [3.76, 3.93, 4.25, 5.39, 6.01, 6.16, 6.54],
    })  # fmt: skip
    found = meta.Effects.from_table(table, "HR")
    assert found.scale.label == "Hazard ratio"
    assert pool(found, model="common").effect_text().startswith("2.59")
    laird = pool(found, tau2_method="DL", ci_method="wald")
    assert laird.effect_text() == "2.57 (1.86 to 3.55)"
    evidence = table.assign(
        study_id=table["label"], effect_unit="HR", lower_is_better="yes", result_type="difference"
    )
    np.testing.assert_allclose(
        meta.effects(evidence, "HR").yi, meta.Effects.from_table(table, "HR").yi, rtol=1e-15
    )
    assert (
        "printed as a hazard ratio, not as a risk ratio"
        in (meta.effects(evidence, "RR").excluded["reason"][0])
    )


cell = st.one_of(st.none(), st.integers(0, 30))
spread = st.one_of(st.none(), st.floats(0.5, 9))


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.fixed_dictionaries({
            "events_t": cell, "n_t": st.integers(30, 90), "events_c": cell,
            "n_c": st.integers(30, 90), "mean_t": st.floats(1, 50), "sd_t": spread,
            "mean_c": st.floats(1, 50), "sd_c": spread,
        }),
        min_size=1, max_size=6,
    ),
    st.sampled_from(["SMD", "SMDH", "MD", "ROM", "RR", "OR", "RD", "PETO", "AS"]),
)  # fmt: skip
def test_columns_and_rows_give_the_same(rows, measure):
    table = pd.DataFrame(rows, dtype=float)
    kind = "post" if "mean_t" in MEASURES[measure].arguments else "events"
    at_once = meta.Effects.from_table(table, measure)
    one_by_one = meta.Effects.from_table(table.assign(result_type=kind), measure)
    assert at_once.labels == one_by_one.labels
    np.testing.assert_array_equal(at_once.yi, one_by_one.yi)
    np.testing.assert_array_equal(at_once.vi, one_by_one.vi)
    for column in ("reporting", "form", "assumptions"):
        assert at_once.table[column].tolist() == one_by_one.table[column].tolist()
    assert at_once.excluded["label"].tolist() == one_by_one.excluded["label"].tolist()
    for label in at_once.labels:
        assert str(at_once.derivation(label)) == str(one_by_one.derivation(label))


def test_a_table_of_effects_keeps_its_measure_through_cuts_and_joins():
    table = pd.read_csv(pd.io.common.StringIO(COUNTS))
    sizes = meta.effect_size("RR", data=table)
    assert effects_of(sizes.query("n_t > 45")).measure == "RR"
    assert effects_of(pd.concat([sizes.iloc[:2], sizes.iloc[2:]])).measure == "RR"
    with pytest.raises(DataError, match="the table holds RR and OR; give one measure at a time"):
        effects_of(pd.concat([sizes, meta.effect_size("OR", data=table)]))
    # trials that were left out on purpose stay so, though the arms stand beside them
    dropped = meta.effect_size("RD", drop00=True, data=table)
    assert effects_of(dropped).labels == ["B", "C", "E"]
    assert len(effects_of(dropped).excluded) == 2


def test_bare_arrays_are_effects_of_any_kind():
    assert effects_of([0.1, 0.2], [0.01, 0.02]).measure == "GEN"


def test_what_a_table_gives_is_named_where_the_measure_is_not():
    table = pd.read_csv(pd.io.common.StringIO(COUNTS))
    with pytest.raises(
        DataError, match="RR OR PETO RD AS PHI YUQ YUY from events_t n_t events_c n_c"
    ):
        meta.Effects.from_table(table)
    with pytest.raises(DataError, match="missing: mean_t, sd_t, mean_c and sd_c"):
        meta.Effects.from_table(table, "SMD")


@pytest.mark.parametrize("typed", ["1_5", "\uff11.5", "inf", "nan", "1,5", "x"])
def test_text_that_is_no_number_is_refused(typed):
    table = pd.DataFrame({"label": ["a", "b"], "yi": ["0.3", typed], "vi": [0.1, 0.2]})
    with pytest.raises(DataError, match="column yi"):
        meta.Effects.from_table(table)


def test_names_that_are_missing_are_said_and_repeated_ones_are_kept():
    table = pd.DataFrame(
        {"label": ["", "B", "B"], "yi": [0.1, 0.3, 0.31], "vi": [0.02, 0.05, 0.05]}
    )
    found = meta.Effects.from_table(table)
    assert found.labels == ["study 1", "B", "B"]
    assert found.notes == (
        "1 study has no name and stands as study 1; name it, so that nobody takes it for another.",
    )
    assert "2 carry the name of another (B)" in found.dependence


def test_standard_errors_typed_as_standard_deviations_are_asked_about():
    table = pd.DataFrame({
        "label": ["SD right", "SE as SD", "Another"],
        "mean_t": [12.1, 11.8, 12.9], "sd_t": [6.0, 0.79, 5.8], "n_t": [60, 58, 45],
        "mean_c": [14.9, 14.6, 14.0], "sd_c": [6.2, 0.81, 6.1], "n_c": [60, 58, 47],
    })  # fmt: skip
    for measure in ("MD", "SMD"):
        (note,) = meta.Effects.from_table(table, measure).notes
        assert note.startswith("SE as SD: SDs")
        assert "are they standard errors?" in note
    sound = table.assign(sd_t=[6.0, 0.79 * 58**0.5, 5.8], sd_c=[6.2, 0.81 * 58**0.5, 6.1])
    assert meta.Effects.from_table(sound, "MD").notes == ()


def test_a_share_of_a_control_group_is_taken_by_every_door():
    shared = meta.convert.split_control(33, 2, events_c=7)
    row = {"events_t": 4, "n_t": 30, "events_c": shared.events, "n_c": shared.n}
    by_size = meta.effect_size("RR", **row)["yi"][0]
    table = pd.DataFrame([{"study_id": "a"} | row])
    assert meta.effects(table, "RR").yi[0] == by_size
    assert meta.effects(table.assign(result_type="events"), "RR").yi[0] == by_size


def test_every_measure_that_arms_give_is_derived_from_a_row_of_them():
    arms = {
        "mean_t": 12.0, "sd_t": 6.0, "n_t": 60, "mean_c": 14.0, "sd_c": 6.2, "n_c": 60,
        "events_t": 4, "events_c": 9, "time_t": 100.0, "time_c": 110.0, "events": 4, "n": 60,
        "time": 100.0, "mean": 12.0, "sd": 6.0, "r": 0.5, "mean_post": 12.0,
        "mean_pre": 14.0, "sd_post": 6.0, "sd_pre": 6.2, "predictors": 4, "r2": 0.4, "auc": 0.8,
    }  # fmt: skip
    for name, measure in MEASURES.items():
        if measure.formula is None:
            continue
        given = {argument: arms[argument] for argument in measure.arguments}
        expected = meta.effect_size(name, **given)
        for table in (pd.DataFrame([given]), pd.DataFrame([given | {"result_id": "a"}])):
            found = meta.Effects.from_table(table, name)
            assert (found.yi[0], found.vi[0]) == (expected["yi"][0], expected["vi"][0]), name
            assert measure.in_words in found.derivations[found.labels[0]].formula or name in (
                "SMD", "MD", "ROM",
            )  # fmt: skip
