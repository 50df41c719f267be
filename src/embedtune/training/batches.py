"""Batches in which no pair answers another's question."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import torch
from sentence_transformers.base.sampler import DefaultBatchSampler

if TYPE_CHECKING:
    from datasets import Dataset


class ClusterBatchSampler(DefaultBatchSampler):
    """Deals pairs into batches so that each batch holds at most one pair of a cluster.

    In-batch negatives are only negative where no other pair of the batch answers the same question.
    The rows, grouped by cluster in a random order, are dealt round robin, so the members of a cluster
    land in different batches, all batches have the same size give or take one, and the number of
    batches is known beforehand. Where the largest cluster has more pairs than there would be batches,
    there are more and smaller batches.

    Args:
        dataset: The dataset; only its length counts.
        batch_size: Pairs per batch, at most.
        drop_last: Accepted for the trainer's sake; batches are even, none is dropped.
        valid_label_columns: Unused.
        generator: Unused; the order depends on seed and epoch alone, so a resumed run repeats it.
        seed: Seed of the order.
        clusters: The cluster of each row.
    """

    def __init__(
        self,
        dataset: Dataset,
        batch_size: int,
        drop_last: bool = False,  # noqa: FBT001, FBT002 - the trainer's signature
        valid_label_columns: list[str] | None = None,
        generator: torch.Generator | None = None,
        seed: int = 0,
        *,
        clusters: Sequence[str],
    ) -> None:
        super().__init__(
            dataset,
            batch_size=batch_size,
            drop_last=drop_last,
            valid_label_columns=valid_label_columns,
            generator=generator,
            seed=seed,
        )
        sizes = Counter(clusters)
        self._rows: dict[str, list[int]] = {name: [] for name in sizes}
        for row, name in enumerate(clusters):
            self._rows[name].append(row)
        full = -(-len(clusters) // batch_size)
        self._count = max(full, max(sizes.values(), default=0))

    def __len__(self) -> int:
        """Return the number of batches of an epoch."""
        return self._count

    def __iter__(self) -> Iterator[list[int]]:
        """Yield the rows of each batch of the epoch that was set."""
        order = torch.Generator().manual_seed(self.seed * 100_003 + self.epoch)
        names = list(self._rows)
        dealt: list[int] = []
        for position in torch.randperm(len(names), generator=order).tolist():
            rows = self._rows[names[position]]
            dealt += [rows[k] for k in torch.randperm(len(rows), generator=order).tolist()]
        for batch in torch.randperm(self._count, generator=order).tolist():
            yield dealt[batch :: self._count]
