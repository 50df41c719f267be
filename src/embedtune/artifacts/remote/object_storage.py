"""A registry in an object store, where nobody can be kept out and nothing can be renamed.

Every step that decides is the creation of one object that must not exist yet::

    versions/embedtune-v1.0.json         makes a version visible: where its files are, and its manifest's digest
    versions/embedtune-v1.0.removed      takes it out of sight; the number stays taken
    files/embedtune-v1.0/20300102T030405Z-1f2e…/   its files, uploaded before it is visible
    .registry/log/00000012.json          an entry of the log; of two that would be the twelfth one wins
    .registry/channels/production/00000012-9c1b….json   the pointer that belongs to that entry

Whoever is overtaken reads the log again and decides anew. What a dead publisher uploaded is never visible, and is
removed by a later publisher when it is a week old.
"""

from __future__ import annotations

import contextlib
import re
import secrets
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from embedtune.artifacts.manifest import manifest_digest, read_manifest
from embedtune.artifacts.registry_storage import STATE
from embedtune.artifacts.remote.object_files import ObjectFiles, marked
from embedtune.errors import EmbedtuneError, InputError, VerificationError
from embedtune.events import Alert
from embedtune.files import canonical_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from embedtune.artifacts.history import LogEntry
    from embedtune.artifacts.remote.object_store import ObjectStore
    from embedtune.events import Report

_T = TypeVar("_T")
_VERSIONS = "versions"
_FILES = "files"
_MARKER = ".json"
_REMOVED = ".removed"
_STAMP = "%Y%m%dT%H%M%SZ"
_UPLOAD = re.compile(r"[0-9]{8}T[0-9]{6}Z-[0-9a-f]{16}")
_DEAD_AFTER = timedelta(days=7)
_ATTEMPTS = 60
_FIRST_WAIT_SECONDS = 0.01
_LONGEST_WAIT_SECONDS = 0.5


class Upload:
    """A version while it is being written: filled on this machine's disk, then uploaded.

    Args:
        objects: The store.
        label: The version's name.
        folder: The folder to fill.
    """

    def __init__(self, objects: ObjectStore, label: str, folder: Path) -> None:
        self.folder = folder
        self.committed = False
        self._objects = objects
        self._label = label
        self._token = f"{datetime.now(UTC).strftime(_STAMP)}-{secrets.token_hex(8)}"

    @property
    def _prefix(self) -> str:
        return f"{_FILES}/{self._label}/{self._token}"

    def seal(self) -> None:
        """Upload every file; nobody can see them as a version yet."""
        for path in sorted(path for path in self.folder.rglob("*") if path.is_file()):
            self._objects.upload(f"{self._prefix}/{path.relative_to(self.folder).as_posix()}", path)

    def commit(self) -> None:
        """Make the version visible by creating its marker.

        Raises:
            FileExistsError: There is a version of that name, or there was.
        """
        manifest = manifest_digest(read_manifest(self.folder))
        marker = canonical_json({"schema": 1, "files": self._token, "manifest": manifest})
        create(self._objects, f"{_VERSIONS}/{self._label}{_MARKER}", marker)
        self.committed = True

    def withdraw(self) -> None:
        """Remove what was uploaded; what cannot be removed now is swept by a later publisher."""
        with contextlib.suppress(EmbedtuneError):
            self._objects.remove([item.key for item in self._objects.list(self._prefix)])


