"""The rank of a question's own section by the vectors of a model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from embedtune.pairs.split import CorpusSplit
    from embedtune.vocabulary.corpus import Section
    from embedtune.vocabulary.ports import Encoder

_SIMILARITIES = 1 << 23
# The same pair of texts may differ by as much from one matrix product to another.
_TIE = np.float32(1e-6)


class ModelOwnRanks:
    """Ranks whole sections by cosine; they are encoded at the first question.

    Args:
        encoder: The model.
        sections: All sections.
        split: Their clusters; a section of the own cluster does not count against the own one.
    """

    def __init__(self, encoder: Encoder, sections: Sequence[Section], split: CorpusSplit) -> None:
        self._encoder = encoder
        self._texts = [section.full_text for section in sections]
        self._row = {section.id: row for row, section in enumerate(sections)}
        numbers: dict[str, int] = {}
        clusters = (split.cluster_of[section.id] for section in sections)
        self._cluster = np.array([numbers.setdefault(name, len(numbers)) for name in clusters], dtype=np.int64)
        self._vectors: NDArray[np.float32] | None = None

    def ranks(self, queries: Sequence[str], owners: Sequence[str], limit: int | None = None) -> NDArray[np.int64]:
        """Return the rank of each question's own section; see `round_trip.OwnRanks`."""
        if not queries:
            return np.zeros(0, dtype=np.int64)
        if self._vectors is None:
            self._vectors = self._encoder.encode(self._texts)
        rows = np.array([self._row[owner] for owner in owners], dtype=np.int64)
        asked = self._encoder.encode(queries)
        step = max(1, _SIMILARITIES // len(self._texts))
        better = []
        for begin in range(0, len(rows), step):
            own = rows[begin : begin + step]
            similarities = asked[begin : begin + step] @ self._vectors.T
            higher = similarities > similarities[np.arange(len(own)), own][:, None] + _TIE
            higher &= self._cluster != self._cluster[own][:, None]
            better.append(higher.sum(axis=1))
        ranks = np.concatenate(better) + 1
        return ranks if limit is None else np.minimum(ranks, limit + 1)
