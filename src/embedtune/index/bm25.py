"""Rank whole sections by BM25."""

from __future__ import annotations

from functools import cached_property
from itertools import islice, pairwise
from typing import TYPE_CHECKING

import numpy as np

from embedtune.arrays import reached_score
from embedtune.errors import InputError
from embedtune.index.identifier_matches import IdentifierMatches, told_apart
from embedtune.index.identifiers import tokens
from embedtune.index.near_misses import NearMiss
from embedtune.index.token_ids import TokenIds

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bm25s import BM25
    from numpy.typing import NDArray


class BM25Index:
    """BM25 with Lucene's idf and term weights over whole sections, by way of ``bm25s``.

    Lucene's variant of Robertson and Zaragoza 2009, "The probabilistic relevance framework: BM25 and
    beyond"; the defaults are Anserini's. A word that a query repeats counts twice. In a search, a section that holds
    a part number much like one of the question, but not that one, scores below every section that does hold it.

    Args:
        ids: The ids of the sections, all different.
        texts: Their texts, in the same order.
        k1: Term saturation, 0 or more.
        b: Length normalisation, 0 to 1.
        stemming: Whether words count without plural and tense.

    Raises:
        InputError: ``ids`` and ``texts`` differ in length, or an id occurs twice.
    """

    def __init__(
        self, ids: Sequence[str], texts: Sequence[str], k1: float = 0.9, b: float = 0.4, *, stemming: bool = False
    ) -> None:
        if len(ids) != len(texts):
            raise InputError(
                f"BM25 was given {len(ids)} ids and {len(texts)} texts.", "Give one text for each section id."
            )
        if len(set(ids)) != len(ids):
            raise InputError("BM25 was given a section id twice.", "Give each section once.")
        self._ids = tuple(ids)
        self._stemming = stemming
        known = TokenIds(stemming=stemming)
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
        """Return the plain score of every section, in the order of ``ids``: shape (n,), float32, 0 or more."""
        asked = tokens(query, stemming=self._stemming)
        known = [self._vocabulary[token] for token in asked if token in self._vocabulary]
        if self._model is None or not known:
            return np.zeros(len(self._ids), dtype=np.float32)
        return np.asarray(self._model.get_scores_from_ids(known), dtype=np.float32)

    def near_misses(self, query: str) -> tuple[NearMiss, ...]:
        """Return what each part number of a question tells apart; nothing where it has none."""
        return tuple(NearMiss(self._named(exact), self._named(near)) for exact, near in self._told_apart(query))

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
        for exact, near in self._told_apart(query):
            if keep is not None:
                exact = np.array([row for row in exact if keep(self._ids[row])], dtype=np.intp)  # noqa: PLW2901
            self._put_below(scores, exact, near)
        bound = reached_score(scores, limit) if keep is None else 0.0
        found = np.flatnonzero(scores >= bound) if bound > 0 else np.flatnonzero(scores)
        order = found[np.lexsort((self._place[found], -scores[found]))]
        best = (int(position) for position in order if keep is None or keep(self._ids[position]))
        return [(self._ids[position], float(scores[position])) for position in islice(best, limit)]

    @cached_property
    def _identifiers(self) -> IdentifierMatches:
        return IdentifierMatches(self._vocabulary)

    def _told_apart(self, query: str) -> list[tuple[NDArray[np.intp], NDArray[np.intp]]]:
        return told_apart(self._identifiers.of(query), self._holding)

    def _named(self, rows: NDArray[np.intp]) -> frozenset[str]:
        return frozenset(self._ids[row] for row in rows)

    def _put_below(self, scores: NDArray[np.float32], exact: NDArray[np.intp], near: NDArray[np.intp]) -> None:
        """Lower the scores of near misses to just below every exact one, in their order."""
        if not len(exact):
            return
        bound = scores[exact].min()
        above = near[scores[near] >= bound]
        ordered = above[np.lexsort((self._place[above], -scores[above]))]
        # The numbers next below a positive one have the next lower bits.
        scores[ordered] = (bound.view(np.int32) - np.arange(1, len(ordered) + 1, dtype=np.int32)).view(np.float32)

    def _holding(self, numbers: Sequence[int]) -> NDArray[np.intp]:
        """Return the rows of the sections that hold any of the tokens, in order."""
        if self._model is None or not numbers:
            return np.empty(0, dtype=np.intp)
        starts, rows = self._model.scores["indptr"], self._model.scores["indices"]
        return np.unique(np.concatenate([rows[starts[one] : starts[one + 1]] for one in numbers])).astype(np.intp)


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
