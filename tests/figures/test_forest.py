"""Does a forest plot show the numbers it was given, readable and whole?"""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from figures.readable import assert_readable, bcg, boxes, many, panel_of
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Polygon, Rectangle

import meta
from meta.errors import DataError
from meta.figures import drawing, theme
from meta.figures.forest import plot_forest
from meta.figures.forest_notes import decoded


def marks(panel: Axes, gid: str) -> list[Line2D]:
    return [line for line in panel.lines if line.get_gid() == gid]


def test_marks_stand_on_the_numbers_of_bcg() -> None:
    fit = meta.pool(bcg())
    panel = panel_of(plot_forest(fit))
    squares = marks(panel, "estimate")
    assert [line.get_xdata()[0] for line in squares] == pytest.approx(fit.effects.yi)
    z = 1.959963984540054
    lines = marks(panel, "interval")
    expected = np.column_stack(
        [fit.effects.yi - z * fit.effects.sei, fit.effects.yi + z * fit.effects.sei]
    )
    assert np.array([line.get_xdata() for line in lines]) == pytest.approx(expected)
    (diamond,) = [p for p in panel.patches if isinstance(p, Polygon)]
    assert diamond.get_xy()[:4, 0] == pytest.approx(
        [fit.ci_low, fit.estimate, fit.ci_high, fit.estimate]
    )
    (bar,) = [p for p in panel.patches if isinstance(p, Rectangle) and p.get_gid() == "prediction"]
    assert [bar.get_x(), bar.get_x() + bar.get_width()] == pytest.approx([fit.pi_low, fit.pi_high])


def test_area_of_squares_is_the_weight() -> None:
    fit = meta.pool(bcg())
    sides = np.array(
        [line.get_markersize() for line in marks(panel_of(plot_forest(fit)), "estimate")]
    )
    assert sides**2 / sides.max() ** 2 == pytest.approx(fit.weights / fit.weights.max())


def test_ratio_axis_shows_ratios_on_a_log_scale() -> None:
    panel = panel_of(plot_forest(meta.pool(bcg())))
    shown = [float(tick.get_text()) for tick in panel.get_xticklabels()]
    assert np.log(shown) == pytest.approx(panel.get_xticks())
    assert 1.0 in shown


def test_rows_follow_the_order_asked_for() -> None:
    fit = meta.pool(bcg(year=[48, 49, 60, 77, 73, 53, 73, 80, 68, 61, 74, 69, 76]))
    assert drawn(plot_forest(fit)) == pytest.approx(fit.effects.yi)
    assert drawn(plot_forest(fit, sort="effect")) == pytest.approx(sorted(fit.effects.yi))
    by_weight = fit.effects.yi[np.argsort(-fit.weights, kind="stable")]
    assert drawn(plot_forest(fit, sort="weight")) == pytest.approx(by_weight)
    by_year = fit.effects.table.sort_values("year", kind="stable")["yi"]
    assert drawn(plot_forest(fit, sort="year")) == pytest.approx(by_year)
    with pytest.raises(DataError, match="sort='nothing' is no column"):
        plot_forest(fit, sort="nothing")


def drawn(figure: Figure) -> list[float]:
    squares = sorted(marks(panel_of(figure), "estimate"), key=lambda line: line.get_ydata()[0])
    return [line.get_xdata()[0] for line in squares]


def test_effects_with_the_same_label_all_appear() -> None:
    fit = meta.pool([0.1, 0.2, 0.3, 0.4], [0.1] * 4, labels=["A", "A", "A", "B"])
    assert len(marks(panel_of(plot_forest(fit)), "estimate")) == 4


