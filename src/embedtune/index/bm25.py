"""Rank whole sections by BM25."""

from __future__ import annotations

from itertools import islice, pairwise
from typing import TYPE_CHECKING

import numpy as np

from embedtune.arrays import reached_score
from embedtune.errors import InputError
from embedtune.index.identifiers import tokens
from embedtune.index.token_ids import TokenIds

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bm25s import BM25
    from numpy.typing import NDArray


class BM25Index:
    """BM25 with Lucene's idf and term weights over whole sections, by way of ``bm25s``.

    Lucene's variant of Robertson and Zaragoza 2009, "The probabilistic relevance framework: BM25 and
    beyond"; the defaults are Anserini's. A word that a query repeats counts twice.

    Args:
        ids: The ids of the sections, all different.
        texts: Their texts, in the same order.
        k1: Term saturation, 0 or more.
        b: Length normalisation, 0 to 1.

    Raises:
        InputError: ``ids`` and ``texts`` differ in length, or an id occurs twice.
    """

    def __init__(self, ids: Sequence[str], texts: Sequence[str], k1: float = 0.9, b: float = 0.4) -> None:
        if len(ids) != len(texts):
            raise InputError(
                f"BM25 was given {len(ids)} ids and {len(texts)} texts.", "Give one text for each section id."
            )
        if len(set(ids)) != len(ids):
            raise InputError("BM25 was given a section id twice.", "Give each section once.")
        self._ids = tuple(ids)
        known = TokenIds()
        numbers, lengths = known.learn(texts)
        self._vocabulary = known.numbers()
        # bm25s divides by the mean length, and has nothing to count where no document has a word.
        self._model = _fit(numbers, lengths, self._vocabulary, k1, b) if self._vocabulary else None
        self._place = np.empty(len(ids), dtype=np.intp)
        self._place[np.argsort(np.array(self._ids, dtype=np.str_), kind="stable")] = np.arange(len(ids))

    def __len__(self) -> int:
        """Return how many sections are indexed."""
        return len(self._ids)

    def scores(self, query: str) -> NDArray[np.float32]:
        """Return the score of every section, in the order of ``ids``: shape (n,), float32, 0 or more."""
        known = [self._vocabulary[token] for token in tokens(query) if token in self._vocabulary]
        if self._model is None or not known:
            return np.zeros(len(self._ids), dtype=np.float32)
        return np.asarray(self._model.get_scores_from_ids(known), dtype=np.float32)

    def search(self, query: str, limit: int, keep: Callable[[str], bool] | None = None) -> list[tuple[str, float]]:
        """Return up to ``limit`` (section id, score), best first, ties by id.

        Sections that share no word with the query are left out, so the list may be empty.

        Args:
            query: The question.
            limit: At most so many sections, at least 1.
            keep: Says of a section id whether it may be returned; ``None`` for all.

        Raises:
            InputError: ``limit`` is below 1.
        """
        if limit < 1:
            raise InputError(f"A search for {limit} results was asked for.", "Ask for at least 1.")
        scores = self.scores(query)
        bound = reached_score(scores, limit) if keep is None else 0.0
        found = np.flatnonzero(scores >= bound) if bound > 0 else np.flatnonzero(scores)
        order = found[np.lexsort((self._place[found], -scores[found]))]
        best = (int(position) for position in order if keep is None or keep(self._ids[position]))
        return [(self._ids[position], float(scores[position])) for position in islice(best, limit)]


def _fit(
    numbers: NDArray[np.int32], lengths: NDArray[np.int64], vocabulary: dict[str, int], k1: float, b: float
) -> BM25:
    from bm25s import BM25

    # Views give Python's integers one at a time: lists of them would take ten times the memory of the numbers.
    ends = lengths.cumsum().tolist()
    documents = [numbers.data[begin:end] for begin, end in pairwise([0, *ends])]
    model = BM25(k1=k1, b=b, method="lucene")
    model.index((documents, vocabulary), create_empty_token=False, show_progress=False)
    return model
