"""Do files say what they show, and are they the same every time?"""

from __future__ import annotations

import base64
import io
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

import meta
from meta.errors import DataError
from meta.figures import drawing, theme
from meta.figures.axis import robust_limits, ticks
from meta.figures.forest import plot_forest

SVG = "{http://www.w3.org/2000/svg}"


def fit() -> meta.Pooled:
    return meta.pool([-0.5, -0.1, -0.4], [0.04, 0.09, 0.06], measure="SMD")


@pytest.mark.parametrize("ending", ["svg", "png", "pdf"])
def test_two_drawings_give_the_same_bytes(tmp_path: Path, ending: str) -> None:
    one = drawing.save_figure(plot_forest(fit()), tmp_path / "a" / f"x.{ending}").read_bytes()
    two = drawing.save_figure(plot_forest(fit()), tmp_path / "b" / f"x.{ending}").read_bytes()
    assert one == two


def test_svg_is_an_image_with_title_and_description(tmp_path: Path) -> None:
    figure = plot_forest(fit(), title="Mood")
    root = ET.parse(drawing.save_figure(figure, tmp_path / "x.svg")).getroot()
    assert root.get("role") == "img"
    title, desc = root.find(f"{SVG}title"), root.find(f"{SVG}desc")
    assert title is not None
    assert desc is not None
    assert root.get("aria-labelledby") == f"{title.get('id')} {desc.get('id')}"
    assert title.text == "Mood"
    assert desc.text == figure.alt_text()


def test_identifiers_of_two_files_do_not_meet_and_all_references_resolve(tmp_path: Path) -> None:
    found = []
    for name in ("x", "y"):
        text = drawing.save_figure(plot_forest(fit()), tmp_path / f"{name}.svg").read_text()
        root = ET.fromstring(text)
        ids = [str(e.get("id")) for e in root.iter() if e.get("id")]
        assert len(ids) == len(set(ids))
        found.append(set(ids))
        for element in root.iter():
            href = element.get("href")
            assert href is None or href[1:] in found[-1]
        assert len(root.findall(f".//{SVG}use")) > 100
        assert "http://www.w3.org/Graphics" not in text  # no document type to fetch
    assert not found[0] & found[1]


def test_unknown_ending_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"use \.svg, \.png, \.pdf or \.csv"):
        drawing.save_figure(plot_forest(fit()), tmp_path / "x.jpg")


def test_a_foreign_figure_has_no_description() -> None:
    with pytest.raises(DataError, match="no description"):
        drawing.alt_text(Figure())


def test_notebooks_get_svg_and_alt_text(monkeypatch: pytest.MonkeyPatch) -> None:
    figure = plot_forest(fit())
    assert "image/png" not in figure._repr_mimebundle_()[0]  # type: ignore[attr-defined]
    monkeypatch.setenv("META_FOR_A_SITE", "1")
    data, metadata = figure._repr_mimebundle_(include=None, exclude=None)  # type: ignore[attr-defined]
    assert data["image/svg+xml"].startswith("<svg")
    assert metadata["image/svg+xml"]["alt"] == data["text/plain"] == figure.alt_text()  # type: ignore[attr-defined]
    # what a page offers for download, the same bytes every time
    assert base64.b64decode(data["image/png"]).startswith(b"\x89PNG")
    assert data["image/png"] == figure._repr_mimebundle_()[0]["image/png"]  # type: ignore[attr-defined]
    rows = pd.read_csv(io.StringIO(data["text/csv"]))
    assert list(rows["label"])[:2] == list(drawing.figure_data(figure)["label"])[:2]


def test_drawing_needs_no_pyplot_and_meta_no_matplotlib() -> None:
    code = (
        "import sys, meta; assert 'matplotlib' not in sys.modules;"
        "import meta.figures.forest, meta.figures.drawing as drawing;"
        "drawing.new_figure(9, 9).canvas.draw();"
        "assert not {'matplotlib.pyplot', 'pymare', 'statsmodels'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_wrapping_keeps_every_character_and_the_width() -> None:
    text = "a short word and " + "x" * 200 + " p = 0.02 end"
    lines = theme.wrap(text, 120)
    joined = "".join(lines).replace("\u00a0", "").replace(" ", "")
    assert joined == text.replace(" ", "")
    assert max(theme.text_width(line) for line in lines) <= 120
    assert any("p\u00a0=\u00a00.02" in line for line in lines)


def test_limits_show_every_estimate_and_what_must_be_seen() -> None:
    low, high = robust_limits([0.0, 5.0], [-1.0, 4.0], [1.0, 6.0], must_show=[-7.0])
    assert low < -7
    assert high > 6
    assert robust_limits([], [], []) == (-1.0, 1.0)
    low, high = robust_limits([2.0], [2.0], [2.0])
    assert low < 2 < high


@pytest.mark.parametrize(
    "limits", [(-3.0, 2.0), (-0.05, 0.04), (-12.0, 9.0), (-0.4, 1.2), (5.0, 5.5)]
)
def test_ratio_ticks_are_few_and_inside(limits: tuple[float, float]) -> None:
    places, texts = ticks(fit_scale("RR"), limits)
    assert 2 <= len(places) <= 7
    assert all(limits[0] <= place <= limits[1] for place in places)
    assert len(set(texts)) == len(texts)


def test_a_short_ratio_axis_has_ticks_on_both_sides_of_no_effect() -> None:
    places, texts = ticks(fit_scale("RR"), (-0.58, 1.24))
    assert texts == ["0.7", "1", "1.5", "2", "3"]
    assert places[1] == 0


def fit_scale(measure: str) -> object:
    from meta.effect_sizes.measures import measure_of

    return measure_of(measure)


def test_files_hold_nothing_that_a_processor_adds_differently() -> None:
    """Coordinates that differ in the last bit of a double are drawn alike."""

    def drawn(noise: float) -> str:
        figure = drawing.new_figure(200, 100)
        ax = figure.add_axes((0.1, 0.1, 0.8, 0.8))
        x = np.linspace(0, 1, 7)
        ax.plot(x * (1 + noise), np.sin(x) * (1 - noise), marker="o", clip_on=True)
        return drawing.svg_text(figure)

    exact = drawn(0.0)
    assert drawn(3e-16) == exact
    assert drawn(2e-12) == exact
    assert not re.search(r"\d\.\d{4}", exact)
