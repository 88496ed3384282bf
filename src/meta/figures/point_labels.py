"""Which names have room beside the points of a chart?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import ArrayLike

from meta.figures import theme
from meta.figures.frame import Frame, Points
from meta.figures.theme import SMALL, text_width

# a name is this many times closer to its own point than to any other
_CLEARLY = 1.35
# of more points than this, names have no lines that lead to them
_FEW = 30
_RINGS = (14.0, 24.0, 36.0, 50.0, 66.0)
Box = tuple[float, float, float, float]
_OFFSETS = (
    (1, 0), (-1, 0), (0, 1.1), (0, -1.1), (1, 0.8), (1, -0.8), (-1, 0.8), (-1, -0.8),
    (1, 1.3), (1, -1.3), (-1, 1.3), (-1, -1.3),
)  # fmt: skip


def label_points(
    drawn: Frame,
    x: ArrayLike,
    y: ArrayLike,
    labels: Sequence[str],
    first: Iterable[int] | None = None,
    radii: Iterable[float] | None = None,
) -> list[str]:
    """Write names beside points where they have room, the important ones first.

    Parameters
    ----------
    drawn : Frame
        A frame whose limits are set.
    x, y : array_like
        Points in axis coordinates.
    labels : sequence of str
        Their names.
    first : iterable of int, optional
        Positions of the points that get a name, in the order of importance; all by default.
    radii : iterable of float, optional
        Radii of the marks in points, which names keep off; those of usual marks by default.

    Returns
    -------
    list of str
        Names that found no room, for a note.
    """
    panel, (width, height), size = drawn.panel, drawn.size, SMALL - 0.5
    to_unit = panel.transLimits
    spots = to_unit.transform(panel.transScale.transform(np.column_stack([x, y])))
    points = spots * [width, height]
    marks = [4.0] * len(points) if radii is None else [max(4.0, float(r)) for r in radii]
    boxes: list[tuple[float, float, float, float]] = [
        (px - r, py - r, px + r, py + r) for (px, py), r in zip(points, marks, strict=True)
    ]
    # a mark inside a larger one has its name outside of both
    clear = [
        max(r for p, r in zip(points, marks, strict=True) if np.hypot(*(p - point)) < r)
        for point in points
    ]
    # a name that crosses a line stays legible; an outline would double the size of the file
    ground = {"facecolor": theme.GROUND, "edgecolor": "none", "alpha": 0.7, "pad": 0.4}
    left_out = []
    for i in range(len(points)) if first is None else first:
        text = theme.plain(labels[i])
        wide, high = text_width(text, size), size * 0.95
        # marks that lie in each other share their place
        others = points[np.hypot(*(points - points[i]).T) > clear[i]]
        own = boxes[:i] + boxes[i + 1 :]
        places = _places(points[i], clear[i] + 2, wide, high, far=len(points) <= _FEW)
        for box, leads in places:
            inside = box[0] >= 1 and box[1] >= 1 and box[2] <= width - 1 and box[3] <= height - 1
            free = inside and not any(
                box[0] < b[2] + 1 and b[0] < box[2] + 1 and box[1] < b[3] and b[1] < box[3]
                for b in own
            )
            if not free:
                continue
            near = _distances(box, points[[i]])[0]
            # a name nearly as close to another point would be read as that one's
            if leads is None and (_distances(box, others) < _CLEARLY * max(near, 3.0)).any():
                continue
            if leads is not None and _crosses(leads, others):
                continue
            boxes.append(box)
            if leads is not None:
                panel.plot(
                    leads[:, 0] / width, leads[:, 1] / height, transform=panel.transAxes,
                    color=theme.MUTED, linewidth=0.6, zorder=3.2, gid="leader",
                )  # fmt: skip
            panel.text(
                box[0] / width, (box[1] + high * 0.2) / height, text, parse_math=False,
                transform=panel.transAxes, fontsize=size, fontfamily=theme.FONT,
                color=theme.INK, zorder=3.5, bbox=ground,
            )  # fmt: skip
            break
        else:
            left_out.append(text)
    return left_out


def _places(
    point: Points, off: float, wide: float, high: float, *, far: bool
) -> Iterator[tuple[Box, Points | None]]:
    """Try places beside a point, then places further off with a line that leads there."""
    for dx, dy in _OFFSETS:
        x0 = point[0] + (dx * off if dx > 0 else dx * off - wide if dx < 0 else -wide / 2)
        y0 = point[1] + dy * (off + 2) - high / 2
        yield (x0, y0, x0 + wide, y0 + high), None
    for ring in _RINGS if far else ():
        for angle in np.radians(np.arange(0, 360, 30)):
            end = point + ring * np.array([np.cos(angle), np.sin(angle)])
            right = np.cos(angle) >= -1e-9
            x0 = end[0] + (1.5 if right else -1.5 - wide)
            y0 = end[1] - high / 2
            yield (x0, y0, x0 + wide, y0 + high), np.array([point, end])


def _distances(box: Box, points: Points) -> Points:
    """Return how far points lie from a box."""
    x = np.maximum(np.maximum(box[0] - points[:, 0], points[:, 0] - box[2]), 0)
    y = np.maximum(np.maximum(box[1] - points[:, 1], points[:, 1] - box[3]), 0)
    return np.hypot(x, y)


def _crosses(line: Points, points: Points) -> bool:
    """Whether a line passes over points."""
    along = line[1] - line[0]
    share = np.clip((points - line[0]) @ along / (along @ along), 0, 1)
    gap = np.hypot(*(points - line[0] - share[:, None] * along).T)
    return bool((gap < 4.5).any())
