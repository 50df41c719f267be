from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedtune.wording.misspelt import misspelt_pairs, words_of
from embedtune.wording.typos import one_slip_apart


def pairs(left, right, *written):
    return misspelt_pairs(left, right, lambda: written)


@pytest.mark.parametrize(
    "other",
    [
        "drain the hydrualic pump",
        "DRAIN the hydraulicc pump!",
        "drain the hydraulic pmup",
        "drian the - hydraulic pump",
    ],
)
def test_one_slip_in_one_word(other):
    assert pairs(["Drain the hydraulic pump."], ["flush it", other, other]) == {0: 1}


@pytest.mark.parametrize(
    "other",
    [
        "drain the hydraulic pump",  # the same, which is another matter
        "drain the hydrualic pupm",  # two slips
        "hydrualic pump, drain the",  # another order
        "drain a hydraulic pump",  # short words are other words
        "drain the old hydraulic pump",
        "drain the pneumatic pump",
    ],
)
def test_anything_else_is_no_typo(other):
    assert pairs(["drain the hydraulic pump"], [other]) == {}


def test_digits_and_short_texts_are_left_alone():
    assert pairs(["what is E4321"], ["what is E4322"]) == {}
    assert pairs(["drain pump"], ["drian pump"]) == {}


def test_a_spelling_that_is_in_use_is_a_word():
    left, right = ["open the front cover"], ["open the front clover"]
    assert pairs(left, right) == {0: 0}
    assert pairs(left, right, "A clover stands beside the front cover.") == {}
    assert pairs([*left, "where is the cover"], [*right, "where is the clover leaf"]) == {}


def test_what_else_was_written_is_not_read_without_need():
    def never():
        raise AssertionError

    assert misspelt_pairs(["drain the pump"], ["flush the clutch now"], never) == {}


TEXTS = st.lists(st.text("abc ", max_size=14), max_size=6)


@given(TEXTS, TEXTS)
def test_it_finds_what_a_look_at_all_pairs_finds(left, right):
    texts = [words_of(text) for text in {*left, *right}]

    def rare(word):
        return sum(word in words for words in texts) <= 1

    def is_typo(one, other):
        one, other = words_of(one), words_of(other)
        apart = [(a, b) for a, b in zip(one, other, strict=False) if a != b]
        same_length = len(one) == len(other) >= 3
        return same_length and len(apart) == 1 and one_slip_apart(*apart[0]) and any(map(rare, apart[0]))

    wanted = {}
    for m, other in reversed(list(enumerate(right))):
        wanted |= {n: m for n, one in enumerate(left) if is_typo(one, other)}
    assert pairs(left, right) == wanted
