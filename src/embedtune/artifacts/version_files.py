"""A version's files in a folder of this machine's disk."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from embedtune.artifacts.folder_check import SIGNATURE_NAME, read_entry, walk_files
from embedtune.artifacts.manifest import read_manifest
from embedtune.artifacts.receipts import FileStates, file_states, rested
from embedtune.artifacts.signing import read_signature
from embedtune.errors import VerificationError

if TYPE_CHECKING:
    from embedtune.vocabulary.versions import FileEntry, Manifest


@dataclass(frozen=True, slots=True)
class FolderFiles:
    """The files of a version's folder; see `VersionFiles` for what it answers.

    Attributes:
        folder: The folder.
    """

    folder: Path

    @property
    def place(self) -> str:
        """The folder's path."""
        return str(self.folder)

    def names(self) -> tuple[str, ...]:
        """Return the relative path of everything there but the manifest and its signature; no link is followed."""
        return tuple(relative for relative, _ in walk_files(self.folder))

    def holds(self, name: str) -> bool:
        """Tell whether there is something of this relative path."""
        return (self.folder / name).exists()

    def manifest(self) -> Manifest:
        """Read the manifest.

        Raises:
            VerificationError: It is missing or damaged.
        """
        return read_manifest(self.folder)

    def signature(self) -> bytes | None:
        """Read the signature, ``None`` where there is none.

        Raises:
            SignatureError: It cannot be one.
        """
        return read_signature(self.folder / SIGNATURE_NAME)

    def read(self, name: str) -> bytes:
        """Read a small file; what it holds is not verified.

        Raises:
            VerificationError: It is missing or cannot be read.
        """
        try:
            return (self.folder / name).read_bytes()
        except OSError as error:
            raise missing_file(f"{self.folder / name}", error.strerror or str(error)) from error

    def check(self, entry: FileEntry, target: Path | None = None) -> str:
        """Read a file once, copy it if asked, and return how it differs from its entry; see `read_entry`."""
        return read_entry(self.folder / entry.path, entry, target)

    def states(self) -> FileStates:
        """Return kind, size, times of change and identity of every file."""
        return file_states(self.folder)

    def settled(self, states: FileStates, began_ns: int) -> FileStates:
        """Return the states if no file had changed shortly before it was read; see `rested`."""
        return rested(states, began_ns)


def missing_file(where: str, reason: str) -> VerificationError:
    """Return the error of a version's file that cannot be had."""
    return VerificationError(
        f"{where} cannot be read: {reason}.", "Restore it from a copy, or publish anew under another version number."
    )
