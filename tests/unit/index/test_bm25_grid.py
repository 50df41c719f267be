from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedtune.index.bm25 import BM25Index
from embedtune.index.bm25_grid import BM25Grid
from embedtune.vocabulary.retrieval import KeywordSettings

WORDS = "brake brakes leaking leak oil oils pump valve the of".split()
TEXTS = st.lists(st.lists(st.sampled_from(WORDS), max_size=8).map(" ".join), min_size=1, max_size=12)
SETTINGS = [KeywordSettings(k1, b) for k1 in (0.0, 0.9, 2.0) for b in (0.0, 0.4, 1.0)]


@pytest.mark.parametrize("stemming", [False, True])
@given(texts=TEXTS, question=st.lists(st.sampled_from([*WORDS, "unknown"]), max_size=5).map(" ".join))
def test_it_scores_as_the_index_does(stemming, texts, question):
    ids = [f"s{number:02d}" for number in range(len(texts))]
    found = BM25Grid(ids, texts, stemming=stemming).search(question, SETTINGS, 50)
    for one, ranking in zip(SETTINGS, found, strict=True):
        index = BM25Index(ids, texts, one.k1, one.b, stemming=stemming)
        expected = dict(index.search(question, 50))
        assert {id_ for id_, _ in ranking} == expected.keys()
        np.testing.assert_allclose([score for _, score in ranking], [expected[id_] for id_, _ in ranking], rtol=1e-5)
        assert ranking == sorted(ranking, key=lambda hit: (-hit[1], hit[0]))


def test_the_limit_cuts_many_sections():
    texts = ["oil", *["oil pump"] * 300]
    ids = [f"s{number:03d}" for number in range(301)]
    (found,) = BM25Grid(ids, texts, stemming=False).search("oil", [KeywordSettings()], 3)
    assert [id_ for id_, _ in found] == ["s000", "s001", "s002"]


def test_no_text_has_no_hit():
    assert BM25Grid(["a"], [""], stemming=False).search("oil", SETTINGS, 5) == [[] for _ in SETTINGS]
