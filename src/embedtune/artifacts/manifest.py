"""The manifest of a version: every file with its size and digest, to and from one canonical JSON.

A manifest beside the files detects accidents. It does not detect someone who rewrites both: that
takes a signature, or a manifest digest that was noted elsewhere (`manifest_digest`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from embedtune.artifacts.folder_check import MANIFEST_NAME, describe_files
from embedtune.encoders.digests import digest_of_files
from embedtune.errors import VerificationError
from embedtune.files import canonical_json, digest_value
from embedtune.vocabulary.evaluation import Comparison
from embedtune.vocabulary.versions import MANIFEST_SCHEMA, FileEntry, Lineage, Manifest

MODEL_FOLDER = "model"

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


class _Document(BaseModel):
    """The JSON of a manifest, as it must be."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    schema_version: int = Field(alias="schema")
    digest: str
    name: str
    version: str
    created: str
    files: tuple[FileEntry, ...]
    lineage: Lineage
    settings: Mapping[str, object]
    packages: Mapping[str, str]
    metrics: tuple[Comparison, ...]


@dataclass(frozen=True, slots=True)
class VersionFacts:
    """What a version states about itself, apart from its files; see `Manifest` for the fields."""

    name: str
    version: str
    created: str
    lineage: Lineage
    settings: Mapping[str, object]
    packages: Mapping[str, str]
    metrics: tuple[Comparison, ...] = ()


def build_manifest(folder: Path, facts: VersionFacts) -> Manifest:
    """Describe every file below ``folder`` except the manifest and its signature.

    Args:
        folder: The folder of the version.
        facts: Name, version, lineage and the like.

    Raises:
        ModelError: A file must not be part of a version; see `describe_files`.
    """
    return Manifest(
        facts.name,
        facts.version,
        facts.created,
        describe_files(folder),
        facts.lineage,
        facts.settings,
        facts.packages,
        facts.metrics,
    )


def manifest_digest(manifest: Manifest) -> str:
    """Return the digest of everything the manifest states; noted elsewhere it makes a version tamper-evident."""
    return digest_value(_body(manifest))


def served_digest(manifest: Manifest) -> str:
    """Return the digest of the model that a version serves, as `model_digest` would give it, without reading it."""
    inside = f"{MODEL_FOLDER}/"
    return digest_of_files(
        {entry.path.removeprefix(inside): entry.sha256 for entry in manifest.files if entry.path.startswith(inside)}
    )


def manifest_to_json(manifest: Manifest) -> str:
    """Return the one text that stands for ``manifest``: canonical JSON with its own digest inside."""
    document = {**_body(manifest), "digest": manifest_digest(manifest)}
    return canonical_json(document).decode() + "\n"


def manifest_from_json(text: str, where: str) -> Manifest:
    """Read a manifest and check that it is whole.

    Args:
        text: The text of a ``manifest.json``.
        where: Its path, for the message.

    Raises:
        VerificationError: The text is no manifest, has another schema version, or is not what
            `manifest_to_json` wrote.
    """
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _damaged(where, f"it is not valid JSON ({error})") from error
    if not isinstance(document, dict) or "schema" not in document:
        raise _damaged(where, "it does not state its schema version")
    if document["schema"] != MANIFEST_SCHEMA:
        raise VerificationError(
            f"{where} has schema version {document['schema']!r}; this embedtune reads {MANIFEST_SCHEMA}.",
            "Use the embedtune release that published the version, or a newer one.",
        )
    try:
        read = _Document.model_validate_json(text)
        manifest = Manifest(
            read.name,
            read.version,
            read.created,
            read.files,
            read.lineage,
            read.settings,
            read.packages,
            read.metrics,
        )
        unchanged = manifest_to_json(manifest) == text
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise _damaged(where, f"{place or 'the document'}: {first['msg']}") from error
    except ValueError as error:
        raise _damaged(where, str(error)) from error
    if not unchanged:
        raise _damaged(where, "its content does not match the digest it carries")
    _check_entries(manifest, where)
    return manifest


def read_manifest(folder: Path) -> Manifest:
    """Read the manifest of a version's folder.

    Raises:
        VerificationError: It is missing, a link, unreadable, or not whole.
    """
    path = folder / MANIFEST_NAME
    if path.is_symlink():
        raise _damaged(str(path), "it is a symbolic link")
    try:
        text = path.read_bytes().decode("utf-8")
    except FileNotFoundError as error:
        raise _damaged(str(path), "it does not exist") from error
    except (OSError, UnicodeDecodeError) as error:
        raise _damaged(str(path), str(error)) from error
    return manifest_from_json(text, str(path))


def _body(manifest: Manifest) -> dict[str, object]:
    return {
        "schema": MANIFEST_SCHEMA,
        "name": manifest.name,
        "version": manifest.version,
        "created": manifest.created,
        "files": [asdict(entry) for entry in manifest.files],
        "lineage": asdict(manifest.lineage),
        "settings": dict(manifest.settings),
        "packages": dict(manifest.packages),
        "metrics": [asdict(comparison) for comparison in manifest.metrics],
    }


def _check_entries(manifest: Manifest, where: str) -> None:
    """Refuse entries that point out of the folder; a digest inside the file would vouch for them too."""
    paths = [entry.path for entry in manifest.files]
    if paths != sorted(set(paths)):
        raise _damaged(where, "its files are not sorted by path, or one stands twice")
    for entry in manifest.files:
        pure = PurePosixPath(entry.path)
        inside = entry.path == str(pure) and pure.parts and ".." not in pure.parts and not pure.is_absolute()
        if not inside or "\\" in entry.path:
            raise _damaged(where, f"{entry.path!r} is not a path inside the version")
        if entry.size < 0 or not _DIGEST.fullmatch(entry.sha256):
            raise _damaged(where, f"size or digest of {entry.path!r} cannot be right")


def _damaged(where: str, reason: str) -> VerificationError:
    return VerificationError(
        f"{where} is not a whole manifest: {reason}.",
        "Restore the version from a copy, or publish it anew under another version number.",
    )
