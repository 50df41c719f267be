"""The registry of published versions: written once, whole or not at all, and never changed.

A version is staged beside its final place, described by its manifest, made read-only, flushed to
the disk and renamed. The rename fails where a version already lies, so that of two publishers one
wins. To delete a version, restore the write permission first (``chmod -R u+w``).
"""

from __future__ import annotations

import contextlib
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from embedtune.artifacts.manifest import (
    MANIFEST_NAME,
    FileProblem,
    ProblemKind,
    VersionFacts,
    build_manifest,
    compare_folder,
    manifest_to_json,
    read_manifest,
)
from embedtune.artifacts.safety import check_model_folder
from embedtune.errors import InputError, ModelError, VerificationError, VersionExistsError
from embedtune.events import Alert, Report, silent
from embedtune.files import staged_folder, sync_folder, write_text
from embedtune.vocabulary.versions import ModelVersion

if TYPE_CHECKING:
    from collections.abc import Callable

MODEL_FOLDER = "model"

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_VERSION = re.compile(r"v[0-9]+(\.[0-9]+)*")


class Registry:
    """A folder of versions, each in ``<name>-<version>/``.

    Args:
        root: The folder; it is made by the first publication.
    """

    def __init__(self, root: Path) -> None:
        self._root = root

    @property
    def root(self) -> Path:
        """The folder that holds the versions."""
        return self._root

    def ensure_free(self, name: str, version: str) -> None:
        """Check that a version can be published; call it before any expensive work.

        Raises:
            ModelError: The name or the version is not one that can be published.
            VersionExistsError: The version exists already.
        """
        if not _NAME.fullmatch(name):
            raise ModelError(
                f"{name!r} cannot be a model's name.", "Use letters, digits, dots, dashes and underscores."
            )
        if not _VERSION.fullmatch(version):
            raise ModelError(f"{version!r} is not a version number.", "Write it like v1.0.")
        target = self._root / f"{name}-{version}"
        if os.path.lexists(target):
            raise _exists(target)

    def publish(self, facts: VersionFacts, fill: Callable[[Path], None]) -> ModelVersion:
        """Publish a version, wholly or not at all.

        Args:
            facts: What the manifest states apart from the files.
            fill: Writes the version's files into the empty folder it is given; among them the
                model as ``model/``.

        Returns:
            The version as it now lies in the registry.

        Raises:
            VersionExistsError: The version exists already, or another process was faster.
            ModelError: The name is unfit, or a file must not be part of a version.
            InputError: The files could not be written.
        """
        self.ensure_free(facts.name, facts.version)
        target = self._root / f"{facts.name}-{facts.version}"
        try:
            with staged_folder(target) as staging:
                fill(staging)
                check_model_folder(staging / MODEL_FOLDER)
                write_text(staging / MANIFEST_NAME, manifest_to_json(build_manifest(staging, facts)))
                _seal_files(staging, self._root.stat().st_mode)
        except OSError as error:
            if isinstance(error, FileExistsError) and target.exists():
                raise _exists(target) from error
            raise InputError(
                f"{target} could not be published: {error.strerror or error}.",
                "Check the permissions of the folder and the free space of the disk; nothing was changed.",
            ) from error
        _seal_folders(target, self._root.stat().st_mode)
        return self._load(target)

    def find(self, reference: str | Path) -> ModelVersion:
        """Find a version by number, by name and number, or by the path of its folder.

        Args:
            reference: ``v1.0``, ``embedtune-v1.0`` or a path.

        Raises:
            ModelError: There is no such version, or several models have one of that number.
            VerificationError: The manifest of the version is missing or damaged.
        """
        wanted = str(reference)
        matches = [folder for folder in self._folders() if wanted in (folder.name, folder.name.rpartition("-")[2])]
        if len(matches) > 1:
            names = ", ".join(folder.name for folder in matches)
            raise ModelError(f"Several models in {self._root} have a version {wanted}: {names}.", "Name one in full.")
        if matches:
            return self._load(matches[0])
        if wanted and _is_folder(Path(wanted)):
            return load_version(Path(wanted))
        published = ", ".join(folder.name for folder in self._folders())
        raise ModelError(
            f"There is no version {wanted!r} in {self._root}.",
            f"Published there: {published}." if published else "Nothing is published there yet.",
        )

    def list(self, report: Report = silent) -> tuple[ModelVersion, ...]:
        """Return all versions in order of their folders' names; one whose manifest is damaged is reported."""
        versions = []
        for folder in self._folders():
            try:
                versions.append(self._load(folder))
            except VerificationError as error:
                report(Alert(f"{folder.name} is left out: {error.message}"))
        return tuple(versions)

    def verify(self, version: ModelVersion) -> tuple[FileProblem, ...]:
        """Compare a version's folder with its manifest; an empty result means that it is as published."""
        problems = compare_folder(version.folder, version.manifest)
        path = version.folder / MANIFEST_NAME
        try:
            same = read_manifest(version.folder) == version.manifest
        except VerificationError as error:
            kind = ProblemKind.ALTERED if path.exists() else ProblemKind.MISSING
            return (FileProblem(MANIFEST_NAME, kind, error.message), *problems)
        if not same:
            return (FileProblem(MANIFEST_NAME, ProblemKind.ALTERED, "it was replaced by another one"), *problems)
        return problems

    def _folders(self) -> tuple[Path, ...]:
        """Return the folders named like versions; staging folders begin with a dot and are none."""
        if not _is_folder(self._root):
            return ()
        try:
            paths = sorted(self._root.iterdir())
        except OSError as error:
            raise ModelError(
                f"The registry {self._root} cannot be read: {error.strerror or error}.", "Check its permissions."
            ) from error
        return tuple(path for path in paths if _is_version_name(path.name) and _is_folder(path))

    def _load(self, folder: Path) -> ModelVersion:
        version = load_version(folder)
        if version.label != folder.name:
            raise VerificationError(
                f"{folder} holds the manifest of {version.label}.",
                "Give the folder its own name back; a version is what its manifest says.",
            )
        return version


def load_version(folder: Path) -> ModelVersion:
    """Read the manifest of a version's folder, wherever it lies. The files are not verified.

    Raises:
        VerificationError: The manifest is missing or damaged.
    """
    return ModelVersion(folder, read_manifest(folder))


def _is_folder(path: Path) -> bool:
    """Tell whether a path is a folder; one that cannot be looked at or cannot exist is none."""
    try:
        return path.is_dir()
    except OSError:
        return False


def _is_version_name(folder_name: str) -> bool:
    name, _, version = folder_name.rpartition("-")
    return bool(_NAME.fullmatch(name) and _VERSION.fullmatch(version))


def _exists(target: Path) -> VersionExistsError:
    return VersionExistsError(
        f"{target} was already published, and versions never change.", "Choose another version number."
    )


def _seal_files(folder: Path, registry_mode: int) -> None:
    """Flush all files and take their write permission; they become as readable as the registry is."""
    for directory, _, names in os.walk(folder):
        for name in names:
            path = Path(directory) / name
            with path.open("rb") as stream:
                os.fsync(stream.fileno())
            path.chmod(registry_mode & 0o444)
        sync_folder(Path(directory))


def _seal_folders(folder: Path, registry_mode: int) -> None:
    """Take the folders' write permission.

    After the rename, not before: until then the staging folder must be removable. A file system
    without permissions is no reason to fail, for the version is already complete.
    """
    for directory, _, _ in os.walk(folder, topdown=False):
        with contextlib.suppress(OSError):
            Path(directory).chmod(registry_mode & 0o555)
