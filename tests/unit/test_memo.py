from __future__ import annotations

from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st

from embedtune.memo import Memo


class Counted:
    def __init__(self) -> None:
        self.asked: list[str] = []

    def __call__(self, word: str) -> int:
        self.asked.append(word)
        return len(word)


def lengths(memo: Memo[str, int], words: Iterable[str]) -> list[int]:
    return list(map(memo.__getitem__, words))


def test_what_is_known_is_not_asked_again():
    function = Counted()
    assert lengths(Memo(function), ["one", "three", "one", "three"]) == [3, 5, 3, 5]
    assert function.asked == ["one", "three"]


def test_a_full_memory_is_emptied_and_filled_again():
    function = Counted()
    memo = Memo(function, limit=2)
    assert lengths(memo, ["a", "bb", "ccc", "a"]) == [1, 2, 3, 1]
    assert function.asked == ["a", "bb", "ccc", "a"]
    assert len(memo) == 2


@given(st.lists(st.text(max_size=3)), st.integers(1, 5))
def test_the_answers_do_not_depend_on_the_limit(words, limit):
    memo = Memo(len, limit)
    assert lengths(memo, words) == [len(word) for word in words]
    assert len(memo) <= limit
