"""How often would chance alone give a result like this one?

Permutation tests need no normal distribution of the effects and no large k: their p-values count
rearrangements of the data that are as likely as the data if there is no effect.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from meta.arguments import checked
from meta.effect_sizes.measures import measure_of
from meta.errors import DataError, TooFewStudies
from meta.synthesis.consumers import need_estimate
from meta.synthesis.models.permuted_moderators import at_least, statistics_of
from meta.synthesis.models.pooled import Pooled
from meta.synthesis.presentation import Answer
from meta.wording import p_alone, p_text

# numbers in one call, which bounds the memory
_CELLS = 500_000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PermutationTest(Answer):
    """The answer of a permutation test of a pooled effect.

    Attributes
    ----------
    statistic : float
        Observed effect over its standard error, by the method of the fit.
    p_value : float
        Two-sided.
    n_permutations : int
        Sign patterns that were counted, the observed one among them.
    exact : bool
        All sign patterns were counted; otherwise a random sample.
    k : int
        Number of effects.
    method : str
        The model and interval whose statistic was used.
    notes : tuple of str
        Sentences that must stand beside these numbers wherever they are shown.
    """

    _caption: ClassVar[str] = "Permutation test"

    statistic: float
    p_value: float
    n_permutations: int
    exact: bool
    k: int
    method: str
    notes: tuple[str, ...]

    def sentence(self) -> str:
        """Say the answer in one sentence."""
        kind = "all" if self.exact else "a random sample of"
        return (
            f"Permutation test over {kind} {self.n_permutations:,} sign patterns of {self.k} "
            f"effects: p {p_text(self.p_value)}."
        )

    def _rows(self) -> list[tuple[str, str]]:
        kind = "exact, all" if self.exact else "random sample,"
        return [
            ("Test", f"sign flips of {self.k} effects; {kind} {self.n_permutations:,} patterns"),
            ("Statistic", f"{self.statistic:.3f} ({self.method})"),
            ("p, against no effect", p_alone(self.p_value)),
        ]


def power_of_two(k: int) -> str:
    """Write 2 to the power k, which no float holds from k = 1024 on.

    Examples
    --------
    >>> power_of_two(10), power_of_two(5000)
    ('1.02e+03', '2^5000')
    """
    return f"{2.0**k:.3g}" if k < 1000 else f"2^{k}"


@checked
def permutation_test(fit: Pooled, *, n_max: int = 20_000, seed: int = 0) -> PermutationTest:
    """Test a pooled effect by flipping the signs of the effects.

    Parameters
    ----------
    fit : Pooled
        A fit of at least two effects of a measure that has a "no effect" value.
    n_max : int
        Most sign patterns to count, at least 2. All of them are counted if there are no more than
        that (k up to 14 by default), else a random sample of this size.
    seed : int
        Start of the random numbers.

    Returns
    -------
    PermutationTest

    Raises
    ------
    DataError
        If the measure has no value that means "no effect", or n_max is below 2.
    TooFewStudies
        If the fit holds one trial.

    Notes
    -----
    If there is no effect and the effects are symmetric around it, every pattern of signs is as
    likely as the observed one: in a randomised trial it is the exchange of the two arms. For each
    pattern tau2 is estimated anew and the statistic is the pooled effect over its standard error,
    both by the method of the fit. The p-value is the share of patterns whose statistic is at least
    as far from 0; in a random sample the observed pattern is one of them (Phipson and Smyth 2010),
    so that p is never 0. With k effects p cannot be below 2 / 2**k.

    Checked against R's metafor 3.8 (``permutest``, exact) on dat.hine1989: p = 0.0625, and against
    PyMARE's own test.

    References
    ----------
    follmannproschan1999

    Phipson B, Smyth GK (2010). Permutation P-values should never be zero. Statistical Applications
    in Genetics and Molecular Biology 9(1):39. doi:10.2202/1544-6115.1585

    Examples
    --------
    >>> import meta
    >>> fit = meta.pool([-0.50, -0.10, -0.40, -0.35], [0.04, 0.09, 0.06, 0.05])
    >>> meta.permutation_test(fit).p_value
    0.125
    """
    need_estimate("permutation_test", fit)
    scale = measure_of(fit.measure)
    if np.isnan(scale.null):
        raise DataError(
            f"{fit.measure} has no value that means 'no effect', so signs cannot be flipped around "
            "it; a permutation test is for differences, ratios and correlations"
        )
    if fit.k < 2:
        raise TooFewStudies("one trial has no sign pattern to compare with; 2 or more are needed")
    y, v, k = fit.effects.yi, fit.effects.vi, fit.k
    settings = (fit.tau2_method if fit.model == "random" else None, fit.ci_method)
    exact = 2**k <= n_max
    # a pattern and its mirror image have statistics of equal size: one of each pair is enough
    count = 2 ** (k - 1) if exact else n_max
    observed = abs(statistics_of(y[:, None], v[:, None], None, *settings)[0][0, 0])
    random = np.random.default_rng(seed)
    extreme = 0
    batch = max(1, _CELLS // k)
    for first in range(0, count, batch):
        size = min(batch, count - first)
        if exact:
            bits = (np.arange(first, first + size)[None, :] >> np.arange(k)[:, None]) & 1
        else:
            bits = random.integers(0, 2, size=(k, size))
            if first == 0:
                bits[:, 0] = 0  # the observed pattern
        flipped = y[:, None] * (1 - 2 * bits)
        spread = np.broadcast_to(v[:, None], flipped.shape)
        statistics = np.abs(statistics_of(flipped, spread, None, *settings)[0][0])
        extreme += int(at_least(statistics, observed).sum())
    notes = []
    if 2 / 2**k > 0.05:
        notes.append(
            f"k = {k}: the smallest p-value that {2**k} sign patterns allow is {2 / 2**k:g}; this "
            "test cannot reach 0.05."
        )
    if not exact:
        error = np.sqrt(extreme / count * (1 - extreme / count) / count)
        notes.append(
            f"{count:,} of {power_of_two(k)} sign patterns were drawn (seed {seed}); the p-value "
            f"has a sampling error of {error:.2g}."
        )
    return PermutationTest(
        statistic=_signed(fit),
        p_value=extreme / count,
        n_permutations=2 * count if exact else count,
        exact=exact,
        k=k,
        method=fit.method_text(),
        notes=tuple(notes),
    )


def _signed(fit: Pooled) -> float:
    return fit.estimate / fit.se if fit.se > 0 else float(np.copysign(np.inf, fit.estimate))
