"""Which risk did the treated have where the untreated had a given one?"""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from meta.arguments import checked
from meta.errors import DataError, NotComparable
from meta.figures import theme
from meta.figures.frame import frame, stroke
from meta.figures.point_labels import label_points
from meta.synthesis.consumers import need_estimate
from meta.synthesis.estimate import Estimate
from meta.synthesis.judgement.absolute_effect import DIFFERENCES

_COUNTS = ("events_t", "n_t", "events_c", "n_c")
# area of the largest circle, in squared points
_LARGEST = 260.0
# a smaller circle could not be seen
_SMALLEST = 14.0
_POINTS = 201


@theme.in_house_style
@checked
def plot_labbe(
    fit: Estimate,
    ax: Axes | None = None,
    *,
    treatment: str = "Treatment",
    control: str = "Control",
    title: str = "",
) -> Figure:
    """Draw a L'Abbé plot: the risk in both arms of each study, with the pooled effect.

    Parameters
    ----------
    fit : Estimate
        Any answer of measure RR, OR, PETO or RD whose effects carry the counts of both arms.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure by default.
    treatment, control : str
        Names of the arms.
    title : str
        Heading.

    Returns
    -------
    matplotlib.figure.Figure
        See :func:`meta.plot_forest`. Areas of circles are proportional to the people of a study,
        down to a smallest one.

    Raises
    ------
    NotComparable
        If the measure is none of these.
    DataError
        If the effects do not carry the counts.

    Notes
    -----
    The curve shows which risk the pooled effect gives the treated at every risk of the untreated: a
    line through the origin for a risk ratio, bent for an odds ratio, parallel to the diagonal for a
    risk difference. Studies that follow another shape speak for another measure. When not to use
    it: as a test of heterogeneity; it shows no errors.

    References
    ----------
    labbe1987

    Examples
    --------
    >>> import meta
    >>> fit = meta.mantel_haenszel([4, 6, 3], [123, 150, 231], [11, 20, 11], [139, 140, 220])
    >>> meta.plot_labbe(fit).alt_text()[:55]
    "L'Abbé plot of 3 studies. Risk ratio 0.31 (0.17 to 0.56"
    """
    need_estimate("plot_labbe", fit)
    if fit.measure not in DIFFERENCES:
        raise NotComparable(
            f"plot_labbe shows risks of two arms, and the measure is {fit.measure!r}: pool one of "
            f"{', '.join(DIFFERENCES)}"
        )
    missing = [name for name in _COUNTS if name not in fit.effects.table]
    if missing:
        raise DataError(
            f"plot_labbe: the effects carry no {', '.join(missing)}: make them with "
            "meta.Effects.from_table, or pool by mantel_haenszel, peto or glmm"
        )
    a, n_t, c, n_c = (fit.effects.column(name).to_numpy(dtype=float) for name in _COUNTS)
    x, y = c / n_c, a / n_t
    effect = DIFFERENCES[fit.measure]
    reach = min(1.0, 1.1 * float(max(x.max(), y.max())) or 1.0)
    grid = np.linspace(0.0, reach, _POINTS)[1:-1]
    curve = np.array([risk + effect(fit.estimate, float(risk)) for risk in grid])
    curve[(curve < 0) | (curve > 1)] = np.nan
    key = [
        (stroke(theme.SUMMARY), "pooled effect"),
        (stroke(theme.RULE, 0.9, ":"), "no effect"),
    ]
    drawn = frame(
        "plot_labbe", ax, title=title, width=330, height=330, key=key,
        notes=["Larger circles: more people.", *theme.note_lines(fit.notes)],
        x_label=f"Risk, {control}", y_label=f"Risk, {treatment}",
    )  # fmt: skip
    panel = drawn.panel
    panel.plot([0, reach], [0, reach], color=theme.RULE, linewidth=0.9, linestyle=":")
    panel.plot(grid, curve, color=theme.SUMMARY, linewidth=1.6, zorder=2, gid="pooled")
    people = n_t + n_c
    areas = np.maximum(_LARGEST * people / people.max(), _SMALLEST)
    panel.scatter(
        x, y, s=areas, facecolor=theme.STUDY, alpha=0.6, edgecolor=theme.GROUND,
        linewidth=0.8, zorder=4, gid="studies",
    )  # fmt: skip
    pad = 0.03 * reach
    panel.set_xlim(-pad, reach)
    panel.set_ylim(-pad, reach)
    order = np.argsort(-people, kind="stable")
    label_points(drawn, x, y, fit.effects.labels, order, np.sqrt(areas) / 2)
    return drawn.finish(
        f"L'Abbé plot of {len(x)} studies. {fit.sentence()} In "
        f"{int((y < x).sum())} of them fewer of the treated had the event.",
        ("study", {"label": fit.effects.labels, "risk_t": y, "risk_c": x, "people": people}),
        ("pooled", {"risk_c": grid, "risk_t": curve}),
    )
