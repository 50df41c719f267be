"""An index on a Qdrant server: collections under one prefix, and aliases that say which are in force."""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING

from embedtune.errors import InputError
from embedtune.index.description import Engine, IndexDescription
from embedtune.index.server_index import ServerIndex
from embedtune.index.server_records import ServerRecords
from embedtune.index.server_words import ServerKeywords
from embedtune.index.stores import Pointer

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from qdrant_client import QdrantClient
    from qdrant_client.models import AliasOperations

    from embedtune.index.folder_store import FolderStore
    from embedtune.index.server_connection import ServerConnection
    from embedtune.vocabulary.corpus import Section
    from embedtune.vocabulary.retrieval import KeywordSettings

_OWN = r"[0-9a-f]{16}-(whole|\d+w\d+)-server"
_ROLES = {"current": "", "baseline": "-baseline", "previous": "-previous"}


class ServerStore:
    """`IndexStore` on a server.

    Args:
        connection: The server.
        prefix: What all names begin with; one corpus, one prefix.
        mirror: A folder of this machine that keeps a copy of the sections for when the server is away.
    """

    def __init__(self, connection: ServerConnection, prefix: str, mirror: FolderStore) -> None:
        self._connection = connection
        self._prefix = prefix
        self.mirror = mirror

    @property
    def place(self) -> str:
        """The server and the prefix."""
        return f"{self._prefix} at {self._connection.url}"

    def engine(self, passage_count: int, wanted: str | None) -> Engine:
        """Return the server.

        Raises:
            InputError: Another engine was asked for.
        """
        if wanted not in {None, Engine.SERVER}:
            raise InputError(f"{self.place} is a server; it has no engine {wanted}.", "Leave out --engine.")
        return Engine.SERVER

    def pointer(self) -> Pointer | None:
        """Return which collections are in force, ``None`` where there is no index.

        Raises:
            InputError: The server does not answer.
        """
        found = {
            alias.alias_name: alias.collection_name.removeprefix(f"{self._prefix}-")
            for alias in self._connection.ask(lambda client: client.get_aliases()).aliases
        }
        current, baseline, previous = (found.get(f"{self._prefix}{suffix}") for suffix in _ROLES.values())
        return Pointer(current, baseline, previous) if current else None

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """Keep other writers of this machine out.

        Raises:
            InputError: One is at work.
        """
        with self.mirror.writing():
            yield

    def records(self, name: str) -> ServerRecords:
        """Return the records of a collection."""
        return ServerRecords(self._connection, self._full(name))

    def vectors(self, name: str, description: IndexDescription) -> ServerIndex:
        """Open the vectors of a collection, or begin them.

        Raises:
            ModelError: They have another dimension.
            InputError: The server does not answer.
        """
        return ServerIndex.open(self._connection, self._full(name), description.dimension)

    def keywords(self, name: str, known: Sequence[Section], settings: KeywordSettings) -> ServerKeywords:
        """Return the words of a collection's sections, of those that are known."""
        return ServerKeywords(self._connection, self._full(name), known, settings)

    def switch(self, pointer: Pointer) -> None:
        """Put collections in force, all at once; those that nothing points to are dropped.

        Raises:
            InputError: The server refuses; the old ones are in force then.
        """
        self._connection.ask(lambda client: self._set_aliases(client, pointer))
        collections = self._connection.ask(lambda client: client.get_collections()).collections
        own = re.compile(f"{re.escape(self._prefix)}-({_OWN})")
        for collection in collections:
            match = own.fullmatch(collection.name)
            if match and match[1] not in pointer.names:
                self.drop(match[1])

    def drop(self, name: str) -> None:
        """Remove a collection, so that it can be begun anew.

        Raises:
            InputError: The server refuses.
        """
        self._connection.ask(lambda client: client.delete_collection(self._full(name)))

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _full(self, name: str) -> str:
        return f"{self._prefix}-{name}"

    def _set_aliases(self, client: QdrantClient, pointer: Pointer) -> None:
        from qdrant_client.models import CreateAlias, CreateAliasOperation, DeleteAlias, DeleteAliasOperation

        held = {alias.alias_name for alias in client.get_aliases().aliases}
        operations: list[AliasOperations] = []
        for role, suffix in _ROLES.items():
            alias, name = f"{self._prefix}{suffix}", getattr(pointer, role)
            if alias in held:
                operations.append(DeleteAliasOperation(delete_alias=DeleteAlias(alias_name=alias)))
            if name:
                made = CreateAlias(collection_name=self._full(name), alias_name=alias)
                operations.append(CreateAliasOperation(create_alias=made))
        client.update_collection_aliases(operations)
