"""How rare a score is among those of normal queries that a detector was not fitted on.

Within the reference the rarity is -log of the share of scores as high; beyond its upper fifth the tail is taken to fall
exponentially, the limit law of excesses over a high threshold with shape 0 (Pickands 1975). So a detector that is far
beyond anything it knows says so, where a rank would stop at 1 / (n + 1), and the rarities of detectors can be compared.
No promise stands on it: the combined score is calibrated on other queries.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from embedtune.anomaly.detectors.port import Scores

_TAIL = 0.2
_LEAST_EXCESS = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class TailScale:
    """The scores of normal queries, ascending, as a scale.

    Attributes:
        reference: Shape (n,), float64, n at least 1.
        begin: Where the tail begins.
        excess: The mean of what scores of the tail have beyond that.
    """

    reference: Scores
    begin: float
    excess: float

    @classmethod
    def of(cls, reference: NDArray[np.generic]) -> TailScale:
        """Make a scale of scores in any order."""
        ordered = np.sort(np.asarray(reference, dtype=np.float64))
        begin = float(np.quantile(ordered, 1 - _TAIL))
        beyond = ordered[ordered > begin] - begin
        return cls(ordered, begin, max(float(beyond.mean()) if len(beyond) else 0.0, _LEAST_EXCESS))

    def rarity(self, scores: Scores) -> Scores:
        """Return how rare scores are, in nats: 3 is a normal query of twenty."""
        reached = len(self.reference) - np.searchsorted(self.reference, scores, side="left")
        within = -np.log((1 + reached) / (len(self.reference) + 1))
        return np.where(scores <= self.begin, within, (scores - self.begin) / self.excess - math.log(_TAIL))
