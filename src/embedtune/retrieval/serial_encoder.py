"""An encoder that several threads may use."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from embedtune.vocabulary.ports import tokens_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from embedtune.vocabulary.ports import Encoder, TokenTable


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

    def token_table(self) -> TokenTable | None:
        """Return the model's tokens, looked up by one thread at a time; ``None`` where it has none."""
        table = tokens_of(self._encoder)
        return None if table is None else SerialTokens(table, self._lock)


class SerialTokens:
    """A `TokenTable` whose tokenizer one thread uses at a time.

    Args:
        table: The tokens.
        lock: Held by whoever uses the tokenizer.
    """

    def __init__(self, table: TokenTable, lock: threading.Lock) -> None:
        self._table = table
        self._lock = lock

    @property
    def vectors(self) -> NDArray[np.float32]:
        """The vector of each token: shape (tokens known, width), float32; not to be written to."""
        return self._table.vectors

    def ids(self, texts: Sequence[str]) -> list[list[int]]:
        """Return the rows of the tokens of each text, in their order, without special tokens."""
        with self._lock:
            return self._table.ids(texts)
