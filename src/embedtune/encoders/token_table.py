"""The token vectors of a loaded model: what a word means before its neighbours are looked at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from sentence_transformers import SentenceTransformer


@dataclass(frozen=True, slots=True, eq=False)
class ModelTokens:
    """A `TokenTable` over a model's own input embeddings and its tokenizer.

    Attributes:
        vectors: Shape (tokens known, width), float32; a view of the model's weights where they are float32.
        tokenizer: The model's, as transformers loads it.
    """

    vectors: NDArray[np.float32]
    tokenizer: Any

    def ids(self, texts: Sequence[str]) -> list[list[int]]:
        """Return the rows of the tokens of each text, without special tokens."""
        if not texts:
            return []
        found: list[list[int]] = self.tokenizer(
            list(texts), add_special_tokens=False, truncation=False, verbose=False, return_attention_mask=False
        )["input_ids"]
        return found


def model_tokens(model: SentenceTransformer) -> ModelTokens | None:
    """Return the token table of a model; ``None`` where it has no transformer with tokens of its own."""
    backbone = getattr(model[0], "auto_model", None)
    tokenizer = getattr(model, "tokenizer", None)
    if backbone is None or not callable(tokenizer):
        return None
    embeddings = backbone.get_input_embeddings()
    weight = getattr(embeddings, "weight", None)
    if weight is None:
        return None
    return ModelTokens(np.asarray(weight.detach().cpu().float().numpy()), tokenizer)
