from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from embedtune.index import nearest as module
from embedtune.index.nearest import exact_cosines, nearest


def unit(draws, count, dimension):
    rows = draws.standard_normal((count, dimension)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def by_hand(query, held, ranks, limit):
    cosines = (held.astype(np.float64) * query.astype(np.float64)).sum(axis=1)
    return np.lexsort((ranks, -cosines))[:limit]


@given(
    st.integers(0, 2**32 - 1),
    st.integers(1, 700),
    st.integers(1, 12),
    st.sampled_from([1, 3, 10, 1000]),
    st.booleans(),
)
def test_nearest_are_those_of_a_full_sort(seed, count, limit, per_block, repeated):
    draws = np.random.default_rng(seed)
    held = unit(draws, count, 5)
    if repeated:
        held = held[draws.integers(0, max(1, count // 4), size=count)]
    queries = np.concatenate([unit(draws, 3, 5), np.zeros((1, 5), dtype=np.float32)])
    ranks = draws.permutation(count)
    before = module._SCORES_AT_ONCE
    module._SCORES_AT_ONCE = per_block * count
    try:
        found = list(nearest(queries, held, ranks, limit))
    finally:
        module._SCORES_AT_ONCE = before
    assert len(found) == 4
    for query, (rows, cosines) in zip(queries, found, strict=True):
        expected = by_hand(query, held, ranks, limit)
        assert rows.tolist() == expected.tolist()
        assert cosines == exact_cosines(query, held, expected).tolist()


def test_cosine_of_a_row_does_not_depend_on_the_rows_beside_it():
    draws = np.random.default_rng(5)
    held = unit(draws, 2 * module.ROWS_AT_ONCE + 1, 385)
    (query,) = unit(draws, 1, 385)
    together = exact_cosines(query, held, np.arange(len(held)))
    for row in (0, 1, module.ROWS_AT_ONCE - 1, module.ROWS_AT_ONCE, len(held) - 1):
        assert exact_cosines(query, held, np.array([row])).tolist() == [together[row]]


def test_nothing_is_near_where_nothing_is():
    nothing = np.zeros((0, 3), dtype=np.float32)
    assert list(nearest(nothing, nothing, np.zeros(0, dtype=np.intp), 5)) == []
    (found,) = nearest(np.ones((1, 3), dtype=np.float32), nothing, np.zeros(0, dtype=np.intp), 5)
    assert (found[0].tolist(), found[1]) == ([], [])
