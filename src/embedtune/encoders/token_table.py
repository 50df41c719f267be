"""The token vectors of a model: what a word means before its neighbours are looked at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from sentence_transformers import SentenceTransformer
    from tokenizers import Tokenizer

_WEIGHTS = "model.safetensors"
# What transformers calls input embeddings: in BERT and its kin, ModernBERT, Llama and its kin, GPT-2, T5.
_NAMES = ("word_embeddings", "tok_embeddings", "embed_tokens", "wte", "shared")


@dataclass(frozen=True, slots=True, eq=False)
class StoredTokens:
    """A `TokenTable` that asks its tokenizer without the library that runs the model, which takes ten times as long.

    Attributes:
        vectors: Shape (tokens known, width), float32.
        tokenizer: The model's, cutting no text.
    """

    vectors: NDArray[np.float32]
    tokenizer: Tokenizer

    def ids(self, texts: Sequence[str]) -> list[list[int]]:
        """Return the rows of the tokens of each text, without special tokens."""
        if len(texts) == 1:  # a batch is handed to other threads
            return [self.tokenizer.encode(texts[0], add_special_tokens=False).ids]
        return [encoding.ids for encoding in self.tokenizer.encode_batch(list(texts), add_special_tokens=False)]


@dataclass(frozen=True, slots=True, eq=False)
class ModelTokens:
    """A `TokenTable` for a tokenizer that only transformers knows.

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


def model_tokens(model: SentenceTransformer) -> StoredTokens | ModelTokens | None:
    """Return the token table of a model; ``None`` where it has no transformer with tokens of its own."""
    backbone = getattr(model[0], "auto_model", None)
    tokenizer = getattr(model, "tokenizer", None)
    if backbone is None or not callable(tokenizer):
        return None
    embeddings = backbone.get_input_embeddings()
    weight = getattr(embeddings, "weight", None)
    if weight is None:
        return None
    vectors = np.asarray(weight.detach().cpu().float().numpy())
    fast = getattr(tokenizer, "backend_tokenizer", None)
    if fast is None:
        return ModelTokens(vectors, tokenizer)
    from tokenizers import Tokenizer

    own = Tokenizer.from_str(fast.to_str())  # a copy, since the model's cuts texts
    own.no_truncation()
    own.no_padding()
    return StoredTokens(vectors, own)


def stored_tokens(folder: Path, tokenizer: Tokenizer) -> StoredTokens | None:
    """Return the token table in the weights of a model folder; ``None`` where they are not found there as floats."""
    from safetensors import SafetensorError, safe_open

    path = folder / _WEIGHTS
    if not path.is_file():
        return None
    try:
        with safe_open(path, framework="numpy") as weights:
            names = [name for name in weights.keys() if _is_table(name)]  # noqa: SIM118 - it is no mapping
            if not names:
                return None
            vectors = np.asarray(weights.get_tensor(min(names, key=len)), dtype=np.float32)
    except (OSError, SafetensorError, TypeError):
        return None
    return StoredTokens(vectors, tokenizer)


def _is_table(name: str) -> bool:
    """Tell whether a tensor of this name, such as ``embeddings.word_embeddings.weight``, is a token table."""
    return name.endswith(".weight") and name.removesuffix(".weight").rpartition(".")[2] in _NAMES
