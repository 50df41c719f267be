"""Search a collection that somebody keeps on a Qdrant server; nothing is ever written there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from embedtune.errors import InputError, ModelError, UnavailableError
from embedtune.index.server_errors import explained

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from qdrant_client import QdrantClient

_QUERIES_AT_ONCE = 64
_SECONDS = 30


@dataclass(frozen=True, slots=True)
class CollectionAddress:
    """Where a collection is and how its passages are read.

    Attributes:
        url: The server, such as ``http://localhost:6333``.
        collection: The collection's name.
        text_field: The payload field that holds the passage.
        api_key: The server's key, empty for none.
    """

    url: str
    collection: str
    text_field: str = "text"
    api_key: str = ""

    def __repr__(self) -> str:
        """Show all but the key."""
        return f"CollectionAddress({self.url!r}, {self.collection!r}, {self.text_field!r})"


class ServerCollection:
    """An existing collection, for searching alone.

    Args:
        client: A connected client.
        address: Where the collection is.
        vector: Name of the vector searched, ``None`` for a collection with one that has no name.
        dimension: Its length.
    """

    def __init__(self, client: QdrantClient, address: CollectionAddress, vector: str | None, dimension: int) -> None:
        self._client = client
        self._address = address
        self._vector = vector
        self._dimension = dimension

    @classmethod
    def open(cls, address: CollectionAddress, dimension: int, *, seconds: int = _SECONDS) -> ServerCollection:
        """Connect and check that the collection can be searched with a model.

        Args:
            address: Where the collection is.
            dimension: Length of the model's vectors.
            seconds: How long to wait for an answer.

        Raises:
            UnavailableError: The client library is not installed.
            InputError: The server cannot be reached or refuses, or the collection or the text field is
                not there.
            ModelError: The collection's vectors have another dimension.
        """
        try:
            from qdrant_client import QdrantClient
        except ImportError as error:
            raise UnavailableError(
                "Searching a Qdrant server needs the package qdrant-client.", "pip install 'embedtune[qdrant]'"
            ) from error
        with explained(address.url, address.collection):
            client = QdrantClient(
                url=address.url, api_key=address.api_key or None, timeout=seconds, check_compatibility=False
            )
            name, held = _vector_of(client, address)
            if held != dimension:
                raise ModelError(
                    f"The collection {address.collection} at {address.url} holds vectors of {held} dimensions, "
                    f"the model makes {dimension}.",
                    "Name the model that made the collection: negatives.qdrant_model.",
                )
            _check_text_field(client, address)
        return cls(client, address, name, held)

    def search_many(self, vectors: NDArray[np.float32], limit: int) -> list[list[tuple[str, float]]]:
        """Return for each vector up to ``limit`` (passage text, score), best first, ties by text.

        Points without a text in the field are left out.

        Args:
            vectors: Shape (n, dimension).
            limit: At most so many, at least 1.

        Raises:
            InputError: The server cannot be reached, or answers with an error.
            ModelError: The vectors have another dimension.
        """
        from qdrant_client.models import QueryRequest

        if vectors.shape != (len(vectors), self._dimension):
            raise ModelError(
                f"Vectors of shape {vectors.shape} do not fit a collection of {self._dimension} dimensions.",
                "Name the model that made the collection: negatives.qdrant_model.",
            )
        field = self._address.text_field
        found: list[list[tuple[str, float]]] = []
        for start in range(0, len(vectors), _QUERIES_AT_ONCE):
            requests = [
                QueryRequest(query=row.tolist(), using=self._vector, limit=limit, with_payload=[field])
                for row in vectors[start : start + _QUERIES_AT_ONCE]
            ]
            with explained(self._address.url, self._address.collection):
                answers = self._client.query_batch_points(self._address.collection, requests)
            for answer in answers:
                texts = [((point.payload or {}).get(field), float(point.score)) for point in answer.points]
                named = [(text, score) for text, score in texts if isinstance(text, str) and text.strip()]
                found.append(sorted(named, key=lambda hit: (-hit[1], hit[0])))
        return found

    def close(self) -> None:
        """Close the connection."""
        self._client.close()


def _vector_of(client: QdrantClient, address: CollectionAddress) -> tuple[str | None, int]:
    """Return name and dimension of the collection's one dense vector."""
    held = client.get_collection(address.collection).config.params.vectors
    named = held if isinstance(held, dict) else {None: held} if held else {}
    if len(named) != 1:
        raise InputError(
            f"The collection {address.collection} at {address.url} has {len(named)} dense vectors a point.",
            "Give a collection with one.",
        )
    name, parameters = next(iter(named.items()))
    return name, parameters.size


def _check_text_field(client: QdrantClient, address: CollectionAddress) -> None:
    points, _ = client.scroll(address.collection, limit=1, with_payload=True)
    payload = (points[0].payload or {}) if points else {}
    if points and not isinstance(payload.get(address.text_field), str):
        fields = ", ".join(sorted(name for name, value in payload.items() if isinstance(value, str)))
        raise InputError(
            f"The points of {address.collection} at {address.url} have no text in the field {address.text_field!r}.",
            f"Their fields with text: {fields}." if fields else "Give a collection whose payload holds the text.",
        )
