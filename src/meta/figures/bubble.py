"""Does the effect change with a property of the studies?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from meta.arguments import checked
from meta.errors import DataError, need
from meta.figures import theme
from meta.figures.axis import axis_name, null_place, robust_limits
from meta.figures.frame import effect_axis, frame, stroke
from meta.figures.point_labels import label_points

if TYPE_CHECKING:
    from meta.synthesis.models.regression import MetaRegression

_LARGEST = 320.0
_ENDS = ("estimate", "ci_low", "ci_high", "pi_low", "pi_high")


@theme.in_house_style
@checked
def plot_bubble(
    regression: MetaRegression,
    moderator: str,
    ax: Axes | None = None,
    *,
    label: str = "",
    names: bool = True,
    title: str = "",
) -> Figure:
    """Draw a meta-regression: one bubble a study, the line, its interval and prediction interval.

    Parameters
    ----------
    regression : MetaRegression
        Answer of :func:`meta.meta_regression`.
    moderator : str
        Numeric column of its studies for the horizontal axis. Other moderators of the formula are
        held at their mean (numbers) or most frequent value (words); a note says so.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure by default.
    label : str
        Name of the moderator with its unit.
    names : bool
        Write the studies' names where they have room.
    title : str
        Heading.

    Returns
    -------
    matplotlib.figure.Figure
        See :func:`meta.plot_forest`. Areas of bubbles are proportional to the weights.

    Raises
    ------
    DataError
        If this is no meta-regression, or the moderator is no numeric column of the studies.

    Examples
    --------
    >>> import meta
    >>> from meta.figures.bubble import plot_bubble
    >>> effects = meta.Effects.from_arrays(
    ...     [-0.1, -0.3, -0.2, -0.6], [0.04, 0.05, 0.03, 0.06], weeks=[4, 8, 6, 12]
    ... )
    >>> plot_bubble(meta.meta_regression(effects, "weeks"), "weeks").alt_text()[:40]
    'Meta-regression of 4 studies on weeks. E'
    """
    from meta.synthesis.models.regression import MetaRegression

    way = f"meta.plot_bubble(meta.meta_regression(effects, {moderator!r}), {moderator!r})"
    need("plot_bubble", regression, MetaRegression, "a meta-regression", way)
    table = regression.effects.table
    if moderator not in table or not pd.api.types.is_numeric_dtype(table[moderator]):
        raise DataError(
            f"plot_bubble: {moderator!r} is no numeric column of the studies; numeric are "
            f"{', '.join(str(c) for c in table.select_dtypes('number'))}"
        )
    x = table[moderator].to_numpy(dtype=float)
    span = float(np.ptp(x)) or 1.0
    grid = pd.DataFrame({moderator: np.linspace(x.min(), x.max(), 101)})
    held = []
    for column in table.columns.difference([moderator, "yi", "vi", "sei"]):
        if str(column) in regression.formula:
            numeric = pd.api.types.is_numeric_dtype(table[column])
            value = table[column].mean() if numeric else table[column].mode().iloc[0]
            grid[column] = value
            held.append(f"{column} = {value:.4g}" if numeric else f"{column} = {value}")
    line = regression.predict(grid)
    yi, sei = regression.effects.yi, regression.effects.sei
    scale = regression.scale
    null = null_place(scale)
    limits = robust_limits(
        yi, yi, yi, must_show=[null],
        wide=[
            (line["ci_low"].min(), line["ci_high"].max()),
            (line["pi_low"].min(), line["pi_high"].max()),
        ],
    )  # fmt: skip
    notes = [theme.plain(regression.sentence())]
    if held:
        notes.append(f"Line drawn at {', '.join(held)}.")
    notes += theme.note_lines(regression.notes)
    key = [
        (stroke(theme.INK), "regression line"),
        (Patch(facecolor="#cfd6dd", edgecolor="none"), f"{100 * regression.ci_level:g} % interval"),
        (
            stroke(theme.PREDICTION, 1.1, "--"),
            "prediction interval",
        ),
    ]
    drawn = frame(
        "plot_bubble", ax, title=title, key=key, notes=notes, x_label=label or moderator,
        y_label=axis_name(scale, computed=True),
    )  # fmt: skip
    panel = drawn.panel
    panel.set_xlim(x.min() - 0.07 * span, x.max() + 0.07 * span)
    at = grid[moderator].to_numpy()
    panel.fill_between(at, line["ci_low"], line["ci_high"], color="#cfd6dd", linewidth=0, zorder=1)
    panel.plot(at, line["estimate"], color=theme.INK, linewidth=1.6, zorder=3, gid="line")
    for side in ("pi_low", "pi_high"):
        panel.plot(at, line[side], color=theme.PREDICTION, linestyle="--", linewidth=1.1, zorder=2)
    if np.isfinite(null):
        panel.axhline(null, color=theme.RULE, linewidth=0.9, zorder=1)
    weights = 1 / (sei**2 + regression.tau2)
    areas = _LARGEST * weights / weights.max()
    panel.scatter(
        x, yi, s=areas, facecolor=theme.STUDY, alpha=0.65,
        edgecolor=theme.GROUND, linewidth=0.8, zorder=4, gid="studies",
    )  # fmt: skip
    effect_axis(drawn, scale, limits, axis="y")
    if names:
        order = np.argsort(-weights, kind="stable")
        label_points(drawn, x, yi, regression.effects.labels, order, np.sqrt(areas) / 2)
    return drawn.finish(
        f"Meta-regression of {regression.k} studies on {label or moderator}. {' '.join(notes)}",
        (
            "study",
            {
                "label": regression.effects.labels,
                moderator: x,
                "estimate": regression.effects.to_reader(yi),
                "weight": 100 * weights / weights.sum(),
            },
        ),
        (
            "line",
            {
                moderator: at,
                **{name: scale.to_reader(line[name].to_numpy()) for name in line if name in _ENDS},
            },
        ),
    )
