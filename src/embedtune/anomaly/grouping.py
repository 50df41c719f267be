"""Which queries ask for the same: paraphrases of one question must not fit and calibrate, or strange looks normal."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np
from numpy.typing import NDArray

from embedtune.anomaly.detectors.unit_vectors import Vectors

SAME_COSINE = 0.8
"""Queries at least as near as this go to one group, and so do their neighbours' neighbours."""

_BLOCK = 512


def groups_of(vectors: Vectors, given: Sequence[Hashable] | None = None) -> list[int]:
    """Return a group number a query: of what was given, else of who is near whom.

    Args:
        vectors: Unit vectors, shape (n, dimension).
        given: A name a query for its group, such as the section that answers it; ``None`` if none are known.
    """
    if given is not None:
        numbers: dict[Hashable, int] = {}
        return [numbers.setdefault(name, len(numbers)) for name in given]
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    first: list[NDArray[np.intp]] = []
    second: list[NDArray[np.intp]] = []
    for begin in range(0, len(vectors), _BLOCK):
        rows, columns = np.nonzero(vectors[begin : begin + _BLOCK] @ vectors.T >= SAME_COSINE)
        first.append(rows + begin)
        second.append(columns)
    pairs = (np.concatenate(first), np.concatenate(second))
    graph = coo_array((np.ones(len(pairs[0]), dtype=bool), pairs), shape=(len(vectors), len(vectors)))
    found: list[int] = connected_components(graph, directed=False)[1].tolist()
    return found
