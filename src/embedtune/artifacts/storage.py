"""A registry on this machine's disk: the file operations that it is made of.

It is a folder of versions and, hidden beside them, its own state::

    embedtune-v1.0/           a version
    .registry/log/            one file an entry, never changed
    .registry/channels/       one pointer a channel, replaced whole
    .registry/staging/        the locks of publishers at work
    .registry/lock            held by who writes
    .embedtune-v1.1.x1y2z3a4/ a version that is being written

Readers take no lock: whatever they find was renamed into its place when it was whole. One process at a
time writes; what a dead one left half-written is swept by the next.
"""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from embedtune.artifacts.registry_storage import STATE
from embedtune.artifacts.version_files import FolderFiles
from embedtune.errors import InputError, ModelError
from embedtune.files import remove_sealed, seal_folder, sync_folder, write_text
from embedtune.locks import sole_holder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from filelock import BaseFileLock

    from embedtune.artifacts.history import LogEntry
    from embedtune.vocabulary.ports import VersionFiles

_T = TypeVar("_T")
_STAGED = re.compile(r"\.[A-Za-z0-9][A-Za-z0-9._-]*-v[0-9]+(\.[0-9]+)*\.[a-z0-9_]{8}")
_PATIENCE_SECONDS = 60.0


class Staging:
    """A version while it is being written.

    Args:
        folder: The folder to fill; beside the target, so that renaming moves nothing.
        target: Where the version will lie.
    """

    def __init__(self, folder: Path, target: Path) -> None:
        self.folder = folder
        self.target = target
        self.committed = False

    def seal(self) -> None:
        """Flush the folder to the disk and take everybody's write permission; the registry's says who may read."""
        seal_folder(self.folder, self.target.parent.stat().st_mode)

    def commit(self) -> None:
        """Move the folder to its place; call it while `LocalStorage.writing`.

        Raises:
            FileExistsError: Something lies there already.
        """
        if os.path.lexists(self.target):
            raise FileExistsError(str(self.target))
        self.folder.rename(self.target)
        self.committed = True
        sync_folder(self.target.parent)


class LocalStorage:
    """A registry on a file system.

    Keys are paths relative to the registry, with ``/``.

    Args:
        root: The registry's folder; it is made when something is written.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    @property
    def place(self) -> str:
        """Where the registry lies, written one way however it was named."""
        return str(self.root.resolve())

    def versions(self) -> tuple[str, ...]:
        """Return the names of all folders that are not hidden, sorted.

        Raises:
            ModelError: The registry cannot be read.
        """
        return tuple(name for name in self.names() if is_folder(self.root / name))

    def taken(self, label: str) -> bool:
        """Tell whether something has the place of a version."""
        return os.path.lexists(self.root / label)

    def where(self, label: str) -> str:
        """Return where a version lies or would lie, for people."""
        return str(self.root / label)

    def files(self, label: str) -> VersionFiles:
        """Return the files of a version."""
        return FolderFiles(self.root / label)

    def pointer_key(self, channel: str, setting: LogEntry | None) -> str:
        """Return the key of a channel's pointer: one file that is replaced, whatever the channel is set to."""
        return f"{STATE}/channels/{channel}.json"

    def names(self, folder: str = "") -> tuple[str, ...]:
        """Return the names in a folder that are not hidden, sorted; a folder that does not exist has none.

        Raises:
            ModelError: The folder cannot be read.
        """
        place = self.root / folder
        try:
            found = sorted(path.name for path in place.iterdir())
        except (FileNotFoundError, NotADirectoryError):
            return ()
        except OSError as error:
            raise ModelError(
                f"The registry {place} cannot be read: {error.strerror or error}.", "Check its permissions."
            ) from error
        return tuple(name for name in found if not name.startswith("."))

    def read(self, key: str) -> bytes | None:
        """Return the content of a file, ``None`` where there is none.

        Raises:
            ModelError: It cannot be read.
        """
        try:
            return (self.root / key).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise ModelError(
                f"{self.root / key} cannot be read: {error.strerror or error}.", "Check its permissions."
            ) from error

    def create(self, key: str, text: str) -> None:
        """Write a file that must not exist yet, whole or not at all; call it while `writing`.

        Raises:
            FileExistsError: It exists.
            InputError: It cannot be written.
        """
        if os.path.lexists(self.root / key):
            raise FileExistsError(key)
        write_text(self.root / key, text)

    def replace(self, key: str, text: str) -> None:
        """Write a file in place of an older one; a reader sees the one or the other.

        Raises:
            InputError: It cannot be written.
        """
        write_text(self.root / key, text)

    def write(self, work: Callable[[], _T]) -> _T:
        """Do some work while `writing` and return what it returns."""
        with self.writing():
            return work()

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """Be the only process that writes, and sweep what a dead one left.

        Raises:
            InputError: Another process does not let go, or nothing can be written.
        """
        taken = InputError(f"Another process is writing to {self.root}.", "Try again when it is done.")
        lock = self._held("lock", taken, _PATIENCE_SECONDS)
        try:
            self._sweep()
            yield
        finally:
            lock.release()

    @contextlib.contextmanager
    def staged(self, label: str) -> Iterator[Staging]:
        """Fill a folder that `Staging.commit` moves to its place; without that nothing is left of it.

        Args:
            label: Name of the version's folder.
        """
        with self.writing():
            folder = Path(tempfile.mkdtemp(prefix=f".{label}.", dir=self.root))
            alive = self._held(f"staging/{folder.name}", FileExistsError(folder.name))
        staging = Staging(folder, self.root / label)
        try:
            yield staging
        finally:
            remove_sealed(folder)
            (self.root / STATE / "staging" / folder.name).unlink(missing_ok=True)
            alive.release()

    def remove(self, label: str) -> None:
        """Remove a version, first from sight and then from the disk; call it while `writing`.

        Raises:
            InputError: It cannot be removed.
        """
        try:
            retired = Path(tempfile.mkdtemp(prefix=f".{label}.", dir=self.root))
            (self.root / label).rename(retired)
            sync_folder(self.root)
            remove_sealed(retired)
        except OSError as error:
            raise InputError(
                f"{self.root / label} cannot be removed: {error.strerror or error}.", "Check the permissions."
            ) from error

    def _held(self, name: str, taken: Exception, patience: float = 0.0) -> BaseFileLock:
        def unusable(error: OSError) -> InputError:
            return InputError(
                f"Nothing can be written to {self.root}: {error.strerror or error}.",
                "Check the permissions of the folder and the free space of the disk; nothing was changed.",
            )

        return sole_holder(self.root / STATE / name, taken, unusable, patience=patience)

    def _sweep(self) -> None:
        """Remove the folders of publishers that are no more: their locks went with them."""
        for path in self.root.iterdir():
            if not _STAGED.fullmatch(path.name) or not path.is_dir():
                continue
            try:
                alive = self._held(f"staging/{path.name}", FileExistsError(path.name))
            except FileExistsError:
                continue
            remove_sealed(path)
            (self.root / STATE / "staging" / path.name).unlink(missing_ok=True)
            alive.release()
        for lock in (self.root / STATE / "staging").glob(".*"):
            if not (self.root / lock.name).exists():
                lock.unlink(missing_ok=True)
        for folder in ("log", "channels"):
            for path in (self.root / STATE / folder).glob(".*"):
                path.unlink(missing_ok=True)


def is_folder(path: Path) -> bool:
    """Tell whether a path is a folder; one that cannot be looked at or cannot exist is none."""
    try:
        return path.is_dir()
    except OSError:
        return False