class ObjectStorage:
    """A registry in an object store; see `RegistryStorage` for what it answers.

    Args:
        objects: The store.
        report: Told where it cannot keep two publishers apart.
    """

    root = None

    def __init__(self, objects: ObjectStore, report: Report) -> None:
        self._objects = objects
        self._report = report
        self._warned = objects.conditional

    @property
    def place(self) -> str:
        """The registry's URL."""
        return self._objects.url

    def versions(self) -> tuple[str, ...]:
        """Return the names of all versions that were not removed, sorted."""
        names = self.names(_VERSIONS)
        removed = {name.removesuffix(_REMOVED) for name in names if name.endswith(_REMOVED)}
        markers = [name.removesuffix(_MARKER) for name in names if name.endswith(_MARKER)]
        return tuple(name for name in markers if name not in removed)

    def taken(self, label: str) -> bool:
        """Tell whether a version of this name was ever published."""
        return self._objects.read(self._marker(label)) is not None

    def where(self, label: str) -> str:
        """Return where a version lies or would lie, for people."""
        return f"{self.place}/{label}"

    def files(self, label: str) -> ObjectFiles:
        """Return the files of a version.

        Raises:
            VerificationError: Its marker is missing or damaged.
        """
        key = self._marker(label)
        folder, digest = marked(self._objects.read(key), f"{self.place}/{key}")
        return ObjectFiles(self._objects, f"{_FILES}/{label}/{folder}", digest)

    def pointer_key(self, channel: str, setting: LogEntry | None) -> str:
        """Return the key of a channel's pointer: each setting has its own, named after the log's entry."""
        name = f"{setting.number:08d}-{setting.digest.removeprefix('sha256:')[:16]}" if setting else "none"
        return f"{STATE}/channels/{channel}/{name}.json"

    def names(self, folder: str = "") -> tuple[str, ...]:
        """Return the names in a folder that are not hidden, sorted."""
        found = {item.key[len(folder) + 1 :].partition("/")[0] for item in self._objects.list(folder)}
        return tuple(sorted(name for name in found if name and not name.startswith(".")))

    def read(self, key: str) -> bytes | None:
        """Return the content of an object, ``None`` where there is none."""
        return self._objects.read(key)

    def create(self, key: str, text: str) -> None:
        """Write an object that must not exist yet.

        Raises:
            FileExistsError: It exists.
        """
        create(self._objects, key, text.encode())

    def replace(self, key: str, text: str) -> None:
        """Write an object."""
        self._objects.put(key, text.encode())

    def write(self, work: Callable[[], _T]) -> _T:
        """Do some work, anew each time another process wrote to the log first, and return what it returns.

        Raises:
            InputError: Others are always faster, or nothing can be written.
        """
        if not self._warned:
            self._warned = True
            self._report(
                Alert(
                    f"{self.place} cannot refuse to overwrite an object: let one process at a time publish, "
                    "promote, roll back and prune there."
                )
            )
        wait = _FIRST_WAIT_SECONDS
        for _ in range(_ATTEMPTS):
            try:
                return work()
            except FileExistsError:
                time.sleep(wait)
                wait = min(2 * wait, _LONGEST_WAIT_SECONDS)
        raise InputError(f"Other processes write to {self.place} all the time.", "Try again when they are done.")

    @contextlib.contextmanager
    def staged(self, label: str) -> Iterator[Upload]:
        """Fill a folder that is uploaded; nothing of it is visible before `Upload.commit`."""
        self._sweep()
        with tempfile.TemporaryDirectory(prefix=f"embedtune-{label}.") as place:
            upload = Upload(self._objects, label, Path(place))
            try:
                yield upload
            finally:
                if not upload.committed:
                    upload.withdraw()

    def remove(self, label: str) -> None:
        """Take a version out of sight, then remove its files; the number stays taken."""
        with contextlib.suppress(FileExistsError):
            self._objects.create(f"{_VERSIONS}/{label}{_REMOVED}", b"{}")
        self._objects.remove([item.key for item in self._objects.list(f"{_FILES}/{label}")])

    def _marker(self, label: str) -> str:
        return f"{_VERSIONS}/{label}{_MARKER}"

    def _sweep(self) -> None:
        """Remove old uploads that no version consists of, and the files of versions that were removed."""
        before = (datetime.now(UTC) - _DEAD_AFTER).strftime(_STAMP)
        uploads: dict[tuple[str, str], list[str]] = {}
        for item in self._objects.list(_FILES):
            label, _, rest = item.key[len(_FILES) + 1 :].partition("/")
            token = rest.partition("/")[0]
            if _UPLOAD.fullmatch(token) and token < before:
                uploads.setdefault((label, token), []).append(item.key)
        live = set(self.versions())
        for (label, token), keys in uploads.items():
            with contextlib.suppress(VerificationError):  # nobody knows which files a damaged marker names
                if label in live and self.files(label).prefix.endswith(f"/{token}"):
                    continue
                self._objects.remove(keys)


def create(objects: ObjectStore, key: str, data: bytes) -> None:
    """Create an object; one that is there already with this very content was created by this process.

    A request whose answer was lost is sent again by the client, and is then refused because of itself.

    Raises:
        FileExistsError: There is another one.
    """
    try:
        objects.create(key, data)
    except FileExistsError:
        if objects.read(key) != data:
            raise
