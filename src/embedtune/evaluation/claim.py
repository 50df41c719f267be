"""The claim that a model makes, with the evidence for and against it: what gates look at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from embedtune.evaluation.outcome import Evaluation
    from embedtune.evaluation.robustness.outcome import Robustness
    from embedtune.vocabulary.evaluation import Comparison


@dataclass(frozen=True, slots=True)
class Claim:
    """That a candidate is better than a baseline.

    Attributes:
        evaluation: Both, on the same questions.
        baseline: The baseline's name.
        candidate: The candidate's name.
        hybrid_baseline: The baseline with BM25, which needs no training.
        hybrid_candidate: The candidate with BM25.
        leaked: The test questions that were trained on; ``None`` if the training questions are not known.
        general: The change in general retrieval; ``None`` if it was not measured.
        robustness: How both did on variants of the questions; ``None`` if they were not asked.
    """

    evaluation: Evaluation
    baseline: str
    candidate: str
    hybrid_baseline: str
    hybrid_candidate: str
    leaked: tuple[str, ...] | None = None
    general: Comparison | None = None
    robustness: Robustness | None = None
