"""What every store of an index offers: a folder on this machine, or a Qdrant server."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from embedtune.index.description import IndexDescription
    from embedtune.index.held_sections import HeldSection
    from embedtune.vocabulary.ports import PassageIndex


@dataclass(frozen=True, slots=True)
class Pointer:
    """Which collections of a store are in force; it changes as a whole.

    Attributes:
        current: The one that answers.
        baseline: The base model's, which answers when the current one cannot; ``None`` without one.
        previous: The one that answered before, kept so that going back costs little; ``None`` without one.
    """

    current: str
    baseline: str | None = None
    previous: str | None = None

    @property
    def names(self) -> frozenset[str]:
        """The collections that are needed."""
        return frozenset(name for name in (self.current, self.baseline, self.previous) if name)


class SectionRecords(Protocol):
    """Which sections a collection holds, and with which content; what is written outlives the process."""

    def describe(self) -> IndexDescription | None:
        """Return what the collection says of itself, ``None`` for a new one.

        Raises:
            FormatError: It is damaged.
        """
        ...

    def begin(self, description: IndexDescription, sections: Sequence[HeldSection]) -> None:
        """Prepare a collection for some sections; one that exists is left as it is."""
        ...

    def read(self) -> Mapping[str, HeldSection]:
        """Return the sections by id.

        Raises:
            FormatError: They are damaged.
        """
        ...

    @property
    def unfinished(self) -> bool:
        """Whether an update was begun and not finished."""
        ...

    def put(self, sections: Sequence[HeldSection]) -> None:
        """Acknowledge sections whose vectors are held, new or in place of what they were."""
        ...

    def remove(self, section_ids: Sequence[str]) -> None:
        """Acknowledge that sections are gone."""
        ...

    def finish(self, description: IndexDescription, sections: Sequence[HeldSection]) -> None:
        """End an update: the records hold just these sections, in this order.

        Args:
            description: What the collection says of itself from now on.
            sections: All of them; each was acknowledged before.
        """
        ...


class IndexStore(Protocol):
    """Collections, and a pointer that says which of them are in force."""

    @property
    def place(self) -> str:
        """Where it is, for people."""
        ...

    def engine(self, passage_count: int, wanted: str | None) -> str:
        """Return what holds the vectors of so many passages here.

        Raises:
            InputError: The wanted engine is not to be had here.
        """
        ...

    def pointer(self) -> Pointer | None:
        """Return which collections are in force, ``None`` where there is no index.

        Raises:
            InputError: The store cannot be reached.
            FormatError: It is damaged.
        """
        ...

    def writing(self) -> AbstractContextManager[None]:
        """Keep other writers out.

        Raises:
            InputError: One is at work, or the place holds something that is no index.
        """
        ...

    def records(self, name: str) -> SectionRecords:
        """Return the records of a collection."""
        ...

    def vectors(self, name: str, description: IndexDescription) -> PassageIndex:
        """Open the vectors of a collection, or begin them.

        Raises:
            InputError: They are damaged, in use, of another model, or cannot be reached.
        """
        ...

    def switch(self, pointer: Pointer) -> None:
        """Put collections in force, all at once; those that nothing points to are dropped."""
        ...

    def drop(self, name: str) -> None:
        """Remove a collection, so that it can be begun anew."""
        ...

    def close(self) -> None:
        """Release connections."""
        ...
