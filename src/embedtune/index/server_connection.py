"""A connection to a Qdrant server: every call is made again where that may help, and explained where it fails."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, TypeVar

from embedtune.endpoints.address import address_fault
from embedtune.endpoints.retries import backoff_seconds
from embedtune.errors import InputError, UnavailableError
from embedtune.index.server_errors import explained, may_pass

if TYPE_CHECKING:
    from collections.abc import Callable

    from qdrant_client import QdrantClient

_Answer = TypeVar("_Answer")


class ServerConnection:
    """A Qdrant server.

    Args:
        client: The client library's client.
        url: The server, for people.
        retries: How often a failed call is made again.
        sleep: Waits some seconds.
    """

    def __init__(
        self, client: QdrantClient, url: str, retries: int = 0, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._client = client
        self.url = url
        self._retries = retries
        self._sleep = sleep

    @classmethod
    def open(cls, url: str, key: str, seconds: float, retries: int) -> ServerConnection:
        """Return a connection; nothing is sent yet.

        Args:
            url: Such as ``http://localhost:6333``.
            key: The server's key, empty for none.
            seconds: How long to wait for an answer.
            retries: How often a failed call is made again.

        Raises:
            UnavailableError: The client library is not installed.
            InputError: The address is none, or would send the key in the clear.
        """
        fault = address_fault(url)
        if fault:
            raise InputError(f"The store's address {fault}.", "Give http://HOST:6333 or https://HOST.")
        try:
            from qdrant_client import QdrantClient
        except ImportError as error:
            raise UnavailableError(
                "An index on a Qdrant server needs the package qdrant-client.", "pip install 'embedtune[qdrant]'"
            ) from error
        with explained(url):
            client = QdrantClient(
                url=url, api_key=key or None, timeout=max(1, round(seconds)), check_compatibility=False
            )
        return cls(client, url, retries)

    def ask(self, call: Callable[[QdrantClient], _Answer], collection: str = "") -> _Answer:
        """Return what a call returns.

        Args:
            call: What to do with the client; doing it twice must do no harm.
            collection: The collection that is asked, if it is one.

        Raises:
            InputError: It failed, and making it again did not help.
        """
        with explained(self.url, collection):
            for attempt in range(self._retries):
                try:
                    return call(self._client)
                except Exception as error:
                    if not may_pass(error):
                        raise
                self._sleep(backoff_seconds(attempt, self.url))
            return call(self._client)

    def close(self) -> None:
        """Close the connection."""
        self._client.close()
