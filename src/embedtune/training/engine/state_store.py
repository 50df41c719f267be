"""Keep the hidden states of very many texts: in memory up to a budget, in a file beyond it."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

_BLOCK_BYTES = 1 << 26
_BYTES_PER_NUMBER = 2
_ZEROS = 1 << 20


@dataclass(slots=True)
class _Block:
    rows: NDArray[np.float16]
    used: int = 0


@dataclass(slots=True)
class StateStore:
    """Hidden states by key, in half precision.

    The file has no name: it goes when the process goes, however that ends. It grows block by block, and
    room on the disk is reserved before a block is used, so that a full disk ends the growth and nothing else.

    Attributes:
        width: Numbers of a token's state.
        memory_bytes: How much memory may be used.
        disk_bytes: How much of the disk may be used beyond that.
        folder: Where the file lies.
    """

    width: int
    memory_bytes: int
    disk_bytes: int
    folder: Path
    _places: dict[bytes, tuple[int, int, int]] = field(default_factory=dict)
    _blocks: list[_Block] = field(default_factory=list)
    _in_memory: int = 0
    _on_disk: int = 0

    def __contains__(self, key: bytes) -> bool:
        """Tell whether a text's states are kept."""
        return key in self._places

    def __len__(self) -> int:
        """Return how many texts are kept."""
        return len(self._places)

    @property
    def bytes_held(self) -> tuple[int, int]:
        """Bytes in memory and on the disk."""
        return self._in_memory, self._on_disk

    def get(self, key: bytes) -> Tensor | None:
        """Return a text's states, shape (tokens, width), float16; ``None`` if they are not kept."""
        place = self._places.get(key)
        if place is None:
            return None
        block, begin, end = place
        return torch.from_numpy(self._blocks[block].rows[begin:end])

    def put(self, key: bytes, states: Tensor) -> bool:
        """Keep a text's states, shape (tokens, width); tells whether there was room."""
        count = len(states)
        if not self._blocks or self._blocks[-1].used + count > len(self._blocks[-1].rows):
            block = self._new_block(count)
            if block is None:
                return False
            self._blocks.append(block)
        block = self._blocks[-1]
        block.rows[block.used : block.used + count] = states.cpu().numpy()
        self._places[key] = (len(self._blocks) - 1, block.used, block.used + count)
        block.used += count
        return True

    def _new_block(self, least: int) -> _Block | None:
        """Return a block for at least so many tokens, ``None`` where neither memory nor disk has room for it."""
        row = self.width * _BYTES_PER_NUMBER
        for on_disk, room in ((False, self.memory_bytes - self._in_memory), (True, self.disk_bytes - self._on_disk)):
            rows = min(max(_BLOCK_BYTES, least * row), room) // row
            if rows < least:
                continue
            if not on_disk:
                self._in_memory += rows * row
                return _Block(np.empty((rows, self.width), dtype=np.float16))
            mapped = self._mapped(rows)
            if mapped is not None:
                self._on_disk += rows * row
                return _Block(mapped)
        return None

    def _mapped(self, rows: int) -> NDArray[np.float16] | None:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=self.folder) as file:
                _reserve(file, rows * self.width * _BYTES_PER_NUMBER)
                return np.memmap(file, dtype=np.float16, mode="r+", shape=(rows, self.width))
        except OSError:
            self.disk_bytes = 0  # the disk is full: what is kept stays, the rest is computed when it is needed
            return None


def _reserve(file: IO[bytes], size: int) -> None:
    """Have the disk set a file's bytes aside: writing to mapped bytes that it cannot hold would kill the process."""
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(file.fileno(), 0, size)
        return
    for written in range(0, size, _ZEROS):
        file.write(bytes(min(_ZEROS, size - written)))
    file.flush()
