"""The exact index on the disk: every batch is a file of its own, joined to one when the index is closed.

::

    vectors.safetensors       vectors sorted by id, with ids, domains and labels in its header
    0000000001.safetensors    a batch taken in since; of two with one id the later stays

A file is written whole or not at all, so a batch that was taken in outlives the process.
"""

from __future__ import annotations

import contextlib
import os
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np
from pydantic import TypeAdapter, ValidationError

from embedtune.errors import FormatError, InputError
from embedtune.files import canonical_json, digest_bytes, sync_folder
from embedtune.index.exact import ExactIndex
from embedtune.index.vectors import check_batch, check_model

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from embedtune.vocabulary.corpus import Passage

SUFFIX = ".safetensors"
JOINED_FILE = f"vectors{SUFFIX}"
_HEADER = "index"
_VECTORS = "vectors"
_TRIES = 5


@dataclass(frozen=True, slots=True)
class _Header:
    """What stands beside the vectors of a file; ids, domains and labels are in the order of the rows."""

    model_digest: str
    dimension: int
    vectors_digest: str
    passage_ids: tuple[str, ...]
    domains: tuple[str, ...]
    labels: tuple[tuple[str, ...], ...]


class KeptExactIndex(ExactIndex):
    """An `ExactIndex` in a folder; `KeptExactIndex.open` makes one.

    Several processes may search it; one at a time may write.
    """

    def __init__(self, folder: Path, dimension: int, model_digest: str) -> None:
        super().__init__(dimension)
        self._folder = folder
        self._model_digest = model_digest
        self._batches: list[Path] = []
        self._written = False
        self._stale = False

    @classmethod
    def open(cls, folder: Path, dimension: int, model_digest: str) -> KeptExactIndex:
        """Open the index in a folder, or begin one where the folder is empty or absent.

        Args:
            folder: Where it lies.
            dimension: Length of the vectors of the model in use.
            model_digest: The model in use.

        Raises:
            ModelError: The index was made with another model.
            FormatError: A file is malformed.
        """
        for _ in range(_TRIES):
            index = cls(folder, dimension, model_digest)
            try:
                index._load()
            except FileNotFoundError:
                continue  # its writer joined the files meanwhile
            return index
        raise _damaged(folder, "its files keep changing")

    def upsert(
        self,
        passages: Sequence[Passage],
        vectors: NDArray[np.float32],
        domains: Sequence[str],
        labels: Sequence[Sequence[str]] = (),
    ) -> None:
        """Add or replace passages; see `ExactIndex.upsert`. They are on the disk when it returns.

        Raises:
            ModelError: The vectors have another dimension.
            InputError: They differ in number, a number is not finite, or the disk refuses.
        """
        self._check_open()
        check_batch(passages, vectors, domains, labels)
        if not passages:
            return
        ids, unit = [passage.id for passage in passages], self._unit(vectors)
        number = int(self._batches[-1].stem) + 1 if self._batches else 1
        self._batches.append(self._write(f"{number:010d}{SUFFIX}", ids, unit, domains, labels or [()] * len(ids)))
        self._written = True
        self._put(ids, unit, domains, labels)

    def remove(self, passage_ids: Sequence[str]) -> None:
        """Remove passages; the disk forgets them at the next `flush`."""
        before = len(self)
        super().remove(passage_ids)
        if len(self) < before:
            self._written = self._stale = True

    def flush(self) -> None:
        """Join the files to one; the same contents give the same bytes.

        Raises:
            InputError: The disk refuses; the files are as they were.
        """
        self._check_open()
        if not self._batches and not self._stale:
            return
        ids = sorted(self._rows)
        rows = [self._rows[id_] for id_ in ids]
        labels = [tuple(sorted(self._label_sets[row])) for row in rows]
        self._write(JOINED_FILE, ids, self._vectors[rows], [self._domains[row] for row in rows], labels)
        self._stale = False
        while self._batches:  # the oldest first: what a crash leaves is then the latest
            self._batches.pop(0).unlink(missing_ok=True)

    def close(self) -> None:
        """Join the files if any was written, and release the vectors; a closed index cannot be used again."""
        if self._closed:
            return
        try:
            if self._written:
                self.flush()
        finally:
            super().close()

    def _load(self) -> None:
        joined = self._folder / JOINED_FILE
        self._batches = sorted(self._folder.glob(f"[0-9]*{SUFFIX}"))
        read = [self._read(path) for path in [*([joined] if joined.exists() else []), *self._batches]]
        for header, vectors in read:
            self._put(header.passage_ids, vectors, header.domains, header.labels)

    def _read(self, path: Path) -> tuple[_Header, NDArray[np.float32]]:
        from safetensors import SafetensorError, safe_open

        try:
            with safe_open(path, framework="numpy") as stream:
                header = TypeAdapter(_Header).validate_json((stream.metadata() or {}).get(_HEADER, ""))
                vectors: NDArray[np.float32] = stream.get_tensor(_VECTORS)
        except FileNotFoundError:
            raise
        except (SafetensorError, OSError) as error:
            raise _damaged(self._folder, f"{path.name} cannot be read ({error})") from error
        except ValidationError as error:
            raise _damaged(self._folder, f"{path.name} does not describe an index") from error
        held = (header.model_digest, header.dimension)
        check_model(f"The index in {self._folder}", held, (self._model_digest, self.dimension))
        counts = {len(header.passage_ids), len(set(header.passage_ids)), len(header.domains), len(header.labels)}
        if vectors.dtype != np.float32 or vectors.shape != (len(header.passage_ids), self.dimension) or len(counts) > 1:
            raise _damaged(self._folder, f"{path.name} does not fit its own description")
        if digest_bytes(vectors.tobytes()) != header.vectors_digest:
            raise _damaged(self._folder, f"the vectors of {path.name} were changed")
        return header, vectors

    def _write(
        self,
        name: str,
        ids: Sequence[str],
        unit: NDArray[np.float32],
        domains: Sequence[str],
        labels: Sequence[Sequence[str]],
    ) -> Path:
        from safetensors import SafetensorError
        from safetensors.numpy import save_file

        last = {id_: row for row, id_ in enumerate(ids)}  # a file holds each id once
        rows = list(last.values())
        vectors = np.ascontiguousarray(unit[rows])
        header = _Header(
            self._model_digest,
            self.dimension,
            digest_bytes(vectors.tobytes()),
            tuple(last),
            tuple(domains[row] for row in rows),
            tuple(tuple(labels[row]) for row in rows),
        )
        path = self._folder / name
        staged = path.with_name(f".{path.name}.new")
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            save_file({_VECTORS: vectors}, staged, {_HEADER: canonical_json(asdict(header)).decode()})
            with staged.open("rb") as stream:
                os.fsync(stream.fileno())
            staged.replace(path)
            sync_folder(self._folder)
        except (OSError, SafetensorError) as error:
            with contextlib.suppress(OSError):
                staged.unlink(missing_ok=True)
            raise InputError(
                f"The index in {self._folder} cannot be written: {error}.", "Check the free space of the disk."
            ) from error
        return path


def _damaged(folder: Path, reason: str) -> FormatError:
    return FormatError(f"The index in {folder} is damaged: {reason}.", "Index the corpus again.")
