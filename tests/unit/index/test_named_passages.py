from __future__ import annotations

import numpy as np
import pytest

from embedtune.errors import FormatError
from embedtune.index.exact import ExactIndex
from embedtune.index.named_passages import in_force
from embedtune.vocabulary.corpus import Passage

QUERY = np.array([1, 0], dtype=np.float32)


@pytest.fixture
def index():
    """Thirty passages, the nearer to the query the higher their number."""
    made = ExactIndex(2)
    rows = np.array([[number, 30 - number] for number in range(30)], dtype=np.float32)
    names = [Passage(f"s{number:02d}", "s", "") for number in range(30)]
    made.upsert(names, rows, ["x", "y"] * 15, [["odd"] if number % 2 else [] for number in range(30)])
    return made


def named(*numbers):
    return [f"s{number:02d}" for number in numbers]


def test_an_index_with_just_the_named_passages_is_used_as_it_is(index):
    assert in_force(index, named(*range(30)), "here", whole=True) is index


def test_what_others_add_later_is_left_out(index):
    source = in_force(index, named(*range(30)), "here", whole=False)
    index.upsert([Passage("later", "s", "")], QUERY[np.newaxis], ["x"])
    assert [id_ for id_, _ in source.search(QUERY, 2)] == named(29, 28)


def test_what_has_no_name_is_left_out_however_near_it_is(index):
    source = in_force(index, named(*range(5)), "here", whole=True)
    assert [id_ for id_, _ in source.search(QUERY, 3)] == named(4, 3, 2)
    assert [id_ for id_, _ in source.search(QUERY, 9)] == named(4, 3, 2, 1, 0)
    assert [id_ for id_, _ in source.search(QUERY, 9, "y")] == named(3, 1)
    assert [id_ for id_, _ in source.filtered(["odd"]).search(QUERY, 1)] == named(3)


def test_missing_vectors_are_reported_even_where_the_number_is_right(index):
    with pytest.raises(FormatError, match=r"in here is damaged: the vectors of 2 of 31 passages are missing"):
        in_force(index, named(*range(29), 40, 41), "here", whole=True)
    with pytest.raises(FormatError, match=r"1 of 30 passages are missing.*embedtune index"):
        in_force(index, named(*range(29), 40), "here", whole=False)


def test_closing_closes_the_index(index):
    in_force(index, named(1), "here", whole=True).close()
    with pytest.raises(ValueError, match="closed"):
        index.search(QUERY, 1)
