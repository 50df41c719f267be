"""How far training moved what has nothing to do with the corpus.

Embeddings of everyday questions before and after: a cosine of 1 is a question that stayed where it was. This says
how much changed and nothing about whether it became worse; for that, see `embedtune.training.ending.general`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from embedtune.vocabulary.ports import Encoder

_QUESTIONS = Path(__file__).with_name("general_questions.txt")


@dataclass(frozen=True, slots=True)
class Drift:
    """Cosines of everyday questions with themselves before training.

    Attributes:
        questions: How many there were.
        mean_cosine: Their mean.
        least_cosine: The least of them.
    """

    questions: int
    mean_cosine: float
    least_cosine: float


def general_questions() -> tuple[str, ...]:
    """Return the everyday questions that come with the package."""
    return tuple(_QUESTIONS.read_text(encoding="utf-8").splitlines())


def measure_drift(base: Encoder, tuned: Encoder) -> Drift:
    """Return how far the everyday questions moved.

    Args:
        base: The model before training.
        tuned: The model after it, with vectors of the same length.
    """
    questions = general_questions()
    cosines = np.einsum("nd,nd->n", base.encode(questions), tuned.encode(questions), dtype=np.float64)
    return Drift(len(questions), float(cosines.mean()), float(cosines.min()))
