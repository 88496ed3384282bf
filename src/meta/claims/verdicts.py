"""Which verdict follows from these figures, and to which side do they lean?

All rules that decide are here, and nothing else is: figures in, one word out. Estimates are
oriented beforehand so that above 0 is on the side that the claim takes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import inf, isfinite, nan

from scipy.special import stdtr, stdtrit

SUPPORTED = "supported"
OVERSTATED = "overstated"
CONTRADICTED = "contradicted"
UNRESOLVED = "unresolved"
NO_TRIALS = "no_trials"
SOURCE_NOT_FOUND = "source_not_found"
NOT_TESTABLE = "not_testable"
VERDICTS = (
    SUPPORTED, OVERSTATED, CONTRADICTED, UNRESOLVED, NO_TRIALS, SOURCE_NOT_FOUND, NOT_TESTABLE,
)  # fmt: skip

FOR = "for"
AGAINST = "against"
NEITHER = "neither"
LEANS = (FOR, AGAINST, NEITHER)

FOUND = "found"
IN_PART = "in_part"
MISQUOTED = "misquoted"
NOT_FOUND = "not_found"
NOT_CITED = "not_cited"
SOURCES = (FOUND, IN_PART, MISQUOTED, NOT_FOUND, NOT_CITED)

# with one or two trials there is no interval over trials that is worth reading (k = 2 leaves one
# degree of freedom) and nothing to check it with; the figure is shown, the verdict left open
MIN_TRIALS = 3
# a trial with more than half of the weight decides alone
DOMINANT = 50.0
# a fall of less than a tenth of the claimed one counts as no fall of that kind
TENTH = 0.1
# "typical", "most" and "most of it" mean more than half
HALF = 0.5
# a treatment matches a drug class if at most half of the drugs' advantage over placebo is lost: the
# customary margin of non-inferiority trials
PRESERVED = 0.5
# one-sided p up to which an estimate leans to its side
LEANING = 0.2
# a claimed share that far, in points, beyond every measurement is excluded by them
FAR_POINTS = 20.0
# so is a claimed ratio that lies further off than twice the range of the measurements
FAR_RANGES = 2.0


@dataclass(frozen=True, slots=True)
class Oriented:
    """An estimate between its limits, oriented so that above 0 is on the side of the claim.

    Attributes
    ----------
    estimate, low, high : float
        Estimate and confidence limits.
    se, dof : float
        Standard error and degrees of freedom; NaN and infinite where only limits are known.
    """

    estimate: float
    low: float
    high: float
    se: float = nan
    dof: float = inf

    @classmethod
    def around(cls, estimate: float, se: float, dof: float) -> Oriented:
        """Set the 95 % t interval around an estimate."""
        half = float(stdtrit(dof, 0.975)) * se
        return cls(estimate, estimate - half, estimate + half, se, dof)

    @property
    def ends(self) -> tuple[float, float, float]:
        """Estimate and limits."""
        return self.estimate, self.low, self.high

    def __neg__(self) -> Oriented:
        return Oriented(-self.estimate, -self.high, -self.low, self.se, self.dof)

    def minus(self, value: float) -> Oriented:
        """Measure from another value than 0."""
        estimate, low, high = (end - value for end in self.ends)
        return Oriented(estimate, low, high, self.se, self.dof)

    @property
    def p_above(self) -> float:
        """One-sided p-value of lying above 0; the smaller, the clearer."""
        return (-self).probability_above

    @property
    def probability_above(self) -> float:
        """Probability, with a flat prior, that the mean lies above 0."""
        return float(stdtr(self.dof, self.estimate / self.se))


def settled(words: Iterable[str]) -> str:
    """Return the word on which all sets of trials agree; unresolved if they differ.

    Examples
    --------
    >>> settled(["supported", "supported"]), settled(["supported", "unresolved"])
    ('supported', 'unresolved')
    """
    found = set(words)
    return found.pop() if len(found) == 1 else UNRESOLVED


def judge_superiority(
    advantage: Oriented, *, mid: float | None = None, called_large: bool = False
) -> str:
    """Judge "better than the control" by one set of trials.

    Parameters
    ----------
    advantage : Oriented
        Above 0 favours the treatment.
    mid : float, optional
        Smallest important difference, above 0; None if none is known.
    called_large : bool
        Whether the claim speaks of an important effect.

    Returns
    -------
    str
        supported: the interval excludes no effect, and an effect called large reaches `mid`.
        overstated: it excludes no effect, and an effect called large does not. contradicted: it
        lies wholly on the other side, or wholly inside ± `mid`. unresolved otherwise.

    Examples
    --------
    >>> judge_superiority(Oriented(0.5, 0.1, 0.9)), judge_superiority(Oriented(0.5, -0.1, 1.1))
    ('supported', 'unresolved')
    """
    if advantage.low > 0:
        return OVERSTATED if called_large and advantage.estimate < (mid or 0) else SUPPORTED
    inside = mid is not None and advantage.low > -mid and advantage.high < mid
    return CONTRADICTED if inside or advantage.high < 0 else UNRESOLVED


def judge_percent_fall(claimed: float, net: Oriented) -> str:
    """Judge "falls by X percent" by the net fall of one set of trials.

    Parameters
    ----------
    claimed : float
        X, above 0, in percent.
    net : Oriented
        How much further the treated arm fell than the control, in percentage points.

    Returns
    -------
    str
        supported: the interval lies above 0 and reaches X, and the estimate is at least half of X.
        overstated: it lies above 0 and wholly below X. contradicted: it lies wholly below a tenth
        of X. unresolved otherwise.

    Examples
    --------
    >>> judge_percent_fall(28, Oriented(9, 1, 17)), judge_percent_fall(28, Oriented(9, -1, 19))
    ('overstated', 'unresolved')
    """
    if net.low > 0 and net.high >= claimed and net.estimate >= HALF * claimed:
        return SUPPORTED
    if net.low > 0 and net.high < claimed:
        return OVERSTATED
    return CONTRADICTED if net.high < TENTH * claimed else UNRESOLVED


def judge_equivalence(difference: Oriented, margin: float) -> str:
    """Judge "as good as a drug class" from treatment minus drug; no difference found is nothing.

    Returns
    -------
    str
        supported: the whole interval lies inside the margin. contradicted: all of it lies below
        minus the margin. unresolved otherwise.

    Examples
    --------
    >>> judge_equivalence(Oriented(0.0, -0.3, 0.3), margin=0.15)
    'unresolved'
    """
    if -margin < difference.low and difference.high < margin:
        return SUPPORTED
    return CONTRADICTED if difference.high < -margin else UNRESOLVED


def judge_tolerability(excess: Oriented, margin: float) -> str:
    """Judge "well tolerated" from the excess of unwanted effects on the treatment.

    Returns
    -------
    str
        supported: the interval excludes an excess of the margin. contradicted: it lies wholly above
        no excess. unresolved otherwise.
    """
    if excess.high < margin:
        return SUPPORTED
    return CONTRADICTED if excess.low > 0 else UNRESOLVED


def lean_of_superiority(primary: Oriented, trusted: Oriented | None) -> str:
    """Say to which side an undecided effect leans.

    Parameters
    ----------
    primary : Oriented
        Every trial.
    trusted : Oriented or None
        The trusted ones, two at least; None if there are fewer.

    Returns
    -------
    str
        The side of the primary estimate, if its one-sided p is at most 0.2 and the trusted trials
        lie on the same side; else neither.
    """
    side = 1 if primary.estimate > 0 else -1
    towards = primary if side > 0 else -primary
    if trusted is None or towards.p_above > LEANING or trusted.estimate * side <= 0:
        return NEITHER
    return FOR if side > 0 else AGAINST


def lean_of_votes(favourable: int, opposed: int, none: int) -> str:
    """Say to which side printed directions lean where effects are too few.

    Returns
    -------
    str
        A side that more than half of at least three trials print, which print a side or "no
        difference"; else neither.

    Examples
    --------
    >>> lean_of_votes(4, 0, 1), lean_of_votes(2, 0, 0), lean_of_votes(2, 1, 3)
    ('for', 'neither', 'neither')
    """
    said = favourable + opposed + none
    if said < MIN_TRIALS:
        return NEITHER
    if favourable > HALF * said:
        return FOR
    return AGAINST if opposed > HALF * said else NEITHER


def lean_of_percent_fall(claimed: float, primary: Oriented, trusted: Oriented | None) -> str:
    """Say to which side an undecided fall leans, by figures alone.

    Parameters
    ----------
    claimed : float
        X, in percent.
    primary : Oriented
        Net fall of every trial.
    trusted : Oriented or None
        That of the trusted trials, one at least; None if there is none.

    Returns
    -------
    str
        against: every set is below half of X. for: both reach it, and the one-sided p of the
        primary one against no fall is at most 0.2. neither otherwise.
    """
    nets = [primary.estimate, *([] if trusted is None else [trusted.estimate])]
    if all(net < HALF * claimed for net in nets):
        return AGAINST
    reached = trusted is not None and all(net >= HALF * claimed for net in nets)
    return FOR if reached and primary.p_above <= LEANING else NEITHER


def lean_of_equivalence(difference: Oriented, margin: float) -> str:
    """Say whether an undecided comparison through placebo leans against; it never leans for."""
    return AGAINST if (-difference).minus(margin).p_above <= LEANING else NEITHER


def lean_of_tolerability(excess: Oriented, margin: float) -> str:
    """Say to which side undecided unwanted effects lean; neither where both sides are met.

    Returns
    -------
    str
        for: the one-sided p of an excess below the margin is at most 0.2. against: that of an
        excess above 0 is.
    """
    below = (-excess).minus(-margin).p_above <= LEANING
    above = excess.p_above <= LEANING
    if below == above:
        return NEITHER
    return FOR if below else AGAINST


def lean_of_association(sides: Sequence[int]) -> str:
    """Return the side that most of at least three intervals lie on, if none lies on the other."""
    for side, lean in ((1, FOR), (-1, AGAINST)):
        most = sides.count(side) > HALF * len(sides) and -side not in sides
        if most and len(sides) >= MIN_TRIALS:
            return lean
    return NEITHER


def judge_measured(
    claimed: tuple[float, float],
    own: Sequence[tuple[float, float]],
    every: Sequence[float],
    *,
    ratio: bool = False,
) -> str:
    """Judge a claimed share or ratio against measurements.

    Parameters
    ----------
    claimed : tuple of float
        Lower and upper end; infinite where the claim is "at least" or "at most".
    own : sequence of tuple of float
        Measurements of what the claim names, each as its printed limits; a point has two equal
        ones.
    every : sequence of float
        Values of every comparable measurement, those in `own` included.
    ratio : bool
        Whether the figures are ratios, which have no points.

    Returns
    -------
    str
        supported: every own measurement meets the claim. unresolved: only some do, or they lie on
        both sides of it; or none is of what the claim names and the others do not exclude it.
        contradicted: beyond every measurement by more than 20 points (a ratio: by more than twice
        their range). overstated otherwise.

    Examples
    --------
    >>> judge_measured((90, 95), [(23.5, 23.5)], [2.9, 23.5, 65.0])
    'contradicted'
    >>> judge_measured((5, 10), [(4, 4), (22.8, 22.8)], [4, 22.8])
    'unresolved'
    """
    sides = [_side_of(claimed, limits) for limits in own]
    if sides and not any(sides):
        return SUPPORTED
    if len(set(sides)) > 1:
        return UNRESOLVED
    beyond = max(claimed[0] - max(every), min(every) - claimed[1])
    far = FAR_RANGES * (max(every) - min(every)) if ratio else FAR_POINTS
    if beyond > far and (not ratio or far > 0):
        return CONTRADICTED
    return OVERSTATED if own else UNRESOLVED


def _side_of(claimed: tuple[float, float], measured: tuple[float, float]) -> int:
    """Say where a measurement lies: -1 below the claim, 1 above it, 0 where it meets it."""
    (low, high), (smallest, largest) = claimed, measured
    if isfinite(low) and isfinite(high):
        return -1 if largest < low else 1 if smallest > high else 0
    # "at least" and "at most" need all of the measurement inside
    return -1 if smallest < low else 1 if largest > high else 0


def judge_prevalence(claimed: float | None, own: Sequence[float], every: Sequence[float]) -> str:
    """Judge a share of people below a cut-off that the claim does not name.

    Parameters
    ----------
    claimed : float or None
        Share in percent; None if the claim names none.
    own, every : sequence of float
        Published shares in the people of the claim, and in any people, each at its cut-off.

    Returns
    -------
    str
        unresolved: no share is claimed, or published ones lie on both sides of it, so that the
        cut-off decides. Otherwise as `judge_measured`.
    """
    if claimed is None or min(every) <= claimed <= max(every):
        return UNRESOLVED
    return judge_measured((claimed, claimed), [(share, share) for share in own], every)


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
    found : {"found", "in_part", "misquoted", "not_found", "not_cited"}
        What became of the source.
    says : sequence of bool
        Whether each thing that must stand in it does.

    Returns
    -------
    str
        supported: found and says it; overstated: it says a part, or less; contradicted: it says
        something else; source_not_found: not found or not named, which is no evidence against it.
    """
    if found == MISQUOTED:
        return CONTRADICTED
    if found == IN_PART:
        return OVERSTATED
    if found == FOUND:
        return SUPPORTED if all(says) else OVERSTATED
    return SOURCE_NOT_FOUND


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
