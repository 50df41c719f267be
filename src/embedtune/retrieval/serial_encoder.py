"""An encoder that several threads may use."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from embedtune.vocabulary.ports import Encoder


class SerialEncoder:
    """An `Encoder` that one thread uses at a time: tokenizers of transformers refuse to be shared.

    Args:
        encoder: The encoder.
    """

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._lock = threading.Lock()

    @property
    def name(self) -> str:
        """The model's name."""
        return self._encoder.name

    @property
    def digest(self) -> str:
        """The digest of the model's files."""
        return self._encoder.digest

    @property
    def dimension(self) -> int:
        """The length of a vector."""
        return self._encoder.dimension

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return one unit vector a text: shape (len(texts), dimension), float32."""
        with self._lock:
            return self._encoder.encode(texts)
