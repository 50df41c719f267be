from __future__ import annotations

import numpy as np
import pytest

from embedtune.errors import InputError
from embedtune.retrieval.reranking import rerank
from embedtune.vocabulary.retrieval import Hit


class Longest:
    """Likes long passages."""

    def __init__(self):
        self.seen = []

    def score(self, question, passages):
        self.seen.append((question, passages))
        return np.array([len(passage) / 100 for passage in passages], dtype=np.float32)


HITS = [
    Hit("a", "short", 0.9, {"dense": 1, "bm25": 2}, {"dense": 0.5, "bm25": 3.0}),
    Hit("b", "much longer", 0.8, {"dense": 2}, {"dense": 0.4}, ("Brakes", "Bleeding")),
    Hit("c", "short", 0.7, {"bm25": 1}, {"bm25": 4.0}),
]


def test_the_scorer_decides_and_the_components_stay_beside_it():
    scorer = Longest()
    found = rerank("oil", HITS, scorer, limit=2)

    assert [hit.section_id for hit in found] == ["b", "a"]
    assert found[0].component_ranks == {"dense": 2, "cross": 1}
    assert found[0].score == found[0].component_scores["cross"] == np.float32(0.29)
    assert found[1].component_scores["bm25"] == 3.0
    assert scorer.seen == [("oil", ["short", "Brakes > Bleeding\nmuch longer", "short"])]


def test_equal_scores_keep_the_order_of_the_search():
    assert [hit.section_id for hit in rerank("oil", HITS, Longest(), limit=9)] == ["b", "a", "c"]


def test_nothing_found_stays_nothing():
    assert rerank("oil", [], Longest(), limit=5) == []


@pytest.mark.parametrize("limit", [0, -1])
def test_a_limit_below_1_is_refused(limit):
    with pytest.raises(InputError, match=f"limit = {limit}"):
        rerank("oil", HITS, Longest(), limit)
