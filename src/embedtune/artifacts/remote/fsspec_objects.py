"""Objects in whatever fsspec speaks to: Google Cloud Storage, Azure, a server over SFTP, this process's memory."""

from __future__ import annotations

import contextlib
from typing import IO, TYPE_CHECKING, Any

from embedtune.artifacts.remote.object_store import StoredObject, told
from embedtune.errors import InputError, UnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

# whose `pipe_file(mode="create")` is one request that the store refuses where the object exists
_CONDITIONAL = frozenset({"abfs", "abfss", "az", "gcs", "gs", "memory"})
_STATES = ("etag", "ETag", "md5Hash", "content_md5", "mtime", "created")


class FsspecObjects:
    """Objects below a URL of fsspec; see `ObjectStore` for what it answers.

    Args:
        url: The URL.

    Raises:
        InputError: fsspec does not know its kind.
        UnavailableError: The package that speaks to the store is not installed.
    """

    def __init__(self, url: str) -> None:
        import fsspec

        try:
            self._fs: Any
            self._fs, root = fsspec.url_to_fs(url, use_listings_cache=False)
        except ImportError as error:
            raise UnavailableError(f"A registry on {url} needs another package: {error}.", "Install it.") from error
        except ValueError as error:
            raise InputError(
                f"{url} cannot hold a registry: {error}.", "Name a folder, s3://bucket/prefix or a URL of fsspec."
            ) from error
        self.url = url
        self.conditional = url.partition(":")[0] in _CONDITIONAL
        self._root = root.rstrip("/") + "/"

    def list(self, folder: str) -> tuple[StoredObject, ...]:
        """Return everything below a folder, sorted by key."""
        with self._told("read", folder):
            try:
                found = self._fs.find(self._root + folder.rstrip("/"), detail=True)
            except FileNotFoundError:
                return ()
            start = len(self._root.lstrip("/"))
            return tuple(
                StoredObject(name.lstrip("/")[start:], int(info["size"]), _state(info))
                for name, info in sorted(found.items())
            )

    def read(self, key: str) -> bytes | None:
        """Return the content of an object, ``None`` where there is none."""
        with self._told("read", key):
            try:
                data: bytes = self._fs.cat_file(self._root + key)
            except FileNotFoundError:
                return None
        return data

    @contextlib.contextmanager
    def opened(self, key: str) -> Iterator[IO[bytes]]:
        """Open an object for reading."""
        with self._told("read", key), self._fs.open(self._root + key, "rb") as stream:
            yield stream

    def create(self, key: str, data: bytes) -> None:
        """Write an object that must not exist yet; two steps where the store has no conditional write."""
        path = self._root + key
        with self._told("written", key):
            if self.conditional:
                self._fs.pipe_file(path, data, mode="create")
                return
            if self._fs.exists(path):
                raise FileExistsError(key)
            self.put(key, data)

    def put(self, key: str, data: bytes) -> None:
        """Write an object, in place of an older one if there is one."""
        with self._told("written", key):
            self._make_folder_of(key)
            self._fs.pipe_file(self._root + key, data)

    def upload(self, key: str, path: Path) -> None:
        """Write a file's content as an object."""
        with self._told("written", key):
            self._make_folder_of(key)
            self._fs.put_file(str(path), self._root + key)

    def remove(self, keys: Iterable[str]) -> None:
        """Remove objects."""
        for key in keys:
            with self._told("written", key), contextlib.suppress(FileNotFoundError):
                self._fs.rm_file(self._root + key)

    def _make_folder_of(self, key: str) -> None:
        """Make the folder of a file; object stores have none."""
        if not self.conditional:
            self._fs.makedirs(f"{self._root}{key}".rpartition("/")[0], exist_ok=True)

    def _told(self, doing: str, key: str = "") -> AbstractContextManager[None]:
        # a file system of fsspec fails in as many ways as there are libraries below it
        return told(doing, f"{self.url}/{key}".rstrip("/"), (Exception,))


def _state(info: dict[str, object]) -> str:
    """Return what changes with an object's content: a digest of the store's, else a time."""
    return next((f"{key}={info[key]}" for key in _STATES if info.get(key)), "")
