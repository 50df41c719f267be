"""A loss as the rest of the room sees it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from embedtune.training.batching.columns import FILLER, PairColumns
from embedtune.training.engine.features import Features

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer


class TrainingLoss(nn.Module, ABC):
    """A loss on batches of pairs.

    Attributes:
        model: The model; where several processes train, the trainer puts its wrapped form here.
        tokens_seen: How many tokens it was given so far, padding left out.
    """

    def __init__(self, model: SentenceTransformer) -> None:
        super().__init__()
        self.model = model
        self.tokens_seen = 0

    def forward(self, sentence_features: Iterable[Features], labels: Tensor) -> Tensor:
        """Return the loss of a batch.

        Args:
            sentence_features: Tokens of the queries, the positives, and each column of negatives.
            labels: The dataset row of each pair, shape (batch,).
        """
        columns = list(sentence_features)
        self.tokens_seen += int(sum(column["attention_mask"].sum() for column in columns))
        return self.batch_loss(columns, labels)

    @abstractmethod
    def batch_loss(self, columns: Sequence[Features], rows: Tensor) -> Tensor:
        """Return the loss of a batch, shape (), from what `forward` is given."""

    def state(self) -> dict[str, Tensor]:
        """Return what a continuation must know beside the weights, empty if that is nothing."""
        return {}

    def restore(self, state: Mapping[str, Tensor]) -> None:
        """Take over what `state` returned."""

    @abstractmethod
    def use(self, columns: PairColumns) -> None:
        """Take over what is known of the rows; their number and width stay as they were."""


def usable_negatives(columns: PairColumns) -> Tensor:
    """Tell which hard negatives are neither fillers nor of a cluster that answers their question, shape (rows, k)."""
    usable = [
        [cluster != FILLER and cluster not in answers for cluster in row]
        for row, answers in zip(columns.negative_clusters, columns.answers, strict=True)
    ]
    return torch.tensor(usable, dtype=torch.bool)
