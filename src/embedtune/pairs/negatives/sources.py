"""Who proposes negatives: the wrong results of rankers, by words, by vectors, or by both."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Protocol

import numpy as np

from embedtune.arrays import reached_score
from embedtune.vocabulary.pairs import Query

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from embedtune.pairs.negatives.judges import EncodedPool
    from embedtune.pairs.negatives.pool import PoolRows

BM25 = "bm25"
BASE = "base"
CURRENT = "current"
HYBRID = "hybrid"
QDRANT = "qdrant"
CROSS_DOMAIN = "cross_domain"

_SCORES_AT_ONCE = 1 << 24  # 64 MB of float32
_LOWEST = -2.0  # below any cosine, above what is masked

Fuse = Callable[[Sequence[Sequence[str]]], list[tuple[str, float]]]
"""Makes one ranking of (passage id, score) out of several rankings of passage ids."""


class PassageRanker(Protocol):
    """Ranks the passages of a pool for a question: BM25, or a collection that was asked before."""

    def search(self, query: str, limit: int) -> list[tuple[str, float]]:
        """Return up to ``limit`` (passage id, score), best first."""
        ...


@dataclass(frozen=True, slots=True)
class Question:
    """A question that negatives are wanted for.

    Attributes:
        number: Position of its pair.
        query: The question.
        answering: Rows of the pool that answer it.
    """

    number: int
    query: Query
    answering: frozenset[int]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A wrong result.

    Attributes:
        row: Row of the passage in the pool.
        score: The source's score.
    """

    row: int
    score: float


class NegativeSource(Protocol):
    """Proposes passages that do not answer."""

    @property
    def name(self) -> str:
        """The source's name, which its negatives carry."""
        ...

    def candidates(self, questions: Sequence[Question], limit: int) -> list[list[Candidate]]:
        """Return for each question up to ``limit`` passages that do not answer it, best first."""
        ...


@dataclass(frozen=True, slots=True)
class RankedSource:
    """The wrong results of a ranker.

    Attributes:
        name: The source's name.
        ranker: Ranks the pool's passages.
        rows: The pool.
    """

    name: str
    ranker: PassageRanker
    rows: PoolRows

    def candidates(self, questions: Sequence[Question], limit: int) -> list[list[Candidate]]:
        """Return for each question up to ``limit`` passages that do not answer it, best first."""
        return [self._wrong(question, limit) for question in questions]

    def _wrong(self, question: Question, limit: int) -> list[Candidate]:
        # Answers may take first places, but no more than there are; twice the limit is enough nearly always.
        wanted = limit + min(len(question.answering), limit)
        wrong = self._first(question, wanted, limit)
        if len(wrong) < limit < wanted < limit + len(question.answering):
            wrong = self._first(question, limit + len(question.answering), limit)
        return wrong

    def _first(self, question: Question, wanted: int, limit: int) -> list[Candidate]:
        ranked = self.ranker.search(question.query.text, wanted)
        found = ((self.rows.of_passage[passage], score) for passage, score in ranked)
        return list(islice((Candidate(row, score) for row, score in found if row not in question.answering), limit))


@dataclass(frozen=True, slots=True)
class DenseSource:
    """The wrong results of a model, at home in the question's domain or away from it.

    A question without a domain is at home everywhere.

    Attributes:
        name: The source's name.
        encoded: The pool as the model sees it.
        rows: The pool.
        away: Whether passages of other domains are proposed instead.
    """

    name: str
    encoded: EncodedPool
    rows: PoolRows
    away: bool = False

    def candidates(self, questions: Sequence[Question], limit: int) -> list[list[Candidate]]:
        """Return for each question up to ``limit`` passages that do not answer it, best first, ties by row."""
        at_once = max(1, _SCORES_AT_ONCE // max(1, len(self.rows)))
        found: list[list[Candidate]] = []
        for start in range(0, len(questions), at_once):
            block = questions[start : start + at_once]
            vectors = self.encoded.questions[[question.number for question in block]]
            found.extend(map(self._best, block, vectors @ self.encoded.passages.T, [limit] * len(block)))
        return found

    def _best(self, question: Question, scores: NDArray[np.float32], limit: int) -> list[Candidate]:
        scores[list(question.answering)] = -np.inf
        if question.query.domain or self.away:
            at_home = (self.rows.domains == self.rows.domain(question.query.domain)) | (not question.query.domain)
            scores[at_home if self.away else ~at_home] = -np.inf
        reached = np.flatnonzero(scores >= max(reached_score(scores, limit), _LOWEST))
        order = reached[np.lexsort((reached, -scores[reached]))][:limit]
        return [Candidate(int(row), float(scores[row])) for row in order]


@dataclass(frozen=True, slots=True)
class FusedSource:
    """The wrong results of several sources as one ranking.

    Attributes:
        name: The source's name.
        parts: The sources.
        fuse: Makes one ranking of theirs.
        rows: The pool.
    """

    name: str
    parts: tuple[NegativeSource, ...]
    fuse: Fuse
    rows: PoolRows

    def candidates(self, questions: Sequence[Question], limit: int) -> list[list[Candidate]]:
        """Return for each question up to ``limit`` passages that do not answer it, best first."""
        lists = [part.candidates(questions, limit) for part in self.parts]
        return [self._fused(rankings, limit) for rankings in zip(*lists, strict=True)]

    def _fused(self, rankings: Sequence[Sequence[Candidate]], limit: int) -> list[Candidate]:
        passages = self.rows.pool.passages
        fused = self.fuse([[passages[candidate.row].id for candidate in ranking] for ranking in rankings])
        return [Candidate(self.rows.of_passage[passage], score) for passage, score in fused[:limit]]
