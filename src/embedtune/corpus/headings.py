"""Headings of plain text, told by how they stand and how they are written.

Five kinds are known, from the highest to the lowest: underlined with ``=`` or ``-``, numbered
(``2.1 Bleeding the brakes``; the depth is the number's), all capitals, a title standing alone
between blank lines without the punctuation of a sentence, and, in documents that write a sentence
a line, a title right above its text. What a document does with them elsewhere then decides: titles
in a row are a list, and capitals among many titles are titles too.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING

from embedtune.corpus.heading_styles import (
    Heading,
    Layout,
    Rank,
    is_contents_block,
    layout_of,
    leading_heading,
    underlined_heading,
)
from embedtune.corpus.inner_titles import inner_title_lines, writes_a_sentence_a_line
from embedtune.vocabulary.corpus import TextBlock

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_MAX_REST_WORDS = 4
_MAX_HEADING_LINES = 3
_MIN_LIST = 3
_MIN_TITLES_BEFORE_CAPITALS = 2
_DOCUMENT_TITLE = -1


@dataclass(frozen=True, slots=True)
class _Part:
    """A block, and the heading that it is."""

    block: TextBlock
    heading: Heading | None = None

    @property
    def rank(self) -> int | None:
        return self.heading.rank if self.heading else None


def mark_headings(blocks: Sequence[TextBlock]) -> list[TextBlock]:
    """Return the blocks of a plain text with its headings as blocks of their own, levels filled.

    A heading and the paragraph right below it may share a block (underlined or numbered headings,
    capitals); they are parted here.
    """
    blocks = [block for block in blocks if block.text.strip()]
    lines = [block.text.split("\n") for block in blocks if not block.preformatted]
    layout = layout_of([line for block in lines for line in block])
    parts = [part for block in _whole(blocks) for part in _parted(block, layout)]
    parts = _ranked(_without_labels(_without_lists(parts)))
    if writes_a_sentence_a_line(lines):
        parts = [inner for part in parts for inner in _with_inner_titles(part, layout)]
    levels = {rank: level for level, rank in enumerate(sorted({p.rank for p in parts if p.rank is not None}), start=1)}
    return [
        TextBlock(part.heading.text, part.block.line, levels[part.heading.rank]) if part.heading else part.block
        for part in parts
    ]


def _whole(blocks: Sequence[TextBlock]) -> Iterator[TextBlock]:
    """Yield the blocks, a title that a blank line cut in two made one block of two lines.

    Extracted text parts the lines of a long title like that: a parenthesis is closed, or words after
    ``and`` or ``or`` follow, on the first line of the next block.
    """
    pending: TextBlock | None = None
    for block in blocks:
        first, _, rest = block.text.partition("\n")
        current = block
        could_complete = not block.preformatted and len(first.split()) <= _MAX_REST_WORDS
        if pending and could_complete and _completes(pending.text, first, alone=not rest):
            yield TextBlock(f"{pending.text}\n{first}", pending.line)
            pending, current = None, TextBlock(rest, block.line + 1)
        elif pending:
            yield pending
            pending = None
        if not current.preformatted and "\n" not in current.text and (_opens(current.text) or _joins(current.text)):
            pending = current
        elif current.text:
            yield current
    if pending:
        yield pending


def _opens(line: str) -> bool:
    return line.count("(") == line.count(")") + 1


def _joins(line: str) -> bool:
    return line.rsplit(None, 1)[-1:] in (["and"], ["or"], ["/"], ["&"])


def _completes(line: str, rest: str, *, alone: bool) -> bool:
    if _opens(line):
        return rest.endswith(")") and "(" not in rest
    return not alone and rest[-1] not in ".,:;!?"


def _parted(block: TextBlock, layout: Layout) -> Iterator[_Part]:
    """Yield the headings and the text of a block: headings at its start, and underlined ones anywhere."""
    lines = block.text.split("\n")
    if block.preformatted or is_contents_block(lines):
        yield _Part(block)
        return
    start = 0
    while start < len(lines):
        heading, used = leading_heading(lines[start : start + _MAX_HEADING_LINES], layout)
        if not heading:
            break
        yield _Part(TextBlock("\n".join(lines[start : start + used]), block.line + start), heading)
        start += used
    body = start
    for position in range(start + 1, len(lines)):
        heading, used = underlined_heading(lines[position : position + 3])
        if heading and position >= body:
            if position > body:
                yield _Part(TextBlock("\n".join(lines[body:position]), block.line + body))
            yield _Part(TextBlock("\n".join(lines[position : position + used]), block.line + position), heading)
            body = position + used
    if body < len(lines):
        yield _Part(TextBlock("\n".join(lines[body:]), block.line + body))


def _with_inner_titles(part: _Part, layout: Layout) -> Iterator[_Part]:
    """Yield a part of text, cut at the titles that stand right above their text in it."""
    if part.heading or part.block.preformatted:
        yield part
        return
    lines = part.block.text.split("\n")
    could_be_title = [leading_heading([line], layout)[0] is not None for line in lines]
    body = 0
    for position in inner_title_lines(lines, could_be_title):
        if position > body:
            yield _Part(TextBlock("\n".join(lines[body:position]), part.block.line + body))
        title = lines[position].strip()
        yield _Part(TextBlock(title, part.block.line + position), Heading(title, Rank.INNER))
        body = position + 1
    yield _Part(TextBlock("\n".join(lines[body:]), part.block.line + body))


def _without_lists(parts: Sequence[_Part]) -> list[_Part]:
    """Turn lists of titles (contents, definitions) into the text of the heading that they follow.

    A heading right above another has no text. Three or more of one style in a row, and two or more
    that stand again later in the document, are a list.
    """
    ahead = Counter(_texts(parts))
    kept: list[_Part] = []
    for is_heading, group in groupby(parts, key=lambda part: part.heading is not None):
        run = list(group)
        if not is_heading:
            kept += run
            continue
        standing_again: set[int] = set()
        for position, text in enumerate(_texts(run)):
            ahead[text] -= 1
            standing_again |= {position} if ahead[text] else set()
        textless = len(run) if run[-1] is parts[-1] else len(run) - 1
        listed = _titles_in_a_row(run[:textless]) | (standing_again if len(standing_again) > 1 else set())
        listed.discard(textless)
        kept += [_Part(part.block) if position in listed else part for position, part in enumerate(run)]
    return kept


def _titles_in_a_row(run: Sequence[_Part]) -> set[int]:
    """Return the positions of all but the first in rows of titles or of capitals."""
    listed: set[int] = set()
    for rank, row in groupby(range(len(run)), key=lambda position: run[position].rank):
        positions = list(row)
        if rank in {Rank.TITLE, Rank.CAPITALS} and len(positions) >= _MIN_LIST:
            listed |= set(positions[1:])
    return listed


def _texts(parts: Sequence[_Part]) -> list[str]:
    return [part.heading.text for part in parts if part.heading]


def _without_labels(parts: Sequence[_Part]) -> list[_Part]:
    """Turn capitals right below a title that has no other text into that text: a figure's label.

    Only the first title of a document may have a higher heading right below: it is the document's.
    """
    kept: list[_Part] = []
    for position, part in enumerate(parts):
        below_title = position > 1 and kept[-1].rank == Rank.TITLE
        kept.append(_Part(part.block) if below_title and part.rank == Rank.CAPITALS else part)
    return kept


def _ranked(parts: Sequence[_Part]) -> list[_Part]:
    """Let the order in which the styles come decide where their usual order does not fit the document."""
    ranks = [part.rank for part in parts if part.rank is not None]
    numbers = [rank for rank in ranks if Rank.NUMBERED < rank < Rank.CAPITALS]
    first_capitals = ranks.index(Rank.CAPITALS) if Rank.CAPITALS in ranks else len(ranks)
    changed: dict[int, int] = {}
    if ranks[1:first_capitals].count(Rank.TITLE) >= _MIN_TITLES_BEFORE_CAPITALS:
        changed[Rank.CAPITALS] = Rank.TITLE
    elif numbers and min(numbers) > Rank.NUMBERED + 1 and first_capitals < ranks.index(numbers[0]):
        changed[Rank.CAPITALS] = Rank.NUMBERED
    ranked = [_with_rank(part, changed.get(part.rank, part.rank)) if part.rank is not None else part for part in parts]
    second = ranked[1].rank if len(ranked) > 1 else None
    if ranked and ranked[0].rank == Rank.TITLE and second is not None and second < Rank.TITLE:
        ranked[0] = _with_rank(ranked[0], _DOCUMENT_TITLE)
    return ranked


def _with_rank(part: _Part, rank: int) -> _Part:
    return replace(part, heading=replace(part.heading, rank=rank)) if part.heading else part
