"""Do the other figures show their numbers, readable and whole?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from figures.readable import assert_readable, bcg, boxes, many, panel_of
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Polygon

import meta
from meta.arguments import shown
from meta.errors import DataError, TooFewStudies
from meta.evidence.judgements import tools
from meta.figures import drawing, theme
from meta.figures.albatross import plot_albatross
from meta.figures.bubble import plot_bubble
from meta.figures.claim import plot_claim
from meta.figures.diagnostics import plot_baujat, plot_influence
from meta.figures.drapery import plot_drapery
from meta.figures.funnel import plot_funnel
from meta.figures.harvest import plot_harvest
from meta.figures.leave_one_out import plot_cumulative, plot_leave_one_out
from meta.figures.lights import LIGHTS
from meta.figures.posterior import plot_posterior
from meta.figures.prisma_flow import Flow, plot_prisma_flow
from meta.figures.risk_of_bias import plot_risk_of_bias_summary, plot_traffic_light
from meta.synthesis.bias.trim_and_fill import trim_and_fill


def line(panel: Axes, gid: str) -> np.ndarray:
    (found,) = [item for item in panel.lines if item.get_gid() == gid]
    return np.asarray(found.get_xydata())


def judgements() -> pd.DataFrame:
    rows = [
        (f"study {i}", domain, word)
        for i in range(7)
        for domain, word in zip(
            ["overall", "D2", "D1"], ["low", "high", ["some", "unclear"][i % 2]], strict=True
        )
    ]
    return pd.DataFrame(rows, columns=["study_id", "domain", "judgement"]).assign(tool="RoB2")


def flow(**changes: object) -> Flow:
    counts = {
        "found": {"PubMed": 120, "A register of trials with a long name": 14}, "duplicates": 20,
        "excluded": 80, "not_retrieved": 3,
        "reasons": {"not randomised": 12, "no outcome of mood, anxiety or sleep at all": 11},
        "reports": 8, "studies": 7, "silent": 2,
    }  # fmt: skip
    return Flow(**(counts | changes))


def regression() -> Any:
    latitude = [44, 55, 42, 52, 13, 44, 19, 13, 27, 42, 18, 33, 33]
    return meta.meta_regression(bcg(latitude=latitude), "latitude")


def votes() -> Any:
    words = ["treated"] * 4 + ["control", "none"] + ["neither"] * 3
    return meta.direction_vote(words, labels=[f"A trial with a name {i}" for i in range(9)])


def p_values() -> Any:
    return meta.albatross(
        [0.02, 0.55, "<0.001", ">0.05"], [90, 64, 126, 50], ["treated", "control", "treated", 1],
        labels=["A 2017", "B 2018", "C 2019", "D 2020"],
    )  # fmt: skip


FIGURES: dict[str, Callable[[Axes | None], Figure]] = {
    "plot_funnel": lambda ax: plot_funnel(
        meta.pool(bcg()), ax, filled=trim_and_fill(meta.pool(bcg(), model="common")),
        egger=meta.egger(meta.pool(bcg()), "sei"), title="BCG",
    ),
    "claim": lambda ax: plot_claim(meta.pool(bcg()), 0.2, ax, title="Four of five", mid=0.9),
    "leave_one_out": lambda ax: plot_leave_one_out(meta.pool(bcg()), ax),
    "cumulative": lambda ax: plot_cumulative(meta.pool(bcg()), ax, order=list(range(13))),
    "baujat": lambda ax: plot_baujat(meta.pool(bcg()), ax),
    "gosh": lambda ax: meta.plot_gosh(meta.gosh(meta.pool(bcg())), ax, title="BCG"),
    "plot_drapery": lambda ax: plot_drapery(meta.pool(bcg()), ax),
    "plot_bubble": lambda ax: plot_bubble(regression(), "latitude", ax, label="Latitude, degrees"),
    "plot_traffic_light": lambda ax: plot_traffic_light(judgements(), ax, title="Risk of bias"),
    "plot_risk_of_bias_summary": lambda ax: plot_risk_of_bias_summary(judgements(), ax),
    "prisma": lambda ax: plot_prisma_flow(flow(), ax),
    "albatross": lambda ax: plot_albatross(p_values(), ax),
    "plot_harvest": lambda ax: plot_harvest(votes(), ax, strong=["A trial with a name 0"]),
    "plot_posterior": lambda ax: plot_posterior(meta.bayes([-0.5, -0.1], [0.04, 0.09]), ax),
}  # fmt: skip


@pytest.mark.parametrize("name", FIGURES)
def test_every_figure_is_readable_described_and_leaves_settings_alone(name: str) -> None:
    before = dict(mpl.rcParams)
    figure = FIGURES[name](None)
    assert dict(mpl.rcParams) == before
    assert_readable(figure)
    assert len(drawing.alt_text(figure)) > 40


@pytest.mark.parametrize("name", FIGURES)
def test_every_figure_draws_into_given_axes(name: str) -> None:
    figure = Figure(figsize=(14, 9))
    axes = figure.subplots()
    before = axes.get_position().bounds
    assert FIGURES[name](axes) is figure
    assert axes.get_position().bounds == before
    assert drawing.alt_text(axes)
    with pytest.raises(DataError, match="larger axes"):
        FIGURES[name](Figure(figsize=(0.9, 0.7)).subplots())


@pytest.mark.parametrize("name", FIGURES)
def test_every_figure_gives_the_table_of_what_is_drawn(name: str, tmp_path: Path) -> None:
    figure = FIGURES[name](None)
    data = meta.figure_data(figure)
    assert len(data)
    assert data.columns[0] == "what"
    assert data["what"].notna().all()
    pd.testing.assert_frame_equal(figure.to_frame(), data)  # type: ignore[attr-defined]
    written = pd.read_csv(meta.save_figure(figure, tmp_path / "x.csv"))
    assert list(written) == list(data)
    numbers = [name for name in data if data[name].dtype.kind == "f"]
    # ten digits are written
    np.testing.assert_allclose(
        written[numbers].to_numpy(float), data[numbers].to_numpy(float), rtol=1e-9
    )


def test_data_of_rows_are_on_the_readers_scale() -> None:
    fit = meta.pool(bcg())
    data = meta.figure_data(meta.plot_forest(fit, mid=0.9))
    studies = data[data["what"] == "study"]
    assert list(studies["label"]) == list(fit.effects.labels)
    assert studies["estimate"].to_numpy(float) == pytest.approx(np.exp(fit.effects.yi))
    (total,) = data[data["what"] == "total"].to_dict("records")
    ends = [total[name] for name in ("estimate", "ci_low", "ci_high")]
    assert ends == pytest.approx(np.exp([fit.estimate, fit.ci_low, fit.ci_high]))
    lines = data[data["what"] == "reference"].set_index("label")["estimate"]
    assert lines["no effect"] == pytest.approx(1)
    assert lines["smallest important 0.9"] == pytest.approx(0.9)


def test_data_of_groups_arms_and_lights_stand_in_columns() -> None:
    groups = meta.subgroups(meta.pool(bcg(half=["a"] * 6 + ["b"] * 7)), by="half")
    data = meta.figure_data(meta.plot_forest(groups))
    assert list(data.loc[data["what"] == "study", "group"]) == ["a"] * 6 + ["b"] * 7
    assert {"events_t", "n_t", "events_c", "n_c", "weight"} <= set(data)


def test_data_of_several_panels_and_of_foreign_figures(tmp_path: Path) -> None:
    both = Figure(figsize=(24, 9))
    left, right = both.subplots(1, 2)
    fit = meta.pool(bcg())
    meta.plot_forest(fit, left)
    plot_funnel(fit, right)
    data = meta.figure_data(both)
    assert list(data["panel"].unique()) == [1, 2]
    assert len(meta.figure_data(right)) == 14
    with pytest.raises(DataError, match="there is no data"):
        meta.figure_data(Figure())


def test_a_label_is_no_formula_in_a_spreadsheet(tmp_path: Path) -> None:
    fit = meta.pool([-0.5, -0.1], [0.04, 0.09], labels=["=1+1", "B"], measure="SMD")
    text = meta.save_figure(meta.plot_forest(fit), tmp_path / "x.csv").read_text()
    assert "'=1+1" in text


@pytest.mark.parametrize("name", ["plot_bubble", "plot_funnel", "plot_risk_of_bias_summary"])
def test_files_are_the_same_every_time(name: str) -> None:
    assert drawing.svg_text(FIGURES[name](None)) == drawing.svg_text(FIGURES[name](None))


def test_funnel_points_are_effects_and_standard_errors() -> None:
    fit = meta.pool(bcg())
    filled = trim_and_fill(meta.pool(bcg(), model="common"))
    panel = panel_of(plot_funnel(fit, filled=filled))
    assert line(panel, "studies") == pytest.approx(
        np.column_stack([fit.effects.yi, fit.effects.sei])
    )
    mirrored = filled.filled
    assert line(panel, "filled") == pytest.approx(
        np.column_stack([mirrored["yi"], np.sqrt(mirrored["vi"])])
    )
    assert panel.yaxis.get_inverted()


def test_egger_line_is_the_regression_and_needs_its_predictor() -> None:
    fit = meta.pool(bcg())
    egger = meta.egger(fit, "sei")
    (top, bottom) = line(panel_of(plot_funnel(fit, egger=egger)), "egger")
    assert top == pytest.approx([egger.limit, 0])
    assert bottom[0] == pytest.approx(egger.limit + egger.slope * bottom[1])
    with pytest.raises(DataError, match="give both the same"):
        plot_funnel(fit, egger=egger, predictor="sqrt_inverse_n")
    with pytest.raises(DataError, match="predictor='n'"):
        plot_funnel(fit, predictor="n")
    table = fit.effects.table
    expected = np.sqrt(1 / table["n_t"] + 1 / table["n_c"])
    points = line(panel_of(plot_funnel(fit, predictor="sqrt_inverse_n")), "studies")
    assert points[:, 1] == pytest.approx(expected)


def test_few_studies_in_a_funnel_are_not_read() -> None:
    texts = " ".join(text for text, _ in boxes(plot_funnel(meta.pool([1.0, 2.0], [1.0, 2.0]))))
    assert "not informative" in texts.replace("\u00a0", " ")


def test_claim_stands_on_its_own_figure_and_the_sentence_is_true() -> None:
    fit = meta.pool(bcg())
    figure = plot_claim(fit, 0.2, claimed_low=0.1, claimed_high=0.25)
    panel = panel_of(figure)
    claim = next(item for item in panel.lines if item.get_gid() == "estimate")
    assert claim.get_xdata()[0] == pytest.approx(np.log(0.2))
    span = next(item for item in panel.lines if item.get_gid() == "interval")
    assert np.exp(span.get_xdata()) == pytest.approx([0.1, 0.25])
    (diamond,) = [p for p in panel.patches if isinstance(p, Polygon)]
    assert diamond.get_xy()[0, 0] == pytest.approx(fit.ci_low)
    said = drawing.alt_text(figure)
    assert "outside the interval of the pooled effect but inside the prediction" in said
    assert "inside the interval of the pooled effect" in drawing.alt_text(plot_claim(fit, 0.5))
    assert "and outside the prediction interval" in drawing.alt_text(plot_claim(fit, 0.05))


def test_an_interval_that_holds_the_claim_and_no_effect_is_said_to_hold_both() -> None:
    wide = meta.pool([-9.0, 3.0, -4.0], [25.0, 16.0, 30.0], measure="PC")
    assert (
        "The interval of the pooled effect holds both the claimed 5 and no effect, and so does "
        "the prediction interval: they cannot tell the two apart."
        in drawing.alt_text(plot_claim(wide, -5))
    )
    one = meta.pool([-4.0], [16.0], measure="PC")
    assert (
        "The interval of the one trial holds both the claimed 5 and no effect: it cannot tell "
        "the two apart." in drawing.alt_text(plot_claim(one, -5))
    )
    bare = meta.pool([-4.0], [1.0], measure="PC")
    said = drawing.alt_text(plot_claim(bare, -5))
    assert "The claimed 5 lies inside the interval of the one trial." in said
    spread = meta.pool(bcg())
    assert spread.ci_high < 0 < spread.pi_high
    assert "inside the prediction interval, which holds no effect too." in drawing.alt_text(
        plot_claim(spread, 0.2)
    )


def test_the_key_of_a_harvest_says_what_is_bold() -> None:
    names = ["A trial with a name 0"]
    marked = plot_harvest(votes(), strong=names)
    assert "bold: marked trials" in [text for text, _ in boxes(marked)]
    named = plot_harvest(votes(), strong=names, strong_label="prints figures")
    assert "bold: prints figures" in [text for text, _ in boxes(named)]


@pytest.mark.parametrize("name", ["plot_drapery", "plot_albatross", "plot_forest"])
def test_long_bold_titles_stay_on_the_page(name: str) -> None:
    title = "Wide words in a MAGNIFICENTLY WORDED title " * 6
    drawn = {
        "plot_drapery": lambda: plot_drapery(meta.pool(bcg()), title=title),
        "plot_albatross": lambda: plot_albatross(p_values(), title=title),
        "plot_forest": lambda: meta.plot_forest(meta.pool(bcg()), title=title),
    }
    assert_readable(drawn[name]())


@pytest.mark.parametrize(
    ("name", "way"),
    [
        ("plot_forest", "meta.pool(effects)"),
        ("plot_claim", "meta.pool(effects)"),
        ("plot_funnel", "meta.pool(effects)"),
        ("plot_drapery", "meta.pool(effects)"),
        ("plot_leave_one_out", "meta.pool(effects)"),
        ("plot_cumulative", "meta.pool(effects)"),
        ("plot_baujat", "meta.pool(effects)"),
        ("plot_influence", "meta.pool(effects)"),
        ("plot_bubble", "meta.meta_regression(effects, formula)"),
        ("plot_posterior", "meta.bayes(effects)"),
        ("plot_albatross", "meta.albatross(...)"),
        ("plot_harvest", "meta.direction_vote(...)"),
        ("plot_prisma_flow", "meta.effects(rows)"),
        ("plot_traffic_light", "a data frame"),
        ("plot_risk_of_bias_summary", "a data frame"),
    ],
)
def test_what_is_no_answer_is_refused_with_the_way_to_one(name: str, way: str) -> None:
    more = {"plot_claim": (-28,), "plot_bubble": ("ablat",)}.get(name, ())
    for given in (bcg(), 3):
        if name == "plot_prisma_flow" and given != 3:
            continue
        with pytest.raises(DataError) as caught:
            getattr(meta, name)(given, *more)
        (fault,) = caught.value.faults
        assert shown(given) in fault
        assert way in fault


def test_claimed_fall_stands_beside_both_arms() -> None:
    fit = meta.pool([-8.0, -3.0], [9.0, 16.0], measure="PC")
    arms = pd.DataFrame(
        {"label": ["Magnesium", "Placebo"], "estimate": [-28.0, -21.0], "ci_low": [-33.0, np.nan]}
    ).assign(ci_high=[-23.0, np.nan])
    figure = plot_claim(fit, -28, arms=arms)
    at = [item.get_xdata()[0] for item in panel_of(figure).lines if item.get_gid() == "estimate"][
        :3
    ]
    # falls are positive
    assert at == [28, 28, 21]
    assert "the effect is the difference between the arms" in drawing.alt_text(figure)
    assert_readable(figure)


def test_a_claimed_fall_is_a_positive_number_everywhere() -> None:
    falls = meta.Effects.from_arrays([-8.0, -3.0, -5.0], [9.0, 16.0, 9.0], None, "PC", True)
    fit = meta.pool(falls)
    figure = plot_claim(fit, -28, mid=-10)
    data = meta.figure_data(figure)
    assert data.loc[data["what"] == "claim", "estimate"].item() == 28
    (total,) = data[data["what"] == "total"].to_dict("records")
    ends = [total["estimate"], total["ci_low"], total["ci_high"]]
    assert ends == pytest.approx([-fit.estimate, -fit.ci_high, -fit.ci_low])
    assert 10 in list(data.loc[data["what"] == "reference", "estimate"])
    texts = [text for text, _ in boxes(figure)]
    assert "28" in texts
    assert "Fall, percent" in texts
    sides = [text for text in texts if "favours" in text]
    assert "control" in sides[0]
    assert "treatment" in sides[-1]


def test_impossible_claims_are_refused_together() -> None:
    fit = meta.pool(bcg())
    with pytest.raises(DataError) as caught:
        plot_claim(fit, np.nan, mid=np.inf)
    assert len(caught.value.faults) == 2
    with pytest.raises(DataError, match="does not hold the claimed"):
        plot_claim(fit, 0.2, claimed_low=0.3, claimed_high=0.4)
    with pytest.raises(DataError, match="xlim"):
        plot_claim(fit, 0.2, xlim=(2, 1))


def test_claim_beside_one_trial_is_not_called_pooled() -> None:
    text = drawing.alt_text(plot_claim(meta.pool([-0.3], [0.02], measure="SMD"), -0.9))
    assert "outside the interval of the one trial." in text


def test_leave_one_out_and_cumulative_show_their_tables() -> None:
    fit = meta.pool(bcg())
    for figure, table in (
        (plot_leave_one_out(fit), meta.leave_one_out(fit).table),
        (plot_cumulative(fit, order=list(range(13))), meta.cumulative(fit, list(range(13))).table),
    ):
        squares = [item for item in panel_of(figure).lines if item.get_gid() == "estimate"]
        assert [s.get_xdata()[0] for s in squares] == pytest.approx(table["estimate"])
    with pytest.raises(TooFewStudies):
        plot_leave_one_out(meta.pool([1.0], [1.0]))


def test_baujat_and_bubble_points_are_the_numbers() -> None:
    fit = meta.pool(bcg())
    table = meta.baujat(fit)
    assert line(panel_of(plot_baujat(fit)), "studies") == pytest.approx(
        table[["q_contribution", "influence"]].to_numpy()
    )
    answer = regression()
    panel = panel_of(plot_bubble(answer, "latitude"))
    (points,) = [c for c in panel.collections if c.get_gid() == "studies"]
    assert np.asarray(points.get_offsets()) == pytest.approx(
        answer.effects.table[["latitude", "yi"]].to_numpy(dtype=float)
    )
    drawn = line(panel, "line")
    slope = answer.coefficients["estimate"].iloc[1]
    assert np.polyfit(drawn[:, 0], drawn[:, 1], 1)[0] == pytest.approx(slope)
    with pytest.raises(DataError, match="'nothing' is no numeric column"):
        plot_bubble(answer, "nothing")


def test_influence_is_readable_for_any_number_of_studies() -> None:
    for k in (3, 40):
        figure = plot_influence(meta.pool(many(k)))
        assert_readable(figure)
        assert len(figure.axes[0].child_axes[0].child_axes) == 6


def test_drapery_curves_cut_the_interval_at_its_level() -> None:
    fit = meta.pool(bcg())
    curve = line(panel_of(plot_drapery(fit)), "pooled")
    inside = curve[curve[:, 1] >= 0.05, 0]
    # the curve is a grid of 801 values
    step = float(np.diff(curve[:, 0]).max())
    assert inside.min() == pytest.approx(fit.ci_low, abs=step)
    assert inside.max() == pytest.approx(fit.ci_high, abs=step)
    top = curve[curve[:, 1].argmax()]
    assert top == pytest.approx([fit.estimate, 1.0])


def test_traffic_light_shows_each_judgement_once_and_never_mixes_tools() -> None:
    table = judgements()
    panel = panel_of(plot_traffic_light(table))
    lights = [str(item.get_gid()) for item in panel.lines if "light" in str(item.get_gid())]
    assert len(lights) == len(table)
    mixed = pd.concat([table, table.assign(tool="RoB 1")])
    for draw in (plot_traffic_light, plot_risk_of_bias_summary):
        with pytest.raises(DataError, match="2 tools in one panel"):
            draw(mixed)
        with pytest.raises(DataError, match="no rows"):
            draw(table.iloc[:0])
    wrong = table.assign(judgement=["fine", *table["judgement"][1:]])
    with pytest.raises(DataError, match="'fine' is no judgement that is known"):
        plot_traffic_light(wrong)
    against = pd.concat([table, table.iloc[[0]].assign(judgement="high")])
    with pytest.raises(DataError, match="'high', but line 1 says 'low' of the same study"):
        plot_traffic_light(against)
    with pytest.raises(DataError, match="no domain is recognised"):
        plot_traffic_light(table[["study_id", "tool"]])


@pytest.mark.parametrize(
    ("tool", "levels", "first"),
    [
        ("ROBINS-I", ["low", "moderate", "serious", "critical"], "confounding"),
        ("ROBINS-E", ["low", "some", "high", "very high"], "confounding"),
        ("QUADAS-2", ["low", "unclear", "high"], "patient selection"),
        ("QUIPS", ["low", "moderate", "high"], "study participation"),
        ("PROBAST", ["low", "unclear", "high"], "participants"),
        ("RoB2", ["low", "some", "high"], "randomisation process"),
    ],
)
def test_each_tool_has_its_own_domains_words_and_colours(
    tool: str, levels: list[str], first: str
) -> None:
    known = tools()[tool]
    assert list(known.levels) == levels
    words = [*levels, "no information"]
    table = pd.DataFrame(
        [(f"study {i}", domain, words[(i + j) % len(words)])
         for i in range(len(words)) for j, domain in enumerate([*known.domains, "overall"])],
        columns=["study_id", "domain", "judgement"],
    ).assign(tool=tool)  # fmt: skip
    wide = table.pivot_table("judgement", "study_id", "domain", "first").reset_index()
    for given in (table, wide.assign(tool=tool)):
        figure = plot_traffic_light(given)
        there = {str(m.get_gid()) for m in panel_of(figure).lines} - {"None"}
        assert there >= {f"light-{word}" for word in words}
        said = " ".join(text for text, _ in boxes(figure)).replace("\u00a0", " ")
        assert f"A {first}" in said
        for word in words:
            assert LIGHTS[word].words in said
        assert_readable(figure)
    # no tool uses a sign or a hatching twice
    assert len({LIGHTS[word].symbol for word in words}) == len(words)
    assert len({LIGHTS[word].hatch for word in words}) == len(words)
    bars = plot_risk_of_bias_summary(table)
    assert f"Judged with {known.name}." in [text for text, _ in boxes(bars)]
    assert_readable(bars)


@pytest.mark.parametrize("measure", ["ZCOR", "PLO", "PAS", "PR", "OR", "MD"])
def test_ticks_of_every_chart_stand_where_their_values_are(measure: str) -> None:
    """A tick named 0.5 stands at 0.5 on the reader's scale, whatever scale the axis runs on."""
    yi = {"PR": [0.2, 0.35, 0.3, 0.6], "PAS": [0.4, 0.6, 0.5, 0.9]}.get(measure, [0.1, 0.9, 0.5, 2])
    effects = meta.Effects.from_arrays(
        yi, [0.002, 0.003, 0.002, 0.004], list("ABCD"), measure, x=[1, 2, 3, 4]
    )
    fit = meta.pool(effects)
    to_reader = fit.scale.to_reader
    drawn: list[tuple[Figure, str, bool]] = [
        (plot_funnel(fit), "x", True), (plot_drapery(fit), "x", True),
        (plot_bubble(meta.meta_regression(effects, "x"), "x"), "y", True),
        (plot_posterior(meta.bayes(effects)), "x", True),
        (meta.plot_gosh(meta.gosh(fit)), "x", fit.scale.log),
        (meta.plot_forest(fit), "x", fit.scale.log),
    ]  # fmt: skip
    for figure, axis, computed in drawn:
        panel = panel_of(figure)
        at = panel.get_xticks() if axis == "x" else panel.get_yticks()
        texts = panel.get_xticklabels() if axis == "x" else panel.get_yticklabels()
        values = [float(text.get_text().replace("−", "-")) for text in texts]
        places = to_reader(np.asarray(at)) if computed else np.asarray(at)
        assert len(values) >= 2
        assert places == pytest.approx(values, rel=0.01, abs=1e-6)


