"""What training minimises."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from embedtune.training.columns import FILLER

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer


class MultipleNegativesRanking(nn.Module):
    """Multiple negatives ranking loss with known positives masked.

    Cross-entropy over the scaled cosines of each query with every passage of the batch, its own
    positive being the class (Henderson et al. 2017, "Efficient Natural Language Response Suggestion
    for Smart Reply", 4.4; the loss of the same name in sentence-transformers). A passage of the query's
    own cluster that is not its positive is left out of the denominator: it may well be an answer. So is
    the filler of a pair that has fewer hard negatives than others.

    Args:
        model: The model.
        positive_clusters: Cluster number of each dataset row's positive, shape (rows,).
        negative_clusters: Cluster numbers of each row's hard negatives, shape (rows, k); `UNKNOWN` where
            unknown, `FILLER` where the row has no such negative.
        scale: Inverse temperature.
        joined: Whether the model is given all columns as one batch of texts, which a `LeanForward` needs to see
            that the negative of one pair is the positive of another.
    """

    positive_clusters: Tensor
    negative_clusters: Tensor

    def __init__(
        self,
        model: SentenceTransformer,
        positive_clusters: Sequence[int],
        negative_clusters: Sequence[Sequence[int]],
        scale: float = 20.0,
        *,
        joined: bool = False,
    ) -> None:
        super().__init__()
        self.model = model
        self.scale = scale
        self._joined = joined
        self.tokens_seen = 0
        positives = torch.tensor(list(positive_clusters), dtype=torch.long)
        negatives = torch.tensor([list(row) for row in negative_clusters], dtype=torch.long)
        self.register_buffer("positive_clusters", positives, persistent=False)
        self.register_buffer("negative_clusters", negatives, persistent=False)

    def set_negative_clusters(self, clusters: Sequence[Sequence[int]]) -> None:
        """Replace the cluster numbers of the hard negatives, shape (rows, k) as before."""
        self.negative_clusters.copy_(torch.tensor([list(row) for row in clusters], dtype=torch.long))

    def forward(self, sentence_features: Iterable[dict[str, Tensor]], labels: Tensor) -> Tensor:
        """Return the loss of a batch.

        Args:
            sentence_features: Tokens of the queries, the positives, and each column of negatives.
            labels: The dataset row of each pair, shape (batch,).
        """
        columns = list(sentence_features)
        self.tokens_seen += int(sum(column["attention_mask"].sum() for column in columns))
        return self.loss_of(*self._embedded(columns), labels)

    def _embedded(self, columns: Sequence[dict[str, Tensor]]) -> tuple[Tensor, Sequence[Tensor]]:
        """Return the embeddings of the queries, and of each column of passages."""
        if not self._joined:
            queries, *passages = [self.model(column)["sentence_embedding"] for column in columns]
            return queries, passages
        together = self.model(_joined(columns))["sentence_embedding"]
        queries, *passages = torch.split(together, [len(column["input_ids"]) for column in columns])
        return queries, passages

    def loss_of(self, queries: Tensor, passages: Sequence[Tensor], rows: Tensor) -> Tensor:
        """Return the loss for embeddings: queries (batch, d), passages k+1 times (batch, d), rows (batch,)."""
        candidates = nn.functional.normalize(torch.cat(list(passages)), dim=1)
        scores = self.scale * nn.functional.normalize(queries, dim=1) @ candidates.T
        scores = scores.masked_fill(self._left_out(rows), -torch.inf)
        return nn.functional.cross_entropy(scores, torch.arange(len(rows), device=scores.device))

    def _left_out(self, rows: Tensor) -> Tensor:
        """Tell which candidates are fillers, or of the query's own cluster without being its positive."""
        rows = rows.to(self.positive_clusters.device).long()
        own = self.positive_clusters[rows]
        clusters = torch.cat([own, self.negative_clusters[rows].T.flatten()])
        left_out = (own[:, None] == clusters[None, :]) | (clusters == FILLER)[None, :]
        diagonal = torch.arange(len(rows), device=left_out.device)
        left_out[diagonal, diagonal] = False
        return left_out


def _joined(columns: Sequence[dict[str, Tensor]]) -> dict[str, Tensor]:
    """Return the texts of all columns as one, padded on the right; the attention mask hides what fills the gaps."""
    longest = max(column["input_ids"].shape[1] for column in columns)
    return {
        name: torch.cat([nn.functional.pad(column[name], (0, longest - column[name].shape[1])) for column in columns])
        for name, value in columns[0].items()
        if isinstance(value, Tensor)
    }
