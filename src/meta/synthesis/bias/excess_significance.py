"""Are there more significant studies than their power lets expect?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd
from scipy import stats

from meta.arguments import checked
from meta.errors import NotComparable
from meta.synthesis.consumers import need_estimate
from meta.synthesis.models.pooled import Pooled
from meta.synthesis.presentation import Answer
from meta.wording import number, p_text


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ExcessSignificance(Answer):
    """Observed and expected numbers of significant studies.

    Attributes
    ----------
    k, observed : int
        Studies, and those with a two-sided p below ``alpha``.
    expected : float
        Sum of the powers.
    p_value : float
        Chance of that many or more, if each study is significant with its power.
    alpha : float
        Two-sided level of significance.
    power : pandas.DataFrame
        One row for each study: ``label p_value power``.
    notes : tuple of str
        Sentences that must stand beside these numbers.
    """

    _caption: ClassVar[str] = "Excess significance"

    k: int
    observed: int
    expected: float
    p_value: float
    alpha: float
    power: pd.DataFrame
    notes: tuple[str, ...]

    def sentence(self) -> str:
        """Say the answer in one sentence."""
        return (
            f"{self.observed} of {self.k} studies are significant, {number(self.expected, 1)} "
            f"would be expected (p {p_text(self.p_value)})."
        )

    def _rows(self) -> list[tuple[str, str]]:
        return [("Significant studies", self.sentence())]


@checked
def excess_significance(fit: Pooled, *, alpha: float = 0.05) -> ExcessSignificance:
    r"""Test whether more studies are significant than their power lets expect.

    Parameters
    ----------
    fit : Pooled
        Its mean is taken for the true one, and its tau2 for their variance.
    alpha : float
        Two-sided level of significance of a study, between 0 and 1.

    Returns
    -------
    ExcessSignificance

    Raises
    ------
    DataError
        If alpha is no share.
    NotComparable
        If the measure has no value that means no effect.

    Notes
    -----
    A study is significant if :math:`|y_i| > z_{1 - \alpha/2} \sqrt{v_i}`; its power is the chance
    of that for :math:`y_i \sim N(\hat\mu, v_i + \hat\tau^2)`. The number of significant studies is
    then a sum of independent draws with unequal chances, whose distribution is computed exactly
    (no chi-squared approximation).

    When not to use it: under heterogeneity that the model does not hold; with few studies it finds
    next to nothing, and a large p does not show that all is well. Power from the same studies is
    too high if they are biased, which makes the test timid.

    Checked against metafor's ``tes``, exact, on dat.dorn2007 and bcg.

    References
    ----------
    ioannidistrikalinos2007

    Examples
    --------
    >>> import meta
    >>> fit = meta.pool([-0.5, -0.4, -0.6, -0.1], [0.06, 0.04, 0.08, 0.01], model="common")
    >>> print(meta.excess_significance(fit).sentence())
    3 of 4 studies are significant, 1.1 would be expected (p = 0.049).
    """
    need_estimate("excess_significance", fit)
    if not np.isfinite(fit.scale.null):
        raise NotComparable(
            f"{fit.scale.label} ({fit.measure}) has no value that means no effect, so no study is "
            "significant"
        )
    sei = fit.effects.sei
    tau2 = fit.tau2 if fit.model == "random" and fit.k > 1 else 0.0
    reach = float(stats.norm.isf(alpha / 2)) * sei
    spread, mean = np.sqrt(fit.effects.vi + tau2), fit.estimate
    power = stats.norm.sf((reach - mean) / spread) + stats.norm.cdf((-reach - mean) / spread)
    z = np.abs(fit.effects.yi) / sei
    observed = int((z > stats.norm.isf(alpha / 2)).sum())
    chance = np.ones(1)
    for one in power:
        chance = np.convolve(chance, [1 - one, one])
    notes = []
    if fit.k < 10:
        notes.append(f"k = {fit.k}: with so few studies the test finds next to nothing.")
    return ExcessSignificance(
        k=fit.k,
        observed=observed,
        expected=float(power.sum()),
        p_value=min(1.0, float(chance[observed:].sum())),  # the sum may round above 1
        alpha=float(alpha),
        power=pd.DataFrame(
            {"label": fit.effects.labels, "p_value": 2 * stats.norm.sf(z), "power": power}
        ),
        notes=tuple(notes),
    )
