"""Put the first hits of a search in a better order, by a model that reads question and passage together."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from embedtune.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from embedtune.vocabulary.retrieval import Hit

CROSS = "cross"
"""The component under which the scorer's ranks and scores stand in a hit."""


class PairScorer(Protocol):
    """Says how well passages answer a question."""

    def score(self, question: str, passages: Sequence[str]) -> NDArray[np.float32]:
        """Return a score from 0 to 1 for each passage, shape (len(passages),)."""
        ...


def rerank(question: str, hits: Sequence[Hit], scorer: PairScorer, limit: int) -> list[Hit]:
    """Return the best hits by a scorer; ties keep the order of the search.

    Nogueira and Cho 2019, "Passage re-ranking with BERT". A hit's score becomes the scorer's; the scores and ranks of
    the components stay beside it.

    Args:
        question: The question.
        hits: What a search found, best first; each is read with its headings.
        scorer: The model.
        limit: At most so many, at least 1.

    Raises:
        InputError: ``limit`` is below 1.
    """
    if limit < 1:
        raise InputError(f"limit = {limit} asks for nothing.", "Give 1 or more.")
    passages = [" > ".join(hit.heading_path) + "\n" + hit.passage if hit.heading_path else hit.passage for hit in hits]
    scores = scorer.score(question, passages)
    order = sorted(range(len(hits)), key=lambda place: -scores[place])
    return [
        replace(
            hits[place],
            score=float(scores[place]),
            component_ranks={**hits[place].component_ranks, CROSS: rank},
            component_scores={**hits[place].component_scores, CROSS: float(scores[place])},
        )
        for rank, place in enumerate(order[:limit], start=1)
    ]
