"""A passage index on Qdrant's embedded engine: on the disk, in this process, no server."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import numpy as np

from embedtune.errors import InputError
from embedtune.index import qdrant_shard
from embedtune.index.engine_folder import (
    ENGINE_FILE,
    HeldVectors,
    check_unused,
    damaged,
    locked,
    read_engine,
    write_engine,
)
from embedtune.index.filtered import FilteredSearch
from embedtune.index.payloads import label_conditions, passage_payload
from embedtune.index.vectors import check_batch, check_limit, unit_rows

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from filelock import BaseFileLock
    from numpy.typing import NDArray
    from qdrant_edge import EdgeShard

    from embedtune.vocabulary.corpus import Passage
    from embedtune.vocabulary.ports import PassageSearch

SHARD_FOLDER = "shard"

OPTIMIZE_FROM = 10_000
"""Below so many passages the engine's plain scan is exact and fast enough."""

_TIE_MARGIN = 16


class EmbeddedQdrantIndex:
    """Passage vectors in a Qdrant Edge shard; `EmbeddedQdrantIndex.open` makes one.

    Every write is in the write-ahead log before `upsert` returns. One process at a time holds the
    folder, for reading too, as the engine cannot open a shard read-only. Search is exact until
    `optimize` has built an HNSW graph, which it does from `OPTIMIZE_FROM` passages on.
    """

    def __init__(self, folder: Path, dimension: int, model_digest: str, lock: BaseFileLock) -> None:
        self._folder = folder
        self._dimension = dimension
        self._model_digest = model_digest
        self._lock = lock
        self._shard: EdgeShard | None = None
        self._recorded = self._graph = 0
        self._written = False

    @classmethod
    def open(cls, folder: Path, dimension: int, model_digest: str) -> EmbeddedQdrantIndex:
        """Open the index in a folder, or make one where the folder is empty or absent.

        Args:
            folder: Where the index lies.
            dimension: Length of a vector.
            model_digest: The model whose vectors it holds.

        Raises:
            ModelError: The index holds vectors of another model or dimension.
            FormatError: The folder holds something else, or the index in it is damaged.
            InputError: The index is open elsewhere, or the folder cannot be written.
        """
        index = cls(folder, dimension, model_digest, locked(folder))
        try:
            if not (folder / ENGINE_FILE).exists():
                check_unused(folder)
                index._write_engine_file(0)
            engine = read_engine(folder, dimension, model_digest)
            index._recorded, index._graph = engine.passages, engine.graph
            index._shard = index._open_shard(index._recorded)
        except BaseException:
            index._lock.release()
            raise
        return index

    @property
    def dimension(self) -> int:
        """The length of a vector."""
        return self._dimension

    def __len__(self) -> int:
        """Return how many passages are held."""
        return qdrant_shard.count(self._held())

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
            InputError: They differ in number, a number is not finite, or the write failed.
        """
        shard = self._held()
        check_batch(passages, vectors, domains, labels)
        if not passages:
            return
        unit = unit_rows(vectors, self._dimension)
        last = {passage.id: row for row, passage in enumerate(passages)}
        rows = [
            (unit[row].tolist(), passage_payload(passages[row], domains[row], labels[row] if labels else ()))
            for row in last.values()
        ]
        self._written = True
        with self._while_writing():
            qdrant_shard.upsert(shard, rows)

    def remove(self, passage_ids: Sequence[str]) -> None:
        """Remove passages; those that are not held are passed over.

        Raises:
            InputError: The write failed.
        """
        shard = self._held()
        if not passage_ids:
            return
        if self._recorded:
            self._write_engine_file(0)  # until the next flush nobody can say how many there must be
        self._written = True
        with self._while_writing():
            qdrant_shard.remove(shard, passage_ids)

    def search(self, vector: NDArray[np.float32], limit: int, domain: str | None = None) -> list[tuple[str, float]]:
        """Return up to ``limit`` (passage id, cosine) best first, ties by id; ``domain`` filters.

        Raises:
            ModelError: The vector has another dimension.
            FormatError: The index is damaged.
            InputError: ``limit`` is below 1, or a number is not finite.
        """
        return self._search_labelled(vector, limit, domain, ())

    def filtered(self, labels: Sequence[str]) -> PassageSearch:
        """Return a search among the passages that have all of some labels."""
        return FilteredSearch(self._search_labelled, tuple(labels))

    def _search_labelled(
        self, vector: NDArray[np.float32], limit: int, domain: str | None, labels: Sequence[str]
    ) -> list[tuple[str, float]]:
        shard = self._held()
        check_limit(limit)
        query = unit_rows(np.asarray(vector)[np.newaxis], self._dimension)[0].tolist()
        conditions = label_conditions(domain, labels)
        asked = limit + _TIE_MARGIN
        with self._while_reading():
            held = max(self._recorded, self._graph)
            found = qdrant_shard.query(shard, query, asked, conditions, held)
            # The engine cuts ties where it likes: ask on until its cut lies behind the last tie.
            while len(found) == asked and found[-1][1] == found[limit - 1][1]:
                asked *= 4
                found = qdrant_shard.query(shard, query, asked, conditions, held)
        return sorted(found, key=lambda hit: (-hit[1], hit[0]))[:limit]

    def ids(self) -> frozenset[str]:
        """Return the ids of all passages.

        Raises:
            FormatError: The index is damaged.
        """
        shard = self._held()
        with self._while_reading():
            return frozenset(qdrant_shard.passage_ids(shard))

    def vectors(self, passage_ids: Sequence[str]) -> NDArray[np.float32]:
        """Return the vectors of passages that are held, shape (n, dimension), length 1.

        Raises:
            KeyError: A passage is not held.
            FormatError: The index is damaged.
        """
        shard = self._held()
        with self._while_reading():
            found = qdrant_shard.vectors(shard, passage_ids)
        rows = [found[id_] for id_ in passage_ids]
        return np.array(rows, dtype=np.float32).reshape(len(rows), self._dimension)

    def flush(self) -> None:
        """Write everything to its place on the disk, and record how many passages must be there.

        Raises:
            InputError: The disk refuses.
        """
        shard = self._held()
        with self._while_writing():
            shard.flush()
        self._write_engine_file(qdrant_shard.count(shard))
        self._written = False

    @property
    def graph_due(self) -> bool:
        """Whether there are enough passages for a search graph, and none was built over as many."""
        return len(self) >= OPTIMIZE_FROM and self._graph != len(self)

    def optimize(self, time_limit: float) -> bool:
        """Build the search graph if there are `OPTIMIZE_FROM` passages or more.

        Args:
            time_limit: Seconds after which to give up; searches then go on without the graph.

        Returns:
            Whether the graph was built; ``False`` if there was no need, no time, or the engine failed.

        Raises:
            FormatError: The index is damaged.
            InputError: The disk refuses.
        """
        held = len(self)
        if held < OPTIMIZE_FROM:
            return False
        self.flush()
        self._release_shard()
        try:
            built = qdrant_shard.optimize(self._folder / SHARD_FOLDER, time_limit)
        finally:
            self._shard = self._open_shard(held)
        if built:
            self._graph = held
            self._write_engine_file(held)
        return built

    def close(self) -> None:
        """Flush what was written and release the folder; a closed index cannot be used again."""
        if self._shard is None:
            return
        try:
            if self._written:
                self.flush()
        finally:
            self._release_shard()
            self._lock.release()

    def _held(self) -> EdgeShard:
        if self._shard is None:
            raise ValueError("the index is closed")
        return self._shard

    def _release_shard(self) -> None:
        shard, self._shard = self._held(), None
        shard.close()

    def _write_engine_file(self, passages: int) -> None:
        write_engine(self._folder, HeldVectors(self._model_digest, self._dimension, passages, self._graph))
        self._recorded = passages

    def _open_shard(self, recorded: int) -> EdgeShard:
        path = self._folder / SHARD_FOLDER
        if not recorded and not qdrant_shard.exists(path):
            with self._while_writing():
                return qdrant_shard.create(path, self._dimension)
        with self._while_reading():
            shard = qdrant_shard.load(path)
            held = qdrant_shard.count(shard)
        # The engine loads a shard whose segments are missing without a word.
        if held < recorded:
            shard.close()
            raise damaged(self._folder, f"{recorded} passages were written and {held} are there")
        return shard

    @contextlib.contextmanager
    def _while_writing(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            raise InputError(
                f"The index in {self._folder} cannot be written: {error}.", "Check the free space of the disk."
            ) from error

    @contextlib.contextmanager
    def _while_reading(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            raise damaged(self._folder, str(error)) from error
