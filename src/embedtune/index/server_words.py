"""BM25 on a Qdrant server: sparse vectors of term weights, which the server multiplies by each term's rarity.

With the modifier ``idf`` a server scores by Lucene's BM25, as `embedtune.index.bm25.BM25Index` does: a
section's weights hold all but the idf, and a question's hold how often it has each word.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from embedtune.index.identifiers import tokens
from embedtune.index.payloads import SECTION
from embedtune.index.server_points import POINT, SECTIONS, WORDS, filter_of
from embedtune.index.vectors import check_limit

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from qdrant_client.models import SparseVector

    from embedtune.index.server_connection import ServerConnection
    from embedtune.vocabulary.corpus import Section

_TIE_MARGIN = 16


@dataclass(frozen=True, slots=True)
class WordWeights:
    """BM25's weight of a word in a section, but for its idf.

    Attributes:
        k1: Term saturation, 0 or more.
        b: Length normalisation, 0 to 1.
        mean_length: How many words a section has on average.
    """

    k1: float = 0.9
    b: float = 0.4
    mean_length: float = 1.0

    def of(self, section: Section) -> SparseVector:
        """Return the sparse vector of a section, heading included."""
        counts = Counter(tokens(section.full_text))
        norm = self.k1 * (1 - self.b + self.b * counts.total() / self.mean_length)
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
    """

    def __init__(self, connection: ServerConnection, collection: str, known: Collection[str]) -> None:
        self._connection = connection
        self._collection = collection
        self._known = frozenset(known)

    def search(self, query: str, limit: int, keep: Callable[[str], bool] | None = None) -> list[tuple[str, float]]:
        """Return up to ``limit`` (section id, score above 0), best first, ties by id; ``keep`` filters ids.

        Raises:
            InputError: ``limit`` is below 1, or the server does not answer.
        """
        check_limit(limit)
        asked = limit + _TIE_MARGIN
        while True:
            found = self._query(query, asked)
            kept = [hit for hit in found if hit[0] in self._known and (keep is None or keep(hit[0]))]
            enough = len(kept) > limit and kept[-1][1] < kept[limit - 1][1]
            if enough or len(found) < asked:
                return sorted(kept, key=lambda hit: (-hit[1], hit[0]))[:limit]
            asked *= 4

    def _query(self, query: str, limit: int) -> list[tuple[str, float]]:
        counts = Counter(tokens(query))
        if not counts:
            return []
        vector = _sparse({word: float(count) for word, count in counts.items()})
        answer = self._connection.ask(
            lambda client: client.query_points(
                self._collection,
                query=vector,
                using=WORDS,
                query_filter=filter_of([(POINT, SECTIONS)]),
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
