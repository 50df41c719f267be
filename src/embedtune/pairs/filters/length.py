"""Questions without words, with too few, or with too many."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from embedtune.pairs.filters.batch import QuestionBatch

_LONGEST_WORDS = 20


def empty(batch: QuestionBatch) -> NDArray[np.bool_]:
    """Return which questions have no letter and no digit."""
    return np.equal(batch.sets.tokens, 0)


def too_short(batch: QuestionBatch, min_words: int) -> NDArray[np.bool_]:
    """Return which questions have fewer words (parted by white space), or function words alone."""
    return np.less(batch.sets.lengths, min_words) | np.equal(batch.sets.sizes, 0)


def too_long(batch: QuestionBatch, max_words: int) -> NDArray[np.bool_]:
    """Return which questions have more words, or as many characters as so many very long words."""
    characters = np.fromiter(map(len, batch.texts), dtype=np.int64, count=len(batch.drafts))
    return np.greater(batch.sets.lengths, max_words) | np.greater(characters, max_words * _LONGEST_WORDS)
