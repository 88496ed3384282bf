"""How far can each trial be trusted, domain by domain?"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from meta.arguments import checked
from meta.errors import DataError, need
from meta.evidence.judgements import NOT_APPLICABLE, Tool, read_risk_of_bias, tools
from meta.figures.checks import nothing_to_draw
from meta.figures.frame import frame
from meta.figures.lights import LIGHTS, legend, light
from meta.figures.theme import (
    FAINT,
    GROUND,
    SIZE,
    SMALL,
    for_readers,
    in_house_style,
    plain,
    put,
    text_width,
)
from meta.wording import upper_first

_EMPTY = "#eceff2"
_OTHER = Tool(name="", source="", levels=(), domains=MappingProxyType({}))


def read_judgements(given: pd.DataFrame | str | Path) -> tuple[pd.DataFrame, Tool]:
    """Read judgements of one tool, in its own words.

    Returns
    -------
    judged : pandas.DataFrame
        Columns ``study_id domain judgement``.
    tool : Tool
        The tool with its domains in order; without domains if it is not known.

    Raises
    ------
    DataError
        If it is no such table, a judgement is unknown, a study is judged twice in a domain, or
        several tools are mixed.
    """
    named = []
    if isinstance(given, pd.DataFrame) and "tool" in given:
        named = sorted({plain(tool) for tool in given["tool"]})
    if len(named) > 1:
        raise DataError(
            f"risk_of_bias: {len(named)} tools in one panel ({', '.join(named)}): their domains "
            "differ; select one, for example risk_of_bias[risk_of_bias['tool'] == 'RoB2']"
        )
    name = named[0] if named else ""
    judged = read_risk_of_bias(given, name if name in tools() else None)
    tool = tools().get(judged["tool"].iloc[0] if len(judged) else "", _OTHER)
    if name not in tools():
        tool = Tool(
            name=for_readers(name) if name else tool.name, source="", levels=tool.levels,
            domains=tool.domains, also=tool.also,
        )  # fmt: skip
    return judged.drop(columns="tool"), tool


def domains_of(judged: pd.DataFrame, tool: Tool) -> list[str]:
    """Return the domains in their order: the tool's own, others as they appear, overall last."""
    found = list(dict.fromkeys(judged["domain"]))
    known = [name for name in tool.domains if name in found]
    others = [name for name in found if name not in known and name != "overall"]
    return known + others + ["overall"] * ("overall" in found)


def lights_by_study(
    table: pd.DataFrame | str | Path | None,
) -> tuple[tuple[str, ...], dict[str, tuple[str, ...]], str]:
    """Prepare the lights beside a forest plot.

    Returns
    -------
    domains : tuple of str
    lights : dict of str to tuple of str
        Judgements by study; "" where a domain was not judged.
    legend : str
        What the letters and symbols mean; "" without a table.
    """
    if table is None or (isinstance(table, pd.DataFrame) and len(table) == 0):
        return (), {}, ""
    judged, tool = read_judgements(table)
    return _lights(judged, tool)


def _lights(
    judged: pd.DataFrame, tool: Tool
) -> tuple[tuple[str, ...], dict[str, tuple[str, ...]], str]:
    domains = domains_of(judged, tool)
    cells = {(r.study_id, r.domain): str(r.judgement) for r in judged.itertuples()}
    lights = {
        str(study): tuple(cells.get((study, domain), "") for domain in domains)
        for study in judged["study_id"].unique()
    }
    letters = "; ".join(
        f"{chr(ord('A') + i)} {tool.domains.get(d, plain(d))}" for i, d in enumerate(domains)
    )
    name = f"Risk of bias ({tool.name})" if tool.name else "Risk of bias"
    return tuple(domains), lights, f"{name}: {letters}. {legend(judged['judgement'])}"


def _judged(function: str, given: pd.DataFrame | str | Path) -> tuple[pd.DataFrame, Tool]:
    """Read the table that a figure was given."""
    rows = "evidence.risk_of_bias[evidence.risk_of_bias['tool'] == 'RoB2']"
    way = f"meta.{function}({rows})"
    need(function, given, (pd.DataFrame, str, Path), "a table of judgements", way)
    if isinstance(given, pd.DataFrame):
        nothing_to_draw(function, given)
    return read_judgements(given)


