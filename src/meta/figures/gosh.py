"""Do the answers of all subsets of the studies make one cloud?"""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from meta.arguments import checked
from meta.errors import DataError, need
from meta.figures import theme
from meta.figures.axis import axis_name, to_axis, to_reader
from meta.figures.frame import dot, effect_axis, frame
from meta.synthesis.diagnostics.gosh import Gosh
from meta.wording import listed, number

_CELLS_ACROSS, _CELLS_UP = 90, 60
_SHADES = 6
# share of the subsets beyond each end of the axis
_TAIL = 0.0005
_WITH, _WITHOUT = theme.CLAIMED, theme.STUDY


@theme.in_house_style
@checked
def plot_gosh(
    found: Gosh, ax: Axes | None = None, *, study: str | None = None, title: str = ""
) -> Figure:
    """Draw how often subsets of the studies give which answer.

    Parameters
    ----------
    found : Gosh
        The answer of :func:`meta.gosh`.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure by default.
    study : str, optional
        Label of the study whose subsets are coloured; by default the one whose answers lie furthest
        from those of the subsets without it.
    title : str
        Heading.

    Returns
    -------
    matplotlib.figure.Figure
        See :func:`meta.plot_forest`. Across, the estimate; upwards, I2. The darker a cell, the more
        subsets lie in it; a cell is coloured where most of its subsets hold the study.

    Raises
    ------
    DataError
        If anything else is given, or no study has that label.

    References
    ----------
    olkin2012

    Examples
    --------
    >>> import meta
    >>> fit = meta.pool([-0.5, -0.1, -0.4, -1.6], [0.04, 0.09, 0.06, 0.05], labels=list("ABCD"))
    >>> meta.alt_text(meta.plot_gosh(meta.gosh(fit)))[:37]
    'Estimate and I² of 11 subsets, darker'
    """
    need("plot_gosh", found, Gosh, "the answer of gosh()", "meta.plot_gosh(meta.gosh(fit))")
    labels = list(found.fit.effects.labels)
    if study is None:
        apart = found.by_study()["apart"].abs().fillna(0)
        study = str(labels[int(apart.to_numpy().argmax())])
    if study not in labels:
        raise DataError(f"plot_gosh: there is no study {study!r}; there are {listed(labels)}")
    held = found.members[:, labels.index(study)]
    x = np.asarray(to_axis(found.scale, found.table["estimate"]), dtype=float)
    y = found.table["i2"].to_numpy()
    name = theme.plain(study)
    key = [
        (dot(colour, "s", 6), words)
        for colour, words in ((_WITH, f"mostly with {name}"), (_WITHOUT, "mostly without"))
    ]
    drawn = frame(
        "plot_gosh", ax, title=title, width=420, height=280, key=key,
        notes=[found.sentence(), *theme.note_lines(found.notes)],
        x_label=axis_name(found.scale), y_label="I², %",
    )  # fmt: skip
    limits = (float(np.quantile(x, _TAIL)), float(np.quantile(x, 1 - _TAIL)))
    reach = 0.04 * ((limits[1] - limits[0]) or 1.0)
    limits = (limits[0] - reach, limits[1] + reach)
    across, up = np.linspace(*limits, _CELLS_ACROSS + 1), np.linspace(0, 100, _CELLS_UP + 1)
    count, holding = (
        np.histogram2d(x[some], y[some], bins=(across, up))[0] for some in (..., held)
    )
    filled = np.argwhere(count > 0)
    here = count[tuple(filled.T)]
    # from faint to full, in equal steps of the logarithm
    shade = 0.15 + 0.85 * np.ceil(_SHADES * np.log1p(here) / np.log1p(here.max())) / _SHADES
    most = holding[tuple(filled.T)] > here / 2
    colours = [
        to_rgb(tuple(1 - alpha * (1 - np.array(to_rgb(_WITH if one else _WITHOUT)))))
        for alpha, one in zip(shade, most, strict=True)
    ]
    middles = (across[:-1] + across[1:]) / 2
    corners = [
        [(across[i + a], up[j + b]) for a, b in ((0, 0), (1, 0), (1, 1), (0, 1))] for i, j in filled
    ]
    drawn.panel.add_collection(
        PolyCollection(corners, facecolors=colours, edgecolors="none", gid="subsets")
    )
    drawn.panel.set_ylim(-2, 102)
    effect_axis(drawn, found.scale, limits, computed=False)
    beside = found.by_study().set_index("label").loc[study]
    with_it, without = (
        number(found.scale.to_reader(beside[f"estimate_{side}"])) for side in ("with", "without")
    )
    return drawn.finish(
        f"Estimate and I² of {len(x):} subsets, darker where there are more. "
        f"{found.sentence()} Median with {name} {with_it}, without it {without}.",
        (
            "cell",
            {
                "estimate": to_reader(found.scale, middles[filled[:, 0]]),
                "i2": (up[:-1] + up[1:])[filled[:, 1]] / 2,
                "subsets": here.astype(int),
                "with_study": holding[tuple(filled.T)].astype(int),
            },
        ),
    )
