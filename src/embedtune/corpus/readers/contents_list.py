"""Lines of a printed table of contents: ``Bleeding the brakes ........ 12``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_LEADER = re.compile(r"^\s*(\S.*?)\s*(?:(?:\.\s?){4,}|(?:…\s?){2,}|(?:_\s?){4,})\s*(\S.*)?$")
_COLUMN = re.compile(r"^\s*(\S.*?)(?:\s{2,}|\t+)(\d{1,4})\s*$")
_PAGE = re.compile(r"^(?:(\d{1,2})-)?(\d{1,4})$")
_ROMAN = re.compile(r"^[ivxlc]{1,7}$", re.IGNORECASE)
_HEADING = re.compile(r"^\s*(?:table\s+of\s+)?contents\s*:?\s*$", re.IGNORECASE)
_NUMBER = re.compile(r"^(?:\d{1,2}(?:\.\d{1,3})*|[A-Z])[.)]?\s+")
_MAX_CHARACTERS = 300
_MIN_ENTRIES = 3
_PAGES_PER_CHAPTER = 10_000


def contents_lines(lines: Sequence[str]) -> frozenset[int]:
    """Return the positions of the lines that belong to a printed table of contents.

    Dots (or, weaker evidence, wide space) lead from a title to a page number. Such a line is an
    entry where at least three in a row never count down, which a row of technical data written
    with dots rarely does, or where its title stands elsewhere in the document on a line of its own.
    With wide space both must hold. ``Contents`` right above the first entry goes with it.

    Args:
        lines: All lines of a document.
    """
    titles = {_bare(line) for line in lines if line.strip()}
    dotted = _entries(lines, _LEADER)
    entries = _counting_up(dotted, lines)
    entries |= {entry.position for entry in dotted if entry.page is not None and entry.title in titles}
    spaced = [entry for entry in _entries(lines, _COLUMN) if entry.title in titles]
    entries |= _counting_up(spaced, lines)
    return frozenset(entries | _heading_above(min(entries), lines)) if entries else frozenset()


@dataclass(frozen=True, slots=True)
class _Entry:
    position: int
    title: str
    page: int | None


def _entries(lines: Sequence[str], pattern: re.Pattern[str]) -> list[_Entry]:
    found: list[_Entry] = []
    for position, line in enumerate(lines):
        match = pattern.match(line) if len(line) <= _MAX_CHARACTERS else None
        title = _bare(match.group(1)) if match else ""
        if match and any(character.isalpha() for character in title):
            found.append(_Entry(position, title, _page(match.group(2) or "")))
    return found


def _counting_up(entries: Sequence[_Entry], lines: Sequence[str]) -> set[int]:
    """Return the positions of the entries in runs, with nothing but blank lines between, that never count down."""
    runs: list[list[_Entry]] = []
    for entry in entries:
        if runs and not any(line.strip() for line in lines[runs[-1][-1].position + 1 : entry.position]):
            runs[-1].append(entry)
        else:
            runs.append([entry])
    return {entry.position for run in runs if len(run) >= _MIN_ENTRIES and _rises(run) for entry in run}


def _rises(run: Sequence[_Entry]) -> bool:
    pages = [entry.page for entry in run if entry.page is not None]
    return len(pages) == len(run) and all(first <= second for first, second in pairwise(pages))


def _page(text: str) -> int | None:
    """Return a page number as an integer, 0 for the roman ones of front matter, ``None`` if it is none."""
    text = text.strip()
    match = _PAGE.match(text)
    if match:
        return int(match.group(1) or 0) * _PAGES_PER_CHAPTER + int(match.group(2))
    return 0 if _ROMAN.match(text) else None


def _heading_above(position: int, lines: Sequence[str]) -> set[int]:
    above = next((line for line in range(position - 1, -1, -1) if lines[line].strip()), None)
    return {above} if above is not None and _HEADING.match(lines[above]) else set()


def _bare(title: str) -> str:
    return _NUMBER.sub("", " ".join(title.split())).casefold().rstrip(".: ")
