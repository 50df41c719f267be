"""What a registry asks of an object store, and how a store's failures are told."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Protocol

from embedtune.errors import EmbedtuneError, InputError, ModelError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

_REMEDY = "Check the URL, the credentials in the environment, your rights there and the connection."


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An object, as a listing tells of it.

    Attributes:
        key: Its key below the registry's URL.
        size: In bytes.
        state: What changes whenever its content does; empty where the store does not tell.
    """

    key: str
    size: int
    state: str


class ObjectStore(Protocol):
    """Objects below a URL. A key is a relative path with ``/``; an object is seen whole or not at all."""

    @property
    def url(self) -> str:
        """The URL."""
        ...

    @property
    def conditional(self) -> bool:
        """Whether `create` is one step, so that of two creators one wins."""
        ...

    def list(self, folder: str) -> tuple[StoredObject, ...]:
        """Return everything below a folder, sorted by key.

        Raises:
            ModelError: The store cannot be read.
        """
        ...

    def read(self, key: str) -> bytes | None:
        """Return the content of an object, ``None`` where there is none.

        Raises:
            ModelError: The store cannot be read.
        """
        ...

    def opened(self, key: str) -> AbstractContextManager[IO[bytes]]:
        """Open an object for reading from its beginning to its end.

        Raises:
            ModelError: The store cannot be read, or there is no such object.
        """
        ...

    def create(self, key: str, data: bytes) -> None:
        """Write an object that must not exist yet.

        Raises:
            FileExistsError: It exists.
            InputError: It cannot be written.
        """
        ...

    def put(self, key: str, data: bytes) -> None:
        """Write an object, in place of an older one if there is one.

        Raises:
            InputError: It cannot be written.
        """
        ...

    def upload(self, key: str, path: Path) -> None:
        """Write a file's content as an object.

        Raises:
            InputError: It cannot be written.
        """
        ...

    def remove(self, keys: Iterable[str]) -> None:
        """Remove objects; one that is gone is no error.

        Raises:
            InputError: One cannot be removed.
        """
        ...


@contextlib.contextmanager
def told(doing: str, where: str, failures: tuple[type[Exception], ...]) -> Iterator[None]:
    """Turn a store's failures into errors of embedtune's.

    Args:
        doing: ``read`` or ``written``.
        where: The URL.
        failures: What its library raises.

    Raises:
        ModelError: It cannot be read.
        InputError: It cannot be written.
    """
    try:
        yield
    except (EmbedtuneError, FileExistsError):
        raise
    except failures as error:
        kind = ModelError if doing == "read" else InputError
        raise kind(f"{where} cannot be {doing}: {type(error).__name__}: {error}.", _REMEDY) from error
