"""Take versions elsewhere: into an archive and out of it, and to where Hugging Face models lie."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from embedtune.artifacts.cache_folder import default_cache_folder
from embedtune.artifacts.exporting import export_version
from embedtune.artifacts.hub_folder import HUB, HubApi, upload_version, write_hub_folder
from embedtune.artifacts.importing import import_version
from embedtune.artifacts.keys import PublicKey
from embedtune.artifacts.trust import TrustPolicy
from embedtune.pipeline.project import Project
from embedtune.vocabulary.versions import ModelVersion


@dataclass(frozen=True, slots=True)
class ExportedVersion:
    """An archive that was written.

    Attributes:
        version: The version in it.
        archive: The file.
        digest: Its SHA-256, the same for every export of this version.
    """

    version: ModelVersion
    archive: Path
    digest: str


@dataclass(frozen=True, slots=True)
class PushedVersion:
    """A version that was pushed as a Hugging Face model.

    Attributes:
        version: The version.
        target: Where to.
        files: What was pushed, by relative path.
        left_out: Files of the version that were not.
    """

    version: ModelVersion
    target: str
    files: tuple[str, ...]
    left_out: tuple[str, ...]


def export_archive(project: Project, reference: str, archive: Path | None = None) -> ExportedVersion:
    """Write a version into an archive; see `export_version`.

    Args:
        project: The project.
        reference: The version.
        archive: The file, by default named after the version, in the current folder.
    """
    version = project.registry.find(reference)
    target = archive or Path(f"{version.label}.tar")
    digest = export_version(version, target, project.registry.policy, default_cache_folder())
    return ExportedVersion(version, target, digest)


def import_archive(project: Project, archive: Path, public_key: Path | None = None) -> ModelVersion:
    """Publish the version that an archive holds; see `import_version`.

    Args:
        project: The project.
        archive: The file.
        public_key: The key whose signature it must carry; by default what the settings ask for.
    """
    policy = TrustPolicy(required=True, keys=(PublicKey.read(public_key),)) if public_key else project.registry.policy
    return import_version(project.registry, archive, policy)


def push_version(
    project: Project,
    reference: str,
    target: str,
    include: Sequence[str] = (),
    *,
    public: bool = False,
    api: HubApi | None = None,
) -> PushedVersion:
    """Write a version as a plain Hugging Face model, into a folder or, where ``hf://`` names it, to the hub.

    Args:
        project: The project.
        reference: The version.
        target: A folder that does not exist, or ``hf://organization/name``.
        include: Files of the version beside model and card, such as ``evaluation.json``.
        public: Whether everybody may read a repository on the hub.
        api: Asks the hub; huggingface_hub's own by default.

    Raises:
        InputError: The target cannot be written, or there is no such version or file.
        VerificationError: The version was tampered with.
    """
    version = project.registry.find(reference)
    copy = project.models.copy_of(version)
    if target.startswith(HUB):
        name = target.removeprefix(HUB)
        pushed = upload_version(version, copy, name, include, public=public, api=api)
    else:
        pushed = write_hub_folder(version, copy, Path(target), include)
    taken = {*pushed, *(f"model/{path}" for path in pushed)}
    left_out = tuple(entry.path for entry in version.manifest.files if entry.path not in taken)
    return PushedVersion(version, target, pushed, left_out)
