"""Line ends that a page width made, apart from those that a writer made."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_LIST_START = re.compile(r"^\s*(?:[-*•▪\u2013]|\(?[A-Za-z0-9]{1,2}[.)])\s+")
_TABLE_ROW = re.compile(r"\s\|\s|\S\s{3,}\S|\t")
_STRIP = ".,;:!?()[]\"'"
_SENTENCE_END = (".", "!", "?", ":", ";")
_OPEN = (
    "a an the this these those your its of to for with and or nor but by as is are was be been from using than that "
    "which if when while via into onto under between"
)
_OPEN_WORDS = frozenset(_OPEN.split())
_WRAPPED_SHARE = 0.7
_MIN_WRAP_WIDTH = 50


def ends_openly(line: str) -> bool:
    """Tell whether a line cannot be the end of a sentence or title: ``press the``, ``filters and``, ``front,``."""
    words = line.split()
    if not words:
        return False
    return words[-1].lower() in _OPEN_WORDS or words[-1][-1] in ",(/&"


def starts_item(line: str) -> bool:
    """Tell whether a line begins an item of a list: ``- ``, ``• ``, ``3. ``, ``(b) ``."""
    return bool(_LIST_START.match(line))


def goes_on(before: Sequence[str], after: Sequence[str]) -> bool:
    """Tell whether a paragraph goes on across a page break.

    It does where its last line does not end a sentence and the next run of lines begins in lower
    case, or where that last line ends openly and the next run could not be a heading.

    Args:
        before: The lines of the run above the break.
        after: The lines of the run below it.
    """
    last, first = before[-1].rstrip(), after[0].lstrip()
    if last.endswith(_SENTENCE_END) or _LIST_START.match(first):
        return False
    could_be_heading = len(after) == 1 and not after[0].rstrip().endswith(_SENTENCE_END)
    return first[0].islower() or (ends_openly(last) and not could_be_heading)


def mend_lines(text: str, vocabulary: frozenset[str]) -> str:
    """Join lines that a page width broke, and words that a hyphen broke, within one block.

    List items and table rows keep their lines. ``on-`` at a line end followed by ``screen`` becomes
    ``onscreen`` unless the document writes only ``on-screen`` elsewhere.

    Args:
        text: The lines of one block.
        vocabulary: The lower-case words of the whole document.
    """
    lines = [line.rstrip() for line in text.split("\n") if line.strip()]
    if not lines:
        return ""
    width = max(map(len, lines))
    mended = [lines[0].strip()]
    for before, line in pairwise(lines):
        words = line.strip()
        if _LIST_START.match(line) or _TABLE_ROW.search(words) or _TABLE_ROW.search(before.strip()):
            mended += ["\n", words]
        elif before.endswith("-") and before[-2:-1].isalpha() and words[0].islower():
            if not _keeps_hyphen(mended[-1], words, vocabulary):
                mended[-1] = mended[-1][:-1]
            mended.append(words)
        elif _breaks_sentence(before, words) or (width >= _MIN_WRAP_WIDTH and len(before) >= _WRAPPED_SHARE * width):
            mended += [" ", words]
        else:
            mended += ["\n", words]
    return "".join(mended)


def kept_lines(text: str) -> str:
    """Return the lines of a preformatted block as they are, without those that are blank."""
    return "\n".join(line.rstrip() for line in text.split("\n") if line.strip())


def words_of(text: str) -> list[str]:
    """Return the words of a text in lower case, without the punctuation around them."""
    return [word.strip(_STRIP).lower() for word in text.split()]


def _breaks_sentence(before: str, after: str) -> bool:
    return after[0].islower() or after[0] in ",;)" or ends_openly(before)


def _keeps_hyphen(before: str, line: str, vocabulary: frozenset[str]) -> bool:
    """Tell whether the word that goes on from one line to the next has a hyphen elsewhere too."""
    left, right = before[:-1].rsplit(None, 1)[-1], line.split(None, 1)[0]
    plain, hyphenated = f"{left}{right}".strip(_STRIP).lower(), f"{left}-{right}".strip(_STRIP).lower()
    return hyphenated in vocabulary and plain not in vocabulary
