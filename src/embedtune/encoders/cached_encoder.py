"""An encoder that keeps what it has encoded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from embedtune.encoders.cache import VectorCache
from embedtune.vocabulary.ports import Encoder, TokenTable, tokens_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

BLOCK = 256
"""Texts that are kept together: what a run that is stopped loses at most."""


@dataclass(frozen=True, slots=True)
class CachedEncoder:
    """Asks a cache before it asks a model, block by block.

    Attributes:
        encoder: The model.
        cache: Where vectors are kept.
        made_with: What besides the model decides the vectors, such as the versions of libraries.
    """

    encoder: Encoder
    cache: VectorCache
    made_with: str = ""

    @property
    def name(self) -> str:
        """The model's name."""
        return self.encoder.name

    @property
    def digest(self) -> str:
        """The model's digest."""
        return self.encoder.digest

    @property
    def dimension(self) -> int:
        """The length of a vector."""
        return self.encoder.dimension

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return unit vectors, shape (len(texts), dimension), float32: what the model returned for each block."""
        if not texts:
            return np.zeros((0, self.dimension), dtype=np.float32)
        blocks = [self._block(texts[start : start + BLOCK]) for start in range(0, len(texts), BLOCK)]
        return blocks[0] if len(blocks) == 1 else np.concatenate(blocks)

    def token_table(self) -> TokenTable | None:
        """Return the model's tokens; ``None`` where it has none."""
        return tokens_of(self.encoder)

    def _block(self, texts: Sequence[str]) -> NDArray[np.float32]:
        model = f"{self.digest} {self.made_with}".strip()
        kept = self.cache.get(model, texts)
        if kept is not None and kept.shape[1] == self.dimension:
            return kept
        vectors = self.encoder.encode(texts)
        self.cache.put(model, texts, vectors)
        return vectors
