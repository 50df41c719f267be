"""Which queries ask for the same: paraphrases of one question must not fit and calibrate, or strange looks normal."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np

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
    labels = np.arange(len(vectors))
    for begin in range(0, len(vectors), _BLOCK):
        for near in vectors[begin : begin + _BLOCK] @ vectors.T >= SAME_COSINE:
            met = np.unique(labels[near])
            if len(met) > 1:
                labels[np.isin(labels, met)] = met[0]
    return labels.tolist()
