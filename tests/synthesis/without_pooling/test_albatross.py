import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

import meta
from meta.synthesis.without_pooling.albatross import albatross, contour_n, implied_smd


def test_contour_of_equal_arms():
    # the form that the R package metap uses for its contours: N = z^2 (8 + d^2) / (2 d^2)
    z = stats.norm.isf(np.array([0.01, 0.025, 0.2]))
    for d in (0.2, 0.5, 0.8):
        assert contour_n(z, d) == pytest.approx(z**2 * (8 + d**2) / (2 * d**2), rel=1e-12)


def test_contour_follows_from_the_variance_of_d():
    n_t, n_c, d = 30.0, 60.0, 0.4
    variance = 1 / n_t + 1 / n_c + d**2 / (2 * (n_t + n_c))
    n = contour_n(np.array([d / np.sqrt(variance)]), d, ratio=0.5)
    assert n[0] == pytest.approx(90, rel=1e-12)


@settings(max_examples=40, deadline=None)
@given(st.floats(0.01, 2), st.floats(0.2, 5), st.floats(10, 1e5))
def test_effect_and_contour_are_inverse(d, ratio, n):
    z = np.sqrt(n / contour_n(np.array([1.0]), d, ratio))
    assert implied_smd(z, np.array([n]), ratio)[0] == pytest.approx(d, rel=1e-9)
    assert implied_smd(-z, np.array([n]), ratio)[0] == pytest.approx(-d, rel=1e-9)


def test_agrees_with_an_effect_computed_from_arms():
    # d = 0.5 in 40 + 40 people: the p of its z leads back to it
    z = 0.5 / np.sqrt(2 / 40 + 0.25 / 160)
    answer = albatross([2 * stats.norm.sf(z)], [80], ["treated"])
    assert answer.points["smd"].iloc[0] == pytest.approx(0.5, rel=1e-9)


def test_points_bands_and_sides():
    answer = albatross([0.9, 0.02, 1e-6], [100, 100, 100], ["treated", "control", "treated"])
    assert answer.points["band"].tolist() == ["below 0.2", "0.2 to 0.5", "above 0.8"]
    assert np.sign(answer.points["smd"]).tolist() == [1, -1, 1]
    assert "2 of 3 results" in answer.sentence()


def test_contours_lie_on_both_sides_and_on_their_effect():
    answer = albatross([0.02, 0.5], [40, 400], ["treated", "control"], contours=[0.3, 0.6])
    assert answer.contours["smd"].unique().tolist() == [-0.6, -0.3, 0.3, 0.6]
    back = implied_smd(answer.contours["z"].to_numpy(), answer.contours["n"].to_numpy())
    assert back == pytest.approx(answer.contours["smd"].to_numpy(), rel=1e-9)
    assert answer.contours["n"].min() == pytest.approx(20)
    assert answer.contours["n"].max() == pytest.approx(800)


def test_what_cannot_be_placed_is_listed():
    answer = albatross(
        ["<0.05", ">0.05", 0.3, 0.2], [60, 60, 60, None], ["treated", "treated", None, "control"]
    )
    assert answer.points["bound"].tolist() == [True]
    assert answer.not_placed["reason"].tolist() == [
        "p is only known to be above 0.05",
        "no direction printed",
        "number of people unknown",
    ]
    assert any("3 results cannot be placed" in note for note in answer.notes)
    with pytest.raises(meta.TooFewStudies, match="no direction printed"):
        albatross([0.3], [60], [None])


def test_an_impossible_p_is_noticed():
    answer = albatross([1e-12], [10], ["treated"])
    assert np.isinf(answer.points["smd"].iloc[0])
    assert any("too small for any effect" in note for note in answer.notes)


def test_texts():
    answer = albatross([0.02, 0.5], [40, 400], ["treated", "control"], labels=["A", "B"])
    assert "are no estimate" in str(answer)
    assert "<table" in answer._repr_html_()
    assert answer.to_dict()["points"][0]["label"] == "A"


def test_every_fault_is_named():
    with pytest.raises(meta.DataError) as caught:
        albatross([0, 0.1, 0.2], [50, 2, 50], [1, 1, "up"], ratio=0, contours=[0])
    assert len(caught.value.faults) == 5
    with pytest.raises(meta.DataError, match="lengths differ"):
        albatross([0.1], [50, 60], [1])


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"n": ["many", 64]}, r"n\[0\] is 'many'; needed: a number"),
        ({"ratio": "equal"}, "ratio is 'equal'; needed"),
        ({"ratio": None}, "ratio is None; needed"),
        ({"contours": ["small"]}, r"contours is \['small'\]; needed"),
        ({"contours": [0.2, np.nan]}, "contours is"),
        ({"p_values": 0.02}, "p_values is 0.02; needed: several values"),
        ({"directions": 1}, "directions is 1; needed: several values"),
    ],
)
def test_what_is_no_number_is_named(settings, words):
    given = {"p_values": [0.02, 0.5], "n": [90, 64], "directions": ["treated", "control"]}
    with pytest.raises(meta.DataError, match=words):
        meta.albatross(**(given | settings))
