"""Lines of a PDF as headings and paragraphs."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from embedtune.corpus.line_breaks import goes_on, starts_item
from embedtune.corpus.readers.contents_list import contents_lines
from embedtune.corpus.readers.pdf_headings import Body, Bookmark, Group, heading_levels, numbered, without_number
from embedtune.corpus.readers.pdf_margins import without_margins
from embedtune.vocabulary.corpus import TextBlock

if TYPE_CHECKING:
    from collections.abc import Sequence

    from embedtune.corpus.readers.pdf_layout import Line

_CELL = " | "
_SAME_SIZE = 0.06
_PARAGRAPH_GAP = 1.25
_MIN_PITCH, _MAX_PITCH = 0.9, 2.5
_USUAL_PITCH = 1.2
_MIN_INDENT, _MAX_INDENT = 0.7, 4.0
_LETTER_WIDTH = 0.5
_SENTENCE_END = (".", "!", "?", ":")


def blocks_of_lines(lines: Sequence[Line], outline: Sequence[Bookmark] = ()) -> tuple[TextBlock, ...]:
    """Return the headings and paragraphs of a PDF, without running lines, page numbers and contents lists.

    A paragraph ends at a gap or at an indented line. The end of a column or page ends it only where
    its sentence may end there, and smaller text between the halves (a footnote) comes after. Lines
    that reach the border of their column are joined to the next; a hyphen there is left for
    `mend_lines`, which knows the words of the document. Headings lose their numbers.

    Args:
        lines: The lines of all pages in reading order.
        outline: The bookmarks, empty if there are none.

    Returns:
        Blocks whose ``line`` counts the lines that are kept, from 1: a PDF has no lines of its own.
    """
    if not lines:
        return ()
    lines = without_margins(lines, _body(lines).size)
    contents = contents_lines([line.text.replace(_CELL, "    ") for line in lines])
    lines = [line for position, line in enumerate(lines) if position not in contents]
    if not lines:
        return ()
    body = _body(lines)
    groups = _grouped(lines, body)
    parts: list[_Part] = []
    number = 1
    for group, level in zip(groups, heading_levels(groups, body, outline), strict=True):
        before = _unfinished(parts, group, body) if level is None else None
        if before:
            before.lines += group.lines
        else:
            parts.append(_Part(list(group.lines), number, level))
        number += len(group.lines)
    return tuple(part.block() for part in parts)


@dataclass(slots=True)
class _Part:
    """A heading or paragraph that is being put together."""

    lines: list[Line]
    number: int
    level: int | None

    def block(self) -> TextBlock:
        text = _flowing(self.lines)
        if self.level is None:
            return TextBlock(text, self.number)
        title = without_number(" ".join(text.split()))
        return TextBlock(title.rstrip(":") or title, self.number, self.level)


def _body(lines: Sequence[Line]) -> Body:
    """Return how most letters are set, and the commonest distance of two lines of that size."""
    letters: Counter[tuple[float, bool]] = Counter()
    for line in lines:
        letters[line.size, line.bold] += len(line.text)
    size, bold = max(letters, key=lambda style: (letters[style], style))
    pitches: Counter[float] = Counter()
    for before, line in pairwise(lines):
        pitch = (before.baseline - line.baseline) / line.size if line.size else 0.0
        alike = before.size == line.size == size and abs(before.left - line.left) < size
        if alike and before.page == line.page and _MIN_PITCH < pitch < _MAX_PITCH:
            pitches[round(pitch, 1)] += 1
    return Body(size, bold, max(pitches, key=lambda pitch: (pitches[pitch], -pitch), default=_USUAL_PITCH))


def _grouped(lines: Sequence[Line], body: Body) -> list[Group]:
    """Return the lines in groups, cut wherever one cannot belong to the one before."""
    starts = [0, *(i + 1 for i, (before, line) in enumerate(pairwise(lines)) if _begins(before, line, body))]
    gaps = [True, *(_gap(before, line, body) for before, line in pairwise(lines)), True]
    return [
        Group(tuple(lines[start:end]), apart=gaps[start] and gaps[end])
        for start, end in zip(starts, [*starts[1:], len(lines)], strict=True)
    ]


def _gap(before: Line, line: Line, body: Body) -> bool:
    """Tell whether two lines are parted by white space, or by the border of a column or page."""
    distance = before.baseline - line.baseline
    limit = _PARAGRAPH_GAP * body.pitch * max(before.size, line.size)
    return before.page != line.page or before.column != line.column or not 0 <= distance <= limit


def _begins(before: Line, line: Line, body: Body) -> bool:
    if _gap(before, line, body) or abs(before.size - line.size) > _SAME_SIZE * body.size:
        return True
    if before.right < line.left or line.right < before.left:
        return True  # cells of a table that stand at different heights
    if (_CELL in before.text) != (_CELL in line.text) or (line.bold and numbered(line.text)):
        return True
    ended = before.text.endswith(_SENTENCE_END)
    if before.bold != line.bold:
        return ended or not _full(before, line)
    indent = (line.left - before.left) / (line.size or 1.0)
    return ended and _MIN_INDENT <= indent <= _MAX_INDENT and before.left - before.column[0] < line.size


def _full(before: Line, line: Line) -> bool:
    """Tell whether the first word of a line would not have found room at the end of the line before."""
    word = line.text.split(maxsplit=1)[0]
    return before.right + (len(word) + 1) * _LETTER_WIDTH * before.size > before.column[1]


def _flowing(lines: Sequence[Line]) -> str:
    text = lines[0].text
    for before, line in pairwise(lines):
        broken = before.text.endswith("-") or starts_item(line.text) or _CELL in before.text or _CELL in line.text
        text += f"\n{line.text}" if broken or not _full(before, line) else f" {line.text}"
    return text


def _unfinished(parts: Sequence[_Part], group: Group, body: Body) -> _Part | None:
    """Return the paragraph, on the page or in the column before, that a group goes on with."""
    first = group.lines[0]
    for part in reversed(parts):
        last = part.lines[-1]
        if part.level is not None or last.page < first.page - 1:
            return None
        smaller = last.size < first.size - _SAME_SIZE * body.size
        if smaller:
            continue
        elsewhere = last.page != first.page or last.column != first.column
        alike = abs(last.size - first.size) <= _SAME_SIZE * body.size
        texts = [line.text for line in group.lines]
        return part if elsewhere and alike and _CELL not in last.text and goes_on([last.text], texts) else None
    return None
