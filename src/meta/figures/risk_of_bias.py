"""How far can each trial be trusted, domain by domain?"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from meta.errors import DataError, need
from meta.figures.checks import nothing_to_draw, require_columns
from meta.figures.frame import frame, marks
from meta.figures.lights import LIGHTS, light
from meta.figures.theme import (
    GROUND,
    SIZE,
    SMALL,
    for_readers,
    in_house_style,
    lead,
    plain,
    put,
    text_width,
)

JUDGEMENTS = ("low", "some", "high", "unclear")
_SYNONYMS = {
    "some concerns": "some",
    "moderate": "some",
    "no information": "unclear",
    "serious": "high",
    "critical": "high",
}
ROB2_DOMAINS = {
    "D1": "randomisation process",
    "D2": "deviations from the intended interventions",
    "D3": "missing outcome data",
    "D4": "measurement of the outcome",
    "D5": "selection of the reported result",
    "overall": "overall",
}
# grey print and colour-blind eyes tell the bars apart by these
_HATCH = {"low": "", "some": "//", "high": "xx", "unclear": ".."}
_EMPTY = "#eceff2"
_LEGEND = "+ low risk, ! some concerns, × high risk, ? unclear"


def read_judgements(table: pd.DataFrame) -> pd.DataFrame:
    """Check judgements and write them in one vocabulary.

    Returns
    -------
    pandas.DataFrame
        Columns ``study_id domain judgement`` and ``tool`` (one tool, or "" where none is named).

    Raises
    ------
    DataError
        If columns are missing, a judgement is unknown, a study is judged twice in a domain, or
        several tools are mixed.
    """
    require_columns("risk_of_bias", table, ["study_id", "domain", "judgement"])
    found = table[["study_id", "domain", "judgement"]].astype(str).reset_index(drop=True)
    found["tool"] = list(table["tool"].astype(str)) if "tool" in table else ""
    faults = []
    tools = sorted(set(found["tool"]))
    if len(tools) > 1:
        faults.append(
            f"{len(tools)} tools in one panel ({', '.join(tools)}): their domains differ; select "
            "one, for example risk_of_bias[risk_of_bias['tool'] == 'RoB2']"
        )
    words = found["judgement"].str.strip().str.lower()
    found["judgement"] = [_SYNONYMS.get(word, word) for word in words]
    for row in found[~found["judgement"].isin(JUDGEMENTS)].itertuples():
        faults.append(
            f"{row.study_id}, {row.domain}: judgement {row.judgement!r} is unknown; use "
            f"{', '.join(JUDGEMENTS)}"
        )
    if len(tools) == 1:
        twice = found[found.duplicated(["study_id", "domain"], keep=False)]
        for (study, domain), rows in twice.groupby(["study_id", "domain"], sort=False):
            if len(set(rows["judgement"])) > 1:
                faults.append(f"{study}, {domain}: judged {' and '.join(rows['judgement'])}")
    if faults:
        raise DataError.from_faults("risk_of_bias", faults)
    return found.drop_duplicates(["study_id", "domain"]).reset_index(drop=True)


def domains_of(judgements: pd.DataFrame) -> list[str]:
    """Return the domains in their order: RoB 2's own, others as they appear, overall last."""
    found = list(dict.fromkeys(judgements["domain"]))
    known = [name for name in ROB2_DOMAINS if name in found and name != "overall"]
    others = [name for name in found if name not in known and name != "overall"]
    return known + others + (["overall"] if "overall" in found else [])


def domain_name(domain: str) -> str:
    """Return the name of a domain in words."""
    return ROB2_DOMAINS.get(domain, plain(domain))


