"""What can be seen of trials that printed only a p-value?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from meta.arguments import checked
from meta.errors import need
from meta.figures import theme
from meta.figures.frame import dot, frame, stroke
from meta.figures.point_labels import label_points
from meta.wording import power_of_ten

if TYPE_CHECKING:
    from meta.synthesis.without_pooling.albatross import Albatross

_P = (1.0, 0.2, 0.05, 0.01, 0.001, 1e-4, 1e-6, 1e-9, 1e-12)
_PEOPLE = (5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000)
_STYLES: tuple[Literal["-", "--", ":", "-."], ...] = ("-", "--", ":", "-.")


@theme.in_house_style
@checked
def plot_albatross(
    answer: Albatross,
    ax: Axes | None = None,
    *,
    treatment: str = "treatment",
    control: str = "control",
    title: str = "",
) -> Figure:
    """Draw p-values against numbers of people, with contours of equal effect.

    Parameters
    ----------
    answer : Albatross
        Answer of :func:`meta.albatross`.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure by default.
    treatment, control : str
        Names of the arms; results in favour of the treatment stand on the right.
    title : str
        Heading.

    Returns
    -------
    matplotlib.figure.Figure
        See :func:`meta.plot_forest`. Results printed as a threshold ("p < 0.05") are hollow; the
        notes of the answer, which name results that cannot be placed, stand below.

    References
    ----------
    Harrison S, Jones HE, Martin RM, Lewis SJ, Higgins JPT (2017), The albatross plot, Res Synth
    Methods 8:281-289, doi 10.1002/jrsm.1239.

    Examples
    --------
    >>> import meta
    >>> from meta.figures.albatross import plot_albatross
    >>> answer = meta.albatross([0.02, 0.55], [90, 64], ["treated", "control"])
    >>> plot_albatross(answer).alt_text()[:38]
    'Albatross plot of 2 results. 1 of 2 re'
    """
    from meta.synthesis.without_pooling.albatross import Albatross

    way = "meta.plot_albatross(meta.albatross(p_values, n, directions))"
    need("plot_albatross", answer, Albatross, "placed p-values", way)
    points = answer.points
    sign = np.sign(points["z"].to_numpy(dtype=float))
    p = points["p_value"].to_numpy(dtype=float)
    x = -sign * np.log10(p)
    n = points["n"].to_numpy(dtype=float)
    bound = points["bound"].to_numpy(dtype=bool)
    reach = max(2.2, 1.12 * float(np.abs(x).max()))
    low, high = float(n.min()) / 1.5, float(n.max()) * 1.5
    sizes = sorted({abs(float(v)) for v in answer.contours["smd"]})
    key: list[tuple[Artist, str]] = []
    if not bound.all():
        key.append((dot(), "result"))
    if bound.any():
        key.append((dot(hollow=True), "printed as a threshold (p at most this)"))
    styles = {size: _STYLES[i % len(_STYLES)] for i, size in enumerate(sizes)}
    key += [(stroke(theme.MUTED, 1.0, style), f"SMD {size:g}") for size, style in styles.items()]
    notes = [answer.sentence()]
    notes += theme.note_lines(answer.notes)
    drawn = frame(
        "plot_albatross", ax, title=title, key=key, notes=notes, y_label="People (log scale)",
        x_label=f"← favours {theme.plain(control)}     two-sided p     "
        f"favours {theme.plain(treatment)} →",
        width=440,
    )  # fmt: skip
    panel = drawn.panel
    panel.set_yscale("log")
    panel.set_xlim(-reach, reach)
    panel.set_ylim(low, high)
    for smd, curve in answer.contours.groupby("smd"):
        at = -np.sign(float(smd)) * np.log10(np.maximum(curve["p_value"].to_numpy(float), 1e-300))  # type: ignore[arg-type]
        panel.plot(
            at, curve["n"], color=theme.MUTED, linewidth=1.0,
            linestyle=styles[abs(float(smd))], zorder=2, gid=f"contour {smd}",  # type: ignore[arg-type]
        )  # fmt: skip
    panel.axvline(0, color=theme.INK, linewidth=0.9, zorder=1)
    for side in (-1, 1):
        panel.axvline(side * -np.log10(0.05), color=theme.FAINT, linewidth=0.9, zorder=0)
    for chosen, face in ((~bound, theme.STUDY), (bound, theme.GROUND)):
        drawn.points(
            x[chosen], n[chosen], markerfacecolor=face, markeredgewidth=1.1,
            gid="bounds" if face == theme.GROUND else "points",
        )  # fmt: skip
    shown = [v for v in _P if -np.log10(v) <= reach]
    # far out on a long axis, neighbouring ticks would meet
    kept = [v for i, v in enumerate(shown) if i == 0 or reach < 6 or v in {1e-3, 1e-6, 1e-9, 1e-12}]
    places = sorted({s * -np.log10(v) for v in kept for s in (-1, 1)})
    panel.set_xticks(places, [_p_tick(10 ** -abs(v)) for v in places], parse_math=False)
    people = [v for v in _PEOPLE if low <= v <= high]
    panel.set_yticks(people, [f"{v:,}" for v in people], parse_math=False)
    panel.minorticks_off()
    alike = points.assign(x=x).groupby(["x", "n"], sort=False)["label"]
    at = np.array(list(alike.groups), dtype=float)
    names = [" and ".join(map(str, one)) for _, one in alike]
    order = np.argsort(-np.abs(at[:, 0]), kind="stable")
    label_points(drawn, at[:, 0], at[:, 1], names, order)
    return drawn.finish(
        f"Albatross plot of {len(points)} results. {' '.join(notes)}",
        ("result", points[~bound].drop(columns="bound")),
        ("threshold", points[bound].drop(columns="bound")),
    )


def _p_tick(p: float) -> str:
    return f"{p:.3g}" if p >= 0.00099 else power_of_ten(round(np.log10(p)))