def _labels(judged: pd.DataFrame, labels: Mapping[str, str] | pd.Series | None) -> dict[str, str]:
    studies = [str(s) for s in judged["study_id"].unique()]
    # a Series has get too, and no truth value
    known: Mapping[str, str] | pd.Series = {} if labels is None else labels
    return {s: plain(known.get(s, s)) for s in studies}


@in_house_style
@checked
def plot_traffic_light(
    judgements: pd.DataFrame | str | Path,
    ax: Axes | None = None,
    *,
    labels: Mapping[str, str] | pd.Series | None = None,
    title: str = "",
) -> Figure:
    """Draw one light for each study and domain.

    Parameters
    ----------
    judgements : pandas.DataFrame, str or path
        Columns ``study_id domain judgement`` and, where known, ``tool``; or one study a row and one
        domain a column, as robvis takes it; or a file with either (:func:`meta.read_risk_of_bias`).
        One tool only, for the domains of two tools cannot stand under one heading. RoB 2, ROBINS-I,
        ROBINS-E, RoB 1, QUADAS-2, QUIPS and PROBAST are told from domains and words, and named in
        their own.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure of the right size by default.
    labels : mapping of str to str or pandas.Series, optional
        Names of the studies by ``study_id``.
    title : str
        Heading.

    Returns
    -------
    matplotlib.figure.Figure
        See :func:`meta.plot_forest`. A domain that was not judged, or that is not applicable, stays
        empty.

    Raises
    ------
    DataError
        If there is no row, a column is missing, a judgement is unknown, two judgements contradict
        each other, or tools are mixed.

    Examples
    --------
    >>> import pandas as pd
    >>> from meta.figures.risk_of_bias import plot_traffic_light
    >>> rows = [("a", "D1", "low"), ("a", "D2", "high"), ("b", "D1", "some")]
    >>> table = pd.DataFrame(rows, columns=["study_id", "domain", "judgement"])
    >>> plot_traffic_light(table).alt_text()
    'Risk of bias of 2 studies. a: D1 low, D2 high; b: D1 some.'
    """
    judged, tool = _judged("plot_traffic_light", judgements)
    domains, lights, said_below = _lights(judged, tool)
    names = _labels(judged, labels)
    cell, row = 26.0, 19.0
    longest = max(text_width(name) for name in names.values())
    # the legend below needs a width that can be read
    width = max(cell * len(domains), 250 - longest)
    drawn = frame(
        "plot_traffic_light", ax, width=width, height=row * (len(names) + 1), title=title,
        notes=[said_below], left=longest + 22, right=10, axes=False,
    )  # fmt: skip
    panel = drawn.panel
    panel.set_xlim(0, drawn.size[0])
    panel.set_ylim(row * (len(names) + 1), 0)
    for j in range(len(domains)):
        put(
            panel, cell * (j + 0.5), row * 0.65, chr(ord("A") + j), ha="center", fontweight="bold",
            fontsize=SIZE,
        )  # fmt: skip
    for i, (study, name) in enumerate(names.items()):
        y = row * (i + 1.5)
        put(panel, -8, y + 3.2, name, ha="right", fontsize=SIZE)
        # the line leads the eye where most places are empty
        panel.plot([0, cell * len(domains)], [y, y], color=FAINT, linewidth=0.6, zorder=0)
        for j, judgement in enumerate(lights[study]):
            light(panel, cell * (j + 0.5), y, judgement, size=13.5)
    said = "; ".join(
        f"{name}: "
        + ", ".join(f"{d} {j}" for d, j in zip(domains, lights[study], strict=True) if j)
        for study, name in names.items()
    )
    return drawn.finish(
        f"Risk of bias of {len(names)} studies. {said}.",
        (
            "judgement",
            judged.assign(label=judged["study_id"].map(names))[["label", "domain", "judgement"]],
        ),
    )


