"""The BM25 rank of the section a question was written for, for very many questions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from embedtune.arrays import bounded_runs
from embedtune.errors import InputError
from embedtune.index.term_weights import TermWeights
from embedtune.index.token_ids import TokenIds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_QUESTIONS = 1 << 13
_POSTINGS = 1 << 21
# Up to so many postings a question, to score more sections costs less than to decide which to leave out.
_CHEAP = 1 << 10
# So many postings of a question's rarest words are looked at to see that its own section is out of reach.
_DEAR = 1 << 13
# Sums of float32 in another order differ by less; the scores of two different texts hardly ever do.
_TIE = 1 + 1e-5


class SectionOwnRanks:
    """Ranks sections by BM25 as `BM25Index` does, and tells the rank of one of them.

    Only sections that can stand before the own one are scored: those that share no more with the
    question than words whose greatest weights sum to less than the own score cannot (MaxScore; Turtle
    and Flood 1995, "Query evaluation: strategies and optimizations"). The ranks are exact.

    Args:
        ids: The ids of the sections, all different.
        texts: Their texts, in the same order.
        k1: Term saturation, 0 or more.
        b: Length normalisation, 0 to 1.
        clusters: The cluster of each section; a section of the own cluster does not count against the
            own one. ``None``: each is a cluster of its own.

    Raises:
        InputError: The arguments differ in length, or an id occurs twice.
    """

    def __init__(
        self,
        ids: Sequence[str],
        texts: Sequence[str],
        k1: float = 0.9,
        b: float = 0.4,
        clusters: Sequence[str] | None = None,
    ) -> None:
        names = ids if clusters is None else clusters
        if not len(ids) == len(texts) == len(names):
            raise InputError(
                f"BM25 was given {len(ids)} ids, {len(texts)} texts and {len(names)} clusters.",
                "Give one text and one cluster for each section id.",
            )
        self._row = {identity: row for row, identity in enumerate(ids)}
        if len(self._row) != len(ids):
            raise InputError("BM25 was given a section id twice.", "Give each section once.")
        numbers: dict[str, int] = {}
        self._cluster = np.array([numbers.setdefault(name, len(numbers)) for name in names], dtype=np.int32)
        self._tokens = TokenIds()
        tokens, lengths = self._tokens.learn(texts)
        self._weights = TermWeights(tokens, lengths, len(self._tokens), k1, b)

    def __len__(self) -> int:
        """Return how many sections are ranked."""
        return len(self._row)

    def ranks(self, queries: Sequence[str], owners: Sequence[str], limit: int | None = None) -> NDArray[np.int64]:
        """Return the rank of each question's own section.

        Args:
            queries: The questions.
            owners: The id of each one's section.
            limit: Every rank beyond it is told as ``limit + 1``, which is quicker; ``None`` for all ranks.

        Returns:
            Shape (len(queries),), 1 for the best; of sections that score the same, the own one stands
            first. One that shares no word with the question comes after all: ``len(self) + 1`` or
            ``limit + 1``.

        Raises:
            InputError: The arguments differ in length, ``limit`` is below 1, or a section is unknown.
        """
        if len(queries) != len(owners):
            raise InputError(
                f"{len(queries)} questions came with {len(owners)} sections.", "Give each question its section."
            )
        if limit is not None and limit < 1:
            raise InputError(f"Ranks up to {limit} were asked for.", "Ask for at least 1.")
        unknown = next((owner for owner in owners if owner not in self._row), None)
        if unknown is not None:
            raise InputError(f"Section {unknown} is not among those ranked.", "Rank every section that is asked about.")
        rows = np.array([self._row[owner] for owner in owners], dtype=np.int64)
        most = len(self) if limit is None else limit
        better = [
            self._better(queries[begin : begin + _QUESTIONS], rows[begin : begin + _QUESTIONS], most)
            for begin in range(0, len(queries), _QUESTIONS)
        ]
        ranks: NDArray[np.int64] = np.minimum(np.concatenate([np.zeros(0, dtype=np.int64), *better]), most) + 1
        return ranks

    def _better(self, queries: Sequence[str], owners: NDArray[np.int64], most: int) -> NDArray[np.int64]:
        """Return how many sections stand before each one's own; from ``most`` on, the number may be too small."""
        terms = self._terms(queries)
        own = _sums(terms.query, self._weights.of(owners[terms.query], terms.token) * terms.count, len(queries))
        asked = _Asked(own * _TIE, self._cluster[owners])
        answered = own > 0
        needed = (terms.bound_from_here(len(queries)) > asked.threshold[terms.query]) & answered[terms.query]
        costs = np.where(answered[terms.query], self._weights.sections[terms.token], 0)
        so_far = _sums_so_far(terms.query, costs)
        counts = np.where(answered, 0, most)
        if most < len(self):
            # Where the own section shares little with a question, those that share its rarest words are enough.
            dear = _sums(terms.query, np.where(needed, costs, 0), len(queries)) > _CHEAP
            counts += self._count(terms, needed & dear[terms.query] & (so_far <= _DEAR), asked)
        open_ = answered & (counts < most)
        counts[open_] = 0
        chosen = (needed | (so_far <= _CHEAP)) & open_[terms.query]
        return counts + self._count(terms, chosen, asked, ~chosen & open_[terms.query])

    def _terms(self, queries: Sequence[str]) -> _Terms:
        tokens, lengths = self._tokens.look_up(queries)
        keys = (np.repeat(np.arange(len(queries)), lengths) << 32) | tokens
        distinct, repeats = np.unique(keys, return_counts=True)
        query, token = distinct >> 32, (distinct & 0xFFFFFFFF).astype(np.int32)
        bound = self._weights.greatest[token] * repeats
        order = np.lexsort((token, -bound, query))
        return _Terms(query[order], token[order], repeats[order].astype(np.float32), bound[order].astype(np.float64))

    def _count(
        self, terms: _Terms, chosen: NDArray[np.bool_], asked: _Asked, others: NDArray[np.bool_] | None = None
    ) -> NDArray[np.int64]:
        """Count the sections whose score exceeds the threshold.

        Args:
            terms: The words of the questions.
            chosen: The words whose sections are looked at, the first ones of each question.
            asked: What is asked.
            others: The other words of these questions; without them the counts are lower bounds.
        """
        size = len(asked.threshold)
        counts = np.zeros(size, dtype=np.int64)
        left = np.zeros(len(terms.bound)) if others is None else np.where(others, terms.bound, 0.0)
        enough = asked.threshold - _sums(terms.query, left, size)
        costs = _sums(terms.query, np.where(chosen, self._weights.sections[terms.token], 0), size)
        for begin, end in bounded_runs(costs, _POSTINGS):
            rivals = self._rivals(terms, chosen, enough, begin, end)
            rivals = rivals.only(self._cluster[rivals.section] != asked.cluster[rivals.query])
            higher = rivals.query if others is None else self._finished(terms, others, asked, rivals)
            counts += np.bincount(higher, minlength=size)
        return counts

    def _rivals(
        self, terms: _Terms, chosen: NDArray[np.bool_], enough: NDArray[np.float64], begin: int, end: int
    ) -> _Rivals:
        """Return the sections whose score by the chosen words exceeds ``enough`` of a question of a run."""
        from scipy.sparse import csr_array

        inside = chosen & (terms.query >= begin) & (terms.query < end)
        starts = np.searchsorted(terms.query[inside], np.arange(begin, end + 1))
        shape = (end - begin, self._weights.by_token.shape[0])
        found = csr_array((terms.count[inside], terms.token[inside], starts), shape=shape) @ self._weights.by_token
        query = np.repeat(np.arange(begin, end), np.diff(found.indptr))
        high = found.data > enough[query]
        return _Rivals(query[high], found.indices[high], found.data[high].astype(np.float64))

    def _finished(self, terms: _Terms, others: NDArray[np.bool_], asked: _Asked, rivals: _Rivals) -> NDArray[np.int64]:
        """Return the question of each rival that exceeds the threshold with the other words too.

        The words are added one by one, and after each the rivals that are decided are let go.
        """
        # Weights lie section by section: in that order most of them are found in the processor's cache.
        rivals = rivals.only(_order(rivals.section))
        size = len(asked.threshold)
        rest = _sums(terms.query, np.where(others, terms.bound, 0.0), size)
        end = np.searchsorted(terms.query, np.arange(size), side="right")
        word = end - _sums(terms.query, others, size).astype(np.int64)
        won = [np.zeros(0, dtype=np.int64)]
        while len(rivals.query):
            threshold = asked.threshold[rivals.query]
            sure = rivals.score > threshold
            won.append(rivals.query[sure])
            undecided = (rivals.score + rest[rivals.query] > threshold) & (word < end)[rivals.query]
            rivals = rivals.only(undecided & ~sure)
            at = word[rivals.query]
            added = self._weights.of(rivals.section, terms.token[at]) * terms.count[at]
            rivals = _Rivals(rivals.query, rivals.section, rivals.score + added)
            going = word < end
            rest[going] -= terms.bound[word[going]]
            word += going
        return np.concatenate(won)


