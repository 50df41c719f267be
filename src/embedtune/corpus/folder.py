"""Walk a corpus folder: one sub-folder a domain, files at the top in the domain ``default``."""

from __future__ import annotations

import os
import unicodedata
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from embedtune.corpus.readers.decoding import mojibake_in
from embedtune.corpus.readers.markdown import MarkdownReader
from embedtune.corpus.readers.text import TextReader
from embedtune.corpus.sections import extract_sections
from embedtune.errors import DocumentError
from embedtune.events import Alert, Report, silent, tracked
from embedtune.files import digest_file, digest_value
from embedtune.vocabulary.corpus import Document, Section

if TYPE_CHECKING:
    from collections.abc import Sequence

    from embedtune.vocabulary.ports import DocumentReader

DEFAULT_DOMAIN = "default"


@dataclass(frozen=True, slots=True)
class CorpusFile:
    """A readable file of a corpus: its path, its path within the corpus, its domain and its reader."""

    path: Path
    relative: str
    domain: str
    reader: DocumentReader


def readers() -> tuple[DocumentReader, ...]:
    """Return a reader for every format that can be read."""
    return (TextReader(), MarkdownReader())


def find_files(corpus: Path) -> tuple[CorpusFile, ...]:
    """Return the readable files of a corpus folder, or of a corpus that is a single file, in order.

    Hidden files and folders are passed over; symbolic links to folders are not followed.

    Raises:
        DocumentError: The corpus is missing or holds no readable file.
    """
    by_suffix = {suffix: reader for reader in readers() for suffix in reader.suffixes}
    known = " ".join(sorted(by_suffix))
    if not corpus.exists():
        raise DocumentError(f"The corpus {corpus} does not exist.", "Give a folder of documents, or one document.")
    if corpus.is_file():
        paths, root = [corpus], corpus.parent
    else:
        root = corpus
        paths = sorted(path for path in corpus.rglob("*") if path.is_file() and not _hidden(path, corpus))
    found = [path for path in paths if path.suffix.lower() in by_suffix]
    if not found:
        state = "is empty" if not paths else f"holds no readable file among its {len(paths)}"
        raise DocumentError(f"The corpus {corpus} {state}.", f"Formats that can be read: {known}.")
    return tuple(_corpus_file(path, root, by_suffix[path.suffix.lower()]) for path in found)


def read_corpus(corpus: Path, report: Report = silent) -> tuple[Section, ...]:
    """Return the sections of all documents of a corpus.

    A document whose characters were garbled before it came here is read, and reported as an alert.

    Raises:
        DocumentError: The corpus is missing, a file cannot be read, or no section was found.
    """
    sections: list[Section] = []
    for file in tracked(find_files(corpus), "Reading documents", "documents", report):
        document = read_document(file)
        _report_mojibake(document, report)
        sections += extract_sections(document)
    if not sections:
        raise DocumentError(f"No text was found in the documents of {corpus}.", "Check that they are not empty.")
    return tuple(sections)


def read_document(file: CorpusFile) -> Document:
    """Read one file of a corpus."""
    blocks = file.reader.read(file.path)
    return Document(digest_value([file.domain, file.relative]), file.domain, file.relative, blocks)


def digest_corpus_files(files: Sequence[CorpusFile]) -> str:
    """Return one digest over the names and bytes of a corpus's files."""
    return digest_value([[file.relative, digest_file(file.path)] for file in files])


def _corpus_file(path: Path, root: Path, reader: DocumentReader) -> CorpusFile:
    relative = PurePosixPath(_readable(path.relative_to(root)))
    domain = relative.parts[0] if len(relative.parts) > 1 else DEFAULT_DOMAIN
    return CorpusFile(path, relative.as_posix(), domain, reader)


def _readable(path: Path) -> str:
    """Return a relative path as text: one form of accents for all systems, bytes that are no UTF-8 escaped."""
    text = os.fsencode(path.as_posix()).decode("utf-8", "backslashreplace")
    return unicodedata.normalize("NFC", text)


def _report_mojibake(document: Document, report: Report) -> None:
    garbled = ((block, mojibake_in(block.text)) for block in document.text_blocks)
    found = next(((block.line, place) for block, place in garbled if place), None)
    if found:
        line, place = found
        report(
            Alert(f"{document.path}, line {line}: {place!r} looks like UTF-8 read in another encoding. Save it anew.")
        )


def _hidden(path: Path, root: Path) -> bool:
    return any(part.startswith(".") for part in path.relative_to(root).parts)
