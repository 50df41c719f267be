"""A deterministic encoder without a model, for tests of what is built on encoders."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class FakeEncoder:
    """Encodes a text as the normalised sum of one random vector per word.

    Texts that share words are near each other; equal texts have equal vectors on every machine.
    """

    dimension: int = 32
    name: str = "fake"
    salt: str = ""

    @property
    def digest(self) -> str:
        """A digest that differs with every setting."""
        state = f"{self.name}:{self.dimension}:{self.salt}"
        return f"sha256:{hashlib.sha256(state.encode()).hexdigest()}"

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return unit vectors, shape (len(texts), dimension), float32."""
        vectors = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for row, text in enumerate(texts):
            for word in text.lower().split() or [""]:
                vectors[row] += self._word(word)
        norms = np.linalg.norm(vectors, axis=1, keepdims=True)
        norms[norms == 0] = 1
        unit: NDArray[np.float32] = vectors / norms
        return unit

    def _word(self, word: str) -> NDArray[np.float32]:
        seed = int.from_bytes(hashlib.sha256(f"{self.salt}{word}".encode()).digest()[:8], "big")
        drawn: NDArray[np.float32] = np.random.default_rng(seed).standard_normal(self.dimension).astype(np.float32)
        return drawn
