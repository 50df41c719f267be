from __future__ import annotations

from collections import Counter
from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedtune.training.batching.batches import BatchPlan, ClusterBatchSampler, questions_together

clusters = st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=60)
sizes = st.integers(1, 9)
seeds = st.integers(0, 2**31 - 1)


def sampler(names, size, seed=0, epoch=0, passages=None, together=1, lengths=None):
    """A sampler whose rows have passages of their own unless told otherwise; it buckets where lengths are given."""
    rows = range(len(names))
    plan = BatchPlan(
        names, passages or [str(row) for row in rows], lengths or [1] * len(names), together, bool(lengths)
    )
    made = ClusterBatchSampler(rows, size, seed=seed, plan=plan)
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


@given(
    st.lists(st.tuples(st.integers(0, 9), st.integers(0, 1)), min_size=1, max_size=80), sizes, st.integers(1, 5), seeds
)
def test_questions_of_a_passage_come_together(rows, size, together, seed):
    names = [str(cluster) for cluster, _ in rows]
    passages = [f"{cluster} {passage}" for cluster, passage in rows]
    made = sampler(names, size, seed, passages=passages, together=together)

    batches = list(made)

    assert sorted(row for batch in batches for row in batch) == list(range(len(rows)))
    assert len(batches) == len(made)
    for batch in batches:
        of_cluster = {cluster: {passages[row] for row in batch if names[row] == cluster} for cluster in names}
        assert max(len(shown) for shown in of_cluster.values()) == 1
        assert max(Counter(passages[row] for row in batch).values()) <= together


def test_a_passage_with_many_questions_takes_as_few_batches_as_it_can():
    batches = list(sampler(["a"] * 9 + list("bcdefghi"), 6, passages=["p"] * 9 + list("bcdefghi"), together=4))

    assert sorted(sum(row < 9 for row in batch) for batch in batches) == [1, 4, 4]


@given(st.lists(st.integers(0, 40), min_size=1, max_size=200), st.integers(1, 5), seeds, st.integers(0, 3))
def test_bucketing_keeps_the_laws_of_dealing(numbers, size, seed, epoch):
    names = [str(number) for number in numbers]
    lengths = [number + 1 for number in numbers]
    batches = list(sampler(names, size, seed, epoch, lengths=lengths))

    assert sorted(row for batch in batches for row in batch) == list(range(len(names)))
    for batch in batches:
        assert max(Counter(names[row] for row in batch).values()) == 1
    sizes_of = [len(batch) for batch in batches]
    assert max(sizes_of) - min(sizes_of) <= 1


def test_bucketed_batches_are_of_like_length():
    lengths = [(7 * row) % 256 for row in range(512)]
    names = [str(row) for row in range(512)]

    def spread(batches):
        return sum(max(lengths[row] for row in batch) - min(lengths[row] for row in batch) for batch in batches)

    assert spread(sampler(names, 8, lengths=lengths)) < 0.5 * spread(sampler(names, 8))


def test_questions_are_dealt_together_only_where_passages_have_several():
    assert questions_together(["a", "a", "a", "b", "b", "b"]) > 1
    assert questions_together(["a", "a", "a", "b", "b"]) == 1
    assert questions_together([]) > 0
