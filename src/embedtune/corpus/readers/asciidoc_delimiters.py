"""The lines that begin and end blocks of AsciiDoc."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

VERBATIM = re.compile(r"^(?:-{4,}|\.{4,}|`{3,}[\w+-]{0,40}|\+{4,}|/{4,})$")
"""A delimiter between which all lines stay as they are, or none is text (see `is_passed`)."""
CONTAINER = re.compile(r"^(?:={4,}|\*{4,}|_{4,}|--|\"\")$")
"""A delimiter between which there are blocks as anywhere else."""
TABLE = re.compile(r"^([|,:!])={3,}$")
"""The delimiter of a table; its first character is what parts the cells."""
BREAK = re.compile(r"^(?:'{3,}|<{3,}|-{3}|\*{3}|- - -|\* \* \*)$")
"""A line between paragraphs, or the end of a page."""

_PASSED = "+/"


@dataclass(frozen=True, slots=True)
class Closings:
    """Where in a document each delimiter of code and tables stands, so that its closing one is found at once."""

    positions: Mapping[str, Sequence[int]]

    def after(self, line: str, start: int) -> int | None:
        """Return where the block that a line begins ends; ``None`` if nothing closes it.

        Args:
            line: The line of the opening delimiter.
            start: Its position.
        """
        positions = self.positions.get(_closing(line), [])
        following = bisect_right(positions, start)
        return positions[following] if following < len(positions) else None


def closings_of(lines: Sequence[str]) -> Closings:
    """Return the delimiters of a document."""
    positions: defaultdict[str, list[int]] = defaultdict(list)
    for number, line in enumerate(lines):
        if VERBATIM.match(line) or TABLE.match(line):
            positions[_closing(line)].append(number)
    return Closings(positions)


def is_passed(line: str) -> bool:
    """Tell whether a verbatim delimiter encloses a comment or markup that is passed through."""
    return line[0] in _PASSED


def is_delimiter(line: str) -> bool:
    """Tell whether a line begins or ends a block, and so ends a paragraph."""
    return bool(VERBATIM.match(line) or CONTAINER.match(line) or TABLE.match(line))


def _closing(line: str) -> str:
    """Return the delimiter that closes a block; a fence may have a language on its first line alone."""
    return "```" if line.startswith("```") else line
