from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedtune.arrays import bounded_runs, reached_score

MANY = 64 * 4  # so many scores that the place of a few of them can be bounded


@given(st.integers(0, 1000), st.integers(0, 2**32 - 1), st.integers(1, 12), st.sampled_from([2, 1000]))
def test_enough_entries_reach_the_score(size, seed, limit, levels):
    scores = np.random.default_rng(seed).integers(-levels, levels, size).astype(np.float32)
    reached = reached_score(scores, limit)
    assert np.count_nonzero(scores >= reached) >= min(limit, size)


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize("limit", [1, 2, 3])
def test_no_more_than_wanted_reach_the_score_of_sorted_entries(limit, order):
    scores = np.arange(MANY, dtype=np.float32)[::order]
    assert np.count_nonzero(scores >= reached_score(scores, limit)) == limit


def test_the_score_is_that_of_an_entry():
    scores = np.zeros(MANY + 63, dtype=np.float32)
    scores[[3, 70, 200]] = 0.25, 0.75, 0.5
    assert [reached_score(scores, limit) for limit in (1, 2, 3)] == [0.75, 0.5, 0.25]


@pytest.mark.parametrize(("size", "limit"), [(0, 1), (63, 1), (64, 1), (127, 1), (MANY, 4), (MANY, 100)])
def test_of_too_few_entries_no_score_is_known(size, limit):
    assert reached_score(np.ones(size, dtype=np.float32), limit) == -np.inf


@given(st.lists(st.integers(0, 9), max_size=40), st.integers(0, 20))
def test_runs_cover_all_entries_and_are_as_long_as_allowed(costs, most):
    runs = list(bounded_runs(np.array(costs, dtype=np.int64), most))
    assert [place for begin, end in runs for place in range(begin, end)] == list(range(len(costs)))
    for begin, end in runs:
        assert end == begin + 1 or sum(costs[begin:end]) <= most
    for (begin, end), _ in pairwise(runs):
        assert sum(costs[begin : end + 1]) > most


def test_costs_may_be_fractions():
    assert list(bounded_runs(np.array([0.5, 0.5, 0.25, 3.0, 0.0]), 1)) == [(0, 2), (2, 3), (3, 4), (4, 5)]
