"""The passages negatives are taken from."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from embedtune.files import digest_value, short_digest
from embedtune.vocabulary.corpus import Passage

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class PassagePool:
    """The passages negatives are taken from.

    Attributes:
        passages: Passages of training sections; held-out text never trains, not even as a negative.
        domains: Section id to domain.
        clusters: Section id to cluster.
    """

    passages: tuple[Passage, ...]
    domains: Mapping[str, str]
    clusters: Mapping[str, str]

    @property
    def digest(self) -> str:
        """Digest of the passages with their domains and clusters."""
        return digest_value(
            [
                [passage.id, passage.text, self.domains[passage.section_id], self.clusters[passage.section_id]]
                for passage in self.passages
            ]
        )

    def with_passages(self, texts: Iterable[str]) -> PassagePool:
        """Return the pool with texts of unknown sections added, each a cluster of its own without domain.

        A text that the pool holds already is not added.
        """
        held = {text for passage in self.passages for text in (passage.text, passage.body)}
        owners = {text: outside_id(text) for text in texts if text not in held}
        return replace(
            self,
            passages=(*self.passages, *(Passage(owner, owner, text) for text, owner in owners.items())),
            domains={**self.domains, **dict.fromkeys(owners.values(), "")},
            clusters={**self.clusters, **{owner: owner for owner in owners.values()}},
        )


def outside_id(text: str) -> str:
    """Return the id of a passage whose section is not known."""
    return f"outside:{short_digest(text)}"


class PoolRows:
    """A pool by row: where passages, sections, clusters and texts stand.

    Attributes:
        pool: The pool.
        of_passage: Passage id to row.
        domains: Number of each row's domain, shape (rows,).

    Args:
        pool: The pool.
    """

    def __init__(self, pool: PassagePool) -> None:
        self.pool = pool
        self.of_passage = {passage.id: row for row, passage in enumerate(pool.passages)}
        self._domains = {name: number for number, name in enumerate(sorted(set(pool.domains.values())))}
        self.domains: NDArray[np.intp] = np.array(
            [self._domains[pool.domains[passage.section_id]] for passage in pool.passages], dtype=np.intp
        )
        self._numbers: dict[str, int] = {}
        self._clusters: NDArray[np.intp] = np.array(
            [self._numbers.setdefault(self.cluster(row), len(self._numbers)) for row in range(len(self))], dtype=np.intp
        )
        self._by_cluster = np.argsort(self._clusters, kind="stable")
        self._starts = np.searchsorted(self._clusters[self._by_cluster], np.arange(len(self._numbers) + 1))
        self._of_text: dict[str, list[int]] = defaultdict(list)
        for row, passage in enumerate(pool.passages):
            for text in {passage.text, passage.body}:
                self._of_text[text].append(row)

    def __len__(self) -> int:
        """Return how many passages there are."""
        return len(self.pool.passages)

    def domain(self, name: str) -> int:
        """Return the number of a domain, -1 if the pool has none of that name."""
        return self._domains.get(name, -1)

    def cluster(self, row: int) -> str:
        """Return the cluster of a row's section."""
        return self.pool.clusters[self.pool.passages[row].section_id]

    def alike(self, rows: NDArray[np.intp]) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]:
        """Return all rows of the clusters of some rows.

        Args:
            rows: Rows, shape (n,).

        Returns:
            The rows of the distinct clusters, one cluster after the other; where each cluster begins there;
            and for each of ``rows`` the place of its cluster among them, shape (n,).
        """
        numbers, places = np.unique(self._clusters[rows], return_inverse=True)
        members = [self._members(number) for number in numbers]
        begins = np.cumsum([0, *(len(part) for part in members[:-1])], dtype=np.intp)
        return np.concatenate(members), begins, places

    def _members(self, number: int) -> NDArray[np.intp]:
        return self._by_cluster[self._starts[number] : self._starts[number + 1]]

    def holding(self, clusters: Iterable[str], texts: Iterable[str]) -> frozenset[int]:
        """Return the rows of clusters, and those that show a text with its heading or without."""
        found: set[int] = set()
        for cluster in clusters:
            if cluster in self._numbers:
                found.update(self._members(self._numbers[cluster]).tolist())
        for text in texts:
            found.update(self._of_text.get(text, ()))
        return frozenset(found)
