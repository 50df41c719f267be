"""Do the vectors of the queries come from where the normal ones came from? The energy test.

Szekely and Rizzo, "Testing for equal distributions in high dimension" (2004); the p-value is by permutation, so that
nothing is assumed about the vectors.

Normal queries come in groups, each about one thing, and other things asked about are no drift yet: so the distance must
also be larger than those between two logs of these sizes that are made of groups of normal queries, drawn with
replacement (the bootstrap of clusters: Davison and Hinkley, "Bootstrap Methods and their Application", 1997, 3.8). Of
the two p-values the larger one counts, which makes the test conservative: false alarms are rarer than it says.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MOST_COMPARED = 500
"""Queries of a side that are compared, at most: a sample of more."""

PERMUTATIONS = 999
"""Divisions into two sides that a distance is compared with; the p-value is at least 1 in so many and one."""

_FEWEST = 2
_ROUNDING = 1e-12


@dataclass(frozen=True, slots=True)
class EmbeddingShift:
    """The result of the energy test.

    Attributes:
        distance: The energy distance, 0 where both sides are alike; in the unit of the sketches.
        compared: How many different queries of the log were compared.
        p_value: At least the chance of as large a distance where nothing has changed, be it by the draw of the
            queries or by that of what they are about; 1 with fewer than two queries.
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
    sides = np.zeros((PERMUTATIONS + 1, len(rows)))
    sides[0, : len(first)] = 1
    for number in range(1, PERMUTATIONS + 1):
        sides[number, draw.permutation(len(rows))[: len(first)]] = 1
    found = _energy(sides, distances, len(first), len(second))
    # Equal up to rounding counts as reached: the side against the test.
    reached = int(np.count_nonzero(found[1:] >= found[0] * (1 - _ROUNDING)))
    p_value = (1 + reached) / (PERMUTATIONS + 1)
    own = groups[kept]
    if len(np.unique(own)) < len(own):
        p_value = max(p_value, _by_groups(distances, own, float(found[0]), draw))
    return EmbeddingShift(float(found[0]), len(second), p_value)


def _by_groups(
    distances: NDArray[np.float64], groups: NDArray[np.integer], found: float, draw: np.random.Generator
) -> float:
    """Return the chance of as large a distance between normal queries and others that are about other things.

    The log's queries are taken to be about as many things as so many normal queries.

    Args:
        distances: Between all queries, first the normal ones, then those of the log.
        groups: Of the normal ones, shape (n,).
        found: The distance of the log.
        draw: Draws the groups.
    """
    count = len(groups)
    names, place = np.unique(groups, return_inverse=True)
    if len(names) < _FEWEST:
        return 1.0
    logged = max(1, round(len(names) * (len(distances) - count) / count))
    apart = _drawn(len(names), place, draw, len(names)) - _drawn(len(names), place, draw, logged)
    drawn = -((apart @ distances[:count, :count]) * apart).sum(axis=1)
    # Groups drawn out of these few vary less than groups out of all that might be asked.
    drawn *= len(names) / (len(names) - 1)
    return (1 + int(np.count_nonzero(drawn >= found * (1 - _ROUNDING)))) / (PERMUTATIONS + 1)


def _drawn(names: int, place: NDArray[np.intp], draw: np.random.Generator, wanted: int) -> NDArray[np.float64]:
    """Return the weight of each query in each of the logs made of groups drawn, shape (`PERMUTATIONS`, queries)."""
    weights = draw.multinomial(wanted, np.full(names, 1 / names), size=PERMUTATIONS)[:, place].astype(np.float64)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


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
