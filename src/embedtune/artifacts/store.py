"""The registry of published versions: written once, whole or not at all, and never changed.

A version is staged beside its final place, described by its manifest, signed if asked, made read-only, flushed
to the disk and renamed. The rename is refused where a version already lies, so that of two publishers one wins.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from embedtune.artifacts.cache_folder import default_cache_folder
from embedtune.artifacts.channels import Channels
from embedtune.artifacts.folder_check import MANIFEST_NAME
from embedtune.artifacts.history import Action, Deed, History, damaged
from embedtune.artifacts.manifest import (
    MODEL_FOLDER,
    VersionFacts,
    build_manifest,
    manifest_digest,
    manifest_to_json,
    read_manifest,
)
from embedtune.artifacts.reconciling import reconcile
from embedtune.artifacts.safety import check_model_folder
from embedtune.artifacts.seen_counters import SeenCounters
from embedtune.artifacts.signing import sign_folder
from embedtune.artifacts.storage import LocalStorage
from embedtune.artifacts.trust import TrustPolicy
from embedtune.artifacts.verification import verify_version
from embedtune.errors import InputError, MissingVersionError, ModelError, VerificationError, VersionExistsError
from embedtune.events import Alert, Report, silent
from embedtune.files import seal_folder, write_text
from embedtune.vocabulary.versions import ModelVersion

if TYPE_CHECKING:
    from collections.abc import Callable

    from embedtune.artifacts.keys import PrivateKey
    from embedtune.artifacts.problems import FileProblem
    from embedtune.artifacts.storage import Staging
    from embedtune.vocabulary.versions import Manifest

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_VERSION = re.compile(r"v[0-9]+(\.[0-9]+)*")
_PIN = "@"
_TRUSTING = TrustPolicy()


class Registry:
    """A folder of versions, each in ``<name>-<version>/``, with its log and its channels.

    Args:
        root: The folder; it is made by the first publication.
        policy: Whose signatures are believed.
        seen: Where it is remembered how new each channel's pointer was; the user's cache folder if not given.

    Attributes:
        root: The folder.
        policy: Whose signatures are believed.
        storage: The folder's files.
        history: The log.
        channels: The channels.
    """

    def __init__(self, root: Path, policy: TrustPolicy = _TRUSTING, seen: Path | None = None) -> None:
        self.root = root
        self.policy = policy
        self.storage = LocalStorage(root)
        self.history = History(self.storage)
        counters = SeenCounters(seen or default_cache_folder() / "channels")
        self.channels = Channels(self.storage, self.history, policy, counters)

    def ensure_free(self, name: str, version: str) -> None:
        """Check that a version can be published; call it before any expensive work.

        Raises:
            ModelError: The name or the version is not one that can be published.
            VersionExistsError: The version exists already, or did before it was pruned.
        """
        if not _NAME.fullmatch(name):
            raise ModelError(
                f"{name!r} cannot be a model's name.", "Use letters, digits, dots, dashes and underscores."
            )
        if not _VERSION.fullmatch(version):
            raise ModelError(f"{version!r} is not a version number.", "Write it like v1.0.")
        label = f"{name}-{version}"
        if os.path.lexists(self.root / label):
            raise _exists(self.root / label)
        deeds = [entry.deed for entry in self.history.entries()]
        if any(deed.action is Action.PRUNED and deed.version == label for deed in deeds):
            raise VersionExistsError(
                f"{label} was published before and pruned, and a number is given once.", "Choose another one."
            )

    def publish(self, facts: VersionFacts, fill: Callable[[Path], None], key: PrivateKey | None = None) -> ModelVersion:
        """Publish a version, wholly or not at all.

        Args:
            facts: What the manifest states apart from the files.
            fill: Writes the version's files into the empty folder it is given; among them the
                model as ``model/``.
            key: Signs the version.

        Returns:
            The version as it now lies in the registry.

        Raises:
            VersionExistsError: The version exists already, or another process was faster.
            ModelError: The name is unfit, or a file must not be part of a version.
            VerificationError: The registry's log was tampered with.
            InputError: The files could not be written.
        """
        self.ensure_free(facts.name, facts.version)
        self.policy.check_signer(key)
        label = f"{facts.name}-{facts.version}"
        try:
            with self.storage.staged(label) as staging:
                fill(staging.folder)
                check_model_folder(staging.folder / MODEL_FOLDER)
                manifest = build_manifest(staging.folder, facts)
                write_text(staging.folder / MANIFEST_NAME, manifest_to_json(manifest))
                if key is not None:
                    sign_folder(staging.folder, key)
                seal_folder(staging.folder, self.root.stat().st_mode)
                with self.storage.writing():
                    self._commit(staging, manifest)
        except OSError as error:
            raise InputError(
                f"{self.root / label} could not be published: {error.strerror or error}.",
                "Check the permissions of the folder and the free space of the disk; nothing was changed.",
            ) from error
        return self._load(self.root / label)

    def find(self, reference: str | Path) -> ModelVersion:
        """Find a version by number, by name and number, by its channel, or by the path of its folder.

        Args:
            reference: ``v1.0``, ``embedtune-v1.0``, ``production`` or a path; ``@sha256:…`` behind it pins the
                digest that its manifest must have.

        Raises:
            MissingVersionError: There is no such version.
            ModelError: Several models have one of that number.
            VerificationError: The manifest or the channel's pointer is missing, damaged or not the one pinned.
            SignatureError: The channel's pointer is not signed as the trust policy asks.
        """
        wanted, _, pinned = str(reference).partition(f"{_PIN}sha256:")
        version = self._found(wanted)
        digest = manifest_digest(version.manifest)
        if pinned and digest != f"sha256:{pinned}":
            reason = f"its digest is {digest}, and sha256:{pinned} was asked for"
            raise damaged(f"{version.label}/{MANIFEST_NAME}", reason)
        return version

    def list(self, report: Report = silent) -> tuple[ModelVersion, ...]:
        """Return all versions in order of their folders' names; one whose manifest is damaged is reported."""
        versions = []
        for label in self._labels():
            try:
                versions.append(self._load(self.root / label))
            except VerificationError as error:
                report(Alert(f"{label} is left out: {error.message}"))
        return tuple(versions)

    def verify(self, version: ModelVersion, policy: TrustPolicy | None = None) -> tuple[FileProblem, ...]:
        """Return how a version differs from what was published; nothing if it does not.

        Args:
            version: The version.
            policy: Whose signature it must carry; by default the registry's policy.
        """
        return verify_version(version, policy or self.policy)

    def reconcile(self) -> None:
        """Write down what a process did that died before it could; call it while the storage is `writing`.

        Raises:
            VerificationError: The log was tampered with.
        """
        reconcile(self.storage, self.history, self.channels, self.list())

    def _commit(self, staging: Staging, manifest: Manifest) -> None:
        self.reconcile()
        try:
            staging.commit()
        except FileExistsError as error:
            raise _exists(staging.target) from error
        deed = Deed(
            action=Action.PUBLISHED,
            version=staging.target.name,
            manifest=manifest_digest(manifest),
            date=manifest.created,
            config=manifest.lineage.config,
        )
        self.history.append(self.history.following(self.history.entries(), deed))

    def _found(self, wanted: str) -> ModelVersion:
        labels = self._labels()
        matches = [label for label in labels if wanted in (label, label.rpartition("-")[2])]
        if len(matches) > 1:
            names = ", ".join(matches)
            raise ModelError(f"Several models in {self.root} have a version {wanted}: {names}.", "Name one in full.")
        if matches:
            return self._load(self.root / matches[0])
        if self.channels.exists(wanted):
            return self._in_channel(wanted)
        if wanted and _is_folder(Path(wanted)):
            return load_version(Path(wanted))
        raise MissingVersionError(
            f"There is no version {wanted!r} in {self.root}.",
            f"Published there: {', '.join(labels)}." if labels else "Nothing is published there yet.",
        )

    def _in_channel(self, channel: str) -> ModelVersion:
        deed = self.channels.current(channel).deed
        if deed.version not in self._labels():
            raise MissingVersionError(
                f"The channel {channel} points to {deed.version}, which is not in {self.root}.",
                "Restore it from a copy, or set the channel to another version.",
            )
        version = self._load(self.root / deed.version)
        if manifest_digest(version.manifest) != deed.manifest:
            reason = f"it is not the one that the channel {channel} points to"
            raise damaged(f"{version.label}/{MANIFEST_NAME}", reason)
        return version

    def _labels(self) -> tuple[str, ...]:
        """Return the folders named like versions."""
        return tuple(name for name in self.storage.names() if _is_version_name(name) and _is_folder(self.root / name))

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
