"""How sharply do the studies tell the variance of the true effects?"""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy import stats

from meta.arguments import checked
from meta.errors import DataError
from meta.figures import theme
from meta.figures.frame import frame, stroke
from meta.synthesis.consumers import need_estimate
from meta.synthesis.estimate import Estimate
from meta.synthesis.models.pooled import Pooled
from meta.synthesis.models.regression import MetaRegression
from meta.synthesis.tau2_intervals import log_likelihood_of, tau2_intervals
from meta.wording import compact

_POINTS = 201


@theme.in_house_style
@checked
def plot_profile(
    fit: Estimate | MetaRegression, ax: Axes | None = None, *, title: str = ""
) -> Figure:
    """Draw the log-likelihood of tau2, with its interval.

    Parameters
    ----------
    fit : Pooled or MetaRegression
        A random-effects fit by ML or REML.
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
    DataError
        If this is no random-effects fit by ML or REML.
    TooFewStudies
        If there is one study.

    Notes
    -----
    The curve is highest at the estimate. Where it lies above the line, half the quantile of
    chi-squared below the top, is the profile-likelihood interval. A flat curve says that the
    studies hardly tell how much they differ, and one with two tops that the estimate may be the
    wrong one.

    Examples
    --------
    >>> import meta
    >>> fit = meta.pool([-0.5, -0.1, -0.9, 0.3], [0.02, 0.03, 0.02, 0.04])
    >>> meta.plot_profile(fit).alt_text()
    'Log-likelihood of τ² (REML), 4 studies. Highest at 0.235; 95 % interval 0.046 to 2.279.'
    """
    if not isinstance(fit, MetaRegression):
        need_estimate("plot_profile", fit)
        assert isinstance(fit, Pooled)  # the only answer that is not refused
    table = tau2_intervals(fit)
    if "profile likelihood" not in table.index:
        raise DataError(
            f"plot_profile needs a likelihood, and tau2 is by {fit.tau2_method}: fit with "
            "tau2_method='REML' or 'ML'"
        )
    limits = table.loc[["profile likelihood"], ["tau2_low", "tau2_high"]].to_numpy(dtype=float)
    low, high = map(float, limits[0])
    value = log_likelihood_of(fit)
    grid = np.union1d(np.linspace(0.0, 1.25 * high, _POINTS), [fit.tau2])
    curve = np.array([value(float(tau2)) for tau2 in grid])
    top = value(fit.tau2)
    floor = top - float(stats.chi2.ppf(fit.ci_level, 1)) / 2
    level = f"{100 * fit.ci_level:g} %"
    key = [
        (stroke(theme.SUMMARY), "log-likelihood"),
        (stroke(theme.INK, 0.9, "--"), f"{level} interval"),
    ]
    kind = "Restricted log-likelihood" if fit.tau2_method == "REML" else "Log-likelihood"
    drawn = frame(
        "plot_profile", ax, title=title, key=key,
        notes=[f"Above the dashed line: {level} interval {compact(low)} to {compact(high)}."],
        x_label="τ², variance of the true effects", y_label=kind,
    )  # fmt: skip
    panel = drawn.panel
    panel.plot(grid, curve, color=theme.SUMMARY, linewidth=1.6, zorder=3, gid="curve")
    panel.axhline(floor, color=theme.INK, linewidth=0.9, linestyle="--", zorder=2)
    for at in (low, high):
        panel.plot([at, at], [floor - 10, floor], color=theme.INK, linewidth=0.9,
                   linestyle="--", zorder=2, gid="limit")  # fmt: skip
    panel.plot([fit.tau2], [top], marker="o", markersize=5.5, color=theme.SUMMARY,
               zorder=4, gid="estimate")  # fmt: skip
    panel.set_xlim(0, grid[-1])
    panel.set_ylim(max(float(curve.min()), floor - 2.5), top + 0.35)
    return drawn.finish(
        f"Log-likelihood of τ² ({fit.tau2_method}), {fit.k} studies. Highest at "
        f"{compact(fit.tau2)}; {level} interval {compact(low)} to {compact(high)}.",
        ("curve", {"tau2": grid, "log_likelihood": curve}),
    )
