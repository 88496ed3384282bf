"""Which studies pull the answer, and which make the heterogeneity?"""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from meta.arguments import checked
from meta.figures import theme
from meta.figures.frame import dot, frame
from meta.figures.point_labels import label_points
from meta.figures.theme import SMALL, text_width
from meta.synthesis.consumers import need_estimate
from meta.synthesis.estimate import Estimate
from meta.wording import number

# what to draw, and its name
_PANELS = (
    ("rstudent", "Studentised residual"),
    ("dffits", "DFFITS"),
    ("cook_d", "Cook's distance"),
    ("cov_r", "Covariance ratio"),
    ("tau2_del", "τ² without it"),
    ("weight", "Weight, %"),
)


@theme.in_house_style
@checked
def plot_baujat(fit: Estimate, ax: Axes | None = None, *, title: str = "") -> Figure:
    """Draw each study's part of the heterogeneity against its pull on the answer.

    Parameters
    ----------
    fit : Estimate
        At least two studies.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure by default.
    title : str
        Heading.

    Returns
    -------
    matplotlib.figure.Figure
        See :func:`meta.plot_forest`. Studies are named where there is room, the outermost first.

    Raises
    ------
    TooFewStudies
        If there is only one study.

    Examples
    --------
    >>> import meta
    >>> from meta.figures.diagnostics import plot_baujat
    >>> fit = meta.pool([-0.5, -0.1, -0.4], [0.04, 0.09, 0.06], labels=["A", "B", "C"])
    >>> plot_baujat(fit).alt_text()
    'Baujat plot of 3 studies. Largest part of the heterogeneity: B (0.90); largest pull: B (2.39).'
    """
    from meta.synthesis.diagnostics.influence import baujat

    need_estimate("plot_baujat", fit)
    table = baujat(fit)
    x = table["q_contribution"].to_numpy(dtype=float)
    # identical effects leave no scale to measure a pull by; it is nought then
    y = np.nan_to_num(table["influence"].to_numpy(dtype=float))
    labels = [theme.plain(name) for name in table["label"]]
    drawn = frame(
        "plot_baujat", ax, title=title, width=400, height=290,
        notes=["Upper right: studies to read again, for they disagree and they decide."],
        x_label="Part of the heterogeneity statistic",
        y_label="Squared change of the answer without it",
    )  # fmt: skip
    panel = drawn.panel
    # room for names on both sides of the outermost points
    panel.set_xlim(-0.1 * (x.max() or 1), 1.12 * (x.max() or 1))
    panel.set_ylim(-0.05 * (y.max() or 1), 1.12 * (y.max() or 1))
    drawn.points(x, y)
    far = np.argsort(-(x / (x.max() or 1) + y / (y.max() or 1)), kind="stable")
    label_points(drawn, x, y, labels, far)
    top_x, top_y = int(np.argmax(x)), int(np.argmax(y))
    return drawn.finish(
        f"Baujat plot of {fit.k} studies. Largest part of the "
        f"heterogeneity: {labels[top_x]} ({number(x[top_x])}); largest pull: {labels[top_y]} "
        f"({number(y[top_y])}).",
        ("study", {"label": labels, "q_contribution": x, "influence": y}),
    )


@theme.in_house_style
@checked
def plot_influence(fit: Estimate, *, title: str = "") -> Figure:
    """Draw what each study does to the answer, one panel a diagnostic.

    Parameters
    ----------
    fit : Estimate
        At least three studies.
    title : str
        Heading.

    Returns
    -------
    matplotlib.figure.Figure
        A new figure, as tall as the studies need; see :func:`meta.plot_forest`. Studies that
        :func:`meta.influence` calls influential are drawn as filled diamonds.

    Raises
    ------
    TooFewStudies
        If there are fewer than three studies.

    Examples
    --------
    >>> import meta
    >>> from meta.figures.diagnostics import plot_influence
    >>> fit = meta.pool([-0.5, -0.1, -0.4], [0.04, 0.09, 0.06], labels=["A", "B", "C"])
    >>> plot_influence(fit).alt_text()
    'Influence of 3 studies. Influential by the usual limits: A, B.'
    """
    from meta.synthesis.diagnostics.influence import influence

    need_estimate("plot_influence", fit)
    table = influence(fit)
    labels = [theme.plain(name) for name in table["label"]]
    marked = table["influential"].to_numpy(dtype=bool)
    k = len(table)
    names = max(text_width(label, SMALL) for label in labels)
    one, gap = 104.0, 14.0
    left = names + 18
    width = one * len(_PANELS) + gap * (len(_PANELS) - 1)
    height = max(60.0, 15.0 * k)
    diamond = dot(theme.CLAIMED, "D")
    drawn = frame(
        "plot_influence", None, title=title, width=width, height=height + 16, left=left,
        key=[(diamond, "influential by the usual limits")] if marked.any() else [],
        notes=[
            "Dashed: the value without influence (0, 1 or the full answer's).",
            *([] if marked.any() else ["No study is influential by the usual limits."]),
        ],
    )  # fmt: skip
    drawn.panel.set_axis_off()
    at = np.arange(k)
    centre = {
        "rstudent": 0.0,
        "dffits": 0.0,
        "cook_d": 0.0,
        "cov_r": 1.0,
        "tau2_del": fit.tau2,
    }
    for i, (column, name) in enumerate(_PANELS):
        panel = drawn.panel.inset_axes(
            (i * (one + gap) / width, 0, one / width, height / (height + 16))
        )
        values = table[column].to_numpy(dtype=float)
        panel.set_title(name, fontsize=SMALL, fontweight="bold", pad=5, parse_math=False)
        panel.set_ylim(k - 0.5, -0.5)
        panel.set_yticks(at, labels if i == 0 else [""] * k, parse_math=False)
        panel.tick_params(labelsize=SMALL, length=3)
        panel.tick_params(axis="y", length=0)
        panel.grid(axis="y", color=theme.FAINT, linewidth=0.6)
        panel.locator_params(axis="x", nbins=3)
        panel.spines["left"].set_visible(False)
        if column in centre:
            panel.axvline(centre[column], color=theme.RULE, linestyle="--", linewidth=0.9)
        seen = np.isfinite(values)
        for chosen, marker, colour in (
            (seen & ~marked, "o", theme.STUDY),
            (seen & marked, "D", theme.CLAIMED),
        ):
            panel.plot(
                values[chosen], at[chosen], linestyle="none", marker=marker, markersize=5,
                color=colour, gid=column, zorder=4,
            )  # fmt: skip
        panel.margins(x=0.12)
    found = ", ".join(label for label, hit in zip(labels, marked, strict=True) if hit) or "none"
    return drawn.finish(
        f"Influence of {k} studies. Influential by the usual limits: {found}.",
        (
            "study",
            {
                "label": labels,
                **{column: table[column].to_numpy() for column, _ in _PANELS},
                "influential": marked,
            },
        ),
    )
