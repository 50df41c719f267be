from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedtune.corpus.near_duplicates import clusters
from embedtune.errors import InputError
from embedtune.index import near_vectors
from embedtune.index.near_vectors import near_vector_links


def unit(rows):
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def crowd(seed, size, dimension, groups, spread):
    """Vectors in groups, some far from each other and some near, with copies among them."""
    generator = np.random.default_rng(seed)
    middles = generator.standard_normal((groups, dimension))
    rows = unit(middles[generator.integers(groups, size=size)] + spread * generator.standard_normal((size, dimension)))
    return np.concatenate([rows, rows[: size // 10]])


def all_pairs(vectors, threshold):
    cosines = vectors @ vectors.T
    return [(i, j) for i, j in zip(*np.nonzero(cosines >= threshold), strict=True) if i < j]


@pytest.mark.parametrize("rows", [16, 64, 1024])
@pytest.mark.parametrize("few", [0, 10_000])
@given(seed=st.integers(0, 50), spread=st.sampled_from([0.05, 0.2, 0.5]), threshold=st.sampled_from([0.8, 0.95, 0.99]))
def test_clusters_are_those_of_all_pairs(rows, few, seed, spread, threshold):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(near_vectors, "_ROWS", rows)
        patch.setattr(near_vectors, "_FEW", few)
        patch.setattr(near_vectors, "_AXES", 6)
        vectors = crowd(seed, 120, 24, 9, spread)
        cosines = (vectors @ vectors.T).ravel()
        if np.abs(cosines - threshold).min() < 1e-6:
            return  # which side of the threshold it lies on is a matter of rounding
        links = near_vector_links(vectors, threshold)

    assert clusters(len(vectors), links) == clusters(len(vectors), all_pairs(vectors, threshold))
    assert links == sorted(links)
    assert len(links) == len(vectors) - len(set(clusters(len(vectors), links)))
    assert all(float(vectors[i] @ vectors[j]) >= threshold - 1e-6 for i, j in links)


def test_equal_vectors_are_linked_at_any_threshold_and_cost_nothing():
    vectors = np.repeat(unit(np.eye(3, 8)), 500, axis=0)
    links = near_vector_links(vectors, 1.0)
    assert len(links) == 3 * 499
    assert len(set(clusters(1500, links))) == 3


def test_progress_is_told():
    told = []
    near_vector_links(unit(np.eye(5)), 0.9, lambda done, total: told.append((done, total)))
    assert told == [(5, 5)]


def test_no_vectors_have_no_links():
    assert near_vector_links(np.zeros((0, 4), dtype=np.float32), 0.9) == []


@pytest.mark.parametrize("threshold", [0.0, 1.1, -1.0])
def test_a_threshold_that_is_none_is_refused(threshold):
    with pytest.raises(InputError, match="threshold"):
        near_vector_links(unit(np.eye(2)), threshold)
