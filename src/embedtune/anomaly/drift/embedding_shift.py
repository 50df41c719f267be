"""Do the vectors of the queries come from where the normal ones came from? The energy test.

Szekely and Rizzo, "Testing for equal distributions in high dimension" (2004); the p-value is by permutation, so that
nothing is assumed about the vectors.

Normal queries come in groups, each about one thing, and other things asked about are no drift yet: so the distance must
also be larger than those between the halves into which the groups of normal queries can be divided.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MOST_COMPARED = 500
"""Queries of a side that are compared, at most: a sample of more."""

_PERMUTATIONS = 999
_FEWEST = 2


@dataclass(frozen=True, slots=True)
class EmbeddingShift:
    """The result of the energy test.

    Attributes:
        distance: The energy distance, 0 where both sides are alike; in the unit of the sketches.
        compared: How many different queries of the log were compared.
        p_value: The chance of as large a distance where nothing has changed, be it by the draw of the queries or by
            that of what they are about; 1 with fewer than two queries.
    """

    distance: float
    compared: int
    p_value: float


def embedding_shift(
    normal: NDArray[np.generic], groups: NDArray[np.integer], logged: NDArray[np.floating], seed: int
) -> EmbeddingShift:
    """Compare the sketches of normal and of logged queries.

    Args:
        normal: Shape (n, directions).
        groups: What each normal query is about, as a number, shape (n,).
        logged: Of different queries, shape (m, directions).
        seed: Decides the samples and the permutations.
    """
    draw = np.random.default_rng(seed)
    kept, asked = _sampled(len(normal), draw), _sampled(len(logged), draw)
    first, second = np.asarray(normal, dtype=np.float64)[kept], np.asarray(logged, dtype=np.float64)[asked]
    if min(len(first), len(second)) < _FEWEST:
        return EmbeddingShift(0.0, len(second), 1.0)
    from scipy.spatial.distance import cdist

    rows = np.concatenate([first, second])
    distances = cdist(rows, rows)
    sides = np.zeros((_PERMUTATIONS + 1, len(rows)))
    sides[0, : len(first)] = 1
    for number in range(1, _PERMUTATIONS + 1):
        sides[number, draw.permutation(len(rows))[: len(first)]] = 1
    found = _energy(sides, distances, len(first), len(second))
    # Equal up to rounding counts as reached: the side against the test.
    reached = int(np.count_nonzero(found[1:] >= found[0] * (1 - 1e-12)))
    p_value = (1 + reached) / (_PERMUTATIONS + 1)
    own = groups[kept]
    if len(np.unique(own)) < len(own):
        p_value = max(p_value, _by_groups(distances, own, draw))
    return EmbeddingShift(float(found[0]), len(second), p_value)


def _by_groups(distances: NDArray[np.float64], groups: NDArray[np.integer], draw: np.random.Generator) -> float:
    """Return the chance of as large a distance between two sides that normal queries about other things make.

    Both distances leave out those of a query from itself, so that sides of other sizes can be compared.

    Args:
        distances: Between all queries, first the normal ones, then those of the log.
        groups: Of the normal ones, shape (n,).
        draw: Decides the divisions.
    """
    count = len(groups)
    names, place = np.unique(groups, return_inverse=True)
    if len(names) < _FEWEST:
        return 1.0
    wanted = min(len(distances) - count, count)
    sides = np.zeros((2, _PERMUTATIONS + 1, len(distances)))
    sides[0, 0, :count] = sides[1, 0, count:] = 1
    for number in range(1, _PERMUTATIONS + 1):
        order = draw.permutation(len(names))[place]
        rows = np.argsort(order, kind="stable")
        ends = np.flatnonzero(np.diff(order[rows])) + 1  # where a group ends and another begins
        cut = ends[np.argmin(np.abs(ends - count / 2))]
        sides[0, number, rows[:cut]] = 1
        sides[1, number, draw.permutation(rows[cut:])[:wanted]] = 1
    found = _unbiased(sides, distances)
    return (1 + int(np.count_nonzero(found[1:] >= found[0]))) / (_PERMUTATIONS + 1)


def _unbiased(sides: NDArray[np.float64], distances: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the energy distance of each pair of sides, shape (divisions,): infinite where a side has too few."""
    first, second = sides
    sizes = sides.sum(axis=2)
    to_first = first @ distances
    between = (to_first * second).sum(axis=1)
    within = (to_first * first).sum(axis=1), ((second @ distances) * second).sum(axis=1)
    fits = (sizes >= _FEWEST).all(axis=0)
    one, other = np.where(fits, sizes, _FEWEST)
    distance = 2 * between / (one * other) - within[0] / (one * (one - 1)) - within[1] / (other * (other - 1))
    return np.where(fits, distance, np.inf)


def _energy(sides: NDArray[np.float64], distances: NDArray[np.float64], first: int, second: int) -> NDArray[np.float64]:
    """Return 2 E|X - Y| - E|X - X'| - E|Y - Y'| for each division into two sides, shape (divisions,)."""
    to_first = sides @ distances
    total = distances.sum()
    within_first = (to_first * sides).sum(axis=1)
    between = to_first.sum(axis=1) - within_first
    within_second = total - within_first - 2 * between
    return np.asarray(2 * between / (first * second) - within_first / first**2 - within_second / second**2)


def _sampled(count: int, draw: np.random.Generator) -> NDArray[np.intp]:
    """Return all of ``count`` rows, or of more than `MOST_COMPARED` a sample, ascending."""
    if count <= MOST_COMPARED:
        return np.arange(count)
    return np.sort(draw.choice(count, MOST_COMPARED, replace=False))
