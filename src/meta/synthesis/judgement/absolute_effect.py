"""What does a pooled ratio or difference mean among a hundred people?"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd
from scipy.special import expit, logit

from meta.arguments import checked
from meta.errors import DataError, NotComparable
from meta.synthesis.consumers import need_estimate
from meta.synthesis.estimate import Estimate

# the exponential of more than this is beyond every risk, and near the end of floating point
_HUGE = 700.0

_Difference = Callable[[float, float], float]


@checked
def absolute_effect(fit: Estimate, control_risk: float | Mapping[str, float]) -> pd.DataFrame:
    r"""Say what a pooled risk ratio, odds ratio or risk difference means among people.

    A ratio says nothing without the risk that it multiplies: twice as many of 1 in 1,000 is little,
    twice as many of 30 in 100 is much.

    Parameters
    ----------
    fit : Pooled, PooledTables, BinomialNormal, Multilevel or Robust
        Measure "RR", "OR", "PETO" or "RD"; treated against control.
    control_risk : float or mapping of str to float
        Share of people who have the event without the treatment, from 0 to 1; or several of them by
        name. It is taken as known: its own uncertainty is shown by giving several.

    Returns
    -------
    pandas.DataFrame
        One row for each risk, in the given order and with the names as index: ``control_risk
        treated_risk risk_difference ci_low ci_high nnt nnt_low nnt_high note``. Risks and the
        difference (treated minus control) with its limits are shares; the limits have the
        confidence level of the fit.

        ``nnt`` is 1 / ``risk_difference``, with its sign: 8 means one event **more** for every 8
        people treated, -8 one event **fewer**. Whether an event is wanted (response) or not
        (death), the figures cannot know. It is infinite where the difference is 0. ``nnt_low`` and
        ``nnt_high`` are the reciprocals of the limits. They are NaN where the interval of the
        difference includes 0: what is compatible with the data then runs from some number of
        people for one event fewer through infinity (no difference) to some number for one event
        more, which are two ranges and not one; ``note`` names both ends.

    Raises
    ------
    NotComparable
        If the measure is none of these.
    DataError
        If this is no pooled effect, a risk is no share between 0 and 1, or the effect would take a
        risk below 0 or above 1; with a line for each risk.

    Notes
    -----
    With the control risk c, the risk of the treated is :math:`c \cdot RR`, :math:`c + RD`, or for
    an odds ratio

    .. math:: \frac{c \cdot OR}{1 - c + c \cdot OR}.

    The limits are those of the effect, taken through the same formula. A limit that would be a risk
    below 0 or above 1 is cut there, and ``note`` says so; a risk ratio above 1 cannot hold at every
    control risk, an odds ratio can. A risk difference is the same at every control risk, which is a
    stronger assumption than a constant ratio.

    The interval is that of the mean effect over the trials. Where the true effects differ, those of
    one trial or one place can lie outside; the notes of the fit hold here, too.

    References
    ----------
    altman1998, cochranehandbook2019

    Examples
    --------
    >>> import numpy as np
    >>> import meta
    >>> fit = meta.pool(np.log([1.3, 1.6, 1.5]), [0.02, 0.03, 0.01], measure="RR", model="common")
    >>> table = meta.absolute_effect(fit, {"few respond": 0.20, "many respond": 0.40})
    >>> table[["treated_risk", "risk_difference", "ci_low", "ci_high", "nnt"]].round(3)
                  treated_risk  risk_difference  ci_low  ci_high     nnt
    few respond          0.292            0.092   0.053    0.137  10.879
    many respond         0.584            0.184   0.105    0.275   5.439
    """
    need_estimate("absolute_effect", fit)
    if fit.measure not in DIFFERENCES:
        raise NotComparable(
            f"absolute_effect needs a risk ratio, an odds ratio or a risk difference, and the "
            f"measure is {fit.measure!r}: pool the effects as one of {', '.join(DIFFERENCES)}"
        )
    difference = DIFFERENCES[fit.measure]
    risks = control_risk if isinstance(control_risk, Mapping) else {"": control_risk}
    rows, faults = [], []
    for name, risk in risks.items():
        where = f"control_risk {name!r}" if name else "control_risk"
        try:
            rows.append(_row(fit, difference, _share(risk)))
        except DataError as fault:
            faults.append(f"{where} is {risk!r}: {fault}")
    if not risks:
        faults.append("there is no control_risk; give at least one")
    if faults:
        raise DataError.from_faults("absolute_effect", faults)
    index = list(risks) if isinstance(control_risk, Mapping) else None
    return pd.DataFrame(rows, index=index)


def _share(risk: float) -> float:
    if not 0 <= risk <= 1:
        raise DataError(
            "give a share from 0 to 1 (0.38 for 38 %), or several by name, "
            '{"low": 0.1, "high": 0.3}'
        )
    return float(risk)


def _of_risk_ratio(effect: float, risk: float) -> float:
    return float(risk * np.expm1(min(effect, _HUGE)))


def _of_odds_ratio(effect: float, risk: float) -> float:
    # both risks go the same way, so that no effect is a difference of exactly 0
    return float(expit(logit(risk) + effect) - expit(logit(risk)))


def _of_risk_difference(effect: float, _risk: float) -> float:
    return effect


DIFFERENCES: dict[str, _Difference] = {
    "RR": _of_risk_ratio,
    "OR": _of_odds_ratio,
    "PETO": _of_odds_ratio,
    "RD": _of_risk_difference,
}


def _row(fit: Estimate, difference: _Difference, risk: float) -> dict[str, float | str]:
    middle, low, high = (
        difference(effect, risk) for effect in (fit.estimate, fit.ci_low, fit.ci_high)
    )
    if not 0 <= risk + middle <= 1:
        raise DataError(
            f"{fit.scale.label.lower()} {fit.scale.to_reader(fit.estimate):.2f} would make a risk "
            f"of {risk + middle:.2f} of it, so it cannot hold among these people; give a risk like "
            "those in the trials, or pool odds ratios"
        )
    notes = []
    if low < -risk:
        low = -risk
        notes.append("the lower limit is cut where nobody treated has the event")
    if high > 1 - risk:
        high = 1 - risk
        notes.append("the upper limit is cut where everybody treated has the event")
    apart = low > 0 or high < 0
    if not apart:
        through = ", through no difference," if low < 0 < high else ""
        notes.append(
            "the interval of the difference includes 0, so that of nnt is not one range: from "
            f"{_people(low)}{through} to {_people(high)}"
        )
    return {
        "control_risk": risk,
        "treated_risk": risk + middle,
        "risk_difference": middle,
        "ci_low": low,
        "ci_high": high,
        "nnt": 1 / middle if middle else np.inf,
        "nnt_low": 1 / high if apart else np.nan,
        "nnt_high": 1 / low if apart else np.nan,
        "note": "; ".join(notes),
    }


def _people(difference: float) -> str:
    if difference == 0:
        return "no difference"
    people = 1 / abs(difference)
    side = "more" if difference > 0 else "fewer"
    return f"one event {side} for every {people:,.{0 if people >= 10 else 1}f} people treated"
