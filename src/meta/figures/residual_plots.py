"""Do the studies lie as the model says: on a radial (Galbraith) plot, and as normal quantiles?"""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from numpy.typing import NDArray
from scipy import stats

from meta.arguments import checked
from meta.errors import DataError, TooFewStudies
from meta.figures import theme
from meta.figures.frame import frame, stroke
from meta.figures.point_labels import label_points
from meta.synthesis.consumers import need_estimate
from meta.synthesis.estimate import Estimate
from meta.synthesis.models.pooled import Pooled
from meta.synthesis.models.regression import MetaRegression
from meta.wording import number

Floats = NDArray[np.float64]

_BAND = "#d9dee4"


@theme.in_house_style
@checked
def plot_radial(fit: Estimate, ax: Axes | None = None, *, title: str = "") -> Figure:
    """Draw a radial (Galbraith) plot: precise studies lie to the right.

    Parameters
    ----------
    fit : Pooled
        At least two studies.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure by default.
    title : str
        Heading.

    Returns
    -------
    matplotlib.figure.Figure
        See :func:`meta.plot_forest`.

    Raises
    ------
    TooFewStudies
        If there is only one study.

    Notes
    -----
    A study stands at its precision (one over its standard error, with tau2 in it under random
    effects) and its effect in standard errors, so that its effect is the slope of a line from the
    origin. The line is the pooled effect; 95 % of studies should lie in the band of two standard
    errors around it. When not to use it: to read off effects, for which there is the forest plot.

    References
    ----------
    galbraith1988

    Examples
    --------
    >>> import meta
    >>> fit = meta.pool([-0.5, -0.1, -0.4], [0.04, 0.09, 0.06], labels=["A", "B", "C"])
    >>> meta.plot_radial(fit).alt_text()[:41]
    'Radial plot of 3 studies. Effect −0.38 (−'
    """
    need_estimate("plot_radial", fit)
    assert isinstance(fit, Pooled)  # the only answer that is not refused
    if fit.k < 2:
        raise TooFewStudies("plot_radial needs 2 studies; show the study itself")
    tau2 = fit.tau2 if fit.model == "random" else 0.0
    se = np.sqrt(fit.effects.vi + tau2)
    x, z = 1 / se, fit.effects.yi / se
    reach = float(stats.norm.ppf(0.975))
    far = 1.08 * float(x.max())
    outside = np.abs(z - fit.estimate * x) > reach
    key = [
        (stroke(theme.SUMMARY), "pooled effect (slope)"),
        (Patch(facecolor=_BAND, edgecolor="none"), "where 95 % of studies should lie"),
    ]
    notes = ["A study's effect is the slope of a line from the origin; precise ones lie right."]
    notes += theme.note_lines(fit.notes)
    wide = "with τ² in it" if tau2 else "of the study alone"
    drawn = frame(
        "plot_radial", ax, title=title, key=key, notes=notes,
        x_label=f"Precision: 1 / standard error ({wide})", y_label="Effect in standard errors",
    )  # fmt: skip
    panel = drawn.panel
    line = np.array([0.0, far])
    panel.fill_between(
        line, fit.estimate * line - reach, fit.estimate * line + reach, color=_BAND, linewidth=0,
        zorder=1,
    )  # fmt: skip
    panel.plot(line, fit.estimate * line, color=theme.SUMMARY, linewidth=1.6, zorder=2,
               gid="pooled")  # fmt: skip
    panel.axhline(0, color=theme.RULE, linewidth=0.9, linestyle=":", zorder=1)
    drawn.points(x, z)
    low = min(float(z.min()), -reach, fit.estimate * far - reach)
    high = max(float(z.max()), reach, fit.estimate * far + reach)
    panel.set_xlim(0, far)
    panel.set_ylim(low - 0.05 * (high - low), high + 0.05 * (high - low))
    order = np.argsort(-np.abs(z - fit.estimate * x), kind="stable")
    label_points(drawn, x, z, fit.effects.labels, order)
    names = [fit.effects.labels[i] for i in np.flatnonzero(outside)]
    return drawn.finish(
        f"Radial plot of {fit.k} studies. {fit.sentence()} Outside the band: "
        f"{theme.plain(', '.join(names)) or 'none'}.",
        ("study", {"label": fit.effects.labels, "precision": x, "z": z, "outside": outside}),
    )


