from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedtune.errors import FormatError
from embedtune.index.exact import ExactIndex
from embedtune.retrieval.maxp import SectionHit, best_passages, search_sections
from embedtune.vocabulary.corpus import Passage

SECTION_OF = {"a#0": "a", "a#1": "a", "b#0": "b", "c#0": "c", "c#1": "c"}


class CountingIndex(ExactIndex):
    def __init__(self, dimension):
        super().__init__(dimension)
        self.limits = []

    def search(self, vector, limit, domain=None):
        self.limits.append(limit)
        return super().search(vector, limit, domain)


def indexed(rows, section_ids, domains=None):
    index = CountingIndex(2)
    passages = [Passage(f"{section}#{number}", section, "") for number, section in enumerate(section_ids)]
    index.upsert(passages, np.array(rows, dtype=np.float32), domains or ["x"] * len(rows))
    return index, {passage.id: passage.section_id for passage in passages}


def at(cosine):
    return [cosine, (1 - cosine**2) ** 0.5]


QUERY = np.array([1, 0], dtype=np.float32)


def test_a_section_scores_as_its_best_passage():
    hits = [("a#1", 0.9), ("c#0", 0.8), ("a#0", 0.7), ("b#0", 0.6), ("c#1", 0.1)]
    assert best_passages(hits, SECTION_OF) == [
        SectionHit("a", 0.9, "a#1"),
        SectionHit("c", 0.8, "c#0"),
        SectionHit("b", 0.6, "b#0"),
    ]


def test_ties_go_by_section_id():
    assert [hit.section_id for hit in best_passages([("c#0", 0.5), ("a#0", 0.5)], SECTION_OF)] == ["a", "c"]


def test_a_passage_of_another_corpus_is_reported():
    with pytest.raises(FormatError, match=r"passage x#0.*Index the corpus again"):
        best_passages([("x#0", 0.5)], SECTION_OF)


def test_passages_of_one_section_do_not_crowd_out_the_others():
    cosines = [0.99 - 0.001 * number for number in range(60)] + [0.5, 0.4, 0.3]
    index, section_of = indexed([at(c) for c in cosines], ["long"] * 60 + ["b", "c", "d"])
    hits = search_sections(index, QUERY, 3, section_of)
    assert [hit.section_id for hit in hits] == ["long", "b", "c"]
    assert hits[0].passage_id == "long#0"
    assert hits[1].score == pytest.approx(0.5, abs=1e-6)
    assert index.limits == [6, 24, 96]


def test_one_search_suffices_where_sections_are_short():
    index, section_of = indexed([at(0.9 - 0.01 * n) for n in range(50)], [f"s{n:02d}" for n in range(50)])
    assert len(search_sections(index, QUERY, 10, section_of)) == 10
    assert index.limits == [20]


def test_an_exhausted_index_gives_what_there_is():
    index, section_of = indexed([at(0.9), at(0.8)], ["a", "a"])
    assert [hit.section_id for hit in search_sections(index, QUERY, 5, section_of)] == ["a"]
    empty, _ = indexed(np.zeros((0, 2)), [])
    assert search_sections(empty, QUERY, 5, {}) == []


def test_domain_filters():
    index, section_of = indexed([at(0.9), at(0.8), at(0.7)], ["a", "b", "c"], ["x", "y", "x"])
    assert [hit.section_id for hit in search_sections(index, QUERY, 5, section_of, "x")] == ["a", "c"]


def test_ties_at_the_cut_go_by_section_id():
    index, section_of = indexed([at(0.5)] * 30, [f"s{n:02d}" for n in reversed(range(30))])
    assert [hit.section_id for hit in search_sections(index, QUERY, 4, section_of)] == ["s00", "s01", "s02", "s03"]


@given(
    st.lists(st.tuples(st.integers(0, 6), st.integers(-10, 10)), min_size=1, max_size=40),
    st.integers(1, 8),
)
def test_agrees_with_a_maximum_over_all_passages(rows, depth):
    index, section_of = indexed([at(cosine / 10) for _, cosine in rows], [f"s{section}" for section, _ in rows])
    best = {}
    for section, cosine in rows:
        best[f"s{section}"] = max(best.get(f"s{section}", -2), cosine / 10)
    expected = sorted(best.items(), key=lambda item: (-item[1], item[0]))[:depth]
    found = search_sections(index, QUERY, depth, section_of)
    assert [(hit.section_id, pytest.approx(hit.score, abs=1e-6)) for hit in found] == expected
    assert all(section_of[hit.passage_id] == hit.section_id for hit in found)