@pytest.mark.parametrize(
    ("k", "layout"),
    [(1, "revman"), (2, "jama"), (2, "compact"), (5, "revman"), (40, "compact"), (60, "revman")],
)
def test_no_text_overlaps_or_leaves_the_page(k: int, layout: str) -> None:
    columns = {
        "assumptions": ["within-person correlation 0.5" if i % 3 == 1 else "" for i in range(k)],
        "flag": ["integrity: a concern; open label" if i == 0 else "" for i in range(k)],
    }
    silent = pd.DataFrame({"label": ["Fard 2020", "A trial of a long name 2019"], "n_t": [40, 12]})
    fit = meta.pool(many(k, **columns))
    figure = plot_forest(
        fit, layout=layout, mid=-0.24, claimed=-0.3, silent=silent, title="A title " * 12,
        risk_of_bias=judgements(fit),
    )  # fmt: skip
    assert_readable(figure)


def judgements(fit: meta.Pooled) -> pd.DataFrame:
    rows = [
        (study, domain, judgement)
        for study in fit.effects.table["study_id"]
        for domain, judgement in [("D1", "low"), ("D2", "some concerns"), ("overall", "high")]
    ]
    return pd.DataFrame(rows, columns=["study_id", "domain", "judgement"])


@pytest.mark.parametrize("layout", ["revman", "jama", "compact"])
def test_bcg_is_readable(layout: str) -> None:
    fit = meta.pool(bcg())
    assert_readable(plot_forest(fit, layout=layout, treatment="vaccine", claimed=0.2, mid=0.9))


def test_reference_lines_stand_where_they_belong_and_their_names_apart() -> None:
    figure = plot_forest(meta.pool(bcg()), mid=0.8, claimed=0.81)
    panel = panel_of(figure)
    at = {
        str(line.get_gid()).split("-")[1]: line.get_xdata()[0]
        for line in panel.lines
        if str(line.get_gid()).startswith("reference")
    }
    assert at["mid"] == pytest.approx(np.log(0.8))
    assert at["claimed"] == pytest.approx(np.log(0.81))
    assert at["null"] == 0
    assert_readable(figure)


def test_one_trial_gets_no_diamond_and_says_so() -> None:
    figure = plot_forest(meta.pool(bcg().subset([0])))
    panel = panel_of(figure)
    assert not [p for p in panel.patches if isinstance(p, Polygon)]
    assert "one trial" in " ".join(text for text, _ in boxes(figure))


def test_wide_interval_of_two_trials_is_cut_with_arrows_and_kept_in_the_text() -> None:
    fit = meta.pool([-0.8, -0.15], [0.04, 0.05], measure="SMD")
    figure = plot_forest(fit)
    panel = panel_of(figure)
    # diamond and prediction interval, both ends each
    assert len(marks(panel, "cut")) == 4
    low, high = panel.get_xlim()
    assert fit.ci_low < low < high < fit.ci_high
    assert any("−4.61 to 3.65" in text or "(−4." in text for text, _ in boxes(figure))
    assert_readable(figure)


def test_one_absurd_interval_is_cut_and_its_estimate_is_shown() -> None:
    calm = [-0.2, 0.1, -0.1]
    fit = meta.pool([*calm, -8.0], [0.04, 0.05, 0.03, 30.0], measure="MD")
    panel = panel_of(plot_forest(fit))
    low, high = panel.get_xlim()
    # the interval reaches from -18.7 to 2.7
    assert -12 < low < -8
    assert high < 2
    assert len(marks(panel, "cut")) >= 1
    assert len(marks(panel, "interval")) == 4


def test_limits_of_the_reader() -> None:
    fit = meta.pool(bcg())
    panel = panel_of(plot_forest(fit, xlim=(0.5, 2)))
    assert panel.get_xlim() == pytest.approx((np.log(0.5), np.log(2)))
    for wrong in [(2, 1), (0, 2), (0.5, np.inf)]:
        with pytest.raises(DataError, match="xlim"):
            plot_forest(fit, xlim=wrong)


def test_hollow_marks_rest_on_an_assumption_that_is_named() -> None:
    effects = many(3, assumptions=["", "SD imputed", None], flag=[False, True, False])
    figure = plot_forest(meta.pool(effects))
    faces = [line.get_markerfacecolor() for line in marks(panel_of(figure), "estimate")]
    assert faces == [theme.STUDY, theme.GROUND, theme.STUDY]
    texts = " ".join(text for text, _ in boxes(figure))
    assert "SD imputed" in texts.replace("\u00a0", " ")
    assert "†" in texts


