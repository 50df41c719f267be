"""Counts of strings without the strings: a table from 64-bit hashes to numbers.

This makes files small and lookups quick. It hides nothing: the hash has no key, so who holds the table can look up any
word or pair of words and see whether it is there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from embedtune.anomaly.detectors.stored import taken
from embedtune.memo import Memo


def hash_of(text: str) -> int:
    """Return a hash of a string, the same in every process: 64 bits, signed."""
    return int.from_bytes(
        hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=8).digest(), "little", signed=True
    )


@dataclass(frozen=True, slots=True)
class HashedCounts:
    """A number for each of some strings; 0 for all others.

    Attributes:
        by_hash: The numbers by `hash_of` the string.
    """

    by_hash: Mapping[int, float]
    _hashes: Memo[str, int]

    @classmethod
    def of(cls, counts: Mapping[str, float]) -> HashedCounts:
        """Hash the strings."""
        return cls({hash_of(text): float(np.float32(count)) for text, count in counts.items()}, Memo(hash_of))

    @classmethod
    def from_arrays(cls, arrays: dict[str, NDArray[np.generic]], name: str) -> HashedCounts:
        """Take a stored table out of ``arrays``.

        Raises:
            ModelError: It is missing or damaged.
        """
        hashes = taken(arrays, f"{name}.hashes", np.int64, (None,))
        numbers = taken(arrays, f"{name}.numbers", np.float32, (len(hashes),))
        return cls(dict(zip(hashes.tolist(), numbers.tolist(), strict=True)), Memo(hash_of))

    def __getitem__(self, text: str) -> float:
        """Return the number of a string."""
        return self.by_hash.get(self._hashes[text], 0.0)

    def arrays(self, name: str) -> dict[str, NDArray[np.generic]]:
        """Return what is stored, in the order of the hashes."""
        hashes = np.array(sorted(self.by_hash), dtype=np.int64)
        numbers = np.array([self.by_hash[number] for number in hashes.tolist()], dtype=np.float32)
        return {f"{name}.hashes": hashes, f"{name}.numbers": numbers}