def lights_by_study(
    table: pd.DataFrame | None,
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
    if table is None or len(table) == 0:
        return (), {}, ""
    judged = read_judgements(table)
    domains = domains_of(judged)
    cells = {(r.study_id, r.domain): str(r.judgement) for r in judged.itertuples()}
    lights = {
        str(study): tuple(cells.get((study, domain), "") for domain in domains)
        for study in judged["study_id"].unique()
    }
    letters = "; ".join(f"{chr(ord('A') + i)} {domain_name(d)}" for i, d in enumerate(domains))
    tool = judged["tool"].iloc[0]
    tool = for_readers(tool)
    name = f"Risk of bias ({tool})" if tool else "Risk of bias"
    return tuple(domains), lights, f"{name}: {letters}. {_LEGEND}; no symbol: not judged."


def _judged(function: str, judgements: pd.DataFrame) -> pd.DataFrame:
    """Read the table that a figure was given."""
    rows = "evidence.risk_of_bias[evidence.risk_of_bias['tool'] == 'RoB2']"
    way = f"meta.{function}({rows})"
    need(function, judgements, pd.DataFrame, "a table of judgements", way)
    judged = read_judgements(judgements)
    nothing_to_draw(function, judged)
    return judged


def _labels(judged: pd.DataFrame, labels: Mapping[str, str] | pd.Series | None) -> dict[str, str]:
    studies = [str(s) for s in judged["study_id"].unique()]
    # a Series has get too, and no truth value
    known: Mapping[str, str] | pd.Series = {} if labels is None else labels
    return {s: plain(known.get(s, s)) for s in studies}


@in_house_style
def plot_traffic_light(
    judgements: pd.DataFrame,
    ax: Axes | None = None,
    *,
    labels: Mapping[str, str] | pd.Series | None = None,
    title: str = "",
) -> Figure:
    """Draw one light for each study and domain.

    Parameters
    ----------
    judgements : pandas.DataFrame
        Columns ``study_id domain judgement`` and, where known, ``tool``; one tool only, for the
        domains of two tools cannot stand under one heading.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure of the right size by default.
    labels : mapping of str to str or pandas.Series, optional
        Names of the studies by ``study_id``.
    title : str
        Heading.

    Returns
    -------
    matplotlib.figure.Figure
        See :func:`meta.plot_forest`. A domain that was not judged stays empty.

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
    judged = _judged("plot_traffic_light", judgements)
    domains, lights, legend = lights_by_study(judged)
    names = _labels(judged, labels)
    cell, row = 26.0, 19.0
    longest = max(text_width(name) for name in names.values())
    # the legend below needs a width that can be read
    width = max(cell * len(domains), 250 - longest)
    drawn = frame(
        "plot_traffic_light", ax, width=width, height=row * (len(names) + 1), title=title,
        notes=[legend], left=longest + 22, right=10, axes=False,
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
        for j, judgement in enumerate(lights[study]):
            if judgement:
                light(panel, cell * (j + 0.5), y, judgement, size=13.5)
    said = "; ".join(
        f"{name}: "
        + ", ".join(f"{d} {j}" for d, j in zip(domains, lights[study], strict=True) if j)
        for study, name in names.items()
    )
    return drawn.finish(
        f"{lead(title)}Risk of bias of {len(names)} studies. {said}.",
        marks(
            (
                "judgement",
                judged.assign(label=judged["study_id"].map(names))[
                    ["label", "domain", "judgement"]
                ],
            ),
        ),
    )


@in_house_style
def plot_risk_of_bias_summary(
    judgements: pd.DataFrame, ax: Axes | None = None, *, title: str = ""
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
    judged = _judged("plot_risk_of_bias_summary", judgements)
    domains = domains_of(judged)
    studies = judged["study_id"].nunique()
    counts = judged.groupby(["domain", "judgement"]).size()
    names = [domain_name(d)[:1].upper() + domain_name(d)[1:] for d in domains]
    key = [
        (
            Patch(facecolor=colour, hatch=_HATCH[j], edgecolor=GROUND, linewidth=0),
            f"{symbol} {text}",
        )
        for j, (colour, symbol, text) in LIGHTS.items()
        if j in set(judged["judgement"])
    ]
    if len(judged) < studies * len(domains):
        key.append((Patch(facecolor=_EMPTY, edgecolor=GROUND, linewidth=0), "not judged"))
    tool = for_readers(judged["tool"].iloc[0])
    drawn = frame(
        "plot_risk_of_bias_summary", ax, width=330, height=22.0 * len(domains) + 8, title=title,
        key=key,
        notes=[f"Judged with {tool}."] if tool else [], x_label=f"Studies (of {studies})",
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
        for judgement, (colour, symbol, text) in LIGHTS.items():
            count = int(counts.get((domain, judgement), 0))
            if not count:
                continue
            panel.barh(
                i, count, left=start, height=0.66, color=colour, hatch=_HATCH[judgement],
                edgecolor=GROUND, linewidth=0.8, gid=f"{domain}-{judgement}",
            )  # fmt: skip
            room = count / studies * drawn.size[0] - 5
            # the key says what the hatching means; the count stands nowhere else
            texts = (f"{symbol} {count}", str(count))
            shown = next((t for t in texts if text_width(t, SMALL, bold=True) <= room), "")
            if shown:
                panel.text(
                    start + count / 2, i, shown, ha="center", va="center", color=GROUND,
                    fontsize=SMALL, fontweight="bold", parse_math=False,
                    bbox={"facecolor": colour, "edgecolor": "none", "pad": 2.0},
                )  # fmt: skip
            said.append(f"{count} {text}")
            start += count
        if start < studies:
            panel.barh(
                i, studies - start, left=start, height=0.66, color=_EMPTY, linewidth=0,
                gid=f"{domain}-none",
            )  # fmt: skip
            said.append(f"{studies - start} not judged")
        parts.append(f"{names[i]}: {', '.join(said)}")
    return drawn.finish(
        f"{lead(title)}Risk of bias of {studies} studies by domain. {'; '.join(parts)}.",
        marks(
            ("domain", counts.rename("studies").reset_index()),
        ),
    )
