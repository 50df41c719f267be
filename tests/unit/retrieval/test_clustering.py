from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedtune.errors import InputError
from embedtune.retrieval.clustering import cluster_count, cluster_labels, clusters_of


def unit(rows):
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def topics(seed=0, sizes=(12, 8, 5)):
    """Vectors around orthogonal directions, with texts that name their topic."""
    generator = np.random.default_rng(seed)
    rows = [
        np.eye(8)[topic] + 0.1 * generator.standard_normal(8) for topic, size in enumerate(sizes) for _ in range(size)
    ]
    names = ("brakes caliper", "engine oil", "radio antenna")
    texts = [f"check the {names[topic]} with care 12" for topic, size in enumerate(sizes) for _ in range(size)]
    return unit(np.array(rows)), texts


def test_topics_are_found_and_named():
    vectors, texts = topics()
    found = clusters_of(vectors, texts, 3, seed=1)

    assert [sorted(cluster.members) for cluster in found] == [
        list(range(12)),
        list(range(12, 20)),
        list(range(20, 25)),
    ]
    assert [set(cluster.label[:2]) for cluster in found] == [
        {"brakes", "caliper"},
        {"engine", "oil"},
        {"radio", "antenna"},
    ]
    assert all(0.9 < cluster.coherence <= 1 for cluster in found)


def test_members_stand_nearest_first():
    vectors, texts = topics()
    for cluster in clusters_of(vectors, texts, 3, seed=1):
        middle = vectors[list(cluster.members)].mean(axis=0)
        cosines = vectors[list(cluster.members)] @ (middle / np.linalg.norm(middle))
        assert list(cosines) == pytest.approx(sorted(cosines, reverse=True), abs=1e-5)


@given(st.integers(0, 30), st.integers(1, 25))
def test_every_section_is_in_one_cluster_and_one_seed_gives_one_answer(seed, count):
    vectors, texts = topics(seed)
    found = clusters_of(vectors, texts, count, seed)
    assert sorted(row for cluster in found for row in cluster.members) == list(range(25))
    assert 1 <= len(found) <= count
    assert found == clusters_of(vectors, texts, count, seed)


def test_equal_vectors_make_one_cluster():
    vectors = np.repeat(unit(np.eye(1, 4)), 6, axis=0)
    assert len(clusters_of(vectors, ["oil"] * 6, 3, seed=0)) == 1


@pytest.mark.parametrize("count", [0, 4])
def test_a_count_that_cannot_be_is_refused(count):
    with pytest.raises(InputError, match="cannot be divided"):
        clusters_of(unit(np.eye(3)), ["a", "b", "c"], count, seed=0)


def test_one_long_text_does_not_name_its_cluster():
    groups = [["pump seal", "pump seal", "pump seal", f"pump seal {'noise ' * 50}"], ["lamp bulb", "lamp"]]
    assert cluster_labels(groups)[0][:2] == ("pump", "seal")


def test_the_default_count_grows_with_the_root():
    assert [cluster_count(count) for count in (1, 2, 50, 20_000)] == [1, 1, 5, 100]
