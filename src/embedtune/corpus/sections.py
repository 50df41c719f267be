"""Cut documents into sections at their headings."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import PurePosixPath

from embedtune.corpus.headings import mark_headings
from embedtune.corpus.kinds import section_kind
from embedtune.vocabulary.corpus import Document, Section, TextBlock, section_id

_LIST_START = re.compile(r"^\s*(?:[-*•▪]|\(?[A-Za-z0-9]{1,2}[.)])\s+")
_TABLE_ROW = re.compile(r"\s\|\s|\S\s{3,}\S|\t")
_WRAPPED_SHARE = 0.7
_MIN_WRAP_WIDTH = 50


def extract_sections(document: Document) -> tuple[Section, ...]:
    """Return the sections of a document in reading order.

    A heading without text of its own makes no section, but stands in the heading path of those
    below it. Text before the first heading belongs to a section named after the file.

    Args:
        document: A document whose reader marked the headings (Markdown), or did not (plain text).
    """
    blocks: Sequence[TextBlock] = document.text_blocks
    if not any(block.heading_level for block in blocks):
        blocks = mark_headings(blocks)
    vocabulary = _vocabulary(blocks)
    seen: Counter[tuple[str, ...]] = Counter()
    sections: list[Section] = []
    for path, body in _grouped(blocks, PurePosixPath(document.path).stem):
        text = "\n".join(mend_lines(block.text, vocabulary) for block in body)
        if not text.strip():
            continue
        sections.append(
            Section(
                id=section_id(document.domain, document.path, path, seen[path]),
                document_id=document.id,
                domain=document.domain,
                heading_path=path,
                kind=section_kind(path[-1], text),
                text=text,
                span=(body[0].line, body[-1].line + body[-1].text.count("\n")),
            )
        )
        seen[path] += 1
    return tuple(sections)


def _grouped(blocks: Sequence[TextBlock], stem: str) -> list[tuple[tuple[str, ...], list[TextBlock]]]:
    """Return each heading path with the text blocks below it."""
    name = " ".join(stem.replace("_", " ").replace("-", " ").split()) or "document"
    groups: list[tuple[tuple[str, ...], list[TextBlock]]] = [((name,), [])]
    open_headings: list[tuple[int, str]] = []
    for block in blocks:
        if block.heading_level is None:
            groups[-1][1].append(block)
            continue
        while open_headings and open_headings[-1][0] >= block.heading_level:
            open_headings.pop()
        open_headings.append((block.heading_level, " ".join(block.text.split())))
        groups.append((tuple(title for _, title in open_headings), []))
    return groups


def mend_lines(text: str, vocabulary: frozenset[str]) -> str:
    """Join lines that a page width broke, and words that a hyphen broke, within one block.

    List items and table rows keep their lines. ``on-`` at a line end followed by ``screen`` becomes
    ``onscreen`` only where the document writes it so elsewhere or never writes ``on-screen``.

    Args:
        text: The lines of one block.
        vocabulary: The lower-case words of the whole document.
    """
    lines = [line.rstrip() for line in text.split("\n") if line.strip()]
    if not lines:
        return ""
    width = max(map(len, lines))
    mended = [lines[0].strip()]
    for before, line in zip(lines, lines[1:], strict=False):
        own_line = _LIST_START.match(line) or _TABLE_ROW.search(line.strip()) or _TABLE_ROW.search(before.strip())
        if own_line:
            mended.append(line.strip())
        elif before.endswith("-") and before[-2:-1].isalpha() and line.strip()[:1].islower():
            mended[-1] = _joined_at_hyphen(mended[-1], line.strip(), vocabulary)
        elif line.strip()[:1].islower() or (width >= _MIN_WRAP_WIDTH and len(before) >= _WRAPPED_SHARE * width):
            mended[-1] += f" {line.strip()}"
        else:
            mended.append(line.strip())
    return "\n".join(mended)


def _joined_at_hyphen(before: str, line: str, vocabulary: frozenset[str]) -> str:
    left, right = before[:-1].rsplit(None, 1)[-1], line.split(None, 1)[0]
    strip = ".,;:!?()[]\"'"
    plain, hyphenated = f"{left}{right}".strip(strip).lower(), f"{left}-{right}".strip(strip).lower()
    keep = hyphenated in vocabulary and plain not in vocabulary
    return before + line if keep else before[:-1] + line


def _vocabulary(blocks: Sequence[TextBlock]) -> frozenset[str]:
    words = (word.strip(".,;:!?()[]\"'").lower() for block in blocks for word in block.text.split())
    return frozenset(words)
