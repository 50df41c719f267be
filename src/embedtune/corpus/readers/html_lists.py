"""The open lists of a web page: the marks of their items, and whether they are tables of contents."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from embedtune.corpus.readers.markup_numbers import whole_number

_MIN_CONTENTS_LINKS = 2
_CONTENTS_SHARE = 0.9


@dataclass(slots=True)
class Counts:
    """What the page held so far.

    Attributes:
        words: Words of text.
        links: Links to places on the page itself.
        linked_words: Words within such links.
    """

    words: int = 0
    links: int = 0
    linked_words: int = 0


@dataclass(slots=True)
class _List:
    """An open list: its next number (``None`` for bullets), the blocks above it and the counts when it began."""

    number: int | None
    first_block: int
    before: Counts


@dataclass(slots=True)
class OpenLists:
    """The lists that are open, the innermost last."""

    _lists: list[_List] = field(default_factory=list)

    def begin(self, tag: str, attributes: Mapping[str, str], blocks: int, counts: Counts) -> None:
        """Open a list.

        Args:
            tag: ``ol`` for a numbered list.
            attributes: The attributes of its tag.
            blocks: How many blocks the page has above it.
            counts: What the page held so far.
        """
        start = whole_number(attributes.get("start"))
        number = None if tag != "ol" else 1 if start is None else start
        self._lists.append(_List(number, blocks, Counts(counts.words, counts.links, counts.linked_words)))

    def mark(self, attributes: Mapping[str, str]) -> str:
        """Return what stands before an item of the innermost list: ``- `` or ``3. ``."""
        if not self._lists or self._lists[-1].number is None:
            return "- "
        given = whole_number(attributes.get("value"))
        number = self._lists[-1].number if given is None else given
        self._lists[-1].number = number + 1
        return f"{number}. "

    def end(self, counts: Counts) -> int | None:
        """Close the innermost list.

        Args:
            counts: What the page held so far.

        Returns:
            The number of its first block where the list is a table of contents (hardly more than
            links within the page), else ``None``.
        """
        begun = self._lists.pop()
        words, linked = counts.words - begun.before.words, counts.linked_words - begun.before.linked_words
        many = counts.links - begun.before.links >= _MIN_CONTENTS_LINKS
        return begun.first_block if many and linked >= _CONTENTS_SHARE * words else None
