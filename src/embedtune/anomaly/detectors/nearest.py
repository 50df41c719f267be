"""Distance to what is known: to the passages that are searched, or to the normal queries.

Ramaswamy, Rastogi and Shim, "Efficient algorithms for mining outliers from large data sets" (2000); on vectors of deep
models, Sun, Ming, Zhu and Li, "Out-of-distribution detection with deep nearest neighbors" (2022).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from embedtune.anomaly.detectors.port import Asked, Material, Scores
from embedtune.anomaly.detectors.stored import taken
from embedtune.anomaly.detectors.unit_vectors import Vectors

MOST_KNOWN = 2048
"""Vectors that are compared with, at most: a sample of more."""

NEIGHBOURS = 3
"""Of the nearest, how many count."""


@dataclass(frozen=True, slots=True, eq=False)
class Nearest:
    """The detector, fitted.

    Attributes:
        known: Unit vectors of what is known, shape (n, dimension), float16: half the file, and no rank changes.
        neighbours: How many of the nearest count.
    """

    known: NDArray[np.float16]
    neighbours: int
    _rows: Vectors

    @classmethod
    def of(cls, known: Vectors | NDArray[np.float16], neighbours: int) -> Nearest:
        """Compare with these vectors."""
        kept = np.asarray(known, dtype=np.float16)
        return cls(kept, neighbours, kept.astype(np.float32))

    @classmethod
    def to_queries(cls, material: Material) -> Nearest:
        """Compare with the normal queries: the mean of the three nearest."""
        return cls.of(sampled(material.queries.vectors, material.seed), NEIGHBOURS)

    @classmethod
    def to_passages(cls, material: Material) -> Nearest | None:
        """Compare with the passages: the mean of the three nearest; ``None`` where no passages are known."""
        if not len(material.passage_vectors):
            return None
        return cls.of(sampled(material.passage_vectors, material.seed), NEIGHBOURS)

    @classmethod
    def from_arrays(cls, arrays: dict[str, NDArray[np.generic]], dimension: int, neighbours: int) -> Nearest:
        """Take a stored detector out of ``arrays``.

        Raises:
            ModelError: A part is missing or damaged.
        """
        return cls.of(taken(arrays, "known", np.float16, (None, dimension)), neighbours)

    def scores(self, asked: Asked) -> Scores:
        """Return 1 - the mean cosine with the nearest known vectors, 0 to 2."""
        cosines = asked.vectors @ self._rows.T
        count = min(self.neighbours, len(self._rows))
        best = cosines.max(axis=1, keepdims=True) if count == 1 else np.partition(cosines, -count)[:, -count:]
        return np.asarray(1 - best.mean(axis=1, dtype=np.float64))

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """Return what is stored."""
        return {"known": self.known}


def sampled(vectors: Vectors, seed: int) -> Vectors:
    """Return the vectors, or of more than `MOST_KNOWN` a sample in their order."""
    return vectors[sampled_rows(len(vectors), seed)]


def sampled_rows(count: int, seed: int) -> NDArray[np.intp]:
    """Return all of ``count`` rows, or of more than `MOST_KNOWN` a sample, ascending."""
    if count <= MOST_KNOWN:
        return np.arange(count)
    return np.sort(np.random.default_rng(seed).choice(count, MOST_KNOWN, replace=False))
