"""Passages of the batches before this one, which cost nothing more to be compared with."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor


class RecentPassages:
    """A cross-batch memory (Wang et al. 2020, "Cross-batch memory for embedding learning").

    Embeddings change little from step to step, so those of the last steps serve as further negatives where a batch
    has few passages of its own; no gradient goes back to them. Of a cluster only its latest passage is held. What a
    batch is compared with depends on the batches before it alone, however often it is remembered: a step that runs
    out of memory can be repeated.

    Args:
        size: How many passages a batch is compared with, its own included, if it has no more itself; 0 remembers
            nothing.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._embeddings = torch.empty(0)
        self._clusters = torch.empty(0, dtype=torch.long)

    def others(self, embeddings: Tensor, clusters: Tensor) -> tuple[Tensor, Tensor]:
        """Return embeddings, shape (n, d), and clusters, shape (n,), of passages that are not a batch's own.

        Args:
            embeddings: The batch's passages, shape (batch, d); of their type and on their device is what returns.
            clusters: Their clusters, shape (batch,).
        """
        return self._latest(embeddings, clusters, self._size - len(set(clusters.tolist())))

    def remember(self, embeddings: Tensor, clusters: Tensor) -> None:
        """Take in the passages of a batch.

        Args:
            embeddings: One of each pair, shape (batch, d).
            clusters: Their clusters, shape (batch,).
        """
        if not self._size:
            return
        fresh, first = _distinct(clusters)
        latest = embeddings.detach()[first].float()
        older, older_clusters = self._latest(latest, clusters, self._size)
        self._embeddings, self._clusters = torch.cat([older, latest]), torch.cat([older_clusters, fresh])

    def _latest(self, embeddings: Tensor, clusters: Tensor, count: int) -> tuple[Tensor, Tensor]:
        """Return so many of the latest passages from none of the given clusters, or all there are."""
        if not len(self._clusters):
            return embeddings.new_empty(0, embeddings.shape[1]), clusters.new_empty(0)
        known = self._clusters.to(clusters)
        places = (~torch.isin(known, clusters)).nonzero()[:, 0]
        places = places[max(0, len(places) - max(0, count)) :]
        return self._embeddings.to(embeddings)[places], known[places]

    def state(self) -> dict[str, Tensor]:
        """Return what a continuation must know, empty if that is nothing."""
        return {"embeddings": self._embeddings, "clusters": self._clusters} if len(self._clusters) else {}

    def restore(self, state: Mapping[str, Tensor]) -> None:
        """Take over what `state` returned."""
        if state:
            self._embeddings, self._clusters = state["embeddings"], state["clusters"]


def _distinct(clusters: Tensor) -> tuple[Tensor, Tensor]:
    """Return the different clusters in the order of their first places, and these places."""
    first: dict[int, int] = {}
    for place, cluster in enumerate(clusters.tolist()):
        first.setdefault(cluster, place)
    device = clusters.device
    return torch.tensor(list(first), device=device), torch.tensor(list(first.values()), device=device)
