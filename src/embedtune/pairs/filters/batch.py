"""The questions that a filter looks at."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import compress
from typing import TYPE_CHECKING

import numpy as np

from embedtune.wording.word_sets import Vocabulary, WordSets

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from embedtune.pairs.split import CorpusSplit
    from embedtune.vocabulary.pairs import GeneratedQuery


@dataclass(frozen=True, slots=True)
class QuestionBatch:
    """Questions with what the filters need of them.

    Attributes:
        drafts: The questions.
        sets: Their content words.
        clusters: A number for the cluster of each one's section; shape (len(drafts),).
        vocabulary: What read the content words.
    """

    drafts: Sequence[GeneratedQuery]
    sets: WordSets
    clusters: NDArray[np.int64]
    vocabulary: Vocabulary

    @property
    def texts(self) -> list[str]:
        """The questions as written."""
        return [draft.query.text for draft in self.drafts]

    def only(self, kept: NDArray[np.bool_]) -> QuestionBatch:
        """Return the batch of the questions that the mask keeps."""
        if kept.all():
            return self
        return QuestionBatch(
            list(compress(self.drafts, kept.tolist())), self.sets.only(kept), self.clusters[kept], self.vocabulary
        )


def question_batch(drafts: Sequence[GeneratedQuery], split: CorpusSplit, vocabulary: Vocabulary) -> QuestionBatch:
    """Return drafts as a batch.

    Args:
        drafts: The questions.
        split: The clusters of their sections.
        vocabulary: Reads their words.
    """
    numbers: dict[str, int] = {}
    clusters = [split.cluster_of[draft.section_id] for draft in drafts]
    return QuestionBatch(
        drafts,
        vocabulary.read(draft.query.text for draft in drafts),
        np.array([numbers.setdefault(cluster, len(numbers)) for cluster in clusters], dtype=np.int64),
        vocabulary,
    )
