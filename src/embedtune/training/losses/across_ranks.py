"""One batch out of the batches of several processes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch import distributed as dist


@dataclass(frozen=True, slots=True)
class JointBatch:
    """The embeddings of the batches of all processes, in the order of their ranks.

    Attributes:
        columns: Embeddings of the queries, the positives, and each column of negatives, each of shape (joint, d).
        rows: The dataset row of each pair, shape (joint,).
        begin: Where this process's pairs begin.
        count: How many of the pairs are this process's.
        ranks: How many processes there are.
    """

    columns: tuple[Tensor, ...]
    rows: Tensor
    begin: int
    count: int
    ranks: int

    @property
    def own(self) -> slice:
        """Which of the pairs are this process's."""
        return slice(self.begin, self.begin + self.count)

    @property
    def share(self) -> float:
        """What the mean loss of this process's queries counts.

        The trainer averages gradients over the processes, so the sum over their queries, divided by the number of
        all of them, must be multiplied by the number of processes. It is 1 where batches have equal sizes.
        """
        return self.count * self.ranks / len(self.rows)


def joint_batch(columns: Sequence[Tensor], rows: Tensor) -> JointBatch:
    """Gather the embeddings of all processes; gradients flow back to the process that an embedding is from.

    Batches may differ in size from one process to another, but each process must have one.

    Args:
        columns: This process's embeddings of queries, positives and each column of negatives, each (batch, d).
        rows: The dataset row of each pair, shape (batch,).
    """
    ranks = dist.get_world_size() if dist.is_available() and dist.is_initialized() else 1
    if ranks == 1:
        return JointBatch(tuple(columns), rows, 0, len(rows), 1)
    sizes = _sizes(rows.to(columns[0].device), ranks)
    begin = sum(sizes[: dist.get_rank()])
    together: Tensor = _Gather.apply(torch.stack(list(columns), dim=1), sizes)  # type: ignore[no-untyped-call]
    joint_rows = _gather(rows.to(together.device), sizes)
    return JointBatch(together.unbind(dim=1), joint_rows, begin, len(rows), ranks)


def mean_over_ranks(loss: Tensor, ranks: int) -> Tensor:
    """Return a loss with the mean over all processes as its value and its own gradient.

    Each process thus logs the loss of the joint batch, and all of them stop where one becomes infinite.
    """
    if ranks == 1:
        return loss
    mean = loss.detach().clone()
    dist.all_reduce(mean)
    return loss + (mean / ranks - loss.detach())


class _Gather(torch.autograd.Function):
    """All-gather with gradients; torch's own is deprecated in favour of a private one."""

    @staticmethod
    def forward(ctx: Any, tensor: Tensor, sizes: Sequence[int]) -> Tensor:  # noqa: ANN401 - torch's signature
        ctx.sizes = sizes
        return _gather(tensor, sizes)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:  # noqa: ANN401 - torch's signature
        gradient = gradients[0].contiguous().clone()
        dist.all_reduce(gradient)
        rank = dist.get_rank()
        begin = sum(ctx.sizes[:rank])
        return gradient[begin : begin + ctx.sizes[rank]], None


def _sizes(rows: Tensor, ranks: int) -> list[int]:
    own = torch.tensor([len(rows)], device=rows.device)
    parts = [torch.empty_like(own) for _ in range(ranks)]
    dist.all_gather(parts, own)
    return [int(part) for part in parts]


def _gather(tensor: Tensor, sizes: Sequence[int]) -> Tensor:
    """Return the tensors of all ranks one after the other; collectives want equal sizes, so they are padded."""
    padding = (0, 0) * (tensor.dim() - 1) + (0, max(sizes) - len(tensor))
    padded = nn.functional.pad(tensor.detach(), padding).contiguous()
    parts = [torch.empty_like(padded) for _ in sizes]
    dist.all_gather(parts, padded)
    return torch.cat([part[:size] for part, size in zip(parts, sizes, strict=True)])
