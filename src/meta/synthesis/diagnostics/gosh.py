"""Is there one answer in these studies, or are there several?"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from meta.arguments import checked
from meta.effect_sizes.measures import Measure, measure_of
from meta.errors import DataError, need
from meta.synthesis.diagnostics.permutation import power_of_two
from meta.synthesis.diagnostics.subsets import Subsets
from meta.synthesis.models.pooled import Pooled, PooledAsGiven
from meta.synthesis.presentation import Answer
from meta.wording import range_text

# all subsets up to this many studies: about a million
_ALL = 20


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Gosh(Answer):
    """The answers of the subsets of a set of studies.

    Attributes
    ----------
    fit : Pooled
        The answer of all studies, whose model and estimator serve throughout.
    table : pandas.DataFrame
        One row for each subset: ``k estimate tau2 i2``, on the scale of computation.
    members : numpy.ndarray of bool of shape (n, fit.k)
        Which studies each subset holds.
    exact : bool
        Whether these are all subsets of two studies or more; otherwise a random sample.
    notes : tuple of str
        Sentences that must stand beside these numbers.
    """

    _caption: ClassVar[str] = "Answers of all subsets"

    fit: Pooled
    table: pd.DataFrame
    members: NDArray[np.bool_]
    exact: bool
    notes: tuple[str, ...]

    @property
    def scale(self) -> Measure:
        """The scale on which the effects are read."""
        return measure_of(self.fit.measure)

    def by_study(self) -> pd.DataFrame:
        """Say how the answers of subsets with a study differ from those of subsets without it.

        Returns
        -------
        pandas.DataFrame
            One row for each study: ``label``, the medians ``estimate_with estimate_without i2_with
            i2_without``, on the scale of computation, and ``apart``, the difference of the two
            median estimates over the interquartile range of all. A study far apart makes a cloud of
            its own.
        """
        estimate, i2 = self.table["estimate"].to_numpy(), self.table["i2"].to_numpy()
        low, high = np.quantile(estimate, [0.25, 0.75])
        rows = []
        for label, held in zip(self.fit.effects.labels, self.members.T, strict=True):
            inside, outside = np.median(estimate[held]), np.median(estimate[~held])
            rows.append(
                {
                    "label": label,
                    "estimate_with": inside,
                    "estimate_without": outside,
                    "i2_with": np.median(i2[held]),
                    "i2_without": np.median(i2[~held]),
                    "apart": (inside - outside) / (high - low) if high > low else np.nan,
                }
            )
        return pd.DataFrame(rows)

    def sentence(self) -> str:
        """Say in one sentence how far the answers of subsets lie apart."""
        ends = self.scale.to_reader(np.quantile(self.table["estimate"], [0.025, 0.975]))
        kind = "All" if self.exact else "A random sample of"
        return (
            f"{kind} {len(self.table):,} subsets of {self.fit.k} studies: {self.scale.label} "
            f"{range_text(ends)} in the middle 95 % of them."
        )

    def _rows(self) -> list[tuple[str, str]]:
        apart = self.by_study().set_index("label")["apart"].abs()
        return [
            ("Effect measure", self.scale.label),
            ("Answer", self.sentence()),
            ("Furthest apart with and without", str(apart.idxmax())),
        ]


@checked
def gosh(
    fit: Pooled,
    *,
    n_max: int = 100_000,
    seed: int = 0,
    executor: Executor | None = None,
    progress: Callable[[int, int], object] | None = None,
) -> Gosh:
    """Pool every subset of the studies, for a graphical display of study heterogeneity (GOSH).

    Parameters
    ----------
    fit : Pooled
        At least three studies. Its model and estimator of tau2 serve throughout.
    n_max : int
        With more than 20 studies, the number of subsets that are drawn at random, each study in or
        out with equal chance; with fewer, all subsets of two studies or more are pooled.
    seed : int
        Start of the random numbers.
    executor : concurrent.futures.Executor, optional
        Where to work: processes of this machine, or of a cluster (those of Dask and joblib are
        executors). The answers have the same bits with and without.
    progress : callable, optional
        Called with the pieces of work that are done and their number.

    Returns
    -------
    Gosh

    Raises
    ------
    DataError
        If this is not the answer of pool(), or holds fewer than three studies, or ``n_max`` is
        below 2.

    Notes
    -----
    If all studies measure one effect, the answers of subsets make one cloud. Two clouds, or a
    tail, show studies that do not belong to the others; :meth:`Gosh.by_study` says which.
    20 studies have 1,048,555 subsets of two or more, which take a few seconds.

    References
    ----------
    olkin2012

    Examples
    --------
    >>> import meta
    >>> fit = meta.pool([-0.5, -0.1, -0.4, -1.6], [0.04, 0.09, 0.06, 0.05], labels=list("ABCD"))
    >>> found = meta.gosh(fit)
    >>> len(found.table), str(found.by_study().set_index("label")["apart"].abs().idxmax())
    (11, 'D')
    """
    need("gosh", fit, Pooled, "the answer of pool()", "meta.pool(effects)")
    if isinstance(fit, PooledAsGiven):
        raise DataError(
            "gosh pools every subset by estimation, and tau2 or weights were given; give "
            "meta.pool(fit)"
        )
    if fit.k < 3:
        raise DataError(f"gosh needs at least 3 studies and this fit has {fit.k}")
    exact = fit.k <= _ALL
    if exact:
        codes = np.arange(2**fit.k, dtype="<u4").view(np.uint8).reshape(-1, 4)
        members = np.unpackbits(codes, axis=1, bitorder="little", count=fit.k).view(bool)
    else:
        members = np.random.default_rng(seed).integers(0, 2, (n_max, fit.k)) == 1
    members = members[np.count_nonzero(members, axis=1) >= 2]
    subsets = Subsets()
    numbers = subsets.add(fit.effects.yi, fit.effects.vi, members)
    estimator = (fit.model, fit.tau2_method)
    columns = {name: np.empty(subsets.n) for name in ("estimate", "tau2", "i2")}
    for places, means in subsets.solve([estimator], executor, progress):
        for name, values in columns.items():
            values[places] = means[estimator].columns[name]
    found = {name: values[numbers] for name, values in columns.items()}
    table = pd.DataFrame({"k": subsets.sizes[numbers], **found}, copy=False)
    notes = ["The subsets overlap: their number is no evidence, and only the shape is to be read."]
    if not exact:
        notes.append(f"{len(table):,} of {power_of_two(fit.k)} subsets were drawn (seed {seed}).")
    return Gosh(fit=fit, table=table, members=members, exact=exact, notes=tuple(notes))
