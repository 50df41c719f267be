"""How a heading is written: what the first lines of a block of plain text say about themselves."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import IntEnum
from itertools import pairwise
from typing import TYPE_CHECKING

from embedtune.corpus.kinds import infinitive
from embedtune.corpus.line_breaks import ends_openly

if TYPE_CHECKING:
    from collections.abc import Sequence

_MAX_WORDS = 16
_MAX_WORDS_WRAPPED = 24
_MAX_CHARACTERS = 120
_WRAPPED_LINES = 2
_WRAPPED_SHARE = 0.8
_LONG_QUANTILE = 0.9
_MIN_WORDS_BEFORE_COLON = 4
_MIN_LETTERS = 3
_UNDERLINE = re.compile(r"^\s*([=\-~^*#])\1{2,}\s*$")
_NUMBERED = re.compile(r"^\s*((?:\d{1,2}|[A-Z])(?:\.\d{1,3})*)[.)]?\s+(\S.*)$")
_ARTICLE = re.compile(r"^[AI]\s")
_WORDED_NUMBER = re.compile(
    r"^\s*(chapter|section|part|appendix)\s+([0-9IVXA-Z]{1,4})\b[\s:.\-\u2013\u2014]*(.*)$", re.IGNORECASE
)
_UNIT = re.compile(r"(?:[AVWM]|K?VA|[KMG]?HZ|[MC]M|[KM]W|KG|NM|BAR|PSI|AH|V?[AD]C|°C?|%|Ω)(?!\w)", re.IGNORECASE)
_TABLE = re.compile(r"\S\s*\|\s*\S|\S\s{3,}\S|\t")
_LIST_ITEM = re.compile(r"^\s*(?:[-*•▪\u2013]|\(?[a-z0-9]{1,2}[.)])\s+", re.IGNORECASE)
_ADMONITION = re.compile(
    r"^\s*(?:warning|caution|note|tip|danger|notice|important|attention)\s*(?:[:!.]|\s\s|$)", re.IGNORECASE
)
_CODE = re.compile(r"[<>{}=\\`$]|https?://|\w#|::|\w\(\)|^\W*\w+/\w+/")
_LEAD_IN = re.compile(r"\b(?:following|below|these|this|as follows)\b", re.IGNORECASE)


class Rank(IntEnum):
    """Styles of headings from the highest to the lowest; the depth of a number or underline is added."""

    UNDERLINED = 0
    NUMBERED = 10
    CAPITALS = 20
    TITLE = 30
    INNER = 40


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading found in plain text: its words without number or underline, and its rank (lower is higher)."""

    text: str
    rank: int


@dataclass(frozen=True, slots=True)
class Layout:
    """What a document shows of its layout.

    Attributes:
        width: The length of its long lines, in characters.
        chapters: The numbers that have sections: ``2`` where a line begins ``2.1 Bleeding``.
    """

    width: float
    chapters: frozenset[str] = frozenset()


def layout_of(lines: Sequence[str]) -> Layout:
    """Return the layout of a document, given all its lines that are not blank."""
    lengths = sorted(len(line.rstrip()) for line in lines) or [0]
    matches = (_NUMBERED.match(line) for line in lines)
    numbers = (match.group(1) for match in matches if match)
    chapters = frozenset(number.partition(".")[0] for number in numbers if "." in number)
    return Layout(float(lengths[int(_LONG_QUANTILE * (len(lengths) - 1))]), chapters)


def leading_heading(lines: Sequence[str], layout: Layout) -> tuple[Heading | None, int]:
    """Return the heading that a block begins with, and how many of its lines that takes.

    Args:
        lines: The lines of the block, at least one.
        layout: The document's layout.
    """
    underlined, used = underlined_heading(lines)
    if underlined:
        return underlined, used
    if len(lines) == _WRAPPED_LINES and _wraps(lines[0], lines[1], layout.width):
        joined = f"{lines[0].strip()} {lines[1].strip()}"
        return _styled(joined, "", layout, _MAX_WORDS_WRAPPED), _WRAPPED_LINES
    following = lines[1].strip() if len(lines) > 1 else ""
    return _styled(lines[0].strip(), following, layout, _MAX_WORDS), 1


def underlined_heading(lines: Sequence[str]) -> tuple[Heading | None, int]:
    """Return the underlined (or under- and overlined) heading that some lines begin with, and its lines."""
    over = int(bool(_UNDERLINE.match(lines[0])))
    if len(lines) <= 1 + over or not _UNDERLINE.match(lines[1 + over]):
        return None, 0
    title, line = lines[over].strip(), lines[1 + over].strip()
    if (over and lines[0].strip()[0] != line[0]) or not _title_like(title):
        return None, 0
    depth = {"=": 1, "-": 2}.get(line[0], 3)
    return Heading(_without_number(title), Rank.UNDERLINED + depth - over * (depth == 1)), 2 + over


