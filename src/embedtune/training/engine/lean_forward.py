"""Embed a batch with as little work as gives the same embeddings.

A text that stands in a batch more than once is embedded once, texts of like length run together so that little
is padded, and frozen layers are not run where their states are known. Dropout aside, embeddings and
gradients are those of the plain forward pass.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from embedtune.training.engine.features import Features, cut_to

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

    from embedtune.training.engine.frozen_states import FrozenStates


@dataclass(slots=True)
class LeanForward:
    """The forward pass of a model while it trains.

    Attributes:
        model: The model.
        states: What is known of the frozen layers; ``None`` runs all layers.
        merge: Whether equal texts of a batch are embedded once.
        tokens_at_once: Texts run together up to so many tokens, padding included; 0: all texts together.
    """

    model: SentenceTransformer
    states: FrozenStates | None = None
    merge: bool = True
    tokens_at_once: int = 1024

    @contextlib.contextmanager
    def installed(self) -> Iterator[None]:
        """Have the model run this way while the block lasts: for any loss, and for measuring on dev."""
        self.model.forward = self.forward  # type: ignore[method-assign,assignment]
        try:
            yield
        finally:
            del self.model.forward

    def forward(self, features: Features, **kwargs: object) -> Features:
        """Return the features with ``sentence_embedding``, shape (texts, dimension).

        Args:
            features: ``input_ids`` and ``attention_mask``, shape (texts, length), padded on the right.
            kwargs: What the library passes on to its modules.
        """
        lengths = features["attention_mask"].sum(dim=1).tolist()
        ids = features["input_ids"].cpu()
        texts = [row[:length] for row, length in zip(ids, lengths, strict=True)]
        first, inverse = self._distinct(texts)
        order = sorted(first, key=lambda row: lengths[row])
        parts = [self._embedded(features, rows, texts, **kwargs) for rows in self._groups(order, lengths)]
        place = {row: position for position, row in enumerate(order)}
        embeddings = torch.cat(parts)
        rows = torch.tensor([place[row] for row in inverse], device=embeddings.device)
        return {**features, "sentence_embedding": embeddings[rows]}

    def _distinct(self, texts: Sequence[Tensor]) -> tuple[list[int], list[int]]:
        """Return the rows to embed, and for each row the one that stands for it."""
        if not self.merge:
            return list(range(len(texts))), list(range(len(texts)))
        seen: dict[bytes, int] = {}
        inverse = [seen.setdefault(ids.numpy().tobytes(), row) for row, ids in enumerate(texts)]
        return list(seen.values()), inverse

    def _groups(self, order: Sequence[int], lengths: Sequence[int]) -> Iterator[list[int]]:
        """Yield rows that run together, given shortest first."""
        if not self.tokens_at_once:
            yield list(order)
            return
        group: list[int] = []
        for row in order:
            if group and (len(group) + 1) * lengths[row] > self.tokens_at_once:
                yield group
                group = []
            group.append(row)
        if group:
            yield group

    def _embedded(self, features: Features, rows: list[int], texts: Sequence[Tensor], **kwargs: object) -> Tensor:
        part = cut_to(features, rows, max(len(texts[row]) for row in rows))
        with self._begun([texts[row] for row in rows], features["input_ids"].device):
            embeddings: Tensor = type(self.model).forward(self.model, part, **kwargs)["sentence_embedding"]
        return embeddings

    def _begun(self, texts: Sequence[Tensor], device: torch.device) -> contextlib.AbstractContextManager[None]:
        """Return a block in which the frozen layers count as run, where there are any to spare."""
        if self.states is None:
            return contextlib.nullcontext()
        return self.states.in_place_of_frozen_layers(self.states.hidden(texts, device))
