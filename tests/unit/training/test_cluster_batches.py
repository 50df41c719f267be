from __future__ import annotations

from collections import Counter
from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedtune.training.batches import ClusterBatchSampler

clusters = st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=60)
sizes = st.integers(1, 9)
seeds = st.integers(0, 2**31 - 1)


def sampler(names, size, seed=0, epoch=0):
    made = ClusterBatchSampler(range(len(names)), size, seed=seed, clusters=names)
    made.set_epoch(epoch)
    return made


@given(clusters, sizes, seeds, st.integers(0, 50))
def test_an_epoch_deals_every_row_once(names, size, seed, epoch):
    batches = list(sampler(names, size, seed, epoch))

    assert sorted(row for batch in batches for row in batch) == list(range(len(names)))


@given(clusters, sizes, seeds, st.integers(0, 50))
def test_no_cluster_is_twice_in_a_batch(names, size, seed, epoch):
    for batch in sampler(names, size, seed, epoch):
        assert max(Counter(names[row] for row in batch).values()) == 1


@given(clusters, sizes, seeds)
def test_batches_are_as_many_as_said_even_and_not_too_big(names, size, seed):
    made = sampler(names, size, seed)

    lengths = [len(batch) for batch in made]

    assert len(lengths) == len(made) == max(ceil(len(names) / size), *Counter(names).values())
    assert max(lengths) - min(lengths) <= 1
    assert max(lengths) <= size
    assert min(lengths) >= 1


@given(clusters, sizes, seeds, st.integers(0, 50))
def test_seed_and_epoch_decide_the_order(names, size, seed, epoch):
    assert list(sampler(names, size, seed, epoch)) == list(sampler(names, size, seed, epoch))


def test_another_epoch_or_seed_is_another_order():
    names = [str(number) for number in range(40)]

    first = list(sampler(names, 8, seed=1, epoch=0))

    assert list(sampler(names, 8, seed=1, epoch=1)) != first
    assert list(sampler(names, 8, seed=2, epoch=0)) != first


def test_epochs_change_who_meets_whom():
    names = [str(number) for number in range(40)]
    made = sampler(names, 8)
    met = set()
    for epoch in range(3):
        made.set_epoch(epoch)
        met.add(frozenset(frozenset(batch) for batch in made))

    assert len(met) == 3


def test_iterating_twice_in_an_epoch_repeats_it_whatever_the_global_generator():
    import torch

    made = sampler([str(number) for number in range(20)], 4, seed=5)
    first = list(made)
    torch.rand(3)

    assert list(made) == first


@pytest.mark.parametrize(
    ("names", "size", "lengths"),
    [
        ("aaaab", 4, [1, 1, 1, 2]),  # four pairs of one section need four batches
        ("abcdefghij", 4, [3, 3, 4]),  # even instead of 4, 4, 2
        ("abcd", 4, [4]),
        ("abcd", 100, [4]),
    ],
)
def test_batch_sizes(names, size, lengths):
    assert sorted(len(batch) for batch in sampler(list(names), size)) == lengths
