"""How many people would settle the question, and how many have been seen?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from scipy.special import expit, logit, ndtri

from meta.arguments import checked
from meta.effect_sizes.measures import Measure, measure_of
from meta.errors import DataError, NotComparable
from meta.synthesis.consumers import need_estimate
from meta.synthesis.estimate import Estimate
from meta.synthesis.presentation import Answer
from meta.wording import number

_BINARY = ("RR", "OR", "PETO", "RD")
_MEASURES = ("MD", "SMD", *_BINARY)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class InformationSize(Answer):
    """How many people it takes to tell an important effect from none.

    Attributes
    ----------
    measure : str
        Effect measure.
    mid : float
        The smallest important difference, on the reader's scale.
    power, ci_level : float
        Chance to find it, and confidence level of the two-sided interval that finds it.
    n_one_trial : float
        People in one trial of two equal arms, or in trials that all have one true effect.
    diversity : float
        Share D2 of the random-effects variance of the mean that is heterogeneity, from 0 to 1.
    n_required : float
        People in trials that differ as much as ``diversity`` says.
    n_found : float or None
        People in the fit; None without one.
    share : float
        ``n_found`` of ``n_required``; NaN without a fit. Above 1 there is more than needed.
    notes : tuple of str
        Sentences that must stand beside these numbers wherever they are shown.
    """

    _caption: ClassVar[str] = "Required information"

    measure: str
    mid: float
    power: float
    ci_level: float
    n_one_trial: float
    diversity: float
    n_required: float
    n_found: float | None
    share: float
    notes: tuple[str, ...]

    def sentence(self) -> str:
        """Say the answer in one sentence."""
        goal = (
            f"a {measure_of(self.measure).label.lower()} of {number(self.mid)} with "
            f"{100 * self.power:g} % power"
        )
        if self.n_found is None:
            return f"To find {goal} takes {_people(self.n_required)} people."
        return (
            f"To find {goal} takes {_people(self.n_required)} people in trials that differ as "
            f"these do; {self.n_found:,.0f} were studied, {100 * self.share:.0f} % of that."
        )

    def _rows(self) -> list[tuple[str, str]]:
        rows = [
            ("Effect measure", measure_of(self.measure).label),
            ("Smallest important difference", number(self.mid)),
            (
                "Power; confidence level",
                f"{100 * self.power:g} %; {100 * self.ci_level:g} %, two-sided",
            ),
            ("People, in one trial", _people(self.n_one_trial)),
            ("Diversity", f"D² = {100 * self.diversity:.0f} %"),
            ("People, in trials like these", _people(self.n_required)),
        ]
        if self.n_found is not None:
            rows.append(("People studied", f"{self.n_found:,.0f} ({100 * self.share:.0f} %)"))
        return rows


@checked
def information_size(
    mid: float,
    *,
    measure: str | None = None,
    sd: float | None = None,
    control_risk: float | None = None,
    fit: Estimate | None = None,
    power: float = 0.9,
    ci_level: float = 0.95,
) -> InformationSize:
    r"""Say how many people it takes to find an important effect, and how many there have been.

    Parameters
    ----------
    mid : float
        The smallest important difference, on the reader's scale, in either direction: a difference
        of means (``"MD"``) or of risks (``"RD"``), a number of SDs (``"SMD"``), or a ratio.
    measure : {"MD", "SMD", "RR", "OR", "PETO", "RD"}, optional
        That of ``fit`` by default, ``"MD"`` without one.
    sd : float, optional
        SD of the outcome in one arm, in the unit of ``mid``. Needed for ``"MD"``.
    control_risk : float, optional
        Share of the untreated who have the event, above 0 and below 1. Needed for ``"RR"``,
        ``"OR"``, ``"PETO"`` and ``"RD"``.
    fit : Estimate, optional
        A meta-analysis of independent trials: its diversity enlarges the number (none under a
        common effect, as by Mantel-Haenszel), and its people are counted against it.
    power : float
        Chance to find an effect of this size, above one half and below 1.
    ci_level : float
        Confidence level of the two-sided interval, between 0 and 1.

    Returns
    -------
    InformationSize

    Raises
    ------
    NotComparable
        If there is no formula for the measure, or the measure is not that of the fit.
    DataError
        If a value is missing or cannot be, ``mid`` is no effect, or the people of the fit are not
        known; with a line for each fault.

    Notes
    -----
    One trial of two equal arms needs

    .. math:: N = \frac{4 (z_{1 - \alpha/2} + z_{power})^2 \sigma^2}{\delta^2}

    people (Wetterslev 2008), with :math:`\sigma` the SD and :math:`\delta` the difference; for
    events :math:`\delta` is the difference of the risks and :math:`\sigma^2 = \bar p (1 - \bar p)`
    with :math:`\bar p` the mean of both. Trials whose true effects differ need
    :math:`N / (1 - D^2)`, where :math:`D^2 = 1 - V_F / V_R` compares the variance of the mean under
    the common-effect and the random-effects model (Wetterslev 2009); it is at least I2.

    When not to use it: as a stopping rule. It is a yardstick for "too few people yet", not a test.
    D2 is as uncertain as tau2 is with few trials, and is 0 for one trial, which says nothing about
    how trials differ. A crossover, or an outcome adjusted for baseline, needs fewer people than
    this.

    Checked against the closed form for two normal means, and D2 against metafor's variances of the
    mean on bcg.

    References
    ----------
    wetterslev2008, wetterslev2009

    Examples
    --------
    >>> import meta
    >>> answer = meta.information_size(3, measure="MD", sd=6)
    >>> print(answer.sentence())
    To find a mean difference of 3.00 with 90 % power takes 169 people.
    """
    if fit is not None:
        need_estimate("information_size", fit)
    measure = measure or ("MD" if fit is None else fit.measure)
    if measure not in _MEASURES:
        raise NotComparable(
            f"information_size has no formula for {measure!r}; it takes {', '.join(_MEASURES)}"
        )
    if fit is not None and fit.measure != measure:
        raise NotComparable(
            f"information_size: the measure is {measure!r} and that of the fit {fit.measure!r}; "
            "give a smallest important difference on the scale of the fit"
        )
    scale = measure_of(measure)
    _check(scale, mid, sd, control_risk, power, fit)
    delta, variance = _signal(scale, float(mid), sd, control_risk)
    z = float(ndtri((1 + ci_level) / 2) + ndtri(power))
    one = 4 * z**2 * variance / delta**2
    diversity = 0.0 if fit is None else _diversity(fit)
    required = one / (1 - diversity)
    found = None if fit is None else fit.n_total
    return InformationSize(
        measure=measure,
        mid=float(mid),
        power=float(power),
        ci_level=ci_level,
        n_one_trial=one,
        diversity=diversity,
        n_required=required,
        n_found=found,
        share=np.nan if found is None else found / required,
        notes=tuple(_notes(fit, one, required)),
    )


def _check(
    scale: Measure, mid: Any, sd: Any, control_risk: Any, power: Any, fit: Estimate | None
) -> None:
    faults = []
    binary = scale.name in _BINARY
    if mid == scale.null or (scale.log and mid <= 0):
        need = "a ratio above 0 other than 1" if scale.log else "a difference other than 0"
        faults.append(f"mid is {mid!r}: give {need}")
    if scale.name == "MD" and (sd is None or sd <= 0):
        faults.append(f"sd is {sd!r}: give the SD of the outcome in one arm, in the unit of mid")
    if scale.name != "MD" and sd is not None:
        faults.append(f"sd means nothing for {scale.name}: leave it out")
    if binary and (control_risk is None or not 0 < control_risk < 1):
        faults.append(
            f"control_risk is {control_risk!r}: give the share of the untreated who have the "
            "event, above 0 and below 1"
        )
    if not binary and control_risk is not None:
        faults.append(f"control_risk means nothing for {scale.name}: leave it out")
    if not 0.5 < power < 1:
        faults.append(f"power is {power!r}: give a share above 0.5 and below 1, such as 0.9")
    if fit is not None and fit.n_total is None:
        faults.append(
            "the fit does not know its people: its effects need the columns n_t and n_c, a number "
            "in each row"
        )
    if not faults and binary and not 0 < _treated(scale, float(mid), float(control_risk)) < 1:
        faults.append(f"{mid:g} takes a control risk of {control_risk:g} below 0 or above 1")
    if faults:
        raise DataError.from_faults("information_size", faults)


def _treated(scale: Measure, mid: float, control_risk: float) -> float:
    """Return the risk of the treated."""
    if scale.name == "RD":
        return control_risk + mid
    if scale.name == "RR":
        return control_risk * mid
    return float(expit(logit(control_risk) + np.log(mid)))


def _signal(
    scale: Measure, mid: float, sd: float | None, control_risk: float | None
) -> tuple[float, float]:
    """Return the difference between the arms and the variance of one person's outcome."""
    if control_risk is not None:
        treated = _treated(scale, mid, control_risk)
        middle = (treated + control_risk) / 2
        return treated - control_risk, middle * (1 - middle)
    return mid, 1.0 if sd is None else float(sd) ** 2


def _diversity(fit: Estimate) -> float:
    if fit.model != "random" or fit.k == 1:
        return 0.0
    share = fit.weights / 100
    common, random = 1 / np.sum(1 / fit.effects.vi), np.sum(share**2 * (fit.effects.vi + fit.tau2))
    return float(1 - common / random)


def _notes(fit: Estimate | None, one: float, required: float) -> list[str]:
    if fit is None:
        return []
    notes = []
    if fit.k < 10:
        notes.append(
            f"D² rests on tau2 from k = {fit.k}, which is very uncertain, and the number of people "
            "with it."
        )
    if fit.model == "random" and required > 2 * one:
        notes.append(
            "the trials differ so much that more of them are needed, not only larger ones: find "
            "out why they differ."
        )
    return notes


def _people(count: float) -> str:
    return f"{np.ceil(count):,.0f}"
