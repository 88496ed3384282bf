"""Does a plot of intervals show what it was given, where it belongs, and refuse what it cannot?"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from figures.readable import assert_readable, boxes, panel_of
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.markers import CARETLEFT
from matplotlib.patches import Polygon, Rectangle

import meta
from meta.errors import DataError, NotComparable
from meta.figures import drawing, theme
from meta.figures.intervals import plot_intervals


def texts(figure: Figure) -> list[str]:
    return [text for text, _ in boxes(figure)]


def squares(figure: Figure) -> list[float]:
    found = [line for line in panel_of(figure).lines if line.get_gid() == "estimate"]
    found.sort(key=lambda line: float(line.get_ydata()[0]))
    return [float(line.get_xdata()[0]) for line in found]


def shares() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "label": ["Water 2003", "Oxide 1994", "Glycinate 1994"],
            "estimate": [54.0, 22.8, 23.5],
            "ci_low": [50.0, np.nan, np.nan],
            "ci_high": [58.0, np.nan, np.nan],
            "people": pd.array([6, 1200, None], dtype="Int64"),
            "how": ["tracer", None, "tracer"],
            "highlight": ["", "", "the salt of the claim"],
            "assumed": ["", "SD taken as 4", None],
        }
    )


def fits(measure: str = "MD") -> dict[str, meta.Pooled]:
    effects = meta.Effects.from_arrays(
        [-0.5, -0.1, -0.4], [0.04, 0.09, 0.06], ["A", "B", "C"], measure, True, n_t=[30, 20, 25],
        n_c=[30, 20, 25],
    )  # fmt: skip
    return {"all": meta.pool(effects), "only A": meta.pool(effects.subset([0]))}


def test_rows_keep_their_order_and_marks_stand_on_the_numbers() -> None:
    figure = plot_intervals({"One": shares(), "Two": shares().iloc[::-1]}, measure="PR")
    assert squares(figure) == [54.0, 22.8, 23.5, 23.5, 22.8, 54.0]
    lines = [line for line in panel_of(figure).lines if line.get_gid() == "interval"]
    assert list(lines[0].get_xdata()) == [50.0, 58.0]
    shown = texts(figure)
    assert shown.count("54.0") == 2
    assert shown.count("(50.0 to 58.0)") == 2
    assert shown.index("One") < shown.index("Two")
    # a share has no value that means no effect
    assert not [line for line in panel_of(figure).lines if "null" in str(line.get_gid())]


def test_further_columns_show_text_numbers_and_what_is_missing() -> None:
    found = texts(plot_intervals(shares(), columns={"label": "What", "people": "n", "how": "How"}))
    assert {"What", "n", "How", "6", "1,200", "tracer"} <= set(found)
    assert found.count("–") == 2


def test_highlighted_and_assumed_rows_are_marked_and_explained() -> None:
    figure = plot_intervals(shares())
    marks = [line for line in panel_of(figure).lines if line.get_gid() == "estimate"]
    assert [mark.get_marker() for mark in marks] == ["s", "s", "D"]
    assert to_hex(marks[2].get_markerfacecolor()) == theme.CLAIMED
    assert to_hex(marks[1].get_markerfacecolor()) == theme.GROUND
    shown = texts(figure)
    assert "The salt of the claim." in shown
    assert "Rests on an assumption: SD taken as 4 (Oxide 1994)." in shown


def test_answers_are_diamonds_and_one_trial_is_not() -> None:
    found = fits()
    figure = plot_intervals({"Pooled": found})
    (diamond,) = [p for p in panel_of(figure).patches if isinstance(p, Polygon)]
    one = found["all"]
    expected = [one.ci_low, one.estimate, one.ci_high, one.estimate]
    assert diamond.get_xy()[:4, 0] == pytest.approx(expected)
    assert squares(figure) == pytest.approx([found["only A"].estimate])
    shown = texts(figure)
    assert {"Trials", "People", "3", "150", "60", "MD (95 % interval)"} <= set(shown)
    assert "k = 1: this is one trial" in figure.alt_text()


def test_a_pooled_row_of_a_table_is_a_diamond() -> None:
    table = pd.DataFrame(
        {"label": ["Review"], "estimate": [0.8], "ci_low": [0.6], "ci_high": [0.9], "pooled": True}
    )
    (diamond,) = [
        p for p in panel_of(plot_intervals(table)).patches if isinstance(p, Polygon)
    ]  # fmt: skip
    assert diamond.get_xy()[0, 0] == pytest.approx(0.6)


@pytest.mark.parametrize("source", ["table", "fits"])
def test_ratios_have_a_logarithmic_axis_and_are_given_as_ratios(source: str) -> None:
    found = fits("RR")
    table = pd.DataFrame(
        [
            {
                "label": name,
                "estimate": np.exp(one.estimate),
                "ci_low": np.exp(one.ci_low),
                "ci_high": np.exp(one.ci_high),
                "pooled": one.k > 1,
            }
            for name, one in found.items()
        ]
    )
    figure = plot_intervals(
        table if source == "table" else found, measure="RR", claimed=0.5, references={"margin": 0.8}
    )
    panel = panel_of(figure)
    assert squares(figure) == pytest.approx([found["only A"].estimate])
    shown = [float(tick.get_text()) for tick in panel.get_xticklabels()]
    assert np.log(shown) == pytest.approx(panel.get_xticks())
    at = {str(x.get_gid()).rsplit("-", 1)[0]: x.get_xdata()[0] for x in panel.lines}
    assert at["reference-claimed"] == pytest.approx(np.log(0.5))
    assert at["reference-mid"] == pytest.approx(np.log(0.8))
    assert at["reference-null"] == 0
    assert f"{np.exp(found['all'].estimate):.2f}" in texts(figure)


def test_a_claimed_range_is_a_band() -> None:
    figure = plot_intervals(shares(), measure="PR", claimed=(90, 95), xlim=(0, 92.5))
    (band,) = [p for p in panel_of(figure).patches if isinstance(p, Rectangle)]
    # what lies outside the limits is not drawn
    assert [band.get_x(), band.get_x() + band.get_width()] == pytest.approx([90, 92.5])
    assert "claimed 90 to 95" in texts(figure)
    assert "A band marks claimed 90 to 95." in figure.alt_text()
    several = plot_intervals(shares(), measure="PR", claimed={"high": (90, 95), "low": (5, 10)})
    assert len([p for p in panel_of(several).patches if isinstance(p, Rectangle)]) == 2
    assert {"high", "low"} <= set(texts(several))
    assert "A band marks high (90 to 95)." in several.alt_text()
    assert_readable(several)


def test_an_estimate_outside_the_limits_ends_in_an_arrowhead() -> None:
    figure = plot_intervals(shares(), measure="PR", xlim=(30, 60))
    cuts = [line for line in panel_of(figure).lines if line.get_gid() == "cut"]
    assert [(float(c.get_xdata()[0]), c.get_marker()) for c in cuts] == [
        (30, CARETLEFT),
        (30, CARETLEFT),
    ]
    assert squares(figure) == [54.0]


def test_alt_text_says_every_row() -> None:
    figure = plot_intervals(
        {"Measured": shares()}, title="Shares?", axis_label="Percent", notes=["Not pooled."]
    )
    assert figure.alt_text() == (
        "Shares? 3 estimates side by side: Percent. Measured: Water 2003 54.0 (50.0 to 58.0); "
        "Oxide 1994 22.8; Glycinate 1994 23.5. Vertical line: no effect. The salt of the claim. "
        "Rests on an assumption: SD taken as 4 (Oxide 1994). Not pooled."
    )


def test_decimals_are_those_of_the_values() -> None:
    table = pd.DataFrame({"label": ["A", "B"], "estimate": [12.0, 8.0]})
    assert "12" in texts(plot_intervals(table))
    assert "12.0" in texts(plot_intervals(table, digits=1))
    assert "8.13" in texts(plot_intervals(table.assign(estimate=[12.0, 8.125001])))


def test_long_texts_are_readable() -> None:
    table = pd.concat([shares()] * 12, ignore_index=True)
    table["label"] = [f"{'A long name of a study ' * (i % 5)}{i}" for i in range(len(table))]
    table["how"] = "a text that says a good deal about how something was measured in people"
    figure = plot_intervals(
        {"A heading " * 12: table}, columns={"how": "How"}, title="A title " * 30,
        claimed=(90, 95), favours=("favours magnesium", "favours control"), notes=["A note " * 60],
    )  # fmt: skip
    assert_readable(figure)


def test_it_draws_into_given_axes() -> None:
    figure = Figure(figsize=(14, 9))
    axes = figure.subplots()
    assert plot_intervals(shares(), axes) is figure
    assert drawing.alt_text(axes)
    with pytest.raises(DataError, match="larger axes"):
        plot_intervals(shares(), Figure(figsize=(0.9, 0.7)).subplots())


def test_two_drawings_give_the_same_bytes(tmp_path: Path) -> None:
    def draw(name: str) -> bytes:
        figure = plot_intervals({"A": shares(), "B": fits()}, claimed=(90, 95))
        return figure.save(tmp_path / name / "x.svg").read_bytes()  # type: ignore[attr-defined, no-any-return]

    assert draw("one") == draw("two")


def test_all_faults_are_named_with_block_row_and_column() -> None:
    table = pd.DataFrame(
        {
            "label": ["A", "B", "C", "D", None, "F", "G"],
            "estimate": [1.0, np.inf, 3.0, "four", 5.0, 6.0, None],
            "ci_low": [2.0, np.nan, np.nan, np.nan, np.nan, 5.0, np.nan],
            "ci_high": [3.0, np.nan, np.nan, np.nan, np.nan, np.nan, np.nan],
            "pooled": [False, False, True, False, False, False, False],
        }
    )
    with pytest.raises(DataError) as caught:
        plot_intervals({"Pools": table}, columns={"k": "Trials"})
    said = "\n".join(caught.value.faults)
    assert len(caught.value.faults) == 8
    assert "column 'k' is in no block; found label, estimate, ci_low, ci_high, pooled" in said
    assert "block 'Pools', row 'A', columns ci_low and ci_high: 2 to 3 does not hold" in said
    assert "row 'B', column estimate: inf; give a finite number" in said
    assert "row 'C', column pooled: there is no interval" in said
    assert "row 'D', column estimate: 'four'" in said
    assert "row 5, column label: it is empty" in said
    assert "row 'F', column ci_high: it is missing beside ci_low" in said
    assert "row 'G', column estimate: there is none" in said


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (pd.DataFrame({"label": [], "estimate": []}), "the table has no rows"),
        ({}, "there is nothing to draw"),
        ({"A": {}}, "block 'A' has no rows"),
        ({"A": [1, 2]}, r"data is \{'A': \[1, 2\]\}; needed: a data frame"),
        ([1, 2], r"data is \[1, 2\]; needed: a data frame"),
        (pd.DataFrame({"name": ["A"]}), "columns label, estimate missing; found name"),
        (
            pd.DataFrame({"label": ["A"], "estimate": [1.0], "ci_low": [0.5]}),
            "columns ci_high missing",
        ),
        (
            pd.DataFrame([["A", 1.0, 2.0]], columns=["label", "estimate", "estimate"]),
            "data is a data frame with several columns 'estimate'; needed: a data frame",
        ),
        (pd.DataFrame({"label": ["A"], "estimate": [[1.0, 2.0]]}), "give a finite number"),
        (
            pd.DataFrame({"label": ["A"], "estimate": [1.0], "pooled": ["no"]}),
            "column pooled: 'no'; give True or False",
        ),
    ],
)
def test_what_cannot_be_drawn_is_refused(data: object, message: str) -> None:
    with pytest.raises(DataError, match=message):
        plot_intervals(data)  # type: ignore[arg-type]


def test_logarithms_of_ratios_are_refused() -> None:
    table = pd.DataFrame({"label": ["A"], "estimate": [-0.2]})
    with pytest.raises(DataError, match="give a ratio above 0, not its logarithm"):
        plot_intervals(table, measure="RR")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"claimed": np.nan}, "claimed is nan; needed: a finite number"),
        ({"claimed": (95, 90)}, "falling order"),
        (
            {"references": {"x": "high"}},
            r"references is \{'x': 'high'\}; needed: a mapping",
        ),
        ({"xlim": (60, 30)}, r"xlim=\(60, 30\)"),
        ({"xlim": (1, 60)}, "leave out the line of no effect"),
        ({"xlim": (-5, 60), "claimed": 90}, "leave out claimed 90"),
        ({"measure": "XY"}, "unknown measure"),
        ({"xlim": 60}, "xlim is 60; needed: a pair of a finite numbe"),
        ({"claimed": "28"}, "claimed is '28'; needed: a finite number"),
        ({"claimed": (1, 2, 3)}, r"claimed is \(1, 2, 3\); needed: a finite number"),
        ({"references": [10]}, r"references is \[10\]; needed: a mapping"),
        ({"columns": ["k"]}, r"columns is \['k'\]; needed: a mapping of names to te"),
        ({"favours": "drug"}, "favours is 'drug'; needed: a pair of text"),
        ({"favours": ("drug",)}, r"favours is \('drug',\); needed: a pair of text"),
        ({"digits": -1}, r"digits is \-1; needed: a whole number from 0 to"),
        ({"digits": 1.5}, "digits is 1.5"),
        ({"notes": 3}, "notes is 3; needed: several values, each tex"),
        ({"ax": 3}, "ax is 3; needed: Matplotlib axes"),
    ],
)
def test_settings_that_make_no_sense_are_refused(settings: dict[str, object], message: str) -> None:
    with pytest.raises(DataError, match=message):
        plot_intervals(shares(), **settings)  # type: ignore[arg-type]


def test_answers_of_another_measure_are_refused() -> None:
    with pytest.raises(NotComparable, match="answers of RR"):
        plot_intervals({"A": fits("MD"), "B": fits("RR")})
    with pytest.raises(NotComparable, match="axis is of RR"):
        plot_intervals(fits("MD"), measure="RR")
