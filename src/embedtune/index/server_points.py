"""How a collection on a server is laid out: the points of passages and sections, and one that describes it.

A passage's point has the dense vector, a section's the sparse one of its words and the section itself, so
that whoever has the address has the whole index.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from embedtune.index.payloads import DOMAIN, LABELS, SECTION
from embedtune.index.qdrant_shard import POINT_NAMESPACE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from qdrant_client import QdrantClient
    from qdrant_client.conversions.common_types import PointId
    from qdrant_client.models import Filter, Record

    from embedtune.index.server_connection import ServerConnection

DENSE, WORDS = "dense", "words"
POINT = "point"
PASSAGES, SECTIONS, DESCRIPTION = "passage", "section", "description"
POINTS_AT_ONCE = 256
_INDEXED = (POINT, DOMAIN, LABELS, SECTION)


def point_id(name: str) -> str:
    """Return the id of the point that a name stands for."""
    return str(uuid.uuid5(POINT_NAMESPACE, name))


def filter_of(conditions: Sequence[tuple[str, str]], sections: Sequence[str] = ()) -> Filter:
    """Return a filter.

    Args:
        conditions: Pairs of payload field and value; all must hold.
        sections: The sections that may be found; all of them if none is named.
    """
    from qdrant_client.models import FieldCondition, Filter, MatchAny, MatchValue

    must = [FieldCondition(key=field, match=MatchValue(value=value)) for field, value in conditions]
    if sections:
        must.append(FieldCondition(key=SECTION, match=MatchAny(any=list(sections))))
    return Filter(must=list(must))


def make_collection(connection: ServerConnection, collection: str, dimension: int) -> None:
    """Make a collection with its payload indexes; one that exists is left as it is.

    Raises:
        InputError: The server refuses.
    """
    from qdrant_client.models import Distance, Modifier, PayloadSchemaType, SparseVectorParams, VectorParams

    def make(client: QdrantClient) -> None:
        if not client.collection_exists(collection):
            client.create_collection(
                collection,
                vectors_config={DENSE: VectorParams(size=dimension, distance=Distance.COSINE)},
                sparse_vectors_config={WORDS: SparseVectorParams(modifier=Modifier.IDF)},
            )
        for field in _INDEXED:
            client.create_payload_index(collection, field, PayloadSchemaType.KEYWORD, wait=True)

    connection.ask(make, collection)


def scrolled(
    connection: ServerConnection, collection: str, kind: str, fields: Sequence[str]
) -> Iterator[dict[str, object]]:
    """Yield some payload fields of all points of a kind."""
    offset = None
    while True:
        records, offset = _page(connection, collection, kind, fields, offset)
        yield from (dict(record.payload or {}) for record in records)
        if offset is None:
            return


def _page(
    connection: ServerConnection, collection: str, kind: str, fields: Sequence[str], offset: PointId | None
) -> tuple[list[Record], PointId | None]:
    return connection.ask(
        lambda client: client.scroll(
            collection,
            scroll_filter=filter_of([(POINT, kind)]),
            limit=POINTS_AT_ONCE,
            offset=offset,
            with_payload=list(fields),
        ),
        collection,
    )
