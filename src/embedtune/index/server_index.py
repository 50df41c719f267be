"""A passage index on a Qdrant server."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from embedtune.errors import ModelError
from embedtune.index.filtered import FilteredSearch
from embedtune.index.payloads import PASSAGE, label_conditions, passage_payload
from embedtune.index.server_points import (
    DENSE,
    PASSAGES,
    POINT,
    POINTS_AT_ONCE,
    filter_of,
    make_collection,
    point_id,
    scrolled,
)
from embedtune.index.vectors import check_batch, check_limit, unit_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from qdrant_client.models import PointStruct

    from embedtune.index.server_connection import ServerConnection
    from embedtune.vocabulary.corpus import Passage
    from embedtune.vocabulary.ports import PassageSearch

_TIE_MARGIN = 16
_MIN_SEARCH_WIDTH = 128


class ServerIndex:
    """Passage vectors in a collection of a server; `ServerIndex.open` makes one.

    Args:
        connection: The server.
        collection: The collection, which exists.
        dimension: Length of a vector.
    """

    def __init__(self, connection: ServerConnection, collection: str, dimension: int) -> None:
        self._connection = connection
        self._collection = collection
        self._dimension = dimension
        self._closed = False

    @classmethod
    def open(cls, connection: ServerConnection, collection: str, dimension: int) -> ServerIndex:
        """Open a collection, or make it.

        Raises:
            InputError: The server cannot be reached or refuses.
            ModelError: The collection's vectors have another dimension.
        """
        if not connection.ask(lambda client: client.collection_exists(collection), collection):
            make_collection(connection, collection, dimension)
        params = connection.ask(lambda client: client.get_collection(collection), collection).config.params
        dense = params.vectors.get(DENSE) if isinstance(params.vectors, dict) else None
        if dense is None or dense.size != dimension:
            held = "no vectors of passages" if dense is None else f"vectors of {dense.size} dimensions"
            raise ModelError(
                f"The collection {collection} at {connection.url} holds {held}, not of {dimension}.",
                "Index the corpus again with this model.",
            )
        return cls(connection, collection, dimension)

    @property
    def dimension(self) -> int:
        """The length of a vector."""
        return self._dimension

    def __len__(self) -> int:
        """Return how many passages are held."""
        self._check_open()
        every = filter_of([(POINT, PASSAGES)])
        answer = self._connection.ask(
            lambda client: client.count(self._collection, count_filter=every, exact=True), self._collection
        )
        return answer.count

    def upsert(
        self,
        passages: Sequence[Passage],
        vectors: NDArray[np.float32],
        domains: Sequence[str],
        labels: Sequence[Sequence[str]] = (),
    ) -> None:
        """Add passages with their vectors, domains and labels, or replace them by id; see `PassageIndex.upsert`.

        Raises:
            ModelError: The vectors have another dimension.
            InputError: They differ in number, a number is not finite, or the write failed.
        """
        from qdrant_client.models import PointStruct

        self._check_open()
        check_batch(passages, vectors, domains, labels)
        if not passages:
            return
        unit = unit_rows(vectors, self._dimension)
        last = {passage.id: row for row, passage in enumerate(passages)}
        points = [
            PointStruct(
                id=point_id(id_),
                vector={DENSE: unit[row].tolist()},
                payload={
                    POINT: PASSAGES,
                    **passage_payload(passages[row], domains[row], labels[row] if labels else ()),
                },
            )
            for id_, row in last.items()
        ]
        for start in range(0, len(points), POINTS_AT_ONCE):
            self._write(points[start : start + POINTS_AT_ONCE])

    def remove(self, passage_ids: Sequence[str]) -> None:
        """Remove passages; those that are not held are passed over.

        Raises:
            InputError: The write failed.
        """
        self._check_open()
        points: list[str] = [point_id(id_) for id_ in passage_ids]
        for start in range(0, len(points), POINTS_AT_ONCE):
            self._delete(points[start : start + POINTS_AT_ONCE])

    def search(self, vector: NDArray[np.float32], limit: int, domain: str | None = None) -> list[tuple[str, float]]:
        """Return up to ``limit`` (passage id, cosine) best first, ties by id; ``domain`` filters.

        Raises:
            ModelError: The vector has another dimension.
            InputError: ``limit`` is below 1, a number is not finite, or the server does not answer.
        """
        return self._search_labelled(vector, limit, domain, ())

    def filtered(self, labels: Sequence[str]) -> PassageSearch:
        """Return a search among the passages that have all of some labels."""
        return FilteredSearch(self._search_labelled, tuple(labels))

    def ids(self) -> frozenset[str]:
        """Return the ids of all passages.

        Raises:
            InputError: The server does not answer.
        """
        self._check_open()
        payloads = scrolled(self._connection, self._collection, PASSAGES, [PASSAGE])
        return frozenset(str(payload[PASSAGE]) for payload in payloads)

    def vectors(self, passage_ids: Sequence[str]) -> NDArray[np.float32]:
        """Return the vectors of passages that are held, shape (n, dimension), length 1.

        Raises:
            KeyError: A passage is not held.
            InputError: The server does not answer.
        """
        self._check_open()
        found: dict[str, object] = {}
        for start in range(0, len(passage_ids), POINTS_AT_ONCE):
            found.update(self._retrieved(passage_ids[start : start + POINTS_AT_ONCE]))
        rows = [found[id_] for id_ in passage_ids]
        return np.array(rows, dtype=np.float32).reshape(len(rows), self._dimension)

    def flush(self) -> None:
        """Do nothing: the server keeps what it acknowledged."""
        self._check_open()

    def close(self) -> None:
        """Let go of the collection; the connection is its owner's to close."""
        self._closed = True

    def _search_labelled(
        self, vector: NDArray[np.float32], limit: int, domain: str | None, labels: Sequence[str]
    ) -> list[tuple[str, float]]:
        self._check_open()
        check_limit(limit)
        query = unit_rows(np.asarray(vector)[np.newaxis], self._dimension)[0].tolist()
        conditions = [(POINT, PASSAGES), *label_conditions(domain, labels)]
        asked = limit + _TIE_MARGIN
        found = self._query(query, asked, conditions)
        # The server cuts ties where it likes: ask on until its cut lies behind the last tie.
        while len(found) == asked and found[-1][1] == found[limit - 1][1]:
            asked *= 4
            found = self._query(query, asked, conditions)
        return sorted(found, key=lambda hit: (-hit[1], hit[0]))[:limit]

    def _query(self, vector: list[float], limit: int, conditions: Sequence[tuple[str, str]]) -> list[tuple[str, float]]:
        from qdrant_client.models import SearchParams

        answer = self._connection.ask(
            lambda client: client.query_points(
                self._collection,
                query=vector,
                using=DENSE,
                query_filter=filter_of(conditions),
                limit=limit,
                with_payload=[PASSAGE],
                search_params=SearchParams(hnsw_ef=max(_MIN_SEARCH_WIDTH, 2 * limit)),
            ),
            self._collection,
        )
        return [(str((point.payload or {})[PASSAGE]), float(point.score)) for point in answer.points]

    def _retrieved(self, passage_ids: Sequence[str]) -> dict[str, object]:
        points = [point_id(id_) for id_ in passage_ids]
        records = self._connection.ask(
            lambda client: client.retrieve(self._collection, points, with_payload=[PASSAGE], with_vectors=[DENSE]),
            self._collection,
        )
        return {
            str((record.payload or {})[PASSAGE]): record.vector[DENSE]
            for record in records
            if isinstance(record.vector, dict)
        }

    def _write(self, points: list[PointStruct]) -> None:
        self._connection.ask(lambda client: client.upsert(self._collection, points, wait=True), self._collection)

    def _delete(self, points: list[str]) -> None:
        from qdrant_client.models import PointIdsList

        chosen = PointIdsList(points=list(points))
        self._connection.ask(lambda client: client.delete(self._collection, chosen, wait=True), self._collection)

    def _check_open(self) -> None:
        if self._closed:
            raise ValueError("the index is closed")
