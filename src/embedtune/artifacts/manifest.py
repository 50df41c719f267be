"""The manifest of a version: every file with its size and digest, to and from one canonical JSON.

A manifest beside the files detects accidents. It does not detect someone who rewrites both: that
takes a signature, or a manifest digest that was noted elsewhere (`manifest_digest`).
"""

from __future__ import annotations

import json
import os
import re
import stat
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path, PurePosixPath

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from embedtune.errors import ModelError, VerificationError
from embedtune.files import canonical_json, digest_file, digest_value
from embedtune.vocabulary.versions import MANIFEST_SCHEMA, FileEntry, Lineage, Manifest

MANIFEST_NAME = "manifest.json"
SIGNATURE_NAME = "manifest.sig"
ALLOWED_SUFFIXES = frozenset(
    {".safetensors", ".json", ".jsonl", ".txt", ".md", ".log", ".onnx", ".tsv", ".trec", ".html"}
)

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


@dataclass(frozen=True, slots=True)
class VersionFacts:
    """What a version states about itself, apart from its files; see `Manifest` for the fields."""

    name: str
    version: str
    created: str
    lineage: Lineage
    settings: Mapping[str, object]
    packages: Mapping[str, str]


class ProblemKind(StrEnum):
    """How a file differs from what the manifest says."""

    MISSING = "missing"
    ADDED = "added"
    ALTERED = "altered"


@dataclass(frozen=True, slots=True)
class FileProblem:
    """One file that is not as the manifest says: its relative path, in what way, and the facts."""

    path: str
    kind: ProblemKind
    detail: str

    def __str__(self) -> str:
        """Return the problem as one line for a person."""
        return f"{self.path}: {self.kind} ({self.detail})"


def build_manifest(folder: Path, facts: VersionFacts) -> Manifest:
    """Describe every file below ``folder`` except the manifest and its signature.

    Args:
        folder: The folder of the version.
        facts: Name, version, lineage and the like.

    Raises:
        ModelError: A file is a link, hidden, or of a kind that a version never holds (pickles,
            code); the message names it.
    """
    entries = []
    for relative, path in sorted(_walk(folder)):
        if reason := _refusal(relative, path):
            raise ModelError(
                f"{folder / relative} {reason}, so it cannot be part of a version.",
                f"Leave it out; a version holds {', '.join(sorted(ALLOWED_SUFFIXES))} files only.",
            )
        entries.append(FileEntry(relative, path.stat().st_size, digest_file(path)))
    return Manifest(
        facts.name, facts.version, facts.created, tuple(entries), facts.lineage, facts.settings, facts.packages
    )


def manifest_digest(manifest: Manifest) -> str:
    """Return the digest of everything the manifest states; noted elsewhere it makes a version tamper-evident."""
    return digest_value(_body(manifest))


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
            read.name, read.version, read.created, read.files, read.lineage, read.settings, read.packages
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


def compare_folder(folder: Path, manifest: Manifest) -> tuple[FileProblem, ...]:
    """Name every file of ``folder`` that is missing, added or altered, sorted by path.

    Reads every file once; the manifest and its signature are not part of the comparison.
    """
    expected = {entry.path: entry for entry in manifest.files}
    present = dict(_walk(folder))
    problems = [
        FileProblem(path, ProblemKind.MISSING, "the manifest lists it, the folder does not hold it")
        for path in expected.keys() - present.keys()
    ]
    for relative, path in present.items():
        if relative not in expected:
            problems.append(FileProblem(relative, ProblemKind.ADDED, "the manifest does not list it"))
        elif detail := _alteration(path, expected[relative]):
            problems.append(FileProblem(relative, ProblemKind.ALTERED, detail))
    return tuple(sorted(problems, key=lambda problem: (problem.path, problem.kind)))


def _walk(folder: Path) -> Iterator[tuple[str, Path]]:
    """Yield (relative path, path) of everything that is not a real folder; links are never followed."""
    for directory, subfolders, names in os.walk(folder, followlinks=False):
        here = Path(directory)
        links = [name for name in subfolders if (here / name).is_symlink()]
        for name in (*names, *links):
            path = here / name
            relative = path.relative_to(folder).as_posix()
            if relative not in (MANIFEST_NAME, SIGNATURE_NAME):
                yield relative, path


def _refusal(relative: str, path: Path) -> str:
    mode = path.lstat().st_mode
    if stat.S_ISLNK(mode):
        return "is a symbolic link"
    if not stat.S_ISREG(mode):
        return "is not a regular file"
    if any(part.startswith(".") for part in relative.split("/")):
        return "is hidden"
    if not relative.isprintable() or "\\" in relative:
        return f"has a name ({relative!r}) that not every system can keep"
    if path.suffix.lower() not in ALLOWED_SUFFIXES:
        return f"is of a kind ({path.suffix or 'no suffix'}) that a version never holds"
    return ""


def _alteration(path: Path, entry: FileEntry) -> str:
    try:
        facts = path.lstat()
        if not stat.S_ISREG(facts.st_mode):
            return "it is no longer a regular file"
        if facts.st_size != entry.size:
            return f"{facts.st_size} bytes, the manifest says {entry.size}"
        found = digest_file(path)
    except OSError as error:
        return f"it cannot be read: {error.strerror or error}"
    return "" if found == entry.sha256 else f"{found[:19]}…, the manifest says {entry.sha256[:19]}…"


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
