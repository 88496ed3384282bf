"""A report from which no effect follows says why, up to the last number that is too small."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import special, stats

import meta

ARMS = {"n_t": 20, "mean_t": 8.0, "sd_t": 4.0, "n_c": 22, "mean_c": 10.0, "sd_c": 5.0}
COUNTS = {"result_type": "events", "events_t": 4, "n_t": 20, "events_c": 9, "n_c": 22}
CROSSOVER = {"design": "crossover"}
PAIR = ARMS | CROSSOVER | {"n_c": 20}


def one(cells: dict[str, object], measure: str = "SMD", **options: object) -> meta.Effects:
    row = {"study_id": "s", "result_id": "s-1", "lower_is_better": "yes"} | cells
    return meta.effects(pd.DataFrame([row]), measure, **options)


REFUSED = [
    # people
    ("SMD", PAIR | {"n_t": 2, "n_c": 2},
     "2 people are too few for the standardised difference of a crossover"),
    ("SMD", {"p_value": "0.04", "favours": "treated", "n_t": 1, "n_c": 20},
     "1 and 20 people are too few for a standardised mean difference"),
    ("SMD", CROSSOVER | {"p_value": "0.04", "favours": "treated", "n_t": 2, "n_c": 2},
     "2 people are too few for the standardised difference of a crossover"),
    ("SMD", CROSSOVER | {"p_value": "0.04", "favours": "treated"},
     "a p-value is reported, but not the number of people"),
    ("SMD", {"p_value": "0.04", "favours": "treated", "n_randomised": 3},
     "only 3 people were randomised"),
    ("MD", {"p_value": "0.04", "estimate": -2.0, "n_t": 1, "n_c": 1},
     "0 degrees of freedom are too few for a t test"),
    ("MD", CROSSOVER | {"p_value": "0.04", "estimate": -2.0, "n_t": 1, "n_c": 1},
     "0 degrees of freedom are too few for a t test"),
    # p-values
    ("MD", {"p_value": "0.04", "favours": "treated", "n_t": 9, "n_c": 9},
     "a p-value is reported without the size of the difference"),
    ("MD", {"p_value": "1", "estimate": -2.0, "n_t": 9, "n_c": 9},
     "the difference is 0, or its p-value is 1"),
    ("MD", {"p_value": "0.5", "estimate": 0.0, "n_t": 9, "n_c": 9},
     "the difference is 0, or its p-value is 1"),
    ("OR", {"p_value": "0.04", "favours": "treated", "effect_unit": "OR"},
     "a p-value is reported without the size of the ratio"),
    ("OR", {"p_value": "0.04", "estimate": 1.0, "effect_unit": "OR"},
     "the result is no effect at all, or its p-value is 1"),
    ("OR", {"p_value": "1", "estimate": 2.0, "effect_unit": "OR"},
     "the result is no effect at all, or its p-value is 1"),
    ("OR", {"estimate": 2.0, "se": 0.3, "effect_unit": "OR"},
     "a ratio is printed without an interval and without an exact p-value (a standard error is one"
     " of its logarithm: name them yi and sei)"),
    ("OR", {"estimate": -2.0, "ci_low": 0.5, "ci_high": 3.0, "effect_unit": "OR"},
     "which no ratio can be"),
    ("OR", {"estimate": 1.2, "ci_low": 0.0, "ci_high": 3.0, "effect_unit": "OR"},
     "which no ratio can be"),
    # kinds of figures
    ("SMD", COUNTS, "counts of events are reported, and a standardised mean difference needs"),
    ("OR", ARMS | {"events_t": None, "events_c": None},
     "means are reported, and an odds ratio needs counts of events"),
    ("HR", COUNTS, "a hazard ratio is not computed from arms; it needs a printed one"),
    ("RR", COUNTS | CROSSOVER | {"n_c": 20}, "the trial is a crossover: the same people"),
    ("ROM", PAIR, "the trial is a crossover, for which no ratio of means is derived"),
    ("ROM", ARMS | {"mean_c": 0.0}, "a mean is not above 0, so that no ratio can be taken"),
    ("ROM", ARMS | {"mean_t": -1.0}, "a mean is not above 0, so that no ratio can be taken"),
    ("VR", PAIR, "the trial is a crossover, for which"),
    ("VR", ARMS | {"result_type": "change"},
     "changes are reported, and this set takes scores at the end (scores='post')"),
    ("MD", {"estimate": -0.4, "ci_low": -0.8, "ci_high": 0.0, "effect_unit": "SMD"},
     "the difference is printed in standard deviations, not in units of the scale"),
    ("SMD", {"estimate": 2.0, "ci_low": 1.1, "ci_high": 3.0, "effect_unit": "OR"},
     "the result is printed as an odds ratio, from which a standardised mean difference does not"),
    ("RR", {"estimate": 2.0, "ci_low": 1.1, "ci_high": 3.0, "effect_unit": "OR"},
     "the result is printed as an odds ratio, not as a risk ratio"),
    ("GEN", {"estimate": 2.0, "ci_low": 1.1, "ci_high": 3.0, "effect_unit": "OR"},
     "the result is printed as an odds ratio: name it (measure='OR')"),
    ("RR", {"estimate": 2.0, "ci_low": 1.1, "ci_high": 3.0, "effect_unit": "points"},
     "the result is not printed as a risk ratio (unit: points)"),
    ("SMD", CROSSOVER | {"estimate": -0.4, "p_value": "0.04", "effect_unit": "SMD"},
     "a standardised difference of a crossover is printed without an interval or standard error"),
    ("SMD", {"estimate": -0.4, "p_value": "0.04", "effect_unit": "SMD"},
     "a standardised difference is printed without an interval and without the numbers of people"),
    ("SMD", {"yi": -0.4}, "an effect is given without its variance or standard error (vi or sei)"),
]  # fmt: skip


@pytest.mark.parametrize(("measure", "cells", "said"), REFUSED)
def test_what_gives_no_effect_says_why(measure: str, cells: dict[str, object], said: str) -> None:
    found = one(cells, measure)
    assert len(found) == 0, found.table.T
    assert said in found.excluded["reason"][0]
    with pytest.raises(meta.DataError, match="s has no effect: "):
        found.derivation("s")


def test_a_ratio_of_spreads_takes_the_scores_that_were_asked_for() -> None:
    for kind, scores in (("change", "change"), ("change", "both"), ("post", "both")):
        assert len(one(ARMS | {"result_type": kind}, "VR", scores=scores)) == 1
    reason = one(ARMS | {"result_type": "post"}, "VR", scores="change").excluded["reason"][0]
    assert reason == (
        "scores at the end are reported, and this set takes changes (scores='change')"
    )


def test_what_is_not_taken_is_named() -> None:
    found = one(ARMS, include=("interval", "p_value"))
    reason = found.excluded["reason"][0]
    assert reason.startswith("the report prints ")
    assert reason.endswith("(include=)")
    assert " or " in reason


def factor(dof: float) -> float:
    half = dof / 2
    return float(np.exp(special.gammaln(half) - special.gammaln(half - 0.5)) / np.sqrt(half))


def test_the_fewest_people_that_are_enough() -> None:
    two = {"n_t": 2, "n_c": 2}
    arms = one(ARMS | two).table.iloc[0]
    assert arms["yi"] == pytest.approx(factor(2) * -2 / np.sqrt((16 + 25) / 2))
    three = {"n_t": 3, "n_c": 3}
    pair = one(PAIR | three, correlation=0.5).table.iloc[0]
    assert pair["yi"] == pytest.approx(factor(2 * 2 / 1.25) * -2 / np.sqrt((16 + 25) / 2))
    told = {"p_value": "0.04", "favours": "treated"}
    p = one(told | two).table.iloc[0]
    assert p["yi"] == pytest.approx(-factor(2) * stats.t.isf(0.02, 2) * np.sqrt(1 / 2 + 1 / 2))
    four = one(told | {"n_randomised": 4}).table.iloc[0]
    assert four["yi"] == pytest.approx(p["yi"])
    n, r = 3, 0.5
    crossed = one(told | CROSSOVER | {"n_t": n, "n_c": n}, correlation=r).table.iloc[0]
    j = factor(2 * (n - 1) / (1 + r**2))
    assert crossed["yi"] == pytest.approx(-j * stats.t.isf(0.02, 2) * np.sqrt(2 * (1 - r) / n))
    assert crossed["vi"] == pytest.approx((1 / n + crossed["yi"] ** 2 / (2 * n)) * 2 * (1 - r))
    md = one({"p_value": "0.04", "estimate": -2.0, "n_t": 2, "n_c": 1}, "MD").table.iloc[0]
    assert md["sei"] == pytest.approx(2 / stats.t.isf(0.02, 1))


def test_a_difference_with_a_p_value_and_no_people_is_read_by_the_normal_distribution() -> None:
    found = one({"p_value": "0.04", "estimate": -2.0}, "MD")
    assert found.table["sei"][0] == pytest.approx(2 / stats.norm.isf(0.02))


@pytest.mark.parametrize("total", [4, 5, 40, 41])
def test_people_of_unknown_arms_are_halved(total: int) -> None:
    found = one({"p_value": "0.04", "favours": "treated", "n_randomised": total}).table.iloc[0]
    n_t, n_c = total - total // 2, total // 2
    g = -factor(total - 2) * stats.t.isf(0.02, total - 2) * np.sqrt(1 / n_t + 1 / n_c)
    assert found["yi"] == pytest.approx(g)
    assert found["vi"] == pytest.approx(1 / n_t + 1 / n_c + g**2 / (2 * total))


def test_zero_cells_and_trials_without_information_are_counted() -> None:
    empty = COUNTS | {"events_t": 0}
    nobody = COUNTS | {"events_t": 0, "events_c": 0}
    rows = [COUNTS, empty, nobody, nobody]
    said = {
        1: "1 trial in which nobody or everybody had the event says nothing",
        2: "2 trials in which nobody or everybody had the event say nothing",
    }
    for left_out in said:
        table = pd.DataFrame(rows[: 2 + left_out])
        names = [f"s{i}" for i in range(len(table))]
        table = table.assign(study_id=names, label=names, lower_is_better="yes")
        found = meta.effects(table, "OR")
        assert any(said[left_out] in note for note in found.notes), found.notes
        added = "0.5 was added to each count of s1, where one is 0 (1 of 2 tables)."
        assert added in found.notes
        a, b, c, d = 0.5, 20.5, 9.5, 13.5
        assert found.yi[1] == pytest.approx(np.log(a * d / (b * c)))
        assert found.vi[1] == pytest.approx(1 / a + 1 / b + 1 / c + 1 / d)


def test_double_arcsines_of_several_surveys_say_by_which_people_they_go_back() -> None:
    sizes = meta.effect_size("PFT", events=[5, 8], n=[50, 200])
    effects = meta.Effects.from_arrays(sizes["yi"], sizes["vi"], measure="PFT", n=[50, 200])
    (note,) = [note for note in effects.notes if "harmonic mean" in note]
    assert "(80.0)" in note  # 2 / (1/50 + 1/200)
    assert "(here 50 to 200)" in note


def test_studies_without_a_name_are_told() -> None:
    one_unnamed = meta.Effects.from_arrays([0.1, 0.2], [0.1, 0.1], ["a", ""])
    assert any("1 study has no name and stands as" in note for note in one_unnamed.notes)
    both = meta.Effects.from_arrays([0.1, 0.2, 0.3], [0.1, 0.1, 0.1], ["a", "", ""])
    assert any("2 studies have no name and stand as" in note for note in both.notes)


THREE = meta.Effects.from_arrays([0.1, 0.2, 0.3], [0.1, 0.2, 0.3], ["a", "b", "c"])


@pytest.mark.parametrize(
    ("keep", "left"),
    [
        ([True, False, True], ["a", "c"]),
        ([2, 0], ["c", "a"]),
        ([-1, -3], ["c", "a"]),
        ([], []),
    ],
)
def test_subsets(keep: list, left: list[str]) -> None:
    assert list(THREE.subset(keep).table["label"]) == left


@pytest.mark.parametrize(
    ("keep", "said"),
    [
        ([True, False], "the mask has 2 values for 3 effects"),
        ([0.5], "a list of positions from 0"),
        ([3], "3"),
        ([-4], "-4"),
    ],
)
def test_subsets_that_are_none(keep: list, said: str) -> None:
    with pytest.raises(meta.DataError, match=said):
        THREE.subset(keep)


def test_a_set_shows_itself_with_what_was_left_out() -> None:
    table = pd.DataFrame([COUNTS, ARMS]).assign(
        study_id=["s", "t"], label=["Smith", "Lee"], lower_is_better="yes"
    )
    found = meta.effects(table, "OR")
    assert str(found).startswith("OR: 1 effects, 1 results without one\n")
    shown = found._repr_html_()
    assert "Without an effect" in shown
    assert "means are reported" in shown
    assert ">20<" in shown.replace(" ", "")  # people are whole numbers
    whole = meta.effects(table.iloc[:1], "OR")._repr_html_()
    assert "Without an effect" not in whole


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ({"yi": 0.1, "vi": 0.04, "sei": 0.0}, "column sei: 0.0; needed: a standard error > 0"),
        ({"yi": 0.1, "vi": 0.0}, "column vi: 0.0; needed: a sampling variance > 0"),
    ],
)
def test_a_spread_of_nothing_is_refused_whatever_stands_beside_it(
    cells: dict[str, float], said: str
) -> None:
    with pytest.raises(meta.DataError, match=said):
        one(cells, "GEN")


def test_a_level_of_one_is_no_percentage() -> None:
    row = {"estimate": -2.0, "ci_low": -3.0, "ci_high": -1.0}
    ninety, share = (one(row | {"ci_level": level}, "MD").table["sei"][0] for level in (90, 0.9))
    assert ninety == share == pytest.approx(1 / stats.norm.ppf(0.95))
    with pytest.raises(meta.DataError, match=r"column ci_level: 1(\.0)?; needed"):
        one(row | {"ci_level": 1.0}, "MD")


def spreads(*pairs: tuple[float, float], n: int = 36, gap: float = 3.0) -> meta.Effects:
    rows = [
        {"study_id": name, "label": name, "lower_is_better": "yes", "mean_t": 10.0, "n_t": n,
         "mean_c": 10.0 + gap, "n_c": n, "sd_t": treated, "sd_c": control}
        for name, (treated, control) in zip("ABCDE", pairs, strict=False)
    ]  # fmt: skip
    return meta.effects(pd.DataFrame(rows), "MD")


USUAL = [(12.0, 11.0), (11.0, 12.0), (12.0, 12.0)]


@pytest.mark.parametrize(
    ("pairs", "gap", "said"),
    [
        (USUAL, 3.0, ""),
        # a sixth, as the root of 36 makes of a deviation
        ([*USUAL, (2.0, 2.0)], 3.0, "D: SDs far below the others', by about the root of n"),
        # a third of the root and less is no error of that kind, and 2 SDs no huge difference
        ([*USUAL, (4.1, 4.1)], 3.0, ""),
        # twice the root and more neither
        ([*USUAL, (0.9, 0.9)], 2.0, ""),
        # two trials know of no usual deviation
        ([(12.0, 11.0), (2.0, 2.0)], 3.0, ""),
        ([*USUAL, (2.0, 12.0)], 3.0, "D: the SD of one arm is far below the other's"),
        ([*USUAL, (72.0, 72.0)], 3.0, "D: SDs far above the others', by about the root of n"),
        ([(1.0, 1.0)], 3.1, "A: SDs so small that the difference is implausibly many"),
        ([(1.0, 1.0)], 3.0, ""),
    ],
)
def test_deviations_that_look_like_standard_errors(pairs: list, gap: float, said: str) -> None:
    notes = spreads(*pairs, gap=gap).notes
    assert [note.startswith(said) for note in notes] == [True] * bool(said), notes
