"""Find nearly equal vectors among very many, without comparing all pairs in full.

The vectors are turned so that the first few of their numbers tell most of their differences (principal axes).
Two vectors that are near each other are no further apart in those few: block by block, pairs that are too far
apart there are left out, and only what remains is compared in full. Nothing is missed, and no more is in memory
than one block of pairs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from embedtune.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

_ROWS = 1024
_AXES = 48
_SAMPLE = 20_000
_FEW = 4096  # up to so many pairs of a block are compared one by one
_ROUNDING = 1e-4


def near_vector_links(
    vectors: NDArray[np.float32], threshold: float, progress: Callable[[int, int], None] | None = None
) -> list[tuple[int, int]]:
    """Return pairs of vectors with a cosine of at least ``threshold`` that link all members of each cluster.

    Vectors are in one cluster where a chain of such pairs joins them; of a cluster of n at most n - 1 pairs are
    returned, which suffice to join it.

    Args:
        vectors: Unit vectors, shape (n, dimension).
        threshold: The least cosine, above 0 and at most 1; cosines are exact to about a millionth.
        progress: Told how many rows are done, of how many.

    Returns:
        Pairs of rows, the smaller first, in order.

    Raises:
        InputError: The threshold is not above 0 and at most 1.
    """
    if not 0 < threshold <= 1:
        raise InputError(f"The threshold {threshold} is not above 0 and at most 1.", "Give a cosine, such as 0.95.")
    if not len(vectors):
        return []
    distinct, links = _distinct(vectors)
    held = np.ascontiguousarray(vectors[distinct])
    forest = _Forest(len(held))
    for left, right in _candidates(held, threshold, progress):
        forest.link(left, right)
    links += [(int(distinct[left]), int(distinct[right])) for left, right in forest.links]
    return sorted((min(pair), max(pair)) for pair in links)


class _Forest:
    """Keeps of many links those that join what was not joined before."""

    def __init__(self, size: int) -> None:
        from scipy.cluster.hierarchy import DisjointSet

        self._sets = DisjointSet(range(size))
        self.links: list[tuple[int, int]] = []

    def link(self, left: int, right: int) -> None:
        if self._sets.merge(left, right):
            self.links.append((left, right))


def _distinct(vectors: NDArray[np.float32]) -> tuple[NDArray[np.intp], list[tuple[int, int]]]:
    """Return the first row of each distinct vector, and links from those rows to the others equal to them."""
    first: dict[bytes, int] = {}
    owners = [first.setdefault(row.tobytes(), number) for number, row in enumerate(vectors)]
    links = [(owner, number) for number, owner in enumerate(owners) if owner != number]
    return np.array(list(first.values()), dtype=np.intp), links


def _candidates(
    held: NDArray[np.float32], threshold: float, progress: Callable[[int, int], None] | None
) -> Iterator[tuple[int, int]]:
    """Yield links between rows of each two blocks, no more of a pair of blocks than join its rows."""
    turned = _turned(held)
    # |a - b|² is 2 - 2 cos of unit vectors, and no less than the same of their first numbers: one product gives
    # -|a - b|² / 2 of those.
    halves = (turned**2).sum(axis=1, keepdims=True) / 2
    ones = np.ones_like(halves)
    one_side, other_side = np.hstack([turned, ones, -halves]), np.hstack([turned, -halves, ones])
    least = np.float32(threshold - 1 - _ROUNDING)
    for start in range(0, len(held), _ROWS):
        own = one_side[start : start + _ROWS]
        for other_start in range(start, len(held), _ROWS):
            near = own @ other_side[other_start : other_start + _ROWS].T
            found = np.flatnonzero(near >= least)
            left, right = found // near.shape[1] + start, found % near.shape[1] + other_start
            ordered = left < right
            yield from _confirmed(held, left[ordered], right[ordered], threshold)
        if progress:
            progress(min(start + _ROWS, len(held)), len(held))


def _turned(held: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the first numbers of the vectors, along the axes on which a sample of them differs most."""
    axes = min(_AXES, held.shape[1])
    sample = held[:: max(1, len(held) // _SAMPLE)].astype(np.float64)
    _, directions = np.linalg.eigh(sample.T @ sample - len(sample) * np.outer(sample.mean(axis=0), sample.mean(axis=0)))
    return np.ascontiguousarray(held @ directions[:, -axes:].astype(np.float32))


def _confirmed(
    held: NDArray[np.float32], left: NDArray[np.intp], right: NDArray[np.intp], threshold: float
) -> Iterator[tuple[int, int]]:
    """Yield those of the pairs that are near in full; of very many no more than join the same rows."""
    if len(left) <= _FEW:
        cosines = np.einsum("ij,ij->i", held[left], held[right])
        for number in np.flatnonzero(cosines >= threshold):
            yield int(left[number]), int(right[number])
        return
    rows, columns = np.unique(left), np.unique(right)
    near = held[rows] @ held[columns].T >= threshold
    near &= rows[:, None] < columns[None, :]
    yield from _spanning(near, rows, columns)


def _spanning(near: NDArray[np.bool_], rows: NDArray[np.intp], columns: NDArray[np.intp]) -> Iterator[tuple[int, int]]:
    """Yield links that join what a table of many joins."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import minimum_spanning_tree

    members, places = np.unique(np.concatenate([rows, columns]), return_inverse=True)
    row_place, column_place = places[: len(rows)], places[len(rows) :]
    left, right = np.nonzero(near)
    ones = np.ones(len(left), dtype=np.int8)
    table = coo_array((ones, (row_place[left], column_place[right])), shape=(len(members), len(members)))
    tree = minimum_spanning_tree(table.tocsr()).tocoo()
    for one, other in zip(tree.row, tree.col, strict=True):
        yield int(members[one]), int(members[other])
