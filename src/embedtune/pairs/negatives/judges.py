"""Refuse candidates that a model thinks answer as well as the right passage."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from embedtune.config.data_settings import NegativeSettings
    from embedtune.pairs.negatives.pool import PoolRows
    from embedtune.vocabulary.pairs import TrainingPair
    from embedtune.vocabulary.ports import Encoder


class EncodedPool:
    """A pool and the questions asked of it, as one model sees them.

    Attributes:
        passages: One unit vector a passage, shape (passages, d), float32.
        questions: One unit vector a pair's question, shape (pairs, d), float32.
        right: Cosine of each question with its positive, shape (pairs,), float32.

    Args:
        encoder: The model.
        rows: The passages.
        pairs: The pairs.
    """

    def __init__(self, encoder: Encoder, rows: PoolRows, pairs: Sequence[TrainingPair]) -> None:
        pool, size = rows.pool, len(rows)
        self._rows = rows
        # One call: an encoder does equal texts once, and most positives are passages of the pool.
        texts = encoder.encode([*(passage.text for passage in pool.passages), *(pair.positive for pair in pairs)])
        self.passages: NDArray[np.float32] = texts[:size]
        self.questions: NDArray[np.float32] = encoder.encode([pair.query.text for pair in pairs])
        self.right: NDArray[np.float32] = np.einsum("ij,ij->i", self.questions, texts[size:])

    def similarities(self, number: int, rows: NDArray[np.intp]) -> NDArray[np.float32]:
        """Return the cosines of a question with some passages.

        Args:
            number: Position of the question's pair.
            rows: Rows of the pool, shape (n,).
        """
        found: NDArray[np.float32] = self.passages[rows] @ self.questions[number]
        return found

    def allowed(self, number: int, rows: Sequence[int], settings: NegativeSettings) -> NDArray[np.bool_]:
        """Tell which passages score well enough below the right one not to be unknown answers.

        Relative margin of Moreira et al. 2024, "NV-Retriever", and the absolute ceiling ``max_score``. What
        counts is the best passage of a passage's cluster: the window beside the one that answers is not
        a wrong answer either.

        Args:
            number: Position of the question's pair.
            rows: Rows of the pool.
            settings: Margin and ceiling.
        """
        right = float(self.right[number])
        ceiling = min(right - abs(right) * settings.margin, settings.max_score)
        members, begins, places = self._rows.alike(np.asarray(rows, dtype=np.intp))
        best = np.maximum.reduceat(self.similarities(number, members), begins)
        below: NDArray[np.bool_] = best[places] <= ceiling
        return below
