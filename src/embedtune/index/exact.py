"""A passage index that compares the question with every passage."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from embedtune.index.nearest import ROWS_AT_ONCE, exact_cosines, nearest
from embedtune.index.vectors import check_batch, check_limit, unit_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from embedtune.vocabulary.corpus import Passage
    from embedtune.vocabulary.ports import PassageSearch

_NO_LABELS: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class _Labels:
    """What a search says of the rows: their ids, the place of each in the order of ids, and their domains."""

    ids: list[str]
    ranks: NDArray[np.intp]
    domains: NDArray[np.str_]


class ExactIndex:
    """Cosine over all passages, in numpy: exact, in memory, right for small corpora.

    Equal vectors score equal whatever rows stand beside them, and ties really go by id.

    Args:
        dimension: Length of a vector.
    """

    def __init__(self, dimension: int) -> None:
        self._dimension = dimension
        self._rows: dict[str, int] = {}
        self._domains: list[str] = []
        self._label_sets: list[frozenset[str]] = []
        self._held: NDArray[np.float32] = np.zeros((0, dimension), dtype=np.float32)
        self._labelled: _Labels | None = None
        self._closed = False

    @property
    def dimension(self) -> int:
        """The length of a vector."""
        return self._dimension

    def __len__(self) -> int:
        """Return how many passages are held."""
        return len(self._rows)

    def upsert(
        self,
        passages: Sequence[Passage],
        vectors: NDArray[np.float32],
        domains: Sequence[str],
        labels: Sequence[Sequence[str]] = (),
    ) -> None:
        """Add passages with their vectors and domains, or replace them by id; of two with one id the last stays.

        Args:
            passages: n passages.
            vectors: Shape (n, dimension); brought to length 1.
            domains: The domain of each.
            labels: The labels of each; empty for none.

        Raises:
            ModelError: The vectors have another dimension.
            InputError: They differ in number, or a number is not finite.
        """
        self._check_open()
        check_batch(passages, vectors, domains, labels)
        if passages:
            self._put([passage.id for passage in passages], self._unit(vectors), domains, labels)

    def remove(self, passage_ids: Sequence[str]) -> None:
        """Remove passages; those that are not held are passed over."""
        self._check_open()
        gone = {self._rows[id_] for id_ in passage_ids if id_ in self._rows}
        if not gone:
            return
        kept = np.array([row for row in range(len(self._rows)) if row not in gone], dtype=np.intp)
        ids = list(self._rows)
        self._held = self._held[kept]
        self._rows = {ids[row]: place for place, row in enumerate(kept.tolist())}
        self._domains = [self._domains[row] for row in kept]
        self._label_sets = [self._label_sets[row] for row in kept]
        self._labelled = None

    def search(self, vector: NDArray[np.float32], limit: int, domain: str | None = None) -> list[tuple[str, float]]:
        """Return up to ``limit`` (passage id, cosine) best first, ties by id; ``domain`` filters.

        Raises:
            ModelError: The vector has another dimension.
            InputError: ``limit`` is below 1, or a number is not finite.
        """
        return self.search_many(np.asarray(vector)[np.newaxis], limit, domain)[0]

    def search_many(
        self, vectors: NDArray[np.float32], limit: int, domain: str | None = None
    ) -> list[list[tuple[str, float]]]:
        """Search for several vectors at once (shape (n, dimension)): one result of `search` for each.

        Many at once take a fraction of the time of one by one; see `embedtune.index.nearest`.

        Raises:
            ModelError: The vectors have another dimension.
            InputError: ``limit`` is below 1, or a number is not finite.
        """
        return self._search_labelled(vectors, limit, domain, frozenset())

    def filtered(self, labels: Sequence[str]) -> PassageSearch:
        """Return a search among the passages that have all of some labels."""
        return _Filtered(self, frozenset(labels))

    def _search_labelled(
        self, vectors: NDArray[np.float32], limit: int, domain: str | None, wanted: frozenset[str]
    ) -> list[list[tuple[str, float]]]:
        self._check_open()
        check_limit(limit)
        queries = unit_rows(vectors, self.dimension)
        labels = self._labels()
        held = self._vectors
        places: NDArray[np.intp] | None = None
        if domain is not None or wanted:
            places = self._places(labels, domain, wanted)
            held = held[places]
        if not len(held):
            return [[] for _ in queries]
        ranks = labels.ranks if places is None else labels.ranks[places]
        found: list[list[tuple[str, float]]] = []
        for best, cosines in nearest(queries, held, ranks, limit):
            rows = best if places is None else places[best]
            found.append(list(zip(map(labels.ids.__getitem__, rows.tolist()), cosines, strict=True)))
        return found

    def cosines(self, vector: NDArray[np.float32], passage_ids: Sequence[str]) -> NDArray[np.float64]:
        """Return the cosine of a vector with each of some passages, shape (len(passage_ids),).

        Args:
            vector: Shape (dimension,).
            passage_ids: Passages that are held.

        Raises:
            ModelError: The vector has another dimension.
            InputError: A number is not finite.
            KeyError: A passage is not held.
        """
        self._check_open()
        (query,) = unit_rows(np.asarray(vector)[np.newaxis], self.dimension)
        rows = np.array([self._rows[passage] for passage in passage_ids], dtype=np.intp)
        return exact_cosines(query, self._vectors, rows)

    def ids(self) -> frozenset[str]:
        """Return the ids of all passages."""
        self._check_open()
        return frozenset(self._rows)

    def vectors(self, passage_ids: Sequence[str]) -> NDArray[np.float32]:
        """Return the vectors of passages that are held, shape (n, dimension), length 1.

        Raises:
            KeyError: A passage is not held.
        """
        self._check_open()
        return self._held[np.array([self._rows[id_] for id_ in passage_ids], dtype=np.intp)]

    def flush(self) -> None:
        """Do nothing: all is in memory."""
        self._check_open()

    def close(self) -> None:
        """Release the vectors; a closed index cannot be used again."""
        self._closed = True
        self._held = self._held[:0].copy()

    @property
    def _vectors(self) -> NDArray[np.float32]:
        """The vectors of the passages; there may be room for more behind them."""
        return self._held[: len(self._rows)]

    def _put(
        self,
        ids: Sequence[str],
        unit: NDArray[np.float32],
        domains: Sequence[str],
        labels: Sequence[Sequence[str]],
    ) -> None:
        """Take unit vectors in; nothing can go wrong from here on."""
        self._labelled = None
        sets = [frozenset(some) for some in labels] or [_NO_LABELS] * len(ids)
        added = {id_: row for row, id_ in enumerate(ids)}
        if not self._rows and len(added) == len(ids):
            self._rows, self._domains, self._label_sets, self._held = added, list(domains), sets, unit
            return
        rows = [self._rows.setdefault(id_, len(self._rows)) for id_ in ids]
        room = len(self._rows) - len(self._domains)
        self._domains.extend([""] * room)
        self._label_sets.extend([_NO_LABELS] * room)
        for row, domain, some in zip(rows, domains, sets, strict=True):
            self._domains[row], self._label_sets[row] = domain, some
        self._grow(len(self._rows))
        self._held[rows] = unit

    def _places(self, labels: _Labels, domain: str | None, wanted: frozenset[str]) -> NDArray[np.intp]:
        """Return the rows that a filter admits."""
        of_domain = np.flatnonzero(labels.domains == domain) if domain is not None else np.arange(len(labels.ids))
        if not wanted:
            return of_domain
        return np.array([row for row in of_domain.tolist() if wanted <= self._label_sets[row]], dtype=np.intp)

    def _unit(self, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the vectors at length 1, block by block, since that is done in twice their precision."""
        if len(vectors) <= ROWS_AT_ONCE:
            return unit_rows(vectors, self.dimension)
        unit = np.empty((len(vectors), self.dimension), dtype=np.float32)
        for start in range(0, len(vectors), ROWS_AT_ONCE):
            unit[start : start + ROWS_AT_ONCE] = unit_rows(vectors[start : start + ROWS_AT_ONCE], self.dimension)
        return unit

    def _grow(self, count: int) -> None:
        """Make room for so many vectors, and for as many again, so that growing by batches copies little."""
        if count <= len(self._held):
            return
        wider = np.empty((2 * count, self.dimension), dtype=np.float32)
        wider[: len(self._held)] = self._held
        self._held = wider

    def _labels(self) -> _Labels:
        if self._labelled is None:
            ids = list(self._rows)
            ranks = np.empty(len(ids), dtype=np.intp)
            ranks[np.argsort(np.array(ids, dtype=np.str_), kind="stable")] = np.arange(len(ids))
            self._labelled = _Labels(ids, ranks, np.array(self._domains, dtype=np.str_))
        return self._labelled

    def _check_open(self) -> None:
        if self._closed:
            raise ValueError("the index is closed")


@dataclass(frozen=True, slots=True)
class _Filtered:
    """A search among the passages with some labels."""

    index: ExactIndex
    labels: frozenset[str]

    def search(self, vector: NDArray[np.float32], limit: int, domain: str | None = None) -> list[tuple[str, float]]:
        return self.search_many(np.asarray(vector)[np.newaxis], limit, domain)[0]

    def search_many(
        self, vectors: NDArray[np.float32], limit: int, domain: str | None = None
    ) -> list[list[tuple[str, float]]]:
        return self.index._search_labelled(vectors, limit, domain, self.labels)  # noqa: SLF001 - a part of it
