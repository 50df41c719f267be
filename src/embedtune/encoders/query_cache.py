"""An encoder that remembers the questions it was asked last."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from embedtune.vocabulary.ports import Encoder, TokenTable, tokens_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

_FEW = 64


class QueryCache:
    """Answers from memory what was asked lately; least recently used questions are forgotten first.

    Longer lists than a person asks at once are passages: they go straight to the model and push nothing out.
    It may be shared by threads.

    Args:
        encoder: The model.
        size: How many questions are remembered, at least 1; each takes four bytes a dimension and its text.
    """

    def __init__(self, encoder: Encoder, size: int) -> None:
        self._encoder = encoder
        self._size = size
        self._vectors: OrderedDict[str, NDArray[np.float32]] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def name(self) -> str:
        """The model's name."""
        return self._encoder.name

    @property
    def digest(self) -> str:
        """The model's digest."""
        return self._encoder.digest

    @property
    def dimension(self) -> int:
        """The length of a vector."""
        return self._encoder.dimension

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return unit vectors, shape (len(texts), dimension), float32: the model's own, which the caller may change."""
        if not 0 < len(texts) <= _FEW:
            return self._encoder.encode(texts)
        known = self._recalled(texts)
        missing = [text for text in dict.fromkeys(texts) if text not in known]
        if missing:
            fresh = dict(zip(missing, self._encoder.encode(missing), strict=True))
            self._remember(fresh)
            known |= fresh
        return np.stack([known[text] for text in texts])

    def token_table(self) -> TokenTable | None:
        """Return the model's tokens; ``None`` where it has none."""
        return tokens_of(self._encoder)

    def _recalled(self, texts: Sequence[str]) -> dict[str, NDArray[np.float32]]:
        with self._lock:
            known = {text: self._vectors[text] for text in texts if text in self._vectors}
            for text in known:
                self._vectors.move_to_end(text)
        return known

    def _remember(self, fresh: dict[str, NDArray[np.float32]]) -> None:
        with self._lock:
            for text, vector in fresh.items():
                self._vectors[text] = vector.copy()
                self._vectors.move_to_end(text)
            while len(self._vectors) > self._size:
                self._vectors.popitem(last=False)
