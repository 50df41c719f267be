"""What a page carries beside its text: its number, its running header and footer."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

from embedtune.corpus.readers.contents_list import contents_lines

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

_NUMBER = r"(?:[A-Z\d]{1,3}-)?(?:\d{1,4}|[ivxlc]{1,7})"
_PAGE_LINE = re.compile(
    rf"^\s*(?:[-\u2013\u2014]\s*{_NUMBER}\s*[-\u2013\u2014]"
    rf"|\[?\s*page\s*[|:]?\s*{_NUMBER}(?:\s*(?:of|/)\s*\d{{1,4}})?\s*\]?"
    rf"|{_NUMBER}\s*\|\s*page)\s*$",
    re.IGNORECASE,
)
_BARE_NUMBER = re.compile(r"^\s*(?:(\d{1,2})-)?(\d{1,4})(?:\s*(?:of|/)\s*\d{1,4})?\s*$")
_CHAPTER = re.compile(r"^\s*(?:chapter|section|part|appendix)\s+\S{1,4}\b", re.IGNORECASE)
_MIN_PAGES = 3
_MIN_NUMBERED_PAGES = 5
_MIN_PAGE_LINES = 6
_MAX_RUNNING_WORDS = 12
_MAX_RUNNING_CHARACTERS = 90
_RUNNING_SHARE = 0.75


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a text file: its 1-based number, its text, and whether a page break lies right above it."""

    number: int
    text: str
    after_break: bool = False

    @property
    def blank(self) -> bool:
        """Whether nothing is on the line."""
        return not self.text.strip()


def without_furniture(text: str) -> list[Line]:
    """Return the lines of a text without page numbers, running headers and footers, and contents lists.

    Page numbers are lines such as ``- 7 -`` or ``Page 7 of 90``, and bare numbers that stand alone
    and count up from page to page. A running line is short, says the same beside at least three page
    breaks (but for a number: beside nearly all), and hardly ever stands elsewhere; it may have two lines.

    Args:
        text: A whole file; form feeds are page breaks.
    """
    lines = list(_split(text))
    lines = _dropped(lines, _page_lines(lines))
    outer = _running_lines(lines, _could_run(lines))
    beside_outer = {lines[position].number + step for position in outer for step in (-1, 1)}
    lines = _dropped(lines, outer)
    inner = {position for position in _could_run(lines) if lines[position].number in beside_outer}
    lines = _dropped(lines, _running_lines(lines, inner))
    contents = contents_lines([line.text for line in lines])
    return [line for position, line in enumerate(lines) if position not in contents]


def _split(text: str) -> Iterator[Line]:
    """Yield the lines; a form feed ends a line, and the rest keeps the number it has in the file."""
    for number, raw in enumerate(text.split("\n"), start=1):
        first, *later = raw.split("\f")
        if first.strip() or not later:
            yield Line(number, first)
        for piece in later:
            yield Line(number, piece, after_break=True)


def _dropped(lines: Sequence[Line], furniture: set[int]) -> list[Line]:
    """Return the lines without those at some positions, which become breaks above what follows."""
    kept: list[Line] = []
    pending = False
    for position, line in enumerate(lines):
        pending = pending or line.after_break or position in furniture
        if position in furniture:
            continue
        blank = line.blank
        after_break = pending and not blank
        kept.append(line if after_break == line.after_break else replace(line, after_break=after_break))
        pending = pending and blank
    return kept


def _page_lines(lines: Sequence[Line]) -> set[int]:
    return {position for position, line in enumerate(lines) if _PAGE_LINE.match(line.text)} | _counting_numbers(lines)


def _counting_numbers(lines: Sequence[Line]) -> set[int]:
    """Return the positions of bare numbers that stand alone and count up, with text between them."""
    chains: dict[tuple[int, int], list[int]] = {}
    written = 0
    written_at: dict[int, int] = {}
    for position, line in enumerate(lines):
        written += not line.blank
        written_at[position] = written
        match = _BARE_NUMBER.match(line.text)
        if not match or not _stands_alone(lines, position):
            continue
        chapter, page = int(match.group(1) or 0), int(match.group(2))
        before = chains.get((chapter, page - 1)) or chains.get((chapter, page - 2)) or []
        if before and written - written_at[before[-1]] <= _MIN_PAGE_LINES:
            continue
        chains[chapter, page] = [*before, position]
    return {position for chain in chains.values() if len(chain) >= _MIN_PAGES for position in chain}


def _stands_alone(lines: Sequence[Line], position: int) -> bool:
    above = position == 0 or lines[position - 1].blank or lines[position].after_break
    below = position + 1 == len(lines) or lines[position + 1].blank or lines[position + 1].after_break
    return above and below


def _running_lines(lines: Sequence[Line], beside: set[int]) -> set[int]:
    """Return which of the positions beside breaks hold running lines."""
    breaks = sum(line.after_break for line in lines)
    running = _recurring(lines, beside, _exact, _MIN_PAGES)
    return running | _recurring(lines, beside, _without_digits, max(_MIN_NUMBERED_PAGES, _RUNNING_SHARE * breaks))


def _recurring(lines: Sequence[Line], beside: set[int], form: Callable[[str], str], least: float) -> set[int]:
    """Return the positions beside breaks of the lines that recur there, and hardly elsewhere, in one form."""
    near = Counter(form(lines[position].text) for position in beside)
    total = Counter(form(line.text) for line in lines if not line.blank)
    running = {words for words, count in near.items() if count >= max(least, _RUNNING_SHARE * total[words])}
    return {position for position in beside if form(lines[position].text) in running}


def _could_run(lines: Sequence[Line]) -> set[int]:
    """Return the positions of the short lines right above and right below page breaks; the end of a text is one."""
    written = [position for position, line in enumerate(lines) if not line.blank]
    beside: set[int] = set(written[-1:])
    for above, position in pairwise([-1, *written]):
        if lines[position].after_break:
            beside |= {above, position} - {-1}
    return {position for position in beside if _is_short(lines[position].text) and not _ends_paragraph(lines, position)}


def _is_short(text: str) -> bool:
    return len(text.split()) <= _MAX_RUNNING_WORDS and len(text.strip()) <= _MAX_RUNNING_CHARACTERS


def _ends_paragraph(lines: Sequence[Line], position: int) -> bool:
    """Tell whether a line ends a sentence right below another line."""
    return position > 0 and not lines[position - 1].blank and lines[position].text.rstrip().endswith((".", "!", "?"))


def _exact(text: str) -> str:
    return " ".join(text.split()).casefold()


def _without_digits(text: str) -> str:
    """Return a line with its numbers made equal, for a header that holds the page number; no chapter's number."""
    return _exact(text) if _CHAPTER.match(text) else re.sub(r"\d+", "0", _exact(text))