def test_a_dagger_is_a_doubt_and_a_star_a_remark() -> None:
    flags = ["integrity: SD implausible; open label", "open label", "", "retracted in 2022"]
    effects = meta.Effects.from_arrays([1, 2, 3, 4], [1] * 4, ["A", "B", "C", "D"], flag=flags)
    texts = [text.replace("\u00a0", " ") for text, _ in boxes(plot_forest(meta.pool(effects)))]
    assert {"A †*", "B *", "C", "D †"} <= set(texts)
    assert "† Doubt about integrity: SD implausible (A); retracted in 2022 (D)." in texts
    assert "* Remarks: open label (A, B)." in texts


def test_trials_in_the_pool_are_not_silent() -> None:
    fit = meta.pool([1, 2], [1, 1], labels=["A", "B"])
    silent = pd.DataFrame({"study_id": ["A", "C", "C"], "label": ["A", "C 2000", "C 2000"]})
    texts = [text for text, _ in boxes(plot_forest(fit, silent=silent))]
    assert texts.count("A") == texts.count("C 2000") == 1


def test_beside_a_single_trial_nothing_is_said_of_a_pooled_effect() -> None:
    silent = pd.DataFrame({"label": ["Fard 2020"]})
    for k, said in ((1, ""), (3, " (not in the pooled effect)")):
        found = [text for text, _ in boxes(plot_forest(meta.pool(many(k)), silent=silent))]
        assert f"Measured it, printed no figure{said}" in found


def test_codes_of_the_tables_are_written_in_words_and_names_are_not() -> None:
    fit = meta.pool(
        meta.Effects.from_arrays(
            [0.1, 0.2, 0.3], [0.1] * 3, ["add_on 2001", "my_trial", "C"],
            stratum=["magnesium_alone", "magnesium_alone", "own_code"],
        )
    )  # fmt: skip
    figure = plot_forest(fit, by="stratum")
    found = [text for text, _ in boxes(figure)]
    assert {"magnesium alone", "own code", "add_on 2001", "my_trial"} <= set(found)
    assert "Random effects: magnesium alone" in found
    assert "magnesium_alone" not in drawing.alt_text(figure)


def test_every_code_that_makes_groups_is_known() -> None:
    package = json.loads((Path(__file__).parents[2] / "data" / "datapackage.json").read_text())
    columns = {"design", "mg_form", "stratum", "control", "result_type", "blinding"}
    codes = {
        code
        for resource in package["resources"]
        if resource["name"] in {"trials", "results"}
        for field in resource["schema"]["fields"]
        if field["name"] in columns
        for code in field.get("constraints", {}).get("enum", [])
    }
    assert "magnesium_alone" in codes
    assert not [code for code in codes if "_" in decoded(code)]


def test_silent_trials_are_listed_with_their_people() -> None:
    silent = pd.DataFrame({"label": ["Fard 2020"], "n_t": [4321], "n_c": [np.nan]})
    texts = [text for text, _ in boxes(plot_forest(meta.pool(many(3)), silent=silent))]
    assert "Fard 2020" in texts
    assert "4,321" in texts
    with pytest.raises(DataError, match="needs a column label"):
        plot_forest(meta.pool(many(3)), silent=pd.DataFrame({"name": ["x"]}))


def test_notes_of_the_fit_are_printed() -> None:
    fit = meta.pool(many(2))
    text = " ".join(text for text, _ in boxes(plot_forest(fit))).replace("\u00a0", " ")
    said = [note for note in fit.notes if "is approximate" not in note]
    assert len(said) == len(fit.notes) - 1
    for note in said:
        assert " ".join(note.split()) in text


def test_two_trials_get_a_line_and_no_diamond() -> None:
    two = meta.pool([-0.8, -0.15], [0.04, 0.05], measure="SMD")
    assert not [p for p in panel_of(plot_forest(two)).patches if isinstance(p, Polygon)]
    groups = meta.subgroups(meta.pool(bcg(half=["a"] * 2 + ["b"] * 11)), by="half")
    diamonds = [p for p in panel_of(plot_forest(groups)).patches if isinstance(p, Polygon)]
    # of eleven trials, and of all
    assert len(diamonds) == 2


