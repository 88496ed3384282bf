"""Which verdict follows from these figures?

All rules that decide are here, and nothing else is: figures in, one word out. Intervals are turned
beforehand so that above 0 is on the side that the claim takes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import inf, isfinite

SUPPORTED = "supported"
OVERSTATED = "overstated"
CONTRADICTED = "contradicted"
UNRESOLVED = "unresolved"
NO_TRIALS = "no_trials"
NOT_TESTABLE = "not_testable"
VERDICTS = (SUPPORTED, OVERSTATED, CONTRADICTED, UNRESOLVED, NO_TRIALS, NOT_TESTABLE)

FOUND = "found"
MISQUOTED = "misquoted"
NOT_FOUND = "not_found"
NOT_CITED = "not_cited"
SOURCES = (FOUND, MISQUOTED, NOT_FOUND, NOT_CITED)

# with one or two trials there is no interval over trials that is worth reading (k = 2 leaves one
# degree of freedom) and nothing to check it with; the figure is shown, the verdict left open
MIN_TRIALS = 3
# a fall of less than a tenth of the claimed one counts as no fall of that kind
TENTH = 0.1
# a treatment matches a drug class if at most half of the drugs' advantage over placebo is lost: the
# customary margin of non-inferiority trials
PRESERVED = 0.5
# a figure that lies further off than twice the spread of the measurements is excluded by them
FAR = 2.0
# "typical" and "most" mean more than half
HALF = 0.5


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate between its limits; above 0 is on the side that the claim takes."""

    estimate: float
    low: float
    high: float

    def __neg__(self) -> Interval:
        return Interval(-self.estimate, -self.high, -self.low)

    @property
    def excludes_zero(self) -> bool:
        """Whether no effect lies below the interval; a limit of exactly 0 excludes nothing."""
        return self.low > 0


def judge_superiority(
    advantage: Interval,
    checks: Iterable[Interval] = (),
    *,
    margin: float | None = None,
    called_large: bool = False,
) -> str:
    """Judge "better than the control".

    Parameters
    ----------
    advantage : Interval
        Primary analysis, above 0 favours magnesium.
    checks : iterable of Interval
        The same by other choices of trials.
    margin : float, optional
        Difference that matters, above 0; None if none is known.
    called_large : bool
        Whether the claim speaks of an important effect.

    Returns
    -------
    str
        supported: the interval excludes no effect, here and in every check. overstated: only here,
        or the effect is below `margin` though called large. contradicted: the interval lies on the
        other side, or inside the margin. unresolved otherwise.

    Examples
    --------
    >>> judge_superiority(Interval(0.5, 0.1, 0.9))
    'supported'
    >>> judge_superiority(Interval(0.5, 0.1, 0.9), [Interval(0.4, -0.2, 1.0)])
    'overstated'
    """
    if advantage.excludes_zero:
        if called_large and margin is not None and advantage.estimate < margin:
            return OVERSTATED
        return SUPPORTED if all(check.excludes_zero for check in checks) else OVERSTATED
    if advantage.high < 0:
        return CONTRADICTED
    if margin is not None and advantage.low > -margin and advantage.high < margin:
        return CONTRADICTED
    return UNRESOLVED


def judge_percent_fall(
    claimed: float, net: Interval, treated: float, control: float, checks: Iterable[Interval] = ()
) -> str:
    """Judge "falls by X percent".

    Parameters
    ----------
    claimed : float
        X, above 0, in percent.
    net : Interval
        How much further the treated arm fell than the control, in percentage points.
    treated, control : float
        Mean fall in each arm, in percent.
    checks : iterable of Interval
        The net fall by other choices of trials.

    Returns
    -------
    str
        contradicted: the interval of the net fall excludes a tenth of X. supported: it excludes 0
        and reaches X, here and in every check. overstated: a net fall in that direction whose
        interval does not reach X, or one below X where more than half of the treated arm's fall
        happened in the control arm, too. unresolved otherwise.

    Examples
    --------
    >>> judge_percent_fall(28, Interval(9, -1, 19), treated=49, control=38)
    'overstated'
    """
    if net.high < TENTH * claimed:
        return CONTRADICTED
    if net.excludes_zero and net.high >= claimed:
        robust = all(check.excludes_zero and check.high >= claimed for check in checks)
        return SUPPORTED if robust else OVERSTATED
    both_fall = treated >= claimed > net.estimate and control > HALF * treated
    if net.estimate > 0 and (net.high < claimed or both_fall):
        return OVERSTATED
    return UNRESOLVED


def judge_equivalence(difference: Interval, margin: float) -> str:
    """Judge "as good as a drug class" from magnesium minus drug; absence of difference is nothing.

    Returns
    -------
    str
        supported: the whole interval lies above minus the margin and inside it, or above it
        altogether. contradicted: all of it lies below minus the margin. unresolved otherwise.

    Examples
    --------
    >>> judge_equivalence(Interval(0.0, -0.3, 0.3), margin=0.15)
    'unresolved'
    """
    if difference.high < -margin:
        return CONTRADICTED
    inside = difference.low > -margin and difference.high < margin
    return SUPPORTED if inside or difference.low > margin else UNRESOLVED


