"""The marks of list items in reStructuredText, with the numbers that ``#.`` stands for."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_BULLET = re.compile(r"^[-*+•‣\u2043](?:\s+|$)")
_ENUMERATOR = re.compile(r"^\(?(?:(\d{1,9}|#)[.)](?:\s+|$)|(?:[A-Za-z]|[ivxlcdmIVXLCDM]{1,9})[.)]\s+(?=\S))")
_MAX_MARKS = 8


@dataclass(slots=True)
class ListMarks:
    """How far each open list has counted, by the column of its marks."""

    _counts: dict[int, int] = field(default_factory=dict)

    def take(self, line: str, indent: int) -> tuple[str, int]:
        """Return the last mark that a line begins with, as it is shown, and the column of the text behind it.

        Lists that begin within one another on one line have their marks side by side. A line without
        a mark ends the lists that are as deep as it or deeper.

        Args:
            line: The line.
            indent: Where it begins.

        Returns:
            An empty mark and ``indent`` for a line without one.
        """
        shown, column = "", indent
        for _ in range(_MAX_MARKS):
            mark = _BULLET.match(line[column:]) or _ENUMERATOR.match(line[column:])
            if not mark:
                break
            shown = self._shown(mark, column)
            column += mark.end()
        if column == indent:
            self._counts = {known: count for known, count in self._counts.items() if known < indent}
        return shown, column

    def end_all(self) -> None:
        """End all lists, as a title does."""
        self._counts.clear()

    def _shown(self, mark: re.Match[str], column: int) -> str:
        if mark.re is _BULLET:
            return "- "
        number = mark.group(1)
        if not number:
            return f"{mark.group(0).strip()} "
        count = self._counts.get(column, 0) + 1 if number == "#" else int(number)
        self._counts = {known: value for known, value in self._counts.items() if known < column}
        self._counts[column] = count
        return mark.group(0).strip().replace("#", str(count)) + " "
