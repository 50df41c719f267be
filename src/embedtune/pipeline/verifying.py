"""Verify a published version; apart from the rest, for it must not take longer to import than to do."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from embedtune.artifacts.keys import PublicKey
from embedtune.artifacts.problems import FileProblem
from embedtune.artifacts.trust import TrustPolicy
from embedtune.artifacts.verification import signer
from embedtune.pipeline.project import Project
from embedtune.vocabulary.versions import ModelVersion


@dataclass(frozen=True, slots=True)
class VerifiedFiles:
    """What comparing a version with its manifest and its signature found.

    Attributes:
        version: The version.
        problems: What is wrong; nothing if it is as published.
        signed_by: The allowed key that signed it, by its file; empty where no signature was asked for or found.
    """

    version: ModelVersion
    problems: tuple[FileProblem, ...]
    signed_by: str


def verify_files(project: Project, reference: str, public_key: Path | None = None) -> VerifiedFiles:
    """Compare a version with its manifest, and its signature with a key or the trust policy.

    Args:
        project: The project.
        reference: The version, with ``@sha256:…`` behind it to pin its digest.
        public_key: The key whose signature it must carry; by default what the settings ask for.

    Raises:
        InputError: There is no such version, or the key cannot be used.
        VerificationError: The manifest is damaged, or not the one pinned.
    """
    policy = project.registry.policy
    if public_key:
        policy = TrustPolicy(required=True, keys=(PublicKey.read(public_key),))
    version = project.registry.find(reference)
    problems = project.registry.verify(version, policy)
    return VerifiedFiles(version, problems, "" if problems else signer(version, policy))
