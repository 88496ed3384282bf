"""Are two treatments alike, within a margin that was set beforehand?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy.special import stdtr

from meta.arguments import checked
from meta.effect_sizes.measures import Measure
from meta.errors import DataError, NotComparable
from meta.synthesis.consumers import need_estimate
from meta.synthesis.estimate import Estimate
from meta.synthesis.models.pooled import Pooled
from meta.synthesis.presentation import Answer
from meta.wording import p_alone, p_text, range_text

# measures that end at 1, and with them every margin
_UP_TO_1 = ("RD", "COR", "ZCOR")
# below this number of studies an interval over studies is not worth reading
_FEW = 3

_WORDS = {
    "inside": "alike within the margin",
    "below": "different by more than the margin, on the lower side",
    "above": "different by more than the margin, on the upper side",
    "undecided": "undecided: no difference found is not equivalence",
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Equivalence(Answer):
    """Whether an effect lies inside a margin.

    Attributes
    ----------
    equivalent : bool
        The whole confidence interval lies strictly inside the margin.
    place : {"inside", "below", "above", "undecided"}
        Where the interval lies: inside the margin; outside of it altogether, on the lower or the
        upper side, so that the effect differs from none by more than the margin; or neither, which
        decides nothing.
    margin_low, margin_high : float
        Ends of the margin, on the reader's scale.
    p_value : float
        Of the two one-sided tests that the effect lies beyond one end or the other, the larger.
        Small speaks for equivalence; it is below (1 - ``ci_level``) / 2 exactly if ``equivalent``.
    ci_level : float
        Confidence level of the interval, between 0 and 1.
    fit : Pooled, PooledTables, BinomialNormal, Multilevel or Robust
        The answer that was judged.
    notes : tuple of str
        Sentences that must stand beside these numbers wherever they are shown.
    """

    _caption: ClassVar[str] = "Equivalence"

    equivalent: bool
    place: str
    margin_low: float
    margin_high: float
    p_value: float
    ci_level: float
    fit: Estimate
    notes: tuple[str, ...]

    def margin_text(self, digits: int = 2) -> str:
        """Return the margin on the reader's scale, for example "0.80 to 1.25".

        Parameters
        ----------
        digits : int
            Decimals.
        """
        return range_text([self.margin_low, self.margin_high], digits)

    def sentence(self) -> str:
        """Say the answer in one sentence."""
        return (
            f"{self.fit.scale.label} {self.fit.effect_text()} [{100 * self.ci_level:g} % interval],"
            f" margin {self.margin_text()}: {_WORDS[self.place]} (two one-sided tests, p "
            f"{p_text(self.p_value)})."
        )

    def _rows(self) -> list[tuple[str, str]]:
        return [
            ("Effect measure", self.fit.scale.label),
            (f"Estimate ({100 * self.ci_level:g} % interval)", self.fit.effect_text(4)),
            ("Margin", self.margin_text(4)),
            ("Answer", _WORDS[self.place]),
            ("p, of being outside", p_alone(self.p_value)),
        ]


@checked
def equivalence(fit: Estimate, margin: float | tuple[float, float]) -> Equivalence:
    r"""Judge whether an effect is so small that it does not matter.

    "No significant difference" is not "no difference": a small trial finds no difference between
    almost anything. Equivalence is shown by an interval that leaves no room for a difference that
    matters.

    Parameters
    ----------
    fit : Pooled, PooledTables, BinomialNormal, Multilevel or Robust
        A difference or a ratio of two groups.
    margin : float or pair of float
        The largest difference that does not matter, on the reader's scale, set before the data are
        seen. One number stands for both directions: for a ratio above 1 (1.25 means 0.80 to 1.25),
        for a difference above 0 (0.2 means -0.2 to 0.2). A pair gives both ends; no effect must lie
        between them.

    Returns
    -------
    Equivalence

    Raises
    ------
    NotComparable
        If the measure has no value that means "no effect" (a proportion of one group).
    DataError
        If this is no pooled effect, the margin does not enclose no effect, or the fit's interval
        has no width.

    Notes
    -----
    The effect is inside the margin :math:`(l, u)` if the whole confidence interval is, the limits
    not touching. The p-value is the larger of the two one-sided ones,

    .. math::
        p = \max\left\{P\left(T > \frac{\hat\mu - l}{SE}\right),
            P\left(T > \frac{u - \hat\mu}{SE}\right)\right\},

    on the scale of computation (logarithms for ratios), with T Student's t with the fit's degrees
    of freedom, or normal where the fit's interval is. Schuirmann's procedure at the 5 % level asks
    for p < 0.05, which is a 90 % interval inside the margin. Here the fit's own interval is asked
    for, so that with 95 % p must be below 0.025: the same interval that is printed decides.

    References
    ----------
    schuirmann1987

    Examples
    --------
    >>> import numpy as np
    >>> import meta
    >>> fit = meta.pool(np.log([1.02, 0.97, 1.01]), [0.002, 0.003, 0.001], measure="RR")
    >>> answer = meta.equivalence(fit, 1.25)
    >>> answer.equivalent, answer.place
    (True, 'inside')
    >>> print(answer.sentence())
    Risk ratio 1.01 (0.95 to 1.06) [95 % interval], margin 0.80 to 1.25: alike within the margin
    (two one-sided tests, p = 0.002).
    """
    need_estimate("equivalence", fit)
    margin_low, margin_high = _margin(fit.scale, margin)
    low, high = (_computed(fit.scale, end) for end in (margin_low, margin_high))
    if not fit.ci_low < fit.ci_high:
        raise DataError(
            "equivalence: the interval has no width, so it cannot show that nothing lies outside "
            "the margin; pool with ci_method='HK-adhoc'"
        )
    place = place_of(fit.ci_low, fit.ci_high, low, high)
    nearest = min(fit.estimate - low, high - fit.estimate)
    return Equivalence(
        equivalent=place == "inside",
        place=place,
        margin_low=margin_low,
        margin_high=margin_high,
        p_value=float(stdtr(fit.dof or np.inf, -nearest / fit.se)),
        ci_level=fit.ci_level,
        fit=fit,
        notes=tuple(_notes(fit, place, low, high)),
    )


def place_of(ci_low: float, ci_high: float, margin_low: float, margin_high: float) -> str:
    """Say where an interval lies: "inside" a margin, "below", "above", or "undecided"."""
    if margin_low < ci_low and ci_high < margin_high:
        return "inside"
    if ci_high < margin_low:
        return "below"
    return "above" if ci_low > margin_high else "undecided"


def _margin(scale: Measure, margin: float | tuple[float, float]) -> tuple[float, float]:
    if not np.isfinite(scale.null):
        raise NotComparable(
            f"equivalence: {scale.label.lower()} ({scale.name}) has no value that means no "
            "effect; give a difference or a ratio of two groups"
        )
    lowest, highest = (-1.0, 1.0) if scale.name in _UP_TO_1 else (-np.inf, np.inf)
    need = "the largest difference that does not matter, above 0"
    if scale.log:
        lowest, need = 0.0, "a ratio above 1, such as 1.25 for 0.80 to 1.25"
    elif highest == 1:
        need += " and below 1"
    fault = DataError(
        f"equivalence: margin is {margin!r}; give {need}, or a pair (low, high) with "
        f"{scale.null:g}, no effect, between them"
    )
    ends = np.ravel(margin).tolist()
    if len(ends) == 1:
        high = float(ends[0])
        if not scale.null < high < highest:
            raise fault
        return (1 / high if scale.log else -high), high
    low, high = map(float, ends)
    if not lowest < low < scale.null < high < highest:
        raise fault
    return low, high


def _computed(scale: Measure, value: float) -> float:
    """Take the end of a margin to the scale of computation."""
    if scale.name == "ZCOR":
        return float(np.arctanh(value))
    return float(np.log(value)) if scale.log else value


def _notes(fit: Estimate, place: str, low: float, high: float) -> list[str]:
    notes = []
    if fit.k < _FEW:
        notes.append(
            f"k = {fit.k}: an interval over so few studies does not decide whether treatments are "
            "alike."
        )
    if not isinstance(fit, Pooled):
        return notes
    if place != "undecided" and fit.k > 1 and fit.model == "random":
        table = fit.intervals().table.set_index("ci_method")[["ci_low", "ci_high"]]
        wide_low, wide_high = map(float, table.loc["HK-adhoc"].to_numpy(dtype=float))
        if place_of(wide_low, wide_high, low, high) != place:
            wide = fit.scale.to_reader([wide_low, wide_high])
            shown = range_text(wide)
            notes.append(
                f"by the ad hoc (conservative) interval, {shown}, it is undecided: the answer rests"
                " on effects that agree better than their standard errors let expect."
            )
    if place == "inside" and (fit.pi_low <= low or fit.pi_high >= high):
        notes.append(
            "the prediction interval reaches beyond the margin: alike on average does not mean "
            "alike in every such study."
        )
    return notes