@dataclass(frozen=True, slots=True)
class _Asked:
    """For each question the score to exceed, and the cluster whose sections do not count."""

    threshold: NDArray[np.float64]
    cluster: NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class _Rivals:
    """Sections that may stand before the own one of a question, with the score that is known so far."""

    query: NDArray[np.int64]
    section: NDArray[np.int32]
    score: NDArray[np.float64]

    def only(self, kept: NDArray[np.bool_] | NDArray[np.int64]) -> _Rivals:
        return _Rivals(self.query[kept], self.section[kept], self.score[kept])


@dataclass(frozen=True, slots=True)
class _Terms:
    """The distinct words of questions by question, those with the greatest possible weight first.

    Attributes:
        query: The question's number, ascending.
        token: The word's number.
        count: How often the question has it.
        bound: The most it can add to a score.
    """

    query: NDArray[np.int64]
    token: NDArray[np.int32]
    count: NDArray[np.float32]
    bound: NDArray[np.float64]

    def bound_from_here(self, queries: int) -> NDArray[np.float64]:
        """Return for each word the most that it and the later ones of its question can add."""
        totals = _sums(self.query, self.bound, queries)
        return totals[self.query] - _sums_so_far(self.query, self.bound) + self.bound


def _order(sections: NDArray[np.int32]) -> NDArray[np.int64]:
    """Return the order of sections; numbers that carry their place are sorted several times as fast as by argsort."""
    keys = (sections.astype(np.int64) << 32) | np.arange(len(sections))
    keys.sort()
    return keys & 0xFFFFFFFF


def _sums(groups: NDArray[np.int64], values: NDArray[np.generic], size: int) -> NDArray[np.float64]:
    return np.bincount(groups, values, minlength=size).astype(np.float64)


def _sums_so_far(groups: NDArray[np.int64], values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return for each value the sum of its ascending group up to and with it."""
    sums = values.cumsum()
    first = np.searchsorted(groups, groups)
    so_far: NDArray[np.float64] = sums - sums[first] + values[first]
    return so_far
