"""Which queries ask for the same: paraphrases of one question must not fit and calibrate, or strange looks normal."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np
from numpy.typing import NDArray

from embedtune.anomaly.detectors.unit_vectors import Vectors

SAME_COSINES = (0.8, 0.9, 0.95)
"""Queries at least as near as the first go to one group, and so do their neighbours' neighbours; where a group becomes
too large in that way, as in a narrow domain, the next decides, and the last in any case."""

_LARGEST_SHARE = 0.25  # of all queries that may be in one group

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
    found = _neighbours(vectors, SAME_COSINES[0])
    for cosine in SAME_COSINES[1:]:
        if np.bincount(found).max(initial=0) <= max(1, _LARGEST_SHARE * len(vectors)):
            break
        found = _neighbours(vectors, cosine)
    return [int(label) for label in found]


def _neighbours(vectors: Vectors, cosine: float) -> NDArray[np.intp]:
    """Return the number of each query's group: the row of its first member."""
    labels = np.arange(len(vectors))
    for begin in range(0, len(vectors), _BLOCK):
        for near in vectors[begin : begin + _BLOCK] @ vectors.T >= cosine:
            met = np.unique(labels[near])
            if len(met) > 1:
                labels[np.isin(labels, met)] = met[0]
    return labels
