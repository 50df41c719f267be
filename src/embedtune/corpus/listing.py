"""Which files a corpus folder holds: those with a reader, and why the others have none."""

from __future__ import annotations

import os
import stat
import unicodedata
from collections import Counter
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from embedtune.errors import DocumentError
from embedtune.files import digest_value

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from embedtune.vocabulary.ports import DocumentReader

DEFAULT_DOMAIN = "default"
NO_TEXT = "no text"


@dataclass(frozen=True, slots=True)
class CorpusFile:
    """A readable file of a corpus: its path, its path within the corpus, its domain and its reader."""

    path: Path
    relative: str
    domain: str
    reader: DocumentReader

    @property
    def document_id(self) -> str:
        """The id of the document in it."""
        return digest_value([self.domain, self.relative])


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A file or folder that no section comes from.

    Attributes:
        path: Its path within the corpus.
        reason: Why: its ending where that is of no known format, else a few words.
    """

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class Listing:
    """The files of a corpus, in order.

    Attributes:
        files: Those that have a reader.
        unread: Those that no reader is meant for: other formats, empty files, links elsewhere.
        closed: Folders that cannot be looked into.
    """

    files: tuple[CorpusFile, ...]
    unread: tuple[LeftOut, ...]
    closed: tuple[LeftOut, ...]


def list_files(corpus: Path, readers: Sequence[DocumentReader]) -> Listing:
    """Return the files of a corpus folder, or of a corpus that is a single file.

    Hidden files and folders are passed over. Links to folders, and links to files outside, are not
    followed. Where several endings fit, the longest decides: ``.tei.xml`` before ``.xml``.

    Args:
        corpus: The folder or file.
        readers: A reader for every format.

    Raises:
        DocumentError: The corpus is missing.
    """
    by_suffix = {suffix: reader for reader in readers for suffix in reader.suffixes}
    if not corpus.exists():
        raise DocumentError(f"The corpus {corpus} does not exist.", "Give a folder of documents, or one document.")
    single = not corpus.is_dir()
    root = corpus.parent if single else corpus
    closed: list[LeftOut] = []
    paths = [corpus] if single else sorted(_walk(corpus, closed))
    files: list[CorpusFile] = []
    unread: list[LeftOut] = []
    for path in paths:
        relative = _readable(path.relative_to(root))
        reason = _not_a_document(path, None if single else root)
        reader = by_suffix.get(_ending(path.name, by_suffix))
        if reason or not reader:
            unread.append(LeftOut(relative, reason or path.suffix.lower() or "no ending"))
        else:
            parts = PurePosixPath(relative).parts
            files.append(CorpusFile(path, relative, parts[0] if len(parts) > 1 else DEFAULT_DOMAIN, reader))
    return Listing(tuple(files), tuple(unread), tuple(closed))


def counted_reasons(left_out: Iterable[LeftOut]) -> str:
    """Return how many were left out for which reason, the most first: ``4 .png, 1 empty``."""
    counts = Counter(item.reason for item in left_out)
    return ", ".join(f"{count} {reason}" for reason, count in sorted(counts.items(), key=lambda i: (-i[1], i[0])))


def _walk(folder: Path, closed: list[LeftOut]) -> Iterator[Path]:
    """Yield everything below a folder that is no folder itself; those that cannot be opened are noted."""
    waiting = [folder]
    while waiting:
        current = waiting.pop()
        try:
            with os.scandir(current) as entries:
                for entry in entries:
                    if entry.name.startswith("."):
                        continue
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(Path(entry.path))
                    else:
                        yield Path(entry.path)
        except OSError as error:
            closed.append(LeftOut(_readable(current.relative_to(folder)), f"{error.strerror or error}".lower()))


def _not_a_document(path: Path, root: Path | None) -> str:
    """Return why a path is no document whatever its name, empty if it may be one.

    Args:
        path: The path.
        root: The folder that links must stay in, ``None`` to follow any.
    """
    try:
        target = path.resolve(strict=True)
        status = target.stat()
    except (OSError, RuntimeError):
        return "broken link" if path.is_symlink() else "gone"
    if path.is_symlink() and root and not target.is_relative_to(root.resolve()):
        return "link out of the folder"
    if stat.S_ISDIR(status.st_mode):
        return "link to a folder"
    if not stat.S_ISREG(status.st_mode):
        return "not a regular file"
    return "" if status.st_size else "empty"


def _ending(name: str, known: Iterable[str]) -> str:
    """Return the longest known ending that a file name has."""
    return max((suffix for suffix in known if name.lower().endswith(suffix)), key=len, default="")


def _readable(path: Path) -> str:
    """Return a relative path as text: one form of accents for all systems, bytes that are no UTF-8 escaped."""
    text = os.fsencode(path.as_posix()).decode("utf-8", "backslashreplace")
    return unicodedata.normalize("NFC", text)
