"""The lines of a reStructuredText document and the place in them, with nesting told by indentation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

_TAB = 8


@dataclass(slots=True)
class Lines:
    """A walk over lines, from the first to the last.

    Attributes:
        rows: All lines, without tabs and without blanks at their ends.
        at: The position of the current one.
    """

    rows: list[str]
    at: int = 0

    @property
    def here(self) -> str:
        """The current line, empty at the end of the document."""
        return self.ahead(0)

    @property
    def at_end(self) -> bool:
        """Whether no line is left."""
        return self.at >= len(self.rows)

    def ahead(self, offset: int) -> str:
        """Return the line some lines below, empty past the end."""
        position = self.at + offset
        return self.rows[position] if position < len(self.rows) else ""

    def is_below(self, indent: int) -> bool:
        """Tell whether the current line has text, deeper than a mark at ``indent``."""
        return indent_of(self.here) > indent

    def written_ahead(self) -> int:
        """Return how many blank lines stand before the next one with text."""
        position = self.at
        while position < len(self.rows) and not self.rows[position]:
            position += 1
        return position - self.at

    def take_paragraph(self) -> Iterator[str]:
        """Yield the lines down to the next blank one, each taken as it is yielded."""
        while self.here:
            yield self.here
            self.at += 1

    def take_below(self, indent: int) -> list[str]:
        """Take all lines that are deeper than a mark, and return them without their indentation."""
        start = self.at
        self.skip_below(indent)
        lines = self.rows[start : self.at]
        margin = min((indent_of(line) for line in lines if line), default=0)
        return [line[margin:] for line in lines]

    def skip_below(self, indent: int) -> None:
        """Pass over all lines that are deeper than a mark, and the blank ones between them."""
        while not self.at_end and (not self.here or self.is_below(indent)):
            self.at += 1


def lines_of(text: str) -> Lines:
    """Return the lines of a text, from its first."""
    return Lines([line.replace("\f", " ").replace("\v", " ").expandtabs(_TAB).rstrip() for line in text.split("\n")])


def indent_of(line: str) -> int:
    """Return how many blanks a line begins with."""
    return len(line) - len(line.lstrip())
