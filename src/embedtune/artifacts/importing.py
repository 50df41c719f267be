"""Publish the version that an archive holds, as it is."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

from embedtune.artifacts.archive import ArchiveReader, archive_size
from embedtune.artifacts.folder_check import SIGNATURE_NAME, Readable, read_stream
from embedtune.artifacts.manifest import manifest_from_json
from embedtune.artifacts.problems import FileProblem, ProblemKind, refuse
from embedtune.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

    from embedtune.artifacts.store import Registry
    from embedtune.artifacts.trust import TrustPolicy
    from embedtune.vocabulary.versions import Manifest, ModelVersion


def import_version(registry: Registry, archive: Path, policy: TrustPolicy) -> ModelVersion:
    """Read an archive once, from its beginning to its end, and publish what it holds.

    Nothing is visible before all was verified,
    and nothing is left of an archive that is refused. Never more is written than the manifest lists, and never
    more than the archive is long.

    Args:
        registry: The registry.
        archive: What `export_version` wrote.
        policy: Whose signature the version must carry.

    Raises:
        InputError: The archive cannot be read, or the version cannot be written.
        FormatError: It holds anything but a version, in the one order and form that an archive has.
        VersionExistsError: The version exists already.
        VerificationError: Its manifest or a file is damaged.
        SignatureError: Its signature is missing, wrong or not trusted.
    """
    try:
        with archive.open("rb") as stream:
            facts = archive.stat()
            if not stat.S_ISREG(facts.st_mode):
                raise InputError(f"{archive} is not a file.", "Name a file that `embedtune models export` wrote.")
            return _import(registry, ArchiveReader(stream, str(archive)), facts.st_size, policy)
    except OSError as error:
        raise InputError(f"{archive} cannot be read: {error.strerror or error}.", "Check the path.") from error


def _import(registry: Registry, reader: ArchiveReader, size: int, policy: TrustPolicy) -> ModelVersion:
    label, text = reader.beginning()
    manifest = manifest_from_json(text.decode("utf-8", "replace"), f"{reader.where}: manifest.json")
    if label != manifest.label:
        raise reader.refused(f"it is named {label!r} inside, and its manifest is of another version")
    signature = reader.signature(label)
    stated = archive_size(manifest, len(signature or b""))
    if size != stated:
        raise reader.refused(f"it has {size:,} bytes, and the files of its manifest make {stated:,}")

    def fill(folder: Path) -> None:
        _unpack(reader, manifest, folder)
        if signature is not None:
            (folder / SIGNATURE_NAME).write_bytes(signature)

    return registry.adopt(manifest, fill, policy)


def _unpack(reader: ArchiveReader, manifest: Manifest, folder: Path) -> None:
    label = manifest.label
    for entry in manifest.files:
        reader.expect(label, entry.path, entry.size)
        target = folder / entry.path
        target.parent.mkdir(parents=True, exist_ok=True)
        if detail := read_stream(_Part(reader.stream, entry.size), entry, target):
            refuse(label, [FileProblem(entry.path, ProblemKind.ALTERED, detail)])
        reader.pass_over_padding(entry.size)
    reader.end()


class _Part:
    """So many bytes of a stream, and none beyond."""

    def __init__(self, stream: Readable, size: int) -> None:
        self._stream = stream
        self._left = size

    def read(self, most: int, /) -> bytes:
        """Return so many bytes at most; none at the end of the part."""
        data = self._stream.read(min(most, self._left))
        self._left -= len(data)
        return data
