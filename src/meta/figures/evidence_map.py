"""What was measured, with which form, and how much of it can be read?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from meta.arguments import checked
from meta.errors import DataError, need
from meta.figures import theme
from meta.figures.checks import require_columns
from meta.figures.frame import Frame, dot, frame
from meta.figures.theme import SMALL, SMALL_LINE, text_width, wrap

# ways of reporting that give a size with its uncertainty
_SIZES = ("arms", "interval", "p_value")
_CELL = (50.0, 27.0)
_LARGEST = 300.0  # area of the largest circle, points squared
_CERTAIN = 62.0


@theme.in_house_style
@checked
def plot_evidence_map(
    results: pd.DataFrame,
    ax: Axes | None = None,
    *,
    rows: str = "outcome",
    columns: str = "treatment",
    labels: Mapping[str, str] | None = None,
    certainty: Mapping[str, str] | None = None,
    title: str = "",
) -> Figure:
    """Draw where studies are and where none is: outcomes by form of the treatment.

    Parameters
    ----------
    results : pandas.DataFrame
        Results as ``evidence.select()`` gives them: one row each, with ``study_id`` and
        ``reporting`` and the two columns that are named next.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure by default.
    rows, columns : str
        Columns of ``results`` that make the lines and the columns of the map. The most studied
        stand first.
    labels : mapping of str to str, optional
        Words for the codes of both; the codes with blanks for underscores by default.
    certainty : mapping of str to str, optional
        For lines that were rated, "high", "moderate", "low" or "very low".
    title : str
        Heading.

    Returns
    -------
    matplotlib.figure.Figure
        See :func:`meta.plot_forest`. The area of a circle is the number of studies, which stands
        in it; it is the darker the larger the share that reports a size with its uncertainty. An
        empty place is a gap in the evidence, or in what was found.

    Raises
    ------
    DataError
        If a column is missing, or no row has a value in both.

    Examples
    --------
    >>> import meta
    >>> results = meta.load_evidence("data").select(outcome=["depression", "anxiety"])
    >>> meta.alt_text(meta.plot_evidence_map(results, columns="blinding"))[:41]
    'A map of studies, by outcome and blinding'
    """
    way = "meta.plot_evidence_map(evidence.select(), columns='...')"
    need("plot_evidence_map", results, pd.DataFrame, "a frame of results", way)
    require_columns("plot_evidence_map", results, ["study_id", "reporting", rows, columns])
    counted = _counted(results, rows, columns)
    if counted.empty:
        raise DataError(f"plot_evidence_map: no result has both {rows} and {columns}")
    lines, heads = _order(counted, rows), _order(counted, columns)
    words = {code: theme.plain((labels or {}).get(code, code.replace("_", " "))) for code in
             (*lines, *heads)}  # fmt: skip
    left = 14 + max(text_width(words[line], SMALL) for line in lines)
    key = [
        (dot(to_hex(colour), size=7), text)
        for colour, text in (
            (_shade(0.0), "no study reports a size"),
            (_shade(0.5), "half of them do"),
            (_shade(1.0), "all do"),
        )
    ]
    notes = ["Numbers are studies. A study counts once in a circle and can stand in several."]
    head_lines = [wrap(words[head], _CELL[0] - 2, SMALL) for head in heads]
    band = 6 + SMALL_LINE * max(map(len, head_lines))
    drawn = frame(
        "plot_evidence_map", ax, width=_CELL[0] * len(heads) + (_CERTAIN if certainty else 0),
        height=band + _CELL[1] * len(lines), title=title, key=key, notes=notes, left=left,
        axes=False,
    )  # fmt: skip
    _write(
        drawn,
        [words[line] for line in lines],
        head_lines,
        band,
        [(certainty or {}).get(line, "") for line in lines],
    )
    _draw(
        drawn,
        counted.assign(x=counted[columns].map(heads.index), y=counted[rows].map(lines.index)),
    )
    told = "; ".join(
        f"{words[line]}: "
        + ", ".join(f"{words[row[columns]]} {row['studies']}" for _, row in group.iterrows())
        for line, group in ((line, counted[counted[rows] == line]) for line in lines)
    )
    return drawn.finish(
        f"A map of studies, by {rows.replace('_', ' ')} and {columns.replace('_', ' ')}. {told}.",
        ("place", {name: counted[name] for name in (rows, columns, "studies", "share")}),
    )


def _counted(results: pd.DataFrame, rows: str, columns: str) -> pd.DataFrame:
    """Count studies in each place, and the share of them that report a size."""
    known = results.dropna(subset=[rows, columns])
    sized = known.assign(sized=known["reporting"].isin(_SIZES))
    study = sized.groupby([rows, columns, "study_id"], as_index=False)["sized"].max()
    places = study.groupby([rows, columns])["sized"]
    return pd.DataFrame({"studies": places.size(), "share": places.mean()}).reset_index()


def _order(counted: pd.DataFrame, name: str) -> list[str]:
    totals = counted.groupby(name, sort=True)["studies"].sum()
    return [str(code) for code in totals.sort_values(ascending=False, kind="stable").index]


def _shade(share: float) -> tuple[float, float, float]:
    import seaborn as sns

    colour: tuple[float, float, float] = sns.light_palette(theme.STUDY, n_colors=11)[
        2 + round(8 * share)
    ]
    return colour


def _write(
    drawn: Frame, lines: list[str], heads: list[list[str]], band: float, certainty: list[str]
) -> None:
    """Set the limits, a unit a cell, and write the words around the cells."""
    panel = drawn.panel
    top = -0.5 - band / _CELL[1]
    panel.set_xlim(-0.5, len(heads) - 0.5 + (_CERTAIN / _CELL[0] if any(certainty) else 0.0))
    panel.set_ylim(len(lines) - 0.5, top)
    style: dict[str, Any] = {
        "fontsize": SMALL, "fontfamily": theme.FONT, "parse_math": False
    }  # fmt: skip
    for x, head in enumerate(heads):
        panel.text(x, -0.6, "\n".join(head), ha="center", va="bottom", **style)
    for y, (line, level) in enumerate(zip(lines, certainty, strict=True)):
        panel.axhline(y - 0.5, color=theme.FAINT, linewidth=0.6, zorder=0)
        panel.text(-0.6, y, line, ha="right", va="center", **style)
        panel.text(len(heads) - 0.4, y, level, va="center", **style)
    if any(certainty):
        panel.text(len(heads) - 0.4, -0.6, "how sure", va="bottom", **style)


def _draw(drawn: Frame, places: pd.DataFrame) -> None:
    import seaborn as sns

    panel = drawn.panel
    area = places["studies"] * _LARGEST / places["studies"].max()
    sns.scatterplot(
        data=places, x="x", y="y", ax=panel, legend=False, edgecolor=theme.INK,
        linewidth=0.6, s=area, color=[_shade(share) for share in places["share"]],
    )  # fmt: skip
    # a circle too small for its number has it beside
    for x, y, studies, share, inside in zip(
        places["x"], places["y"], places["studies"], places["share"], area > 90,
        strict=True,
    ):  # fmt: skip
        panel.annotate(
            str(studies), (x, y), (0 if inside else 7, 0), textcoords="offset points",
            ha="center" if inside else "left", va="center_baseline",
            fontsize=(SMALL - 0.5), fontfamily=theme.FONT,
            color=theme.GROUND if inside and share > 0.6 else theme.INK,
        )  # fmt: skip
