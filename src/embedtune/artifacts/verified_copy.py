"""A private copy of a version, hashed while it is copied: what is loaded is what was verified.

Verifying a folder and then loading from it leaves a moment in which a file can be exchanged. The
copy lies in the user's own cache, under the digest of its contents, and is verified again before
each use.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs

from embedtune.artifacts.manifest import FileProblem, compare_folder
from embedtune.errors import InputError, VerificationError
from embedtune.files import staged_folder

if TYPE_CHECKING:
    from collections.abc import Sequence

    from embedtune.vocabulary.versions import FileEntry, ModelVersion

_CHUNK_BYTES = 1 << 20
_NAMED_PROBLEMS = 3


def default_cache_folder() -> Path:
    """Return the user's cache folder of embedtune."""
    return Path(platformdirs.user_cache_dir("embedtune"))


def verified_copy(version: ModelVersion, cache_folder: Path) -> Path:
    """Return a private folder that holds exactly the files the manifest lists.

    The version's own folder is verified every time, so that a damaged version is noticed even
    where a good copy of it is at hand.

    Args:
        version: The version.
        cache_folder: Where copies are kept, one per content.

    Raises:
        VerificationError: Files of the version are missing, added or altered; the message names them.
        InputError: The cache cannot be written.
    """
    refuse(version.label, compare_folder(version.folder, version.manifest))
    shelf = cache_folder / "versions"
    target = shelf / version.manifest.files_digest.removeprefix("sha256:")
    if target.is_dir():
        if not compare_folder(target, version.manifest):
            return target
        shutil.rmtree(target, ignore_errors=True)
    try:
        shelf.mkdir(mode=0o700, parents=True, exist_ok=True)
        with staged_folder(target) as staging:
            for entry in version.manifest.files:
                _copy_file(version, entry, staging)
    except FileExistsError:
        # Another process was faster, or the damaged copy could not be removed.
        refuse(f"The copy of {version.label} in {target}", compare_folder(target, version.manifest))
    except OSError as error:
        raise InputError(
            f"{version.label} could not be copied to {target}: {error.strerror or error}.",
            "Check that the version can be read and that the cache folder is writable and has space.",
        ) from error
    return target


def refuse(what: str, problems: Sequence[FileProblem]) -> None:
    """Raise if there are problems.

    Raises:
        VerificationError: The message names the first problems and counts the others.
    """
    if not problems:
        return
    named = "; ".join(str(problem) for problem in problems[:_NAMED_PROBLEMS])
    more = len(problems) - _NAMED_PROBLEMS
    raise VerificationError(
        f"{what} does not match its manifest: {named}{f'; and {more} more' if more > 0 else ''}.",
        "Restore it from a copy, or publish anew under another version number.",
    )


def _copy_file(version: ModelVersion, entry: FileEntry, staging: Path) -> None:
    """Copy one file and compare the bytes that were written, not those that lie there later."""
    target = staging / entry.path
    target.parent.mkdir(parents=True, exist_ok=True)
    state = hashlib.sha256()
    with (version.folder / entry.path).open("rb") as source, target.open("wb") as copy:
        while chunk := source.read(_CHUNK_BYTES):
            state.update(chunk)
            copy.write(chunk)
        copy.flush()
        os.fsync(copy.fileno())
    if f"sha256:{state.hexdigest()}" != entry.sha256:
        raise VerificationError(
            f"{version.folder / entry.path} was altered while it was being copied.",
            "Find out what writes to the registry; nothing of this version was loaded.",
        )
