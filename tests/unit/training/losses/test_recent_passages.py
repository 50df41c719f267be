from __future__ import annotations

import torch
from hypothesis import given
from hypothesis import strategies as st

from embedtune.training.losses.ranking import MultipleNegativesRanking
from embedtune.training.losses.recent_passages import RecentPassages
from loss_samples import assert_alike, columns_of, mixed_pairs, outcome, quiet_model, tokens

FIRST, SECOND = (0, 6, 9), (3, 12, 15)


def batch(clusters, value):
    """Return passages of two numbers that tell where they are from."""
    return torch.tensor([[cluster, value] for cluster in clusters], dtype=torch.float32), torch.tensor(clusters)


def seen(memory, clusters):
    """Return the (cluster, value) of what a batch of clusters is compared with."""
    embeddings, found = memory.others(*batch(clusters, 0.0))
    assert embeddings[:, 0].tolist() == found.tolist()
    return [(int(cluster), float(value)) for cluster, value in embeddings.tolist()]


def test_the_latest_passages_of_other_clusters_are_held():
    memory = RecentPassages(4)
    memory.remember(*batch([1, 2], 1.0))
    memory.remember(*batch([3, 1], 2.0))

    assert seen(memory, [9]) == [(2, 1.0), (3, 2.0), (1, 2.0)]
    assert seen(memory, [3]) == [(2, 1.0), (1, 2.0)]


def test_a_batch_is_filled_up_to_the_size_with_the_latest():
    memory = RecentPassages(4)
    memory.remember(*batch([1, 2, 3], 1.0))

    assert seen(memory, [7, 8, 8]) == [(2, 1.0), (3, 1.0)]
    assert seen(memory, [5, 6, 7, 8]) == []


def test_of_a_cluster_with_several_pairs_one_passage_is_held():
    memory = RecentPassages(6)
    memory.remember(torch.tensor([[4.0, 1.0], [4.0, 2.0], [5.0, 3.0]]), torch.tensor([4, 4, 5]))

    assert seen(memory, [9]) == [(4, 1.0), (5, 3.0)]


@given(
    steps=st.lists(st.lists(st.integers(0, 9), min_size=1, max_size=6), min_size=1, max_size=12),
    size=st.integers(0, 8),
)
def test_a_repeated_step_sees_what_it_saw_and_no_more_than_the_size(steps, size):
    memory = RecentPassages(size)
    for number, clusters in enumerate(steps):
        before = seen(memory, clusters)
        memory.remember(*batch(clusters, float(number)))

        assert len(before) <= max(0, size - len(set(clusters)))
        assert not {cluster for cluster, _ in before} & set(clusters)
        assert seen(memory, clusters) == before


@given(steps=st.lists(st.lists(st.integers(0, 9), min_size=1, max_size=6), min_size=1, max_size=12))
def test_a_restored_memory_goes_on_alike(steps):
    memory, restored = RecentPassages(4), RecentPassages(4)
    for number, clusters in enumerate(steps):
        memory.remember(*batch(clusters, float(number)))
    restored.restore(memory.state())

    assert seen(restored, [3]) == seen(memory, [3])


def test_no_size_holds_nothing():
    memory = RecentPassages(0)
    memory.remember(*batch([1, 2], 1.0))

    assert seen(memory, [9]) == []
    assert memory.state() == {}


def ranking(model, columns, recent=0, **options):
    clusters = columns.positive_clusters, columns.negative_clusters
    return MultipleNegativesRanking(model, *clusters, least_passages=recent, **options)


def test_a_question_is_compared_with_the_passages_of_the_batch_before(tiny_model):
    """The loss is that of a batch which holds them all, the passages from before without gradient."""
    model, columns = quiet_model(tiny_model), columns_of(mixed_pairs(), width=0)
    loss = ranking(model, columns, 8)
    with torch.no_grad():
        loss(*tokens(model, columns, FIRST))
        passages = [model(tokens(model, columns, rows)[0][1])["sentence_embedding"] for rows in (SECOND, FIRST)]
        queries = model(tokens(model, columns, SECOND)[0][0])["sentence_embedding"]
    scores = 20 * torch.nn.functional.cosine_similarity(queries[:, None], torch.cat(passages)[None], dim=2)
    own = {columns.positive_clusters[row] for row in SECOND}
    assert not own & {columns.positive_clusters[row] for row in FIRST}

    value, gradients = outcome(model, loss, columns, SECOND)

    torch.testing.assert_close(torch.tensor(value), torch.nn.functional.cross_entropy(scores, torch.arange(3)))
    assert gradients


def test_cut_and_symmetric_losses_use_it_too_and_the_first_batch_is_as_without(tiny_model):
    model, columns = quiet_model(tiny_model), columns_of(mixed_pairs())
    options = {"dims": (16, 4), "symmetric": True}
    plain, remembering = ranking(model, columns, **options), ranking(model, columns, 8, **options)

    assert_alike(outcome(model, plain, columns, FIRST), outcome(model, remembering, columns, FIRST))
    assert outcome(model, remembering, columns, SECOND)[0] > outcome(model, plain, columns, SECOND)[0] + 1e-3


def test_the_cached_form_remembers_alike(tiny_model):
    model, columns = quiet_model(tiny_model), columns_of(mixed_pairs())
    whole, cached = ranking(model, columns, 8), ranking(model, columns, 8)
    cached.micro_batch = 3

    for rows in (FIRST, SECOND, FIRST):
        assert_alike(outcome(model, whole, columns, rows), outcome(model, cached, columns, rows))
