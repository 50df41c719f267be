from __future__ import annotations

from collections import Counter
from itertools import chain

import pytest
from accelerate.data_loader import BatchSamplerShard
from hypothesis import given
from hypothesis import strategies as st

from embedtune.errors import InputError
from embedtune.training.batching.batches import BatchPlan, ClusterBatchSampler
from embedtune.training.batching.shared_batches import SharedBatchSampler


def plan(pairs, clusters):
    names = [f"c{row % clusters}" for row in range(pairs)]
    return BatchPlan(names, names, [10] * pairs)


def shared(pairs, clusters, size, processes, seed=3):
    return SharedBatchSampler(range(pairs), size, seed=seed, plan=plan(pairs, clusters), processes=processes)


def of_rank(sampler, rank, processes):
    return list(BatchSamplerShard(sampler, processes, rank, even_batches=False))


@given(
    pairs=st.integers(24, 120),
    clusters=st.integers(12, 24),
    size=st.integers(2, 9),
    processes=st.integers(2, 4),
    epoch=st.integers(0, 3),
)
def test_the_processes_share_one_batch_at_each_step(pairs, clusters, size, processes, epoch):
    joint = ClusterBatchSampler(range(pairs), size * processes, seed=3, plan=plan(pairs, clusters))
    joint.set_epoch(epoch)
    if min(map(len, joint)) < processes:
        return
    sampler = shared(pairs, clusters, size, processes)
    sampler.set_epoch(epoch)

    parts = [of_rank(sampler, rank, processes) for rank in range(processes)]

    assert {len(part) for part in parts} == {len(joint)} == {len(sampler) // processes}
    assert [list(chain(*step)) for step in zip(*parts, strict=True)] == list(joint)
    assert Counter(row for part in parts for batch in part for row in batch) == Counter(range(pairs))
    for step in zip(*parts, strict=True):
        sizes = [len(batch) for batch in step]
        assert min(sizes) > 0
        assert max(sizes) - min(sizes) <= 1


def test_epochs_differ_and_repeat():
    sampler = shared(60, 20, 4, 2)
    first = list(sampler)
    sampler.set_epoch(1)

    assert list(sampler) != first
    sampler.set_epoch(0)
    assert list(sampler) == first


def test_more_processes_than_pairs_of_a_batch_are_refused():
    with pytest.raises(InputError, match="6 training pairs cannot be shared out among 4 processes"):
        shared(6, 2, 8, 4)
