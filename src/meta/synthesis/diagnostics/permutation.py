"""How often would chance alone give a result like this one?

Permutation tests need no normal distribution of the effects and no large k: their p-values count
rearrangements of the data that are as likely as the data if there is no effect.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from math import factorial
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from meta.arguments import checked
from meta.effect_sizes.measures import measure_of
from meta.errors import DataError, TooFewStudies
from meta.synthesis.consumers import need_estimate
from meta.synthesis.engine import NO_SPREAD, fit_columns
from meta.synthesis.models.pooled import Pooled
from meta.synthesis.presentation import Answer
from meta.wording import p_alone, p_text

Floats = NDArray[np.float64]

# A rearrangement that repeats the data must count although rounding moves its statistic a little;
# the square root of the machine's precision is far above rounding and far below any difference.
_SLACK = float(np.sqrt(np.finfo(float).eps))
# rearrangements fitted in one call, which bounds the memory
_BATCH = 5000
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


def check_count(n_max: int, what: str) -> None:
    """Refuse a number of rearrangements that is no whole number of 2 or more.

    Raises
    ------
    DataError
        With what is needed.
    """
    if not isinstance(n_max, int | np.integer) or n_max < 2:
        raise DataError(f"n_max is {n_max!r}; give the number of {what} to count, 2 or more")


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
    check_count(n_max, "sign patterns")
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
    observed = abs(_coefficients(y[:, None], v[:, None], None, *settings)[0, 0])
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
        statistics = np.abs(_coefficients(flipped, spread, None, *settings)[0])
        extreme += int(_at_least(statistics, observed).sum())
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


def _at_least(statistics: Floats, observed: float) -> NDArray[np.bool_]:
    # an infinite statistic (Knapp-Hartung with equal effects) is as large as an infinite one
    return statistics >= observed * (1 - _SLACK) if np.isfinite(observed) else np.isinf(statistics)


def _coefficients(
    Y: Floats, V: Floats, X: Floats | None, tau2_method: str | None, ci_method: str
) -> Floats:
    """Coefficients over their standard errors, shape (p, n), for n columns of effects."""
    return _statistics(Y, V, X, tau2_method, ci_method)[0]


def _statistics(
    Y: Floats, V: Floats, X: Floats | None, tau2_method: str | None, ci_method: str
) -> tuple[Floats, Floats, Floats]:
    """Statistics, coefficients (p, n) and their covariances (p, p, n) of n columns of effects.

    ``tau2_method`` None is the common effect (or unrestricted weighted least squares).
    """
    beta, cov, scale = fit_columns(Y, V, X, tau2_method, ci_method)
    if ci_method == "HK":
        cov = np.where(scale < NO_SPREAD, 0.0, cov)
    se = np.sqrt(np.einsum("iin->in", cov))
    with np.errstate(divide="ignore", invalid="ignore"):
        # no effect and no error (all effects are 0) is no sign of an effect
        return np.nan_to_num(beta / se, nan=0.0, posinf=np.inf, neginf=-np.inf), beta, cov


def regression_permutation(
    yi: Floats,
    vi: Floats,
    X: Floats,
    tested: list[int],
    tau2_method: str | None,
    ci_method: str,
    n_max: int,
    seed: int,
) -> tuple[Floats, float, int, bool]:
    """Permute which study has which moderators.

    Parameters
    ----------
    yi, vi : numpy.ndarray of shape (k,)
        Effects and sampling variances, which stay together.
    X : numpy.ndarray of shape (k, p)
        Design matrix.
    tested : list of int
        Columns of the omnibus test.
    tau2_method : str or None
        Estimator of tau2; None for the common-effect model.
    ci_method : {"wald", "HK", "HK-adhoc"}
        Whose standard errors the statistics have.
    n_max : int
        Most rearrangements to count.
    seed : int
        Start of the random numbers.

    Returns
    -------
    p_values : numpy.ndarray of shape (p,)
        Two-sided p-value of each coefficient.
    omnibus : float
        p-value of all tested coefficients together.
    count : int
        Rearrangements counted.
    exact : bool
        Whether these are all that differ.
    """
    rows, kind = np.unique(X, axis=0, return_inverse=True)
    counts = np.bincount(np.ravel(kind))
    total = factorial(len(yi))
    for repeats in counts.tolist():
        total //= factorial(repeats)
    exact = total <= n_max
    count = total if exact else n_max
    # studies are put in the order of their rows of moderators; then the matrix stays the same
    sorted_X = np.repeat(rows, counts, axis=0)
    start = np.argsort(np.ravel(kind), kind="stable")
    if exact:
        orders: Iterator[Any] = _arrangements(tuple(range(len(yi))), tuple(counts.tolist()))
    else:
        random = np.random.default_rng(seed)
        drawn = (random.permutation(len(yi)) for _ in range(count - 1))
        orders = itertools.chain([start], drawn)
    size, omnibus_size = _sizes(
        yi[start, None], vi[start, None], sorted_X, tested, tau2_method, ci_method
    )
    extreme, omnibus_extreme = np.zeros(X.shape[1]), 0
    while batch := list(itertools.islice(orders, _BATCH)):
        order = np.array(batch).T
        sizes, omnibus = _sizes(yi[order], vi[order], sorted_X, tested, tau2_method, ci_method)
        for column in range(X.shape[1]):
            extreme[column] += _at_least(sizes[column], size[column, 0]).sum()
        omnibus_extreme += int(_at_least(omnibus, omnibus_size[0]).sum())
    return extreme / count, omnibus_extreme / count, count, exact


def _sizes(
    Y: Floats, V: Floats, X: Floats, tested: list[int], tau2_method: str | None, ci_method: str
) -> tuple[Floats, Floats]:
    """Absolute statistics (p, n) and omnibus statistics (n,)."""
    statistics, beta, cov = _statistics(Y, V, X, tau2_method, ci_method)
    some = beta[tested].T[:, :, None]
    block = np.moveaxis(cov[np.ix_(tested, tested)], -1, 0)
    # effects that lie exactly on the line leave no covariance to divide by
    perfect = block[:, 0, 0] == 0
    solvable = np.where(perfect[:, None, None], np.eye(len(tested)), block)
    omnibus = (some * np.linalg.solve(solvable, some)).sum(axis=(1, 2))
    return np.abs(statistics), np.where(perfect & (omnibus > 0), np.inf, omnibus)


def _arrangements(items: tuple[int, ...], counts: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    """Every way to share out items among groups of given sizes, whatever the order in a group."""
    if len(counts) == 1:
        yield items
        return
    for chosen in itertools.combinations(items, counts[0]):
        taken = set(chosen)
        rest = tuple(item for item in items if item not in taken)
        for others in _arrangements(rest, counts[1:]):
            yield chosen + others
