from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedtune.errors import InputError
from embedtune.index.bm25 import BM25Index
from embedtune.index.identifiers import tokens

IDS = ["s1", "s2", "s3", "s4"]
TEXTS = ["brake fluid brake", "engine oil 10W-30", "brake pad", "a tyre"]


def lucene(query, texts, k1, b):
    """Score by the formula: idf ln(1 + (N - df + 0.5) / (df + 0.5)), weight tf / (tf + k1 (1 - b + b l / mean l))."""
    documents = [tokens(text) for text in texts]
    mean = sum(map(len, documents)) / len(documents)
    scores = []
    for document in documents:
        score = 0.0
        for word in tokens(query):
            df = sum(word in other for other in documents)
            tf = document.count(word)
            idf = math.log(1 + (len(documents) - df + 0.5) / (df + 0.5))
            score += idf * tf / (tf + k1 * (1 - b + b * len(document) / mean)) if tf else 0.0
        scores.append(score)
    return scores


def test_golden_value():
    index = BM25Index(["a", "b"], ["x x y", "y"], k1=0.9, b=0.4)
    # df(x) = 1 of 2: idf = ln(1 + 1.5 / 1.5) = ln 2; mean length 2; tf 2 in length 3.
    assert index.search("x", 5) == [("a", pytest.approx(math.log(2) * 2 / (2 + 0.9 * (0.6 + 0.4 * 1.5)), rel=1e-6))]


@pytest.mark.parametrize(("k1", "b"), [(0.9, 0.4), (1.5, 0.75), (0.0, 0.0)])
def test_scores_follow_lucenes_formula(k1, b):
    index = BM25Index(IDS, TEXTS, k1=k1, b=b)
    for query in ("brake", "brake fluid", "oil oil tyre", "10w30", "a brake"):
        np.testing.assert_allclose(index.scores(query), lucene(query, TEXTS, k1, b), rtol=1e-5)


def test_search_is_best_first_and_leaves_out_zero_scores():
    found = BM25Index(IDS, TEXTS).search("brake pad", 10)
    assert [id_ for id_, _ in found] == ["s3", "s1"]
    assert found[0][1] > found[1][1] > 0


def test_one_character_words_and_part_numbers_are_found():
    index = BM25Index(IDS, TEXTS)
    assert [id_ for id_, _ in index.search("a", 5)] == ["s4"]
    assert [id_ for id_, _ in index.search("10w30", 5)] == ["s2"]


def test_limit_cuts():
    assert [id_ for id_, _ in BM25Index(IDS, TEXTS).search("brake pad", 1)] == ["s3"]


def test_ties_go_by_id_whatever_the_order_of_the_corpus():
    index = BM25Index(["c", "a", "d", "b"], ["same words", "same words", "same words", "other"])
    assert [id_ for id_, _ in index.search("same", 10)] == ["a", "c", "d"]
    assert [id_ for id_, _ in index.search("same", 2)] == ["a", "c"]


def test_keep_filters_before_the_limit_cuts():
    index = BM25Index(IDS, TEXTS)
    assert [id_ for id_, _ in index.search("brake pad", 1, keep=lambda id_: id_ != "s3")] == ["s1"]
    assert index.search("brake pad", 1, keep=lambda _: False) == []


@pytest.mark.parametrize("query", ["", "  ...", "unknown words"])
def test_a_query_without_a_known_word_finds_nothing(query):
    index = BM25Index(IDS, TEXTS)
    assert index.search(query, 10) == []
    assert index.scores(query).tolist() == [0, 0, 0, 0]


@pytest.mark.parametrize("texts", [[], ["", ""], ["...", ""]])
def test_a_corpus_without_words_finds_nothing(texts):
    index = BM25Index([f"s{number}" for number in range(len(texts))], texts)
    assert index.search("brake", 10) == []
    assert index.scores("brake").shape == (len(texts),)
    assert len(index) == len(texts)


def test_a_section_without_words_is_never_found():
    index = BM25Index(["a", "b"], ["", "brake"])
    assert [id_ for id_, _ in index.search("brake", 10)] == ["b"]


def test_nothing_is_printed(capfd):
    BM25Index(IDS, TEXTS).search("brake", 3)
    assert capfd.readouterr() == ("", "")


def test_bad_input_is_refused():
    with pytest.raises(InputError, match="2 ids and 1 texts"):
        BM25Index(["a", "b"], ["x"])
    with pytest.raises(InputError, match="twice"):
        BM25Index(["a", "a"], ["x", "y"])
    with pytest.raises(InputError, match="at least 1"):
        BM25Index(["a"], ["x"]).search("x", 0)


@given(
    st.lists(st.lists(st.sampled_from(["a", "b", "c", "d", "e"]), max_size=8).map(" ".join), min_size=1, max_size=12),
    st.lists(st.sampled_from(["a", "b", "c", "f"]), min_size=1, max_size=4).map(" ".join),
    st.integers(1, 12),
)
def test_search_is_the_sorted_scores(texts, query, limit):
    ids = [f"s{number:02d}" for number in range(len(texts))]
    index = BM25Index(ids, texts)
    scores = index.scores(query)
    expected = sorted(
        ((id_, float(s)) for id_, s in zip(ids, scores, strict=True) if s > 0), key=lambda h: (-h[1], h[0])
    )
    assert index.search(query, limit) == expected[:limit]