def test_printed_limits_are_shown_as_they_were_printed() -> None:
    # the limits of a standard error of 0.944, rounded in print: -7.85 to -4.15
    effects = meta.Effects.from_arrays(
        [-6.0, -1.0], [0.890938, 0.3], ["A", "B"], "MD", True,
        estimate=[-6.0, np.nan], ci_low=[-7.9, np.nan], ci_high=[-4.2, np.nan],
    )  # fmt: skip
    figure = plot_forest(meta.pool(effects))
    assert {"−6.0", "(−7.9 to −4.2)"} <= {text for text, _ in boxes(figure)}
    interval = marks(panel_of(figure), "interval")[0]
    assert list(interval.get_xdata()) == [-7.9, -4.2]
    # an interval of another level is computed
    other = plot_forest(meta.pool(effects, ci_level=0.9))
    assert "(−7.55 to −4.45)" in {text for text, _ in boxes(other)}


@pytest.mark.parametrize("treatment", ["drug", "a longer name of a drug"])
def test_what_lies_left_and_right_of_no_effect_stays_inside_the_axis(treatment: str) -> None:
    for shift in (-3.0, -0.3, 0.0, 0.4, 3.0):
        effects = meta.Effects.from_arrays(
            [shift - 0.2, shift + 0.1, shift], [0.04, 0.05, 0.03], None, "SMD", True
        )
        figure = plot_forest(meta.pool(effects), treatment=treatment)
        axis = panel_of(figure).get_window_extent()
        panel = panel_of(figure)
        null = panel.transData.transform((0, 0))[0]
        sides = {text: box for text, box in boxes(figure) if "favours" in text}
        assert sides
        for text, (left, _, right, _) in sides.items():
            assert axis.x0 - 1 <= left < right <= axis.x1 + 1
            if "←" in text or "→" in text:
                # both meet at no effect
                assert min(abs(left - null), abs(right - null)) < 10


def test_hints_for_code_and_working_notes_stay_out_of_pictures() -> None:
    assert theme.for_readers("tied to its error; see predictor='harbord' or 'peters'.") == (
        "tied to its error."
    )
    assert theme.for_readers("uncertain (shared_tau2=True is steadier).") == "uncertain."
    assert theme.for_readers("no width; use ci_method='HK-adhoc'.") == "no width."
    # equations and shares are no code
    assert theme.for_readers("k = 2: p = 0.02; I2 of 40 %") == "k = 2: p = 0.02; I2 of 40 %"
    flags = ["integrity: odd SD; show results with and without", "same trial as abc2017-mood-1"]
    effects = meta.Effects.from_arrays([1, 2, 3], [1] * 3, ["A", "B", "C"], flag=[*flags, ""])
    texts = " ".join(text for text, _ in boxes(plot_forest(meta.pool(effects))))
    assert "odd SD" in texts
    assert "show results" not in texts
    assert "abc2017" not in texts
    assert "*" not in texts


def test_favours_follows_the_direction() -> None:
    def sides(lower: bool | None) -> list[str]:
        effects = meta.Effects.from_arrays([-0.1, 0.2], [0.1, 0.1], lower_is_better=lower)
        found = boxes(plot_forest(meta.pool(effects)))
        named = [(box[0], text) for text, box in found if "favours" in text]
        return [text for _, text in sorted(named, key=lambda pair: pair[0])]

    assert sides(True) == ["← favours treatment", "favours control →"]
    assert sides(False) == ["← favours control", "favours treatment →"]
    assert sides(None) == []