def is_contents_block(lines: Sequence[str]) -> bool:
    """Tell whether a block lists numbered titles, so that none of them is a heading here.

    A chapter's heading with its first section's right below is no list: each number goes deeper.
    """
    numbers = [match.group(1) for line in lines if (match := _NUMBERED.match(line)) and _title_like(line.strip())]
    depths = [number.count(".") for number in numbers]
    return len(depths) == len(lines) and any(second <= first for first, second in pairwise(depths))


def _styled(line: str, following: str, layout: Layout, max_words: int) -> Heading | None:
    """Return the heading that a line is by its words, if it is one; it stands alone if nothing follows."""
    alone = not following
    unfinished = ends_openly(line) or line.count("(") > line.count(")")
    if unfinished or not _title_like(line, max_words, alone=alone):
        return None
    numbered = _numbered(line, following, layout.chapters)
    if numbered:
        return numbered
    if _is_capitals(line) and (alone or not _is_capitals(following)):
        return Heading(line, Rank.CAPITALS)
    if alone and line[0].isupper() and not _ADMONITION.match(line) and not _CODE.search(line):
        return Heading(line, Rank.TITLE)
    return None


def _wraps(first: str, second: str, width: float) -> bool:
    """Tell whether a block of two lines reads as one title: the first line cannot end where it does."""
    first, second = first.strip(), second.strip()
    if first[-1] in ".;:!?" or _TABLE.search(first) or _LIST_ITEM.match(second) or second[-1] in ",(":
        return False
    unclosed = first.count("(") > first.count(")")
    long = len(first) >= _WRAPPED_SHARE * width
    return unclosed or ends_openly(first) or long


def _title_like(line: str, max_words: int = _MAX_WORDS, *, alone: bool = False) -> bool:
    """Tell whether a line could be a title at all: short, no sentence, no table row, no list item."""
    words = line.split()
    if not 1 <= len(words) <= max_words or len(line) > _MAX_CHARACTERS * max_words / _MAX_WORDS:
        return False
    if line[-1] in ".;,!…" or (line[-1] == ":" and not (alone and _task_with_colon(words))):
        return False
    if (_TABLE.search(line) and not _NUMBERED.match(line)) or line.startswith(("-", "*", "•", "▪", "|", "(")):
        return False
    return any(character.isalpha() for character in line)


def _task_with_colon(words: Sequence[str]) -> bool:
    """Tell whether words that end with a colon name a task (``Bleeding the front brakes:``) and open no list."""
    line = " ".join(words)
    return len(words) >= _MIN_WORDS_BEFORE_COLON and bool(infinitive(words[0].lower())) and not _LEAD_IN.search(line)


def _numbered(line: str, following: str, chapters: frozenset[str]) -> Heading | None:
    worded = _WORDED_NUMBER.match(line)
    if worded and not following:
        return Heading(worded.group(3).strip() or line, Rank.NUMBERED + 1)
    match = _NUMBERED.match(line)
    if not match or _ARTICLE.match(line):
        return None
    number, title = match.group(1), match.group(2).strip()
    if not (title[0].isupper() or title[0].isdigit()) or _TABLE.search(title):
        return None
    if "." not in number and not _is_chapter(line, title, following, known=number in chapters):
        return None
    return Heading(title, Rank.NUMBERED + number.count(".") + 1)


def _is_chapter(line: str, title: str, following: str, *, known: bool) -> bool:
    """Tell whether a line with a number of one part is a chapter's heading, not a step, a part or a quantity."""
    if _UNIT.match(title):
        return False
    if _is_capitals(title):
        return True
    if not line[0].isdigit():
        return False
    right_above = bool(following) and following.startswith(f"{line.split(maxsplit=1)[0].rstrip('.)')}.")
    return (known and (not following or right_above)) or (not following and not _LIST_ITEM.match(line))


def _without_number(line: str) -> str:
    match = _NUMBERED.match(line)
    return match.group(2).strip() if match and not match.group(1).isalpha() else line


def _is_capitals(line: str) -> bool:
    letters = [character for character in line if character.isalpha()]
    return len(letters) >= _MIN_LETTERS and all(letter.isupper() for letter in letters) and not _ADMONITION.match(line)
