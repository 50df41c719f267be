"""BM25 with many settings at once: what differs between them is computed, what does not is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from embedtune.arrays import reached_score
from embedtune.index.token_ids import TokenIds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from embedtune.vocabulary.retrieval import KeywordSettings


class BM25Grid:
    """Ranks sections as `BM25Index` does, without its care for part numbers, for any k1 and b.

    The occurrences of a question's words are looked up once; a setting then costs one division for each.

    Args:
        ids: The ids of the sections, all different.
        texts: Their texts, in the same order.
        stemming: Whether words count without plural and tense.
    """

    def __init__(self, ids: Sequence[str], texts: Sequence[str], *, stemming: bool) -> None:
        from scipy.sparse import csr_array

        self._ids = list(ids)
        self._tokens = TokenIds(stemming=stemming)
        tokens, lengths = self._tokens.learn(texts)
        starts = np.concatenate([[0], lengths.cumsum()])
        counts = csr_array((np.ones(len(tokens), np.float32), tokens, starts), shape=(len(lengths), len(self._tokens)))
        counts.sum_duplicates()
        self._by_token = csr_array(counts.T)
        held = np.diff(self._by_token.indptr)
        self._idf = np.log1p((len(lengths) - held + 0.5) / (held + 0.5))
        self._relative = lengths / (lengths.mean() if len(tokens) else 1.0)
        self._place = np.empty(len(self._ids), dtype=np.intp)
        self._place[np.argsort(np.array(self._ids, dtype=np.str_), kind="stable")] = np.arange(len(self._ids))

    def search(self, question: str, settings: Sequence[KeywordSettings], limit: int) -> list[list[tuple[str, float]]]:
        """Return up to ``limit`` (section id, score), best first, ties by id, for each of the settings.

        Args:
            question: The question.
            settings: The k1 and b to score with; their stemming is not looked at.
            limit: At most so many sections, at least 1.
        """
        asked, _ = self._tokens.look_up([question])
        begins, ends = self._by_token.indptr[asked], self._by_token.indptr[asked + 1]
        spans = [np.arange(begin, end) for begin, end in zip(begins, ends, strict=True)]
        places = np.concatenate(spans) if spans else np.empty(0, dtype=np.intp)
        rows, frequencies = self._by_token.indices[places], self._by_token.data[places]
        weights = np.repeat(self._idf[asked], ends - begins) * frequencies
        found: list[list[tuple[str, float]]] = []
        for one in settings:
            norms = one.k1 * (1 - one.b + one.b * self._relative[rows])
            scores = np.bincount(rows, weights / (frequencies + norms), len(self._ids)).astype(np.float32)
            found.append(self._best(scores, limit))
        return found

    def _best(self, scores: NDArray[np.float32], limit: int) -> list[tuple[str, float]]:
        bound = reached_score(scores, limit)
        rows = np.flatnonzero(scores >= bound) if bound > 0 else np.flatnonzero(scores)
        order = rows[np.lexsort((self._place[rows], -scores[rows]))][:limit]
        return [(self._ids[row], float(scores[row])) for row in order]
