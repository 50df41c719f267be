"""Share the batches of a training out among its processes."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import TYPE_CHECKING

import torch
from sentence_transformers.base.sampler import DefaultBatchSampler

from embedtune.errors import InputError
from embedtune.training.batching.batches import BatchPlan, ClusterBatchSampler

if TYPE_CHECKING:
    from datasets import Dataset


class SharedBatchSampler(DefaultBatchSampler):
    """Deals the batches of all processes together, then cuts each into one part for each process.

    The parts that are trained on at the same step are thus one batch of `ClusterBatchSampler`, free of pairs
    that answer each other's question, and one process with that batch size would train on the same. No pair is
    lost or dealt twice. accelerate deals a sampler's batches to the processes in turn; without ``batch_size`` it
    takes them as they are, of whatever size.

    Args:
        dataset: The dataset; only its length counts.
        batch_size: Pairs per batch and process.
        drop_last: Accepted for the trainer's sake.
        valid_label_columns: Unused.
        generator: Unused; the order depends on seed and epoch alone.
        seed: Seed of the order.
        plan: What is known of the rows, and how they are dealt.
        processes: How many processes there are.

    Raises:
        InputError: A batch would have fewer pairs than there are processes.
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
        plan: BatchPlan,
        processes: int,
    ) -> None:
        self._joint = ClusterBatchSampler(dataset, batch_size * processes, seed=seed, plan=plan)
        self._processes = processes
        super().__init__(self._joint, batch_size=batch_size, drop_last=drop_last, seed=seed)
        self.batch_size = None  # type: ignore[assignment]  # the sizes differ by one
        if min(map(len, self._joint), default=0) < processes:
            raise InputError(
                f"{len(dataset)} training pairs cannot be shared out among {processes} processes: "
                "some batches would be empty.",
                "Train in fewer processes, or on more pairs of different sections.",
            )

    def __len__(self) -> int:
        """Return the number of batches of an epoch, of all processes together."""
        return len(self._joint) * self._processes

    def __iter__(self) -> Iterator[list[int]]:
        """Yield the parts of each joint batch, the first process's first."""
        self._joint.set_epoch(self.epoch)
        for batch in self._joint:
            bounds = [len(batch) * part // self._processes for part in range(self._processes + 1)]
            for begin, end in itertools.pairwise(bounds):
                yield batch[begin:end]
