"""Section titles of reStructuredText: told by their adornment, whose style tells their level."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_ADORNMENT = re.compile(r"^([!-/:-@\[-`{-~])\1*$")
_MIN_ADORNMENT = 4
_MAX_LEVEL = 6
_NO_TITLE = re.compile(r"^(?:[-*+•‣\u2043|]\s|\.\.(?:\s|$)|>>>\s|__\s)")


@dataclass(frozen=True, slots=True)
class Title:
    """A title as it is written.

    Attributes:
        text: Its line.
        mark: The character of its adornment.
        overlined: Whether adornment stands above it too.
    """

    text: str
    mark: str
    overlined: bool

    @property
    def adorned_above(self) -> int:
        """How many lines of adornment stand above its text; one stands below."""
        return int(self.overlined)


@dataclass(slots=True)
class TitleLevels:
    """The styles of adornment of a document, the first seen being the highest level."""

    _styles: list[tuple[str, bool]] = field(default_factory=list)

    def level(self, title: Title) -> int:
        """Return the level of the document's next title, from 1."""
        style = (title.mark, title.overlined)
        if style not in self._styles:
            self._styles.append(style)
        return min(_MAX_LEVEL, self._styles.index(style) + 1)


def title_at(first: str, second: str, third: str) -> Title | None:
    """Return the title that three lines begin with, ``None`` if they begin with none."""
    if _ADORNMENT.match(first):
        return Title(second, first[0], overlined=True) if _encloses(first, second, third) else None
    underlined = _ADORNMENT.match(second) and _can_be_title(first, second)
    return Title(first, second[0], overlined=False) if underlined else None


def is_transition(line: str, below: str) -> bool:
    """Tell whether a line is adornment that parts two paragraphs."""
    return bool(_ADORNMENT.match(line)) and len(line) >= _MIN_ADORNMENT and not below


def _encloses(over: str, title: str, under: str) -> bool:
    if not title or not _ADORNMENT.match(under) or under[0] != over[0] or _ADORNMENT.match(title):
        return False
    return len(over) >= min(_MIN_ADORNMENT, len(title.strip()))


def _can_be_title(line: str, under: str) -> bool:
    fits = len(under) >= min(_MIN_ADORNMENT, len(line))
    return fits and not line.startswith(" ") and not _NO_TITLE.match(line)
