"""What are the means of very many subsets of studies, each distinct one solved once?"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from meta.synthesis.means import Means, mean_columns

Floats = NDArray[np.float64]
Index = NDArray[np.intp]
Estimator = tuple[str, str]  # model, estimator of tau2

# numbers in the arrays of one piece of work, and pieces that wait for a place beside those at work
_PIECE = 2**18
_WAITING = 64


@dataclass(frozen=True, slots=True)
class _Piece:
    """Subsets of equal size: their numbers, and the members of each as bits in a row."""

    size: int
    numbers: Index
    parts: tuple[tuple[Floats, Floats, NDArray[np.uint8]], ...]
    estimators: tuple[Estimator, ...]


class Subsets:
    """Distinct subsets of sets of effects, numbered as they come."""

    def __init__(self) -> None:
        self._sizes: list[NDArray[np.intp]] = []
        self._parts: dict[int, list[tuple[Index, Floats, Floats, NDArray[np.uint8]]]]
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
        bits = np.packbits(keep, axis=1)
        packed: NDArray[Any] = bits
        if bits.shape[1] <= 8:  # as one number each, which sorts much faster than rows
            eight = np.zeros((len(bits), 8), dtype=np.uint8)
            eight[:, : bits.shape[1]] = bits
            packed = eight.view(np.uint64)[:, 0]
        _, first, number = np.unique(packed, axis=0, return_index=True, return_inverse=True)
        bits = bits[first]
        sizes = np.bitwise_count(bits).sum(axis=1, dtype=np.intp)
        numbers = np.full(len(first), -1, dtype=np.intp)
        filled = np.flatnonzero(sizes)
        numbers[filled] = self.n + np.arange(len(filled))
        self.n += len(filled)
        self._sizes.append(sizes[filled])
        for size in np.unique(sizes[filled]).tolist():
            some = np.flatnonzero(sizes == size)
            self._parts[size].append((numbers[some], yi, vi, bits[some]))
        return numbers[number.ravel()]

    def solve(
        self,
        estimators: Sequence[Estimator],
        executor: Executor | None = None,
        progress: Callable[[int, int], object] | None = None,
    ) -> Iterator[tuple[Index, dict[Estimator, Means]]]:
        """Estimate the mean of every subset with every estimator.

        Parameters
        ----------
        estimators : sequence of tuple of str
            Models, each with an estimator of tau2.
        executor : concurrent.futures.Executor, optional
            Where to work.
        progress : callable, optional
            Called with the pieces of work that are done and their number.

        Yields
        ------
        numbers : numpy.ndarray of int
            Of some subsets of equal size.
        means : dict of estimator to Means
            Their means.
        """
        pieces = list(self._pieces(tuple(estimators)))
        found = map(_solve, pieces) if executor is None else _spread(executor, pieces)
        for done, (piece, means) in enumerate(zip(pieces, found, strict=True), start=1):
            yield piece.numbers, means
            if progress is not None:
                progress(done, len(pieces))

    def _pieces(self, estimators: tuple[Estimator, ...]) -> Iterator[_Piece]:
        for size, parts in self._parts.items():
            width = max(1, _PIECE // size)
            waiting: list[tuple[Index, Floats, Floats, NDArray[np.uint8]]] = []
            count = 0
            for numbers, yi, vi, bits in parts:
                for first in range(0, len(numbers), width):
                    cut = slice(first, first + width)
                    waiting.append((numbers[cut], yi, vi, bits[cut]))
                    count += len(waiting[-1][0])
                    if count >= width:
                        yield _piece(size, waiting, estimators)
                        waiting, count = [], 0
            if waiting:
                yield _piece(size, waiting, estimators)


def _piece(
    size: int,
    waiting: list[tuple[Index, Floats, Floats, NDArray[np.uint8]]],
    estimators: tuple[Estimator, ...],
) -> _Piece:
    numbers = np.concatenate([one[0] for one in waiting])
    return _Piece(size, numbers, tuple(one[1:] for one in waiting), estimators)


def _spread(executor: Executor, pieces: Sequence[_Piece]) -> Iterator[dict[Estimator, Means]]:
    """Solve pieces elsewhere, in order; answers that nobody has taken yet hold up new work."""
    waiting: deque[Future[dict[Estimator, Means]]] = deque()
    for piece in pieces:
        waiting.append(executor.submit(_solve, piece))
        if len(waiting) > _WAITING:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()


def _solve(piece: _Piece) -> dict[Estimator, Means]:
    Y, V = (np.empty((piece.size, len(piece.numbers))) for _ in range(2))
    done = 0
    for yi, vi, bits in piece.parts:
        keep = np.unpackbits(bits, axis=1, count=len(yi))
        members = np.nonzero(keep)[1].reshape(len(bits), piece.size).T
        columns = slice(done, done + len(bits))
        Y[:, columns], V[:, columns] = yi[members], vi[members]
        done += len(bits)
    return {
        (model, method): mean_columns(Y, V, model=model, tau2_method=method)
        for model, method in piece.estimators
    }
