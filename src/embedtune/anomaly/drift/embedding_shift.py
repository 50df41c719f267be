"""Do the vectors of the queries come from where the normal ones came from? The energy test.

Szekely and Rizzo, "Testing for equal distributions in high dimension" (2004); the p-value is by permutation, so that
nothing is assumed about the vectors.
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
        p_value: The chance of as large a distance where nothing has changed; 1 with fewer than two queries.
    """

    distance: float
    compared: int
    p_value: float


def embedding_shift(normal: NDArray[np.generic], logged: NDArray[np.floating], seed: int) -> EmbeddingShift:
    """Compare the sketches of normal and of logged queries.

    Args:
        normal: Shape (n, directions).
        logged: Of different queries, shape (m, directions).
        seed: Decides the samples and the permutations.
    """
    draw = np.random.default_rng(seed)
    first, second = (_sample(np.asarray(rows, dtype=np.float64), draw) for rows in (normal, logged))
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
    return EmbeddingShift(float(found[0]), len(second), (1 + reached) / (_PERMUTATIONS + 1))


def _energy(sides: NDArray[np.float64], distances: NDArray[np.float64], first: int, second: int) -> NDArray[np.float64]:
    """Return 2 E|X - Y| - E|X - X'| - E|Y - Y'| for each division into two sides, shape (divisions,)."""
    to_first = sides @ distances
    total = distances.sum()
    within_first = (to_first * sides).sum(axis=1)
    between = to_first.sum(axis=1) - within_first
    within_second = total - within_first - 2 * between
    return np.asarray(2 * between / (first * second) - within_first / first**2 - within_second / second**2)


def _sample(rows: NDArray[np.float64], draw: np.random.Generator) -> NDArray[np.float64]:
    if len(rows) <= MOST_COMPARED:
        return rows
    return rows[np.sort(draw.choice(len(rows), MOST_COMPARED, replace=False))]
