from __future__ import annotations

from threading import Thread

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from embedtune.encoders.fake import FakeEncoder
from embedtune.encoders.query_cache import QueryCache


class Counting:
    """A model that notes what it is asked."""

    name, digest, dimension = "counting", "sha256:1", 8

    def __init__(self):
        self.asked = []
        self._model = FakeEncoder(8)

    def encode(self, texts):
        self.asked.append(list(texts))
        return self._model.encode(texts)


def test_a_question_is_encoded_once():
    model = Counting()
    cache = QueryCache(model, 10)

    first, second = cache.encode(["oil leak"]), cache.encode(["oil leak"])

    assert model.asked == [["oil leak"]]
    assert np.array_equal(first, second)
    assert (cache.name, cache.digest, cache.dimension) == (model.name, model.digest, model.dimension)


def test_the_least_recently_used_question_is_forgotten_first():
    model = Counting()
    cache = QueryCache(model, 2)

    for text in ("a", "b", "a", "c", "a", "b"):
        cache.encode([text])

    assert model.asked == [["a"], ["b"], ["c"], ["b"]]


def test_passages_go_straight_to_the_model_and_push_nothing_out():
    model = Counting()
    cache = QueryCache(model, 100)
    cache.encode(["oil"])

    many = [f"passage {number}" for number in range(65)]
    cache.encode(many)
    cache.encode(["oil"])

    assert model.asked == [["oil"], many]


def test_what_the_caller_does_to_a_vector_stays_with_the_caller():
    cache = QueryCache(Counting(), 10)
    expected = cache.encode(["oil"]).copy()

    cache.encode(["oil"])[:] = 0

    assert np.array_equal(cache.encode(["oil"]), expected)


@given(st.lists(st.lists(st.sampled_from("abcde"), max_size=6), max_size=12), st.integers(1, 4))
def test_the_cache_changes_nothing_but_the_work(questions, size):
    plain, cache = Counting(), QueryCache(Counting(), size)

    for texts in questions:
        assert np.array_equal(cache.encode(texts), plain.encode(texts))


def test_it_may_be_shared_by_threads():
    cache = QueryCache(Counting(), 3)
    expected = {text: FakeEncoder(8).encode([text])[0] for text in "abcdefgh"}
    wrong = []

    def ask(own):
        wrong.extend(text for text in own * 50 if not np.array_equal(cache.encode([text])[0], expected[text]))

    threads = [Thread(target=ask, args=(own,)) for own in ("abcd", "cdef", "efgh", "habc")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