def test_what_is_not_applicable_has_no_sign_and_is_counted(tmp_path: Path) -> None:
    file = tmp_path / "rob.csv"
    file.write_text("study,D1,D1b,D2,Overall\nA,Low,Not applicable,NI,High\nB,Low,Low,+,Low\n")
    lights = {str(m.get_gid()) for m in panel_of(plot_traffic_light(file)).lines}
    assert "light-no information" in lights
    assert "light-not applicable" not in lights
    text = drawing.alt_text(plot_risk_of_bias_summary(file))
    assert "1 low risk, 1 not applicable" in text
    assert "not judged" not in text


def test_summary_bars_count_studies() -> None:
    panel = panel_of(plot_risk_of_bias_summary(judgements()))
    widths = {str(p.get_gid()): p.get_width() for p in panel.patches}
    assert widths["D1-some"] == 4
    assert widths["D1-unclear"] == 3
    assert widths["D2-high"] == widths["overall-low"] == 7
    assert [t.get_text() for t in panel.get_yticklabels()][-1] == "Overall"


def test_flow_must_add_up() -> None:
    assert flow().assessed == 31
    with pytest.raises(DataError) as caught:
        plot_prisma_flow(flow(reports=9, studies=12, silent=13, excluded=-1))
    assert len(caught.value.faults) == 4
    with pytest.raises(DataError, match="found is empty"):
        plot_prisma_flow(flow(found={}))