@theme.in_house_style
@checked
def plot_qq(fit: Estimate | MetaRegression, ax: Axes | None = None, *, title: str = "") -> Figure:
    """Draw the standardised residuals against those of a normal distribution.

    Parameters
    ----------
    fit : Pooled or MetaRegression
        At least three studies.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure by default.
    title : str
        Heading.

    Returns
    -------
    matplotlib.figure.Figure
        See :func:`meta.plot_forest`.

    Raises
    ------
    TooFewStudies
        If there are fewer than three studies.

    Notes
    -----
    The band holds each residual with 95 % chance if all are normal and independent (from the
    distribution of order statistics); about one in twenty lies outside. When not to use it: to
    prove normality; with few studies almost anything fits.

    Examples
    --------
    >>> import meta
    >>> fit = meta.pool([-0.5, -0.1, -0.4], [0.04, 0.09, 0.06], labels=["A", "B", "C"])
    >>> meta.plot_qq(fit).alt_text()[:58]
    'Normal Q-Q plot of 3 studies. Residuals from −0.80 (A) to '
    """
    residual = _standardised(fit)
    k = len(residual)
    order = np.argsort(residual, kind="stable")
    rank = np.arange(1, k + 1)
    at = stats.norm.ppf((rank - 0.5) / k)
    low, high = (stats.norm.ppf(stats.beta.ppf(q, rank, k + 1 - rank)) for q in (0.025, 0.975))
    key = [
        (stroke(theme.INK, 1.0), "as the model says"),
        (Patch(facecolor=_BAND, edgecolor="none"), "95 % of each, were they normal"),
    ]
    drawn = frame(
        "plot_qq", ax, title=title, width=340, height=300, key=key,
        notes=["With few studies almost anything fits into the band."] if k < 20 else [],
        x_label="Normal quantile", y_label="Standardised residual",
    )  # fmt: skip
    panel = drawn.panel
    panel.fill_between(at, low, high, color=_BAND, linewidth=0, zorder=1)
    panel.plot(at, at, color=theme.INK, linewidth=1.0, zorder=2)
    drawn.points(at, residual[order])
    reach = 1.08 * float(max(np.abs(residual).max(), np.abs(low).max(), np.abs(high).max()))
    panel.set_ylim(-reach, reach)
    panel.set_xlim(1.15 * at[0], 1.15 * at[-1])
    labels = [fit.effects.labels[i] for i in order]
    first = np.argsort(-np.abs(residual[order]), kind="stable")[:10]
    label_points(drawn, at, residual[order], labels, first)
    return drawn.finish(
        f"Normal Q-Q plot of {k} studies. Residuals from "
        f"{number(float(residual.min()))} ({theme.plain(labels[0])}) to "
        f"{number(float(residual.max()))} ({theme.plain(labels[-1])}); "
        f"{int(((residual[order] < low) | (residual[order] > high)).sum())} outside the band.",
        (
            "study",
            {
                "label": labels,
                "quantile": at,
                "residual": residual[order],
                "low": low,
                "high": high,
            },
        ),
    )


def _standardised(fit: Estimate | MetaRegression) -> Floats:
    if isinstance(fit, MetaRegression):
        from meta.synthesis.diagnostics.regression_diagnostics import residuals

        return residuals(fit)["standardised"].to_numpy(dtype=float)
    need_estimate("plot_qq", fit)
    assert isinstance(fit, Pooled)  # the only answer that is not refused
    if fit.k < 3:
        raise TooFewStudies("plot_qq needs 3 studies; show the studies themselves")
    tau2 = fit.tau2 if fit.model == "random" else 0.0
    total = fit.effects.vi + tau2
    leverage = fit.weights / 100
    if not (leverage < 1).all():
        raise DataError("plot_qq: one study has all the weight, and no residual")
    return np.asarray((fit.effects.yi - fit.estimate) / np.sqrt(total * (1 - leverage)))
