"""How many unseen studies without effect would change the answer?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy import stats

from meta.arguments import checked
from meta.effect_sizes.container import Effects
from meta.errors import DataError, NotComparable
from meta.synthesis.consumers import need_estimate
from meta.synthesis.engine import check_choice
from meta.synthesis.estimate import Estimate
from meta.synthesis.method_input import effects_of
from meta.synthesis.presentation import Answer
from meta.wording import number

FAIL_SAFE_METHODS = ("Rosenthal", "Orwin", "Rosenberg")
_NOT_ADVISED = (
    "not advised: it takes unseen studies to find no effect on average, which studies left out for "
    "their results do not, and says nothing of the size of the effect or of heterogeneity; the "
    "Cochrane Handbook does not recommend it. See selection_model() and pet_peese()."
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FailSafeN(Answer):
    """A fail-safe number of studies.

    Attributes
    ----------
    method : {"Rosenthal", "Orwin", "Rosenberg"}
        How it was computed.
    n : int
        Studies with no effect on average that would be needed.
    k : int
        Studies at hand.
    target : float
        The p-value (one-sided for Rosenthal, two-sided for Rosenberg), or the mean effect on the
        reader's scale (Orwin), that they would bring about.
    notes : tuple of str
        Why not to use it.
    """

    _caption: ClassVar[str] = "Fail-safe number"

    method: str
    n: int
    k: int
    target: float
    notes: tuple[str, ...]

    def sentence(self) -> str:
        """Say the answer in one sentence."""
        goal = (
            f"a {'one' if self.method == 'Rosenthal' else 'two'}-sided p of {self.target:g}"
            if self.method != "Orwin"
            else f"a mean of {number(self.target)}"
        )
        return f"{self.n} unseen studies without effect would bring about {goal} ({self.method})."

    def _rows(self) -> list[tuple[str, str]]:
        return [("Fail-safe number", self.sentence())]


@checked
def fail_safe_n(
    fit: Estimate | Effects,
    *,
    method: str = "Rosenthal",
    alpha: float = 0.05,
    target: float | None = None,
) -> FailSafeN:
    r"""Count the unseen studies that would take away significance, or the effect. Not advised.

    Parameters
    ----------
    fit : Estimate or Effects
        Effects of independent studies.
    method : {"Rosenthal", "Orwin", "Rosenberg"}
        Until the sum of z-values is no longer significant, until the plain mean is ``target``, or
        until the mean by common-effect weights is no longer significant.
    alpha : float
        Level: one-sided for Rosenthal, two-sided for Rosenberg.
    target : float, optional
        Mean effect on the reader's scale, for Orwin; half the mean (of logarithms) by default.

    Returns
    -------
    FailSafeN

    Raises
    ------
    DataError
        If a setting is unknown, or the target does not lie between no effect and the mean.
    NotComparable
        If the measure has no value that means no effect.

    Notes
    -----
    Rosenthal: :math:`\lceil (\sum z_i)^2 / z_\alpha^2 - k \rceil`, at least 0. Orwin:
    :math:`\lceil k (\bar y - t) / t \rceil` with the plain mean. Rosenberg: unseen studies of the
    mean weight :math:`\bar w`,
    :math:`\lceil ((\sum w_i y_i / z_{\alpha/2})^2 - \sum w_i) / \bar w \rceil` with
    :math:`w_i = 1 / v_i`, at least 0.

    When not to use it: to judge publication bias. It is here because reviews print it.

    Checked against metafor's ``fsn`` on bcg.

    References
    ----------
    rosenthal1979, orwin1983, rosenberg2005, cochranehandbook2019

    Examples
    --------
    >>> import meta
    >>> effects = meta.Effects.from_arrays([-0.5, -0.4, -0.6], [0.06, 0.04, 0.08])
    >>> print(meta.fail_safe_n(effects).sentence())
    12 unseen studies without effect would bring about a one-sided p of 0.05 (Rosenthal).
    """
    if isinstance(fit, Estimate):
        need_estimate("fail_safe_n", fit)
    effects = effects_of(fit)
    check_choice("method", method, FAIL_SAFE_METHODS)
    scale = effects.scale
    if not np.isfinite(scale.null):
        raise NotComparable(f"{scale.label} ({effects.measure}) has no value that means no effect")
    yi = effects.yi
    if method == "Rosenthal":
        total = float((yi / effects.sei).sum())
        n = max(0, int(np.ceil(total**2 / float(stats.norm.isf(alpha)) ** 2 - effects.k)))
        goal = float(alpha)
    elif method == "Rosenberg":
        w = 1 / effects.vi
        z = float(stats.norm.isf(alpha / 2))
        more = (float(w @ yi) / z) ** 2 - float(w.sum())
        n = max(0, int(np.ceil(more / float(w.mean()))))
        goal = float(alpha)
    else:
        mean = float(yi.mean())
        aim = mean / 2 if target is None else float(scale.from_reader(target))
        if not (aim * mean > 0 and abs(aim) < abs(mean)):  # a ratio below 0 is no number either
            raise DataError(
                f"target is {target!r}: give a mean between no effect and the mean of the studies, "
                f"{number(float(scale.to_reader(mean)))}"
            )
        n = int(np.ceil(effects.k * (mean - aim) / aim))
        goal = float(scale.to_reader(aim))
    return FailSafeN(method=method, n=n, k=effects.k, target=goal, notes=(_NOT_ADVISED,))