def test_albatross_points_are_p_values_and_people_on_their_side() -> None:
    answer = p_values()
    panel = panel_of(plot_albatross(answer))
    assert line(panel, "points") == pytest.approx(
        np.array([[-np.log10(0.02), 90], [np.log10(0.55), 64]])
    )
    assert line(panel, "bounds") == pytest.approx(np.array([[3.0, 126]]))


def test_harvest_has_one_tile_a_trial() -> None:
    panel = panel_of(plot_harvest(votes()))
    tiles = [str(p.get_gid()) for p in panel.patches]
    assert tiles.count("tile-treated") == 4
    assert tiles.count("tile-silent") == 3
    assert tiles.count("tile-control") == tiles.count("tile-none") == 1


def test_posterior_curve_is_the_density() -> None:
    fit = meta.bayes([-0.5, -0.1, -0.4], [0.04, 0.09, 0.06])
    density = fit.density("mu")
    assert line(panel_of(plot_posterior(fit)), "mu") == pytest.approx(
        density[["x", "density"]].to_numpy()
    )


def test_fits_with_an_endless_interval_still_have_a_claim_plot() -> None:
    fit = replace(meta.pool([-0.3, -0.2], [0.02, 0.02]), ci_low=-np.inf, ci_high=np.inf)
    assert_readable(plot_claim(fit, -0.9))


