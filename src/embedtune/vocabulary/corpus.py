"""Documents, their sections, and the passages that are embedded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from embedtune.files import digest_value, short_digest


class SectionKind(StrEnum):
    """What a section is for, which decides how questions about it are phrased."""

    PROCEDURE = "procedure"
    DIAGNOSTIC = "diagnostic"
    PARTS = "parts"
    REFERENCE = "reference"
    SAFETY = "safety"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class TextBlock:
    """A run of text in reading order, as a reader found it.

    Attributes:
        text: The lines of the block, joined by newlines.
        line: The 1-based number of its first line in the file.
        heading_level: 1 for the highest heading, ``None`` for text. Readers of formats with markup
            fill it; for plain text the section extractor decides.
        preformatted: Whether its lines are the writer's own, as in code, so that none may be joined.
    """

    text: str
    line: int
    heading_level: int | None = None
    preformatted: bool = False


@dataclass(frozen=True, slots=True)
class Document:
    """One file of the corpus.

    Attributes:
        id: Digest of domain and path.
        domain: Name of the top-level folder, ``default`` for files beside the folders.
        path: Path relative to the corpus folder, with ``/``.
        text_blocks: Its text in reading order.
    """

    id: str
    domain: str
    path: str
    text_blocks: tuple[TextBlock, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """The unit that a search returns: a heading and the text under it.

    Attributes:
        id: Stable: a hash of domain, relative path and heading path (see `section_id`).
        document_id: The document it stands in.
        domain: The document's domain.
        heading_path: Headings from the highest to its own.
        kind: What the section is for.
        text: The body, without the heading; paragraphs are separated by newlines.
        span: First and last line (1-based, inclusive) in the file.
        metadata: More facts to search by, as pairs of name and value; a name may have several values.
    """

    id: str
    document_id: str
    domain: str
    heading_path: tuple[str, ...]
    kind: SectionKind
    text: str
    span: tuple[int, int]
    metadata: tuple[tuple[str, str], ...] = ()

    @property
    def heading(self) -> str:
        """The section's own heading, empty if it has none."""
        return self.heading_path[-1] if self.heading_path else ""

    @property
    def full_text(self) -> str:
        """The heading and the body, as one text."""
        return f"{self.heading}\n{self.text}" if self.heading else self.text


@dataclass(frozen=True, slots=True)
class Passage:
    """A window of a section's words with the heading in front; what a dense index holds.

    Attributes:
        id: ``<section id>#<number>``.
        section_id: The section it was cut from.
        text: Heading, newline, window (or the window alone).
        body_start: Where the window begins in ``text``.
    """

    id: str
    section_id: str
    text: str
    body_start: int = 0

    @property
    def body(self) -> str:
        """The window without the heading."""
        return self.text[self.body_start :]


def section_id(domain: str, path: str, heading_path: Sequence[str], occurrence: int = 0) -> str:
    """Return the id of a section: 16 hex digits that depend on nothing but where it stands.

    Args:
        domain: The section's domain.
        path: The document's relative path.
        heading_path: The headings above it and its own.
        occurrence: 0 for the first section of the document with this heading path, 1 for the second.
    """
    place = [domain, path, list(heading_path), occurrence]
    return short_digest(place)


def corpus_digest(sections: Sequence[Section]) -> str:
    """Return the digest of a corpus: ids, headings and texts of its sections, in order of id."""
    rows = sorted((section.id, section.domain, list(section.heading_path), section.text) for section in sections)
    return digest_value([list(row) for row in rows])
