"""To which side does each trial lean, when effects cannot be pooled?"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle

from meta.arguments import checked
from meta.errors import need
from meta.figures import theme
from meta.figures.frame import frame
from meta.figures.theme import SMALL, put, text_width

if TYPE_CHECKING:
    from meta.synthesis.without_pooling.combined import DirectionVote

_TILE = 15.0
_FILL = {
    "treated": "#cfe4f1",
    "none": "#eceff2",
    "silent": theme.GROUND,
    "control": "#f6ddcf",
}


@theme.in_house_style
@checked
def plot_harvest(
    vote: DirectionVote,
    ax: Axes | None = None,
    *,
    strong: Collection[str] = (),
    strong_label: str = "marked trials",
    treatment: str = "treatment",
    control: str = "control",
    title: str = "",
) -> Figure:
    """Draw each trial as one tile in the column of the side that it leans to.

    Parameters
    ----------
    vote : DirectionVote
        Answer of :func:`meta.direction_vote`.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure of the right size by default.
    strong : collection of str
        Labels of trials to set in bold with a heavy frame, for example the double-blind ones.
    strong_label : str
        What these trials are, for the key: "double-blind".
    treatment, control : str
        Names of the arms.
    title : str
        Heading.

    Returns
    -------
    matplotlib.figure.Figure
        See :func:`meta.plot_forest`. Silent trials have a column of their own, so that nobody reads
        the picture as if all had spoken.

    Examples
    --------
    >>> import meta
    >>> from meta.figures.harvest import plot_harvest
    >>> vote = meta.direction_vote(["treated", "treated", "neither"], labels=["A", "B", "C"])
    >>> plot_harvest(vote).alt_text()[:62]
    'Directions of 3 trials. Favours treatment: A, B; printed no di'
    """
    from meta.synthesis.without_pooling.combined import DirectionVote

    way = "meta.plot_harvest(meta.direction_vote(directions))"
    need("plot_harvest", vote, DirectionVote, "counted directions", way)
    names = {
        "treated": f"Favours {theme.plain(treatment)}",
        "none": "Leans to neither",
        "silent": "Printed no direction",
        "control": f"Favours {theme.plain(control)}",
    }
    sides: dict[str, list[str]] = {side: [] for side in names}
    for label, side in zip(vote.table["label"], vote.table["favours"], strict=True):
        sides[str(side)].append(theme.plain(label))
    if not sides["none"]:
        del sides["none"]
    heavy = {theme.plain(label) for label in strong}
    widths = {
        side: 14 + max(
            text_width(f"{names[side]} (99)", SMALL, bold=True),
            *(text_width(label, SMALL, bold=label in heavy) for label in ["", *labels]),
        )
        for side, labels in sides.items()
    }  # fmt: skip
    gap = 10.0
    rows = max(len(labels) for labels in sides.values())
    total = sum(widths.values()) + gap * (len(widths) - 1)
    notes = [vote.sentence(), *theme.note_lines(vote.notes)]
    frame_of_strong = Patch(facecolor=theme.GROUND, edgecolor=theme.INK, linewidth=1.4)
    key = [(frame_of_strong, f"bold: {theme.plain(strong_label)}")] if heavy else []
    height = _TILE * rows + 22
    drawn = frame(
        "plot_harvest", ax, width=total, height=height, title=title, key=key, notes=notes, left=12,
        right=12, axes=False,
    )  # fmt: skip
    panel = drawn.panel
    panel.set_xlim(0, total)
    panel.set_ylim(height, 0)
    x = 0.0
    floor = height - 18
    for side, labels in sides.items():
        wide = widths[side]
        for i, label in enumerate(labels):
            y = floor - _TILE * (i + 1)
            bold = label in heavy
            panel.add_patch(
                Rectangle(
                    (x + 1, y + 1), wide - 2, _TILE - 2, facecolor=_FILL[side],
                    edgecolor=theme.INK if bold else theme.RULE,
                    linewidth=(1.4 if bold else 0.7),
                    linestyle=(0, (2, 2)) if side == "silent" else "-", gid=f"tile-{side}",
                )
            )  # fmt: skip
            put(
                panel, x + wide / 2, y + 10.3, label, ha="center", fontsize=SMALL,
                fontweight="bold" if bold else "normal",
            )  # fmt: skip
        panel.plot([x, x + wide], [floor, floor], color=theme.INK, linewidth=1.0)
        put(
            panel, x + wide / 2, floor + 13, f"{names[side]} ({len(labels)})", ha="center",
            fontsize=SMALL, fontweight="bold",
        )  # fmt: skip
        x += wide + gap
    said = "; ".join(
        f"{names[side] if i == 0 else names[side][0].lower() + names[side][1:]}: "
        f"{', '.join(labels) or 'none'}"
        for i, (side, labels) in enumerate(sides.items())
    )
    return drawn.finish(
        f"Directions of {vote.k} trials. {said}. {' '.join(notes)}",
        *(
            (
                "trial",
                {
                    "label": labels,
                    "side": [side] * len(labels),
                    "marked": [label in heavy for label in labels],
                },
            )
            for side, labels in sides.items()
        ),
    )