def test_arms_of_a_claim_plot_are_told_apart_and_have_a_key() -> None:
    fit = meta.pool([-8.0, -3.0], [9.0, 16.0], measure="PC")
    arms = pd.DataFrame({"label": ["A 2017", "A 2017"], "estimate": [-28.0, -21.0]})
    said = arms.assign(arm=["treated", "control"])
    named = arms.assign(label=["A 2017, treatment", "A 2017, control"])
    for given in (said, named):
        figure = plot_claim(fit, -28, arms=given)
        marks = [m for m in panel_of(figure).lines if m.get_gid() == "estimate"][1:3]
        assert [m.get_markerfacecolor() for m in marks] == [theme.STUDY, theme.GROUND]
        texts = [text for text, _ in boxes(figure)]
        assert {"A 2017, treatment", "A 2017, control", "Treatment arm.", "Control arm."} <= set(
            texts
        )
        samples = [m for m in figure.axes[0].lines if m.get_marker() == "o"]
        assert [m.get_markerfacecolor() for m in samples] == [theme.STUDY, theme.GROUND]
        assert_readable(figure)
    with pytest.raises(DataError, match="arm is 'both'; needed: treated or control"):
        plot_claim(fit, -28, arms=arms.assign(arm=["treated", "both"]))
    plain = [text for text, _ in boxes(plot_claim(fit, -28, arms=arms))]
    assert "Control arm." not in plain


