"""Questions that would match many sections."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from embedtune.pairs.filters.batch import QuestionBatch
    from embedtune.pairs.split import CorpusSplit
    from embedtune.vocabulary.corpus import Section
    from embedtune.wording.word_sets import Vocabulary

_SECTIONS = 1 << 13


def too_generic(
    batch: QuestionBatch, sections: Sequence[Section], split: CorpusSplit, most: int, share: float
) -> NDArray[np.bool_]:
    """Return the questions all of whose content words stand together in too many section clusters.

    Args:
        batch: The questions.
        sections: All sections; heading and body count.
        split: Their clusters.
        most: In how many clusters the words may stand together.
        share: In which share of all clusters they may, where that is more.
    """
    numbers: dict[str, int] = {}
    clusters = np.array(
        [numbers.setdefault(split.cluster_of[section.id], len(numbers)) for section in sections], dtype=np.int64
    )
    limit = max(most, int(share * len(numbers)))
    generic = np.zeros(len(batch.drafts), dtype=np.bool_)
    if len(numbers) <= limit:
        return generic
    words, homes = _occurrences(batch.vocabulary, len(batch.vocabulary), sections, clusters)
    spread = np.bincount(words, minlength=len(batch.vocabulary))
    common = spread > limit
    # Only a question of common words alone can be generic, and common words are few: one bit for each cluster.
    row = np.cumsum(common) - 1
    counted = common[words]
    words, homes = words[counted], homes[counted]
    bits = np.zeros((int(common.sum()), len(numbers) // 8 + 1), dtype=np.uint8)
    np.bitwise_or.at(bits, (row[words], homes >> 3), np.left_shift(1, homes & 7).astype(np.uint8))
    rare = np.bincount(batch.sets.owners, ~common[batch.sets.words], minlength=len(batch.drafts))
    for position in np.flatnonzero((rare == 0) & (batch.sets.sizes > 0)).tolist():
        asked = batch.sets.words[batch.sets.starts[position] : batch.sets.starts[position + 1]]
        together = np.bitwise_and.reduce(bits[row[asked]], axis=0)
        generic[position] = int(np.bitwise_count(together).sum()) > limit
    return generic


def _occurrences(
    vocabulary: Vocabulary, known: int, sections: Sequence[Section], clusters: NDArray[np.int64]
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return each pair of a known word and a cluster that has it, once."""
    found = [np.zeros(0, dtype=np.int64)]
    for begin in range(0, len(sections), _SECTIONS):
        part = sections[begin : begin + _SECTIONS]
        sets = vocabulary.read(section.full_text for section in part)
        wanted = sets.words < known
        found.append((sets.words[wanted].astype(np.int64) << 32) | clusters[begin + sets.owners[wanted]])
    keys = np.concatenate(found)
    found.clear()
    keys.sort()
    keys = keys[np.diff(keys, prepend=-1) != 0]
    return (keys >> 32).astype(np.int32), (keys & 0xFFFFFFFF).astype(np.int32)
