"""What does the posterior say about the effect?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from meta.arguments import checked
from meta.errors import need
from meta.figures import theme
from meta.figures.axis import axis_name, null_place
from meta.figures.frame import effect_axis, frame, stroke
from meta.wording import as_stated

if TYPE_CHECKING:
    from meta.synthesis.bayes.result import BayesFit

_SHADE = "#cfe0ec"


@theme.in_house_style
@checked
def plot_posterior(
    fit: BayesFit, ax: Axes | None = None, *, mid: float | None = None, title: str = ""
) -> Figure:
    """Draw the posterior of the mean effect and of the true effect of a new study.

    Parameters
    ----------
    fit : BayesFit
        Answer of :func:`meta.bayes`.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure by default.
    mid : float, optional
        Minimal important difference on the reader's scale, signed; a line is drawn there.
    title : str
        Heading.

    Returns
    -------
    matplotlib.figure.Figure
        See :func:`meta.plot_forest`. The shaded part of the curve is the credible interval.

    Examples
    --------
    >>> import meta
    >>> from meta.figures.posterior import plot_posterior
    >>> plot_posterior(meta.bayes([-0.5, -0.1, -0.4], [0.04, 0.09, 0.06])).alt_text()[:30]
    'Posterior of the mean effect. '
    """
    from meta.synthesis.bayes.result import BayesFit

    way = "meta.plot_posterior(meta.bayes(effects))"
    need("plot_posterior", fit, BayesFit, "a Bayesian answer", way)
    mean = fit.density("mu")
    new = fit.density("prediction")
    scale = fit.scale
    level = f"{100 * fit.ci_level:g} %"
    key: list[tuple[Artist, str]] = [
        (Patch(facecolor=_SHADE, edgecolor=theme.STUDY), f"mean effect, {level} interval shaded"),
        (stroke(theme.PREDICTION, 1.4, "--"), "a new study"),
    ]
    null = null_place(scale)
    if np.isfinite(null):
        key.append((stroke(theme.INK, 0.9), "no effect"))
    prior_known = bool(np.isfinite(mean["prior"]).any())
    if prior_known:
        key.append((stroke(theme.MUTED, 1.4, ":"), "prior"))
    if mid is not None:
        line = stroke(theme.IMPORTANT, 1.5, (0, (1, 1.6)))
        key.append((line, f"smallest important {as_stated(mid)}"))
    notes = [fit.sentence(), *theme.note_lines(fit.notes)]
    drawn = frame(
        "plot_posterior", ax, title=title, key=key, notes=notes, height=230, y_label="Density",
        x_label=axis_name(scale, computed=True), left=40,
    )  # fmt: skip
    panel = drawn.panel
    inside = mean[(mean["x"] >= fit.ci_low) & (mean["x"] <= fit.ci_high)]
    panel.fill_between(inside["x"], inside["density"], color=_SHADE, linewidth=0, zorder=1)
    panel.plot(mean["x"], mean["density"], color=theme.STUDY, linewidth=1.8, gid="mu")
    panel.plot(
        new["x"], new["density"], color=theme.PREDICTION, linewidth=1.4, linestyle="--",
        gid="prediction",
    )  # fmt: skip
    if prior_known:
        panel.plot(mean["x"], mean["prior"], color=theme.MUTED, linewidth=1.4, linestyle=":")
    top = 1.06 * float(mean["density"].max())
    if np.isfinite(null):
        panel.axvline(null, color=theme.INK, linewidth=0.9)
    if mid is not None:
        panel.axvline(
            scale.from_reader(mid), color=theme.IMPORTANT, linestyle=(0, (1, 1.6)),
            linewidth=1.5,
        )  # fmt: skip
    panel.set_ylim(0, top)
    panel.set_yticks([])
    panel.spines["left"].set_visible(False)
    width = fit.ci_high - fit.ci_low
    low = max(min(fit.pi_low, fit.ci_low), fit.ci_low - 1.5 * width)
    high = min(max(fit.pi_high, fit.ci_high), fit.ci_high + 1.5 * width)
    shown = [low, high]
    if np.isfinite(null):
        shown.append(null)
    if mid is not None:
        shown.append(scale.from_reader(mid))
    pad = 0.05 * (max(shown) - min(shown))
    effect_axis(drawn, scale, (min(shown) - pad, max(shown) + pad))
    return drawn.finish(
        f"Posterior of the mean effect. {' '.join(notes)}",
        (
            "mean effect",
            {
                "estimate": scale.to_reader(mean["x"].to_numpy()),
                "density": mean["density"],
                "prior": mean["prior"],
            },
        ),
        (
            "new study",
            {"estimate": scale.to_reader(new["x"].to_numpy()), "density": new["density"]},
        ),
    )
