"""A search that returns only the passages in force, where an index holds others too."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from embedtune.errors import FormatError

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from embedtune.vocabulary.ports import PassageIndex, PassageSearch, PassageSource


def in_force(index: PassageIndex, names: Collection[str], place: str, *, whole: bool) -> PassageSource:
    """Return an index that answers with named passages alone.

    An update that broke off, or is on its way, leaves vectors that no section has yet, or has no longer.

    Args:
        index: The vectors.
        names: The passages in force.
        place: Where they are, for the message.
        whole: Whether no update is on its way, and none can be while the index is open; to count is then enough.

    Raises:
        FormatError: Vectors are missing.
    """
    if whole and len(index) == len(names):
        return index
    held = index.ids()
    missing = len(names) - sum(name in held for name in names)
    if missing:
        raise FormatError(
            f"The index in {place} is damaged: the vectors of {missing} of {len(names)} passages are missing.",
            "Bring it up to date: `embedtune index` makes the missing ones.",
        )
    return NamedPassages(index, index, frozenset(names))


@dataclass(frozen=True, slots=True)
class NamedPassages:
    """A `PassageSource` that leaves out what has no name.

    Attributes:
        index: What is released in the end.
        inner: What is searched.
        names: The passages that may be returned.
    """

    index: PassageSource
    inner: PassageSearch
    names: frozenset[str]

    def search(self, vector: NDArray[np.float32], limit: int, domain: str | None = None) -> list[tuple[str, float]]:
        """Return up to ``limit`` (passage id, cosine) best first, ties by id; ``domain`` filters."""
        asked = limit
        while True:
            found = self.inner.search(vector, asked, domain)
            kept = [hit for hit in found if hit[0] in self.names]
            if len(kept) >= limit or len(found) < asked:
                return kept[:limit]
            asked *= 2

    def filtered(self, labels: Sequence[str]) -> PassageSearch:
        """Return a search among the passages that have all of some labels."""
        return NamedPassages(self.index, self.index.filtered(labels), self.names)

    def close(self) -> None:
        """Release the index."""
        self.index.close()
