"""A straight border between two kinds of vectors: logistic regression, both kinds weighing the same."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from embedtune.anomaly.detectors.stored import taken
from embedtune.anomaly.detectors.unit_vectors import Vectors

_LOOSENESS = 10.0  # scikit-learn's C; directions of unit vectors need more than its 1
_MOST_ROUNDS = 500


@dataclass(frozen=True, slots=True, eq=False)
class LinearBorder:
    """A fitted border.

    Attributes:
        weights: Shape (width,), float32.
        bias: Shape (1,), float32.
    """

    weights: Vectors
    bias: Vectors

    @classmethod
    def fit(cls, normal: Vectors, foreign: Vectors) -> LinearBorder:
        """Fit a border between rows of two kinds, each of shape (n, width)."""
        from sklearn.linear_model import LogisticRegression

        rows = np.concatenate([normal, foreign]).astype(np.float64)
        kinds = np.repeat([0, 1], [len(normal), len(foreign)])
        model = LogisticRegression(C=_LOOSENESS, class_weight="balanced", max_iter=_MOST_ROUNDS).fit(rows, kinds)
        return cls(model.coef_[0].astype(np.float32), model.intercept_.astype(np.float32))

    @classmethod
    def from_arrays(cls, arrays: dict[str, NDArray[np.generic]], width: int) -> LinearBorder:
        """Take a stored border out of ``arrays``.

        Raises:
            ModelError: It is not there, or has another width.
        """
        return cls(taken(arrays, "weights", np.float32, (width,)), taken(arrays, "bias", np.float32, (1,)))

    def beyond(self, rows: NDArray[np.float64] | Vectors) -> NDArray[np.float64]:
        """Return how far on the foreign side each row lies, shape (n,): the log-odds."""
        return np.asarray(rows @ self.weights + self.bias[0], dtype=np.float64)

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """Return what is stored."""
        return {"weights": self.weights, "bias": self.bias}