def test_subgroups_have_their_own_diamonds_and_the_test_between() -> None:
    kind = ["open", "blind"] * 6 + ["single"]
    fit = meta.pool(bcg(kind=kind))
    groups = meta.subgroups(fit.effects, by="kind")
    one = groups.fits["open"]
    for figure in (plot_forest(fit, by="kind"), plot_forest(groups)):
        panel = panel_of(figure)
        tops = {p.get_gid(): p for p in panel.patches if p.get_gid() == "total"}
        subtotals = [p for p in panel.patches if p.get_gid() == "subtotal"]
        # a subgroup of one trial is that trial
        assert len(subtotals) == 2
        assert len(tops) == 1
        assert subtotals[0].get_xy()[:4, 0] == pytest.approx(
            [one.ci_low, one.estimate, one.ci_high, one.estimate]
        )
        assert len(marks(panel, "estimate")) == 13
        texts = " ".join(text for text, _ in boxes(figure)).replace("\u00a0", " ")
        assert groups.test_text() in texts
        assert_readable(figure)
    with pytest.raises(DataError, match="by= needs a pooled answer"):
        plot_forest(groups, by="kind")


def test_a_column_has_one_number_of_decimals_over_all_subgroups() -> None:
    effects = meta.Effects.from_arrays(
        [0.1, 0.2, 0.3], [0.1] * 3, measure="MD", n_t=[20] * 3, n_c=[20] * 3,
        mean_t=[10.25, 9.0, 8.0], sd_t=[2.5] * 3, mean_c=[3.0] * 3, sd_c=[4.0] * 3,
        kind=["a", "b", "b"],
    )  # fmt: skip
    texts = [text for text, _ in boxes(plot_forest(meta.pool(effects), by="kind"))]
    assert {"10.25", "9.00", "8.00"} <= set(texts)


def test_names_of_lines_stand_behind_a_sample_of_the_line() -> None:
    figure = plot_forest(meta.pool(bcg()), mid=0.8, claimed=0.5)
    panel, host = panel_of(figure), figure.axes[0]
    for kind in ("mid", "claimed"):
        (line,) = [m for m in panel.lines if f"reference-{kind}" in str(m.get_gid())]
        samples = [
            m for m in host.lines
            if m.get_color() == line.get_color() and np.ptp(m.get_ydata()) == 0
        ]  # fmt: skip
        assert len(samples) == 1
        assert samples[0].get_linestyle() == line.get_linestyle()
    assert "smallest important effect, 0.8" in drawing.alt_text(figure)


def test_nothing_to_pool_says_so() -> None:
    none = bcg().subset(np.zeros(13, dtype=bool))
    with pytest.raises(ValueError, match=r"\b(no|at least|0)\b"):
        plot_forest(meta.pool(none))


def test_given_axes_keep_their_place_and_the_figure_its_size() -> None:
    figure = Figure(figsize=(18, 8))
    left, right = figure.subplots(1, 2)
    before = left.get_position().bounds
    fit = meta.pool(bcg())
    assert plot_forest(fit, left) is figure
    plot_forest(fit, right, layout="compact")
    assert left.get_position().bounds == before
    assert drawing.alt_text(left).startswith("Forest plot of 13 studies")
    small = Figure(figsize=(2, 2)).subplots()
    with pytest.raises(DataError, match="larger axes"):
        plot_forest(fit, small)


def test_odd_data_give_a_figure() -> None:
    assert_readable(plot_forest(meta.pool([0.2] * 3, [0.1] * 3)))
    assert_readable(plot_forest(meta.pool([0.0], [1e-6])))
    assert_readable(plot_forest(meta.pool([1500.0, -300.0], [9e4, 8e4], measure="MD")))
    assert_readable(plot_forest(meta.pool([-9.0, 9.0], [4.0, 4.0], measure="OR")))
    fit = meta.pool([0.4, 0.9, -0.2], [0.1, 0.2, 0.1], measure="PLO")
    assert "Proportion" in [text for text, _ in boxes(plot_forest(fit))]


def test_missing_weights_and_infinite_intervals_are_drawn() -> None:
    from dataclasses import replace

    fit = meta.pool(many(4))
    assert_readable(plot_forest(replace(fit, weights=np.full(4, np.nan))))
    endless = replace(fit, ci_low=-np.inf, ci_high=np.inf, pi_low=np.nan, pi_high=np.nan)
    assert_readable(plot_forest(endless))


