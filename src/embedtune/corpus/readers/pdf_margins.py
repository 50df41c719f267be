"""Running headers, footers and page numbers of a PDF, told by where they stand on its pages."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from embedtune.corpus.readers.pdf_layout import Line

_Place = tuple[str, int]
_MIN_PAGES = 3
_OUTER_ROWS = 3
_ROW_STEP = 2.0
_HEIGHT_STEP = 4.0
_MARGIN_GAP = 1.7
_NUMBER = re.compile(r"\d+|\b[ivxlc]+\b")
_FIRST_NUMBER = re.compile(r"^(\d{1,4})\b(?![.,])")
_LAST_NUMBER = re.compile(r"(?<![\d.,-])\b(\d{1,4})$")
_PAGE_NUMBER = re.compile(r"^\W*(?:page)?\W*(\d{1,4})\W*(?:(?:of|/)\s*\d{1,4})?\W*$", re.IGNORECASE)
_CHAPTER = re.compile(r"^\s*(?:chapter|section|part|appendix)\s+\S{1,4}\b", re.IGNORECASE)


def without_margins(lines: Sequence[Line], body_size: float) -> list[Line]:
    """Return the lines without running headers, footers and page numbers.

    Such a line stands above or below the text of its page. At its height at least three pages (both
    of two pages, if it is set smaller than the text) say the same, or the same but for numbers, or
    begin or end with a number that counts the pages. A line of which only the number differs stays
    where it is set larger than the text, or is a chapter's. A page's own number at its foot always goes.

    Args:
        lines: The lines of all pages.
        body_size: The size of most of the text.
    """
    pages: defaultdict[int, list[Line]] = defaultdict(list)
    for line in lines:
        pages[line.page].append(line)
    margins = {number: _margin_lines(page, body_size) for number, page in pages.items()}
    counts: Counter[_Place] = Counter()
    for margin in margins.values():
        counts.update({place for line in margin for say in _sayings(line, body_size) for place in _places(say, line)})

    def is_running(line: Line) -> bool:
        least = _MIN_PAGES if line.size >= body_size else min(_MIN_PAGES, max(2, len(pages)))
        said = (max(counts[place] for place in _places(say, line)) for say in _sayings(line, body_size))
        return max(said, default=0) >= least

    furniture = {
        id(line)
        for number, margin in margins.items()
        for line in margin
        if is_running(line) or _is_page_number(line, pages[number])
    }
    return [line for line in lines if id(line) not in furniture]


def _margin_lines(page: Sequence[Line], body_size: float) -> list[Line]:
    """Return the lines of the up to three outermost rows that a gap, or their size, sets off from the text."""
    top_down = sorted(page, key=lambda line: -line.baseline)
    return [*_set_off(top_down, body_size), *_set_off(top_down[::-1], body_size)]


def _set_off(inwards: Sequence[Line], body_size: float) -> list[Line]:
    found: list[Line] = []
    rows = 0
    for line, following in pairwise(inwards):
        found.append(line)
        distance = abs(line.baseline - following.baseline)
        rows += distance > _ROW_STEP
        if distance > _MARGIN_GAP * max(line.size, following.size):
            return found
        if rows >= _OUTER_ROWS:
            break
    return [line for line in found if line.size != body_size]


def _sayings(line: Line, body_size: float) -> Iterator[str]:
    """Yield what a line may have in common with the same line of other pages."""
    text = " ".join(line.text.split()).casefold()
    yield f"words {text}"
    if line.size <= body_size and not _CHAPTER.match(text):
        yield f"form {_NUMBER.sub('0', text)}"
    for end in (_FIRST_NUMBER.match(text), _LAST_NUMBER.search(text)):
        if end:
            yield f"page number off by {int(end.group(1)) - line.page}"


def _places(saying: str, line: Line) -> Iterator[_Place]:
    """Yield what a line says with the two steps of height nearest to where it stands."""
    step = round(line.baseline / _HEIGHT_STEP)
    yield saying, step
    yield saying, step + (1 if line.baseline / _HEIGHT_STEP >= step else -1)


def _is_page_number(line: Line, page: Sequence[Line]) -> bool:
    match = _PAGE_NUMBER.match(line.text)
    if not match or int(match.group(1)) != line.page + 1:
        return False
    return line.baseline == min(other.baseline for other in page)
