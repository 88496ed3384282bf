"""How did the studies get here: found, screened, left out, included?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, Rectangle

from meta.arguments import checked
from meta.errors import DataError, need
from meta.figures import theme
from meta.figures.frame import frame
from meta.figures.theme import LINE, SIZE, put, wrap

if TYPE_CHECKING:
    from meta.effect_sizes.container import Effects

_BOX = 215.0
_GAP = 34.0
_PAD = 8.0
_DOWN = 20.0
_HANG = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """Counts of a search, from the records found to the studies included.

    Attributes
    ----------
    found : mapping of str to int
        Records by source, for example ``{"PubMed": 120, "ClinicalTrials.gov": 14}``.
    duplicates : int
        Records removed before screening.
    excluded : int
        Records left out on title and abstract.
    not_retrieved : int
        Reports that could not be had.
    reasons : mapping of str to int
        Reports left out on full text, by reason.
    reports : int
        Reports included.
    studies : int
        Studies that these reports describe.
    silent : int
        Of these, studies that measured the outcome and printed no figure for it.
    """

    found: Mapping[str, int]
    duplicates: int = 0
    excluded: int = 0
    not_retrieved: int = 0
    reasons: Mapping[str, int] = field(default_factory=dict)
    reports: int
    studies: int
    silent: int = 0

    @property
    def screened(self) -> int:
        """Records screened."""
        return sum(self.found.values()) - self.duplicates

    @property
    def sought(self) -> int:
        """Reports sought."""
        return self.screened - self.excluded

    @property
    def assessed(self) -> int:
        """Reports read in full."""
        return self.sought - self.not_retrieved

    def faults(self) -> list[str]:
        """Name every count that cannot be right; an empty list if all add up."""
        counts = {
            "duplicates": self.duplicates, "excluded": self.excluded, "silent": self.silent,
            "not_retrieved": self.not_retrieved, "reports": self.reports, "studies": self.studies,
            **{f"found {k}": v for k, v in self.found.items()},
            **{f"reason {k}": v for k, v in self.reasons.items()},
        }  # fmt: skip
        faults = [
            f"{name} is {value}: a count is 0 or more"
            for name, value in counts.items()
            if value < 0
        ]
        if not self.found:
            faults.append("found is empty: name at least one source with its records")
        left = self.assessed - sum(self.reasons.values())
        if left != self.reports:
            faults.append(
                f"{sum(self.found.values())} found - {self.duplicates} duplicates - "
                f"{self.excluded} excluded - {self.not_retrieved} not retrieved - "
                f"{sum(self.reasons.values())} left out on full text leaves {left}, and reports is "
                f"{self.reports}"
            )
        if self.studies > self.reports:
            faults.append(f"{self.studies} studies cannot come from {self.reports} reports")
        if self.silent > self.studies:
            faults.append(f"silent ({self.silent}) is part of studies ({self.studies})")
        return faults


@theme.in_house_style
@checked
def plot_prisma_flow(flow: Flow | Effects, ax: Axes | None = None, *, title: str = "") -> Figure:
    """Draw a flow diagram in the manner of PRISMA 2020, or the way from results to effects.

    Parameters
    ----------
    flow : Flow or Effects
        Counts of a search; what lies between follows from them, so that boxes cannot disagree. Or
        effects (:func:`meta.effects`): the figure then begins with the results that were entered
        and shows how many give an effect, why others do not, and how many trials are left. It
        makes no statement about a search.
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
        If this is neither, or counts are negative or do not add up; all faults are named.

    References
    ----------
    Page MJ et al. (2021), The PRISMA 2020 statement, BMJ 372:n71, doi 10.1136/bmj.n71.

    Examples
    --------
    >>> from meta.figures.prisma_flow import Flow, plot_prisma_flow
    >>> flow = Flow(found={"PubMed": 120}, duplicates=20, excluded=80,
    ...             reasons={"not randomised": 12}, reports=8, studies=7, silent=2)
    >>> plot_prisma_flow(flow).alt_text()
    'Flow of studies. 120 records found (PubMed 120); 20 duplicates removed; 100 screened, 80
    excluded; 20 reports sought, 0 not retrieved; 20 assessed, 12 left out (not randomised 12); 8
    reports of 7 studies included; 2 of them print no figure.'

    >>> import meta
    >>> effects = meta.Effects.from_arrays([-0.5, -0.1], [0.04, 0.09])
    >>> plot_prisma_flow(effects).alt_text()
    'From results to effects. 2 results entered; 2 give an effect, 0 do not; 0 left out because
    their trial counts once; 2 trials in the analysis.'
    """
    if isinstance(flow, Flow):
        faults = flow.faults()
        if faults:
            raise DataError.from_faults("prisma", faults)
        boxes, words = _search(flow), _in_words(flow)
    else:
        from meta.effect_sizes.container import Effects

        way = 'meta.plot_prisma_flow(meta.effects(results, measure="SMD"))'
        need("plot_prisma_flow", flow, Effects, "a Flow or effects", way)
        boxes, words = _results(flow)
    left, right = ([_wrapped(list(pair[side])) for pair in boxes] for side in (0, 1))
    heights = [max(_height(a), _height(b)) for a, b in zip(left, right, strict=True)]
    height = sum(heights) + _DOWN * (len(heights) - 1)
    width = 2 * _BOX + _GAP
    drawn = frame(
        "prisma", ax, width=width, height=height, title=title, left=14, right=14, axes=False
    )
    panel = drawn.panel
    panel.set_xlim(0, width)
    panel.set_ylim(height, 0)
    y = 0.0
    for i, (one, other) in enumerate(zip(left, right, strict=True)):
        last = i == len(left) - 1
        _box(panel, 0, y, one, strong=last)
        if other:
            _box(panel, _BOX + _GAP, y, other, strong=False)
            at = y + min(_height(one), _height(other)) / 2
            _arrow(panel, (_BOX, at), (_BOX + _GAP, at))
        if not last:
            _arrow(panel, (_BOX / 2, y + _height(one)), (_BOX / 2, y + heights[i] + _DOWN))
        y += heights[i] + _DOWN
    return drawn.finish(
        words,
        *(
            (what, {"step": [i] * len(lines), "text": [line.strip() for line in lines]})
            for i, pair in enumerate(boxes, start=1)
            for what, lines in zip(("goes on", "left out"), pair, strict=True)
        ),
    )


def _search(flow: Flow) -> list[tuple[list[str], list[str]]]:
    """Write the boxes of a search: what goes on, and what is left out there."""
    total, out = sum(flow.found.values()), sum(flow.reasons.values())
    included = [f"Studies included: {flow.studies:,}", f"   in reports: {flow.reports:,}"]
    if flow.silent:
        included.append(f"   print no figure for the outcome: {flow.silent:,}")
    return [
        (
            [f"Records found: {total:,}", *(f"   {k}: {v:,}" for k, v in flow.found.items())],
            [f"Duplicates removed: {flow.duplicates:,}"],
        ),
        ([f"Records screened: {flow.screened:,}"], [f"Records excluded: {flow.excluded:,}"]),
        (
            [f"Reports sought: {flow.sought:,}"],
            [f"Reports not retrieved: {flow.not_retrieved:,}"],
        ),
        (
            [f"Reports read in full: {flow.assessed:,}"],
            [f"Reports left out: {out:,}", *(f"   {k}: {v:,}" for k, v in flow.reasons.items())],
        ),
        (included, []),
    ]


def _results(effects: Effects) -> tuple[list[tuple[list[str], list[str]]], str]:
    """Write the boxes of the way from results to effects, and the same in words."""
    lost, twice = len(effects.excluded), len(effects.rejected)
    # several effects of one trial may be kept on purpose
    trials = effects.table["study_id"].nunique()
    entered = effects.k + twice + lost
    said = effects.excluded["reason"].map(theme.for_readers)
    reasons = said.value_counts(sort=True).to_dict()
    last = [f"Trials in the analysis: {trials:,}"]
    if trials != effects.k:
        last.append(f"   with effects: {effects.k:,}")
    boxes = [
        (
            [f"Results entered: {entered:,}"],
            [f"Give no effect: {lost:,}", *(f"   {k}: {v:,}" for k, v in reasons.items())],
        ),
        (
            [f"Results with an effect: {entered - lost:,}"],
            [f"Left out, for a trial counts once: {twice:,}"],
        ),
        (last, []),
    ]
    why = "; ".join(f"{theme.plain(k)}: {v:,}" for k, v in reasons.items())
    words = (
        f"From results to effects. {entered:,} results entered; {entered - lost:,} give an "
        f"effect, {lost:,} do not{f' ({why})' if why else ''}; {twice:,} left out because their "
        f"trial counts once; {trials:,} trials in the analysis."
    )
    return boxes, words


def _wrapped(lines: list[str]) -> list[str]:
    found = []
    for line in lines:
        indent = len(line) - len(line.lstrip())
        # room for the deeper indent of the lines that follow, which sets one entry off the next
        parts = wrap(line, _BOX - 2 * _PAD - 3 * (indent + _HANG * (indent > 0)))
        found += [
            " " * (indent + _HANG * (indent > 0 and i > 0)) + part for i, part in enumerate(parts)
        ]
    return found


def _height(lines: list[str]) -> float:
    return LINE * len(lines) + 2 * _PAD if lines else 0.0


def _box(panel: Axes, x: float, y: float, lines: list[str], *, strong: bool) -> None:
    panel.add_patch(
        Rectangle(
            (x, y), _BOX, _height(lines), clip_on=False,
            facecolor="#eef3f7" if strong else theme.GROUND,
            edgecolor=theme.INK if strong else theme.RULE,
            linewidth=(1.2 if strong else 0.8),
        )
    )  # fmt: skip
    for i, line in enumerate(lines):
        put(
            panel, x + _PAD + 3 * (len(line) - len(line.lstrip())), y + _PAD + LINE * (i + 0.78),
            line.strip(), fontsize=SIZE, fontweight="bold" if i == 0 else "normal",
        )  # fmt: skip


def _arrow(panel: Axes, start: tuple[float, float], end: tuple[float, float]) -> None:
    panel.add_patch(
        FancyArrowPatch(
            start, end, arrowstyle="-|>", mutation_scale=9, color=theme.INK,
            linewidth=0.9, shrinkA=0, shrinkB=0,
        )
    )  # fmt: skip


def _in_words(flow: Flow) -> str:
    sources = ", ".join(f"{theme.plain(k)} {v:,}" for k, v in flow.found.items())
    reasons = ", ".join(f"{theme.plain(k)} {v:,}" for k, v in flow.reasons.items())
    out = sum(flow.reasons.values())
    silent = f"; {flow.silent:,} of them print no figure" if flow.silent else ""
    return (
        f"Flow of studies. {sum(flow.found.values()):,} records found "
        f"({sources}); {flow.duplicates:,} duplicates removed; {flow.screened:,} screened, "
        f"{flow.excluded:,} excluded; {flow.sought:,} reports sought, {flow.not_retrieved:,} not "
        f"retrieved; {flow.assessed:,} assessed, {out:,} left out"
        f"{f' ({reasons})' if reasons else ''}; {flow.reports:,} reports of {flow.studies:,} "
        f"studies included{silent}."
    )