def test_percent_changes_are_drawn_as_both_arms_as_they_come() -> None:
    changes = meta.percent_change(
        base_mean_t=[26.9, 20.0], base_sd_t=[7.1, 6.0], mean_t=[11.26, 10.0], sd_t=[6.9, 5.0],
        n_t=[26, 30], base_mean_c=[25.6, 20.0], base_sd_c=[6.1, 6.0], mean_c=[15.2, 15.0],
        sd_c=[9.3, 5.0], n_c=[27, 30],
    ).assign(label=["A 2017", "B 2020"], index=[7, 7]).set_index("index")  # fmt: skip
    fit = meta.pool(changes["net"].to_numpy(), changes["net_se"].to_numpy() ** 2, measure="PC")
    figure = plot_claim(fit, -28, arms=changes)
    marks = [item for item in panel_of(figure).lines if item.get_gid() == "estimate"][1:5]
    expected = changes[["percent_t", "percent_c"]].to_numpy().ravel()
    assert [float(mark.get_xdata()[0]) for mark in marks] == pytest.approx(-expected)
    texts = [text for text, _ in boxes(figure) if text.endswith((", treatment", ", control"))]
    assert texts == ["A 2017, treatment", "A 2017, control", "B 2020, treatment", "B 2020, control"]
    with pytest.raises(DataError, match="B 2020: the change of the control arm is missing"):
        plot_claim(fit, -28, arms=changes.assign(percent_c=[-40.0, np.nan]))


