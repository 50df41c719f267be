"""What a registry asks of the place where it lies: this machine's disk, or an object store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from pathlib import Path

    from embedtune.artifacts.history import LogEntry
    from embedtune.vocabulary.ports import VersionFiles

STATE = ".registry"
"""The folder of a registry's own state: the log and the channels."""

_T = TypeVar("_T")


class StagedVersion(Protocol):
    """A version while it is being written, on this machine's disk."""

    @property
    def folder(self) -> Path:
        """The folder to fill."""
        ...

    @property
    def committed(self) -> bool:
        """Whether the version can be seen."""
        ...

    def seal(self) -> None:
        """Say that the folder is filled, and let it be changed no more."""
        ...

    def commit(self) -> None:
        """Make the version visible in one step; call it within `RegistryStorage.write`.

        Raises:
            FileExistsError: There is a version of that name.
        """
        ...


class RegistryStorage(Protocol):
    """The place of a registry. Keys are relative paths with ``/``."""

    @property
    def place(self) -> str:
        """Where it is, written one way however it was named."""
        ...

    @property
    def root(self) -> Path | None:
        """Its folder; ``None`` where it is not on this machine's disk."""
        ...

    def versions(self) -> tuple[str, ...]:
        """Return the names of what may be versions, sorted."""
        ...

    def taken(self, label: str) -> bool:
        """Tell whether no version of this name can be published."""
        ...

    def where(self, label: str) -> str:
        """Return where a version lies or would lie, for people."""
        ...

    def files(self, label: str) -> VersionFiles:
        """Return the files of a version.

        Raises:
            VerificationError: What says where they are is missing or damaged.
        """
        ...

    def names(self, folder: str = "") -> tuple[str, ...]:
        """Return the names in a folder that are not hidden, sorted."""
        ...

    def read(self, key: str) -> bytes | None:
        """Return the content of a file, ``None`` where there is none."""
        ...

    def create(self, key: str, text: str) -> None:
        """Write a file that must not exist yet, whole or not at all; call it within `write`.

        Raises:
            FileExistsError: It exists.
        """
        ...

    def replace(self, key: str, text: str) -> None:
        """Write a file in place of an older one; a reader sees the one or the other."""
        ...

    def pointer_key(self, channel: str, setting: LogEntry | None) -> str:
        """Return where the pointer of a channel lies.

        Args:
            channel: The channel.
            setting: The log's entry of its setting; ``None`` where the log has none.
        """
        ...

    def write(self, work: Callable[[], _T]) -> _T:
        """Do some work as the only one who writes, and return what it returns.

        Where nobody can be kept out, the work is done again if another process wrote to the log meanwhile: it
        must read what it depends on before it appends to the log, and bear to be begun anew.

        Raises:
            InputError: Others do not let go, or nothing can be written.
        """
        ...

    def staged(self, label: str) -> AbstractContextManager[StagedVersion]:
        """Fill a folder that `StagedVersion.commit` makes a version; without that nothing is left of it."""
        ...

    def remove(self, label: str) -> None:
        """Remove a version, first from sight and then its files; call it within `write`."""
        ...
