"""Batches in which no pair answers another's question, made so that they cost little to embed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from sentence_transformers.base.sampler import DefaultBatchSampler

if TYPE_CHECKING:
    from datasets import Dataset

_BATCHES_PER_BLOCK = 16
_MANY_QUESTIONS = 3
_TOGETHER = 5


@dataclass(frozen=True, slots=True)
class BatchPlan:
    """What a sampler knows of a data set, and how it deals its rows.

    Attributes:
        clusters: The cluster of each row; rows of one cluster may answer each other's question.
        passages: What each row's question is answered with.
        lengths: How long that is, in any unit.
        questions_per_passage: How many questions of a passage are dealt together, at most.
        bucketed: Whether batches are of like length.
    """

    clusters: Sequence[str]
    passages: Sequence[str]
    lengths: Sequence[int]
    questions_per_passage: int = 1
    bucketed: bool = False


def questions_together(passages: Sequence[str]) -> int:
    """Return how many questions of a passage a batch takes where the user does not say.

    Little is saved where passages have few questions, and batches of fewer passages can cost quality
    (``benchmarks/quality_parity.py``).

    Args:
        passages: What each row's question is answered with.
    """
    return _TOGETHER if len(passages) >= _MANY_QUESTIONS * len(set(passages)) else 1


class ClusterBatchSampler(DefaultBatchSampler):
    """Deals pairs into batches so that each batch holds at most one passage of a cluster.

    In-batch negatives are only negative where no other pair of the batch answers the same question.
    The rows, grouped by cluster in a random order, are dealt round robin, so the members of a cluster
    land in different batches, all batches have the same size give or take one, and the number of
    batches is known beforehand. Where the largest cluster has more pairs than there would be batches,
    there are more and smaller batches.

    Questions of one passage can be dealt together: they share its embedding, and the batch has as many
    different passages fewer. Batches can be of like length: a round of the dealing then gives its
    passages to the batches of a block by length, and blocks come in random order.

    Args:
        dataset: The dataset; only its length counts.
        batch_size: Pairs per batch; where passages bring several questions, that many on average.
        drop_last: Accepted for the trainer's sake; batches are even, none is dropped.
        valid_label_columns: Unused.
        generator: Unused; the order depends on seed and epoch alone, so a resumed run repeats it.
        seed: Seed of the order.
        plan: What is known of the rows, and how they are dealt.
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
    ) -> None:
        super().__init__(
            dataset,
            batch_size=batch_size,
            drop_last=drop_last,
            valid_label_columns=valid_label_columns,
            generator=generator,
            seed=seed,
        )
        self._plan = plan
        self._members: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
        for row, (cluster, passage) in enumerate(zip(plan.clusters, plan.passages, strict=True)):
            self._members[cluster][passage].append(row)
        hands = [self._hands(passages) for passages in self._members.values()]
        wanted = -(-len(plan.clusters) // batch_size)
        self._count = max(min(wanted, sum(hands)), max(hands, default=0))

    def __len__(self) -> int:
        """Return the number of batches of an epoch."""
        return self._count

    def __iter__(self) -> Iterator[list[int]]:
        """Yield the rows of each batch of the epoch that was set."""
        order = torch.Generator().manual_seed(self.seed * 100_003 + self.epoch)
        names = list(self._members)
        dealt: list[list[int]] = []
        home: list[int] = []
        for number in torch.randperm(len(names), generator=order).tolist():
            hands = self._shuffled_hands(self._members[names[number]], order)
            dealt += hands
            home += [number] * len(hands)
        batches: list[list[int]] = [[] for _ in range(self._count)]
        for batch, hand in self._places(dealt, home):
            batches[batch] += dealt[hand]
        for batch in torch.randperm(self._count, generator=order).tolist():
            yield batches[batch]

    def _hands(self, passages: dict[str, list[int]]) -> int:
        return sum(-(-len(rows) // self._plan.questions_per_passage) for rows in passages.values())

    def _shuffled_hands(self, passages: dict[str, list[int]], order: torch.Generator) -> list[list[int]]:
        """Return a cluster's rows in a random order, those of a passage a few at a time."""
        together = self._plan.questions_per_passage
        hands: list[list[int]] = []
        for rows in passages.values():
            shuffled = [rows[k] for k in torch.randperm(len(rows), generator=order).tolist()]
            hands += [shuffled[begin : begin + together] for begin in range(0, len(rows), together)]
        return [hands[k] for k in torch.randperm(len(hands), generator=order).tolist()]

    def _places(self, dealt: Sequence[list[int]], home: Sequence[int]) -> Iterator[tuple[int, int]]:
        """Yield each hand's batch: round robin, and within a round, block by block, by length if so wished.

        A cluster that goes on beyond the end of a block in the same batches keeps its places, lest two of
        its hands meet.
        """
        for begin in range(0, len(dealt), self._count):
            stretch = range(begin, min(begin + self._count, len(dealt)))
            for first in range(stretch.start, stretch.stop, _BATCHES_PER_BLOCK):
                cell = range(first, min(first + _BATCHES_PER_BLOCK, stretch.stop))
                places = [hand - begin for hand in cell]
                movable = [hand for hand in cell if self._plan.bucketed and not self._goes_on(hand, dealt, home)]
                by_length = iter(sorted(movable, key=lambda hand: self._plan.lengths[dealt[hand][0]]))
                free = set(movable)
                for place, hand in zip(places, cell, strict=True):
                    yield place, next(by_length) if hand in free else hand

    def _goes_on(self, hand: int, dealt: Sequence[list[int]], home: Sequence[int]) -> bool:
        """Tell whether a hand's cluster may have another one in the same block, a round before or after."""
        reach = self._count - _BATCHES_PER_BLOCK
        cluster = home[hand]
        around = (hand - max(1, reach), hand + max(1, reach))
        return any(0 <= other < len(dealt) and home[other] == cluster for other in around)
