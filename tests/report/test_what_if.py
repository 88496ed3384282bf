"""What the plot that a reader can change carries, and what it refuses."""

from __future__ import annotations

import json
import re

import pandas as pd
import pytest

import meta


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    """Two trials with means, one difference without an SD, one without any figure."""
    return pd.DataFrame(
        {
            "study_id": ["ann", "ben", "cas", "dan"],
            "label": ["Ann 2001", "Ben 2002", "Cas 2003", "Dan 2004"],
            "n_t": [20, 30, 25, 10],
            "mean_t": [10.0, 11.0, None, None],
            "sd_t": [4.0, 5.0, None, None],
            "n_c": [20, 30, 25, 10],
            "mean_c": [13.0, 12.0, None, None],
            "sd_c": [4.0, 5.0, None, None],
            "estimate": [None, None, -2.0, None],
            "ci_low": [None, None, -4.0, None],
            "ci_high": [None, None, 0.0, None],
            "result_type": ["post", "post", "difference", "post"],
            "instrument_id": "phq9",
            "effect_unit": "points",
            "lower_is_better": "yes",
            "blinding": ["double", "open", "double", "double"],
            "flag": [None, "integrity: copied figures; open label", None, None],
        }
    )


def carried(plot) -> dict:
    return json.loads(re.search(r'<script type="application/json">(.*)</script>', plot.html)[1])


def test_every_combination_is_derived_by_the_module(rows):
    plot = meta.what_if(rows, "SMD", sd={"phq9": [4, 5, 6]}, start={"phq9": 5})
    data = carried(plot)
    assert data["assumptions"][0]["start"] == 1
    assert data["assumptions"][0]["moves"] == ["Cas 2003"]
    for place, sd in enumerate([4, 5, 6]):
        table = meta.effects(rows, "SMD", sd={"phq9": sd}).table
        got = {t["label"]: t["effects"][str(place)] for t in data["trials"]}
        assert [got[label]["yi"] for label in table["label"]] == list(table["yi"])
        assert [got[label]["vi"] for label in table["label"]] == list(table["vi"])
    assert [label for label, _ in data["without"]] == ["Dan 2004"]
    assert meta.pool(meta.effects(rows, "SMD", sd={"phq9": 5})).sentence() in str(plot)


def test_a_notebook_of_a_person_has_the_plot_in_a_frame_and_a_site_its_own(rows, monkeypatch):
    plot = meta.what_if(rows, "SMD")
    shown = plot._repr_html_()
    assert shown.startswith("<p>")
    assert "<iframe srcdoc=" in shown
    assert "metaPool" in shown
    monkeypatch.setenv("META_FOR_A_SITE", "1")
    assert plot._repr_html_() == plot.html


def test_a_trial_is_missing_with_its_reason_where_it_has_no_effect(rows):
    data = carried(meta.what_if(rows, "SMD", sd=[None, 5.0]))
    cas = next(t for t in data["trials"] if t["label"] == "Cas 2003")
    assert "standard deviation" in cas["effects"]["0"]["missing"]
    assert cas["effects"]["1"]["yi"] < 0
    assert data["assumptions"][0]["start"] == 0


def test_two_assumptions_give_all_combinations(rows):
    data = carried(meta.what_if(rows, "SMD", correlation=[0.3, 0.5], sd=[4.0, 5.0, 6.0],
                                start={"sd": 5.0}))  # fmt: skip
    assert set(data["trials"][0]["effects"]) == {f"{i},{j}" for i in range(2) for j in range(3)}
    assert data["assumptions"][0]["moves"] == []


def test_selections_stand_where_the_data_tell_trials_apart(rows):
    data = carried(meta.what_if(rows, "SMD", sd=5.0))
    chosen = {s["label"]: s["trials"] for s in data["subsets"]}
    assert chosen == {"Double-blind only": [0, 2], "Without integrity flags": [0, 2]}
    bare = carried(meta.what_if(meta.Effects.from_arrays([0.1, 0.2], [0.1, 0.2])))
    assert bare["subsets"] == []