def judge_tolerability(excess: Interval, margin: float) -> str:
    """Judge "well tolerated" from the excess of unwanted effects on magnesium.

    Returns
    -------
    str
        supported: the interval excludes an excess of the margin. contradicted: it excludes no
        excess. unresolved otherwise.
    """
    if excess.excludes_zero:
        return CONTRADICTED
    return SUPPORTED if excess.high < margin else UNRESOLVED


def judge_measured(claimed: tuple[float, float], measured: tuple[float, float]) -> str:
    """Judge a claimed figure or range against the range of measurements.

    Parameters
    ----------
    claimed : tuple of float
        Lower and upper end; infinite where the claim is "at least" or "at most".
    measured : tuple of float
        Interval or range of the measurements.

    Returns
    -------
    str
        supported: the two meet; "at least" and "at most" need all of the measured range inside.
        overstated: apart. contradicted: apart by more than twice the measured spread. unresolved:
        half inside an "at least", or apart from a single figure without a spread.

    Examples
    --------
    >>> judge_measured((5, 10), (4, 23)), judge_measured((90, 95), (15, 32))
    ('supported', 'contradicted')
    """
    (low, high), (smallest, largest) = claimed, measured
    gap = max(low - largest, smallest - high)
    if gap > 0:
        spread = largest - smallest
        if spread == 0:
            return UNRESOLVED
        return CONTRADICTED if gap > FAR * spread else OVERSTATED
    if isfinite(low) and isfinite(high):
        return SUPPORTED
    return SUPPORTED if low <= smallest and largest <= high else UNRESOLVED


def judge_prevalence(claimed: float | None, shares: Sequence[float]) -> str:
    """Judge a share that depends on a cut-off.

    Returns
    -------
    str
        unresolved: no share is claimed, or it lies between those of different cut-offs, so that
        the cut-off decides; beyond all of them as `judge_measured` says.
    """
    if claimed is None or min(shares) <= claimed <= max(shares):
        return UNRESOLVED
    return judge_measured((claimed, claimed), (min(shares), max(shares)))


def judge_typical(values: Sequence[float], low: float, high: float) -> str:
    """Judge "typically between low and high" by the share of the values inside.

    Returns
    -------
    str
        unresolved with fewer than three values; supported: more than half inside; overstated: some;
        contradicted: none.
    """
    if len(values) < MIN_TRIALS:
        return UNRESOLVED
    inside = sum(low <= value <= high for value in values)
    if inside > HALF * len(values):
        return SUPPORTED
    return OVERSTATED if inside else CONTRADICTED


def judge_threshold(claimed: float | None, levels: Sequence[float]) -> str:
    """Judge a dose above which harm is said to begin against published upper levels.

    Returns
    -------
    str
        supported: it is one of them, or no dose is claimed; unresolved: it lies between them;
        overstated: below all of them (harm is said to begin earlier); contradicted: above all.
    """
    if claimed is None or claimed in levels:
        return SUPPORTED
    if claimed < min(levels):
        return OVERSTATED
    return CONTRADICTED if claimed > max(levels) else UNRESOLVED


def judge_reference(claimed: tuple[float, float], published: tuple[float, float]) -> str:
    """Judge a quoted reference range: supported if it is the published one.

    Returns
    -------
    str
        overstated if the two only overlap, contradicted if they are apart.
    """
    if claimed == published:
        return SUPPORTED
    apart = claimed[0] > published[1] or claimed[1] < published[0]
    return CONTRADICTED if apart else OVERSTATED


def judge_association(sides: Sequence[int]) -> str:
    """Judge a link from several intervals: +1 as claimed, -1 opposite, 0 includes no link.

    Returns
    -------
    str
        supported: all as claimed; contradicted: all opposite; unresolved: they disagree.
    """
    if sides and all(side > 0 for side in sides):
        return SUPPORTED
    return CONTRADICTED if sides and all(side < 0 for side in sides) else UNRESOLVED


def judge_source(found: str, says: Sequence[bool] = ()) -> str:
    """Judge "a study exists and says X".

    Parameters
    ----------
    found : {"found", "misquoted", "not_found", "not_cited"}
        What became of the source.
    says : sequence of bool
        Whether each thing that must stand in it does.

    Returns
    -------
    str
        supported: found and says it; overstated: found and says less; contradicted: it says
        something else; unresolved: not found, which is no evidence against it.
    """
    if found == MISQUOTED:
        return CONTRADICTED
    if found == FOUND:
        return SUPPORTED if all(says) else OVERSTATED
    return UNRESOLVED


def claimed_range(
    value: float | None,
    low: float | None,
    high: float | None,
    at_least: float | None = None,
    at_most: float | None = None,
) -> tuple[float, float] | None:
    """Return what a claim covers, from its own figures or from how its words are read.

    Returns
    -------
    tuple of float or None
        Lower and upper end, infinite where open; None if there is no figure at all.
    """
    if at_least is not None or at_most is not None:
        return (
            -inf if at_least is None else at_least,
            inf if at_most is None else at_most,
        )
    if low is not None and high is not None:
        return low, high
    single = value if value is not None else low if low is not None else high
    return None if single is None else (single, single)
