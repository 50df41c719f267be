"""A passage index that compares the question with every passage."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np
from pydantic import TypeAdapter, ValidationError

from embedtune.errors import FormatError, InputError
from embedtune.files import read_json, staged_folder, write_json
from embedtune.index.nearest import ROWS_AT_ONCE, exact_cosines, nearest
from embedtune.index.vectors import check_batch, check_limit, check_model, unit_rows

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from embedtune.vocabulary.corpus import Passage

VECTORS_FILE = "vectors.safetensors"
ENTRIES_FILE = "entries.json"


@dataclass(frozen=True, slots=True)
class _Entries:
    """What stands beside the vectors on the disk; passages and domains are in the order of the rows."""

    model_digest: str
    dimension: int
    passage_ids: tuple[str, ...]
    domains: tuple[str, ...]


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

    def upsert(self, passages: Sequence[Passage], vectors: NDArray[np.float32], domains: Sequence[str]) -> None:
        """Add passages with their vectors and domains, or replace them by id; of two with one id the last stays.

        Args:
            passages: n passages.
            vectors: Shape (n, dimension); brought to length 1.
            domains: The domain of each.

        Raises:
            ModelError: The vectors have another dimension.
            InputError: The three differ in number, or a number is not finite.
        """
        self._check_open()
        check_batch(passages, vectors, domains)
        if not passages:
            return
        unit = self._unit(vectors)
        self._labelled = None
        added = {passage.id: row for row, passage in enumerate(passages)}
        if not self._rows and len(added) == len(passages):
            self._rows, self._domains, self._held = added, list(domains), unit
            return
        rows = [self._rows.setdefault(passage.id, len(self._rows)) for passage in passages]
        self._domains.extend([""] * (len(self._rows) - len(self._domains)))
        for row, domain in zip(rows, domains, strict=True):
            self._domains[row] = domain
        self._grow(len(self._rows))
        self._held[rows] = unit

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
        self._check_open()
        check_limit(limit)
        queries = unit_rows(vectors, self.dimension)
        labels = self._labels()
        held = self._vectors
        places: NDArray[np.intp] | None = None
        if domain is not None:
            places = np.flatnonzero(labels.domains == domain)
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

    def save(self, folder: Path, model_digest: str) -> None:
        """Write the index into a new folder, wholly or not at all.

        Args:
            folder: Where to; it must be empty or absent.
            model_digest: The model that made the vectors.

        Raises:
            InputError: The folder holds something already, or cannot be written.
        """
        from safetensors.numpy import save_file

        self._check_open()
        entries = _Entries(model_digest, self.dimension, tuple(self._rows), tuple(self._domains))
        try:
            with staged_folder(folder) as staging:
                save_file({"vectors": self._vectors}, staging / VECTORS_FILE)
                with (staging / VECTORS_FILE).open("rb") as stream:
                    os.fsync(stream.fileno())
                write_json(staging / ENTRIES_FILE, asdict(entries))
        except FileExistsError as error:
            raise InputError(f"{folder} holds something already.", "Give a new folder, or empty this one.") from error

    @classmethod
    def load(cls, folder: Path, dimension: int, model_digest: str) -> ExactIndex:
        """Read an index written by `save`.

        Args:
            folder: Where it lies.
            dimension: Length of the vectors of the model in use.
            model_digest: The model in use.

        Raises:
            ModelError: The index was made with another model.
            FormatError: A file is missing, malformed or does not fit the other.
        """
        entries = _read_entries(folder)
        check_model(f"The index in {folder}", (entries.model_digest, entries.dimension), (model_digest, dimension))
        ids, domains = entries.passage_ids, entries.domains
        vectors = _read_vectors(folder)
        if vectors.shape != (len(ids), dimension) or len(domains) != len(ids) or len(set(ids)) != len(ids):
            raise _damaged(folder, "its files do not fit each other")
        index = cls(dimension)
        index._rows = {id_: row for row, id_ in enumerate(ids)}
        index._domains = list(domains)
        index._held = vectors
        return index

    def close(self) -> None:
        """Release the vectors; a closed index cannot be used again."""
        self._closed = True
        self._held = self._held[:0].copy()

    @property
    def _vectors(self) -> NDArray[np.float32]:
        """The vectors of the passages; there may be room for more behind them."""
        return self._held[: len(self._rows)]

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


def _read_entries(folder: Path) -> _Entries:
    try:
        return TypeAdapter(_Entries).validate_python(read_json(folder / ENTRIES_FILE))
    except InputError as error:
        raise _damaged(folder, error.message) from error
    except ValidationError as error:
        raise _damaged(folder, f"{ENTRIES_FILE} does not describe an index") from error


def _read_vectors(folder: Path) -> NDArray[np.float32]:
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        vectors = load_file(folder / VECTORS_FILE)["vectors"]
    except (SafetensorError, OSError, KeyError) as error:
        raise _damaged(folder, f"{VECTORS_FILE} cannot be read ({error})") from error
    if vectors.dtype != np.float32 or not np.isfinite(vectors).all():
        raise _damaged(folder, f"{VECTORS_FILE} does not hold finite float32 numbers")
    return vectors


def _damaged(folder: Path, reason: str) -> FormatError:
    return FormatError(f"The index in {folder} is damaged: {reason}.", "Index the corpus again.")
