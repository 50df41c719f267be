"""A passage index that compares the question with every passage."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np
from pydantic import TypeAdapter, ValidationError

from embedtune.errors import FormatError, InputError
from embedtune.files import read_json, staged_folder, write_json
from embedtune.index.vectors import check_batch, check_limit, check_model, unit_rows

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from embedtune.vocabulary.corpus import Passage

VECTORS_FILE = "vectors.safetensors"
ENTRIES_FILE = "entries.json"

_QUERIES_AT_ONCE = 256
# Wider than what the order of float32 additions can change in the cosine of unit vectors.
_ROUNDING = 1e-5


@dataclass(frozen=True, slots=True)
class _Entries:
    """What stands beside the vectors on the disk; passages and domains are in the order of the rows."""

    model_digest: str
    dimension: int
    passage_ids: tuple[str, ...]
    domains: tuple[str, ...]


class ExactIndex:
    """Cosine over all passages, in numpy: exact, in memory, right for small corpora.

    Candidates are found in float32 and scored again in float64, one row at a time, so that equal
    vectors score equal whatever rows stand beside them, and ties really go by id.

    Args:
        dimension: Length of a vector.
    """

    def __init__(self, dimension: int) -> None:
        self._rows: dict[str, int] = {}
        self._ids: NDArray[np.str_] = np.zeros(0, dtype=np.str_)
        self._domains: NDArray[np.str_] = np.zeros(0, dtype=np.str_)
        self._vectors: NDArray[np.float32] = np.zeros((0, dimension), dtype=np.float32)
        self._closed = False

    @property
    def dimension(self) -> int:
        """The length of a vector."""
        return int(self._vectors.shape[1])

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
        unit = unit_rows(vectors, self.dimension)
        rows = np.array([self._rows.setdefault(passage.id, len(self._rows)) for passage in passages])
        added = len(self._rows) - len(self._vectors)
        names = np.array(domains, dtype=np.str_)
        self._ids = np.array(list(self._rows), dtype=np.str_)
        self._domains = np.concatenate([self._domains, np.zeros(added, dtype=names.dtype)])
        self._domains[rows] = names
        self._vectors = np.concatenate([self._vectors, np.zeros((added, self.dimension), dtype=np.float32)])
        self._vectors[rows] = unit

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

        Raises:
            ModelError: The vectors have another dimension.
            InputError: ``limit`` is below 1, or a number is not finite.
        """
        self._check_open()
        check_limit(limit)
        queries = unit_rows(vectors, self.dimension)
        ids, held = self._ids, self._vectors
        if domain is not None:
            of_domain = np.flatnonzero(self._domains == domain)
            ids, held = ids[of_domain], held[of_domain]
        if not len(ids):
            return [[] for _ in queries]
        found: list[list[tuple[str, float]]] = []
        for start in range(0, len(queries), _QUERIES_AT_ONCE):
            block = queries[start : start + _QUERIES_AT_ONCE]
            pairs = zip(block, block @ held.T, strict=True)
            found.extend(_best(query, scores, ids, held, limit) for query, scores in pairs)
        return found

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
        entries = _Entries(model_digest, self.dimension, tuple(self._rows), tuple(self._domains.tolist()))
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
        index._ids = np.array(ids, dtype=np.str_)
        index._domains = np.array(domains, dtype=np.str_)
        index._vectors = vectors
        return index

    def close(self) -> None:
        """Release the vectors; a closed index cannot be used again."""
        self._closed = True
        self._vectors = self._vectors[:0].copy()

    def _check_open(self) -> None:
        if self._closed:
            raise ValueError("the index is closed")


def _best(
    query: NDArray[np.float32],
    scores: NDArray[np.float32],
    ids: NDArray[np.str_],
    held: NDArray[np.float32],
    limit: int,
) -> list[tuple[str, float]]:
    """Return the best of one query: ``scores`` picks the candidates, float64 orders them."""
    candidates = np.arange(len(ids))
    if limit < len(ids):
        candidates = np.flatnonzero(scores >= np.partition(scores, -limit)[-limit] - _ROUNDING)
    refined = (held[candidates].astype(np.float64) * query.astype(np.float64)).sum(axis=1)
    order = np.lexsort((ids[candidates], -refined))[:limit]
    return [(str(ids[candidates[place]]), float(refined[place])) for place in order]


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
