"""Titles within a block: extracted manuals often keep no blank line between a sub-heading and its text.

Only in documents that write a sentence a line does a short line without a full stop stand out. It
is a title where a finished sentence (or the link that ends one) stands above it, or a list that
names it, and a sentence below.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_MAX_WORDS = 9
_MIN_LETTERS = 3
_MIN_SENTENCE_WORDS = 3
_SENTENCE_ENDS = (".", "!", "?")
_MIN_LINES = 20
_SENTENCE_SHARE = 0.6
_LABELLED = re.compile(r"^[^.:]{1,60}:\s+\S")
_ADDRESS = re.compile(r"^(?:https?://\S+|[\w-]+(?:\.[\w-]+)+(?:/\S*)?)$")
_LIFTED_LINK = re.compile(r"\s\.$")


def writes_a_sentence_a_line(blocks: Sequence[Sequence[str]]) -> bool:
    """Tell whether the lines of a document that have another right below mostly end a sentence.

    Args:
        blocks: The lines of each block.
    """
    inner = [line.rstrip() for lines in blocks for line in lines[:-1]]
    ending = sum(line.endswith((*_SENTENCE_ENDS, ":")) for line in inner)
    return len(inner) >= _MIN_LINES and ending >= _SENTENCE_SHARE * len(inner)


def inner_title_lines(lines: Sequence[str], could_be_title: Sequence[bool]) -> list[int]:
    """Return which lines of a block are titles of what is below them.

    Args:
        lines: The lines of a block of a document that writes a sentence a line.
        could_be_title: Whether each line is written like a title.
    """
    found: list[int] = []
    listed: set[str] = set()
    link_next = False
    for position in range(1, len(lines) - 1):
        above, line, below = (lines[at].strip() for at in (position - 1, position, position + 1))
        ended = above.endswith(_SENTENCE_ENDS)
        finished = (ended and not _LIFTED_LINK.search(above)) or link_next or bool(_ADDRESS.match(above))
        link_next = ended and not finished
        if ended:
            listed.clear()
        plausible = could_be_title[position] and _short_title(line) and _is_sentence(below)
        if plausible and (finished or line in listed):
            found.append(position)
        listed.add(line)
    return found


def _short_title(line: str) -> bool:
    letters = sum(character.isalpha() for character in line)
    return line[0].isupper() and len(line.split()) <= _MAX_WORDS and letters >= _MIN_LETTERS and ":" not in line


def _is_sentence(line: str) -> bool:
    """Tell whether a line is a sentence or leads in a list; ``Sound: Choose a tone.`` is an item of one."""
    return (
        line.endswith((*_SENTENCE_ENDS, ":")) and len(line.split()) >= _MIN_SENTENCE_WORDS and not _LABELLED.match(line)
    )
