"""Cut documents into sections at their headings."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from embedtune.corpus.headings import mark_headings
from embedtune.corpus.kinds import section_kind
from embedtune.corpus.line_breaks import mend_lines, words_of
from embedtune.vocabulary.corpus import Document, Section, SectionKind, TextBlock, section_id

if TYPE_CHECKING:
    from collections.abc import Sequence

_TITLE_PAGE_WORDS = 25
_MAX_TITLE_WORDS = 16
_MIN_TELLING_WORDS = 3
_SENTENCE = re.compile(r"^(.+?)(?:[.!?](?=\s|$)|\n|$)")


def extract_sections(document: Document) -> tuple[Section, ...]:
    """Return the sections of a document in reading order.

    A heading without text stands in the heading path of those below it. With none below it, it
    makes a section that says its own words (a drawing had the rest), unless they are one or two.

    Text before the first heading belongs to the document's only top heading where there is one.
    Else it makes a section of its own, named by its first sentence where it is as short as a title
    page, and after the file where it is longer.

    Args:
        document: A document whose reader marked the headings (Markdown), or did not (plain text).
    """
    blocks: Sequence[TextBlock] = [block for block in document.text_blocks if block.text.strip()]
    if not any(block.heading_level for block in blocks):
        blocks = mark_headings(blocks)
    vocabulary = frozenset(word for block in blocks for word in words_of(block.text))
    preamble, groups = _grouped(blocks)
    only_top = sum(len(group.path) == 1 for group in groups) == 1 and len(groups[0].path) == 1
    if only_top:
        groups[0].body[:0] = preamble
        preamble = []
    seen: Counter[tuple[str, ...]] = Counter()
    sections = [_preamble_section(document, preamble, vocabulary)] if preamble else []
    seen.update(section.heading_path for section in sections)
    for group, following in zip_longest(groups, groups[1:]):
        leaf = following is None or len(following.path) <= len(group.path)
        if group.body or (leaf and len(group.path[-1].split()) >= _MIN_TELLING_WORDS):
            sections.append(_section(document, group, vocabulary, seen[group.path]))
            seen[group.path] += 1
    return tuple(sections)


@dataclass(slots=True)
class _Group:
    """A heading, with the path above it, and the text blocks below it."""

    heading: TextBlock
    path: tuple[str, ...]
    body: list[TextBlock] = field(default_factory=list)


def _grouped(blocks: Sequence[TextBlock]) -> tuple[list[TextBlock], list[_Group]]:
    """Return the blocks before the first heading, and each heading with the blocks below it."""
    preamble: list[TextBlock] = []
    groups: list[_Group] = []
    open_headings: list[tuple[int, str]] = []
    for block in blocks:
        if block.heading_level is None:
            (groups[-1].body if groups else preamble).append(block)
            continue
        while open_headings and open_headings[-1][0] >= block.heading_level:
            open_headings.pop()
        open_headings.append((block.heading_level, " ".join(block.text.split())))
        groups.append(_Group(block, tuple(title for _, title in open_headings)))
    return preamble, groups


def _section(document: Document, group: _Group, vocabulary: frozenset[str], occurrence: int) -> Section:
    text = _joined(group.body, vocabulary) or group.path[-1]
    kind = section_kind(group.path[-1], text)
    return _built(document, group.path, kind, text, group.body or [group.heading], occurrence)


def _preamble_section(document: Document, blocks: Sequence[TextBlock], vocabulary: frozenset[str]) -> Section:
    text = _joined(blocks, vocabulary)
    title = _title_page(text) or _file_title(document.path)
    return _built(document, (title,), SectionKind.OTHER, text, blocks, 0)


def _built(
    document: Document,
    path: tuple[str, ...],
    kind: SectionKind,
    text: str,
    blocks: Sequence[TextBlock],
    occurrence: int,
) -> Section:
    return Section(
        id=section_id(document.domain, document.path, path, occurrence),
        document_id=document.id,
        domain=document.domain,
        heading_path=path,
        kind=kind,
        text=text,
        span=(blocks[0].line, blocks[-1].line + blocks[-1].text.count("\n")),
    )


def _joined(blocks: Sequence[TextBlock], vocabulary: frozenset[str]) -> str:
    return "\n".join(mend_lines(block.text, vocabulary) for block in blocks)


def _title_page(text: str) -> str:
    """Return the first sentence of a text as short as a title page, empty if it is none."""
    match = _SENTENCE.match(text)
    if not match or len(text.split()) >= _TITLE_PAGE_WORDS:
        return ""
    sentence = " ".join(match.group(1).split())
    return sentence if len(sentence.split()) <= _MAX_TITLE_WORDS else ""


def _file_title(path: str) -> str:
    return " ".join(PurePosixPath(path).stem.replace("_", " ").replace("-", " ").split()) or "document"
