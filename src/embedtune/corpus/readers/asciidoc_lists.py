"""The marks of list items in AsciiDoc, with the numbers that dots stand for."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

DESCRIBED = re.compile(r"^\s*(\S.{0,500}?)(?:::{1,3}|;;)(?:\s+(.*))?$")
"""A term, and what it means if that stands on its line."""

_BULLET = re.compile(r"^\s*(?:\*{1,6}|-|\u2022)\s+(?:\[[ xX*]\]\s+)?(?=\S)")
_ORDERED = re.compile(r"^\s*(?:(\.{1,6})|(\d{1,9}\.|[A-Za-z]\.|[ivxIVX]{1,8}\)))\s+(?=\S)")
_CALLOUT = re.compile(r"^<(\d{1,3}|\.)>\s+(?=\S)")
_CALLOUTS = "<>"


@dataclass(slots=True)
class ListMarks:
    """How far each open list has counted, by the mark that counts on."""

    _counts: dict[str, int] = field(default_factory=dict)

    def take(self, line: str, above: str) -> tuple[str, int]:
        """Return the mark that a line begins with, as it is shown, and the column of the text behind it.

        Args:
            line: The line.
            above: The line above it, which is blank before the first of a list of callouts.

        Returns:
            An empty mark and 0 for a line without one.
        """
        if bullet := _BULLET.match(line):
            return "- ", bullet.end()
        if ordered := _ORDERED.match(line):
            dots, number = ordered.groups()
            return f"{number} " if number else self._counted(dots), ordered.end()
        if callout := _CALLOUT.match(line):
            return self._callout(callout.group(1), above), callout.end()
        return "", 0

    def end_all(self) -> None:
        """End all lists, as a title or a paragraph of its own does."""
        self._counts.clear()

    def _callout(self, number: str, above: str) -> str:
        if number != ".":
            return f"{number}. "
        if not above:
            self._counts.pop(_CALLOUTS, None)
        return self._counted(_CALLOUTS)

    def _counted(self, kind: str) -> str:
        self._counts = {known: count for known, count in self._counts.items() if len(known) <= len(kind)}
        self._counts[kind] = self._counts.get(kind, 0) + 1
        return f"{self._counts[kind]}. "


def begins_item(line: str) -> bool:
    """Tell whether a line begins an item of a list or the description of a term."""
    return any(mark.match(line) for mark in (_BULLET, _ORDERED, _CALLOUT, DESCRIBED))
