"""What takes certainty away from an answer: five rules with stated thresholds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from meta.evidence.question import Form
from meta.synthesis.estimate import Estimate, RandomEffects
from meta.wording import listed, range_text

STEPS = {"no concern": 0, "serious": 1, "very serious": 2}

# percent of the weight. A quarter: enough to carry an effect that the other trials do not show; a
# half: most of what is known comes from such trials
WEIGHT_SOME, WEIGHT_MOST = 25.0, 50.0
# the customary words for I2: substantial, considerable
I2_SERIOUS, I2_VERY_SERIOUS = 50.0, 75.0
# two trials give one difference: it can raise the question, not measure the spread
TRIALS_FOR_SPREAD = 3
# in two equal arms and with 80 % power, 400 people show an SMD of 0.28, 100 people one of 0.56
PEOPLE_ENOUGH, PEOPLE_FEW = 400, 100
# silent trials at no effect shrink a mean effect by their share (equal sizes): a quarter is felt
SILENT_SERIOUS = 0.25
# the effect then rests on fewer than half of the trials that looked
UNPRINTED_SERIOUS = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """The answer to one of the five questions.

    Attributes
    ----------
    domain : str
        One of ``risk_of_bias inconsistency indirectness imprecision publication_bias``.
    judgement : {"no concern", "serious", "very serious"}
        Which takes 0, 1 or 2 levels away.
    reason : str
        With the figures that it rests on.
    basis : {"rule", "curators"}
        Who decided.
    """

    domain: str
    judgement: str
    reason: str
    basis: str = "rule"

    @property
    def levels(self) -> int:
        """Levels taken away."""
        return STEPS[self.judgement]

    def to_dict(self) -> dict[str, Any]:
        """Return the judgement as plain values."""
        return {
            "domain": self.domain,
            "judgement": self.judgement,
            "levels": self.levels,
            "basis": self.basis,
            "reason": self.reason,
        }


def weight_at_risk(
    fit: Estimate, judged: Mapping[str, str], doubted: Mapping[str, str]
) -> Judgement:
    """Rate the risk of bias by the weight of the trials that are at high risk.

    At high risk is a trial that is open, that a tool judged high (as a whole or in a domain), or
    whose figures are in doubt. Serious from a quarter of the weight, very serious from a half.
    Serious, too, where half of the weight was never judged as a whole.

    Parameters
    ----------
    fit : Estimate
        The answer.
    judged : mapping of str to str
        The worst judgement by study: "low", "some", "unclear" or "high".
    doubted : mapping of str to str
        By study, what puts its figures in doubt, in words.
    """
    table = fit.effects.table
    reasons = []
    for study, blinding in zip(table["study_id"].astype(str), table["blinding"], strict=True):
        grounds = {
            "open": blinding == "open",
            "judged high": judged.get(study) == "high",
            doubted.get(study, ""): study in doubted,
        }
        reasons.append(", ".join(text for text, holds in grounds.items() if holds))
    risky = np.array([bool(text) for text in reasons])
    unjudged = ~risky & ~table["study_id"].isin(set(judged)).to_numpy()
    share, unknown = float(fit.weights[risky].sum()), float(fit.weights[unjudged].sum())
    word = "no concern"
    if share >= WEIGHT_MOST:
        word = "very serious"
    elif share >= WEIGHT_SOME or unknown >= WEIGHT_MOST:
        word = "serious"
    names = [
        f"{label}: {why}"
        for label, why in zip(table["label"].astype(str), reasons, strict=True)
        if why
    ]
    reason = f"{share:.0f} % of the weight is in trials at high risk"
    reason += f" ({listed(names, 10)})" if names else ""
    reason += f"; {unknown:.0f} % in trials that nobody judged as a whole" if unknown else ""
    return Judgement(domain="risk_of_bias", judgement=word, reason=f"{reason}.")


def heterogeneity(fit: Estimate, mid: float | None) -> Judgement:
    """Rate inconsistency by I2 and by where a new trial could lie.

    Serious from an I2 of 50 %, or if the prediction interval reaches no effect and the interval of
    the mean does not. Very serious from an I2 of 75 % with a prediction interval that holds
    important effects on both sides, given at least three trials. One trial cannot be inconsistent.

    Parameters
    ----------
    fit : Estimate
        The answer.
    mid : float or None
        Smallest difference that matters, on the scale of computation.
    """
    domain = "inconsistency"
    if fit.k == 1:
        return Judgement(
            domain=domain,
            judgement="no concern",
            reason="One trial: agreement cannot be seen, and nothing is taken away for it.",
        )
    # a method without a prediction interval crosses nothing with it
    random = fit if isinstance(fit, RandomEffects) else None
    low, high = (random.pi_low, random.pi_high) if random else (np.nan, np.nan)
    crosses = bool(low <= 0 <= high)
    mean_crosses = bool(fit.ci_low <= 0 <= fit.ci_high)
    both = mid is not None and low <= -mid and high >= mid
    word = "no concern"
    if fit.i2 >= I2_VERY_SERIOUS and both and fit.k >= TRIALS_FOR_SPREAD:
        word = "very serious"
    elif fit.i2 >= I2_SERIOUS or (crosses and not mean_crosses):
        word = "serious"
    reason = f"I² {fit.i2:.0f} %" if np.isfinite(fit.i2) else "This method gives no I²"
    if random and np.isfinite(low):
        side = "includes" if crosses else "excludes"
        reason += f"; a new trial could find {random.prediction_text()}, which {side} no effect"
    return Judgement(domain=domain, judgement=word, reason=f"{reason}.")


def form_share(fit: Estimate, form: Form | None) -> Judgement:
    """Rate indirectness by the weight of the trials that used the form in question.

    Serious below a half; the second level (other people, other outcomes) is for the curators, and
    so is all where no form is asked about in particular.

    Parameters
    ----------
    fit : Estimate
        The answer.
    form : Form or None
        The form of the treatment that is asked about.
    """
    domain = "indirectness"
    if form is None:
        return Judgement(
            domain=domain,
            judgement="no concern",
            reason="No rule takes anything away: other people and outcomes than those asked about "
            "are for the curators to judge.",
        )
    used = form.own(fit.effects.table).to_numpy()
    share = float(fit.weights[used].sum())
    name = form.label
    reason = f"{int(used.sum())} of {fit.k} trials used {name}, with {share:.0f} % of the weight."
    if fit.k == 1:
        reason = f"The one trial used {name if used[0] else f'another form than {name}'}."
    return Judgement(
        domain=domain,
        judgement="no concern" if share >= WEIGHT_MOST else "serious",
        reason=reason,
    )


def interval(fit: Estimate, mid: float | None) -> Judgement:
    """Rate imprecision by the interval and the number of people.

    Very serious if the interval holds important effects on both sides, or rests on fewer than 100
    people. Serious if it reaches no effect, or effects smaller than the important one, or rests on
    fewer than 400 people or an unknown number. An interval wholly between the two smallest
    important effects is precise: it says that the effect is small.

    Parameters
    ----------
    fit : Estimate
        The answer.
    mid : float or None
        Smallest difference that matters, on the scale of computation.
    """
    low, high = fit.ci_low, fit.ci_high
    faults = []
    severe = False
    if mid is None:
        if low <= 0 <= high:
            faults.append("the interval includes no effect")
    else:
        shown = range_text(fit.scale.to_reader([-mid, mid]))
        between = low > -mid and high < mid
        if low <= -mid and high >= mid:
            severe = True
            faults.append(f"the interval holds important effects on both sides of {shown}")
        elif between:
            pass
        elif low <= 0 <= high:
            faults.append("the interval includes no effect and important ones")
        elif low < mid and high > -mid:
            faults.append(f"the interval reaches effects too small to matter ({shown})")
    people = fit.n_total
    if people is None:
        faults.append("the number of people is unknown")
    elif people < PEOPLE_ENOUGH:
        severe |= people < PEOPLE_FEW
        limit = PEOPLE_FEW if people < PEOPLE_FEW else PEOPLE_ENOUGH
        faults.append(f"{people} people, fewer than {limit}")
    word = "very serious" if severe else "serious" if faults else "no concern"
    found = "; ".join(faults) if faults else "nothing of the kind"
    return Judgement(domain="imprecision", judgement=word, reason=f"{fit.effect_text()}: {found}.")


def unprinted_trials(fit: Estimate) -> Judgement:
    """Rate missing evidence by the trials that looked and printed nothing to pool.

    Serious if a quarter of the trials say only "no difference", or if at least half give no effect
    for whatever reason. There is no second level: that results are missing can be suspected, how
    many cannot be known. Funnel tests are not used: they need ten trials.

    Parameters
    ----------
    fit : Estimate
        The answer, whose effects list what was excluded.
    """
    have = set(fit.effects.table["cluster"].astype(str))
    left = fit.effects.excluded
    left = left[~left["cluster"].astype(str).isin(have)] if len(left) else left
    missing = set(left["cluster"].astype(str)) if len(left) else set()
    silent = fit.effects.silent
    trials = len(have) + len(missing)
    serious = len(silent) >= SILENT_SERIOUS * trials or len(missing) >= UNPRINTED_SERIOUS * trials
    give = "gives" if len(missing) == 1 else "give"
    return Judgement(
        domain="publication_bias",
        judgement="serious" if serious else "no concern",
        reason=f"{len(missing)} of {trials} trials that report the outcome {give} no effect, "
        f"{len(silent)} of them no more than that there was no difference.",
    )


# question -> the rule that answers it, as `computed_rule` names it
RULES = {
    "risk_of_bias": "weight_at_risk",
    "inconsistency": "heterogeneity",
    "indirectness": "form_share",
    "imprecision": "interval",
    "publication_bias": "unprinted_trials",
}
