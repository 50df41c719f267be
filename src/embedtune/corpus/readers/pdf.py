"""PDF: text by layout, with headings, columns in reading order, and without what belongs to the page."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from embedtune.corpus.readers.pdf_blocks import blocks_of_lines
from embedtune.corpus.readers.pdf_headings import Bookmark
from embedtune.corpus.readers.pdf_layout import Line, lines_of
from embedtune.corpus.readers.pdf_page import clean, page_runs
from embedtune.errors import DocumentError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pypdfium2 import PdfDocument, PdfPage

    from embedtune.vocabulary.corpus import TextBlock

_MAX_PAGES = 20_000
_MAX_PAGE_TEXTS = 30_000
_MAX_PAGE_CHARACTERS = 500_000
_MAX_CHARACTERS = 20_000_000
_MAX_BOOKMARKS = 20_000
_PASSWORD_NEEDED = 4
_UNKNOWN_SECURITY = 5
_PDFIUM = threading.Lock()


@dataclass(frozen=True, slots=True)
class PdfReader:
    """Reads ``.pdf`` by PDFium: a text layer with its layout; pictures are passed over.

    PDFium is not safe to call from two threads, so one document is read at a time in a process.
    """

    suffixes: frozenset[str] = frozenset({".pdf"})

    def read(self, path: Path) -> tuple[TextBlock, ...]:
        """Return the headings and paragraphs of a PDF (see `blocks_of_lines`).

        ``line`` of a block counts the lines of text that are kept, over all pages.

        Raises:
            DocumentError: The file is missing, damaged, encrypted with a password, without a text
                layer, or beyond the limits: 20,000 pages, 20 million characters, 30,000 pieces of text or
                500,000 characters on one page.
        """
        with _PDFIUM:
            lines, outline = _contents(path)
        if not lines:
            raise DocumentError(f"{path} holds no text: it is a scan.", "Run OCR on it first, or leave it out.")
        return blocks_of_lines(lines, outline)


def _contents(path: Path) -> tuple[list[Line], list[Bookmark]]:
    import pypdfium2

    try:
        with pypdfium2.PdfDocument(path) as document:
            return list(_lines(document, path)), list(_bookmarks(document))
    except pypdfium2.PdfiumError as error:
        if error.err_code in {_PASSWORD_NEEDED, _UNKNOWN_SECURITY}:
            raise DocumentError(f"{path} is encrypted.", "Remove the password, or leave it out.") from error
        raise DocumentError(f"{path} is damaged or not a PDF.", "Export it anew, or leave it out.") from error
    except OSError as error:
        raise DocumentError(f"{path} cannot be read: {error.strerror}.", "Check the path and permissions.") from error


def _lines(document: PdfDocument, path: Path) -> Iterator[Line]:
    """Yield the lines of all pages; one page is open at a time, and one that is damaged is passed over."""
    import pypdfium2

    if len(document) > _MAX_PAGES:
        raise DocumentError(f"{path} has {len(document):,} pages, more than {_MAX_PAGES:,}.", "Split it.")
    total = 0
    for number in range(len(document)):
        try:
            page = document[number]
        except pypdfium2.PdfiumError:
            continue
        try:
            if _has_too_many_texts(page):
                raise _too_large(path, number, f"more than {_MAX_PAGE_TEXTS:,} pieces of text on a page")
            text_page = page.get_textpage()
            count = text_page.count_chars()
            total += count
            if count > _MAX_PAGE_CHARACTERS:
                raise _too_large(path, number, f"more than {_MAX_PAGE_CHARACTERS:,} characters on a page")
            if total > _MAX_CHARACTERS:
                raise _too_large(path, number, f"more than {_MAX_CHARACTERS:,} characters up to here")
            yield from lines_of(page_runs(text_page, count), number)
        finally:
            page.close()


def _too_large(path: Path, number: int, what: str) -> DocumentError:
    return DocumentError(f"{path}, page {number + 1}: {what}.", "Split it, or leave it out.")


def _has_too_many_texts(page: PdfPage) -> bool:
    """Tell whether a page has more pieces of text than PDFium compares in reasonable time (it compares them all)."""
    import pypdfium2.raw as pdfium

    count: int = pdfium.FPDFPage_CountObjects(page)
    if count <= _MAX_PAGE_TEXTS:
        return False
    objects = (pdfium.FPDFPage_GetObject(page, index) for index in range(count))
    texts: int = sum(pdfium.FPDFPageObj_GetType(found) == pdfium.FPDF_PAGEOBJ_TEXT for found in objects)
    return texts > _MAX_PAGE_TEXTS


def _bookmarks(document: PdfDocument) -> Iterator[Bookmark]:
    for entry in islice(document.get_toc(), _MAX_BOOKMARKS):
        try:
            title = clean(" ".join(entry.get_title().split()))
        except UnicodeDecodeError:
            continue
        target = entry.get_dest()
        if title:
            yield Bookmark(title, entry.level + 1, target.get_index() if target else None)
