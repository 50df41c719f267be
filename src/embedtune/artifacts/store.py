"""The registry of published versions: written once, whole or not at all, and never changed.

A version is staged, described by its manifest, signed if asked, and made visible by one step: on a disk it is
flushed, made read-only and renamed, in an object store one object is created that says where its files are. The
step is refused where a version already lies, so that of two publishers one wins.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from embedtune.artifacts.cache_folder import default_cache_folder
from embedtune.artifacts.channels import Channels
from embedtune.artifacts.folder_check import MANIFEST_NAME, SIGNATURE_NAME, compare_folder, describe_files
from embedtune.artifacts.history import Action, History, damaged
from embedtune.artifacts.manifest import (
    MODEL_FOLDER,
    VersionFacts,
    build_manifest,
    manifest_digest,
    manifest_to_json,
)
from embedtune.artifacts.opening import open_storage
from embedtune.artifacts.problems import refuse
from embedtune.artifacts.reconciling import reconcile
from embedtune.artifacts.safety import check_model_folder
from embedtune.artifacts.seen_counters import SeenCounters
from embedtune.artifacts.signing import check_signature, sign_folder
from embedtune.artifacts.storage import is_folder
from embedtune.artifacts.trust import TrustPolicy
from embedtune.artifacts.verification import verify_version
from embedtune.artifacts.version_files import FolderFiles
from embedtune.artifacts.version_names import checked_label, is_label
from embedtune.errors import InputError, MissingVersionError, ModelError, VerificationError, VersionExistsError
from embedtune.events import Alert, Report, silent
from embedtune.files import write_text
from embedtune.vocabulary.versions import ModelVersion

if TYPE_CHECKING:
    from collections.abc import Callable

    from embedtune.artifacts.keys import PrivateKey
    from embedtune.artifacts.problems import FileProblem
    from embedtune.artifacts.registry_storage import StagedVersion
    from embedtune.vocabulary.versions import Manifest

_PIN = "@"
_TRUSTING = TrustPolicy()


class Registry:
    """Versions, each under its name ``<name>-<version>``, with their log and their channels.

    Args:
        place: A folder, which is made by the first publication, or a URL; see `open_storage`.
        policy: Whose signatures are believed.
        seen: Where it is remembered how new each channel's pointer was; the user's cache folder if not given.
        report: Told where the store cannot keep two publishers apart.

    Attributes:
        root: The folder; ``None`` where the registry is not on this machine's disk.
        policy: Whose signatures are believed.
        storage: The registry's files.
        history: The log.
        channels: The channels.
    """

    def __init__(
        self,
        place: str | Path,
        policy: TrustPolicy = _TRUSTING,
        seen: Path | None = None,
        report: Report = silent,
    ) -> None:
        self.policy = policy
        self.storage = open_storage(place, report)
        self.root = self.storage.root
        self._shown = str(self.root or self.storage.place)  # as its user named it
        self.history = History(self.storage)
        counters = SeenCounters(seen or default_cache_folder() / "channels")
        self.channels = Channels(self.storage, self.history, policy, counters)

    def ensure_free(self, name: str, version: str) -> None:
        """Check that a version can be published; call it before any expensive work.

        Raises:
            ModelError: The name or the version is not one that can be published.
            VersionExistsError: The version exists already, or did before it was pruned.
        """
        label = checked_label(name, version)
        if self.storage.taken(label):
            raise _exists(self.storage.where(label))
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

        def finish(folder: Path) -> None:
            fill(folder)
            check_model_folder(folder / MODEL_FOLDER)
            write_text(folder / MANIFEST_NAME, manifest_to_json(build_manifest(folder, facts)))
            if key is not None:
                sign_folder(folder, key)

        return self._publish(f"{facts.name}-{facts.version}", finish, Action.PUBLISHED)

    def adopt(self, manifest: Manifest, fill: Callable[[Path], None], policy: TrustPolicy) -> ModelVersion:
        """Publish a version that was published elsewhere, as it is.

        Args:
            manifest: What it consists of.
            fill: Writes its files into the empty folder it is given, the signature among them if there is one.
            policy: Whose signature it must carry.

        Raises:
            VersionExistsError: The version exists already.
            ModelError: The name is unfit, or a file must not be part of a version.
            VerificationError: The files are not those of the manifest, or the registry's log was tampered with.
            SignatureError: The signature is missing, wrong or not trusted.
            InputError: The files could not be written.
        """
        self.ensure_free(manifest.name, manifest.version)
        label = manifest.label

        def finish(folder: Path) -> None:
            fill(folder)
            check_model_folder(folder / MODEL_FOLDER)
            if describe_files(folder) != manifest.files:
                refuse(label, compare_folder(folder, manifest))
            write_text(folder / MANIFEST_NAME, manifest_to_json(manifest))
            check_signature(folder, manifest, folder / SIGNATURE_NAME, policy)

        return self._publish(label, finish, Action.IMPORTED)

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
        for label in self.labels():
            try:
                versions.append(self._load(label))
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

    def labels(self) -> tuple[str, ...]:
        """Return the names of all versions, sorted; nothing is read of them."""
        return tuple(name for name in self.storage.versions() if is_label(name))

    def holds(self, version: ModelVersion) -> bool:
        """Tell whether a version lies in this registry, and not elsewhere under the same name."""
        if version.label not in self.labels():
            return False
        here = self.storage.files(version.label)
        if version.folder is None or here.folder is None:
            return version.place == here.place
        return version.folder.resolve() == here.folder.resolve()

    def reconcile(self) -> None:
        """Write down what a process did that died before it could; call it within the storage's `write`.

        Raises:
            VerificationError: The log was tampered with.
        """
        reconcile(self.storage, self.history, self.channels, self.list())

    def _publish(self, label: str, finish: Callable[[Path], None], action: Action) -> ModelVersion:
        try:
            with self.storage.staged(label) as staging:
                finish(staging.folder)
                staging.seal()
                return self.storage.write(lambda: self._commit(staging, label, action))
        except OSError as error:
            raise InputError(
                f"{self.storage.where(label)} could not be published: {error.strerror or error}.",
                "Check the permissions of the folder and the free space of the disk; nothing was changed.",
            ) from error

    def _commit(self, staging: StagedVersion, label: str, action: Action) -> ModelVersion:
        if not staging.committed:
            self.reconcile()
            try:
                staging.commit()
            except FileExistsError as error:
                raise _exists(self.storage.where(label)) from error
        version = self._load(label)
        reconcile(self.storage, self.history, self.channels, [version], action)
        return version

    def _found(self, wanted: str) -> ModelVersion:
        labels = self.labels()
        matches = [label for label in labels if wanted in (label, label.rpartition("-")[2])]
        if len(matches) > 1:
            names = ", ".join(matches)
            raise ModelError(f"Several models in {self._shown} have a version {wanted}: {names}.", "Name one in full.")
        if matches:
            return self._load(matches[0])
        if self.channels.exists(wanted):
            return self._in_channel(wanted)
        if wanted and is_folder(Path(wanted)):
            return load_version(Path(wanted))
        raise MissingVersionError(
            f"There is no version {wanted!r} in {self._shown}.",
            f"Published there: {', '.join(labels)}." if labels else "Nothing is published there yet.",
        )

    def _in_channel(self, channel: str) -> ModelVersion:
        deed = self.channels.current(channel).deed
        if deed.version not in self.labels():
            raise MissingVersionError(
                f"The channel {channel} points to {deed.version}, which is not in {self._shown}.",
                "Restore it from a copy, or set the channel to another version.",
            )
        version = self._load(deed.version)
        if manifest_digest(version.manifest) != deed.manifest:
            reason = f"it is not the one that the channel {channel} points to"
            raise damaged(f"{version.label}/{MANIFEST_NAME}", reason)
        return version

    def _load(self, label: str) -> ModelVersion:
        files = self.storage.files(label)
        version = ModelVersion(files, files.manifest())
        if version.label != label:
            raise VerificationError(
                f"{files.place} holds the manifest of {version.label}.",
                "Give the folder its own name back; a version is what its manifest says.",
            )
        return version


def load_version(folder: Path) -> ModelVersion:
    """Read the manifest of a version's folder, wherever it lies. The files are not verified.

    Raises:
        VerificationError: The manifest is missing or damaged.
    """
    files = FolderFiles(folder)
    return ModelVersion(files, files.manifest())


def _exists(where: str) -> VersionExistsError:
    return VersionExistsError(
        f"{where} was already published, and versions never change.", "Choose another version number."
    )
