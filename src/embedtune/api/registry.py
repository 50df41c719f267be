"""A registry of versions, from Python: what ``embedtune publish`` and ``embedtune models`` do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from embedtune.api.trust import trust_values
from embedtune.artifacts.card import ModelCard
from embedtune.artifacts.differences import VersionDifference
from embedtune.artifacts.history import LogEntry
from embedtune.artifacts.keys import generate_keys
from embedtune.artifacts.places import absolute_place
from embedtune.artifacts.problems import FileProblem
from embedtune.artifacts.pruning import PrunedVersion
from embedtune.config.loading import parse_config
from embedtune.events import Report, silent
from embedtune.pipeline import versions
from embedtune.pipeline.cards import read_card
from embedtune.pipeline.describing import PublishRequest
from embedtune.pipeline.project import Project, open_project
from embedtune.pipeline.publishing import publish_run
from embedtune.pipeline.transfer import ExportedVersion, PushedVersion, export_archive, import_archive, push_version
from embedtune.pipeline.verifying import verify_files
from embedtune.vocabulary.versions import ModelVersion


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrySettings:
    """What versions are called, who signs them, and whose are believed.

    Attributes:
        name: What new versions are called.
        signing_key: The private key that signs versions and channels.
        allowed_keys: The public keys whose signatures are believed.
        require_signature: Whether unsigned versions and channels are refused.
    """

    name: str = "embedtune"
    signing_key: str | Path = ""
    allowed_keys: Sequence[str | Path] = ()
    require_signature: bool = False


_DEFAULTS = RegistrySettings()


class ModelRegistry:
    """Published versions with their log and their channels.

    Args:
        folder: The registry's folder, or its URL (``s3://bucket/prefix``).
        settings: Whose signatures are believed, and who signs.
        report: Told of damaged versions and channels.

    Raises:
        InputError: A key cannot be read, or the settings contradict each other.
    """

    def __init__(
        self, folder: str | Path = "models", settings: RegistrySettings = _DEFAULTS, report: Report = silent
    ) -> None:
        self._project = _project(folder, settings, report)

    def publish(
        self, run: str | Path, version: str, *, evaluation: str | Path | None = None, reason: str = ""
    ) -> ModelVersion:
        """Publish a finished run as an immutable version.

        Args:
            run: The run folder.
            version: The version's number, such as ``v1.0``.
            evaluation: The result of an evaluation of base and run.
            reason: Why to publish without proof of a gain.

        Raises:
            VersionExistsError: The version exists; nothing was changed.
            GateError: Nothing shows a gain, and there is no reason.
        """
        request = PublishRequest(
            run=Path(run),
            version=version,
            name=self._project.config.publish.name,
            evaluation=Path(evaluation) if evaluation else None,
            reason=reason,
        )
        return publish_run(self._project, request)

    def list(self) -> tuple[ModelVersion, ...]:
        """Return all versions; one whose manifest is damaged is reported and left out."""
        return self._project.registry.list(self._project.report)

    def card(self, version: str) -> ModelCard:
        """Return a version's model card.

        Raises:
            InputError: There is no such version.
            VerificationError: Its manifest or its card is damaged.
        """
        return read_card(self._project.registry.find(version))

    def verify(self, version: str, public_key: str | Path | None = None) -> tuple[FileProblem, ...]:
        """Return how a version differs from what was published; nothing if it does not.

        Args:
            version: The version; ``@sha256:…`` behind it pins the digest of its manifest.
            public_key: The key whose signature it must carry; by default what the settings ask for.

        Raises:
            InputError: There is no such version, or the key cannot be used.
            VerificationError: The manifest is damaged, or not the one pinned.
        """
        return verify_files(self._project, version, Path(public_key) if public_key else None).problems

    def diff(self, left: str, right: str) -> VersionDifference:
        """Return metrics, settings and data of two versions side by side."""
        return versions.compare_versions(self._project, left, right)

    def promote(self, version: str, channel: str) -> LogEntry:
        """Verify a version and point a channel to it.

        Raises:
            InputError: There is no such version, or the channel's name is none.
            VerificationError: The version or the log was tampered with.
        """
        return versions.promote_version(self._project, version, channel)

    def rollback(self, channel: str) -> LogEntry:
        """Point a channel to the version it was promoted to before.

        Raises:
            InputError: There is no such channel, or nothing to go back to.
            VerificationError: The version, the channel or the log was tampered with.
        """
        return versions.roll_back_channel(self._project, channel)

    def prune(
        self, keep: int, indexes: Sequence[str | Path] = (), *, dry_run: bool = False
    ) -> tuple[PrunedVersion, ...]:
        """Remove all but the newest versions, never one that a channel or an index refers to.

        Args:
            keep: How many of each model's versions stay.
            indexes: Folders of indexes whose versions must stay; the project's own counts anyway.
            dry_run: Only tell what would be removed.
        """
        return versions.prune_versions(self._project, keep, [Path(index) for index in indexes], dry_run=dry_run)

    def export(self, version: str, archive: str | Path) -> ExportedVersion:
        """Write a version into an archive (``.tar``), the same bytes each time.

        Raises:
            InputError: There is no such version, or the archive exists or cannot be written.
            VerificationError: The version was tampered with.
        """
        return export_archive(self._project, version, Path(archive))

    def import_archive(self, archive: str | Path, public_key: str | Path | None = None) -> ModelVersion:
        """Verify the version in an archive and publish it here as it is.

        Args:
            archive: What `export` wrote.
            public_key: The key whose signature it must carry; by default what the settings ask for.

        Raises:
            InputError: The archive is none, or its version exists here.
            VerificationError: A file is damaged, or the signature is missing, wrong or not trusted.
        """
        return import_archive(self._project, Path(archive), Path(public_key) if public_key else None)

    def push(
        self, version: str, target: str | Path, include: Sequence[str] = (), *, public: bool = False
    ) -> PushedVersion:
        """Write a version as a plain Hugging Face model.

        Args:
            version: The version.
            target: A folder that does not exist, or ``hf://organization/name``.
            include: Files of the version beside model and card, such as ``evaluation.json``.
            public: Whether everybody may read the repository on the hub.

        Raises:
            InputError: The target cannot be written, or there is no such version or file.
            VerificationError: The version was tampered with.
        """
        return push_version(self._project, version, str(target), include, public=public)

    def log(self) -> tuple[LogEntry, ...]:
        """Return what was done, the oldest first.

        Raises:
            VerificationError: An entry was altered or removed.
        """
        return self._project.registry.history.entries()


def generate_signing_keys(path: str | Path) -> tuple[Path, Path]:
    """Make a pair of keys; see `embedtune.artifacts.keys.generate_keys`.

    Args:
        path: Where to: ``path.key`` signs and stays secret, ``path.pub`` verifies.

    Raises:
        InputError: One of the files exists, or they cannot be written.
    """
    return generate_keys(Path(path))


def prune_cache(unused_days: float) -> tuple[str, ...]:
    """Remove this user's private copies of versions that were not used for some days; returns their digests."""
    return versions.prune_copies(unused_days)


def _project(folder: str | Path, settings: RegistrySettings, report: Report) -> Project:
    values = {
        "publish": {
            "registry": absolute_place(folder),
            "name": settings.name,
            "signing_key": str(Path(settings.signing_key).absolute()) if str(settings.signing_key) else "",
        },
        "trust": trust_values(settings.allowed_keys, require_signature=settings.require_signature),
    }
    return open_project(config=parse_config(values, "ModelRegistry"), report=report)
