"""Cut documents into sections at their headings."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from embedtune.config.data_settings import CorpusSettings
from embedtune.corpus.cutting import cut_parts
from embedtune.corpus.headings import mark_headings
from embedtune.corpus.kinds import section_kind
from embedtune.corpus.line_breaks import words_of
from embedtune.corpus.outline import joined, outlined
from embedtune.vocabulary.corpus import Document, Section, SectionKind, TextBlock, section_id

if TYPE_CHECKING:
    from collections.abc import Sequence

_TITLE_PAGE_WORDS = 25
_MAX_TITLE_WORDS = 16
_SENTENCE = re.compile(r"^(.+?)(?:[.!?](?=\s|$)|\n|$)")
_DEFAULTS = CorpusSettings()


def extract_sections(document: Document, settings: CorpusSettings = _DEFAULTS) -> tuple[Section, ...]:
    """Return the sections of a document in reading order; every word of it is in one of them.

    A heading without text stands in the heading path of those below it. With none below it, it
    makes a section that says its own words: a drawing had the rest.

    A section of very few words is joined to the one of the heading above it, else to the one before
    it, with its heading as a line of text. One of very many is cut at paragraph borders; its parts
    keep its heading path.

    Text before the first heading belongs to the document's only top heading where there is one.
    Else it makes a section of its own, named by its first sentence where it is as short as a title
    page, and after the file where it is longer.

    A section's id depends on its heading path and how many headings of the same path stand before it.

    Args:
        document: A document whose reader marked the headings (Markdown), or did not (plain text).
        settings: The least and most words of a section.
    """
    blocks: Sequence[TextBlock] = [block for block in document.text_blocks if block.text.strip()]
    if not any(block.heading_level for block in blocks):
        blocks = mark_headings(blocks)
    vocabulary = frozenset(word for block in blocks for word in words_of(block.text))
    title: tuple[str, ...] = ()
    sections: list[Section] = []
    for group in joined(outlined(blocks), settings.min_words):
        parts = cut_parts(group.body or group.as_text(), vocabulary, settings.max_words)
        text = "\n".join(part.text for part in parts)
        if group.heading is None:
            title = (_title_page(text) or _file_title(document.path),)
        path = group.path or title
        occurrence = group.occurrence + int(group.path == title)
        kind = section_kind(path[-1], text) if group.path else SectionKind.OTHER
        sections += [
            Section(
                id=_part_id(document, path, occurrence, number),
                document_id=document.id,
                domain=document.domain,
                heading_path=path,
                kind=kind,
                text=part.text,
                span=part.span,
            )
            for number, part in enumerate(parts)
        ]
    return tuple(sections)


def _part_id(document: Document, path: tuple[str, ...], occurrence: int, number: int) -> str:
    """Return the id of a part of a section; no other section's id changes when one grows and is cut.

    The first part has the id of the whole. The others count as if their number were a heading; the
    line break in it keeps it apart from real ones.
    """
    place = (*path, f"\n{number}") if number else path
    return section_id(document.domain, document.path, place, occurrence)


def _title_page(text: str) -> str:
    """Return the first sentence of a text as short as a title page, empty if it is none."""
    match = _SENTENCE.match(text)
    if not match or len(text.split()) >= _TITLE_PAGE_WORDS:
        return ""
    sentence = " ".join(match.group(1).split())
    return sentence if len(sentence.split()) <= _MAX_TITLE_WORDS else ""


def _file_title(path: str) -> str:
    return " ".join(PurePosixPath(path).stem.replace("_", " ").replace("-", " ").split()) or "document"
