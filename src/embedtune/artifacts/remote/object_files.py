"""A version's files in an object store."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from embedtune.artifacts.folder_check import MANIFEST_NAME, SIGNATURE_NAME, read_stream
from embedtune.artifacts.manifest import manifest_digest, manifest_from_json
from embedtune.artifacts.signing import MOST_SIGNATURE_BYTES
from embedtune.artifacts.trust import wrong_signature
from embedtune.artifacts.version_files import missing_file
from embedtune.errors import ModelError, VerificationError

if TYPE_CHECKING:
    from pathlib import Path

    from embedtune.artifacts.receipts import FileStates
    from embedtune.artifacts.remote.object_store import ObjectStore, StoredObject
    from embedtune.vocabulary.versions import FileEntry, Manifest


@dataclass(frozen=True, slots=True)
class ObjectFiles:
    """The files of a version, below one prefix of a store; see `VersionFiles` for what it answers.

    Attributes:
        objects: The store.
        prefix: The keys of the files begin with it; no slash at its end.
        digest: What the manifest's digest must be.
    """

    objects: ObjectStore
    prefix: str
    digest: str

    @property
    def place(self) -> str:
        """The URL below which the files lie."""
        return f"{self.objects.url}/{self.prefix}"

    @property
    def folder(self) -> Path | None:
        """None: they are not on this machine's disk."""
        return None

    def names(self) -> tuple[str, ...]:
        """Return the relative path of everything there but the manifest and its signature."""
        return tuple(name for name, _ in self._listed() if name not in {MANIFEST_NAME, SIGNATURE_NAME})

    def holds(self, name: str) -> bool:
        """Tell whether there is an object of this name."""
        return any(found == name for found, _ in self._listed())

    def manifest(self) -> Manifest:
        """Read the manifest.

        Raises:
            VerificationError: It is missing or damaged, or not the one that was published.
        """
        where = f"{self.place}/{MANIFEST_NAME}"
        try:
            text = self.read(MANIFEST_NAME).decode()
        except UnicodeDecodeError as error:
            raise missing_file(where, str(error)) from error
        manifest = manifest_from_json(text, where)
        if manifest_digest(manifest) != self.digest:
            raise missing_file(where, "its digest is not the one that was published")
        return manifest

    def signature(self) -> bytes | None:
        """Read the signature, ``None`` where there is none.

        Raises:
            SignatureError: It is far too large.
        """
        sizes = {name: item.size for name, item in self._listed()}
        if sizes.get(SIGNATURE_NAME, 0) > MOST_SIGNATURE_BYTES:
            raise wrong_signature(f"{self.place}/{SIGNATURE_NAME}", "it is far too large to be one")
        return self.objects.read(f"{self.prefix}/{SIGNATURE_NAME}")

    def read(self, name: str) -> bytes:
        """Read a small file; what it holds is not verified.

        Raises:
            VerificationError: It is missing.
        """
        data = self.objects.read(f"{self.prefix}/{name}")
        if data is None:
            raise missing_file(f"{self.place}/{name}", "it does not exist")
        return data

    def check(self, entry: FileEntry, target: Path | None = None) -> str:
        """Read a file once, copy it if asked, and return how it differs from its entry; empty if it does not."""
        try:
            with self.objects.opened(f"{self.prefix}/{entry.path}") as stream:
                return read_stream(stream, entry, target)
        except ModelError as error:
            return error.message

    def states(self) -> FileStates:
        """Return size and state of every object; none where the store does not tell them."""
        listed = self._listed()
        if not all(item.state for _, item in listed):
            return {}
        return {name: (item.size, item.state) for name, item in listed if name not in {MANIFEST_NAME, SIGNATURE_NAME}}

    def settled(self, states: FileStates, began_ns: int) -> FileStates:
        """Return the states: a store that tells them does so for each content anew."""
        return states

    def _listed(self) -> list[tuple[str, StoredObject]]:
        return [(item.key[len(self.prefix) + 1 :], item) for item in self.objects.list(self.prefix)]


def marked(data: bytes | None, where: str) -> tuple[str, str]:
    """Return the folder and the manifest's digest that a version's marker names.

    Raises:
        VerificationError: There is no marker, or it is none.
    """
    try:
        value = json.loads(data or b"")
        folder, digest = value["files"], value["manifest"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise VerificationError(
            f"{where} does not say where the version's files are.", "Restore it from a copy."
        ) from error
    if not isinstance(folder, str) or not isinstance(digest, str) or "/" in folder or folder in {"", ".", ".."}:
        raise VerificationError(f"{where} does not name files of this version.", "Restore it from a copy.")
    return folder, digest
