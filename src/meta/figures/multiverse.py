"""Which choices does the answer hang on?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from meta.arguments import checked
from meta.errors import DataError, need
from meta.figures import theme
from meta.figures.axis import axis_name, null_place, robust_limits, to_axis
from meta.figures.frame import Frame, dot, effect_axis, frame
from meta.figures.theme import SIZE, put, text_width
from meta.synthesis.diagnostics.multiverse import Multiverse
from meta.wording import number

_ENDS = ("estimate", "ci_low", "ci_high")
_CURVE = 190.0
_LINE = 13.0
_GAP = 10.0
_WIDTH = 430.0
# a choice of more values than this has a line for the first, and one for all others
_MOST_LINES = 20
# combinations that are drawn: more than these cannot be told apart at this width
_DRAWN = 400
_OTHERS = "any other"


@theme.in_house_style
@checked
def plot_multiverse(found: Multiverse, ax: Axes | None = None, *, title: str = "") -> Figure:
    """Draw the answer of every combination of choices, and which choices led to it.

    Parameters
    ----------
    found : Multiverse
        The answer of :func:`meta.multiverse`.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure by default.
    title : str
        Heading.

    Returns
    -------
    matplotlib.figure.Figure
        See :func:`meta.plot_forest`. Above, estimates with their intervals in rising order, dark
        where the interval excludes no effect; below, a stroke for each value that the combination
        holds. A value whose strokes gather at one end is one that the answer hangs on. Of more than
        400 combinations, evenly spaced ones are drawn.

    Raises
    ------
    DataError
        If anything else is given, or no combination has an answer.

    References
    ----------
    The specification curve [1]_.

    .. [1] voracek2019

    Examples
    --------
    >>> import meta
    >>> rows = meta.load_evidence("data").primary("depression")
    >>> found = meta.multiverse(rows, {"tau2_method": ["REML", "DL"], "ci_method": ["HK", "wald"]})
    >>> meta.alt_text(meta.plot_multiverse(found))[:44]
    'Estimates of 4 combinations of choices, in r'
    """
    way = "meta.plot_multiverse(meta.multiverse(rows, choices))"
    need("plot_multiverse", found, Multiverse, "the answer of multiverse()", way)
    shown = found.curve(_DRAWN)
    if shown.empty:
        raise DataError("plot_multiverse: no combination has an answer; the table says why")
    choices = {name: _drawn(values) for name, values in found.choices.items()}
    lines = sum(map(len, choices.values())) + len(choices)
    below = lines * _LINE + _GAP * len(choices)
    names = [value for values in choices.values() for value in values] + list(choices)
    key = [
        (dot(theme.SUMMARY, size=4), "excludes no effect"),
        (dot(theme.RULE, size=4), "does not"),
    ]
    notes = [found.sentence(), *theme.note_lines(found.notes)]
    drawn = frame(
        "plot_multiverse", ax, width=_WIDTH, height=_CURVE + below, title=title, key=key,
        notes=notes, left=24 + max(text_width(theme.plain(name), SIZE - 1) for name in names),
        axes=False,
    )  # fmt: skip
    width, height = drawn.size
    curve = height * _CURVE / (_CURVE + below)
    upper = drawn.panel.inset_axes((0, 1 - curve / height, 1, curve / height))
    lower = drawn.panel.inset_axes((0, 0, 1, 1 - curve / height))
    _draw_curve(replace(drawn, panel=upper, size=(width, curve)), found, shown)
    _draw_choices(lower, choices, shown, lines)
    return drawn.finish(
        f"Estimates of {len(shown):} combinations of choices, in rising order. "
        + found.sentence()
        + " Median by choice: "
        + "; ".join(_by_choice(found))
        + ". "
        + " ".join(notes[1:]),
        (
            "combination",
            {
                **{name: shown[name] for name in choices},
                **{name: found.scale.to_reader(shown[name].to_numpy()) for name in _ENDS},
            },
        ),
    )


def _draw_curve(drawn: Frame, found: Multiverse, shown: pd.DataFrame) -> None:
    panel = drawn.panel
    ends = {name: to_axis(found.scale, shown[name]) for name in _ENDS}
    null = null_place(found.scale)
    limits = robust_limits(
        ends["estimate"], ends["ci_low"], ends["ci_high"],
        must_show=[null] if np.isfinite(null) else [],
    )  # fmt: skip
    places = np.arange(len(shown))
    colours = _colours(shown)
    panel.vlines(places, ends["ci_low"], ends["ci_high"], colors=colours, linewidth=0.9, zorder=1)
    panel.scatter(places, ends["estimate"], s=9, c=colours, zorder=2, gid="estimate")
    if np.isfinite(null):
        panel.axhline(null, color=theme.INK, linewidth=0.9, zorder=0)
    panel.set_xlim(-0.8, len(shown) - 0.2)
    panel.set_xticks([])
    panel.set_ylabel(axis_name(found.scale), fontsize=(SIZE - 1))
    panel.tick_params(axis="y", labelsize=(SIZE - 1))
    for side in ("top", "right", "bottom"):
        panel.spines[side].set_visible(False)
    effect_axis(drawn, found.scale, limits, axis="y", computed=False)


def _draw_choices(
    panel: Axes, choices: dict[str, list[str]], shown: pd.DataFrame, lines: int
) -> None:
    panel.set_axis_off()
    panel.set_xlim(-0.8, len(shown) - 0.2)
    gap = _GAP / _LINE
    panel.set_ylim(lines + gap * len(choices), 0)
    beside = {"transform": panel.get_yaxis_transform(), "ha": "right", "va": "center"}
    y = 0.0
    for name, values in choices.items():
        y += gap + 0.5
        put(panel, -0.02, y, name.replace("_", " "), fontweight="bold",
            fontsize=(SIZE - 1), **beside)  # fmt: skip
        y += 0.5
        for value in values:
            y += 0.5
            put(panel, -0.02, y, value, fontsize=(SIZE - 1), color=theme.MUTED, **beside)
            held = shown[shown[name] != values[0] if value == _OTHERS else shown[name] == value]
            panel.vlines(
                held.index, y - 0.32, y + 0.32, colors=_colours(held), linewidth=1.3,
                gid=f"choice-{name}-{value}",
            )  # fmt: skip
            y += 0.5


def _drawn(values: Sequence[str]) -> list[str]:
    """Values that have a line of their own: the first alone where there are very many."""
    return list(values) if len(values) <= _MOST_LINES else [values[0], _OTHERS]


def _colours(shown: pd.DataFrame) -> list[str]:
    return [theme.SUMMARY if decides else theme.RULE for decides in shown["decides"]]


def _by_choice(found: Multiverse) -> list[str]:
    table = found.by_choice()
    few = [name for name, values in found.choices.items() if len(values) <= _MOST_LINES]
    table = table[(table["n"] > 0) & table["choice"].isin(few)]
    medians = found.scale.to_reader(table["median"])
    return [
        f"{row.choice} {row.value} {number(median)}"
        for row, median in zip(table.itertuples(), np.atleast_1d(medians), strict=True)
    ]
