from __future__ import annotations

import os
import subprocess
import sys
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embedtune.corpus import near_duplicates
from embedtune.corpus.near_duplicates import clusters, near_duplicate_pairs, shingles

STEPS = [f"word{number}" for number in range(40)]


def test_shingles():
    assert shingles("A b C d") == {("a", "b", "c"), ("b", "c", "d")}
    assert shingles("A b") == {("a", "b")}
    assert shingles(" ") == frozenset()


def test_golden_pairs():
    # Ten words make eight 3-shingles. A changed last word leaves 7 of 9; a changed word in the middle 5 of 11.
    words = "a b c d e f g h i j".split()
    last, middle = [*words[:-1], "x"], [*words[:4], "x", *words[5:]]
    texts = [" ".join(words), " ".join(last), " ".join(middle), "A B C D E F G H I  J"]
    assert near_duplicate_pairs(texts, 0.7) == [(0, 1), (0, 3)]
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

    def similarity(left, right):
        a, b = shingles(texts[left]), shingles(texts[right])
        return len(a & b) / len(a | b)

    assert all(left < right and similarity(left, right) >= threshold for left, right in pairs)
    names = clusters(len(texts), pairs)
    # A pair right at the threshold may be missed, once in a hundred times; one far above it is not.
    surely = [pair for pair in combinations(range(len(texts)), 2) if similarity(*pair) >= min(1.0, threshold + 0.2)]
    assert all(names[left] == names[right] for left, right in surely)


@pytest.mark.parametrize(
    ("length", "changed", "threshold"),
    # A changed word in the middle leaves n - 5 of n + 1 shingles, a changed last word n - 3 of n - 1.
    [(12, 11, 0.8), (22, 10, 0.7), (22, 21, 0.9), (60, 30, 0.9)],
)
def test_few_pairs_at_the_threshold_are_missed(length, changed, threshold):
    texts = []
    for number in range(200):
        words = [f"t{number}w{at}" for at in range(length)]
        texts += [" ".join(words), " ".join([*words[:changed], "x", *words[changed + 1 :]])]
    assert len(near_duplicate_pairs(texts, threshold)) >= 194
    assert near_duplicate_pairs(texts, threshold + 0.07) == []


def test_a_lone_surrogate_is_a_character():
    assert near_duplicate_pairs(["\ud800 a b", "\ud800 a b", "a b"], 0.5) == [(0, 1)]


@pytest.mark.parametrize("threshold", [0.0, 1.0])
def test_the_ends_of_the_range(threshold):
    assert near_duplicate_pairs(["a b c d", "x y", "A b c d", "x z"], threshold) == [(0, 2)]


def test_each_equal_text_is_paired_with_the_first_alone():
    assert near_duplicate_pairs(["stop the pump"] * 5, 0.7) == [(0, other) for other in range(1, 5)]


def test_the_pairs_are_the_same_in_every_process():
    code = """
from embedtune.corpus.near_duplicates import near_duplicate_pairs
texts = [" ".join(f"w{at % 50}" for at in range(start, start + 14)) for start in range(0, 300, 3)]
print(near_duplicate_pairs(texts, 0.5))
"""
    runs = [
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert runs[0] == runs[1] != "[]\n"


@pytest.mark.parametrize(
    ("texts", "clustered"),
    [
        (["the same notice in every manual of the fleet"] * 3000, True),
        ([f"{' '.join(STEPS)} serial number{n}" for n in range(1500)], True),
        ([f"{' '.join(STEPS)} {' '.join(f'n{n}x{at}' for at in range(20))}" for n in range(600)], False),
    ],
    ids=["equal", "nearly equal", "half equal"],
)
def test_many_texts_that_share_a_notice_are_not_compared_in_pairs(monkeypatch, texts, clustered):
    compared = 0

    def counting(left, right, jaccard=near_duplicates._jaccard):
        nonlocal compared
        compared += 1
        return jaccard(left, right)

    monkeypatch.setattr(near_duplicates, "_jaccard", counting)
    monkeypatch.setattr(near_duplicates, "_BUCKET_SIZE", 2)
    names = clusters(len(texts), near_duplicate_pairs(texts, 0.7))
    assert (len(set(names)) == 1) is clustered
    assert compared <= 2 * near_duplicates._BANDS * len(texts)


def test_a_pair_among_many_texts_that_share_a_notice_is_found():
    texts = [f"{' '.join(STEPS)} {' '.join(f'n{n}x{at}' for at in range(30))}" for n in range(600)]
    changed = [texts[n].replace(f"n{n}x15", "changed") for n in range(500, 600)]
    assert len(near_duplicate_pairs(texts + changed, 0.7)) >= 97


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
