"""Read a corpus folder: one sub-folder a domain, files at the top in the domain ``default``."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from embedtune.config.data_settings import CorpusSettings
from embedtune.corpus.listing import NO_TEXT, CorpusFile, LeftOut, counted_reasons, list_files
from embedtune.corpus.readers.asciidoc import AsciiDocReader
from embedtune.corpus.readers.decoding import mojibake_in
from embedtune.corpus.readers.docx import DocxReader
from embedtune.corpus.readers.html import HtmlReader
from embedtune.corpus.readers.markdown import MarkdownReader
from embedtune.corpus.readers.pdf import PdfReader
from embedtune.corpus.readers.restructured_text import RestructuredTextReader
from embedtune.corpus.readers.tei import TeiReader
from embedtune.corpus.readers.text import TextReader
from embedtune.corpus.sections import extract_sections
from embedtune.errors import DocumentError
from embedtune.events import Alert, Report, silent, tracked
from embedtune.files import digest_file, digest_value
from embedtune.vocabulary.corpus import Document, Section

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from embedtune.corpus.listing import Listing
    from embedtune.vocabulary.ports import DocumentReader

PATH = "path"
"""The metadata that says of a section which file of the corpus it stands in."""

_BYTES_PER_MB = 1_000_000


@dataclass(frozen=True, slots=True)
class CorpusRead:
    """What reading a corpus gave; every file that is not hidden is in one of the three counts.

    Attributes:
        sections: The sections, in the order of the documents.
        document_count: How many documents they come from.
        skipped: Files and folders that should have been read and could not be.
        unread: Files that are not meant to be read: other formats, empty ones, links elsewhere.
    """

    sections: tuple[Section, ...]
    document_count: int
    skipped: tuple[LeftOut, ...] = ()
    unread: tuple[LeftOut, ...] = ()


def readers() -> tuple[DocumentReader, ...]:
    """Return a reader for every format that can be read."""
    return (
        TextReader(),
        MarkdownReader(),
        RestructuredTextReader(),
        AsciiDocReader(),
        HtmlReader(),
        DocxReader(),
        PdfReader(),
        TeiReader(),
    )


def find_files(corpus: Path) -> tuple[CorpusFile, ...]:
    """Return the readable files of a corpus folder, or of a corpus that is a single file, in order.

    Raises:
        DocumentError: The corpus is missing or holds no readable file.
    """
    return _listed(corpus).files


def read_folder(corpus: Path, settings: CorpusSettings, report: Report = silent) -> CorpusRead:
    """Read all documents of a corpus, and account for every other file.

    A document whose characters were garbled before it came here is read, and reported as an alert.
    What is left out is reported as an alert too.

    Args:
        corpus: Folder of documents, one sub-folder a domain, or one document.
        settings: How long sections are, how large a file may be, and whether a bad one stops.
        report: Where progress and alerts go.

    Raises:
        DocumentError: The corpus is missing, no section was found, or a file cannot be read and bad
            files are not to be skipped.
    """
    listing = _listed(corpus)
    skipped: list[LeftOut] = []
    unread = list(listing.unread)
    for folder in listing.closed:
        error = DocumentError(f"{corpus / folder.path} cannot be opened: {folder.reason}.", "Check its permissions.")
        _skip(error, folder.path, skipped, settings, report)
    sections: list[Section] = []
    documents = 0
    for file in tracked(listing.files, "Reading documents", "documents", report):
        try:
            document = read_document(file, settings)
        except DocumentError as error:
            _skip(error, file.relative, skipped, settings, report)
            continue
        _report_mojibake(document, report)
        found = extract_sections(document, settings)
        sections += (replace(section, metadata=((PATH, document.path),)) for section in found)
        documents += bool(found)
        if not found:
            unread.append(LeftOut(file.relative, NO_TEXT))
    if not sections:
        bad = f"; {len(skipped)} could not be read" if skipped else ""
        raise DocumentError(f"No text was found in the documents of {corpus}{bad}.", "Check that they are not empty.")
    if unread:
        total = documents + len(unread) + len(skipped)
        report(Alert(f"{len(unread)} of {total} files were not read: {counted_reasons(unread)}."))
    return CorpusRead(tuple(sections), documents, tuple(skipped), tuple(unread))


def read_document(file: CorpusFile, settings: CorpusSettings) -> Document:
    """Read one file of a corpus.

    Raises:
        DocumentError: It is too large, cannot be read, or is not what its ending says.
    """
    try:
        size = file.path.stat().st_size
        if size > settings.max_file_mb * _BYTES_PER_MB:
            raise DocumentError(
                f"{file.path} has {size / _BYTES_PER_MB:.0f} MB; at most {settings.max_file_mb} are read.",
                "Split it, leave it out, or raise corpus.max_file_mb.",
            )
        blocks = file.reader.read(file.path)
    except OSError as error:
        raise DocumentError(
            f"{file.path} cannot be read: {error.strerror or error}.", "Check the path and permissions."
        ) from error
    except RecursionError as error:
        raise DocumentError(f"{file.path} is nested too deeply.", "Simplify it, or leave it out.") from error
    return Document(file.document_id, file.domain, file.relative, blocks)


def digest_corpus_files(files: Sequence[CorpusFile]) -> str:
    """Return one digest over the names and bytes of a corpus's files; one that cannot be read counts as such."""
    return digest_value([[file.relative, _digest(file.path)] for file in files])


def _digest(path: Path) -> str:
    try:
        return digest_file(path)
    except OSError as error:
        return f"unreadable: {error.errno}"


def _listed(corpus: Path) -> Listing:
    known = readers()
    listing = list_files(corpus, known)
    if not listing.files and not listing.closed:
        state = f"holds no readable file among its {len(listing.unread)}" if listing.unread else "is empty"
        endings = " ".join(sorted(suffix for reader in known for suffix in reader.suffixes))
        raise DocumentError(f"The corpus {corpus} {state}.", f"Formats that can be read: {endings}.")
    return listing


def _skip(error: DocumentError, path: str, skipped: list[LeftOut], settings: CorpusSettings, report: Report) -> None:
    """Note and report what could not be read, or stop with the error."""
    if not settings.skip_bad_files:
        raise error
    skipped.append(LeftOut(path, error.message))
    report(Alert(f"Skipped: {error.message}"))


def _report_mojibake(document: Document, report: Report) -> None:
    garbled = ((block, mojibake_in(block.text)) for block in document.text_blocks)
    found = next(((block.line, place) for block, place in garbled if place), None)
    if found:
        line, place = found
        report(
            Alert(f"{document.path}, line {line}: {place!r} looks like UTF-8 read in another encoding. Save it anew.")
        )
