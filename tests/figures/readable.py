"""Helpers of the figure tests: data to draw, and a check that texts can be read."""

from __future__ import annotations

import json
from itertools import combinations
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text

import meta
from meta.figures import theme

REFERENCE = Path(__file__).parents[2] / "validation" / "metafor"


def bcg(**columns: object) -> meta.Effects:
    data = json.loads((REFERENCE / "bcg_RR.json").read_text())
    return meta.Effects.from_arrays(
        data["yi"], data["vi"], measure="RR", lower_is_better=True, **data["arms"], **columns
    )


def many(k: int, longest: int = 60, measure: str = "SMD", **columns: object) -> meta.Effects:
    rng = np.random.default_rng(k)
    lengths = rng.integers(5, longest + 1, k)
    labels = [("Wm trial iIlj " * 6)[:n].strip() + str(i) for i, n in enumerate(lengths)]
    return meta.Effects.from_arrays(
        rng.normal(-0.3, 0.4, k), rng.uniform(0.02, 0.4, k), labels, measure, True,
        n_t=rng.integers(8, 9000, k), n_c=rng.integers(8, 9000, k), **columns,
    )  # fmt: skip


def panel_of(figure: Figure) -> Axes:
    """Return the axes with the marks: of a table of rows, those inside the table."""
    (area,) = figure.axes[0].child_axes
    inside = [axes for axes in area.child_axes if isinstance(axes, Axes)]
    return inside[0] if len(inside) == 1 else area


def boxes(figure: Figure) -> list[tuple[str, np.ndarray]]:
    with theme.house():
        figure.draw_without_rendering()
        renderer = figure.canvas.get_renderer()
        return [
            (text.get_text(), text.get_window_extent(renderer).extents)
            for text in figure.findobj(Text)
            if text.get_text().strip() and text.get_visible() and text.axes is not None
            and text.axes.get_visible()
        ]  # fmt: skip


def assert_readable(figure: Figure) -> None:
    found = boxes(figure)
    width, height = figure.bbox.width, figure.bbox.height
    for text, (x0, y0, x1, y1) in found:
        assert x0 >= 0, f"{text!r} leaves the page on the left"
        assert y0 >= 0, f"{text!r} leaves the page below"
        assert x1 <= width, f"{text!r} leaves the page on the right"
        assert y1 <= height, f"{text!r} leaves the page above"
    for (one, a), (two, b) in combinations(found, 2):
        wide = min(a[2], b[2]) - max(a[0], b[0])
        high = min(a[3], b[3]) - max(a[1], b[1])
        # boxes hold the room of accents and descenders, so half a pixel of that may meet
        assert wide <= 0.5 or high <= 0.5, f"{one!r} and {two!r} overlap"
