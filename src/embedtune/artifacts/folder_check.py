"""The files of a version's folder: which may enter, and how they differ from the manifest."""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path
from typing import IO, TYPE_CHECKING, Protocol

from embedtune.artifacts.problems import FileProblem, ProblemKind
from embedtune.errors import ModelError
from embedtune.vocabulary.versions import FileEntry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from embedtune.vocabulary.versions import Manifest, ModelVersion

MANIFEST_NAME = "manifest.json"
SIGNATURE_NAME = "manifest.sig"
ALLOWED_SUFFIXES = frozenset({".safetensors", ".json", ".jsonl", ".txt", ".md", ".log", ".onnx", ".tsv", ".trec"})

_CHUNK_BYTES = 1 << 20
_NOT_REGULAR = "it is no longer a regular file"
# a link is not followed, and a pipe that somebody put in the place does not block for ever
_READ_FLAGS = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_HEAD_BYTES = 9
_SAFETENSORS_BRACE = 8  # a safetensors file is the length of its header in eight bytes, then JSON
_CODE_BEGINNINGS = (
    *(b"\x80" + bytes([protocol]) for protocol in range(2, 6)),  # pickle
    b"PK\x03\x04",  # zip, in which torch keeps pickles
    b"\x1f\x8b",  # gzip
    b"\x7fELF",
    b"MZ",
    b"#!",
)


def describe_files(folder: Path) -> tuple[FileEntry, ...]:
    """Return size and digest of every file below ``folder`` except the manifest and its signature, by path.

    Raises:
        ModelError: A file is a link, hidden, of a kind that a version never holds (pickles, code), or
            has a name that differs from another's in case alone; the message names it.
    """
    entries: list[FileEntry] = []
    names: dict[str, str] = {}
    for relative, path in sorted(walk_files(folder)):
        reason = _refusal(relative, path)
        twin = names.setdefault(relative.casefold(), relative)
        if not reason and twin != relative:
            reason = f"has the name of {twin} in another case"
        if reason:
            raise ModelError(
                f"{folder / relative} {reason}, so it cannot be part of a version.",
                f"Leave it out; a version holds {', '.join(sorted(ALLOWED_SUFFIXES))} files only.",
            )
        with path.open("rb") as stream:
            entries.append(FileEntry(relative, path.stat().st_size, hashed(stream)))
    return tuple(entries)


def compare_folder(folder: Path, manifest: Manifest) -> tuple[FileProblem, ...]:
    """Name every file of ``folder`` that is missing, added or altered, sorted by path.

    Reads every file once; the manifest and its signature are not part of the comparison.
    """
    present = [relative for relative, _ in walk_files(folder)]
    return compare(present, manifest, lambda entry: read_entry(folder / entry.path, entry))


def compare(present: Iterable[str], manifest: Manifest, check: Callable[[FileEntry], str]) -> tuple[FileProblem, ...]:
    """Name every file that is missing, added or altered, sorted by path.

    Args:
        present: The relative path of everything that is there.
        manifest: What should be there.
        check: Tells how a file differs from its entry; empty if it does not.
    """
    there, listed = set(present), {entry.path for entry in manifest.files}
    problems = [
        FileProblem(path, ProblemKind.ADDED, "the manifest does not list it") for path in sorted(there - listed)
    ]
    for entry in manifest.files:
        if entry.path not in there:
            detail = "the manifest lists it, the version does not hold it"
            problems.append(FileProblem(entry.path, ProblemKind.MISSING, detail))
        elif detail := check(entry):
            problems.append(FileProblem(entry.path, ProblemKind.ALTERED, detail))
    return tuple(sorted(problems, key=lambda problem: (problem.path, problem.kind)))


def compare_version(version: ModelVersion, copies: Path | None = None) -> tuple[FileProblem, ...]:
    """Name every file of a version that is missing, added or altered, sorted by path.

    Reads every file once, wherever the version lies; the manifest and its signature are not part of the comparison.

    Args:
        version: The version.
        copies: A folder that each file is copied to as it is read; ``None`` reads only.
    """

    def check(entry: FileEntry) -> str:
        if copies is None:
            return version.files.check(entry)
        copy = copies / entry.path
        copy.parent.mkdir(parents=True, exist_ok=True)
        return version.files.check(entry, copy)

    return compare(version.files.names(), version.manifest, check)


def walk_files(folder: Path) -> Iterator[tuple[str, Path]]:
    """Yield (relative path, path) of everything that is not a real folder; links are never followed."""
    for directory, subfolders, names in os.walk(folder, followlinks=False):
        here = Path(directory)
        links = [name for name in subfolders if (here / name).is_symlink()]
        for name in (*names, *links):
            path = here / name
            relative = path.relative_to(folder).as_posix()
            if relative not in (MANIFEST_NAME, SIGNATURE_NAME):
                yield relative, path


def read_entry(source: Path, entry: FileEntry, target: Path | None = None) -> str:
    """Read a file once, copy it if asked, and return how it differs from its entry; empty if it does not.

    What is compared are the bytes that were read, which are those that were written. Never more is read than
    the entry's size and one byte.

    Args:
        source: The file; a link or anything but a regular file differs.
        entry: What the manifest says of it.
        target: Where its copy goes, flushed to the disk; ``None`` reads only.
    """
    if source.is_symlink():
        return _NOT_REGULAR
    try:
        descriptor = os.open(source, _READ_FLAGS)
    except OSError as error:
        return f"it cannot be read: {error.strerror or error}"
    with os.fdopen(descriptor, "rb") as stream:
        facts = os.fstat(descriptor)
        if not stat.S_ISREG(facts.st_mode):
            return _NOT_REGULAR
        if facts.st_size != entry.size:
            return f"{facts.st_size} bytes, the manifest says {entry.size}"
        return read_stream(stream, entry, target)


def read_stream(stream: Readable, entry: FileEntry, target: Path | None = None) -> str:
    """Do what `read_entry` does with a file that is open."""
    if target is None:
        found = hashed(stream, entry.size + 1)
    else:
        with target.open("wb") as copy:
            found = hashed(stream, entry.size + 1, copy)
            copy.flush()
            os.fsync(copy.fileno())
    return "" if found == entry.sha256 else f"{found[:19]}…, the manifest says {entry.sha256[:19]}…"


class Readable(Protocol):
    """What can be read from its beginning to its end."""

    def read(self, most: int, /) -> bytes:
        """Return so many bytes at most; none at the end."""
        ...


def hashed(stream: Readable, most: int | None = None, copy: IO[bytes] | None = None) -> str:
    """Return the digest of what a stream holds, written to ``copy`` as it is read; ``most`` bytes at most."""
    state = hashlib.sha256()
    left = most
    while left != 0 and (chunk := stream.read(_CHUNK_BYTES if left is None else min(_CHUNK_BYTES, left))):
        state.update(chunk)
        if copy is not None:
            copy.write(chunk)
        if left is not None:
            left -= len(chunk)
    return f"sha256:{state.hexdigest()}"


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
    return "begins like a pickle, an archive or a program, whatever its name says" if _is_disguised(path) else ""


def _is_disguised(path: Path) -> bool:
    with path.open("rb") as stream:
        head = stream.read(_HEAD_BYTES)
    safetensors = path.suffix.lower() == ".safetensors" and head[_SAFETENSORS_BRACE:] == b"{"
    return head.startswith(_CODE_BEGINNINGS) and not safetensors
