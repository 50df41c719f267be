"""What normal queries look like, kept small: what a log is compared with to see whether they have changed.

A query's sketch is its vector in the few directions in which normal queries vary most: enough to see a shift, and too
little to rebuild the text from.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from embedtune.anomaly.detectors.stored import taken
from embedtune.anomaly.detectors.unit_vectors import Vectors

SKETCH = 16
"""Numbers of a sketch, at most."""


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """Normal queries that no detector was fitted on, as a log shows them.

    Attributes:
        centre: Mean of the fitted queries' vectors, shape (dimension,), float32.
        directions: In which they vary most, orthonormal rows, shape (at most `SKETCH`, dimension), float32.
        sketches: Of the calibration queries, shape (n, directions), float32.
        new_words: The share of new words of each, shape (n,), float32.
        groups: What each is about, as a number, shape (n,), int64.
    """

    centre: NDArray[np.float32]
    directions: NDArray[np.float32]
    sketches: NDArray[np.float32]
    new_words: NDArray[np.float32]
    groups: NDArray[np.int64]

    @classmethod
    def of(
        cls, fitted: Vectors, calibration: Vectors, new_words: NDArray[np.float64], groups: Sequence[int]
    ) -> Reference:
        """Find the directions among the fitted queries and sketch the calibration queries."""
        centre = fitted.mean(axis=0, dtype=np.float64)
        _, _, rows = np.linalg.svd(fitted.astype(np.float64) - centre, full_matrices=False)
        directions = rows[:SKETCH].astype(np.float32)
        made = cls(
            centre.astype(np.float32),
            directions,
            np.zeros(0, np.float32),
            new_words.astype(np.float32),
            np.asarray(groups, dtype=np.int64),
        )
        return replace(made, sketches=made.sketch(calibration))

    @classmethod
    def from_arrays(cls, arrays: dict[str, NDArray[np.generic]], dimension: int, count: int) -> Reference:
        """Take a stored reference of ``count`` queries out of ``arrays``.

        Raises:
            ModelError: A part is missing or damaged.
        """
        directions = taken(arrays, "reference.directions", np.float32, (None, dimension))
        return cls(
            taken(arrays, "reference.centre", np.float32, (dimension,)),
            directions,
            taken(arrays, "reference.sketches", np.float32, (count, len(directions))),
            taken(arrays, "reference.new_words", np.float32, (count,)),
            taken(arrays, "reference.groups", np.int64, (count,)),
        )

    def sketch(self, vectors: Vectors) -> NDArray[np.float32]:
        """Return the sketches of vectors, shape (n, directions)."""
        return np.asarray((vectors - self.centre) @ self.directions.T, dtype=np.float32)

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """Return what is stored."""
        return {
            "reference.centre": self.centre,
            "reference.directions": self.directions,
            "reference.sketches": self.sketches,
            "reference.new_words": self.new_words,
            "reference.groups": self.groups,
        }