def test_names_of_studies_may_come_as_a_series() -> None:
    names = pd.Series({"study 0": "Tarleton 2017"})
    texts = [text for text, _ in boxes(plot_traffic_light(judgements(), labels=names))]
    assert "Tarleton 2017" in texts
    assert "study 1" in texts


def test_domains_that_were_not_judged_are_drawn_as_such() -> None:
    table = judgements().drop(index=[0, 1])
    figure = plot_risk_of_bias_summary(table)
    widths = {str(p.get_gid()): p.get_width() for p in panel_of(figure).patches}
    assert widths["overall-none"] == widths["D2-none"] == 1
    assert "D1-none" not in widths
    assert "not judged" in [text for text, _ in boxes(figure)]
    assert "1 not judged" in drawing.alt_text(figure)


def test_results_flow_into_effects_with_their_reasons() -> None:
    effects = meta.Effects.from_arrays([0.1, 0.2, 0.3], [0.1] * 3)
    reasons = ["only a direction", "only a direction", "a p-value without its direction"]
    effects = replace(
        effects,
        excluded=pd.DataFrame({"study_id": ["x", "y", "z"], "reason": reasons}),
        rejected=pd.DataFrame({"study_id": ["study 1"], "reason": ["counts once"]}),
    )
    figure = plot_prisma_flow(effects, title="Mood")
    texts = [text for text, _ in boxes(figure)]
    heads = {text.replace("\u00a0", " ") for text in texts}
    said = {"Results entered: 7", "Results with an effect: 4", "Trials in the analysis: 3"}
    assert said <= heads
    assert "only a direction:\u00a02" in texts
    assert not [text for text in texts if "creened" in text or "ecords" in text]
    assert drawing.alt_text(figure).startswith(
        "Mood. From results to effects. 7 results entered; 4"
    )
    assert_readable(figure)


