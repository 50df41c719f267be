from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedtune.errors import FormatError
from embedtune.index.exact import ExactIndex
from embedtune.retrieval.maxp import search_sections
from embedtune.retrieval.maxp_many import search_sections_many
from embedtune.vocabulary.corpus import Passage


class OneByOne:
    """An index that cannot search for many at once."""

    def __init__(self, index):
        self._index = index
        self.search = index.search


def corpus(seed, windows, count, ties):
    """Passages of sections with so many windows each, in an index."""
    draws = np.random.default_rng(seed)
    sections = [f"s{number % max(1, count // windows)}" for number in range(count)]
    passages = [Passage(f"{section}#{number}", section, "") for number, section in enumerate(sections)]
    rows = draws.integers(-1, 2, (count, 3)) + 0.5 if ties else draws.standard_normal((count, 3))
    index = ExactIndex(3)
    index.upsert(passages, rows.astype(np.float32), ["x" if number % 2 else "y" for number in range(count)])
    return index, {passage.id: passage.section_id for passage in passages}


@given(st.integers(0, 2**32 - 1), st.sampled_from([1, 2, 40]), st.integers(1, 120), st.integers(1, 9), st.booleans())
def test_many_are_each_of_them(seed, windows, count, depth, ties):
    index, section_of = corpus(seed, windows, count, ties)
    vectors = np.random.default_rng(seed + 1).standard_normal((5, 3)).astype(np.float32)
    for domain in (None, "x"):
        expected = [search_sections(index, vector, depth, section_of, domain) for vector in vectors]
        for single in {False, len(set(section_of.values())) == len(section_of)}:
            asked = (vectors, depth, section_of, domain)
            assert search_sections_many(index, *asked, single=single) == expected
            assert search_sections_many(OneByOne(index), *asked, single=single) == expected


def test_more_questions_than_are_searched_for_at_once():
    index, section_of = corpus(3, 2, 30, ties=False)
    vectors = np.random.default_rng(4).standard_normal((600, 3)).astype(np.float32)
    found = search_sections_many(index, vectors, 4, section_of)
    assert found == [search_sections(index, vector, 4, section_of) for vector in vectors]


def test_passage_of_another_corpus_is_told():
    index, _ = corpus(3, 1, 5, ties=False)
    with pytest.raises(FormatError, match="Index the corpus again"):
        search_sections_many(index, np.ones((1, 3), dtype=np.float32), 2, {})
