"""Cut the text of a section where it is too long: between paragraphs, else lines, sentences, words."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from embedtune.corpus.line_breaks import kept_lines, mend_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from embedtune.vocabulary.corpus import TextBlock

_SENTENCE_BREAK = re.compile(r"(?<=[.!?])\s+(?=[^\sa-z])")


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a section's text, with its first and last line in the file."""

    text: str
    span: tuple[int, int]


@dataclass(frozen=True, slots=True)
class _Unit:
    """A text that stays in one part: a paragraph, a line of it, a sentence of that or some words.

    Attributes:
        text: The text.
        words: How many words it has.
        span: Its first and last line.
        glue: What stands between it and the unit before.
    """

    text: str
    words: int
    span: tuple[int, int]
    glue: str = "\n"


def cut_parts(blocks: Sequence[TextBlock], vocabulary: frozenset[str], max_words: int) -> list[Part]:
    """Return the text of some blocks in parts of similar length, one if it is short enough.

    Lines are mended first, but not those of preformatted blocks. A paragraph, a list item or a table
    row is torn only where it is longer than a part by itself.

    Args:
        blocks: The blocks of a section.
        vocabulary: The lower-case words of the whole document, by which hyphens are judged.
        max_words: The words of a part, at most.
    """
    units = [unit for block in blocks for unit in _units(block, _lines(block, vocabulary), max_words)]
    return [
        Part(_text(group), (min(u.span[0] for u in group), max(u.span[1] for u in group)))
        for group in _packed(units, max_words)
    ]


def _lines(block: TextBlock, vocabulary: frozenset[str]) -> str:
    return kept_lines(block.text) if block.preformatted else mend_lines(block.text, vocabulary)


def _text(units: Sequence[_Unit]) -> str:
    return units[0].text + "".join(f"{unit.glue}{unit.text}" for unit in units[1:])


def _packed(units: Sequence[_Unit], max_words: int) -> list[list[_Unit]]:
    """Return the units in groups of up to ``max_words``, each close to an equal share of the words."""
    total = sum(unit.words for unit in units)
    share = total / max(1, math.ceil(total / max_words))
    groups: list[list[_Unit]] = []
    sizes: list[int] = []
    for unit in units:
        if groups and sizes[-1] + unit.words <= max_words and sizes[-1] + unit.words / 2 <= share:
            groups[-1].append(unit)
            sizes[-1] += unit.words
        else:
            groups.append([unit])
            sizes.append(unit.words)
    if len(groups) > 1 and sizes[-1] + sizes[-2] <= max_words:
        last = groups.pop()
        groups[-1] += last
    return groups


def _units(block: TextBlock, text: str, max_words: int) -> Iterator[_Unit]:
    whole = (block.line, block.line + block.text.count("\n"))
    count = len(text.split())
    if count <= max_words:
        yield _Unit(text, count, whole)
        return
    pieces = [
        (piece, "\n" if first else " ")
        for line in text.split("\n")
        for piece, first in _marked_first(_line_pieces(line, max_words))
    ]
    for (piece, glue), span in zip(pieces, _spans(block, [piece for piece, _ in pieces]), strict=True):
        yield _Unit(piece, len(piece.split()), span, glue)


def _marked_first(pieces: Iterable[str]) -> Iterator[tuple[str, bool]]:
    for position, piece in enumerate(pieces):
        yield piece, position == 0


def _line_pieces(line: str, max_words: int) -> Iterator[str]:
    """Yield a line, in sentences where it is too long, and those in runs of words where they are."""
    if len(line.split()) <= max_words:
        yield line
        return
    for sentence in _SENTENCE_BREAK.split(line):
        words = sentence.split()
        if len(words) <= max_words:
            yield sentence
        else:
            for start in range(0, len(words), max_words):
                yield " ".join(words[start : start + max_words])


def _spans(block: TextBlock, pieces: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Yield the lines that each piece of a mended block came from.

    Mending changes white space and leaves out hyphens, so the pieces' other characters stand in the
    block in their order.
    """
    lines = block.text.split("\n")
    if len(lines) == 1:
        yield from ((block.line, block.line) for _ in pieces)
        return
    source = ((character, number) for number, line in enumerate(lines) for character in "".join(line.split()))
    for piece in pieces:
        numbers = [
            next((number for found, number in source if found == character), len(lines) - 1)
            for character in "".join(piece.split())
        ]
        yield block.line + numbers[0], block.line + numbers[-1]
