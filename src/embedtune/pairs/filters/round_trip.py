"""Questions that do not find the section they were written for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from embedtune.pairs.filters.batch import QuestionBatch


class OwnRanks(Protocol):
    """Ranks all sections for a question and tells where its own stands."""

    def ranks(self, queries: Sequence[str], owners: Sequence[str], limit: int | None = None) -> NDArray[np.int64]:
        """Return the rank of each question's own section, 1 for the best; sections of its cluster are passed over.

        Args:
            queries: The questions.
            owners: The id of each one's section.
            limit: Every rank beyond it is told as ``limit + 1``.
        """
        ...


def lost(batch: QuestionBatch, rankers: Iterable[OwnRanks], top: int) -> NDArray[np.bool_]:
    """Return the questions whose own section no ranker finds among its first ``top``.

    The consistency filter of Alberti et al. 2019, "Synthetic QA corpora generation with roundtrip
    consistency", with retrieval in the place of reading.

    Args:
        batch: The questions.
        rankers: Asked one after the other, each only for the questions that none before it answered.
        top: The lowest rank that will do.
    """
    open_ = np.arange(len(batch.drafts))
    for ranker in rankers:
        left = [batch.drafts[position] for position in open_.tolist()]
        ranks = ranker.ranks([draft.query.text for draft in left], [draft.section_id for draft in left], top)
        open_ = open_[ranks > top]
    found = np.zeros(len(batch.drafts), dtype=np.bool_)
    found[open_] = True
    return found
