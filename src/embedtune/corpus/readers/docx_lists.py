"""The numbers of list items, which Word does not write into the text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from embedtune.corpus.readers.docx_styles import Names
from embedtune.corpus.readers.markup_numbers import whole_number

if TYPE_CHECKING:
    from lxml.etree import _Element


@dataclass(frozen=True, slots=True)
class _Level:
    """One level of a list: numbered or not, and where it starts."""

    numbered: bool
    marked: bool
    start: int


@dataclass(slots=True)
class Numbering:
    """Counts the items of a document's lists.

    Attributes:
        levels: For each list, its levels by depth.
        counts: How far each level of each list has been counted.
    """

    levels: Mapping[str, Mapping[int, _Level]]
    counts: dict[str, dict[int, int]] = field(default_factory=dict)

    def mark(self, number_id: str, depth: int) -> str:
        """Return what stands before the next item of a list: ``- ``, ``3. `` or nothing."""
        level = self.levels.get(number_id, {}).get(depth)
        if level is None:
            return "- "
        counts = self.counts.setdefault(number_id, {})
        for deeper in [other for other in counts if other > depth]:
            del counts[deeper]
        counts[depth] = counts.get(depth, level.start - 1) + 1
        if not level.marked:
            return ""
        return f"{counts[depth]}. " if level.numbered else "- "


def read_numbering(names: Names, root: _Element | None) -> Numbering:
    """Return the lists of a document.

    Args:
        names: The names in the document.
        root: The numbering part.
    """
    if root is None:
        return Numbering({})
    kinds = {
        element.get(names.tag("abstractNumId"), ""): {
            depth: _level(names, level)
            for level in element.findall(names.tag("lvl"))
            if (depth := whole_number(level.get(names.tag("ilvl")))) is not None
        }
        for element in root.findall(names.tag("abstractNum"))
    }
    lists = {
        element.get(names.tag("numId"), ""): kinds.get(names.value(element, "abstractNumId") or "", {})
        for element in root.findall(names.tag("num"))
    }
    return Numbering(lists)


def _level(names: Names, element: _Element) -> _Level:
    kind, start = names.value(element, "numFmt") or "decimal", whole_number(names.value(element, "start"))
    return _Level(kind not in {"bullet", "none"}, kind != "none", 1 if start is None else start)
