"""What are the means of very many subsets of studies, each distinct one solved once?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from meta.synthesis.means import Means, mean_columns

Floats = NDArray[np.float64]
Index = NDArray[np.intp]
Estimator = tuple[str, str]  # model, estimator of tau2

# numbers in the arrays of one piece of work
_PIECE = 2**20


@dataclass(frozen=True, slots=True)
class _Piece:
    """Subsets of equal size: their numbers, and the members of each in columns."""

    numbers: Index
    parts: tuple[tuple[Floats, Floats, NDArray[np.uint16]], ...]
    estimators: tuple[Estimator, ...]


@dataclass(frozen=True, slots=True)
class Solved:
    """Means of n subsets, by estimator."""

    n: int
    pieces: list[tuple[Index, dict[Estimator, Means]]]

    def means(self, estimator: Estimator) -> Iterator[tuple[Index, Means]]:
        """Yield the numbers of subsets of equal size with their means."""
        for numbers, found in self.pieces:
            yield numbers, found[estimator]


class Subsets:
    """Distinct subsets of sets of effects, numbered as they come."""

    def __init__(self) -> None:
        self._sizes: list[NDArray[np.intp]] = []
        self._parts: dict[int, list[tuple[Index, Floats, Floats, NDArray[np.uint16]]]]
        self._parts = defaultdict(list)
        self.n = 0

    @property
    def sizes(self) -> Index:
        """Number of effects of each subset."""
        return np.concatenate([*self._sizes, np.empty(0, dtype=np.intp)])

    def add(self, yi: Floats, vi: Floats, keep: NDArray[np.bool_]) -> Index:
        """Add subsets of one set of effects.

        Parameters
        ----------
        yi, vi : numpy.ndarray of shape (k,)
            Effects and sampling variances.
        keep : numpy.ndarray of bool of shape (n, k)
            The members of each subset.

        Returns
        -------
        numpy.ndarray of shape (n,)
            The number of each; -1 for a subset without members. Equal ones share a number.
        """
        packed: NDArray[Any] = np.packbits(keep, axis=1)
        if packed.shape[1] <= 8:  # as one number each, which sorts much faster than rows
            eight = np.zeros((len(packed), 8), dtype=np.uint8)
            eight[:, : packed.shape[1]] = packed
            packed = eight.view(np.uint64)[:, 0]
        _, first, number = np.unique(packed, axis=0, return_index=True, return_inverse=True)
        distinct = keep[first]
        sizes = distinct.sum(axis=1)
        numbers = np.full(len(first), -1, dtype=np.intp)
        filled = np.flatnonzero(sizes)
        numbers[filled] = self.n + np.arange(len(filled))
        self.n += len(filled)
        self._sizes.append(sizes[filled])
        for size in np.unique(sizes[filled]).tolist():
            some = np.flatnonzero(sizes == size)
            members = np.nonzero(distinct[some])[1].reshape(len(some), size).T
            self._parts[size].append((numbers[some], yi, vi, members.astype(np.uint16)))
        return numbers[number.ravel()]

    def solve(
        self,
        estimators: Sequence[Estimator],
        executor: Executor | None = None,
        progress: Callable[[int, int], object] | None = None,
    ) -> Solved:
        """Estimate the mean of every subset with every estimator.

        Parameters
        ----------
        estimators : sequence of tuple of str
            Models, each with an estimator of tau2.
        executor : concurrent.futures.Executor, optional
            Where to work.
        progress : callable, optional
            Called with the pieces of work that are done and their number.
        """
        pieces = list(self._pieces(tuple(estimators)))
        spread = map if executor is None else executor.map
        found = []
        for done, means in enumerate(spread(_solve, pieces), start=1):
            found.append((pieces[done - 1].numbers, means))
            if progress is not None:
                progress(done, len(pieces))
        return Solved(self.n, found)

    def _pieces(self, estimators: tuple[Estimator, ...]) -> Iterator[_Piece]:
        for size, parts in self._parts.items():
            width = max(1, _PIECE // size)
            waiting: list[tuple[Index, Floats, Floats, NDArray[np.uint16]]] = []
            count = 0
            for numbers, yi, vi, members in parts:
                for first in range(0, len(numbers), width):
                    cut = slice(first, first + width)
                    waiting.append((numbers[cut], yi, vi, members[:, cut]))
                    count += len(waiting[-1][0])
                    if count >= width:
                        yield _piece(waiting, estimators)
                        waiting, count = [], 0
            if waiting:
                yield _piece(waiting, estimators)


def _piece(
    waiting: list[tuple[Index, Floats, Floats, NDArray[np.uint16]]],
    estimators: tuple[Estimator, ...],
) -> _Piece:
    numbers = np.concatenate([one[0] for one in waiting])
    return _Piece(numbers, tuple(one[1:] for one in waiting), estimators)


def _solve(piece: _Piece) -> dict[Estimator, Means]:
    Y = np.hstack([yi[members] for yi, _, members in piece.parts])
    V = np.hstack([vi[members] for _, vi, members in piece.parts])
    return {
        (model, method): mean_columns(Y, V, model=model, tau2_method=method)
        for model, method in piece.estimators
    }
