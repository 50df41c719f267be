from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embedtune.corpus.near_duplicates import clusters, near_duplicate_pairs

STEPS = [f"word{number}" for number in range(40)]


def test_golden_pairs():
    # Ten words make eight 3-shingles. A changed last word leaves 7 of 9; a changed word in the middle 5 of 11.
    words = "a b c d e f g h i j".split()
    last, middle = [*words[:-1], "x"], [*words[:4], "x", *words[5:]]
    texts = [" ".join(words), " ".join(last), " ".join(middle), "A B C D E F G H I  J"]
    assert near_duplicate_pairs(texts, 0.7) == [(0, 1), (0, 3), (1, 3)]
    assert near_duplicate_pairs(texts, 0.78) == [(0, 3)]


@pytest.mark.parametrize("texts", [[], ["one"], ["", "", " "]])
def test_nothing_to_pair(texts):
    assert near_duplicate_pairs(texts, 0.5) == []


def test_texts_shorter_than_a_shingle_are_compared_whole():
    assert near_duplicate_pairs(["oil level", "Oil level", "level oil"], 0.9) == [(0, 1)]


@settings(max_examples=20, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 20), st.integers(5, 20)), min_size=2, max_size=8),
    st.sampled_from([0.5, 0.7, 1.0]),
)
def test_every_pair_is_as_similar_as_asked(windows, threshold):
    texts = [" ".join(STEPS[start : start + length]) for start, length in windows]
    pairs = near_duplicate_pairs(texts, threshold)
    assert pairs == sorted(set(pairs))

    def shingles(text):
        words = text.split()
        return {tuple(words[at : at + 3]) for at in range(len(words) - 2)}

    for left, right in pairs:
        assert left < right
        a, b = shingles(texts[left]), shingles(texts[right])
        assert len(a & b) / len(a | b) >= threshold
    equal = {(a, b) for a in range(len(texts)) for b in range(a + 1, len(texts)) if texts[a] == texts[b]}
    assert equal <= set(pairs)


def test_golden_clusters():
    assert clusters(6, [(4, 1), (1, 2), (5, 5)]) == [0, 1, 1, 3, 1, 5]
    assert clusters(0, []) == []
    assert clusters(2, []) == [0, 1]


LINKS = st.integers(1, 12).flatmap(
    lambda count: st.tuples(st.just(count), st.lists(st.tuples(st.integers(0, count - 1), st.integers(0, count - 1))))
)


@settings(deadline=None)
@given(LINKS)
def test_clusters_are_the_equivalence_that_the_links_span(case):
    count, links = case
    names = clusters(count, links)
    assert len(names) == count
    assert all(names[a] == names[b] for a, b in links)
    assert all(names[name] == name for name in names)
    assert all(name == min(item for item in range(count) if names[item] == name) for name in names)
    reached = [{item} for item in range(count)]
    for _ in range(count):
        for a, b in links:
            merged = reached[a] | reached[b]
            for item in merged:
                reached[item] = merged
    assert all((names[a] == names[b]) == (b in reached[a]) for a in range(count) for b in range(count))


@settings(deadline=None)
@given(LINKS, st.randoms(use_true_random=False))
def test_clusters_do_not_depend_on_the_order_of_the_links(case, random):
    count, links = case
    shuffled = [(b, a) for a, b in links]
    random.shuffle(shuffled)
    assert clusters(count, shuffled) == clusters(count, links)
