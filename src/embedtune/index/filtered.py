"""A search among the passages with some labels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class FilteredSearch:
    """A `PassageSearch` among the passages with some labels.

    Attributes:
        find: Searches by vector, limit, domain and labels.
        labels: What every passage must have.
    """

    find: Callable[[NDArray[np.float32], int, str | None, tuple[str, ...]], list[tuple[str, float]]]
    labels: tuple[str, ...]

    def search(self, vector: NDArray[np.float32], limit: int, domain: str | None = None) -> list[tuple[str, float]]:
        """Return up to ``limit`` (passage id, cosine) best first, ties by id; ``domain`` filters."""
        return self.find(vector, limit, domain, self.labels)
