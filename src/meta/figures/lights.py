"""What does a risk-of-bias light look like?"""

from __future__ import annotations

from matplotlib.axes import Axes

from meta.figures import theme
from meta.figures.theme import put

# RoB 2's colours and symbols, darkened so that the white symbol can be read
LIGHTS = {
    "low": ("#1b7f3b", "+", "low risk"),
    "some": ("#a86a00", "!", "some concerns"),
    "high": ("#b3261e", "×", "high risk"),
    "unclear": ("#5f6b76", "?", "unclear or no information"),
}


def light(ax: Axes, x: float, y: float, judgement: str, size: float = 11.2) -> None:
    """Draw a risk-of-bias light of a diameter in points: colour and symbol say the same."""
    colour, symbol, _ = LIGHTS[judgement]
    ax.plot(
        [x], [y], marker="o", markersize=size, color=colour, markeredgewidth=0, clip_on=False,
        gid=f"light-{judgement}",
    )  # fmt: skip
    put(
        ax, x, y, symbol, ha="center", va="center_baseline", color=theme.GROUND, fontweight="bold",
        fontsize=0.78 * size,
    )  # fmt: skip
