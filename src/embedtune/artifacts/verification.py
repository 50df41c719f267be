"""Compare a published version with its manifest and its signature."""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedtune.artifacts.folder_check import MANIFEST_NAME, SIGNATURE_NAME, compare_folder
from embedtune.artifacts.manifest import read_manifest
from embedtune.artifacts.problems import FileProblem, ProblemKind
from embedtune.artifacts.signing import check_signature, read_signature, stated_key
from embedtune.errors import SignatureError, VerificationError

if TYPE_CHECKING:
    from embedtune.artifacts.trust import TrustPolicy
    from embedtune.vocabulary.versions import ModelVersion


def signer(version: ModelVersion, policy: TrustPolicy) -> str:
    """Return the file of the allowed key that a verified version says it was signed with; empty without one."""
    data = read_signature(version.folder / SIGNATURE_NAME) if policy.asks else None
    key = policy.key(stated_key(data, SIGNATURE_NAME), SIGNATURE_NAME) if data is not None else None
    return str(key.path) if key else ""


def verify_version(version: ModelVersion, policy: TrustPolicy) -> tuple[FileProblem, ...]:
    """Return what is wrong with a version's folder; nothing if it is as published.

    Args:
        version: The version.
        policy: Whose signature it must carry.
    """
    problems = compare_folder(version.folder, version.manifest)
    path = version.folder / MANIFEST_NAME
    try:
        same = read_manifest(version.folder) == version.manifest
    except VerificationError as error:
        kind = ProblemKind.ALTERED if path.exists() else ProblemKind.MISSING
        return (FileProblem(MANIFEST_NAME, kind, error.message), *problems)
    if not same:
        return (FileProblem(MANIFEST_NAME, ProblemKind.ALTERED, "it was replaced by another one"), *problems)
    if problems:
        return problems  # a signature is of the files as they were
    try:
        check_signature(version.folder, version.manifest, version.folder / SIGNATURE_NAME, policy)
    except SignatureError as error:
        return (FileProblem(SIGNATURE_NAME, ProblemKind.SIGNATURE, error.message),)
    return ()
