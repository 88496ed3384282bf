"""How compatible is every value of the effect with the data, not only the 95 % interval?"""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from meta.arguments import checked
from meta.figures import theme
from meta.figures.axis import axis_name, null_place, robust_limits
from meta.figures.forest_rows import predicted
from meta.figures.frame import effect_axis, frame, stroke
from meta.synthesis.consumers import need_estimate
from meta.synthesis.engine import quantile, two_sided
from meta.synthesis.estimate import Estimate, RandomEffects
from meta.synthesis.method_input import effects_of

_LEVELS = (0.5, 0.2, 0.1, 0.05, 0.01)
_POINTS = 401
# lower than this a curve lies on the axis: it would hide it, and fill the file
_FLOOR = 0.002


@theme.in_house_style
@checked
def plot_drapery(fit: Estimate, ax: Axes | None = None, *, title: str = "") -> Figure:
    """Draw the p-value of every possible effect: of each study, and of the pooled answer.

    Parameters
    ----------
    fit : Estimate
        The answer.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure by default.
    title : str
        Heading.

    Returns
    -------
    matplotlib.figure.Figure
        See :func:`meta.plot_forest`.

    Notes
    -----
    A curve cut at height p is the interval with confidence 1 - p; its top is the estimate. The
    pooled curve has the reference distribution of the fit's interval, studies the normal one. The
    shaded curve is that of a new study's true effect, made the same way from the prediction
    interval.

    References
    ----------
    Rücker G, Schwarzer G (2021), Beyond the forest plot: the drapery plot, Res Synth Methods
    12:13-19, doi 10.1002/jrsm.1410.

    Examples
    --------
    >>> import meta
    >>> from meta.figures.drapery import plot_drapery
    >>> fit = meta.pool([-0.5, -0.1, -0.4], [0.04, 0.09, 0.06])
    >>> plot_drapery(fit).alt_text()[:55]
    'P-value functions of 3 studies and of the pooled effect'
    """
    need_estimate("plot_drapery", fit)
    z, effects = float(quantile(fit.ci_level)), effects_of(fit)
    yi, sei = effects.yi, effects.sei
    pi_low, pi_high = predicted(fit)
    null = null_place(fit.scale)
    limits = robust_limits(
        yi, yi - z * sei, yi + z * sei, must_show=[null, fit.estimate],
        wide=[(fit.ci_low, fit.ci_high), (pi_low, pi_high)],
    )  # fmt: skip
    grid = np.linspace(*limits, _POINTS)
    pooled = fit.k > 1
    predicts = pooled and bool(np.isfinite(pi_low))
    key: list[tuple[Line2D | Patch, str]] = [
        (Line2D([], [], color=theme.STUDY, linewidth=0.8, alpha=0.6), "one study")
    ]
    if np.isfinite(null):
        key.append((stroke(theme.INK, 0.9), "no effect"))
    if pooled:
        key.append((stroke(theme.SUMMARY, 2.2), "pooled effect"))
    if predicts:
        key.append(
            (Patch(facecolor="#d9cfe3", edgecolor=theme.PREDICTION, linewidth=0.6), "a new study")
        )
    notes = [
        "A curve cut at the height p is the interval of confidence 1 − p; its top is the estimate."
    ]
    notes += theme.note_lines(fit.notes)
    drawn = frame(
        "plot_drapery", ax, title=title, key=key, notes=notes, y_label="p-value of the effect",
        x_label=axis_name(fit.scale, computed=True), right=44,
    )  # fmt: skip
    panel = drawn.panel
    if predicts:
        dof = fit.prediction_dof if isinstance(fit, RandomEffects) else np.inf
        spread = (pi_high - pi_low) / 2 / quantile(fit.ci_level, dof)
        p = two_sided((grid - (pi_high + pi_low) / 2) / spread, dof)
        panel.fill_between(grid, p, color="#d9cfe3", linewidth=0, zorder=1, gid="prediction")
        panel.plot(grid, p, color=theme.PREDICTION, linewidth=0.6, zorder=1)
    for y, se in zip(yi, sei, strict=True):
        x = np.union1d(grid, [y])
        p = two_sided((x - y) / se)
        panel.plot(
            x[p >= _FLOOR], p[p >= _FLOOR], color=theme.STUDY, alpha=0.6, linewidth=0.8,
            zorder=2, gid="study",
        )  # fmt: skip
    if pooled and fit.se > 0:
        x = np.union1d(grid, [fit.estimate])
        p = two_sided((x - fit.estimate) / fit.se, fit.dof)
        panel.plot(
            x[p >= _FLOOR], p[p >= _FLOOR], color=theme.SUMMARY, linewidth=2.2, zorder=3,
            gid="pooled",
        )  # fmt: skip
    if np.isfinite(null):
        panel.axvline(null, color=theme.INK, linewidth=0.9, zorder=2)
    for level in _LEVELS:
        panel.axhline(level, color=theme.FAINT, linewidth=0.6, zorder=0)
    panel.set_ylim(0, 1.02)
    panel.set_yticks([0, 0.05, 0.2, 0.5, 1], ["0", "0.05", "0.2", "0.5", "1"])
    confidence = panel.secondary_yaxis("right")
    confidence.set_yticks([0.05, 0.2, 0.5], ["95 %", "80 %", "50 %"], parse_math=False)
    confidence.tick_params(labelsize=(theme.SIZE - 1), length=0)
    confidence.spines["right"].set_visible(False)
    effect_axis(drawn, fit.scale, limits)
    return drawn.finish(
        f"P-value functions of {fit.k} studies and of the pooled "
        f"effect. {fit.sentence()} " + " ".join(notes[1:]),
        ("study", {"label": effects.labels, "estimate": effects.to_reader(yi), "se": sei}),
        (
            "pooled",
            {"estimate": [fit.scale.to_reader(fit.estimate)] * pooled, "se": [fit.se] * pooled},
        ),
        (
            "new study",
            {
                "ci_low": [fit.scale.to_reader(pi_low)] * predicts,
                "ci_high": [fit.scale.to_reader(pi_high)] * predicts,
            },
        ),
    )
