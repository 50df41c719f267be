from __future__ import annotations

import numpy as np
import pytest

from embedtune.errors import InputError
from embedtune.index.exact import ExactIndex
from embedtune.vocabulary.corpus import Passage


def filled(count=50, dimension=8, seed=3):
    index = ExactIndex(dimension)
    rows = np.random.default_rng(seed).standard_normal((count, dimension)).astype(np.float32)
    index.upsert([Passage(f"s{n}#0", f"s{n}", "text") for n in range(count)], rows, ["x", "y"] * (count // 2))
    return index


def test_search_many_is_search_of_each_to_the_last_bit():
    index = filled(count=200)
    queries = np.random.default_rng(4).standard_normal((300, 8)).astype(np.float32)
    for domain in (None, "y"):
        together = index.search_many(queries, 7, domain)
        assert len(together) == 300
        assert together == [index.search(query, 7, domain) for query in queries]


def test_equal_vectors_score_equal_in_whatever_batch_they_came():
    index = ExactIndex(385)
    row = np.random.default_rng(0).standard_normal((1, 385)).astype(np.float32)
    for number in reversed(range(40)):
        index.upsert([Passage(f"s{number:02d}#0", "s", "")], row, ["x"])
    query = np.random.default_rng(1).standard_normal(385).astype(np.float32)
    found = index.search(query, 25)
    assert [id_ for id_, _ in found] == [f"s{number:02d}#0" for number in range(25)]
    assert len({score for _, score in found}) == 1


def test_search_many_of_no_queries_and_in_an_empty_index():
    assert filled().search_many(np.zeros((0, 8), dtype=np.float32), 3) == []
    assert ExactIndex(8).search_many(np.ones((2, 8), dtype=np.float32), 3) == [[], []]


def test_growing_by_batches_is_filling_at_once():
    rows = np.random.default_rng(3).standard_normal((5000, 8)).astype(np.float32)
    passages = [Passage(f"s{number}#0", "s", "") for number in range(5000)]
    domains = [f"d{number % 3}" for number in range(5000)]
    at_once, by_batches = ExactIndex(8), ExactIndex(8)
    at_once.upsert(passages, rows, domains)
    for start in range(0, 5000, 333):
        batch = slice(max(0, start - 5), start + 333)  # five are replaced by themselves
        by_batches.upsert(passages[batch], rows[batch], domains[batch])
    query = np.random.default_rng(4).standard_normal(8).astype(np.float32)
    assert len(by_batches) == 5000
    for domain in (None, "d1"):
        assert by_batches.search(query, 40, domain) == at_once.search(query, 40, domain)


def test_batch_that_is_refused_changes_nothing():
    index = filled()
    rows = np.ones((3000, 8), dtype=np.float32)
    rows[2999, 0] = np.nan
    with pytest.raises(InputError, match="not finite"):
        index.upsert([Passage(f"t{number}#0", "t", "") for number in range(3000)], rows, ["x"] * 3000)
    assert len(index) == 50
    assert index.search(np.ones(8, dtype=np.float32), 50) == filled().search(np.ones(8, dtype=np.float32), 50)


def test_cosines_of_some_passages():
    index = filled()
    query = np.random.default_rng(9).standard_normal(8).astype(np.float32)
    found = dict(index.search(query, 50))
    assert index.cosines(query, ["s7#0", "s3#0"]).tolist() == [found["s7#0"], found["s3#0"]]
    with pytest.raises(KeyError):
        index.cosines(query, ["nowhere#0"])
