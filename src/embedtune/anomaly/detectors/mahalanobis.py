"""Distance from the mean of the normal queries, in units of how they vary in each direction.

The covariance is shrunk towards a multiple of the identity by as much as its error asks for: Ledoit and Wolf, "A
well-conditioned estimator for large-dimensional covariance matrices" (2004); the distance as a detector: Lee, Lee, Lee
and Shin, "A simple unified framework for detecting out-of-distribution samples" (2018).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from embedtune.anomaly.detectors.port import Asked, Material, Scores
from embedtune.anomaly.detectors.stored import taken


@dataclass(frozen=True, slots=True, eq=False)
class Mahalanobis:
    """The detector, fitted.

    Attributes:
        mean: Of the normal queries, shape (dimension,), float32.
        whitening: Makes the normal queries vary alike in all directions, shape (dimension, dimension), float32.
    """

    mean: NDArray[np.float32]
    whitening: NDArray[np.float32]

    @classmethod
    def fit(cls, material: Material) -> Mahalanobis:
        """Estimate mean and covariance."""
        from scipy.linalg import cholesky
        from sklearn.covariance import LedoitWolf

        fitted = LedoitWolf().fit(material.queries.vectors.astype(np.float64))
        whitening = cholesky(fitted.precision_, lower=True)
        return cls(fitted.location_.astype(np.float32), whitening.astype(np.float32))

    @classmethod
    def from_arrays(cls, arrays: dict[str, NDArray[np.generic]], dimension: int) -> Mahalanobis:
        """Take a stored detector out of ``arrays``.

        Raises:
            ModelError: A part is missing or damaged.
        """
        mean = taken(arrays, "mean", np.float32, (dimension,))
        return cls(mean, taken(arrays, "whitening", np.float32, (dimension, dimension)))

    def scores(self, asked: Asked) -> Scores:
        """Return the squared distance of each query, at least 0; of normal ones about the dimension."""
        return np.asarray(np.square((asked.vectors - self.mean) @ self.whitening).sum(axis=1, dtype=np.float64))

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """Return what is stored."""
        return {"mean": self.mean, "whitening": self.whitening}
