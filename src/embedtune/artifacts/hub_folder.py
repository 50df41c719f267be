"""A version as a plain Hugging Face model repository, in a folder or on the hub.

The model's files lie at the top, with the card as ``README.md``. Whatever else a version holds stays behind unless it
is asked for by name: ``evaluation.json`` can hold test questions, logs and the detector belong to their maker.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Protocol

from embedtune.artifacts.card import CARD_NAME
from embedtune.artifacts.manifest import MODEL_FOLDER
from embedtune.errors import EmbedtuneError, InputError
from embedtune.files import staged_folder, write_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from embedtune.vocabulary.versions import ModelVersion

HUB = "hf://"
README = "README.md"


class HubApi(Protocol):
    """What is asked of the hub; `huggingface_hub.HfApi` answers it."""

    def create_repo(self, repo_id: str, *, private: bool, exist_ok: bool) -> object:
        """Make a repository where there is none."""
        ...

    def repo_info(self, repo_id: str) -> object:
        """Return what the hub says of a repository; ``private`` among it."""
        ...

    def list_repo_refs(self, repo_id: str) -> object:
        """Return the branches and ``tags`` of a repository."""
        ...

    def upload_folder(
        self, *, repo_id: str, folder_path: str | Path, commit_message: str, delete_patterns: list[str]
    ) -> object:
        """Commit a folder."""
        ...

    def create_tag(self, repo_id: str, *, tag: str) -> object:
        """Name the last commit."""
        ...


def write_hub_folder(version: ModelVersion, copy: Path, target: Path, include: Sequence[str] = ()) -> tuple[str, ...]:
    """Write a version as a folder that ``SentenceTransformer(folder)`` loads; returns the files' relative paths.

    Args:
        version: The version.
        copy: Its verified private copy.
        target: The folder, which must not exist.
        include: Further files of the version, such as ``evaluation.json``.

    Raises:
        InputError: The folder exists or cannot be written, or the version has no such file.
    """
    try:
        with staged_folder(target) as folder:
            return _fill(version, copy, folder, include, target.name)
    except FileExistsError as error:
        raise InputError(f"{target} exists already.", "Name a folder that does not exist.") from error


def upload_version(
    version: ModelVersion,
    copy: Path,
    repository: str,
    include: Sequence[str] = (),
    *,
    public: bool = False,
    api: HubApi | None = None,
) -> tuple[str, ...]:
    """Commit a version to a repository on the hub and tag it with its number; returns the files' relative paths.

    The commit holds this version and nothing else. A token comes from the environment or the hub's own login.

    Args:
        version: The version.
        copy: Its verified private copy.
        repository: Such as ``organization/name``; it is made where there is none.
        include: Further files of the version.
        public: Whether everybody may read the repository.
        api: Asks the hub; huggingface_hub's own by default.

    Raises:
        InputError: The repository is public and was not asked to be, has that version already, or the hub refuses.
    """
    hub = api or _api()
    number = version.manifest.version
    try:
        hub.create_repo(repository, private=not public, exist_ok=True)
        _check_repository(hub, repository, number, public=public)
        with tempfile.TemporaryDirectory(prefix="embedtune-push-") as place:
            pushed = _fill(version, copy, Path(place), include, repository)
            hub.upload_folder(
                repo_id=repository, folder_path=place, commit_message=version.label, delete_patterns=["*", "**/*"]
            )
        hub.create_tag(repository, tag=number)
    except EmbedtuneError:
        raise
    except Exception as error:
        # The hub's client fails in as many ways as HTTP does.
        raise InputError(
            f"{version.label} could not be pushed to {repository}: {type(error).__name__}: {error}",
            "Check the name, your login (`hf auth login` or HF_TOKEN), HF_HUB_OFFLINE and the connection.",
        ) from error
    return pushed


def _check_repository(hub: HubApi, repository: str, number: str, *, public: bool) -> None:
    if not public and not getattr(hub.repo_info(repository), "private", False):
        raise InputError(f"{repository} is public.", "Make it private, or say --public.")
    if number in {getattr(tag, "name", "") for tag in getattr(hub.list_repo_refs(repository), "tags", ())}:
        raise InputError(f"{repository} has {number} already, and versions never change.", "Push another version.")


def _fill(version: ModelVersion, copy: Path, folder: Path, include: Sequence[str], name: str) -> tuple[str, ...]:
    """Write the files of a model repository into a folder that is empty or does not exist yet."""
    listed = {entry.path for entry in version.manifest.files}
    unknown = sorted(set(include) - listed)
    if unknown:
        raise InputError(f"{version.label} holds no {unknown[0]}.", f"It holds: {', '.join(sorted(listed))}.")
    inside = f"{MODEL_FOLDER}/"
    sources = {path.removeprefix(inside): path for path in sorted(listed) if path.startswith(inside)}
    sources |= {path: path for path in (CARD_NAME, *include) if path in listed}
    for target, source in sources.items():
        place = folder / PurePosixPath(target)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(copy / source, place)
    if README in listed:
        text = (copy / README).read_text(encoding="utf-8")
        write_text(folder / README, text.replace(f'"{version.label}/{MODEL_FOLDER}"', f'"{name}"'))
        sources[README] = README
    return tuple(sorted(sources))


def _api() -> HubApi:
    from huggingface_hub import HfApi

    api: HubApi = HfApi()
    return api