def test_the_axis_names_unit_and_sides(rows):
    data = carried(meta.what_if(rows, "MD"))
    assert data["title"] == "Mean difference, points"
    assert data["favours"] == ["favours treatment", "favours control"]
    higher = meta.Effects.from_arrays([0.1, 0.4], [0.1, 0.1], measure="RR", lower_is_better=False)
    data = carried(meta.what_if(higher, treatment="drug", control="placebo"))
    assert data["favours"] == ["favours placebo", "favours drug"]
    assert (data["null"], data["log"]) == (0, True)


def test_effects_that_share_a_study_id_all_stand():
    effects = meta.Effects.from_arrays([0.1, 0.2, 0.3], [0.1, 0.2, 0.1], study_id=["a", "a", "b"])
    assert len(carried(meta.what_if(effects))["trials"]) == 3


def test_trials_may_start_unticked(rows):
    plot = meta.what_if(rows, "SMD", sd=5.0, start_without=["ben"])
    assert [t["included"] for t in carried(plot)["trials"]] == [True, False, True]
    assert "2 studies" in str(plot)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"correlatoin": [0.3, 0.5]}, "no argument of meta.effects.*correlation, sd"),
        ({"correlation": []}, "offers 0 values"),
        ({"sd": {"phq9": [5]}}, "phq9 offers 1 values"),
        ({"correlation": [0.3, 0.7]}, "start at 0.5, which is not offered.*one of 0.3, 0.7"),
        ({"correlation": [0.3, 0.5], "start": {"correlation": 0.4}}, "start at 0.4"),
        ({"sd": {"phq9": [4, 5]}}, r"start=\{'phq9': ...\}"),
        ({"start": {"sd": 5}}, "varied here: nothing"),
        ({"names": {"sd": "SD"}}, "names names sd"),
        ({"names": ["sd"]}, r"names is \['sd'\]; needed: a mapping of names to te"),
        ({"correlation": [0.3, 0.5], "start": 0.3}, r"start is 0\.3; needed: a mapping"),
        ({"correlation": [0.5, 0.3, 0.5]}, "correlation offers 0.5 twice"),
        ({"start_without": "ben"}, "start_without is 'ben'; needed: several values"),
        ({"start_without": 3}, "start_without is 3; needed: several values"),
        ({"start_without": ["zoe"]}, "needed: a list of study ids among ann, ben"),
        ({"correlation": [i / 1000 for i in range(501)], "start": {"correlation": 0}}, "501 comb"),
    ],
)
def test_wrong_calls_name_the_way_out(rows, arguments, said):
    with pytest.raises(meta.DataError, match=said):
        meta.what_if(rows, "SMD", **arguments)


def test_effects_that_are_derived_take_no_assumption():
    effects = meta.Effects.from_arrays([0.1, 0.2], [0.1, 0.2])
    with pytest.raises(meta.DataError, match=r"correlation cannot be given.*rows of results"):
        meta.what_if(effects, correlation=[0.3, 0.5])
    with pytest.raises(meta.DataError, match="measure cannot be given"):
        meta.what_if(effects, "SMD")


def test_a_share_and_an_empty_set_are_refused():
    with pytest.raises(
        meta.DataError, match=r"neither a difference nor a ratio.*meta\.plot_forest"
    ):
        meta.what_if(meta.Effects.from_arrays([0.1, 0.2], [0.1, 0.2], measure="PLO"))
    with pytest.raises(meta.TooFewStudies):
        meta.what_if(meta.Effects.from_arrays([], []))


def test_a_direction_that_turns_is_refused(rows):
    turned = rows.iloc[[0, 2]].assign(lower_is_better=["no", "yes"])
    with pytest.raises(meta.DataError, match="results of one direction"):
        meta.what_if(turned, "SMD", sd=[None, 5.0])