def test_keys_name_only_what_is_drawn_and_every_line() -> None:
    def texts(figure: Figure) -> str:
        return " ".join(text for text, _ in boxes(figure)).replace("\u00a0", " ")

    calm = meta.pool([0.1, 0.11, 0.12, 0.1], [0.1] * 4)
    marked = meta.influence(calm)["influential"].any()
    assert ("No study is influential" in texts(plot_influence(calm))) == (not marked)
    fit = meta.pool(bcg())
    for figure in (plot_drapery(fit), plot_funnel(fit), plot_posterior(meta.bayes(fit))):
        assert "no effect" in texts(figure)
    mirrored = texts(plot_funnel(fit, filled=trim_and_fill(meta.pool(bcg(), model="common"))))
    assert "(common effect). They are no data." in mirrored
    bounds = meta.albatross(["<0.05"], [50], ["treated"])
    assert "result" not in [text for text, _ in boxes(plot_albatross(bounds))]


def test_names_in_a_bubble_plot_keep_off_the_bubbles() -> None:
    x = [1.0, 1.0, 2.0, 3.0]
    effects = meta.Effects.from_arrays(
        [0.1, 0.1, 0.2, 0.4], [0.01, 0.2, 0.05, 0.03], ["Large", "Inside", "B", "C"], x=x
    )
    figure = plot_bubble(meta.meta_regression(effects, "x"), "x")
    found = {text: box for text, box in boxes(figure) if text in {"Large", "Inside", "B", "C"}}
    assert len(found) == 4
    panel = panel_of(figure)
    (dots,) = [c for c in panel.collections if c.get_gid() == "studies"]
    with theme.house():
        figure.draw_without_rendering()
        centres = panel.transData.transform(np.asarray(dots.get_offsets()))
    radii = np.sqrt(dots.get_sizes()) / 2 * figure.dpi / 72
    for x0, y0, x1, y1 in found.values():
        for (cx, cy), radius in zip(centres, radii, strict=True):
            gap = np.hypot(max(x0 - cx, cx - x1, 0), max(y0 - cy, cy - y1, 0))
            # boxes hold the room of accents and descenders
            assert gap >= radius - 3


