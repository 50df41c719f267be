"""Which groups of a PDF's lines are headings, and of which level."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from embedtune.corpus.line_breaks import ends_openly, starts_item

if TYPE_CHECKING:
    from collections.abc import Sequence

    from embedtune.corpus.readers.pdf_layout import Line

MAX_LEVEL = 6
_NUMBER = re.compile(r"^((?:\d{1,3}|[A-Z](?=\.\d))(?:\.\d{1,3}){0,5})[.)]?\s+(?=\S)")
_ADMONITION = re.compile(r"^\W*(?:warning|caution|note|tip|danger|notice|important|attention)\W*$", re.IGNORECASE)
_LARGER = 1.08
_NOT_SMALLER = 0.95
_MAX_WORDS = 24
_MAX_BOLD_WORDS = 16
_MAX_NUMBERED_WORDS = 12
_MAX_LINES = 4
_MAX_SENTENCE_WORDS = 8
_MIN_LETTERS = 2
_MIN_WORDS_BEFORE_COLON = 3


@dataclass(frozen=True, slots=True)
class Bookmark:
    """An entry of a PDF's outline.

    Attributes:
        title: Its words.
        level: 1 for the highest.
        page: The page it leads to, from 0, if it says so.
    """

    title: str
    level: int
    page: int | None = None


@dataclass(frozen=True, slots=True)
class Body:
    """How most of a document's text is set: the size of its letters, their weight, and the pitch of its lines.

    ``pitch`` is the distance of two baselines as a multiple of the size.
    """

    size: float
    bold: bool
    pitch: float


@dataclass(frozen=True, slots=True)
class Group:
    """Lines that belong together: a paragraph, a heading, rows of a table.

    Attributes:
        lines: The lines, at least one.
        apart: Whether white space, or a column's or page's border, lies above and below.
    """

    lines: tuple[Line, ...]
    apart: bool

    @property
    def text(self) -> str:
        """The words of all lines."""
        return " ".join(" ".join(line.text for line in self.lines).split())


@dataclass(frozen=True, slots=True)
class _Style:
    """What ranks a heading: larger, then bold, then fewer parts in its number comes first."""

    size: float
    bold: bool
    depth: int

    @property
    def rank(self) -> tuple[float, bool, int]:
        return (-self.size, not self.bold, self.depth)


def heading_levels(groups: Sequence[Group], body: Body, outline: Sequence[Bookmark]) -> list[int | None]:
    """Return for each group the level of the heading that it is, ``None`` for text.

    A heading is named in the outline, or larger than the text, or bold where the text is not, or
    stands apart with a number of several parts. Its level is the outline's. Where the outline has
    it not, or there is none, it is that of other headings in its style, and styles rank by size,
    weight and depth of number.
    """
    named = _Outline(outline)
    levels: list[int | None] = [named.level(group) for group in groups]
    styles: list[_Style | None] = [
        _style(group, body) if level or _looks_like_heading(group, body) else None
        for group, level in zip(groups, levels, strict=True)
    ]
    seen: defaultdict[_Style, Counter[int]] = defaultdict(Counter)
    for style, level in zip(styles, levels, strict=True):
        if style and level:
            seen[style][level] += 1
    by_style: dict[_Style, int] = {}
    last = 0
    for style in sorted({style for style in styles if style}, key=lambda style: style.rank):
        known = seen.get(style)
        last = min(MAX_LEVEL, max(known, key=lambda level: (known[level], -level)) if known else last + 1)
        by_style[style] = last
    return [level or (by_style[style] if style else None) for style, level in zip(styles, levels, strict=True)]


def without_number(title: str) -> str:
    """Return a title without its number: ``2.1 Bleeding`` is ``Bleeding``."""
    return _NUMBER.sub("", title)


def numbered(text: str) -> bool:
    """Tell whether a line begins with a number of several parts, as ``2.1 Bleeding`` does."""
    match = _NUMBER.match(text)
    return bool(match and "." in match.group(1))


class _Outline:
    """The titles of an outline, to be found again on their pages."""

    def __init__(self, outline: Sequence[Bookmark]) -> None:
        self._by_title: defaultdict[str, list[Bookmark]] = defaultdict(list)
        for bookmark in outline:
            self._by_title[_bare(bookmark.title)].append(bookmark)

    def level(self, group: Group) -> int | None:
        """Return the level of the bookmark that has a group's words and leads to its page, or the one beside."""
        if not self._by_title or len(group.lines) > _MAX_LINES:
            return None
        page = group.lines[0].page
        matching = self._by_title.get(_bare(group.text), [])
        levels = [mark.level for mark in matching if mark.page is None or abs(mark.page - page) <= 1]
        return min(levels[0], MAX_LEVEL) if levels else None


def _bare(title: str) -> str:
    return "".join(filter(str.isalnum, without_number(" ".join(title.split())).casefold()))


def _style(group: Group, body: Body) -> _Style:
    size = max(line.size for line in group.lines)
    match = _NUMBER.match(group.text)
    size = body.size if abs(size - body.size) < (_LARGER - 1) * body.size else size
    return _Style(size, all(line.bold for line in group.lines), match.group(1).count(".") + 1 if match else 1)


def _looks_like_heading(group: Group, body: Body) -> bool:
    text = group.text
    words = len(text.split())
    if len(group.lines) > _MAX_LINES or not _title_like(text, words) or (ends_openly(text) and not group.apart):
        return False
    size = min(line.size for line in group.lines)
    if size >= _LARGER * body.size:
        return words <= _MAX_WORDS
    bold = all(line.bold for line in group.lines) and not body.bold
    if bold and size >= _NOT_SMALLER * body.size and (text[0].isupper() or text[0].isdigit()):
        return words <= _MAX_BOLD_WORDS
    alone = group.apart and len(group.lines) == 1 and words <= _MAX_NUMBERED_WORDS
    return alone and numbered(text) and without_number(text)[0].isupper() and text[-1] not in ".:;,"


def _title_like(text: str, words: int) -> bool:
    if sum(map(str.isalpha, text)) < _MIN_LETTERS or " | " in text or _ADMONITION.match(text):
        return False
    if text.count("(") != text.count(")"):
        return False
    if starts_item(text) and not _NUMBER.match(text):
        return False
    if text[-1] == ":":
        return words >= _MIN_WORDS_BEFORE_COLON
    return text[-1] not in ",;" and not (text[-1] == "." and words > _MAX_SENTENCE_WORDS)
