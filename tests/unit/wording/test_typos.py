from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz.distance import OSA

from embedtune.wording.typos import one_slip_apart, typo_pairs


def test_one_slip_pairs_words():
    left = ["brak", "desiccant", "e42x", "oil", "valv"]
    right = ["braek", "disiccant", "e43x", "oils", "brak", "valu", "vlav"]
    assert typo_pairs(left, right) == [(0, 0), (1, 1), (4, 5), (4, 6)]


@given(*[st.lists(st.text("abc1", max_size=7), max_size=12, unique=True)] * 2)
def test_it_finds_what_a_look_at_all_pairs_finds(left, right):
    def counts(word):
        return len(word) >= 4 and word.isalpha()

    wanted = [
        (n, m)
        for n, one in enumerate(left)
        for m, other in enumerate(right)
        if counts(one) and counts(other) and OSA.distance(one, other) == 1
    ]
    assert typo_pairs(left, right) == wanted


@given(st.text("abc1", max_size=6), st.text("abc1", max_size=6))
def test_two_words_are_judged_as_lists_of_them_are(one, other):
    assert one_slip_apart(one, other) == bool(typo_pairs([one], [other]))
