"""BM25 on a Qdrant server: sparse vectors of term weights, which the server multiplies by each term's rarity.

With the modifier ``idf`` a server scores by Lucene's BM25, as `embedtune.index.bm25.BM25Index` does: a
section's weights hold all but the idf, and a question's hold how often it has each word.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from embedtune.index.identifier_matches import SectionIdentifiers
from embedtune.index.identifiers import tokens
from embedtune.index.near_misses import NearMiss, best_first, near_misses_last
from embedtune.index.payloads import SECTION
from embedtune.index.server_points import POINT, SECTIONS, WORDS, filter_of
from embedtune.index.vectors import check_limit

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from qdrant_client.models import SparseVector

    from embedtune.index.server_connection import ServerConnection
    from embedtune.vocabulary.corpus import Section
    from embedtune.vocabulary.retrieval import KeywordSettings

_TIE_MARGIN = 16


@dataclass(frozen=True, slots=True)
class WordWeights:
    """BM25's weight of a word in a section, but for its idf.

    Attributes:
        keywords: How BM25 counts words.
        mean_length: How many words a section has on average.
    """

    keywords: KeywordSettings
    mean_length: float = 1.0

    def of(self, section: Section) -> SparseVector:
        """Return the sparse vector of a section, heading included."""
        keywords = self.keywords
        counts = Counter(tokens(section.full_text, stemming=keywords.stemming))
        norm = keywords.k1 * (1 - keywords.b + keywords.b * counts.total() / self.mean_length)
        return _sparse({word: count / (norm + count) for word, count in counts.items()})


def mean_length(sections: Sequence[Section]) -> float:
    """Return how many words a section has on average, at least 1."""
    return max(1.0, sum(len(tokens(section.full_text)) for section in sections) / max(1, len(sections)))


class ServerKeywords:
    """Ranks the sections of a collection by the words they share with a question; a `KeywordIndex`.

    Args:
        connection: The server.
        collection: The collection.
        known: The sections that may be returned; others may have come since they were read.
        keywords: How BM25 counts words.
    """

    def __init__(
        self, connection: ServerConnection, collection: str, known: Sequence[Section], keywords: KeywordSettings
    ) -> None:
        self._connection = connection
        self._collection = collection
        self._known = frozenset(section.id for section in known)
        self._identifiers = SectionIdentifiers(known)
        self._keywords = keywords

    def near_misses(self, query: str) -> tuple[NearMiss, ...]:
        """Return what each part number of a question tells apart; nothing where it has none."""
        return self._identifiers.near_misses(query)

    def search(self, query: str, limit: int, keep: Callable[[str], bool] | None = None) -> list[tuple[str, float]]:
        """Return up to ``limit`` (section id, score above 0), best first, ties by id; ``keep`` filters ids.

        Raises:
            InputError: ``limit`` is below 1, or the server does not answer.
        """
        check_limit(limit)
        apart = self.near_misses(query)
        wanted = sorted(frozenset().union(*(one.exact for one in apart)))
        exact = dict(self._query(query, len(wanted), wanted)) if wanted else {}
        asked = limit + _TIE_MARGIN
        while True:
            found = self._query(query, asked)
            scores = dict(found) | exact
            kept = {id_: scores[id_] for id_ in scores if id_ in self._known and (keep is None or keep(id_))}
            best = near_misses_last(best_first(kept), apart)[:limit]
            if len(found) < asked or (len(best) == limit and found[-1][1] < best[-1][1]):
                return best
            asked *= 4

    def _query(self, query: str, limit: int, among: Sequence[str] = ()) -> list[tuple[str, float]]:
        """Return up to ``limit`` sections with their scores, best first, of all or of some."""
        counts = Counter(tokens(query, stemming=self._keywords.stemming))
        if not counts:
            return []
        vector = _sparse({word: float(count) for word, count in counts.items()})
        answer = self._connection.ask(
            lambda client: client.query_points(
                self._collection,
                query=vector,
                using=WORDS,
                query_filter=filter_of([(POINT, SECTIONS)], among),
                limit=limit,
                with_payload=[SECTION],
            ),
            self._collection,
        )
        return [(str((point.payload or {})[SECTION]), float(point.score)) for point in answer.points if point.score > 0]


def _sparse(weights: Mapping[str, float]) -> SparseVector:
    """Return weights of words as a sparse vector; words that share a number, one pair in a billion, are added up."""
    from qdrant_client.models import SparseVector

    values: dict[int, float] = {}
    for word, weight in weights.items():
        number = int.from_bytes(hashlib.blake2b(word.encode(), digest_size=4).digest(), "big")
        values[number] = values.get(number, 0.0) + weight
    return SparseVector(indices=list(values), values=list(values.values()))
