"""effect_size against metafor's answers, published examples, and properties it must have."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meta.effect_sizes.measures import MEASURES
from meta.effect_sizes.sizes import effect_size
from meta.errors import DataError

REFERENCE = Path(__file__).parents[2] / "validation" / "metafor"


FROM_ARMS = {name for name, measure in MEASURES.items() if measure.formula is not None}


def references():
    for path in sorted(REFERENCE.rglob("*.json")):
        answer = json.loads(path.read_text())
        if answer.get("measure") in MEASURES and "arms" in answer:
            yield pytest.param(answer, id=path.stem)


CASES = list(references())
BY_METAFOR_5 = {"SMD1", "SMD1H", "CVR", "VR", "MN", "MNLN", "SDLN", "CVLN"}
BY_METAFOR_5 |= {"IRD", "IRSD", "IR", "IRLN", "IRS", "IRFT"}
CORRELATIONS = json.loads((REFERENCE.parent / "metafor5" / "correlations.json").read_text())
BY_METAFOR_5 |= set(CORRELATIONS)


def test_the_reference_set_does_not_shrink():
    measures = {case.values[0]["measure"] for case in CASES}
    assert len(CASES) == 56
    assert measures == FROM_ARMS - {"COR", "MC", "SMCC", "SMCR", "ROMC"} - BY_METAFOR_5


@pytest.mark.parametrize("answer", CASES)
def test_metafor(answer):
    # version 3.8 multiplied the variance of SMDH by J²; it keeps trials without any event
    older = {"vtype": "J2"} if answer["measure"] == "SMDH" else {}
    found = effect_size(answer["measure"], **answer["arms"], **older, drop00=False)
    # closed forms: what is left is the 15 printed digits of the reference
    np.testing.assert_allclose(found["yi"], answer["yi"], rtol=1e-8, atol=1e-12)
    np.testing.assert_allclose(found["vi"], answer["vi"], rtol=1e-8)


@pytest.mark.parametrize("name", CORRELATIONS)
def test_correlations_and_areas_equal_metafor(name):
    answer = CORRELATIONS[name]
    found = effect_size(name, **answer["arms"])
    np.testing.assert_allclose(found["yi"], answer["yi"], rtol=1e-12)
    np.testing.assert_allclose(found["vi"], answer["vi"], rtol=1e-12)


def test_correlations_of_tables_and_halves_are_what_they_are_called():
    random = np.random.default_rng(4)
    treated = np.repeat([1, 0], [30, 45])
    event = np.concatenate([np.arange(30) < 10, np.arange(45) < 5]).astype(float)
    table = {"events_t": 10, "n_t": 30, "events_c": 5, "n_c": 45}
    want = np.corrcoef(treated, event)[0, 1]
    assert effect_size("PHI", **table)["yi"].item() == pytest.approx(want)
    score = random.normal(0, 1, 75) + treated
    arms = {
        f"{what}_{arm}": of(score[treated == code])
        for what, of in (("mean", np.mean), ("sd", lambda x: np.std(x, ddof=1)), ("n", len))
        for arm, code in (("t", 1), ("c", 0))
    }
    assert effect_size("RPB", **arms)["yi"].item() == pytest.approx(
        np.corrcoef(treated, score)[0, 1]
    )
    # Yule's Q and Y of an odds ratio of 4 are 3/5 and 1/3
    odds = {"events_t": 10, "n_t": 30, "events_c": 5, "n_c": 45}
    found = [effect_size(name, **odds)["yi"].item() for name in ("YUQ", "YUY")]
    assert found == pytest.approx([3 / 5, 1 / 3])


def test_partial_correlations_that_cannot_be():
    with pytest.raises(DataError, match="more people than predictors"):
        effect_size("PCOR", r=0.3, n=5, predictors=3)
    with pytest.raises(DataError, match=r"r\^2 no more than r2"):
        effect_size("SPCOR", r=0.8, n=50, r2=0.4)


TODAY = {
    name: json.loads((REFERENCE.parent / "metafor5" / f"{name}.json").read_text())
    for name in ("escalc_today", "rates_today")
}
OF_TWO_ARMS = {name: {} for name in ("SMD", "SMDH", "SMD1", "SMD1H", "CVR", "VR")}
OF_TWO_ARMS["ROM"] = {"bias_corrected": True}


@pytest.mark.parametrize(("measure", "options"), OF_TWO_ARMS.items())
def test_metafor_5_two_arms(measure, options):
    answers = TODAY["escalc_today"]
    names = dict(zip(_METAFOR_ARMS, TWO_ARMS, strict=True))
    arms = {names[name]: values for name, values in answers["arms"].items()}
    arms = {name: arms[name] for name in MEASURES[measure].arguments}
    found = effect_size(measure, **arms, **options)
    np.testing.assert_allclose(found["yi"], answers[measure]["yi"], rtol=1e-10)
    np.testing.assert_allclose(found["vi"], answers[measure]["vi"], rtol=1e-10)


OF_ONE_ARM = ("MN", "MNLN", "SDLN", "CVLN")


@pytest.mark.parametrize("measure", OF_ONE_ARM)
def test_metafor_5_one_arm(measure):
    answers = TODAY["escalc_today"]
    arms = dict(zip(("mean", "sd", "n"), (answers["arms"][n] for n in _METAFOR_ARMS), strict=False))
    found = effect_size(measure, **{name: arms[name] for name in MEASURES[measure].arguments})
    np.testing.assert_allclose(found["yi"], answers[measure]["yi"], rtol=1e-10)
    np.testing.assert_allclose(found["vi"], answers[measure]["vi"], rtol=1e-10)


OF_RATES = ("IRR", "IRD", "IRSD", "IR", "IRLN", "IRS", "IRFT")


@pytest.mark.parametrize("measure", OF_RATES)
def test_metafor_5_rates(measure):
    answers = TODAY["rates_today"]
    arms = {name: answers[name] for name in ("events_t", "time_t", "events_c", "time_c")}
    if "events" in MEASURES[measure].arguments:
        arms = {"events": arms["events_t"], "time": arms["time_t"]}
    found = effect_size(measure, **arms)
    np.testing.assert_allclose(found["yi"], answers[measure]["yi"], rtol=1e-10)
    np.testing.assert_allclose(found["vi"], answers[measure]["vi"], rtol=1e-10)


def one(measure, **arguments):
    row = effect_size(measure, **arguments).iloc[0]
    return row["yi"], row["vi"]


_METAFOR_ARMS = ("m1i", "sd1i", "n1i", "m2i", "sd2i", "n2i")
TWO_ARMS = {"mean_t": 103, "sd_t": 5.5, "n_t": 50, "mean_c": 100, "sd_c": 4.5, "n_c": 50}
TABLE = {"events_t": 4, "n_t": 123, "events_c": 11, "n_c": 139}
PAIRED = {"mean_post": 103, "mean_pre": 100, "sd_post": 4.5, "sd_pre": 5.5, "n": 50, "r": 0.7}
GROUP = {"events": 3, "n": 40}
RATES = {"events_t": 3, "time_t": 100, "events_c": 8, "time_c": 110}
# the reference gave the larger SD to the first mean: to the SD before for SMCR, which divides by
# it, and to the SD after for ROMC
PAIRED_AFTER_WIDER = {**PAIRED, "sd_post": 5.5, "sd_pre": 4.5}
CORRELATION = {"r": 0.5, "n": 40}

# metafor 3.8, printed to six digits (three for MD and MC)
PRINTED = [
    ("SMD", TWO_ARMS, 0.59244, 0.041755),
    # 0.042025 in version 3.8, which multiplied by J² (0.992324 squared for 98 degrees of freedom)
    ("SMDH", TWO_ARMS, 0.592440, 0.042025 / 0.992324**2),
    ("MD", TWO_ARMS, 3, 1.01),
    ("ROM", TWO_ARMS, 0.029559, 0.0000975),
    ("RR", TABLE, -0.889311, 0.325585),
    ("OR", TABLE, -0.938694, 0.357125),
    ("RD", TABLE, -0.046616, 0.000780),
    ("PETO", TABLE, -0.860383, 0.282836),
    ("SMCC", PAIRED, 0.741938, 0.025505),
    ("SMCR", PAIRED, 0.537056, 0.014884),
    ("MC", PAIRED, 3, 0.317),
    ("ROMC", PAIRED_AFTER_WIDER, 0.029559, 0.0000302),
    ("ZCOR", CORRELATION, 0.549306, 0.027027),
    ("COR", CORRELATION, 0.5, 0.014423),
    ("PR", GROUP, 0.075, 0.001734),
    ("PLO", GROUP, -2.512306, 0.360360),
    ("PFT", GROUP, 0.295788, 0.006173),
    ("PAS", GROUP, 0.277406, 0.00625),
    ("IRR", RATES, -0.885519, 0.458333),
]


@pytest.mark.parametrize(
    ("measure", "arms", "yi", "vi"), PRINTED, ids=[case[0] for case in PRINTED]
)
def test_one_study_as_printed(measure, arms, yi, vi):
    # half a unit of the last printed digit
    assert one(measure, **arms) == (pytest.approx(yi, abs=6e-7), pytest.approx(vi, abs=6e-7))


def test_every_measure_that_arms_give_is_tested():
    tested = {case[0] for case in PRINTED} | {case.values[0]["measure"] for case in CASES}
    tested |= BY_METAFOR_5
    assert {*OF_TWO_ARMS, *OF_ONE_ARM, *OF_RATES, *CORRELATIONS} >= BY_METAFOR_5
    assert tested == FROM_ARMS


# metafor 3.8 for the same study, six digits
@pytest.mark.parametrize(("vtype", "vi"), [("LS", 0.041755), ("LS2", 0.041143), ("UB", 0.041823)])
def test_variance_conventions_of_smd(vtype, vi):
    assert one("SMD", vtype=vtype, **TWO_ARMS)[1] == pytest.approx(vi, abs=6e-7)


def test_unbiased_variance_is_unbiased():
    # 40,000 trials of 8 and 10 people, true difference 0.8: the mean of the estimated variances
    # against the variance of the estimates, whose own standard error is about 0.7 %
    draws = np.random.default_rng(20).standard_normal((40_000, 18))
    treated, control = draws[:, :8] + 0.8, draws[:, 8:]
    found = effect_size(
        "SMD",
        mean_t=treated.mean(1),
        sd_t=treated.std(1, ddof=1),
        n_t=8,
        mean_c=control.mean(1),
        sd_c=control.std(1, ddof=1),
        n_c=10,
        vtype="UB",
    )
    assert found["yi"].mean() == pytest.approx(0.8, abs=0.01)
    assert found["vi"].mean() == pytest.approx(found["yi"].var(), rel=0.03)


def test_smcr_of_morris_2008():
    # Morris (2008), five trials: difference of two standardised mean changes
    r = [0.47, 0.64, 0.77, 0.89, 0.44]
    treated = effect_size(
        "SMCR",
        mean_pre=[30.6, 23.5, 0.5, 53.4, 35.6],
        mean_post=[38.5, 26.8, 0.7, 75.9, 36.0],
        sd_pre=[15.0, 3.1, 0.1, 14.5, 4.7],
        n=[20, 50, 9, 10, 14],
        r=r,
    )
    control = effect_size(
        "SMCR",
        mean_pre=[23.1, 24.9, 0.6, 55.7, 34.8],
        mean_post=[19.7, 25.3, 0.6, 60.7, 33.4],
        sd_pre=[13.8, 4.1, 0.2, 17.3, 3.1],
        n=[20, 42, 9, 11, 14],
        r=r,
    )
    expected = [0.7421, 0.9524, 1.8054, 1.1514, 0.5050]
    np.testing.assert_allclose(treated["yi"] - control["yi"], expected, atol=6e-5)


def test_ratio_of_means_correction_lowers_the_bias():
    # skew of a small treated arm: the corrected log ratio lies closer to the true 0
    draws = np.random.default_rng(4)
    means = 10 + 4 / np.sqrt(6) * draws.standard_normal(200_000)
    means = means[means > 1]
    arms = {"mean_t": means, "sd_t": 4, "n_t": 6, "mean_c": 10, "sd_c": 1, "n_c": 600}
    plain = effect_size("ROM", **arms)["yi"].mean()
    corrected = effect_size("ROM", bias_corrected=True, vtype="LS2", **arms)
    assert abs(corrected["yi"].mean()) < abs(plain) / 2
    assert (corrected["vi"] > effect_size("ROM", **arms)["vi"]).all()


def test_ratio_of_means_correction_by_hand():
    arms = {"mean_t": 4, "sd_t": 2, "n_t": 10, "mean_c": 5, "sd_c": 1, "n_c": 20}
    yi, vi = one("ROM", bias_corrected=True, vtype="LS2", **arms)
    a, b = 4 / (10 * 16), 1 / (20 * 25)
    assert yi == pytest.approx(np.log(0.8) + (a - b) / 2, rel=1e-12)
    assert vi == pytest.approx(a + b + (a**2 + b**2) / 2, rel=1e-12)


ONE_ZERO = {"events_t": 0, "n_t": 20, "events_c": 3, "n_c": 20}


class TestZeroCells:
    def test_half_is_added_to_all_four_cells_of_that_table_only(self):
        # metafor 3.8, printed to six digits
        assert one("OR", **ONE_ZERO) == (
            pytest.approx(-2.104134, abs=6e-7),
            pytest.approx(2.391638, abs=6e-7),
        )
        assert one("RR", **ONE_ZERO) == (
            pytest.approx(-1.945910, abs=6e-7),
            pytest.approx(2.190476, abs=6e-7),
        )
        both = effect_size("OR", events_t=[0, 4], n_t=[20, 123], events_c=[3, 11], n_c=[20, 139])
        assert both["yi"][1] == one("OR", **TABLE)[0]

    def test_to_all_and_if0all(self):
        arms = {"events_t": [0, 4], "n_t": [20, 123], "events_c": [3, 11], "n_c": [20, 139]}
        everywhere = effect_size("OR", to="all", **arms)
        assert everywhere["yi"][1] == pytest.approx(
            np.log(4.5 / 119.5) - np.log(11.5 / 128.5), rel=1e-12
        )
        pd.testing.assert_frame_equal(effect_size("OR", to="if0all", **arms), everywhere)
        untouched = {name: values[1:] for name, values in arms.items()}
        assert effect_size("OR", to="if0all", **untouched)["yi"][0] == one("OR", **TABLE)[0]

    def test_a_row_without_a_finite_effect_is_refused_with_the_way_out(self):
        with pytest.raises(DataError, match=r"row\[1\] .*add=0\.5, to='only0'") as caught:
            effect_size("OR", events_t=[4, 0], n_t=20, events_c=[3, 3], n_c=20, to="none")
        assert len(caught.value.faults) == 1

    @pytest.mark.parametrize("measure", ["RD", "PR"])
    def test_no_variance_is_no_effect(self, measure):
        arms = (
            {"events": 0, "n": 20}
            if measure == "PR"
            else {"events_t": 0, "n_t": 20, "events_c": 0, "n_c": 20}
        )
        with pytest.raises(DataError, match="variance > 0"):
            effect_size(measure, to="none", **arms)

    def test_a_double_zero_gets_an_effect_by_name(self):
        yi, vi = one("OR", events_t=0, n_t=118, events_c=0, n_c=105, drop00=False)
        # metafor 3.8, dat.nielweise2007, row with no events in either arm
        assert yi == pytest.approx(-0.116202007659065, rel=1e-8)
        assert vi == pytest.approx(4.01791749155118, rel=1e-8)

    @pytest.mark.parametrize("measure", ["RR", "OR", "RD", "PETO", "AS", "IRR"])
    def test_nobody_with_the_event_says_nothing_about_a_ratio_and_something_about_a_difference(
        self, measure
    ):
        people = "time" if measure == "IRR" else "n"
        found = effect_size(
            measure, events_t=0, events_c=0, **{f"{people}_t": 20, f"{people}_c": 30}
        )
        assert found["yi"].isna()[0] == MEASURES[measure].log
        assert found["note"][0].startswith("nobody in either arm") == MEASURES[measure].log

    @pytest.mark.parametrize("measure", ["RR", "OR", "RD", "PETO", "AS"])
    def test_drop00_keeps_the_row_and_says_why(self, measure):
        found = effect_size(
            measure,
            events_t=[4, 0, 20],
            n_t=[123, 20, 20],
            events_c=[11, 0, 30],
            n_c=[139, 30, 30],
            drop00=True,
        )
        assert found["yi"].isna().tolist() == [False, True, True]
        assert found["vi"].isna().tolist() == [False, True, True]
        assert found["note"][0] == ""
        assert found["note"][1].startswith("nobody in either arm had the event")
        assert found["note"][2].startswith("everybody in either arm had the event")
        assert found["yi"][0] == one(measure, **TABLE)[0]

    def test_a_dropped_row_does_not_trigger_if0all(self):
        arms = {"events_t": [4, 0], "n_t": [123, 20], "events_c": [11, 0], "n_c": [139, 30]}
        found = effect_size("OR", to="if0all", drop00=True, **arms)
        assert found["yi"][0] == one("OR", **TABLE)[0]

    def test_rates(self):
        yi, vi = one("IRR", events_t=0, time_t=100, events_c=3, time_c=200)
        assert yi == pytest.approx(np.log(0.5 / 100) - np.log(3.5 / 200), rel=1e-12)
        assert vi == pytest.approx(1 / 0.5 + 1 / 3.5, rel=1e-12)
        dropped = effect_size("IRR", events_t=0, time_t=9, events_c=0, time_c=9, drop00=True)
        assert dropped["yi"].isna().all()

    def test_arcsine_measures_add_nothing(self):
        assert one("PAS", events=0, n=10) == (0.0, 1 / 40)
        yi, _ = one("AS", events_t=0, n_t=10, events_c=10, n_c=10)
        assert yi == pytest.approx(-np.pi / 2, rel=1e-12)


class TestRefusals:
    def faults(self, measure, **arguments):
        with pytest.raises(DataError) as caught:
            effect_size(measure, **arguments)
        return caught.value.faults

    def test_unknown_measure_lists_the_known(self):
        with pytest.raises(DataError, match="'WMD'; the known ones are MD, SMD, SMDH, SMD1"):
            effect_size("WMD")

    def test_missing_and_superfluous_arguments_and_bad_values_together(self):
        faults = self.faults(
            "MD",
            mean_t=[1, 2],
            sd_t=[1, -1],
            n_t=[10, 1],
            mean_c=[0, "x"],
            n_c=10,
            events_t=3,
            vtype="UB",
        )
        text = "\n".join(faults)
        assert len(faults) == 6
        assert "sd_c is missing; MD takes mean_t, sd_t, n_t, mean_c, sd_c, n_c" in text
        assert "events_t does not belong to MD" in text
        assert "vtype 'UB' is unknown for MD; use LS" in text
        assert "sd_t[1] is -1; needed: a standard deviation > 0" in text
        assert "n_t[1] is 1; needed: a number of people >= 2" in text
        assert "mean_c[1] is 'x'; needed: a number" in text

    def test_nothing_given(self):
        assert len(self.faults("RR")) == 4

    @pytest.mark.parametrize(
        ("measure", "changed", "expected"),
        [
            ("SMD", {"sd_t": 0}, "sd_t is 0; needed: a standard deviation > 0"),
            ("SMD", {"n_c": 1}, "n_c is 1"),
            ("SMD", {"mean_t": np.inf}, "mean_t is inf"),
            ("ROM", {"mean_t": -3}, "mean_t is -3; needed: a mean > 0"),
            ("RR", {"events_t": 124}, "events_t is 124, n_t is 123; needed: no more events"),
            ("RR", {"events_c": -1}, "events_c is -1; needed: a number of events >= 0"),
            ("OR", {"n_t": 0}, "n_t is 0; needed: a number of people >= 1"),
            ("IRR", {"time_t": 0}, "time_t is 0; needed: a person-time > 0"),
            ("PR", {"events": 41}, "events is 41, n is 40"),
            ("COR", {"r": 1}, "r is 1; needed: a correlation strictly between"),
            ("ZCOR", {"n": 3}, "n is 3; needed: a number of people > 3"),
            ("SMCC", {"r": -1.2}, "r is -1.2"),
            ("SMCC", {"n": 2}, "n is 2; needed: a number of people >= 3"),
            ("ROMC", {"mean_pre": 0}, "mean_pre is 0; needed: a mean > 0"),
            ("SMCR", {"sd_post": -1}, "sd_post is -1"),
        ],
    )
    def test_values_out_of_range(self, measure, changed, expected):
        arms = {case[0]: case[1] for case in PRINTED}[measure]
        (fault,) = self.faults(measure, **{**arms, **changed})
        assert fault.startswith(expected)

    def test_options_without_meaning(self):
        faults = self.faults("MD", **TWO_ARMS, add=0.5, drop00=True, bias_corrected=True)
        assert len(faults) == 3
        (fault,) = self.faults("PR", **GROUP, drop00=True)
        assert fault.startswith("drop00 has no meaning for PR")
        (fault,) = self.faults("OR", **TABLE, to="some")
        assert fault == "to is 'some'; needed: one of only0, all, if0all, none"
        (fault,) = self.faults("OR", **TABLE, add=-1)
        assert fault == "add is -1; needed: a number >= 0"


def test_scalars_arrays_and_series_agree_and_an_index_is_kept():
    labels = ["a", "b"]
    frame = pd.DataFrame([TWO_ARMS, {**TWO_ARMS, "mean_t": 101}], index=labels)
    by_series = effect_size("SMD", **frame)
    assert by_series.index.tolist() == labels
    by_array = effect_size("SMD", **{name: frame[name].to_numpy() for name in frame})
    np.testing.assert_array_equal(by_series["yi"], by_array["yi"])
    np.testing.assert_array_equal(by_series["vi"], by_array["vi"])
    mixed = effect_size("SMD", **{**TWO_ARMS, "mean_t": frame["mean_t"]})
    pd.testing.assert_frame_equal(mixed, by_series)
    assert one("SMD", **TWO_ARMS) == tuple(by_series.loc["a", ["yi", "vi"]])


def test_columns_are_named_with_data_and_what_is_not_reported_has_no_effect():
    trials = pd.DataFrame(
        {"study": ["a", "b"], "mt": [12.0, 11.0], "sd_t": [6.0, np.nan], "n_t": [60, 58],
         "mean_c": [14.0, 15.0], "sd_c": [6.0, 6.0], "n_c": [60, 58]}
    )  # fmt: skip
    found = effect_size("MD", mean_t="mt", data=trials)
    assert list(found) == [*trials, "yi", "vi", "measure", "note"]
    assert found["yi"][0] == -2
    assert found["yi"].isna().tolist() == [False, True]
    assert found["note"].tolist() == ["", "not reported: sd_t"]
    with pytest.raises(DataError, match="mean_t='m', and data has no such column"):
        effect_size("MD", mean_t="m", data=trials)


spread = st.floats(0.1, 50)
people = st.integers(2, 400)
two_arms = st.fixed_dictionaries(
    {
        "mean_t": st.floats(1, 100),
        "sd_t": spread,
        "n_t": people,
        "mean_c": st.floats(1, 100),
        "sd_c": spread,
        "n_c": people,
    }
)


@st.composite
def tables(draw, no_zero=False):
    edge = int(no_zero)
    n_t, n_c = draw(st.integers(1 + edge, 300)), draw(st.integers(1 + edge, 300))
    return {
        "events_t": draw(st.integers(edge, n_t - edge)),
        "n_t": n_t,
        "events_c": draw(st.integers(edge, n_c - edge)),
        "n_c": n_c,
    }


def swapped(arms):
    other = {"t": "c", "c": "t"}
    return {name[:-1] + other[name[-1]]: value for name, value in arms.items()}


@pytest.mark.parametrize("measure", ["MD", "SMD", "SMDH", "ROM"])
@settings(max_examples=30, deadline=None)
@given(arms=two_arms)
def test_swapping_arms_flips_the_sign_means(measure, arms):
    yi, vi = one(measure, **arms)
    back_yi, back_vi = one(measure, **swapped(arms))
    assert back_yi == pytest.approx(-yi, rel=1e-9, abs=1e-12)
    assert back_vi == pytest.approx(vi, rel=1e-9)
    assert vi > 0


@pytest.mark.parametrize("measure", ["RR", "OR", "RD", "AS"])
@settings(max_examples=30, deadline=None)
@given(arms=tables())
def test_swapping_arms_flips_the_sign_counts(measure, arms):
    yi, vi = one(measure, **arms, drop00=False)
    back_yi, back_vi = one(measure, **swapped(arms), drop00=False)
    assert back_yi == pytest.approx(-yi, rel=1e-9, abs=1e-12)
    # the reader's ratio is inverted
    if MEASURES[measure].log:
        assert np.exp(back_yi) == pytest.approx(1 / np.exp(yi), rel=1e-9)
    assert back_vi == pytest.approx(vi, rel=1e-9)


@settings(max_examples=30, deadline=None)
@given(arms=two_arms, factor=st.floats(0.01, 100))
def test_units_scale_a_difference_and_leave_standardised_ones_alone(arms, factor):
    scaled = {
        name: value if name.startswith("n_") else value * factor for name, value in arms.items()
    }
    yi, vi = one("MD", **arms)
    assert one("MD", **scaled) == (
        pytest.approx(yi * factor, rel=1e-9, abs=1e-9),
        pytest.approx(vi * factor**2, rel=1e-9),
    )
    for measure in ("SMD", "SMDH", "ROM"):
        assert one(measure, **scaled) == pytest.approx(one(measure, **arms), rel=1e-8, abs=1e-10)


@pytest.mark.parametrize("vtype", ["LS", "LS2", "UB"])
@settings(max_examples=30, deadline=None)
@given(arms=two_arms, more=st.integers(1, 500))
def test_more_people_never_widen_smd(vtype, arms, more):
    # from two people in an arm to three, J grows faster than 1/n falls, and LS and LS2 with it
    arms = {**arms, "n_t": arms["n_t"] + 2, "n_c": arms["n_c"] + 2}
    larger = {**arms, "n_t": arms["n_t"] + more, "n_c": arms["n_c"] + more}
    # equal SDs: otherwise the larger arm also moves the pooled SD
    equal = {"sd_t": arms["sd_t"], "sd_c": arms["sd_t"]}
    small = one("SMD", vtype=vtype, **{**arms, **equal})[1]
    assert one("SMD", vtype=vtype, **{**larger, **equal})[1] <= small * (1 + 1e-12)


@pytest.mark.parametrize("measure", ["MD", "SMDH", "ROM"])
@settings(max_examples=30, deadline=None)
@given(arms=two_arms, more=st.integers(1, 500))
def test_more_people_never_widen_the_other_means(measure, arms, more):
    larger = {**arms, "n_t": arms["n_t"] + more, "n_c": arms["n_c"] + more}
    if measure == "SMDH":
        # J grows with n, and with it the effect: the width in units of the effect is compared
        arms = {**arms, "mean_t": arms["mean_c"]}
        larger = {**larger, "mean_t": arms["mean_c"]}
        # J² of one degree of freedom and two people is so small that vi is too: start at five
        arms["n_t"], arms["n_c"] = max(arms["n_t"], 5), max(arms["n_c"], 5)
        larger["n_t"], larger["n_c"] = arms["n_t"] + more, arms["n_c"] + more
    assert one(measure, **larger)[1] <= one(measure, **arms)[1] * (1 + 1e-12)


@pytest.mark.parametrize("measure", ["RR", "OR", "RD", "AS", "PETO"])
@settings(max_examples=30, deadline=None)
@given(arms=tables(no_zero=True), times=st.integers(2, 9))
def test_more_people_of_the_same_kind_never_widen_counts(measure, arms, times):
    larger = {name: value * times for name, value in arms.items()}
    assert one(measure, **larger)[1] <= one(measure, **arms)[1] * (1 + 1e-9)


@settings(max_examples=30, deadline=None)
@given(rows=st.lists(two_arms, min_size=2, max_size=6), seed=st.integers(0, 1000))
def test_the_order_of_rows_does_not_matter(rows, seed):
    frame = pd.DataFrame(rows)
    order = np.random.default_rng(seed).permutation(len(frame))
    shuffled = effect_size("SMD", **frame.iloc[order])
    pd.testing.assert_frame_equal(shuffled, effect_size("SMD", **frame).iloc[order])
