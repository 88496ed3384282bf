"""Do small studies find more than large ones?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from scipy.special import ndtri

from meta.arguments import checked
from meta.errors import DataError
from meta.figures import theme
from meta.figures.axis import axis_name, null_place
from meta.figures.frame import dot, effect_axis, frame, stroke
from meta.synthesis.consumers import need_estimate
from meta.synthesis.engine import quantile
from meta.synthesis.estimate import Estimate
from meta.synthesis.method_input import effects_of
from meta.wording import p_text, range_text, value_text

if TYPE_CHECKING:
    from meta.synthesis.bias.small_study import EggerTest
    from meta.synthesis.bias.trim_and_fill import TrimAndFill

_NAMES = {
    "sei": "Standard error (small studies below)",
    "sqrt_inverse_n": "√(1/n treated + 1/n control) (small studies below)",
}
# two-sided p between which the contour regions lie, from the centre outwards
_CONTOURS = ((0.10, 0.05, "#e6e9ed"), (0.05, 0.01, "#d0d6dc"), (0.01, 0.0, "#b9c1ca"))
_CONTOUR_NAMES = ("0.05 < p < 0.10", "0.01 < p < 0.05", "p < 0.01")


@theme.in_house_style
@checked
def plot_funnel(
    fit: Estimate,
    ax: Axes | None = None,
    *,
    predictor: str = "sei",
    contours: bool = True,
    filled: TrimAndFill | None = None,
    egger: EggerTest | None = None,
    title: str = "",
) -> Figure:
    """Draw a contour-enhanced funnel plot.

    Parameters
    ----------
    fit : Estimate
        The answer.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure by default.
    predictor : {"sei", "sqrt_inverse_n"}
        What stands for study size on the vertical axis: the standard error, or
        sqrt(1/n_t + 1/n_c), which a standardised mean difference is not tied to. Contours and
        funnel lines belong to the standard error and are drawn for it alone.
    contours : bool
        Shade the regions in which a study alone would have p below 0.10, 0.05 and 0.01 against no
        effect: studies that miss in the white region speak for publication bias, studies that miss
        in the dark ones for something else.
    filled : TrimAndFill, optional
        Answer of :func:`meta.trim_and_fill`; its mirrored studies are drawn hollow.
    egger : EggerTest, optional
        Answer of :func:`meta.egger`, with the same predictor; its line is drawn.
    title : str
        Heading.

    Returns
    -------
    matplotlib.figure.Figure
        See :func:`meta.plot_forest`.

    Raises
    ------
    DataError
        If this is no fit, the predictor is unknown, its numbers of people are missing, or the Egger
        line has another predictor.

    Notes
    -----
    The dashed lines are estimate ± z SE: where the level of the fit (95 % with z = 1.96) says that
    studies would lie if one effect held in all of them. With fewer than ten studies a note says
    that the shape cannot be read.

    Examples
    --------
    >>> import meta
    >>> from meta.figures.funnel import plot_funnel
    >>> fit = meta.pool([-0.50, -0.10, -0.40], [0.04, 0.09, 0.06], measure="SMD")
    >>> plot_funnel(fit).alt_text()[:44]
    'Funnel plot of 3 studies. Standardised mean '
    """
    need_estimate("plot_funnel", fit)
    if predictor not in _NAMES:
        raise DataError(
            f"plot_funnel: predictor={predictor!r} is unknown; use {' or '.join(_NAMES)}"
        )
    if egger is not None and egger.predictor != predictor:
        raise DataError(
            f"plot_funnel: the Egger line belongs to predictor={egger.predictor!r}, the plot to "
            f"{predictor!r}; give both the same"
        )
    from meta.synthesis.bias.study_size import study_size

    effects = effects_of(fit)
    size = np.asarray(study_size(effects, predictor), dtype=float)
    x, level = effects.yi, fit.level_text()
    bottom = 1.06 * float(size.max())
    null = null_place(fit.scale)
    by_error = predictor == "sei"
    mirrored = filled.filled if filled is not None and by_error else None
    everyone = (
        np.concatenate([x, mirrored["yi"].to_numpy(dtype=float)]) if mirrored is not None else x
    )
    half = float(quantile(fit.ci_level)) * bottom
    reach = [*everyone, fit.estimate]
    if by_error:
        reach += [fit.estimate - half, fit.estimate + half]
    if np.isfinite(null):
        reach.append(null)
    low, high = min(reach), max(reach)
    pad = 0.04 * (high - low) or 0.5
    limits = (low - pad, high + pad)
    shade = contours and by_error and bool(np.isfinite(null))
    notes = []
    if fit.k < 10:
        notes.append(
            f"k = {fit.k}: with fewer than ten studies the shape of a funnel is not informative."
        )
    if filled is not None:
        notes.append(
            f"Trim and fill ({filled.estimator}): {filled.k0} studies mirrored; the answer with "
            f"them is {filled.fit.effect_text()} ({filled.fit.model_name()}). They are no "
            "data."
        )
    if egger is not None:
        notes.append(f"Egger's test: slope {value_text(egger.slope)}, p {p_text(egger.p_value)}.")
        notes += theme.note_lines(egger.notes)
    drawn = frame(
        "plot_funnel", ax, title=title,
        key=_key(
            shade=shade, by_error=by_error, filled=filled, egger=egger,
            level=level, null=bool(np.isfinite(null) and not np.isclose(null, fit.estimate)),
        ),
        notes=[theme.plain(n) for n in notes], y_label=_NAMES[predictor],
        x_label=axis_name(fit.scale, computed=True),
    )  # fmt: skip
    panel = drawn.panel
    panel.set_ylim(bottom, 0)
    if shade:
        _shade(panel, null, bottom, limits)
    panel.plot([fit.estimate] * 2, [0, bottom], color=theme.INK, linewidth=1.0, gid="pooled")
    if np.isfinite(null) and not np.isclose(null, fit.estimate):
        panel.plot([null] * 2, [0, bottom], color=theme.RULE, linewidth=0.9, linestyle=":")
    if by_error:
        for side in (-half, half):
            panel.plot(
                [fit.estimate, fit.estimate + side], [0, bottom], color=theme.INK,
                linewidth=0.9, linestyle="--",
            )  # fmt: skip
    if egger is not None:
        panel.plot(
            [egger.limit, egger.limit + egger.slope * bottom], [0, bottom], color=theme.CLAIMED,
            linewidth=1.4, linestyle="-.", gid="egger",
        )  # fmt: skip
    drawn.points(x, size, markeredgecolor=theme.GROUND, markeredgewidth=0.5)
    if mirrored is not None:
        drawn.points(
            mirrored["yi"], np.sqrt(mirrored["vi"]), markerfacecolor=theme.GROUND,
            markeredgewidth=1.1, gid="filled",
        )  # fmt: skip
    effect_axis(drawn, fit.scale, limits)
    below = int((x < fit.estimate).sum())
    return drawn.finish(
        f"Funnel plot of {fit.k} studies. {fit.sentence()} {below} "
        f"of them lie below the pooled effect, {len(x) - below} above; standard errors from "
        f"{range_text([effects.sei.min(), effects.sei.max()])}. " + " ".join(notes),
        ("study", {"label": effects.labels, "estimate": effects.to_reader(x), predictor: size}),
        (
            "mirrored",
            {}
            if mirrored is None
            else {
                "estimate": fit.scale.to_reader(mirrored["yi"].to_numpy(dtype=float)),
                predictor: np.sqrt(mirrored["vi"].to_numpy(dtype=float)),
            },
        ),
        ("pooled", {"estimate": [fit.scale.to_reader(fit.estimate)]}),
    )


def _shade(panel: Axes, null: float, bottom: float, limits: tuple[float, float]) -> None:
    errors = np.array([0.0, bottom])
    for outer, inner, colour in _CONTOURS:
        near = float(-ndtri(outer / 2)) * errors
        far = float(-ndtri(inner / 2)) * errors if inner > 0 else np.full(2, 10 * np.ptp(limits))
        for sign in (-1, 1):
            panel.fill_betweenx(
                errors, null + sign * near, null + sign * far, color=colour, linewidth=0, zorder=0
            )


def _key(
    *,
    shade: bool,
    by_error: bool,
    filled: TrimAndFill | None,
    egger: EggerTest | None,
    level: str,
    null: bool,
) -> list[tuple[Artist, str]]:
    key: list[tuple[Artist, str]] = [
        (dot(), "study"),
        (stroke(theme.INK, 1.0), "pooled effect"),
    ]
    if null:
        key.append((stroke(theme.RULE, 0.9, ":"), "no effect"))
    if by_error:
        lines = stroke(theme.INK, 0.9, "--")
        key.append((lines, f"{level} of studies, were their true effects equal"))
    if filled is not None and by_error:
        key.append((dot(hollow=True), "mirrored by trim and fill"))
    if egger is not None:
        key.append((stroke(theme.CLAIMED, 1.4, "-."), "Egger's line"))
    if shade:
        edge = {"edgecolor": theme.RULE, "linewidth": 0.5}
        key.append((Patch(facecolor=theme.GROUND, **edge), "p > 0.10"))  # type: ignore[arg-type]
        key += [
            (Patch(facecolor=colour, **edge), name)  # type: ignore[arg-type]
            for (_, _, colour), name in zip(_CONTOURS, _CONTOUR_NAMES, strict=True)
        ]
    return key
