"""The headings of a document with the text below each; what is too short to stand alone is joined."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from embedtune.vocabulary.corpus import TextBlock

if TYPE_CHECKING:
    from collections.abc import Sequence

_MAX_DEPTH = 16
_MAX_HEADING_CHARACTERS = 500


@dataclass(slots=True)
class Group:
    """A heading and the text blocks below it.

    Attributes:
        path: The headings above it and its own; empty for the text before the first heading.
        heading: The block of its heading, ``None`` before the first.
        parent: The position of the group of the heading above it, ``None`` at the top.
        occurrence: How many groups before it have its path.
        body: Its text.
        has_lower: Whether headings stand below it.
    """

    path: tuple[str, ...] = ()
    heading: TextBlock | None = None
    parent: int | None = None
    occurrence: int = 0
    body: list[TextBlock] = field(default_factory=list)
    has_lower: bool = False

    @property
    def only_in_paths(self) -> bool:
        """Whether it has nothing to say but its heading, which the headings below it carry."""
        return not self.body and (self.has_lower or self.heading is None)

    def is_short(self, min_words: int) -> bool:
        """Tell whether heading and text together have fewer words."""
        count = len(self.path[-1].split()) if self.path else 0
        for block in self.body:
            count += len(block.text.split())
            if count >= min_words:
                return False
        return count < min_words

    def as_text(self) -> list[TextBlock]:
        """Return heading and body as text of another group."""
        heading = [TextBlock(self.heading.text, self.heading.line)] if self.heading else []
        return [*heading, *self.body]


def outlined(blocks: Sequence[TextBlock]) -> list[Group]:
    """Return the group of the text before the first heading, and one for each heading, in order.

    Text before the first heading belongs to the document's only top heading where there is one. A
    block too long for a heading is text, whatever its reader said of it.
    """
    groups = [Group()]
    open_headings: list[tuple[int, int]] = []
    seen: Counter[tuple[str, ...]] = Counter()
    for block in blocks:
        if block.heading_level is None or len(block.text) > _MAX_HEADING_CHARACTERS:
            groups[-1].body.append(TextBlock(block.text, block.line, preformatted=block.preformatted))
            continue
        while open_headings and (open_headings[-1][0] >= block.heading_level or len(open_headings) == _MAX_DEPTH):
            open_headings.pop()
        parent = open_headings[-1][1] if open_headings else None
        above = groups[parent].path if parent is not None else ()
        if parent is not None:
            groups[parent].has_lower = True
        open_headings.append((block.heading_level, len(groups)))
        path = (*above, " ".join(block.text.split()))
        groups.append(Group(path, block, parent, seen[path]))
        seen[path] += 1
    tops = sum(len(group.path) == 1 for group in groups)
    if tops == 1 and len(groups[1].path) == 1:
        groups[1].body[:0] = groups[0].body
        groups[0].body = []
    return groups


def joined(groups: Sequence[Group], min_words: int) -> list[Group]:
    """Return the groups that make sections, the short ones joined to others with their heading as a line.

    A short group goes to the one of the heading above it, else to the last one before it that is not
    short, else to the one after it. Only a document that is short itself stays as short as it is.

    Args:
        groups: All groups; their bodies are changed.
        min_words: Words of heading and text together that make a section.
    """
    children: list[list[list[TextBlock]]] = [[] for _ in groups]
    followers: list[list[TextBlock]] = [[] for _ in groups]
    kept: list[Group] = []
    front: Group | None = None
    for position in range(len(groups) - 1, -1, -1):
        group = groups[position]
        for blocks in reversed(children[position]):
            group.body += blocks
        if group.only_in_paths:
            continue
        short = group.is_short(min_words)
        group.body += followers[position]
        if not short:
            kept.append(group)
        elif group.parent is not None:
            children[group.parent].append(group.as_text())
        elif position and not groups[position - 1].only_in_paths:
            followers[position - 1] = group.as_text()
        else:
            front = group
    kept.reverse()
    if front and kept:
        below = kept[0].path[: len(front.path)] == front.path
        kept[0].body[:0] = front.body if below else front.as_text()
    elif front:
        kept = [front]
    return kept
