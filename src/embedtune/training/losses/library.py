"""The losses of sentence-transformers, shown the pairs of a batch as they want to see them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

import torch
from sentence_transformers.sentence_transformer.losses import MatryoshkaLoss
from sentence_transformers.util import disable_logging
from torch import Tensor, nn

from embedtune.training.engine.features import Features, joined
from embedtune.training.losses.base import TrainingLoss, usable_negatives
from embedtune.training.losses.guided import GuidedLoss

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

    from embedtune.training.batching.columns import PairColumns

Targets = Callable[["PairColumns"], Tensor]


class OnEmbeddings(Protocol):
    """What a loss of the library computes once the texts are embedded."""

    def compute_loss_from_embeddings(self, embeddings: list[Tensor], labels: Tensor) -> Tensor:
        """Return the loss of embeddings, each (cases, d), and labels, shape (cases,)."""
        ...


class LibraryLoss(TrainingLoss):
    """A loss of the library on a batch of pairs.

    Args:
        model: The model.
        arranged: The loss, and how pairs are shown to it.
        dims: Lengths to which embeddings are cut, the losses at each being added; none: full length only.
    """

    def __init__(self, model: SentenceTransformer, arranged: PairwiseLoss | GuidedLoss, dims: Sequence[int]) -> None:
        super().__init__(model)
        self._use = arranged.use
        self.inner: nn.Module = arranged
        if dims:
            with disable_logging(logging.WARNING):  # the factory reports what it would say
                self.inner = MatryoshkaLoss(model, arranged, list(dims))

    def use(self, columns: PairColumns) -> None:
        """Take over what is known of the hard negatives."""
        self._use(columns)

    def batch_loss(self, columns: Sequence[Features], rows: Tensor) -> Tensor:
        """Return the loss of a batch."""
        loss: Tensor = self.inner(columns, rows)
        return loss


class PairwiseLoss(nn.Module):
    """A loss on single cases: two texts and how like they should be, or a question, its passage and a wrong one.

    Each pair of a batch is one case of its positive, or one for each of its hard negatives, or both; its question is
    embedded once for all of them. Fillers and negatives of the pair's own cluster, which may well be answers,
    make no case.

    Args:
        model: The model.
        of_cases: The loss.
        columns: What is known of the rows.
        targets: What the loss wants to see for each hard negative, shape (rows, k), float.
        triplets: Whether a case is a question, its positive and a negative, with the negative's target as label; else
            a question and a passage, with 1 as the label of a positive.
    """

    usable: Tensor
    targets: Tensor

    def __init__(
        self,
        model: SentenceTransformer,
        of_cases: OnEmbeddings,
        columns: PairColumns,
        targets: Targets,
        *,
        triplets: bool,
    ) -> None:
        super().__init__()
        self.model = model
        self.of_cases = of_cases
        self._targets_of = targets
        self._triplets = triplets
        self.register_buffer("usable", usable_negatives(columns), persistent=False)
        self.register_buffer("targets", targets(columns), persistent=False)

    def use(self, columns: PairColumns) -> None:
        """Take over which negatives there are and what the loss wants to see for them."""
        self.usable.copy_(usable_negatives(columns))
        self.targets.copy_(self._targets_of(columns))

    def forward(self, columns: Sequence[Features], rows: Tensor) -> Tensor:
        """Return the loss of a batch.

        Args:
            columns: Tokens of the queries, the positives, and each column of negatives.
            rows: The dataset row of each pair, shape (batch,).
        """
        embeddings = self.model(joined(columns))["sentence_embedding"]
        queries, positives, *others = torch.split(embeddings, [len(column["input_ids"]) for column in columns])
        rows = rows.to(self.usable.device)
        pair, column = self.usable[rows].nonzero(as_tuple=True)
        targets = self.targets[rows][pair, column]
        if self._triplets and not len(pair):
            none: Tensor = embeddings.sum() * 0.0  # the library's mean over no case is not a number
            return none
        negatives = torch.stack(others, dim=1)[pair, column]
        if self._triplets:
            return self.of_cases.compute_loss_from_embeddings([queries[pair], positives[pair], negatives], targets)
        asked, shown = torch.cat([queries, queries[pair]]), torch.cat([positives, negatives])
        labels = torch.cat([torch.ones(len(rows), device=targets.device), targets])
        return self.of_cases.compute_loss_from_embeddings([asked, shown], labels)


def no_targets(columns: PairColumns) -> Tensor:
    """Return zeros: a negative is unlike, or the loss asks for no label."""
    return torch.zeros(len(columns.clusters), columns.width)


def given_scores(columns: PairColumns) -> Tensor:
    """Return how like each negative is to its question by the input, 0 where it does not say."""
    return torch.tensor([list(row) for row in columns.negative_scores], dtype=torch.float32)
