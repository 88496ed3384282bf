"""Can the letters of a figure be read in a column, and do its words speak to readers?"""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest
from figures.readable import bcg, boxes
from figures.test_charts import FIGURES
from matplotlib.figure import Figure

import meta
from meta.figures import drawing

# pixels: the column of a page on a small desktop screen, and the least height of letters in it
COLUMN, LEAST = 800.0, 9.0
# arguments, calls, and names of columns and files
CODE = re.compile(
    r"\b[a-z]\w*=['\"\w]|\bmeta\.[a-z]|\b[a-z]\w*\(\)|\b[a-z]+_[a-z_]+\b|\.csv\b|"
    r"\b[a-z]+\d{4}-[a-z_]+-\d"
)


def forests() -> dict[str, Figure]:
    evidence = meta.load_evidence(Path(__file__).parents[2] / "data")
    rows = evidence.primary("depression")
    effects = meta.effects(rows, "SMD")
    fit = meta.pool(effects)
    judged = evidence.risk_of_bias[evidence.risk_of_bias["tool"] == "RoB2"]
    names = effects.table["title"].fillna("A trial")
    labels = evidence.trials.set_index("study_id")["label"]
    change = meta.percent_change(rows).dropna(subset="net")
    net = meta.pool(meta.net_change(rows[rows["result_id"].isin(effects.table["result_id"])]))
    return {
        "silent": meta.plot_forest(fit, silent=effects.silent, mid=-0.3, risk_of_bias=judged),
        "groups": meta.plot_forest(fit, by="stratum"),
        "long": meta.plot_forest(
            meta.pool(meta.Effects.from_arrays(fit.effects.yi, fit.effects.vi, list(names)))
        ),
        "without": meta.plot_leave_one_out(fit),
        "claim": meta.plot_claim(net, -28, arms=change),
        "flow": meta.plot_prisma_flow(effects),
        "events": meta.plot_forest(meta.pool(bcg()), treatment="a vaccine with a longer name"),
        "lights": meta.plot_traffic_light(judged, labels=labels),
    }


@pytest.fixture(scope="module")
def drawn() -> dict[str, Figure]:
    return forests() | {name: draw(None) for name, draw in FIGURES.items()}


def test_letters_are_nine_pixels_high_in_the_column(drawn: dict[str, Figure]) -> None:
    small = []
    for name, figure in drawn.items():
        svg = drawing.svg_text(figure)
        width = float(re.search(r'width="([\d.]+)pt"', svg)[1]) * 96 / 72  # type: ignore[index]
        # letters are outlines of 100 units
        sizes = [100 * float(one) for one in re.findall(r"scale\((0\.\d+) -0\.\d+\)", svg)]
        assert sizes
        height = min(sizes) * 96 / 72 * min(1.0, COLUMN / width)
        if round(height, 2) < LEAST:
            small.append((name, round(height, 2), round(width)))
    assert small == []


def test_no_word_in_a_figure_is_code(drawn: dict[str, Figure]) -> None:
    found = {
        name: sorted({hit[0] for text in _texts(figure) for hit in CODE.finditer(text)})
        for name, figure in drawn.items()
    }
    assert {name: hits for name, hits in found.items() if hits} == {}


def _texts(figure: Figure) -> list[str]:
    return [*(text.replace("\u00a0", " ") for text, _ in boxes(figure)), drawing.alt_text(figure)]


def test_a_legend_names_only_what_is_drawn() -> None:
    judged = pd.DataFrame({"study_id": ["a", "b"], "domain": "D1", "judgement": ["low", "high"]})
    said = " ".join(_texts(meta.plot_traffic_light(judged.assign(tool="RoB2"))))
    assert "+ low risk, × high risk" in said
    assert "some concerns" not in said
    fit = meta.pool(bcg())
    claim = " ".join(_texts(meta.plot_claim(fit, 0.2)))
    assert "arm." not in claim
    assert "†" not in claim
