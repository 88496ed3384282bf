"""How much of what is claimed was measured, over all claims that name a figure?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from math import isfinite

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from meta.claims.assessment import Assessment
from meta.claims.kinds import KINDS
from meta.claims.verdicts import VERDICTS
from meta.effect_sizes.measures import measure_of
from meta.errors import DataError
from meta.figures import theme
from meta.figures.frame import Note
from meta.figures.table import Column, Reference, Row, Table
from meta.figures.table_drawing import draw_table
from meta.wording import brief as written
from meta.wording import counted, listed, span, words

_WHAT = "plot_claims"
_PERCENT = " percent"
# the colours of the report, where needed darkened until a thin sign can be read; shape says the
# same in grey print
_SIGNS = {
    "supported": ("●", "o", "#0b66a8"),
    "overstated": ("▲", "^", "#a86a00"),
    "contradicted": ("■", "s", "#8f2413"),
    "unresolved": ("◇", "D", "#5f6b76"),
    "no_trials": ("○", "o", "#5f6b76"),
    "source_not_found": ("○", "o", "#5f6b76"),
    "not_testable": ("–", "_", "#5f6b76"),
}
_HOLLOW = ("unresolved", "no_trials", "source_not_found")
# percent of the claimed figure that the axis goes to at most
_FURTHEST = 300.0
_CLAIM_WIDTH = 225.0


def plot_claims(
    assessments: Iterable[Assessment], ax: Axes | None = None, *, title: str = ""
) -> Figure:
    """Draw what was measured as a share of what is claimed, over all claims that allow it.

    Parameters
    ----------
    assessments : iterable of Assessment
        Answers of :func:`meta.assess`, in the order in which they are drawn within their article.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure of the right size by default.
    title : str
        Heading.

    Returns
    -------
    matplotlib.figure.Figure
        See :func:`meta.plot_forest`.

    Raises
    ------
    DataError
        If anything else than assessments is given, or no claim names a percent of an effect or a
        share.

    Notes
    -----
    Drawn are claims of a percent fall (measured: the difference between the arms in percentage
    points), of a share that is absorbed and of a share of people: there, 0 means nothing, and the
    quotient of measured and claimed has a meaning. If a range is claimed, the mark stands on
    measured / (middle of the range), and the whisker goes from the lower measured limit over one
    end of the claimed range to the upper over the other, whichever are furthest apart. Claims of
    this kind that nothing was measured for keep their row, without a mark. How many claims are left
    out, why, and with which verdicts, stands under the plot.

    Examples
    --------
    >>> import meta
    >>> evidence = meta.load_evidence("data")
    >>> figure = meta.plot_claims([meta.assess(name, evidence) for name in ("a0-c11", "a0-c21")])
    >>> figure.alt_text()[:93]
    'Measured as a share of claimed, for 2 of 2 claims; 100 percent is as much as was claimed. Gro'
    """
    found = list(assessments) if isinstance(assessments, Iterable) else [assessments]
    strange = sorted({type(one).__name__ for one in found if not isinstance(one, Assessment)})
    if strange:
        raise DataError(
            f"{_WHAT}: needs answers of meta.assess, found {', '.join(strange)}: give "
            "meta.plot_claims([meta.assess(claim, evidence) for claim in "
            'evidence.claims["claim_id"]])'
        )
    drawn = [one for one in found if _on_one_scale(one)]
    if not drawn:
        raise DataError(
            f"{_WHAT}: none of {len(found)} claims names a percent of an effect or a share, so "
            "that measured and claimed cannot be divided"
        )
    rows: list[Row] = []
    for article in dict.fromkeys(one.article_label for one in drawn):
        if rows:
            rows.append(Row(kind="gap"))
        rows.append(Row(kind="group", cells={"claimed": _lines(article, bold=True)}))
        before = True
        for one in drawn:
            if one.article_label != article:
                continue
            # rows of one line of text each stand together
            if not before or (_measured(one) and rows[-1].kind == "heading"):
                rows.append(Row(kind="gap"))
            rows += _rows(one)
            before = not _measured(one)
    nothing, all_of_it = (
        Reference(value=0.0, kind="null", label="nothing"),
        Reference(value=100.0, kind="claimed", label="as claimed"),
    )
    table = Table(
        name=_WHAT,
        rows=tuple(rows),
        columns=(
            Column(key="claimed", heading="Claimed, %", align="left"),
            Column(key="measured", heading="Measured, %", align="left"),
            Column(key="k", heading="Studies"),
            Column(key="sign", side="right", align="center"),
            Column(key="verdict", heading="Verdict", side="right", align="left"),
        ),
        scale=measure_of("GEN"),
        axis_label="Measured, as percent of what is claimed",
        limits=_limits(rows),
        references=(nothing, all_of_it),
        notes=tuple(Note(text) for text in _notes(drawn, found)),
        title=theme.plain(title),
    )
    return draw_table(table, ax, _in_words(table.title, drawn, found, table.notes))


def _on_one_scale(one: Assessment) -> bool:
    """Whether the claim names a percent of something of which there can be none."""
    low, high = one.claimed_low, one.claimed_high
    readable = low > 0 and high > 0 if isfinite(low) and isfinite(high) else not _measured(one)
    return KINDS[one.kind].share and one.claimed.endswith(_PERCENT) and readable


def _measured(one: Assessment) -> bool:
    return isfinite(one.ci_low) and isfinite(one.ci_high)


def _shares(one: Assessment) -> tuple[float, float, float]:
    """Measured in percent of claimed: the mark (NaN for a span without one) and its limits."""
    claimed = (one.claimed_low, one.claimed_high)
    return (
        100 * one.estimate / (sum(claimed) / 2),
        100 * min(one.ci_low / end for end in claimed),
        100 * max(one.ci_high / end for end in claimed),
    )


def _rows(one: Assessment) -> list[Row]:
    sign, marker, colour = _SIGNS[one.verdict]
    verdict = {"sign": sign, "verdict": words(one.verdict)}
    if not _measured(one):
        # the claim itself says its figure, and the verdict "no trials" why there is none beside it
        more = "" if one.verdict == "no_trials" else f" ({_figure(one)})"
        text = {"claimed": _lines(f"{one.claim}{more}")}
        return [Row(kind="heading", cells=text | verdict, inks={"sign": colour})]
    said = Row(kind="heading", cells={"claimed": _lines(one.claim)}, inks={"claimed": theme.INK})
    cells = {"claimed": one.claimed.removesuffix(_PERCENT), "measured": _figure(one)} | verdict
    cells["k"] = str(one.k)
    estimate, low, high = _shares(one)
    row = Row(
        kind="study", cells=cells, estimate=estimate, low=low, high=high, size=0.6, colour=colour,
        marker=marker, hollow=one.verdict in _HOLLOW, inks={"sign": colour},
    )  # fmt: skip
    return [said, row]


def _figure(one: Assessment) -> str:
    if not _measured(one):
        return "no trial measured this" if one.verdict == "no_trials" else "no usable figure"
    limits = span(one.ci_low, one.ci_high, 1)
    return f"{written(one.estimate, 1)} ({limits})" if isfinite(one.estimate) else limits


def _lines(text: str, *, bold: bool = False) -> str:
    return "\n".join(theme.wrap(text, _CLAIM_WIDTH, bold=bold))


def _limits(rows: Sequence[Row]) -> tuple[float, float]:
    """Show every estimate up to a few times the claim, and intervals as far as that goes."""
    marks = [row.estimate for row in rows if isfinite(row.estimate)]
    ends = [row.high for row in rows if isfinite(row.high)]
    low = min([0.0, *(row.low for row in rows if isfinite(row.low))])
    high = max(100.0, *marks, min(max(ends, default=0.0), 200.0))
    high, low = min(high, _FURTHEST), max(low, -100.0)
    pad = 0.05 * (high - low)
    return low - pad, high + pad


def _counts(part: Sequence[Assessment]) -> str:
    found = Counter(one.verdict for one in part)
    return listed(f"{found[name]} {words(name)}" for name in VERDICTS if found[name])


def _notes(drawn: Sequence[Assessment], found: Sequence[Assessment]) -> list[str]:
    notes = [
        "Whiskers of falls: the 95 % interval of the percentage points by which scores fell "
        "further than in the control group. Whiskers of shares: from the lowest to the highest "
        "share measured, 95 % limits included where a study allows them; several measurements "
        "are not averaged and have no mark."
    ]
    if any(_measured(one) and one.claimed_low < one.claimed_high for one in drawn):
        notes.append(
            "Where a range is claimed, the mark is set against its middle and the whisker against "
            "both ends."
        )
    left_out = [one for one in found if not any(one is other for other in drawn)]
    silent = [one for one in left_out if not one.claimed]
    others = [one for one in left_out if one.claimed]
    reasons = []
    if silent:
        reasons.append(f"{len(silent)} name no figure ({_counts(silent)})")
    if others:
        reasons.append(
            f"{len(others)} name a figure of another kind, such as a dose, a time, a count or a "
            f"ratio ({_counts(others)})"
        )
    if reasons:
        notes.append(f"Not drawn are {len(left_out)} of {len(found)} claims: {'; '.join(reasons)}.")
    return notes


def _in_words(
    title: str, drawn: Sequence[Assessment], found: Sequence[Assessment], notes: Sequence[Note]
) -> str:
    parts = [
        f"{title}." if title else "",
        f"Measured as a share of claimed, for {len(drawn)} of {len(found)} claims; 100 percent is "
        "as much as was claimed.",
    ]
    for article in dict.fromkeys(one.article_label for one in drawn):
        said = [_claim_in_words(one) for one in drawn if one.article_label == article]
        parts.append(f"{theme.plain(article)}: {'; '.join(said)}.")
    return " ".join([*parts, *(note.text for note in notes)])


def _claim_in_words(one: Assessment) -> str:
    claimed = one.claimed.removesuffix(_PERCENT)
    text = f"{theme.plain(one.claim)}, claimed {claimed} %, "
    if not _measured(one):
        return f"{text}{_figure(one)}, {words(one.verdict)}"
    estimate, low, high = _shares(one)
    limits = f"{span(low, high, 0)} % of the claim"
    share = f"{written(estimate, 0)} % of the claim ({span(low, high, 0)})"
    text += f"measured {_figure(one)} % ({counted(one.k, 'study', 'studies')})"
    return f"{text}, {share if isfinite(estimate) else limits}, {words(one.verdict)}"
