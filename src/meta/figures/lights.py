"""What does a risk-of-bias light look like?"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.patches import Patch

from meta.evidence.judgements import NO_INFORMATION, NOT_APPLICABLE
from meta.figures import theme
from meta.figures.theme import put

_GREEN, _AMBER, _RED, _DARK, _GREY = "#1b7f3b", "#a86a00", "#b3261e", "#5c0f16", "#5f6b76"


@dataclass(frozen=True, slots=True)
class Light:
    """A judgement in a figure; grey print and colour-blind eyes tell it by symbol and hatching."""

    colour: str
    symbol: str
    words: str
    hatch: str = ""

    def sample(self) -> Patch:
        """Make a sample of its bar."""
        return Patch(facecolor=self.colour, hatch=self.hatch, edgecolor=theme.GROUND, linewidth=0)


# the colours and signs of the tools themselves, darkened so that the white sign can be read; no
# tool uses a sign twice
LIGHTS = {
    "low": Light(_GREEN, "+", "low risk"),
    "some": Light(_AMBER, "!", "some concerns", "//"),
    "moderate": Light(_AMBER, "–", "moderate risk", "//"),
    "high": Light(_RED, "×", "high risk", "xx"),
    "serious": Light(_RED, "×", "serious risk", "xx"),
    "very high": Light(_DARK, "‼", "very high risk", "++"),
    "critical": Light(_DARK, "‼", "critical risk", "++"),
    "unclear": Light(_GREY, "?", "unclear", ".."),
    NO_INFORMATION: Light(_GREY, "0", "no information", "oo"),
}


def legend(judgements: Iterable[str]) -> str:
    """Say what the signs of the judgements that occur mean, and what no sign means."""
    there = set(judgements)
    said = [f"{one.symbol} {one.words}" for word, one in LIGHTS.items() if word in there]
    nothing = "not judged or not applicable" if NOT_APPLICABLE in there else "not judged"
    return f"{', '.join(said)}; no symbol: {nothing}."


def light(ax: Axes, x: float, y: float, judgement: str, size: float = 11.2) -> None:
    """Draw a light of a diameter in points; what is not applicable has none."""
    if judgement in {"", NOT_APPLICABLE}:
        return
    one = LIGHTS[judgement]
    ax.plot(
        [x], [y], marker="o", markersize=size, color=one.colour, markeredgewidth=0, clip_on=False,
        gid=f"light-{judgement}",
    )  # fmt: skip
    put(
        ax, x, y, one.symbol, ha="center", va="center_baseline", color=theme.GROUND,
        fontweight="bold", fontsize=0.81 * size,
    )  # fmt: skip
