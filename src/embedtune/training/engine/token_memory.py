"""Turn each text into tokens once, and not again in every epoch."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

_TEXTS_AT_ONCE = 1024

Tokens = dict[str, Tensor]


class TokenMemory:
    """Tokenises texts for a trainer's collator, remembering what it has seen.

    What it gives equals what the model's own `preprocess` gives: texts padded on the right to the longest
    of them.

    Args:
        model: The model whose tokenizer is asked, with its greatest length set.
    """

    def __init__(self, model: SentenceTransformer) -> None:
        self._model = model
        pad = getattr(model.tokenizer, "pad_token_id", None)
        self._padding = {"input_ids": int(pad or 0)}
        self._known: dict[str, Tokens] = {}

    def learn(self, texts: Iterable[str]) -> None:
        """Tokenise the texts that are new."""
        fresh = [text for text in dict.fromkeys(texts) if text not in self._known]
        for begin in range(0, len(fresh), _TEXTS_AT_ONCE):
            part = sorted(fresh[begin : begin + _TEXTS_AT_ONCE], key=len)
            tokens = self._model.preprocess(part)
            lengths = tokens["attention_mask"].sum(dim=1).tolist()
            columns = {name: value.to(torch.int32) for name, value in tokens.items() if isinstance(value, Tensor)}
            for row, (text, length) in enumerate(zip(part, lengths, strict=True)):
                self._known[text] = {name: value[row, :length].clone() for name, value in columns.items()}

    def lengths(self, texts: Sequence[str]) -> list[int]:
        """Return how many tokens each text has, as the model reads it."""
        self.learn(texts)
        return [len(self._known[text]["input_ids"]) for text in texts]

    def ids(self, texts: Iterable[str]) -> list[Tensor]:
        """Return the token ids of each text, shape (length,), int32."""
        texts = list(texts)
        self.learn(texts)
        return [self._known[text]["input_ids"] for text in texts]

    def __call__(self, texts: Sequence[str], prompt: str | None = None, task: str | None = None) -> Tokens:
        """Return the tokens of a column of a batch: tensors of shape (texts, longest), int64.

        Args:
            texts: The texts.
            prompt: Put in front of each text.
            task: Accepted for the collator's sake; a model of one task has none.
        """
        texts = [prompt + text for text in texts] if prompt else list(texts)
        self.learn(texts)
        rows = [self._known[text] for text in texts]
        return {
            name: torch.nn.utils.rnn.pad_sequence(
                [row[name] for row in rows], batch_first=True, padding_value=self._padding.get(name, 0)
            ).to(torch.int64)
            for name in rows[0]
        }
