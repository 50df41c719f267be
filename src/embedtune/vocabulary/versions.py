"""What a published version states about its files and its making."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from embedtune.files import digest_value
from embedtune.vocabulary.evaluation import Comparison
from embedtune.vocabulary.ports import VersionFiles

MANIFEST_SCHEMA = 2


@dataclass(frozen=True, slots=True)
class FileEntry:
    """One file of a version: its relative path (with ``/``), its size in bytes and its SHA-256."""

    path: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Lineage:
    """The digests of everything a version was made from (each ``sha256:…``, empty if unknown)."""

    base_model: str
    base_model_hash: str
    corpus: str = ""
    pairs: str = ""
    split: str = ""
    config: str = ""
    code_version: str = ""
    code_commit: str = ""


@dataclass(frozen=True, slots=True)
class Manifest:
    """The identity of a version: every file it consists of, and its lineage.

    Attributes:
        name: The model's name.
        version: The version, such as ``v1.0``.
        created: When it was published, ISO 8601 in UTC.
        files: All files but the manifest and its signature, sorted by path.
        lineage: What it was made from.
        settings: Passage and fusion settings, as JSON.
        packages: Versions of the packages that made it.
        metrics: What was measured over all questions, with intervals; empty if nothing was.
    """

    name: str
    version: str
    created: str
    files: tuple[FileEntry, ...]
    lineage: Lineage
    settings: Mapping[str, object]
    packages: Mapping[str, str]
    metrics: tuple[Comparison, ...] = ()

    @property
    def label(self) -> str:
        """Name and version, as in the folder's name."""
        return f"{self.name}-{self.version}"

    @property
    def files_digest(self) -> str:
        """The digest of all file entries: equal for two versions with equal contents."""
        return digest_value([[entry.path, entry.size, entry.sha256] for entry in self.files])


@dataclass(frozen=True, slots=True)
class ModelVersion:
    """A version in a registry: its files and its manifest."""

    files: VersionFiles
    manifest: Manifest

    @property
    def place(self) -> str:
        """Where it lies: a path or a URL."""
        return self.files.place

    @property
    def folder(self) -> Path | None:
        """Its folder; ``None`` where it is not on this machine's disk."""
        return self.files.folder

    @property
    def label(self) -> str:
        """Name and version, as in the folder's name."""
        return self.manifest.label
