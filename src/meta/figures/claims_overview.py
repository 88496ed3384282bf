"""What is claimed and what was measured, over all claims that name a percentage?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from math import isfinite

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from meta.arguments import checked
from meta.claims.assessment import Assessment
from meta.claims.kinds import KINDS
from meta.claims.verdicts import VERDICTS
from meta.effect_sizes.measures import measure_of
from meta.errors import DataError
from meta.figures import theme
from meta.figures.frame import Note, dot, stroke
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
# percent that the axis goes to at most
_FURTHEST = 200.0
_CLAIM_WIDTH = 190.0
_FALL = "percent_fall"
_SECTIONS = {
    True: "Change, percent",
    False: "Share, percent",
}
# what a reader asks first stands first
_ASKED = ("works", "number", "dose and safety", "source", "background")


@checked
def plot_claims(
    assessments: Iterable[Assessment], ax: Axes | None = None, *, title: str = ""
) -> Figure:
    """Draw what is claimed and what was measured, over all claims of a percentage.

    Parameters
    ----------
    assessments : iterable of Assessment
        Answers of :func:`meta.assess`. Claims that something works stand before those of a single
        figure and of background, measured ones before those that nothing was measured for; among
        equals their order is kept.
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
    Drawn are claims of a percent change (measured: by how many percentage points more than in the
    control group), of a share that is absorbed and of a share of people, in percent, as they were
    claimed and measured. Claims of this kind that nothing was measured for keep their row. How many
    claims are left out, why, and with which verdicts, stands under the plot.

    Examples
    --------
    >>> import meta
    >>> evidence = meta.load_evidence("data")
    >>> figure = meta.plot_claims([meta.assess(name, evidence) for name in ("a0-c11", "a0-c21")])
    >>> figure.alt_text()[:67]
    'Claimed and measured percentages of 2 of 2 claims. Change, percent:'
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
    drawn.sort(key=_asked)
    rows: list[Row] = []
    for fall, heading in _SECTIONS.items():
        section = [one for one in drawn if (one.kind == _FALL) is fall]
        if section:
            rows += [Row(kind="gap")] * bool(rows)
            rows.append(Row(kind="group", cells={"claimed": heading}))
            rows += [row for one in section for row in (_row(one), Row(kind="gap"))][:-1]
    table = Table(
        name=_WHAT,
        rows=tuple(rows),
        columns=(
            Column(key="claimed", heading="What is claimed", align="left"),
            Column(key="sign", side="right", align="center"),
            Column(key="verdict", heading="Verdict; measured, %", side="right", align="left"),
        ),
        scale=measure_of("GEN"),
        axis_label="Percent",
        limits=_limits(rows),
        references=(Reference(value=0.0, kind="null"),),
        key=(
            (dot(theme.CLAIMED, "D"), "claimed"),
            (stroke(theme.MUTED, 1.2), "measured: interval, or from the lowest to the highest"),
        ),
        notes=tuple(Note(text) for text in _notes(drawn, found)),
        title=theme.plain(title),
    )
    return draw_table(table, ax, _in_words(drawn, found, table.notes))


def _asked(one: Assessment) -> tuple[int, bool]:
    return (_ASKED.index(one.group) if one.group in _ASKED else len(_ASKED), not _measured(one))


def _on_one_scale(one: Assessment) -> bool:
    """Whether the claim names a percent of something of which there can be none."""
    low, high = one.claimed_low, one.claimed_high
    readable = low > 0 and high > 0 if isfinite(low) and isfinite(high) else not _measured(one)
    return KINDS[one.kind].share and one.claimed.endswith(_PERCENT) and readable


def _measured(one: Assessment) -> bool:
    return isfinite(one.ci_low) and isfinite(one.ci_high)


def _row(one: Assessment) -> Row:
    sign, marker, colour = _SIGNS[one.verdict]
    studies = [counted(one.k, "study", "studies")] if _measured(one) else []
    cells = {
        "claimed": _lines(one.claim), "sign": sign,
        "verdict": "\n".join([words(one.verdict), _figure(one), *studies]),
    }  # fmt: skip
    low, high = one.claimed_low, one.claimed_high
    return Row(
        kind="study", cells=cells, estimate=one.estimate, low=one.ci_low, high=one.ci_high,
        size=0.6, colour=colour, marker=marker, hollow=one.verdict in _HOLLOW,
        inks={"sign": colour}, claimed=(low, high),
    )  # fmt: skip


def _figure(one: Assessment) -> str:
    if not _measured(one):
        return "nothing found" if one.verdict == "no_trials" else "no usable figure"
    limits = span(one.ci_low, one.ci_high, 1)
    if not isfinite(one.estimate):
        return limits
    estimate = written(one.estimate, 1)
    return estimate if one.ci_low == one.ci_high else f"{estimate} ({limits})"


def _lines(text: str) -> str:
    return "\n".join(theme.wrap(text, _CLAIM_WIDTH))


def _limits(rows: Sequence[Row]) -> tuple[float, float]:
    """Show what was claimed and every estimate, and intervals as far as twice of everything."""
    values = [value for row in rows for value in (row.estimate, *row.claimed) if isfinite(value)]
    ends = [value for row in rows for value in (row.low, row.high) if isfinite(value)]
    low, high = min([0.0, *ends]), max([100.0, *values])
    high = min(max([high, *ends]), max(_FURTHEST, *values))
    pad = 0.03 * (high - max(low, -100.0))
    return max(low, -100.0) - pad, high + pad


def _counts(part: Sequence[Assessment]) -> str:
    found = Counter(one.verdict for one in part)
    return listed(f"{found[name]} {words(name)}" for name in VERDICTS if found[name])


def _notes(drawn: Sequence[Assessment], found: Sequence[Assessment]) -> list[str]:
    notes = []
    if any(one.kind == _FALL and _measured(one) for one in drawn):
        notes.append(
            "Changes were measured as the percentage points by which scores fell further than in "
            "the control group, with the 95 % interval."
        )
    if any(one.kind != _FALL and _measured(one) for one in drawn):
        notes.append(
            "Shares: from the lowest to the highest that was measured, 95 % limits included where "
            "a study allows them; several measurements are not averaged and have no mark."
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
    drawn: Sequence[Assessment], found: Sequence[Assessment], notes: Sequence[Note]
) -> str:
    parts = [f"Claimed and measured percentages of {len(drawn)} of {len(found)} claims."]
    for fall, heading in _SECTIONS.items():
        said = [_claim_in_words(one) for one in drawn if (one.kind == _FALL) is fall]
        if said:
            parts.append(f"{heading}: {'; '.join(said)}.")
    return " ".join([*parts, *(note.text for note in notes)])


def _claim_in_words(one: Assessment) -> str:
    claimed = one.claimed.removesuffix(_PERCENT)
    measured = f"measured {_figure(one)} % ({counted(one.k, 'study', 'studies')})"
    return (
        f"{theme.plain(one.claim)}, claimed {claimed} %, "
        f"{measured if _measured(one) else _figure(one)}, {words(one.verdict)}"
    )
