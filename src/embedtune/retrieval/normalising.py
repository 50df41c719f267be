"""Make the scores of one side comparable with those of another.

- ``min-max``: where a score lies between the least and the best, 0 to 1. BM25's least is its theoretical one,
  0; the dense least is that of the candidates.
- ``z-score``: how many standard deviations a score lies above the mean of the candidates. The least is that of
  the last candidate, for both sides.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import fmean, pstdev
from typing import TYPE_CHECKING

from embedtune.vocabulary.retrieval import Normalisation

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True, slots=True)
class Side:
    """The normalised scores of one side.

    Attributes:
        scores: Section id to score.
        low: What a section counts that this side did not find, no more than any score.
        high: The best score, or what it could be where there is none.
    """

    scores: Mapping[str, float]
    low: float
    high: float

    def share(self, score: float) -> float:
        """Return where a score lies between low (0) and high (1)."""
        span = self.high - self.low
        return (score - self.low) / span if span > 0 else 1.0


def normalised(
    candidates: Sequence[tuple[str, float]], normalisation: Normalisation, least: float | None = None
) -> Side:
    """Return the scores of one side, normalised.

    Candidates that all score alike were still found: they are all best, not all absent.

    Args:
        candidates: (section id, score).
        normalisation: How.
        least: The least possible score, where there is one.
    """
    raw = [score for _, score in candidates]
    if normalisation is Normalisation.Z_SCORE and raw:
        mean, spread = fmean(raw), pstdev(raw)
        if spread > 0:
            scores = {id_: (score - mean) / spread for id_, score in candidates}
            return Side(scores, min(scores.values()), max(scores.values()))
        return Side(dict.fromkeys((id_ for id_, _ in candidates), 0.0), -1.0, 0.0)
    low = min(raw, default=0.0) if least is None else least
    span = max(raw, default=low) - low
    return Side({id_: (score - low) / span if span > 0 else 1.0 for id_, score in candidates}, 0.0, 1.0)
