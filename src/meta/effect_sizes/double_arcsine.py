"""How does a Freeman-Tukey double arcsine become a proportion again?"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from meta.arguments import checked
from meta.effect_sizes.inputs import (
    SIZE_FOR_COUNTS,
    Floats,
    Numbers,
    read_columns,
)


@checked
def pft_to_proportion(yi: ArrayLike, n: ArrayLike) -> Numbers:
    r"""Take a Freeman-Tukey double arcsine back to a proportion.

    Parameters
    ----------
    yi : array_like
        Value on the double arcsine scale: one study's, a pooled estimate or an interval limit.
    n : array_like
        Number of people: of the study for one study, the harmonic mean of the n of all studies for
        a pooled value (see Notes); at least 1.

    Returns
    -------
    float, numpy.ndarray or pandas.Series
        Proportion in [0, 1]. Values beyond the range that n allows give 0 or 1.

    Raises
    ------
    DataError
        If a value is missing or n is below 1.

    Notes
    -----
    Miller's inversion of the transform ``yi = (asin(sqrt(x/(n+1))) + asin(sqrt((x+1)/(n+1))))/2``.
    It is exact for one study. **For a pooled value there is no right n**: the harmonic mean is a
    convention, and where the n of the studies differ much the back-transformed value can lie far
    from every study. Pool PLO, or a binomial model, where that matters.
    `scipy.stats.hmean` computes the harmonic mean.

    Checked against: the round trip of the transform for every x out of n up to 60.

    References
    ----------
    Miller JJ (1978). The inverse of the Freeman-Tukey double arcsine transformation. The American
    Statistician 32(4):138. doi:10.1080/00031305.1978.10479283

    Schwarzer G, Chemaitelly H, Abu-Raddad LJ, Rücker G (2019). Seriously misleading results using
    inverse of Freeman-Tukey double arcsine transformation in meta-analysis of single proportions.
    Research Synthesis Methods 10(3):476-483. doi:10.1002/jrsm.1348

    Examples
    --------
    >>> from meta.effect_sizes.sizes import effect_size
    >>> yi = effect_size("PFT", events=3, n=40)["yi"].iloc[0]
    >>> round(pft_to_proportion(yi, n=40), 6)
    0.075
    """
    columns = read_columns("pft_to_proportion", {"yi": yi, "n": n}, {"n": SIZE_FOR_COUNTS})
    return columns.like_input(from_double_arcsine(columns["yi"], columns["n"]))


def from_double_arcsine(yi: Floats, n: Floats | float) -> Floats:
    """Compute Miller's inversion for checked values."""
    size = np.broadcast_to(np.asarray(n, dtype=float), np.shape(yi))
    lowest, highest = double_arcsine(np.zeros_like(size), size), double_arcsine(size, size)
    sine = np.sin(2 * np.clip(yi, lowest, highest))
    inner = 1 - (sine + (sine - 1 / sine) / size) ** 2
    # rounding can leave a value a hair below zero where the root is zero
    root = np.sign(np.cos(2 * yi)) * np.sqrt(np.clip(inner, 0, None))
    inside = np.where(yi >= highest, 1.0, (1 - root) / 2)
    # what is missing stays missing
    return np.where(np.isnan(yi), np.nan, np.where(yi <= lowest, 0.0, inside))


def double_arcsine(x: Floats, n: Floats) -> Floats:
    """Compute the Freeman-Tukey transform of x people out of n."""
    return np.asarray((np.arcsin(np.sqrt(x / (n + 1))) + np.arcsin(np.sqrt((x + 1) / (n + 1)))) / 2)