def test_an_axis_of_fishers_z_has_correlations_at_its_ticks() -> None:
    fit = meta.pool(np.arctanh([0.2, 0.5, 0.97, 0.35, -0.1]), [0.02] * 5, measure="ZCOR")
    for figure in (plot_funnel(fit), plot_drapery(fit), plot_posterior(meta.bayes(fit))):
        panel = panel_of(figure)
        assert panel.get_xlabel() == "Correlation (Fisher's z scale)"
        places = panel.get_xticks()
        shown = [float(t.get_text().replace("−", "-")) for t in panel.get_xticklabels()]
        assert shown == pytest.approx(np.tanh(places))
        assert 0.0 in shown
        assert len(shown) >= 4


RARE = {"events": [11, 22, 4, 1, 1], "n": [217154, 16557, 676, 44, 29]}


@pytest.mark.parametrize("door", ["effect_size", "from_table"])
def test_double_arcsines_are_drawn_as_the_shares_that_they_come_from(door) -> None:
    if door == "effect_size":
        fit = meta.pool(meta.effect_size("PFT", **RARE))
    else:
        fit = meta.pool(meta.Effects.from_table(pd.DataFrame(RARE), "PFT"))
    shares = np.divide(RARE["events"], RARE["n"])
    for figure in (meta.plot_forest(fit), meta.plot_funnel(fit), meta.plot_drapery(fit)):
        drawn = meta.figure_data(figure)
        studies = drawn.loc[drawn["what"] == "study", "estimate"]
        np.testing.assert_allclose(studies.astype(float), shares, rtol=1e-6)
    total = meta.figure_data(meta.plot_forest(fit)).set_index("what").loc["total"]
    # metafor 3.8, transf.ipft.hm: 0.00065 (0 to 0.0204)
    np.testing.assert_allclose(
        total[["estimate", "ci_low", "ci_high"]].astype(float), [0.00065, 0, 0.0204], atol=5e-5
    )


def test_the_interval_of_a_single_diamond_is_on_its_axis() -> None:
    fit = meta.pool(meta.effect_size("PLO", **RARE))
    figure = meta.plot_intervals({"all": fit})
    (axis,) = [axis for host in figure.axes for axis in host.child_axes if axis.get_xticks().size]
    low, high = axis.get_xlim()
    assert -0.01 < low < 0.0001
    assert 0.0718 < high < 0.08
