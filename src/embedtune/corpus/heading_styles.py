"""How a heading is written: what the first lines of a block of plain text say about themselves."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from embedtune.corpus.kinds import infinitive
from embedtune.corpus.line_breaks import ends_openly

_MAX_WORDS = 16
_MAX_WORDS_WRAPPED = 24
_MAX_CHARACTERS = 120
_WRAPPED_SHARE = 0.8
_UNDERLINE = re.compile(r"^\s*([=\-~^*#_+])\1{2,}\s*$")
_NUMBERED = re.compile(r"^\s*((?:\d{1,2}|[A-Z](?=[.)\d]|\s+\S))(?:\.\d{1,3})*)[.)]?\s+(\S.*)$")
_WORDED_NUMBER = re.compile(r"^\s*(chapter|section|part|appendix)\s+([0-9IVXA-Z]{1,4})\b[\s:.\-–—]*(.*)$", re.IGNORECASE)
_UNIT = re.compile(r"(?:[AVWGML]|k?VA|[kmMG]?Hz|HZ|[kmc]m|[kKM]W|k?g|KG|MM|CM|Nm|NM|[bB]ar|BAR|PSI|psi|Ah|AH|V?[AD]C|°|%|Ω)(?!\w)")
_TABLE = re.compile(r"\S\s*\|\s*\S|\S\s{3,}\S|\t")
_LIST_ITEM = re.compile(r"^\s*(?:[-*•▪–]|\(?[a-z0-9]{1,2}[.)])\s+", re.IGNORECASE)
_ADMONITION = re.compile(r"^\s*(?:warning|caution|note|tip|danger|notice|important|attention)\s*(?:[:!.]|\s\s|$)", re.IGNORECASE)
_CODE = re.compile(r"[<>{}=\\`$]|https?://|\w#|::|\w\(\)|^\W*\w+/\w+/")
_LEAD_IN = re.compile(r"\b(?:following|below|these|this|as follows)\b", re.IGNORECASE)
_MIN_WORDS_BEFORE_COLON = 4


class Rank(IntEnum):
    """Styles of headings from the highest to the lowest; the depth of a number or underline is added."""

    UNDERLINED = 0
    NUMBERED = 10
    CAPITALS = 20
    TITLE = 30


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading found in plain text: its words without number or underline, and its rank (lower is higher)."""

    text: str
    rank: int


def leading_heading(lines: Sequence[str], width: float) -> tuple[Heading | None, int]:
    """Return the heading that a block begins with, and how many of its lines that takes.

    Args:
        lines: The lines of the block, at least one.
        width: The length that the long lines of the document have, in characters.
    """
    underlined, used = underlined_heading(lines)
    if underlined:
        return underlined, used
    alone = len(lines) == 1
    if len(lines) == 2 and _wraps(lines[0], lines[1], width):
        joined = f"{lines[0].strip()} {lines[1].strip()}"
        return _styled(joined, alone=True, following="", max_words=_MAX_WORDS_WRAPPED), 2
    following = "" if alone else lines[1].strip()
    return _styled(lines[0].strip(), alone=alone, following=following, max_words=_MAX_WORDS), 1


def underlined_heading(lines: Sequence[str]) -> tuple[Heading | None, int]:
    """Return the underlined (or under- and overlined) heading that some lines begin with, and its lines."""
    over = int(len(lines) > 2 and bool(_UNDERLINE.match(lines[0])))
    if len(lines) < 2 + over or not _UNDERLINE.match(lines[1 + over]):
        return None, 0
    title, line = lines[over].strip(), lines[1 + over].strip()
    if (over and lines[0].strip()[0] != line[0]) or not _title_like(title, _MAX_WORDS):
        return None, 0
    depth = {"=": 1, "-": 2}.get(line[0], 3)
    return Heading(_without_number(title), Rank.UNDERLINED + depth - over * (depth == 1)), 2 + over


def is_contents_block(lines: Sequence[str]) -> bool:
    """Tell whether a block lists numbered titles, so that none of them is a heading here.

    A chapter's heading with its first section's right below is none: each number goes deeper.
    """
    depths = [match.group(1).count(".") for line in lines if (match := _NUMBERED.match(line)) and _title_like(line.strip(), _MAX_WORDS)]
    return len(lines) > 1 and len(depths) == len(lines) and any(b <= a for a, b in zip(depths, depths[1:], strict=False))


def _styled(line: str, *, alone: bool, following: str, max_words: int) -> Heading | None:
    """Return the heading that one line is by its words, if it is one."""
    if not _title_like(line, max_words, alone=alone):
        return None
    numbered = _numbered(line, alone=alone)
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


def _title_like(line: str, max_words: int, *, alone: bool = False) -> bool:
    """Tell whether a line could be a title at all: short, no sentence, no table row, no list item."""
    words = line.split()
    if not 1 <= len(words) <= max_words or len(line) > _MAX_CHARACTERS * max_words / _MAX_WORDS:
        return False
    if line[-1] in ".;,!…" or (line[-1] == ":" and not (alone and _task_with_colon(words))):
        return False
    if ends_openly(line) or line.count("(") > line.count(")"):
        return False
    if (_TABLE.search(line) and not _NUMBERED.match(line)) or line.startswith(("-", "*", "•", "▪", "|", "(")):
        return False
    return any(character.isalpha() for character in line)


def _task_with_colon(words: Sequence[str]) -> bool:
    """Tell whether words that end with a colon name a task (``Bleeding the front brakes:``) and open no list."""
    line = " ".join(words)
    return len(words) >= _MIN_WORDS_BEFORE_COLON and bool(infinitive(words[0].lower())) and not _LEAD_IN.search(line)


def _numbered(line: str, *, alone: bool) -> Heading | None:
    worded = _WORDED_NUMBER.match(line)
    if worded and alone:
        return Heading(worded.group(3).strip() or line, Rank.NUMBERED + 1)
    match = _NUMBERED.match(line)
    if not match:
        return None
    number, title = match.group(1), match.group(2).strip()
    depth = number.count(".") + 1
    if depth == 1 and not _is_capitals(title):
        plain_chapter = alone and number.isdigit() and not _LIST_ITEM.match(line)
        if not plain_chapter:
            return None
    if number in {"A", "I"} and line[1] == " ":
        return None
    if not (title[0].isupper() or title[0].isdigit()) or _TABLE.search(title) or (depth == 1 and _UNIT.match(title)):
        return None
    return Heading(title, Rank.NUMBERED + depth)


def _without_number(line: str) -> str:
    match = _NUMBERED.match(line)
    return match.group(2).strip() if match and not match.group(1).isalpha() else line


def _is_capitals(line: str) -> bool:
    letters = [character for character in line if character.isalpha()]
    return len(letters) >= 3 and all(letter.isupper() for letter in letters) and not _ADMONITION.match(line)
