"""Compare a published version with its manifest and its signature."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from embedtune.artifacts.folder_check import MANIFEST_NAME, SIGNATURE_NAME, compare_version
from embedtune.artifacts.manifest import manifest_to_json
from embedtune.artifacts.problems import FileProblem, ProblemKind
from embedtune.artifacts.signing import check_signature, stated_key
from embedtune.errors import SignatureError, VerificationError
from embedtune.files import write_text

if TYPE_CHECKING:
    from embedtune.artifacts.trust import TrustPolicy
    from embedtune.vocabulary.versions import ModelVersion


def signer(version: ModelVersion, policy: TrustPolicy) -> str:
    """Return the file of the allowed key that a verified version says it was signed with; empty without one."""
    data = version.files.signature() if policy.asks else None
    key = policy.key(stated_key(data, SIGNATURE_NAME), SIGNATURE_NAME) if data is not None else None
    return str(key.path) if key else ""


def verify_version(version: ModelVersion, policy: TrustPolicy) -> tuple[FileProblem, ...]:
    """Return what is wrong with a version; nothing if it is as published.

    A signature is checked on files of this machine's disk. What lies elsewhere is read into a temporary folder
    for it, so that what is checked is what lies there now and not an older copy.

    Args:
        version: The version.
        policy: Whose signature it must carry.
    """
    if version.folder is not None or not policy.asks:
        return _problems(version, version.folder, policy)
    with tempfile.TemporaryDirectory(prefix="embedtune-verify-") as place:
        return _problems(version, Path(place), policy)


def _problems(version: ModelVersion, folder: Path | None, policy: TrustPolicy) -> tuple[FileProblem, ...]:
    """Return what is wrong with a version; its files are copied to ``folder`` unless they lie there."""
    elsewhere = folder is not None and folder != version.folder
    problems = compare_version(version, folder if elsewhere else None)
    try:
        same = version.files.manifest() == version.manifest
    except VerificationError as error:
        kind = ProblemKind.ALTERED if version.files.holds(MANIFEST_NAME) else ProblemKind.MISSING
        return (FileProblem(MANIFEST_NAME, kind, error.message), *problems)
    if not same:
        return (FileProblem(MANIFEST_NAME, ProblemKind.ALTERED, "it was replaced by another one"), *problems)
    if problems:
        return problems  # a signature is of the files as they were
    try:
        if folder is not None:
            if elsewhere:
                _complete(version, folder)
            check_signature(folder, version.manifest, folder / SIGNATURE_NAME, policy)
        elif (data := version.files.signature()) is not None:
            stated_key(data, SIGNATURE_NAME)
    except SignatureError as error:
        return (FileProblem(SIGNATURE_NAME, ProblemKind.SIGNATURE, error.message),)
    return ()


def _complete(version: ModelVersion, folder: Path) -> None:
    """Put the manifest and the signature beside the copied files."""
    write_text(folder / MANIFEST_NAME, manifest_to_json(version.manifest))
    data = version.files.signature()
    if data is not None:
        (folder / SIGNATURE_NAME).write_bytes(data)
