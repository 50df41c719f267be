"""Headings of plain text, told by how they stand and how they are written.

Four kinds are known, from the highest to the lowest: underlined with ``=`` or ``-``, numbered
(``2.1 Bleeding the brakes``; the depth is the number's), all capitals, and a title standing alone
between blank lines without the punctuation of a sentence.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from embedtune.vocabulary.corpus import TextBlock

_MAX_WORDS = 16
_MAX_CHARACTERS = 120
_UNDERLINE = re.compile(r"^\s*(={3,}|-{3,}|~{3,})\s*$")
_NUMBERED = re.compile(r"^\s*((?:\d{1,2}|[A-Z])(?:\.\d{1,3})*)[.)]?\s+(\S.*)$")
_WORDED_NUMBER = re.compile(r"^\s*(chapter|section|part|appendix)\s+([0-9IVXA-Z]{1,4})\b[\s:.\-–—]*(.*)$", re.IGNORECASE)
_TABLE = re.compile(r"\S\s*\|\s*\S|\S\s{3,}\S|\t")
_LIST_ITEM = re.compile(r"^\s*(?:[-*•▪–]|\(?[a-z0-9]{1,2}[.)])\s+", re.IGNORECASE)
_ADMONITION = re.compile(r"^\s*(?:warning|caution|note|danger|notice|important)\b\s*[:!]?", re.IGNORECASE)


class _Rank(IntEnum):
    UNDERLINED = 0
    NUMBERED = 10
    CAPITALS = 20
    TITLE = 30


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading found in plain text: its words without number or underline, and its rank (lower is higher)."""

    text: str
    rank: int


def mark_headings(blocks: Sequence[TextBlock]) -> list[TextBlock]:
    """Return the blocks of a plain text with its headings as blocks of their own, levels filled.

    A heading and the paragraph right below it may share a block (underlined or numbered headings,
    capitals); they are parted here.
    """
    found: list[tuple[TextBlock, Heading | None]] = []
    for block in blocks:
        found += _parted(block)
    ranks = sorted({heading.rank for _, heading in found if heading})
    levels = {rank: level for level, rank in enumerate(ranks, start=1)}
    return [
        TextBlock(heading.text, block.line, levels[heading.rank]) if heading else block for block, heading in found
    ]


def _parted(block: TextBlock) -> list[tuple[TextBlock, Heading | None]]:
    lines = block.text.split("\n")
    heading, used = _leading_heading(lines)
    if heading is None:
        return [(block, None)]
    parts: list[tuple[TextBlock, Heading | None]] = [(block, heading)]
    rest = lines[used:]
    if rest:
        parts += _parted(TextBlock("\n".join(rest), block.line + used))
    return parts


def _leading_heading(lines: Sequence[str]) -> tuple[Heading | None, int]:
    """Return the heading that a block begins with, and how many of its lines that takes."""
    first = lines[0].strip()
    if len(lines) > 1 and _UNDERLINE.match(lines[1]) and _title_like(first):
        depth = 1 if lines[1].strip()[0] == "=" else 2
        return Heading(_without_number(first), _Rank.UNDERLINED + depth), 2
    alone = len(lines) == 1
    if not _title_like(first):
        return None, 0
    numbered = _numbered(first, alone=alone)
    if numbered:
        return numbered, 1
    if _is_capitals(first) and (alone or not _is_capitals(lines[1].strip())):
        return Heading(first, _Rank.CAPITALS), 1
    if alone and first[0].isupper() and not _ADMONITION.match(first):
        return Heading(first, _Rank.TITLE), 1
    return None, 0


def _title_like(line: str) -> bool:
    """Tell whether a line could be a title at all: short, no sentence, no table row, no list item."""
    words = line.split()
    if not 1 <= len(words) <= _MAX_WORDS or len(line) > _MAX_CHARACTERS:
        return False
    if line[-1] in ".;,:!" or (_TABLE.search(line) and not _NUMBERED.match(line)):
        return False
    if line.startswith(("-", "*", "•", "▪", "|", "(")):
        return False
    return any(character.isalpha() for character in line)


def _numbered(line: str, *, alone: bool) -> Heading | None:
    worded = _WORDED_NUMBER.match(line)
    if worded and alone:
        return Heading(worded.group(3).strip() or line, _Rank.NUMBERED + 1)
    match = _NUMBERED.match(line)
    if not match:
        return None
    number, title = match.group(1), match.group(2).strip()
    depth = number.count(".") + 1
    if number.isalpha() and not _is_capitals(title):
        return None
    looks_like_step = depth == 1 and _LIST_ITEM.match(line) and not _is_capitals(title)
    if looks_like_step or (not alone and depth == 1 and not _is_capitals(title)):
        return None
    if not (title[0].isupper() or title[0].isdigit()) or _TABLE.search(title):
        return None
    return Heading(title, _Rank.NUMBERED + depth)


def _without_number(line: str) -> str:
    match = _NUMBERED.match(line)
    return match.group(2).strip() if match and not match.group(1).isalpha() else line


def _is_capitals(line: str) -> bool:
    letters = [character for character in line if character.isalpha()]
    return len(letters) >= 3 and all(letter.isupper() for letter in letters) and not _ADMONITION.fullmatch(line)