@in_house_style
@checked
def plot_risk_of_bias_summary(
    judgements: pd.DataFrame | str | Path, ax: Axes | None = None, *, title: str = ""
) -> Figure:
    """Draw how many studies got which judgement, one bar a domain.

    Parameters
    ----------
    judgements : pandas.DataFrame
        As for :func:`plot_traffic_light`.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure by default.
    title : str
        Heading.

    Returns
    -------
    matplotlib.figure.Figure
        See :func:`meta.plot_forest`. Bars count studies, and studies that were not judged in a
        domain are counted too, in pale grey.

    Raises
    ------
    DataError
        As for :func:`plot_traffic_light`.

    Examples
    --------
    >>> import pandas as pd
    >>> from meta.figures.risk_of_bias import plot_risk_of_bias_summary
    >>> rows = [("a", "D1", "low"), ("a", "D2", "high"), ("b", "D1", "some")]
    >>> table = pd.DataFrame(rows, columns=["study_id", "domain", "judgement"])
    >>> plot_risk_of_bias_summary(table).alt_text()[:62]
    'Risk of bias of 2 studies by domain. Randomisation process: 1 '
    """
    judged, tool = _judged("plot_risk_of_bias_summary", judgements)
    domains = domains_of(judged, tool)
    studies = judged["study_id"].nunique()
    counts = judged.groupby(["domain", "judgement"]).size()
    names = [upper_first(tool.domains.get(d, plain(d))) for d in domains]
    there = set(judged["judgement"])
    key = [
        (one.sample(), f"{one.symbol} {one.words}") for word, one in LIGHTS.items() if word in there
    ]
    without = len(judged) < studies * len(domains)
    empty = ["not judged"] * without + [NOT_APPLICABLE] * (NOT_APPLICABLE in there)
    if empty:
        key.append((Patch(facecolor=_EMPTY, edgecolor=GROUND, linewidth=0), " or ".join(empty)))
    drawn = frame(
        "plot_risk_of_bias_summary", ax, width=330, height=22.0 * len(domains) + 8, title=title,
        key=key, notes=[f"Judged with {tool.name}."] if tool.name else [],
        x_label=f"Studies (of {studies})",
        left=max(text_width(name, SMALL) for name in names) + 20,
    )  # fmt: skip
    panel = drawn.panel
    panel.set_ylim(len(domains) - 0.5, -0.5)
    panel.set_xlim(0, studies)
    panel.set_yticks(range(len(domains)), names, parse_math=False)
    panel.tick_params(axis="y", length=0)
    panel.spines["left"].set_visible(False)
    panel.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=8))
    parts = []
    for i, domain in enumerate(domains):
        start, said = 0, []
        for judgement, one in LIGHTS.items():
            count = int(counts.get((domain, judgement), 0))
            if not count:
                continue
            panel.barh(
                i, count, left=start, height=0.66, color=one.colour, hatch=one.hatch,
                edgecolor=GROUND, linewidth=0.8, gid=f"{domain}-{judgement}",
            )  # fmt: skip
            room = count / studies * drawn.size[0] - 5
            # the key says what the hatching means; the count stands nowhere else
            texts = (f"{one.symbol} {count}", str(count))
            shown = next((t for t in texts if text_width(t, SMALL, bold=True) <= room), "")
            if shown:
                panel.text(
                    start + count / 2, i, shown, ha="center", va="center", color=GROUND,
                    fontsize=SMALL, fontweight="bold", parse_math=False,
                    bbox={"facecolor": one.colour, "edgecolor": "none", "pad": 2.0},
                )  # fmt: skip
            said.append(f"{count} {one.words}")
            start += count
        if start < studies:
            panel.barh(
                i, studies - start, left=start, height=0.66, color=_EMPTY, linewidth=0,
                gid=f"{domain}-none",
            )  # fmt: skip
            away = int(counts.get((domain, NOT_APPLICABLE), 0))
            missing = studies - start - away
            said += [f"{away} {NOT_APPLICABLE}"] * bool(away)
            said += [f"{missing} not judged"] * bool(missing)
        parts.append(f"{names[i]}: {', '.join(said)}")
    return drawn.finish(
        f"Risk of bias of {studies} studies by domain. {'; '.join(parts)}.",
        ("domain", counts.rename("studies").reset_index()),
    )