def test_impossible_wishes_are_refused_by_name() -> None:
    fit = meta.pool(bcg())
    with pytest.raises(DataError, match="layout='wide'"):
        plot_forest(fit, layout="wide")
    with pytest.raises(DataError) as caught:
        plot_forest(fit, mid=-0.5, claimed=-0.2)
    assert len(caught.value.faults) == 2


def test_labels_are_text_whatever_they_hold(tmp_path: Path) -> None:
    labels = ["<script>alert('x')</script>", "$\\frac{1}{0}$ & $", 'a "b" -- c', "new\nline\ttab"]
    fit = meta.pool([0.1, 0.2, 0.3, 0.4], [0.1] * 4, labels=labels)
    figure = plot_forest(fit, title="$x^2$ <b>")
    texts = [text for text, _ in boxes(figure)]
    assert labels[0] in texts
    assert labels[1] in texts
    assert "new line tab" in texts
    path = drawing.save_figure(figure, tmp_path / "a.svg")
    assert "<script" not in path.read_text()
    root = ET.parse(path).getroot()
    described = root.find("{http://www.w3.org/2000/svg}desc")
    assert described is not None
    assert labels[0] in (described.text or "")


def test_alt_text_holds_answer_and_studies() -> None:
    fit = meta.pool(bcg())
    text = plot_forest(fit, claimed=0.2).alt_text()
    assert fit.sentence() in text
    assert "study 13 0.98 (0.58 to 1.66)" in text
    assert "claimed effect, 0.2" in text


def test_rows_of_arms_show_what_was_reported() -> None:
    effects = meta.Effects.from_arrays(
        [0.1, 0.2], [0.1, 0.1], measure="MD", n_t=[1200, 20], n_c=[30, 40],
        mean_t=[10.25, np.nan], sd_t=[2.5, np.nan], mean_c=[-3.0, np.nan], sd_c=[4.0, np.nan],
    )  # fmt: skip
    texts = [text for text, _ in boxes(plot_forest(meta.pool(effects)))]
    for expected in ["1,200", "10.25", "2.5", "−3.00", "–", "1,220", "70"]:
        assert expected in texts


def test_settings_of_the_caller_neither_matter_nor_change(tmp_path: Path) -> None:
    fit = meta.pool(bcg())
    plain = drawing.save_figure(plot_forest(fit), tmp_path / "plain.svg").read_bytes()
    with mpl.rc_context():
        mpl.rcParams.update(
            {"font.size": 30, "font.family": "serif", "axes.grid": True, "lines.linewidth": 9}
        )
        before = dict(mpl.rcParams)
        figure = plot_forest(fit)
        styled = drawing.save_figure(figure, tmp_path / "styled.svg").read_bytes()
        assert dict(mpl.rcParams) == before
    # the prefix of identifiers is made from the file's name
    key = {name: drawing.svg_text(plot_forest(fit), name) for name in ("a", "a")}
    assert len(key) == 1
    assert strip(plain) == strip(styled)


def strip(svg: bytes) -> bytes:
    import re

    return re.sub(rb"m[0-9a-f]{6}-", b"", svg)


def test_nine_hundred_studies_stand_on_one_page() -> None:
    fit = meta.pool(many(900))
    figure = plot_forest(fit, mid=-0.3)
    # a row of text each would be two hundred inches
    assert figure.get_figheight() < 13
    panel = panel_of(figure)
    (points,) = [c for c in panel.collections if c.get_gid() == "estimates"]
    (lines,) = [c for c in panel.collections if c.get_gid() == "intervals"]
    assert len(points.get_offsets()) == len(lines.get_segments()) == 900
    assert sorted(points.get_offsets()[:, 0]) == pytest.approx(sorted(fit.effects.yi))
    assert_readable(figure)
    data = meta.figure_data(figure)
    assert set(data.loc[data["what"] == "study", "label"]) == set(fit.effects.labels)
    named = plot_forest(meta.pool(many(150)))
    assert named.get_figheight() > 13
