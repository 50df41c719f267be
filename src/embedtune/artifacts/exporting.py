"""Write a version into one archive."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import IO, TYPE_CHECKING

from embedtune.artifacts.archive import ARCHIVE_SUFFIX, header, padding, write_end
from embedtune.artifacts.folder_check import MANIFEST_NAME, SIGNATURE_NAME
from embedtune.artifacts.manifest import manifest_to_json
from embedtune.artifacts.verified_copy import verified_copy
from embedtune.errors import InputError
from embedtune.files import digest_file, sync_folder

if TYPE_CHECKING:
    from embedtune.artifacts.trust import TrustPolicy
    from embedtune.vocabulary.versions import ModelVersion

_CHUNK_BYTES = 1 << 20


def export_version(version: ModelVersion, target: Path, policy: TrustPolicy, cache_folder: Path) -> str:
    """Write a version into an archive, after verifying it; returns the digest of the archive.

    Equal versions with equal signatures give equal bytes.

    Args:
        version: The version.
        target: The archive to write; it must not exist, and ends in ``.tar``.
        policy: Whose signature the version must carry.
        cache_folder: Where verified copies are kept.

    Raises:
        InputError: The archive exists, has another ending, or cannot be written.
        VerificationError: The version was tampered with.
        SignatureError: Its signature is missing, wrong or not trusted.
    """
    if target.suffix != ARCHIVE_SUFFIX:
        raise InputError(f"{target} does not end in {ARCHIVE_SUFFIX}.", f"Name it like {version.label}.tar.")
    copy = verified_copy(version, cache_folder, policy)
    signature = version.files.signature()
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
        try:
            with os.fdopen(handle, "wb") as stream:
                _write(stream, version, copy, signature)
                stream.flush()
                os.fsync(stream.fileno())
            Path(temporary).chmod(0o644)
            os.link(temporary, target)  # which, unlike a rename, replaces nothing
            sync_folder(target.parent)
        finally:
            Path(temporary).unlink(missing_ok=True)
    except FileExistsError as error:
        raise InputError(f"{target} exists already.", "Give another name, or remove it.") from error
    except OSError as error:
        raise InputError(
            f"{target} cannot be written: {error.strerror or error}.", "Check the folder and the free space."
        ) from error
    return digest_file(target)


def _write(stream: IO[bytes], version: ModelVersion, copy: Path, signature: bytes | None) -> None:
    small = {MANIFEST_NAME: manifest_to_json(version.manifest).encode()}
    if signature is not None:
        small[SIGNATURE_NAME] = signature
    for name, data in small.items():
        stream.write(header(version.label, name, len(data)))
        stream.write(data + bytes(padding(len(data))))
    for entry in version.manifest.files:
        stream.write(header(version.label, entry.path, entry.size))
        with (copy / entry.path).open("rb") as source:
            while chunk := source.read(_CHUNK_BYTES):
                stream.write(chunk)
        stream.write(bytes(padding(entry.size)))
    write_end(stream)
