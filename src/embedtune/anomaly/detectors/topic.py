"""How much a query's vector is like those of questions about other things.

A straight border between the normal queries on one side and everyday questions and injected instructions on the other
(outlier exposure: Hendrycks, Mazeika and Dietterich 2019). Everyday questions that lie as near to a normal query as
normal queries lie to each other are left out: they may well be questions of this domain.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from embedtune.anomaly.detectors.linear_border import LinearBorder
from embedtune.anomaly.detectors.nearest import sampled
from embedtune.anomaly.detectors.port import Asked, Material, Scores

_LOOSEST = 0.25  # of the normal queries, this share has no neighbour as near as an everyday question may be


@dataclass(frozen=True, slots=True, eq=False)
class Topic:
    """The detector, fitted.

    Attributes:
        border: Between normal queries and others.
    """

    border: LinearBorder

    @classmethod
    def fit(cls, material: Material) -> Topic:
        """Fit the border."""
        normal = material.queries.vectors
        some = sampled(normal, material.seed)
        among = some @ some.T
        np.fill_diagonal(among, -1)
        nearest = among.max(axis=1)
        near = (material.everyday.vectors @ normal.T).max(axis=1)
        everyday = material.everyday.vectors[near < np.quantile(nearest, _LOOSEST)]
        return cls(LinearBorder.fit(normal, np.concatenate([everyday, material.attacks.vectors])))

    @classmethod
    def from_arrays(cls, arrays: dict[str, NDArray[np.generic]], dimension: int) -> Topic:
        """Take a stored detector out of ``arrays``.

        Raises:
            ModelError: A part is missing or damaged.
        """
        return cls(LinearBorder.from_arrays(arrays, dimension))

    def scores(self, asked: Asked) -> Scores:
        """Return the log-odds that each query is about something else."""
        return self.border.beyond(asked.vectors)

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """Return what is stored."""
        return self.border.arrays()
