"""The ranking loss: a question's own passage among all passages of the batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from embedtune.training.batching.columns import FILLER
from embedtune.training.engine.features import Features, joined
from embedtune.training.losses.across_ranks import JointBatch, joint_batch, mean_over_ranks
from embedtune.training.losses.base import TrainingLoss
from embedtune.training.losses.cached import cached_loss
from embedtune.training.losses.known_answers import KnownAnswers
from embedtune.training.losses.recent_passages import RecentPassages

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

    from embedtune.training.batching.columns import PairColumns


class MultipleNegativesRanking(TrainingLoss):
    """Multiple negatives ranking loss with known positives masked.

    Cross-entropy over the scaled cosines of each query with every passage of the batch, its own
    positive being the class (Henderson et al. 2017, "Efficient Natural Language Response Suggestion
    for Smart Reply", 4.4; the loss of the same name in sentence-transformers). A passage of the query's
    own cluster that is not its positive is left out of the denominator: it may well be an answer. So is one of
    another cluster that is known to answer the query, and the filler of a pair that has fewer hard negatives than
    others. A passage with several questions in the batch
    counts once among the negatives of the other questions. Where several processes train, the batch is
    that of all of them together.

    Args:
        model: The model.
        positive_clusters: Cluster number of each dataset row's positive, shape (rows,).
        negative_clusters: Cluster numbers of each row's hard negatives, shape (rows, k); `UNKNOWN` where
            unknown, `FILLER` where the row has no such negative.
        scale: Inverse temperature.
        answers: Numbers of all clusters known to answer each row's query; none: those of the positives alone.
        joined: Whether the model is given all columns as one batch of texts, which a `LeanForward` needs to see
            that the negative of one pair is the positive of another.
        symmetric: Whether each positive must also find its query among all queries, those of its own cluster left
            out; the two cross-entropies are averaged (Radford et al. 2021, "Learning transferable visual models
            from natural language supervision").
        dims: Lengths to which embeddings are cut, the losses at each being added (Kusupati et al. 2022, "Matryoshka
            representation learning"); none: full length only.
        passages: Number of each dataset row's positive, the same for equal texts, shape (rows,); none: all differ.
        least_passages: How many passages a question is compared with: those of the batches before where a batch has
            fewer, all processes together.

    Attributes:
        micro_batch: The model runs on so many texts at a time, with the same loss and gradients (see `cached_loss`);
            0: on all at once.
    """

    positive_clusters: Tensor
    negative_clusters: Tensor
    passages: Tensor

    def __init__(  # noqa: PLR0913 - one argument for each option
        self,
        model: SentenceTransformer,
        positive_clusters: Sequence[int],
        negative_clusters: Sequence[Sequence[int]],
        scale: float = 20.0,
        *,
        answers: Sequence[Sequence[int]] = (),
        joined: bool = False,
        symmetric: bool = False,
        dims: Sequence[int] = (),
        passages: Sequence[int] = (),
        least_passages: int = 0,
    ) -> None:
        super().__init__(model)
        self.scale = scale
        self.micro_batch = 0
        self._joined = joined
        self._symmetric = symmetric
        self._dims = tuple(dims)
        self._known = KnownAnswers(answers)
        self._recent = RecentPassages(least_passages)
        positives = torch.tensor(list(positive_clusters), dtype=torch.long)
        negatives = torch.tensor([list(row) for row in negative_clusters], dtype=torch.long)
        self.register_buffer("positive_clusters", positives, persistent=False)
        self.register_buffer("negative_clusters", negatives, persistent=False)
        numbers = torch.tensor(list(passages) or range(len(positives)), dtype=torch.long)
        self.register_buffer("passages", numbers, persistent=False)

    def use(self, columns: PairColumns) -> None:
        """Take over the cluster numbers of the hard negatives."""
        self.negative_clusters.copy_(torch.tensor([list(row) for row in columns.negative_clusters], dtype=torch.long))

    def state(self) -> dict[str, Tensor]:
        """Return the passages that the next batch will be compared with."""
        return self._recent.state()

    def restore(self, state: Mapping[str, Tensor]) -> None:
        """Go on with the passages that a checkpoint held."""
        self._recent.restore(state)

    def batch_loss(self, columns: Sequence[Features], rows: Tensor) -> Tensor:
        """Return the loss of a batch."""
        sizes = [len(column["input_ids"]) for column in columns]
        if not self.micro_batch and not self._joined:
            queries, *passages = [self.model(column)["sentence_embedding"] for column in columns]
            return self.loss_of(queries, passages, rows)

        def loss_of(embeddings: Tensor) -> Tensor:
            queries, *passages = torch.split(embeddings, sizes)
            return self.loss_of(queries, passages, rows)

        if self.micro_batch:
            return cached_loss(self.model, joined(columns), self.micro_batch, loss_of)
        return loss_of(self.model(joined(columns))["sentence_embedding"])

    def loss_of(self, queries: Tensor, passages: Sequence[Tensor], rows: Tensor) -> Tensor:
        """Return the loss for embeddings: queries (batch, d), passages k+1 times (batch, d), rows (batch,)."""
        batch = joint_batch([queries, *passages], rows)
        clusters = self.positive_clusters[batch.rows.to(self.positive_clusters.device).long()]
        others = self._recent.others(batch.columns[1].detach(), clusters)
        losses = [self._cut_loss(batch, clusters, others, dim) for dim in self._dims or (queries.shape[1],)]
        self._recent.remember(batch.columns[1], clusters)
        return mean_over_ranks(torch.stack(losses).sum() * batch.share, batch.ranks)

    def _cut_loss(self, batch: JointBatch, clusters: Tensor, others: tuple[Tensor, Tensor], dim: int) -> Tensor:
        """Return the mean loss of this process's queries for embeddings cut to a length.

        Args:
            batch: The embeddings.
            clusters: The cluster of each pair's positive, shape (joint,).
            others: Embeddings and clusters of further negatives.
            dim: The length.
        """
        queries, *passages = [nn.functional.normalize(column[:, :dim], dim=1) for column in batch.columns]
        further = nn.functional.normalize(others[0][:, :dim], dim=1)
        negatives = self.negative_clusters[batch.rows.to(clusters.device).long()].T.flatten()
        repeated = _repeated(self.passages[batch.rows.to(clusters.device).long()])
        shown = torch.cat([clusters.masked_fill(repeated, FILLER), negatives, others[1]])
        answering = self._known.among(shown, batch.rows[batch.own], clusters[batch.own])
        answering |= (shown == FILLER)[None, :]
        forward = self._entropy(queries, torch.cat([*passages, further]), answering, batch)
        if not self._symmetric:
            return forward
        answered = self._known.among(clusters[batch.own], batch.rows, clusters).T
        return (forward + self._entropy(passages[0], queries, answered, batch)) / 2

    def _entropy(self, texts: Tensor, candidates: Tensor, answering: Tensor, batch: JointBatch) -> Tensor:
        """Return the mean cross-entropy of this process's texts, each text's right candidate standing in its place.

        Args:
            texts: Those of all processes, shape (joint, d).
            candidates: What they are compared with, shape (candidates, d), the right ones of all texts first.
            answering: Which candidates are left out unless they are the right one, shape (batch, candidates).
            batch: Says which texts are this process's.
        """
        scores = self.scale * texts[batch.own] @ candidates.T
        place = torch.arange(batch.count, device=scores.device)
        right = batch.begin + place
        left_out = answering.clone()
        left_out[place, right] = False
        return nn.functional.cross_entropy(scores.masked_fill(left_out, -torch.inf), right)


def _repeated(passages: Tensor) -> Tensor:
    """Tell which pairs have the passage of one before, shape (joint,)."""
    return (passages[:, None] == passages[None, :]).tril(-1).any(dim=1)
