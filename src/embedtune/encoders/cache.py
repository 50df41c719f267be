"""Keep vectors on the disk, under the model and the texts they belong to."""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from embedtune.events import Alert, Report, silent
from embedtune.files import digest_value

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SUFFIX = ".safetensors"
_UNFINISHED = ".unfinished"
_ABANDONED_SECONDS = 3600.0
_KEPT_SHARE = 0.9
_TENSOR = "vectors"


@dataclass(slots=True)
class VectorCache:
    """Blocks of vectors in files; any number of processes may share the folder.

    A file appears by renaming, so a process that is killed leaves a whole one or none. A file that is missing,
    damaged in any byte, or removed by another process counts as not kept. No file is ever
    changed. Where the room ends, what was not used for longest goes. A folder that cannot be written is told
    once; the work goes on without it.

    Attributes:
        folder: Where the files lie, one folder a model.
        budget_bytes: How many bytes the files may have together; processes that write at the same time may
            each exceed it by a block.
        report: Where trouble is told.
    """

    folder: Path
    budget_bytes: int
    report: Report = silent
    _held: int | None = field(default=None, init=False)
    _usable: bool = field(default=True, init=False)

    def get(self, model: str, texts: Sequence[str]) -> NDArray[np.float32] | None:
        """Return the vectors of texts, shape (len(texts), dimension); ``None`` if they are not kept whole.

        Args:
            model: What identifies the model, such as its digest.
            texts: The texts, in the order in which they were put.
        """
        from safetensors import SafetensorError, safe_open

        key, path = self._place(model, texts)
        try:
            with safe_open(path, framework="numpy") as file:
                noted = file.metadata() or {}
                vectors: NDArray[np.float32] = file.get_tensor(_TENSOR)
        except (OSError, SafetensorError, ValueError, TypeError, KeyError):
            return None
        whole = vectors.dtype == np.float32 and vectors.ndim == 2 and len(vectors) == len(texts)  # noqa: PLR2004
        if not whole or noted != _notes(key, vectors):
            return None
        with contextlib.suppress(OSError):
            os.utime(path)
        return vectors

    def put(self, model: str, texts: Sequence[str], vectors: NDArray[np.float32]) -> None:
        """Keep the vectors of texts.

        Args:
            model: What identifies the model.
            texts: The texts.
            vectors: Shape (len(texts), dimension), float32.
        """
        from safetensors.numpy import save

        if not self._usable or vectors.nbytes > self.budget_bytes:
            return
        key, path = self._place(model, texts)
        rows = np.ascontiguousarray(vectors, dtype=np.float32)
        content = save({_TENSOR: rows}, _notes(key, rows))
        try:
            self._make_room(len(content))
            _write(path, content)
        except OSError as error:
            self._usable = False
            self.report(Alert(f"Vectors are not kept: {self.folder} cannot be written ({error.strerror or error})."))
            return
        self._held = (self._held or 0) + len(content)

    def _place(self, model: str, texts: Sequence[str]) -> tuple[str, Path]:
        """Return what identifies a block, and its file."""
        texts_digest = digest_value(list(texts))
        shelf = hashlib.sha256(model.encode()).hexdigest()[:32]
        return f"{model} {texts_digest}", self.folder / shelf / f"{texts_digest.removeprefix('sha256:')}{_SUFFIX}"

    def _make_room(self, size: int) -> None:
        """Remove what was not used for longest, if so many more bytes are too many.

        The folder is looked through once and then whenever the room seems to end: other processes write, too.
        """
        if self._held is not None and self._held + size <= self.budget_bytes:
            return
        files = self._files()
        held = sum(bytes_ for _, bytes_, _ in files)
        if held + size > self.budget_bytes:
            for _, bytes_, path in sorted(files):
                if held + size <= self.budget_bytes * _KEPT_SHARE:
                    break
                path.unlink(missing_ok=True)
                held -= bytes_
        self._held = held

    def _files(self) -> list[tuple[float, int, Path]]:
        """Return time of last use, size and path of every file; what killed processes left is removed."""
        found: list[tuple[float, int, Path]] = []
        for path in self.folder.glob("*/*"):
            with contextlib.suppress(OSError):  # another process may have removed it
                state = path.stat()
                if path.suffix == _UNFINISHED and time.time() - state.st_mtime > _ABANDONED_SECONDS:
                    path.unlink()
                else:
                    found.append((state.st_mtime, state.st_size, path))
        return [entry for entry in found if entry[2].suffix == _SUFFIX]


def _notes(key: str, vectors: NDArray[np.float32]) -> dict[str, str]:
    """Return what stands beside vectors: whose they are, and the digest that finds a flipped bit."""
    state = hashlib.sha256(f"{key} {vectors.shape}".encode())
    state.update(np.ascontiguousarray(vectors).data)
    return {"key": key, "sha256": state.hexdigest()}


def _write(path: Path, content: bytes) -> None:
    """Write a file that appears whole; it is not flushed to the disk, since damage is noticed and costs little."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(suffix=_UNFINISHED, dir=path.parent)
    unfinished = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
