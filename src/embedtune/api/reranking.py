"""Re-rank hits with a local cross-encoder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from embedtune.encoders.cross_encoder import load_cross_encoder
from embedtune.retrieval.reranking import rerank
from embedtune.vocabulary.retrieval import Hit


class Reranker:
    """Puts hits in a better order with a cross-encoder on this machine; it is loaded once.

    Args:
        model: The model's folder: a cross-encoder with one output and safetensors weights.

    Raises:
        ModelError: It is no such model.
    """

    def __init__(self, model: str | Path) -> None:
        self._scorer = load_cross_encoder(Path(model))

    def rerank(self, question: str, hits: Sequence[Hit], limit: int = 10) -> list[Hit]:
        """Return the best of the hits of a search, best first.

        Args:
            question: The question.
            hits: What a search found: ask it for two or three times as many as are wanted.
            limit: At most so many, at least 1.

        Raises:
            InputError: ``limit`` is below 1.
        """
        return rerank(question, hits, self._scorer, limit)
